/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names: which pod a container belongs to, and what its limit is called in the table. */
#include "netguard/model.h"

#define LABEL_POD     "podctl.pod"
#define LABEL_COMPOSE "com.docker.compose.project"
#define POD_NAME_MAX  63
/* no pod's name has a slash; nft takes one in a limit's */
#define OTHERS	      "/others"

/*
 * The words that nft reads as something else where a limit's name stands: found by trying with nft
 * 1.0.6, with those that later versions added. Sorted.
 */
static const char *const nft_words[] = {
	"accept",    "add",	 "ah",	       "all",	   "and",	  "any",      "arp",
	"at",	     "audit",	 "auto-merge", "bridge",   "burst",	  "bytes",    "cgroup",
	"chain",     "comment",	 "comp",       "constant", "continue",	  "counter",  "cpu",
	"create",    "ct",	 "day",	       "dccp",	   "define",	  "delete",   "describe",
	"destroy",   "device",	 "devices",    "dnat",	   "drop",	  "dst",      "dup",
	"dynamic",   "ecn",	 "element",    "elements", "eq",	  "esp",      "ether",
	"exists",    "expires",	 "export",     "exthdr",   "fib",	  "flags",    "flow",
	"flowtable", "flush",	 "frag",       "fwd",	   "gc-interval", "ge",	      "geneve",
	"get",	     "goto",	 "gre",	       "gretap",   "gt",	  "handle",   "hbh",
	"hook",	     "hour",	 "ibriport",   "ibrname",  "icmp",	  "icmpv6",   "igmp",
	"iif",	     "iifgroup", "iifname",    "iiftype",  "import",	  "include",  "index",
	"inet",	     "insert",	 "interval",   "ip",	   "ip6",	  "ipsec",    "jhash",
	"jump",	     "last",	 "le",	       "level",	   "limit",	  "list",     "log",
	"lshift",    "lt",	 "map",	       "mark",	   "masquerade",  "meta",     "meter",
	"mh",	     "minute",	 "missing",    "monitor",  "name",	  "ne",	      "netdev",
	"never",     "nftrace",	 "not",	       "notrack",  "numgen",	  "obriport", "obrname",
	"offload",   "oif",	 "oifgroup",   "oifname",  "oiftype",	  "or",	      "osf",
	"over",	     "packets",	 "pkttype",    "policy",   "position",	  "priority", "queue",
	"quota",     "random",	 "rate",       "redefine", "redirect",	  "reject",   "rename",
	"replace",   "reset",	 "return",     "rshift",   "rt",	  "rt0",      "rt2",
	"rtclassid", "rule",	 "ruleset",    "sctp",	   "second",	  "secmark",  "set",
	"size",	     "skgid",	 "skuid",      "snat",	   "socket",	  "srh",      "symhash",
	"synproxy",  "table",	 "tcp",	       "th",	   "time",	  "timeout",  "tproxy",
	"tunnel",    "type",	 "typeof",     "udp",	   "udplite",	  "undefine", "update",
	"vlan",	     "vmap",	 "vni",	       "vxlan",	   "week",	  "xor",      "xt",
};

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

char *model_name_to_pod(const char *name)
{
	char *pod = xstrndup(name, POD_NAME_MAX);

	if (!pod[0]) {
		free(pod);
		return xstrdup("unnamed");
	}
	for (char *c = pod; *c; c++) {
		if (!is_alnum(*c) && *c != '-' && *c != '_')
			*c = '_';
	}
	if (!is_alnum(pod[0]))
		pod[0] = 'x';
	return pod;
}

/* A label's value where it is a pod's name, else NULL. */
static const char *pod_label(const char *(*get)(void *userdata, const char *label), void *userdata,
			     const char *label)
{
	const char *value = label ? get(userdata, label) : NULL;

	return value && pod_name_valid(value) ? value : NULL;
}

/*
 * podctl names its containers POD and POD.NAME, compose PROJECT-SERVICE-1 or PROJECT_SERVICE_1. A
 * label alone may have come with an image, which would make a container run by hand a member of
 * somebody else's pod.
 */
static bool named_for(const char *container_name, const char *pod, const char *separators)
{
	const char *rest = startswith(container_name, pod);

	return rest && (*rest == '\0' || strchr(separators, *rest));
}

const char *model_pod_claimed(const struct settings *s,
			      const char *(*get)(void *userdata, const char *label), void *userdata)
{
	const char *value;

	if (!s->other_guard)
		return NULL;
	value = pod_label(get, userdata, s->other_pod_label);
	return value ? value : pod_label(get, userdata, LABEL_COMPOSE);
}

char *model_pod_name(const struct settings *s, const char *container_name,
		     const char *(*get)(void *userdata, const char *label), void *userdata,
		     bool *ret_ours)
{
	const char *value = pod_label(get, userdata, LABEL_POD);

	if (value && !named_for(container_name, value, "."))
		value = NULL;
	*ret_ours = value != NULL;
	if (value)
		return xstrdup(value);
	if (!s->other_guard)
		return NULL;
	value = pod_label(get, userdata, s->other_pod_label);
	if (value)
		return xstrdup(value);
	value = pod_label(get, userdata, LABEL_COMPOSE);
	/* where the configuration says nothing of it there is nothing to be had by it */
	if (value && (named_for(container_name, value, "-_.") || !settings_names_pod(s, value)))
		return xstrdup(value);
	return model_name_to_pod(container_name);
}

bool model_pod_apart(const char *pod)
{
	return strchr(pod, '/') != NULL;
}

bool model_pod_valid(const char *pod)
{
	const char *slash = strchr(pod, '/');
	_cleanup_free_ char *name = NULL;

	if (!slash)
		return pod_name_valid(pod);
	name = xstrndup(pod, (size_t)(slash - pod));
	return streq(slash, OTHERS) && pod_name_valid(name);
}

/* The pod whose it would be, if that is not podctl's; not apart from it. */
static char *pod_wanted(const struct member *member)
{
	return xstrndup(member->pod, strcspn(member->pod, "/"));
}

static bool yields(const struct member *member)
{
	return member->yields && member->pod;
}

/* The pods of podctl's containers that one of these names is of, sorted and borrowed. */
static void find_podctls(const struct model *m, const struct strv *wanted, struct strv *ret)
{
	*ret = (struct strv){0};
	for (size_t i = 0; i < m->n_members; i++) {
		const struct member *member = &m->members[i];

		if (member->ours && member->pod && strv_find(wanted, member->pod))
			ARRAY_PUSH(ret->items, ret->n) = member->pod;
	}
	strv_sort(ret);
}

static void keep_apart(struct model *m, const struct strv *podctls, struct member *member)
{
	_cleanup_free_ char *name = pod_wanted(member);
	bool apart = strv_find(podctls, name) != NULL;

	if (apart == model_pod_apart(member->pod))
		return;
	model_touch(m, member->id);
	free(member->pod);
	member->pod = apart ? xasprintf("%s" OTHERS, name) : take_ptr(name);
}

void model_keep_apart(struct model *m)
{
	_cleanup_(strv_done)
	struct strv wanted = {0};
	struct strv podctls; /* borrowed */
	bool needed = false;

	if (!m->pods_changed)
		return;
	m->pods_changed = false;
	/* where podctl has no pod, and had none, there is nothing to look for */
	for (size_t i = 0; i < m->n_members; i++)
		needed |= m->members[i].ours ||
			  (m->members[i].pod && model_pod_apart(m->members[i].pod));
	if (!needed)
		return;
	for (size_t i = 0; i < m->n_members; i++)
		if (yields(&m->members[i]))
			strv_take(&wanted, pod_wanted(&m->members[i]));
	strv_sort(&wanted);
	find_podctls(m, &wanted, &podctls);
	for (size_t i = 0; i < m->n_members; i++)
		if (yields(&m->members[i]))
			keep_apart(m, &podctls, &m->members[i]);
	free(podctls.items);
}

char *model_limit_name(const char *pod)
{
	/* it begins with a letter or a digit */
	bool plain = pod[0] > '9' && !startswith(pod, "pod_");

	for (size_t i = 0; plain && i < ARRAY_SIZE(nft_words); i++)
		plain = !streq(pod, nft_words[i]);
	return plain ? xstrdup(pod) : xasprintf("pod_%s", pod);
}

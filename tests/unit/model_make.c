/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/model_make.h"

#include <stdio.h>

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "model_make: %s\n", what);
	abort();
}

static void take_address(struct member *m, char *word)
{
	struct member_address a = {0};
	char *ip4 = strchr(word, ','), *ip6;

	*ip4++ = '\0';
	ip6 = strchr(ip4, ',');
	must(ip6 != NULL, word);
	*ip6++ = '\0';
	snprintf(a.bridge, sizeof(a.bridge), "%s", word);
	must(streq(ip4, "-") || addr_parse(ip4, &a.ip4), ip4);
	must(streq(ip6, "-") || addr_parse(ip6, &a.ip6), ip6);
	ARRAY_PUSH(m->addresses, m->n_addresses) = a;
}

static void take_port(struct member *m, char *word)
{
	struct member_port p = {0};
	char *host = strchr(word, '|'), *port;
	char *slash;

	*host++ = '\0';
	port = strchr(host, '|');
	must(port != NULL, word);
	*port++ = '\0';
	must(!word[0] || addr_parse(word, &p.host_ip), word);
	must(port_parse(host, &p.host_port), host);
	slash = strchr(port, '/');
	if (slash)
		*slash++ = '\0';
	must(proto_parse_published(slash ? slash : "tcp", &p.proto), slash ? slash : "");
	must(port_parse(port, &p.port), port);
	ARRAY_PUSH(m->ports, m->n_ports) = p;
}

struct model *model_make(const char *const *lines)
{
	struct model *model = model_new();

	for (; *lines; lines++) {
		_cleanup_free_ char *line = xstrdup(*lines);
		struct member m = {.running = true};
		char *save = NULL;

		for (char *w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
			if (!m.id) {
				m.id = xstrdup(w);
				m.name = xstrdup(w);
			} else if (!m.pod && !strchr(w, ',') && !strchr(w, '|')) {
				m.pod = streq(w, "-") ? NULL : xstrdup(w);
			} else if (strchr(w, ',')) {
				take_address(&m, w);
			} else {
				take_port(&m, w);
			}
		}
		model_put(model, &m);
	}
	return model;
}

struct settings *settings_make(const char *yaml)
{
	struct problems problems = {0};
	struct settings *s = NULL;

	if (settings_parse(yaml, strlen(yaml), "host1", &problems, &s) < 0) {
		problems_print(&problems, "test", stderr);
		abort();
	}
	problems_done(&problems);
	return s;
}

static void resolve(const struct strv *names, struct accounts *ret, struct strv *missing)
{
	static const struct {
		const char *name;
		uid_t uid;
	} known[] = {{"root", 0}, {"traefik", 1001}, {"bob", 1234}, {"carol", 1235}};

	for (size_t k = 0; k < ARRAY_SIZE(known); k++) {
		if (strv_has(names, known[k].name))
			ARRAY_PUSH(ret->items, ret->n) = (struct account){
				.uid = known[k].uid, .name = xstrdup(known[k].name)};
	}
	if (ret->n < names->n)
		strv_add(missing, "somebody");
}

void people_make(const struct settings *s, struct people *ret)
{
	*ret = (struct people){.n_pods = settings_n_pods(s)};
	resolve(&s->guard.allowed_users, &ret->allowed, &ret->missing);
	ret->pod_users = xcalloc(ret->n_pods, sizeof(*ret->pod_users));
	ret->pod_owners = xcalloc(ret->n_pods, sizeof(*ret->pod_owners));
	for (size_t i = 0; i < ret->n_pods; i++)
		resolve(&settings_pod_at(s, i)->users, &ret->pod_users[i], &ret->missing);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The fixed part of both tables, as data: sets and tables here, rules in ruleset_inet.c and
 * ruleset_bridge.c. They say what nft/netguard.nft says, in the same order, and tests hold the two
 * together: bytecode, listing and shape.
 */
#include "netguard/ruleset.h"

#include "netguard/ruleset_words.h"

#include <assert.h>
#include <stdio.h>

/* ---- sets ---- */

#define IFNAME NFT_TYPE_IFNAME
#define IPV4   NFT_TYPE_IPV4
#define IPV6   NFT_TYPE_IPV6
#define ETHER  NFT_TYPE_ETHER
#define PROTO  NFT_TYPE_PROTO
#define PORT   NFT_TYPE_PORT
#define UID    NFT_TYPE_UID

/*
 * What grows with the members has its size declared: the kernel makes room at once instead of over
 * and over while a big table is loaded, which took twice the time. More is refused, so only sets
 * that permit may have one, and guarded4 and guarded6: what is refused there is no member either.
 */
#define MANY	24000
#define MANY_SQ 96000 /* pairs; see MODEL_LINK_MAX for those of one pod */

static const struct nft_set sets[SET_COUNT_] = {
	[SET_CONTAINER_IFACES] = {.name = "container_ifaces", .types = {IFNAME}, .interval = true},
	[SET_EXEMPT_IFACES] = {.name = "exempt_ifaces", .types = {IFNAME}, .interval = true},
	[SET_MEMBERS4] = {.name = "members4", .types = {IFNAME, IPV4}, .size = MANY},
	[SET_MEMBERS6] = {.name = "members6", .types = {IFNAME, IPV6}, .size = MANY},
	[SET_ALLOWED_UIDS] = {.name = "allowed_uids", .types = {UID}, .interval = true},
	[SET_POD_UIDS4] = {.name = "pod_uids4", .types = {IPV4, UID}},
	[SET_POD_UIDS6] = {.name = "pod_uids6", .types = {IPV6, UID}},
	[SET_PRIVATE_PORTS] = {.name = "private_ports", .types = {PROTO, PORT}},
	[SET_PORT_UIDS] = {.name = "port_uids", .types = {PROTO, PORT, UID}},
	[SET_HOST_PORTS] = {.name = "host_ports", .types = {PROTO, PORT}, .interval = true},
	[SET_POD_HOST_PORTS4] = {.name = "pod_host_ports4", .types = {IPV4, PROTO, PORT}},
	[SET_POD_HOST_PORTS6] = {.name = "pod_host_ports6", .types = {IPV6, PROTO, PORT}},
	[SET_POD_RATE4] = {.name = "pod_rate4", .types = {IPV4}, .limits = true},
	[SET_POD_RATE6] = {.name = "pod_rate6", .types = {IPV6}, .limits = true},
	[SET_PUBLISHED_PORTS] = {.name = "published_ports", .types = {PROTO, PORT}},
	[SET_PORT_WHITELIST] = {.name = "port_whitelist", .types = {PROTO, PORT}},
	[SET_PORT_WHITELIST_FROM4] = {.name = "port_whitelist_from4",
				      .types = {PROTO, PORT, IPV4},
				      .interval = true},
	[SET_PORT_WHITELIST_FROM6] = {.name = "port_whitelist_from6",
				      .types = {PROTO, PORT, IPV6},
				      .interval = true},
	[SET_PROXIED_PORTS] = {.name = "proxied_ports", .types = {PROTO, PORT}},
	[SET_PROXIED4] = {.name = "proxied4", .types = {PROTO, PORT, IPV4}, .interval = true},
	[SET_PROXIED6] = {.name = "proxied6", .types = {PROTO, PORT, IPV6}, .interval = true},
	[SET_PUBLISHED4] = {.name = "published4", .types = {IPV4, PROTO, PORT}},
	[SET_PUBLISHED6] = {.name = "published6", .types = {IPV6, PROTO, PORT}},
	[SET_DIRECT4] = {.name = "direct4", .types = {IPV4, PROTO, PORT}},
	[SET_DIRECT6] = {.name = "direct6", .types = {IPV6, PROTO, PORT}},
	[SET_LINKS4] = {.name = "links4", .types = {IPV4, IPV4, PROTO, PORT}},
	[SET_LINKS6] = {.name = "links6", .types = {IPV6, IPV6, PROTO, PORT}},
	[SET_LINKS_ANY4] = {.name = "links_any4", .types = {IPV4, IPV4}, .size = MANY_SQ},
	[SET_LINKS_ANY6] = {.name = "links_any6", .types = {IPV6, IPV6}, .size = MANY_SQ},
	[SET_EGRESS_LIMITED4] = {.name = "egress_limited4", .types = {IPV4}},
	[SET_EGRESS_LIMITED6] = {.name = "egress_limited6", .types = {IPV6}},
	[SET_EGRESS4] = {.name = "egress4", .types = {IPV4, IPV4, PROTO, PORT}, .interval = true},
	[SET_EGRESS6] = {.name = "egress6", .types = {IPV6, IPV6, PROTO, PORT}, .interval = true},
	[SET_OPEN4] = {.name = "open4", .types = {IPV4}},
	[SET_OPEN6] = {.name = "open6", .types = {IPV6}},
	[SET_DENIED_SILENTLY] = {.name = "denied_silently", .types = {PROTO}},
	[SET_PORTS] = {.name = "ports", .types = {IFNAME}},
	[SET_GUARDED4] = {.name = "guarded4", .types = {IPV4}, .size = MANY},
	[SET_GUARDED6] = {.name = "guarded6", .types = {IPV6}, .size = MANY},
	[SET_BRIDGE_PORTS] = {.name = "ports", .types = {IFNAME}},
	[SET_BRIDGE_OTHER_PORTS] = {.name = "other_ports", .types = {IFNAME}},
	[SET_BRIDGE_MACS] = {.name = "macs", .types = {IFNAME, ETHER}, .size = MANY},
	[SET_BRIDGE_ADDRESSES4] = {.name = "addresses4",
				   .types = {IFNAME, ETHER, IPV4},
				   .size = MANY},
	[SET_BRIDGE_ADDRESSES6] = {.name = "addresses6",
				   .types = {IFNAME, ETHER, IPV6},
				   .size = MANY},
	/* the same addresses once more, as what nft has no type for: see NFT_FIELD_ND_TARGET */
	[SET_BRIDGE_TARGETS6] = {.name = "targets6",
				 .types = {IFNAME, ETHER, NFT_TYPE_RAW6},
				 .fields = {NFT_FIELD_IIFNAME, NFT_FIELD_ETHER_SADDR,
					    NFT_FIELD_ND_TARGET},
				 .size = MANY},
};

/* ---- the tables ---- */

static const char *const inet_counters[] = {
	"forged",
	"host_to_container",
	"container_to_host",
	"container_to_container",
	"container_to_world",
	"world_to_container",
	"midstream",
};
static const char *const bridge_counters[] = {"forged", "bridged"};

#define COMMENT "kept by netguard from /etc/netguard.yml"

const struct nft_table ruleset_tables[RULESET_N_TABLES] = {
	{
		.family = NFT_FAMILY_INET,
		.name = RULESET_TABLE,
		.comment = COMMENT,
		.sets = sets,
		.n_sets = SET_BRIDGE_PORTS,
		.counters = inet_counters,
		.n_counters = ARRAY_SIZE(inet_counters),
		.chains = ruleset_inet_chains,
		.n_chains = RULESET_N_INET_CHAINS,
	},
	{
		.family = NFT_FAMILY_BRIDGE,
		.name = RULESET_TABLE,
		.comment = COMMENT,
		.sets = sets + SET_BRIDGE_PORTS,
		.n_sets = SET_COUNT_ - SET_BRIDGE_PORTS,
		.counters = bridge_counters,
		.n_counters = ARRAY_SIZE(bridge_counters),
		.chains = ruleset_bridge_chains,
		.n_chains = RULESET_N_BRIDGE_CHAINS,
	},
};

const struct nft_set *ruleset_set(enum set_id set)
{
	assert(set < SET_COUNT_);
	return &sets[set];
}

const struct nft_table *ruleset_set_table(enum set_id set)
{
	return &ruleset_tables[ruleset_set_in_bridge(set)];
}

const char *ruleset_set_name(enum set_id set)
{
	return ruleset_set(set)->name;
}

bool ruleset_set_in_bridge(enum set_id set)
{
	return set >= SET_BRIDGE_PORTS;
}

/* ---- text ---- */

static void print_table(const struct nft_table *t, const struct elements *e, FILE *out)
{
	size_t first = (size_t)(t->sets - sets);
	size_t n_limits = t->family == NFT_FAMILY_INET ? e->n_limits : 0;

	fprintf(out, "table %s %s {\n\tcomment \"%s\"\n", nft_family_name(t->family), t->name,
		t->comment);
	for (size_t i = 0; i < n_limits; i++) {
		struct nft_limit l = elements_limit(&e->limits[i]);
		_cleanup_free_ char *text = nft_limit_text(&l);

		fprintf(out, "\tlimit %s {\n\t\t%s\n\t}\n\n", l.name, text);
	}
	for (size_t i = 0; i < t->n_counters; i++)
		fprintf(out, "\tcounter %s {\n\t}\n\n", t->counters[i]);
	for (size_t i = first; i < first + t->n_sets; i++) {
		nft_set_print(&sets[i], e->sets[i], e->n[i], out);
		fprintf(out, "\n");
	}
	for (size_t i = 0; i < t->n_chains; i++) {
		nft_chain_print(&t->chains[i], out);
		fprintf(out, "%s", i + 1 < t->n_chains ? "\n" : "}\n");
	}
}

void ruleset_print(const struct elements *e, FILE *out)
{
	for (size_t i = 0; i < RULESET_N_TABLES; i++) {
		fprintf(out, "%s", i ? "\n" : "");
		print_table(&ruleset_tables[i], e, out);
	}
}

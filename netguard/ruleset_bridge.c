/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The chains of table bridge: no container may speak with another's address, and what goes from one
 * to another is given to the host.
 */
#include "netguard/ruleset_words.h"

/* All frames of containers come here: those for groups too, see LINKS_GROUPS. */
static const struct nft_rule bridge_prerouting[] = {
	/* most of all that comes, for the host and for another port (see by_host): one look-up */
	RULE(IS(PKTTYPE, "host"), IS(ETH_TYPE, "ip"),
	     IN("addresses4", IIFNAME, ETH_SADDR, IP_SADDR), ACCEPT),
	RULE(IS(PKTTYPE, "other"), IS(ETH_TYPE, "ip"),
	     IN("addresses4", IIFNAME, ETH_SADDR, IP_SADDR), TO_HOST(RULESET_HOST_MAC), ACCEPT),
	RULE(IN("ports", IIFNAME), GOTO("from_container")),
};

/* By the frame's own type: with a tag (also of VLAN 0) it is none of these. */
static const struct nft_rule bridge_from_container[] = {
	RULE(IS(ETH_TYPE, "ip"), GOTO("own_ip")),
	RULE(IS(ETH_TYPE, "ip6"), GOTO("own_ip6")),
	RULE(IS(ETH_TYPE, "arp"), GOTO("own_arp")),
	RULE(GOTO("deny_forged")),
};

static const struct nft_rule bridge_own_ip[] = {
	RULE(IN("addresses4", IIFNAME, ETH_SADDR, IP_SADDR), GOTO("by_host")),
	RULE(GOTO("deny_forged")),
};

/*
 * What is for another port the host routes, so that table inet decides about it as about anything
 * else: it does not see what is bridged. What is for a group comes to the host anyway, and goes to
 * no port.
 */
static const struct nft_rule bridge_by_host[] = {
	RULE(IS(PKTTYPE, "other"), TO_HOST(RULESET_HOST_MAC)),
	RULE(ACCEPT),
};

#define OWN_ADDRESS6 IN("addresses6", IIFNAME, ETH_SADDR, IP6_SADDR)
#define OWN_TARGET6  IN("targets6", IIFNAME, ETH_SADDR, ND_TARGET)

/*
 * The kernel finds what stands behind extension headers. Where it can't, since a first fragment
 * ends before that, only the deny is left: a receiver would find there what nobody has looked at.
 * Of later fragments only the sender is looked at: what they are part of, their first one says.
 * What stands behind an AH is not found, but who has no key in common with the sender takes none.
 */
static const struct nft_rule bridge_own_ip6[] = {
	/* most of all that comes */
	RULE(IS_NOT(L4PROTO, "ipv6-icmp"), OWN_ADDRESS6, GOTO("by_host")),
	RULE(IS(NFT_FIELD_ICMPV6_TYPE, "nd-neighbor-advert"), GOTO("own_advert")),
	/* neighbours ask each other */
	RULE(IS(NFT_FIELD_ICMPV6_TYPE, "nd-neighbor-solicit"), OWN_ADDRESS6, ACCEPT),
	RULE(ICMPV6_NOT("nd-router-advert", "nd-neighbor-advert", "nd-redirect"), OWN_ADDRESS6,
	     GOTO("by_host")),
	RULE(LATER_FRAGMENT, OWN_ADDRESS6, GOTO("by_host")),
	RULE(IS(IP6_SADDR, "::"), IN("macs", IIFNAME, ETH_SADDR),
	     ICMPV6("mld-listener-report", "mld2-listener-report"), ACCEPT),
	RULE(IS(IP6_SADDR, "::"), IS(NFT_FIELD_ICMPV6_TYPE, "nd-neighbor-solicit"),
	     GOTO("own_probe")),
	/* of each port that comes up, before it is known whose it is: counted, not logged */
	RULE(IS(IP6_SADDR, "::"), COUNTER("forged"), DROP),
	RULE(GOTO("deny_forged")),
};

/* An advertisement says where its target is to be found, whoever sends it. */
static const struct nft_rule bridge_own_advert[] = {
	RULE(OWN_ADDRESS6, OWN_TARGET6, ACCEPT),
	RULE(GOTO("deny_forged")),
};

/* Whether an address is free: who asks for another's keeps that one from taking it. */
static const struct nft_rule bridge_own_probe[] = {
	RULE(OWN_TARGET6, ACCEPT),
	RULE(COUNTER("forged"), DROP),
};

/* both senders: the frame's and the one that it tells others */
static const struct nft_rule bridge_own_arp[] = {
	RULE(IN("addresses4", IIFNAME, ETH_SADDR, NFT_FIELD_ARP_SADDR_IP),
	     IN("addresses4", IIFNAME, ARP_SENDER), ACCEPT),
	RULE(GOTO("deny_forged")),
};

/*
 * From one port to another goes only what neighbours need to find each other. A port that is in no
 * set is new: between two of them nothing passes either, where they are called as engines call
 * those of containers.
 */
static const struct nft_rule bridge_forward[] = {
	RULE(IN("ports", IIFNAME), GOTO("between_ports")),
	RULE(IN("ports", OIFNAME), GOTO("between_ports")),
	RULE(IN("other_ports", IIFNAME), ACCEPT),
	RULE(IN("other_ports", OIFNAME), ACCEPT),
	RULE(IS(IIFNAME, "veth*"), IS(OIFNAME, "veth*"), COUNTER("bridged"), DROP),
};

static const struct nft_rule bridge_between_ports[] = {
	/* of by_host, on a bridge that does not know it for the host's */
	RULE(IS(ETH_DADDR, RULESET_HOST_MAC), COUNTER("bridged"), DROP),
	RULE(IN("ports", IIFNAME), IS(ETH_TYPE, "arp"), ACCEPT),
	RULE(IN("ports", IIFNAME), ICMPV6("nd-neighbor-solicit", "nd-neighbor-advert"), ACCEPT),
	/*
	 * For the host, and yet it is bridged: br_netfilter does so with what Docker has led back
	 * to the bridge that it came from, and shows it to table inet.
	 */
	RULE(IN("ports", IIFNAME), IS(PKTTYPE, "host"), ACCEPT),
	RULE(COUNTER("bridged"), DROP),
};

static const struct nft_rule deny_forged[] = {DENIED("forged"), DENIED_DROP("forged")};

/* clang-format off */
#define BRIDGE_BASE(hook_)    {.name = #hook_, .hook = #hook_, .priority = "filter", .rules = bridge_ ## hook_, .n_rules = ARRAY_SIZE(bridge_ ## hook_)}
#define BRIDGE_CHAIN(name_)   {.name = #name_, .rules = bridge_ ## name_, .n_rules = ARRAY_SIZE(bridge_ ## name_)}
/* clang-format on */

const struct nft_chain ruleset_bridge_chains[RULESET_N_BRIDGE_CHAINS] = {
	BRIDGE_BASE(prerouting),     BRIDGE_BASE(forward),  BRIDGE_CHAIN(from_container),
	BRIDGE_CHAIN(own_ip),	     BRIDGE_CHAIN(own_ip6), BRIDGE_CHAIN(own_advert),
	BRIDGE_CHAIN(own_probe),     BRIDGE_CHAIN(own_arp), BRIDGE_CHAIN(by_host),
	BRIDGE_CHAIN(between_ports), CHAIN(deny_forged),
};

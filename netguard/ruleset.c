/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The fixed part of both tables, as data. It says what nft/netguard.nft says, in the same order,
 * and tests hold the two together: bytecode, listing and shape.
 *
 * Always true: chains accept what is known and end in a deny; a rule that breaks (no transport
 * header, no socket) falls through to it. So no `!= @set drop`.
 */
#include "netguard/ruleset.h"

#include <assert.h>
#include <stdio.h>

/* ---- the words of rules ---- */

#define IIFNAME	     NFT_FIELD_IIFNAME
#define OIFNAME	     NFT_FIELD_OIFNAME
#define L4PROTO	     NFT_FIELD_L4PROTO
#define TH_DPORT     NFT_FIELD_TH_DPORT
#define L4_DPORT     NFT_FIELD_L4PROTO, NFT_FIELD_TH_DPORT
#define L4_SPORT     NFT_FIELD_L4PROTO, NFT_FIELD_TH_SPORT
#define SKUID	     NFT_FIELD_SKUID
#define IP_SADDR     NFT_FIELD_IP_SADDR
#define IP_DADDR     NFT_FIELD_IP_DADDR
#define IP6_SADDR    NFT_FIELD_IP6_SADDR
#define IP6_DADDR    NFT_FIELD_IP6_DADDR
#define ETH_SADDR    NFT_FIELD_ETHER_SADDR
#define ETH_DADDR    NFT_FIELD_ETHER_DADDR
#define ETH_TYPE     NFT_FIELD_ETHER_TYPE
#define PKTTYPE	     NFT_FIELD_PKTTYPE
#define FIB_SADDR    NFT_FIELD_FIB_SADDR_TYPE
#define FIB_DADDR    NFT_FIELD_FIB_DADDR_TYPE
#define CT_DIRECTION NFT_FIELD_CT_DIRECTION
#define ASKED_DADDR  NFT_FIELD_CT_ASKED_DADDR
#define ASKED_DPORT  NFT_FIELD_L4PROTO, NFT_FIELD_CT_ASKED_DPORT
#define ARP_SENDER   NFT_FIELD_ARP_SADDR_ETHER, NFT_FIELD_ARP_SADDR_IP
#define ND_TARGET    NFT_FIELD_ND_TARGET

/* clang-format off */
#define IN(set, ...)	 {.kind = NFT_STATEMENT_SET, .name = (set), .fields = {__VA_ARGS__}}
#define NOT_IN(set, ...) {.kind = NFT_STATEMENT_SET, .name = (set), .fields = {__VA_ARGS__}, .negated = true}
#define IS(field, value) {.kind = NFT_STATEMENT_IS, .fields = {field}, .values = {value}}
#define IS_NOT(field, value) {.kind = NFT_STATEMENT_IS, .fields = {field}, .values = {value}, .negated = true}
#define ICMPV6(...)	 {.kind = NFT_STATEMENT_ONE_OF, .fields = {NFT_FIELD_ICMPV6_TYPE}, .values = {__VA_ARGS__}}
#define ICMPV6_NOT(...)	 {.kind = NFT_STATEMENT_ONE_OF, .fields = {NFT_FIELD_ICMPV6_TYPE}, .values = {__VA_ARGS__}, .negated = true}
#define GROUP_FRAME	 {.kind = NFT_STATEMENT_GROUP}
#define LATER_FRAGMENT	 {.kind = NFT_STATEMENT_FRAGMENT}
#define TO_HOST(mac)	 {.kind = NFT_STATEMENT_TO_HOST, .values = {mac}}
#define CT_STATE(...)	 {.kind = NFT_STATEMENT_CT, .name = "state", .values = {__VA_ARGS__}}
#define CT_STATUS(...)	 {.kind = NFT_STATEMENT_CT, .name = "status", .values = {__VA_ARGS__}}
#define NO_SYN		 {.kind = NFT_STATEMENT_NO_SYN}
#define OVER_LIMIT(map, field) {.kind = NFT_STATEMENT_LIMIT_MAP, .name = (map), .fields = {field}}
#define LIMIT(rate, n)	 {.kind = NFT_STATEMENT_LIMIT, .number = (rate), .burst = (n)}
#define LOG(prefix, group_) {.kind = NFT_STATEMENT_LOG, .values = {prefix}, .number = (group_)}
#define COUNTER(counter) {.kind = NFT_STATEMENT_COUNTER, .name = (counter)}
#define REJECT(with)	 {.kind = NFT_STATEMENT_REJECT, .values = {with}}
#define VERDICT(word)	 {.kind = NFT_STATEMENT_VERDICT, .values = {word}}
#define JUMP(chain)	 {.kind = NFT_STATEMENT_VERDICT, .values = {"jump"}, .name = (chain)}
#define GOTO(chain)	 {.kind = NFT_STATEMENT_VERDICT, .values = {"goto"}, .name = (chain)}
#define ACCEPT		 VERDICT("accept")
#define DROP		 VERDICT("drop")
#define RETURN		 VERDICT("return")
#define RULE(...)	 {(const struct nft_statement[]){__VA_ARGS__, {.kind = NFT_STATEMENT_END}}}
/* clang-format on */

#define FROM_CONTAINER_IFACE IN("container_ifaces", IIFNAME), NOT_IN("exempt_ifaces", IIFNAME)
#define TO_CONTAINER_IFACE   IN("container_ifaces", OIFNAME), NOT_IN("exempt_ifaces", OIFNAME)
#define ESTABLISHED	     CT_STATE("established")
/* with a protocol of ICMP these are errors, which quote a packet of a connection */
#define RELATED		     CT_STATE("related")
/* what a container sends, and is sent, to be a neighbour at all */
#define ND_FROM_CONTAINER                                                                          \
	ICMPV6("mld-listener-report", "mld2-listener-report", "nd-router-solicit",                 \
	       "nd-neighbor-solicit", "nd-neighbor-advert")
/* redirects are the kernel's own, where Docker leads IPv6 back to the bridge it came from */
#define ND_TO_CONTAINER                                                                            \
	ICMPV6("mld-listener-query", "mld-listener-report", "mld2-listener-report",                \
	       "nd-router-solicit", "nd-router-advert", "nd-neighbor-solicit",                     \
	       "nd-neighbor-advert", "nd-redirect")

/* ---- table inet: hooks ---- */

/*
 * Who sends is asked for each datagram: a port that was one user's is another's a moment later, and
 * the connection is the same. Of TCP, only who has the connection's socket can send in it, and who
 * has none begins with a SYN.
 *
 * That it is a reply says nothing by itself: IPv6 lets any user send with any address
 * (IPV6_FREEBIND), so also what it would be a reply to.
 */
static const struct nft_rule output[] = {
	RULE(ESTABLISHED, NO_SYN, ACCEPT),
	/* the kernel's own: errors, and resets of what was rejected */
	RULE(RELATED, IS(CT_DIRECTION, "reply"), ACCEPT),
	RULE(RELATED, IS(L4PROTO, "icmp"), ACCEPT),
	RULE(RELATED, IS(L4PROTO, "ipv6-icmp"), ACCEPT),
	RULE(TO_CONTAINER_IFACE, GOTO("host_to_container")),
	/* by the port itself, past its bridge: what needs no answer to ARP */
	RULE(IN("ports", OIFNAME), GOTO("host_to_container")),
	RULE(IN("guarded4", IP_SADDR), GOTO("host_as_other")),
	RULE(IN("guarded6", IP6_SADDR), GOTO("host_as_other")),
	RULE(IS(CT_DIRECTION, "reply"), ACCEPT),
	/* all that comes to this host's sockets: broadcasts, multicast and anycast do, too */
	RULE(IN("private_ports", L4_DPORT), IS(FIB_DADDR, "unicast"), ACCEPT),
	RULE(IN("private_ports", L4_DPORT), GOTO("host_to_private_port")),
};

/*
 * What belongs to a connection passes at once, here and in forward: whose address it is, the bridge
 * table looks at.
 */
static const struct nft_rule input[] = {
	/* comes in by a port itself, not by its bridge, where the port has no group_fwd_mask yet;
	 * no IP packet is sent so */
	RULE(GROUP_FRAME, GOTO("deny_forged")),
	RULE(ESTABLISHED, ACCEPT),
	RULE(FROM_CONTAINER_IFACE, JUMP("from_container")),
	/* resets and errors that output had the kernel send in a container's name */
	RULE(IS(IIFNAME, "lo"), RELATED, ACCEPT),
	/* in a container's name, from elsewhere: the answer would be its connection */
	RULE(IN("guarded4", IP_SADDR), NOT_IN("members4", IIFNAME, IP_SADDR), GOTO("deny_forged")),
	RULE(IN("guarded6", IP6_SADDR), NOT_IN("members6", IIFNAME, IP6_SADDR),
	     GOTO("deny_forged")),
	RULE(IS(IP_DADDR, "127.0.0.0/8"), IS_NOT(IIFNAME, "lo"), GOTO("deny_world_to_container")),
	/* docker-proxy's; what the host itself sends is decided at output, by its user */
	RULE(IN("published_ports", L4_DPORT), IS_NOT(IIFNAME, "lo"), JUMP("to_published_port")),
	RULE(FROM_CONTAINER_IFACE, GOTO("container_to_host")),
};

static const struct nft_rule forward[] = {
	RULE(ESTABLISHED, ACCEPT),
	RULE(FROM_CONTAINER_IFACE, JUMP("from_container")),
	RULE(CT_STATUS("dnat"), JUMP("to_rewritten_port")),
	/* those that are known are found faster than a pattern */
	RULE(IN("members4", OIFNAME, IP_DADDR), GOTO("to_container")),
	RULE(TO_CONTAINER_IFACE, GOTO("to_container")),
	RULE(FROM_CONTAINER_IFACE, GOTO("container_to_world")),
};

/* ---- table inet: who may ---- */

static const struct nft_rule from_container[] = {
	RULE(ND_FROM_CONTAINER, RETURN),
	RULE(IN("members4", IIFNAME, IP_SADDR), RETURN),
	RULE(IN("members6", IIFNAME, IP6_SADDR), RETURN),
	RULE(GOTO("deny_forged")),
};

static const struct nft_rule to_published_port[] = {
	RULE(IN("port_whitelist", L4_DPORT), RETURN),
	RULE(IN("port_whitelist_from4", L4_DPORT, IP_SADDR), RETURN),
	RULE(IN("port_whitelist_from6", L4_DPORT, IP6_SADDR), RETURN),
	RULE(GOTO("deny_world_to_container")),
};

/*
 * The same where Docker has rewritten the destination: the connection knows what it was. Once for
 * each protocol, since nft reads it as a port only behind one.
 */
#define ASKED(proto, set, ...) IS(L4PROTO, proto), IN(set, ASKED_DPORT, ##__VA_ARGS__)
static const struct nft_rule to_rewritten_port[] = {
	RULE(IS(ASKED_DADDR, "127.0.0.0/8"), GOTO("deny_world_to_container")),
	RULE(ASKED("tcp", "port_whitelist"), GOTO("to_published")),
	RULE(ASKED("udp", "port_whitelist"), GOTO("to_published")),
	RULE(ASKED("tcp", "port_whitelist_from4", IP_SADDR), GOTO("to_published")),
	RULE(ASKED("udp", "port_whitelist_from4", IP_SADDR), GOTO("to_published")),
	RULE(ASKED("tcp", "port_whitelist_from6", IP6_SADDR), GOTO("to_published")),
	RULE(ASKED("udp", "port_whitelist_from6", IP6_SADDR), GOTO("to_published")),
	RULE(ASKED("tcp", "published_ports"), GOTO("deny_world_to_container")),
	RULE(ASKED("udp", "published_ports"), GOTO("deny_world_to_container")),
};

static const struct nft_rule to_published[] = {
	RULE(IN("published4", IP_DADDR, L4_DPORT), ACCEPT),
	RULE(IN("published6", IP6_DADDR, L4_DPORT), ACCEPT),
};

static const struct nft_rule host_to_container[] = {
	RULE(NO_SYN, GOTO("deny_midstream")),
	RULE(ND_TO_CONTAINER, ACCEPT),
	/* the kernel's own, without a socket */
	RULE(IS(L4PROTO, "igmp"), ACCEPT),
	RULE(IS_NOT(FIB_SADDR, "local"), GOTO("host_as_other")),
	RULE(IS(CT_DIRECTION, "reply"), JUMP("host_reply")),
	RULE(IN("allowed_uids", SKUID), ACCEPT),
	RULE(IN("pod_uids4", IP_DADDR, SKUID), ACCEPT),
	RULE(IN("pod_uids6", IP6_DADDR, SKUID), ACCEPT),
	RULE(GOTO("deny_host_to_container")),
};

/* With an address that is not this host's: proxies that keep their client's do so. */
static const struct nft_rule host_as_other[] = {
	RULE(IN("allowed_uids", SKUID), ACCEPT),
	RULE(GOTO("deny_forged")),
};

/* What containers may ask may answer, whoever it is that answers there. */
static const struct nft_rule host_reply[] = {
	RULE(IN("host_ports", L4_SPORT), ACCEPT),
	RULE(IN("pod_host_ports4", IP_DADDR, L4_SPORT), ACCEPT),
	RULE(IN("pod_host_ports6", IP6_DADDR, L4_SPORT), ACCEPT),
	RULE(IN("proxied_ports", L4_SPORT), ACCEPT),
};

static const struct nft_rule host_to_private_port[] = {
	RULE(IN("allowed_uids", SKUID), ACCEPT),
	RULE(IN("port_uids", L4_DPORT, SKUID), ACCEPT),
	RULE(GOTO("deny_host_to_container")),
};

static const struct nft_rule container_to_host[] = {
	RULE(NO_SYN, GOTO("deny_midstream")),
	RULE(ND_FROM_CONTAINER, ACCEPT),
	RULE(OVER_LIMIT("pod_rate4", IP_SADDR), GOTO("deny_container_to_host")),
	RULE(OVER_LIMIT("pod_rate6", IP6_SADDR), GOTO("deny_container_to_host")),
	RULE(IN("host_ports", L4_DPORT), ACCEPT),
	RULE(IN("pod_host_ports4", IP_SADDR, L4_DPORT), ACCEPT),
	RULE(IN("pod_host_ports6", IP6_SADDR, L4_DPORT), ACCEPT),
	/* to_published_port has asked the whitelist before */
	RULE(IN("proxied_ports", L4_DPORT), IS(FIB_DADDR, "local"), ACCEPT),
	RULE(RELATED, GOTO("deny_midstream")),
	RULE(GOTO("deny_container_to_host")),
};

/*
 * Errors come from any router on the way, but a container is none: it can quote whatever connection
 * it likes, of anybody, and would be heard where it may not send.
 */
static const struct nft_rule to_container[] = {
	RULE(RELATED, FROM_CONTAINER_IFACE, GOTO("container_to_container")),
	RULE(RELATED, IS(L4PROTO, "icmp"), ACCEPT),
	RULE(RELATED, IS(L4PROTO, "ipv6-icmp"), ACCEPT),
	RULE(IN("container_ifaces", IIFNAME), GOTO("container_to_container")),
	RULE(IN("direct4", IP_DADDR, L4_DPORT), ACCEPT),
	RULE(IN("direct6", IP6_DADDR, L4_DPORT), ACCEPT),
	RULE(GOTO("deny_world_to_container")),
};

static const struct nft_rule container_to_container[] = {
	RULE(NO_SYN, GOTO("deny_midstream")),
	RULE(ND_FROM_CONTAINER, ACCEPT),
	RULE(IN("links4", IP_SADDR, IP_DADDR, L4_DPORT), ACCEPT),
	RULE(IN("links6", IP6_SADDR, IP6_DADDR, L4_DPORT), ACCEPT),
	RULE(IN("links_any4", IP_SADDR, IP_DADDR), ACCEPT),
	RULE(IN("links_any6", IP6_SADDR, IP6_DADDR), ACCEPT),
	/* pod_to_pod: allow; that the sender is a member, from_container has seen */
	RULE(IN("open4", IP_DADDR), ACCEPT),
	RULE(IN("open6", IP6_DADDR), ACCEPT),
	RULE(RELATED, GOTO("deny_midstream")),
	RULE(GOTO("deny_container_to_container")),
};

static const struct nft_rule container_to_world[] = {
	RULE(NO_SYN, GOTO("deny_midstream")),
	RULE(IN("egress_limited4", IP_SADDR), GOTO("limited_egress")),
	RULE(IN("egress_limited6", IP6_SADDR), GOTO("limited_egress")),
};

static const struct nft_rule limited_egress[] = {
	RULE(IN("egress4", IP_SADDR, IP_DADDR, L4_DPORT), ACCEPT),
	RULE(IN("egress6", IP6_SADDR, IP6_DADDR, L4_DPORT), ACCEPT),
	RULE(GOTO("deny_container_to_world")),
};

/* ---- table inet: denials, logged 10 a second, counted all ---- */

#define DENIED(name)	   RULE(LIMIT(10, 20), LOG(name " ", 86))
#define DENIED_DROP(name_) RULE(COUNTER(name_), DROP)

static const struct nft_rule deny_forged[] = {DENIED("forged"), DENIED_DROP("forged")};
static const struct nft_rule deny_host_to_container[] = {
	DENIED("host_to_container"),
	RULE(COUNTER("host_to_container")),
	RULE(IN("denied_silently", L4PROTO), DROP),
	RULE(IS(L4PROTO, "tcp"), REJECT("tcp reset")),
	RULE(REJECT("icmpx admin-prohibited")),
};
static const struct nft_rule deny_container_to_host[] = {DENIED("container_to_host"),
							 DENIED_DROP("container_to_host")};
static const struct nft_rule deny_container_to_container[] = {
	DENIED("container_to_container"), DENIED_DROP("container_to_container")};
static const struct nft_rule deny_container_to_world[] = {DENIED("container_to_world"),
							  DENIED_DROP("container_to_world")};
static const struct nft_rule deny_world_to_container[] = {DENIED("world_to_container"),
							  DENIED_DROP("world_to_container")};
/* late packets of connections that are over are common: counted, not logged */
static const struct nft_rule deny_midstream[] = {DENIED_DROP("midstream")};

/* clang-format off */
#define BASE(name_, priority_) {.name = #name_, .hook = #name_, .priority = (priority_), .rules = name_, .n_rules = ARRAY_SIZE(name_)}
#define CHAIN(name_)	       {.name = #name_, .rules = name_, .n_rules = ARRAY_SIZE(name_)}
/* clang-format on */

static const struct nft_chain inet_chains[] = {
	BASE(output, "mangle"),
	BASE(input, "filter + 10"),
	BASE(forward, "filter + 10"),
	CHAIN(from_container),
	CHAIN(to_published_port),
	CHAIN(to_rewritten_port),
	CHAIN(to_published),
	CHAIN(host_to_container),
	CHAIN(host_as_other),
	CHAIN(host_reply),
	CHAIN(host_to_private_port),
	CHAIN(container_to_host),
	CHAIN(to_container),
	CHAIN(container_to_container),
	CHAIN(container_to_world),
	CHAIN(limited_egress),
	CHAIN(deny_forged),
	CHAIN(deny_host_to_container),
	CHAIN(deny_container_to_host),
	CHAIN(deny_container_to_container),
	CHAIN(deny_container_to_world),
	CHAIN(deny_world_to_container),
	CHAIN(deny_midstream),
};

/* ---- table bridge: no container may speak with another's address ---- */

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

/* clang-format off */
#define BRIDGE_BASE(hook_)    {.name = #hook_, .hook = #hook_, .priority = "filter", .rules = bridge_ ## hook_, .n_rules = ARRAY_SIZE(bridge_ ## hook_)}
#define BRIDGE_CHAIN(name_)   {.name = #name_, .rules = bridge_ ## name_, .n_rules = ARRAY_SIZE(bridge_ ## name_)}
/* clang-format on */

static const struct nft_chain bridge_chains[] = {
	BRIDGE_BASE(prerouting),     BRIDGE_BASE(forward),  BRIDGE_CHAIN(from_container),
	BRIDGE_CHAIN(own_ip),	     BRIDGE_CHAIN(own_ip6), BRIDGE_CHAIN(own_advert),
	BRIDGE_CHAIN(own_probe),     BRIDGE_CHAIN(own_arp), BRIDGE_CHAIN(by_host),
	BRIDGE_CHAIN(between_ports), CHAIN(deny_forged),
};

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
				 .fields = {IIFNAME, ETH_SADDR, ND_TARGET},
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
		.chains = inet_chains,
		.n_chains = ARRAY_SIZE(inet_chains),
	},
	{
		.family = NFT_FAMILY_BRIDGE,
		.name = RULESET_TABLE,
		.comment = COMMENT,
		.sets = sets + SET_BRIDGE_PORTS,
		.n_sets = SET_COUNT_ - SET_BRIDGE_PORTS,
		.counters = bridge_counters,
		.n_counters = ARRAY_SIZE(bridge_counters),
		.chains = bridge_chains,
		.n_chains = ARRAY_SIZE(bridge_chains),
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

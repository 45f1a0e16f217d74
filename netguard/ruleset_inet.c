/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chains of table inet, where everything is decided. */
#include "netguard/ruleset_words.h"

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

/*
 * In a container's name, from elsewhere: the answer would be a reply, and come to that container
 * from whom it is closed for.
 */
#define IN_ANOTHERS_NAME                                                                           \
	RULE(IN("guarded4", IP_SADDR), NOT_IN("members4", IIFNAME, IP_SADDR),                      \
	     GOTO("deny_forged")),                                                                 \
		RULE(IN("guarded6", IP6_SADDR), NOT_IN("members6", IIFNAME, IP6_SADDR),            \
		     GOTO("deny_forged"))

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
	/* what comes back would be a reply, and pass, from whom the port is closed for */
	RULE(IS(CT_DIRECTION, "original"), IS(L4PROTO, "udp"), IN("published_ports", L4_SPORT),
	     JUMP("from_published_port")),
	/*
	 * Of TCP a user sends a SYN from there before docker-proxy has the port, and one that
	 * crosses it passes as the reply. This is what docker-proxy answers with, of whose number
	 * conntrack knows nothing; over lo that SYN was judged itself.
	 */
	RULE(ACK, IN("published_ports", L4_SPORT), IS_NOT(OIFNAME, "lo"),
	     JUMP("from_published_port")),
	RULE(TO_CONTAINER_IFACE, GOTO("host_to_container")),
	/* by the port itself, past its bridge: what needs no answer to ARP */
	RULE(IN("ports", OIFNAME), GOTO("host_to_container")),
	RULE(IN("guarded4", IP_SADDR), GOTO("host_as_other")),
	RULE(IN("guarded6", IP6_SADDR), GOTO("host_as_other")),
	/*
	 * Not any reply: with a datagram from a private port, or a SYN while nobody has it, a user
	 * makes his own to it replies. (To a SYN with an ACK nobody answers who listens.)
	 */
	RULE(IS(CT_DIRECTION, "reply"), ACK, ACCEPT),
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
	IN_ANOTHERS_NAME,
	RULE(IS(IP_DADDR, "127.0.0.0/8"), IS_NOT(IIFNAME, "lo"), GOTO("deny_world_to_container")),
	/* docker-proxy's; what the host itself sends is decided at output, by its user */
	RULE(IN("published_ports", L4_DPORT), IS_NOT(IIFNAME, "lo"), JUMP("to_published_port")),
	RULE(FROM_CONTAINER_IFACE, GOTO("container_to_host")),
};

static const struct nft_rule forward[] = {
	RULE(ESTABLISHED, ACCEPT),
	RULE(FROM_CONTAINER_IFACE, JUMP("from_container")),
	IN_ANOTHERS_NAME,
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

/*
 * A datagram of docker-proxy's that answers none: a container goes on to speak when the permission
 * is gone, and so the connection with it. Or a user's, who sends so in its name (IP_PKTINFO), or
 * has the port before it.
 *
 * To a user of this host it sends so, too, whose right to a private port is gone, and its flow. To
 * others the port is open there.
 */
static const struct nft_rule from_published_port[] = {
	RULE(IS(OIFNAME, "lo"), IN("private_ports", L4_SPORT), GOTO("deny_midstream")),
	RULE(IS(OIFNAME, "lo"), RETURN),
	RULE(IN("port_whitelist", L4_SPORT), RETURN),
	RULE(IN("port_whitelist_from4", L4_SPORT, IP_DADDR), RETURN),
	RULE(IN("port_whitelist_from6", L4_SPORT, IP6_DADDR), RETURN),
	RULE(GOTO("deny_midstream")),
};

static const struct nft_rule to_published_port[] = {
	/* what a user of the host sends to a group comes back here, and is neither */
	RULE(IS(PKTTYPE, "host"), JUMP("not_as_host")),
	RULE(IS(PKTTYPE, "multicast"), JUMP("not_as_host")),
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
	RULE(JUMP("not_as_host")),
	RULE(IN("published6", IP6_DADDR, L4_DPORT), ACCEPT),
};

/*
 * With an address of this host's, from elsewhere: the answer would come to a port of the host. Of
 * IPv4 the kernel itself takes none such. An anycast address is one that all routers of a network
 * have.
 */
static const struct nft_rule not_as_host[] = {
	RULE(IS(FIB_SADDR, "local"), GOTO("deny_forged")),
	RULE(IS(FIB_SADDR, "anycast"), GOTO("deny_forged")),
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
	RULE(IN("proxied4", L4_SPORT, IP_SADDR), ACCEPT),
	RULE(IN("proxied6", L4_SPORT, IP6_SADDR), ACCEPT),
};

static const struct nft_rule host_to_private_port[] = {
	/* all that comes to this host's sockets: broadcasts, multicast and anycast do, too */
	RULE(IS(FIB_DADDR, "unicast"), ACCEPT),
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
	/* at other addresses the port may be a service's of the host */
	RULE(IN("proxied4", L4_DPORT, IP_DADDR), IS(FIB_DADDR, "local"), ACCEPT),
	RULE(IN("proxied6", L4_DPORT, IP6_DADDR), IS(FIB_DADDR, "local"), ACCEPT),
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
	RULE(JUMP("not_as_host")),
	RULE(IN("direct6", IP6_DADDR, L4_DPORT), ACCEPT),
	RULE(GOTO("deny_world_to_container")),
};

static const struct nft_rule container_to_container[] = {
	RULE(NO_SYN, GOTO("deny_midstream")),
	/* neighbours, which br_netfilter shows; routed it would only be a way to say anything */
	RULE(ON_LINK, ICMPV6("nd-neighbor-solicit", "nd-neighbor-advert"), ACCEPT),
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
	/* the connection may be another's, and then NAT sends the error in the host's name */
	RULE(RELATED, IS(L4PROTO, "icmp"), GOTO("deny_midstream")),
	RULE(RELATED, IS(L4PROTO, "ipv6-icmp"), GOTO("deny_midstream")),
	RULE(IN("port_whitelist", L4_SPORT), JUMP("from_open_port")),
	RULE(IN("port_whitelist_from4", L4_SPORT, IP_DADDR), JUMP("from_open_port")),
	RULE(IN("port_whitelist_from6", L4_SPORT, IP6_DADDR), JUMP("from_open_port")),
	RULE(IN("egress_limited4", IP_SADDR), GOTO("limited_egress")),
	RULE(IN("egress_limited6", IP6_SADDR), GOTO("limited_egress")),
};

/*
 * NAT keeps the port of what it sends in the host's name. What the other end sends to that port
 * then is a reply, and comes to the one who sent, whosever the published port is.
 */
static const struct nft_rule from_open_port[] = {
	RULE(IN("published4", IP_SADDR, L4_SPORT), RETURN),
	RULE(IN("published6", IP6_SADDR, L4_SPORT), RETURN),
	RULE(GOTO("deny_container_to_world")),
};

static const struct nft_rule limited_egress[] = {
	RULE(IN("egress4", IP_SADDR, IP_DADDR, L4_DPORT), ACCEPT),
	RULE(IN("egress6", IP6_SADDR, IP6_DADDR, L4_DPORT), ACCEPT),
	RULE(GOTO("deny_container_to_world")),
};

/* ---- table inet: denials, logged 10 a second, counted all ---- */

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

const struct nft_chain ruleset_inet_chains[RULESET_N_INET_CHAINS] = {
	BASE(output, "mangle"),
	BASE(input, "filter + 10"),
	BASE(forward, "filter + 10"),
	CHAIN(from_container),
	CHAIN(from_published_port),
	CHAIN(to_published_port),
	CHAIN(to_rewritten_port),
	CHAIN(to_published),
	CHAIN(not_as_host),
	CHAIN(host_to_container),
	CHAIN(host_as_other),
	CHAIN(host_reply),
	CHAIN(host_to_private_port),
	CHAIN(container_to_host),
	CHAIN(to_container),
	CHAIN(container_to_container),
	CHAIN(container_to_world),
	CHAIN(from_open_port),
	CHAIN(limited_egress),
	CHAIN(deny_forged),
	CHAIN(deny_host_to_container),
	CHAIN(deny_container_to_host),
	CHAIN(deny_container_to_container),
	CHAIN(deny_container_to_world),
	CHAIN(deny_world_to_container),
	CHAIN(deny_midstream),
};

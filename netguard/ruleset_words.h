/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside ruleset: the words that rules are written in, and the chains of both tables.
 *
 * Always true: chains accept what is known and end in a deny; a rule that breaks (no transport
 * header, no socket) falls through to it. So no `!= @set drop`.
 */
#pragma once

#include "netguard/ruleset.h"

#define RULESET_N_INET_CHAINS	26
#define RULESET_N_BRIDGE_CHAINS 11
extern const struct nft_chain ruleset_inet_chains[RULESET_N_INET_CHAINS];     /* ruleset_inet.c */
extern const struct nft_chain ruleset_bridge_chains[RULESET_N_BRIDGE_CHAINS]; /* ruleset_bridge.c */

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
#define ON_LINK		 {.kind = NFT_STATEMENT_ON_LINK}
#define LATER_FRAGMENT	 {.kind = NFT_STATEMENT_FRAGMENT}
#define TO_HOST(mac)	 {.kind = NFT_STATEMENT_TO_HOST, .values = {mac}}
#define CT_STATE(...)	 {.kind = NFT_STATEMENT_CT, .name = "state", .values = {__VA_ARGS__}}
#define CT_STATUS(...)	 {.kind = NFT_STATEMENT_CT, .name = "status", .values = {__VA_ARGS__}}
#define NO_SYN		 {.kind = NFT_STATEMENT_NO_SYN}
#define ACK		 {.kind = NFT_STATEMENT_ACK}
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

/* denials: logged 10 a second, counted all */
#define DENIED(name)	   RULE(LIMIT(10, 20), LOG(name " ", 86))
#define DENIED_DROP(name_) RULE(COUNTER(name_), DROP)

/* clang-format off */
#define BASE(name_, priority_) {.name = #name_, .hook = #name_, .priority = (priority_), .rules = name_, .n_rules = ARRAY_SIZE(name_)}
#define CHAIN(name_)	       {.name = #name_, .rules = name_, .n_rules = ARRAY_SIZE(name_)}
/* clang-format on */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fields that rules load, and the words for their values, as nft 1.0.6 has them. */
#include "nft/field.h"

#include "nft/private.h"

#include <linux/if_packet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>

const struct nft_field_load nft_fields[NFT_FIELD_COUNT_] = {
	[NFT_FIELD_IIFNAME] = {"iifname", NFT_TYPE_IFNAME, NFT_SOURCE_META, NFT_META_IIFNAME, 0, 0},
	[NFT_FIELD_OIFNAME] = {"oifname", NFT_TYPE_IFNAME, NFT_SOURCE_META, NFT_META_OIFNAME, 0, 0},
	[NFT_FIELD_L4PROTO] = {"meta l4proto", NFT_TYPE_PROTO, NFT_SOURCE_META, NFT_META_L4PROTO, 0,
			       0},
	[NFT_FIELD_SKUID] = {"meta skuid", NFT_TYPE_UID, NFT_SOURCE_META, NFT_META_SKUID, 0, 0},
	[NFT_FIELD_FIB_SADDR_TYPE] = {"fib saddr type", 0, NFT_SOURCE_FIB, NFT_FIB_RESULT_ADDRTYPE,
				      NFTA_FIB_F_SADDR, 0},
	[NFT_FIELD_FIB_DADDR_TYPE] = {"fib daddr type", 0, NFT_SOURCE_FIB, NFT_FIB_RESULT_ADDRTYPE,
				      NFTA_FIB_F_DADDR, 0},
	[NFT_FIELD_IP_SADDR] = {"ip saddr", NFT_TYPE_IPV4, NFT_SOURCE_PAYLOAD,
				NFT_PAYLOAD_NETWORK_HEADER, 12, NFT_NEED_IP},
	[NFT_FIELD_IP_DADDR] = {"ip daddr", NFT_TYPE_IPV4, NFT_SOURCE_PAYLOAD,
				NFT_PAYLOAD_NETWORK_HEADER, 16, NFT_NEED_IP},
	[NFT_FIELD_IP6_SADDR] = {"ip6 saddr", NFT_TYPE_IPV6, NFT_SOURCE_PAYLOAD,
				 NFT_PAYLOAD_NETWORK_HEADER, 8, NFT_NEED_IP6},
	[NFT_FIELD_IP6_DADDR] = {"ip6 daddr", NFT_TYPE_IPV6, NFT_SOURCE_PAYLOAD,
				 NFT_PAYLOAD_NETWORK_HEADER, 24, NFT_NEED_IP6},
	[NFT_FIELD_TH_SPORT] = {"th sport", NFT_TYPE_PORT, NFT_SOURCE_PAYLOAD,
				NFT_PAYLOAD_TRANSPORT_HEADER, 0, 0},
	[NFT_FIELD_TH_DPORT] = {"th dport", NFT_TYPE_PORT, NFT_SOURCE_PAYLOAD,
				NFT_PAYLOAD_TRANSPORT_HEADER, 2, 0},
	[NFT_FIELD_ICMPV6_TYPE] = {"icmpv6 type", NFT_TYPE_ICMPV6, NFT_SOURCE_PAYLOAD,
				   NFT_PAYLOAD_TRANSPORT_HEADER, 0, NFT_NEED_ICMPV6},
	[NFT_FIELD_ETHER_SADDR] = {"ether saddr", NFT_TYPE_ETHER, NFT_SOURCE_PAYLOAD,
				   NFT_PAYLOAD_LL_HEADER, 6, 0},
	[NFT_FIELD_ETHER_DADDR] = {"ether daddr", NFT_TYPE_ETHER, NFT_SOURCE_PAYLOAD,
				   NFT_PAYLOAD_LL_HEADER, 0, 0},
	[NFT_FIELD_ETHER_TYPE] = {"ether type", 0, NFT_SOURCE_PAYLOAD, NFT_PAYLOAD_LL_HEADER, 12,
				  0},
	[NFT_FIELD_PKTTYPE] = {"meta pkttype", 0, NFT_SOURCE_META, NFT_META_PKTTYPE, 0, 0},
	[NFT_FIELD_ARP_SADDR_ETHER] = {"arp saddr ether", NFT_TYPE_ETHER, NFT_SOURCE_PAYLOAD,
				       NFT_PAYLOAD_NETWORK_HEADER, 8, NFT_NEED_ARP},
	[NFT_FIELD_ARP_SADDR_IP] = {"arp saddr ip", NFT_TYPE_IPV4, NFT_SOURCE_PAYLOAD,
				    NFT_PAYLOAD_NETWORK_HEADER, 14, NFT_NEED_ARP},
	[NFT_FIELD_CT_DIRECTION] = {"ct direction", 0, NFT_SOURCE_CT, NFT_CT_DIRECTION, 0, 0},
	[NFT_FIELD_CT_ASKED_DADDR] = {"ct original ip daddr", NFT_TYPE_IPV4, NFT_SOURCE_CT_ASKED,
				      NFT_CT_DST_IP, 0, 0},
	/* nft takes it for a port only behind a match of the protocol */
	[NFT_FIELD_CT_ASKED_DPORT] = {"ct original proto-dst", NFT_TYPE_PORT, NFT_SOURCE_CT_ASKED,
				      NFT_CT_PROTO_DST, 0, 0},
	/*
	 * nft 1.0.6 has no name for it, and later ones give it theirs (icmpv6 taddr) as soon as the
	 * rule says anything of ICMPv6: then neither reads what the other has listed.
	 */
	[NFT_FIELD_ND_TARGET] = {"@th,64,128", NFT_TYPE_RAW6, NFT_SOURCE_PAYLOAD,
				 NFT_PAYLOAD_TRANSPORT_HEADER, 8, 0},
};

struct word {
	const char *text; /* NULL behind the last */
	uint32_t value;
};

#define WORDS_MAX 8

static const struct word words[NFT_WORDS_COUNT_][WORDS_MAX + 1] = {
	[NFT_WORDS_ICMPV6_TYPES] = {{"mld-listener-query", 130},
				    {"mld-listener-report", 131},
				    {"nd-router-solicit", 133},
				    {"nd-router-advert", 134},
				    {"nd-neighbor-solicit", 135},
				    {"nd-neighbor-advert", 136},
				    {"nd-redirect", 137},
				    {"mld2-listener-report", 143}},
	[NFT_WORDS_CT_STATES] = {{"established", 2}, {"related", 4}},
	[NFT_WORDS_CT_STATUSES] = {{"dnat", 0x20}},
	[NFT_WORDS_CT_DIRECTIONS] = {{"original", 0}, {"reply", 1}},
	[NFT_WORDS_FIB_TYPES] = {{"anycast", RTN_ANYCAST},
				 {"local", RTN_LOCAL},
				 {"unicast", RTN_UNICAST}},
	[NFT_WORDS_ETHER_TYPES] = {{"ip", 0x0800}, {"arp", 0x0806}, {"ip6", 0x86dd}},
	[NFT_WORDS_PKTTYPES] = {{"host", PACKET_HOST},
				{"multicast", PACKET_MULTICAST},
				{"other", PACKET_OTHERHOST}},
	[NFT_WORDS_PROTOCOLS] = {{"icmp", IPPROTO_ICMP},
				 {"igmp", IPPROTO_IGMP},
				 {"ipv6-icmp", IPPROTO_ICMPV6},
				 {"tcp", IPPROTO_TCP},
				 {"udp", IPPROTO_UDP}},
};

bool nft_word(enum nft_words list, const char *text, uint32_t *ret)
{
	for (const struct word *w = words[list]; w->text; w++) {
		if (streq(w->text, text)) {
			*ret = w->value;
			return true;
		}
	}
	return false;
}

uint8_t nft_field_type(uint8_t field)
{
	return field < NFT_FIELD_COUNT_ ? (uint8_t)nft_fields[field].type : 0;
}

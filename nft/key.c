/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys: the fields of a concatenation as they lie in the kernel's registers, each padded with
 * zeros to 4 bytes. Pure.
 */
#include "nft/nft.h"

#include <arpa/inet.h>
#include <assert.h>

static void append(struct nft_key *k, const void *data, size_t size)
{
	size_t padded = (size + 3) & ~(size_t)3;

	assert(k->size + padded <= NFT_KEY_MAX);
	memset(k->data + k->size, 0, padded);
	memcpy(k->data + k->size, data, size);
	k->size = (uint8_t)(k->size + padded);
}

void nft_key_ifname(struct nft_key *k, const char *name)
{
	char field[IF_NAMESIZE] = "";

	assert(strlen(name) < sizeof(field));
	memcpy(field, name, strlen(name));
	append(k, field, sizeof(field));
}

void nft_key_addr(struct nft_key *k, const struct addr *a)
{
	assert(a->family == AF_INET || a->family == AF_INET6);
	append(k, a->bytes, addr_size(a));
}

void nft_key_ether(struct nft_key *k, const uint8_t mac[static 6])
{
	append(k, mac, 6);
}

void nft_key_proto(struct nft_key *k, uint8_t proto)
{
	append(k, &proto, sizeof(proto));
}

void nft_key_port(struct nft_key *k, uint16_t port)
{
	uint16_t network_order = htons(port);

	append(k, &network_order, sizeof(network_order));
}

void nft_key_uid(struct nft_key *k, uint32_t uid)
{
	append(k, &uid, sizeof(uid));
}

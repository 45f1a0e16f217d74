/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys of elements: built field by field, read back field by field, printed as nft writes them.
 *
 * A key lies as in the kernel's registers, each field padded with zeros to 4 bytes, with one
 * exception: a uid is in network order here, so that keys sort as numbers do. set.c turns it round
 * for the sets whose uids the kernel wants in host order.
 */
#include "nft/private.h"

#include <arpa/inet.h>
#include <assert.h>

static void append(struct nft_key *k, const void *data, size_t size)
{
	size_t padded = (size + 3) & ~(size_t)3;

	assert(k->size + padded <= sizeof(k->data));
	memset(k->data + k->size, 0, padded);
	memcpy(k->data + k->size, data, size);
	k->size = (uint8_t)(k->size + padded);
}

void nft_key_ifname(struct nft_key *k, const char *name)
{
	char buf[IF_NAMESIZE] = "";
	size_t n = strlen(name);

	assert(n < sizeof(buf));
	memcpy(buf, name, n);
	append(k, buf, sizeof(buf));
}

void nft_key_addr(struct nft_key *k, const struct addr *a)
{
	assert(addr_size(a) > 0);
	append(k, a->bytes, addr_size(a));
}

void nft_key_ether(struct nft_key *k, const uint8_t mac[static 6])
{
	append(k, mac, 6);
}

void nft_key_proto(struct nft_key *k, uint8_t proto)
{
	append(k, &proto, 1);
}

void nft_key_port(struct nft_key *k, uint16_t port)
{
	uint16_t be = htons(port);

	append(k, &be, sizeof(be));
}

void nft_key_uid(struct nft_key *k, uint32_t uid)
{
	uint32_t be = htonl(uid);

	append(k, &be, sizeof(be));
}

int nft_key_compare(const struct nft_key *a, const struct nft_key *b)
{
	size_t n = a->size < b->size ? a->size : b->size;
	int r = memcmp(a->data, b->data, n);

	return r != 0 ? r : (a->size > b->size) - (a->size < b->size);
}

static int compare_text(const char *a, const char *b)
{
	if (a == b)
		return 0;
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

int nft_element_compare(const struct nft_element *a, const struct nft_element *b)
{
	int r = nft_key_compare(&a->key, &b->key);

	if (r == 0)
		r = a->wildcard - b->wildcard;
	return r != 0 ? r : nft_key_compare(&a->end, &b->end);
}

bool nft_element_equal(const struct nft_element *a, const struct nft_element *b)
{
	return nft_element_compare(a, b) == 0 && compare_text(a->comment, b->comment) == 0 &&
	       compare_text(a->object, b->object) == 0;
}

struct shared {
	uint32_t holders;
	char text[];
};

/* What was given out is the text within one of ours, which nobody else changes. */
static struct shared *shared_of(const char *text)
{
	return (struct shared *)((uintptr_t)text - offsetof(struct shared, text));
}

const char *nft_share(const char *text, size_t n)
{
	struct shared *s;

	if (!text)
		return NULL;
	s = xmalloc(sizeof(*s) + n + 1);
	s->holders = 1;
	memcpy(s->text, text, n);
	s->text[n] = '\0';
	return s->text;
}

const char *nft_share_again(const char *shared)
{
	if (shared && ++shared_of(shared)->holders == 0)
		abort();
	return shared;
}

void nft_unshare(const char *shared)
{
	if (shared && --shared_of(shared)->holders == 0)
		free(shared_of(shared));
}

void nft_element_done(struct nft_element *e)
{
	nft_unshare(e->comment);
	nft_unshare(e->object);
	*e = (struct nft_element){0};
}

char *nft_comment(const char *text)
{
	char buf[NFT_COMMENT_MAX + 1];

	/* nft writes comments in double quotes and knows no escape */
	text_printable(buf, sizeof(buf), text);
	for (char *p = buf; *p; p++)
		if (*p == '"')
			*p = '\'';
	return xstrdup(buf);
}

const struct nft_type_info nft_types[NFT_TYPE_COUNT_] = {
	[NFT_TYPE_IFNAME] = {"ifname", 41, 16},	  [NFT_TYPE_IPV4] = {"ipv4_addr", 7, 4},
	[NFT_TYPE_IPV6] = {"ipv6_addr", 8, 16},	  [NFT_TYPE_ETHER] = {"ether_addr", 9, 6},
	[NFT_TYPE_PROTO] = {"inet_proto", 12, 1}, [NFT_TYPE_PORT] = {"inet_service", 13, 2},
	[NFT_TYPE_UID] = {"uid", 24, 4},	  [NFT_TYPE_ICMPV6] = {"icmpv6_type", 29, 1},
	[NFT_TYPE_RAW6] = {"integer", 4, 16},
};

size_t nft_set_n_fields(const struct nft_set *s)
{
	size_t n = 0;

	while (n < NFT_FIELDS_MAX && s->types[n])
		n++;
	return n;
}

size_t nft_set_key_size(const struct nft_set *s)
{
	size_t size = 0;

	for (size_t i = 0; i < nft_set_n_fields(s); i++)
		size += nft_type_padded(s->types[i]);
	return size;
}

bool nft_set_is_concat(const struct nft_set *s)
{
	return s->types[1] != 0;
}

const struct nft_set *nft_table_find_set(const struct nft_table *t, const char *name)
{
	for (size_t i = 0; i < t->n_sets; i++)
		if (streq(t->sets[i].name, name))
			return &t->sets[i];
	return NULL;
}

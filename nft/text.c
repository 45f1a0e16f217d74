/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Elements, sets and chains as nft reads and lists them. Rules' text is in statement.c. */
#include "nft/field.h"
#include "nft/private.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>

void nft_text_add(struct nft_text *t, const char *fmt, ...)
{
	_cleanup_free_ char *more = NULL;
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	more = xvasprintf(fmt, ap);
	va_end(ap);
	n = strlen(more);
	t->text = xreallocarray(t->text, t->size + n + 1, 1);
	memcpy(t->text + t->size, more, n + 1);
	t->size += n;
}

const char *nft_family_name(enum nft_family family)
{
	return family == NFT_FAMILY_BRIDGE ? "bridge" : "inet";
}

/* A number as nft writes it: without zeros in front. */
static void add_hex(struct nft_text *t, const uint8_t *data, size_t size)
{
	size_t first = 0;

	while (first + 1 < size && data[first] == 0)
		first++;
	nft_text_add(t, "0x%x", data[first]);
	while (++first < size)
		nft_text_add(t, "%02x", data[first]);
}

/* One field of a key; size is its type's. */
static void add_value(struct nft_text *t, uint8_t type, const uint8_t *data)
{
	char buf[INET6_ADDRSTRLEN];
	uint32_t number = 0;

	switch (type) {
	case NFT_TYPE_IFNAME:
		nft_text_add(t, "\"%.16s\"", (const char *)data);
		break;
	case NFT_TYPE_IPV4:
		nft_text_add(t, "%s", inet_ntop(AF_INET, data, buf, sizeof(buf)));
		break;
	case NFT_TYPE_IPV6:
		nft_text_add(t, "%s", inet_ntop(AF_INET6, data, buf, sizeof(buf)));
		break;
	case NFT_TYPE_ETHER:
		nft_text_add(t, "%02x:%02x:%02x:%02x:%02x:%02x", data[0], data[1], data[2], data[3],
			     data[4], data[5]);
		break;
	case NFT_TYPE_PROTO:
		if (proto_has_ports(data[0]))
			nft_text_add(t, "%s", proto_name(data[0]));
		else if (data[0] == IPPROTO_ICMP || data[0] == IPPROTO_ICMPV6)
			nft_text_add(t, data[0] == IPPROTO_ICMP ? "icmp" : "ipv6-icmp");
		else
			nft_text_add(t, "%u", data[0]);
		break;
	case NFT_TYPE_PORT:
		nft_text_add(t, "%u", data[0] << 8 | data[1]);
		break;
	case NFT_TYPE_UID:
		memcpy(&number, data, sizeof(number));
		nft_text_add(t, "%u", ntohl(number));
		break;
	case NFT_TYPE_RAW6:
		add_hex(t, data, nft_types[type].size);
		break;
	default:
		nft_text_add(t, "%u", data[0]);
		break;
	}
}

/* The length of the prefix that goes from first to last, or -1 where that is none. */
static int prefix_of(const uint8_t *first, const uint8_t *last, size_t size)
{
	unsigned len = 0;

	while (len < size * 8 && ((first[len / 8] ^ last[len / 8]) >> (7 - len % 8) & 1) == 0)
		len++;
	for (unsigned i = len; i < size * 8; i++)
		if ((first[i / 8] >> (7 - i % 8) & 1) || !(last[i / 8] >> (7 - i % 8) & 1))
			return -1;
	return (int)len;
}

static void add_range(struct nft_text *t, uint8_t type, const uint8_t *first, const uint8_t *last)
{
	size_t size = nft_types[type].size;
	bool address = type == NFT_TYPE_IPV4 || type == NFT_TYPE_IPV6;
	int len = address ? prefix_of(first, last, size) : -1;

	add_value(t, type, first);
	if (memcmp(first, last, size) == 0)
		return;
	if (len >= 0) {
		nft_text_add(t, "/%d", len);
	} else {
		nft_text_add(t, "-");
		add_value(t, type, last);
	}
}

char *nft_element_text(const struct nft_set *s, const struct nft_element *e)
{
	struct nft_text t = {0};
	size_t at = 0;

	for (size_t i = 0; i < nft_set_n_fields(s); i++) {
		const uint8_t *first = e->key.data + at;

		nft_text_add(&t, "%s", i ? " . " : "");
		if (e->wildcard)
			nft_text_add(&t, "\"%.16s*\"", (const char *)first);
		else
			add_range(&t, s->types[i], first, e->end.size ? e->end.data + at : first);
		at += nft_type_padded(s->types[i]);
	}
	if (e->comment)
		nft_text_add(&t, " comment \"%s\"", e->comment);
	if (e->object)
		nft_text_add(&t, " : \"%s\"", e->object);
	return t.text;
}

char *nft_limit_text(const struct nft_limit *l)
{
	const char *unit = l->unit == 60	    ? "minute"
			   : l->unit == 3600	    ? "hour"
			   : l->unit == 86400	    ? "day"
			   : l->unit == 86400UL * 7 ? "week"
						    : "second";

	return xasprintf("rate over %llu/%s burst %u packets", (unsigned long long)l->rate, unit,
			 l->burst);
}

void nft_set_print(const struct nft_set *s, const struct nft_element *list, size_t n, FILE *out)
{
	fprintf(out, "\t%s %s {\n\t\t%s ", s->limits ? "map" : "set", s->name,
		s->fields[0] ? "typeof" : "type");
	for (size_t i = 0; i < nft_set_n_fields(s); i++)
		fprintf(out, "%s%s", i ? " . " : "",
			s->fields[0] ? nft_fields[s->fields[i]].text : nft_types[s->types[i]].name);
	fprintf(out, "%s\n", s->limits ? " : limit" : "");
	if (s->size)
		fprintf(out, "\t\tsize %u\n", s->size);
	if (s->interval)
		fprintf(out, "\t\tflags interval\n");
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *text = nft_element_text(s, &list[i]);

		fprintf(out, "%s%s%s", i ? "\t\t\t     " : "\t\telements = { ", text,
			i + 1 < n ? ",\n" : " }\n");
	}
	fprintf(out, "\t}\n");
}

void nft_chain_print(const struct nft_chain *c, FILE *out)
{
	fprintf(out, "\tchain %s {\n", c->name);
	if (c->hook)
		fprintf(out, "\t\ttype filter hook %s priority %s; policy accept;\n", c->hook,
			c->priority);
	for (size_t i = 0; i < c->n_rules; i++) {
		_cleanup_free_ char *text = nft_rule_text(&c->rules[i]);

		fprintf(out, "\t\t%s\n", text);
	}
	fprintf(out, "\t}\n");
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/elements_text.h"

#include <arpa/inet.h>
#include <stdio.h>

/* i: ifname, 4, 6: addresses, e: ether, p: protocol, s: port, u: uid */
static const struct {
	const char *name, *fields;
} sets[SET_COUNT_] = {
	[SET_CONTAINER_IFACES] = {"container_ifaces", "i"},
	[SET_EXEMPT_IFACES] = {"exempt_ifaces", "i"},
	[SET_MEMBERS4] = {"members4", "i4"},
	[SET_MEMBERS6] = {"members6", "i6"},
	[SET_ALLOWED_UIDS] = {"allowed_uids", "u"},
	[SET_POD_UIDS4] = {"pod_uids4", "4u"},
	[SET_POD_UIDS6] = {"pod_uids6", "6u"},
	[SET_PRIVATE_PORTS] = {"private_ports", "ps"},
	[SET_PORT_UIDS] = {"port_uids", "psu"},
	[SET_HOST_PORTS] = {"host_ports", "ps"},
	[SET_POD_HOST_PORTS4] = {"pod_host_ports4", "4ps"},
	[SET_POD_HOST_PORTS6] = {"pod_host_ports6", "6ps"},
	[SET_POD_RATE4] = {"pod_rate4", "4"},
	[SET_POD_RATE6] = {"pod_rate6", "6"},
	[SET_PUBLISHED_PORTS] = {"published_ports", "ps"},
	[SET_PORT_WHITELIST] = {"port_whitelist", "ps"},
	[SET_PORT_WHITELIST_FROM4] = {"port_whitelist_from4", "ps4"},
	[SET_PORT_WHITELIST_FROM6] = {"port_whitelist_from6", "ps6"},
	[SET_PROXIED_PORTS] = {"proxied_ports", "ps"},
	[SET_PROXIED4] = {"proxied4", "ps4"},
	[SET_PROXIED6] = {"proxied6", "ps6"},
	[SET_PUBLISHED4] = {"published4", "4ps"},
	[SET_PUBLISHED6] = {"published6", "6ps"},
	[SET_DIRECT4] = {"direct4", "4ps"},
	[SET_DIRECT6] = {"direct6", "6ps"},
	[SET_LINKS4] = {"links4", "44ps"},
	[SET_LINKS6] = {"links6", "66ps"},
	[SET_LINKS_ANY4] = {"links_any4", "44"},
	[SET_LINKS_ANY6] = {"links_any6", "66"},
	[SET_EGRESS_LIMITED4] = {"egress_limited4", "4"},
	[SET_EGRESS_LIMITED6] = {"egress_limited6", "6"},
	[SET_EGRESS4] = {"egress4", "44ps"},
	[SET_EGRESS6] = {"egress6", "66ps"},
	[SET_OPEN4] = {"open4", "4"},
	[SET_OPEN6] = {"open6", "6"},
	[SET_DENIED_SILENTLY] = {"denied_silently", "p"},
	[SET_PORTS] = {"inet_ports", "i"},
	[SET_GUARDED4] = {"guarded4", "4"},
	[SET_GUARDED6] = {"guarded6", "6"},
	[SET_BRIDGE_PORTS] = {"ports", "i"},
	[SET_BRIDGE_OTHER_PORTS] = {"other_ports", "i"},
	[SET_BRIDGE_MACS] = {"macs", "ie"},
	[SET_BRIDGE_ADDRESSES4] = {"addresses4", "ie4"},
	[SET_BRIDGE_ADDRESSES6] = {"addresses6", "ie6"},
	[SET_BRIDGE_TARGETS6] = {"targets6", "ie6"},
};

static size_t put_field(FILE *out, char kind, const uint8_t *d)
{
	char text[INET6_ADDRSTRLEN];
	uint32_t uid;

	switch (kind) {
	case 'i':
		fprintf(out, "%.16s", (const char *)d);
		return 16;
	case '4':
		fputs(inet_ntop(AF_INET, d, text, sizeof(text)), out);
		return 4;
	case '6':
		fputs(inet_ntop(AF_INET6, d, text, sizeof(text)), out);
		return 16;
	case 'e':
		fprintf(out, "%02x:%02x:%02x:%02x:%02x:%02x", d[0], d[1], d[2], d[3], d[4], d[5]);
		return 8;
	case 'p':
		fputs(proto_name(d[0]), out);
		return 4;
	case 's':
		fprintf(out, "%u", (unsigned)(d[0] << 8 | d[1]));
		return 4;
	default:
		memcpy(&uid, d, sizeof(uid));
		fprintf(out, "%u", ntohl(uid));
		return 4;
	}
}

static void put_key(FILE *out, const char *fields, const struct nft_key *key)
{
	size_t at = 0;

	for (const char *f = fields; *f; f++) {
		fputs(f > fields ? " . " : " ", out);
		at += put_field(out, *f, key->data + at);
	}
	if (at != key->size)
		fprintf(out, " WRONG SIZE %u", key->size);
}

char *elements_text(const struct elements *e)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t s = 0; s < SET_COUNT_; s++) {
		for (size_t i = 0; i < e->n[s]; i++) {
			const struct nft_element *el = &e->sets[s][i];

			fputs(sets[s].name, out);
			put_key(out, sets[s].fields, &el->key);
			if (el->wildcard)
				fputc('*', out);
			if (el->end.size) {
				fputs(" -", out);
				put_key(out, sets[s].fields, &el->end);
			}
			if (el->comment)
				fprintf(out, " \"%s\"", el->comment);
			if (el->object)
				fprintf(out, " : %s", el->object);
			fputc('\n', out);
		}
	}
	for (size_t i = 0; i < e->n_limits; i++)
		fprintf(out, "limit %s %llu/%llu burst %u\n", e->limits[i].name,
			(unsigned long long)e->limits[i].rate,
			(unsigned long long)e->limits[i].unit, (unsigned)e->limits[i].burst);
	fclose(out);
	return text;
}

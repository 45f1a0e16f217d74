/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Connections and sockets as the kernel lists them, and what a revoked permission means for them:
 * a connection is of one family, it is named by no more than there is, and one that no container
 * takes part in is left alone where only containers' rights have changed.
 */
#include "netguard/flows_parse.h"
#include "nft/private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_member(struct elements *e, enum set_id set, const char *text)
{
	struct nft_key key = {0};
	struct addr a;

	if (!addr_parse(text, &a))
		abort();
	nft_key_ifname(&key, "br-x");
	nft_key_addr(&key, &a);
	elements_add(e, set, &key, NULL, "web", NULL);
}

static bool is_member(const struct addr *a)
{
	struct addr ip4, ip6;

	addr_parse("10.1.0.2", &ip4);
	addr_parse("fd88::2", &ip6);
	return addr_compare(a, &ip4) == 0 || addr_compare(a, &ip6) == 0;
}

static void judge(const struct flow *f)
{
	_cleanup_(elements_freep)
	struct elements *before = elements_new();
	_cleanup_(elements_freep)
	struct elements *after = elements_new();
	_cleanup_(flows_change_freep)
	struct flows_change *c = NULL;

	add_member(before, SET_MEMBERS4, "10.1.0.2");
	add_member(before, SET_MEMBERS6, "fd88::2");
	elements_normalize(before);
	elements_normalize(after);
	c = flows_change_new(before, after);
	if (!c)
		abort();
	if (flows_ends(c, f) != (is_member(&f->from) || is_member(&f->at)))
		abort();
	(void)flows_asks_uid(c, f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ void *messages = NULL;
	const struct nlmsghdr *nlh;
	size_t at = 0;

	if (size == 0 || size > 64UL * 1024)
		return 0;
	/* aligned and padded, as what is received; its framing is the kernel's */
	messages = xcalloc(1, NLMSG_ALIGN(size));
	memcpy(messages, data, size);
	while (nft_next_message(messages, size, &at, &nlh)) {
		struct flows_socket socket;
		struct flows_entry e;

		(void)flows_parse_socket(nlh, &socket);
		if (flows_parse_entry(nlh, &e)) {
			if (e.tuple_size == 0 || e.tuple_size > sizeof(e.tuple) ||
			    e.flow.from.family != e.flow.to.family ||
			    e.flow.from.family != e.flow.at.family)
				abort();
			judge(&e.flow);
		}
	}
	return 0;
}

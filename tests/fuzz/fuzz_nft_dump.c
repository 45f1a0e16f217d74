/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel's messages about tables, as dumps and as notifications. The first byte chooses the
 * set that elements are read for; what follows is one part of a netlink answer.
 */
#include "netguard/ruleset.h"
#include "nft/private.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_elements(const void *messages, size_t size, enum set_id id)
{
	const struct nft_table *t = ruleset_set_table(id);
	const struct nft_set *set = ruleset_set(id);
	struct nft_raw_elements raw = {0};
	_cleanup_(nft_batch_freep)
	struct nft_batch *b = nft_batch_new();
	struct nft_element *list = NULL;
	const struct nlmsghdr *nlh;
	size_t at = 0, n = 0;

	while (nft_next_message(messages, size, &at, &nlh))
		(void)nft_elements_parse(t, set, nlh, &raw);
	nft_elements_join(set, &raw, &list, &n);
	/* whatever was read can be written down, and asked to be deleted */
	for (size_t i = 0; i < n; i++)
		free(nft_element_text(set, &list[i]));
	nft_batch_delete_elements(b, t, set, list, n);
	for (size_t i = 0; i < n; i++)
		nft_element_done(&list[i]);
	free(list);
}

static void read_shape(const void *messages, size_t size, const struct nft_table *t)
{
	_cleanup_(nft_shape_freep)
	struct nft_shape *shape = nft_shape_new();
	_cleanup_(strv_done)
	struct strv lines = {0};
	const struct nlmsghdr *nlh;
	size_t at = 0;

	while (nft_next_message(messages, size, &at, &nlh)) {
		/* libnftnl reads those, and trusts the kernel: it falls over a verdict without one
		 */
		if ((nlh->nlmsg_type & 0xff) != NFT_MSG_NEWRULE)
			(void)nft_shape_add(shape, t, nlh);
	}
	nft_shape_finish(shape, &lines);
}

static void read_changes(const void *messages, size_t size)
{
	struct nft_change change = {0};
	const struct nlmsghdr *nlh;
	bool touched = false;
	size_t at = 0;

	while (nft_next_message(messages, size, &at, &nlh))
		(void)nft_monitor_take(&touched, RULESET_TABLE, nlh, &change);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ void *messages = NULL;
	enum set_id id;

	if (size < 1 || size > NFT_RECV_SIZE)
		return 0;
	id = data[0] % SET_COUNT_;
	/* aligned, as what is received */
	messages = xmemdup(data + 1, size - 1);
	read_elements(messages, size - 1, id);
	read_shape(messages, size - 1, ruleset_set_table(id));
	read_changes(messages, size - 1);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NFLOG records as the kernel sends them, with hostile packets inside. */
#include "netguard/denials.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[DENIAL_TEXT_MAX];
	struct nlmsghdr *nlh;
	struct denial d;
	struct model *m;

	if (size < sizeof(struct nlmsghdr))
		return 0;
	nlh = xmemdup(data, size);
	/* the kernel's framing is trusted (mnl_nlmsg_ok), what is inside is not */
	nlh->nlmsg_len = (uint32_t)size;
	if (denial_parse(nlh, &d)) {
		m = model_new();
		denial_format(&d, m, NULL, text);
		model_free(m);
	}
	free(nlh);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NFLOG records as the kernel sends them, with hostile packets inside. */
#include "netguard/denials_ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[DENIAL_TEXT_MAX];
	struct denial_context c = {.in = "docker0", .out = "", .user = "b\xff\nb"};
	struct denials_ring *ring;
	struct nlmsghdr *nlh;
	struct denial d;
	struct model *m;
	json_t *record;

	if (size < sizeof(struct nlmsghdr))
		return 0;
	nlh = xmemdup(data, size);
	/* the kernel's framing is trusted (mnl_nlmsg_ok), what is inside is not */
	nlh->nlmsg_len = (uint32_t)size;
	if (denial_parse(nlh, &d)) {
		m = model_new();
		denial_format(&d, m, NULL, text);
		/* whatever is in it, it is one line, and JSON that can be written */
		if (strchr(text, '\n'))
			abort();
		c.model = m;
		record = denial_json(&d, &c);
		if (!record)
			abort();
		ring = denials_ring_new();
		denials_ring_put(ring, d.reason, record);
		denials_ring_count(ring, d.reason, 5, 1, NULL);
		json_decref(denials_ring_last(ring, 9));
		denials_ring_free(ring);
		model_free(m);
	}
	free(nlh);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The head of a plugin's request: what is taken is whole, within its limits, and the same from any
 * longer piece. */
#include "netguard/authz_http.h"

#include "netguard/authz_request.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct authz_http h, again;
	int r = authz_http_parse(text, size, &h);

	if (r == 0 && size >= AUTHZ_HEAD_MAX)
		abort();
	if (r != 1)
		return 0;
	if (h.head > size || h.head > AUTHZ_HEAD_MAX || h.body > AUTHZ_MESSAGE_MAX || h.head < 4 ||
	    memcmp(text + h.head - 4, "\r\n\r\n", 4) != 0)
		abort();
	/* pieces of it: not yet, and never something else */
	if (authz_http_parse(text, h.head - 1, &again) != 0)
		abort();
	if (authz_http_parse(text, h.head, &again) != 1 || again.head != h.head ||
	    again.body != h.body || again.what != h.what)
		abort();
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A question to the engine: what goes on is one GET with one head, of which the same is made again,
 * and never more than what came. */
#include "netguard/relay_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct relay_request r = {0}, again = {0};
	int result = relay_request_read(text, size, &r);

	if (result == 0 && size >= RELAY_HEAD_MAX)
		abort();
	if (result != 1)
		return 0;
	if (r.head > size || r.head > RELAY_HEAD_MAX || r.head < 4 ||
	    memcmp(text + r.head - 4, "\r\n\r\n", 4) != 0)
		abort();
	/* pieces of it: not yet, and never something else */
	if (relay_request_read(text, r.head - 1, &again) != 0)
		abort();
	if (!r.text)
		return 0;
	if (strncmp(r.text, "GET /", 5) != 0 ||
	    strstr(r.text, "\r\n\r\n") != r.text + strlen(r.text) - 4)
		abort();
	if (relay_request_read(r.text, strlen(r.text), &again) != 1 || !again.text ||
	    !streq(again.text, r.text))
		abort();
	free(again.text);
	free(r.text);
	return 0;
}

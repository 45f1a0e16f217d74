/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The head of the engine's reply to an upgrade, and its message where it refuses: whatever pieces
 * it comes in, the same is read, and what is behind it begins where it ends.
 */
#include "engine/private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = NULL;
	struct head head = {0}, again = {0};
	json_t *json = NULL;
	struct err err;
	size_t n;
	int r;

	if (size > HEAD_MAX)
		return 0;
	text = xstrndup((const char *)data, size);
	n = strlen(text); /* a NUL ends it: no more is ever found */
	r = head_parse(text, &head);
	if (r <= 0)
		return 0;
	if (head.status < 100 || head.status > 599 || head.body > n || head.body < 16 ||
	    memcmp(text + head.body - 4, "\r\n\r\n", 4) != 0 || head.length > HEAD_BODY_MAX)
		abort();
	if (engine_json_parse(text + head.body, n - head.body, &json, &err) == 0)
		json_decref(json);
	/* not before all of it is there, and then without what comes later */
	text[head.body] = '\0';
	if (head_parse(text, &again) != 1 || head.status != again.status ||
	    head.body != again.body || head.length != again.length)
		abort();
	text[head.body - 1] = '\0';
	if (head_parse(text, &again) != 0)
		abort();
	return 0;
}

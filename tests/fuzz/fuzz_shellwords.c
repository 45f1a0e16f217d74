/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/shellwords.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xmalloc(size + 1);
	struct strv words = {0};
	size_t total = 0;

	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (shellwords_split(text, &words) && words.n > 0)
		abort();
	for (size_t i = 0; i < words.n; i++)
		total += strlen(words.items[i]);
	/* nothing is made up */
	if (total > size || words.n > SHELLWORDS_MAX)
		abort();
	strv_done(&words);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pull stream: lines, their sum, and how it is shown at any width. */
#include "podctl/pull_progress.h"

#include <ctype.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct err *err)
{
	for (const char *p = err->text; *p; p++) {
		if (iscntrl((unsigned char)*p))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pull p = {0};
	struct pull_sum sum;
	size_t columns = size % 200, at = 0;
	_cleanup_free_ char *line = NULL;

	while (at < size) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t n = end ? (size_t)(end - data) - at : size - at;
		struct err err = {0};

		if (pull_line(&p, (const char *)data + at, n, &err) < 0) {
			check_error(&err);
			(void)pull_is_refusal(err.text);
		}
		at += n + 1;
	}
	pull_sum(&p, &sum);
	if (p.n > PULL_LAYERS_MAX || sum.layers > p.n || sum.fetched > sum.layers ||
	    sum.loaded < 0 || sum.loaded > sum.total)
		abort();
	line = pull_progress_line("registry.example.com:5000/some/image:latest", &p, columns);
	if (strlen(line) > columns)
		abort();
	pull_done(&p);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A record: refused, or nothing in it leads out of a pod's folder, and it is written as it was. */
#include "podctl/record.h"
#include "podctl/values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_source(const char *s)
{
	if (!*s || *s == '/' || strstr(s, "//") || streq(s, "..") || startswith(s, "../") ||
	    strstr(s, "/../") || (strlen(s) > 2 && streq(s + strlen(s) - 3, "/..")))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record r = {0}, again = {0};
	_cleanup_free_ char *text = NULL, *text_again = NULL;
	struct err err = {0};

	if (record_parse((const char *)data, size, &r, &err) < 0)
		return 0;
	for (size_t i = 0; i < r.sources.n; i++)
		check_source(r.sources.items[i]);
	for (size_t i = 0; i < r.n_folders; i++) {
		if (!values_id_valid(r.folders[i].id))
			abort();
		for (size_t j = 0; j < r.folders[i].n; j++) {
			if (strchr(r.folders[i].files[j].name, '/'))
				abort();
			check_source(r.folders[i].files[j].source);
		}
	}
	text = record_format(&r);
	if (text) {
		if (record_parse(text, strlen(text), &again, &err) < 0)
			abort();
		text_again = record_format(&again);
		if (!text_again || !streq(text, text_again))
			abort();
	}
	record_done(&r);
	record_done(&again);
	return 0;
}

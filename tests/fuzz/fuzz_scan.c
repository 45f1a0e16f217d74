/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine's list of a container's changes: whatever names are in it, findings are escaped, and
 * the alerts that they become are stored and read back the same. The same bytes as stored alerts,
 * too.
 */
#include "podctl/scan.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
	uint32_t c;
	size_t n;

	assert(strlen(text) <= SCAN_TEXT_MAX);
	for (; *text; text += n) {
		n = text_utf8_at(text, &c);
		assert(n > 0 && text_harmless(c));
	}
}

static void check_stored(struct scan_alerts *a)
{
	struct scan_alerts again = {0};
	_cleanup_free_ char *text = scan_alerts_format(a), *twice = NULL;
	struct err err = {0};

	assert(text && scan_alerts_parse(text, strlen(text), &again, &err) == 0);
	twice = scan_alerts_format(&again);
	assert(twice && streq(text, twice));
	scan_alerts_done(&again);
}

static void scan(const char *text, size_t size)
{
	static char path[] = "/tmp/**/x*", *paths[] = {path}, all[] = "*";
	struct settings_scan_files files = {.container = all, .any = {paths, 1}};
	struct settings_scan settings = {.files = &files, .n_files = 1};
	struct scan_targets t = {.whole = true};
	struct scan_alerts alerts = {0};
	struct err err = {0};

	ARRAY_PUSH(t.items, t.n) =
		(struct scan_target){.id = xstrdup("1"), .name = xstrdup("c"), .pod = xstrdup("")};
	if (scan_changes(t.items, &settings, text, size, &err) < 0) {
		assert(err.code > 0 && t.items->n_findings == 0);
	} else {
		for (size_t i = 0; i < t.items->n_findings; i++)
			check_text(t.items->findings[i].what);
		scan_alerts_merge(&alerts, &t, 1, true);
		check_stored(&alerts);
	}
	scan_alerts_done(&alerts);
	scan_targets_done(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scan_alerts stored = {0};
	struct err err = {0};

	scan((const char *)data, size);
	if (scan_alerts_parse((const char *)data, size, &stored, &err) == 0)
		check_stored(&stored);
	scan_alerts_done(&stored);
	return 0;
}

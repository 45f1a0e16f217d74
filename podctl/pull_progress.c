/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/pull_progress.h"

#define BAR_MAX	 30
#define BAR_MIN	 8
#define NAME_MIN 12

char *size_text(int64_t bytes)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB", "PB"};
	int64_t rest = bytes < 0 ? 0 : bytes; /* in tenths of the unit before */
	size_t unit = 0;

	if (rest < 1000)
		return xasprintf("%d B", (int)rest);
	rest = rest / 100;
	while (rest >= 10000 && unit + 1 < ARRAY_SIZE(units)) {
		rest /= 1000;
		unit++;
	}
	return xasprintf("%lld.%d %s", (long long)(rest / 10), (int)(rest % 10), units[unit]);
}

static char *words(const struct pull_sum *sum)
{
	switch (sum->state) {
	case PULL_WAITING:
		return xstrdup(sum->layers > 0 ? "waiting" : "asking the registry");
	case PULL_DOWNLOADING: {
		_cleanup_free_ char *loaded = size_text(sum->loaded);
		_cleanup_free_ char *total = size_text(sum->total);

		return xasprintf("%s of %s", loaded, total);
	}
	case PULL_DOWNLOADED:
	case PULL_EXTRACTING:
		return xasprintf("unpacking, %zu of %zu layers", sum->fetched, sum->layers);
	case PULL_DONE:
		break;
	}
	return xstrdup("finishing");
}

/* "[=====>    ]" of n characters within the brackets. */
static char *bar(int64_t loaded, int64_t total, size_t n)
{
	char *text = xmalloc(n + 3);
	size_t full = (size_t)((double)loaded / (double)total * (double)n);

	full = full > n ? n : full;
	text[0] = '[';
	memset(text + 1, ' ', n);
	memset(text + 1, '=', full);
	if (full < n)
		text[1 + full] = '>';
	text[n + 1] = ']';
	text[n + 2] = '\0';
	return text;
}

char *pull_progress_line(const char *name, const struct pull *p, size_t columns)
{
	struct pull_sum sum;
	_cleanup_free_ char *said = NULL, *drawn = NULL;
	size_t room, width, len = strlen(name);
	char *line;

	pull_sum(p, &sum);
	said = words(&sum);
	room = columns > strlen(said) + 2 ? columns - strlen(said) - 2 : 0;
	width = len < room ? len : room;
	if (sum.state == PULL_DOWNLOADING && sum.total > 0 && room >= NAME_MIN + BAR_MIN + 4) {
		size_t left = room - 4 - (width > room - BAR_MIN - 4 ? room - BAR_MIN - 4 : width);

		left = left > BAR_MAX ? BAR_MAX : left;
		drawn = bar(sum.loaded, sum.total, left);
		width = width > room - left - 4 ? room - left - 4 : width;
	}
	line = xasprintf("%s  %s%s%s", name + (len - width), drawn ? drawn : "", drawn ? "  " : "",
			 said);
	if (strlen(line) > columns)
		line[columns] = '\0';
	return line;
}

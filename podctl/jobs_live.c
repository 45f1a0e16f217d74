/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each job is at, for the display of a terminal. */
#include "podctl/jobs.h"

#include "common/err.h"

static const char *doing(const struct job *j)
{
	static const char *const words[] = {
		[JOB_END] = "",
		[JOB_CREATE] = "creating",
		[JOB_CHECK] = "creating",
		[JOB_AWAIT] = "waiting for others",
		[JOB_STOP_OLD] = "stopping",
		[JOB_START] = "starting",
		[JOB_GUARD] = "waiting for the guard",
		[JOB_HEALTH] = "waiting for its health check",
		[JOB_READY] = "starting",
		[JOB_REMOVE_OLD] = "removing",
		[JOB_RENAME] = "renaming",
		[JOB_STOP_NEW] = "taking it back",
		[JOB_STOP_ROOT] = "stopping the root container again",
		[JOB_START_OLD] = "bringing the old one back",
		[JOB_REMOVE_NEW] = "taking it back",
	};
	enum job_op op = j->ops[j->at];

	return (size_t)op < ARRAY_SIZE(words) && words[op] ? words[op] : "";
}

char *jobs_live_line(void *userdata, size_t i, size_t columns)
{
	const struct jobs *jobs = userdata;
	const struct job *j = jobs->items[i];
	_cleanup_free_ char *text = NULL;
	char *shown;

	if (j->ended || !*doing(j))
		return NULL;
	text = xasprintf("%-16s  %s", j->title, doing(j));
	/* each byte a column at most, so that no line is wider than the window */
	shown = xmalloc(columns + 1);
	return text_printable(shown, columns + 1, text);
}

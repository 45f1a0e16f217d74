/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/log.h"

#include "common/err.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char *log_program = "netguard";
static enum log_level log_most = LOG_LEVEL_INFO;
static bool log_to_journal;

/* $JOURNAL_STREAM is "DEV:INODE" of the stream that systemd connected (systemd.exec(5)). */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;
	char *end;

	if (!stream)
		return false;
	dev = strtoull(stream, &end, 10);
	if (end == stream || *end != ':')
		return false;
	stream = end + 1;
	ino = strtoull(stream, &end, 10);
	if (end == stream || *end)
		return false;
	return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

void log_init(const char *program, enum log_level most)
{
	log_program = program;
	log_most = most;
	log_to_journal = stderr_is_journal();
}

bool log_is_journal(void)
{
	return log_to_journal;
}

void log_msg(enum log_level level, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL, *line = NULL;
	va_list ap;
	size_t size;

	if (level > log_most)
		return;
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	size = strlen(text) + 1;
	line = xmalloc(size);
	text_printable(line, size, text);
	if (log_to_journal)
		fprintf(stderr, "<%d>%s\n", (int)level, line);
	else
		fprintf(stderr, "%s: %s\n", log_program, line);
}

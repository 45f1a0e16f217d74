/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One line per message on standard error: "<6>text" under the journal ($JOURNAL_STREAM names our
 * stderr), "PROGRAM: text" on a terminal or pipe. Only programs log; library code returns errors.
 * Control characters in the result are replaced, so untrusted names can't forge lines.
 */
#pragma once

#include "common/base.h"

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

/* program: kept, not copied. Finds out whether stderr is the journal's. */
void log_init(const char *program, enum log_level most);

bool log_is_journal(void); /* standard error goes to systemd's journal */

void log_msg(enum log_level level, const char *fmt, ...) _printf_(2, 3);

#define log_error(...)	 log_msg(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_msg(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)	 log_msg(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)	 log_msg(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	 log_msg(LOG_LEVEL_DEBUG, __VA_ARGS__)

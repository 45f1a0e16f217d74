/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What users and files say of jails: a record is refused or reads again as it was written; a
 * command that is taken for sftp's is one. The first line is the user's name.
 */
#include "podctl/jail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_record(const char *user, const char *text, size_t size)
{
	struct jail j = {0}, again = {0};
	_cleanup_free_ char *written = NULL;
	struct err err = {0};

	if (jail_record_parse(user, text, size, &j, &err) < 0)
		return;
	if (j.uid == 0 || strpbrk(j.shell, ":\n") || (*j.shell && *j.shell != '/'))
		abort();
	written = jail_record_format(&j);
	if (!written || jail_record_parse(user, written, strlen(written), &again, &err) < 0 ||
	    !streq(j.shell, again.shell) || j.uid != again.uid)
		abort();
	jail_done(&j);
	jail_done(&again);
}

/* Quotes may be in the middle of a word. */
static bool has_unquoted(const char *text, const char *word)
{
	_cleanup_free_ char *copy = xcalloc(strlen(text) + 1, 1);
	size_t n = 0;

	for (; *text; text++)
		if (!strchr("'\"\\\n", *text))
			copy[n++] = *text;
	return strstr(copy, word) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xcalloc(size + 1, 1), *missing = NULL;
	struct strv options = {0};
	char *rest;

	if (size > 0)
		memcpy(text, data, size);
	rest = strchr(text, '\n');
	if (!rest)
		return 0;
	*rest++ = '\0';
	if (jail_user_valid(text)) {
		if (strpbrk(text, " ,*?!%#/.\\\""))
			abort();
		check_record(text, rest, size - (size_t)(rest - text));
	}
	if (jail_is_sftp(rest, &options) && !has_unquoted(rest, "sftp"))
		abort();
	strv_done(&options);
	missing = jail_sshd_missing(rest, "/usr/bin");
	return 0;
}

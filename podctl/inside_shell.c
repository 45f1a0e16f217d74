/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/inside_shell.h"

/*
 * Becomes this program: the same process, so that it is the one that the engine knows of, with the
 * parameters that are left. No variable is used: each could be one of the container's.
 */
#define BECOME(path, before)                                                                       \
	"[ -f " path " ] && [ -x " path " ] && " before "exec " path " \"$@\"\n"
#define SHELL(path)	  BECOME(path, "")
#define LOGIN_SHELL(path) BECOME(path, "export SHELL=" path " && ")

/* Who comes after is not to see that this one was there. */
#define UNSEEN "unset OLDPWD SHLVL\n"

#define GO_HOME                                                                                    \
	"if cd \"$1\" 2> /dev/null; then export HOME=\"$1\"; else export HOME=/; fi\nshift\n"

static const char shell_text[] = UNSEEN SHELL("/bin/bash") SHELL("/usr/bin/bash")
	SHELL("/bin/ash") "exec " INSIDE_SH " \"$@\"\n";

static const char login_text[] =
	GO_HOME UNSEEN LOGIN_SHELL("/bin/bash") LOGIN_SHELL("/usr/bin/bash")
		LOGIN_SHELL("/bin/ash") "export SHELL=" INSIDE_SH "\nexec " INSIDE_SH " \"$@\"\n";

static const char sftp_text[] = GO_HOME UNSEEN SHELL("/usr/lib/openssh/sftp-server") /* Debian */
	SHELL("/usr/lib/ssh/sftp-server")	  /* Alpine, Arch, SUSE */
	SHELL("/usr/libexec/openssh/sftp-server") /* Fedora */
	SHELL("/usr/libexec/sftp-server") "exit 127\n";
_Static_assert(INSIDE_NONE == 127, "is what the text above says");

static const char **begin(const char *text, size_t n_more, size_t *n)
{
	const char **words = xcalloc(n_more + 5, sizeof(*words));

	words[(*n)++] = INSIDE_SH;
	words[(*n)++] = "-c";
	words[(*n)++] = text;
	words[(*n)++] = INSIDE_SH; /* $0 */
	return words;
}

const char **inside_shell(void)
{
	size_t n = 0;

	return begin(shell_text, 0, &n);
}

const char **inside_login(const char *home, const char *command)
{
	size_t n = 0;
	const char **words = begin(login_text, 3, &n);

	words[n++] = home;
	words[n++] = command ? "-c" : "-l";
	words[n] = command;
	return words;
}

const char **inside_sftp(const char *home, const struct strv *options)
{
	size_t n = 0;
	const char **words = begin(sftp_text, options->n + 1, &n);

	words[n++] = home;
	for (size_t i = 0; i < options->n; i++)
		words[n++] = options->items[i];
	return words;
}

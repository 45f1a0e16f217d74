/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is run in a container where the caller names no program of it: its own shell, or its
 * sftp-server. Pure.
 *
 * Which one there is, the container's /bin/sh finds out. The engine is never asked: it would look
 * from outside, with the container's mounts put in place by paths that a process in there can turn
 * into links to anywhere on the host (CVE-2026-41568, CVE-2026-42306).
 *
 * Always true: the text that the shell reads is one of ours, without anything of the caller's. What
 * the caller says are its positional parameters.
 */
#pragma once

#include "common/base.h"

#define INSIDE_SH "/bin/sh"

/* All return the words, ended by NULL; caller frees the list. Strings are borrowed. */

/* The image's own shell: the first of bash, ash and sh. */
const char **inside_shell(void);

/*
 * The same with $SHELL, in home and with $HOME, or with / for both where home can't be entered.
 * command: NULL for a login shell. $SHELL and $HOME must be given to it, as anything.
 */
const char **inside_login(const char *home, const char *command);

/* The image's sftp-server, wherever it is; ends with INSIDE_NONE where there is none. */
const char **inside_sftp(const char *home, const struct strv *options);

#define INSIDE_NONE 127

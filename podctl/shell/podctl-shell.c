/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * podctl-shell: the login shell of a user with a jail. Has no rights of its own; asks sudo for the
 * one program that this user may run, podctl-enter, and hands over what was to be executed as one
 * argument, which nothing on the host ever interprets.
 *
 * Static, so that no variable of the environment (LD_PRELOAD) puts other code into it; whatever
 * there is of the environment is left behind, but TERM.
 *
 * sshd is made to run it (ForceCommand) also where it would have served files itself; what was
 * asked for is in SSH_ORIGINAL_COMMAND then. Whoever sets that himself says what to run in his own
 * jail.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUDO	 "/usr/bin/sudo"
#define NAME	 "/podctl-shell"
#define ENTER	 "/podctl-enter"
#define TERM_MAX 64

static int fail(const char *what)
{
	fprintf(stderr, "podctl-shell: %s\n", what);
	return 1;
}

/* The folder of this very program in self, its path in own. */
static bool find_self(char *own, char *folder, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", own, size - 1);
	size_t end = n > 0 ? (size_t)n : 0;

	own[end] = '\0';
	if (end <= strlen(NAME) || end + strlen(ENTER) >= size ||
	    strcmp(own + end - strlen(NAME), NAME) != 0)
		return false;
	memcpy(folder, own, end - strlen(NAME));
	folder[end - strlen(NAME)] = '\0';
	return true;
}

int main(int argc, char **argv)
{
	static char own[PATH_MAX], folder[PATH_MAX], enter[PATH_MAX + sizeof(ENTER)];
	static char term[sizeof("TERM=") + TERM_MAX];
	char sudo[] = "sudo", quiet[] = "-n", end[] = "--", option[] = "-c";
	char *env[] = {NULL, NULL}, *run[] = {sudo, quiet, end, enter, NULL, NULL, NULL};
	char *command = NULL;
	const char *name = getenv("TERM");

	if (!find_self(own, folder, sizeof(own)))
		return fail("does not know where it is installed: /proc is not there");
	if (argc == 3 && strcmp(argv[1], "-c") == 0)
		command = argv[2];
	else if (argc == 2 && (strcmp(argv[1], "-l") == 0 || strcmp(argv[1], "--login") == 0))
		;
	else if (argc > 1)
		return fail("usage: podctl-shell [-c COMMAND]");
	if (command && strcmp(command, own) == 0)
		command = getenv("SSH_ORIGINAL_COMMAND");
	snprintf(enter, sizeof(enter), "%s" ENTER, folder);
	if (command) {
		run[4] = option;
		run[5] = command;
	}
	if (name && strlen(name) <= TERM_MAX) {
		snprintf(term, sizeof(term), "TERM=%s", name);
		env[0] = term;
	}
	if (chdir("/") < 0)
		return fail("/ is not there");
	execve(SUDO, run, env);
	/* no name of the command: it may be a secret */
	fprintf(stderr, "podctl-shell: " SUDO ": %s\n", strerror(errno));
	return 1;
}

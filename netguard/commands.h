/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netguard's subcommands: one small file each, cmd_NAME.c. All return the exit status. */
#pragma once

#include "common/base.h"

struct command {
	const char *name, *arguments, *summary;
	/* argv[0] is the subcommand's name */
	int (*run)(int argc, char **argv);
	const char *help; /* lines, without the last newline */
};

int cmd_run(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_denied(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_table(int argc, char **argv);
int cmd_reload(int argc, char **argv);
int cmd_remove(int argc, char **argv);
int cmd_wait(int argc, char **argv);
int cmd_authz(int argc, char **argv);

/*
 * Says on stderr that the arguments are wrong: word is the one that has no place there, NULL where
 * one is missing. Returns the exit status, 1.
 */
int command_usage(const char *text, const char *word);

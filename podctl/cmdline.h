/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line: which options there are, taken out of argv.
 *
 * Arguments are hostile: a sudoers pattern such as `podctl * web` lets any number of them through
 * in front of the last. So no option loosens anything or names another configuration, socket or
 * folder, what is not known is an error, and an option's value is never in the last word, neither
 * alone nor behind its name: in what acts, that is the pod.
 */
#pragma once

#include "podctl/cmd.h"

struct cmdline {
	char **args; /* what is left, pointing into argv; to be freed */
	int n;
	bool help, version;
};

/* 0, or -EINVAL after it was told. Options go to ctx. */
int cmdline_parse(struct cmd_context *ctx, int argc, char **argv, struct cmdline *ret);

/* The options of a mask (those that all take with it), a line each, to stdout. */
void cmdline_print_options(unsigned mask);

/* What the first option of a mask is called: "--json". The mask is not empty. */
const char *cmdline_option_name(unsigned mask);

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/commands.h"

#include <stdio.h>

int command_usage(const char *text)
{
	fprintf(stderr, "netguard: usage: netguard %s\n", text);
	return 1;
}

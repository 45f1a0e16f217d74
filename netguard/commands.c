/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/commands.h"

#include <stdio.h>

int command_usage(const char *text, const char *word)
{
	const char *wrong = "";

	if (!word)
		word = "";
	else
		wrong = word[0] == '-' ? ": no such option here: " : ": one argument too many: ";
	fprintf(stderr, "netguard: %s%susage: netguard %s\n", word, wrong, text);
	return 1;
}

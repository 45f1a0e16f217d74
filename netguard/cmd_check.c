/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/log.h"
#include "netguard/commands.h"
#include "netguard/report.h"

static int report(const struct settings *s)
{
	struct people people = {0};

	people_resolve(s, &people);
	for (size_t i = 0; i < people.missing.n; i++)
		log_warning("%s does not exist", people.missing.items[i]);
	report_settings(s, &people, stdout);
	people_done(&people);
	return 0;
}

int cmd_check(int argc, char **argv)
{
	_cleanup_(problems_done)
	struct problems problems = {0};
	_cleanup_(settings_freep)
	struct settings *s = NULL;
	const char *path = argc > 1 ? argv[1] : settings_path();
	struct err err = {0};
	int r;

	if (argc > 2)
		return command_usage("check [FILE]");
	r = settings_load(path, &problems, &s, &err);
	problems_print(&problems, path, stderr);
	if (r == 0)
		return report(s);
	if (problems.n_errors == 0)
		log_error("%s", err.text);
	return 1;
}

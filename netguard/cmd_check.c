/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/guard_client.h"
#include "common/json_show.h"
#include "common/log.h"
#include "netguard/commands.h"
#include "netguard/references.h"
#include "netguard/report.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* people: NULL where the file is not valid. */
static void print_json(const char *path, const struct settings *s, const struct people *people,
		       const struct problems *problems, const struct err *err)
{
	json_t *out = people ? report_json(s, people) : json_object();
	char printable[1024];

	json_object_set_new(out, "path",
			    json_string(text_printable(printable, sizeof(printable), path)));
	json_object_set_new(out, "valid", json_boolean(people != NULL));
	json_object_set_new(out, "problems", report_problems(problems));
	json_object_set_new(out, "error",
			    !people && problems->n_errors == 0 ? json_string(err->text)
							       : json_null());
	json_show(out);
	json_decref(out);
}

/* A process of its own, since what it gives up does not come back. What can't be told is true. */
static bool can_read(const struct passwd *who, const char *path)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (initgroups(who->pw_name, who->pw_gid) < 0 ||
		    setresgid(who->pw_gid, who->pw_gid, who->pw_gid) < 0 ||
		    setresuid(who->pw_uid, who->pw_uid, who->pw_uid) < 0)
			_exit(0);
		_exit(access(path, R_OK) < 0);
	}
	return pid < 0 || waitpid(pid, &status, 0) < 0 || status == 0;
}

/* The daemon's own file: root, who writes it, reads it whatever its mode is. */
static void check_readable(const char *path, struct problems *problems)
{
	const struct passwd *who = geteuid() == 0 ? getpwnam(GUARD_USER) : NULL;
	char shown[1024];

	if (!who || !streq(path, settings_path()) || can_read(who, path))
		return;
	problems_warn(problems, (struct mark){1, 1}, "",
		      "the daemon cannot read it: the user " GUARD_USER
		      " must be able to: chmod 644 %s, and chmod o+x the folders that it is in",
		      text_printable(shown, sizeof(shown), path));
}

static void report(const char *path, const struct settings *s, struct problems *problems,
		   bool as_json, const struct err *err)
{
	struct references references;
	struct people people = {0};

	people_resolve(s, &people);
	references_find(&references);
	references_check(s, &references, problems);
	check_readable(path, problems);
	if (as_json) {
		print_json(path, s, &people, problems, err);
	} else {
		problems_print(problems, path, stderr);
		report_settings(s, &people, stdout);
	}
	references_done(&references);
	people_done(&people);
}

static int check(const char *path, bool as_json)
{
	_cleanup_(problems_done)
	struct problems problems = {0};
	_cleanup_(settings_freep)
	struct settings *s = NULL;
	struct err err = {0};

	if (settings_load(path, &problems, &s, &err) == 0) {
		report(path, s, &problems, as_json, &err);
		return 0;
	}
	if (as_json) {
		print_json(path, NULL, NULL, &problems, &err);
		return 1;
	}
	problems_print(&problems, path, stderr);
	if (problems.n_errors == 0)
		log_error("%s", err.text);
	return 1;
}

int cmd_check(int argc, char **argv)
{
	const char *path = NULL;
	bool as_json = false;

	for (int i = 1; i < argc; i++) {
		if (streq(argv[i], "--json"))
			as_json = true;
		else if (!path && argv[i][0] != '-')
			path = argv[i];
		else
			return command_usage("check [--json] [FILE]", argv[i]);
	}
	return check(path ? path : settings_path(), as_json);
}

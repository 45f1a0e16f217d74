/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/pod_fixture.h"

#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

const struct values fixture_values;

struct settings *fixture_settings(const char *yaml)
{
	static const char usual[] = "mount_root: /srv/pods\n"
				    "port_whitelist: {80: web, 443: other, 8000-8009: web, "
				    "53/udp: web}\n";
	struct problems problems = {0};
	struct settings *s = NULL;
	const char *text = yaml ? yaml : usual;

	if (settings_parse(text, strlen(text), "host1", &problems, &s) < 0) {
		problems_print(&problems, "settings", stdout);
		fail();
	}
	problems_done(&problems);
	return s;
}

char *fixture_problems(const char *name, const char *yaml, const struct settings *settings,
		       struct pod **ret)
{
	struct problems problems = {0};
	struct pod *pod = NULL;
	char *text = xstrdup("");
	int r = pod_parse(name, yaml, strlen(yaml), settings, &problems, &pod);

	assert_int_equal(r<0, problems.n_errors> 0);
	assert_int_equal(r == 0, pod != NULL);
	for (size_t i = 0; i < problems.n; i++) {
		const struct problem *p = &problems.items[i];
		char *more = xasprintf("%s%u:%u: %s: %s\n", text, p->mark.line, p->mark.column,
				       p->path, p->text);

		free(text);
		text = more;
	}
	problems_done(&problems);
	if (ret)
		*ret = pod;
	else
		pod_free(pod);
	return text;
}

struct pod *fixture_pod(const char *name, const char *yaml, const struct settings *settings)
{
	struct pod *pod = NULL;
	_cleanup_free_ char *problems = fixture_problems(name, yaml, settings, &pod);

	assert_string_equal(problems, "");
	return pod;
}

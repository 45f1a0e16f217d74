/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the guard's answer about a pod comes to, and what somebody is told to look at. */
#include "podctl/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* guard_wait_end (which closes) of an answer, as the daemon would give it; an empty one: it goes
 * away */
static int answered(bool required, const char *reply, struct err *err)
{
	struct settings settings = {.guard = {.required_given = true, .required = required}};
	int fds[2], r;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(write(fds[1], reply, strlen(reply)), strlen(reply));
	close(fds[1]);
	r = guard_wait_end(&settings, fds[0], err);
	return r;
}

static void test_answers(void **state _unused_)
{
	static const struct {
		const char *reply;
		bool required;
		int r;
		const char *says; /* NULL: nothing */
	} cases[] = {
		{"{\"ok\": true}\n", true, 0, NULL},
		{"{\"error\": \"too late\", \"reason\": \"timeout\"}\n", true, -ETIMEDOUT,
		 "the guard does not have the pod (see `netguard status`): too late"},
		{"{\"error\": \"too late\", \"reason\": \"timeout\"}\n", false, 1,
		 "the guard does not have the pod (see `netguard status`): too late"},
		{"", true, -ECONNRESET, "the guard does not have the pod (see `netguard status`)"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {0};

		assert_int_equal(answered(cases[i].required, cases[i].reply, &err), cases[i].r);
		if (cases[i].says)
			assert_non_null(strstr(err.text, cases[i].says));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options out of hostile arguments: the last word is the pod's, whatever stands before it. */
#include "podctl/cmdline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#define WORDS_MAX 10

struct line_case {
	const char *words[WORDS_MAX]; /* behind podctl */
	int n;			      /* arguments that are left, -1: refused */
	size_t n_command;
};

static void test_last_word(void **state _unused_)
{
	static const struct line_case cases[] = {
		{{"exec", "app", "web"}, 3, 0},
		{{"exec", "-u", "5", "-e", "A=b", "app", "web"}, 3, 0},
		{{"exec", "-u5", "--env=A=b", "--workdir=/", "app", "web"}, 3, 0},
		{{"exec", "app", "web", "--", "sh", "-c", "x"}, 3, 3},
		{{"logs", "--tail=5", "web"}, 2, 0},
		{{"logs", "web", "-f"}, 2, 0},
		/* what a pattern such as "podctl * web" or "podctl *" "/web.yml" would let through
		 */
		{{"exec", "app", "db", "-u", "web"}, -1, 0},
		{{"exec", "app", "db", "-w", "/web.yml"}, -1, 0},
		{{"exec", "app", "db", "-w/web.yml"}, -1, 0},
		{{"exec", "app", "db", "--workdir=/web.yml"}, -1, 0},
		{{"exec", "app", "db", "--env=A=/web.yml"}, -1, 0},
		{{"exec", "app", "db", "--env=A= web"}, -1, 0},
		{{"exec", "app", "db", "-eA=/web.yml"}, -1, 0},
		{{"exec", "app", "db", "--user=/web.yml"}, -1, 0},
		{{"logs", "db", "-n", "12"}, -1, 0},
		{{"--config=/web.yml", "db"}, -1, 0},
	};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), saved = dup(STDERR_FILENO);

	dup2(null, STDERR_FILENO);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *argv[WORDS_MAX + 1] = {xstrdup("podctl")};
		struct cmd_context ctx = {0};
		struct cmdline l = {.n = -1};
		int argc = 1;

		while (argc <= WORDS_MAX && cases[i].words[argc - 1]) {
			argv[argc] = xstrdup(cases[i].words[argc - 1]);
			argc++;
		}
		if ((cmdline_parse(&ctx, argc, argv, &l) < 0) != (cases[i].n < 0) ||
		    l.n != cases[i].n || ctx.exec.n_command != cases[i].n_command)
			fail_msg("case %zu: %d arguments, %zu words of a command", i, l.n,
				 ctx.exec.n_command);
		free(l.args);
		free(ctx.exec.env);
		for (int k = 0; k < argc; k++)
			free(argv[k]);
	}
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(null);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

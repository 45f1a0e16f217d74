/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lib_faults KIND CODE AT UNTIL FILE COMMAND...: runs the command with tests/faults/shim.so before
 * libc, so that of its calls of that kind (memory, descriptor, write, clock) those from AT to
 * before UNTIL fail with errno CODE. FILE gets how many there were and how many of them failed.
 * Exits as the command, with 128 + N where signal N ended it.
 */
#include "tests/unit/fault_host.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static enum fault_kind kind_of(const char *name)
{
	static const struct {
		const char *name;
		enum fault_kind kind;
	} kinds[] = {
		{"memory", FAULT_MEMORY},
		{"descriptor", FAULT_DESCRIPTOR},
		{"write", FAULT_WRITE},
		{"clock", FAULT_CLOCK},
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (streq(kinds[i].name, name))
			return kinds[i].kind;
	fprintf(stderr, "%s is no kind of fault\n", name);
	exit(99);
}

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(99);
}

int main(int argc, char **argv)
{
	_cleanup_free_ char *shim = NULL, *page = NULL;
	const char *build = getenv("BUILD");
	struct faults *faults;
	int fd, status;
	FILE *out;
	pid_t pid;

	if (argc < 7) {
		fprintf(stderr, "usage: lib_faults KIND CODE AT UNTIL FILE COMMAND...\n");
		return 99;
	}
	page = xasprintf("%s.page", argv[5]);
	fd = open(page, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*faults)) < 0)
		die(page);
	faults = mmap(NULL, sizeof(*faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (faults == MAP_FAILED)
		die("mmap");
	faults->code = atoi(argv[2]);
	faults->at = strtoull(argv[3], NULL, 10);
	faults->until = strtoull(argv[4], NULL, 10);
	faults->kind = (int)kind_of(argv[1]);
	shim = fault_host_preload(build ? build : "build");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		setenv("FAULTS", page, 1);
		setenv("LD_PRELOAD", shim, 1);
		execvp(argv[6], argv + 6);
		_exit(98);
	}
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	out = fopen(argv[5], "we");
	if (!out ||
	    fprintf(out, "%llu %llu\n", (unsigned long long)faults->n,
		    (unsigned long long)faults->hits) < 0 ||
	    fclose(out) != 0)
		die(argv[5]);
	unlink(page);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running another program to its end: with our own rights, PATH alone as environment. */
#pragma once

#include "common/base.h"
#include "common/err.h"

#define RUN_OUTPUT_MAX ((size_t)64 * 1024)

/*
 * Runs argv[0], an absolute path; standard input is /dev/null. ret_output: what it said to standard
 * output and error, cut at RUN_OUTPUT_MAX, caller frees; NULL: its errors are ours, its output goes
 * nowhere. The exit status, 128 + N for a signal N; -errno: it could not be run.
 */
int run(const char *const *argv, char **ret_output, struct err *err);

/* The same, where any other exit status than 0 is an error (-EIO) that quotes what it said last. */
int run_well(const char *const *argv, struct err *err);

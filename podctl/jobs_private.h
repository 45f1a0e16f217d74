/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files of jobs only. */
#pragma once

#include "podctl/jobs.h"

/* Begins the operation that the job is at. */
void job_next(struct job *j);
/* The operation failed: tells it, and begins the way back where there is one. */
void job_failed(struct job *j, struct err *err);
/* r as guard_wait_begin and guard_wait_end give it. */
void job_guard_answered(struct job *j, int r, struct err *err);

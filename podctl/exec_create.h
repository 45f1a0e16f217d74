/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine's object for a command that is to run in a container. */
#pragma once

#include "podctl/exec.h"

/* *ret_path: "/exec/ID", caller frees. */
int exec_create(const struct exec *x, bool tty, char **ret_path, struct err *err);

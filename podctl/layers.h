/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a container has made of its own files that the engine opens when it starts it: /etc/passwd
 * and /etc/group. The engine opens them as they are, so a FIFO there has it wait for good, as a
 * terminal or a pipe does that a link leads to: at boot before it answers anybody. Looked at
 * without the engine, where it has overlay2 on this host, in /var/lib/docker or where
 * /etc/docker/daemon.json says; nothing is known elsewhere.
 *
 * Nothing that a container made is opened, followed by the kernel or changed: the layers are
 * mounted read-only, and each step is O_PATH without links.
 */
#pragma once

#include "common/base.h"
#include "common/err.h"

/*
 * -EINVAL: the engine would wait for a file of this container; err says for which. Or something is
 * mounted inside of what containers can change. 0: as far as is known nothing is so.
 */
int layers_check(const char *id, struct err *err);

/*
 * Before the engine is up: containers of podctl that are so and that it would start get the restart
 * policy "no", and a line in said.
 */
void layers_disarm(struct strv *said);

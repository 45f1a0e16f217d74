/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A message with fields of its own for systemd's journal, by its native protocol
 * (systemd.journal-fields(7), https://systemd.io/JOURNAL_NATIVE_PROTOCOL): so that
 * `journalctl NETGUARD_POD=web` finds it.
 */
#pragma once

#include "common/err.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

struct journal_field {
	const char *key;   /* capitals, digits and _ */
	const char *value; /* NULL: left out; any bytes */
};

/*
 * Sends one message to the socket at path, without waiting: -EAGAIN where the journal is not
 * keeping up. fields: ended by a NULL key.
 */
int journal_send(const char *path, int priority, const char *message,
		 const struct journal_field *fields, struct err *err);

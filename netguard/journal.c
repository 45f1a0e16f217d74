/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/journal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

/* KEY=VALUE, one a line: values must be one line for that, and a newline becomes a blank. */
static void put(FILE *out, const char *key, const char *value)
{
	fprintf(out, "%s=", key);
	for (; *value; value++)
		fputc(*value == '\n' ? ' ' : *value, out);
	fputc('\n', out);
}

int journal_send(const char *path, int priority, const char *message,
		 const struct journal_field *fields, struct err *err)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out;

	if (strlen(path) >= sizeof(sa.sun_path))
		return err_set(err, ENAMETOOLONG, "%s: too long for a socket", path);
	memcpy(sa.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_os(err, errno, "socket");
	out = xopen_memstream(&text, &size);
	fprintf(out, "PRIORITY=%d\nSYSLOG_IDENTIFIER=netguard\n", priority);
	put(out, "MESSAGE", message);
	for (; fields->key; fields++) {
		if (fields->value)
			put(out, fields->key, fields->value);
	}
	xclose_memstream(out, &text);
	if (sendto(fd, text, size, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&sa,
		   sizeof(sa)) < 0)
		return err_os(err, errno, "%s", path);
	return 0;
}

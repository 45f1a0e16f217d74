/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/peers.h"

#include "netguard/unix_socket.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void on_stop(struct source *s, uint32_t events _unused_)
{
	if (timer_read(s))
		loop_stop(s->userdata);
}

void peers_begin(struct peers *p)
{
	struct err err;

	snprintf(p->dir, sizeof(p->dir), "/tmp/peers.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/socket", p->dir);
	p->stop = SOURCE_NONE;
	assert_int_equal(loop_new(&p->loop, &err), 0);
	assert_int_equal(timer_add(p->loop, &p->stop, on_stop, p->loop, &err), 0);
}

void peers_end(struct peers *p)
{
	source_remove(&p->stop);
	loop_free(p->loop);
	unlink(p->path);
	rmdir(p->dir);
}

void peers_run(struct peers *p)
{
	struct err err;

	timer_set(&p->stop, 30, 0);
	assert_int_equal(loop_run(p->loop, &err), 0);
}

int peers_dial(const struct peers *p)
{
	struct err err;
	int fd = -1;

	assert_int_equal(unix_connect(p->path, &fd, &err), 0);
	return fd;
}

void peers_say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

const char *peers_heard(int fd, char buf[static 1024])
{
	ssize_t n = -1, at = 0;

	while (at < 1000 && (n = recv(fd, buf + at, (size_t)(1000 - at), MSG_DONTWAIT)) > 0)
		at += n;
	buf[at] = '\0';
	if (at < 1000 && (n == 0 || errno == ECONNRESET))
		memcpy(buf + at, "(end)", 6);
	return buf;
}

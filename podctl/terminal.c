/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/terminal.h"

#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_is_one(int in, int out)
{
	return isatty(in) && isatty(out);
}

/* A background process that sets its terminal is stopped for it; here it only waits. */
static int set(int fd, const struct termios *t)
{
	sigset_t block, before;
	int r;

	sigemptyset(&block);
	sigaddset(&block, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &block, &before);
	do
		r = tcsetattr(fd, TCSADRAIN, t);
	while (r < 0 && errno == EINTR);
	r = r < 0 ? -errno : 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

int terminal_make_raw(struct terminal *t, int fd)
{
	struct termios raw;
	int r;

	if (!t->raw && tcgetattr(fd, &t->before) < 0)
		return -errno;
	raw = t->before;
	cfmakeraw(&raw);
	t->fd = fd;
	r = set(fd, &raw);
	t->raw |= r == 0;
	return r;
}

void terminal_restore(struct terminal *t)
{
	if (t->raw)
		set(t->fd, &t->before);
	t->raw = false;
}

bool terminal_size(int fd, unsigned *ret_rows, unsigned *ret_columns)
{
	struct winsize ws;

	if (ioctl(fd, TIOCGWINSZ, &ws) < 0 || ws.ws_row == 0 || ws.ws_col == 0)
		return false;
	*ret_rows = ws.ws_row;
	*ret_columns = ws.ws_col;
	return true;
}

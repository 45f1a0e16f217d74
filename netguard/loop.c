/* SPDX-License-Identifier: GPL-3.0-or-later */
/* epoll, and what makes removing a source in the middle of a batch of events harmless. */
#include "netguard/loop.h"

#include "common/clock.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define BATCH_MAX 32

struct loop {
	int epoll;
	bool stop;
	void (*after)(void *userdata);
	void *after_data;
	/* fetched, not yet handed out: source_remove strikes its own out */
	struct epoll_event batch[BATCH_MAX];
	int n_batch;
};

int loop_new(struct loop **ret, struct err *err)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return err_os(err, errno, "epoll_create1");
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->epoll = fd;
	return 0;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	closep(&l->epoll);
	free(l);
}

int loop_run(struct loop *l, struct err *err)
{
	l->stop = false;
	while (!l->stop) {
		l->n_batch = epoll_wait(l->epoll, l->batch, BATCH_MAX, -1);
		if (l->n_batch < 0 && errno != EINTR)
			return err_os(err, errno, "epoll_wait");
		for (int i = 0; i < l->n_batch && !l->stop; i++) {
			struct source *s = l->batch[i].data.ptr;

			if (s)
				s->fn(s, l->batch[i].events);
		}
		l->n_batch = 0;
		if (l->after && !l->stop)
			l->after(l->after_data);
	}
	return 0;
}

void loop_set_after(struct loop *l, void (*fn)(void *userdata), void *userdata)
{
	l->after = fn;
	l->after_data = userdata;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}

int source_add(struct loop *l, struct source *s, int fd, uint32_t events, source_fn *fn,
	       void *userdata, struct err *err)
{
	struct epoll_event ev = {.events = events, .data.ptr = s};

	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		return err_os(err, errno, "epoll_ctl");
	*s = (struct source){.fd = fd, .fn = fn, .userdata = userdata, .loop = l};
	return 0;
}

int source_own(struct loop *l, struct source *s, int *fd, uint32_t events, source_fn *fn,
	       void *userdata, struct err *err)
{
	int r = source_add(l, s, *fd, events, fn, userdata, err);

	if (r < 0)
		return r;
	s->owns_fd = true;
	take_fd(fd);
	return 0;
}

void source_set_events(struct source *s, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = s};

	assert(s->fd >= 0);
	/* fails only for a descriptor that is not in the loop, which would be our own bug */
	if (epoll_ctl(s->loop->epoll, EPOLL_CTL_MOD, s->fd, &ev) < 0)
		abort();
}

void source_remove(struct source *s)
{
	struct loop *l = s->loop;

	if (!l || s->fd < 0)
		return;
	for (int i = 0; i < l->n_batch; i++) {
		if (l->batch[i].data.ptr == s)
			l->batch[i].data.ptr = NULL;
	}
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, s->fd, NULL);
	if (s->owns_fd)
		closep(&s->fd);
	*s = SOURCE_NONE;
}

int timer_add(struct loop *l, struct source *s, source_fn *fn, void *userdata, struct err *err)
{
	_cleanup_close_ int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0)
		return err_os(err, errno, "timerfd_create");
	return source_own(l, s, &fd, EPOLLIN, fn, userdata, err);
}

static struct timespec timespec_of(uint64_t ms)
{
	return (struct timespec){.tv_sec = (time_t)(ms / 1000),
				 .tv_nsec = (long)(ms % 1000) * 1000000};
}

void timer_set(struct source *s, uint64_t first_ms, uint64_t every_ms)
{
	struct itimerspec its = {.it_value = timespec_of(first_ms),
				 .it_interval = timespec_of(every_ms)};

	if (timerfd_settime(s->fd, 0, &its, NULL) < 0)
		abort(); /* only for arguments that can't be */
}

void timer_fire(struct source *s)
{
	struct itimerspec its = {.it_value.tv_nsec = 1};

	if (timerfd_settime(s->fd, 0, &its, NULL) < 0)
		abort();
}

bool timer_read(struct source *s)
{
	uint64_t n;

	return read(s->fd, &n, sizeof(n)) == sizeof(n);
}

int signals_add(struct loop *l, struct source *s, const sigset_t *set, source_fn *fn,
		void *userdata, struct err *err)
{
	_cleanup_close_ int fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);

	if (fd < 0)
		return err_os(err, errno, "signalfd");
	if (sigprocmask(SIG_BLOCK, set, NULL) < 0)
		return err_os(err, errno, "sigprocmask");
	return source_own(l, s, &fd, EPOLLIN, fn, userdata, err);
}

int signal_read(struct source *s)
{
	struct signalfd_siginfo info;

	return read(s->fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

uint64_t loop_now_ms(void)
{
	return (uint64_t)clock_ms();
}

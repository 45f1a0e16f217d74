/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The thread is never waited for, nor ended: what it hangs in belongs to libraries, which may hold
 * locks. So what both sides touch is counted, and who is last frees it.
 */
#include "netguard/lookup.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct desk {
	atomic_int users; /* the loop, and the thread while there is one */
	int answered;	  /* eventfd: the thread is done, and what is here is the loop's */
	struct strv entries;
	struct account_answers answers;
};

struct lookup {
	struct desk *desk;
	bool under_way;
	struct source source;
	lookup_fn *fn;
	void *userdata;
};

static void desk_leave(struct desk *d)
{
	if (atomic_fetch_sub(&d->users, 1) > 1)
		return;
	strv_done(&d->entries);
	account_answers_done(&d->answers);
	closep(&d->answered);
	free(d);
}

static void *ask(void *userdata)
{
	struct desk *d = userdata;

	accounts_ask(&d->entries, &d->answers);
	(void)!eventfd_write(d->answered, 1); /* fails for no descriptor that is one */
	desk_leave(d);
	return NULL;
}

static void take_answers(struct lookup *l)
{
	struct account_answers answers;
	eventfd_t n;

	if (eventfd_read(l->desk->answered, &n) < 0)
		return;
	answers = l->desk->answers;
	l->desk->answers = (struct account_answers){0};
	strv_done(&l->desk->entries);
	l->under_way = false;
	l->fn(l->userdata, &answers);
}

static void on_answered(struct source *s, uint32_t events _unused_)
{
	take_answers(s->userdata);
}

int lookup_new(struct loop *l, lookup_fn *answered, void *userdata, struct lookup **ret,
	       struct err *err)
{
	_cleanup_(lookup_freep)
	struct lookup *new = xcalloc(1, sizeof(*new));
	int r;

	new->source = SOURCE_NONE;
	new->fn = answered;
	new->userdata = userdata;
	new->desk = xcalloc(1, sizeof(*new->desk));
	atomic_init(&new->desk->users, 1);
	new->desk->answered = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (new->desk->answered < 0)
		return err_os(err, errno, "eventfd");
	r = source_add(l, &new->source, new->desk->answered, EPOLLIN, on_answered, new, err);
	if (r < 0)
		return r;
	*ret = take_ptr(new);
	return 0;
}

void lookup_free(struct lookup *l)
{
	if (!l)
		return;
	source_remove(&l->source);
	desk_leave(l->desk);
	free(l);
}

/* Signals are for the loop: the thread takes none. */
static int start_thread(struct desk *d)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t thread;
	int e = pthread_attr_init(&attr);

	if (e != 0)
		return e;
	sigfillset(&all);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	e = pthread_create(&thread, &attr, ask, d);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return e;
}

int lookup_start(struct lookup *l, struct strv *entries, struct err *err)
{
	struct desk *d = l->desk;
	int e;

	if (l->under_way)
		return err_set(err, EBUSY, "names are looked up already");
	strv_done(&d->entries);
	d->entries = *entries;
	*entries = (struct strv){0};
	atomic_fetch_add(&d->users, 1);
	e = start_thread(d);
	if (e != 0) {
		atomic_fetch_sub(&d->users, 1);
		return err_os(err, e, "a thread that looks up names");
	}
	l->under_way = true;
	return 0;
}

bool lookup_under_way(const struct lookup *l)
{
	return l->under_way;
}

void lookup_wait(struct lookup *l, int ms)
{
	struct pollfd pfd = {.fd = l->desk->answered, .events = POLLIN};

	/* a signal ends it early: then the loop takes the answers */
	if (l->under_way && poll(&pfd, 1, ms) > 0)
		take_answers(l);
}

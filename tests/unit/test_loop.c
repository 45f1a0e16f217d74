/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop: owners that go away in the middle of a batch, timers, signals. */
#include "netguard/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct owner {
	struct source source;
	struct owner **other; /* freed with this one's event */
	int *calls;
};

static void free_owner(struct owner **o)
{
	if (!*o)
		return;
	source_remove(&(*o)->source);
	free(*o);
	*o = NULL;
}

/* Frees the other one and itself: the loop must touch neither again. */
static void on_event(struct source *s, uint32_t events _unused_)
{
	struct owner *self = s->userdata;
	struct owner **other = self->other;
	struct loop *l = s->loop;

	(*self->calls)++;
	if (*other)
		(*other)->other = other; /* stays a valid pointer for it, whatever happens */
	free_owner(other);
	source_remove(s);
	free(self);
	loop_stop(l);
}

static void test_freed_in_a_batch(void **state)
{
	struct owner *a = xcalloc(1, sizeof(*a)), *b = xcalloc(1, sizeof(*b));
	_cleanup_close_ int fa = eventfd(1, EFD_CLOEXEC), fb = eventfd(1, EFD_CLOEXEC);
	_cleanup_(loop_freep)
	struct loop *l = NULL;
	struct owner *of_a = b, *of_b = a;
	struct err err;
	int calls = 0;

	(void)state;
	assert_int_equal(loop_new(&l, &err), 0);
	*a = (struct owner){.other = &of_a, .calls = &calls};
	*b = (struct owner){.other = &of_b, .calls = &calls};
	assert_int_equal(source_add(l, &a->source, fa, EPOLLIN, on_event, a, &err), 0);
	assert_int_equal(source_add(l, &b->source, fb, EPOLLIN, on_event, b, &err), 0);
	assert_int_equal(loop_run(l, &err), 0);
	assert_int_equal(calls, 1);
}

static void on_timer(struct source *s, uint32_t events _unused_)
{
	int *n = s->userdata;

	if (timer_read(s) && ++*n == 3)
		loop_stop(s->loop);
}

static void test_timer(void **state)
{
	_cleanup_(loop_freep)
	struct loop *l = NULL;
	struct source s = SOURCE_NONE;
	uint64_t start = loop_now_ms();
	struct err err;
	int n = 0;

	(void)state;
	assert_int_equal(loop_new(&l, &err), 0);
	assert_int_equal(timer_add(l, &s, on_timer, &n, &err), 0);
	timer_set(&s, 10, 10);
	assert_int_equal(loop_run(l, &err), 0);
	assert_true(loop_now_ms() - start >= 29);
	n = 2;
	timer_fire(&s);
	assert_int_equal(loop_run(l, &err), 0);
	assert_false(timer_read(&s));
	source_remove(&s);
	source_remove(&s);
}

static void on_signal(struct source *s, uint32_t events _unused_)
{
	int *got = s->userdata;

	*got = signal_read(s);
	loop_stop(s->loop);
}

static void test_signal(void **state)
{
	_cleanup_(loop_freep)
	struct loop *l = NULL;
	struct source s = SOURCE_NONE;
	struct err err;
	sigset_t set;
	int got = 0;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	assert_int_equal(loop_new(&l, &err), 0);
	assert_int_equal(signals_add(l, &s, &set, on_signal, &got, &err), 0);
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	assert_int_equal(loop_run(l, &err), 0);
	assert_int_equal(got, SIGUSR1);
	source_remove(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_freed_in_a_batch),
					   cmocka_unit_test(test_timer),
					   cmocka_unit_test(test_signal)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

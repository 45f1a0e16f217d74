/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The keeper when its netlink socket fails, in network namespaces of its own (needs root): each
 * send and each receive of a change fails in turn, and the kernel refuses the elements of each set.
 * What the kernel holds is asked past the faults: it is what was there, what is wanted, or what
 * both have in common; and what is wanted once the fault has ended.
 *
 * The faults are in send, sendmsg and recv of this program, which stand before those of libc.
 */
#include "netguard/keeper_private.h"
#include "tests/unit/reference_elements.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sched.h>
#include <setjmp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

enum fault { NONE, SEND, RECEIVE, LOSE, REFUSE };

static struct {
	enum fault fault;
	int code;	 /* what fails with, or is refused with */
	unsigned at, n;	 /* the at-th call fails, of n that were made */
	const char *set; /* REFUSE: whose elements */
	unsigned hits;
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr error;
	} answer; /* of a kernel that refuses; read once */
	bool answered;
} f;

static bool fails(enum fault fault)
{
	if (f.fault != fault || f.n++ != f.at)
		return false;
	f.hits++;
	errno = f.code;
	return true;
}

/* A message of the batch that adds elements to the set; NULL: none. */
static const struct nlmsghdr *adds_to(const struct iovec *iov, const char *set)
{
	const uint8_t *data = iov->iov_base;

	for (size_t at = 0; at + sizeof(struct nlmsghdr) <= iov->iov_len;) {
		const void *here = data + at;
		const struct nlmsghdr *nlh = here;

		if (nlh->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM) &&
		    memmem(here, nlh->nlmsg_len, set, strlen(set) + 1))
			return nlh;
		at += NLMSG_ALIGN(nlh->nlmsg_len);
	}
	return NULL;
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	const struct nlmsghdr *refused = NULL;

	if (fails(SEND))
		return -1;
	if (f.fault == REFUSE && m->msg_iovlen > 1)
		refused = adds_to(&m->msg_iov[1], f.set);
	if (!refused)
		return syscall(SYS_sendmsg, fd, m, flags);
	f.hits++;
	f.answered = false;
	f.answer.nlh = (struct nlmsghdr){.nlmsg_len = sizeof(f.answer),
					 .nlmsg_type = NLMSG_ERROR,
					 .nlmsg_flags = NLM_F_CAPPED};
	f.answer.error = (struct nlmsgerr){.error = -f.code, .msg = *refused};
	return 1;
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
	if (fails(SEND))
		return -1;
	return syscall(SYS_sendto, fd, data, size, flags, NULL, 0);
}

ssize_t recv(int fd, void *data, size_t size, int flags)
{
	if (f.fault == REFUSE && f.hits > 0 && !f.answered) {
		f.answered = true;
		memcpy(data, &f.answer, sizeof(f.answer));
		return sizeof(f.answer);
	}
	if (fails(RECEIVE))
		return -1;
	if (f.fault == LOSE && f.n++ == f.at) {
		f.hits++;
		while (syscall(SYS_recvfrom, fd, data, size, MSG_DONTWAIT, NULL, NULL) >= 0)
			;
		errno = EAGAIN;
		return -1;
	}
	return syscall(SYS_recvfrom, fd, data, size, flags, NULL, NULL);
}

/* ---- */

static struct elements *have(struct keeper *k)
{
	struct keeper_table tables[RULESET_N_TABLES];
	struct elements *ret = NULL;
	struct err err = {0};

	f.fault = NONE;
	if (keeper_look(k, tables, &ret, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < RULESET_N_TABLES; i++)
		assert_true(tables[i].ours);
	return ret;
}

static bool same(const struct elements *a, const struct elements *b)
{
	_cleanup_(elements_change_done)
	struct elements_change change = {0};

	elements_difference(a, b, &change);
	return elements_change_empty(&change);
}

/* The reference without one member and a permission, or with two of them. */
static struct elements *variant(bool without, bool with)
{
	struct elements *e = reference_elements();

	if (!without)
		reference_add(e, SET_MEMBERS4, "br-pods . 10.88.1.9", NULL, "old", NULL);
	if (with)
		reference_add(e, SET_MEMBERS4, "br-pods . 10.88.1.7", NULL, "new", NULL);
	elements_normalize(e);
	return e;
}

static struct keeper *installed(const struct elements *e)
{
	struct keeper_result r = {0};
	struct keeper *k = NULL;
	struct err err = {0};

	f.fault = NONE;
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	if (keeper_new(-1, &k, &err) < 0 || keeper_apply(k, e, &r, &err) < 0)
		fail_msg("%s", err.text);
	return k;
}

static void mends(struct keeper *k, const struct elements *want)
{
	_cleanup_(elements_freep)
	struct elements *now = NULL;
	struct keeper_result r = {0};
	struct err err = {0};

	f.fault = NONE;
	if (keeper_apply(k, want, &r, &err) < 0)
		fail_msg("once the fault has ended: %s", err.text);
	now = have(k);
	assert_true(same(now, want));
}

/* Each call in turn, in a change and (heal) when all is asked, until none is left to fail. */
static unsigned each_call(enum fault fault, int code, bool heal)
{
	_cleanup_(elements_freep)
	struct elements *before = variant(false, false), *want = variant(true, true);
	_cleanup_(elements_freep)
	struct elements *less = variant(true, false);
	_cleanup_(keeper_freep)
	struct keeper *k = installed(before);
	unsigned hits = 0;

	/* all that is asked are some hundred calls of few kinds: a prime step meets each kind */
	for (unsigned at = 0; at < 10000; at += heal ? 37 : 1) {
		_cleanup_(elements_freep)
		struct elements *now = NULL;
		struct keeper_result r = {0};
		struct err err = {0};
		int code_of;

		mends(k, before);
		k->known = !heal;
		memset(&f, 0, sizeof(f));
		f.fault = fault;
		f.code = code;
		f.at = at;
		code_of = keeper_apply(k, want, &r, &err);
		if (f.hits == 0)
			break;
		hits++;
		now = have(k);
		if (code_of < 0 ? err.text[0] == '\0' : !same(now, want))
			fail_msg("call %u: %d, %s", at, code_of, err.text);
		if (!same(now, before) && !same(now, want) && !same(now, less))
			fail_msg("call %u: the kernel holds something else", at);
		mends(k, want);
	}
	mends(k, want);
	return hits;
}

static void test_each_call(void **state _unused_)
{
	static const struct {
		enum fault fault;
		int code;
	} faults[] = {
		{SEND, EINTR},	  {SEND, ENOBUFS},    {SEND, ENOMEM},	 {SEND, EINVAL},
		{RECEIVE, EINTR}, {RECEIVE, ENOBUFS}, {RECEIVE, ENOMEM}, {LOSE, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		for (int heal = 0; heal < 2; heal++)
			if (each_call(faults[i].fault, faults[i].code, heal) == 0)
				fail_msg("fault %zu has hit nothing", i);
}

static void test_each_set_is_refused(void **state _unused_)
{
	static const int codes[] = {EINVAL, ENOMEM, ENOSPC, EEXIST, ENOENT};
	_cleanup_(elements_freep)
	struct elements *full = reference_elements(), *none = elements_new();
	unsigned sets = 0;

	elements_normalize(none);
	for (unsigned set = 0; set < SET_COUNT_; set++) {
		for (size_t i = 0; i < ARRAY_SIZE(codes) && full->n[set] > 0; i++) {
			_cleanup_(keeper_freep)
			struct keeper *k = installed(none);
			_cleanup_(elements_freep)
			struct elements *now = NULL;
			struct keeper_result r = {0};
			struct err err = {0};
			int code;

			memset(&f, 0, sizeof(f));
			f.fault = REFUSE;
			f.code = codes[i];
			f.set = ruleset_set((enum set_id)set)->name;
			code = keeper_apply(k, full, &r, &err);
			if (f.hits == 0 || (code == 0 && r.refused == 0) ||
			    !strstr(err.text, f.set))
				fail_msg("%s, %d: %d, %s", f.set, codes[i], code, err.text);
			now = have(k);
			assert_int_equal(now->n[set], 0);
			/* nothing that was not wanted, and all else where it was a permission */
			assert_int_equal(elements_count(now),
					 code < 0 ? 0 : elements_count(full) - full->n[set]);
			mends(k, full);
			sets += i == 0;
		}
	}
	print_message("%u sets refused\n", sets);
	assert_true(sets > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_call),
		cmocka_unit_test(test_each_set_is_refused),
	};

	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

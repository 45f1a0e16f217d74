/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Faults in a program that does not know of them: shim.so, loaded by LD_PRELOAD, stands before
 * calls of libc and lets them fail as a page says that the test shares with it. $FAULTS names the
 * file that both map; without it nothing fails.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

enum fault_kind {
	FAULT_NONE,
	FAULT_MEMORY,	  /* malloc and its like say NULL */
	FAULT_DESCRIPTOR, /* what makes a descriptor fails with `code` */
	FAULT_SEND,	  /* netlink: sending fails with `code` */
	FAULT_RECEIVE,	  /* ... receiving fails with `code`; what was there stays */
	FAULT_LINKS,	  /* ... the same, but of links alone: rtnetlink */
	FAULT_LOSE,	  /* ... what was there is thrown away, and the call says ENOBUFS */
	FAULT_REFUSE,	  /* ... the answer, read in its place, is an error of `code` */
	FAULT_CLOCK,	  /* the clock of the day jumps to and fro by up to `code` seconds */
	FAULT_WRITE,	  /* files: writing, syncing and renaming fail with `code` */
	FAULT_KINDS
};

struct faults {
	_Atomic int kind;
	_Atomic int code;
	/* the calls at, at + 1, ... up to before `until` fail, counted from when n was set to 0 */
	_Atomic uint64_t at, until;
	_Atomic uint64_t n;    /* calls of that kind so far */
	_Atomic uint64_t hits; /* of them failed */
};

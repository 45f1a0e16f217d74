/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What requests of users but root have cost in this second: of one, and of all of them together,
 * since with subordinate uids one person is many users.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* of the daemon's time in a second, for each user but root: the table comes first */
#define CONTROL_BUDGET_MS     100
#define CONTROL_BUDGET_ALL_MS 300 /* for all of them together */

/* What a user's requests have cost in the second that began at `since`. */
struct control_spent {
	uid_t uid;
	uint64_t since; /* loop_now_ms; 0: nobody's */
	uint64_t us;
};
/* Of more users than this the one who asked longest ago is forgotten. */
#define CONTROL_SPENDERS 32

/* All zero at first. */
struct control_budget {
	struct control_spent users[CONTROL_SPENDERS];
	struct control_spent all; /* of all but root; its uid means nothing */
};

/* Why a question of this user is refused now, or NULL. */
const char *control_budget_refuses(struct control_budget *b, uid_t uid);
void control_budget_spend(struct control_budget *b, uid_t uid, uint64_t us);

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* USER, USER:GROUP or :GROUP, and whether policy lets it be. Pure. */
#include "podctl/pod.h"

/*
 * A number that is not 0, in any way of writing it: what a name stands for is up to the image, and
 * the engine takes -0 and +0 for 0.
 */
static bool is_other_uid(const char *user, size_t n)
{
	return n > 0 && strspn(user, "0123456789") >= n && strspn(user, "0") < n;
}

static bool is_word(const char *s, size_t n)
{
	return n > 0 && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789_.-") >= n;
}

const char *pod_user_problem(const struct settings *settings, const char *user)
{
	const struct settings_policy *policy = &settings->policy;
	size_t n = strcspn(user, ":");

	if (!*user || (n > 0 && !is_word(user, n)) ||
	    (user[n] == ':' && !is_word(user + n + 1, strlen(user + n + 1))))
		return "must be USER, USER:GROUP or :GROUP";
	if ((policy->require_user || !policy->allow_root_user) && !is_other_uid(user, n))
		return "policy wants a user that is not root, as a number: what a name means is up "
		       "to the image";
	return NULL;
}

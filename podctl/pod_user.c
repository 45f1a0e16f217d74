/* SPDX-License-Identifier: GPL-3.0-or-later */
/* USER, USER:GROUP or :GROUP, and whether policy lets it be. Pure. */
#include "podctl/pod.h"

/* A name, or a number to the engine, too: other digits would be a name that passes for one. */
static bool is_group(const char *group)
{
	size_t n = strlen(group);

	return strspn(group, "0123456789") < n || user_number(group, n) >= 0;
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
	if (!policy->require_user && policy->allow_root_user)
		return NULL;
	/* a number that is not 0; the engine takes -0 and +0 for 0, and neither is one here */
	if (user_number(user, n) <= 0)
		return "policy wants a user that is not root, as a number up to 2147483647: what a "
		       "name means is up to the image, and so is a larger number";
	if (user[n] && !is_group(user + n + 1))
		return "policy wants a group that is a name or a number up to 2147483647";
	return NULL;
}

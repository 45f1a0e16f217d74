/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/look_addresses.h"

#include "podctl/look.h"

#include <errno.h>

struct asking {
	const char *pod;
	const struct settings *settings;
	const struct create_network *network;
};

static bool meets(const char *other, const void *userdata)
{
	const struct asking *a = userdata;

	return !streq(other, a->pod) &&
	       create_meets(a->pod, other, a->settings->host_hostname, a->network);
}

/* A pod that is there, running or not, whose addresses are this one's. Caller frees; NULL: none. */
static char *find_there(json_t *list, const struct asking *a)
{
	char *found = NULL;
	json_t *entry;
	size_t i;

	json_array_foreach (list, i, entry) {
		struct engine_container c = {0};
		struct err ignored;
		const char *owner;

		/* one that makes no sense is of no pod */
		if (found || engine_container_from_list(entry, &c, &ignored) < 0)
			continue;
		owner = look_owner(&c);
		if (owner && meets(owner, a))
			found = xstrdup(owner);
		engine_container_done(&c);
	}
	return found;
}

int look_addresses(struct engine *e, const char *pod, const struct settings *settings,
		   const struct create_network *network, struct err *err)
{
	const struct asking a = {pod, settings, network};
	_cleanup_free_ char *other = NULL;
	json_auto_t *list = NULL;
	int r = look_list(e, NULL, &list, err);

	if (r < 0)
		return r;
	other = find_there(list, &a);
	/* of two that the configuration speaks of, who is there first has them */
	if (!other && !settings_names_pod(settings, pod))
		other = xstrdup(settings_find_name(settings, meets, &a));
	return other ? err_set(err, EEXIST,
			       "a pod's MAC and IPv6 addresses follow from its name, and those of "
			       "%s are the pod %s's: nothing was touched, give it another name",
			       pod, other)
		     : 0;
}

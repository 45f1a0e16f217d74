/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is there: interfaces, the range of ports, and from the daemon the pods. */
#include "common/guard_client.h"
#include "netguard/references.h"

#include <net/if.h>
#include <stdio.h>

#define RANGE_PATH "/proc/sys/net/ipv4/ip_local_port_range"
#define PODS_MS	   2000

static void find_interfaces(struct references *ret)
{
	struct if_nameindex *list = if_nameindex();

	if (!list)
		return;
	for (const struct if_nameindex *i = list; i->if_name; i++)
		strv_add(&ret->interfaces, i->if_name);
	if_freenameindex(list);
	ret->interfaces_known = true;
}

static void find_range(struct references *ret)
{
	_cleanup_fclose_ FILE *f = fopen(RANGE_PATH, "re");
	char line[64];

	if (f && fgets(line, sizeof(line), f))
		references_parse_range(line, ret);
}

static void find_pods(struct references *ret)
{
	json_t *request = json_pack("{s:b}", "status", 1), *reply = NULL, *value;
	const char *pod;
	struct err err;

	if (guard_client_ask(request, PODS_MS, &reply, &err) == 0 &&
	    streq(json_string_value(json_object_get(json_object_get(reply, "engine"), "state"))
			  ?: "",
		  "up")) {
		json_object_foreach (json_object_get(reply, "pods"), pod, value)
			strv_add(&ret->pods, pod);
		ret->pods_known = true;
	}
	json_decref(reply);
	json_decref(request);
}

void references_find(struct references *ret)
{
	*ret = (struct references){0};
	find_interfaces(ret);
	find_range(ret);
	find_pods(ret);
}

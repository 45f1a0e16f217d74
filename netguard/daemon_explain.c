/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `netguard explain` asks for, answered from what is in force. Anybody may ask. */
#include "netguard/daemon_private.h"
#include "netguard/explain.h"

#include <errno.h>
#include <ifaddrs.h>

/* strangers may ask as often as they like: the host's addresses are read at most this often */
#define LOCALS_MS  1000
#define LOCALS_MAX 256

static unsigned mask_length(const struct sockaddr *mask, int family)
{
	struct addr a = {.family = family};
	unsigned len = 0;

	if (!mask)
		return family == AF_INET ? 32 : 128;
	if (family == AF_INET)
		a.v4 = ((const struct sockaddr_in *)(const void *)mask)->sin_addr;
	else
		a.v6 = ((const struct sockaddr_in6 *)(const void *)mask)->sin6_addr;
	while (len < addr_size(&a) * 8 && (a.bytes[len / 8] & (0x80U >> (len % 8))))
		len++;
	return len;
}

static bool take_local(const struct ifaddrs *i, struct explain_local *ret)
{
	struct explain_local l = {0};
	size_t n = strnlen(i->ifa_name, IF_NAMESIZE);

	if (!i->ifa_addr || n >= sizeof(l.ifname))
		return false;
	l.addr.family = i->ifa_addr->sa_family;
	if (l.addr.family == AF_INET)
		l.addr.v4 = ((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr;
	else if (l.addr.family == AF_INET6)
		l.addr.v6 = ((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr;
	else
		return false;
	l.len = mask_length(i->ifa_netmask, l.addr.family);
	memcpy(l.ifname, i->ifa_name, n);
	*ret = l;
	return true;
}

static int read_locals(struct daemon *d, struct err *err)
{
	struct ifaddrs *list = NULL;
	uint64_t now = loop_now_ms();

	if (d->locals && now - d->locals_at < LOCALS_MS)
		return 0;
	if (getifaddrs(&list) < 0)
		return err_os(err, errno, "the host's addresses");
	free(take_ptr(d->locals));
	d->n_locals = 0;
	for (const struct ifaddrs *i = list; i && d->n_locals < LOCALS_MAX; i = i->ifa_next) {
		struct explain_local l;

		if (take_local(i, &l))
			ARRAY_PUSH(d->locals, d->n_locals) = l;
	}
	freeifaddrs(list);
	d->locals_at = now;
	return 0;
}

int daemon_explain(struct daemon *d, const struct control_request *r, json_t **ret, struct err *err)
{
	struct explain_context x = {
		.settings = config_settings(d->config),
		.people = config_people(d->config),
		.model = daemon_model(d),
		.elements = keeper_holds(d->keeper),
	};
	struct explanation e = {0};
	int result;

	if (!x.elements)
		return err_set(err, EAGAIN, "the table is not in force yet");
	result = read_locals(d, err);
	if (result < 0)
		return result;
	x.locals = d->locals;
	x.n_locals = d->n_locals;
	result = explain(&x, r->from, r->to, r->uid, &e, err);
	if (result < 0)
		return result;
	*ret = explain_json(&e, config_path(d->config));
	explanation_done(&e);
	return 0;
}

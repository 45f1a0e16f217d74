/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/listeners_ask.h"

#include "netguard/flows_parse.h"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

struct listing {
	struct listeners *list;
	size_t before; /* entries that other dumps have brought */
	uint8_t proto;
};

static int take(const struct nlmsghdr *nlh, void *data)
{
	struct listing *l = data;
	struct flows_socket s;

	if (flows_parse_socket(nlh, &s) && s.own_port != 0) {
		struct listener found = {.proto = l->proto,
					 .port = s.own_port,
					 .loopback = addr_is_loopback(&s.own)};

		memcpy(found.cookie, s.cookie, sizeof(found.cookie));
		listeners_add(l->list, &found);
	}
	return MNL_CB_OK;
}

static void forget_dump(void *userdata)
{
	struct listing *l = userdata;

	l->list->n = l->before;
}

static int dump(struct listeners_asker *a, int family, uint8_t proto, struct listeners *list)
{
	/* UDP has no state of its own for being bound only */
	uint32_t states = proto == IPPROTO_TCP ? 1U << TCP_LISTEN : 1U << TCP_CLOSE;
	struct listing l = {.list = list, .before = list->n, .proto = proto};
	uint8_t request[512] = {0};
	struct inet_diag_req_v2 *req;
	struct nlmsghdr *nlh = rtnl_put(request, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, sizeof(*req));

	req = mnl_nlmsg_get_payload(nlh);
	req->sdiag_family = (uint8_t)family;
	req->sdiag_protocol = proto;
	req->idiag_states = states;
	return rtnl_dump(&a->sockets, nlh, take, forget_dump, &l);
}

int listeners_ask(struct listeners_asker *a, struct listeners **ret, struct err *err)
{
	static const struct {
		int family;
		uint8_t proto;
	} all[] = {{AF_INET, IPPROTO_TCP},
		   {AF_INET6, IPPROTO_TCP},
		   {AF_INET, IPPROTO_UDP},
		   {AF_INET6, IPPROTO_UDP}};
	_cleanup_(listeners_freep)
	struct listeners *list = listeners_new();

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		int r = dump(a, all[i].family, all[i].proto, list);

		if (r < 0)
			return err_os(err, -r, "list of sockets that listen");
	}
	listeners_settle(list);
	*ret = take_ptr(list);
	return 0;
}

void listeners_asker_free(struct listeners_asker *a)
{
	if (!a)
		return;
	rtnl_done(&a->sockets);
	free(a);
}

int listeners_asker_new(struct listeners_asker **ret, struct err *err)
{
	_cleanup_(listeners_asker_freep)
	struct listeners_asker *a = xcalloc(1, sizeof(*a));
	int r = rtnl_init(&a->sockets, NETLINK_SOCK_DIAG, err);

	if (r < 0)
		return r;
	*ret = take_ptr(a);
	return 0;
}

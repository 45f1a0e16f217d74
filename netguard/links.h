/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which interface of the host belongs to which address of a container.
 *
 * Theory of operation. A container's interface is one end of a pair; the other end is a port of a
 * bridge of the host. What a port may send is decided by whose it is, and never by what it sends:
 * a container with NET_ADMIN may take any MAC and any address, one with NET_RAW may write any
 * frame. What it can't do is choose the number under which the host's namespace knows the
 * container's (link-netnsid of the port). That NET_ADMIN is confined to the container's namespace
 * is true with a user namespace of its own only: see docs/ruleset.md.
 *
 * So the owner of a port is found by that number: RTM_GETNSID gives it for the process of a
 * container, without entering any namespace. The process is known when the engine says that the
 * container runs, which may be a few milliseconds after it began to send. The engine sets up the
 * pair before that, while nothing of the container runs: what the other end looks like at this
 * moment (MAC and addresses, read by RTM_GETLINK and RTM_GETADDR with a target namespace) is the
 * engine's work alone. So:
 *
 * 1. A port whose namespace is that of a container's process is that container's, and nobody
 *    else's. Two containers with one namespace have none.
 * 2. A port of a namespace that is of no known process is looked into once, when its other end
 *    first goes up; it is taken for the address whose MAC and IP it has then, where the container
 *    of that address has no known process yet, and no other port has the same. One whose process
 *    is gone is none of these: its address may be another container's by now.
 * 3. Every other port of a guarded bridge is nobody's, and may send nothing.
 *
 * Numbers of namespaces are used again at once: what is known of one is forgotten when the kernel
 * tells that it is gone (RTM_DELNSID), which comes on the same socket as the links and in order.
 */
#pragma once

#include "common/err.h"
#include "netguard/model.h"

#include <linux/netlink.h>

/* What is known of one link of the host's namespace. */
struct links_port {
	int index, master; /* master: index of the bridge; 0: none */
	int peer;	   /* index of the other end, in its namespace */
	int nsid;	   /* namespace of the other end; -1: this one, or none */
	char name[IF_NAMESIZE];
	bool up;	 /* the other end is up too */
	bool of_bridge;	 /* what is master is a bridge */
	uint16_t groups; /* which frames for groups it forwards, see LINKS_GROUPS */

	/* the other end as it was when it was first up */
	bool looked, has_mac;
	uint8_t mac[6];
	struct addr *addresses;
	size_t n_addresses;
};

/*
 * Frames for 01:80:c2:00:00:0x (a bit for each x) are no bridge's to forward: they do not pass
 * table bridge, and yet the bridge learns from them where a MAC is, and the host takes them. With
 * its bit set a port has them go the way of all others. What is for ..:01 every bridge drops.
 */
#define LINKS_GROUPS 0xfffd

struct links_list {
	struct links_port *items; /* sorted by index */
	size_t n;
};
void links_list_done(struct links_list *l);
/* Adds or changes a port; what was seen of its other end stays while that is the same. */
struct links_port *links_list_put(struct links_list *l, const struct links_port *port);
void links_list_remove(struct links_list *l, int index);
const struct links_port *links_list_find(const struct links_list *l, int index);
/*
 * What a message of rtnetlink (RTM_NEWLINK, RTM_DELLINK) says. Whether that may change whose a port
 * is. looked: new ports are older than we are, and are not looked into.
 */
bool links_list_take(struct links_list *l, const struct nlmsghdr *nlh, bool looked);
/* Whether p, of this list, is a port of a guarded bridge that lacks LINKS_GROUPS. */
bool links_lacks_groups(const struct links_list *l, const struct settings *s,
			const struct links_port *p);

/* Namespace of the process of a container (by id); nsid -1: it has none here. */
struct links_owner {
	const char *id;
	int nsid;
};

/*
 * Decides: fills the veth of each address of the model's members ("" where it has none), and the
 * model's list of ports. Pure. owners: of all members whose process is known.
 */
void links_decide(const struct links_list *l, const struct settings *s,
		  const struct links_owner *owners, size_t n_owners, struct model *m);

struct links;
struct rtnl;

/* Opens the sockets in the current network namespace, and reads what is there. */
int links_new(struct links **ret, struct err *err);
void links_free(struct links *l);
DEFINE_CLEANUP(struct links, links_free);

int links_fd(const struct links *l); /* poll for reading, then links_dispatch */

/*
 * Reads what had come when it was called. 1 where ports, or whose they are, may have changed; 0; or
 * -errno: what is known stays, to be called again soon, since messages may have been lost.
 */
int links_dispatch(struct links *l, struct err *err);

/* The socket for questions about links (rtnl.h), for those that others have. Borrowed. */
struct rtnl *links_requests(struct links *l);

/* Whether the host has an interface of this name. */
bool links_exists(const struct links *l, const char *name);
/* The names of all of them, sorted, for whoever asks for many. */
void links_names(const struct links *l, struct strv *ret);

/*
 * Has all ports of guarded bridges forward LINKS_GROUPS that don't yet. Returns how many were set,
 * or -errno and the last failure: that of one port does not keep others from it, and the next call
 * tries it again. A port that is gone is none. After each links_dispatch and links_assign.
 */
int links_open_groups(struct links *l, const struct settings *s, struct err *err);

/* links_decide with what is known now; asks the kernel for the namespaces of new processes. */
int links_assign(struct links *l, const struct settings *s, struct model *m, struct err *err);

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/reach.h"

#include <endian.h>
#include <errno.h>

/* linux/posix_acl_xattr.h: all little endian, a version and then entries of tag, rights, id */
#define LIST_VERSION 2
#define LIST_HEAD    ((size_t)4)
#define LIST_ENTRY   ((size_t)8)

enum {
	TAG_OWNER = 0x01,
	TAG_USER = 0x02,
	TAG_OWNING_GROUP = 0x04,
	TAG_GROUP = 0x08,
	TAG_MASK = 0x10,
	TAG_EVERYBODY = 0x20,
};

struct raw {
	unsigned tag, rights;
	uint32_t id;
};

struct reach_node reach_node_make(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	return (struct reach_node){
		.path = xstrdup(path),
		.uid = uid,
		.gid = gid,
		.sticky = mode & 01000,
		.owner = mode >> 6 & 7,
		.group = mode >> 3 & 7,
		.everybody = mode & 7,
	};
}

void reach_node_done(struct reach_node *node)
{
	free(node->path);
	free(node->list);
	*node = (struct reach_node){0};
}

static struct raw raw_at(const char *data, size_t i)
{
	const char *at = data + LIST_HEAD + i * LIST_ENTRY;
	uint16_t tag, rights;
	uint32_t id;

	memcpy(&tag, at, sizeof(tag));
	memcpy(&rights, at + 2, sizeof(rights));
	memcpy(&id, at + 4, sizeof(id));
	return (struct raw){le16toh(tag), le16toh(rights) & 7U, le32toh(id)};
}

static bool is_list(const char *data, size_t size)
{
	uint32_t version;

	if (size < LIST_HEAD || (size - LIST_HEAD) % LIST_ENTRY != 0)
		return false;
	memcpy(&version, data, sizeof(version));
	return le32toh(version) == LIST_VERSION;
}

int reach_read_list(struct reach_node *node, const void *data, size_t size)
{
	size_t n = is_list(data, size) ? (size - LIST_HEAD) / LIST_ENTRY : 0;
	unsigned mask = 7;

	if (n == 0)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		struct raw raw = raw_at(data, i);

		if (raw.tag == TAG_MASK)
			mask = raw.rights;
	}
	for (size_t i = 0; i < n; i++) {
		struct raw raw = raw_at(data, i);

		/* the mode's own bits for the group are the mask, where there is a list */
		if (raw.tag == TAG_OWNING_GROUP)
			node->group = raw.rights & mask;
		else if (raw.tag == TAG_USER || raw.tag == TAG_GROUP)
			ARRAY_PUSH(node->list, node->n_list) = (struct reach_entry){
				raw.tag == TAG_GROUP, raw.id, raw.rights & mask};
	}
	return 0;
}

static bool is_member(const struct reach_user *user, gid_t gid)
{
	for (size_t i = 0; i < user->n_groups; i++) {
		if (user->groups[i] == gid)
			return true;
	}
	return false;
}

/* Any group that has the right gives it; in a group that has not, nobody is everybody. */
static unsigned group_rights(const struct reach_node *node, unsigned right,
			     const struct reach_user *user)
{
	bool member = is_member(user, node->gid), has = member && (node->group & right) == right;

	for (size_t i = 0; i < node->n_list; i++) {
		const struct reach_entry *e = &node->list[i];

		if (!e->is_group || !is_member(user, e->id))
			continue;
		member = true;
		has |= (e->rights & right) == right;
	}
	if (!member)
		return node->everybody;
	return has ? right : 0;
}

static unsigned rights_of(const struct reach_node *node, unsigned right,
			  const struct reach_user *user)
{
	if (!user)
		return node->everybody;
	if (user->uid == node->uid)
		return node->owner;
	for (size_t i = 0; i < node->n_list; i++) {
		if (!node->list[i].is_group && node->list[i].id == user->uid)
			return node->list[i].rights;
	}
	return group_rights(node, right, user);
}

bool reach_may(const struct reach_node *node, unsigned right, const struct reach_user *user)
{
	return (rights_of(node, right, user) & right) == right;
}

static bool may_go(const struct reach_node *nodes, size_t n, const struct reach_user *user)
{
	for (size_t i = 0; i < n; i++) {
		if (!reach_may(&nodes[i], REACH_GO, user))
			return false;
	}
	return true;
}

bool reach_may_connect(const struct reach_node *nodes, size_t n, const struct reach_user *user)
{
	if (n == 0 || !may_go(nodes, n - 1, user))
		return false;
	/* who owns it may give himself what he has not got */
	return (user && user->uid == nodes[n - 1].uid) ||
	       reach_may(&nodes[n - 1], REACH_WRITE, user);
}

/* In a sticky folder what is root's stays; it can be put there while it is not there. */
const struct reach_node *reach_may_replace(const struct reach_node *nodes, size_t n,
					   const struct reach_user *user)
{
	for (size_t i = 0; i + 1 < n; i++) {
		const struct reach_node *node = &nodes[i];
		bool owns = user && user->uid == node->uid;

		if (!may_go(nodes, i, user))
			return NULL;
		if (owns || (!node->sticky && reach_may(node, REACH_WRITE | REACH_GO, user)))
			return node;
	}
	return NULL;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The containers that are known, sorted by id. */
#include "netguard/model.h"

void member_done(struct member *m)
{
	free(m->id);
	free(m->name);
	free(m->pod);
	free(m->joined_id);
	free(m->unguarded);
	free(m->addresses);
	free(m->ports);
	*m = (struct member){0};
}

void member_copy(const struct member *m, struct member *ret)
{
	*ret = *m;
	ret->id = xstrdup(m->id);
	ret->name = xstrdup(m->name);
	ret->pod = xstrdup(m->pod);
	ret->joined_id = xstrdup(m->joined_id);
	ret->unguarded = xstrdup(m->unguarded);
	/* room as ARRAY_PUSH expects it: it grows only at powers of two */
	ret->addresses = NULL;
	ret->n_addresses = 0;
	for (size_t i = 0; i < m->n_addresses; i++)
		ARRAY_PUSH(ret->addresses, ret->n_addresses) = m->addresses[i];
	ret->ports = NULL;
	ret->n_ports = 0;
	for (size_t i = 0; i < m->n_ports; i++)
		ARRAY_PUSH(ret->ports, ret->n_ports) = m->ports[i];
}

bool member_clear(struct member *m, const char *bridge, uint64_t number)
{
	bool changed = false;

	m->seen = number;
	if (!bridge) {
		changed = m->running || m->n_addresses > 0;
		m->running = false;
		m->pid = 0;
		m->n_addresses = 0;
		free(take_ptr(m->addresses));
		return changed;
	}
	for (size_t i = 0; i < m->n_addresses;) {
		if (streq(m->addresses[i].bridge, bridge)) {
			m->addresses[i] = m->addresses[--m->n_addresses];
			changed = true;
		} else {
			i++;
		}
	}
	return changed;
}

struct model *model_new(void)
{
	struct model *m = xcalloc(1, sizeof(*m));

	m->all = m->pods_changed = true;
	return m;
}

static void forget_changes(struct model *m)
{
	for (size_t i = 0; i < m->n_changes; i++) {
		free(m->changes[i].id);
		member_done(&m->changes[i].before);
	}
	free(take_ptr(m->changes));
	m->n_changes = 0;
}

void model_settle(struct model *m)
{
	forget_changes(m);
	m->all = false;
}

void model_touch_all(struct model *m)
{
	forget_changes(m);
	m->all = true;
}

void model_touch(struct model *m, const char *id)
{
	struct model_change change = {.there = false};
	const struct member *member;

	if (m->all)
		return;
	for (size_t i = 0; i < m->n_changes; i++)
		if (streq(m->changes[i].id, id))
			return;
	if (m->n_changes == MODEL_CHANGES_MAX) {
		model_touch_all(m);
		return;
	}
	change.id = xstrdup(id);
	member = model_find(m, id);
	change.there = member != NULL;
	if (member)
		member_copy(member, &change.before);
	ARRAY_PUSH(m->changes, m->n_changes) = change;
}

void model_free(struct model *m)
{
	if (!m)
		return;
	forget_changes(m);
	for (size_t i = 0; i < m->n_members; i++)
		member_done(&m->members[i]);
	free(m->members);
	strv_done(&m->ports);
	strv_done(&m->other_ports);
	free(m);
}

static int compare_id(const void *id, const void *member)
{
	return strcmp(id, ((const struct member *)member)->id);
}

static size_t place_of(const struct model *m, const char *id)
{
	return array_place(id, m->members, m->n_members, sizeof(*m->members), compare_id);
}

struct member *model_find(const struct model *m, const char *id)
{
	size_t i = place_of(m, id);

	return i < m->n_members && streq(m->members[i].id, id) ? &m->members[i] : NULL;
}

size_t model_place_behind(const struct model *m, const char *id)
{
	size_t i = place_of(m, id);

	return i < m->n_members && streq(m->members[i].id, id) ? i + 1 : i;
}

struct member *model_find_joined(const struct model *m, const char *id_or_name)
{
	struct member *found = model_find(m, id_or_name);

	for (size_t i = 0; !found && i < m->n_members; i++) {
		if (m->members[i].name && streq(m->members[i].name, id_or_name))
			found = &m->members[i];
	}
	return found;
}

bool model_publishes(const struct model *m, const char *other_than_id, uint8_t proto,
		     uint16_t host_port)
{
	for (size_t i = 0; i < m->n_members; i++) {
		const struct member *member = &m->members[i];

		for (size_t j = 0; member_is_up(member) && j < member->n_ports; j++) {
			if (member->ports[j].port && member->ports[j].host_port == host_port &&
			    member->ports[j].proto == proto && !streq(member->id, other_than_id))
				return true;
		}
	}
	return false;
}

/* As most answers of the engine say. */
static bool same_pod(const struct member *a, const struct member *b)
{
	return streq_null(a->pod, b->pod) && a->ours == b->ours && a->yields == b->yields;
}

void model_put(struct model *m, struct member *member)
{
	size_t i = place_of(m, member->id);

	model_touch(m, member->id);
	if (i < m->n_members && streq(m->members[i].id, member->id)) {
		m->pods_changed |= !same_pod(&m->members[i], member);
		member_done(&m->members[i]);
	} else {
		size_t behind = m->n_members - i;

		m->pods_changed = true;
		ARRAY_PUSH(m->members, m->n_members) = (struct member){0};
		memmove(&m->members[i + 1], &m->members[i], behind * sizeof(*m->members));
	}
	m->members[i] = *member;
	*member = (struct member){0};
}

void model_remove(struct model *m, const char *id)
{
	size_t i = place_of(m, id);

	if (i == m->n_members || !streq(m->members[i].id, id))
		return;
	model_touch(m, id);
	m->pods_changed = true;
	member_done(&m->members[i]);
	memmove(&m->members[i], &m->members[i + 1], (m->n_members - i - 1) * sizeof(*m->members));
	m->n_members--;
}

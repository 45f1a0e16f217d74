/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/denials_ring.h"

#include <stdio.h>

struct reason {
	char name[32];
	bool counting;
	uint64_t base;	   /* of the counter, when the counting began */
	uint64_t recorded; /* since then */
	uint64_t told;	   /* of what had no record, so many were told */
};

struct denials_ring {
	json_t *records[DENIALS_RING];
	size_t next, n;
	struct reason reasons[DENIALS_REASONS];
	size_t n_reasons;
};

struct denials_ring *denials_ring_new(void)
{
	return xcalloc(1, sizeof(struct denials_ring));
}

void denials_ring_free(struct denials_ring *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < DENIALS_RING; i++)
		json_decref(r->records[i]);
	free(r);
}

/* ---- one record ---- */

static json_t *printable(const char *text)
{
	char buf[256];

	return text && *text ? json_string(text_printable(buf, sizeof(buf), text)) : json_null();
}

static json_t *end_of(const struct model *m, const struct addr *a, bool has_port, uint16_t port)
{
	const struct member *member = denial_member(m, a);
	char text[ADDR_TEXT_MAX];

	return json_pack("{s:s, s:o, s:o, s:o}", "address", addr_format(a, text), "port",
			 has_port ? json_integer(port) : json_null(), "pod",
			 printable(member ? member->pod : NULL), "container",
			 printable(member && member->pod ? member->name : NULL));
}

/* NULL where there is none */
static json_t *host_ports_of(const struct model *m, const struct denial *d)
{
	uint16_t ports[DENIAL_HOST_PORTS];
	size_t n = denial_host_ports(m, d, ports);
	json_t *list = n ? json_array() : NULL;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_integer(ports[i]));
	return list;
}

json_t *denial_json(const struct denial *d, const struct denial_context *c)
{
	char text[DENIAL_TEXT_MAX], proto[8];

	return json_pack("{s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o*, s:s, s:s}", "time",
			 (json_int_t)c->time_ms, "reason", d->reason, "in", printable(c->in), "out",
			 printable(c->out), "uid", d->has_uid ? json_integer(d->uid) : json_null(),
			 "user", printable(d->has_uid ? c->user : NULL), "from",
			 end_of(c->model, &d->from, d->has_ports, d->from_port), "to",
			 end_of(c->model, &d->to, d->has_ports, d->to_port), "host_ports",
			 host_ports_of(c->model, d), "protocol", denial_proto(d->proto, proto),
			 "text", denial_format(d, c->model, c->user, text));
}

/* ---- the ring ---- */

/* NULL where there are too many: reasons are the table's, so that never comes. */
static struct reason *find_reason(struct denials_ring *r, const char *name)
{
	for (size_t i = 0; i < r->n_reasons; i++) {
		if (streq(r->reasons[i].name, name))
			return &r->reasons[i];
	}
	if (r->n_reasons == DENIALS_REASONS || strlen(name) >= sizeof(r->reasons[0].name))
		return NULL;
	memcpy(r->reasons[r->n_reasons].name, name, strlen(name) + 1);
	return &r->reasons[r->n_reasons++];
}

void denials_ring_put(struct denials_ring *r, const char *reason, json_t *record)
{
	struct reason *why = find_reason(r, reason);

	if (why)
		why->recorded++;
	if (!record)
		return;
	json_decref(r->records[r->next]);
	r->records[r->next] = record;
	r->next = (r->next + 1) % DENIALS_RING;
	if (r->n < DENIALS_RING)
		r->n++;
}

json_t *denials_ring_last(const struct denials_ring *r, size_t n)
{
	json_t *list = json_array();

	if (n > r->n)
		n = r->n;
	for (size_t i = 0; i < n; i++)
		json_array_append(list,
				  r->records[(r->next + DENIALS_RING - n + i) % DENIALS_RING]);
	return list;
}

/* ---- what had no record ---- */

uint64_t denials_ring_count(struct denials_ring *r, const char *reason, uint64_t packets,
			    uint64_t least, bool *ret_waits)
{
	struct reason *why = find_reason(r, reason);
	uint64_t denied, without, more;

	if (!why)
		return 0;
	if (!why->counting || packets < why->base) {
		why->counting = true;
		why->base = packets;
		why->recorded = why->told = 0;
		return 0;
	}
	denied = packets - why->base;
	without = denied > why->recorded ? denied - why->recorded : 0;
	more = without > why->told ? without - why->told : 0;
	if (more > 0 && more < least) {
		if (ret_waits)
			*ret_waits = true;
		return 0;
	}
	why->told += more;
	return more;
}

json_t *denials_ring_counts(const struct denials_ring *r)
{
	json_t *object = json_object();

	for (size_t i = 0; i < r->n_reasons; i++)
		json_object_set_new(object, r->reasons[i].name,
				    json_pack("{s:I, s:I}", "recorded",
					      (json_int_t)r->reasons[i].recorded, "suppressed",
					      (json_int_t)r->reasons[i].told));
	return object;
}

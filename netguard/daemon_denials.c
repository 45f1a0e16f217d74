/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Denials as they come: into the ring, to who follows them live, to the log. The table limits how
 * many there are a second; what it counted beyond is told once a second.
 */
#include "netguard/daemon_private.h"

#include "common/accounts.h"
#include "common/clock.h"
#include "common/log.h"
#include "netguard/journal.h"

#include <net/if.h>
#include <stdio.h>
#include <sys/epoll.h>

#define COUNTERS_MAX	16
#define SUPPRESSED_MS	1000
/*
 * What comes up asks whether its addresses are free before it is known, and that is counted as
 * forged, without records: so few are told of once a minute only.
 */
#define FORGED_FEW	100
#define FORGED_FEW_MS	60000
#define FORGED_LOOK_MS	10000
#define DENIED_LAST_MAX DENIALS_RING

/* ---- the log ---- */

static const char *get(const json_t *record, const char *end, const char *key)
{
	return json_string_value(json_object_get(end ? json_object_get(record, end) : record, key));
}

/* Fields under the journal, the same as text elsewhere or where the journal has no room. */
static void log_record(const json_t *record)
{
	_cleanup_free_ char *message = xasprintf("denied %s", get(record, NULL, "text"));
	const json_t *uid = json_object_get(record, "uid");
	json_int_t port =
		json_integer_value(json_object_get(json_object_get(record, "to"), "port"));
	char port_text[24] = "", uid_text[24] = "";
	const struct journal_field fields[] = {
		{"NETGUARD_REASON", get(record, NULL, "reason")},
		{"NETGUARD_POD", get(record, "from", "pod")},
		{"NETGUARD_CONTAINER", get(record, "from", "container")},
		{"NETGUARD_FROM", get(record, "from", "address")},
		{"NETGUARD_TO", get(record, "to", "address")},
		{"NETGUARD_TO_POD", get(record, "to", "pod")},
		{"NETGUARD_TO_CONTAINER", get(record, "to", "container")},
		{"NETGUARD_TO_PORT", port ? port_text : NULL},
		{"NETGUARD_PROTOCOL", get(record, NULL, "protocol")},
		{"NETGUARD_IN", get(record, NULL, "in")},
		{"NETGUARD_OUT", get(record, NULL, "out")},
		{"NETGUARD_UID", json_is_integer(uid) ? uid_text : NULL},
		{"NETGUARD_USER", get(record, NULL, "user")},
		{0},
	};
	struct err err;

	snprintf(port_text, sizeof(port_text), "%lld", (long long)port);
	snprintf(uid_text, sizeof(uid_text), "%lld", (long long)json_integer_value(uid));
	if (!log_is_journal() ||
	    journal_send(JOURNAL_SOCKET, LOG_LEVEL_NOTICE, message, fields, &err) < 0)
		log_notice("%s", message);
}

/* ---- one denial ---- */

static void publish(struct daemon *d, const char *key, json_t *value)
{
	json_t *line = json_pack("{s:O}", key, value);

	if (line && d->control)
		control_publish(d->control, line);
	json_decref(line);
}

static void tell(struct daemon *d, const struct denial_seen *seen)
{
	const struct denial *denial = &seen->denial;
	_cleanup_free_ char *user = denial->has_uid ? accounts_local_name(denial->uid) : NULL;
	const struct denial_context c = {.model = daemon_model(d),
					 .user = user,
					 .in = seen->in,
					 .out = seen->out,
					 .time_ms = seen->time_ms};
	json_t *record = denial_json(denial, &c);

	if (record && config_settings(d->config)->guard.log_denied)
		log_record(record);
	if (record)
		publish(d, "denial", record);
	denials_ring_put(d->ring, denial->reason, record);
}

static void on_denial(void *userdata, const struct denial *denial)
{
	struct daemon *d = userdata;
	struct denial_seen seen = {
		.denial = *denial, .time_ms = clock_real_ms(), .at_ms = loop_now_ms()};

	if (denial->in && !if_indextoname(denial->in, seen.in))
		seen.in[0] = '\0';
	if (denial->out && !if_indextoname(denial->out, seen.out))
		seen.out[0] = '\0';
	if (!denials_early_take(&d->early, daemon_model(d), &seen))
		tell(d, &seen);
}

void daemon_forget_early(struct daemon *d)
{
	for (size_t n = denials_early_forget(&d->early, daemon_model(d)); n > 0; n--)
		denials_ring_put(d->ring, "forged", NULL);
}

static void tell_early(struct daemon *d)
{
	struct denial_seen seen;

	while (denials_early_due(&d->early, loop_now_ms(), &seen))
		tell(d, &seen);
}

/* ---- what had no record ---- */

static uint64_t least_of(const struct daemon *d, const char *reason)
{
	bool few_wait =
		streq(reason, "forged") && loop_now_ms() - d->forged_told_ms < FORGED_FEW_MS;

	return few_wait ? FORGED_FEW : 1;
}

/*
 * Reads the counters; -errno where they can't be, else 1 where some are told of later. silent: only
 * as where the counting begins.
 */
static int count(struct daemon *d, bool silent)
{
	struct keeper_counter counters[COUNTERS_MAX];
	json_t *more = json_object();
	bool waits = false;
	struct err err;
	int n = keeper_counters(d->keeper, counters, COUNTERS_MAX, &err);

	for (int i = 0; i < n; i++) {
		uint64_t packets =
			denials_ring_count(d->ring, counters[i].name, counters[i].packets,
					   least_of(d, counters[i].name), &waits);

		if (packets == 0 || silent)
			continue;
		if (streq(counters[i].name, "forged"))
			d->forged_told_ms = loop_now_ms();
		json_object_set_new(more, counters[i].name, json_integer((json_int_t)packets));
		if (config_settings(d->config)->guard.log_denied)
			log_notice("denied %s: %llu more packets, not logged one by one",
				   counters[i].name, (unsigned long long)packets);
	}
	if (json_object_size(more) > 0)
		publish(d, "suppressed", more);
	json_decref(more);
	return n < 0 ? n : waits;
}

static void read_records(struct daemon *d)
{
	struct err err;

	/* it is tried again at once, and for ever: said once */
	if (denials_dispatch(d->denials, on_denial, d, &err) >= 0) {
		d->denials_failed = false;
	} else if (!d->denials_failed) {
		log_warning("denials: %s", err.text);
		d->denials_failed = true;
	}
}

static void on_denials(struct source *s, uint32_t events _unused_)
{
	struct daemon *d = s->userdata;

	read_records(d);
	if (!d->counting)
		timer_set(&d->suppressed, SUPPRESSED_MS, 0);
	d->counting = true;
}

static void on_suppressed(struct source *s, uint32_t events _unused_)
{
	struct daemon *d = s->userdata;
	int counted;

	if (!timer_read(s))
		return;
	/* what has been logged, or soon is, must not count as missing */
	read_records(d);
	tell_early(d);
	counted = d->early.n == 0 ? count(d, false) : 0;
	/* there may be no further denial to count these with */
	d->counting = counted < 0 || d->early.n > 0;
	if (d->counting)
		timer_set(&d->suppressed, SUPPRESSED_MS, 0);
	else if (counted > 0)
		timer_set(&d->suppressed, FORGED_LOOK_MS, 0);
}

int daemon_denials_start(struct daemon *d, struct err *err)
{
	struct err why;
	int r;

	d->ring = denials_ring_new();
	r = timer_add(d->loop, &d->suppressed, on_suppressed, d, err);
	if (r < 0)
		return r;
	if (denials_new(&d->denials, &why) < 0) {
		log_warning("denials are counted, but not logged: %s", why.text);
		return 0;
	}
	count(d, true);
	return source_add(d->loop, &d->denials_source, denials_fd(d->denials), EPOLLIN, on_denials,
			  d, err);
}

json_t *daemon_denied(struct daemon *d, size_t n)
{
	return json_pack("{s:b, s:o, s:o}", "listening", (int)(d->denials != NULL), "denied",
			 denials_ring_last(d->ring, n > DENIED_LAST_MAX ? DENIED_LAST_MAX : n),
			 "counts", denials_ring_counts(d->ring));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/scan_print.h"

#include "common/json_build.h"
#include "common/log.h"
#include "podctl/live.h"
#include "podctl/table.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

size_t scan_failures(const struct scan_targets *targets)
{
	size_t n = 0;

	for (size_t i = 0; i < targets->n; i++)
		n += targets->items[i].err.code != 0;
	return n;
}

static size_t unwatched(const struct scan_targets *targets)
{
	size_t n = 0;

	for (size_t i = 0; i < targets->n; i++)
		n += !targets->items[i].watched && !targets->items[i].err.code;
	return n;
}

/* A container that is missing altogether has no files. */
static size_t uncompared(const struct scan_targets *targets)
{
	size_t n = 0;

	for (size_t i = 0; i < targets->n; i++) {
		const struct scan_target *t = &targets->items[i];

		n += !t->compared && !t->err.code && *t->id;
	}
	return n;
}

static bool is_shown(const struct scan_report *r, const struct scan_alert *a)
{
	return scan_alert_of(a, r->pod) && !a->acknowledged;
}

static size_t acknowledged(const struct scan_report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->alerts->n; i++)
		n += scan_alert_of(&r->alerts->items[i], r->pod) &&
		     r->alerts->items[i].acknowledged;
	return n;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* In quotation marks where it is more than one word. Caller frees. */
static char *quote(const struct scan_alert *a)
{
	const char *s = a->what;
	_cleanup_free_ char *out = NULL;
	size_t at = 0;

	if (a->kind == SCAN_MORE)
		return xasprintf("%llu %s", (unsigned long long)a->more, s);
	if (a->kind == SCAN_PROCESS || a->kind == SCAN_MISSING || !strpbrk(s, " \"'"))
		return xstrdup(s);
	out = xmalloc(2 * strlen(s) + 3);
	out[at++] = '"';
	for (; *s; s++) {
		if (*s == '"')
			out[at++] = '\\';
		out[at++] = *s;
	}
	out[at++] = '"';
	out[at] = '\0';
	return take_ptr(out);
}

static void format_time(int64_t at, bool utc, char *buf, size_t size)
{
	time_t t = at;
	struct tm tm = {0};

	if (utc)
		gmtime_r(&t, &tm);
	else
		localtime_r(&t, &tm);
	if (strftime(buf, size, utc ? "%FT%TZ" : "%F %H:%M", &tm) == 0)
		snprintf(buf, size, "?");
}

static void add_row(struct table *t, const struct scan_alert *a)
{
	_cleanup_free_ char *what = quote(a), *id = xasprintf("@%llu", (unsigned long long)a->id),
			    *count = xasprintf("%llu", (unsigned long long)a->count);
	char first[32], last[32];

	format_time(a->first, false, first, sizeof(first));
	format_time(a->last, false, last, sizeof(last));
	table_add(t, 7,
		  (const char *const[]){id, *a->container ? a->container : "-",
					scan_kind_name(a->kind), first, last, count, what},
		  a->fresh ? UI_RED : UI_YELLOW);
}

static void print_sums(const struct scan_report *r, const struct ui *ui)
{
	size_t standing = scan_alerts_standing(r->alerts, r->pod), silent = acknowledged(r),
	       without = unwatched(r->targets), unseen = uncompared(r->targets);
	char rest[64] = "";

	if (silent > 0)
		snprintf(rest, sizeof(rest), ", %zu acknowledged", silent);
	ui_say(ui, "%zu container%s scanned: %zu alert%s stand%s%s", r->targets->n,
	       plural(r->targets->n), standing, plural(standing), standing == 1 ? "s" : "", rest);
	if (without > 0)
		ui_say(ui, "the processes of %zu were not looked at: no entry in scan.processes",
		       without);
	if (unseen > 0)
		ui_say(ui,
		       "the files of %zu were not compared with the image's: the engine does not "
		       "have overlay2 on this host, so what kept its size and times was not seen",
		       unseen);
	if (standing > 0)
		ui_say(ui, "to acknowledge: podctl scan --ack ID...%s%s",
		       r->pod || r->own ? " " : "",
		       r->pod	? r->pod
		       : r->own ? "NAME"
				: "");
	if (r->own)
		ui_say(ui, "only your pods were looked at: the whole host is for root to scan");
}

void scan_print(const struct scan_report *r, const struct ui *ui)
{
	struct table t = {.width = live_columns(STDOUT_FILENO), .flexible = 1U << 6 | 1U << 1};

	if (ui->quiet)
		return;
	table_add(&t, 7,
		  (const char *const[]){"ID", "CONTAINER", "KIND", "FIRST SEEN", "LAST SEEN",
					"COUNT", "WHAT"},
		  UI_BOLD);
	for (size_t i = 0; i < r->alerts->n; i++) {
		if (is_shown(r, &r->alerts->items[i]))
			add_row(&t, &r->alerts->items[i]);
	}
	if (t.n > 1)
		table_print(&t, ui, 2);
	table_done(&t);
	print_sums(r, ui);
}

static json_t *alert_json(const struct scan_alert *a)
{
	_cleanup_free_ char *id = xasprintf("@%llu", (unsigned long long)a->id);
	char first[32], last[32];
	json_t *json;

	format_time(a->first, true, first, sizeof(first));
	format_time(a->last, true, last, sizeof(last));
	json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:b, s:b, s:b}", "id", id,
			 "container", a->container, "container_id", a->container_id, "kind",
			 scan_kind_name(a->kind), "what", a->what, "first_seen", first, "last_seen",
			 last, "count", (json_int_t)a->count, "present", (int)a->present, "new",
			 (int)a->fresh, "acknowledged", (int)a->acknowledged);
	json_put(json, "pod", *a->pod ? json_string(a->pod) : json_null());
	if (a->kind == SCAN_MORE)
		json_put(json, "more", json_integer((json_int_t)a->more));
	return json;
}

void scan_print_json(const struct scan_report *r)
{
	json_t *alerts = json_array(), *failures = json_array();
	json_auto_t *root = NULL;

	for (size_t i = 0; i < r->alerts->n; i++) {
		if (scan_alert_of(&r->alerts->items[i], r->pod))
			json_push(alerts, alert_json(&r->alerts->items[i]));
	}
	for (size_t i = 0; i < r->targets->n; i++) {
		const struct scan_target *t = &r->targets->items[i];

		if (t->err.code)
			json_push(failures,
				  json_pack("{s:s, s:s, s:o}", "container", t->name, "container_id",
					    t->id, "error", json_text(t->err.text)));
	}
	root = json_pack("{s:I, s:I, s:I, s:I, s:o, s:o}", "containers", (json_int_t)r->targets->n,
			 "containers_without_process_rules", (json_int_t)unwatched(r->targets),
			 "containers_not_compared", (json_int_t)uncompared(r->targets), "standing",
			 (json_int_t)scan_alerts_standing(r->alerts, r->pod), "alerts", alerts,
			 "failures", failures);
	if (json_dumpf(root, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) < 0 && !ferror(stdout))
		abort();
	printf("\n");
}

static void metric(const char *name, const char *help, uint64_t value)
{
	printf("# HELP %s %s\n# TYPE %s gauge\n%s %llu\n", name, help, name, name,
	       (unsigned long long)value);
}

/* A label's value, between its quotation marks. */
static void print_label(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			printf("\\n");
		else
			printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	}
}

/* Those that stand, by container and kind: in order of that, each pair once. */
static void print_alert_metrics(const struct scan_report *r)
{
	const struct scan_alerts *a = r->alerts;
	_cleanup_free_ bool *done = xcalloc(a->n + 1, sizeof(*done));

	printf("# HELP podctl_scan_alerts Alerts that stand.\n# TYPE podctl_scan_alerts gauge\n");
	for (size_t i = 0; i < a->n; i++) {
		const struct scan_alert *x = &a->items[i];
		unsigned long long n = 0;

		if (done[i] || !is_shown(r, x))
			continue;
		for (size_t k = i; k < a->n; k++) {
			const struct scan_alert *y = &a->items[k];

			if (is_shown(r, y) && y->kind == x->kind &&
			    streq(y->container, x->container) && streq(y->pod, x->pod)) {
				done[k] = true;
				n++;
			}
		}
		printf("podctl_scan_alerts{pod=\"");
		print_label(x->pod);
		printf("\",container=\"");
		print_label(x->container);
		printf("\",kind=\"%s\"} %llu\n", scan_kind_name(x->kind), n);
	}
}

void scan_print_metrics(const struct scan_report *r)
{
	print_alert_metrics(r);
	metric("podctl_scan_alerts_standing", "Alerts that stand, of all containers.",
	       scan_alerts_standing(r->alerts, r->pod));
	metric("podctl_scan_alerts_acknowledged", "Alerts that are known and last.",
	       acknowledged(r));
	metric("podctl_scan_containers", "Containers that were scanned.", r->targets->n);
	metric("podctl_scan_failed_containers", "Containers that could not be scanned whole.",
	       scan_failures(r->targets));
	metric("podctl_scan_not_compared_containers",
	       "Containers of which only the engine's list of changes was seen.",
	       uncompared(r->targets));
	metric("podctl_scan_time_seconds", "When this was scanned, in Unix time.",
	       (uint64_t)r->now);
}

void scan_log(const struct scan_report *r)
{
	size_t standing = scan_alerts_standing(r->alerts, r->pod), fresh = 0;

	for (size_t i = 0; i < r->alerts->n; i++) {
		const struct scan_alert *a = &r->alerts->items[i];
		_cleanup_free_ char *what = quote(a);

		if (!is_shown(r, a) || !a->fresh)
			continue;
		fresh++;
		log_warning("alert @%llu: container %s: %s %s", (unsigned long long)a->id,
			    *a->container ? a->container : "-", scan_kind_name(a->kind), what);
	}
	log_msg(standing > 0 ? LOG_LEVEL_NOTICE : LOG_LEVEL_INFO,
		"%zu container%s scanned: %zu alert%s stand%s, %zu new", r->targets->n,
		plural(r->targets->n), standing, plural(standing), standing == 1 ? "s" : "", fresh);
	if (uncompared(r->targets) > 0)
		log_notice("the files of %zu were not compared with the image's: the engine does "
			   "not have overlay2 on this host",
			   uncompared(r->targets));
}

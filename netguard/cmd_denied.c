/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was denied lately, or as it comes: asked of the daemon, for root. */
#include "common/addr.h"
#include "common/guard_client.h"
#include "common/log.h"
#include "netguard/commands.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define DENIED_MS    10000
#define LAST_DEFAULT 20
#define LAST_MAX     10000
#define DENIED_USAGE "denied [-f | --follow] [-n N] [--json]"

struct options {
	bool follow, json;
	int last;
	bool first; /* the first reply is still to come */
};

/* Text of the daemon, made printable again: what is shown is not trusted twice. */
static void put(const char *before, const char *text)
{
	char printable[1024];

	printf("%s%s", before, text_printable(printable, sizeof(printable), text ? text : ""));
}

static void put_time(const json_t *record)
{
	json_int_t ms = json_integer_value(json_object_get(record, "time"));
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	char text[64];

	if (localtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm))
		printf("%s.%03d ", text, (int)(ms % 1000));
}

static void put_interface(const json_t *record, const char *key)
{
	const char *name = json_string_value(json_object_get(record, key));

	if (!name)
		return;
	printf(" %s=", key);
	put("", name);
}

static void put_record(const struct options *o, const json_t *record)
{
	if (o->json) {
		json_dumpf(record, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	} else {
		put_time(record);
		put("", json_string_value(json_object_get(record, "text")));
		put_interface(record, "in");
		put_interface(record, "out");
	}
	putchar('\n');
}

static void put_suppressed(const struct options *o, const char *reason, json_int_t n)
{
	if (n <= 0)
		return;
	if (o->json) {
		json_t *line = json_pack("{s:{s:I}}", "suppressed", reason, n);

		json_dumpf(line, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		json_decref(line);
		putchar('\n');
		return;
	}
	put("", reason);
	printf(": %lld more packets were denied that have no record\n", (long long)n);
}

static void put_first(const struct options *o, json_t *reply)
{
	const json_t *list = json_object_get(reply, "denied"), *record;
	const char *reason;
	json_t *count;
	size_t i;

	json_array_foreach (list, i, record)
		put_record(o, record);
	if (!json_is_true(json_object_get(reply, "listening")))
		log_warning("another program has log group 86: denials are counted, but have no "
			    "record (see netguard status)");
	json_object_foreach (json_object_get(reply, "counts"), reason, count)
		put_suppressed(o, reason, json_integer_value(json_object_get(count, "suppressed")));
}

/* The records, then each further line: a denial, or what had no record. */
static int on_line(void *userdata, const json_t *line)
{
	struct options *o = userdata;
	json_t *suppressed = json_object_get(line, "suppressed"), *n;
	const json_t *record = json_object_get(line, "denial");
	json_t *copy = json_incref((json_t *)(uintptr_t)line);
	const char *reason;

	if (o->first)
		put_first(o, copy);
	else if (record)
		put_record(o, record);
	if (!o->first)
		json_object_foreach (suppressed, reason, n)
			put_suppressed(o, reason, json_integer_value(n));
	o->first = false;
	json_decref(copy);
	/* a reader that went away ends us */
	return fflush(stdout) == 0 && !ferror(stdout) ? !o->follow : -EPIPE;
}

/* NULL, or what was wrong. */
static const char *parse(int argc, char **argv, struct options *o)
{
	for (int i = 1; i < argc; i++) {
		uint16_t n;

		if (streq(argv[i], "-f") || streq(argv[i], "--follow")) {
			o->follow = true;
		} else if (streq(argv[i], "--json")) {
			o->json = true;
		} else if (streq(argv[i], "-n") && i + 1 < argc) {
			i++;
			if (streq(argv[i], "0"))
				o->last = 0;
			else if (port_parse(argv[i], &n) && n <= LAST_MAX)
				o->last = n;
			else
				return "-n";
		} else {
			return argv[i];
		}
	}
	return NULL;
}

int cmd_denied(int argc, char **argv)
{
	struct options o = {.last = LAST_DEFAULT, .first = true};
	const char *wrong = parse(argc, argv, &o);
	json_t *request;
	struct err err;
	int r;

	if (wrong && streq(wrong, "-n")) {
		log_error("denied: -n wants a number from 0 to %d", LAST_MAX);
		return 1;
	}
	if (wrong)
		return command_usage(DENIED_USAGE, wrong);
	request = json_pack("{s:{s:i, s:b}}", "denied", "last", o.last, "follow", (int)o.follow);
	r = guard_client_follow(request, DENIED_MS, on_line, &o, &err);
	json_decref(request);
	if (r == -EPIPE)
		return 1;
	if (r < 0) {
		log_error("denied: %s",
			  r == -ECONNRESET && !o.first ? "netguard has ended" : err.text);
		return 1;
	}
	return 0;
}

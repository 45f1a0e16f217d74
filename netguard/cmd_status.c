/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/guard_client.h"
#include "common/json_show.h"
#include "common/log.h"
#include "netguard/commands.h"
#include "netguard/metrics.h"

#include <stdio.h>

#define STATUS_MS 10000

enum form { FORM_TEXT, FORM_JSON, FORM_METRICS };

/* Text of the daemon, made printable again: what is shown is not trusted twice. */
static void put(const char *before, const json_t *text, const char *after)
{
	char printable[512];
	const char *value = json_string_value(text);

	printf("%s%s%s", before, text_printable(printable, sizeof(printable), value ? value : ""),
	       after);
}

static void put_port(const json_t *p)
{
	const json_t *host_ip = json_object_get(p, "host_ip");
	const char *host = json_string_value(host_ip);

	printf("  ");
	if (host && host[0] && !streq(host, "0.0.0.0") && !streq(host, "::"))
		put("[", host_ip, "]:");
	printf("%lld -> %lld/", (long long)json_integer_value(json_object_get(p, "host_port")),
	       (long long)json_integer_value(json_object_get(p, "port")));
	put("", json_object_get(p, "protocol"), "");
}

static void put_container(const json_t *c)
{
	const json_t *addresses = json_object_get(c, "addresses");
	const json_t *ports = json_object_get(c, "ports"), *item;
	size_t i;

	put("    ", json_object_get(c, "name"), "  ");
	put("", json_object_get(c, "guard"), "");
	json_array_foreach (addresses, i, item)
		put(" ", item, "");
	json_array_foreach (ports, i, item) {
		const char *host = json_string_value(json_object_get(item, "host_ip"));

		/* the engine lists 0.0.0.0 and [::]; once is enough for a person */
		if (!host || !streq(host, "::"))
			put_port(item);
	}
	putchar('\n');
}

/* 1234567 as "1.2 MB" */
static void put_bytes(json_int_t n)
{
	static const char units[][3] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	double value = (double)n;
	size_t unit = 0;

	while (value >= 1000 && unit + 1 < ARRAY_SIZE(units)) {
		value /= 1000;
		unit++;
	}
	printf(unit && value < 10 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

/* ", sent 37 packets, 2.9 kB"; nothing where that is not known */
static void put_traffic(const char *what, const json_t *traffic)
{
	if (!traffic)
		return;
	printf(", %s %lld packets, ", what,
	       (long long)json_integer_value(json_object_get(traffic, "packets")));
	put_bytes(json_integer_value(json_object_get(traffic, "bytes")));
}

static void put_pods(json_t *pods, const json_t *sent, const json_t *received)
{
	const char *name;
	json_t *containers, *item;
	size_t i;

	json_object_foreach (pods, name, containers) {
		char printable[128];

		printf("  pod %s", text_printable(printable, sizeof(printable), name));
		put_traffic("sent", json_object_get(sent, name));
		put_traffic("received", json_object_get(received, name));
		putchar('\n');
		json_array_foreach (containers, i, item)
			put_container(item);
	}
}

static void put_denied(const json_t *s)
{
	const json_t *log = json_object_get(s, "log");
	const char *name;
	json_t *value;

	printf("denied packets:\n");
	json_object_foreach (json_object_get(s, "denied"), name, value) {
		char printable[128];

		printf("  %-24s %lld\n", text_printable(printable, sizeof(printable), name),
		       (long long)json_integer_value(value));
	}
	if (json_is_false(json_object_get(log, "listening")))
		printf("  (not logged: another program has log group 86)\n");
}

static void put_status(const json_t *s)
{
	const json_t *table = json_object_get(s, "table"), *engine = json_object_get(s, "engine");
	const json_t *warnings = json_object_get(s, "warnings"), *item;
	const json_t *generation = json_object_get(table, "generation");
	const json_t *config = json_object_get(s, "configuration");
	size_t i;

	put("table:  ", json_object_get(table, "state"), "");
	printf(", %lld elements%s",
	       (long long)json_integer_value(json_object_get(table, "elements")),
	       json_is_true(json_object_get(table, "owned")) ? ", nobody else may change it" : "");
	if (json_is_string(json_object_get(table, "error")))
		put(": ", json_object_get(table, "error"), "");
	if (json_is_integer(generation))
		printf(" (generation %lld)", (long long)json_integer_value(generation));
	put("\nconfig: ", json_object_get(config, "path"), "");
	if (json_is_string(json_object_get(config, "problem")))
		printf(", not in force as it is now");
	put("\nengine: ", json_object_get(engine, "state"), "");
	put(", API ", json_object_get(engine, "api"), "");
	if (json_is_string(json_object_get(engine, "why")))
		put(": ", json_object_get(engine, "why"), "");
	printf("\npods:\n");
	put_pods(json_object_get(s, "pods"), json_object_get(s, "sent"),
		 json_object_get(s, "received"));
	put_denied(s);
	json_array_foreach (warnings, i, item)
		put("warning: ", item, "\n");
}

static void show(json_t *reply, enum form form)
{
	if (form == FORM_METRICS) {
		metrics_print(reply, stdout);
		return;
	}
	if (form == FORM_TEXT) {
		put_status(reply);
		return;
	}
	json_object_del(reply, "ok");
	json_show(reply);
}

int cmd_status(int argc, char **argv)
{
	enum form form = FORM_TEXT;
	json_t *request, *reply = NULL;
	struct err err;
	int r;

	if (argc > 1 && streq(argv[1], "--json"))
		form = FORM_JSON;
	else if (argc > 1 && streq(argv[1], "--metrics"))
		form = FORM_METRICS;
	if (argc > 2 || (argc > 1 && form == FORM_TEXT))
		return command_usage("status [--json | --metrics]",
				     argv[form == FORM_TEXT ? 1 : 2]);
	request = json_pack("{s:b}", "status", 1);
	r = guard_client_ask(request, STATUS_MS, &reply, &err);
	json_decref(request);
	if (r < 0) {
		log_error("status: %s", err.text);
		return 1;
	}
	show(reply, form);
	json_decref(reply);
	return 0;
}

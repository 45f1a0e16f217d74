/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/metrics.h"

#include "common/text.h"

/* A label's value: backslash and quote are escaped, what drives a terminal or ends a line is "?".
 */
static void put_value(FILE *out, const char *text)
{
	size_t size = strlen(text) + 1;
	_cleanup_free_ char *printable = xmalloc(size);

	for (const char *p = text_printable(printable, size, text); *p; p++) {
		if (*p == '\\' || *p == '"')
			fputc('\\', out);
		fputc(*p, out);
	}
}

static void put_label(FILE *out, const char *before, const char *name, const char *value)
{
	fprintf(out, "%s%s=\"", before, name);
	put_value(out, value);
	fputc('"', out);
}

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(FILE *out, const char *name, const char *type, const char *help, json_int_t value)
{
	head(out, name, type, help);
	fprintf(out, "%s %lld\n", name, (long long)value);
}

static bool is_text(const json_t *object, const char *key, const char *wanted)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && streq(text, wanted);
}

static void put_table(const json_t *s, FILE *out)
{
	const json_t *table = json_object_get(s, "table"), *engine = json_object_get(s, "engine");
	const json_t *config = json_object_get(s, "configuration");
	const char *version = json_string_value(json_object_get(s, "version"));

	if (version) {
		head(out, "netguard_info", "gauge", "The daemon's version.");
		put_label(out, "netguard_info{", "version", version);
		fputs("} 1\n", out);
	}
	if (json_is_object(table)) {
		one(out, "netguard_table_in_force", "gauge",
		    "Whether the kernel has all that it should have.",
		    is_text(table, "state", "in force"));
		one(out, "netguard_table_owned", "gauge",
		    "Whether nobody else may change the table.",
		    json_is_true(json_object_get(table, "owned")));
		one(out, "netguard_table_elements", "gauge", "Elements in all sets of the table.",
		    json_integer_value(json_object_get(table, "elements")));
		one(out, "netguard_table_put_back_total", "counter",
		    "How often somebody else's change was undone.",
		    json_integer_value(json_object_get(table, "put_back")));
	}
	if (json_is_object(engine))
		one(out, "netguard_engine_up", "gauge", "Whether the engine's events are followed.",
		    is_text(engine, "state", "up"));
	if (json_is_object(config))
		one(out, "netguard_configuration_ok", "gauge",
		    "Whether what the file says is in force.",
		    json_is_null(json_object_get(config, "problem")));
	if (json_is_array(json_object_get(s, "warnings")))
		one(out, "netguard_warnings", "gauge", "Warnings of netguard status.",
		    (json_int_t)json_array_size(json_object_get(s, "warnings")));
}

static const char *const states[] = {"guarded", "closed", "not guarded", "not running",
				     "no network"};

static void put_pods(json_t *pods, FILE *out)
{
	const char *pod;
	json_t *containers;

	head(out, "netguard_containers", "gauge", "Containers of a pod, by what holds for them.");
	json_object_foreach (pods, pod, containers) {
		for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
			const json_t *c;
			size_t n = 0, j;

			json_array_foreach (containers, j, c)
				n += is_text(c, "guard", states[i]);
			put_label(out, "netguard_containers{", "pod", pod);
			put_label(out, ",", "guard", states[i]);
			fprintf(out, "} %zu\n", n);
		}
	}
}

/* One sample for each key of an object of objects. */
static void put_each(json_t *object, const char *name, const char *label, const char *member,
		     const char *help, FILE *out)
{
	const char *key;
	json_t *value;

	if (json_object_size(object) == 0)
		return;
	head(out, name, "counter", help);
	json_object_foreach (object, key, value) {
		fprintf(out, "%s", name);
		put_label(out, "{", label, key);
		fprintf(out, "} %lld\n",
			(long long)json_integer_value(json_object_get(value, member)));
	}
}

void metrics_print(const json_t *status, FILE *out)
{
	json_t *pods = json_object_get(status, "pods"), *sent = json_object_get(status, "sent");
	json_t *received = json_object_get(status, "received");
	json_t *counters = json_object_get(status, "counters");
	json_t *reasons = json_object_get(json_object_get(status, "log"), "reasons");

	put_table(status, out);
	if (json_object_size(pods) > 0)
		put_pods(pods, out);
	put_each(sent, "netguard_pod_sent_packets_total", "pod", "packets",
		 "Packets that the pod's containers sent.", out);
	put_each(sent, "netguard_pod_sent_bytes_total", "pod", "bytes",
		 "Bytes that the pod's containers sent.", out);
	put_each(received, "netguard_pod_received_packets_total", "pod", "packets",
		 "Packets that the pod's containers received.", out);
	put_each(received, "netguard_pod_received_bytes_total", "pod", "bytes",
		 "Bytes that the pod's containers received.", out);
	put_each(counters, "netguard_denied_packets_total", "reason", "packets",
		 "Packets that were denied.", out);
	put_each(counters, "netguard_denied_bytes_total", "reason", "bytes",
		 "Bytes that were denied.", out);
	put_each(reasons, "netguard_denied_unrecorded_total", "reason", "suppressed",
		 "Packets that were denied without a record, since the daemon started.", out);
}

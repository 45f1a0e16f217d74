/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Metrics are what Prometheus reads: checked by a parser of its text format. */
#include "netguard/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const char status[] =
	"{\"version\":\"v1-\\\"2\\\\3\\n\\u001b\\u009b\",\"table\":{\"state\":\"in "
	"force\",\"owned\":true,"
	"\"elements\":26,\"put_back\":2},\"engine\":{\"state\":\"down\"},"
	"\"configuration\":{\"path\":\"/etc/netguard.yml\",\"problem\":null},"
	"\"pods\":{\"web\":[{\"guard\":\"guarded\"},{\"guard\":\"guarded\"},{\"guard\":\"closed\"}]"
	","
	"\"db\":[]},\"sent\":{\"web\":{\"packets\":7,\"bytes\":9000000000000}},"
	"\"received\":{\"web\":{\"packets\":8,\"bytes\":512}},"
	"\"counters\":{\"forged\":{\"packets\":1,\"bytes\":60}},"
	"\"log\":{\"reasons\":{\"forged\":{\"suppressed\":3}}},\"warnings\":[\"x\",\"y\"]}";

static char *print(const char *json)
{
	json_t *s = json_loads(json, 0, NULL);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(s);
	metrics_print(s, out);
	fclose(out);
	json_decref(s);
	return text;
}

/* [a-zA-Z_:][a-zA-Z0-9_:]* */
static const char *skip_name(const char *p)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:";
	const char *start = p;

	if (!*p || !strchr(letters, *p))
		return NULL;
	while (*p && (strchr(letters, *p) || (*p >= '0' && *p <= '9')))
		p++;
	return p > start ? p : NULL;
}

/* name="value",...} with \\ \" \n as the only escapes. Returns what is behind, or NULL. */
static const char *skip_labels(const char *p)
{
	for (;;) {
		p = skip_name(p);
		if (!p || *p++ != '=' || *p++ != '"')
			return NULL;
		for (; *p != '"'; p++) {
			if (*p == '\0' || *p == '\n')
				return NULL;
			if (*p == '\\' && *++p != '\\' && *p != '"' && *p != 'n')
				return NULL;
		}
		p++;
		if (*p == '}')
			return p + 1;
		if (*p++ != ',')
			return NULL;
	}
}

/* The family that the last HELP and TYPE are for; each once, before its samples. */
struct parser {
	char help[128], type[128];
	char seen[64][128];
	size_t n_seen, n_samples;
};

static void take_comment(struct parser *p, const char *line)
{
	const char *name = line + 7, *end = strchr(name, ' ');
	char *to = line[2] == 'H' ? p->help : p->type;

	if (!end || !end[1] || (size_t)(end - name) >= sizeof(p->help)) {
		fail_msg("no HELP or TYPE: %s", line);
		return;
	}
	memset(to, 0, sizeof(p->help));
	memcpy(to, name, (size_t)(end - name));
	if (line[2] == 'H') {
		for (size_t i = 0; i < p->n_seen; i++)
			assert_string_not_equal(p->seen[i], p->help);
		assert_true(p->n_seen < ARRAY_SIZE(p->seen));
		memcpy(p->seen[p->n_seen++], p->help, sizeof(p->help));
		return;
	}
	assert_string_equal(p->help, p->type);
	assert_true(streq(end + 1, "gauge") || streq(end + 1, "counter"));
	/* counters end in _total, and nothing else does */
	assert_int_equal(streq(end + 1, "counter"),
			 strlen(p->type) > 6 && streq(p->type + strlen(p->type) - 6, "_total"));
}

static void take_sample(struct parser *p, const char *line)
{
	const char *end = skip_name(line);
	char *number_end;

	if (end && *end == '{')
		end = skip_labels(end + 1);
	if (!end || *end != ' ') {
		fail_msg("no sample: %s", line);
		return;
	}
	assert_memory_equal(line, p->type, strlen(p->type));
	assert_non_null(strchr("{ ", line[strlen(p->type)]));
	(void)strtoll(end + 1, &number_end, 10);
	assert_true(number_end > end + 1 && *number_end == '\0');
	p->n_samples++;
}

static size_t parse(char *text)
{
	struct parser p = {.n_samples = 0};

	assert_true(!*text || text[strlen(text) - 1] == '\n');
	for (char *line = text, *next; *line; line = next) {
		next = strchr(line, '\n');
		if (!next)
			break;
		*next++ = '\0';
		if (startswith(line, "# HELP ") || startswith(line, "# TYPE "))
			take_comment(&p, line);
		else
			take_sample(&p, line);
	}
	return p.n_samples;
}

static void test_format(void **state)
{
	_cleanup_free_ char *text = print(status);

	(void)state;
	assert_non_null(strstr(text, "netguard_info{version=\"v1-\\\"2\\\\3???\"} 1\n"));
	assert_non_null(strstr(text, "\nnetguard_table_in_force 1\n"));
	assert_non_null(strstr(text, "\nnetguard_engine_up 0\n"));
	assert_non_null(strstr(text, "\nnetguard_configuration_ok 1\n"));
	assert_non_null(strstr(text, "\nnetguard_warnings 2\n"));
	assert_non_null(strstr(text, "{pod=\"web\",guard=\"guarded\"} 2\n"));
	assert_non_null(strstr(text, "{pod=\"db\",guard=\"guarded\"} 0\n"));
	assert_non_null(
		strstr(text, "\nnetguard_pod_sent_bytes_total{pod=\"web\"} 9000000000000\n"));
	assert_non_null(strstr(text, "\nnetguard_pod_sent_packets_total{pod=\"web\"} 7\n"));
	assert_non_null(strstr(text, "\nnetguard_pod_received_packets_total{pod=\"web\"} 8\n"));
	assert_non_null(strstr(text, "\nnetguard_pod_received_bytes_total{pod=\"web\"} 512\n"));
	assert_non_null(strstr(text, "\nnetguard_denied_packets_total{reason=\"forged\"} 1\n"));
	assert_non_null(strstr(text, "\nnetguard_denied_unrecorded_total{reason=\"forged\"} 3\n"));
	assert_int_equal(parse(text), 8 + 10 + 7);
}

/* What the daemon could not tell gives no sample, and never a broken line. */
static void test_parts(void **state)
{
	static const char *const parts[] = {
		"{}", "{\"table\":{}}",
		"{\"pods\":{},\"sent\":null,\"received\":null,\"counters\":[]}",
		"{\"pods\":{\"a\":5},\"sent\":{\"a\":[]},\"log\":7,\"warnings\":{}}",
		"{\"version\":5,\"engine\":[],\"configuration\":{\"problem\":\"x\"}}"};
	_cleanup_free_ char *nothing = print("{}");

	(void)state;
	assert_string_equal(nothing, "");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		_cleanup_free_ char *text = print(parts[i]);

		parse(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

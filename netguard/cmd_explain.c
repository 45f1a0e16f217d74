/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may send what to whom, and why: asked of the daemon, printed for people. */
#include "common/accounts.h"
#include "common/guard_client.h"
#include "common/json_show.h"
#include "common/log.h"
#include "netguard/commands.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>

#define EXPLAIN_MS 10000

enum { ACCEPTED = 0, FAILED = 1, DENIED = 2 };

/* The daemon does not look users up for strangers, so their uid is sent. */
static json_t *request_for(const char *from, const char *to, struct err *err)
{
	const char *user = startswith(from, "user:");
	json_t *request = json_pack("{s:{s:s, s:s}}", "explain", "from", from, "to", to);
	const struct passwd *pw;

	if (!request) {
		err_set(err, EINVAL, "FROM and TO must be text");
		return NULL;
	}
	pw = user && *user ? getpwnam(user) : NULL;
	if (pw)
		json_object_set_new(json_object_get(request, "explain"), "uid",
				    json_integer((json_int_t)pw->pw_uid));
	return request;
}

static const char *get(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void put(const char *before, const char *text)
{
	char printable[1024];

	if (text)
		printf("%s%s", before, text_printable(printable, sizeof(printable), text));
}

static void put_config(const json_t *c, bool accept)
{
	const json_t *config = json_object_get(c, "config");
	json_int_t line = json_integer_value(json_object_get(config, "line"));

	if (!json_is_object(config))
		return;
	put(accept ? "  config: " : "  change: ", get(config, "file"));
	if (line > 0)
		printf(":%lld:%lld", (long long)line,
		       (long long)json_integer_value(json_object_get(config, "column")));
	put(": ", get(config, "key"));
	put(": ", get(config, "change"));
	putchar('\n');
}

/* What is said of a case behind its first line. */
static void put_why(const json_t *c)
{
	bool accept = streq(get(c, "verdict"), "accept");

	put("  reason: ", get(c, "reason"));
	if (get(c, "rule")) {
		put("\n  rule:   chain ", get(c, "chain"));
		put(": ", get(c, "rule"));
		put("\n          ", get(c, "element"));
	}
	putchar('\n');
	put_config(c, accept);
}

static void put_case(const json_t *c)
{
	bool accept = streq(get(c, "verdict"), "accept");

	put("", accept ? "accept" : "deny");
	if (!accept) {
		put(" (", get(c, "how"));
		printf(")");
	}
	put(": ", get(c, "from"));
	put(" -> ", get(c, "to"));
	put(", ", get(c, "condition"));
	putchar('\n');
}

static bool same(const json_t *a, const json_t *b)
{
	static const char *const keys[] = {"verdict", "how", "counter", "config", "reason"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!json_equal(json_object_get(a, keys[i]), json_object_get(b, keys[i])))
			return false;
	}
	return true;
}

/* of many cases with the same answer, this many are listed; --json has all */
#define LISTED_MAX 4

/* Cases with the same answer are told together, in the order of their first. */
static void put_cases(const json_t *cases)
{
	size_t n = json_array_size(cases);
	_cleanup_free_ bool *done = xcalloc(n, sizeof(*done));

	for (size_t i = 0; i < n; i++) {
		const json_t *c = json_array_get(cases, i);
		size_t alike = 0;

		if (done[i])
			continue;
		for (size_t j = i; j < n; j++) {
			const json_t *other = json_array_get(cases, j);

			if (done[j] || !same(c, other))
				continue;
			done[j] = true;
			if (alike++ < LISTED_MAX)
				put_case(other);
		}
		if (alike > LISTED_MAX)
			printf("... and %zu more alike\n", alike - LISTED_MAX);
		put_why(c);
	}
}

static bool sound(const json_t *reply)
{
	const json_t *cases = json_object_get(reply, "cases"), *c;
	size_t i;

	json_array_foreach (cases, i, c) {
		if (!get(c, "verdict"))
			return false;
	}
	return json_array_size(cases) > 0 && get(reply, "verdict");
}

static int show(json_t *reply, bool as_json)
{
	bool accept;

	if (!sound(reply)) {
		log_error("explain: netguard's reply makes no sense");
		return FAILED;
	}
	accept = streq(get(reply, "verdict"), "accept");
	if (as_json) {
		json_object_del(reply, "ok");
		json_show(reply);
		return accept ? ACCEPTED : DENIED;
	}
	put_cases(json_object_get(reply, "cases"));
	if (json_is_true(json_object_get(reply, "cut")))
		printf("and more: only the first are told\n");
	return accept ? ACCEPTED : DENIED;
}

static int ask(const char *from, const char *to, bool as_json)
{
	json_t *request, *reply = NULL;
	struct err err = {0};
	int status, r;

	request = request_for(from, to, &err);
	r = request ? guard_client_ask(request, EXPLAIN_MS, &reply, &err) : -EINVAL;
	json_decref(request);
	if (r == -ENOTCONN) {
		log_error("explain: %s; it knows the containers, so start it: "
			  "systemctl start netguard. `netguard check` says what the configuration "
			  "alone allows",
			  err.text);
		return FAILED;
	}
	if (r < 0) {
		log_error("explain: %s", err.text);
		return FAILED;
	}
	status = show(reply, as_json);
	json_decref(reply);
	return status;
}

int cmd_explain(int argc, char **argv)
{
	static const char usage[] = "explain FROM TO [--json]";
	const char *ends[2] = {0};
	bool as_json = false;
	int n = 0;

	for (int i = 1; i < argc; i++) {
		if (streq(argv[i], "--json"))
			as_json = true;
		else if (n < 2 && argv[i][0] != '-')
			ends[n++] = argv[i];
		else
			return command_usage(usage, argv[i]);
	}
	if (n != 2)
		return command_usage(usage, NULL);
	return ask(ends[0], ends[1], as_json);
}

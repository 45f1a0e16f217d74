/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What `netguard authz` adds to a request, without the questions that it has to ask: reading the
 * engine's message and deciding, for requests as the docker command sends them and for large ones.
 */
#include "netguard/authz_decide.h"
#include "tests/bench/bench.h"

#include <openssl/evp.h>
#include <stdio.h>

#define ROUNDS 20000
/* milliseconds at the 99th percentile; a machine that does other things too gets twice as much */
#define BAR    1.0
#define SLACK  2.0

static const char config[] = "engine_policy: {bind_roots: [/srv/share], images: ['docker.io/*']}\n";

static char *create_body(size_t n_env)
{
	json_t *env = json_array();
	json_auto_t *body = NULL;

	for (size_t i = 0; i < n_env; i++)
		json_array_append_new(env,
				      json_sprintf("VARIABLE_%zu=its value, which goes on", i));
	body = json_pack(
		"{s:s, s:s, s:b, s:o, s:[ss], s:{s:s}, s:{s:s, s:[s], s:[ss], s:n, s:n, s:i, s:b, "
		"s:{s:s, s:{}}, s:[], s:{s:s, s:i}}, s:{s:{s:{s:[s]}}}}",
		"Image", "busybox", "User", "1000:1000", "Tty", 0, "Env", env, "Cmd", "sleep",
		"1000", "Labels", "a", "b", "HostConfig", "NetworkMode", "bridge", "SecurityOpt",
		"no-new-privileges", "Binds", "/srv/share/a:/a", "data:/b", "MaskedPaths",
		"ReadonlyPaths", "Memory", 67108864, "Privileged", 0, "LogConfig", "Type", "",
		"Config", "Devices", "RestartPolicy", "Name", "no", "MaximumRetryCount", 0,
		"NetworkingConfig", "EndpointsConfig", "bridge", "Aliases", "x");
	return json_dumps(body, JSON_COMPACT);
}

static char *message_of(const char *method, const char *uri, const char *body)
{
	_cleanup_free_ char *encoded = body ? xcalloc(strlen(body) * 4 / 3 + 8, 1) : xstrdup("");

	if (body)
		EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)body,
				(int)strlen(body));
	return xasprintf("{\"RequestMethod\":\"%s\",\"RequestUri\":\"%s\",\"RequestBody\":\"%s\","
			 "\"RequestHeaders\":{\"Content-Type\":\"application/json\","
			 "\"User-Agent\":\"Docker-Client/20.10.24 (linux)\"}}",
			 method, uri, encoded);
}

static json_t *fact_of(const struct authz_need *need)
{
	switch (need->kind) {
	case AUTHZ_FACT_IMAGE:
		return json_pack("{s:[s], s:{}}", "RepoTags", "busybox:latest", "Config");
	case AUTHZ_FACT_CONTAINER:
		return json_pack("{s:s, s:{s:s}, s:{s:[s]}}", "Name", "/good", "Config", "User",
				 "1000", "HostConfig", "SecurityOpt", "no-new-privileges");
	case AUTHZ_FACT_NETWORK:
		return json_pack("{s:s, s:s}", "Name", need->name, "Driver", "bridge");
	case AUTHZ_FACT_PREFIX:
	case AUTHZ_FACT_POD:
	case AUTHZ_FACT_ROOTS:
	case AUTHZ_FACT_USERS:
		return json_array();
	default:
		return json_pack("{s:s}", "Driver", "local");
	}
}

/* From the message's bytes to the decision; what would be asked is made on the way. */
static void once(const struct settings *s, const char *message, size_t size)
{
	struct authz_request r = {0};
	struct authz_facts facts = {0};
	struct authz_need need = {0};
	struct err err = {0};
	int result = authz_request_parse(message, size, &r, &err);

	if (result == 0)
		result = authz_request_read(&r, &err);
	while (result == 0 && (result = authz_decide(s, &r, &facts, &need, &err)) == AUTHZ_NEED) {
		struct authz_fact f = {.kind = need.kind, .name = need.name};

		f.json = fact_of(&need);
		ARRAY_PUSH(facts.items, facts.n) = f;
		result = 0;
	}
	if (result < 0) {
		fprintf(stderr, "not allowed: %s\n", err.text);
		exit(1);
	}
	authz_request_done(&r);
	authz_facts_done(&facts);
}

static bool measure(const struct settings *s, const char *name, const char *method, const char *uri,
		    const char *body, unsigned rounds, double bar)
{
	_cleanup_free_ char *message = message_of(method, uri, body);
	struct bench_times t = {0};
	double p99;

	for (unsigned i = 0; i < rounds; i++) {
		double start = bench_cpu();

		once(s, message, strlen(message));
		bench_add(&t, bench_cpu() - start);
	}
	p99 = bench_percentile(&t, 99) * 1e3;
	printf("%-34s %7zu bytes  median %.4f ms  99th percentile %.4f ms", name, strlen(message),
	       bench_percentile(&t, 50) * 1e3, p99);
	if (bar > 0)
		printf("  at most %.1f", bar);
	printf("\n");
	bench_times_done(&t);
	return bar == 0 || p99 <= bar * SLACK;
}

int main(void)
{
	_cleanup_(problems_done)
	struct problems p = {0};
	_cleanup_(settings_freep)
	struct settings *s = NULL;
	_cleanup_free_ char *usual = create_body(10), *large = create_body(200),
			    *most = create_body(16000);
	bool good = true;

	if (settings_parse(config, sizeof(config) - 1, "h", &p, &s) < 0)
		return 1;
	good &= measure(s, "GET /containers/json", "GET", "/v1.41/containers/json?all=1", NULL,
			ROUNDS, BAR);
	good &= measure(s, "exec", "POST", "/v1.41/containers/good/exec",
			"{\"Cmd\":[\"id\"],\"Tty\":true,\"User\":\"1000\"}", ROUNDS, BAR);
	good &= measure(s, "create, as docker run sends it", "POST",
			"/v1.41/containers/create?name=mine", usual, ROUNDS, BAR);
	good &= measure(s, "create with 200 variables", "POST", "/v1.41/containers/create", large,
			ROUNDS / 10, BAR);
	measure(s, "create with 16000, nearly 1 MiB", "POST", "/v1.41/containers/create", most, 200,
		0);
	return good ? 0 : 1;
}

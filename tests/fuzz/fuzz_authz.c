/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests to the engine: the first byte says how the rest is put into a message. What is allowed
 * is read again as Go's decoder would (keys folded, the last of duplicates), by other code than
 * decides, and must be harmless.
 */
#include "netguard/authz_decide.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char config[] = "engine_policy: {bind_roots: [/srv/share], publish: [8000-8009],\n"
			     "  capabilities: [CHOWN], endpoints: [default, container-update]}\n";

static const struct {
	char mark;
	const char *method, *uri;
} kinds[] = {
	{'c', "POST", "/v1.41/containers/create?name=mine"},
	{'e', "POST", "/containers/good/exec"},
	{'s', "POST", "/exec/good/start"},
	{'v', "POST", "/volumes/create"},
	{'u', "POST", "/containers/good/update"},
};

/* ---- a world in which everything is harmless, so that the request alone decides ---- */

static json_t *fact_of(const struct authz_need *need)
{
	switch (need->kind) {
	case AUTHZ_FACT_IMAGE:
		return json_pack("{s:[s], s:{s:s}}", "RepoTags", "busybox:latest", "Config", "User",
				 "1000");
	case AUTHZ_FACT_CONTAINER:
		return json_pack("{s:s, s:{s:s}, s:{s:[s]}}", "Name", "/good", "Config", "User",
				 "1000", "HostConfig", "SecurityOpt", "no-new-privileges");
	case AUTHZ_FACT_EXEC:
		return json_pack("{s:s, s:{}}", "ContainerID", "good", "ProcessConfig");
	case AUTHZ_FACT_NETWORK:
		return json_pack("{s:s, s:s}", "Name", need->name, "Driver", "bridge");
	case AUTHZ_FACT_PREFIX:
	case AUTHZ_FACT_POD:
	case AUTHZ_FACT_ROOTS:
	case AUTHZ_FACT_USERS:
		return json_array();
	case AUTHZ_FACT_VOLUME:
		return json_pack("{s:s}", "Driver", "local");
	case AUTHZ_FACT_PATH:
	case AUTHZ_FACT_CLOSED:
		return NULL;
	}
	abort();
}

static int decide(const struct settings *s, const struct authz_request *r)
{
	struct authz_facts facts = {0};
	struct authz_need need = {0};
	struct err err;
	int result;

	while ((result = authz_decide(s, r, &facts, &need, &err)) == AUTHZ_NEED) {
		struct authz_fact f = {.kind = need.kind, .name = need.name};

		if (facts.n > AUTHZ_FACTS_MAX)
			abort();
		f.json = fact_of(&need);
		need.name = NULL;
		ARRAY_PUSH(facts.items, facts.n) = f;
	}
	if (result < 0) {
		/* what people are told is fit for their terminals */
		for (const char *p = err.text; *p; p++) {
			if ((unsigned char)*p < 0x20 || *p == 0x7f)
				abort();
		}
	}
	authz_facts_done(&facts);
	return result;
}

/* ---- as Go reads it ---- */

/* Lower case of a key's next letter, as Go folds it. */
static int fold(const char **p)
{
	const unsigned char *s = (const unsigned char *)*p;

	if (s[0] == 0xe2 && s[1] == 0x84 && s[2] == 0xaa) {
		*p += 3;
		return 'k';
	}
	if (s[0] == 0xc5 && s[1] == 0xbf) {
		*p += 2;
		return 's';
	}
	(*p)++;
	return s[0] >= 'A' && s[0] <= 'Z' ? s[0] - 'A' + 'a' : s[0];
}

static bool same_key(const char *a, const char *b)
{
	while (*a && *b) {
		if (fold(&a) != fold(&b))
			return false;
	}
	return *a == *b;
}

/* The last one; jansson keeps the order. */
static json_t *get(json_t *object, const char *key)
{
	json_t *found = NULL, *value;
	const char *name;

	json_object_foreach (object, name, value) {
		if (same_key(name, key))
			found = value;
	}
	return found;
}

static const char *text(json_t *object, const char *key)
{
	return json_string_value(get(object, key)) ?: "";
}

static void must_be_nothing(json_t *object, const char *key)
{
	const json_t *v = get(object, key);

	if (v && (json_is_true(v) || json_string_length(v) || json_array_size(v) ||
		  json_object_size(v) || json_integer_value(v)))
		abort();
}

static void check_user(const char *user)
{
	if (*user && (*user < '1' || *user > '9'))
		abort();
}

static void check_source(const char *source)
{
	if (*source == '/' && (strncmp(source, "/srv/share", 10) != 0 || strstr(source, "..")))
		abort();
}

static void check_mounts(json_t *host)
{
	json_t *item;
	size_t i;

	json_array_foreach (get(host, "Binds"), i, item)
		check_source(json_string_value(item));
	json_array_foreach (get(host, "Mounts"), i, item) {
		json_t *options = get(item, "VolumeOptions");

		check_source(text(item, "Source"));
		must_be_nothing(get(options, "DriverConfig"), "Options");
		if (!strstr("bind volume tmpfs", text(item, "Type")))
			abort();
	}
}

static void check_host(json_t *host)
{
	static const char *const nothing[] = {
		"Privileged",	"PidMode",	   "UTSMode",		"UsernsMode",
		"Devices",	"DeviceRequests",  "DeviceCgroupRules", "CgroupParent",
		"Sysctls",	"VolumesFrom",	   "MaskedPaths",	"ReadonlyPaths",
		"VolumeDriver", "PublishAllPorts", "Runtime",		"Annotations",
	};
	json_t *item;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nothing); i++)
		must_be_nothing(host, nothing[i]);
	if (same_key(text(host, "NetworkMode"), "host") || strchr(text(host, "NetworkMode"), ':') ||
	    strchr(text(host, "IpcMode"), ':') || streq(text(host, "IpcMode"), "host") ||
	    streq(text(host, "CgroupnsMode"), "host") ||
	    json_integer_value(get(host, "OomScoreAdj")) < 0)
		abort();
	json_array_foreach (get(host, "CapAdd"), i, item) {
		if (!strcasestr(json_string_value(item), "chown"))
			abort();
	}
	json_array_foreach (get(host, "SecurityOpt"), i, item) {
		if (strncmp(json_string_value(item), "no-new-privileges", 17) != 0 ||
		    strstr(json_string_value(item), "false"))
			abort();
	}
	check_mounts(host);
}

static void check_harmless(char mark, json_t *body)
{
	switch (mark) {
	case 'c':
		check_user(text(body, "User"));
		check_host(get(body, "HostConfig"));
		check_host(body); /* where old clients put it */
		if (json_array_size(get(get(body, "HostConfig"), "SecurityOpt")) == 0)
			abort();
		break;
	case 'e':
		check_user(text(body, "User"));
		must_be_nothing(body, "Privileged");
		break;
	case 'u':
		check_host(body);
		break;
	case 'v':
		must_be_nothing(body, "DriverOpts");
		break;
	default:
		break;
	}
}

/* ---- */

static char *wrap(const uint8_t *data, size_t size, const char *method, const char *uri)
{
	_cleanup_free_ char *encoded = xcalloc(size * 4 / 3 + 8, 1);

	EVP_EncodeBlock((unsigned char *)encoded, data, (int)size);
	return xasprintf("{\"RequestMethod\":\"%s\",\"RequestUri\":\"%s\",\"RequestBody\":\"%s\"}",
			 method, uri, encoded);
}

static void try_message(const struct settings *s, char mark, const char *message, size_t size)
{
	struct authz_request r = {0};
	char described[AUTHZ_DESCRIBE_MAX];
	struct err err;

	if (authz_request_parse(message, size, &r, &err) < 0)
		return;
	authz_describe(&r, described);
	if (!authz_is_exempt(s, &r, "0123") && authz_request_read(&r, &err) == 0 &&
	    decide(s, &r) == 0)
		check_harmless(mark, r.body);
	authz_request_done(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(problems_done)
	struct problems p = {0};
	_cleanup_(settings_freep)
	struct settings *s = NULL;
	_cleanup_free_ char *message = NULL;

	if (size < 1 || size > 100000)
		return 0;
	if (settings_parse(config, sizeof(config) - 1, "h", &p, &s) < 0)
		abort();
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].mark == (char)data[0])
			message = wrap(data + 1, size - 1, kinds[i].method, kinds[i].uri);
	}
	if (message)
		try_message(s, (char)data[0], message, strlen(message));
	else
		try_message(s, '-', (const char *)data + 1, size - 1);
	return 0;
}

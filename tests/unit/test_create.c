/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/create.h"

#include "podctl/pause_image.h"
#include "podctl/plan.h"
#include "tests/unit/pod_fixture.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <time.h>

#define ROOT_ID "0123456789abcdef"

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = xcalloc(1, 65536);

	if (!f || fread(text, 1, 65535, f) == 0)
		fail_msg("%s can't be read", path);
	fclose(f);
	return text;
}

/* Compares with tests/golden/NAME; with GOLDEN_WRITE in the environment writes it first. */
static void golden(const char *name, json_t *body)
{
	_cleanup_free_ char *path = xasprintf("tests/golden/%s", name);
	_cleanup_free_ char *text = json_dumps(body, JSON_INDENT(2) | JSON_SORT_KEYS);
	_cleanup_free_ char *got = xasprintf("%s\n", text), *want = NULL;

	if (getenv("GOLDEN_WRITE")) {
		FILE *f = fopen(path, "we");

		assert_non_null(f);
		fputs(got, f);
		fclose(f);
	}
	want = read_file(path);
	assert_string_equal(got, want);
	json_decref(body);
}

static const char web[] = "publish: ['80:8080', '192.0.2.1:8000-8001:90-91', '53:53/udp', "
			  "'[2001:db8::1]:8002:8080']\n"
			  "containers:\n"
			  "  app:\n"
			  "    image: busybox\n"
			  "    command: httpd -f -p 8080\n"
			  "    environment: {B: \"1\", A: \"x=y\"}\n"
			  "    labels: {com.example.role: front}\n"
			  "    user: 1000:1000\n"
			  "    restart: on-failure:3\n"
			  "    mounts:\n"
			  "      - {source: data, target: /data}\n"
			  "      - {source: ., target: /all, readonly: true}\n"
			  "  plain: {image: busybox:1, entrypoint: [sleep], command: [\"9\"]}\n";

static void test_golden(void **state _unused_)
{
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(NULL);
	_cleanup_(pod_freep)
	struct pod *pod = fixture_pod("web", web, s);

	golden("create_root.json", create_root(fixture_create(pod, s, "podctl-pause:x"), NULL));
	golden("create_app.json",
	       create_container(fixture_create(pod, s, NULL), pod_container_at(pod, 0), ROOT_ID));
	golden("create_plain.json",
	       create_container(fixture_create(pod, s, NULL), pod_container_at(pod, 1), ROOT_ID));
}

static void test_golden_policy(void **state _unused_)
{
	_cleanup_(settings_freep)
	struct settings *s =
		fixture_settings("network_name: pods\nuse_host_resolv_conf: true\n"
				 "host_hostname: box\n"
				 "policy: {max_memory: 64M, max_pids: 100, max_cpus: 1.5}\n");
	_cleanup_(pod_freep)
	struct pod *pod = fixture_pod("lim", "containers: {a: {image: busybox}}", s);

	golden("create_policy_root.json",
	       create_root(fixture_create(pod, s, "podctl-pause:x"), NULL));
	golden("create_policy.json",
	       create_container(fixture_create(pod, s, NULL), pod_container_at(pod, 0), ROOT_ID));
}

static char *hash_of(const char *yaml, const char *settings, const char *root_id)
{
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(settings);
	_cleanup_(pod_freep)
	struct pod *pod = fixture_pod("web", yaml, s);
	json_auto_t *body =
		create_container(fixture_create(pod, s, NULL), pod_container_at(pod, 0), root_id);

	return xstrdup(create_hash(body));
}

static void test_hash(void **state _unused_)
{
	static const char base[] = "containers: {a: {image: b}}";
	static const char *const same[] = {
		"containers:\n  a:\n    image: b:latest\n",
		"hostname: web-x\ncontainers: {a: {image: b, restart: 'no'}}",
		"containers: {a: {image: b, mounts: []}, c: {image: d}}",
	};
	static const char *const others[] = {
		"containers: {c: {image: b}}",
		"containers: {a: {image: b:1}}",
		"containers: {a: {image: b, command: x}}",
		"containers: {a: {image: b, entrypoint: x}}",
		"containers: {a: {image: b, environment: {A: b}}}",
		"containers: {a: {image: b, labels: {A: b}}}",
		"containers: {a: {image: b, user: '1'}}",
		"containers: {a: {image: b, restart: always}}",
		"containers: {a: {image: b, mounts: [{source: a, target: /a}]}}",
	};
	_cleanup_free_ char *want = hash_of(base, NULL, NULL);
	_cleanup_free_ char *joined = hash_of(base, NULL, ROOT_ID);
	_cleanup_free_ char *limited = hash_of(base, "policy: {max_pids: 5}", NULL);

	/* the root's id is told apart by its own label */
	assert_string_equal(want, joined);
	assert_string_not_equal(want, limited);
	assert_non_null(startswith(want, "hmac:"));
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		_cleanup_free_ char *got = hash_of(same[i], NULL, NULL);

		assert_string_equal(got, want);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		_cleanup_free_ char *got = hash_of(others[i], NULL, NULL);

		assert_string_not_equal(got, want);
	}
}

/* The root container comes back wherever one of its members does. */
static void test_root_restart(void **state _unused_)
{
	static const struct {
		const char *yaml, *want;
	} cases[] = {
		{"containers: {a: {image: b}}", "unless-stopped"},
		{"containers: {a: {image: b, restart: unless-stopped}}", "unless-stopped"},
		{"containers: {a: {image: b}, c: {image: d, restart: always}}", "always"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(settings_freep)
		struct settings *s = fixture_settings(NULL);
		_cleanup_(pod_freep)
		struct pod *pod = fixture_pod("web", cases[i].yaml, s);
		json_auto_t *body = create_root(fixture_create(pod, s, "podctl-pause:x"), NULL);
		const char *name = NULL;

		assert_int_equal(json_unpack(body, "{s:{s:{s:s}}}", "HostConfig", "RestartPolicy",
					     "Name", &name),
				 0);
		assert_string_equal(name, cases[i].want);
	}
}

/* Nothing in a file may undo what is always there, whatever its labels say. */
static void test_always(void **state _unused_)
{
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(NULL);
	_cleanup_(pod_freep)
	struct pod *pod = fixture_pod("web", web, s);

	for (size_t i = 0; i < pod_n_containers(pod); i++) {
		json_auto_t *body = create_container(fixture_create(pod, s, NULL),
						     pod_container_at(pod, i), ROOT_ID);
		const char *option = NULL, *network = NULL, *pid = NULL, *ipc = NULL, *owner = NULL;
		int privileged = 1;

		assert_int_equal(json_unpack(body, "{s:{s:[s], s:b, s:s, s:s, s:s}, s:{s:s}}",
					     "HostConfig", "SecurityOpt", &option, "Privileged",
					     &privileged, "NetworkMode", &network, "PidMode", &pid,
					     "IpcMode", &ipc, "Labels", POD_LABEL_POD, &owner),
				 0);
		assert_string_equal(option, "no-new-privileges");
		assert_false(privileged);
		assert_string_equal(network, "container:" ROOT_ID);
		assert_string_equal(pid, "container:" ROOT_ID);
		assert_string_equal(ipc, "container:" ROOT_ID);
		assert_string_equal(owner, "web");
	}
}

static void test_pause_image(void **state _unused_)
{
	_cleanup_free_ char *name = pause_image_name(), *again = pause_image_name(), *tar = NULL;
	size_t size = 0;
	unsigned sum = 0, said = 0;

	assert_string_equal(name, again);
	assert_non_null(startswith(name, "podctl-pause:"));
	tar = pause_image_tar(&size);
	assert_int_equal(size % 512, 0);
	assert_memory_equal(tar + 257, "ustar", 6);
	for (size_t i = 0; i < 512; i++)
		sum += i >= 148 && i < 156 ? ' ' : (unsigned char)tar[i];
	assert_int_equal(sscanf(tar + 148, "%o", &said), 1);
	assert_int_equal(sum, said);
	for (size_t i = size - 1024; i < size; i++)
		assert_int_equal(tar[i], 0);
}

/* Every key at once. */
static void test_golden_full(void **state _unused_)
{
	static const char full[] =
		"common_environment: {LANG: C, A: no}\n"
		"common_labels: {team: web}\n"
		"root_labels: {kind: root}\n"
		"common_mounts: [{source: shared, target: /shared, readonly: true}]\n"
		"expose: [80, 53/udp]\n"
		"publish: [':81', '80:80']\n"
		"publish_all: true\n"
		"containers:\n"
		"  app:\n"
		"    image: busybox\n"
		"    environment: {A: x}\n"
		"    environment_files: {TOKEN: token}\n"
		"    secrets: {key: tls.key}\n"
		"    readonly: true\n"
		"    tmpfs: [/tmp, {target: /run, size: 1M}]\n"
		"    stop_signal: int\n"
		"    stop_timeout: 3\n"
		"    cap_add: [SETUID]\n"
		"    cap_drop: [ALL]\n"
		"    no_new_privileges: false\n"
		"    limits: {cpus: 0.5, cpu-shares: 512, memory: 64M, memory-swap: 96M, "
		"memory-reservation: 32M, shm-size: 8M, oom-score-adj: 500, pids: 50, "
		"ulimit-nofile: 100:200, ulimit-core: 0}\n"
		"    startup_health_check: {command: 'true'}\n"
		"  other: {image: busybox, depends_on: [app], limits: {shm-size: 16M}}\n";
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(NULL);
	_cleanup_(pod_freep)
	struct pod *pod = fixture_pod("web", full, s);
	struct values_item items[] = {
		{.container = "app", .name = "TOKEN", .data = (char[]){"s3cret"}, .size = 6},
		{.container = "app",
		 .name = "key",
		 .secret = true,
		 .data = (char[]){"k3y"},
		 .size = 3},
	};
	const struct values values = {.items = items, .n = ARRAY_SIZE(items)};
	const struct create create = {
		.pod = pod, .settings = s, .values = &values, .pause_image = "podctl-pause:x"};
	struct create_network network = {.user_defined = true};

	strv_add(&network.subnets, "10.88.1.0/24");
	strv_add(&network.subnets, "fd88::/64");
	golden("create_full_root.json", create_root(&create, &network));
	golden("create_full.json", create_container(&create, pod_container_at(pod, 0), ROOT_ID));
	strv_done(&network.subnets);
}

/* JSON with apostrophes for quotation marks; NULL: none. */
static json_t *single_quoted(const char *text)
{
	_cleanup_free_ char *copy = xstrdup(text);
	json_t *json;

	for (char *c = copy; c && *c; c++)
		*c = *c == '\'' ? '"' : *c;
	json = copy ? json_loads(copy, 0, NULL) : NULL;
	assert_int_equal(json == NULL, text == NULL);
	return json;
}

/* An image's health check runs outside of the container's limits: not more often than each 5 s. */
static void test_health(void **state _unused_)
{
#define CHECK(rest) "{'Healthcheck':{'Test':['CMD','true']" rest "}}"
	static const struct {
		const char *config, *want; /* NULL: the image's own */
	} cases[] = {
		{"{}", NULL},
		{"{'Healthcheck':null}", NULL},
		{"{'Healthcheck':{}}", NULL},
		{"{'Healthcheck':{'Test':[],'Interval':1}}", NULL},
		{"{'Healthcheck':{'Test':null,'Interval':1}}", NULL},
		{"{'Healthcheck':{'Test':['NONE'],'Interval':1}}", NULL},
		{CHECK(""), NULL},
		{CHECK(",'Interval':0,'StartInterval':null"), NULL},
		{CHECK(",'Interval':5000000000,'Timeout':1,'StartInterval':5000000000"), NULL},
		{CHECK(",'Interval':1000000"), "{'Interval':5000000000}"},
		{CHECK(",'Interval':4999999999"), "{'Interval':5000000000}"},
		{CHECK(",'Interval':-1"), "{'Interval':5000000000}"},
		{CHECK(",'StartInterval':1,'StartPeriod':3600000000000"),
		 "{'StartInterval':5000000000}"},
		{CHECK(",'Interval':1,'StartInterval':1"),
		 "{'Interval':5000000000,'StartInterval':5000000000}"},
		{CHECK(",'Interval':'1s'"), "{'Test':['NONE']}"},
		{CHECK(",'StartInterval':0.5"), "{'Test':['NONE']}"},
		{"{'Healthcheck':[1]}", "{'Test':['NONE']}"},
		{"{'Healthcheck':{'Test':'true','Interval':1}}", "{'Interval':5000000000}"},
		{"{'Healthcheck':{'Test':[1],'Interval':1}}", "{'Interval':5000000000}"},
	};
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(NULL);
	_cleanup_(pod_freep)
	struct pod *pod = fixture_pod("web", "containers: {a: {image: b}}", s);
	struct create create = *fixture_create(pod, s, NULL);
	json_auto_t *plain = create_container(&create, pod_container_at(pod, 0), NULL);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_auto_t *config = single_quoted(cases[i].config), *body = NULL;
		json_auto_t *want = single_quoted(cases[i].want);
		_cleanup_free_ char *said = NULL;
		struct plan_images images = {0};

		plan_images_collect(pod, &images);
		images.items[0].health = create_health(config);
		create.images = &images;
		body = create_container(&create, pod_container_at(pod, 0), NULL);
		if (want ? !json_equal(want, json_object_get(body, "Healthcheck"))
			 : json_object_get(body, "Healthcheck") != NULL)
			fail_msg("%s", cases[i].config);
		/* a container that runs it more often is replaced, and that says why */
		assert_int_equal(streq(create_hash(body), create_hash(plain)), !want);
		said = create_config_difference(create_config(plain), create_config(body));
		assert_int_equal(startswith(said, "image_health_check: none -> ") != NULL,
				 want != NULL);
		plan_images_done(&images);
		create.images = NULL;
	}
}

static char *config_of(const char *keys, const char *token)
{
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(NULL);
	_cleanup_free_ char *yaml = xasprintf("containers: {a: {image: b%s}}", keys);
	_cleanup_(pod_freep)
	struct pod *pod = fixture_pod("web", yaml, s);
	struct values_item item = {
		.container = "a", .name = "T", .data = xstrdup(token), .size = strlen(token)};
	const struct values values = {.items = &item, .n = 1};
	const struct create create = {.pod = pod, .settings = s, .values = &values};
	json_auto_t *body = create_container(&create, pod_container_at(pod, 0), ROOT_ID);

	free(item.data);
	return xstrdup(create_config(body));
}

#define LONG_VALUE                                                                                 \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_difference(void **state _unused_)
{
	static const struct {
		const char *before, *now, *want;
	} cases[] = {
		{"", "", "its configuration changed"},
		{"", ", user: '7'", "user: none -> 7"},
		{", user: '7'", "", "user: 7 -> none"},
		{", user: '7'", ", user: '8'", "user: 7 -> 8"},
		{", environment: {PASS: hunter2}", ", environment: {PASS: hunter3}",
		 "environment.PASS changed"},
		{", environment: {PASS: hunter2}", "", "environment.PASS removed"},
		{"", ", labels: {l: v}", "labels.l added"},
		{", environment_files: {T: x}", ", environment_files: {T: x}",
		 "environment_files.T changed"},
		{"", ", limits: {memory: 16M}", "limits.memory: none -> 16777216"},
		{"", ", mounts: [{source: x, target: /y}]", "mounts: none -> x:/y"},
		/* as much of a value as stands in the label: they may differ at its end only */
		{", command: " LONG_VALUE "1", ", command: " LONG_VALUE "2",
		 "command: " LONG_VALUE "1 -> " LONG_VALUE "2"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *a = config_of(cases[i].before, "old secret"),
				    *b = config_of(cases[i].now, "new secret"),
				    *got = create_config_difference(a, b);

		if (!streq(got, cases[i].want))
			fail_msg("%zu: %s, not %s", i, got, cases[i].want);
		if (strstr(a, "hunter") || strstr(b, "secret\"") || strstr(b, "new secret"))
			fail_msg("%s", b);
	}
}

/* What makes the root container another one says so by name, also where members' keys do. */
static void test_difference_root(void **state _unused_)
{
	static const struct {
		const char *before, *now, *want;
	} cases[] = {
		{"{image: b}", "{image: b, restart: always}", "restart: none -> always"},
		{"{image: b, restart: always}", "{image: b}", "restart: always -> none"},
		{"{image: b}", "{image: b, limits: {shm-size: 1M}}", "shm-size.a: none -> 1048576"},
		/* back with the engine it is anyway */
		{"{image: b}", "{image: b, restart: unless-stopped}", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(settings_freep)
		struct settings *s = fixture_settings(NULL);
		_cleanup_free_ char *old_yaml = xasprintf("containers: {a: %s}", cases[i].before),
				    *new_yaml = xasprintf("containers: {a: %s}", cases[i].now);
		_cleanup_(pod_freep)
		struct pod *old_pod = fixture_pod("web", old_yaml, s);
		_cleanup_(pod_freep)
		struct pod *new_pod = fixture_pod("web", new_yaml, s);
		json_auto_t *a = create_root(fixture_create(old_pod, s, "pause"), NULL),
			    *b = create_root(fixture_create(new_pod, s, "pause"), NULL);
		_cleanup_free_ char *got =
			create_config_difference(create_config(a), create_config(b));

		assert_int_equal(streq(create_hash(a), create_hash(b)), !cases[i].want);
		if (cases[i].want && !streq(got, cases[i].want))
			fail_msg("%zu: %s", i, got);
	}
}

/* The label of before is what somebody else may have written. */
static void test_difference_hostile(void **state _unused_)
{
	static const char *const texts[] = {
		NULL,
		"",
		"{",
		"[]",
		"7",
		"{\"image\":7}",
		"{\"a\":\"1\",\"a\":\"2\"}",
		"{\"image\":{\"x\":\"y\"}}",
	};
	_cleanup_free_ char *now = config_of("", ""), *esc = NULL, *many = xstrdup("{\"0\":\"0\""),
			    *got = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_free_ char *one = create_config_difference(texts[i], now),
				    *two = create_config_difference(now, texts[i]);

		assert_true(strlen(one) < 600 && strlen(two) < 600);
	}
	esc = create_config_difference("{\"image\":\"\\u001b[31mred\",\"\\u001bkey\":\"x\"}", now);
	assert_null(strchr(esc, '\033'));
	for (int i = 1; i < 1000; i++) {
		char *more = xasprintf("%s,\"key%d\":\"%0200d\"", many, i, i);

		free(many);
		many = more;
	}
	esc = (free(esc), xasprintf("%s}", many));
	got = create_config_difference(esc, now);
	assert_true(strlen(got) < 1500);
	assert_non_null(strstr(got, "more"));
}

/* Whose names give the same addresses, as somebody finds them who tries names. */
static void test_meets(void **state _unused_)
{
	static const struct {
		const char *pod, *other, *host, *subnet;
		bool want;
	} cases[] = {
		{"web", "db", "host1", NULL, false},
		{"web", "web", "host1", NULL, true},
		{"p2ac6b", "p17f35f", "host1", NULL, true},
		{"p2ac6b", "p17f35f", "host2", NULL, false},
		{"web", "x1c1a9", "host1", NULL, false},
		{"web", "x1c1a9", "host1", "10.88.9.0/24", false},
		{"web", "x1c1a9", "host1", "fd88::/64", false},
		{"web", "x1c1a9", "host1", "fd88::/112", true},
		{"web", "x1c1a9", "host1", "no prefix", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct create_network network = {0};

		if (cases[i].subnet) {
			strv_add(&network.subnets, "192.0.2.0/24");
			strv_add(&network.subnets, cases[i].subnet);
		}
		if (create_meets(cases[i].pod, cases[i].other, cases[i].host, &network) !=
		    cases[i].want)
			fail_msg("case %zu", i);
		strv_done(&network.subnets);
	}
}

static void test_addresses(void **state _unused_)
{
	static const struct {
		const char *prefix, *mac, *want; /* NULL: none */
	} cases[] = {
		{"fd88::/64", "06:12:34:56:78:9a", "fd88::412:34ff:fe56:789a"},
		{"fd88::/48", "06:12:34:56:78:9a", "fd88::412:34ff:fe56:789a"},
		{"fd88:0:0:5:1234::/80", "06:12:34:56:78:9a", "fd88::5:1234:34ff:fe56:789a"},
		{"fd88::/112", "06:12:34:56:78:9a", "fd88::789a"},
		{"fd88::/112", "06:12:34:56:00:02", NULL},
		{"fd88::/112", "06:12:34:56:ff:9a", NULL},
		{"fd88::/120", "06:12:34:56:78:9a", NULL},
		{"10.0.0.0/8", "06:12:34:56:78:9a", NULL},
		{"fd88::/64", "not a mac", NULL},
	};
	char mac[18], other[18];

	create_mac("web", "host1", mac);
	assert_true(startswith(mac, "06:") && strlen(mac) == 17);
	create_mac("web", "host2", other);
	assert_string_not_equal(mac, other);
	create_mac("db", "host1", other);
	assert_string_not_equal(mac, other);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prefix prefix;
		struct addr a;
		char text[ADDR_TEXT_MAX];

		assert_true(prefix_parse(cases[i].prefix, &prefix));
		if (!create_ip6(&prefix, cases[i].mac, &a)) {
			if (cases[i].want)
				fail_msg("%s: none", cases[i].prefix);
			continue;
		}
		addr_format(&a, text);
		if (!cases[i].want || !streq(text, cases[i].want))
			fail_msg("%s: %s", cases[i].prefix, text);
	}
}

/* Binding of a port, of the body that a pod file gives under a whitelist. */
static char *host_port(const char *yaml, const char *whitelist, const char *port)
{
	_cleanup_free_ char *settings = xasprintf("port_whitelist: %s", whitelist);
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(settings);
	_cleanup_(pod_freep)
	struct pod *pod = fixture_pod("web", yaml, s);
	json_auto_t *body = create_root(fixture_create(pod, s, "podctl-pause:x"), NULL);
	json_t *list = json_object_get(
		json_object_get(json_object_get(body, "HostConfig"), "PortBindings"), port);
	const char *text = json_string_value(json_object_get(json_array_get(list, 0), "HostPort"));

	return xstrdup(text);
}

/* What the engine chooses is never another pod's. */
static void test_ephemeral(void **state _unused_)
{
	static const struct {
		const char *whitelist, *want; /* NULL: no binding of ours */
	} cases[] = {
		{"{}", ""},
		{"{40000/udp: db}", ""},
		{"{80: db}", "32768-60999"},
		{"{40000: db}", "40001-60999"},
		{"{50000: db}", "32768-49999"},
		{"{32500-33000: db, 60000-60999: web}", "33001-59999"},
		{"{32768: db, 60999: db}", "32769-60998"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *given = host_port("publish: [':81']\n"
						       "containers: {a: {image: b}}",
						       cases[i].whitelist, "81/tcp");
		_cleanup_free_ char *all = host_port("publish_all: true\nexpose: [81]\n"
						     "containers: {a: {image: b}}",
						     cases[i].whitelist, "81/tcp");

		assert_string_equal(given, cases[i].want);
		if (*cases[i].want)
			assert_string_equal(all, cases[i].want);
		else
			assert_null(all);
	}
}

/* A command of a whole pod file, a word a letter: by joining words one by one, minutes. */
static void test_long_command(void **state _unused_)
{
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(NULL);
	_cleanup_(pod_freep)
	struct pod *pod = fixture_pod("web", "containers: {a: {image: b}}", s);
	struct pod_container *c = pod->containers.items;
	struct timespec before, after;
	json_t *body;

	for (size_t i = 0; i < 500000; i++)
		strv_add(&c->command, "x");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	body = create_container(fixture_create(pod, s, NULL), c, NULL);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	json_decref(body);
	assert_true(after.tv_sec - before.tv_sec < 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden_full),   cmocka_unit_test(test_meets),
		cmocka_unit_test(test_ephemeral),     cmocka_unit_test(test_long_command),
		cmocka_unit_test(test_health),	      cmocka_unit_test(test_difference_root),
		cmocka_unit_test(test_difference),    cmocka_unit_test(test_difference_hostile),
		cmocka_unit_test(test_addresses),     cmocka_unit_test(test_golden),
		cmocka_unit_test(test_golden_policy), cmocka_unit_test(test_hash),
		cmocka_unit_test(test_root_restart),  cmocka_unit_test(test_always),
		cmocka_unit_test(test_pause_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/pod.h"

#include "tests/unit/pod_fixture.h"

#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

static void test_whole(void **state _unused_)
{
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(NULL);
	_cleanup_(pod_freep)
	struct pod *pod = fixture_pod("web",
				      "hostname: web-front\n"
				      "publish: [\"80:8080\", 8000-8009:9000-9009, \"53:53/udp\"]\n"
				      "containers:\n"
				      "  app:\n"
				      "    image: example.com/app:2\n"
				      "    command: sh -c 'a b'\n"
				      "    entrypoint: [/init, \"\"]\n"
				      "    environment: {A: \"1\", B: \"two\\nlines\"}\n"
				      "    labels: {com.example.x: \"\"}\n"
				      "    user: \":daemon\"\n"
				      "    restart: on-failure:7\n"
				      "    mounts:\n"
				      "      - {source: ./a//b/./c/, target: /data}\n"
				      "      - {source: ., target: /all, readonly: true}\n"
				      "  b: {image: busybox}\n",
				      s);
	const struct pod_container *app = pod_find_container(pod, "app"),
				   *b = pod_container_at(pod, 1);

	assert_string_equal(pod->hostname, "web-front");
	assert_int_equal(pod_n_containers(pod), 2);
	assert_int_equal(pod->n_publish, 3);
	assert_int_equal(pod->publish[1].publish.last, 9009);
	assert_string_equal(app->ref.full, "example.com/app:2");
	assert_int_equal(app->command.n, 3);
	assert_string_equal(app->command.items[2], "a b");
	assert_int_equal(app->entrypoint.n, 2);
	assert_string_equal(app->environment.items[1].value, "two\nlines");
	assert_string_equal(app->user, ":daemon");
	assert_int_equal(app->restart.kind, POD_RESTART_ON_FAILURE);
	assert_int_equal(app->restart.retries, 7);
	assert_string_equal(pod_mount_at(app, 0)->source, "a/b/c");
	assert_string_equal(pod_mount_at(app, 1)->source, ".");
	assert_true(pod_mount_at(app, 1)->readonly);
	assert_string_equal(b->entry.key, "b");
	assert_int_equal(b->restart.kind, POD_RESTART_NO);
	assert_null(pod_find_container(pod, "c"));
}

static void test_hostname(void **state _unused_)
{
	static const struct {
		const char *pod, *host, *want;
	} cases[] = {
		{"web", "host1", "web-host1"},
		{"my_pod", "host1", "my-pod-host1"},
		{"web", "a.example.com", "web-a"},
		{"web", "a_-.example.com", "web-a"},
		{"web", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bb.cc",
		 "web-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *yaml = xasprintf("host_hostname: %s\n", cases[i].host);
		_cleanup_(settings_freep)
		struct settings *s = fixture_settings(yaml);
		_cleanup_(pod_freep)
		struct pod *pod = fixture_pod(cases[i].pod, "containers: {a: {image: b}}", s);

		assert_string_equal(pod->hostname, cases[i].want);
		assert_true(strlen(pod->hostname) <= 63);
	}
}

/* No name by which others would find this pod in place of another one. */
static void test_dns(void **state _unused_)
{
	static const struct {
		const char *pod, *hostname, *settings, *want;
	} cases[] = {
		{"web", "web", "", ""},
		{"web", "WEB-Front-2", "", ""},
		{"my_pod", "my-pod-x", "", ""},
		{"my_pod", "my-pod", "", ""},
		{"my_pod", "my", "", "must be the pod's name"},
		/* a longer name has it, wherever the configuration has that */
		{"web", "web-db", "pods: {web-cache: , db: }", ""},
		{"web", "web-db", "pods: {web-db: }", "a name of the pod web-db"},
		{"web", "web-db", "pods: {Web-DB: }", "a name of the pod Web-DB"},
		{"web", "web-db", "pods: {web_db: }", "a name of the pod web_db"},
		{"web", "web-db-1", "pods: {web-db: , web: }", "a name of the pod web-db"},
		{"web", "web-db", "port_whitelist: {80: web-db}", "a name of the pod web-db"},
		{"web", "web-db", "pods: {x: {connect_to: {web-db: }}}", "of the pod web-db"},
		{"web-db", "web-db-1", "pods: {web: }", ""},
		{"web-db", "web-db", "pods: {web: }", ""},
		{"my_pod", "my-pod-1", "pods: {my-pod: }", "of the pod my-pod"},
		{"my_pod", "my-pod-1", "pods: {my-pod: , my_pod: }", ""},
		{"my_pod", "my-pod", "pods: {my-pod: , my_pod: }", "of the pod my-pod"},
		/* the default */
		{"web", NULL, "pods: {web-host1: }", "hostname: web-host1 is a name of the pod"},
		{"web", NULL, "pods: {x: {hostnames: [WEB-host1]}}", "of the pod x"},
		{"web", NULL, "pods: {host1: }", ""},
		/* what the admin gives */
		{"web", "www.example.com", "pods: {web: {hostnames: [a, WWW.example.com]}}", ""},
		{"web", "www", "pods: {x: {hostnames: [www]}}", "must be the pod's name"},
		{"web", "web-a", "pods: {x: {hostnames: [web-a]}}", "of the pod x"},
		{"web", "db", "pods: {web: {hostnames: [db]}, db: }", ""},
		/* the pod's own name */
		{"Shop", "Shop-1", "pods: {shop: }", "name: the configuration has a pod shop"},
		{"Shop", "Shop-1", "port_whitelist: {80: shop}", "has a pod shop"},
		{"Shop", "Shop-1", "pods: {shops: }", ""},
		{"www", "www-1", "pods: {x: {hostnames: [WWW]}}", "name: the configuration gives"},
		{"www", "www-1", "pods: {www: {hostnames: [WWW]}}", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(settings_freep)
		struct settings *s = fixture_settings(cases[i].settings);
		_cleanup_free_ char *yaml =
			cases[i].hostname ? xasprintf("hostname: %s\ncontainers: {a: {image: b}}",
						      cases[i].hostname)
					  : xstrdup("containers: {a: {image: b}}");
		_cleanup_free_ char *got = fixture_problems(cases[i].pod, yaml, s, NULL);

		if (*cases[i].want ? !strstr(got, cases[i].want) : *got != '\0')
			fail_msg("pod %s, %s under %s gives: %s", cases[i].pod, yaml,
				 cases[i].settings, got);
	}
}

/* Each file has just this wrong with it. */
static void test_problems(void **state _unused_)
{
	static const struct {
		const char *yaml, *want;
	} cases[] = {
		{"", "containers: is missing"},
		{"containers: {}", "containers: needs at least one container"},
		{"containers: {a: {}}", "containers.a.image: is missing"},
		{"containers: {a: {image: A}}", "containers.a.image: has a name"},
		{"containers: {a: {image: 'a:b:c'}}", "containers.a.image: has"},
		{"containers: {a.b: {image: b}}", "containers.a.b: a container's name"},
		{"containers: {-a: {image: b}}", "a container's name"},
		{"containers: {a: {image: b, imaeg: c}}", "did you mean 'image'?"},
		{"containers: {a: {image: b, privileged: true}}", "policy forbids"},
		{"containers: {a: {image: b, devices: [/dev/sda]}}", "policy forbids"},
		{"containers: {a: {image: b, network_mode: host}}", "policy forbids"},
		{"containers: {a: {image: b, pid: host}}", "policy forbids"},
		{"containers: {a: {image: b, userns: host}}", "policy forbids"},
		{"containers: {a: {image: b, seccomp: unconfined}}", "policy forbids"},
		{"containers: {a: {image: b, volumes: ['/:/host']}}", "mounts are below the pod"},
		{"containers: {a: {image: b, publish: ['80:80']}}", "write it beside containers"},
		{"containers: {a: {image: b, ports: ['80:80']}}", "did you mean 'publish'"},
		{"containers: {a: {image: b, env_file: a.env}}", "'environment_files'"},
		{"privileged: true\ncontainers: {a: {image: b}}", "1:1: privileged: policy"},
		{"containers: {a: {image: b, command: \"a 'b\"}}", "command: has a ' without"},
		{"containers: {a: {image: b, command: ''}}", "command: needs at least one word"},
		{"containers: {a: {image: b, command: []}}", "command: needs at least one word"},
		{"containers: {a: {image: b, command: }}", "command: must be a string or a list"},
		{"containers: {a: {image: b, command: {x: y}}}", "command: must be a string or"},
		{"containers: {a: {image: b, command: [[x]]}}", "must be a string"},
		{"containers: {a: {image: b, environment: {A: 1}}}", "quotes"},
		{"containers: {a: {image: b, environment: {A=B: x}}}", "'='"},
		{"containers: {a: {image: b, labels: {podctl.pod: x}}}", "reserved"},
		{"containers: {a: {image: b, labels: {Podctl.pod: x}}}", "reserved"},
		{"containers: {a: {image: b, user: ''}}", "containers.a.user: must be USER"},
		{"containers: {a: {image: b, user: 'a:'}}", "must be USER"},
		{"containers: {a: {image: b, user: 'a:b:c'}}", "must be USER"},
		{"containers: {a: {image: b, user: 'a b'}}", "must be USER"},
		{"containers: {a: {image: b, restart: sometimes}}", "restart: must be no,"},
		{"containers: {a: {image: b, restart: nope}}", "restart: must be no,"},
		{"containers: {a: {image: b, restart: 'on-failure:'}}", "restart: must be no,"},
		{"containers: {a: {image: b, restart: 'on-failure:-1'}}", "restart: must be no,"},
		{"containers: {a: {image: b, restart: always-not}}", "restart: must be no,"},
		{"containers: {a: {image: b, mounts: [{source: x}]}}", "target: is missing"},
		{"containers: {a: {image: b, mounts: [{source: '', target: /x}]}}",
		 "containers.a.mounts[0]: source cannot be empty"},
		{"containers: {a: {image: b, mounts: [{source: /etc, target: /x}]}}",
		 "source must be relative"},
		{"containers: {a: {image: b, mounts: [{source: a/../b, target: /x}]}}",
		 "source cannot have .."},
		{"containers: {a: {image: b, mounts: [{source: .., target: /x}]}}",
		 "source cannot have .."},
		{"containers: {a: {image: b, mounts: [{source: a, target: x}]}}",
		 "target must be an absolute"},
		{"containers: {a: {image: b, mounts: [{source: a, target: /}]}}",
		 "target cannot be /"},
		{"containers: {a: {image: b, mounts: [{source: a, target: /x/}]}}",
		 "target must be normal"},
		{"containers: {a: {image: b, mounts: [{source: a, target: /x/../y}]}}",
		 "target must be normal"},
		{"containers: {a: {image: b, mounts: [{source: a, target: //x}]}}",
		 "target must be normal"},
		{"containers: {a: {image: b, mounts: [{source: a, target: /proc}]}}",
		 "target cannot be in /proc"},
		{"containers: {a: {image: b, mounts: [{source: a, target: /dev/shm}]}}",
		 "target cannot be in /proc"},
		{"containers: {a: {image: b, mounts: [{source: a, target: /x}, "
		 "{source: b, target: /x}]}}",
		 "mounts[1]: target is the same as"},
		{"containers: {a: {image: b, mounts: [{source: a, target: /x/y}, "
		 "{source: b, target: /x}]}}",
		 "mounts[1]: target is the same as"},
		{"hostname: a_b\ncontainers: {a: {image: b}}", "1:11: hostname: is no host name"},
		{"hostname: -a\ncontainers: {a: {image: b}}", "hostname: is no host name"},
		{"hostname: a..b\ncontainers: {a: {image: b}}", "hostname: is no host name"},
		{"hostname: db\ncontainers: {a: {image: b}}",
		 "1:11: hostname: must be the pod's name"},
		{"hostname: deb.debian.org\ncontainers: {a: {image: b}}", "must be the pod's name"},
		{"hostname: web.example.org\ncontainers: {a: {image: b}}",
		 "must be the pod's name"},
		{"hostname: web-a.example.org\ncontainers: {a: {image: b}}", "without dots"},
		{"hostname: webs\ncontainers: {a: {image: b}}", "(web-...)"},
		{"hostname: web-\ncontainers: {a: {image: b}}", "hostname: is no host name"},
		{"publish: 80\ncontainers: {a: {image: b}}", "publish: must be a list"},
		{"publish: [x]\ncontainers: {a: {image: b}}", "publish[0]: has a port"},
		{"publish: ['443:80']\ncontainers: {a: {image: b}}",
		 "1:11: publish[0]: host port 443/tcp belongs to pod other"},
		{"publish: ['81:80']\ncontainers: {a: {image: b}}",
		 "host port 81/tcp is not on the port whitelist"},
		{"services: {}\ncontainers: {a: {image: b}}",
		 "1:1: services: unknown key; did you mean 'containers'?"},
		{"version: '3'\ncontainers: {a: {image: b}}",
		 "1:1: version: unknown key; a pod file"},
		{"publish: ['80:80/udp']\ncontainers: {a: {image: b}}",
		 "host port 80/udp is not on the port whitelist"},
		{"publish: ['8000-8010:8000-8010']\ncontainers: {a: {image: b}}",
		 "host port 8010/tcp is not on the port whitelist"},
		{"publish: ['80:80', x]\ncontainers: {a: {image: b}}", "publish[1]: has a port"},
		{"publish: ['80:80', '80:81']\ncontainers: {a: {image: b}}",
		 "publish[1]: takes a host port of line 1 again"},
	};
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(NULL);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *got = fixture_problems("web", cases[i].yaml, s, NULL);
		const char *end = strchr(got, '\n');

		if (!strstr(got, cases[i].want))
			fail_msg("%s\ngives:\n%sinstead of %s", cases[i].yaml, got, cases[i].want);
		if (!end || end[1])
			fail_msg("%s\ngives:\n%s", cases[i].yaml, got);
	}
}

static void test_all_at_once(void **state _unused_)
{
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(NULL);
	_cleanup_free_ char *got = fixture_problems("web",
						    "hostname: '-'\n"
						    "publish: ['443:1']\n"
						    "containers:\n"
						    "  a: {image: A, foo: 1}\n"
						    "  b: {imaeg: x}\n"
						    "  b: {image: x}\n",
						    s, NULL);

	assert_non_null(strstr(got, "1:11: hostname"));
	assert_non_null(strstr(got, "2:11: publish[0]"));
	assert_non_null(strstr(got, "4:14: containers.a.image"));
	assert_non_null(strstr(got, "containers.a.foo: unknown"));
	assert_non_null(strstr(got, "containers.b.imaeg: unknown"));
	assert_non_null(strstr(got, "containers.b.image: is missing"));
	assert_non_null(strstr(got, "the key 'b' is given twice"));
}

/* Entries count as in the file, also behind one that is none; what overlaps is told once. */
static void test_publish_entries(void **state _unused_)
{
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(NULL);
	_cleanup_free_ char *got = fixture_problems("web",
						    "publish: [x, '443:1', '443:1', '443:1']\n"
						    "containers: {a: {image: b}}\n",
						    s, NULL);
	const char *last = strstr(got, "publish[3]: takes a host port of line 1 again");

	assert_non_null(strstr(got, "publish[0]: has a port"));
	assert_non_null(strstr(got, "publish[1]: host port 443/tcp belongs to pod other"));
	assert_non_null(last);
	assert_null(strstr(last + 1, "publish[3]"));
}

static void test_policy(void **state _unused_)
{
	static const struct {
		const char *settings, *pod, *want;
	} cases[] = {
		{"policy: {images: ['example.com/*']}", "{image: example.com/a}", ""},
		{"policy: {images: ['example.com/*']}", "{image: busybox}", "policy forbids this"},
		{"policy: {images: []}", "{image: busybox}", "policy forbids this"},
		{"policy: {require_user: true}", "{image: a}", "policy wants a user"},
		{"policy: {require_user: true}", "{image: a, user: root}", "policy wants a user"},
		{"policy: {require_user: true}", "{image: a, user: '0'}", "policy wants a user"},
		{"policy: {require_user: true}", "{image: a, user: '00:5'}", "policy wants a user"},
		{"policy: {require_user: true}", "{image: a, user: ':5'}", "policy wants a user"},
		{"policy: {require_user: true}", "{image: a, user: '1000:0'}", ""},
		/* the engine reads it as 0 */
		{"policy: {require_user: true}", "{image: a, user: '-0'}", "policy wants a user"},
		{"policy: {require_user: true}", "{image: a, user: '-00:1'}",
		 "policy wants a user"},
		/* the image says who that is */
		{"policy: {require_user: true}", "{image: a, user: app}", "up to the image"},
		{"policy: {allow_root_user: false}", "{image: a, user: 'app:app'}",
		 "up to the image"},
		{"policy: {allow_root_user: false}", "{image: a, user: '01'}", ""},
		{"policy: {allow_root_user: false}", "{image: a, user: '2147483647:2147483647'}",
		 ""},
		{"policy: {allow_root_user: false}", "{image: a, user: '1000:app'}", ""},
		{"policy: {allow_root_user: false}", "{image: a, user: '1000:1_000'}", ""},
		/* no number to the engine, which looks for such a name */
		{"policy: {allow_root_user: false}", "{image: a, user: '99999999999999999999'}",
		 "up to the image"},
		{"policy: {require_user: true}", "{image: a, user: '99999999999999999999:5'}",
		 "up to the image"},
		{"policy: {require_user: true}", "{image: a, user: '2147483648'}",
		 "up to the image"},
		{"policy: {require_user: true}", "{image: a, user: '4294967296'}",
		 "up to the image"},
		{"policy: {require_user: true}", "{image: a, user: '0000000000001000'}",
		 "up to the image"},
		{"policy: {require_user: true}", "{image: a, user: '0000000000'}",
		 "policy wants a user"},
		{"policy: {require_user: true}", "{image: a, user: '1_000'}", "up to the image"},
		{"policy: {require_user: true}", "{image: a, user: '0x10'}", "up to the image"},
		{"policy: {require_user: true}", "{image: a, user: '-5'}", "up to the image"},
		{"policy: {require_user: true}", "{image: a, user: '+1000'}", "must be USER"},
		{"policy: {require_user: true}", "{image: a, user: ' 1000'}", "must be USER"},
		{"policy: {require_user: true}", "{image: a, user: '1000:'}", "must be USER"},
		{"policy: {require_user: true}", "{image: a, user: \"\\u0661\"}", "must be USER"},
		{"policy: {require_user: true}", "{image: a, user: ':0'}", "policy wants a user"},
		{"policy: {require_user: true}", "{image: a, user: '1000:99999999999999999999'}",
		 "policy wants a group"},
		{"policy: {require_user: true}", "{image: a, user: '1000:4294967296'}",
		 "policy wants a group"},
		{"policy: {max_pids: 5}", "{image: a, user: '99999999999999999999:4294967296'}",
		 ""},
		/* set-user-id programs of the image would give root's rights */
		{"policy: {allow_root_user: false}",
		 "{image: a, user: '5', no_new_privileges: false}",
		 "no_new_privileges: policy forbids root"},
		{"policy: {require_user: true}", "{image: a, user: '5', no_new_privileges: false}",
		 "no_new_privileges: policy forbids root"},
		{"policy: {max_pids: 5}", "{image: a, no_new_privileges: false}", ""},
		{"policy: {allow_root_user: false}", "{image: a, user: '0'}", "policy wants"},
		{"policy: {allow_root_user: false}", "{image: a}", "policy wants"},
		{"policy: {labels_reserved: [traefik.]}", "{image: a, labels: {traefik.x: y}}",
		 "policy forbids labels"},
		{"policy: {labels_reserved: [traefik.]}", "{image: a, labels: {x.traefik.: y}}",
		 ""},
		{"policy: {labels_reserved: [traefik.]}", "{image: a, labels: {TraefiK.x: y}}",
		 "policy forbids labels"},
		{"network_name: x", "{image: a, mounts: [{source: a, target: /a}]}",
		 "no mount_root"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(settings_freep)
		struct settings *s = fixture_settings(cases[i].settings);
		_cleanup_free_ char *yaml = xasprintf("containers: {a: %s}", cases[i].pod);
		_cleanup_free_ char *got = fixture_problems("web", yaml, s, NULL);

		if (*cases[i].want ? !strstr(got, cases[i].want) : *got != '\0')
			fail_msg("%s under %s gives: %s", yaml, cases[i].settings, got);
	}
}

/* text with n letters for its #. Caller frees. */
static char *expand(const char *text, size_t n)
{
	size_t before = strcspn(text, "#");
	_cleanup_free_ char *letters = xmalloc(n + 1);

	memset(letters, 'x', n);
	letters[n] = '\0';
	return xasprintf("%.*s%s%s", (int)before, text, letters, text + before + 1);
}

/* What lists of containers would show is bounded: what is common counts for each. */
static void test_sizes(void **state _unused_)
{
	static const struct {
		const char *text;
		size_t most; /* letters that are fine */
		const char *want;
	} cases[] = {
		{"common_labels: {l: '#'}\ncontainers: {a: {image: b}}", 65000, "a: its labels"},
		{"root_labels: {l: '#'}\ncontainers: {a: {image: b}}", 65000, "root_labels: have"},
		{"common_labels: {l: '#'}\ncontainers: {a: {image: b}, c: {image: b}, "
		 "d: {image: b}, e: {image: b}, f: {image: b}, g: {image: b}, h: {image: b}, "
		 "i: {image: b}, j: {image: b}, k: {image: b}}",
		 52000, "containers: labels"},
		{"containers: {a: {image: b, command: [x, '#']}}", 524000, "containers: labels"},
	};
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(NULL);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *fits = expand(cases[i].text, cases[i].most);
		_cleanup_free_ char *more = expand(cases[i].text, cases[i].most + 1000);
		_cleanup_free_ char *none = fixture_problems("web", fits, s, NULL);
		_cleanup_free_ char *got = fixture_problems("web", more, s, NULL);

		assert_string_equal(none, "");
		if (!strstr(got, cases[i].want))
			fail_msg("case %zu: %.200s", i, got);
	}
}

/* Caller frees. */
static char *repeat_ranges(void)
{
	char *text = xstrdup("port_whitelist: {");

	for (unsigned port = 32768; port < 61000; port += 1000) {
		char *more = xasprintf("%s%u-%u/udp: x, ", text, port, port + 999);

		free(text);
		text = more;
	}
	text[strlen(text) - 2] = '}';
	return text;
}

static void test_no_ephemeral(void **state _unused_)
{
	/* 32768-60999, in ranges that a grant may have */
	_cleanup_free_ char *whitelist = repeat_ranges();
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(whitelist);
	_cleanup_free_ char *tcp =
		fixture_problems("web", "publish: [':80']\ncontainers: {a: {image: b}}", s, NULL);
	_cleanup_free_ char *udp = fixture_problems(
		"web", "publish: [':80/udp']\ncontainers: {a: {image: b}}", s, NULL);
	_cleanup_free_ char *all = fixture_problems(
		"web", "expose: [80/udp]\npublish_all: true\ncontainers: {a: {image: b}}", s, NULL);

	assert_string_equal(tcp, "");
	assert_non_null(strstr(udp, "publish[0]: the engine cannot choose a host port"));
	assert_non_null(strstr(all, "publish_all: the engine cannot choose a host port"));
}

/* n times: a each with its number for the #. Caller frees. */
static char *repeat(const char *begin, const char *each, size_t n, const char *end)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	fputs(begin, f);
	for (size_t i = 0; i < n; i++) {
		const char *mark = strchr(each, '#');

		fprintf(f, "%.*s%zu%s", (int)(mark - each), each, i, mark + 1);
	}
	fputs(end, f);
	fclose(f);
	return text;
}

static void test_limits(void **state _unused_)
{
	static const struct {
		const char *begin, *each, *end;
		size_t max;
		const char *want;
	} cases[] = {
		{"containers: {", "a#: {image: b},", "}", POD_CONTAINERS_MAX,
		 "containers: has more than 100 containers"},
		{"containers: {a: {image: b, mounts: [", "{source: a, target: /x#},", "]}}",
		 POD_MOUNTS_MAX, "containers.a.mounts: has more than 100 mounts"},
		{"containers: {a: {image: b}}\npublish: [", "'127.0.0.#:8000-8009:8000-8009',", "]",
		 102, "publish: has more than 1024 ports"},
	};
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(NULL);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *fits =
			repeat(cases[i].begin, cases[i].each, cases[i].max, cases[i].end);
		_cleanup_free_ char *more =
			repeat(cases[i].begin, cases[i].each, cases[i].max + 1, cases[i].end);
		_cleanup_free_ char *none = fixture_problems("web", fits, s, NULL);
		_cleanup_free_ char *got = fixture_problems("web", more, s, NULL);

		assert_string_equal(none, "");
		if (!strstr(got, cases[i].want))
			fail_msg("%s", got);
	}
}

static void test_names(void **state _unused_)
{
	static const struct {
		const char *path, *want;
	} cases[] = {
		{"web.yml", "web"}, {"/a/b.c/web.yaml", "web"},
		{"web", "web"},	    {"./my_pod-2.yml", "my_pod-2"},
		{"a.yml", NULL},    {"", NULL},
		{".yml", NULL},	    {"a.b.yml", NULL},
		{"-ab.yml", NULL},  {"dir/", NULL},
		{"we b.yml", NULL}, {"db.yml web", NULL},
		{"db.", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *got = pod_name_from_path(cases[i].path);

		if (cases[i].want)
			assert_string_equal(got, cases[i].want);
		else
			assert_null(got);
	}
}

static void test_pin_path(void **state _unused_)
{
	_cleanup_free_ char *a = pod_pin_path("web", "a"), *b = pod_pin_path("web", "b"),
			    *again = pod_pin_path("web", "a");

	assert_non_null(startswith(a, "/run/podctl/mounts/web/"));
	assert_string_equal(a, again);
	assert_string_not_equal(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),		cmocka_unit_test(test_no_ephemeral),
		cmocka_unit_test(test_whole),		cmocka_unit_test(test_hostname),
		cmocka_unit_test(test_problems),	cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_publish_entries), cmocka_unit_test(test_policy),
		cmocka_unit_test(test_names),		cmocka_unit_test(test_dns),
		cmocka_unit_test(test_pin_path),	cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

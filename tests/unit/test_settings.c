/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/dns_name.h"
#include "common/file.h"
#include "common/settings.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Problems sorted, on lines each. Caller frees both. */
static int parse(const char *text, struct settings **ret, char **ret_problems)
{
	_cleanup_(problems_done)
	struct problems p = {0};
	size_t size;
	FILE *out = open_memstream(ret_problems, &size);
	int r = settings_parse(text, strlen(text), "myhost", &p, ret);

	problems_sort(&p);
	problems_print(&p, "f", out);
	fclose(out);
	return r;
}

static struct settings *parse_good(const char *text)
{
	_cleanup_free_ char *problems = NULL;
	struct settings *s = NULL;

	if (parse(text, &s, &problems) != 0)
		fail_msg("%s\n%s", text, problems);
	assert_string_equal(problems, "");
	return s;
}

static void test_defaults(void **state _unused_)
{
	static const char *const ours[] = {
		"AUDIT_WRITE",	    "CHOWN",   "DAC_OVERRIDE", "FOWNER",  "FSETID", "KILL",
		"NET_BIND_SERVICE", "SETFCAP", "SETGID",       "SETPCAP", "SETUID", "SYS_CHROOT"};
	_cleanup_(settings_freep)
	struct settings *s = parse_good("");

	assert_null(s->mount_root);
	assert_string_equal(s->network_name, "bridge");
	assert_string_equal(s->host_hostname, "myhost");
	assert_false(s->use_host_resolv_conf);
	assert_int_equal(s->n_port_whitelist, 0);
	assert_int_equal(s->guard.container_interfaces.n, 2);
	assert_true(settings_guards_interface(s, "docker0"));
	assert_true(settings_guards_interface(s, "br-0123456789ab"));
	assert_false(settings_guards_interface(s, "eth0"));
	assert_false(settings_guards_interface(s, "docker01"));
	assert_int_equal(s->guard.allowed_users.n, 1);
	assert_string_equal(s->guard.allowed_users.items[0], "root");
	assert_int_equal(s->guard.host_rate.rate, 0);
	assert_false(s->guard.pod_to_pod_allow);
	assert_false(s->guard.deny_host_users_with_drop);
	assert_true(s->guard.log_denied);
	assert_false(s->guard.required_given);
	assert_int_equal(settings_n_pods(s), 0);
	assert_true(s->other_guard);
	assert_null(s->other_pod_label);
	assert_true(s->policy.allow_root_user);
	assert_false(s->policy.require_user || s->policy.unlimited || s->policy.images_given);
	assert_int_equal(s->policy.capabilities.n, ARRAY_SIZE(ours));
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		assert_true(strv_has(&s->policy.capabilities, ours[i]));
}

/* A moby-derp.conf: its keys, ports as numbers or quoted. */
static void test_moby_derp(void **state _unused_)
{
	_cleanup_(settings_freep)
	struct settings *s = parse_good(
		"---\nmount_root: /srv/docker\nport_whitelist:\n  80: web\n  \"443\": web\n"
		"  '53/udp': dns\nnetwork_name: pods\nuse_host_resolv_conf: true\n"
		"host_hostname: speccy\n");

	assert_string_equal(s->mount_root, "/srv/docker");
	assert_string_equal(s->network_name, "pods");
	assert_string_equal(s->host_hostname, "speccy");
	assert_true(s->use_host_resolv_conf);
	assert_int_equal(s->n_port_whitelist, 3);
	assert_string_equal(settings_find_grant(s, IPPROTO_TCP, 443)->pod, "web");
	assert_string_equal(settings_find_grant(s, IPPROTO_UDP, 53)->pod, "dns");
	assert_null(settings_find_grant(s, IPPROTO_TCP, 53));
}

static char *read_example(void)
{
	_cleanup_close_ int fd = open("examples/netguard.yml", O_RDONLY | O_CLOEXEC);
	struct err err = {0};
	char *text = NULL;
	size_t size;

	if (file_read_limited(fd, YAML_INPUT_MAX, &text, &size, &err) < 0)
		fail_msg("examples/netguard.yml: %s", err.text);
	return text;
}

static void check_example_pod(const struct settings_pod *web)
{
	char buf[ADDR_TEXT_MAX];

	assert_true(web->owners_given);
	assert_string_equal(web->owners.items[1], "@webteam");
	assert_string_equal(web->users.items[0], "bob");
	assert_int_equal(web->hostnames.n, 2);
	assert_string_equal(web->hostnames.items[1], "www.example.com");
	assert_int_equal(web->host_ports.items[0].first, 5432);
	assert_int_equal(web->host_rate.rate, 20);
	assert_int_equal(web->host_rate.burst, 10);
	assert_int_equal(web->n_connect_to, 2);
	assert_string_equal(web->connect_to[0].pod, "db");
	assert_false(web->connect_to[0].any);
	assert_int_equal(web->connect_to[0].ports.items[0].first, 5432);
	assert_string_equal(web->connect_to[1].pod, "cache");
	assert_true(web->connect_to[1].any);
	assert_int_equal(web->direct_ports.items[0].first, 443);
	assert_true(web->egress_given);
	assert_int_equal(web->n_egress, 2);
	assert_string_equal(prefix_format(&web->egress[1].to, buf), "2001:db8::/32");
	assert_int_equal(web->egress[1].ports.first, 25);
}

/* Every key there is. */
static void test_example(void **state _unused_)
{
	_cleanup_free_ char *text = read_example();
	_cleanup_(settings_freep)
	struct settings *s = parse_good(text);
	const struct settings_grant *g;

	assert_int_equal(s->n_port_whitelist, 4);
	g = settings_find_grant(s, IPPROTO_TCP, 443);
	assert_int_equal(g->n_from, 2);
	assert_int_equal(g->from[0].len, 24);
	assert_false(g->pod_users_only);
	assert_true(settings_find_grant(s, IPPROTO_TCP, 8009)->pod_users_only);
	assert_null(settings_find_grant(s, IPPROTO_TCP, 8010));
	assert_false(settings_guards_interface(s, "br-lan"));
	assert_true(settings_guards_interface(s, "br-lan2"));
	assert_true(strv_has(&s->guard.allowed_users, "traefik"));
	assert_true(strv_has(&s->guard.allowed_groups, "ops"));
	assert_int_equal(s->guard.host_ports.items[0].proto, IPPROTO_UDP);
	assert_int_equal(s->guard.host_rate.rate, 100);
	assert_int_equal(s->guard.host_rate.unit, 1);
	assert_int_equal(s->guard.host_rate.burst, 200);
	assert_true(s->guard.required && s->guard.required_given);
	assert_int_equal(settings_n_pods(s), 2);
	check_example_pod(settings_find_pod(s, "web"));
	assert_true(settings_find_pod(s, "db")->egress_given);
	assert_int_equal(settings_find_pod(s, "db")->n_egress, 0);
	assert_null(settings_find_pod(s, "we"));
	assert_string_equal(s->other_pod_label, "com.example.pod");
	assert_int_equal(s->policy.capabilities.n, 4);
	assert_int_equal(s->policy.images.n, 2);
	assert_int_equal(s->policy.labels_reserved.n, 1);
	assert_int_equal(s->policy.max_memory, (int64_t)2 << 30);
	assert_int_equal(s->policy.max_pids, 4096);
	assert_true(s->policy.max_cpus > 1.99 && s->policy.max_cpus < 2.01);
}

/* No key without an entry in the example, so that it stays a reference. */
static void check_documented(const struct schema *schema, const char *text)
{
	for (const struct schema_field *f = schema->fields; f->key; f++) {
		_cleanup_free_ char *key = xasprintf("%s:", f->key);

		if (!strstr(text, key))
			fail_msg("examples/netguard.yml says nothing of %s", key);
		assert_non_null(f->doc);
		if (f->object)
			check_documented(f->object, text);
	}
}

static void test_example_is_complete(void **state _unused_)
{
	_cleanup_free_ char *text = read_example();

	check_documented(&settings_schema, text);
}

static void test_others(void **state _unused_)
{
	_cleanup_(settings_freep)
	struct settings *s = parse_good(
		"guard:\n  pod_to_pod: allow\n  deny_host_users_with: drop\n  log_denied: false\n"
		"  allowed_users: [1001, \"0\", \"@adm\"]\n  allowed_groups: [27]\n"
		"  host_rate: 60/minute\n  host_ports: [53, 50-60, 55-70, 53/udp, 9-10, 8]\n"
		"  required: false\npods:\n"
		"  a:\n    connect_to: [b, c]\n  b:\n    connect_to: { a: , c: any }\n  c:\n"
		"other_containers:\n  guard: false\n"
		"policy:\n  capabilities: [net_raw, CAP_CHOWN, Cap_Chown]\n  max_memory: 1.5g\n"
		"  max_cpus: 0.5\n  unlimited: true\n  images: []\n  allow_root_user: false\n");
	const struct settings_pod *a = settings_find_pod(s, "a"), *b = settings_find_pod(s, "b");
	char buf[PORTS_TEXT_MAX];

	assert_true(s->guard.pod_to_pod_allow && s->guard.deny_host_users_with_drop);
	assert_false(s->guard.log_denied);
	assert_true(s->guard.required_given && !s->guard.required);
	assert_string_equal(s->guard.allowed_users.items[0], "1001");
	assert_string_equal(s->guard.allowed_groups.items[0], "27");
	assert_int_equal(s->guard.host_rate.rate, 60);
	assert_int_equal(s->guard.host_rate.unit, 60);
	assert_int_equal(s->guard.host_rate.burst, 5);
	/* sorted, overlaps made one, as an interval set wants them */
	assert_int_equal(s->guard.host_ports.n, 4);
	assert_string_equal(ports_format(&s->guard.host_ports.items[0], buf), "8/tcp");
	assert_string_equal(ports_format(&s->guard.host_ports.items[1], buf), "9-10/tcp");
	assert_string_equal(ports_format(&s->guard.host_ports.items[2], buf), "50-70/tcp");
	assert_string_equal(ports_format(&s->guard.host_ports.items[3], buf), "53/udp");
	assert_int_equal(a->n_connect_to, 2);
	assert_true(a->connect_to[1].any && b->connect_to[0].any && b->connect_to[1].any);
	assert_false(a->egress_given || a->owners_given);
	assert_non_null(settings_find_pod(s, "c"));
	assert_false(s->other_guard);
	assert_int_equal(s->policy.capabilities.n, 2);
	assert_string_equal(s->policy.capabilities.items[0], "NET_RAW");
	assert_int_equal(s->policy.max_memory, 3 << 29);
	assert_true(s->policy.max_cpus < 0.51 && s->policy.unlimited);
	assert_true(s->policy.images_given && s->policy.images.n == 0);
	assert_false(s->policy.allow_root_user);
}

static void test_whitelist_merged(void **state _unused_)
{
	_cleanup_(settings_freep)
	struct settings *s =
		parse_good("port_whitelist:\n  8000-8009: dev\n  8005: dev\n  8008-8020: dev\n"
			   "  8000-8009/udp: web\n  90: web\n");

	assert_int_equal(s->n_port_whitelist, 3);
	assert_int_equal(s->port_whitelist[0].ports.first, 90);
	assert_int_equal(s->port_whitelist[1].ports.first, 8000);
	assert_int_equal(s->port_whitelist[1].ports.last, 8020);
	assert_int_equal(s->port_whitelist[2].ports.proto, IPPROTO_UDP);
	for (unsigned port = 1; port <= 65535; port++) {
		const struct settings_grant *g =
			settings_find_grant(s, IPPROTO_TCP, (uint16_t)port);

		assert_int_equal(g != NULL, port == 90 || (port >= 8000 && port <= 8020));
	}
}

/* Each text with all its complaints. */
static void test_problems(void **state _unused_)
{
	static const struct {
		const char *yaml, *problems;
	} cases[] = {
		/* ports given away twice, both lines named, whatever their order */
		{"port_whitelist:\n  80: web\n  80/tcp: db\n",
		 "f:3:3: port_whitelist: 80/tcp on line 3 is on the whitelist already, for pod web "
		 "on line 2\n"},
		{"port_whitelist:\n  80: web\n  80/tcp: web\n",
		 "f:3:3: port_whitelist: 80/tcp on line 3 is on the whitelist already, for pod web "
		 "on line 2\n"},
		{"port_whitelist:\n  80: web\n  80: web\n",
		 "f:3:3: the key '80' is given twice, first on line 2\n"
		 "f:3:3: port_whitelist: 80/tcp on line 3 is on the whitelist already, for pod web "
		 "on line 2\n"},
		{"port_whitelist:\n  8000-8009: dev\n  8005: web\n",
		 "f:3:3: port_whitelist: 8005/tcp for pod web on line 3 overlaps with "
		 "8000-8009/tcp for pod dev on line 2\n"},
		{"port_whitelist:\n  8005-8020: web\n  1-1000: a\n  8000-8009: dev\n",
		 "f:4:3: port_whitelist: 8000-8009/tcp for pod dev on line 4 overlaps with "
		 "8005-8020/tcp for pod web on line 2\n"},
		/* hidden behind a wide one */
		{"port_whitelist:\n  100-200: a\n  110: b\n  150: c\n",
		 "f:3:3: port_whitelist: 110/tcp for pod b on line 3 overlaps with 100-200/tcp for "
		 "pod a on line 2\n"
		 "f:4:3: port_whitelist: 150/tcp for pod c on line 4 overlaps with 100-200/tcp for "
		 "pod a on line 2\n"},
		/* the same pod, on other terms */
		{"port_whitelist:\n  8000-8009: dev\n  8005: {pod: dev, from: [192.0.2.1]}\n",
		 "f:3:3: port_whitelist: 8005/tcp for pod dev on line 3 overlaps with "
		 "8000-8009/tcp for pod dev on line 2\n"},
		{"port_whitelist:\n  8000-8009: dev\n  8005: {pod: dev, host_users: pod}\n",
		 "f:3:3: port_whitelist: 8005/tcp for pod dev on line 3 overlaps with "
		 "8000-8009/tcp for pod dev on line 2\n"},
		{"port_whitelist:\n  0: web\n  70000: web\n  0x50: web\n  90-80: web\n  80/sctp: "
		 "web\n"
		 "  1-1025: web\n  http: web\n",
		 "f:2:3: port_whitelist.0: must be a host port, a range or either with /tcp or "
		 "/udp: "
		 "80, 8000-8009, 53/udp\n"
		 "f:3:3: port_whitelist.70000: must be a host port, a range or either with /tcp or "
		 "/udp: 80, 8000-8009, 53/udp\n"
		 "f:4:3: port_whitelist.0x50: must be a host port, a range or either with /tcp or "
		 "/udp: 80, 8000-8009, 53/udp\n"
		 "f:5:3: port_whitelist.90-80: must be a host port, a range or either with /tcp or "
		 "/udp: 80, 8000-8009, 53/udp\n"
		 "f:6:3: port_whitelist.80/sctp: must be a host port, a range or either with /tcp "
		 "or "
		 "/udp: 80, 8000-8009, 53/udp\n"
		 "f:7:3: port_whitelist.1-1025: a range may span at most 1024 ports\n"
		 "f:8:3: port_whitelist.http: must be a host port, a range or either with /tcp or "
		 "/udp: 80, 8000-8009, 53/udp\n"},
		{"port_whitelist: [80]\n",
		 "f:1:17: port_whitelist: must be a map of host ports to pods\n"},
		{"port_whitelist: {80: , 81: [web], 82: {from: [x]}, 83: {pod: web, form: []}}\n",
		 "f:1:22: port_whitelist.80: must be the name of a pod, or a map with pod in it\n"
		 "f:1:28: port_whitelist.81: must be the name of a pod, or a map with pod in it\n"
		 "f:1:39: port_whitelist.82.pod: is missing, and required\n"
		 "f:1:47: port_whitelist.82.from[0]: must be an address or a prefix without host "
		 "bits, such as 192.0.2.0/24 or \"2001:db8::/32\"\n"
		 "f:1:67: port_whitelist.83.form: unknown key; did you mean 'from'?\n"},
		/* an empty list would otherwise mean "from anywhere" */
		{"port_whitelist: {80: {pod: w, from: [], host_users: all}}\n",
		 "f:1:37: port_whitelist.80.from: must be a list of addresses or prefixes; leave "
		 "it "
		 "out for any\n"
		 "f:1:53: port_whitelist.80.host_users: must be any or pod\n"},
		{"port_whitelist: {80: -x, 81: {pod: 'a b'}}\n",
		 "f:1:22: port_whitelist.80: must be the name of a pod: letters, digits, _ and -, "
		 "beginning with a letter or digit, at most 63\n"
		 "f:1:36: port_whitelist.81.pod: must be the name of a pod: letters, digits, _ and "
		 "-, beginning with a letter or digit, at most 63\n"},
		/* the first keys */
		{"mount_root: srv\nnetwork_name: host\nhost_hostname: a b\nuse_host_resolv_conf: "
		 "yes\n",
		 "f:1:13: mount_root: must be an absolute path\n"
		 "f:2:15: network_name: must be a network of the engine's own: in this one nothing "
		 "can be guarded\n"
		 "f:3:16: host_hostname: must be a host name of at most 64 letters, digits, dots "
		 "and dashes\n"
		 "f:4:23: use_host_resolv_conf: must be true or false (without quotes)\n"},
		{"mount_root: /srv/../etc\n",
		 "f:1:13: mount_root: must be an absolute path without . or .. in it\n"},
		{"mount_root: /srv/pods/.\nnetwork_name: \"container:x\"\n",
		 "f:1:13: mount_root: must be an absolute path without . or .. in it\n"
		 "f:2:15: network_name: must be the name of a network\n"},
		/* guard */
		{"guard:\n  container_interfaces: [\"*\", lo, \"l*\", \"b*r\", abcdefghijklmnop, "
		 "'']\n",
		 "f:2:26: guard.container_interfaces[0]: must be an interface's name, or its "
		 "beginning and a star (br-*)\n"
		 "f:2:31: guard.container_interfaces[1]: may not match lo: the host would be "
		 "closed "
		 "to itself\n"
		 "f:2:35: guard.container_interfaces[2]: may not match lo: the host would be "
		 "closed "
		 "to itself\n"
		 "f:2:41: guard.container_interfaces[3]: must be an interface's name, or its "
		 "beginning and a star (br-*)\n"
		 "f:2:48: guard.container_interfaces[4]: must be an interface's name, or its "
		 "beginning and a star (br-*)\n"
		 "f:2:66: guard.container_interfaces[5]: must be an interface's name, or its "
		 "beginning and a star (br-*)\n"},
		{"guard:\n  allowed_users: [\"\", \"@\", \"a:b\", -1, ~]\n  allowed_groups: "
		 "[\"@ops\"]\n",
		 "f:2:19: guard.allowed_users[0]: must be a user's name, a uid or @group\n"
		 "f:2:23: guard.allowed_users[1]: must be a user's name, a uid or @group\n"
		 "f:2:28: guard.allowed_users[2]: must be a user's name, a uid or @group\n"
		 "f:2:35: guard.allowed_users[3]: must be a user's name, a uid or @group\n"
		 "f:2:39: guard.allowed_users[4]: must be a string, but is null\n"
		 "f:3:20: guard.allowed_groups[0]: must be a group's name or gid, without @\n"},
		{"guard: {host_ports: 53, pod_to_pod: true, deny_host_users_with: [drop]}\n",
		 "f:1:21: guard.host_ports: must be a list of ports, but is a number\n"
		 "f:1:37: guard.pod_to_pod: must be deny or allow\n"
		 "f:1:65: guard.deny_host_users_with: must be reject or drop\n"},
		{"guard: {allowed_user: [x]}\nscann: {}\n",
		 "f:1:9: guard.allowed_user: unknown key; did you mean 'allowed_users'?\n"
		 "f:2:1: scann: unknown key; did you mean 'scan'?\n"},
		/* pods */
		{"pods: {web: {host_ports: [x, 1-2000], connect_to: {db: [], a b: [1], c: [y]}}}\n",
		 "f:1:27: pods.web.host_ports[0]: must be a port, a range or either with /tcp or "
		 "/udp: "
		 "80, 8000-8009, 53/udp\n"
		 "f:1:30: pods.web.host_ports[1]: a range may span at most 1024 ports\n"
		 "f:1:56: pods.web.connect_to.db: must be a list of ports, or any\n"
		 "f:1:60: pods.web.connect_to.a b: is not the name of a pod\n"
		 "f:1:74: pods.web.connect_to.c[0]: must be a port, a range or either with /tcp or "
		 "/udp: 80, 8000-8009, 53/udp\n"},
		{"pods: {web: {connect_to: db}, a: {connect_to: [[x]]}, -b: {}}\n",
		 "f:1:26: pods.web.connect_to: must be a map of pods to lists of ports\n"
		 "f:1:48: pods.a.connect_to: must be a string, but is a list\n"
		 "f:1:55: pods.-b: is not the name of a pod: letters, digits, _ and -, beginning "
		 "with a letter or digit, at most 63\n"},
		/* what is left empty by mistake must not come to mean "anything" */
		{"pods: {web: {egress: }}\n", "f:1:22: pods.web.egress: must be a list; [] for "
					      "none, or leave the key out for no "
					      "limit\n"},
		{"pods: {web: {owners: , users: }}\n",
		 "f:1:22: pods.web.owners: must be a list, but is empty\n"
		 "f:1:31: pods.web.users: must be a list, but is empty\n"},
		{"policy: {images: , capabilities: }\n",
		 "f:1:18: policy.images: must be a list, but is empty\n"
		 "f:1:34: policy.capabilities: must be a list, but is empty\n"},
		/* policy */
		{"policy:\n  capabilities: [ALL, NET_RAWW, CAP_]\n  max_memory: lots\n  max_pids: "
		 "0\n"
		 "  max_cpus: -1\n  labels_reserved: ['']\n  images: ['']\n",
		 "f:2:18: policy.capabilities[0]: 'ALL' is not a capability: name each that is "
		 "meant\n"
		 "f:2:23: policy.capabilities[1]: 'NET_RAWW' is not a capability\n"
		 "f:2:33: policy.capabilities[2]: 'CAP_' is not a capability\n"
		 "f:3:15: policy.max_memory: must be a size in bytes, such as 512M or 2G\n"
		 "f:4:13: policy.max_pids: must be from 1 to 4194304\n"
		 "f:5:13: policy.max_cpus: must be a number of processors, such as 2 or 0.5\n"
		 "f:6:21: policy.labels_reserved[0]: must be the name of a label\n"
		 "f:7:12: policy.images[0]: must be an image's name, * for any part\n"},
		{"other_containers: {pod_label: '', gaurd: true}\n",
		 "f:1:31: other_containers.pod_label: must be the name of a label\n"
		 "f:1:35: other_containers.gaurd: unknown key; did you mean 'guard'?\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *problems = NULL;
		struct settings *s = (struct settings *)1;

		assert_int_equal(parse(cases[i].yaml, &s, &problems), -EINVAL);
		assert_ptr_equal(s, (struct settings *)1);
		if (!streq(problems, cases[i].problems))
			fail_msg("%s\ngot:\n%swanted:\n%s", cases[i].yaml, problems,
				 cases[i].problems);
	}
}

/* key: a member of pods.web; whether its value is taken */
static void test_values(void **state _unused_)
{
	static const struct {
		const char *key, *value;
		bool good;
	} cases[] = {
		{"host_rate", "20/second burst 10", true},
		{"host_rate", "1/day", true},
		{"host_rate", "4294967295/hour burst 4294967295 packets", true},
		{"host_rate", "4294967296/hour", false},
		{"host_rate", "0/second", false},
		{"host_rate", "20", false},
		{"host_rate", "20/", false},
		{"host_rate", "20/week", false},
		{"host_rate", "20/seconds", false},
		{"host_rate", "20 / second", false},
		{"host_rate", "-20/second", false},
		{"host_rate", "/second", false},
		{"host_rate", "20/second burst", false},
		{"host_rate", "20/second burst 0", false},
		{"host_rate", "20/second burst -1", false},
		{"host_rate", "20/second burst 10 apples", false},
		{"host_rate", "20/second  burst 10", false},
		{"host_rate", "99999999999999999999/second", false},
		{"host_rate", "''", false},
		{"host_rate", "[]", false},
		{"egress", "['192.0.2.0/24:443']", true},
		{"egress", "['192.0.2.1:1-65535/udp']", true},
		{"egress", "['[2001:db8::/32]:25/tcp']", true},
		{"egress", "['[::/0]:25']", true},
		{"egress", "[]", true},
		{"egress", "['192.0.2.0/24']", false},
		{"egress", "['192.0.2.0/24:']", false},
		{"egress", "[':443']", false},
		{"egress", "['2001:db8::/32:25']", false},
		{"egress", "['[192.0.2.0/24]:25']", false},
		{"egress", "['[2001:db8::/32]25']", false},
		{"egress", "['[2001:db8::/32']", false},
		{"egress", "['[2001:db8::1/32]:25']", false},
		{"egress", "['[']", false},
		{"egress", "['[]:25']", false},
		{"egress", "['0.0.0.0/0:443/icmp']", false},
		{"egress",
		 "['[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee]:1']",
		 false},
		{"egress", "[[]]", false},
		{"users", "[bob, '@web team', 'DOM\\bob', bob@example.com, \"1001\"]", true},
		{"users", "['@@x']", false},
		{"users", "['-x']", false},
		{"users", "['a,b']", false},
		{"users", "[\"a\\nb\"]", false},
		{"users", "bob", false},
		{"direct_ports", "[1-1024]", true},
		{"direct_ports", "[1-1025]", false},
		{"direct_ports", "{}", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(settings_freep)
		struct settings *s = NULL;
		_cleanup_free_ char *problems = NULL;
		_cleanup_free_ char *yaml =
			xasprintf("pods:\n  web:\n    %s: %s\n", cases[i].key, cases[i].value);
		int r = parse(yaml, &s, &problems);

		if ((r == 0) != cases[i].good)
			fail_msg("%s%s", yaml, r == 0 ? "was taken" : problems);
	}
}

static void test_warning(void **state _unused_)
{
	_cleanup_(settings_freep)
	struct settings *s = NULL;
	_cleanup_free_ char *problems = NULL;

	assert_int_equal(parse("guard: {container_interfaces: []}\n", &s, &problems), 0);
	assert_string_equal(problems,
			    "f: warning: guard.container_interfaces: is empty: nothing is "
			    "guarded\n");
}

static void test_sizes(void **state _unused_)
{
	static const struct {
		const char *text;
		int64_t size; /* 0: refused */
	} cases[] = {
		{"1", 1},
		{"1024", 1024},
		{"1k", 1024},
		{"512M", 512 << 20},
		{"2G", (int64_t)2 << 30},
		{"2gb", (int64_t)2 << 30},
		{"100b", 100},
		{"1.5k", 1536},
		{"0.5P", (int64_t)1 << 49},
		{"0.000001P", 1125899906},
		{"3T", (int64_t)3 << 40},
		{"8191P", (int64_t)8191 << 50},
		{"8192P", 0},
		{"9223372036854775807", INT64_MAX},
		{"9223372036854775808", 0},
		{"0", 0},
		{"0.0G", 0},
		{"-1", 0},
		{"", 0},
		{"G", 0},
		{"1.5", 0},
		{".5G", 0},
		{"1.G", 0},
		{"1.0000000G", 0},
		{"1.0000000000000000000000000000000000000000000000000000000000000000G", 0},
		{"1 G", 0},
		{"1E", 0},
		{"1GiB", 0},
		{"1e3", 0},
		{"unlimited", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t size = 0;

		if (size_parse(cases[i].text, &size) != (cases[i].size != 0) ||
		    size != cases[i].size)
			fail_msg("%s: %lld", cases[i].text, (long long)size);
	}
}

static void test_names(void **state _unused_)
{
	static const char *const bad_pods[] = {"", "-a", "_a", "a.b", "a b", "a/b", "\xc3\xa4"};
	char name[65];

	assert_true(pod_name_valid("a") && pod_name_valid("0") && pod_name_valid("A_b-9"));
	for (size_t i = 0; i < ARRAY_SIZE(bad_pods); i++)
		assert_false(pod_name_valid(bad_pods[i]));
	memset(name, 'x', 64);
	name[64] = '\0';
	assert_false(pod_name_valid(name));
	name[63] = '\0';
	assert_true(pod_name_valid(name));

	assert_true(ifname_pattern_valid("docker0") && ifname_pattern_valid("b*"));
	assert_true(ifname_pattern_valid("abcdefghijklmno"));
	assert_true(ifname_pattern_valid("abcdefghijklmn*"));
	assert_false(ifname_pattern_valid("abcdefghijklmno*"));
	assert_false(ifname_pattern_valid("a/b") || ifname_pattern_valid("a b"));
	assert_false(ifname_pattern_valid(".") || ifname_pattern_valid(".."));
	assert_false(ifname_pattern_valid("br-**"));
	assert_true(ifname_pattern_match("br-*", "br-") && ifname_pattern_match("br-*", "br-x"));
	assert_false(ifname_pattern_match("br-*", "br") || ifname_pattern_match("br-", "br-x"));
	assert_string_equal(capability_name("cap_Net_Raw"), "NET_RAW");
	assert_null(capability_name("NET"));
	assert_null(capability_name(""));
}

/* What Go's strconv.Atoi takes on every machine, and no more. */
static void test_user_number(void **state _unused_)
{
	static const struct {
		const char *text;
		int64_t want;
	} cases[] = {
		{"0", 0},
		{"1", 1},
		{"1000", 1000},
		{"0000001000", 1000},
		{"2147483647", 2147483647},
		{"2147483648", -1},
		{"4294967295", -1},
		{"4294967296", -1}, /* 0 as a uid_t */
		{"9999999999", -1},
		{"00000000001", -1},
		{"0000000000001000", -1},
		{"18446744073709551616", -1},
		{"99999999999999999999", -1},
		{"", -1},
		{"-1", -1},
		{"-0", -1},
		{"+1000", -1},
		{"0x10", -1},
		{"1_000", -1},
		{" 1000", -1},
		{"1000 ", -1},
		{"1e3", -1},
		{"\xd9\xa1", -1}, /* digits of other scripts */
		{"\xef\xbc\x91", -1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t got = user_number(cases[i].text, strlen(cases[i].text));

		if (got != cases[i].want)
			fail_msg("%s: %lld", cases[i].text, (long long)got);
	}
	assert_int_equal(user_number("12:34", 2), 12);
}

static void test_dns_names(void **state _unused_)
{
	static const char *const bad[] = {"",	 "-a",	"a-",	"a..b", ".a",	    "a.",
					  "a_b", "a b", "a.-b", "a-.b", "\xc3\xa4", "\xe2\x84\xaa"};
	char name[65];

	assert_true(dns_name_valid("a") && dns_name_valid("A-9.b") && dns_name_valid("0"));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(dns_name_valid(bad[i]));
	memset(name, 'x', 64);
	name[64] = '\0';
	assert_false(dns_name_valid(name));
	name[63] = '\0';
	assert_true(dns_name_valid(name));

	assert_true(dns_name_same("", "") && dns_name_same("Shop-1", "sHOP-1"));
	assert_false(dns_name_same("shop", "shops") || dns_name_same("shops", "shop"));
	assert_false(dns_name_same("a_b", "a-b") || dns_name_same("@", "`"));
	/* the Kelvin sign is no k: what may be a name is ASCII */
	assert_false(dns_name_same("\xe2\x84\xaa", "k"));

	assert_true(dns_name_of_pod("web", "web") && dns_name_of_pod("Web-x", "wEB"));
	assert_true(dns_name_of_pod("my-pod-1", "my_pod"));
	assert_false(dns_name_of_pod("webs", "web") || dns_name_of_pod("we", "web"));
	assert_false(dns_name_of_pod("web.a", "web") || dns_name_of_pod("my_pod", "my_pod"));
}

static bool takes(const char *pod, const void *userdata)
{
	return streq(pod, userdata);
}

static void test_find_name(void **state _unused_)
{
	_cleanup_(settings_freep)
	struct settings *s = parse_good("port_whitelist: {80: web}\n"
					"pods: {shop: {connect_to: {db: }}, blog: "
					"{hostnames: [Www.Example.com, b]}}\n");
	static const char *const names[] = {"web", "shop", "db", "blog"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_string_equal(settings_find_name(s, takes, names[i]), names[i]);
	assert_null(settings_find_name(s, takes, "b"));
	assert_string_equal(settings_find_hostname(s, "www.example.com")->entry.key, "blog");
	assert_string_equal(settings_find_hostname(s, "B")->entry.key, "blog");
	assert_null(settings_find_hostname(s, "blog"));
}

/* ---- the file ---- */

struct place {
	char dir[32], file[64];
};

static int setup(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));

	snprintf(p->dir, sizeof(p->dir), "/tmp/settings-XXXXXX");
	if (!mkdtemp(p->dir))
		return -1;
	snprintf(p->file, sizeof(p->file), "%s/n.yml", p->dir);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	unlink(p->file);
	rmdir(p->file);
	rmdir(p->dir);
	free(p);
	return 0;
}

static void write_file(const struct place *p, const char *text, mode_t mode)
{
	_cleanup_fclose_ FILE *f = fopen(p->file, "we");

	assert_non_null(f);
	fputs(text, f);
	fchmod(fileno(f), mode);
}

static int load(const char *path, struct err *err, size_t *ret_errors)
{
	_cleanup_(settings_freep)
	struct settings *s = NULL;
	_cleanup_(problems_done)
	struct problems problems = {0};
	int r;

	*err = (struct err){0};
	r = settings_load(path, &problems, &s, err);
	assert_int_equal(s != NULL, r == 0);
	*ret_errors = problems.n_errors;
	return r;
}

static void test_load_modes(void **state)
{
	static const struct {
		mode_t mode;
		int result;
	} cases[] = {{0644, 0},	     {0600, 0},	     {0444, 0},	     {0664, -EPERM},
		     {0646, -EPERM}, {0666, -EPERM}, {0620, -EPERM}, {0602, -EPERM}};
	const struct place *p = *state;
	struct err err;
	size_t errors;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		write_file(p, "network_name: pods\n", cases[i].mode);
		if (load(p->file, &err, &errors) != cases[i].result)
			fail_msg("%o: %s", cases[i].mode, err.text);
		assert_int_equal(errors, 0);
		if (cases[i].result < 0)
			assert_true(startswith(err.text, p->file));
	}
}

static void test_load_owner(void **state)
{
	const struct place *p = *state;
	struct err err;
	size_t errors;

	if (geteuid() != 0) {
		print_message("chown needs root\n");
		skip();
	}
	write_file(p, "", 0600);
	assert_int_equal(chown(p->file, 65534, 0), 0);
	assert_int_equal(load(p->file, &err, &errors), -EPERM);
	assert_non_null(strstr(err.text, "belongs to user 65534"));
	/* who runs the program may have one of their own, and root's */
	assert_int_equal(chmod(p->dir, 0755), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(load(p->file, &err, &errors), 0);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(p->file, 0644), 0);
	assert_int_equal(chown(p->file, 0, 0), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(load(p->file, &err, &errors), 0);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(chown(p->file, 1, 0), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(load(p->file, &err, &errors), -EPERM);
	assert_int_equal(seteuid(0), 0);
}

/* What is no file neither blocks nor is read. */
static void test_load_kinds(void **state)
{
	const struct place *p = *state;
	struct err err;
	size_t errors;

	assert_int_equal(load(p->file, &err, &errors), -ENOENT);
	assert_non_null(strstr(err.text, "No such file"));
	assert_int_equal(mkfifo(p->file, 0600), 0);
	assert_int_equal(load(p->file, &err, &errors), -EINVAL);
	assert_non_null(strstr(err.text, "is not a regular file"));
	assert_int_equal(errors, 0);
	unlink(p->file);
	assert_int_equal(mkdir(p->file, 0700), 0);
	assert_int_equal(load(p->file, &err, &errors), -EINVAL);
	assert_int_equal(rmdir(p->file), 0);
	assert_int_equal(symlink("/dev/null", p->file), 0);
	assert_int_equal(load(p->file, &err, &errors), -EINVAL);
	unlink(p->file);
	/* a link that the admin made is followed */
	assert_int_equal(symlink("/etc/passwd", p->file), 0);
	assert_int_equal(load(p->file, &err, &errors), -EINVAL);
	assert_true(errors > 0);
}

static void test_load_contents(void **state)
{
	const struct place *p = *state;
	_cleanup_free_ char *large = xmalloc(YAML_INPUT_MAX + 2);
	struct err err;
	size_t errors;

	write_file(p, "a: 1\nb: 2\n", 0600);
	assert_int_equal(load(p->file, &err, &errors), -EINVAL);
	assert_int_equal(errors, 2);
	assert_non_null(strstr(err.text, "has 2 errors"));
	memset(large, '#', YAML_INPUT_MAX + 1);
	large[YAML_INPUT_MAX + 1] = '\0';
	write_file(p, large, 0600);
	assert_int_equal(load(p->file, &err, &errors), -EFBIG);
	assert_int_equal(errors, 0);
	large[YAML_INPUT_MAX] = '\0';
	write_file(p, large, 0600);
	assert_int_equal(load(p->file, &err, &errors), 0);
}

static void test_load_environment(void **state)
{
	const struct place *p = *state;
	struct err err;
	size_t errors;

	setenv("NETGUARD_CONFIG", p->file, 1);
	assert_string_equal(settings_path(), p->file);
	write_file(p, "", 0600);
	assert_int_equal(load(NULL, &err, &errors), 0);
	setenv("NETGUARD_CONFIG", "", 1);
	assert_string_equal(settings_path(), SETTINGS_PATH);
	unsetenv("NETGUARD_CONFIG");
	assert_string_equal(settings_path(), SETTINGS_PATH);
}

static void test_load_current(void **state)
{
	const struct place *p = *state;
	struct problems problems = {0};
	_cleanup_(settings_freep)
	struct settings *s = NULL, *text = NULL;
	_cleanup_free_ char *beside = xasprintf("%s.new", p->file);
	struct err err = {0};

	write_file(p, "network_name: a\n", 0600);
	assert_int_equal(settings_load(p->file, &problems, &s, &err), 0);
	assert_int_equal(settings_check_current(s, &err), 0);
	/* the same size in the same file */
	usleep(20000);
	write_file(p, "network_name: b\n", 0600);
	assert_int_equal(settings_check_current(s, &err), -ESTALE);
	assert_non_null(strstr(err.text, "changed meanwhile"));
	settings_free(take_ptr(s));
	assert_int_equal(settings_load(p->file, &problems, &s, &err), 0);
	assert_int_equal(rename(p->file, beside), 0);
	assert_int_equal(settings_check_current(s, &err), -ESTALE);
	/* another file in its place, as editors do it */
	write_file(p, "network_name: b\n", 0600);
	assert_int_equal(settings_check_current(s, &err), -ESTALE);
	unlink(beside);
	assert_int_equal(settings_parse("", 0, "host", &problems, &text), 0);
	assert_int_equal(settings_check_current(text, &err), 0);
	settings_free(take_ptr(text));
	problems_done(&problems);
}

static void test_file_read(void **state)
{
	const struct place *p = *state;
	_cleanup_close_ int proc = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int dir = open(p->dir, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	_cleanup_close_ int writing = -1;
	_cleanup_free_ char *text = NULL;
	struct err err = {0};
	char *unchanged = NULL;
	size_t size = 7;

	/* its size is 0 to fstat */
	assert_int_equal(file_read_limited(proc, 1 << 20, &text, &size, &err), 0);
	assert_true(size > 100 && text[size] == '\0' && startswith(text, "Name:"));
	assert_int_equal(lseek(proc, 0, SEEK_SET), 0);
	assert_int_equal(file_read_limited(proc, 16, &unchanged, &size, &err), -EFBIG);
	assert_int_equal(file_read_limited(dir, 16, &unchanged, &size, &err), -EISDIR);
	assert_int_equal(file_read_limited(-1, 16, &unchanged, &size, &err), -EBADF);
	write_file(p, "x", 0600);
	writing = open(p->file, O_WRONLY | O_CLOEXEC);
	assert_int_equal(file_read_limited(writing, 16, &unchanged, &size, &err), -EBADF);
	assert_null(unchanged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_moby_derp),
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_example_is_complete),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_whitelist_merged),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_warning),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_user_number),
		cmocka_unit_test(test_dns_names),
		cmocka_unit_test(test_find_name),
		cmocka_unit_test_setup_teardown(test_load_modes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_load_owner, setup, teardown),
		cmocka_unit_test_setup_teardown(test_load_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_load_contents, setup, teardown),
		cmocka_unit_test_setup_teardown(test_load_environment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_load_current, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_read, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

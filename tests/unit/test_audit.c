/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/audit.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* An inspection with HostConfig fields put in; usual: unprivileged, masked, limited, a user. */
static json_t *inspection(const char *config, const char *host, const char *rest)
{
	_cleanup_free_ char *text = xasprintf(
		"{\"Id\":\"0123\",\"Name\":\"/web\",\"State\":{\"Status\":\"exited\",\"Pid\":0},"
		"\"Config\":{\"User\":\"1000\",\"Image\":\"busybox\"%s},"
		"\"HostConfig\":{\"MaskedPaths\":[\"/proc/acpi\",\"/proc/kcore\",\"/proc/keys\","
		"\"/proc/timer_list\",\"/proc/sched_debug\",\"/proc/scsi\",\"/sys/firmware\"],"
		"\"ReadonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\","
		"\"/proc/sysrq-trigger\"],\"Memory\":1,\"PidsLimit\":1,"
		"\"ReadonlyRootfs\":true,\"SecurityOpt\":[\"no-new-privileges\"],"
		"\"NetworkMode\":\"bridge\"%s}%s}",
		config, host, rest);
	json_t *json = json_loads(text, 0, NULL);

	if (!json)
		fail_msg("not JSON: %s", text);
	return json;
}

static char *ids(const struct audit_findings *f)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < f->n; i++) {
		char *more = xasprintf("%s%s%s:%s", text, *text ? " " : "",
				       audit_level_name(f->items[i].level), f->items[i].id);

		free(text);
		text = more;
	}
	return text;
}

#define MOUNT(type, source, rw, propagation)                                                       \
	",\"Mounts\":[{\"Type\":\"" type "\",\"Source\":\"" source                                 \
	"\",\"Destination\":\"/x\",\"RW\":" rw ",\"Propagation\":\"" propagation "\"}]"

static void test_findings(void **state _unused_)
{
	static const struct {
		const char *config, *host, *rest, *want;
	} cases[] = {
		{"", "", "", ""},
		{"", ",\"Privileged\":true", "", "high:privileged"},
		{"", ",\"NetworkMode\":\"host\"", "", "high:host-network"},
		{"", ",\"PidMode\":\"host\",\"IpcMode\":\"host\",\"UTSMode\":\"host\"", "",
		 "high:host-pid medium:host-ipc low:host-uts"},
		{"", ",\"UsernsMode\":\"host\"", "", "high:host-userns"},
		{"", ",\"CapAdd\":[\"CAP_SYS_ADMIN\",\"chown\",\"all\"]", "",
		 "high:cap-add high:cap-add low:cap-add"},
		{"", ",\"Devices\":[{\"PathOnHost\":\"/dev/sda\"}]", "", "high:device"},
		{"", ",\"DeviceRequests\":[{\"Driver\":\"\"}]", "", "high:device"},
		{"", ",\"DeviceCgroupRules\":[\"a *:* rwm\"]", "", "high:device-rule"},
		{"", ",\"SecurityOpt\":[\"no-new-privileges:true\",\"seccomp=unconfined\"]", "",
		 "high:seccomp"},
		{"", ",\"SecurityOpt\":[\"no-new-privileges=true\",\"apparmor:unconfined\"]", "",
		 "medium:apparmor"},
		{"", ",\"SecurityOpt\":null", "", "medium:new-privileges"},
		{"", ",\"SecurityOpt\":[\"no-new-privileges=false\"]", "", "medium:new-privileges"},
		{"", ",\"MaskedPaths\":[]", "", "high:unmasked"},
		{"", ",\"MaskedPaths\":null", "", "high:unmasked"},
		{"", ",\"MaskedPaths\":[\"/proc/kcore\"]", "", "high:unmasked"},
		{"", ",\"ReadonlyPaths\":[]", "", "high:unmasked"},
		{"", ",\"ReadonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\"]",
		 "", "high:unmasked"},
		{"", ",\"SecurityOpt\":[\"no-new-privileges\",\"seccomp={}\"]", "",
		 "low:seccomp-profile"},
		{"", ",\"SecurityOpt\":[\"no-new-privileges\",\"seccomp:no JSON\"]", "",
		 "low:seccomp-profile"},
		{"", ",\"SecurityOpt\":[\"no-new-privileges\",\"seccomp=builtin\"]", "", ""},
		{"",
		 ",\"SecurityOpt\":[\"no-new-privileges\","
		 "\"seccomp={\\\"defaultAction\\\":\\\"SCMP_ACT_ALLOW\\\"}\"]",
		 "", "high:seccomp"},
		{",\"User\":\"\"", "", "", "medium:root"},
		{",\"User\":\"00:12\"", "", "", "medium:root"},
		{",\"User\":\"root:x\"", "", "", "medium:root"},
		{",\"User\":\":12\"", "", "", "medium:root"},
		{",\"User\":\"rooty\"", "", "", ""},
		{",\"User\":\"10\"", "", "", ""},
		{"", ",\"Memory\":0,\"PidsLimit\":null,\"ReadonlyRootfs\":false", "",
		 "low:no-memory-limit low:no-pids-limit info:writable-root"},
		{"", "", MOUNT("bind", "/", "true", "rprivate"), "high:mount-host"},
		{"", "", MOUNT("bind", "/run/docker.sock", "false", ""), "high:mount-host"},
		{"", "", MOUNT("bind", "/srv/a/containerd.sock", "true", ""), "high:mount-host"},
		{"", "", MOUNT("bind", "/var/run/docker.sock", "true", ""), "high:mount-host"},
		{"", "", MOUNT("bind", "/etc/passwd", "false", ""), "high:mount-host"},
		{"", "", MOUNT("bind", "/etc/resolv.conf", "false", ""), ""},
		{"", "", MOUNT("bind", "/etc/resolv.conf", "true", ""), "high:mount-host"},
		{"", "", MOUNT("bind", "/etcetera", "false", ""), ""},
		{"", "", MOUNT("bind", "/home", "false", ""), "high:mount-host"},
		{"", "", MOUNT("bind", "/home/bob", "false", ""), ""},
		{"", "", MOUNT("bind", "/var", "false", ""), "high:mount-host"},
		{"", "", MOUNT("bind", "/run", "false", ""), "high:mount-host"},
		{"", "", MOUNT("bind", "/var/run", "false", ""), "high:mount-host"},
		{"", "", MOUNT("bind", "/var/run/containerd", "false", ""), "high:mount-host"},
		{"", "", MOUNT("bind", "/run/docker/plugins", "false", ""), "high:mount-host"},
		{"", "", MOUNT("bind", "/data/engine", "false", ""), "high:mount-host"},
		{"", "", MOUNT("bind", "/data/engine/volumes", "false", ""), "high:mount-host"},
		{"", "", MOUNT("bind", "/data", "false", ""), "high:mount-host"},
		{"", "", MOUNT("bind", "/data/engines", "false", ""), ""},
		{"", "", MOUNT("bind", "/srv/web", "true", ""), "low:mount-bind"},
		{"", "", MOUNT("bind", "/srv/web", "false", ""), ""},
		{"", "", MOUNT("bind", "/run/podctl/mounts/web/1", "true", ""), "high:mount-host"},
		{"", "", MOUNT("volume", "/var/lib/docker/volumes/x", "true", ""), ""},
		{"", "", MOUNT("bind", "/srv/web", "false", "rshared"), "high:mount-shared"},
	};
	const struct audit_engine e = {.userns_remap = false,
				       .seccomp = true,
				       .apparmor = true,
				       .own_paths = {.items = (char *[]){(char[]){"/data/engine"}},
						     .n = 1}},
				  remapped = {.userns_remap = true, .seccomp = true};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_auto_t *json = inspection(cases[i].config, cases[i].host, cases[i].rest);
		struct audit_containers all = {0};
		struct audit_container c;
		_cleanup_free_ char *got = NULL;
		struct err err = {0};

		if (audit_container_from_inspect(json, &c, &err) < 0)
			fail_msg("%zu: %s", i, err.text);
		ARRAY_PUSH(all.items, all.n) = c;
		audit_container_findings(&all.items[0],
					 strstr(cases[i].host, "Userns") ? &remapped : &e);
		got = ids(&all.items[0].findings);
		if (!streq(got, cases[i].want))
			fail_msg("%zu: wanted %s, got %s", i, cases[i].want, got);
		audit_containers_done(&all);
	}
}

/* A pod's container, and one that only says so. */
static void test_pod(void **state _unused_)
{
	static const char labels[] = ",\"Labels\":{\"podctl.pod\":\"%s\",\"podctl.container\":\"\","
				     "\"podctl.config-hash\":\"%s\"}";
	static const struct {
		const char *pod, *hash, *want;
	} cases[] = {{"web", "hmac:1", "web"}, {"db", "hmac:1", NULL}, {"web", "", NULL}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = NULL;
		json_auto_t *json = NULL;
		struct audit_containers all = {0};
		struct audit_container c;
		struct err err;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		text = xasprintf(labels, cases[i].pod, cases[i].hash);
#pragma GCC diagnostic pop
		json = inspection(text, "",
				  MOUNT("bind", "/run/podctl/mounts/web/1", "true", "rprivate"));
		assert_int_equal(audit_container_from_inspect(json, &c, &err), 0);
		ARRAY_PUSH(all.items, all.n) = c;
		if (cases[i].want)
			assert_string_equal(c.pod, cases[i].want);
		else
			assert_null(c.pod);
		audit_container_findings(&all.items[0], &(struct audit_engine){.seccomp = true});
		assert_int_equal(all.items[0].findings.n, cases[i].want ? 0 : 1);
		audit_containers_done(&all);
	}
}

static void test_malformed(void **state _unused_)
{
	static const char *const cases[] = {
		"[]",
		"7",
		"{}",
		"{\"Config\":{},\"HostConfig\":{}}",
		"{\"Config\":{},\"HostConfig\":{},\"State\":7}",
		"{\"Config\":{},\"HostConfig\":{\"Privileged\":\"yes\"},\"State\":{}}",
		"{\"Config\":{},\"HostConfig\":{\"CapAdd\":{}},\"State\":{}}",
		"{\"Config\":{},\"HostConfig\":{\"CapAdd\":[7]},\"State\":{}}",
		"{\"Config\":{},\"HostConfig\":{\"Memory\":\"7\"},\"State\":{}}",
		"{\"Config\":{},\"HostConfig\":{\"PidMode\":[]},\"State\":{}}",
		"{\"Config\":{},\"HostConfig\":{},\"State\":{},\"Mounts\":{}}",
		"{\"Config\":{},\"HostConfig\":{},\"State\":{},\"Mounts\":[{\"Source\":7}]}",
		"{\"Config\":{},\"HostConfig\":{},\"State\":{},\"NetworkSettings\":{\"Ports\":7}}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_auto_t *json = json_loads(cases[i], 0, NULL);
		struct audit_container c;
		struct err err = {0};

		if (audit_container_from_inspect(json, &c, &err) != -EPROTO || !err.text[0])
			fail_msg("%zu is taken", i);
	}
}

static void test_engine(void **state _unused_)
{
	static const char good
		[] = "{\"LiveRestoreEnabled\":true,\"Plugins\":{\"Authorization\":[\"x\"]},"
		     "\"SecurityOptions\":[\"name=seccomp,profile=default\",\"name=apparmor\","
		     "\"name=userns\"],"
		     "\"RegistryConfig\":{\"InsecureRegistryCIDRs\":[\"127.0.0.0/8\",\"::1/"
		     "128\"]}}",
	    bad[] = "{\"Warnings\":[\"WARNING: API is accessible on http://0.0.0.0:2375 without "
		    "encryption.\",\"other\"],\"RegistryConfig\":{\"InsecureRegistryCIDRs\":"
		    "[\"10.0.0.0/8\"],\"IndexConfigs\":{\"docker.io\":{\"Secure\":true},"
		    "\"localhost:5000\":{\"Secure\":false},\"localhost.example\":{\"Secure\":false}"
		    "}},"
		    "\"SecurityOptions\":[\"name=seccomp,profile=unconfined\"]}";
	static const struct {
		const char *json, *want;
	} cases[] = {
		{good, "high:docker-group low:guard-in-docker-group low:shared-uid"},
		{bad, "high:open-api high:open-socket high:docker-group high:no-seccomp "
		      "medium:no-userns-remap "
		      "medium:insecure-registry medium:insecure-registry low:guard-in-docker-group "
		      "low:no-apparmor "
		      "low:shared-uid "
		      "info:no-authorization info:no-live-restore"},
	};
	struct audit_container a[] = {
		{.name = (char[]){"a"}, .process = {.known = true, .uid = 7}},
		{.name = (char[]){"b"}, .process = {.known = true, .uid = 7}},
		{.name = (char[]){"c"}, .process = {.known = true, .uid = 8}, .pod = (char[]){"p"}},
		{.name = (char[]){"d"}, .process = {.known = true, .uid = 8}, .pod = (char[]){"p"}},
		{.name = (char[]){"e"}, .process = {.known = false}},
	};
	const struct audit_containers all = {a, ARRAY_SIZE(a)};
	const struct strv users = {.items = (char *[]){(char[]){"bob"}, (char[]){"_netguard"}},
				   .n = 2},
			  groups = {.items = (char *[]){(char[]){"docker"}, (char[]){"docker"}},
				    .n = 2};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_auto_t *json = json_loads(cases[i].json, 0, NULL);
		struct audit_findings f = {0};
		struct audit_engine e;
		_cleanup_free_ char *got = NULL;
		struct err err;

		assert_int_equal(audit_engine_from_info(json, &e, &err), 0);
		audit_engine_findings(&e, &(struct audit_socket){users, groups, i == 1}, &all, &f);
		got = ids(&f);
		assert_string_equal(got, cases[i].want);
		audit_findings_done(&f);
		audit_engine_done(&e);
	}
	for (size_t i = 0; i < 2; i++) {
		json_auto_t *json = json_loads(i ? "[]" : "{\"SecurityOptions\":[7]}", 0, NULL);
		struct audit_engine e;
		struct err err;

		assert_int_equal(audit_engine_from_info(json, &e, &err), -EPROTO);
	}
}

/* What runs is looked at where it is: the process is taken for the container's only by its cgroup.
 */
static void test_proc(void **state _unused_)
{
	struct audit_container c = {.id = (char[]){"no such container"}, .pid = getpid()};
	char cgroup[4096] = "";
	FILE *f = fopen("/proc/self/cgroup", "re");

	assert_non_null(f);
	assert_non_null(fgets(cgroup, sizeof(cgroup), f));
	fclose(f);
	audit_look_at_proc(&c);
	assert_false(c.process.known);
	cgroup[strcspn(cgroup, "\n")] = '\0';
	c.id = cgroup;
	audit_look_at_proc(&c);
	assert_true(c.process.known);
	assert_int_equal(c.process.uid, getuid());
	free(c.process.apparmor);
	c.process = (struct audit_process){0};
	c.pid = 0;
	audit_look_at_proc(&c);
	assert_false(c.process.known);
}

/* What the options of the driver local make of a volume. */
static void test_volumes(void **state _unused_)
{
	static const struct {
		const char *options, *want;
	} cases[] = {
		{"null", ""},
		{"{}", ""},
		{"{\"o\":\"size=1g\"}", ""},
		{"{\"type\":\"none\",\"o\":\"bind\",\"device\":\"/etc\"}", "high:mount-host"},
		{"{\"type\":\"none\",\"o\":\"ro,rbind\",\"device\":\"/etc\"}", "high:mount-host"},
		{"{\"type\":\"none\",\"o\":\"bind\",\"device\":\"/srv/x\"}", "low:mount-bind"},
		{"{\"type\":\"ext4\",\"device\":\"/dev/sda1\"}", "high:mount-host"},
		{"{\"type\":\"overlay\",\"o\":\"lowerdir=/bind\",\"device\":\"x\"}",
		 "high:mount-host"},
		{"{\"o\":\"x\",\"device\":\"/dev/sda1\"}", "high:mount-host"},
		{"{\"type\":\"nfs\",\"o\":\"addr=192.0.2.1\",\"device\":\":/x\"}", ""},
		{"{\"type\":\"tmpfs\",\"device\":\"tmpfs\"}", ""},
	};
	const struct audit_engine e = {.seccomp = true};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text =
			xasprintf("{\"Volumes\":[{\"Name\":\"other\",\"Options\":{\"o\":\"bind\","
				  "\"device\":\"/\"}},"
				  "{\"Name\":\"data\",\"Options\":%s}]}",
				  cases[i].options);
		json_auto_t *json = json_loads(text, 0, NULL), *container = NULL;
		struct audit_containers all = {0};
		struct audit_container c;
		_cleanup_free_ char *got = NULL;
		struct err err;

		container =
			inspection("", "",
				   ",\"Mounts\":[{\"Type\":\"volume\",\"Name\":\"data\",\"Source\":"
				   "\"/var/lib/docker/volumes/data/_data\",\"RW\":true}]");
		assert_int_equal(audit_container_from_inspect(container, &c, &err), 0);
		ARRAY_PUSH(all.items, all.n) = c;
		assert_int_equal(audit_volumes(&all, json, &err), 0);
		audit_look_at_mounts(&all, NULL);
		audit_container_findings(&all.items[0], &e);
		got = ids(&all.items[0].findings);
		if (!streq(got, cases[i].want))
			fail_msg("%zu: wanted %s, got %s", i, cases[i].want, got);
		if (i == 0) {
			json_auto_t *bad = json_loads(
					    "{\"Volumes\":[{\"Name\":\"data\",\"Options\":7}]}", 0,
					    NULL),
				    *none = json_loads("{\"Volumes\":7}", 0, NULL);

			assert_int_equal(audit_volumes(&all, bad, &err), -EPROTO);
			assert_int_equal(audit_volumes(&all, none, &err), -EPROTO);
		}
		audit_containers_done(&all);
	}
}

/* Who joins a container that shares the host's namespaces shares them; a circle ends. */
static void test_joined(void **state _unused_)
{
	static const char *const modes[][2] = {
		{"host", "host"},
		{"container:0", "host"},
		{"container:name1", "host"},
		{"container:4", "container:4"},
		{"container:3", "container:3"},
		{"bridge", "bridge"},
		{"container:5", "container:5"},
		{"container:gone", "container:gone"},
	};
	struct audit_containers all = {0};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		ARRAY_PUSH(all.items, all.n) = (struct audit_container){
			.id = xasprintf("%zu", i),
			.name = xasprintf("name%zu", i),
			.network = xstrdup(modes[i][0]),
			.pid_mode = xstrdup(modes[i][0]),
			.ipc = xstrdup(modes[i][0]),
		};
	audit_joined_namespaces(&all);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_string_equal(all.items[i].network, modes[i][1]);
		assert_string_equal(all.items[i].pid_mode, modes[i][1]);
		assert_string_equal(all.items[i].ipc, modes[i][1]);
	}
	audit_containers_done(&all);
}

/* Capabilities that the container was not given. */
static void test_process_caps(void **state _unused_)
{
	static const struct {
		const char *host;
		uint64_t caps;
		const char *want;
	} cases[] = {
		{"", (uint64_t)0xa80425fb, ""}, /* the engine's own choice */
		{"", (uint64_t)1 << 21, "high:process-caps"},
		{",\"CapAdd\":[\"cap_sys_admin\"]", (uint64_t)1 << 21, "high:cap-add"},
		{",\"CapAdd\":[\"ALL\"]", UINT64_MAX, "high:cap-add"},
		{",\"Privileged\":true", UINT64_MAX, "high:privileged"},
	};
	const struct audit_engine e = {0};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_auto_t *json = inspection("", cases[i].host, "");
		struct audit_container c;
		_cleanup_free_ char *got = NULL;
		struct err err;

		assert_int_equal(audit_container_from_inspect(json, &c, &err), 0);
		c.process = (struct audit_process){.known = true,
						   .no_new_privileges = true,
						   .seccomp = true,
						   .caps_any = cases[i].caps};
		audit_container_findings(&c, &e);
		got = ids(&c.findings);
		assert_string_equal(got, cases[i].want);
		audit_container_done(&c);
	}
}

static void test_caps(void **state _unused_)
{
	_cleanup_free_ char *none = audit_caps_text(0), *some = audit_caps_text(0x3),
			    *last = audit_caps_text((uint64_t)1 << 40 | (uint64_t)1 << 63);

	assert_string_equal(none, "");
	assert_string_equal(some, "CHOWN DAC_OVERRIDE");
	assert_string_equal(last, "CHECKPOINT_RESTORE 63");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_findings),     cmocka_unit_test(test_pod),
		cmocka_unit_test(test_malformed),    cmocka_unit_test(test_engine),
		cmocka_unit_test(test_proc),	     cmocka_unit_test(test_caps),
		cmocka_unit_test(test_volumes),	     cmocka_unit_test(test_joined),
		cmocka_unit_test(test_process_caps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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
		/* the engine goes by the last */
		{"", ",\"SecurityOpt\":[\"no-new-privileges\",\"no-new-privileges=false\"]", "",
		 "medium:new-privileges"},
		{"", ",\"SecurityOpt\":[\"no-new-privileges=false\",\"no-new-privileges:1\"]", "",
		 ""},
		{"",
		 ",\"SecurityOpt\":[\"no-new-privileges\",\"seccomp={}\","
		 "\"seccomp={\\\"defaultAction\\\":\\\"SCMP_ACT_LOG\\\"}\"]",
		 "", "high:seccomp"},
		{"", ",\"SecurityOpt\":[\"no-new-privileges\",\"apparmor=mine\"]", "",
		 "low:apparmor-profile"},
		{"", ",\"SecurityOpt\":[\"no-new-privileges\",\"apparmor=docker-default\"]", "",
		 ""},
		{"", ",\"SecurityOpt\":[\"no-new-privileges\",\"label=disable\"]", "",
		 "medium:selinux"},
		{"", ",\"SecurityOpt\":[\"no-new-privileges\",\"label:disable\"]", "",
		 "medium:selinux"},
		{"", ",\"SecurityOpt\":[\"no-new-privileges\",\"disable\"]", "", "medium:selinux"},
		{"", ",\"SecurityOpt\":[\"no-new-privileges\",\"label=type:spc_t\"]", "",
		 "medium:selinux"},
		{"", ",\"SecurityOpt\":[\"no-new-privileges\",\"label=level:s0:c1\"]", "",
		 "low:selinux-label"},
		{"", ",\"SecurityOpt\":[\"no-new-privileges\",\"writable-cgroups=true\"]", "",
		 "medium:writable-cgroups"},
		{"", ",\"SecurityOpt\":[\"no-new-privileges\",\"writable-cgroups=false\"]", "", ""},
		{"", ",\"Runtime\":\"runsc\"", "", "medium:runtime"},
		{"", ",\"Runtime\":\"crun\"", "", ""},
		{"", ",\"Runtime\":\"runc\"", "", ""},
		{"", ",\"Runtime\":\"io.containerd.runc.v2\"", "", ""},
		{"", ",\"GroupAdd\":[\"106\"]", "", "medium:host-group"},
		{"", ",\"GroupAdd\":[\"+0106\"]", "", "medium:host-group"},
		{"", ",\"GroupAdd\":[\"107\",\"106 \",\"\"]", "", ""},
		{"", ",\"GroupAdd\":[\"docker\",\"other\",\"twice\"]", "", "low:host-group-name"},
		{"", ",\"GroupAdd\":[\"0\"]", "", "low:host-group"},
		{"", ",\"UsernsMode\":\"host\",\"GroupAdd\":[\"106\"]", "",
		 "high:host-userns medium:host-group"},
		{"", ",\"UsernsMode\":\"\",\"GroupAdd\":[\"106\",\"docker\"]", "", ""},
		{",\"User\":\"1000:106\"", "", "", "medium:host-group"},
		{",\"User\":\"1000:0\"", "", "", ""},
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
	struct audit_engine e = {.userns_remap = false,
				 .seccomp = true,
				 .apparmor = true,
				 .default_runtime = (char[]){"crun"},
				 .runtimes = {.items =
						      (char *[]){(char[]){"io.containerd.runc.v2"}},
					      .n = 1},
				 .own_paths = {.items = (char *[]){(char[]){"/data/engine"}},
					       .n = 1}},
			    remapped = {.userns_remap = true, .seccomp = true};

	audit_groups_add(&e.groups, 0, "root", "x");
	audit_groups_add(&e.groups, 106, "docker", "x");
	audit_groups_add(&e.groups, 106, "twice", "x");
	audit_groups_add(&remapped.groups, 106, "docker", "x");

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
	audit_groups_done(&e.groups);
	audit_groups_done(&remapped.groups);
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
		"{\"Config\":{},\"HostConfig\":{\"Runtime\":7},\"State\":{}}",
		"{\"Config\":{},\"HostConfig\":{\"GroupAdd\":[7]},\"State\":{}}",
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
		     "\"name=userns\",\"name=no-new-privileges\"],\"Driver\":\"overlay2\","
		     "\"DefaultRuntime\":\"plain\",\"Runtimes\":{\"plain\":{\"path\":\"runc\"}},"
		     "\"RegistryConfig\":{\"InsecureRegistryCIDRs\":[\"127.0.0.0/8\",\"::1/"
		     "128\"]}}",
	    bad[] = "{\"Warnings\":[\"WARNING: API is accessible on http://0.0.0.0:2375 without "
		    "encryption.\",\"other\"],\"RegistryConfig\":{\"InsecureRegistryCIDRs\":"
		    "[\"10.0.0.0/8\"],\"IndexConfigs\":{\"docker.io\":{\"Secure\":true},"
		    "\"localhost:5000\":{\"Secure\":false},\"localhost.example\":{\"Secure\":false}"
		    "}},"
		    "\"SecurityOptions\":[\"name=seccomp,profile=unconfined\"]}";
	static const char other[] =
		"{\"LiveRestoreEnabled\":true,\"Plugins\":{\"Authorization\":[\"x\"]},"
		"\"SecurityOptions\":[\"name=seccomp,profile=/etc/own.json\","
		"\"name=selinux\",\"name=userns\"],\"Driver\":\"vfs\","
		"\"DefaultRuntime\":\"crun\",\"Runtimes\":{\"crun\":{\"path\":"
		"\"/usr/bin/crun\"}}}";
	static const struct {
		const char *json, *want;
	} cases[] = {
		{other, "high:docker-group medium:default-runtime low:guard-in-docker-group "
			"low:seccomp-profile low:storage-driver low:shared-uid"},
		{good, "high:docker-group low:guard-in-docker-group low:shared-uid"},
		{bad, "high:open-api high:open-socket high:docker-group high:no-seccomp "
		      "medium:no-userns-remap "
		      "medium:insecure-registry medium:insecure-registry low:guard-in-docker-group "
		      "low:no-apparmor "
		      "low:shared-uid "
		      "info:no-authorization info:no-live-restore"},
	};
	static const char *const bad_info[] = {
		"[]",
		"{\"SecurityOptions\":[7]}",
		"{\"Driver\":7}",
		"{\"DefaultRuntime\":7}",
		"{\"Runtimes\":{\"x\":{\"path\":7}}}",
	};
	struct audit_container a[] = {
		{.name = (char[]){"a"}, .process = {.known = true, .uid = 7}},
		{.name = (char[]){"b"}, .process = {.known = true, .uid = 7}},
		{.name = (char[]){"c"}, .process = {.known = true, .uid = 8}, .pod = (char[]){"p"}},
		{.name = (char[]){"d"}, .process = {.known = true, .uid = 8}, .pod = (char[]){"p"}},
		{.name = (char[]){"e"}, .process = {.known = false}},
	};
	const struct audit_containers all = {a, ARRAY_SIZE(a)};
	struct audit_way ways[] = {
		{AUDIT_BY_GROUP, (char[]){"bob"}, (char[]){"docker"}, (char[]){"/s"}},
		{AUDIT_BY_GROUP, (char[]){"_netguard"}, (char[]){"docker"}, (char[]){"/s"}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_auto_t *json = json_loads(cases[i].json, 0, NULL);
		struct audit_findings f = {0};
		struct audit_engine e;
		_cleanup_free_ char *got = NULL;
		struct err err;

		assert_int_equal(audit_engine_from_info(json, &e, &err), 0);
		audit_engine_findings(
			&e,
			&(struct audit_access){
				.sockets = &(struct audit_socket){(char[]){"/s"}, i == 2, NULL,
								  ways, ARRAY_SIZE(ways)},
				.n_sockets = 1,
			},
			&all, &f);
		got = ids(&f);
		assert_string_equal(got, cases[i].want);
		audit_findings_done(&f);
		audit_engine_done(&e);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_info); i++) {
		json_auto_t *json = json_loads(bad_info[i], 0, NULL);
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

/* What the kernel says of what runs, beside what was asked for. */
static void test_running(void **state _unused_)
{
	const struct {
		const char *config, *host;
		struct audit_process process;
		const char *want;
	} cases[] = {
		{"", "", {.groups_any = 1}, ""}, /* group 0 is everybody's who has no other */
		{"", "", {.groups_any = 2}, "low:host-group"},
		{"", ",\"GroupAdd\":[\"106\"]", {.groups_any = 2}, "medium:host-group"},
		{"", ",\"GroupAdd\":[\"docker\"]", {.groups_any = 2}, "medium:host-group"},
		{"", ",\"GroupAdd\":[\"docker\"]", {.groups_any = 0}, ""},
		/* root is in groups of its image's */
		{"", "", {.groups_any = 2, .any_root = true}, "medium:root"},
		{"",
		 ",\"GroupAdd\":[\"x\"]",
		 {.groups_any = 2, .any_root = true},
		 "medium:host-group medium:root"},
		{"", "", {.apparmor = (char[]){"docker-default (enforce)"}}, ""},
		{"", "", {.apparmor = (char[]){"docker-default (complain)"}}, "medium:apparmor"},
		{"", "", {.apparmor = (char[]){"unconfined"}}, "medium:apparmor"},
	};
	struct audit_engine e = {.seccomp = true, .apparmor = true};

	audit_groups_add(&e.groups, 0, "root", "x");
	audit_groups_add(&e.groups, 106, "docker", "x");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_auto_t *json = inspection(cases[i].config, cases[i].host, "");
		struct audit_container c;
		_cleanup_free_ char *got = NULL;
		struct err err;

		assert_int_equal(audit_container_from_inspect(json, &c, &err), 0);
		c.process = cases[i].process;
		c.process.known = c.process.seccomp = c.process.no_new_privileges = true;
		audit_container_findings(&c, &e);
		got = ids(&c.findings);
		if (!streq(got, cases[i].want))
			fail_msg("%zu: wanted %s, got %s", i, cases[i].want, got);
		c.process.apparmor = NULL;
		audit_container_done(&c);
	}
	audit_groups_done(&e.groups);
}

/* Who reaches which socket, and how; whatever is told names both. */
static void test_access(void **state _unused_)
{
	struct audit_way ways[] = {
		{AUDIT_BY_GROUP, (char[]){"bob"}, (char[]){"tools"}, (char[]){"/s"}},
		{AUDIT_BY_LIST, (char[]){"bob"}, NULL, (char[]){"/s"}},
		{AUDIT_BY_LIST, (char[]){"bob"}, (char[]){"tools"}, (char[]){"/s"}},
		{AUDIT_BY_LIST, NULL, (char[]){"tools"}, (char[]){"/s"}},
		{AUDIT_BY_LIST, (char[]){"_netguard"}, NULL, (char[]){"/s"}},
		{AUDIT_BY_OWNING, (char[]){"bob"}, NULL, (char[]){"/s"}},
		{AUDIT_BY_FOLDER, (char[]){"bob"}, NULL, (char[]){"/"}},
	};
	struct audit_socket s[] = {
		{(char[]){"/s"}, true, (char[]){"/"}, ways, ARRAY_SIZE(ways)},
		/* by the same folders: told once */
		{(char[]){"/t"}, false, (char[]){"/"}, &ways[ARRAY_SIZE(ways) - 1], 1},
	};
	struct audit_listener tcp[] = {{(char[]){"dockerd"}, (char[]){"192.0.2.1:2376"}},
				       {(char[]){"podman"}, (char[]){"[::]:1"}}};
	const struct audit_access access = {s, ARRAY_SIZE(s), tcp, ARRAY_SIZE(tcp)};
	struct audit_findings f = {0};
	_cleanup_free_ char *got = NULL;

	audit_access_findings(&access, &f);
	got = ids(&f);
	assert_string_equal(got, "high:open-socket high:socket-folder high:docker-group "
				 "high:socket-acl high:socket-acl low:socket-acl high:socket-acl "
				 "high:socket-owner high:socket-folder medium:engine-tcp "
				 "high:engine-tcp");
	for (size_t i = 0; i < f.n; i++)
		assert_non_null(strstr(f.items[i].reason, i + 2 < f.n ? "/s" : "TCP"));
	audit_findings_done(&f);
	assert_true(audit_is_engine_socket("/srv/podman.sock"));
	assert_false(audit_is_engine_socket("/srv/podman.socks"));
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
		cmocka_unit_test(test_process_caps), cmocka_unit_test(test_running),
		cmocka_unit_test(test_access),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

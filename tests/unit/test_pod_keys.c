/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys beyond the first ones: limits, environment, secrets, order, capabilities, policy. */
#include "tests/unit/pod_fixture.h"

#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#define C(text) "containers: {a: {image: b, " text "}}"
#define L(text) C("limits: {" text "}")

struct problem_case {
	const char *yaml, *want; /* of the one problem there is; NULL: none */
};

static void check_cases(const struct settings *s, const struct problem_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *got = fixture_problems("web", cases[i].yaml, s, NULL);
		const char *end = strchr(got, '\n');

		if (!cases[i].want) {
			if (*got)
				fail_msg("%s\ngives:\n%s", cases[i].yaml, got);
			continue;
		}
		if (!strstr(got, cases[i].want) || !end || end[1])
			fail_msg("%s\ngives:\n%sinstead of %s", cases[i].yaml, got, cases[i].want);
	}
}

static void test_limits(void **state _unused_)
{
	static const struct problem_case cases[] = {
		{L("cpus: 1.5, cpu-shares: 2, memory: 6M, memory-swap: 6M, memory-reservation: 6M, "
		   "shm-size: 1M, oom-score-adj: 0, pids: 1"),
		 NULL},
		{L("ulimit-core: 0, ulimit-cpu: 1:2, ulimit-data: 5, ulimit-fsize: 5, "
		   "ulimit-memlock: 5, ulimit-msgqueue: 5, ulimit-nofile: '10:1048576', "
		   "ulimit-rttime: 5, ulimit-stack: 5"),
		 NULL},
		{L("cpus: 0.005"), "1:43: containers.a.limits.cpus: must be a number of CPUs"},
		{L("cpus: nan"), "limits.cpus: must be"},
		{L("cpus: 1e3"), "limits.cpus: must be"},
		{L("cpus: 1.2.3"), "limits.cpus: must be"},
		{L("cpus: ''"), "limits.cpus: must be"},
		{L("cpus: 99999"), "limits.cpus: must be"},
		{L("cpus: 0"), "limits.cpus: no limit at all"},
		{L("cpus: -1"), "limits.cpus: no limit at all"},
		{L("cpu-shares: 1"), "limits.cpu-shares: "},
		{L("cpu-shares: 1025"), "limits.cpu-shares: "},
		{L("memory: 5M"), "limits.memory: must be at least 6M"},
		{L("memory: 5"), "limits.memory: must be at least 6M"},
		{L("memory: lots"), "limits.memory: must be a size"},
		{L("memory: 99999999999999999999P"), "limits.memory: must be a size"},
		{L("memory: [1]"), "limits.memory: "},
		{L("memory: 0"), "limits.memory: no limit at all"},
		{L("memory: unlimited"), "limits.memory: no limit at all"},
		{L("memory-swap: 7M"), "limits.memory-swap: needs memory"},
		{L("memory: 8M, memory-swap: 7M"), "limits.memory-swap: cannot be below"},
		{L("memory: 8M, memory-swap: -1"), "limits.memory-swap: no limit at all"},
		{L("memory-reservation: 5M"), "limits.memory-reservation: must be at least"},
		{L("memory: 8M, memory-reservation: 9M"), "limits.memory-reservation: cannot be"},
		{L("memory-reservation: -1"), "limits.memory-reservation: must be a size"},
		{L("shm-size: 0"), "limits.shm-size: must be a size"},
		{L("oom-score-adj: -1"), "limits.oom-score-adj: "},
		{L("oom-score-adj: 1001"), "limits.oom-score-adj: "},
		{L("pids: 0"), "limits.pids: no limit at all"},
		{L("pids: some"), "limits.pids: must be"},
		{L("pids: 99999999"), "limits.pids: must be"},
		{L("ulimit-nofile: 5:4"), "limits.ulimit-nofile: the soft limit"},
		{L("ulimit-nofile: 1048577"), "limits.ulimit-nofile: cannot be above"},
		{L("ulimit-nofile: unlimited"), "limits.ulimit-nofile: no limit at all"},
		{L("ulimit-core: '-1'"), "limits.ulimit-core: no limit at all"},
		{L("ulimit-core: '5:-1'"), "limits.ulimit-core: no limit at all"},
		{L("ulimit-core: '-1:5'"), "limits.ulimit-core: the soft limit"},
		{L("ulimit-core: '5:'"), "limits.ulimit-core: must be SOFT"},
		{L("ulimit-core: 'x'"), "limits.ulimit-core: must be SOFT"},
		{L("ulimit-core: '9999999999999999'"), "limits.ulimit-core: must be SOFT"},
		{L("ulimit-nproc: 5"), "ulimit-nproc"},
		{L("ulimit-corre: 5"), "did you mean 'ulimit-core'"},
		{C("limits: []"), "containers.a.limits: "},
	};
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(NULL);

	check_cases(s, cases, ARRAY_SIZE(cases));
}

static void test_ceilings(void **state _unused_)
{
	static const struct problem_case cases[] = {
		{L("memory: 64M, memory-swap: 64M, pids: 10, cpus: 2"), NULL},
		{L("memory: 65M"), "limits.memory: is above the ceiling, policy.max_memory"},
		{L("memory: 32M, memory-swap: 65M"), "limits.memory-swap: is above the ceiling"},
		{L("memory: unlimited"), "limits.memory: policy.max_memory allows no more"},
		{L("memory: 32M, memory-swap: -1"), "limits.memory-swap: policy.max_memory allows"},
		{L("pids: 11"), "limits.pids: is above the ceiling, policy.max_pids"},
		{L("pids: 0"), "limits.pids: policy.max_pids allows no more"},
		{L("cpus: 2.01"), "limits.cpus: is above the ceiling, policy.max_cpus"},
		{L("shm-size: 65M"), "limits.shm-size: is above the ceiling"},
		{C("tmpfs: [{target: /tmp, size: 65M}]"), "tmpfs[0]: size is above the ceiling"},
		{L("ulimit-core: unlimited"), NULL},
	};
	static const struct problem_case unlimited[] = {
		{L("memory: 0, pids: unlimited, cpus: 0, ulimit-core: -1"), NULL},
		{L("memory: 8M, memory-swap: -1"), NULL},
	};
	static const struct {
		const char *limits;
		int64_t memory, swap, pids, cpus;
	} values[] = {
		/* what has no limit of its own gets the ceiling */
		{"", 64 << 20, 64 << 20, 10, 2000000000},
		/* the engine's double, as far as the ceiling allows */
		{"memory: 16M", 16 << 20, 32 << 20, 10, 2000000000},
		{"memory: 48M", 48 << 20, 64 << 20, 10, 2000000000},
		{"memory: 16M, memory-swap: 16M, pids: 1, cpus: .5", 16 << 20, 16 << 20, 1,
		 500000000},
	};
	_cleanup_(settings_freep)
	struct settings *s =
		fixture_settings("policy: {max_memory: 64M, max_pids: 10, max_cpus: 2, "
				 "unlimited: true}");
	_cleanup_(settings_freep)
	struct settings *none = fixture_settings("policy: {unlimited: true}");

	check_cases(s, cases, ARRAY_SIZE(cases));
	check_cases(none, unlimited, ARRAY_SIZE(unlimited));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		_cleanup_free_ char *yaml =
			xasprintf("containers: {a: {image: b, limits: {%s}}}", values[i].limits);
		_cleanup_(pod_freep)
		struct pod *pod = fixture_pod("web", yaml, s);
		const struct pod_limits *l = &pod_container_at(pod, 0)->limits;

		if (l->memory != values[i].memory || l->memory_swap != values[i].swap ||
		    l->pids != values[i].pids || l->nano_cpus != values[i].cpus)
			fail_msg("%s: %lld %lld %lld %lld", values[i].limits, (long long)l->memory,
				 (long long)l->memory_swap, (long long)l->pids,
				 (long long)l->nano_cpus);
	}
}

static void test_names(void **state _unused_)
{
	static const struct problem_case cases[] = {
		{C("environment_files: {A: a/b}, secrets: {tls.key: ./x//y}"), NULL},
		{C("environment: {A: x}, environment_files: {A: b}"),
		 "containers.a.environment_files: A is in environment, too"},
		{"common_environment: {A: x}\n" C("environment_files: {A: b}"), NULL},
		{C("environment_files: {A: ../b}"), "the file of A cannot have .."},
		{C("environment_files: {A: /etc/shadow}"), "the file of A must be relative"},
		{C("environment_files: {A: .}"), "the file of A must be a file"},
		{C("environment_files: {A: ''}"), "the file of A cannot be empty"},
		{C("environment_files: {'': b}"), "name"},
		{C("environment_files: {'A=B': b}"), "'='"},
		{C("environment_files: [a]"), "containers.a.environment_files: "},
		{C("secrets: {a/b: c}"), "a secret's name has letters"},
		{C("secrets: {.x: c}"), "a secret's name has letters"},
		{C("secrets: {..: c}"), "a secret's name has letters"},
		{C("secrets: {k: c}, mounts: [{source: x, target: /run}]"),
		 "mounts[0]: target is around /run/secrets"},
		{C("mounts: [{source: x, target: /run/secrets/a}]"), "cannot be in /proc"},
		{C("secrets: {k: c}, tmpfs: [/run]"), NULL},
		{"common_labels: {podctl.x: y}\n" C("readonly: true"), "reserved"},
		{"root_labels: {podctl.x: y}\n" C("readonly: true"),
		 "1:15: root_labels: labels that begin"},
		{"common_environment: {A: 1}\n" C("readonly: true"), "quotes"},
		{"common_mounts: [{source: x, target: /x}]\n" C(
			 "mounts: [{source: y, target: /x}]"),
		 "mounts[1]: target is the same"},
		{"common_mounts: [{source: ../x, target: /x}]\n" C("readonly: true"),
		 "mounts[0]: source cannot have .."},
	};
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(NULL);

	check_cases(s, cases, ARRAY_SIZE(cases));
}

static void test_others(void **state _unused_)
{
	static const struct problem_case cases[] = {
		{C("cap_add: [chown, CAP_SETUID], cap_drop: [all]"), NULL},
		{C("cap_add: [SYS_ADMIN]"), "cap_add: SYS_ADMIN is not among policy.capabilities"},
		{C("cap_add: [NET_RAW]"), "cap_add: NET_RAW is not among"},
		{C("cap_add: [ALL]"), "is not a capability: name each"},
		{C("cap_add: [FLY]"), "is not a capability"},
		{C("cap_add: CHOWN"), "cap_add: must be a list"},
		{C("cap_drop: [FLY]"), "is not a capability"},
		{C("stop_signal: SIGINT"), NULL},
		{C("stop_signal: usr1"), NULL},
		{C("stop_signal: 15"), NULL},
		{C("stop_signal: RTMIN"), NULL},
		{C("stop_signal: 0"), "stop_signal: must be a signal"},
		{C("stop_signal: 65"), "stop_signal: must be a signal"},
		{C("stop_signal: SIG"), "stop_signal: must be a signal"},
		{C("stop_signal: SIGSIGINT"), "stop_signal: must be a signal"},
		{C("stop_signal: '15 '"), "stop_signal: must be a signal"},
		{C("stop_timeout: 0"), NULL},
		{C("stop_timeout: -1"), "stop_timeout: "},
		{C("stop_timeout: 3601"), "stop_timeout: "},
		{C("stop_timeout: 1.5"), "stop_timeout: "},
		{C("no_new_privileges: 'no'"), "no_new_privileges: "},
		{C("tmpfs: [/tmp, {target: /run, size: 8M}]"), NULL},
		{C("tmpfs: /tmp"), "tmpfs: must be a list"},
		{C("tmpfs: [tmp]"), "tmpfs[0]: target must be an absolute"},
		{C("tmpfs: [/dev/shm]"), "tmpfs[0]: target cannot be in /proc"},
		{C("tmpfs: [/run/secrets]"), "tmpfs[0]: target cannot be in /proc"},
		{C("tmpfs: [/a, /a/b]"), "tmpfs[1]: target is the same as"},
		{C("tmpfs: [/a/b], mounts: [{source: x, target: /a}]"),
		 "tmpfs[0]: target is the same as"},
		{C("tmpfs: [{target: /tmp, size: big}]"), "must be a size"},
		{C("tmpfs: [{size: 8M}]"), "needs a target"},
		{C("tmpfs: [{target: /tmp, mode: 7}]"), "is not known"},
		{C("tmpfs: [[/tmp]]"), "tmpfs"},
		{C("startup_health_check: {command: 'test -e /x', interval: 0.5, attempts: 1}"),
		 NULL},
		{C("startup_health_check: {command: [a, 'b c']}"), NULL},
		{C("startup_health_check: {}"), "startup_health_check.command: is missing"},
		{C("startup_health_check: {command: ''}"), "command: needs at least one word"},
		{C("startup_health_check: {command: x, interval: 0}"), "interval: must be seconds"},
		{C("startup_health_check: {command: x, interval: -1}"),
		 "interval: must be seconds"},
		{C("startup_health_check: {command: x, interval: .inf}"),
		 "interval: must be seconds"},
		{C("startup_health_check: {command: x, attempts: 0}"), "attempts: "},
		{C("startup_health_check: true"), "startup_health_check: "},
		{C("depends_on: [c]"), "depends_on: 'c' is no container of this pod"},
		{C("depends_on: [a]"), "depends_on: goes in a circle"},
		{"containers: {a: {image: b, depends_on: [c]}, c: {image: b, depends_on: [a]}}",
		 "depends_on: goes in a circle"},
		{"containers: {a: {image: b, depends_on: [c]}, c: {image: b}}", NULL},
		{"containers: {a: {image: b, depends_on: [c, d]}, c: {image: b, depends_on: [d]}, "
		 "d: {image: b}}",
		 NULL},
		{"expose: [80, '53/udp', 8000-8009]\npublish_all: true\n" C("readonly: true"),
		 NULL},
		{"expose: 80\n" C("readonly: true"), "expose: must be a list"},
		{"expose: [0]\n" C("readonly: true"), "must be a port"},
		{"expose: [80/sctp]\n" C("readonly: true"), "must be a port"},
		{"expose: [1-65535]\n" C("readonly: true"), "has more than 1024"},
		{"publish: [':80', '80', '127.0.0.1::81']\n" C("readonly: true"), NULL},
		{C("update_image: 1"), "update_image: "},
	};
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(NULL);
	_cleanup_(settings_freep)
	struct settings *raw = fixture_settings("policy: {capabilities: [NET_RAW]}");
	static const struct problem_case allowed[] = {
		{C("cap_add: [NET_RAW]"), NULL},
		{C("cap_add: [CHOWN]"), "CHOWN is not among"},
	};

	check_cases(s, cases, ARRAY_SIZE(cases));
	check_cases(raw, allowed, ARRAY_SIZE(allowed));
}

static void test_merged(void **state _unused_)
{
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(NULL);
	_cleanup_(pod_freep)
	struct pod *pod = fixture_pod("web",
				      "common_environment: {A: common, B: common, C: common}\n"
				      "common_labels: {l: common, m: common}\n"
				      "common_mounts: [{source: c, target: /c, readonly: true}]\n"
				      "containers:\n"
				      "  a: {image: b, environment: {A: own}, labels: {l: own}, "
				      "environment_files: {B: f}}\n"
				      "  z: {image: b}\n",
				      s);
	const struct pod_container *a = pod_container_at(pod, 0), *z = pod_container_at(pod, 1);

	assert_int_equal(a->environment.n, 2); /* B comes from the file */
	assert_string_equal(a->environment.items[0].value, "own");
	assert_string_equal(a->environment.items[1].key, "C");
	assert_int_equal(z->environment.n, 3);
	assert_string_equal(a->labels.items[0].value, "own");
	assert_string_equal(z->labels.items[0].value, "common");
	assert_int_equal(z->mounts.n, 1);
	assert_true(pod_mount_at(z, 0)->readonly);
	assert_true(z->update_image && z->no_new_privileges);
	assert_int_equal(z->stop_timeout, 10);
	assert_int_equal(z->health.attempts, 10);
	assert_true(z->health.interval > 2.9 && z->health.interval < 3.1);
	assert_false(z->health.given);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits), cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_names),  cmocka_unit_test(test_others),
		cmocka_unit_test(test_merged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

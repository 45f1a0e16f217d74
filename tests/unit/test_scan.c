/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/lock.h"
#include "podctl/scan_layers.h"
#include "podctl/scan_store.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct settings *settings_of(const char *text)
{
	struct problems problems = {0};
	struct settings *s = NULL;

	if (settings_parse(text, strlen(text), "host", &problems, &s) < 0) {
		problems_print(&problems, "test", stderr);
		fail();
	}
	problems_done(&problems);
	return s;
}

static struct scan_targets one_target(const char *name, const char *id)
{
	struct scan_targets t = {.whole = true};

	ARRAY_PUSH(t.items, t.n) = (struct scan_target){
		.id = xstrdup(id), .name = xstrdup(name), .pod = xstrdup("web")};
	return t;
}

static char *findings_of(const struct scan_target *t)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < t->n_findings; i++) {
		char *more = xasprintf("%s%s%s %s", text, *text ? ", " : "",
				       scan_kind_name(t->findings[i].kind), t->findings[i].what);

		free(text);
		text = more;
	}
	return text;
}

static void test_escape(void **state _unused_)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"", ""},
		{"/etc/passwd", "/etc/passwd"},
		{"/a b\"'$(x)", "/a b\"'$(x)"},
		{"/a\nb", "/a\\x0ab"},
		{"/a\\x0ab", "/a\\\\x0ab"},
		{"/\033[31m", "/\\x1b[31m"},
		{"/\177", "/\\x7f"},
		{"/\377\376", "/\\xff\\xfe"},
		{"/\303", "/\\xc3"},
		{"/\303\244", "/\303\244"},
		/* C1 controls, and what turns the direction */
		{"/\302\233", "/\\xc2\\x9b"},
		{"/\342\200\256x", "/\\xe2\\x80\\xaex"},
	};
	char same_a[2000], same_b[2000];
	_cleanup_free_ char *a = NULL, *b = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *got = scan_escape(cases[i].text);

		assert_string_equal(got, cases[i].want);
	}
	memset(same_a, 'x', sizeof(same_a));
	same_a[sizeof(same_a) - 1] = '\0';
	memcpy(same_b, same_a, sizeof(same_b));
	same_b[sizeof(same_b) - 2] = 'y';
	a = scan_escape(same_a);
	b = scan_escape(same_b);
	assert_string_not_equal(a, b);
	assert_true(strlen(a) <= SCAN_TEXT_MAX);
	assert_non_null(strstr(a, "x\\sha256:"));
}

#define CHANGE(path, kind) "{\"Path\":\"" path "\",\"Kind\":" #kind "}"

static void test_changes(void **state _unused_)
{
	static const struct {
		const char *scan, *json, *want;
		int r;
	} cases[] = {
		{"", "null\n", "", 0},
		{"", "[]", "", 0},
		{"", "[" CHANGE("/x", 1) "]", "added /x", 0},
		/* folders on the way are left out, whatever comes between in the order */
		{"", "[" CHANGE("/etc", 0) "," CHANGE("/etc-x", 1) "," CHANGE("/etc/passwd", 0) "]",
		 "added /etc-x, changed /etc/passwd", 0},
		{"", "[" CHANGE("/etc", 0) "]", "changed /etc", 0},
		{"", "[" CHANGE("/etc", 1) "," CHANGE("/etc/x", 1) "]", "added /etc, added /etc/x",
		 0},
		{"", "[" CHANGE("/bin", 0) "," CHANGE("/bin/ls", 2) "]", "deleted /bin/ls", 0},
		/* mount points and the way to them, but never a deletion, and nothing beside */
		{"",
		 "[" CHANGE("/data", 1) "," CHANGE("/data/deep", 1) "," CHANGE("/data/de", 1) "]",
		 "added /data/de", 0},
		{"", "[" CHANGE("/data/deep", 2) "]", "deleted /data/deep", 0},
		{"", "[" CHANGE("/data/deep/x", 1) "]", "added /data/deep/x", 0},
		{"scan: {files: {'web.*': [/var/**, /run/*.pid]}}",
		 "[" CHANGE("/var/x/y", 1) "," CHANGE("/run/a.pid", 2) "," CHANGE("/run/a/b.pid",
										  1) "]",
		 "added /run/a/b.pid", 0},
		{"scan: {files: {db: [/var/**]}}", "[" CHANGE("/var/x", 1) "]", "added /var/x", 0},
		{"scan: {files: {'*': {added: [/a], changed: [/c], deleted: [/d], any: [/x]}}}",
		 "[" CHANGE("/a", 1) "," CHANGE("/a", 2) "," CHANGE("/c", 0) "," CHANGE(
			 "/d", 2) "," CHANGE("/d", 1) "," CHANGE("/x", 1) "]",
		 "deleted /a, added /d", 0},
		{"", "[" CHANGE("/a\\u001b\\u0000\\ufffd", 1) "]",
		 "added /a\\x1b\357\277\275\357\277\275", 0},
		{"", "[" CHANGE("/x", 3) "]", "", -EPROTO},
		{"", "[" CHANGE("/x", -1) "]", "", -EPROTO},
		{"", "[" CHANGE("x", 1) "]", "", -EPROTO},
		{"", "[{\"Path\":\"/x\"}]", "", -EPROTO},
		{"", "[{\"Path\":\"/x\",\"Kind\":\"1\"}]", "", -EPROTO},
		{"", "[1]", "", -EPROTO},
		{"", "{}", "", -EPROTO},
		{"", "", "", -EPROTO},
		{"", "[" CHANGE("/x", 1), "", -EPROTO},
		/* nothing of a list with a wrong one */
		{"", "[" CHANGE("/x", 1) ",7]", "", -EPROTO},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct settings *s = settings_of(cases[i].scan);
		struct scan_targets t = one_target("web.app", "1");
		_cleanup_free_ char *got = NULL;
		struct err err = {0};

		strv_add(&t.items[0].engine_paths, "/data/deep");
		if (scan_changes(t.items, &s->scan, cases[i].json, strlen(cases[i].json), &err) !=
		    cases[i].r)
			fail_msg("%s: %s", cases[i].json, err.text);
		got = findings_of(t.items);
		assert_string_equal(got, cases[i].want);
		scan_targets_done(&t);
		settings_free(s);
	}
}

static void test_inspect(void **state _unused_)
{
	static const struct {
		const char *json, *want; /* engine_paths, NULL: refused */
	} cases[] = {
		{"{\"State\":{\"Pid\":7},\"HostConfig\":{\"Init\":true,\"Tmpfs\":{\"/t\":\"\"}},"
		 "\"Mounts\":[{\"Destination\":\"/m\"}]}",
		 "/t /sbin/docker-init /m"},
		{"{\"State\":{\"Pid\":7},\"HostConfig\":{\"Init\":null}}", ""},
		{"{\"State\":{\"Pid\":-1},\"HostConfig\":{}}", NULL},
		{"{\"State\":{},\"HostConfig\":{}}", NULL},
		{"{\"State\":{\"Pid\":7}}", NULL},
		{"{\"State\":{\"Pid\":7},\"HostConfig\":{},\"Mounts\":{}}", NULL},
		{"{\"State\":{\"Pid\":7},\"HostConfig\":{},\"Mounts\":[{}]}", NULL},
		{"[]", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_auto_t *json = json_loads(cases[i].json, 0, NULL);
		struct scan_targets t = one_target("web", "1");
		_cleanup_free_ char *got = xstrdup("");
		struct err err = {0};
		int r = scan_target_inspect(t.items, json, &err);

		assert_int_equal(r, cases[i].want ? 0 : -EPROTO);
		for (size_t k = 0; k < t.items->engine_paths.n; k++) {
			char *more = xasprintf("%s%s%s", got, *got ? " " : "",
					       t.items->engine_paths.items[k]);

			free(got);
			got = more;
		}
		if (cases[i].want)
			assert_string_equal(got, cases[i].want);
		if (r == 0)
			assert_int_equal(t.items->pid, 7);
		scan_targets_done(&t);
	}
}

static void test_processes(void **state _unused_)
{
	static const char config[] =
		"scan: {processes: {'web.*': [{executable: /bin/a, uid: 0}],"
		" web.app: [{executable: /bin/b, uid: 1, required: true},"
		" {executable: '/opt/**', uid: 2, required: true}], none: [], gone: [{executable: "
		"/x, uid: 5, required: true}]}}";
	struct settings *s = settings_of(config);
	struct scan_targets t = one_target("web.app", "1");
	_cleanup_free_ char *got = NULL, *gone = NULL;
	static const struct {
		const char *executable;
		uint64_t uid;
	} running[] = {{"/bin/a", 0},		{"/bin/a", 1},	{"/bin/b", 1},
		       {"/bin/b (deleted)", 1}, {"/\377\n", 0}, {"/bin/aa", 0}};

	for (size_t i = 0; i < ARRAY_SIZE(running); i++)
		ARRAY_PUSH(t.items->processes, t.items->n_processes) =
			(struct scan_process){xstrdup(running[i].executable), running[i].uid};
	scan_expects_processes(t.items, &s->scan);
	assert_true(t.items->watched);
	scan_compare_processes(t.items, &s->scan);
	got = findings_of(t.items);
	assert_string_equal(got, "process /bin/a uid 1, process /bin/b (deleted) uid 1, "
				 "process /\\xff\\x0a uid 0, process /bin/aa uid 0, "
				 "missing /opt/** uid 2");
	scan_missing_containers(&t, &s->scan);
	assert_int_equal(t.n, 2);
	assert_string_equal(t.items[1].name, "gone");
	gone = findings_of(&t.items[1]);
	assert_string_equal(gone, "missing /x uid 5");
	scan_targets_done(&t);

	t = one_target("other", "1");
	scan_expects_processes(t.items, &s->scan);
	assert_false(t.items->watched);
	scan_targets_done(&t);
	settings_free(s);
}

/* One scan of a container in which these files were added. */
static void scan_files(struct scan_alerts *a, const char *id, int64_t now, const char *const *files)
{
	struct scan_targets t = one_target("web.app", id);

	for (; *files; files++)
		scan_add_finding(t.items, SCAN_ADDED, *files);
	scan_alerts_merge(a, &t, now, true);
	scan_targets_done(&t);
}

#define FILES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_sticky(void **state _unused_)
{
	struct scan_alerts a = {0};

	scan_files(&a, "1", 10, FILES("/b", "/a", "/a"));
	assert_int_equal(a.n, 2);
	assert_string_equal(a.items[0].what, "/a");
	assert_int_equal(a.items[0].id, 1);
	assert_true(a.items[0].fresh && a.items[0].present);

	/* gone, and it stays; seen again, and it is counted */
	scan_files(&a, "1", 20, FILES("/b"));
	assert_int_equal(scan_alerts_standing(&a, NULL), 2);
	assert_false(a.items[0].present);
	assert_int_equal(a.items[0].last, 10);
	assert_int_equal(a.items[1].first, 10);
	assert_int_equal(a.items[1].last, 20);
	assert_int_equal(a.items[1].count, 2);
	assert_false(a.items[1].fresh);

	/* acknowledged: silent as long as it lasts in this container, a new alert after that */
	assert_int_equal(scan_alerts_acknowledge(&a, 2, "other"), -ENOENT);
	assert_int_equal(scan_alerts_acknowledge(&a, 9, NULL), -ENOENT);
	assert_int_equal(scan_alerts_acknowledge(&a, 2, "web"), 0);
	assert_int_equal(scan_alerts_standing(&a, NULL), 1);
	scan_files(&a, "1", 30, FILES("/b"));
	assert_int_equal(scan_alerts_standing(&a, NULL), 1);
	scan_files(&a, "2", 40, FILES("/b"));
	assert_int_equal(scan_alerts_standing(&a, NULL), 2);
	assert_true(a.items[1].fresh);
	assert_int_equal(scan_alerts_acknowledge(&a, SCAN_ALL, NULL), 0);
	assert_int_equal(scan_alerts_standing(&a, NULL), 0);
	scan_files(&a, "2", 50, FILES("/c"));
	assert_int_equal(a.n, 1);
	assert_int_equal(a.items[0].id, 3);
	scan_alerts_done(&a);
}

static bool is_db(void *userdata, const char *pod)
{
	assert_null(userdata);
	return streq(pod, "db");
}

/* What another than root finds is new to root, once; what is no longer wanted is forgotten. */
static void test_not_for_root(void **state _unused_)
{
	struct scan_targets t = one_target("web.app", "1");
	struct scan_alerts a = {0}, stored = {0};
	_cleanup_free_ char *text = NULL, *without = NULL;
	struct err err;

	scan_add_finding(t.items, SCAN_ADDED, "/a");
	for (int64_t now = 10; now < 12; now++) {
		scan_alerts_merge(&a, &t, now, false);
		assert_true(a.items[0].fresh && a.items[0].untold);
	}
	text = scan_alerts_format(&a);
	assert_int_equal(scan_alerts_parse(text, strlen(text), &stored, &err), 0);
	assert_true(stored.items[0].untold);
	scan_alerts_done(&a);
	a = stored;
	/* a scan of root's that does not come to it leaves it new */
	t.whole = false;
	t.n = 0;
	scan_alerts_merge(&a, &t, 12, true);
	assert_true(a.items[0].untold);
	t.n = 1;
	scan_alerts_merge(&a, &t, 13, true);
	assert_true(a.items[0].fresh && !a.items[0].untold);
	without = scan_alerts_format(&a);
	assert_null(strstr(without, "untold"));
	scan_alerts_merge(&a, &t, 14, true);
	assert_false(a.items[0].fresh);
	/* and so where it stands again */
	scan_alerts_acknowledge(&a, SCAN_ALL, NULL);
	free(t.items->id);
	t.items->id = xstrdup("2");
	scan_alerts_merge(&a, &t, 15, false);
	assert_true(a.items[0].fresh && a.items[0].untold && !a.items[0].acknowledged);

	free(t.items->name);
	free(t.items->pod);
	t.items->name = xstrdup("db.app");
	t.items->pod = xstrdup("db");
	scan_alerts_merge(&a, &t, 16, true);
	assert_int_equal(a.n, 2);
	scan_alerts_keep(&a, is_db, NULL);
	assert_int_equal(a.n, 1);
	assert_string_equal(a.items[0].container, "db.app");
	scan_targets_done(&t);
	scan_alerts_done(&a);
}

/* A scan that failed, or was of another pod, says nothing of what it did not see. */
static void test_not_looked_for(void **state _unused_)
{
	struct scan_alerts a = {0};
	struct scan_targets t = one_target("web.app", "1");

	scan_files(&a, "1", 10, FILES("/a"));
	scan_alerts_acknowledge(&a, SCAN_ALL, NULL);
	t.items->err.code = EIO;
	scan_alerts_merge(&a, &t, 20, true);
	assert_int_equal(a.n, 1);
	assert_true(a.items[0].present);
	scan_targets_done(&t);
	t = one_target("db.app", "2");
	t.whole = false;
	scan_alerts_merge(&a, &t, 30, true);
	assert_int_equal(a.n, 1);
	t.whole = true;
	scan_alerts_merge(&a, &t, 30, true);
	assert_int_equal(a.n, 0);
	scan_targets_done(&t);
	scan_alerts_done(&a);
}

static void add_many(struct scan_target *t, size_t n, const char *prefix)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *path = xasprintf("/%s%06zu", prefix, i);

		scan_add_finding(t, SCAN_ADDED, path);
	}
}

/* The alert that counts what of this pod has no room. */
static const struct scan_alert *find_sum(const struct scan_alerts *a, const char *pod)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct scan_alert *x = &a->items[i];

		if (x->kind == SCAN_MORE && streq(x->pod, pod) && streq(x->container, pod))
			return x;
	}
	return NULL;
}

static void test_limits(void **state _unused_)
{
	struct scan_alerts a = {0};
	struct scan_targets t = one_target("web.app", "1");
	const struct scan_alert *last;

	add_many(t.items, SCAN_CONTAINER_ALERTS_MAX + 5, "x");
	scan_alerts_merge(&a, &t, 1, true);
	assert_int_equal(a.n, SCAN_CONTAINER_ALERTS_MAX + 1);
	last = &a.items[a.n - 1];
	assert_int_equal(last->kind, SCAN_MORE);
	assert_int_equal(last->more, 5);
	/* the same again is the same; more of it stands again where it was acknowledged */
	scan_alerts_acknowledge(&a, SCAN_ALL, NULL);
	scan_alerts_merge(&a, &t, 2, true);
	assert_int_equal(a.n, SCAN_CONTAINER_ALERTS_MAX + 1);
	assert_int_equal(scan_alerts_standing(&a, NULL), 0);
	add_many(t.items, 1, "y");
	scan_alerts_merge(&a, &t, 3, true);
	assert_int_equal(scan_alerts_standing(&a, NULL), 1);
	scan_targets_done(&t);

	/* containers without end */
	for (size_t i = 0; i < SCAN_ALERTS_MAX / SCAN_CONTAINER_ALERTS_MAX + 3; i++) {
		_cleanup_free_ char *name = xasprintf("c%zu", i);

		t = one_target(name, name);
		add_many(t.items, SCAN_CONTAINER_ALERTS_MAX, "x");
		scan_alerts_merge(&a, &t, 4, true);
		scan_targets_done(&t);
	}
	assert_true(a.n <= SCAN_ALERTS_MAX + 1);
	assert_true(a.n >= SCAN_ALERTS_MAX);
	assert_true(find_sum(&a, "web")->more > 0);
	scan_alerts_done(&a);
}

/* So many containers of a pod, each with as many findings as it may have. */
static struct scan_targets hog(const char *pod, size_t n)
{
	struct scan_targets t = {0};

	for (size_t i = 0; i < n; i++) {
		char *name = xasprintf("%s.c%zu", pod, i);

		ARRAY_PUSH(t.items, t.n) =
			(struct scan_target){.id = xstrdup("1"), .name = name, .pod = xstrdup(pod)};
		add_many(&t.items[i], SCAN_CONTAINER_ALERTS_MAX, "x");
	}
	return t;
}

#define HOGS (SCAN_ALERTS_MAX / SCAN_CONTAINER_ALERTS_MAX + 2)

static void scan_pod(struct scan_alerts *a, const char *pod, const char *file, int64_t now)
{
	struct scan_targets t = hog(pod, 0);

	ARRAY_PUSH(t.items, t.n) =
		(struct scan_target){.id = xstrdup("2"), .name = xstrdup(pod), .pod = xstrdup(pod)};
	scan_add_finding(t.items, SCAN_ADDED, file);
	scan_alerts_merge(a, &t, now, false);
	scan_targets_done(&t);
}

/* One pod can fill its own room, and not that of others. */
static void test_room(void **state _unused_)
{
	struct scan_alerts a = {0};
	struct scan_targets t = hog("bob", HOGS), plain = one_target("plain", "3");
	const struct scan_alert *sum;
	size_t bobs;

	scan_alerts_merge(&a, &t, 1, false);
	sum = find_sum(&a, "bob");
	assert_int_equal(sum->more, (uint64_t)2 * SCAN_CONTAINER_ALERTS_MAX);
	assert_int_equal(a.n, SCAN_ALERTS_MAX + 1);
	bobs = scan_alerts_standing(&a, "bob");
	/* the others' findings have their alerts */
	scan_pod(&a, "shop", "/evil", 2);
	assert_int_equal(scan_alerts_standing(&a, "shop"), 1);
	assert_int_equal(scan_alerts_standing(&a, "bob"), bobs - 1);
	assert_int_equal(a.n, SCAN_ALERTS_MAX + 1);
	/* also those of a container without a pod */
	free(plain.items[0].pod);
	plain.items[0].pod = xstrdup("");
	plain.whole = false;
	scan_add_finding(plain.items, SCAN_CHANGED, "/etc/passwd");
	scan_alerts_merge(&a, &plain, 3, true);
	assert_int_equal(scan_alerts_standing(&a, ""), 1);
	/* what is known is silent, although it is found again and again */
	scan_alerts_merge(&a, &t, 4, true);
	scan_alerts_acknowledge(&a, SCAN_ALL, "bob");
	scan_alerts_merge(&a, &t, 5, true);
	assert_int_equal(scan_alerts_standing(&a, "bob"), 0);
	assert_int_equal(scan_alerts_standing(&a, "shop"), 1);
	/* two that have too much have the same */
	scan_targets_done(&t);
	t = hog("eve", HOGS);
	scan_alerts_merge(&a, &t, 6, true);
	assert_non_null(find_sum(&a, "eve"));
	assert_true(scan_alerts_standing(&a, "eve") >= SCAN_ALERTS_MAX / 2 - 2);
	assert_int_equal(scan_alerts_standing(&a, "shop"), 1);
	scan_targets_done(&t);
	scan_targets_done(&plain);
	scan_alerts_done(&a);
}

/* Pods without end: what can't even be counted makes the scan of its pod fail. */
static void test_no_room_for_sums(void **state _unused_)
{
	struct scan_alerts a = {.next = 1}, b = {0};
	struct scan_targets t = hog("shop", HOGS);
	_cleanup_free_ char *text = NULL;
	struct err err = {0};

	for (size_t i = 0; i < SCAN_ALERTS_MAX; i++) {
		char *pod = xasprintf("p%zu", i);

		ARRAY_PUSH(a.items, a.n) = (struct scan_alert){
			.id = a.next++,
			.kind = SCAN_MORE,
			.container = pod,
			.container_id = xstrdup(""),
			.pod = xstrdup(pod),
			.what = xstrdup("findings of the pod beyond the limit of all alerts"),
			.count = 1,
			.more = 1};
	}
	scan_alerts_merge(&a, &t, 1, true);
	assert_null(find_sum(&a, "shop"));
	assert_int_equal(find_sum(&a, "")->more, (uint64_t)2 * SCAN_CONTAINER_ALERTS_MAX);
	for (size_t i = 0; i < t.n; i++)
		assert_int_equal(t.items[i].err.code, ENOSPC);
	/* and what there is can be stored and read */
	text = scan_alerts_format(&a);
	assert_int_equal(scan_alerts_parse(text, strlen(text), &b, &err), 0);
	assert_int_equal(b.n, a.n);
	scan_alerts_done(&b);
	scan_alerts_done(&a);
	scan_targets_done(&t);
}

/* As it was when all that was beyond was counted for nobody in particular. */
static void test_state_of_before(void **state _unused_)
{
	static const char text[] =
		"{\"version\":1,\"next\":8,\"alerts\":[{\"id\":7,\"kind\":\"more\",\"container\":"
		"\"\","
		"\"container_id\":\"\",\"pod\":\"\",\"what\":"
		"\"findings beyond the limit of all alerts\",\"first\":1,\"last\":2,\"count\":3,"
		"\"more\":4,\"acknowledged\":false,\"present\":true}]}";
	struct scan_alerts a = {0};
	struct err err = {0};

	assert_int_equal(scan_alerts_parse(text, strlen(text), &a, &err), 0);
	scan_pod(&a, "shop", "/evil", 2);
	assert_int_equal(scan_alerts_standing(&a, NULL), 2);
	assert_int_equal(find_sum(&a, "")->more, 4);
	scan_alerts_done(&a);
}

static void test_state(void **state _unused_)
{
	static const char *const wrong[] = {
		"",
		"{}",
		"[]",
		"{\"version\":2,\"next\":1,\"alerts\":[]}",
		"{\"version\":1,\"next\":0,\"alerts\":[]}",
		"{\"version\":1,\"next\":1,\"alerts\":{}}",
		"{\"version\":1,\"next\":1,\"alerts\":[1]}",
		"{\"version\":1,\"next\":1,\"alerts\":[],\"x\":1}",
		"{\"version\":1,\"version\":1,\"next\":1,\"alerts\":[]}",
	};
	struct scan_alerts a = {0}, b = {0};
	_cleanup_free_ char *text = NULL, *again = NULL;
	struct err err = {0};

	scan_files(&a, "1", 10, FILES("/\377", "/a\\"));
	scan_alerts_acknowledge(&a, 1, NULL);
	text = scan_alerts_format(&a);
	assert_int_equal(scan_alerts_parse(text, strlen(text), &b, &err), 0);
	again = scan_alerts_format(&b);
	assert_string_equal(text, again);
	assert_int_equal(b.next, 3);
	scan_alerts_done(&b);
	/* cut short anywhere, it is refused and leaves nothing */
	for (size_t i = 0; i < strlen(text); i++) {
		assert_int_equal(scan_alerts_parse(text, i, &b, &err), -EINVAL);
		assert_int_equal(b.n, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(scan_alerts_parse(wrong[i], strlen(wrong[i]), &b, &err), -EINVAL);
	scan_alerts_done(&a);
}

static struct scan_store store_in(const char *folder)
{
	struct scan_store s = {.dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .lock = -1};

	assert_true(s.dir >= 0);
	return s;
}

/* Reads, finds one thing more, and saves. */
static int find_one(struct scan_store *s, const char *file, bool loads)
{
	struct scan_alerts a = {0};
	struct err err = {0};
	int r = loads ? scan_store_load(s, &a, &err) : 0;

	assert_int_equal(r, 0);
	scan_pod(&a, "web", file, 1);
	r = scan_store_save(s, &a, &err);
	scan_alerts_done(&a);
	return r;
}

static size_t stored(struct scan_store *s)
{
	struct scan_alerts a = {0};
	struct err err = {0};
	size_t n;

	assert_int_equal(scan_store_load(s, &a, &err), 0);
	n = a.n;
	scan_alerts_done(&a);
	return n;
}

/* Whoever is held up between reading and saving, for however long, takes nothing from others. */
static void test_store(void **state _unused_)
{
	char folder[] = "/tmp/test-scan-XXXXXX";
	struct scan_store a, b;
	struct scan_alerts none = {0};
	struct err err = {0};
	unsigned tries = 0;

	assert_non_null(mkdtemp(folder));
	a = store_in(folder);
	b = store_in(folder);
	assert_int_equal(stored(&a), 0);
	assert_int_equal(stored(&b), 0);
	assert_int_equal(find_one(&a, "/1", true), 0);
	assert_int_equal(find_one(&b, "/x", false), -ESTALE);
	assert_int_equal(stored(&b), 1);
	/* far behind: what had its number is gone */
	for (int i = 2; i < 6; i++)
		assert_int_equal(find_one(&a, i % 2 ? "/odd" : "/even", true), 0);
	assert_int_equal(stored(&a), 3);
	assert_int_equal(find_one(&b, "/x", false), -ESTALE);
	assert_int_equal(stored(&b), 3);
	assert_int_equal(find_one(&b, "/x", true), 0);
	assert_int_equal(stored(&a), 4);
	/* one file, whatever happened; a state from before there were numbers is read, and goes */
	assert_int_equal(renameat(a.dir, "alerts.6.json", a.dir, "alerts.json"), 0);
	assert_int_equal(stored(&a), 4);
	assert_int_equal(find_one(&a, "/y", true), 0);
	assert_int_equal(faccessat(a.dir, "alerts.json", F_OK, 0), -1);
	assert_int_equal(stored(&a), 5);
	/* what is like a state's name is none */
	assert_int_equal(symlinkat("x", a.dir, "alerts.01.json"), 0);
	assert_int_equal(symlinkat("x", a.dir, "alerts.99x.json"), 0);
	assert_int_equal(stored(&a), 5);
	assert_int_equal(unlinkat(a.dir, "alerts.01.json", 0), 0);
	assert_int_equal(unlinkat(a.dir, "alerts.99x.json", 0), 0);
	/* one that can't be read is no empty one, and says where it is */
	assert_int_equal(symlinkat("x", a.dir, "alerts.99.json"), 0);
	assert_int_equal(scan_store_load(&a, &none, &err), -ELOOP);
	assert_non_null(strstr(err.text, "scan/alerts.99.json"));
	assert_int_equal(unlinkat(a.dir, "alerts.99.json", 0), 0);
	assert_int_equal(unlinkat(a.dir, "alerts.1.json", 0), 0);
	scan_store_close(&a);
	scan_store_close(&b);
	assert_int_equal(rmdir(folder), 0);

	assert_false(scan_store_again(-EIO, &tries));
	assert_true(scan_store_again(-ESTALE, &tries));
	tries = 1000;
	assert_false(scan_store_again(-ESTALE, &tries));
}

static void test_lock_wait(void **state _unused_)
{
	char file[] = "/tmp/test-lock-XXXXXX";
	int one = mkstemp(file), two = open(file, O_RDWR | O_CLOEXEC);

	assert_int_equal(lock_flock(one, 0), 0);
	assert_int_equal(lock_flock(two, 120), -EWOULDBLOCK);
	close(one);
	assert_int_equal(lock_flock(two, LOCK_FOR_EVER), 0);
	assert_int_equal(lock_flock(-1, 0), -EBADF);
	close(two);
	unlink(file);
}

static void test_ids(void **state _unused_)
{
	static const char *const wrong[] = {"",
					    "@",
					    "17",
					    "@0",
					    "@01",
					    "@1x",
					    "@-1",
					    "@ 1",
					    "all",
					    "@@1",
					    "@99999999999999999999"};
	uint64_t id = 0;

	assert_true(scan_id_parse("@17", &id));
	assert_int_equal(id, 17);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_false(scan_id_parse(wrong[i], &id));
	/* through sudo the last word is a pod's name: no id may be one */
	assert_false(pod_name_valid("@17"));
}

static void put(const char *folder, const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", folder, name);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void put_link(const char *folder, const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", folder, name);

	assert_int_equal(symlink(text, path), 0);
}

static void run(const char *base, const char *command)
{
	_cleanup_free_ char *text = xasprintf("cd %s && %s", base, command);

	assert_int_equal(system(text), 0);
}

/* Contents are compared with the nearest layer that has the file; nothing else is opened. */
static void test_layers(void **state _unused_)
{
	static const char *const want[] = {"changed /d/longer", "changed /d/other",
					   "changed /link"};
	char base[] = "/tmp/test_scan.XXXXXX";
	struct settings *s = settings_of("scan: {files: {web.app: {changed: [/d/expected]}}}\n");
	struct scan_targets all = one_target("web.app", "1");
	struct scan_target *t = all.items;
	_cleanup_free_ char *near = NULL, *far = NULL, *got = NULL, *fifo = NULL;

	assert_non_null(mkdtemp(base));
	run(base, "mkdir -p upper/d near/d far/d && mkfifo upper/fifo");
	t->upper = xasprintf("%s/upper", base);
	near = xasprintf("%s/near", base);
	far = xasprintf("%s/far", base);
	t->lower = xasprintf("%s:%s", near, far);
	fifo = xasprintf("%s/fifo", t->upper);
	put(far, "d/same", "a");
	put(t->upper, "d/same", "a");
	put(far, "d/other", "a");
	put(t->upper, "d/other", "b");
	put(far, "d/longer", "a");
	put(t->upper, "d/longer", "ab");
	put(far, "d/expected", "a");
	put(t->upper, "d/expected", "b");
	put(far, "d/near", "a");
	put(near, "d/near", "b");
	put(t->upper, "d/near", "b");
	put(t->upper, "d/added", "b");
	put_link(far, "link", "a");
	put_link(t->upper, "link", "b");
	put_link(far, "unlinked", "a");
	put_link(t->upper, "unlinked", "a");
	put(far, "fifo", "a");
	put_link(far, "type", "/");
	put(t->upper, "type", "x");
	scan_compare_layers(t, &s->scan);
	assert_int_equal(t->err.code, 0);
	assert_int_equal(t->n_findings, ARRAY_SIZE(want));
	got = findings_of(t);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		assert_non_null(strstr(got, want[i]));
	/* gone meanwhile; what is no folder */
	free(t->upper);
	t->upper = xasprintf("%s/gone", base);
	scan_compare_layers(t, &s->scan);
	assert_int_equal(t->err.code, 0);
	free(t->upper);
	t->upper = xstrdup(fifo);
	scan_compare_layers(t, &s->scan);
	assert_int_equal(t->err.code, ENOTDIR);
	assert_int_equal(t->n_findings, ARRAY_SIZE(want));
	scan_targets_done(&all);
	settings_free(s);
	run(base, "rm -r \"$PWD\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_inspect),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_sticky),
		cmocka_unit_test(test_not_for_root),
		cmocka_unit_test(test_not_looked_for),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_no_room_for_sums),
		cmocka_unit_test(test_state_of_before),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_lock_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

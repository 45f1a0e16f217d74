/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looking and doing against a scripted engine: what is asked for and in which order, and what is
 * left where something fails in the middle.
 */
#include "podctl/apply.h"
#include "podctl/create.h"
#include "podctl/look.h"
#include "podctl/look_addresses.h"
#include "tests/unit/fake_engine.h"
#include "tests/unit/pod_fixture.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAUSE "podctl-pause:x"

static const char unguarded[] = "guard: {required: false}";
static const char guarded[] = "guard: {required: true}";

struct fixture {
	struct fake_engine *fake;
	struct engine *engine;
	struct strv texts; /* that the script points to */
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err err;

	f->fake = fake_engine_new();
	assert_int_equal(engine_new(fake_engine_host(f->fake), &f->engine, &err), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	engine_free(f->engine);
	fake_engine_free(f->fake);
	strv_done(&f->texts);
	free(f);
	return 0;
}

/* ---- looking ---- */

#define LIST   "/containers/json"
#define IMAGE  "/images/"
#define LIST41 "/v1.41/containers/json"

static int look_at(const struct fixture *f, const char *list, const char *image,
		   struct present *ret, struct plan_images *images, struct err *err)
{
	fake_engine_clear(f->fake);
	if (list)
		fake_engine_json(f->fake, LIST, 200, list);
	if (image)
		fake_engine_json(f->fake, IMAGE, 200, image);
	return look(f->engine, "web", images, ret, err);
}

static void test_look(void **state)
{
	static const char entry[] = "[{\"Id\":\"I1\",\"Names\":[\"/web.a\"],\"Image\":\"busybox\","
				    "\"ImageID\":\"sha256:1\",\"State\":\"running\","
				    "\"Labels\":{\"podctl.pod\":\"web\"}}]";
	static const struct {
		const char *list, *image;
		int r;
		const char *id; /* of the image */
	} cases[] = {
		{"[]", "{\"Id\":\"sha256:1\"}", 0, "sha256:1"},
		{"[]", "{\"Id\":\"sha256:1\",\"Config\":{\"Labels\":{\"l\":\"v\"}}}", 0,
		 "sha256:1"},
		{"[]", "{\"Id\":\"sha256:1\",\"Config\":{\"Labels\":null}}", 0, "sha256:1"},
		{"[]", "{\"Id\":\"sha256:1\",\"Config\":7}", 0, "sha256:1"},
		{"[]", "{\"Id\":7}", -EPROTO, NULL},
		{"[]", "{}", -EPROTO, NULL},
		{"[]", "[]", -EPROTO, NULL},
		{"[]", "nonsense", -EPROTO, NULL},
		{"[]", NULL, 0, NULL}, /* 404: not here */
		{"{}", "{\"Id\":\"sha256:1\"}", -EPROTO, "sha256:1"},
		{"[7]", "{\"Id\":\"sha256:1\"}", -EPROTO, "sha256:1"},
		{"[{}]", "{\"Id\":\"sha256:1\"}", -EPROTO, "sha256:1"},
		{NULL, "{\"Id\":\"sha256:1\"}", -ENOENT, "sha256:1"},
	};
	const struct fixture *f = *state;
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(unguarded);
	_cleanup_(pod_freep)
	struct pod *pod = fixture_pod("web", "containers: {a: {image: busybox}}", s);
	struct present present = {0};
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct plan_images images = {0};
		int r;

		plan_images_collect(pod, &images);
		r = look_at(f, cases[i].list, cases[i].image, &present, &images, &err);
		if (r != cases[i].r)
			fail_msg("%zu: %d %s", i, r, r < 0 ? err.text : "");
		assert_int_equal(present.n, 0);
		if (cases[i].id)
			assert_string_equal(images.items[0].id, cases[i].id);
		else
			assert_null(images.items[0].id);
		assert_int_equal(images.items[0].labels.n, i == 1);
		plan_images_done(&images);
	}
	assert_int_equal(look_at(f, entry, NULL, &present, NULL, &err), 0);
	assert_int_equal(present.n, 1);
	assert_string_equal(present.items[0].name, "web.a");
	assert_string_equal(present.items[0].pod, "web");
	assert_null(present.items[0].hash);
	present_done(&present);
}

/* A list that ends in its middle is no list, not a shorter one. */
static void test_look_cut(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *whole = fake_http(200, "[{\"Id\":\"I1\",\"Names\":[\"/web.a\"]}]");
	struct present present = {0};
	struct err err;

	for (size_t cut = 1; cut < strlen(whole); cut += 7) {
		fake_engine_add(f->fake, &(struct fake_reply){.path = LIST,
							      .data = whole,
							      .cut = cut,
							      .end = FAKE_CLOSE});
		assert_true(look(f->engine, "web", NULL, &present, &err) < 0);
		assert_int_equal(present.n, 0);
	}
}

static void test_names_and_network(void **state)
{
	static const struct {
		const char *list;
		int r;
	} names[] = {
		{"[]", 0},
		{"[{\"Id\":\"I\",\"State\":\"exited\",\"Names\":[\"/web.a\"]}]", -EEXIST},
		{"[{\"Id\":\"I\",\"State\":\"exited\",\"Names\":[\"/web..new\"]}]", -EEXIST},
		{"[{\"Id\":\"I\",\"State\":\"exited\",\"Names\":[\"/web.other\"]}]", 0},
		/* labels of another pod, or of an image, are not ours */
		{"[{\"Id\":\"I\",\"State\":\"exited\",\"Names\":[\"/"
		 "web.a\"],\"Labels\":{\"podctl.pod\":\"web\"}}]",
		 -EEXIST},
		{"[{\"Id\":\"I\",\"State\":\"exited\",\"Names\":[\"/"
		 "web.a\"],\"Labels\":{\"podctl.pod\":\"wex\","
		 "\"podctl.container\":\"a\",\"podctl.config-hash\":\"h\"}}]",
		 -EEXIST},
		{"[{\"Id\":\"I\",\"State\":\"exited\",\"Names\":[\"/"
		 "web.a\"],\"Labels\":{\"podctl.pod\":\"web\","
		 "\"podctl.container\":\"a\",\"podctl.config-hash\":\"h\"}}]",
		 0},
		{"{}", -EPROTO},
	};
	static const struct {
		const char *network;
		int r;
	} networks[] = {
		{"{\"Id\":\"n1\",\"Name\":\"pods\",\"Driver\":\"bridge\","
		 "\"IPAM\":{\"Config\":[{\"Subnet\":\"172.20.0.0/16\"}]}}",
		 0},
		{"{\"Id\":\"n1\",\"Name\":\"pods\",\"Driver\":\"host\"}", -EPERM},
		{"{\"Id\":\"n1\",\"Name\":\"pods\",\"Driver\":\"macvlan\"}", -EPERM},
		{"{\"Id\":\"pods\",\"Name\":\"other\",\"Driver\":\"bridge\"}", -EPERM},
		{"[]", -EPROTO},
	};
	const struct fixture *f = *state;
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(unguarded);
	_cleanup_(pod_freep)
	struct pod *pod = fixture_pod("web", "containers: {a: {image: busybox}}", s);
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		fake_engine_json(f->fake, LIST41, 200, names[i].list);
		if (look_before(f->engine, pod, NULL, NULL, &err) != names[i].r)
			fail_msg("%s: %s", names[i].list, err.text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(networks); i++) {
		struct create_network network = {0};

		fake_engine_json(f->fake, LIST41, 200, "[]");
		fake_engine_json(f->fake, "/v1.41/networks/pods", 200, networks[i].network);
		if (networks[i].r == 0)
			fake_engine_json(f->fake, LIST41, 200, "[]");
		if (look_before(f->engine, pod, "pods", &network, &err) != networks[i].r)
			fail_msg("%s", networks[i].network);
		assert_int_equal(network.user_defined, networks[i].r == 0);
		assert_int_equal(network.subnets.n, networks[i].r == 0);
		strv_done(&network.subnets);
	}
	fake_engine_json(f->fake, LIST41, 200, "[]");
	assert_int_equal(look_before(f->engine, pod, "pods", NULL, &err), -ENOENT);
	assert_int_equal(look_before(f->engine, pod, NULL, NULL, &err), -ENOENT);
}

#define SOME_ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LISTED(name, labels)                                                                       \
	"[{\"Id\":\"" SOME_ID "\",\"State\":\"exited\",\"Names\":[\"/" name                        \
	"\"],\"Labels\":{" labels "}}]"
#define LABELS_OF(pod, config)                                                                     \
	"\"podctl.pod\":\"" pod                                                                    \
	"\",\"podctl.container\":\"\",\"podctl.config-hash\":\"h\",\"podctl.config\":\"" config    \
	"\""
#define INSPECT(hostname, endpoint)                                                                \
	"{\"Config\":{\"Hostname\":\"" hostname                                                    \
	"\"},\"NetworkSettings\":{\"Networks\":{\"pods\":" endpoint                                \
	",\"x\":{\"Aliases\":[\"web\"]}}}}"

/* What others answer to on the network is not taken: by name, id, host name or alias. */
static void test_dns(void **state)
{
	static const struct {
		const char *list, *inspect; /* NULL: not asked for */
		int r;
		const char *want;
	} cases[] = {
		{"[]", NULL, 0, NULL},
		{LISTED("web", LABELS_OF("web", "{\\\"hostname\\\":\\\"web-front\\\"}")), NULL, 0,
		 NULL},
		{LISTED("db", LABELS_OF("db", "{\\\"hostname\\\":\\\"db-1\\\"}")), NULL, 0, NULL},
		{LISTED("Web", LABELS_OF("Web", "{}")), NULL, -EEXIST, "by its name"},
		{LISTED("web-front", LABELS_OF("web-front", "no JSON")), NULL, -EEXIST,
		 "by its hostname"},
		{LISTED("db", LABELS_OF("db", "{\\\"hostname\\\":\\\"WEB\\\"}")), NULL, -EEXIST,
		 "db answers to WEB on the network pods"},
		{LISTED("db", LABELS_OF("db", "{\\\"hostname\\\":\\\"Web-Front\\\"}")), NULL,
		 -EEXIST, "by its hostname"},
		/* labels alone say nothing */
		{LISTED("x", LABELS_OF("db", "{\\\"hostname\\\":\\\"db-1\\\"}")),
		 INSPECT("a", "{\"Aliases\":[\"b\",\"Web-front\"]}"), -EEXIST, "by its hostname"},
		{LISTED("x", ""), INSPECT("WEB", "null"), -EEXIST, "x answers to WEB"},
		{LISTED("x", ""), INSPECT("a", "{\"Aliases\":null,\"DNSNames\":[1,\"web\"]}"),
		 -EEXIST, "x answers to web"},
		{LISTED("x", ""), INSPECT("a", "{\"Aliases\":[\"webs\"]}"), 0, NULL},
		{LISTED("x", ""), "", 0, NULL}, /* gone meanwhile */
		{LISTED("x", ""), "{", -EPROTO, "JSON"},
		{"{}", NULL, -EPROTO, "no list"},
	};
	const struct fixture *f = *state;
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(unguarded);
	_cleanup_(pod_freep)
	struct pod *pod =
		fixture_pod("web", "hostname: web-front\ncontainers: {a: {image: busybox}}", s);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct create_network network = {0};
		const char *inspect = cases[i].inspect;
		struct err err = {0};

		fake_engine_clear(f->fake);
		fake_engine_json(f->fake, LIST41, 200, "[]");
		fake_engine_json(f->fake, "/v1.41/networks/pods", 200,
				 "{\"Id\":\"n1\",\"Name\":\"pods\",\"Driver\":\"bridge\"}");
		fake_engine_json(f->fake, LIST41, 200, cases[i].list);
		if (inspect)
			fake_engine_json(f->fake, "/v1.41/containers/" SOME_ID "/json",
					 *inspect ? 200 : 404,
					 *inspect ? inspect : "{\"message\":\"no\"}");
		if (look_before(f->engine, pod, "pods", &network, &err) != cases[i].r ||
		    (cases[i].want && !strstr(err.text, cases[i].want)))
			fail_msg("case %zu: %s", i, err.text);
		strv_done(&network.subnets);
	}
}

/* The default network answers for no names. */
static void test_dns_default(void **state)
{
	const struct fixture *f = *state;
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(unguarded);
	_cleanup_(pod_freep)
	struct pod *pod = fixture_pod("web", "containers: {a: {image: busybox}}", s);
	struct create_network network = {0};
	struct err err = {0};

	fake_engine_json(f->fake, LIST41, 200, "[]");
	fake_engine_json(f->fake, "/v1.41/networks/bridge", 200,
			 "{\"Id\":\"n1\",\"Name\":\"bridge\",\"Driver\":\"bridge\"}");
	assert_int_equal(look_before(f->engine, pod, "bridge", &network, &err), 0);
	strv_done(&network.subnets);
}

/* p2ac6b and p17f35f have one MAC on this host. */
static void test_addresses(void **state)
{
	static const struct {
		const char *pod, *settings, *list;
		int r;
	} cases[] = {
		{"p2ac6b", unguarded, "[]", 0},
		{"p2ac6b", unguarded, LISTED("web", LABELS_OF("web", "{}")), 0},
		{"p2ac6b", unguarded, LISTED("p2ac6b", LABELS_OF("p2ac6b", "{}")), 0},
		{"p2ac6b", unguarded, LISTED("p17f35f", LABELS_OF("p17f35f", "{}")), -EEXIST},
		/* labels or a name alone make nobody a pod */
		{"p2ac6b", unguarded, LISTED("x", LABELS_OF("p17f35f", "{}")), 0},
		{"p2ac6b", unguarded, LISTED("p17f35f", ""), 0},
		{"p2ac6b", unguarded, "[1]", 0},
		{"p2ac6b", "pods: {p17f35f: {}}", "[]", -EEXIST},
		{"p2ac6b", "port_whitelist: {80: p17f35f}", "[]", -EEXIST},
		{"p2ac6b", "pods: {p17f35f: {}, p2ac6b: {}}", "[]", 0},
		{"p2ac6b", unguarded, "{", -EPROTO},
	};
	const struct fixture *f = *state;
	const struct create_network network = {0};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(settings_freep)
		struct settings *s = fixture_settings(cases[i].settings);
		struct err err = {0};

		fake_engine_clear(f->fake);
		fake_engine_json(f->fake, LIST41, 200, cases[i].list);
		if (look_addresses(f->engine, cases[i].pod, s, &network, &err) != cases[i].r)
			fail_msg("case %zu: %s", i, err.text);
	}
}

/* ---- doing ---- */

/* "METHOD TARGET STATUS [BODY]" */
static void script(struct fixture *f, const char *const *calls, size_t n)
{
	fake_engine_clear(f->fake);
	for (size_t i = 0; i < n; i++) {
		char method[8], target[80], body[240] = "{\"message\":\"no\"}";
		_cleanup_free_ char *data = NULL;
		struct fake_reply reply = {0};
		int status;

		assert_true(sscanf(calls[i], "%7s %79s %d %239s", method, target, &status, body) >=
			    3);
		data = fake_http(status, body);
		strv_add(&f->texts, method);
		reply.method = f->texts.items[f->texts.n - 1];
		strv_take(&f->texts, xasprintf("/v1.41/containers/%s ", target));
		reply.path = f->texts.items[f->texts.n - 1];
		reply.data = data;
		fake_engine_add(f->fake, &reply);
	}
}

static void add_present(struct present *p, const char *name, const char *part, const char *hash,
			const char *root)
{
	ARRAY_PUSH(p->items, p->n) = (struct present_container){
		.id = xasprintf("OLD%s", part),
		.name = xstrdup(name),
		.image = xstrdup("busybox:latest"),
		.image_id = xstrdup("IMAGE"),
		.state = xstrdup("running"),
		.pod = xstrdup("web"),
		.part = xstrdup(part),
		.hash = xstrdup(hash),
		.root_id = xstrdup(root),
	};
}

static char *root_hash(const struct pod *pod, const struct settings *s)
{
	json_t *body = create_root(fixture_create(pod, s, PAUSE), NULL);
	char *hash = xstrdup(create_hash(body));

	json_decref(body);
	return hash;
}

enum there { NOTHING, OLD_MEMBER, LEFT_BESIDE, OLD_ROOT, OLD_ROOT_PAUSED, OLD_ROOT_CUT };

/* What apply() below joins; NULL: as where the root container stays. */
static const struct create_network *joined;

/* Plans for what is there, carries it out, and looks that each call was made and no other. */
static void apply(struct fixture *f, const char *settings, enum there there, int want,
		  const char *said, const char *const *calls, size_t n)
{
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(settings);
	_cleanup_(pod_freep)
	struct pod *pod = fixture_pod("web", "containers: {a: {image: busybox}}", s);
	_cleanup_free_ char *hash = root_hash(pod, s);
	unsigned before = fake_engine_requests(f->fake);
	struct ui ui = {.quiet = true};
	struct plan_images images = {0};
	struct present present = {0};
	struct plan plan = {0};
	struct apply a = {.engine = f->engine,
			  .create = fixture_create(pod, s, PAUSE),
			  .images = &images,
			  .network = joined,
			  .ui = &ui};
	struct err err = {0};
	int r;

	plan_images_collect(pod, &images);
	images.items[0].id = xstrdup("IMAGE");
	if (there != NOTHING) {
		add_present(&present, "web", "", there >= OLD_ROOT ? "old" : hash, NULL);
		add_present(&present, "web.a", "a", "old", "OLD");
	}
	if (there == OLD_ROOT_PAUSED) {
		free(present.items[1].state);
		present.items[1].state = xstrdup("paused");
	}
	if (there == OLD_ROOT_CUT) {
		free(present.items[1].state);
		present.items[1].state = xstrdup("exited");
	}
	if (there == LEFT_BESIDE || there == OLD_ROOT_CUT) {
		if (there == LEFT_BESIDE)
			add_present(&present, "web.a.new", "a", "older", "OLD");
		else
			add_present(&present, "web..new", "", "older", NULL);
		free(present.items[2].id);
		free(present.items[2].state);
		present.items[2].id = xstrdup("LEFT");
		present.items[2].state = xstrdup("created");
	}
	plan_make(fixture_create(pod, s, PAUSE), &present, &images, &plan);
	script(f, calls, n);
	r = apply_plan(&a, &present, &plan, &err);
	if (r != want || (said && !strstr(err.text, said)))
		fail_msg("%d: %s", r, err.text);
	if (fake_engine_requests(f->fake) - before != n) {
		_cleanup_free_ char *last = fake_engine_last(f->fake);

		fail_msg("%u calls instead of %zu, last %.60s",
			 fake_engine_requests(f->fake) - before, n, last);
	}
	plan_done(&plan);
	present_done(&present);
	plan_images_done(&images);
}

#define APPLY(f, settings, there, want, said, ...)                                                 \
	apply(f, settings, there, want, said, (const char *const[]){__VA_ARGS__},                  \
	      ARRAY_SIZE(((const char *const[]){__VA_ARGS__})))

#define ROOT_MADE    "POST create?name=web 201 {\"Id\":\"ROOT\"}"
#define ROOT_STARTED "POST ROOT/start 204"
#define A_MADE	     "POST create?name=web.a 201 {\"Id\":\"A\"}"
#define A_LOOKED     "GET A/json 200 {\"Image\":\"IMAGE\"}"
#define NEW_MADE     "POST create?name=web.a.new 201 {\"Id\":\"A\"}"
#define ROOT_NEW     "POST create?name=web..new 201 {\"Id\":\"ROOT\"}"

#define HIS(name) "{\"Id\":\"X\",\"Name\":\"/" name "\",\"State\":{\"Status\":\"created\"}}"
#define OURS(state)                                                                                \
	"{\"Id\":\"X\",\"Name\":\"/web.a\",\"State\":{\"Status\":\"" state                         \
	"\"},\"Config\":{\"Labels\":{\"podctl.pod\":\"web\",\"podctl.container\":\"a\","           \
	"\"podctl.config-hash\":\"h\"}}}"
#define ROOT_GONE "DELETE ROOT?force=1&v=1 204"

static void test_create(void **state)
{
	struct fixture *f = *state;

	APPLY(f, unguarded, NOTHING, 0, NULL, ROOT_MADE, ROOT_STARTED, A_MADE, A_LOOKED,
	      "POST A/start 204");
	/* a name that came up meanwhile: nothing is started, nothing of anybody's removed */
	APPLY(f, unguarded, NOTHING, -EEXIST, "cannot create", "POST create?name=web 409",
	      "GET web/json 200 " HIS("web"));
	APPLY(f, unguarded, NOTHING, -EIO, "cannot start", ROOT_MADE, "POST ROOT/start 500",
	      ROOT_GONE, A_MADE, A_LOOKED, "DELETE A?force=1&v=1 204");
	APPLY(f, unguarded, NOTHING, -EEXIST, "cannot create", ROOT_MADE, ROOT_STARTED,
	      "POST create?name=web.a 409", "GET web.a/json 200 " HIS("web.a"));
	/* the pod's own, by a podctl that was killed: it goes, and the name is tried again */
	APPLY(f, unguarded, NOTHING, 0, NULL, ROOT_MADE, ROOT_STARTED, "POST create?name=web.a 409",
	      "GET web.a/json 200 " OURS("created"), "DELETE X?force=1&v=1 204", A_MADE, A_LOOKED,
	      "POST A/start 204");
	/* not once it was started: that was nobody who is dead */
	APPLY(f, unguarded, NOTHING, -EEXIST, "cannot create", ROOT_MADE, ROOT_STARTED,
	      "POST create?name=web.a 409", "GET web.a/json 200 " OURS("running"));
	/* it can't be seen yet */
	APPLY(f, unguarded, NOTHING, 0, NULL, ROOT_MADE, ROOT_STARTED, "POST create?name=web.a 409",
	      "GET web.a/json 404", "POST create?name=web.a 409", "GET web.a/json 404", A_MADE,
	      A_LOOKED, "POST A/start 204");
	APPLY(f, unguarded, NOTHING, -ESTALE, "another one", ROOT_MADE, ROOT_STARTED, A_MADE,
	      "GET A/json 200 {\"Image\":\"EVIL\"}", "DELETE A?force=1&v=1 204");
}

/* Without the guard's word the root stops, and no member starts. */
static void test_guard_refuses(void **state)
{
	struct fixture *f = *state;

	APPLY(f, guarded, NOTHING, -ENOTCONN, "guard", ROOT_MADE, ROOT_STARTED,
	      "POST ROOT/stop 204", A_MADE, A_LOOKED, "DELETE A?force=1&v=1 204");
	APPLY(f, guarded, OLD_MEMBER, -ENOTCONN, "guard", "POST OLD/stop 204", NEW_MADE, A_LOOKED,
	      "DELETE A?force=1&v=1 204");
	/* it could not be stopped: still no member */
	APPLY(f, guarded, NOTHING, -ENOTCONN, "guard", ROOT_MADE, ROOT_STARTED,
	      "POST ROOT/stop 500", A_MADE, A_LOOKED, "DELETE A?force=1&v=1 204");
	/* nor does the old pod run again without it; what was made stays for the next apply */
	APPLY(f, guarded, OLD_ROOT, -ENOTCONN, "guard", ROOT_NEW, NEW_MADE, A_LOOKED,
	      "POST OLDa/stop 204", "POST OLD/stop 204", ROOT_STARTED, "POST ROOT/stop 204",
	      "POST A/stop 304", "POST ROOT/stop 304");
}

static void test_replace_member(void **state)
{
	struct fixture *f = *state;

	APPLY(f, unguarded, OLD_MEMBER, 0, NULL, NEW_MADE, A_LOOKED, "POST OLDa/stop 204",
	      "POST A/start 204", "DELETE OLDa?force=1&v=1 204", "POST A/rename?name=web.a 204");
	APPLY(f, unguarded, OLD_MEMBER, -EIO, "cannot start", NEW_MADE, A_LOOKED,
	      "POST OLDa/stop 204", "POST A/start 500", "POST A/stop 304", "POST OLDa/start 204",
	      "DELETE A?force=1&v=1 204");
	APPLY(f, unguarded, OLD_MEMBER, -EIO, "cannot create", "POST create?name=web.a.new 500");
	/* it was an apply that was interrupted which stopped the old one: that comes back too */
	APPLY(f, unguarded, LEFT_BESIDE, -EIO, "cannot start", "POST LEFT/stop 304",
	      "DELETE LEFT?force=1&v=1 204", NEW_MADE, A_LOOKED, "POST OLDa/stop 304",
	      "POST A/start 500", "POST A/stop 304", "POST OLDa/start 204",
	      "DELETE A?force=1&v=1 204");
}

/* All that can be made is made before anything stops; all comes back where one thing fails. */
static void test_replace_root(void **state)
{
	struct fixture *f = *state;

	APPLY(f, unguarded, OLD_ROOT, 0, NULL, ROOT_NEW, NEW_MADE, A_LOOKED, "POST OLDa/stop 204",
	      "POST OLD/stop 204", ROOT_STARTED, "POST A/start 204", "DELETE OLD?force=1&v=1 204",
	      "POST ROOT/rename?name=web 204", "DELETE OLDa?force=1&v=1 204",
	      "POST A/rename?name=web.a 204");
	/* what is paused would keep the root container, and with it its namespace, from ending */
	APPLY(f, unguarded, OLD_ROOT_PAUSED, 0, NULL, ROOT_NEW, NEW_MADE, A_LOOKED,
	      "POST OLDa/stop 204", "POST OLD/stop 204", ROOT_STARTED, "POST A/start 204",
	      "DELETE OLD?force=1&v=1 204", "POST ROOT/rename?name=web 204",
	      "DELETE OLDa?force=1&v=1 204", "POST A/rename?name=web.a 204");
	/* the new root does not start: all that was stopped is back */
	APPLY(f, unguarded, OLD_ROOT, -EIO, "cannot start", ROOT_NEW, NEW_MADE, A_LOOKED,
	      "POST OLDa/stop 204", "POST OLD/stop 204", "POST ROOT/start 500", "POST A/stop 304",
	      "POST ROOT/stop 304", "POST OLD/start 204", "POST OLDa/start 204",
	      "DELETE A?force=1&v=1 204", ROOT_GONE);
	/* what an apply that was interrupted had stopped is back, too */
	APPLY(f, unguarded, OLD_ROOT_CUT, -EIO, "cannot start", "POST LEFT/stop 304",
	      "DELETE LEFT?force=1&v=1 204", ROOT_NEW, NEW_MADE, A_LOOKED, "POST OLDa/stop 304",
	      "POST OLD/stop 204", "POST ROOT/start 500", "POST A/stop 304", "POST ROOT/stop 304",
	      "POST OLD/start 204", "POST OLDa/start 204", "DELETE A?force=1&v=1 204", ROOT_GONE);
	/* nor a member: the same */
	APPLY(f, unguarded, OLD_ROOT, -EIO, "a: cannot start", ROOT_NEW, NEW_MADE, A_LOOKED,
	      "POST OLDa/stop 204", "POST OLD/stop 204", ROOT_STARTED, "POST A/start 500",
	      "POST A/stop 304", "POST ROOT/stop 204", "POST OLD/start 204", "POST OLDa/start 204",
	      "DELETE A?force=1&v=1 204", ROOT_GONE);
	/* a member does not stop: the root is not touched */
	APPLY(f, unguarded, OLD_ROOT, -EIO, "cannot stop", ROOT_NEW, NEW_MADE, A_LOOKED,
	      "POST OLDa/stop 500", "POST A/stop 304", "POST ROOT/stop 304", "POST OLD/start 304",
	      "POST OLDa/start 304", "DELETE A?force=1&v=1 204", ROOT_GONE);
	/* nothing has stopped */
	APPLY(f, unguarded, OLD_ROOT, -EIO, "cannot create", "POST create?name=web..new 500");
	APPLY(f, unguarded, OLD_ROOT, -EIO, "a: cannot create", ROOT_NEW,
	      "POST create?name=web.a.new 500", ROOT_GONE);
	APPLY(f, unguarded, OLD_ROOT, -ESTALE, "another one", ROOT_NEW, NEW_MADE,
	      "GET A/json 200 {\"Image\":\"EVIL\"}", "DELETE A?force=1&v=1 204", ROOT_GONE);
	/* a removal is under way already, by a podctl that was killed: it is waited for */
	APPLY(f, unguarded, OLD_ROOT, 0, NULL, ROOT_NEW, NEW_MADE, A_LOOKED, "POST OLDa/stop 204",
	      "POST OLD/stop 204", ROOT_STARTED, "POST A/start 204", "DELETE OLD?force=1&v=1 409",
	      "DELETE OLD?force=1&v=1 404", "POST ROOT/rename?name=web 204",
	      "DELETE OLDa?force=1&v=1 204", "POST A/rename?name=web.a 204");
	/* the new pod runs: what can't be cleared away is told, and left to the next apply */
	APPLY(f, unguarded, OLD_ROOT, -EIO, "cannot remove", ROOT_NEW, NEW_MADE, A_LOOKED,
	      "POST OLDa/stop 204", "POST OLD/stop 204", ROOT_STARTED, "POST A/start 204",
	      "DELETE OLD?force=1&v=1 500", "DELETE OLDa?force=1&v=1 204",
	      "POST A/rename?name=web.a 204");
}

/* Rights that were taken away while the caller held us up are not used any more. */
static void test_settings_changed(void **state)
{
	const struct fixture *f = *state;
	char path[] = "/tmp/test_apply.XXXXXX";
	int fd = mkstemp(path);
	struct problems problems = {0};
	_cleanup_(settings_freep)
	struct settings *s = NULL;
	_cleanup_(pod_freep)
	struct pod *pod = NULL;
	struct plan_images images = {0};
	struct present none = {0};
	struct plan plan = {0};
	struct ui ui = {.quiet = true};
	struct apply a = {.engine = f->engine, .images = &images, .ui = &ui};
	struct err err = {0};

	assert_true(fd >= 0);
	assert_int_equal(write(fd, unguarded, strlen(unguarded)), (ssize_t)strlen(unguarded));
	assert_int_equal(settings_load(path, &problems, &s, &err), 0);
	pod = fixture_pod("web", "containers: {a: {image: busybox}}", s);
	plan_images_collect(pod, &images);
	images.items[0].id = xstrdup("IMAGE");
	plan_make(fixture_create(pod, s, PAUSE), &none, &images, &plan);
	a.create = fixture_create(pod, s, PAUSE);
	usleep(20000);
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(apply_plan(&a, &none, &plan, &err), -ESTALE);
	assert_int_equal(fake_engine_requests(f->fake), 0);
	close(fd);
	unlink(path);
	problems_done(&problems);
	plan_done(&plan);
	plan_images_done(&images);
}

#define ON_NETWORK "GET json?all=1&filters=%7B%22network%22%3A%5B%22bridge%22%5D%7D 200 "
#define HAS_NAME   "[{\"Id\":\"X\",\"Names\":[\"/WEB\"],\"State\":\"created\"}]"

/* Somebody had the name when the root container was made: it is not started, and goes. */
static void test_same_moment(void **state)
{
	static const struct create_network network = {.user_defined = true};
	struct fixture *f = *state;

	joined = &network;
	APPLY(f, unguarded, NOTHING, -EEXIST, "WEB answers", ROOT_MADE, ON_NETWORK HAS_NAME,
	      ROOT_GONE);
	APPLY(f, unguarded, OLD_ROOT, -EEXIST, "WEB answers", ROOT_NEW, ON_NETWORK HAS_NAME,
	      ROOT_GONE);
	joined = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_look, setup, teardown),
		cmocka_unit_test_setup_teardown(test_look_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names_and_network, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dns_default, setup, teardown),
		cmocka_unit_test_setup_teardown(test_addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same_moment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_create, setup, teardown),
		cmocka_unit_test_setup_teardown(test_guard_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replace_member, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replace_root, setup, teardown),
		cmocka_unit_test_setup_teardown(test_settings_changed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

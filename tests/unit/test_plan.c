/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/plan.h"

#include "podctl/create.h"
#include "tests/unit/pod_fixture.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

#define PAUSE "podctl-pause:x"

/* The pod that all of these are about: web with a (restart always) and b (restart no). */
static const char file[] = "containers:\n"
			   "  a: {image: busybox, restart: always}\n"
			   "  b: {image: busybox}\n";

struct fixture {
	struct settings *settings;
	struct pod *pod;
	char *root_hash, *a_hash, *b_hash;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	json_t *root, *a, *b;

	f->settings = fixture_settings(NULL);
	f->pod = fixture_pod("web", file, f->settings);
	root = create_root(fixture_create(f->pod, f->settings, PAUSE), NULL);
	a = create_container(fixture_create(f->pod, f->settings, NULL), pod_container_at(f->pod, 0),
			     NULL);
	b = create_container(fixture_create(f->pod, f->settings, NULL), pod_container_at(f->pod, 1),
			     NULL);
	f->root_hash = xstrdup(create_hash(root));
	f->a_hash = xstrdup(create_hash(a));
	f->b_hash = xstrdup(create_hash(b));
	json_decref(root);
	json_decref(a);
	json_decref(b);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	free(f->root_hash);
	free(f->a_hash);
	free(f->b_hash);
	pod_free(f->pod);
	settings_free(f->settings);
	free(f);
	return 0;
}

/*
 * "NAME STATE [HASH [ROOT [IMAGE]]]", separated by ';': HASH is "ok" (that of the name's part),
 * "old", or "-" for a container without our labels; ROOT the root's id, or "none"; ids are
 * "id-NAME".
 */
static const char *part_of(const char *name)
{
	const char *dot = strchr(name, '.');

	if (!dot || dot[1] == '.')
		return "";
	return dot[1] == 'a' ? "a" : dot[1] == 'b' ? "b" : dot + 1;
}

static void add_present(const struct fixture *f, const char *text, struct present *p)
{
	char name[32] = "", status[32] = "", hash[32] = "ok", root[32] = "id-web", image[32] = "I1";
	struct present_container c = {0};
	const char *part;

	assert_true(sscanf(text, "%31s %31s %31s %31s %31s", name, status, hash, root, image) >= 2);
	part = part_of(name);
	c.id = xasprintf("id-%s", name);
	c.name = xstrdup(name);
	c.image = xstrdup("busybox:latest");
	c.image_id = xstrdup(image);
	c.state = xstrdup(status);
	if (!streq(hash, "-")) {
		c.pod = xstrdup(streq(hash, "other") ? "other" : "web");
		c.part = xstrdup(part);
		c.hash = xstrdup(!streq(hash, "ok") ? hash
				 : streq(part, "a") ? f->a_hash
				 : streq(part, "b") ? f->b_hash
						    : f->root_hash);
		if (*part && !streq(root, "none"))
			c.root_id = xstrdup(root);
	}
	ARRAY_PUSH(p->items, p->n) = c;
}

static void make_present(const struct fixture *f, const char *text, struct present *ret)
{
	_cleanup_free_ char *copy = xstrdup(text);
	char *at = copy, *one;

	while ((one = strsep(&at, ";"))) {
		if (*one)
			add_present(f, one, ret);
	}
}

/* "ACTION SUBJECT" joined by ", " */
static char *show(const struct plan *plan, const char *pod)
{
	char *out = xstrdup("");

	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_step *s = &plan->steps[i];
		_cleanup_free_ char *name = s->image ? xstrdup(s->image)
					    : s->old ? xstrdup(s->old->name)
						     : plan_name(pod, s->part);
		char *more = xasprintf("%s%s%s %s", out, *out ? ", " : "",
				       plan_action_name(s->action), name);

		assert_true(strlen(s->reason) > 0);
		free(out);
		out = more;
	}
	return out;
}

static char *plan_for(const struct fixture *f, const char *text, const char *image_id)
{
	struct present present = {0};
	struct plan_images images = {0};
	struct plan plan = {0};
	char *out;

	make_present(f, text, &present);
	plan_images_collect(f->pod, &images);
	assert_int_equal(images.n, 1);
	images.items[0].id = xstrdup(image_id);
	plan_make(fixture_create(f->pod, f->settings, PAUSE), &present, &images, &plan);
	out = show(&plan, "web");
	plan_done(&plan);
	plan_images_done(&images);
	present_done(&present);
	return out;
}

static void test_plan(void **state)
{
	static const struct {
		const char *present, *image, *want;
	} cases[] = {
		/* nothing there; all there */
		{"", "I1", "create web, create web.a, create web.b"},
		{"", NULL, "pull busybox:latest, create web, create web.a, create web.b"},
		{"web running;web.a running;web.b running", "I1", ""},
		{"web running;web.a running;web.b running", NULL, "pull busybox:latest"},
		{"web paused;web.a restarting;web.b running", "I1", ""},
		/* one changed, one missing, one too many */
		{"web running;web.a running old;web.b running", "I1", "replace web.a"},
		{"web running;web.b running", "I1", "create web.a"},
		{"web running;web.a running;web.b running;web.c running", "I1", "remove web.c"},
		{"web running;web.a running;web.b running ok id-web I0", "I1", "replace web.b"},
		/* ended: started again as its policy says; never started: started */
		{"web running;web.a exited;web.b exited", "I1", "start web.a"},
		{"web running;web.a created;web.b created", "I1", "start web.a, start web.b"},
		{"web running;web.a dead;web.b removing", "I1", "replace web.a, replace web.b"},
		{"web running;web.a some-later-state;web.b running", "I1", "replace web.a"},
		/* the root stopped: it and all that hang on it */
		{"web exited;web.a exited;web.b exited", "I1",
		 "start web, start web.a, start web.b"},
		{"web created", "I1", "start web, create web.a, create web.b"},
		/* the root changed, or is gone: the whole pod */
		{"web running old;web.a running;web.b running", "I1",
		 "replace web, replace web.a, replace web.b"},
		{"web dead;web.a running;web.b running", "I1",
		 "replace web, replace web.a, replace web.b"},
		{"web.a running;web.b exited", "I1", "create web, replace web.a, replace web.b"},
		{"web running;web.a running ok id-old;web.b running", "I1", "replace web.a"},
		{"web running;web.a running ok none;web.b running", "I1", "replace web.a"},
		{"web running;web.a exited ok none;web.a.new running;web.b running", "I1",
		 "rename web.a.new"},
		{"web..new dead", "I1", "remove web..new, create web, create web.a, create web.b"},
		/* interrupted replacements of a member */
		{"web running;web.a running old;web.a.new created;web.b running", "I1",
		 "remove web.a.new, replace web.a"},
		{"web running;web.a exited old;web.a.new running;web.b running", "I1",
		 "remove web.a.new, replace web.a"},
		{"web running;web.a.new running;web.b running", "I1", "rename web.a.new"},
		{"web running;web.a.new created;web.b running", "I1", "rename web.a.new"},
		{"web running;web.a.new running old;web.b running", "I1",
		 "remove web.a.new, create web.a"},
		{"web running;web.a running;web.a.new created;web.b running", "I1",
		 "remove web.a.new"},
		/* it was us who stopped the old one, and the file is again as it was before */
		{"web running;web.a running;web.b exited;web.b.new running old", "I1",
		 "start web.b"},
		{"web running;web..new created old;web.a running;web.b exited", "I1",
		 "remove web..new, start web.b"},
		/* the old root is gone: that decided for what is beside */
		{"web..new running;web.a exited ok id-old;web.a.new running ok id-web..new;"
		 "web.b exited old id-old;web.b.new running ok id-web..new",
		 "I1", "rename web..new, rename web.a.new, rename web.b.new"},
		{"web running;web.a exited ok id-old;web.a.new running ok id-web;web.b running",
		 "I1", "rename web.a.new"},
		/* interrupted replacements of the root */
		{"web running old;web..new created;web.a running;web.b running", "I1",
		 "remove web..new, replace web, replace web.a, replace web.b"},
		{"web..new running;web.a exited;web.b exited", "I1",
		 "rename web..new, replace web.a, replace web.b"},
		{"web..new created", "I1", "rename web..new, create web.a, create web.b"},
		{"web..new running old", "I1",
		 "remove web..new, create web, create web.a, create web.b"},
		{"web running;web..new created;web.a running;web.b running", "I1",
		 "remove web..new"},
		/* not ours: passed over, whatever the names and whatever the labels */
		{"web running;web.a running -;web.b running", "I1", "create web.a"},
		{"web running;web.a running other;web.b running", "I1", "create web.a"},
		{"web running;web.a running;web.b running;liar running ok", "I1", ""},
		{"web running;web.a running;web.b running;web2 running;web2.a running", "I1", ""},
	};
	const struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *got = plan_for(f, cases[i].present, cases[i].image);

		if (!streq(got, cases[i].want))
			fail_msg("%s\ngives %s\ninstead of %s", cases[i].present, got,
				 cases[i].want);
	}
}

/* What was stopped with the machine starts again, whatever stopped it; two images are two. */
static void test_other_files(void **state)
{
	static const char two[] = "containers:\n"
				  "  a: {image: busybox, restart: unless-stopped}\n"
				  "  b: {image: nginx}\n"
				  "  d: {image: nginx, restart: on-failure}\n";
	const struct fixture *f = *state;
	struct pod *pod = fixture_pod("web", two, f->settings);
	const struct create *create = fixture_create(pod, f->settings, PAUSE);
	struct fixture hashes = {.settings = f->settings, .pod = pod};
	struct present present = {0};
	struct plan_images images = {0}, none = {0};
	struct plan plan = {0}, blind = {0};
	json_t *bodies[] = {create_root(create, NULL),
			    create_container(create, pod_container_at(pod, 0), NULL),
			    create_container(create, pod_container_at(pod, 1), NULL)};
	_cleanup_free_ char *got = NULL, *got_blind = NULL;

	hashes.root_hash = xstrdup(create_hash(bodies[0]));
	hashes.a_hash = xstrdup(create_hash(bodies[1]));
	hashes.b_hash = xstrdup(create_hash(bodies[2]));
	make_present(&hashes, "web running;web.a exited;web.b exited;web.d exited old", &present);
	plan_images_collect(pod, &images);
	assert_int_equal(images.n, 2);
	assert_int_equal(images.items[1].uses, 2);
	images.items[1].id = xstrdup("I2");
	plan_make(create, &present, &images, &plan);
	got = show(&plan, "web");
	assert_string_equal(got, "pull busybox:latest, start web.a, replace web.b, replace web.d");
	assert_true(plan_needs_names(&plan));
	/* without a word of images, none is another one */
	assert_null(plan_images_find(&none, &pod_container_at(pod, 0)->ref));
	plan_make(create, &present, &none, &blind);
	got_blind = show(&blind, "web");
	assert_string_equal(got_blind, "start web.a, replace web.d");
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
		json_decref(bodies[i]);
	free(hashes.root_hash);
	free(hashes.a_hash);
	free(hashes.b_hash);
	plan_done(&plan);
	plan_done(&blind);
	plan_images_done(&images);
	present_done(&present);
	pod_free(pod);
}

static void test_needs_names(void **state _unused_)
{
	static const struct {
		enum plan_action action;
		bool needs;
	} table[] = {{PLAN_PULL, false},   {PLAN_REMOVE, false}, {PLAN_CREATE, true},
		     {PLAN_REPLACE, true}, {PLAN_START, false},	 {PLAN_RENAME, true}};
	struct plan_step steps[2] = {{.action = PLAN_REMOVE}};
	struct plan plan = {.steps = steps};

	assert_false(plan_needs_names(&plan));
	plan.n = 2;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		steps[1].action = table[i].action;
		assert_int_equal(plan_needs_names(&plan), table[i].needs);
	}
}

static void test_down(void **state)
{
	const struct fixture *f = *state;
	struct present present = {0};
	struct plan plan = {0};
	_cleanup_free_ char *got = NULL;

	make_present(f,
		     "web running;web.a running;web.c.new exited;web..new created;"
		     "web.x running -;other.a running other;liar running",
		     &present);
	plan_make_down("web", &present, &plan);
	got = show(&plan, "web");
	assert_string_equal(got, "remove web.a, remove web.c.new, remove web, remove web..new");
	plan_done(&plan);
	present_done(&present);
}

static void test_owns(void **state _unused_)
{
	char web[] = "web", name[] = "web.a", far[] = "websites.a", hash[] = "h", empty[] = "";
	struct present_container c = {.name = name, .pod = web, .part = empty, .hash = hash};

	assert_true(plan_owns("web", &c));
	assert_false(plan_owns("we", &c));
	c.name = far;
	assert_false(plan_owns("web", &c));
	c.name = web;
	assert_true(plan_owns("web", &c));
	c.hash = NULL;
	assert_false(plan_owns("web", &c));
	c.hash = hash;
	c.part = NULL;
	assert_false(plan_owns("web", &c));
	c.part = empty;
	c.hash = empty;
	assert_false(plan_owns("web", &c));
	c.hash = hash;
	c.pod = NULL;
	assert_false(plan_owns("web", &c));

	/* a label that is no pod's name, as an image could bring one */
	assert_string_equal(plan_owner("web.a", "web", "a", "h"), "web");
	assert_null(plan_owner("web.a", "", "a", "h"));
	assert_null(plan_owner("web.a", "web.a", "a", "h"));
}

static void test_image_labels(void **state)
{
	static const struct {
		const char *policy, *label;
		int r;
	} cases[] = {
		{"policy: {labels_reserved: [traefik.]}", "traefik.enable", -EPERM},
		{"policy: {labels_reserved: [x, traefik.]}", "Traefik.Enable", -EPERM},
		{"policy: {labels_reserved: [traefik.]}", "org.traefik.x", 0},
		{"network_name: x", "traefik.enable", 0},
	};
	const struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(settings_freep)
		struct settings *s = fixture_settings(cases[i].policy);
		struct plan_images images = {0};
		struct err err = {0};

		plan_images_collect(f->pod, &images);
		assert_int_equal(images.n, 1);
		assert_ptr_equal(plan_images_find(&images, &pod_container_at(f->pod, 1)->ref),
				 images.items);
		assert_int_equal(plan_images_check(&images, s, &err), 0);
		images.items[0].size = (size_t)300 * 1024;
		assert_int_equal(plan_images_check(&images, s, &err), -E2BIG);
		images.items[0].size = (size_t)200 * 1024;
		images.items[0].uses = 11;
		assert_int_equal(plan_images_check(&images, s, &err), -E2BIG);
		images.items[0].uses = 1;
		strv_add(&images.items[0].labels, "maintainer");
		strv_add(&images.items[0].labels, cases[i].label);
		assert_int_equal(plan_images_check(&images, s, &err), cases[i].r);
		if (cases[i].r < 0)
			assert_non_null(strstr(err.text, "busybox:latest brings the label"));
		plan_images_done(&images);
	}
}

/* An image's volumes are not inside of its container's mounts, however it writes them. */
static void test_volumes(void **state)
{
	static const struct {
		const char *volume, *where; /* NULL: allowed */
	} cases[] = {
		{"/data", NULL},
		{"/data/", NULL},
		{"/database/x", NULL},
		{"/", NULL},
		{"/data/../x", NULL},
		{"/.../data/x", NULL},
		{"/..data/x", NULL},
		{"/data/x", "volume at /data/x, inside of its mount at /data,"},
		{"data/x", "/data/x"},
		{"//data//x/.", "/data/x"},
		{"/./data/.x", "/data/.x"},
		{"../../x/../data/x", "/data/x"},
		{"/y/../srv/data/sub", "/srv/data/sub"},
		{"/data/\n", "/data/?"},
	};
	const struct fixture *f = *state;
	_cleanup_(pod_freep)
	struct pod *pod = fixture_pod("web",
				      "containers:\n  a: {image: busybox, mounts: [{source: a, "
				      "target: /data}, {source: b, target: /srv/data}]}\n"
				      "  b: {image: probe}\n",
				      f->settings);
	struct plan_images none = {0};
	struct err err = {0};

	assert_int_equal(plan_volumes_check(pod, &none, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct plan_images images = {0};
		int want = cases[i].where ? -EINVAL : 0;

		plan_images_collect(pod, &images);
		strv_add(&images.items[0].volumes, "/other");
		strv_add(&images.items[0].volumes, cases[i].volume);
		strv_add(&images.items[0].volumes, "/more");
		strv_add(&images.items[1].volumes, "/data/of/others");
		err = (struct err){0};
		assert_int_equal(plan_volumes_check(pod, &images, &err), want);
		if (want < 0)
			assert_non_null(strstr(err.text, cases[i].where));
		plan_images_done(&images);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan),	    cmocka_unit_test(test_down),
		cmocka_unit_test(test_other_files), cmocka_unit_test(test_needs_names),
		cmocka_unit_test(test_owns),	    cmocka_unit_test(test_image_labels),
		cmocka_unit_test(test_volumes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pulling from a scripted engine: what is asked for, and what becomes of failures. */
#include "podctl/images.h"
#include "tests/unit/fake_engine.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>

#define PULL	"/v1.41/images/create?fromImage="
#define INSPECT "/v1.41/images/"
#define DIGEST	"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DONE                                                                                       \
	"{\"status\":\"Pulling fs layer\",\"progressDetail\":{},\"id\":\"aaaaaaaaaaaa\"}\n"        \
	"{\"status\":\"Status: Downloaded newer image\"}\n"

struct image {
	const char *ref, *id; /* id NULL: not here */
	bool update;
};

struct script {
	const char *stream; /* of each pull; NULL: 404 */
	size_t cut;
	const char *inspect; /* body after it; NULL: 404 */
};

static unsigned pull(const struct image *images, size_t n, const struct script *s, int want,
		     const char *says, char **ret_id)
{
	_cleanup_(fake_engine_freep)
	struct fake_engine *fake = fake_engine_new();
	_cleanup_(engine_freep)
	struct engine *e = NULL;
	struct image_ref refs[4] = {0};
	struct plan_images list = {0};
	struct ui ui = {.quiet = true};
	struct err err = {0};
	unsigned requests;
	int r;

	for (size_t i = 0; i < n; i++) {
		assert_null(image_ref_parse(images[i].ref, &refs[i]));
		ARRAY_PUSH(list.items, list.n) = (struct plan_image){
			.ref = &refs[i], .id = xstrdup(images[i].id), .update = images[i].update};
	}
	if (s->stream) {
		_cleanup_free_ char *data = fake_http_chunked(200, s->stream, 1000);

		fake_engine_add(fake,
				&(struct fake_reply){.method = "POST",
						     .path = PULL,
						     .data = data,
						     .cut = s->cut ? strlen(data) - s->cut : 0,
						     .end = s->cut ? FAKE_CLOSE : FAKE_KEEP,
						     .forever = true});
	}
	if (s->inspect) {
		_cleanup_free_ char *data = fake_http(200, s->inspect);

		fake_engine_add(fake, &(struct fake_reply){.method = "GET",
							   .path = INSPECT,
							   .data = data,
							   .forever = true});
	}
	assert_int_equal(engine_new(fake_engine_host(fake), &e, &err), 0);
	r = images_pull(e, &list, NULL, &ui, &err);
	if (r != want || !strstr(err.text, says))
		fail_msg("%d: %s", r, err.text);
	requests = fake_engine_requests(fake);
	if (ret_id)
		*ret_id = xstrdup(list.items[n - 1].id);
	plan_images_done(&list);
	for (size_t i = 0; i < n; i++)
		image_ref_done(&refs[i]);
	return requests;
}

static void test_what_is_asked(void **state _unused_)
{
	static const struct script fine = {DONE, 0, "{\"Id\":\"sha256:new\"}"};
	static const struct {
		struct image images[3];
		size_t n;
		unsigned requests;
		const char *id; /* of the last */
	} cases[] = {
		{{{"busybox", NULL, false}}, 1, 2, "sha256:new"},
		{{{"busybox", "sha256:old", false}}, 1, 0, "sha256:old"},
		{{{"busybox", "sha256:old", true}}, 1, 2, "sha256:new"},
		/* what a digest names never changes */
		{{{"busybox@" DIGEST, "sha256:old", true}}, 1, 0, "sha256:old"},
		{{{"busybox@" DIGEST, NULL, false}}, 1, 2, "sha256:new"},
		/* two names of one: pulled once, looked at twice */
		{{{"busybox", NULL, false}, {"docker.io/library/busybox:latest", NULL, true}},
		 2,
		 3,
		 "sha256:new"},
		{{{"a", NULL, true}, {"b", "sha256:old", false}, {"c", NULL, false}},
		 3,
		 4,
		 "sha256:new"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *id = NULL;

		assert_int_equal(pull(cases[i].images, cases[i].n, &fine, 0, "", &id),
				 cases[i].requests);
		assert_string_equal(id, cases[i].id);
	}
}

static void test_failures(void **state _unused_)
{
	static const struct {
		struct script script;
		int absent; /* what comes of it where the image is not here */
		const char *says;
		int present; /* and where it is */
	} cases[] = {
		{{"{\"error\":\"no route to host\"}\n", 0, NULL},
		 -EIO,
		 "image busybox:latest: cannot pull it: no route",
		 0},
		{{"{\"error\":\"no basic auth credentials\"}\n", 0, NULL},
		 -EIO,
		 "image busybox:latest: cannot pull it without credentials (docker login)",
		 -EIO},
		/* the engine went in the middle */
		{{DONE, 20, NULL}, -ECONNRESET, "busybox:latest: cannot pull it (run it again)", 0},
		{{"nonsense\n", 0, NULL}, -EPROTO, "not JSON", 0},
		{{NULL, 0, NULL}, -ENOENT, "busybox:latest", 0},
		/* it says that all went well, and the image is not there */
		{{DONE, 0, NULL}, -ENOENT, "busybox:latest", 0},
		{{DONE, 0, "{}"}, -EPROTO, "no Id", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		static const struct image absent = {"busybox", NULL, true},
					  present = {"busybox", "sha256:old", true};
		_cleanup_free_ char *id = NULL;

		pull(&absent, 1, &cases[i].script, cases[i].absent, cases[i].says, NULL);
		pull(&present, 1, &cases[i].script, cases[i].present,
		     cases[i].present ? "refuses to update it for you" : "", &id);
		assert_string_equal(id, "sha256:old");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_asked),
		cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/image_ref.h"

#include <setjmp.h>
#include <cmocka.h>

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define A128                                                                                       \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"                         \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_good(void **state _unused_)
{
	static const struct {
		const char *in, *text, *full, *version;
	} cases[] = {
		{"busybox", "busybox:latest", "docker.io/library/busybox:latest", "latest"},
		{"busybox:1.36", "busybox:1.36", "docker.io/library/busybox:1.36", "1.36"},
		{"bob/app", "bob/app:latest", "docker.io/bob/app:latest", "latest"},
		{"docker.io/busybox", "docker.io/busybox:latest",
		 "docker.io/library/busybox:latest", "latest"},
		{"index.docker.io/bob/app:x", "index.docker.io/bob/app:x", "docker.io/bob/app:x",
		 "x"},
		{"example.com/a/b/c", "example.com/a/b/c:latest", "example.com/a/b/c:latest",
		 "latest"},
		{"localhost/a", "localhost/a:latest", "localhost/a:latest", "latest"},
		{"host:5000/a:t", "host:5000/a:t", "host:5000/a:t", "t"},
		{"[::1]:5000/a", "[::1]:5000/a:latest", "[::1]:5000/a:latest", "latest"},
		{"HOST/a", "HOST/a:latest", "HOST/a:latest", "latest"},
		{"a.b_c__d-e---f", "a.b_c__d-e---f:latest",
		 "docker.io/library/a.b_c__d-e---f:latest", "latest"},
		{"a:" A128, "a:" A128, "docker.io/library/a:" A128, A128},
		{"a@sha256:" HEX64, "a@sha256:" HEX64, "docker.io/library/a@sha256:" HEX64,
		 "sha256:" HEX64},
		{"a:1@sha256:" HEX64, "a@sha256:" HEX64, "docker.io/library/a@sha256:" HEX64,
		 "sha256:" HEX64},
		{"a@sha512:" HEX64 HEX64, "a@sha512:" HEX64 HEX64,
		 "docker.io/library/a@sha512:" HEX64 HEX64, "sha512:" HEX64 HEX64},
		{"localhost:5000", "localhost:5000", "docker.io/library/localhost:5000", "5000"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct image_ref r = {0};

		assert_null(image_ref_parse(cases[i].in, &r));
		assert_string_equal(r.text, cases[i].text);
		assert_string_equal(r.full, cases[i].full);
		assert_string_equal(image_ref_version(&r), cases[i].version);
		image_ref_done(&r);
	}
}

static void test_bad(void **state _unused_)
{
	static const char *const cases[] = {
		"",
		":",
		"@",
		":latest",
		"a:",
		"a@",
		"/a",
		"a/",
		"a//b",
		"A",
		"a/B",
		"a b",
		"a\nb",
		"-a",
		"a-",
		"a..b",
		"a___b",
		"_a",
		"a._b",
		"a:b:c",
		"a:-t",
		"a:.t",
		"a:t/",
		"a:" A128 "a",
		"a@sha256:" HEX64 "0",
		"a@sha256:0123",
		"a@md5:" HEX64,
		"a@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
		"a@sha256:" HEX64 "@sha256:" HEX64,
		"ho_st.x/a",
		"-h.x/a",
		"h-.x/a",
		".x/a",
		"h..x/a",
		"h:/a",
		"h:123456/a",
		"h:12a/a",
		"[::1/a",
		"[]/a",
		"[zz::1]/a",
		"[::1]x/a",
		HEX64,
		"sha256:" HEX64,
		/* the engine would look for an image whose id begins so */
		"sha256:0123",
		"sha256",
		"sha512:0123",
		"docker.io/sha256:0123",
		"library/sha256:0123",
		"podctl-pause:0123456789abcdef",
		"index.docker.io/library/podctl-pause",
		"https://example.com/a",
		"a?b",
		"../a",
		"a/../b",
		"caf\xc3\xa9",
		"example.com/",
		A128 A128,
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct image_ref r = {0};

		if (!image_ref_parse(cases[i], &r))
			fail_msg("'%s' is taken", cases[i]);
		assert_null(r.name);
	}
}

static void test_matches(void **state _unused_)
{
	static const struct {
		const char *ref, *glob;
		bool want;
	} cases[] = {
		{"busybox", "docker.io/library/*", true},
		{"bob/app", "docker.io/library/*", false},
		{"busybox", "docker.io/library/busybox:latest", true},
		{"busybox:1", "docker.io/library/busybox:latest", false},
		{"busybox", "busybox*", false},
		{"busybox", "*", true},
		{"busybox", "", false},
		{"r.example.com/a/b:1", "r.example.com/*", true},
		{"r.example.com/a/b:1", "r.example.com/*:1", true},
		{"r.example.com/a/b:1", "r.example.com/*:2", false},
		/* the digest alone decides what is pulled */
		{"busybox:1@sha256:" HEX64, "docker.io/library/busybox:1*", false},
		{"busybox:1@sha256:" HEX64, "docker.io/library/busybox@*", true},
		{"busybox:1@sha256:" HEX64, "docker.io/library/*", true},
		{"example.com/sha256:0123", "example.com/*", true},
		{"r.example.com.evil.org/a", "r.example.com/*", false},
		{"r.example.com/a", "*.example.com/**a*", true},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "*a*a*a*a*a*a*a*a*a*a*b", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct image_ref r = {0};

		assert_null(image_ref_parse(cases[i].ref, &r));
		if (image_ref_matches(&r, cases[i].glob) != cases[i].want)
			fail_msg("%s against %s", r.full, cases[i].glob);
		image_ref_done(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_matches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reference is cut from its end: digest behind '@', tag behind the last ':' that no '/'
 * follows; what is left is the name. Each part is then checked by itself, byte by byte.
 */
#include "common/image_ref.h"

#include "common/err.h"

#define NAME_MAX_LEN 255
#define TAG_MAX_LEN  128

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z');
}

static bool is_hex(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(s[i]) && !(s[i] >= 'a' && s[i] <= 'f'))
			return false;
	}
	return true;
}

/* [a-z0-9]+ joined by one '.', one or two '_', or any number of '-' */
static bool component_valid(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n) {
		size_t start = i;

		while (i < n && (is_lower(s[i]) || is_digit(s[i])))
			i++;
		if (i == start)
			return false;
		if (i == n)
			return true;
		if (s[i] == '.') {
			i++;
		} else if (s[i] == '_') {
			i++;
			if (i < n && s[i] == '_')
				i++;
		} else if (s[i] == '-') {
			while (i < n && s[i] == '-')
				i++;
		} else {
			return false;
		}
	}
	return false; /* empty, or ends in a separator */
}

/* Labels of letters, digits and inner '-', joined by '.'; or [IPv6]; then perhaps :PORT. */
static bool host_valid(const char *s, size_t n)
{
	size_t i = 0, start = 0;

	if (n > 0 && s[0] == '[') {
		for (i = 1; i < n && (is_hex(s + i, 1) || s[i] == ':'); i++)
			;
		if (i < 4 || i == n || s[i] != ']')
			return false;
		i++;
	} else {
		for (; i <= n; i++) {
			bool end = i == n || s[i] == ':';

			if (end || s[i] == '.') {
				if (i == start || s[start] == '-' || s[i - 1] == '-')
					return false;
				start = i + 1;
				if (end)
					break;
			} else if (!is_alnum(s[i]) && s[i] != '-') {
				return false;
			}
		}
	}
	if (i == n)
		return true;
	if (s[i] != ':' || n - i < 2 || n - i > 6)
		return false;
	for (i++; i < n; i++) {
		if (!is_digit(s[i]))
			return false;
	}
	return true;
}

static bool is_host(const char *s, size_t n)
{
	if (n == strlen("localhost") && strncmp(s, "localhost", n) == 0)
		return true;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '.' || s[i] == ':' || (s[i] >= 'A' && s[i] <= 'Z'))
			return true;
	}
	return false;
}

static bool tag_valid(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > TAG_MAX_LEN || s[0] == '.' || s[0] == '-')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_alnum(s[i]) && !strchr("_.-", s[i]))
			return false;
	}
	return true;
}

static bool digest_valid(const char *s)
{
	const char *hex;

	if ((hex = startswith(s, "sha256:")) && strlen(hex) == 64)
		return is_hex(hex, 64);
	if ((hex = startswith(s, "sha512:")) && strlen(hex) == 128)
		return is_hex(hex, 128);
	return false;
}

/* Checks the name; *ret_host: length of its host part with the '/', 0 where there is none. */
static const char *check_name(const char *name, size_t *ret_host)
{
	const char *slash = strchr(name, '/'), *at = name;
	size_t n = strlen(name);

	if (n == 0)
		return "has no name";
	if (n > NAME_MAX_LEN)
		return "has a name of more than 255 characters";
	*ret_host = 0;
	if (slash && is_host(name, (size_t)(slash - name))) {
		if (!host_valid(name, (size_t)(slash - name)))
			return "has no valid registry host";
		*ret_host = (size_t)(slash - name) + 1;
		at = slash + 1;
	}
	/* the engine would take it for the id of an image, of whomever */
	if (n == 64 && is_hex(name, n))
		return "is the id of an image, not a name";
	for (;;) {
		size_t len = strcspn(at, "/");

		if (!component_valid(at, len))
			return "has a name with other than lower-case letters, digits and single "
			       "separators (. _ - /)";
		if (!at[len])
			return NULL;
		at += len + 1;
	}
}

/*
 * Names that mean something else than an image of Docker's library: the engine takes
 * "sha256:0123" for the beginning of an id, of whosever image; ours every pod's root runs.
 */
static const char *check_full(const char *full)
{
	static const char *const algorithms[] = {"sha256", "sha384", "sha512"};
	const char *rest = startswith(full, "docker.io/library/");

	for (size_t i = 0; rest && i < ARRAY_SIZE(algorithms); i++) {
		if (streq(rest, algorithms[i]))
			return "is the id of an image, not a name";
	}
	return rest && streq(rest, "podctl-pause") ? "is podctl's own" : NULL;
}

static char *full_name(const char *name, size_t host)
{
	const char *rest = startswith(name, "index.docker.io/");

	if (!rest)
		rest = startswith(name, "docker.io/");
	if (rest)
		name = rest;
	else if (host > 0)
		return xstrdup(name);
	return xasprintf("docker.io/%s%s", strchr(name, '/') ? "" : "library/", name);
}

const char *image_ref_parse(const char *text, struct image_ref *ret)
{
	_cleanup_free_ char *name = xstrdup(text), *full = NULL;
	char *digest = strchr(name, '@'), *tag;
	const char *wrong;
	size_t host = 0;

	if (digest) {
		*digest++ = '\0';
		if (!digest_valid(digest))
			return "has no valid digest (sha256: and 64 lower-case hex digits)";
	}
	tag = strrchr(name, ':');
	if (tag && !strchr(tag, '/')) {
		*tag++ = '\0';
		if (!tag_valid(tag))
			return "has no valid tag (letters, digits, _ . -, at most 128)";
	} else {
		tag = NULL;
	}
	wrong = check_name(name, &host);
	if (wrong)
		return wrong;
	full = full_name(name, host);
	wrong = check_full(full);
	if (wrong)
		return wrong;
	*ret = (struct image_ref){
		.name = xstrdup(name),
		.tag = xstrdup(tag	? tag
			       : digest ? NULL
					: "latest"),
		.digest = xstrdup(digest),
	};
	ret->text = digest ? xasprintf("%s@%s", name, digest) : xasprintf("%s:%s", name, ret->tag);
	/* where there is a digest the engine passes over the tag, so it may not please a policy */
	ret->full = digest ? xasprintf("%s@%s", full, digest) : xasprintf("%s:%s", full, ret->tag);
	return NULL;
}

void image_ref_done(struct image_ref *r)
{
	free(r->name);
	free(r->tag);
	free(r->digest);
	free(r->text);
	free(r->full);
	*r = (struct image_ref){0};
}

const char *image_ref_version(const struct image_ref *r)
{
	return r->digest ? r->digest : r->tag;
}

bool image_ref_matches(const struct image_ref *r, const char *glob)
{
	return text_matches(r->full, glob);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the engine's list of changes to findings. Pure. */
#include "podctl/scan.h"

#include "common/glob.h"
#include "engine/engine.h" /* lint: types only */
#include "podctl/digest.h"

#include <errno.h>

#define CUT_AT 400

struct change {
	const char *path; /* the JSON's */
	enum scan_kind kind;
};

struct changes {
	struct change *items;
	size_t n;
};

const char *scan_kind_name(enum scan_kind kind)
{
	static const char *const names[SCAN_KINDS] = {
		[SCAN_CHANGED] = "changed", [SCAN_ADDED] = "added",	[SCAN_DELETED] = "deleted",
		[SCAN_PROCESS] = "process", [SCAN_MISSING] = "missing", [SCAN_MORE] = "more",
	};

	return names[kind];
}

/* Writes the escaped unit of n bytes (0: a byte that is no UTF-8). Returns the bytes written. */
static size_t escape_unit(char *to, const char *text, size_t n, uint32_t c)
{
	static const char hex[] = "0123456789abcdef";
	size_t at = 0;

	if (n > 0 && text_harmless(c)) {
		if (c == '\\')
			to[at++] = '\\';
		memcpy(to + at, text, n);
		return at + n;
	}
	for (size_t i = 0; i < (n > 0 ? n : 1); i++) {
		unsigned char byte = (unsigned char)text[i];

		to[at++] = '\\';
		to[at++] = 'x';
		to[at++] = hex[byte >> 4];
		to[at++] = hex[byte & 15];
	}
	return at;
}

char *scan_escape(const char *text)
{
	size_t size = strlen(text), at = 0, cut = 0;
	_cleanup_free_ char *out = xreallocarray(NULL, size + 1, 4);
	char digest[DIGEST_HEX_SIZE];

	for (const char *s = text; *s;) {
		uint32_t c = 0;
		size_t n = text_utf8_at(s, &c);

		at += escape_unit(out + at, s, n, c);
		s += n > 0 ? n : 1;
		if (at <= CUT_AT)
			cut = at;
	}
	out[at] = '\0';
	if (at <= SCAN_TEXT_MAX)
		return take_ptr(out);
	/* a backslash and s are never written above, so no other name looks like this */
	return xasprintf("%.*s\\sha256:%s", (int)cut, out, digest_sha256(text, size, digest));
}

void scan_add_finding(struct scan_target *t, enum scan_kind kind, const char *what)
{
	ARRAY_PUSH(t->findings, t->n_findings) =
		(struct scan_finding){.kind = kind, .what = scan_escape(what)};
}

static int compare_changes(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static int read_change(json_t *entry, struct change *ret, struct err *err)
{
	/* engine-api ChangeType: 0 modified, 1 added, 2 deleted */
	static const enum scan_kind kinds[] = {SCAN_CHANGED, SCAN_ADDED, SCAN_DELETED};
	json_t *path = json_object_get(entry, "Path"), *kind = json_object_get(entry, "Kind");
	json_int_t k = json_integer_value(kind);

	if (!json_is_string(path) || *json_string_value(path) != '/')
		return err_set(err, EPROTO, "the engine's list of changes has one without a path");
	if (!json_is_integer(kind) || k < 0 || k >= (json_int_t)ARRAY_SIZE(kinds))
		return err_set(err, EPROTO,
			       "the engine's list of changes has one of no known kind");
	*ret = (struct change){json_string_value(path), kinds[k]};
	return 0;
}

/* Whether a path of the (sorted) list lies below this folder. */
static bool has_below(const struct changes *changes, const char *path)
{
	size_t low = 0, high = changes->n, n = strlen(path);

	/* the first that is not before "PATH/" */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *other = changes->items[middle].path;
		int r = strncmp(other, path, n);

		if (r < 0 || (r == 0 && (unsigned char)other[n] < '/'))
			low = middle + 1;
		else
			high = middle;
	}
	return low < changes->n && strncmp(changes->items[low].path, path, n) == 0 &&
	       changes->items[low].path[n] == '/';
}

/* A mount point, or a folder on the way to one: the engine makes them when it starts. */
static bool is_engines(const struct scan_target *t, const struct change *change)
{
	size_t n = strlen(change->path);

	for (size_t i = 0; change->kind != SCAN_DELETED && i < t->engine_paths.n; i++) {
		const char *rest = startswith(t->engine_paths.items[i], change->path);

		if (rest && n > 1 && (!*rest || *rest == '/'))
			return true;
	}
	return false;
}

static bool any_matches(const struct strv *globs, const char *path)
{
	for (size_t i = 0; i < globs->n; i++) {
		if (glob_match(globs->items[i], path))
			return true;
	}
	return false;
}

/* The entries that are meant by the container's name. */
struct expected {
	const struct settings_scan_files **items;
	size_t n;
};

static bool is_expected(const struct expected *e, const struct change *change)
{
	for (size_t i = 0; i < e->n; i++) {
		if (any_matches(&e->items[i]->any, change->path) ||
		    any_matches(&e->items[i]->kinds[change->kind], change->path))
			return true;
	}
	return false;
}

static void find_expected(const struct scan_target *t, const struct settings_scan *scan,
			  struct expected *ret)
{
	for (size_t i = 0; i < scan->n_files; i++) {
		if (glob_match(scan->files[i].container, t->name))
			ARRAY_PUSH(ret->items, ret->n) = &scan->files[i];
	}
}

static void add_unexpected(struct scan_target *t, const struct expected *expected,
			   const struct change *c)
{
	if (!is_engines(t, c) && !is_expected(expected, c))
		scan_add_finding(t, c->kind, c->path);
}

static void find(struct scan_target *t, const struct settings_scan *scan,
		 const struct changes *changes)
{
	struct expected expected = {0};

	find_expected(t, scan, &expected);
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *c = &changes->items[i];

		if (!(c->kind == SCAN_CHANGED && has_below(changes, c->path)))
			add_unexpected(t, &expected, c);
	}
	free(expected.items);
}

void scan_add_change(struct scan_target *t, const struct settings_scan *scan, enum scan_kind kind,
		     const char *path)
{
	struct expected expected = {0};

	find_expected(t, scan, &expected);
	add_unexpected(t, &expected, &(struct change){path, kind});
	free(expected.items);
}

int scan_changes(struct scan_target *t, const struct settings_scan *scan, const char *text,
		 size_t size, struct err *err)
{
	json_auto_t *list = NULL;
	struct changes changes = {0};
	json_t *entry;
	size_t i;
	int r = engine_json_parse(text, size, &list, err);

	if (r < 0)
		return r;
	if (!json_is_null(list) && !json_is_array(list))
		return err_set(err, EPROTO, "the engine's list of changes is no list");
	json_array_foreach (list, i, entry) {
		struct change c;

		r = read_change(entry, &c, err);
		if (r < 0)
			break;
		ARRAY_PUSH(changes.items, changes.n) = c;
	}
	if (r == 0) {
		if (changes.n > 0)
			qsort(changes.items, changes.n, sizeof(*changes.items), compare_changes);
		find(t, scan, &changes);
	}
	free(changes.items);
	return r;
}

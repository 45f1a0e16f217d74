/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/record.h"

#include "podctl/values.h"

#include <errno.h>
#include <jansson.h>

#define RECORD_VERSION 1
#define SOURCE_MAX     4096

static void folder_done(struct record_folder *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->files[i].name);
		free(f->files[i].source);
	}
	free(f->files);
	free(f->id);
}

void record_done(struct record *r)
{
	for (size_t i = 0; i < r->n_folders; i++)
		folder_done(&r->folders[i]);
	free(r->folders);
	strv_done(&r->sources);
	*r = (struct record){0};
}

void record_add_source(struct record *r, const char *source)
{
	strv_add_once(&r->sources, source);
}

static struct record_folder *find_folder(struct record *r, const char *id)
{
	for (size_t i = 0; i < r->n_folders; i++) {
		if (streq(r->folders[i].id, id))
			return &r->folders[i];
	}
	return NULL;
}

struct record_folder *record_add_folder(struct record *r, const char *id)
{
	struct record_folder *f = find_folder(r, id);

	if (f)
		return f;
	ARRAY_PUSH(r->folders, r->n_folders) = (struct record_folder){.id = xstrdup(id)};
	return &r->folders[r->n_folders - 1];
}

void record_add_file(struct record_folder *f, const char *name, const char *source)
{
	ARRAY_PUSH(f->files, f->n) = (struct record_file){xstrdup(name), xstrdup(source)};
}

void record_merge(struct record *r, const struct record *more)
{
	if (!r->remap_known) {
		r->remap_known = more->remap_known;
		r->uid = more->uid;
		r->gid = more->gid;
	}
	for (size_t i = 0; i < more->sources.n; i++)
		record_add_source(r, more->sources.items[i]);
	for (size_t i = 0; i < more->n_folders; i++) {
		const struct record_folder *from = &more->folders[i];
		struct record_folder *to;

		if (find_folder(r, from->id))
			continue;
		to = record_add_folder(r, from->id);
		for (size_t j = 0; j < from->n; j++)
			record_add_file(to, from->files[j].name, from->files[j].source);
	}
}

bool record_is_empty(const struct record *r)
{
	return r->sources.n == 0 && r->n_folders == 0;
}

/* ---- to JSON ---- */

static json_t *format_folder(const struct record_folder *f)
{
	json_t *files = json_object();

	for (size_t i = 0; i < f->n; i++) {
		if (json_object_set_new(files, f->files[i].name, json_string(f->files[i].source)) <
		    0) {
			json_decref(files);
			return NULL;
		}
	}
	return json_pack("{s:s, s:o}", "id", f->id, "files", files);
}

static bool within_limits(const struct record *r)
{
	if (r->sources.n > RECORD_SOURCES_MAX || r->n_folders > RECORD_FOLDERS_MAX)
		return false;
	for (size_t i = 0; i < r->n_folders; i++) {
		if (r->folders[i].n > RECORD_FILES_MAX)
			return false;
	}
	return true;
}

char *record_format(const struct record *r)
{
	json_auto_t *root = NULL;
	json_t *sources, *folders;
	_cleanup_free_ char *text = NULL;
	bool whole = true;

	if (!within_limits(r))
		return NULL;
	sources = json_array();
	folders = json_array();
	for (size_t i = 0; i < r->sources.n; i++)
		whole &= json_array_append_new(sources, json_string(r->sources.items[i])) == 0;
	for (size_t i = 0; i < r->n_folders; i++)
		whole &= json_array_append_new(folders, format_folder(&r->folders[i])) == 0;
	root = json_pack("{s:i, s:o, s:o}", "version", RECORD_VERSION, "mounts", sources, "secrets",
			 folders);
	if (root && r->remap_known)
		whole &= json_object_set_new(
				 root, "root",
				 json_pack("[I, I]", (json_int_t)r->uid, (json_int_t)r->gid)) == 0;
	/* half a record would lose mounts at the next boot */
	text = root && whole ? json_dumps(root, JSON_INDENT(1)) : NULL;
	return text && strlen(text) <= RECORD_SIZE_MAX ? take_ptr(text) : NULL;
}

/* ---- from JSON ---- */

/* As pod files have them: "a/b" or ".", nothing that leads up. */
static bool is_source(const char *s)
{
	if (!s || !*s || strlen(s) >= SOURCE_MAX)
		return false;
	if (streq(s, "."))
		return true;
	while (s) {
		const char *slash = strchr(s, '/');
		size_t n = slash ? (size_t)(slash - s) : strlen(s);

		if (n == 0 || (n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
			return false;
		s = slash ? slash + 1 : NULL;
	}
	return true;
}

static bool parse_sources(json_t *list, struct record *r)
{
	json_t *item;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > RECORD_SOURCES_MAX)
		return false;
	json_array_foreach (list, i, item) {
		if (!is_source(json_string_value(item)))
			return false;
		strv_add(&r->sources, json_string_value(item));
	}
	return true;
}

static bool parse_folder(json_t *json, struct record *r)
{
	const char *id = json_string_value(json_object_get(json, "id")), *name;
	json_t *files = json_object_get(json, "files"), *source;
	struct record_folder *f;

	if (!id || !values_id_valid(id) || find_folder(r, id) || !json_is_object(files) ||
	    json_object_size(files) > RECORD_FILES_MAX)
		return false;
	f = record_add_folder(r, id);
	json_object_foreach (files, name, source) {
		if (!values_name_valid(name) || !is_source(json_string_value(source)))
			return false;
		record_add_file(f, name, json_string_value(source));
	}
	return true;
}

static bool parse_folders(json_t *list, struct record *r)
{
	json_t *item;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > RECORD_FOLDERS_MAX)
		return false;
	json_array_foreach (list, i, item) {
		if (!parse_folder(item, r))
			return false;
	}
	return true;
}

static bool parse_root(json_t *list, struct record *r)
{
	json_int_t uid, gid;

	if (!list)
		return true;
	if (json_unpack(list, "[I, I!]", &uid, &gid) < 0 || uid < 0 || uid > UINT32_MAX ||
	    gid < 0 || gid > UINT32_MAX)
		return false;
	r->remap_known = true;
	r->uid = (uint32_t)uid;
	r->gid = (uint32_t)gid;
	return true;
}

int record_parse(const char *text, size_t size, struct record *ret, struct err *err)
{
	json_auto_t *root = size > RECORD_SIZE_MAX
				    ? NULL
				    : json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	struct record r = {0};

	if (!root)
		return err_set(err, EINVAL, "no JSON");
	if (json_integer_value(json_object_get(root, "version")) != RECORD_VERSION ||
	    !parse_sources(json_object_get(root, "mounts"), &r) ||
	    !parse_folders(json_object_get(root, "secrets"), &r) ||
	    !parse_root(json_object_get(root, "root"), &r)) {
		record_done(&r);
		return err_set(err, EINVAL, "is no record of version %d", RECORD_VERSION);
	}
	*ret = r;
	return 0;
}

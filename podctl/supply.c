/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/supply.h"

#include "podctl/mounts.h"
#include "podctl/record.h"

#include <errno.h>

static void record_secrets(const struct supply *s, const struct pod_container *c, struct record *r)
{
	_cleanup_free_ char *path = values_secrets_path(s->values, s->pod, c);
	struct record_folder *f;

	if (!path)
		return;
	f = record_add_folder(r, strrchr(path, '/') + 1);
	for (size_t i = 0; i < s->values->n; i++) {
		const struct values_item *item = &s->values->items[i];

		if (item->secret && streq(item->container, c->entry.key))
			record_add_file(f, item->name, item->source);
	}
}

/* What the pod needs as its file is now. */
static void make_record(const struct supply *s, struct record *ret)
{
	ret->remap_known = s->remap->known;
	ret->uid = s->remap->uid;
	ret->gid = s->remap->gid;
	mounts_sources(s->pod, &ret->sources);
	for (size_t i = 0; i < pod_n_containers(s->pod); i++)
		record_secrets(s, pod_container_at(s->pod, i), ret);
}

/* One that can't be understood is as good as none: it is made anew. */
static void load_old(const char *pod, struct record *ret)
{
	struct err ignored;

	if (record_load(pod, ret, &ignored) < 0)
		*ret = (struct record){0};
}

static int save_changed(const char *pod, const struct record *old, const struct record *now,
			struct err *err)
{
	_cleanup_free_ char *before = record_format(old), *after = record_format(now);

	/* a record that is written is synced, which takes a while */
	if (before && after && streq(before, after))
		return 0;
	return record_save(pod, now, err);
}

int supply_give(const struct supply *s, struct err *err)
{
	const char *pod = s->pod->name;
	struct record old = {0}, both = {0}, now = {0};
	int r;

	make_record(s, &now);
	load_old(pod, &old);
	both.remap_known = now.remap_known;
	both.uid = now.uid;
	both.gid = now.gid;
	record_merge(&both, &old);
	record_merge(&both, &now);
	r = save_changed(pod, &old, &both, err);
	if (r == 0)
		r = mounts_pin(pod, &now.sources, s->settings, s->remap, err);
	if (r == 0)
		r = values_deliver(s->values, s->pod, err);
	record_done(&old);
	record_done(&both);
	record_done(&now);
	return r;
}

int supply_tidy(const struct supply *s, struct err *err)
{
	const char *pod = s->pod->name;
	struct record old = {0}, now = {0};
	struct strv ids = {0};
	int r;

	make_record(s, &now);
	load_old(pod, &old);
	if (!now.remap_known) {
		now.remap_known = old.remap_known;
		now.uid = old.uid;
		now.gid = old.gid;
	}
	for (size_t i = 0; i < now.n_folders; i++)
		strv_add(&ids, now.folders[i].id);
	r = mounts_unpin(pod, &now.sources, err);
	if (r == 0)
		r = values_remove_folders(pod, &ids, err);
	if (r == 0)
		r = save_changed(pod, &old, &now, err);
	strv_done(&ids);
	record_done(&old);
	record_done(&now);
	return r;
}

int supply_take_away(const char *pod, struct err *err)
{
	const struct record none = {0};
	int r = mounts_unpin(pod, NULL, err);

	if (r == 0)
		r = values_remove_folders(pod, NULL, err);
	return r < 0 ? r : record_save(pod, &none, err);
}

/* ---- at boot ---- */

struct restoring {
	const char *pod;
	const struct settings *settings;
	struct strv *failed;
	int result;
};

static void note(struct restoring *x, int r, const struct err *err)
{
	if (r >= 0)
		return;
	strv_add(x->failed, err->text);
	x->result = x->result < 0 ? x->result : r;
}

static void restore_mounts(struct restoring *x, const struct strv *sources)
{
	for (size_t i = 0; i < sources->n; i++) {
		struct strv one = {.items = &sources->items[i], .n = 1};
		struct err err = {0};

		note(x, mounts_pin(x->pod, &one, x->settings, NULL, &err), &err);
	}
}

static int restore_folder(struct restoring *x, int root, const struct record_folder *f,
			  const struct remap *remap, struct err *err)
{
	struct values_file *files = xcalloc(f->n, sizeof(*files));
	char **data = xcalloc(f->n, sizeof(*data));
	size_t n = 0;
	int r = 0;

	while (r == 0 && n < f->n) {
		files[n].name = f->files[n].name;
		r = values_read_secret(root, f->files[n].source, x->settings, remap, &data[n],
				       &files[n].size, err);
		files[n].data = data[n];
		if (r < 0)
			err_wrap(err, "secret %s", f->files[n].name);
		else
			n++;
	}
	if (r == 0)
		r = values_deliver_folder(x->pod, f->id, files, n, err);
	for (size_t i = 0; i < n; i++) {
		explicit_bzero(data[i], files[i].size);
		free(data[i]);
	}
	free(data);
	free(files);
	return r;
}

static void restore_secrets(struct restoring *x, const struct record *record)
{
	const struct remap remap = {
		.known = record->remap_known, .uid = record->uid, .gid = record->gid};
	_cleanup_close_ int root = -1;
	struct err err = {0};
	int r = walk_pod_root(x->settings, x->pod, NULL, &root, &err);

	note(x, r, &err);
	for (size_t i = 0; r == 0 && i < record->n_folders; i++)
		note(x, restore_folder(x, root, &record->folders[i], &remap, &err), &err);
}

int supply_restore(const char *pod, const struct settings *settings, struct strv *failed)
{
	struct restoring x = {.pod = pod, .settings = settings, .failed = failed};
	struct record record = {0};
	struct err err = {0};
	int r = record_load(pod, &record, &err);

	if (r < 0) {
		note(&x, r, &err);
		return r;
	}
	restore_mounts(&x, &record.sources);
	if (record.n_folders > 0)
		restore_secrets(&x, &record);
	record_done(&record);
	return x.result;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host's secret is made by whoever comes first: written aside and linked to its name, which
 * fails where somebody else was faster, so that there never is a half of one.
 */
#include "podctl/rundir.h"
#include "podctl/values.h"
#include "podctl/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_FOLDER RUNDIR_STATE_PATH
#define KEY_FILE     "key"

/* 0, or -ENOENT where there is none yet. */
static int read_key(int dir, uint8_t key[static VALUES_KEY_SIZE], struct err *err)
{
	_cleanup_close_ int fd =
		openat(dir, KEY_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_os(err, errno, STATE_FOLDER "/" KEY_FILE);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 0077) ||
	    st.st_size != VALUES_KEY_SIZE || read(fd, key, VALUES_KEY_SIZE) != VALUES_KEY_SIZE)
		return err_set(err, EPERM,
			       STATE_FOLDER "/" KEY_FILE
					    " is not what podctl made: %d bytes, root's alone",
			       VALUES_KEY_SIZE);
	return 0;
}

static int make_key(int dir, struct err *err)
{
	_cleanup_free_ char *name = xasprintf(KEY_FILE ".%d", (int)getpid());
	_cleanup_close_ int fd = -1;
	uint8_t key[VALUES_KEY_SIZE];
	int r = 0;

	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return err_os(err, errno, STATE_FOLDER "/%s", name);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_os(err, errno, STATE_FOLDER "/%s", name);
	if (getrandom(key, sizeof(key), 0) != sizeof(key) ||
	    write(fd, key, sizeof(key)) != sizeof(key) || fsync(fd) < 0 ||
	    (linkat(dir, name, dir, KEY_FILE, 0) < 0 && errno != EEXIST))
		r = err_os(err, errno ? errno : EIO, STATE_FOLDER "/" KEY_FILE);
	explicit_bzero(key, sizeof(key));
	unlinkat(dir, name, 0);
	return r;
}

static int load_key(struct values *v, struct err *err)
{
	static const char *const parts[] = {NULL};
	_cleanup_close_ int dir = -1;
	int r = rundir_open_state(parts, &dir, err);

	if (r < 0)
		return r;
	r = read_key(dir, v->key, err);
	if (r == -ENOENT)
		r = make_key(dir, err);
	else
		return r;
	return r < 0 ? r : read_key(dir, v->key, err);
}

/* ---- the files ---- */

struct loading {
	const struct pod *pod;
	const struct settings *settings;
	struct values *values;
	size_t total;
	int root;
	char *room; /* VALUES_FILE_MAX + 1 bytes, wiped in the end */
};

/*
 * The pod's containers can be any user but root where policy forbids them that, so what only root
 * may read is not theirs then.
 */
static int check_rights(const struct stat *st, const struct settings *settings, struct err *err)
{
	const struct settings_policy *policy = &settings->policy;

	if (policy->allow_root_user && !policy->require_user)
		return 0;
	if (st->st_uid != 0 || (st->st_mode & (S_IRGRP | S_IROTH)))
		return 0;
	return err_set(err, EACCES,
		       "only root may read it, and policy forbids the pod's containers to be root: "
		       "chown it to their user");
}

/*
 * Opens the very file that the walk found: what has its name now may be another. Neither links nor
 * FIFOs nor devices come this far. O_NONBLOCK: nobody holds us up with a lease on it.
 */
static int open_value(int root, const char *source, const struct settings *settings, int *ret,
		      struct stat *st, struct err *err)
{
	_cleanup_close_ int found = -1, fd = -1;
	char path[64];
	int r = walk_source(root, source, NULL, &found, err);

	if (r < 0)
		return r;
	if (fstat(found, st) < 0)
		return err_os(err, errno, "fstat");
	if (!S_ISREG(st->st_mode))
		return err_set(err, EINVAL, "is not a regular file");
	r = check_rights(st, settings, err);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", found);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_os(err, errno, "open");
	*ret = take_fd(&fd);
	return 0;
}

/* At most VALUES_FILE_MAX, whatever fstat said: it may grow meanwhile. */
static int read_all(int fd, char *room, size_t *ret_size, struct err *err)
{
	size_t size = 0;

	for (;;) {
		ssize_t n = read(fd, room + size, VALUES_FILE_MAX + 1 - size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_os(err, errno, "read");
		if (n == 0)
			break;
		size += (size_t)n;
		if (size > VALUES_FILE_MAX)
			return err_set(err, EFBIG, "is larger than %zu bytes", VALUES_FILE_MAX);
	}
	*ret_size = size;
	return 0;
}

/* jansson's: bodies of requests have values in them. */
static void wipe_and_free(void *p)
{
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

/* What stands in room as a variable's value. */
static int check_text(const char *room, size_t *size, struct err *err)
{
	json_t *text;

	if (*size > 0 && room[*size - 1] == '\n')
		(*size)--;
	if (memchr(room, '\0', *size))
		return err_set(err, EINVAL, "has a NUL in it, so it can't be a variable's value");
	/* what goes to the engine is JSON */
	text = json_stringn(room, *size);
	if (!text)
		return err_set(err, EINVAL, "is not UTF-8, so it can't be a variable's value");
	json_decref(text);
	return 0;
}

static int load_one(struct loading *l, const struct pod_container *c, const struct schema_pair *p,
		    bool secret, struct err *err)
{
	_cleanup_close_ int fd = -1;
	struct values_item item = {
		.container = c->entry.key,
		.name = p->key,
		.source = p->value,
		.secret = secret,
	};
	struct stat st = {0};
	int r = 0;

	if (l->values->n >= VALUES_MAX)
		return err_set(err, E2BIG, "a pod has at most %d values from files", VALUES_MAX);
	if (l->root < 0)
		r = walk_pod_root(l->settings, l->pod->name, NULL, &l->root, err);
	if (r == 0)
		r = open_value(l->root, p->value, l->settings, &fd, &st, err);
	if (r == 0)
		r = read_all(fd, l->room, &item.size, err);
	if (r == 0 && !secret)
		r = check_text(l->room, &item.size, err);
	if (r < 0)
		return err_wrap(err, "file %s", p->value);
	l->total += item.size;
	if (l->total > VALUES_TOTAL_MAX)
		return err_set(err, E2BIG, "a pod's values from files are at most %zu bytes",
			       VALUES_TOTAL_MAX);
	item.uid = st.st_uid;
	item.gid = st.st_gid;
	item.mode = st.st_mode;
	item.data = xmalloc(item.size + 1);
	memcpy(item.data, l->room, item.size);
	item.data[item.size] = '\0';
	ARRAY_PUSH(l->values->items, l->values->n) = item;
	return 0;
}

static int load_container(struct loading *l, const struct pod_container *c, struct err *err)
{
	for (size_t i = 0; i < c->environment_files.n; i++) {
		const struct schema_pair *p = &c->environment_files.items[i];

		if (load_one(l, c, p, false, err) < 0)
			return err_wrap(err, "containers.%s.environment_files.%s", c->entry.key,
					p->key);
	}
	for (size_t i = 0; i < c->secrets.n; i++) {
		const struct schema_pair *p = &c->secrets.items[i];

		if (load_one(l, c, p, true, err) < 0)
			return err_wrap(err, "containers.%s.secrets.%s", c->entry.key, p->key);
	}
	return 0;
}

int values_load(const struct pod *pod, const struct settings *settings, struct values *ret,
		struct err *err)
{
	struct values v = {0};
	struct loading l = {.pod = pod, .settings = settings, .values = &v, .root = -1};
	int r = load_key(&v, err);

	json_set_alloc_funcs(malloc, wipe_and_free);
	l.room = xmalloc(VALUES_FILE_MAX + 1);
	for (size_t i = 0; r == 0 && i < pod_n_containers(pod); i++)
		r = load_container(&l, pod_container_at(pod, i), err);
	explicit_bzero(l.room, VALUES_FILE_MAX + 1);
	free(l.room);
	closep(&l.root);
	if (r < 0) {
		values_done(&v);
		return r;
	}
	*ret = v;
	return 0;
}

/* ---- rights ---- */

static bool in_range(uint32_t id, uint32_t first)
{
	return id >= first && id - first < REMAP_RANGE;
}

/* Whether one of the users that a remapped container has may read such a file. */
static bool is_readable(uid_t uid, gid_t gid, mode_t mode, const struct remap *remap)
{
	return (mode & S_IROTH) || (remap->known && remap->uid == 0) ||
	       (remap->known && in_range(uid, remap->uid)) ||
	       (remap->known && (mode & S_IRGRP) && in_range(gid, remap->gid));
}

int values_check_remap(const struct values *v, struct remap *remap, struct err *err)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct values_item *item = &v->items[i];
		int r;

		if (item->mode & S_IROTH)
			continue;
		r = remap_ask(remap, err);
		if (r < 0)
			return r;
		if (!is_readable(item->uid, item->gid, item->mode, remap))
			return err_set(err, EACCES,
				       "containers.%s.%s.%s: file %s can be read by no user of the "
				       "pod, whose root is user %u here: chown it",
				       item->container,
				       item->secret ? "secrets" : "environment_files", item->name,
				       item->source, (unsigned)remap->uid);
	}
	return 0;
}

int values_read_secret(int root_fd, const char *source, const struct settings *settings,
		       const struct remap *remap, char **ret, size_t *ret_size, struct err *err)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *room = xmalloc(VALUES_FILE_MAX + 1);
	struct stat st;
	int r = open_value(root_fd, source, settings, &fd, &st, err);

	if (r == 0 && !is_readable(st.st_uid, st.st_gid, st.st_mode, remap))
		r = err_set(err, EACCES, "can be read by no user of the pod");
	if (r == 0)
		r = read_all(fd, room, ret_size, err);
	if (r < 0) {
		explicit_bzero(room, VALUES_FILE_MAX + 1);
		return err_wrap(err, "file %s", source);
	}
	*ret = take_ptr(room);
	return 0;
}

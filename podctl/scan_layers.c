/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/scan_layers.h"

#include "common/file.h"
#include "podctl/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((size_t)65536)

struct layers {
	int upper;
	int *lower; /* the nearest first */
	size_t n_lower;
};

/* Of something that the container can exchange: what is looked at is what is opened. */
static int open_node(int folder, const char *path, struct stat *ret)
{
	int fd = walk_open(folder, path, O_PATH | O_NOFOLLOW);

	if (fd >= 0 && fstat(fd, ret) < 0)
		closep(&fd);
	return fd;
}

static int reopen(int node)
{
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", node);

	return open(path, O_RDONLY | O_CLOEXEC);
}

static int read_piece(int fd, char *buf, off_t at, size_t *ret)
{
	*ret = 0;
	while (*ret < PIECE) {
		ssize_t n = pread(fd, buf + *ret, PIECE - *ret, at + (off_t)*ret);

		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		*ret += (size_t)n;
	}
	return 0;
}

/* 1: they differ; 0; -errno. */
static int compare_contents(int upper, int lower)
{
	_cleanup_close_ int a = reopen(upper), b = a < 0 ? -1 : reopen(lower);
	_cleanup_free_ char *x = xmalloc(2 * PIECE);
	char *y = x + PIECE;
	size_t n = PIECE, m = 0;

	if (a < 0 || b < 0)
		return -errno;
	for (off_t at = 0; n == PIECE; at += (off_t)PIECE) {
		int r = read_piece(a, x, at, &n);

		if (r == 0)
			r = read_piece(b, y, at, &m);
		if (r < 0)
			return r;
		if (n != m || memcmp(x, y, n) != 0)
			return 1;
	}
	return 0;
}

static int compare_links(int upper, int lower)
{
	char x[PATH_MAX], y[PATH_MAX];
	ssize_t n = readlinkat(upper, "", x, sizeof(x)), m = readlinkat(lower, "", y, sizeof(y));

	if (n < 0 || m < 0)
		return -errno;
	return n != m || memcmp(x, y, (size_t)n) != 0;
}

/* What the image has there, or -1. */
static int open_original(const struct layers *l, const char *path, struct stat *ret)
{
	for (size_t i = 0; i < l->n_lower; i++) {
		int fd = open_node(l->lower[i], path, ret);

		if (fd >= 0)
			return fd;
	}
	return -1;
}

/*
 * 1: what is open as upper is another than the image's; 0; -errno. Another type is in the engine's
 * list.
 */
static int is_other(const struct layers *l, const char *path, int upper, const struct stat *now)
{
	struct stat before;
	_cleanup_close_ int lower = open_original(l, path, &before);

	if (lower < 0 || (now->st_mode & S_IFMT) != (before.st_mode & S_IFMT))
		return 0;
	if (S_ISLNK(now->st_mode))
		return compare_links(upper, lower);
	if (!S_ISREG(now->st_mode))
		return 0;
	return now->st_size != before.st_size ? 1 : compare_contents(upper, lower);
}

static bool is_over(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ESTALE;
}

/* Folders go to todo. */
static int look_at(struct scan_target *t, const struct settings_scan *scan, const struct layers *l,
		   const char *path, struct strv *todo)
{
	_cleanup_free_ char *shown = xasprintf("/%s", path);
	struct stat st;
	_cleanup_close_ int node = open_node(l->upper, path, &st);
	int r;

	if (node >= 0 && S_ISDIR(st.st_mode)) {
		strv_add(todo, path);
		return 0;
	}
	r = node < 0 ? 0 : is_other(l, path, node, &st);
	if (r > 0)
		scan_add_change(t, scan, SCAN_CHANGED, shown);
	return r < 0 && !is_over(-r) ? r : 0;
}

static int walk(struct scan_target *t, const struct settings_scan *scan, const struct layers *l)
{
	_cleanup_(strv_done)
	struct strv todo = {0};
	int r = 0;

	strv_add(&todo, ".");
	for (size_t i = 0; i < todo.n && r == 0; i++) {
		_cleanup_close_ int fd = walk_open(l->upper, todo.items[i], O_RDONLY | O_DIRECTORY);
		_cleanup_(closedirp)
		DIR *dir = fd < 0 ? NULL : file_list(fd);
		const struct dirent *e;

		if (!dir && !is_over(errno))
			return -errno;
		while (r == 0 && dir && (e = readdir(dir))) {
			bool top = i == 0;
			_cleanup_free_ char *path = xasprintf("%s%s%s", top ? "" : todo.items[i],
							      top ? "" : "/", e->d_name);

			if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
				r = look_at(t, scan, l, path, &todo);
		}
	}
	return r;
}

static int open_lower(const char *text, struct layers *l)
{
	_cleanup_free_ char *paths = xstrdup(text);
	char *rest = paths, *path;

	while ((path = strsep(&rest, ":"))) {
		int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			return -errno;
		ARRAY_PUSH(l->lower, l->n_lower) = fd;
	}
	return 0;
}

void scan_compare_layers(struct scan_target *t, const struct settings_scan *scan)
{
	struct layers l = {.upper = -1};
	int r;

	if (!t->upper || !t->lower)
		return;
	l.upper = open(t->upper, O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = l.upper < 0 ? -errno : open_lower(t->lower, &l);
	if (r == 0)
		r = walk(t, scan, &l);
	t->compared = r == 0;
	/* removed meanwhile, or of an engine on another host */
	if (r < 0 && r != -ENOENT && !t->err.code)
		err_os(&t->err, -r, "cannot compare its files with the image's");
	for (size_t i = 0; i < l.n_lower; i++)
		closep(&l.lower[i]);
	free(l.lower);
	closep(&l.upper);
}

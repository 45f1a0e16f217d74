/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/mounts.h"

#include "common/file.h"
#include "podctl/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a pod. The kernel has room for some 100,000 mounts in all, and failed applies may leave some.
 */
#define PINS_MAX 1000

static bool is_mount_root(int folder, const char *name)
{
	struct statx sx;

	if (statx(folder, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &sx) < 0)
		return false;
	return (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* Whether name in folder is a mount of just that file or folder, to its last flag. */
static bool is_pinned(int folder, const char *name, int fd)
{
	_cleanup_close_ int there = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat want, have;

	return there >= 0 && is_mount_root(folder, name) && walk_is_harmless(there) &&
	       fstat(fd, &want) == 0 && fstat(there, &have) == 0 && want.st_dev == have.st_dev &&
	       want.st_ino == have.st_ino;
}

static int unpin(int folder, const char *name, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d/%s", folder, name);

	while (is_mount_root(folder, name)) {
		/* were it a peer of its source, what is mounted below that would go with it */
		if (mount("none", path, "none", MS_SLAVE | MS_REC, NULL) < 0 ||
		    umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			return err_os(err, errno, "cannot unmount pin %s", name);
	}
	if (unlinkat(folder, name, 0) < 0 && errno != ENOENT && errno != EISDIR)
		return err_os(err, errno, "cannot remove pin %s", name);
	if (unlinkat(folder, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_os(err, errno, "cannot remove pin %s", name);
	return 0;
}

static int make_mount_point(int folder, const char *name, int fd, struct err *err)
{
	_cleanup_close_ int file = -1;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_os(err, errno, "fstat");
	if (S_ISDIR(st.st_mode)) {
		if (mkdirat(folder, name, 0700) < 0)
			return err_os(err, errno, "cannot make pin %s", name);
		return 0;
	}
	file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return file < 0 ? err_os(err, errno, "cannot make pin %s", name) : 0;
}

/* The whole pin appears at once. -ENOSYS: an old kernel. */
static int mount_at_once(int folder, const char *name, int fd)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
		.propagation = MS_SLAVE,
	};
	_cleanup_close_ int tree = open_tree(fd, "",
					     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
						     (unsigned)AT_RECURSIVE);

	if (tree < 0 ||
	    mount_setattr(tree, "", AT_EMPTY_PATH | (unsigned)AT_RECURSIVE, &attr, sizeof(attr)) <
		    0 ||
	    move_mount(tree, "", folder, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

/* nosuid and nodev come last: where we are ended before, is_pinned does not take it for one. */
static int mount_in_steps(int folder, const char *name, int fd)
{
	/* mount(2) takes paths only; these lead through our own descriptors, to nothing else */
	_cleanup_free_ char *source = xasprintf("/proc/self/fd/%d", fd);
	_cleanup_free_ char *target = xasprintf("/proc/self/fd/%d/%s", folder, name);
	int r;

	if (mount(source, target, "none", MS_BIND | MS_REC, NULL) < 0)
		return -errno;
	if (mount("none", target, "none", MS_SLAVE | MS_REC, NULL) == 0 &&
	    mount("none", target, "none", MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV, NULL) == 0)
		return 0;
	r = -errno;
	umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW);
	return r;
}

static int check_room(int pins, struct err *err)
{
	_cleanup_(closedirp)
	DIR *d = file_list(pins);
	size_t n = 0;

	if (!d)
		return err_os(err, errno, "pins");
	while (readdir(d))
		n++;
	if (n > PINS_MAX)
		return err_set(err, ENOSPC,
			       "too many mount sources are held, of applies that failed: take the "
			       "pod down first");
	return 0;
}

static int pin(int folder, const char *name, int fd, struct err *err)
{
	int r;

	if (is_pinned(folder, name, fd))
		return 0;
	r = unpin(folder, name, err);
	if (r == 0)
		r = check_room(folder, err);
	if (r == 0)
		r = make_mount_point(folder, name, fd, err);
	if (r < 0)
		return r;
	/* a file that a container made there as root is never a way to root on the host */
	r = mount_at_once(folder, name, fd);
	if (r == -ENOSYS)
		r = mount_in_steps(folder, name, fd);
	return r < 0 ? err_os(err, -r, "cannot mount pin %s", name) : 0;
}

static int open_pins(const char *pod, int *ret, struct err *err)
{
	const char *parts[] = {"mounts", pod, NULL};

	return rundir_open(parts, ret, err);
}

void mounts_sources(const struct pod *pod, struct strv *ret)
{
	for (size_t i = 0; i < pod_n_containers(pod); i++) {
		const struct pod_container *c = pod_container_at(pod, i);

		for (size_t j = 0; j < c->mounts.n; j++)
			strv_add_once(ret, pod_mount_at(c, j)->source);
	}
}

static int pin_one(const char *pod, int root, int pins, const char *source, struct remap *make,
		   struct err *err)
{
	_cleanup_free_ char *path = pod_pin_path(pod, source);
	_cleanup_close_ int fd = -1;
	int r = walk_source(root, source, make, &fd, err);

	if (r == 0)
		r = pin(pins, strrchr(path, '/') + 1, fd, err);
	return r < 0 ? err_wrap(err, "mount source %s", source) : 0;
}

int mounts_pin(const char *pod, const struct strv *sources, const struct settings *settings,
	       struct remap *make, struct err *err)
{
	_cleanup_close_ int root = -1, pins = -1;
	int r = 0;

	if (sources->n == 0)
		return 0;
	r = walk_pod_root(settings, pod, make, &root, err);
	if (r == 0)
		r = open_pins(pod, &pins, err);
	for (size_t i = 0; r == 0 && i < sources->n; i++)
		r = pin_one(pod, root, pins, sources->items[i], make, err);
	return r;
}

static void add_ids(const char *pod, const struct strv *sources, struct strv *ret)
{
	for (size_t i = 0; sources && i < sources->n; i++) {
		_cleanup_free_ char *path = pod_pin_path(pod, sources->items[i]);

		strv_add(ret, strrchr(path, '/') + 1);
	}
}

static int unpin_others(int pins, const struct strv *ids, struct err *err)
{
	_cleanup_(closedirp)
	DIR *d = file_list(pins);
	const struct dirent *e;
	int r = 0;

	if (!d)
		return err_os(err, errno, "pins");
	while (r == 0 && (e = readdir(d))) {
		if (!streq(e->d_name, ".") && !streq(e->d_name, "..") && !strv_has(ids, e->d_name))
			r = unpin(pins, e->d_name, err);
	}
	return r;
}

int mounts_unpin(const char *pod, const struct strv *keep, struct err *err)
{
	_cleanup_free_ char *path = xasprintf(POD_PIN_FOLDER "/%s", pod);
	_cleanup_close_ int pins = -1;
	struct strv ids = {0};
	int r;

	if (access(path, F_OK) < 0)
		return 0;
	r = open_pins(pod, &pins, err);
	if (r < 0)
		return r;
	add_ids(pod, keep, &ids);
	r = unpin_others(pins, &ids, err);
	strv_done(&ids);
	if (r == 0 && !keep)
		rmdir(path);
	return r;
}

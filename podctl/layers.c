/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/layers.h"

#include "common/file.h"
#include "engine/engine.h"
#include "podctl/layers_mounts.h"
#include "podctl/plan.h"
#include "podctl/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENGINE_CONFIG "/etc/docker/daemon.json"
#define ENGINE_ROOT   "/var/lib/docker"
#define FILE_MAX      ((size_t)16 * 1024 * 1024)
#define OPTIONS_MAX   4000 /* the kernel takes a page */
#define ID_LENGTH     64

static const char *const looked_at[] = {"/etc/passwd", "/etc/group"};

/* ---- the engine's own files, which are root's ---- */

static char *read_text(int folder, const char *path, size_t *ret_size)
{
	_cleanup_close_ int fd =
		openat(folder, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	struct err ignored;
	char *text = NULL;

	if (fd >= 0 && file_read_limited(fd, FILE_MAX, &text, ret_size, &ignored) < 0)
		text = NULL;
	return text;
}

/* With what an image has put there, as the engine's replies are read. */
static json_t *read_json(int folder, const char *path)
{
	size_t size = 0;
	_cleanup_free_ char *text = read_text(folder, path, &size);
	struct err ignored;
	json_t *json = NULL;

	if (text && engine_json_parse(text, size, &json, &ignored) < 0)
		json = NULL;
	return json;
}

/* A folder for each range of a remapped engine, 200000.200000, lies in its root. */
static void add_roots(const char *path, struct strv *ret)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(closedirp)
	DIR *d = fd < 0 ? NULL : file_list(fd);
	const struct dirent *e;

	if (d)
		strv_add(ret, path);
	while (d && (e = readdir(d))) {
		size_t n = strspn(e->d_name, "0123456789");
		_cleanup_free_ char *sub = NULL;

		if (n == 0 || e->d_name[n] != '.')
			continue;
		sub = xasprintf("%s/%s", path, e->d_name);
		strv_add(ret, sub);
	}
}

static void find_roots(struct strv *ret)
{
	json_auto_t *config = read_json(AT_FDCWD, ENGINE_CONFIG);
	const char *other = json_string_value(json_object_get(config, "data-root"));

	add_roots(ENGINE_ROOT, ret);
	if (other && *other == '/' && !streq(other, ENGINE_ROOT))
		add_roots(other, ret);
}

static bool is_id(const char *text)
{
	return strlen(text) == ID_LENGTH && strspn(text, "0123456789abcdef") == ID_LENGTH;
}

/* ---- layers ---- */

/* "lowerdir=..." as seen from overlay2, or NULL. The container's own layer is the first. */
static char *options_of(int root, const char *id)
{
	_cleanup_free_ char *path = xasprintf("image/overlay2/layerdb/mounts/%s/mount-id", id);
	size_t size;
	_cleanup_free_ char *layer = read_text(root, path, &size), *lower_path = NULL,
			    *lower = NULL;
	char *options;

	if (!layer || !is_id(layer))
		return NULL;
	lower_path = xasprintf("overlay2/%s/lower", layer);
	lower = read_text(root, lower_path, &size);
	if (!lower || strpbrk(lower, ",\\\n"))
		return NULL;
	options = xasprintf("lowerdir=%s/diff:%s", layer, lower);
	if (strlen(options) > OPTIONS_MAX)
		freep(&options);
	return options;
}

/* From the engine's folder of layers, since options with whole paths would be too long. */
static int mount_from(int root, const char *options, const char *point)
{
	_cleanup_close_ int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int layers = openat(root, "overlay2", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = -1;

	if (here < 0 || layers < 0 || fchdir(layers) < 0)
		return -1;
	r = mount("podctl-look", point, "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  options);
	return fchdir(here) < 0 ? -1 : r;
}

/* The container's files, at a point of our own for as long as it takes to open them. -1: unknown.
 */
static int open_files(int root, const char *id)
{
	static const char *const parts[] = {"layers", NULL};
	_cleanup_free_ char *options = options_of(root, id), *name = NULL, *point = NULL;
	_cleanup_close_ int folder = -1;
	struct err ignored;
	int fd = -1;

	if (!options || rundir_open(parts, &folder, &ignored) < 0)
		return -1;
	name = xasprintf("%d", (int)getpid());
	point = xasprintf("/proc/self/fd/%d/%s", folder, name);
	if (mkdirat(folder, name, 0700) < 0 && errno != EEXIST)
		return -1;
	if (mount_from(root, options, point) == 0) {
		fd = openat(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		umount2(point, MNT_DETACH | UMOUNT_NOFOLLOW);
	}
	unlinkat(folder, name, AT_REMOVEDIR);
	return fd;
}

/* The file that the engine would wait for, or NULL. path: of root; config, host: of the container.
 */
static const char *waits_for(const char *path, int root, const char *id, json_t *config,
			     json_t *host)
{
	_cleanup_close_ int files = open_files(root, id);
	struct layers_mounts mounts = {0};
	const char *found = NULL;

	if (files < 0)
		return NULL;
	layers_mounts_parse(config, host, path, &mounts);
	found = layers_waits_for(files, &mounts, looked_at, ARRAY_SIZE(looked_at));
	layers_mounts_done(&mounts);
	return found;
}

/* A volume of the image's can be where no mount of a pod file could; 0 or -EINVAL. */
static int check_nested(const char *path, json_t *config, json_t *host, struct err *err)
{
	struct layers_mounts mounts = {0};
	const struct layers_mount *nested;
	char shown[256];
	int r = 0;

	layers_mounts_parse(config, host, path, &mounts);
	nested = layers_mounts_nested(&mounts);
	if (nested)
		r = err_set(err, EINVAL,
			    "its image has a volume at %s, inside of one of its mounts, where no "
			    "other can be: take the pod down",
			    text_printable(shown, sizeof(shown), nested->target));
	layers_mounts_done(&mounts);
	return r;
}

int layers_check(const char *id, struct err *err)
{
	_cleanup_free_ char *config_path = xasprintf("containers/%s/config.v2.json", id),
			    *host_path = xasprintf("containers/%s/hostconfig.json", id);
	struct strv roots = {0};
	const char *file = NULL;
	int r = 0;

	if (geteuid() != 0 || !is_id(id))
		return 0;
	find_roots(&roots);
	for (size_t i = 0; i < roots.n && !file && r == 0; i++) {
		_cleanup_close_ int root = open(roots.items[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		json_auto_t *config = root < 0 ? NULL : read_json(root, config_path);
		json_auto_t *host = root < 0 ? NULL : read_json(root, host_path);

		r = check_nested(roots.items[i], config, host, err);
		file = root < 0 || r < 0 ? NULL : waits_for(roots.items[i], root, id, config, host);
	}
	strv_done(&roots);
	return file ? err_set(err, EINVAL,
			      "its %s is no file of its own, and the engine would wait for it for "
			      "good: take the pod down and apply it anew, perhaps with another "
			      "image",
			      file)
		    : r;
}

/* ---- before the engine is up ---- */

static bool is_ours(json_t *config)
{
	json_t *labels = json_object_get(json_object_get(config, "Config"), "Labels");

	return json_string_value(json_object_get(labels, POD_LABEL_POD));
}

static bool restarts(json_t *host)
{
	const char *name =
		json_string_value(json_object_get(json_object_get(host, "RestartPolicy"), "Name"));

	return name && *name && !streq(name, "no");
}

static int write_policy(int folder, json_t *host, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	json_t *none = json_pack("{s:s, s:i}", "Name", "no", "MaximumRetryCount", 0);

	if (json_object_set_new(host, "RestartPolicy", none) < 0 ||
	    !(text = json_dumps(host, JSON_COMPACT)))
		abort();
	return file_replace(folder, "hostconfig.json", text, strlen(text), err);
}

static void disarm(const char *path, int root, int containers, const char *id, struct strv *said)
{
	_cleanup_close_ int folder =
		openat(containers, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	json_auto_t *config = NULL, *host = NULL;
	_cleanup_free_ char *line = NULL;
	const char *file, *name;
	struct err err = {0};

	if (folder < 0)
		return;
	config = read_json(folder, "config.v2.json");
	host = is_ours(config) ? read_json(folder, "hostconfig.json") : NULL;
	if (!restarts(host))
		return;
	file = waits_for(path, root, id, config, host);
	if (!file)
		return;
	name = json_string_value(json_object_get(config, "Name"));
	name = name && *name == '/' ? name + 1 : id;
	if (write_policy(folder, host, &err) < 0)
		line = xasprintf("container %s: its %s would keep the engine from starting, and "
				 "that could not be changed: %s",
				 name, file, err.text);
	else
		line = xasprintf("container %s is not started any more: its %s is no file of its "
				 "own, and the engine would wait for it for good",
				 name, file);
	strv_add(said, line);
}

static void disarm_in(const char *path, struct strv *said)
{
	_cleanup_close_ int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int containers =
		root < 0 ? -1 : openat(root, "containers", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(closedirp)
	DIR *d = containers < 0 ? NULL : file_list(containers);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		if (is_id(e->d_name))
			disarm(path, root, containers, e->d_name, said);
	}
}

void layers_disarm(struct strv *said)
{
	struct strv roots = {0};

	find_roots(&roots);
	for (size_t i = 0; i < roots.n; i++)
		disarm_in(roots.items[i], said);
	strv_done(&roots);
}

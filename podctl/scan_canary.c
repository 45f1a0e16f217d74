/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/scan_canary.h"

#include "common/file.h"
#include "podctl/images.h"
#include "podctl/pause_image.h"
#include "podctl/scan_engine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define LABEL	    "podctl.canary"
#define RECORD	    "canary"
#define CANARY_FILE "canary"
#define TAR_BLOCK   512

static int remove_container(struct engine *e, const char *id, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("/containers/%s?force=1&v=1", id);
	int r = engine_do(e, &(struct engine_call){.method = "DELETE", .path = path}, NULL, err);

	/* or who began this is removing it already */
	return r == -ENOENT || r == -EEXIST ? 0 : r;
}

struct removing {
	struct engine *engine;
	const char *image;
};

static int remove_if_ours(void *userdata, struct engine_container *c, struct err *err)
{
	const struct removing *rm = userdata;

	return streq(c->image, rm->image) && engine_container_label(c, LABEL)
		       ? remove_container(rm->engine, c->id, err)
		       : 0;
}

/* What tests before this one left when they were killed. Only what has our label and our image. */
static int remove_old(struct engine *e, const char *image, struct err *err)
{
	_cleanup_free_ char *filters = engine_escape("{\"label\":[\"" LABEL "\"]}");
	_cleanup_free_ char *path = xasprintf("/containers/json?all=1&filters=%s", filters);
	struct removing rm = {e, image};
	json_auto_t *list = NULL;
	int r = engine_do(e, &(struct engine_call){.method = "GET", .path = path}, &list, err);

	return r < 0 ? r : engine_containers_each(list, remove_if_ours, &rm, err);
}

static int create(struct engine *e, const char *image, char **ret, struct err *err)
{
	json_auto_t *body =
		json_pack("{s:s, s:s, s:{s:s}, s:{s:s, s:[s], s:[s], s:i, s:i}}", "Image", image,
			  "User", "65534:65534", "Labels", LABEL, "1", "HostConfig", "NetworkMode",
			  "none", "CapDrop", "ALL", "SecurityOpt", "no-new-privileges", "Memory",
			  64 * 1024 * 1024, "PidsLimit", 8);
	json_auto_t *reply = NULL;
	const char *id;
	int r = engine_do(
		e,
		&(struct engine_call){.method = "POST", .path = "/containers/create", .json = body},
		&reply, err);

	if (r < 0)
		return r;
	id = json_string_value(json_object_get(reply, "Id"));
	if (!engine_id_valid(id))
		return err_set(err, EPROTO, "the engine made a container without an id");
	*ret = xstrdup(id);
	return 0;
}

/*
 * A tar of one empty file (POSIX.1-2001, ustar), which the engine unpacks into the container. Only
 * this one may be asked for: nothing has run in it yet, and it mounts nothing. In any other the
 * engine would follow paths that a process in there exchanges (podctl/inside_shell.h).
 */
static int put_file(struct engine *e, const char *id, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("/containers/%s/archive?path=/", id);
	unsigned char tar[3 * TAR_BLOCK] = {0};
	char *field = (char *)tar;
	unsigned sum = 0;

	snprintf(field, 100, CANARY_FILE);
	snprintf(field + 100, 8, "%07o", 0644U);
	snprintf(field + 108, 8, "%07o", 0U);
	snprintf(field + 116, 8, "%07o", 0U);
	snprintf(field + 124, 12, "%011o", 0U);
	snprintf(field + 136, 12, "%011o", 0U);
	memset(field + 148, ' ', 8);
	field[156] = '0';
	memcpy(field + 257, "ustar\00000", 8);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += tar[i];
	snprintf(field + 148, 7, "%06o", sum);
	return engine_do(e,
			 &(struct engine_call){.method = "PUT",
					       .path = path,
					       .body = tar,
					       .body_size = sizeof(tar),
					       .content_type = "application/x-tar"},
			 NULL, err);
}

static int start(struct engine *e, const char *id, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("/containers/%s/start", id);

	return engine_do(e, &(struct engine_call){.method = "POST", .path = path}, NULL, err);
}

static bool has(const struct scan_target *t, enum scan_kind kind, const char *what)
{
	for (size_t i = 0; i < t->n_findings; i++) {
		if (t->findings[i].kind == kind && streq(t->findings[i].what, what))
			return true;
	}
	return false;
}

/* Whether a scan that expects nothing finds the file and the process, and nothing else. */
static int look(struct engine *e, const char *id, struct err *err)
{
	static char any[] = "*";
	struct settings_scan_processes none = {.container = any};
	const struct settings_scan scan = {.processes = &none, .n_processes = 1};
	struct scan_targets targets = {0};
	const struct scan_target *t;
	int r = scan_run_one(e, &scan, id, &targets, err);

	if (r < 0)
		return r;
	t = targets.items;
	if (targets.n != 1)
		r = err_set(err, ENOENT, "the canary's container is gone");
	else if (t->err.code)
		r = err_set(err, t->err.code, "%s", t->err.text);
	else if (!has(t, SCAN_ADDED, "/" CANARY_FILE))
		r = err_set(err, EIO, "the file that was added was not found");
	else if (!has(t, SCAN_PROCESS, "/pause uid 65534"))
		r = err_set(err, EIO, "the process that was started was not found");
	else if (t->n_findings != 2)
		r = err_set(err, EIO, "%zu things were found that are not there",
			    t->n_findings - 2);
	scan_targets_done(&targets);
	return r;
}

static int test_in(struct engine *e, const char *id, struct err *err)
{
	struct scan_store store;
	int r = scan_store_open(&store, err);

	if (r < 0)
		return r;
	r = file_replace(store.dir, RECORD, id, strlen(id), err);
	scan_store_close(&store);
	if (r == 0)
		r = put_file(e, id, err);
	if (r == 0)
		r = start(e, id, err);
	return r == 0 ? look(e, id, err) : r;
}

static int make_and_test(struct engine *e, const struct ui *ui, struct err *err)
{
	_cleanup_free_ char *image = pause_image_name(), *id = NULL;
	struct err removing = {0};
	int r = images_load_pause(e, image, ui, err);

	if (r == 0)
		r = remove_old(e, image, err);
	if (r == 0)
		r = create(e, image, &id, err);
	if (r != 0)
		return r;
	r = test_in(e, id, err);
	if (remove_container(e, id, &removing) < 0 && r == 0) {
		*err = removing;
		r = err_wrap(err, "the canary's container %.12s could not be removed", id);
	}
	return r;
}

int scan_canary_test(struct engine *e, const struct ui *ui, struct err *err)
{
	sigset_t ending, before;
	int r;

	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	sigaddset(&ending, SIGQUIT);
	sigprocmask(SIG_BLOCK, &ending, &before);
	r = make_and_test(e, ui, err);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}

void scan_canary_forget(const struct scan_store *store, struct scan_targets *targets)
{
	_cleanup_close_ int fd =
		openat(store->dir, RECORD, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct scan_targets canary = {0};
	_cleanup_free_ char *id = NULL;
	struct err ignored;
	size_t size, kept = 0;

	if (fd < 0 || file_read_limited(fd, 256, &id, &size, &ignored) < 0 || size == 0)
		return;
	for (size_t i = 0; i < targets->n; i++) {
		if (streq(targets->items[i].id, id))
			ARRAY_PUSH(canary.items, canary.n) = targets->items[i];
		else
			targets->items[kept++] = targets->items[i];
	}
	targets->n = kept;
	scan_targets_done(&canary);
}

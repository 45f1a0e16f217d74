/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The least that a pod costs: a client that knows everything beforehand, asks for nothing, checks
 * nothing, and overlaps all that the engine lets it. What podctl is measured against.
 *
 *   bare_client up NAME NETWORK IMAGE N    the root container and N members
 *   bare_client down NAME N
 */
#include "engine/engine.h"

#include <errno.h>
#include <stdio.h>

struct bare {
	struct engine *e;
	const char *name, *image;
	long n;
	char *root;
	char **ids;
	long created;
	bool up;
	int failed;
};

struct one {
	struct bare *b;
	long i;
};

static void check(struct bare *b, const struct engine_reply *reply)
{
	struct err err;

	if (engine_reply_check(reply, &err) < 0) {
		fprintf(stderr, "bare_client: %s\n", err.text);
		b->failed = 1;
	}
}

static void finished(void *userdata, const struct engine_reply *reply)
{
	check(userdata, reply);
}

static void call(struct bare *b, const char *method, const char *path, json_t *body,
		 engine_done_fn *done, void *userdata)
{
	engine_start(b->e, &(struct engine_call){.method = method,
						 .path = path,
						 .json = body,
						 .timeout_ms = -1,
						 .done = done,
						 .userdata = userdata});
}

static void start_members(struct bare *b)
{
	if (!b->up || b->created < b->n)
		return;
	for (long i = 0; i < b->n; i++) {
		_cleanup_free_ char *path = xasprintf("/containers/%s/start", b->ids[i]);

		call(b, "POST", path, NULL, finished, b);
	}
}

static void root_started(void *userdata, const struct engine_reply *reply)
{
	struct bare *b = userdata;

	check(b, reply);
	b->up = true;
	start_members(b);
}

static void member_created(void *userdata, const struct engine_reply *reply)
{
	struct one *one = userdata;
	struct bare *b = one->b;
	const char *id = json_string_value(json_object_get(reply->json, "Id"));

	check(b, reply);
	b->ids[one->i] = xstrdup(id ? id : "none");
	b->created++;
	start_members(b);
}

static int up(struct bare *b, const char *network)
{
	_cleanup_free_ char *path = xasprintf("/containers/create?name=%s", b->name), *join = NULL,
			    *start = NULL;
	_cleanup_free_ struct one *ones = xcalloc((size_t)b->n, sizeof(*ones));
	json_auto_t *reply = NULL, *member = NULL;
	json_auto_t *root = json_pack("{s:s, s:[s, s], s:{s:s, s:s, s:b}}", "Image", b->image,
				      "Cmd", "sleep", "1000", "HostConfig", "NetworkMode", network,
				      "IpcMode", "shareable", "Init", 1);
	struct err err;
	int r = engine_do(b->e, &(struct engine_call){.method = "POST", .path = path, .json = root},
			  &reply, &err);

	if (r < 0) {
		fprintf(stderr, "bare_client: %s\n", err.text);
		return 1;
	}
	b->root = xstrdup(json_string_value(json_object_get(reply, "Id")));
	start = xasprintf("/containers/%s/start", b->root);
	join = xasprintf("container:%s", b->root);
	call(b, "POST", start, NULL, root_started, b);
	member = json_pack("{s:s, s:[s, s], s:{s:s, s:s, s:s}}", "Image", b->image, "Cmd", "sleep",
			   "1000", "HostConfig", "NetworkMode", join, "IpcMode", join, "PidMode",
			   join);
	for (long i = 0; i < b->n; i++) {
		_cleanup_free_ char *one = xasprintf("/containers/create?name=%s.c%ld", b->name, i);

		ones[i] = (struct one){b, i};
		call(b, "POST", one, member, member_created, &ones[i]);
	}
	engine_wait(b->e);
	return b->failed;
}

static void root_stopped(void *userdata, const struct engine_reply *reply)
{
	struct bare *b = userdata;
	_cleanup_free_ char *path = xasprintf("/containers/%s?force=1&v=1", b->name);

	check(b, reply);
	call(b, "DELETE", path, NULL, finished, b);
}

static void member_stopped(void *userdata, const struct engine_reply *reply)
{
	struct one *one = userdata;
	struct bare *b = one->b;
	_cleanup_free_ char *path = xasprintf("/containers/%s.c%ld?force=1&v=1", b->name, one->i);
	_cleanup_free_ char *root = xasprintf("/containers/%s/stop", b->name);

	check(b, reply);
	call(b, "DELETE", path, NULL, finished, b);
	if (++b->created == b->n)
		call(b, "POST", root, NULL, root_stopped, b);
}

static int down(struct bare *b)
{
	_cleanup_free_ struct one *ones = xcalloc((size_t)b->n, sizeof(*ones));

	for (long i = 0; i < b->n; i++) {
		_cleanup_free_ char *path = xasprintf("/containers/%s.c%ld/stop", b->name, i);

		ones[i] = (struct one){b, i};
		call(b, "POST", path, NULL, member_stopped, &ones[i]);
	}
	engine_wait(b->e);
	return b->failed;
}

int main(int argc, char **argv)
{
	bool is_up = argc == 6 && streq(argv[1], "up");
	struct bare b = {0};
	struct err err;

	if (!is_up && !(argc == 4 && streq(argv[1], "down"))) {
		fprintf(stderr, "usage: bare_client up NAME NETWORK IMAGE N | down NAME N\n");
		return 1;
	}
	b.name = argv[2];
	b.image = is_up ? argv[4] : NULL;
	b.n = strtol(argv[argc - 1], NULL, 10);
	if (b.n < 1 || b.n > 100 || engine_new(NULL, &b.e, &err) < 0)
		return 1;
	b.ids = xcalloc((size_t)b.n, sizeof(*b.ids));
	b.failed = is_up ? up(&b, argv[3]) : down(&b);
	for (long i = 0; i < b.n; i++)
		free(b.ids[i]);
	free(b.ids);
	free(b.root);
	engine_free(b.e);
	return b.failed;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/exec_create.h"

#include "common/json_build.h"

#include <errno.h>

/*
 * At these keys the engine leaves a terminal, and the first of them waits there for the next. Where
 * none are said they are ^P ^Q, which shells and editors have uses for. These are so many that
 * nobody comes to their end.
 */
#define DETACH_PART "ctrl-\\,ctrl-@,ctrl-\\,ctrl-_"
#define DETACH_KEYS DETACH_PART "," DETACH_PART "," DETACH_PART "," DETACH_PART

/* NULL: one is no UTF-8, which JSON can't hold. Left out it would make another command. */
static json_t *strings(const char *const *list)
{
	json_auto_t *array = json_array();

	for (; list && *list; list++) {
		if (json_array_append_new(array, json_string(*list)) < 0)
			return NULL;
	}
	return json_incref(array);
}

static json_t *request(const struct exec *x, bool tty)
{
	json_auto_t *argv = strings(x->argv), *env = strings(x->env);

	if (tty && x->term && env)
		json_push(env, json_sprintf("TERM=%s", x->term));
	return json_pack("{s:b, s:b, s:b, s:b, s:b, s:O, s:O, s:s, s:s*, s:s*}", "AttachStdin", 1,
			 "AttachStdout", 1, "AttachStderr", 1, "Tty", (int)tty, "Privileged", 0,
			 "Cmd", argv, "Env", env, "DetachKeys", DETACH_KEYS, "User", x->user,
			 "WorkingDir", x->directory);
}

int exec_create(const struct exec *x, bool tty, char **ret_path, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("/containers/%s/exec", x->container_id);
	json_auto_t *body = request(x, tty), *reply = NULL;
	const char *id;
	int r;

	if (!body)
		return err_set(err, EINVAL,
			       "the command, its folder and its variables must be UTF-8: the "
			       "engine takes no other text");
	r = engine_do(x->engine,
		      &(struct engine_call){.method = "POST", .path = path, .json = body}, &reply,
		      err);
	if (r < 0)
		return r;
	id = json_string_value(json_object_get(reply, "Id"));
	if (!id || !*id || id[strspn(id, "0123456789abcdef")])
		return err_set(err, EPROTO, "the engine's reply has no Id");
	*ret_path = xasprintf("/exec/%s", id);
	return 0;
}

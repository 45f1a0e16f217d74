/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/exec_create.h"

#include <errno.h>

static json_t *strings(const char *const *list)
{
	json_t *array = json_array();

	for (; list && *list; list++)
		json_array_append_new(array, json_string(*list));
	return array;
}

static json_t *request(const struct exec *x, bool tty)
{
	json_t *env = strings(x->env), *body;

	if (tty && x->term)
		json_array_append_new(env, json_sprintf("TERM=%s", x->term));
	body = json_pack("{s:b, s:b, s:b, s:b, s:b, s:o, s:o}", "AttachStdin", 1, "AttachStdout", 1,
			 "AttachStderr", 1, "Tty", (int)tty, "Privileged", 0, "Cmd",
			 strings(x->argv), "Env", env);
	if (x->user)
		json_object_set_new(body, "User", json_string(x->user));
	if (x->directory)
		json_object_set_new(body, "WorkingDir", json_string(x->directory));
	return body;
}

int exec_create(const struct exec *x, bool tty, char **ret_path, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("/containers/%s/exec", x->container_id);
	json_auto_t *body = request(x, tty), *reply = NULL;
	const char *id;
	int r = engine_do(x->engine,
			  &(struct engine_call){.method = "POST", .path = path, .json = body},
			  &reply, err);

	if (r < 0)
		return r;
	id = json_string_value(json_object_get(reply, "Id"));
	if (!id || !*id || id[strspn(id, "0123456789abcdef")])
		return err_set(err, EPROTO, "the engine's reply has no Id");
	*ret_path = xasprintf("/exec/%s", id);
	return 0;
}

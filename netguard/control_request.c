/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/control_request.h"

#include <errno.h>

/* jansson's own limit of depth is 2048; a request is flat. */
static bool too_deep(const char *line, size_t size)
{
	int depth = 0;

	for (size_t i = 0; i < size; i++) {
		depth += line[i] == '{' || line[i] == '[';
		depth -= line[i] == '}' || line[i] == ']';
		if (depth > 4)
			return true;
	}
	return false;
}

static int parse_wait(json_t *wait, struct control_request *r, struct err *err)
{
	const char *id = json_string_value(json_object_get(wait, "container"));
	json_t *timeout = json_object_get(wait, "timeout_ms");

	if (!id || strlen(id) != sizeof(r->container) - 1 ||
	    strspn(id, "0123456789abcdef") != sizeof(r->container) - 1)
		return err_set(err, EINVAL, "wait.container: a full container id is wanted");
	if (json_object_size(wait) != (timeout ? 2U : 1U))
		return err_set(err, EINVAL, "wait: unknown key");
	r->kind = CONTROL_WAIT;
	memcpy(r->container, id, sizeof(r->container));
	r->timeout_ms = CONTROL_WAIT_MS_DEFAULT;
	if (!timeout)
		return 0;
	if (!json_is_integer(timeout) || json_integer_value(timeout) < 1)
		return err_set(err, EINVAL, "wait.timeout_ms: a positive number is wanted");
	r->timeout_ms = json_integer_value(timeout) > CONTROL_WAIT_MS_MAX
				? CONTROL_WAIT_MS_MAX
				: (int)json_integer_value(timeout);
	return 0;
}

/* A short text without NUL; what it means is not looked at here. */
static bool get_text(const json_t *object, const char *key, char *ret, size_t size)
{
	const json_t *value = json_object_get(object, key);
	const char *text = json_string_value(value);

	if (!text || json_string_length(value) >= size || strlen(text) != json_string_length(value))
		return false;
	memcpy(ret, text, json_string_length(value) + 1);
	return true;
}

static int parse_explain(json_t *explain, struct control_request *r, struct err *err)
{
	json_t *uid = json_object_get(explain, "uid");

	if (!get_text(explain, "from", r->from, sizeof(r->from)) ||
	    !get_text(explain, "to", r->to, sizeof(r->to)))
		return err_set(err, EINVAL, "explain: from and to are wanted, at most %d bytes",
			       CONTROL_END_MAX);
	r->uid = uid ? json_integer_value(uid) : -1;
	if (uid && (!json_is_integer(uid) || r->uid < 0 || r->uid >= UINT32_MAX))
		return err_set(err, EINVAL, "explain.uid: a uid is wanted");
	if (json_object_size(explain) != (uid ? 3U : 2U))
		return err_set(err, EINVAL, "explain: unknown key");
	r->kind = CONTROL_EXPLAIN;
	return 0;
}

static int parse_denied(json_t *denied, struct control_request *r, struct err *err)
{
	json_t *last = json_object_get(denied, "last"), *follow = json_object_get(denied, "follow");

	if (!json_is_integer(last) || json_integer_value(last) < 0 ||
	    json_integer_value(last) > CONTROL_LAST_MAX)
		return err_set(err, EINVAL, "denied.last: a number up to %d is wanted",
			       CONTROL_LAST_MAX);
	if ((follow && !json_is_boolean(follow)) || json_object_size(denied) != (follow ? 2U : 1U))
		return err_set(err, EINVAL, "denied: unknown key");
	r->kind = CONTROL_DENIED;
	r->last = (int)json_integer_value(last);
	r->follow = json_is_true(follow);
	return 0;
}

static int parse_object(json_t *root, struct control_request *r, struct err *err)
{
	json_t *wait = json_object_get(root, "wait");
	json_t *explain = json_object_get(root, "explain");
	json_t *denied = json_object_get(root, "denied");

	if (json_object_size(root) != 1)
		return err_set(err, EINVAL, "a request is an object with one key");
	if (json_is_object(wait))
		return parse_wait(wait, r, err);
	if (json_is_object(explain))
		return parse_explain(explain, r, err);
	if (json_is_object(denied))
		return parse_denied(denied, r, err);
	if (json_is_true(json_object_get(root, "status")))
		r->kind = CONTROL_STATUS;
	else if (json_is_true(json_object_get(root, "reload")))
		r->kind = CONTROL_RELOAD;
	else
		return err_set(err, EINVAL, "not a request that is known");
	return 0;
}

int control_request_parse(const char *line, size_t size, struct control_request *ret,
			  struct err *err)
{
	struct control_request parsed = {.kind = CONTROL_STATUS};
	json_t *root = NULL;
	int r;

	if (size > CONTROL_LINE_MAX || too_deep(line, size))
		return err_set(err, EINVAL, "the request is too long or too deep");
	root = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
	if (!root)
		return err_set(err, EINVAL, "the request is no JSON");
	r = parse_object(root, &parsed, err);
	json_decref(root);
	if (r == 0)
		*ret = parsed;
	return r;
}

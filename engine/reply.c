/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a request that ended to what its done function sees: JSON, the engine's own message, and
 * what a caller makes of a status.
 */
#include "engine/private.h"

#include <errno.h>

static bool success(int status)
{
	return (status >= 200 && status < 300) || status == 304;
}

/* The engine says what went wrong as {"message": TEXT}. */
static void set_message(struct engine_reply *reply)
{
	const char *message = json_string_value(json_object_get(reply->json, "message"));
	char printable[ERR_TEXT_MAX];

	int code = reply->status == 404 ? ENOENT : reply->status == 409 ? EEXIST : EIO;

	if (!message)
		err_set(&reply->err, code, "engine: HTTP %d", reply->status);
	else
		err_set(&reply->err, code, "%s",
			text_printable(printable, sizeof(printable), message));
}

static void decode_body(const struct engine_request *r, struct engine_reply *reply)
{
	struct err ignored;

	if (!success(r->status)) {
		/* an error need not be JSON */
		engine_json_parse(r->body, r->size, &reply->json, &ignored);
	} else if (!r->raw) {
		reply->result = engine_json_parse(r->body, r->size, &reply->json, &reply->err);
	}
}

void reply_deliver(struct engine_request *r)
{
	struct engine_reply reply = {.result = r->result, .err = r->err, .status = r->status};
	/* of a stream only the unfinished line could be left */
	bool collected = !(r->on_line || r->on_data) || !success(r->status);

	if (r->result == 0 && collected && r->size > 0) {
		reply.body = r->body;
		reply.size = r->size;
		decode_body(r, &reply);
	}
	if (reply.result == 0 && !success(reply.status))
		set_message(&reply);
	if (r->done)
		r->done(r->done_data, &reply);
	json_decref(reply.json);
}

int engine_reply_check(const struct engine_reply *reply, struct err *err)
{
	if (reply->result == 0 && success(reply->status))
		return 0;
	*err = reply->err;
	return reply->result < 0 ? reply->result : -reply->err.code;
}

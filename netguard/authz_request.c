/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/authz_request.h"

#include <errno.h>
#include <openssl/evp.h>
#include <strings.h>

#define DEPTH_MAX  32
#define VALUES_MAX 4096

/*
 * jansson's own limit of depth is 2048, and it refuses duplicates, NULs and what is no UTF-8.
 * Values are counted since all that waits for the engine waits while they are looked at, and each
 * can stand for much to look at: what has so many is nobody's use.
 */
static json_t *parse_json(const char *text, size_t size)
{
	int depth = 0, values = 0;
	bool in_string = false;

	for (size_t i = 0; i < size; i++) {
		if (in_string && text[i] == '\\') {
			i++;
		} else if (text[i] == '"') {
			in_string = !in_string;
		} else if (!in_string && (text[i] == '{' || text[i] == '[')) {
			if (++depth > DEPTH_MAX || ++values > VALUES_MAX)
				return NULL;
		} else if (!in_string && text[i] == ',') {
			if (++values > VALUES_MAX)
				return NULL;
		} else if (!in_string && (text[i] == '}' || text[i] == ']')) {
			depth--;
		}
	}
	return json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
}

/* ---- the message ---- */

/* A string or nothing. */
static int take_string(const json_t *message, const char *key, char **ret, struct err *err)
{
	const json_t *value = json_object_get(message, key);

	if (!value)
		return 0;
	if (!json_is_string(value))
		return err_set(err, EINVAL, "the engine's message: %s is no string", key);
	*ret = xstrdup(json_string_value(value));
	return 0;
}

static int take_body(const json_t *message, struct authz_request *r, struct err *err)
{
	const json_t *value = json_object_get(message, "RequestBody");
	size_t n = json_string_length(value), padding = 0;
	const char *text = json_string_value(value);
	int length;

	if (!value || json_is_null(value) || (text && n == 0))
		return 0;
	/* no longer than the message is: an int holds it */
	if (!text || n % 4 != 0)
		return err_set(err, EINVAL, "the engine's message: RequestBody is no base64");
	while (padding < 2 && text[n - 1 - padding] == '=')
		padding++;
	r->raw = xcalloc(n / 4 * 3 + 1, 1);
	length = EVP_DecodeBlock((unsigned char *)r->raw, (const unsigned char *)text, (int)n);
	if (length < (int)padding)
		return err_set(err, EINVAL, "the engine's message: RequestBody is no base64");
	r->raw_size = (size_t)length - padding;
	return 0;
}

static int take_header(const char *name, const json_t *value, struct authz_request *r,
		       struct err *err)
{
	char **place = strcasecmp(name, "Content-Type") == 0	 ? &r->content_type
		       : strcasecmp(name, "Content-Length") == 0 ? &r->content_length
		       : strcasecmp(name, "Netguard-Token") == 0 ? &r->token
								 : NULL;

	if (!place)
		return 0;
	if (!json_is_string(value) || *place)
		return err_set(err, EINVAL, "the engine's message: a header twice, or no text");
	*place = xstrdup(json_string_value(value));
	return 0;
}

static int take_message(json_t *message, struct authz_request *r, struct err *err)
{
	_cleanup_free_ char *method = NULL, *user = NULL;
	json_t *headers = json_object_get(message, "RequestHeaders"), *value;
	const char *name;
	int result;

	if ((result = take_string(message, "User", &user, err)) < 0 ||
	    (result = take_string(message, "UserAuthNMethod", &method, err)) < 0 ||
	    (result = take_string(message, "RequestMethod", &r->method, err)) < 0 ||
	    (result = take_string(message, "RequestUri", &r->uri, err)) < 0 ||
	    (result = take_body(message, r, err)) < 0)
		return result;
	if (!r->method || !r->uri)
		return err_set(err, EINVAL, "the engine's message names no request");
	/* any other method's names are not ours to believe */
	if (user && *user && method && streq(method, "TLS"))
		r->client = take_ptr(user);
	if (headers && !json_is_object(headers))
		return err_set(err, EINVAL, "the engine's message: RequestHeaders is no object");
	json_object_foreach (headers, name, value) {
		result = take_header(name, value, r, err);
		if (result < 0)
			return result;
	}
	return 0;
}

int authz_request_parse(const char *message, size_t size, struct authz_request *ret,
			struct err *err)
{
	struct authz_request r = {0};
	json_t *json;
	int result;

	if (size > AUTHZ_MESSAGE_MAX)
		return err_set(err, EINVAL, "the engine's message is too long");
	json = parse_json(message, size);
	if (!json_is_object(json)) {
		json_decref(json);
		return err_set(err, EINVAL,
			       "the engine's message can't be read: bytes that are no "
			       "text, a NUL, a key twice or too many headers");
	}
	result = take_message(json, &r, err);
	json_decref(json);
	if (result < 0) {
		authz_request_done(&r);
		return result;
	}
	*ret = r;
	return 0;
}

int authz_request_read(struct authz_request *r, struct err *err)
{
	int result = authz_request_read_target(r, err);

	if (result < 0 || !r->raw)
		return result;
	r->body = parse_json(r->raw, r->raw_size);
	free(take_ptr(r->raw));
	if (!json_is_object(r->body))
		return err_set(
			err, EINVAL,
			"the body is no JSON object, or has a key twice, is too deep, or has "
			"more than %d values",
			VALUES_MAX);
	return 0;
}

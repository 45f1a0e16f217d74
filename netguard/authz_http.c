/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/authz_http.h"

#include "netguard/authz_request.h"

#include <errno.h>
#include <strings.h>

/* A line without its end, or NULL: there is no whole one. *at moves behind it. */
static const char *take_line(const char *data, size_t size, size_t *at, size_t *ret_size)
{
	const char *line = data + *at;
	const char *end = memchr(line, '\n', size - *at);

	if (!end)
		return NULL;
	*ret_size = (size_t)(end - line);
	*at += *ret_size + 1;
	return line;
}

/* CR at its end and no other control character in it, but tabs. */
static bool line_is_clean(const char *line, size_t *size)
{
	if (*size == 0 || line[*size - 1] != '\r')
		return false;
	(*size)--;
	for (size_t i = 0; i < *size; i++) {
		if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
			return false;
	}
	return true;
}

static bool read_request_line(const char *line, size_t size, struct authz_http *h)
{
	static const struct {
		const char *line;
		enum authz_http_what what;
	} known[] = {
		{"POST /Plugin.Activate HTTP/1.1", AUTHZ_HTTP_ACTIVATE},
		{"POST /AuthZPlugin.AuthZReq HTTP/1.1", AUTHZ_HTTP_REQUEST},
		{"POST /AuthZPlugin.AuthZRes HTTP/1.1", AUTHZ_HTTP_REPLY},
	};
	static const char version[] = " HTTP/1.1";
	size_t n = sizeof(version) - 1;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strlen(known[i].line) == size && memcmp(known[i].line, line, size) == 0) {
			h->what = known[i].what;
			return true;
		}
	}
	h->what = AUTHZ_HTTP_OTHER;
	return size > n + 6 && memcmp(line, "POST /", 6) == 0 &&
	       memcmp(line + size - n, version, n) == 0;
}

static bool read_length(const char *value, size_t size, size_t *ret)
{
	uint64_t n;

	if (!text_digits(value, size, AUTHZ_MESSAGE_MAX, &n))
		return false;
	*ret = n;
	return true;
}

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

static bool read_header(const char *line, size_t size, struct authz_http *h, bool *have_length)
{
	const char *colon = memchr(line, ':', size), *value;
	size_t n = colon ? (size_t)(colon - line) : 0, length;

	if (n == 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!name_char(line[i]))
			return false;
	}
	value = colon + 1;
	length = size - n - 1;
	while (length > 0 && (*value == ' ' || *value == '\t')) {
		value++;
		length--;
	}
	while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
		length--;
	if (n == 14 && strncasecmp(line, "Content-Length", n) == 0) {
		if (*have_length || !read_length(value, length, &h->body))
			return false;
		*have_length = true;
	}
	if (n == 17 && strncasecmp(line, "Transfer-Encoding", n) == 0)
		return false;
	if (n == 10 && strncasecmp(line, "Connection", n) == 0)
		h->closing = length == 5 && strncasecmp(value, "close", 5) == 0;
	return true;
}

int authz_http_parse(const char *data, size_t size, struct authz_http *ret)
{
	struct authz_http h = {0};
	size_t at = 0, length, limit = size < AUTHZ_HEAD_MAX ? size : AUTHZ_HEAD_MAX;
	bool have_length = false, first = true;
	const char *line;

	while ((line = take_line(data, limit, &at, &length))) {
		if (!line_is_clean(line, &length))
			return -EINVAL;
		if (length == 0 && first)
			return -EINVAL;
		if (length == 0) {
			if (!have_length)
				return -EINVAL;
			h.head = at;
			*ret = h;
			return 1;
		}
		if (first ? !read_request_line(line, length, &h)
			  : !read_header(line, length, &h, &have_length))
			return -EINVAL;
		first = false;
	}
	return size >= AUTHZ_HEAD_MAX ? -EINVAL : 0;
}

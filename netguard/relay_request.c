/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/relay_request.h"

#include "common/authz_token.h"
#include "netguard/authz_route.h"

#include <errno.h>
#include <strings.h>

#define LINE_END "\r\n"

struct head {
	char *target;
	char *token; /* NULL: none */
};

static void head_done(struct head *h)
{
	free(h->target);
	free(h->token);
}

/* A line without its end; *at moves behind it. The last one that is whole is empty. */
static const char *take_line(const char *data, size_t size, size_t *at, size_t *ret_size)
{
	const char *line = data + *at, *end = memmem(line, size - *at, LINE_END, strlen(LINE_END));

	if (!end)
		return NULL;
	*ret_size = (size_t)(end - line);
	*at += *ret_size + strlen(LINE_END);
	return line;
}

/* of visible ASCII and blanks: no newline, return, NUL or tab */
static bool is_plain(const char *line, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (line[i] < 0x20 || line[i] > 0x7e)
			return false;
	}
	return true;
}

static bool read_first(const char *line, size_t size, struct head *h)
{
	static const char method[] = "GET ", version[] = " HTTP/1.1";
	const size_t before = sizeof(method) - 1, behind = sizeof(version) - 1;

	if (size <= before + behind || memcmp(line, method, before) != 0 ||
	    memcmp(line + size - behind, version, behind) != 0)
		return false;
	h->target = xstrndup(line + before, size - before - behind);
	return h->target[0] == '/' && !strchr(h->target, ' ');
}

/* What says that more follows than a head is refused, the token kept, all else left out. */
static bool read_header(const char *line, size_t size, struct head *h)
{
	static const char *const refused[] = {"Content-Length", "Transfer-Encoding", "Upgrade",
					      "Expect"};
	const char *colon = memchr(line, ':', size), *value;
	_cleanup_free_ char *name = colon ? xstrndup(line, (size_t)(colon - line)) : NULL;

	if (!name || !*name || strchr(name, ' '))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		if (strcasecmp(name, refused[i]) == 0)
			return false;
	}
	if (strcasecmp(name, AUTHZ_TOKEN_HEADER) != 0)
		return true;
	if (h->token)
		return false;
	value = colon + 1;
	while (value < line + size && *value == ' ')
		value++;
	h->token = xstrndup(value, (size_t)(line + size - value));
	return authz_token_valid(h->token);
}

/* 1: the whole head, *ret_size bytes. */
static int read_head(const char *data, size_t size, struct head *h, size_t *ret_size)
{
	const char *line;
	size_t at = 0, n;

	while ((line = take_line(data, size, &at, &n))) {
		if (!is_plain(line, n))
			return -EINVAL;
		if (n == 0) {
			*ret_size = at;
			return h->target ? 1 : -EINVAL;
		}
		if (h->target ? !read_header(line, n, h) : !read_first(line, n, h))
			return -EINVAL;
	}
	return 0;
}

static bool may_be_asked(const char *target)
{
	struct authz_request r = {.method = xstrdup("GET"), .uri = xstrdup(target)};
	struct err ignored;
	bool may = streq(target, RELAY_LIBPOD_NETWORKS) ||
		   (authz_request_read_target(&r, &ignored) == 0 && authz_route_only_looks(&r));

	authz_request_done(&r);
	return may;
}

int relay_request_read(const char *data, size_t size, struct relay_request *ret)
{
	size_t limit = size < RELAY_HEAD_MAX ? size : RELAY_HEAD_MAX, taken = 0;
	_cleanup_(head_done)
	struct head h = {0};
	int r = read_head(data, limit, &h, &taken);

	if (r <= 0)
		return r == 0 && size >= RELAY_HEAD_MAX ? -EINVAL : r;
	*ret = (struct relay_request){.head = taken};
	if (may_be_asked(h.target))
		ret->text = xasprintf("GET %s HTTP/1.1\r\nHost: netguard\r\n%s%s%s\r\n", h.target,
				      h.token ? AUTHZ_TOKEN_HEADER ": " : "",
				      h.token ? h.token : "", h.token ? LINE_END : "");
	return 1;
}

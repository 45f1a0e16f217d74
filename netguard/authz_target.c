/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a request is for: path and parameters, as the engine will read them. */
#include "netguard/authz_request.h"

#include <errno.h>
#include <strings.h>

#define API_MINOR_MAX 999

void authz_request_done(struct authz_request *r)
{
	free(r->client);
	free(r->method);
	free(r->uri);
	free(r->content_type);
	free(r->content_length);
	free(r->token);
	free(r->raw);
	free(r->path);
	for (size_t i = 0; i < r->n_query; i++) {
		free(r->query[i].key);
		free(r->query[i].value);
	}
	free(r->query);
	json_decref(r->body);
	*r = (struct authz_request){0};
}

/* ---- path ---- */

static bool path_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("/_.-:@", c);
}

/* Letters, digits and what image names need; of encoded characters only : and @ (docker-py). */
static int decode_path(const char *text, size_t n, char **ret, struct err *err)
{
	_cleanup_free_ char *path = xcalloc(n + 1, 1);
	size_t out = 0;

	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (c == '%' && n - i >= 3 && strncasecmp(text + i, "%3a", 3) == 0)
			c = ':';
		else if (c == '%' && n - i >= 3 && strncmp(text + i, "%40", 3) == 0)
			c = '@';
		if (!path_char(c))
			return err_set(err, EINVAL,
				       "the path has characters in it that could be read in two "
				       "ways");
		i += text[i] == '%' ? 2 : 0;
		path[out++] = c;
	}
	*ret = take_ptr(path);
	return 0;
}

/* The engine's router would clean such a path, and some of its handlers would not. */
static bool path_is_plain(const char *path)
{
	const char *p = path;

	while (*p == '/') {
		size_t n = strcspn(++p, "/");

		if (n == 0 || (p[0] == '.' && (n == 1 || (n == 2 && p[1] == '.'))))
			return false;
		p += n;
	}
	return p != path;
}

/* "/v1.41" at the beginning. */
static int read_version(char *path, unsigned *ret, struct err *err)
{
	const char *p = startswith(path, "/v");
	uint64_t minor;
	size_t digits;

	if (!p || *p < '0' || *p > '9')
		return 0;
	p = startswith(p, "1.");
	digits = p ? strspn(p, "0123456789") : 0;
	if (!text_digits(p, digits, API_MINOR_MAX, &minor) || p[digits] != '/')
		return err_set(err, EINVAL, "not a version of the API that is known");
	if (minor < AUTHZ_API_MINOR_MIN)
		return err_set(err, EINVAL, "API versions before 1.%d are refused: a newer client",
			       AUTHZ_API_MINOR_MIN);
	memmove(path, p + digits, strlen(p + digits) + 1);
	*ret = (unsigned)minor;
	return 0;
}

/* ---- query ---- */

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* As Go's QueryUnescape, where it has no complaint; NULL: refused. */
static char *unescape(const char *text, size_t n)
{
	_cleanup_free_ char *out = xcalloc(n + 1, 1);
	size_t size = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			int high = n - i > 2 ? hex(text[i + 1]) : -1;
			int low = n - i > 2 ? hex(text[i + 2]) : -1;

			if (high < 0 || low < 0)
				return NULL;
			c = (unsigned char)(high * 16 + low);
			i += 2;
		}
		if (c < 0x20 || c == 0x7f)
			return NULL;
		out[size++] = (char)c;
	}
	return take_ptr(out);
}

const char *authz_request_query(const struct authz_request *r, const char *key)
{
	for (size_t i = 0; i < r->n_query; i++) {
		if (streq(r->query[i].key, key))
			return r->query[i].value;
	}
	return NULL;
}

static int add_pair(struct authz_request *r, const char *text, size_t n, struct err *err)
{
	const char *equals = memchr(text, '=', n);
	size_t n_key = equals ? (size_t)(equals - text) : n;
	_cleanup_free_ char *key = unescape(text, n_key);
	_cleanup_free_ char *value = equals ? unescape(equals + 1, n - n_key - 1) : xstrdup("");

	if (!key || !value)
		return err_set(err, EINVAL, "the parameters could be read in two ways");
	if (authz_request_query(r, key) || r->n_query == AUTHZ_QUERY_MAX)
		return err_set(err, EINVAL, "a parameter twice, or too many of them");
	ARRAY_PUSH(r->query, r->n_query) = (struct authz_pair){take_ptr(key), take_ptr(value)};
	return 0;
}

static int read_query(struct authz_request *r, const char *text, struct err *err)
{
	/* older Go takes a semicolon for &, newer ones leave such a pair out */
	if (strpbrk(text, ";#"))
		return err_set(err, EINVAL, "the parameters could be read in two ways");
	while (*text) {
		size_t n = strcspn(text, "&");
		int result = n > 0 ? add_pair(r, text, n, err) : 0;

		if (result < 0)
			return result;
		text += n;
		text += *text == '&';
	}
	return 0;
}

int authz_request_read_target(struct authz_request *r, struct err *err)
{
	size_t n = strcspn(r->uri, "?");
	int result;

	if ((result = decode_path(r->uri, n, &r->path, err)) < 0 ||
	    (result = read_query(r, r->uri[n] ? r->uri + n + 1 : "", err)) < 0)
		return result;
	if (!path_is_plain(r->path))
		return err_set(err, EINVAL, "the path is not a plain one: no empty, . or .. parts");
	return read_version(r->path, &r->minor, err);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/credentials.h"

#include <errno.h>
#include <openssl/evp.h>

#define HUB	   "docker.io"
#define HUB_SERVER "https://index.docker.io/v1/"
#define TEXT_MAX   ((size_t)1024 * 1024)

void credentials_wipe(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void credentials_done(struct credentials *c)
{
	json_decref(c->root);
	*c = (struct credentials){0};
}

void credential_done(struct credential *c)
{
	free(c->server);
	free(c->helper);
	free(c->username);
	credentials_wipe(c->password);
	credentials_wipe(c->identity_token);
	*c = (struct credential){0};
}

int credentials_parse(const char *text, size_t size, struct credentials *ret, struct err *err)
{
	json_t *root =
		size <= TEXT_MAX ? json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL) : NULL;

	/* where it is wrong would show what stands there */
	if (!json_is_object(root)) {
		json_decref(root);
		return err_set(err, EINVAL, "is not a JSON object");
	}
	ret->root = root;
	return 0;
}

bool credentials_helper_valid(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= CREDENTIALS_HELPER_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
		       n;
}

/* "https://registry.example.com/v2/" means registry.example.com, as docker reads it. */
static bool is_host(const char *key, const char *host)
{
	const char *rest = startswith(key, "https://");
	size_t n = strlen(host);

	if (!rest)
		rest = startswith(key, "http://");
	if (!rest)
		rest = key;
	return strncmp(rest, host, n) == 0 && (rest[n] == '\0' || rest[n] == '/');
}

/* The entry of exactly this name, else the first that means this host. */
static json_t *find_auth(json_t *auths, const char *server)
{
	json_t *found = json_object_get(auths, server), *value;
	const char *key;

	if (found)
		return found;
	json_object_foreach (auths, key, value) {
		if (is_host(key, server))
			return value;
	}
	return NULL;
}

static int copy_secret(json_t *object, const char *key, char **ret, struct err *err)
{
	json_t *value = json_object_get(object, key);
	const char *text = json_string_value(value);

	if (!value || json_is_null(value) || (text && !*text))
		return 0;
	if (!text || strlen(text) > CREDENTIALS_SECRET_MAX)
		return err_set(err, EINVAL, "%s is no text, or too long", key);
	credentials_wipe(*ret);
	*ret = xstrdup(text);
	return 0;
}

/* base64 of USERNAME:PASSWORD. */
static int take_auth(struct credential *c, const char *auth, struct err *err)
{
	size_t n = strlen(auth);
	_cleanup_free_ char *plain = NULL;
	char *colon;
	int len;

	if (n > CREDENTIALS_SECRET_MAX || n % 4 != 0)
		return err_set(err, EINVAL, "auth is not base64");
	plain = xcalloc(n + 1, 1);
	len = EVP_DecodeBlock((unsigned char *)plain, (const unsigned char *)auth, (int)n);
	colon = len < 0 ? NULL : memchr(plain, ':', (size_t)len);
	if (colon && colon != plain) {
		*colon = '\0';
		credentials_wipe(c->username);
		credentials_wipe(c->password);
		c->username = xstrdup(plain);
		c->password = xstrdup(colon + 1);
	}
	explicit_bzero(plain, n);
	return colon && c->username ? 0 : err_set(err, EINVAL, "auth is not base64 of USER:PASS");
}

static int take_entry(struct credential *c, json_t *entry, struct err *err)
{
	const char *auth = json_string_value(json_object_get(entry, "auth"));
	int r;

	if (!json_is_object(entry))
		return err_set(err, EINVAL, "the entry is no object");
	r = copy_secret(entry, "username", &c->username, err);
	if (r == 0)
		r = copy_secret(entry, "password", &c->password, err);
	if (r == 0)
		r = copy_secret(entry, "identitytoken", &c->identity_token, err);
	if (r == 0 && auth && *auth)
		r = take_auth(c, auth, err);
	return r;
}

static int find_helper(const struct credentials *c, struct credential *found, struct err *err)
{
	json_t *helper = json_object_get(json_object_get(c->root, "credHelpers"), found->server);
	const char *name;

	if (!helper)
		helper = json_object_get(c->root, "credsStore");
	name = json_string_value(helper);
	if (!helper || json_is_null(helper) || (name && !*name))
		return 0;
	if (!name || !credentials_helper_valid(name))
		return err_set(err, EINVAL,
			       "the name of a credential helper is letters, digits, _ and -");
	found->helper = xstrdup(name);
	return 0;
}

int credentials_find(const struct credentials *c, const char *host, struct credential *ret,
		     struct err *err)
{
	struct credential found = {.server = xstrdup(streq(host, HUB) ? HUB_SERVER : host)};
	json_t *entry;
	int r = find_helper(c, &found, err);

	if (r == 0 && !found.helper) {
		entry = find_auth(json_object_get(c->root, "auths"), found.server);
		if (!entry && streq(host, HUB))
			entry = find_auth(json_object_get(c->root, "auths"), "index.docker.io");
		if (entry)
			r = take_entry(&found, entry, err);
	}
	if (r < 0) {
		credential_done(&found);
		return err_wrap(err, "registry %s", host);
	}
	*ret = found;
	return 0;
}

int credential_take_answer(struct credential *c, const char *text, size_t size, struct err *err)
{
	json_auto_t *json =
		size <= TEXT_MAX ? json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL) : NULL;
	char *username = NULL, *secret = NULL;
	int r = json_is_object(json) ? 0 : err_set(err, EINVAL, "its answer is no JSON object");

	if (r == 0)
		r = copy_secret(json, "Username", &username, err);
	if (r == 0)
		r = copy_secret(json, "Secret", &secret, err);
	if (r == 0 && (!username || !secret))
		r = err_set(err, EINVAL, "its answer has no Username or no Secret");
	if (r < 0 || !username || !secret) {
		free(username);
		credentials_wipe(secret);
		return r;
	}
	if (streq(username, "<token>")) {
		c->identity_token = secret;
		free(username);
	} else {
		c->username = username;
		c->password = secret;
	}
	return 0;
}

bool credentials_not_found(const char *text, size_t size)
{
	static const char said[] = "credentials not found in native keychain";

	return memmem(text, size, said, strlen(said)) != NULL;
}

/* base64 with the letters of URLs, padded. */
static char *base64url(const char *text, size_t n)
{
	char *out = xcalloc(4 * ((n + 2) / 3) + 1, 1);

	EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)text, (int)n);
	for (char *p = out; *p; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
	return out;
}

char *credential_header(const struct credential *c)
{
	json_auto_t *json = NULL;
	char *text, *header;

	if (!c->username && !c->identity_token)
		return NULL;
	json = json_pack("{s:s*, s:s*, s:s*, s:s}", "username", c->username, "password",
			 c->password, "identitytoken", c->identity_token, "serveraddress",
			 c->server);
	text = json ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	if (!text) /* what auth held was no UTF-8: no password of anybody's */
		return NULL;
	header = base64url(text, strlen(text));
	explicit_bzero(text, strlen(text));
	free(text);
	return header;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A caller's config.json, and a credential helper's answer. */
#include "podctl/credentials.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_host(const struct credentials *c, const char *host)
{
	struct credential found = {0};
	struct err err = {0};
	char *header;

	if (credentials_find(c, host, &found, &err) < 0)
		return;
	if (found.helper && (!credentials_helper_valid(found.helper) || found.username))
		abort();
	header = credential_header(&found);
	if (header && strspn(header, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789-_=") != strlen(header))
		abort();
	credentials_wipe(header);
	credential_done(&found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct credential answer = {.server = xstrdup("r")};
	struct credentials c = {0};
	struct err err = {0};

	if (credentials_parse((const char *)data, size, &c, &err) == 0) {
		try_host(&c, "docker.io");
		try_host(&c, "r:5000");
		try_host(&c, "");
		credentials_done(&c);
	}
	(void)credentials_not_found((const char *)data, size);
	(void)credential_take_answer(&answer, (const char *)data, size, &err);
	credential_done(&answer);
	return 0;
}

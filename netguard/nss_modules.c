/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/nss_modules.h"

#include <dlfcn.h>
#include <stdio.h>

#define BLANKS " \t\n"

void nss_modules_parse(const char *line, const char *database, struct strv *ret)
{
	const char *p;

	line += strspn(line, BLANKS);
	p = startswith(line, database);
	if (!p)
		return;
	p += strspn(p, BLANKS);
	if (*p++ != ':')
		return;
	for (;;) {
		_cleanup_free_ char *name = NULL;
		size_t n;

		p += strspn(p, BLANKS);
		/* what to do with answers: "[NOTFOUND=return]" */
		if (*p == '[') {
			p += strcspn(p, "]");
			p += *p == ']';
			continue;
		}
		n = strcspn(p, BLANKS "[#");
		if (n == 0)
			return;
		name = xstrndup(p, n);
		strv_add_once(ret, name);
		p += n;
	}
}

/* Some are within the C library, and have none; what is not there now is none later, either. */
static void load(const char *module)
{
	_cleanup_free_ char *name = xasprintf("libnss_%s.so.2", module);

	/* a name, never a path */
	if (!strchr(module, '/'))
		(void)!dlopen(name, RTLD_NOW | RTLD_LOCAL);
}

void nss_modules_load(bool hosts)
{
	_cleanup_(strv_done)
	struct strv modules = {0};
	_cleanup_fclose_ FILE *f = fopen("/etc/nsswitch.conf", "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	while (f && getline(&line, &size, f) >= 0) {
		nss_modules_parse(line, "passwd", &modules);
		nss_modules_parse(line, "group", &modules);
		if (hosts)
			nss_modules_parse(line, "hosts", &modules);
	}
	for (size_t i = 0; i < modules.n; i++)
		load(modules.items[i]);
}

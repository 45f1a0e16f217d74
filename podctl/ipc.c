/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/ipc.h"

#include <sys/utsname.h>
#include <unistd.h>

#define MESSAGES_MAX   32000 /* queues, the kernel's default; each has 16 KiB */
#define QUEUE_SIZE     16384
#define SEMAPHORES_MAX 1024000000 /* the kernel's default */
#define SEMAPHORE_SIZE 64

bool ipc_kernel_lets(const char *release)
{
	char *end;
	long major = strtol(release, &end, 10), minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;

	return major > 6 || (major == 6 && minor >= 9);
}

int ipc_ask(const struct settings *settings, bool remote, struct remap *remap, size_t *ret,
	    struct err *err)
{
	struct utsname name;
	int r;

	*ret = 0;
	if (settings->policy.max_memory <= 0)
		return 0;
	if (remote || uname(&name) < 0 || !ipc_kernel_lets(name.release)) {
		r = remap_ask(remap, err);
		if (r < 0 || remap->uid != 0)
			return r;
	}
	*ret = (size_t)getpagesize();
	return 0;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

json_t *ipc_limits(int64_t max_memory, size_t page)
{
	return json_pack(
		"{s:o, s:o, s:o}", "kernel.shmall",
		json_sprintf("%lld", (long long)(max_memory / (int64_t)page)), "kernel.msgmni",
		json_sprintf("%lld", (long long)least(max_memory / QUEUE_SIZE, MESSAGES_MAX)),
		"kernel.sem",
		json_sprintf("32000 %lld 500 32000",
			     (long long)least(max_memory / SEMAPHORE_SIZE, SEMAPHORES_MAX)));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/guard.h"

#include "common/guard_client.h"

#include <errno.h>
#include <unistd.h>

bool guard_required(const struct settings *settings)
{
	static const char *const signs[] = {
		GUARD_SOCKET_PATH,
		"/etc/systemd/system/netguard.service",
		"/usr/lib/systemd/system/netguard.service",
		"/lib/systemd/system/netguard.service",
	};

	if (settings->guard.required_given)
		return settings->guard.required;
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		/* a sign that can't be looked at may be there */
		if (access(signs[i], F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR))
			return true;
	}
	return false;
}

int guard_check(const struct settings *settings, struct err *err)
{
	if (!guard_required(settings) || guard_client_running())
		return 0;
	return err_set(err, ENOTCONN,
		       "the guard does not run (netguard), and no pod is started without it: "
		       "systemctl status netguard");
}

static int judge(const struct settings *settings, int r, struct err *err)
{
	if (r == 0)
		return 0;
	err_wrap(err, "the guard does not have the pod (see `netguard status`)");
	return guard_required(settings) ? r : 1;
}

int guard_wait_begin(const struct settings *settings, const char *root_id, int *ret_fd,
		     struct err *err)
{
	return judge(settings, guard_client_wait_begin(root_id, GUARD_WAIT_MS, ret_fd, err), err);
}

int guard_wait_end(const struct settings *settings, int fd, struct err *err)
{
	return judge(settings, guard_client_wait_end(fd, 0, err), err);
}

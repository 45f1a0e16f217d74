/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/settle.h"

#include "common/file.h"

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>

void settle(void)
{
	sigset_t none;

	file_open_standard();
	umask(022);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGCHLD, SIG_DFL);
	/* a closed pipe, or a file that may not grow, must not end an apply in its middle */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	/* nor is what we hold of root's left in a file in the caller's folder */
	prctl(PR_SET_DUMPABLE, 0);
}

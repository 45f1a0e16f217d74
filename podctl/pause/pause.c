/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The process of a pod's root container: it only stays, so that the pod's namespaces stay.
 *
 * It may be PID 1 of the pod, so it reaps whatever is left to it, and it ends at SIGTERM and
 * SIGINT, which the kernel would keep from a PID 1 without handlers. Static: the image has nothing
 * else in it.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>

int main(void)
{
	sigset_t set;
	int sig = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	/* blocked and fetched by sigwait: no handler, so nothing can be missed between two calls */
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return 1;
	for (;;) {
		if (sigwait(&set, &sig) != 0)
			return 1;
		if (sig != SIGCHLD)
			return 0;
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * podctl-enter [-c COMMAND]: what podctl-shell runs by sudo. Enters the container of the caller's
 * own jail as the caller; starts the pod before, where it does not run.
 *
 * A program of its own, so that sudoers can name it without arguments: whatever these are, it does
 * nothing else and for nobody else. COMMAND is for the shell in the container alone.
 */
#include "podctl/cmd.h"
#include "podctl/exec.h"
#include "podctl/inside.h"
#include "podctl/inside_shell.h"
#include "podctl/jail_file.h"
#include "podctl/lock.h"
#include "podctl/run.h"
#include "podctl/rundir.h"
#include "podctl/settle.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#define RESTART_TRIES 100
#define RESTART_MS    100

struct session {
	struct cmd_context *ctx;
	struct jail jail;
	gid_t gid;
	const char *command; /* NULL: a login shell */
	char *pod, *container;
	struct engine *engine;
};

/* A byte of this user's file is locked as long as the session lives. */
static int take_place(const struct session *s, int *ret, struct err *err)
{
	static const char *const parts[] = {"jails", NULL};
	_cleanup_close_ int folder = -1, fd = -1;
	int r = rundir_open(parts, &folder, err);

	if (r < 0)
		return r;
	fd = openat(folder, s->jail.user, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_os(err, errno, RUNDIR_PATH "/jails/%s", s->jail.user);
	for (int i = 0; i < JAIL_SESSIONS_MAX; i++) {
		struct flock lock = {
			.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = i, .l_len = 1};

		if (fcntl(fd, F_OFD_SETLK, &lock) == 0) {
			*ret = take_fd(&fd);
			return 0;
		}
	}
	return err_set(err, EAGAIN, "%d sessions of %s are open, and more are not allowed",
		       JAIL_SESSIONS_MAX, s->jail.user);
}

static int start_pod(const struct session *s, struct err *err)
{
	_cleanup_free_ char *folder = NULL, *podctl = NULL, *path = jail_pod_path(s->jail.user);
	int r = jail_programs(&folder, err);

	if (r == 0)
		r = jail_check_pod(s->jail.user, err);
	if (r < 0)
		return r;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "podctl: starting %s\n", s->pod);
	podctl = xasprintf("%s/podctl", folder);
	r = run((const char *const[]){podctl, "--quiet", "apply", path, NULL}, NULL, err);
	if (r > 0)
		return err_set(err, EIO, "%s could not be started", s->pod);
	return r;
}

static int find(struct session *s, struct err *err)
{
	int r = inside_find(s->engine, s->pod, JAIL_CONTAINER, &s->container, err);

	if (r != -ENOENT && r != -EINVAL)
		return r;
	r = start_pod(s, err);
	if (r < 0)
		return r;
	/* one whose user has killed all of it is about to be restarted by the engine */
	for (int i = 0; i < RESTART_TRIES; i++) {
		r = inside_find(s->engine, s->pod, JAIL_CONTAINER, &s->container, err);
		if (r != -EINVAL)
			break;
		usleep(RESTART_MS * 1000);
	}
	return r;
}

static int go_in(const struct session *s, int *ret, struct err *err)
{
	_cleanup_free_ char *home = xasprintf("/home/%s", s->jail.user),
			    *user = xasprintf("USER=%s", s->jail.user),
			    *logname = xasprintf("LOGNAME=%s", s->jail.user),
			    *who = xasprintf("%u:%u", (unsigned)s->jail.uid, (unsigned)s->gid);
	static const char shell[] = "SHELL=" INSIDE_SH;
	_cleanup_free_ const char **argv = NULL;
	struct strv options = {0};
	bool sftp = s->command && jail_is_sftp(s->command, &options);
	int r;

	argv = sftp ? inside_sftp(home, &options) : inside_login(home, s->command);
	r = exec_run(
		&(struct exec){.engine = s->engine,
			       .container_id = s->container,
			       .argv = argv,
			       .user = who,
			       .directory = "/",
			       .env = (const char *const[]){"HOME=/", user, logname, shell, NULL},
			       .term = s->ctx->environment.term,
			       .in = STDIN_FILENO,
			       .out = STDOUT_FILENO,
			       .err = STDERR_FILENO},
		ret, err);
	if (r == 0 && sftp && *ret == INSIDE_NONE)
		r = err_set(err, ENOENT,
			    "the image of this jail has no sftp-server: ask for one with "
			    "openssh-sftp-server");
	strv_done(&options);
	return r;
}

static int enter(struct session *s, int *ret, struct err *err)
{
	const struct passwd *pw;
	_cleanup_close_ int place = -1;
	int r = caller_init(s->ctx->environment.sudo_uid, s->ctx->environment.sudo_gid,
			    &s->ctx->caller, err);

	if (r < 0)
		return r;
	if (!s->ctx->caller.switches || s->ctx->caller.uid == 0)
		return err_set(
			err, EPERM,
			"is for users with a jail, as their login shell podctl-shell runs it");
	r = jail_load(s->ctx->caller.name, &s->jail, err);
	if (r < 0)
		return r;
	pw = getpwnam(s->jail.user);
	if (!pw || pw->pw_uid != s->ctx->caller.uid || s->jail.uid != s->ctx->caller.uid)
		return err_set(err, EPERM, "the jail of %s is of another user of that name",
			       s->jail.user);
	s->gid = pw->pw_gid;
	s->pod = jail_pod_name(s->jail.user);
	r = take_place(s, &place, err);
	if (r == 0 && cmd_connect(s->ctx, &s->engine) < 0)
		return err_set(err, EIO, "the engine is not there");
	if (r == 0)
		r = find(s, err);
	return r < 0 ? r : go_in(s, ret, err);
}

/* For the admin as well: sshd shows sftp's users nothing of it. */
static int fail(const struct cmd_context *ctx, const struct err *err)
{
	char shown[ERR_TEXT_MAX];

	openlog("podctl-enter", LOG_PID, LOG_AUTHPRIV);
	syslog(LOG_WARNING, "user %s: %s", ctx->caller.name ? ctx->caller.name : "unknown",
	       text_printable(shown, sizeof(shown), err->text));
	return cmd_fail(ctx, err);
}

static bool parse(int argc, char **argv, struct session *s)
{
	if (argc == 3 && streq(argv[1], "-c")) {
		s->command = argv[2];
		return true;
	}
	return argc == 1;
}

int main(int argc, char **argv)
{
	struct cmd_context ctx = {.ui.quiet = true};
	struct session s = {.ctx = &ctx};
	struct err err = {0};
	int status = CMD_FAILED;

	settle();
	caller_take_environment(&ctx.environment);
	if (!parse(argc, argv, &s))
		ui_error(&ctx.ui, "usage: podctl-enter [-c COMMAND]");
	else if (enter(&s, &status, &err) < 0)
		status = fail(&ctx, &err);
	engine_free(s.engine);
	jail_done(&s.jail);
	free(s.pod);
	free(s.container);
	caller_done(&ctx.caller);
	caller_environment_done(&ctx.environment);
	return status;
}

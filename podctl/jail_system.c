/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/jail_system.h"

#include "common/file.h"
#include "podctl/jail_file.h"
#include "podctl/run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define SSHD	"/usr/sbin/sshd"
#define SUDO	"/usr/bin/sudo"
#define VISUDO	"/usr/sbin/visudo"
#define USERMOD "/usr/sbin/usermod"

#define RELOAD_TRIES 500
#define RELOAD_MS    20
#define LOCK_TRIES   10
#define LOCK_MS	     500

/* ---- sudo ---- */

static bool sudo_allows(const char *user, const char *program)
{
	const char *const argv[] = {SUDO, "-n", "-l", "-U", user, "--", program, NULL};
	_cleanup_free_ char *output = NULL;
	struct err ignored;

	return run(argv, &output, &ignored) == 0;
}

static int write_sudoers(const struct jails *jails, const char *folder, const char *user,
			 struct err *err)
{
	static const char *const check[] = {VISUDO, "-cqf", NULL};
	_cleanup_free_ char *text = jail_sudoers_text(jails, folder),
			    *enter = xasprintf("%s/podctl-enter", folder);
	int r;

	if (text && access(VISUDO, X_OK) < 0)
		return err_set(err, ENOENT, "there is no sudo here: apt install sudo");
	r = jail_write(JAIL_SUDOERS_PATH, text, 0440, check, err);
	if (r < 0)
		return r;
	if (user && !sudo_allows(user, enter))
		return err_set(err, EPERM,
			       "sudo does not let %s run %s though " JAIL_SUDOERS_PATH
			       " says so: does /etc/sudoers have @includedir /etc/sudoers.d?",
			       user, enter);
	return 0;
}

/* ---- sshd ---- */

static bool have_sshd(void)
{
	return access(SSHD, X_OK) == 0;
}

/* What sshd means to do for a user; caller frees. */
static int ask_sshd(const char *user, char **ret, struct err *err)
{
	_cleanup_free_ char *who = xasprintf("user=%s,host=localhost,addr=127.0.0.1", user);
	const char *const argv[] = {SSHD, "-T", "-C", who, NULL};
	_cleanup_free_ char *output = NULL;
	int r = run(argv, &output, err);

	if (r < 0)
		return r;
	if (r != 0)
		return err_set(err, EINVAL, SSHD " -T fails: %.200s", output);
	*ret = take_ptr(output);
	return 0;
}

static bool is_sshd(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/exe", (int)pid);
	_cleanup_free_ char *exe = xcalloc(PATH_MAX, 1);

	/* an upgraded one is "/usr/sbin/sshd (deleted)" */
	return readlink(path, exe, PATH_MAX - 1) > 0 && startswith(exe, SSHD);
}

static bool file_changed(const char *path, const struct stat *before)
{
	struct stat st;

	return stat(path, &st) == 0 &&
	       (st.st_ino != before->st_ino || st.st_mtim.tv_sec != before->st_mtim.tv_sec ||
		st.st_mtim.tv_nsec != before->st_mtim.tv_nsec);
}

/*
 * The daemon reads its file again for connections to come. It writes its pid anew when it has, and
 * until then takes no notice of another such signal: so that is waited for. 0, or 1: it does not
 * run, or can't be found.
 */
static int reload_sshd(const char *printed, struct err *err)
{
	const char *line = strstr(printed, "\npidfile ");
	_cleanup_free_ char *path = NULL, *text = NULL;
	_cleanup_close_ int fd = -1;
	struct err ignored;
	struct stat before;
	size_t size;
	long pid;

	if (!line)
		return 1;
	line += strlen("\npidfile ");
	path = xstrndup(line, strcspn(line, "\n"));
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &before) < 0 ||
	    file_read_limited(fd, 64, &text, &size, &ignored) < 0)
		return 1;
	pid = strtol(text, NULL, 10);
	if (pid <= 1 || pid >= INT_MAX || !is_sshd((pid_t)pid) || kill((pid_t)pid, SIGHUP) < 0)
		return 1;
	for (int i = 0; i < RELOAD_TRIES; i++) {
		if (file_changed(path, &before))
			return 0;
		usleep(RELOAD_MS * 1000);
	}
	return err_set(
		err, ETIMEDOUT,
		"sshd, process %ld, has not read its configuration again: systemctl restart ssh",
		pid);
}

static int check_sshd(const char *user, const char *folder, struct err *err)
{
	_cleanup_free_ char *printed = NULL, *missing = NULL;
	int r = ask_sshd(user, &printed, err);

	if (r < 0)
		return r;
	missing = jail_sshd_missing(printed, folder);
	if (missing)
		return err_set(
			err, EPERM,
			"sshd means something else than \"%s\" for %s: /etc/ssh/sshd_config "
			"must begin with Include /etc/ssh/sshd_config.d/*.conf, and no Match "
			"before may say otherwise",
			missing, user);
	return 0;
}

static int write_sshd(const struct jails *jails, const char *folder, const char *user,
		      enum jail_sshd *ret, struct err *err)
{
	static const char *const check[] = {SSHD, "-tf", NULL}, *const whole[] = {SSHD, "-t", NULL};
	_cleanup_free_ char *text = jail_sshd_text(jails, folder), *printed = NULL;
	int r;

	if (!have_sshd()) {
		r = text ? 1 : jail_write(JAIL_SSHD_PATH, NULL, 0, NULL, err);
		*ret = JAIL_SSHD_NONE;
		return r < 0 ? r : 0;
	}
	/* as its own start script does: without, it refuses to check anything */
	if (mkdir("/run/sshd", 0755) < 0 && errno != EEXIST)
		return err_os(err, errno, "/run/sshd");
	r = run_well(whole, err);
	if (r < 0 && text)
		return err_wrap(err, "sshd's configuration is not valid as it is");
	if (text && mkdir("/etc/ssh/sshd_config.d", 0755) < 0 && errno != EEXIST)
		return err_os(err, errno, "/etc/ssh/sshd_config.d");
	r = jail_write(JAIL_SSHD_PATH, text, 0644, check, err);
	if (r < 0)
		return r;
	if (user) {
		r = check_sshd(user, folder, err);
		if (r < 0)
			return r;
	}
	r = ask_sshd("root", &printed, err);
	if (r < 0)
		return r;
	r = reload_sshd(printed, err);
	if (r < 0)
		return r;
	*ret = r == 0 ? JAIL_SSHD_RELOADED : JAIL_SSHD_NOT_RUNNING;
	return 0;
}

int jail_write_system(const struct jails *jails, const char *folder, const char *user,
		      enum jail_sshd *ret, struct err *err)
{
	int r = write_sudoers(jails, folder, user, err);

	return r < 0 ? r : write_sshd(jails, folder, user, ret, err);
}

/* ---- the user ---- */

int jail_set_shell(const char *user, const char *shell, struct err *err)
{
	const char *const argv[] = {USERMOD, "-s", shell, "--", user, NULL};
	const struct passwd *pw;
	int r = run_well(argv, err);

	/* somebody else may hold the lock of /etc/passwd, maybe one that was started by us before
	 */
	for (int i = 0; r == -EIO && strstr(err->text, "lock") && i < LOCK_TRIES; i++) {
		usleep(LOCK_MS * 1000);
		r = run_well(argv, err);
	}
	if (r < 0)
		return r;
	pw = getpwnam(user);
	/* an empty one is shown as what it stands for */
	if (!pw || (*shell && !streq(pw->pw_shell, shell)))
		return err_set(err, EIO,
			       "the login shell of %s is still %s: is the user in /etc/passwd?",
			       user, pw ? pw->pw_shell : "unknown");
	return 0;
}

char *jail_problem(const struct jail *j, const char *folder)
{
	_cleanup_free_ char *shell = xasprintf("%s/podctl-shell", folder),
			    *enter = xasprintf("%s/podctl-enter", folder);
	const struct passwd *pw = getpwnam(j->user);
	struct err err = {0};

	if (!pw)
		return xstrdup("there is no such user any more");
	if (pw->pw_uid != j->uid)
		return xasprintf("was made for uid %u", (unsigned)j->uid);
	if (!streq(pw->pw_shell, shell))
		return xasprintf("the login shell is %s", pw->pw_shell);
	if (jail_check_pod(j->user, &err) < 0)
		return xstrdup(err.text);
	if (!sudo_allows(j->user, enter))
		return xstrdup("sudo does not let the user in");
	if (have_sshd() && check_sshd(j->user, folder, &err) < 0)
		return xstrdup(err.text);
	return NULL;
}

/* Not in a container: that of the jail itself has the user's uid, too. */
static bool is_outside(int proc, const char *pid, const struct stat *own)
{
	_cleanup_free_ char *path = xasprintf("%s/ns/pid", pid);
	struct stat st;

	/* one that can't be looked at is told rather than left out, unless it is gone */
	if (fstatat(proc, path, &st, 0) < 0)
		return errno != ENOENT && errno != ESRCH;
	return st.st_dev == own->st_dev && st.st_ino == own->st_ino;
}

static unsigned count_processes(uid_t uid)
{
	DIR *d = opendir("/proc");
	const struct dirent *e;
	struct stat own;
	unsigned n = 0;

	if (d && fstatat(dirfd(d), "self/ns/pid", &own, 0) < 0)
		own = (struct stat){0};
	while (d && (e = readdir(d))) {
		struct stat st;

		if (e->d_name[strspn(e->d_name, "0123456789")] == '\0' &&
		    fstatat(dirfd(d), e->d_name, &st, 0) == 0 && st.st_uid == uid &&
		    is_outside(dirfd(d), e->d_name, &own))
			n++;
	}
	if (d)
		closedir(d);
	return n;
}

void jail_left_outside(const char *user, uid_t uid, const char *home, struct strv *ret)
{
	_cleanup_free_ char *cron = xasprintf("/var/spool/cron/crontabs/%s", user),
			    *linger = xasprintf("/var/lib/systemd/linger/%s", user),
			    *forward = xasprintf("%s/.forward", home);
	unsigned n = count_processes(uid);

	if (access(cron, F_OK) == 0)
		strv_take(ret, xasprintf("%s runs on the host: crontab -u %s -r", cron, user));
	if (access(linger, F_OK) == 0)
		strv_take(ret, xasprintf("services of the user run on the host: loginctl "
					 "disable-linger %s",
					 user));
	if (access(forward, F_OK) == 0)
		strv_take(ret, xasprintf("%s may run programs on the host for mail", forward));
	if (n > 0)
		strv_take(ret, xasprintf("%u process%s of the user run%s on the host and stay%s "
					 "there: loginctl terminate-user %s",
					 n, n == 1 ? "" : "es", n == 1 ? "s" : "",
					 n == 1 ? "s" : "", user));
}

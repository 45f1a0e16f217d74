/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The effective ids are changed for the time of one open and read and then changed back. That is
 * safe here because the process has one thread, real and saved uid stay root's (so the caller can
 * neither signal nor trace it), and a failure to change back ends the process.
 */
#include "podctl/caller.h"

#include "common/accounts.h"
#include "common/file.h"
#include "podctl/caller_decide.h"
#include "podctl/run.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static struct caller_process this_process(void)
{
	return (struct caller_process){
		.uid = getuid(),
		.euid = geteuid(),
		.gid = getgid(),
		.egid = getegid(),
		.secure = getauxval(AT_SECURE) != 0,
	};
}

int caller_init(const char *sudo_uid, const char *sudo_gid, struct caller *ret, struct err *err)
{
	const struct caller_process process = this_process();
	struct caller c = {0};
	const struct passwd *user;

	if (caller_decide(&process, sudo_uid, sudo_gid, &c, err) < 0)
		return -err->code;
	user = getpwuid(c.uid);
	c.home = user ? xstrdup(user->pw_dir) : NULL;
	c.name = user ? xstrdup(user->pw_name) : xasprintf("%u", (unsigned)c.uid);
	if (c.switches && user && groups_of_user(c.name, c.gid, &c.groups, err) < 0) {
		caller_done(&c);
		return -err->code;
	}
	*ret = c;
	return 0;
}

void caller_done(struct caller *c)
{
	group_list_done(&c->groups);
	free(c->name);
	free(c->home);
	*c = (struct caller){0};
}

/*
 * A change of the effective ids gives back what prctl took (to what fs.suid_dumpable says): nobody
 * may have a core of us, or look at us in /proc.
 */
static void stay_hidden(void)
{
	prctl(PR_SET_DUMPABLE, 0);
}

struct rights {
	gid_t *groups;
	int n_groups;
};

static int take_rights(const struct caller *c, struct rights *saved, struct err *err)
{
	saved->n_groups = getgroups(0, NULL);
	if (saved->n_groups < 0)
		return err_os(err, errno, "getgroups");
	saved->groups = xcalloc((size_t)saved->n_groups, sizeof(gid_t));
	saved->n_groups = getgroups(saved->n_groups, saved->groups);
	if (saved->n_groups < 0)
		return err_os(err, errno, "getgroups");
	/* the uid last: without it there is no right to change the others */
	if (setgroups(c->groups.n, c->groups.items) < 0 || setegid(c->gid) < 0 ||
	    seteuid(c->uid) < 0)
		return err_os(err, errno, "cannot take the rights of user %s", c->name);
	stay_hidden();
	return 0;
}

static void give_back(struct rights *saved)
{
	if (seteuid(0) < 0 || setegid(getgid()) < 0 ||
	    setgroups((size_t)(saved->n_groups > 0 ? saved->n_groups : 0), saved->groups) < 0)
		abort();
	stay_hidden();
	free(saved->groups);
}

/* Regular files of these are made by the kernel for whoever reads, and tell of our process. */
static bool is_kernel_file(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) < 0 || fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC;
}

static int check_own(const struct caller *c, int fd, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_os(err, errno, "fstat");
	return caller_check_own(c->uid, &st, err);
}

static int open_and_read(const struct caller *c, const char *path, bool own, char **ret,
			 size_t *ret_size, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_os(err, errno, "cannot open it");
	if (is_kernel_file(fd))
		return err_set(err, EINVAL, "is not a regular file");
	if (own && check_own(c, fd, err) < 0)
		return -err->code;
	return file_read_limited(fd, CALLER_FILE_MAX, ret, ret_size, err);
}

static int read_as_caller(const struct caller *c, const char *path, bool own, char **ret,
			  size_t *ret_size, struct err *err)
{
	struct rights saved = {0};
	char shown[256];
	int r = 0;

	if (c->switches) {
		r = take_rights(c, &saved, err);
		if (r == 0)
			r = open_and_read(c, path, own, ret, ret_size, err);
		give_back(&saved);
	} else {
		r = open_and_read(c, path, own, ret, ret_size, err);
	}
	return r < 0 ? err_wrap(err, "%s", text_printable(shown, sizeof(shown), path)) : 0;
}

int caller_read_file(const struct caller *c, const char *path, char **ret, size_t *ret_size,
		     struct err *err)
{
	return read_as_caller(c, path, false, ret, ret_size, err);
}

int caller_read_own_file(const struct caller *c, const char *name, char **ret, size_t *ret_size,
			 struct err *err)
{
	_cleanup_free_ char *path = NULL;

	if (!c->home || c->home[0] != '/')
		return err_set(err, ENOENT, "user %s has no home", c->name);
	path = xasprintf("%s/%s", c->home, name);
	return read_as_caller(c, path, true, ret, ret_size, err);
}

bool caller_is_admin(const struct caller *c)
{
	/*
	 * Whoever may run a shell, with whatever arguments, is root: as root, that is. Without -u
	 * sudo asks for whom runas_default names.
	 */
	const char *const argv[] = {"/usr/bin/sudo", "-n", "-l",      "-U", c->name, "-u",
				    "root",	     "--", "/bin/sh", NULL};
	_cleanup_free_ char *output = NULL;
	struct err ignored;

	return c->uid == 0 || (c->switches && run(argv, &output, &ignored) == 0);
}

int caller_check_owner(const struct caller *c, const struct settings *settings, const char *pod,
		       struct err *err)
{
	const struct settings_pod *p = settings_find_pod(settings, pod);
	enum caller_rule rule = caller_rule_of(c->uid, pod, p);
	struct accounts owners = {0};
	struct strv missing = {0};
	bool found;

	if (rule == CALLER_IF_ADMIN && !caller_is_admin(c))
		return err_set(err, EPERM, "pod %s is a user's jail, so it is root's alone", pod);
	if (rule != CALLER_IF_OWNER)
		return 0;
	accounts_resolve(&p->owners, &owners, &missing);
	found = accounts_has(&owners, c->uid);
	accounts_done(&owners);
	strv_done(&missing);
	if (!found)
		return err_set(err, EPERM, "pod %s: user %s is not one of its owners", pod,
			       c->name);
	return 0;
}

void caller_take_environment(struct caller_environment *ret)
{
	static const char *const believed[] = {"NETGUARD_CONFIG", "DOCKER_TLS_VERIFY",
					       "DOCKER_CERT_PATH"};
	char *values[ARRAY_SIZE(believed)] = {0};
	const char *no_color = getenv("NO_COLOR");
	const struct caller_between between = {getenv("SUDO_UID"), getenv("PKEXEC_UID"),
					       getenv("DOAS_USER")};
	const struct caller_process process = this_process();
	const char *term = getenv("TERM");
	struct caller_environment e = {
		.sudo_uid = xstrdup(caller_is_unknown(&between) ? "" : between.sudo_uid),
		.sudo_gid = xstrdup(getenv("SUDO_GID")),
		.no_color = no_color && *no_color,
		.term = xstrdup(caller_terminal_valid(term) ? term : NULL),
	};

	if (caller_is_believed(&process, &between)) {
		e.docker_host = xstrdup(getenv("DOCKER_HOST"));
		for (size_t i = 0; i < ARRAY_SIZE(believed); i++)
			values[i] = xstrdup(getenv(believed[i]));
	}
	if (e.docker_host && !*e.docker_host)
		freep(&e.docker_host);
	if (clearenv() != 0 || setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1) < 0)
		abort();
	for (size_t i = 0; i < ARRAY_SIZE(believed); i++) {
		if (values[i] && setenv(believed[i], values[i], 1) < 0)
			abort();
		free(values[i]);
	}
	*ret = e;
}

void caller_environment_done(struct caller_environment *e)
{
	free(e->sudo_uid);
	free(e->sudo_gid);
	free(e->docker_host);
	free(e->term);
	*e = (struct caller_environment){0};
}

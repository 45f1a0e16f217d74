/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/jail.h"

#include "podctl/shellwords.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#define VERSION_OF_RECORD 1

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS	"0123456789"

void jail_done(struct jail *j)
{
	free(j->user);
	free(j->shell);
	*j = (struct jail){0};
}

void jails_done(struct jails *j)
{
	for (size_t i = 0; i < j->n; i++)
		jail_done(&j->items[i]);
	free(j->items);
	*j = (struct jails){0};
}

bool jail_user_valid(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= JAIL_NAME_MAX && strspn(name, LETTERS DIGITS "_-") == n &&
	       name[0] != '-' && strspn(name, DIGITS) < n && !streq(name, "ALL");
}

char *jail_pod_name(const char *user)
{
	return xasprintf(JAIL_POD_PREFIX "%s", user);
}

char *jail_pod_path(const char *user)
{
	return xasprintf(JAIL_POD_FOLDER "/" JAIL_POD_PREFIX "%s.yml", user);
}

bool jail_is_pod(const char *pod)
{
	return startswith(pod, JAIL_POD_PREFIX);
}

/* ---- the record ---- */

char *jail_record_format(const struct jail *j)
{
	json_auto_t *json = json_pack("{s:i, s:s, s:I, s:s}", "version", VERSION_OF_RECORD, "user",
				      j->user, "uid", (json_int_t)j->uid, "shell", j->shell);

	return json ? json_dumps(json, JSON_INDENT(2)) : NULL;
}

/* What may stand in a line of /etc/passwd. */
static bool shell_valid(const char *shell, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)shell[i] < ' ' || shell[i] == ':' || shell[i] == 0x7f)
			return false;
	}
	return size <= JAIL_SHELL_MAX && (size == 0 || *shell == '/');
}

int jail_record_parse(const char *user, const char *text, size_t size, struct jail *ret,
		      struct err *err)
{
	json_error_t error;
	json_auto_t *json = size <= JAIL_RECORD_MAX
				    ? json_loadb(text, size, JSON_REJECT_DUPLICATES, &error)
				    : NULL;
	const char *name, *shell;
	size_t name_size, shell_size;
	json_int_t uid;
	int version;

	if (json_unpack_ex(json, &error, JSON_STRICT, "{s:i, s:s%, s:I, s:s%}", "version", &version,
			   "user", &name, &name_size, "uid", &uid, "shell", &shell,
			   &shell_size) < 0)
		return err_set(err, EINVAL, "is no record of a jail");
	if (version != VERSION_OF_RECORD || name_size != strlen(user) ||
	    memcmp(name, user, name_size) != 0 || uid <= 0 || uid >= UINT32_MAX ||
	    !shell_valid(shell, shell_size))
		return err_set(err, EINVAL, "is no record of this user's jail");
	*ret = (struct jail){
		.user = xstrdup(user), .uid = (uid_t)uid, .shell = xstrndup(shell, shell_size)};
	return 0;
}

/* ---- texts ---- */

bool jail_path_valid(const char *path)
{
	return *path == '/' && path[strspn(path, LETTERS DIGITS "/._+-")] == '\0';
}

static char *names(const struct jails *jails, const char *between)
{
	char *all = xstrdup("");

	for (size_t i = 0; i < jails->n; i++) {
		char *more = xasprintf("%s%s%s", all, i > 0 ? between : "", jails->items[i].user);

		free(all);
		all = more;
	}
	return all;
}

char *jail_sudoers_text(const struct jails *jails, const char *folder)
{
	char *all;

	if (jails->n == 0)
		return NULL;
	/* podctl-enter passes a terminal on itself, and would wait for a pseudo one between */
	all = xasprintf(
		"# Made by podctl jail; changes are lost. These users may run this one program, "
		"which\n"
		"# enters the caller's own jail and nothing else, whatever its arguments.\n"
		"Defaults!%s/podctl-enter env_reset, !setenv, !use_pty, !requiretty, closefrom=3\n",
		folder);
	/* by number: a name in capitals could be an alias of the admin's */
	for (size_t i = 0; i < jails->n; i++) {
		char *more =
			xasprintf("%s#%u ALL = (root) NOPASSWD: NOSETENV: %s/podctl-enter # %s\n",
				  all, (unsigned)jails->items[i].uid, folder, jails->items[i].user);

		free(all);
		all = more;
	}
	return all;
}

/* The last two end a session whose other end is gone without a word. */
static const char *const sshd_lines[][2] = {
	{"DisableForwarding", "yes"},
	{"AllowTcpForwarding", "no"},
	{"AllowStreamLocalForwarding", "no"},
	{"AllowAgentForwarding", "no"},
	{"X11Forwarding", "no"},
	{"PermitTunnel", "no"},
	{"GatewayPorts", "no"},
	{"PermitUserRC", "no"},
	{"PermitTTY", "yes"},
	{"ClientAliveInterval", "30"},
	{"ClientAliveCountMax", "3"},
};

char *jail_sshd_text(const struct jails *jails, const char *folder)
{
	_cleanup_free_ char *users = names(jails, ","), *lines = NULL;

	if (jails->n == 0)
		return NULL;
	/* what is forced comes before internal-sftp, which would serve the host's files */
	lines = xasprintf("\tForceCommand %s/podctl-shell\n", folder);
	for (size_t i = 0; i < ARRAY_SIZE(sshd_lines); i++) {
		char *more = xasprintf("%s\t%s %s\n", lines, sshd_lines[i][0], sshd_lines[i][1]);

		free(lines);
		lines = more;
	}
	return xasprintf(
		"# Made by podctl jail; changes are lost. What is forced is the shell that "
		"these users have\n"
		"# anyway; it knows the command that was asked for.\n"
		"Match User %s\n%sMatch all\n",
		users, lines);
}

/* Whether text has this line, not minding the case of what is no path. */
static bool has_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (;;) {
		if (strncasecmp(text, line, n) == 0 && (text[n] == '\n' || text[n] == '\0'))
			return true;
		text = strchr(text, '\n');
		if (!text)
			return false;
		text++;
	}
}

char *jail_sshd_missing(const char *printed, const char *folder)
{
	_cleanup_free_ char *forced = xasprintf("ForceCommand %s/podctl-shell", folder);

	if (!has_line(printed, forced))
		return take_ptr(forced);
	for (size_t i = 0; i < ARRAY_SIZE(sshd_lines); i++) {
		_cleanup_free_ char *line = xasprintf("%s %s", sshd_lines[i][0], sshd_lines[i][1]);

		if (!has_line(printed, line))
			return take_ptr(line);
	}
	return NULL;
}

char *jail_pod_text(const struct jail *j, gid_t gid, const char *image,
		    const struct settings_policy *policy)
{
	double cpus = policy->max_cpus > 0 && policy->max_cpus < 1 ? policy->max_cpus : 1;
	int64_t memory = INT64_C(1024) * 1024 * 1024, pids = 512;

	if (policy->max_memory > 0 && policy->max_memory < memory)
		memory = policy->max_memory;
	if (policy->max_pids > 0 && policy->max_pids < pids)
		pids = policy->max_pids;
	return xasprintf(
		"# What %s gets when logging in. podctl jail made this file once; it is yours to "
		"edit.\n"
		"# A change is in force after: podctl " JAIL_POD_FOLDER "/" JAIL_POD_PREFIX
		"%s.yml\n"
		"containers:\n"
		"  " JAIL_CONTAINER ":                  # logins come into this one\n"
		"    image: \"%s\"\n"
		"    update_image: false   # a login asks no registry\n"
		"    command: [tail, -f, /dev/null]\n"
		"    user: \"%u:%u\"\n"
		"    cap_drop: [ALL]\n"
		"    restart: unless-stopped\n"
		"    environment: { HOME: /home/%s, USER: %s, LOGNAME: %s }\n"
		"    mounts:               # below mount_root/" JAIL_POD_PREFIX "%s\n"
		"      - { source: home, target: /home/%s }\n"
		"      - { source: etc/passwd, target: /etc/passwd, readonly: true }\n"
		"      - { source: etc/group, target: /etc/group, readonly: true }\n"
		"    limits: { cpus: %g, memory: %lldM, pids: %lld }\n",
		j->user, j->user, image, (unsigned)j->uid, (unsigned)gid, j->user, j->user, j->user,
		j->user, j->user, cpus, (long long)(memory / 1024 / 1024), (long long)pids);
}

char *jail_passwd_text(const struct jail *j, gid_t gid)
{
	return xasprintf("root:x:0:0:root:/root:/bin/sh\n"
			 "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
			 "%s:x:%u:%u::/home/%s:/bin/sh\n",
			 j->user, (unsigned)j->uid, (unsigned)gid, j->user);
}

char *jail_group_text(const struct jail *j, gid_t gid)
{
	return xasprintf("root:x:0:\nnogroup:x:65534:\n%s:x:%u:\n", j->user, (unsigned)gid);
}

/* ---- what is asked for ---- */

bool jail_is_sftp(const char *command, struct strv *ret_options)
{
	struct strv words = {0};
	const char *name;
	bool is;

	if (strlen(command) > SHELLWORDS_MAX || shellwords_split(command, &words) || words.n == 0) {
		strv_done(&words);
		return false;
	}
	name = strrchr(words.items[0], '/');
	name = name ? name + 1 : words.items[0];
	is = streq(words.items[0], "internal-sftp") || streq(name, "sftp-server");
	for (size_t i = 1; is && i < words.n; i++)
		strv_add(ret_options, words.items[i]);
	strv_done(&words);
	return is;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The privileges of every container on the host, and what of them is more than it should be.
 *
 * Facts come from the engine (inspect) and, for what runs, from the kernel (/proc), which is the
 * truth where the two differ. Findings are decided from the facts alone. All but audit_look_at_*
 * is pure. Everything here may say what a hostile container wants: it is printed as such.
 */
#pragma once

#include "common/base.h"
#include "common/err.h"

#include <jansson.h>
#include <sys/types.h>

enum audit_level { AUDIT_INFO, AUDIT_LOW, AUDIT_MEDIUM, AUDIT_HIGH };
const char *audit_level_name(enum audit_level level); /* "high" */

struct audit_finding {
	enum audit_level level;
	const char *id;	    /* "privileged": for programs, does not change */
	char *reason;	    /* what it is, with what it was found on */
	const char *advice; /* what to change */
};

struct audit_findings {
	struct audit_finding *items;
	size_t n;
};
void audit_findings_done(struct audit_findings *f);
enum audit_level audit_findings_worst(const struct audit_findings *f);
/* The worst first; what came first stays before its equals. */
void audit_findings_sort(struct audit_findings *f);

struct audit_mount {
	char *type; /* "bind", "volume", "tmpfs" */
	char *name; /* a volume's */
	char *source, *target;
	bool writable;
	char *propagation;
	char *real;	  /* where links or a volume's options lead; NULL: source is what it says */
	char *filesystem; /* a volume that is one of its own, from real: its type; or NULL */
};

/* What the kernel says of a container's first process. */
struct audit_process {
	bool known;
	uid_t uid; /* as the host sees it: remapped */
	uint64_t caps_effective, caps_bounding;
	bool no_new_privileges;
	bool seccomp;	/* a filter is on */
	char *apparmor; /* "docker-default (enforce)", "unconfined"; NULL: no AppArmor */
	/* of all that runs in its cgroup, also what was started in it later */
	bool any_root;	     /* one that is root of the host, or could be again */
	uint64_t caps_any;   /* that any can have, in its user namespace or the host's */
	uint64_t groups_any; /* that any is in, by place in audit_groups */
	ino_t user_namespace;
};

/* Groups of this host that own what is root's. */
struct audit_group {
	gid_t gid;
	char *name;	  /* or the number */
	const char *owns; /* "the host's disks" */
};
#define AUDIT_GROUPS_MAX 64
struct audit_groups {
	struct audit_group items[AUDIT_GROUPS_MAX];
	size_t n;
};
void audit_groups_done(struct audit_groups *g);
/* Unless it is in it, or there is no room: those that matter most come first. */
void audit_groups_add(struct audit_groups *g, gid_t gid, const char *name, const char *owns);
/* Its bit, or 0. */
uint64_t audit_groups_bit(const struct audit_groups *g, uint64_t gid);

struct audit_container {
	char *id, *name, *image, *pod; /* pod: NULL unless podctl made it */
	char *state;
	pid_t pid;
	char *user;	  /* of the configuration, else the image's; "" is root */
	char *user_range; /* HostConfig.UsernsMode: "" or "host" */
	bool privileged, readonly_root;
	struct strv cap_add, cap_drop, security;
	struct strv group_add; /* names and numbers */
	char *runtime;	       /* "": the engine's default */
	char *network, *pid_mode, *ipc, *uts, *cgroup_ns;
	struct strv devices;	  /* paths and requests */
	struct strv device_rules; /* of the device cgroup */
	bool masked; /* paths of /proc and /sys are hidden, and not writable, as usual */
	struct audit_mount *mounts;
	size_t n_mounts;
	struct strv ports; /* "0.0.0.0:80->8080/tcp" */
	int64_t memory, pids, nano_cpus;
	struct audit_process process;
	struct audit_findings findings;
};

struct audit_containers {
	struct audit_container *items;
	size_t n;
};
void audit_container_done(struct audit_container *c);
void audit_containers_done(struct audit_containers *a);

/* From GET /containers/ID/json. -EPROTO names what is wrong; *ret untouched then. */
int audit_container_from_inspect(json_t *json, struct audit_container *ret, struct err *err);

/* Whether a user setting is root's: empty, "root", "0", with any group. */
bool audit_user_is_root(const char *user);

/*
 * Fills in c->process from /proc/PID, where that still is this container's process (its cgroup
 * names the container). Nothing where it is not.
 */
void audit_look_at_proc(struct audit_container *c);
/* Then, what else runs in them. -errno: could not be looked at. */
int audit_look_at_processes(struct audit_containers *all, const struct audit_groups *groups);
/* Adds the groups of this host that are known for what they own. -errno: not all could be. */
int audit_look_at_groups(struct audit_groups *ret, struct err *err);
/* Follows links of what is mounted from this host. socket: the engine's, or NULL. */
void audit_look_at_mounts(struct audit_containers *all, const char *socket);

/* From GET /volumes: what volumes with options really are. -EPROTO. */
int audit_volumes(struct audit_containers *all, json_t *json, struct err *err);
/* Namespaces "container:ID" become that container's own: "host", where it shares the host's. */
void audit_joined_namespaces(struct audit_containers *all);

/* What the engine's /info says that findings depend on. */
struct audit_engine {
	bool userns_remap, rootless, live_restore, seccomp, apparmor, selinux;
	bool no_new_privileges; /* unless a container says otherwise */
	char *seccomp_profile;	/* of the admin's own, or NULL */
	char *driver;		/* "overlay2", "vfs": how it keeps files */
	char *default_runtime;
	struct strv runtimes;		 /* those that are runc */
	struct strv authorization;	 /* plugins */
	struct strv warnings;		 /* the engine's own */
	struct strv insecure_registries; /* but loopback's */
	struct strv own_paths;		 /* its folder, and its socket */
	struct audit_groups groups;	 /* not of /info, but of this host */
};
int audit_engine_from_info(json_t *json, struct audit_engine *ret, struct err *err);
void audit_engine_done(struct audit_engine *e);

/* Adds to c->findings. */
void audit_container_findings(struct audit_container *c, const struct audit_engine *e);

/* How somebody who is not root reaches a socket. */
enum audit_way_kind {
	AUDIT_BY_GROUP,	 /* he is in a group that has it */
	AUDIT_BY_LIST,	 /* an access list names him, or a group */
	AUDIT_BY_OWNING, /* it is his */
	AUDIT_BY_FOLDER, /* he can put another in its place */
};

struct audit_way {
	enum audit_way_kind kind;
	char *user;  /* NULL: nobody is in the group now */
	char *group; /* or NULL */
	char *path;  /* of the socket or folder that lets him */
};

/* An engine's socket on this host. */
struct audit_socket {
	char *path;
	bool open;	   /* everybody may use it */
	char *open_folder; /* where everybody may put another in its place; or NULL */
	struct audit_way *ways;
	size_t n_ways;
};

/* An address at which a program that is an engine listens. */
struct audit_listener {
	char *program, *address; /* "dockerd", "127.0.0.1:2375" */
};

struct audit_access {
	struct audit_socket *sockets; /* the engine's own is the first */
	size_t n_sockets;
	struct audit_listener *listeners;
	size_t n_listeners;
};
void audit_access_done(struct audit_access *a);

/*
 * Who reaches this host's engines, beside root; and the groups that have their sockets, to groups.
 * socket: of the engine that was asked. all: what listens in these is not the host's. -errno:
 * something could not be looked at.
 */
int audit_look_at_access(const char *socket, const struct audit_containers *all,
			 struct audit_access *ret, struct audit_groups *groups, struct err *err);
/* Of these, what listens: adds paths of sockets, and listeners. */
int audit_look_at_listeners(const struct audit_containers *all, struct strv *sockets,
			    struct audit_access *ret, struct err *err);

/* Whether a socket of this path is an engine's, by its name. */
bool audit_is_engine_socket(const char *path);

/* Findings about the engine and between containers. all: with their process. */
void audit_engine_findings(const struct audit_engine *e, const struct audit_access *access,
			   const struct audit_containers *all, struct audit_findings *ret);
void audit_access_findings(const struct audit_access *access, struct audit_findings *ret);

/* "CHOWN SETUID" of a bit mask, in the kernel's order. Caller frees. */
char *audit_caps_text(uint64_t mask);

/* A source path that covers or lies in something of the host's own; NULL where it does not. */
const char *audit_path_reason(const char *source, const struct audit_engine *e);
/* Adds to c->findings what is wrong with its mounts. */
void audit_mount_findings(struct audit_container *c, const struct audit_engine *e);
/* ... with what confines it: seccomp, AppArmor, SELinux, no-new-privileges, the runtime. */
void audit_security_findings(struct audit_container *c, const struct audit_engine *e);
/* ... with the host's groups that it is in. */
void audit_group_findings(struct audit_container *c, const struct audit_engine *e);
/* Whether its numbers of users and groups are others on the host. */
bool audit_is_mapped(const struct audit_container *c, const struct audit_engine *e);
/* Whether something in it is root of the host, as far as is known. */
bool audit_runs_as_root(const struct audit_container *c);
void audit_add_finding(struct audit_findings *f, enum audit_level level, const char *id,
		       char *reason, const char *advice);

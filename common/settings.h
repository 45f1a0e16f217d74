/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The system configuration, /etc/netguard.yml: read by both programs.
 *
 * Decoding is pure (settings_parse); settings_load adds the file's checks. Names of users are kept
 * as written; accounts.h resolves them.
 */
#pragma once

#include "common/addr.h"
#include "common/base.h"
#include "common/err.h"
#include "common/problems.h"
#include "common/schema.h"
#include "common/settings_engine.h"

#define SETTINGS_PATH "/etc/netguard.yml"

/*
 * Ports of one entry, where the table has an element for each port (everywhere but
 * guard.host_ports and egress).
 */
#define SETTINGS_PORTS_MAX 1024

/* Host ports that a pod may publish. */
struct settings_grant {
	struct ports ports;
	char *pod;
	struct prefix *from; /* sources allowed, as written; none: any */
	size_t n_from;
	bool pod_users_only; /* host_users: pod */
	struct mark mark;
};

/* "20/second burst 10" */
struct settings_rate {
	uint64_t rate;	/* packets per unit; 0: no limit */
	uint64_t unit;	/* seconds: 1, 60, 3600, 86400 */
	uint32_t burst; /* packets; default 5 */
};

/* connect_to: pod -> ports; no ports given: any */
struct settings_link {
	char *pod;
	struct settings_ports ports;
	bool any;
	struct mark mark;
};

/* egress: "[2001:db8::/32]:25/tcp", "0.0.0.0/0:443/tcp"; as written, so they may overlap */
struct settings_egress {
	struct prefix to;
	struct ports ports;
};

struct settings_pod {
	struct schema_entry entry; /* key: the pod's name */
	struct strv owners;
	bool owners_given;
	struct strv users;     /* "bob", "@group" */
	struct strv hostnames; /* beside POD and POD-... */
	struct settings_ports host_ports;
	struct settings_rate host_rate;
	struct settings_link *connect_to;
	size_t n_connect_to;
	struct settings_ports direct_ports;
	struct settings_egress *egress;
	size_t n_egress;
	bool egress_given; /* absent: unrestricted; given and empty: none */
};

struct settings_guard {
	struct strv container_interfaces, exempt_interfaces; /* "docker0", "br-*" */
	struct strv allowed_users, allowed_groups;
	bool container_interfaces_given, allowed_users_given;
	struct settings_ports host_ports;
	struct settings_rate host_rate;
	bool pod_to_pod_allow;
	bool deny_host_users_with_drop;
	bool log_denied;
	bool required; /* podctl refuses without a guard */
	bool required_given;
};

struct settings_policy {
	struct strv capabilities;
	bool capabilities_given;
	bool require_user;
	bool allow_root_user;
	struct strv images;
	bool images_given;
	struct strv labels_reserved;
	int64_t max_memory; /* bytes; 0: no ceiling */
	int64_t max_pids;
	double max_cpus;
	bool unlimited;
};

/* What of a container's changes is expected: globs of paths (common/glob.h) by kind of change. */
enum settings_change { SETTINGS_CHANGED, SETTINGS_ADDED, SETTINGS_DELETED, SETTINGS_CHANGES };
struct settings_scan_files {
	char *container; /* glob of names */
	struct strv any; /* whatever the kind */
	struct strv kinds[SETTINGS_CHANGES];
};

/* A process that may, or must, run in a container. */
struct settings_scan_process {
	char *executable; /* glob of paths in the container */
	int64_t uid;	  /* in the container */
	bool required;
};

struct settings_scan_processes {
	char *container;	   /* glob of names */
	struct schema_array items; /* struct settings_scan_process */
};

struct settings_scan {
	struct settings_scan_files *files;
	size_t n_files;
	struct settings_scan_processes *processes;
	size_t n_processes;
};

/* Which file settings are of, and as of when. path NULL: of none, from a text. */
struct settings_origin {
	char *path;
	uint64_t device, inode;
	int64_t size, changed_s, changed_ns;
};

struct settings {
	struct settings_origin origin;
	char *text;	  /* as it was read: where a key stands is looked up in it */
	char *mount_root; /* NULL where absent */
	char *network_name;
	char *host_hostname;
	bool use_host_resolv_conf;
	struct settings_grant *port_whitelist; /* sorted by protocol and first port, no overlap */
	size_t n_port_whitelist;
	struct settings_guard guard;
	struct schema_array pods; /* struct settings_pod */
	bool other_guard;	  /* other_containers.guard */
	char *other_pod_label;	  /* NULL: none */
	struct settings_policy policy;
	struct settings_engine engine_policy;
	struct settings_scan scan;
};

/* The table of all keys. */
extern const struct schema settings_schema;

/*
 * Pure: text to settings, defaults filled in (host_hostname: hostname is used where absent).
 * 0 or -EINVAL with problems. *ret is set only on success; warnings may be added to problems.
 */
int settings_parse(const char *text, size_t size, const char *hostname, struct problems *problems,
		   struct settings **ret);

/*
 * Opens and reads path (NULL: $NETGUARD_CONFIG, else SETTINGS_PATH): a regular file owned by root
 * or the running user, not writable by group or others, at most 1 MiB. Where the file itself can't
 * be had: err and -errno, problems untouched. Where its contents are wrong: -EINVAL and problems.
 */
int settings_load(const char *path, struct problems *problems, struct settings **ret,
		  struct err *err);
const char *settings_path(void); /* what NULL stands for above */

/*
 * -ESTALE where the file that s was loaded from is not there or has changed since: who waits long
 * between reading and doing asks this before doing. 0 for settings from a text.
 */
int settings_check_current(const struct settings *s, struct err *err);

void settings_free(struct settings *s);
DEFINE_CLEANUP(struct settings, settings_free);

const struct settings_pod *settings_find_pod(const struct settings *s, const char *name);
size_t settings_n_pods(const struct settings *s);
const struct settings_pod *settings_pod_at(const struct settings *s, size_t i);

/*
 * The first name of a pod, wherever in the configuration it stands, that match takes; or NULL. Some
 * come more than once.
 */
typedef bool settings_match_fn(const char *pod, const void *userdata);
const char *settings_find_name(const struct settings *s, settings_match_fn *match,
			       const void *userdata);
/* Whether any of them is this one's: whether being it is worth something. */
bool settings_names_pod(const struct settings *s, const char *pod);
/* The pod that may have this host name, by its key hostnames; or NULL. */
const struct settings_pod *settings_find_hostname(const struct settings *s, const char *hostname);

/* The entry that covers this host port, or NULL. */
const struct settings_grant *settings_find_grant(const struct settings *s, uint8_t proto,
						 uint16_t port);

/* Rules for names and values, shared with podctl. */
bool pod_name_valid(const char *name); /* [A-Za-z0-9][A-Za-z0-9_-]*, at most 63 */
/*
 * The value of a number of a user or group, as the engine reads it: decimal, whatever zeroes stand
 * in front; -1 for anything else, which it looks up as a name in the image's /etc/passwd or
 * /etc/group. So is a number that does not fit into an int, and one above 2147483647 can be made 0
 * there.
 */
int64_t user_number(const char *s, size_t n);
/* The canonical name ("NET_RAW") of "net_raw", "CAP_NET_RAW"..., or NULL: not one of Linux's. */
const char *capability_name(const char *text);
/* "512M", "1.5g", "2Gb", "1024": bytes, units of 1024 (k M G T P). Positive, or false. */
bool size_parse(const char *text, int64_t *ret);

/* Interface patterns: "docker0", "br-*" (a trailing star only). */
bool ifname_pattern_valid(const char *pattern);
bool ifname_pattern_match(const char *pattern, const char *ifname);
bool settings_guards_interface(const struct settings *s, const char *ifname);

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HostConfig: what a container gets of the host. Pure.
 * Source: moby, api/types/container/hostconfig.go, 20.10 to 28.5.
 */
#include "netguard/authz_container.h"

#define NOT_ALLOWED "is not allowed"
#define HOSTS	    "a namespace of the host or of another container is not allowed"

static int check_capabilities(const struct authz_context *ctx, json_t *value)
{
	json_t *item;
	size_t i;

	if (json_is_string(value) && json_string_length(value) == 0)
		return 0;
	if (!json_is_array(value))
		return authz_deny(ctx, "HostConfig.CapAdd: not a list");
	json_array_foreach (value, i, item) {
		const char *text = json_string_value(item);
		const char *name = text ? capability_name(text) : NULL;

		if (!name || !strv_has(&ctx->rules->capabilities, name))
			return authz_deny(ctx, "the capability %s may not be added",
					  text ? text : "(no name)");
	}
	return 0;
}

static int check_ipc(const struct authz_context *ctx, json_t *value)
{
	const char *s = json_string_value(value);

	if (!s || (*s && !streq(s, "private") && !streq(s, "none") && !streq(s, "shareable")))
		return authz_deny(ctx, "HostConfig.IpcMode: " HOSTS);
	return 0;
}

static int check_cgroupns(const struct authz_context *ctx, json_t *value)
{
	const char *s = json_string_value(value);

	/* on cgroup v1 the engine's own default is the host's */
	if (!s || (*s && !streq(s, "private") && !(ctx->existing && streq(s, "host"))))
		return authz_deny(ctx, "HostConfig.CgroupnsMode: " HOSTS);
	return 0;
}

static int check_runtime(const struct authz_context *ctx, json_t *value)
{
	const char *s = json_string_value(value);

	if (s && ctx->existing && (streq(s, "runc") || streq(s, "io.containerd.runc.v2")))
		return 0; /* the engine's default */
	if (!s || (*s && !strv_has(&ctx->rules->runtimes, s)))
		return authz_deny(ctx, "the runtime %s is not allowed", s ? s : "(no name)");
	return 0;
}

static int check_isolation(const struct authz_context *ctx, json_t *value)
{
	const char *s = json_string_value(value);

	return s && (!*s || streq(s, "default"))
		       ? 0
		       : authz_deny(ctx, "HostConfig.Isolation: " NOT_ALLOWED);
}

static bool sets_no_new_privileges(const char *option)
{
	return streq(option, "no-new-privileges") || streq(option, "no-new-privileges:true") ||
	       streq(option, "no-new-privileges=true");
}

static int check_security(const struct authz_context *ctx, json_t *value)
{
	json_t *item;
	size_t i;

	if (!json_is_array(value))
		return authz_deny(ctx, "HostConfig.SecurityOpt: not a list");
	json_array_foreach (value, i, item) {
		const char *s = json_string_value(item);

		if (!s || !sets_no_new_privileges(s))
			return authz_deny(ctx, "the security option %s is not allowed",
					  s ? s : "(no text)");
	}
	return 0;
}

/* null: the engine's default; an empty list hides nothing. */
static int check_hidden(const struct authz_context *ctx, json_t *value, const char *key,
			const char *must)
{
	json_t *item;
	size_t i;

	if (ctx->existing) {
		json_array_foreach (value, i, item) {
			if (streq(json_string_value(item) ?: "", must))
				return 0;
		}
	}
	return authz_deny(ctx, "HostConfig.%s: what is hidden of the kernel stays so", key);
}

static int check_masked(const struct authz_context *ctx, json_t *value)
{
	return check_hidden(ctx, value, "MaskedPaths", "/proc/kcore");
}

static int check_readonly(const struct authz_context *ctx, json_t *value)
{
	return check_hidden(ctx, value, "ReadonlyPaths", "/proc/sys");
}

/*
 * A tag is a template of Go's, which the engine fills in by itself and with as much memory as that
 * takes: {{pad .ID 70368744177664 0}} ends it. So there are plain values only: {{.Name}}.
 */
static bool tag_is_plain(const char *tag)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	while ((tag = strstr(tag, "{{"))) {
		tag += 2 + strspn(tag + 2, " ");
		if (*tag != '.')
			return false;
		tag += 1 + strspn(tag + 1, letters);
		tag += strspn(tag, " ");
		if (!startswith(tag, "}}"))
			return false;
	}
	return true;
}

/*
 * To journald the engine, which is root, sends the values of labels and variables that these name
 * as fields of its own: OBJECT_SYSTEMD_UNIT=ssh.service, and `journalctl -u ssh` shows the line. A
 * tag is who wrote it, sshd. By themselves fields say the container's id, image and name.
 */
static bool names_fields(const char *option)
{
	return streq(option, "labels") || streq(option, "env") || streq(option, "tag");
}

/* Each line may have the engine rename them all, and nobody can stop the container meanwhile. */
#define LOG_FILES_MAX 100

static int check_log_option(const struct authz_context *ctx, const char *driver, const char *key,
			    const char *value)
{
	static const char *const keys[] = {"max-size", "max-file", "compress", "tag",
					   "labels",   "env",	   "mode"};
	bool known = false;
	uint64_t n;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		known |= streq(keys[i], key);
	if (!known)
		return authz_deny(ctx, "the log option %s is not allowed", key);
	/* what is not written yet is in the engine's memory: without end, for empty lines have no
	 * length */
	if (streq(key, "mode") && !streq(value, "blocking"))
		return authz_deny(ctx, "the log option mode: only blocking is allowed, or the "
				       "engine's memory would fill up");
	if (streq(key, "max-file") && !text_digits(value, strlen(value), LOG_FILES_MAX, &n))
		return authz_deny(ctx, "the log option max-file: at most %d files are allowed",
				  LOG_FILES_MAX);
	/* the engine's own driver, of which it is not known which that is, can be journald */
	if (names_fields(key) && (!*driver || streq(driver, "journald")))
		return authz_deny(ctx,
				  "the log option %s is allowed where the log driver json-file is "
				  "named: in the journal it could make a line look like another "
				  "service's",
				  key);
	if (streq(key, "tag") && !tag_is_plain(value))
		return authz_deny(ctx, "the log option tag: only values like {{.Name}} are "
				       "allowed in it");
	return 0;
}

/* Drivers that send elsewhere are the admin's to choose. */
static int check_log_config(const struct authz_context *ctx, json_t *value)
{
	static const char *const types[] = {"", "json-file", "local", "journald", "none"};
	static const struct authz_field fields[] = {
		{.key = "Type", .kind = AUTHZ_STRING},
		{.key = "Config", .kind = AUTHZ_TEXT_MAP},
		{0},
	};
	int r = authz_fields_check(ctx, value, "LogConfig", fields);
	const char *key, *driver;
	bool known = false;
	json_t *item;

	if (r != 0)
		return r;
	driver = authz_field_text(value, "Type");
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		known |= streq(types[i], driver);
	if (!known)
		return authz_deny(ctx, "the log driver %s is not allowed", driver);
	json_object_foreach (authz_field_get(value, "Config"), key, item) {
		r = check_log_option(ctx, driver, key, json_string_value(item));
		if (r != 0)
			return r;
	}
	return 0;
}

static int check_restart(const struct authz_context *ctx, json_t *value)
{
	static const struct authz_field fields[] = {
		{.key = "Name", .kind = AUTHZ_STRING},
		{.key = "MaximumRetryCount", .kind = AUTHZ_INT},
		{0},
	};

	return authz_fields_check(ctx, value, "RestartPolicy", fields);
}

static int check_ulimits(const struct authz_context *ctx, json_t *value)
{
	static const struct authz_field fields[] = {
		{.key = "Name", .kind = AUTHZ_STRING},
		{.key = "Hard", .kind = AUTHZ_INT},
		{.key = "Soft", .kind = AUTHZ_INT},
		{0},
	};
	json_t *item;
	size_t i;
	int r;

	if (!json_is_array(value))
		return authz_deny(ctx, "HostConfig.Ulimits: not a list");
	json_array_foreach (value, i, item) {
		r = authz_fields_check(ctx, item, "Ulimits", fields);
		if (r != 0)
			return r;
	}
	return 0;
}

#define EMPTY(name, reason)                                                                        \
	{                                                                                          \
		.key = name, .kind = AUTHZ_EMPTY, .why = reason                                    \
	}
#define OF(name, type)                                                                             \
	{                                                                                          \
		.key = name, .kind = AUTHZ_##type                                                  \
	}
#define CHECK(name, fn)                                                                            \
	{                                                                                          \
		.key = name, .kind = AUTHZ_CHECK, .check = fn                                      \
	}
#define ASKED(name, fn)                                                                            \
	{                                                                                          \
		.key = name, .kind = AUTHZ_CHECK, .check = fn, .asked_only = true                  \
	}

static const struct authz_field host_fields[] = {
	CHECK("Binds", authz_check_binds),
	OF("ContainerIDFile", STRING), /* the command line's own */
	ASKED("LogConfig", check_log_config),
	OF("NetworkMode", STRING), /* looked at below, also where it is not given */
	CHECK("PortBindings", authz_check_ports),
	CHECK("RestartPolicy", check_restart),
	OF("AutoRemove", BOOL),
	EMPTY("VolumeDriver", "other volume drivers are not allowed"),
	EMPTY("VolumesFrom", "the mounts of another container are not allowed"),
	CHECK("Mounts", authz_check_mounts),
	OF("ConsoleSize", ANY),
	EMPTY("Annotations", "annotations change what the runtime does"),
	CHECK("CapAdd", check_capabilities),
	OF("CapDrop", WORDS),
	CHECK("CgroupnsMode", check_cgroupns),
	OF("Dns", STRINGS),
	OF("DnsOptions", STRINGS),
	OF("DnsSearch", STRINGS),
	OF("ExtraHosts", STRINGS),
	OF("GroupAdd", STRINGS), /* as with a user's own group, the image could name any */
	CHECK("IpcMode", check_ipc),
	EMPTY("Cgroup", HOSTS),
	EMPTY("Links", "links are not allowed: use a network"),
	{.key = "OomScoreAdj", .kind = AUTHZ_INT, .min = 0, .max = 1000},
	EMPTY("PidMode", HOSTS),
	EMPTY("Privileged", "privileged containers are not allowed"),
	EMPTY("PublishAllPorts", "a published port must be named"),
	OF("ReadonlyRootfs", BOOL),
	CHECK("SecurityOpt", check_security),
	EMPTY("StorageOpt", NOT_ALLOWED),
	CHECK("Tmpfs", authz_check_tmpfs),
	EMPTY("UTSMode", HOSTS),
	EMPTY("UsernsMode", "a container outside of the engine's user namespace is not allowed"),
	OF("ShmSize", INT),
	EMPTY("Sysctls", "kernel parameters are not allowed"),
	CHECK("Runtime", check_runtime),
	CHECK("Isolation", check_isolation),
	OF("CpuShares", INT),
	OF("Memory", INT),
	OF("NanoCpus", INT),
	EMPTY("CgroupParent", "a cgroup of one's own choice is not allowed"),
	OF("BlkioWeight", INT),
	EMPTY("BlkioWeightDevice", NOT_ALLOWED),
	EMPTY("BlkioDeviceReadBps", NOT_ALLOWED),
	EMPTY("BlkioDeviceWriteBps", NOT_ALLOWED),
	EMPTY("BlkioDeviceReadIOps", NOT_ALLOWED),
	EMPTY("BlkioDeviceWriteIOps", NOT_ALLOWED),
	OF("CpuPeriod", INT),
	OF("CpuQuota", INT),
	EMPTY("CpuRealtimePeriod", NOT_ALLOWED),
	EMPTY("CpuRealtimeRuntime", NOT_ALLOWED),
	OF("CpusetCpus", STRING),
	OF("CpusetMems", STRING),
	EMPTY("Devices", "devices are not allowed"),
	EMPTY("DeviceCgroupRules", "devices are not allowed"),
	EMPTY("DeviceRequests", "devices are not allowed"),
	OF("KernelMemory", INT),
	OF("KernelMemoryTCP", INT),
	OF("MemoryReservation", INT),
	OF("MemorySwap", INT),
	OF("MemorySwappiness", INT),
	EMPTY("OomKillDisable", NOT_ALLOWED),
	OF("PidsLimit", INT),
	CHECK("Ulimits", check_ulimits),
	OF("CpuCount", INT),
	OF("CpuPercent", INT),
	OF("IOMaximumIOps", INT),
	OF("IOMaximumBandwidth", INT),
	CHECK("MaskedPaths", check_masked),
	CHECK("ReadonlyPaths", check_readonly),
	OF("Init", BOOL),
	{0},
};
_Static_assert(ARRAY_SIZE(host_fields) <= 128, "authz_fields_check counts so many");

int authz_check_resources(const struct authz_context *ctx, json_t *object)
{
	return authz_fields_check(ctx, object, "update", host_fields);
}

int authz_check_host_config(const struct authz_context *ctx, json_t *host)
{
	json_t *security = authz_field_get(host, "SecurityOpt");
	/* without one there are the engine's defaults */
	int r = host ? authz_fields_check(ctx, host, "HostConfig", host_fields) : 0;

	if (r == 0)
		r = authz_check_network_mode(ctx, authz_field_text(host, "NetworkMode"));
	if (r == 0 && !ctx->rules->allow_new_privileges && json_array_size(security) == 0)
		r = authz_deny(ctx, "a set-user-id program could make root of any user: add "
				    "--security-opt no-new-privileges");
	return r;
}

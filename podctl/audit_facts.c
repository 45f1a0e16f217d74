/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the engine's JSON to facts. A field of another type than the engine's API says is an error:
 * an audit that passes over what it does not understand would say that all is well.
 */
#include "podctl/audit.h"

#include "podctl/plan.h"

#include <errno.h>

#define NANOS 1000000000 /* of a CPU */

struct reader {
	struct err *err;
	int r; /* of the first failure */
};

static void wrong(struct reader *rd, const char *key)
{
	if (rd->r == 0)
		rd->r = err_set(rd->err, EPROTO, "the engine's reply: %s is of another type", key);
}

static char *text_of(struct reader *rd, json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (value && !json_is_null(value) && !json_is_string(value))
		wrong(rd, key);
	return xstrdup(json_is_string(value) ? json_string_value(value) : "");
}

static bool bool_of(struct reader *rd, json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (value && !json_is_null(value) && !json_is_boolean(value))
		wrong(rd, key);
	return json_is_true(value);
}

static int64_t int_of(struct reader *rd, json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (value && !json_is_null(value) && !json_is_integer(value))
		wrong(rd, key);
	return json_is_integer(value) ? json_integer_value(value) : 0;
}

static json_t *object_of(struct reader *rd, json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (value && !json_is_null(value) && !json_is_object(value))
		wrong(rd, key);
	return json_is_object(value) ? value : NULL;
}

static json_t *list_of(struct reader *rd, json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (value && !json_is_null(value) && !json_is_array(value))
		wrong(rd, key);
	return json_is_array(value) ? value : NULL;
}

static void strings_of(struct reader *rd, json_t *object, const char *key, struct strv *ret)
{
	json_t *list = list_of(rd, object, key), *value;
	size_t i;

	json_array_foreach (list, i, value) {
		if (!json_is_string(value))
			wrong(rd, key);
		else
			strv_add(ret, json_string_value(value));
	}
}

static void read_devices(struct reader *rd, json_t *host, struct strv *ret)
{
	json_t *list = list_of(rd, host, "Devices"), *value;
	size_t i;

	json_array_foreach (list, i, value) {
		_cleanup_free_ char *path = text_of(rd, value, "PathOnHost");

		strv_add(ret, path);
	}
	list = list_of(rd, host, "DeviceRequests");
	json_array_foreach (list, i, value) {
		_cleanup_free_ char *driver = text_of(rd, value, "Driver");
		_cleanup_free_ char *text = xasprintf("request:%s", *driver ? driver : "gpu");

		strv_add(ret, text);
	}
}

static void read_mounts(struct reader *rd, json_t *json, struct audit_container *c)
{
	json_t *list = list_of(rd, json, "Mounts"), *value;
	size_t i;

	json_array_foreach (list, i, value) {
		ARRAY_PUSH(c->mounts, c->n_mounts) = (struct audit_mount){
			.type = text_of(rd, value, "Type"),
			.name = text_of(rd, value, "Name"),
			.source = text_of(rd, value, "Source"),
			.target = text_of(rd, value, "Destination"),
			.writable = bool_of(rd, value, "RW"),
			.propagation = text_of(rd, value, "Propagation"),
		};
	}
}

static void read_ports(struct reader *rd, json_t *json, struct strv *ret)
{
	json_t *ports = object_of(rd, object_of(rd, json, "NetworkSettings"), "Ports"), *list;
	const char *port;

	json_object_foreach (ports, port, list) {
		json_t *binding;
		size_t i;

		json_array_foreach (list, i, binding) {
			_cleanup_free_ char *ip = text_of(rd, binding, "HostIp"),
					    *host = text_of(rd, binding, "HostPort");
			bool ip6 = strchr(ip, ':') != NULL;
			_cleanup_free_ char *text = xasprintf("%s%s%s:%s->%s", ip6 ? "[" : "", ip,
							      ip6 ? "]" : "", host, port);

			strv_add(ret, text);
		}
	}
}

/*
 * Whether both lists have what each engine has put into them since 20.10. Who can write to the
 * latter's paths is root of the host; the client has one option for both, others name what they
 * like.
 */
static bool are_masked(struct reader *rd, json_t *host)
{
	static const char *const hidden[] = {"/proc/acpi",	 "/proc/kcore",	      "/proc/keys",
					     "/proc/timer_list", "/proc/sched_debug", "/proc/scsi",
					     "/sys/firmware"};
	static const char *const fixed[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
					    "/proc/sysrq-trigger"};
	_cleanup_(strv_done)
	struct strv masked = {0}, readonly = {0};
	bool all = true;

	strings_of(rd, host, "MaskedPaths", &masked);
	strings_of(rd, host, "ReadonlyPaths", &readonly);
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		all &= strv_has(&masked, hidden[i]);
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		all &= strv_has(&readonly, fixed[i]);
	return all;
}

static void read_host_config(struct reader *rd, json_t *host, struct audit_container *c)
{
	int64_t period, quota;

	c->privileged = bool_of(rd, host, "Privileged");
	c->readonly_root = bool_of(rd, host, "ReadonlyRootfs");
	strings_of(rd, host, "CapAdd", &c->cap_add);
	strings_of(rd, host, "CapDrop", &c->cap_drop);
	strings_of(rd, host, "SecurityOpt", &c->security);
	strings_of(rd, host, "GroupAdd", &c->group_add);
	c->runtime = text_of(rd, host, "Runtime");
	strings_of(rd, host, "DeviceCgroupRules", &c->device_rules);
	read_devices(rd, host, &c->devices);
	c->network = text_of(rd, host, "NetworkMode");
	c->pid_mode = text_of(rd, host, "PidMode");
	c->ipc = text_of(rd, host, "IpcMode");
	c->uts = text_of(rd, host, "UTSMode");
	c->cgroup_ns = text_of(rd, host, "CgroupnsMode");
	c->user_range = text_of(rd, host, "UsernsMode");
	c->masked = are_masked(rd, host);
	c->memory = int_of(rd, host, "Memory");
	c->pids = int_of(rd, host, "PidsLimit");
	c->nano_cpus = int_of(rd, host, "NanoCpus");
	/* the older way to say the same */
	period = int_of(rd, host, "CpuPeriod");
	quota = int_of(rd, host, "CpuQuota");
	if (c->nano_cpus == 0 && period > 0 && quota > 0 && quota <= INT64_MAX / NANOS)
		c->nano_cpus = quota * NANOS / period;
}

/* The pod, where labels and name are such as podctl gives. */
static char *pod_of(struct reader *rd, json_t *labels, const char *name)
{
	_cleanup_free_ char *pod = text_of(rd, labels, POD_LABEL_POD),
			    *part = text_of(rd, labels, POD_LABEL_CONTAINER),
			    *hash = text_of(rd, labels, POD_LABEL_HASH);

	return plan_owner(name, pod, part, hash) ? take_ptr(pod) : NULL;
}

void audit_container_done(struct audit_container *c)
{
	free(c->id);
	free(c->name);
	free(c->image);
	free(c->pod);
	free(c->state);
	free(c->user);
	free(c->user_range);
	strv_done(&c->cap_add);
	strv_done(&c->cap_drop);
	strv_done(&c->security);
	strv_done(&c->group_add);
	free(c->runtime);
	strv_done(&c->devices);
	strv_done(&c->device_rules);
	strv_done(&c->ports);
	free(c->network);
	free(c->pid_mode);
	free(c->ipc);
	free(c->uts);
	free(c->cgroup_ns);
	for (size_t i = 0; i < c->n_mounts; i++) {
		free(c->mounts[i].type);
		free(c->mounts[i].name);
		free(c->mounts[i].real);
		free(c->mounts[i].filesystem);
		free(c->mounts[i].source);
		free(c->mounts[i].target);
		free(c->mounts[i].propagation);
	}
	free(c->mounts);
	free(c->process.apparmor);
	audit_findings_done(&c->findings);
}

void audit_containers_done(struct audit_containers *a)
{
	for (size_t i = 0; i < a->n; i++)
		audit_container_done(&a->items[i]);
	free(a->items);
	*a = (struct audit_containers){0};
}

int audit_container_from_inspect(json_t *json, struct audit_container *ret, struct err *err)
{
	struct reader rd = {.err = err};
	struct audit_container c = {0};
	json_t *config = object_of(&rd, json, "Config"), *host = object_of(&rd, json, "HostConfig"),
	       *state = object_of(&rd, json, "State");
	_cleanup_free_ char *name = text_of(&rd, json, "Name");
	int64_t pid = int_of(&rd, state, "Pid");

	if (!json_is_object(json) || !config || !host || !state)
		wrong(&rd, "what a container is");
	c.id = text_of(&rd, json, "Id");
	c.name = xstrdup(*name == '/' ? name + 1 : name);
	c.image = text_of(&rd, config, "Image");
	c.user = text_of(&rd, config, "User");
	c.pod = pod_of(&rd, object_of(&rd, config, "Labels"), c.name);
	c.state = text_of(&rd, state, "Status");
	c.pid = pid > 0 && pid < INT32_MAX ? (pid_t)pid : 0;
	read_host_config(&rd, host, &c);
	read_mounts(&rd, json, &c);
	read_ports(&rd, json, &c.ports);
	if (rd.r < 0) {
		err_wrap(err, "container %s", c.name);
		audit_container_done(&c);
		return rd.r;
	}
	*ret = c;
	return 0;
}

/* ---- between containers ---- */

static const struct audit_container *find_container(const struct audit_containers *all,
						    const char *id)
{
	for (size_t i = 0; i < all->n; i++) {
		if (*id && (streq(all->items[i].id, id) || streq(all->items[i].name, id)))
			return &all->items[i];
	}
	return NULL;
}

/* Each step is another container, unless they go round. */
static void follow(const struct audit_containers *all, struct audit_container *c, size_t field)
{
	char **own = (char **)((char *)c + field);
	const char *mode = *own, *id;

	for (size_t i = 0; i <= all->n && (id = startswith(mode, "container:")); i++) {
		const struct audit_container *other = find_container(all, id);

		if (!other)
			return;
		mode = *(char *const *)((const char *)other + field);
	}
	if (mode != *own && streq(mode, "host")) {
		free(*own);
		*own = xstrdup(mode);
	}
}

void audit_joined_namespaces(struct audit_containers *all)
{
	static const size_t fields[] = {offsetof(struct audit_container, network),
					offsetof(struct audit_container, pid_mode),
					offsetof(struct audit_container, ipc)};

	for (size_t i = 0; i < all->n; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(fields); k++)
			follow(all, &all->items[i], fields[k]);
	}
}

/* ---- of the engine ---- */

/* Also "localhost:5000"; not "localhost.example". */
static bool is_loopback(const char *registry)
{
	const char *rest = startswith(registry, "localhost");

	return startswith(registry, "127.") || (rest && (!*rest || *rest == ':')) ||
	       startswith(registry, "::1") || startswith(registry, "[::1]");
}

/* By address or network, and by name. */
static void read_registries(struct reader *rd, json_t *config, struct strv *ret)
{
	_cleanup_(strv_done)
	struct strv all = {0};
	const char *name;
	json_t *index;

	strings_of(rd, config, "InsecureRegistryCIDRs", &all);
	json_object_foreach (object_of(rd, config, "IndexConfigs"), name, index) {
		if (json_is_false(json_object_get(index, "Secure")))
			strv_add(&all, name);
	}
	for (size_t i = 0; i < all.n; i++) {
		if (!is_loopback(all.items[i]))
			strv_add(ret, all.items[i]);
	}
}

/* Under whatever name: the engine has runc under more than one itself. */
static void read_runtimes(struct reader *rd, json_t *json, struct audit_engine *e)
{
	_cleanup_free_ char *name = text_of(rd, json, "DefaultRuntime");
	const char *key;
	json_t *runtime;

	json_object_foreach (object_of(rd, json, "Runtimes"), key, runtime) {
		_cleanup_free_ char *path = text_of(rd, runtime, "path");

		if (streq(path, "runc"))
			strv_add(&e->runtimes, key);
	}
	if (*name)
		e->default_runtime = take_ptr(name);
}

/* "name=seccomp,profile=default" */
static void read_security(struct audit_engine *e, const char *option)
{
	const char *profile;

	e->userns_remap |= startswith(option, "name=userns") != NULL;
	e->rootless |= startswith(option, "name=rootless") != NULL;
	e->apparmor |= startswith(option, "name=apparmor") != NULL;
	e->selinux |= startswith(option, "name=selinux") != NULL;
	e->no_new_privileges |= startswith(option, "name=no-new-privileges") != NULL;
	if (!startswith(option, "name=seccomp"))
		return;
	profile = strstr(option, "profile=");
	profile = profile ? profile + strlen("profile=") : "default";
	if (streq(profile, "unconfined"))
		return;
	e->seccomp = true;
	if (!streq(profile, "default") && !streq(profile, "builtin") && !e->seccomp_profile)
		e->seccomp_profile = xstrdup(profile);
}

int audit_engine_from_info(json_t *json, struct audit_engine *ret, struct err *err)
{
	struct reader rd = {.err = err};
	struct audit_engine e = {0};
	_cleanup_(strv_done)
	struct strv options = {0};
	_cleanup_free_ char *folder = NULL, *driver = NULL;

	if (!json_is_object(json))
		wrong(&rd, "what the engine is");
	e.live_restore = bool_of(&rd, json, "LiveRestoreEnabled");
	strings_of(&rd, json, "Warnings", &e.warnings);
	strings_of(&rd, object_of(&rd, json, "Plugins"), "Authorization", &e.authorization);
	strings_of(&rd, json, "SecurityOptions", &options);
	for (size_t i = 0; i < options.n; i++)
		read_security(&e, options.items[i]);
	read_runtimes(&rd, json, &e);
	driver = text_of(&rd, json, "Driver");
	if (*driver)
		e.driver = take_ptr(driver);
	read_registries(&rd, object_of(&rd, json, "RegistryConfig"), &e.insecure_registries);
	folder = text_of(&rd, json, "DockerRootDir");
	if (*folder == '/')
		strv_add(&e.own_paths, folder);
	if (rd.r < 0) {
		audit_engine_done(&e);
		return rd.r;
	}
	*ret = e;
	return 0;
}

void audit_engine_done(struct audit_engine *e)
{
	strv_done(&e->authorization);
	strv_done(&e->warnings);
	strv_done(&e->insecure_registries);
	strv_done(&e->own_paths);
	strv_done(&e->runtimes);
	free(e->seccomp_profile);
	free(e->driver);
	free(e->default_runtime);
	audit_groups_done(&e->groups);
}

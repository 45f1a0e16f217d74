/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A container as a scan wants it, and its processes beside those that are expected. Pure. */
#include "podctl/scan.h"

#include "common/glob.h"

#include <errno.h>

/* where the engine mounts its own init, for containers with Init */
#define ENGINE_INIT "/sbin/docker-init"

static void processes_done(struct scan_target *t)
{
	for (size_t i = 0; i < t->n_processes; i++)
		free(t->processes[i].executable);
	free(t->processes);
}

void scan_targets_done(struct scan_targets *targets)
{
	for (size_t i = 0; i < targets->n; i++) {
		struct scan_target *t = &targets->items[i];

		free(t->id);
		free(t->name);
		free(t->pod);
		free(t->upper);
		free(t->lower);
		strv_done(&t->engine_paths);
		processes_done(t);
		for (size_t k = 0; k < t->n_findings; k++)
			free(t->findings[k].what);
		free(t->findings);
	}
	free(targets->items);
	*targets = (struct scan_targets){0};
}

static int add_mounts(struct scan_target *t, json_t *mounts, struct err *err)
{
	json_t *mount;
	size_t i;

	if (mounts && !json_is_null(mounts) && !json_is_array(mounts))
		return err_set(err, EPROTO, "the engine's reply: Mounts is no list");
	json_array_foreach (mounts, i, mount) {
		const char *to = json_string_value(json_object_get(mount, "Destination"));

		if (!to)
			return err_set(err, EPROTO, "the engine's reply: a mount goes nowhere");
		strv_add(&t->engine_paths, to);
	}
	return 0;
}

static void read_layers(struct scan_target *t, json_t *driver)
{
	const char *name = json_string_value(json_object_get(driver, "Name"));
	json_t *data = json_object_get(driver, "Data");

	if (!name || !streq(name, "overlay2"))
		return;
	t->upper = xstrdup(json_string_value(json_object_get(data, "UpperDir")));
	t->lower = xstrdup(json_string_value(json_object_get(data, "LowerDir")));
}

int scan_target_inspect(struct scan_target *t, json_t *json, struct err *err)
{
	json_t *host = json_object_get(json, "HostConfig"), *state = json_object_get(json, "State");
	json_t *pid = json_object_get(state, "Pid"), *tmpfs = json_object_get(host, "Tmpfs"),
	       *value;
	json_int_t number = json_integer_value(pid);
	const char *path;

	if (!json_is_object(host) || !json_is_integer(pid) || number < 0 || number > INT32_MAX)
		return err_set(err, EPROTO, "the engine's reply is not one about a container");
	t->pid = (pid_t)number;
	read_layers(t, json_object_get(json, "GraphDriver"));
	json_object_foreach (tmpfs, path, value)
		strv_add(&t->engine_paths, path);
	if (json_is_true(json_object_get(host, "Init")))
		strv_add(&t->engine_paths, ENGINE_INIT);
	return add_mounts(t, json_object_get(json, "Mounts"), err);
}

void scan_expects_processes(struct scan_target *t, const struct settings_scan *scan)
{
	for (size_t i = 0; i < scan->n_processes && !t->watched; i++)
		t->watched = glob_match(scan->processes[i].container, t->name);
}

static bool is_meant(const struct settings_scan_process *wanted, const struct scan_process *p)
{
	return p->uid == (uint64_t)wanted->uid && glob_match(wanted->executable, p->executable);
}

static bool any_is_meant(const struct settings_scan_processes *entry, const struct scan_process *p)
{
	const struct settings_scan_process *wanted = entry->items.items;

	for (size_t i = 0; i < entry->items.n; i++) {
		if (is_meant(&wanted[i], p))
			return true;
	}
	return false;
}

static bool is_running(const struct scan_target *t, const struct settings_scan_process *wanted)
{
	for (size_t i = 0; i < t->n_processes; i++) {
		if (is_meant(wanted, &t->processes[i]))
			return true;
	}
	return false;
}

static void add_process(struct scan_target *t, enum scan_kind kind, const char *executable,
			uint64_t uid)
{
	_cleanup_free_ char *text = xasprintf("%s uid %llu", executable, (unsigned long long)uid);

	scan_add_finding(t, kind, text);
}

static void find_missing(struct scan_target *t, const struct settings_scan_processes *entry)
{
	const struct settings_scan_process *wanted = entry->items.items;

	for (size_t i = 0; i < entry->items.n; i++) {
		if (wanted[i].required && !is_running(t, &wanted[i]))
			add_process(t, SCAN_MISSING, wanted[i].executable, (uint64_t)wanted[i].uid);
	}
}

void scan_compare_processes(struct scan_target *t, const struct settings_scan *scan)
{
	for (size_t i = 0; i < t->n_processes; i++) {
		const struct scan_process *p = &t->processes[i];
		bool expected = false;

		for (size_t k = 0; k < scan->n_processes && !expected; k++)
			expected = glob_match(scan->processes[k].container, t->name) &&
				   any_is_meant(&scan->processes[k], p);
		if (!expected)
			add_process(t, SCAN_PROCESS, p->executable, p->uid);
	}
	for (size_t k = 0; k < scan->n_processes; k++) {
		if (glob_match(scan->processes[k].container, t->name))
			find_missing(t, &scan->processes[k]);
	}
}

void scan_missing_containers(struct scan_targets *all, const struct settings_scan *scan)
{
	size_t n = all->n;

	for (size_t k = 0; k < scan->n_processes; k++) {
		const struct settings_scan_processes *entry = &scan->processes[k];
		struct scan_target none = {0};
		bool found = false;

		for (size_t i = 0; i < n && !found; i++)
			found = glob_match(entry->container, all->items[i].name);
		if (found)
			continue;
		find_missing(&none, entry);
		if (none.n_findings == 0)
			continue;
		none.id = xstrdup("");
		none.pod = xstrdup("");
		none.name = xstrdup(entry->container);
		ARRAY_PUSH(all->items, all->n) = none;
	}
}

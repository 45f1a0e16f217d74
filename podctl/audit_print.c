/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/audit_print.h"

#include "common/json_build.h"
#include "common/json_show.h"
#include "podctl/table.h"

#include <stdio.h>

static enum ui_color level_color(enum audit_level level)
{
	static const enum ui_color colors[] = {UI_DIM, UI_PLAIN, UI_YELLOW, UI_RED};

	return colors[level];
}

/* "name (uid 1000)", as far as either is known. Caller frees. */
static char *user_text(const struct audit_container *c)
{
	const char *name = *c->user ? c->user : "root";
	size_t n = strcspn(name, ":");

	if (!c->process.known ||
	    (strspn(name, "0123456789") == n && strtoul(name, NULL, 10) == c->process.uid))
		return xasprintf("%.*s", (int)n, name);
	return xasprintf("%.*s=%u", (int)n, name, (unsigned)c->process.uid);
}

static void add_word(char **text, const char *word)
{
	char *both = xasprintf("%s%s%s", *text, **text ? " " : "", word);

	free(*text);
	*text = both;
}

/* Namespaces shared with the host. Caller frees. */
static char *host_text(const struct audit_container *c)
{
	char *text = xstrdup("");

	if (c->privileged)
		add_word(&text, "PRIVILEGED");
	if (streq(c->network, "host"))
		add_word(&text, "net");
	if (streq(c->pid_mode, "host"))
		add_word(&text, "pid");
	if (streq(c->ipc, "host"))
		add_word(&text, "ipc");
	if (streq(c->uts, "host"))
		add_word(&text, "uts");
	if (streq(c->user_range, "host"))
		add_word(&text, "user");
	for (size_t i = 0; i < c->devices.n; i++)
		add_word(&text, c->devices.items[i]);
	if (!*text)
		add_word(&text, "-");
	return text;
}

static char *security_text(const struct audit_container *c)
{
	char *text = xstrdup("");

	if (!c->process.known) {
		for (size_t i = 0; i < c->security.n; i++)
			add_word(&text, c->security.items[i]);
	} else {
		if (c->process.no_new_privileges)
			add_word(&text, "nnp");
		if (c->process.seccomp)
			add_word(&text, "seccomp");
		if (c->process.apparmor && !startswith(c->process.apparmor, "unconfined"))
			add_word(&text, "apparmor");
	}
	if (c->readonly_root)
		add_word(&text, "ro");
	if (!*text)
		add_word(&text, "-");
	return text;
}

static char *caps_text(const struct audit_container *c)
{
	unsigned n = 0;

	for (uint64_t m = c->process.caps_bounding; m; m &= m - 1)
		n++;
	if (c->process.known)
		return xasprintf("%u", n);
	return xasprintf("+%zu -%zu", c->cap_add.n, c->cap_drop.n);
}

static char *mounts_text(const struct audit_container *c)
{
	size_t writable = 0;

	for (size_t i = 0; i < c->n_mounts; i++)
		writable += c->mounts[i].writable;
	return c->n_mounts ? xasprintf("%zu/%zu rw", writable, c->n_mounts) : xstrdup("-");
}

static void print_rows(const struct audit_containers *all, const struct ui *ui)
{
	static const char *const titles[] = {"LEVEL", "CONTAINER", "POD",    "USER", "CAPS",
					     "HOST",  "SECURITY",  "MOUNTS", "PORTS"};
	struct table t = {0};

	table_add(&t, ARRAY_SIZE(titles), titles, UI_BOLD);
	for (size_t i = 0; i < all->n; i++) {
		const struct audit_container *c = &all->items[i];
		enum audit_level level = audit_findings_worst(&c->findings);
		_cleanup_free_ char *user = user_text(c), *host = host_text(c),
				    *security = security_text(c), *caps = caps_text(c),
				    *mounts = mounts_text(c), *ports = xstrdup("");
		const char *cells[ARRAY_SIZE(titles)];

		for (size_t j = 0; j < c->ports.n; j++)
			add_word(&ports, c->ports.items[j]);
		cells[0] = audit_level_name(level);
		cells[1] = c->name;
		cells[2] = c->pod ? c->pod : "-";
		cells[3] = user;
		cells[4] = caps;
		cells[5] = host;
		cells[6] = security;
		cells[7] = mounts;
		cells[8] = ports;
		table_add(&t, ARRAY_SIZE(cells), cells, level_color(level));
	}
	table_print(&t, ui, 0);
	table_done(&t);
}

struct line {
	const char *subject;
	const struct audit_finding *finding;
};

static int compare_lines(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->finding->level != y->finding->level)
		return x->finding->level < y->finding->level ? 1 : -1;
	if (!streq(x->subject, y->subject))
		return strcmp(x->subject, y->subject);
	return x->finding < y->finding ? -1 : x->finding > y->finding;
}

static void print_findings(const struct audit_containers *all, const struct audit_findings *engine,
			   const struct ui *ui)
{
	_cleanup_free_ struct line *lines = NULL;
	size_t n = 0;

	for (size_t i = 0; i < engine->n; i++)
		ARRAY_PUSH(lines, n) = (struct line){"engine", &engine->items[i]};
	for (size_t i = 0; i < all->n; i++) {
		const struct audit_findings *f = &all->items[i].findings;

		for (size_t j = 0; j < f->n; j++)
			ARRAY_PUSH(lines, n) = (struct line){all->items[i].name, &f->items[j]};
	}
	if (n > 0)
		qsort(lines, n, sizeof(*lines), compare_lines);
	for (size_t i = 0; i < n; i++) {
		const struct audit_finding *f = lines[i].finding;
		_cleanup_free_ char *text = xasprintf("%s: %s", lines[i].subject, f->reason),
				    *shown = xmalloc(strlen(text) + 1);

		printf("%s%-6s%s  %s\n        %s%s%s\n", ui_on(ui, level_color(f->level)),
		       audit_level_name(f->level), ui_off(ui),
		       text_printable(shown, strlen(text) + 1, text), ui_on(ui, UI_DIM), f->advice,
		       ui_off(ui));
	}
}

void audit_print(const struct audit_containers *all, const struct audit_findings *engine,
		 const struct ui *ui)
{
	print_rows(all, ui);
	printf("\n");
	print_findings(all, engine, ui);
}

/* ---- for programs ---- */

static json_t *strings_json(const struct strv *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->n; i++)
		json_push(list, json_string(v->items[i]));
	return list;
}

static json_t *findings_json(const struct audit_findings *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->n; i++)
		json_push(list, json_pack("{s:s, s:s, s:o, s:s}", "level",
					  audit_level_name(f->items[i].level), "id", f->items[i].id,
					  "reason", json_text(f->items[i].reason), "advice",
					  f->items[i].advice));
	return list;
}

static json_t *groups_json(const struct audit_process *p, const struct audit_groups *g)
{
	json_t *list = json_array();

	for (size_t i = 0; i < g->n; i++) {
		if (p->groups_any & (uint64_t)1 << i)
			json_push(list, json_text(g->items[i].name));
	}
	return list;
}

static json_t *process_json(const struct audit_process *p, const struct audit_groups *g)
{
	_cleanup_free_ char *effective = audit_caps_text(p->caps_effective),
			    *bounding = audit_caps_text(p->caps_bounding);

	if (!p->known)
		return json_null();
	return json_pack("{s:I, s:s, s:s, s:b, s:b, s:s?, s:o}", "uid", (json_int_t)p->uid,
			 "capabilities_effective", effective, "capabilities_bounding", bounding,
			 "no_new_privileges", (int)p->no_new_privileges, "seccomp", (int)p->seccomp,
			 "apparmor", p->apparmor, "host_groups", groups_json(p, g));
}

static json_t *container_json(const struct audit_container *c, const struct audit_groups *g)
{
	json_t *mounts = json_array();

	for (size_t i = 0; i < c->n_mounts; i++) {
		const struct audit_mount *m = &c->mounts[i];

		json_push(mounts, json_pack("{s:s, s:s, s:s, s:b, s:s}", "type", m->type, "source",
					    m->source, "target", m->target, "writable",
					    (int)m->writable, "propagation", m->propagation));
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s, s:b, s:b, s:o, s:o, s:o, s:o, s:o, "
			 "s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:{s:I, s:I, s:I}, "
			 "s:o, s:s, s:o}",
			 "name", c->name, "id", c->id, "image", c->image, "state", c->state, "pod",
			 c->pod, "user", c->user, "privileged", (int)c->privileged, "readonly",
			 (int)c->readonly_root, "cap_add", strings_json(&c->cap_add), "cap_drop",
			 strings_json(&c->cap_drop), "security", strings_json(&c->security),
			 "devices", strings_json(&c->devices), "device_rules",
			 strings_json(&c->device_rules), "network", c->network, "pid", c->pid_mode,
			 "ipc", c->ipc, "uts", c->uts, "cgroupns", c->cgroup_ns, "userns",
			 c->user_range, "mounts", mounts, "ports", strings_json(&c->ports),
			 "group_add", strings_json(&c->group_add), "runtime", c->runtime, "limits",
			 "memory", (json_int_t)c->memory, "pids", (json_int_t)c->pids, "nano_cpus",
			 (json_int_t)c->nano_cpus, "process", process_json(&c->process, g), "level",
			 audit_level_name(audit_findings_worst(&c->findings)), "findings",
			 findings_json(&c->findings));
}

void audit_print_json(const struct audit_containers *all, const struct audit_findings *engine,
		      const struct audit_groups *groups, bool whole, json_t *failures)
{
	json_t *list = json_array();
	json_auto_t *top = NULL;

	for (size_t i = 0; i < all->n; i++)
		json_push(list, container_json(&all->items[i], groups));
	top = json_pack("{s:b, s:o, s:{s:o}, s:O}", "whole", (int)whole, "containers", list,
			"engine", "findings", findings_json(engine), "failures", failures);
	json_show(top);
}

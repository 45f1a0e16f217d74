/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * podctl status [NAME|FILE]: containers, state, health, addresses, ports, guard. Without an
 * argument all pods, as far as the caller is one of their owners.
 */
#include "common/guard_client.h"
#include "common/json_show.h"
#include "podctl/cmd.h"
#include "podctl/inspect.h"
#include "podctl/live.h"
#include "podctl/look.h"
#include "podctl/table.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define GUARD_ANSWER_MS 200
#define PATIENCE_MS	10000 /* somebody waits, and most of it the list has told already */

struct row {
	struct engine_container c;
	const char *pod, *part;
	bool root;
	/* what only an inspection tells */
	json_int_t restarts;
	char *started_at, *error;
	bool out_of_memory;
	struct err err; /* code 0: none */
};

struct rows {
	struct row *items;
	size_t n;
};

static void rows_done(struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		engine_container_done(&rows->items[i].c);
		free(rows->items[i].started_at);
		free(rows->items[i].error);
	}
	free(rows->items);
}

static bool is_ours(const struct engine_container *c, const char *pod)
{
	const char *owner = look_owner(c);

	return owner && (!pod || streq(owner, pod));
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int r = strcmp(x->pod, y->pod);

	if (r == 0)
		r = (int)y->root - (int)x->root;
	return r ? r : strcmp(x->c.name, y->c.name);
}

/* Whose containers are shown to whom. */
struct collecting {
	const struct cmd_context *ctx;
	const struct settings *settings;
	const char *pod; /* NULL: all */
	struct rows *rows;
};

static int add_container(void *userdata, struct engine_container *c, struct err *err _unused_)
{
	const struct collecting *to = userdata;
	struct row row = {0};
	struct err ignored;

	if (!is_ours(c, to->pod) ||
	    caller_check_owner(&to->ctx->caller, to->settings,
			       engine_container_label(c, POD_LABEL_POD), &ignored) < 0)
		return 0;
	row.c = *c;
	*c = (struct engine_container){0};
	row.pod = engine_container_label(&row.c, POD_LABEL_POD);
	row.part = engine_container_label(&row.c, POD_LABEL_CONTAINER);
	row.root = !engine_container_label(&row.c, POD_LABEL_ROOT);
	ARRAY_PUSH(to->rows->items, to->rows->n) = row;
	return 0;
}

static int collect(struct cmd_context *ctx, const struct settings *settings, json_t *list,
		   const char *pod, struct rows *ret, struct err *err)
{
	struct collecting to = {ctx, settings, pod, ret};
	int r = engine_containers_each(list, add_container, &to, err);

	if (r < 0)
		return r;
	if (ret->n > 0)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare_rows);
	return 0;
}

static void inspected(void *userdata, const struct engine_reply *reply)
{
	json_t *state = json_object_get(reply->json, "State");
	const char *started = json_string_value(json_object_get(state, "StartedAt"));
	const char *error = json_string_value(json_object_get(state, "Error"));
	struct row *row = userdata;
	struct err err = {0};
	int r = engine_reply_check(reply, &err);

	/* as the list had it; so is one that goes just now */
	if (r < 0 && r != -ENOENT)
		row->err = err;
	if (r < 0)
		return;
	row->restarts = json_integer_value(json_object_get(reply->json, "RestartCount"));
	row->c.exit_code = (int)json_integer_value(json_object_get(state, "ExitCode"));
	row->out_of_memory = json_is_true(json_object_get(state, "OOMKilled"));
	row->started_at = started && !startswith(started, "0001-") ? xstrdup(started) : NULL;
	row->error = error && *error ? xstrdup(error) : NULL;
}

static void inspect_all(struct engine *e, struct rows *rows)
{
	_cleanup_free_ struct inspect_item *items = xcalloc(rows->n + 1, sizeof(*items));

	for (size_t i = 0; i < rows->n; i++)
		items[i] = (struct inspect_item){rows->items[i].c.id, inspected, &rows->items[i]};
	inspect_containers(e, items, rows->n, PATIENCE_MS);
}

/* What the engine said nothing more of than its list did. */
static int say_failures(const struct cmd_context *ctx, const struct rows *rows)
{
	int r = 0;

	for (size_t i = 0; i < rows->n; i++) {
		struct err err = rows->items[i].err;

		if (!err.code)
			continue;
		r = err_wrap(&err, "container %s could not be inspected", rows->items[i].c.name);
		cmd_fail(ctx, &err);
	}
	return r;
}

/* What the guard says of a root container. */
static const char *guard_state(const struct row *row)
{
	struct err err;

	if (!row->root)
		return "";
	if (!guard_client_running())
		return "no guard";
	if (!row->c.running && !streq(row->c.state, "running"))
		return "-";
	return guard_client_wait(row->c.id, GUARD_ANSWER_MS, &err) == 0 ? "guarded" : "NOT GUARDED";
}

static char *join(char *text, const char *more)
{
	char *both = xasprintf("%s%s%s", text, *text && *more ? " " : "", more);

	free(text);
	return both;
}

static char *addresses(const struct row *row)
{
	char *text = xstrdup("");

	for (size_t i = 0; row->root && i < row->c.n_endpoints; i++) {
		const struct engine_endpoint *ep = &row->c.endpoints[i];

		text = join(text, ep->ip4 ? ep->ip4 : "");
		text = join(text, ep->ip6 ? ep->ip6 : "");
	}
	return text;
}

static char *port_text(const struct engine_port *p)
{
	bool any = !p->host_ip || !*p->host_ip || streq(p->host_ip, "0.0.0.0") ||
		   streq(p->host_ip, "::");
	bool v6 = !any && strchr(p->host_ip, ':');

	return xasprintf("%s%s%s%s%u->%u/%s", v6 ? "[" : "", any ? "" : p->host_ip, v6 ? "]" : "",
			 any ? "" : ":", p->host_port, p->port, proto_name(p->proto));
}

/* Each once: the engine lists a port for IPv4 and again for IPv6. */
static char *ports(const struct row *row)
{
	struct strv seen = {0};
	char *text = xstrdup("");

	for (size_t i = 0; i < row->c.n_ports; i++) {
		_cleanup_free_ char *port = NULL;

		if (!row->c.ports[i].host_port)
			continue;
		port = port_text(&row->c.ports[i]);
		if (strv_has(&seen, port))
			continue;
		strv_add(&seen, port);
		text = join(text, port);
	}
	strv_done(&seen);
	return text;
}

static json_t *row_json(const struct row *row)
{
	json_t *list = json_array(), *bindings = json_array(), *json;

	for (size_t i = 0; i < row->c.n_endpoints; i++) {
		const struct engine_endpoint *ep = &row->c.endpoints[i];

		json_array_append_new(list,
				      json_pack("{s:s*, s:s*, s:s*, s:s*}", "network", ep->network,
						"ipv4", ep->ip4, "ipv6", ep->ip6, "mac", ep->mac));
	}
	for (size_t i = 0; i < row->c.n_ports; i++) {
		const struct engine_port *p = &row->c.ports[i];

		json_array_append_new(bindings,
				      json_pack("{s:s*, s:i, s:i, s:s}", "host_ip", p->host_ip,
						"host_port", (int)p->host_port, "port",
						(int)p->port, "protocol", proto_name(p->proto)));
	}
	json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "name", row->c.name,
			 "container", row->part, "id", row->c.id, "image", row->c.image, "state",
			 row->c.state, "status", row->c.status, "health", row->c.health, "guard",
			 guard_state(row), "networks", list, "ports", bindings);
	json_object_set_new(json, "restarts", json_integer(row->restarts));
	if (row->started_at)
		json_object_set_new(json, "started_at", json_string(row->started_at));
	if (!row->c.running)
		json_object_set_new(json, "exit_code", json_integer(row->c.exit_code));
	if (row->out_of_memory)
		json_object_set_new(json, "out_of_memory", json_true());
	if (row->error)
		json_object_set_new(json, "error", json_string(row->error));
	return json;
}

static void print_json(const struct rows *rows)
{
	json_auto_t *pods = json_array();
	json_t *containers = NULL;

	for (size_t i = 0; i < rows->n; i++) {
		const struct row *row = &rows->items[i];

		if (i == 0 || !streq(row->pod, rows->items[i - 1].pod)) {
			containers = json_array();
			json_array_append_new(pods, json_pack("{s:s, s:o}", "pod", row->pod,
							      "containers", containers));
		}
		json_array_append_new(containers, row_json(row));
	}
	json_show(pods);
}

/* The engine's words, less what has a column of its own; and why it ended, where that is known. */
static char *status_text(const struct row *row)
{
	const char *health = *row->c.health ? strstr(row->c.status, " (") : NULL;
	size_t n =
		health && row->c.running ? (size_t)(health - row->c.status) : strlen(row->c.status);

	return xasprintf("%.*s%s", (int)n, row->c.status,
			 row->out_of_memory && !row->c.running ? ", out of memory" : "");
}

static enum ui_color state_color(const struct row *row)
{
	if (streq(row->c.health, "unhealthy") || row->error ||
	    (!row->c.running && row->c.exit_code != 0))
		return UI_RED;
	return streq(row->c.state, "running") ? UI_GREEN : UI_YELLOW;
}

/* Columns that say nothing of anybody are left out. */
struct columns {
	bool health, restarts;
};

static size_t fill(const struct columns *c, const char **cells, const char *pod, const char *part,
		   const char *state, const char *health, const char *restarts, const char *guard,
		   const char *address, const char *port, const char *image)
{
	size_t n = 0;

	cells[n++] = pod;
	cells[n++] = part;
	cells[n++] = state;
	if (c->health)
		cells[n++] = health;
	if (c->restarts)
		cells[n++] = restarts;
	cells[n++] = guard;
	cells[n++] = address;
	cells[n++] = port;
	cells[n++] = image;
	return n;
}

static void add_row(struct table *t, const struct columns *c, const struct row *row, bool first)
{
	_cleanup_free_ char *address = addresses(row), *binding = ports(row);
	_cleanup_free_ char *status = status_text(row);
	_cleanup_free_ char *restarts = xasprintf("%lld", (long long)row->restarts);
	const char *cells[TABLE_COLUMNS_MAX];
	size_t n = fill(c, cells, first ? row->pod : "", row->root ? "(root)" : row->part, status,
			*row->c.health ? row->c.health : "-", row->restarts ? restarts : "-",
			guard_state(row), address, binding, row->root ? "" : row->c.image);

	table_add(t, n, cells, state_color(row));
}

static void print_table(const struct cmd_context *ctx, const struct rows *rows)
{
	struct table t = {.width = live_columns(STDOUT_FILENO)};
	struct columns c = {0};
	const char *titles[TABLE_COLUMNS_MAX];
	size_t n;

	for (size_t i = 0; i < rows->n; i++) {
		c.health |= *rows->items[i].c.health != '\0';
		c.restarts |= rows->items[i].restarts != 0;
	}
	n = fill(&c, titles, "POD", "CONTAINER", "STATE", "HEALTH", "RESTARTS", "GUARD", "ADDRESS",
		 "PORTS", "IMAGE");
	t.flexible = 7U << (n - 3) | 6U; /* the last three, CONTAINER and STATE */
	table_add(&t, n, titles, UI_BOLD);
	for (size_t i = 0; i < rows->n; i++)
		add_row(&t, &c, &rows->items[i],
			i == 0 || !streq(rows->items[i].pod, rows->items[i - 1].pod));
	table_print(&t, &ctx->ui, 2);
	table_done(&t);
}

int cmd_status(struct cmd_context *ctx, int n, char **args)
{
	_cleanup_(settings_freep)
	struct settings *settings = NULL;
	_cleanup_(engine_freep)
	struct engine *engine = NULL;
	_cleanup_free_ char *pod = NULL;
	json_auto_t *list = NULL;
	struct rows rows = {0};
	struct err err = {0};
	int r;

	if (cmd_load_settings(ctx, &settings) < 0 ||
	    (n > 0 && cmd_pod_name(ctx, settings, args[0], &pod) < 0) ||
	    cmd_connect(ctx, &engine) < 0)
		return CMD_FAILED;
	r = look_list(engine, pod, &list, &err);
	if (r == 0)
		r = collect(ctx, settings, list, pod, &rows, &err);
	if (r == 0)
		inspect_all(engine, &rows);
	if (r < 0) {
		cmd_fail(ctx, &err);
	} else if (pod && rows.n == 0) {
		err_set(&err, ENOENT, "pod %s is not there", pod);
		r = -ENOENT;
		cmd_fail(ctx, &err);
	} else if (ctx->options & CMD_OPT_JSON) {
		print_json(&rows);
	} else if (rows.n == 0) {
		ui_say(&ctx->ui, "no pods");
	} else {
		print_table(ctx, &rows);
	}
	if (r == 0)
		r = say_failures(ctx, &rows);
	rows_done(&rows);
	return r < 0 ? CMD_FAILED : CMD_OK;
}

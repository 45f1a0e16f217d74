/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * podctl status [NAME|FILE]: containers, state, health, addresses, ports, guard. Without an
 * argument all pods, as far as the caller is one of their owners.
 */
#include "common/guard_client.h"
#include "podctl/cmd.h"
#include "podctl/look.h"
#include "podctl/table.h"

#include <errno.h>
#include <stdio.h>

#define GUARD_ANSWER_MS 200

struct row {
	struct engine_container c;
	const char *pod, *part;
	bool root;
};

struct rows {
	struct row *items;
	size_t n;
};

static void rows_done(struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		engine_container_done(&rows->items[i].c);
	free(rows->items);
}

static bool is_ours(const struct engine_container *c, const char *pod)
{
	struct present_container p = {.name = c->name};
	_cleanup_free_ char *owner = xstrdup(engine_container_label(c, POD_LABEL_POD));
	_cleanup_free_ char *part = xstrdup(engine_container_label(c, POD_LABEL_CONTAINER));
	_cleanup_free_ char *hash = xstrdup(engine_container_label(c, POD_LABEL_HASH));

	p.pod = owner;
	p.part = part;
	p.hash = hash;
	return owner && pod_name_valid(owner) && (!pod || streq(owner, pod)) &&
	       plan_owns(owner, &p);
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int r = strcmp(x->pod, y->pod);

	if (r == 0)
		r = (int)y->root - (int)x->root;
	return r ? r : strcmp(x->c.name, y->c.name);
}

static int collect(struct cmd_context *ctx, const struct settings *settings, json_t *list,
		   const char *pod, struct rows *ret, struct err *err)
{
	json_t *entry;
	size_t i;

	json_array_foreach (list, i, entry) {
		struct engine_container c = {0};
		struct row row = {0};
		struct err ignored;
		int r = engine_container_from_list(entry, &c, err);

		if (r < 0)
			return r;
		if (!is_ours(&c, pod) ||
		    caller_check_owner(&ctx->caller, settings,
				       engine_container_label(&c, POD_LABEL_POD), &ignored) < 0) {
			engine_container_done(&c);
			continue;
		}
		row.c = c;
		row.pod = engine_container_label(&c, POD_LABEL_POD);
		row.part = engine_container_label(&c, POD_LABEL_CONTAINER);
		row.root = !engine_container_label(&c, POD_LABEL_ROOT);
		ARRAY_PUSH(ret->items, ret->n) = row;
	}
	if (ret->n > 0)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare_rows);
	return 0;
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
	json_t *list = json_array(), *bindings = json_array();

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
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "name", row->c.name,
			 "container", row->part, "id", row->c.id, "image", row->c.image, "state",
			 row->c.state, "status", row->c.status, "health", row->c.health, "guard",
			 guard_state(row), "networks", list, "ports", bindings);
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
	json_dumpf(pods, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	printf("\n");
}

static enum ui_color state_color(const struct row *row)
{
	if (streq(row->c.health, "unhealthy"))
		return UI_RED;
	return streq(row->c.state, "running") ? UI_GREEN : UI_YELLOW;
}

static void print_table(const struct cmd_context *ctx, const struct rows *rows)
{
	static const char *const titles[] = {"POD",    "CONTAINER", "STATE",   "HEALTH",
					     "STATUS", "GUARD",	    "ADDRESS", "PORTS"};
	struct table t = {0};

	table_add(&t, ARRAY_SIZE(titles), titles, UI_BOLD);
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *row = &rows->items[i];
		bool first = i == 0 || !streq(row->pod, rows->items[i - 1].pod);
		_cleanup_free_ char *address = addresses(row), *binding = ports(row);
		const char *cells[] = {first ? row->pod : "",
				       row->root ? "(root)" : row->part,
				       row->c.state,
				       *row->c.health ? row->c.health : "-",
				       row->c.status,
				       guard_state(row),
				       address,
				       binding};

		table_add(&t, ARRAY_SIZE(cells), cells, state_color(row));
	}
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
	rows_done(&rows);
	return r < 0 ? CMD_FAILED : CMD_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table as it should be now: from the configuration and what the engine says. */
#include "common/log.h"
#include "netguard/commands.h"
#include "netguard/config.h"
#include "netguard/links.h"
#include "netguard/listeners_ask.h"
#include "netguard/ruleset.h"
#include "netguard/watch.h"

struct asking {
	struct loop *loop;
	struct config *config;
	struct watch *watch;
	struct listeners_asker *listeners;
};

static void on_changed(void *userdata _unused_)
{
}

static void on_answered(void *userdata)
{
	struct asking *a = userdata;

	if (watch_settled(a->watch))
		loop_stop(a->loop);
}

static void on_state(void *userdata, enum watch_state state, const char *why)
{
	struct asking *a = userdata;

	if (state == WATCH_DOWN)
		log_warning("%s; members are left out", why);
	if (state == WATCH_DOWN)
		loop_stop(a->loop);
}

static const struct settings *get_settings(void *userdata)
{
	const struct asking *a = userdata;

	return config_settings(a->config);
}

static struct listeners *get_listeners(void *userdata)
{
	struct asking *a = userdata;
	struct listeners *list = NULL;
	struct err err;

	if (listeners_ask(a->listeners, &list, &err) < 0)
		log_warning("%s", err.text);
	return list;
}

static int print_table(struct asking *a, struct err *err)
{
	const struct watch_ops ops = {.changed = on_changed,
				      .state = on_state,
				      .answered = on_answered,
				      .settings = get_settings,
				      .listeners = get_listeners,
				      .userdata = a};
	_cleanup_(watch_freep)
	struct watch *w = NULL;
	_cleanup_(elements_freep)
	struct elements *e = NULL;
	_cleanup_(links_freep)
	struct links *l = NULL;
	int r;

	r = watch_new(a->loop, getenv("DOCKER_HOST"), model_new(), &ops, &w, err);
	if (r < 0)
		return r;
	a->watch = w;
	watch_start(w);
	r = loop_run(a->loop, err);
	if (r < 0)
		return r;
	model_keep_apart(watch_edit_model(w));
	r = links_new(&l, err);
	if (r == 0)
		r = links_assign(l, config_settings(a->config), watch_edit_model(w), err);
	if (r < 0)
		return r;
	e = model_elements(config_settings(a->config), config_people(a->config), watch_model(w));
	ruleset_print(e, stdout);
	return 0;
}

int cmd_table(int argc, char **argv)
{
	struct asking a = {0};
	struct err err;
	int r;

	if (argc > 1)
		return command_usage("table", argv[1]);
	r = config_new(NULL, false, &a.config, &err);
	if (r == 0)
		r = loop_new(&a.loop, &err);
	if (r == 0)
		r = listeners_asker_new(&a.listeners, &err);
	if (r == 0)
		r = print_table(&a, &err);
	if (r < 0)
		log_error("table: %s", err.text);
	config_free(a.config);
	listeners_asker_free(a.listeners);
	loop_free(a.loop);
	return r < 0;
}

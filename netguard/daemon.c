/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/daemon_private.h"

#include "common/guard_client.h"
#include "common/log.h"
#include "netguard/confine.h"
#include "netguard/notify.h"
#include "netguard/nss_modules.h"
#include "netguard/state.h"

#include <errno.h>
#include <malloc.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORED_TABLE "table"

/* ---- what the parts call ---- */

static void on_model(void *userdata)
{
	daemon_changed(userdata);
}

static void on_answered(void *userdata)
{
	struct daemon *d = userdata;

	/* what changed is applied first; then the waits are looked at anyway */
	if (!d->due)
		control_check(d->control);
}

static void on_link(void *userdata, enum watch_state state, const char *why)
{
	struct daemon *d = userdata;

	d->ask_ports |= state == WATCH_UP;
	if (state == WATCH_UP) {
		log_info("following the engine, API %s, %zu containers",
			 watch_api_version(d->watch), daemon_model(d)->n_members);
		free(take_ptr(d->engine_why));
	} else if (state == WATCH_DOWN) {
		if (!d->engine_why || !streq(d->engine_why, why))
			log_warning("%s; what is in force stays", why);
		free(d->engine_why);
		d->engine_why = xstrdup(why);
	}
}

static const struct settings *get_settings(void *userdata)
{
	const struct daemon *d = userdata;

	return config_settings(d->config);
}

/* By what the containers that podctl did not make are told apart. */
static char *pod_rule(const struct daemon *d)
{
	const struct settings *s = config_settings(d->config);

	return xasprintf("%d %s", s->other_guard, s->other_pod_label ? s->other_pod_label : "");
}

/* Where that has changed, and no engine says which are whose now, they are nobody's. */
static void forget_pods(struct daemon *d)
{
	_cleanup_free_ char *before = d->pod_rule;
	struct model *m = watch_edit_model(d->watch);

	d->pod_rule = pod_rule(d);
	if (streq(d->pod_rule, before) || watch_get_state(d->watch) != WATCH_DOWN)
		return;
	for (size_t i = 0; i < m->n_members; i++) {
		if (m->members[i].ours)
			continue;
		model_touch(m, m->members[i].id);
		free(take_ptr(m->members[i].pod));
	}
}

/* Where the kernel does not tell who listens, nobody is known to: all that is not known is denied.
 */
static struct listeners *get_listeners(void *userdata)
{
	struct daemon *d = userdata;
	struct listeners *list = NULL;
	struct err err;
	bool failed = (!d->listeners && listeners_asker_new(&d->listeners, &err) < 0) ||
		      listeners_ask(d->listeners, &list, &err) < 0;

	if (failed && !d->listeners_failed)
		log_warning("%s; ports of containers that do not run are closed, also to services "
			    "of the host, until it is known",
			    err.text);
	else if (!failed && d->listeners_failed)
		log_notice("it is known again who listens on ports of the host");
	d->listeners_failed = failed;
	return list;
}

static void on_config(void *userdata, bool settings)
{
	struct daemon *d = userdata;
	struct err err;

	if (settings)
		forget_pods(d);
	daemon_compute_all(d);
	daemon_apply(d, &err);
	if (settings) {
		/* which pod a container belongs to may be another now */
		watch_resync(d->watch);
		daemon_scan_bridges(d);
	}
}

static int reload(void *userdata, struct err *err)
{
	struct daemon *d = userdata;
	int r;

	notify_reloading();
	r = config_reload(d->config, err);
	notify_send("READY=1");
	return r;
}

static json_t *get_status(void *userdata)
{
	return daemon_status(userdata);
}

static int get_explanation(void *userdata, const struct control_request *r, json_t **ret,
			   struct err *err)
{
	return daemon_explain(userdata, r, ret, err);
}

static json_t *get_denied(void *userdata, size_t n)
{
	return daemon_denied(userdata, n);
}

static uint64_t wait_begin(void *userdata, const char *container)
{
	struct daemon *d = userdata;

	return watch_ask(d->watch, container);
}

static int waited(void *userdata, const char *container, uint64_t number, struct err *err)
{
	struct daemon *d = userdata;
	const struct member *m = model_find(daemon_model(d), container);

	if (!m && !watch_asking(d->watch, container))
		return err_set(err, ENOENT, "no such container");
	if (!m || !m->running || m->incomplete || m->seen <= number || d->due || d->behind)
		return 0;
	if (m->joined_id) {
		m = model_find_joined(daemon_model(d), m->joined_id);
		if (!m || !m->running || m->incomplete)
			return 0;
	}
	return daemon_has_member(d, m, err);
}

static void on_signal(struct source *s, uint32_t events _unused_)
{
	struct daemon *d = s->userdata;
	struct err err;

	switch (signal_read(s)) {
	case 0:
		break;
	case SIGHUP:
		reload(d, &err); /* logged there */
		break;
	default:
		notify_send("STOPPING=1");
		loop_stop(d->loop);
	}
}

/* ---- life ---- */

/* what it writes; the rest of the host is for reading */
static const struct confine_dir folders[] = {
	{DAEMON_RUN_DIR, 0755, {"lock"}},
	{STATE_DIR, 0700, {STATE_FILE}},
};

/* Before anything is read, so that nothing is read with more rights than it takes. */
static int shed_rights(struct err *err)
{
	int r;

	/* as root, who is told the reason: nothing is done without the lock */
	if (mkdir(DAEMON_RUN_DIR, 0755) < 0 && errno != EEXIST)
		return err_os(err, errno, "%s", DAEMON_RUN_DIR);
	r = confine_user(CONFINE_USER, folders, ARRAY_SIZE(folders), err);
	if (r == 0)
		log_warning("there is no user " CONFINE_USER ": running as root, without its "
			    "capabilities; systemd-sysusers makes it");
	return r < 0 ? r : 0;
}

/* Whether this is an engine at the other end of a network. */
static bool is_tcp(const char *host)
{
	return host && *host && strncmp(host, "unix:", strlen("unix:")) != 0;
}

/* All is opened: from now on strangers are listened to. */
static int confine(const char *host, struct err *err)
{
	int r;

	nss_modules_load(is_tcp(host));
	r = confine_paths(folders, ARRAY_SIZE(folders), is_tcp(host), err);
	if (r == 0)
		log_info("not confined by Landlock: this kernel or build has none");
	if (r < 0)
		return r;
	r = confine_calls(is_tcp(host), err);
	if (r == 0)
		log_warning("not confined by seccomp: a build for tests");
	return r < 0 ? r : 0;
}

static int take_lock(struct daemon *d, struct err *err)
{
	d->lock = open(DAEMON_RUN_DIR "/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (d->lock < 0)
		return err_os(err, errno, "%s/lock", DAEMON_RUN_DIR);
	if (flock(d->lock, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, EBUSY, "another netguard runs");
	return 0;
}

/*
 * Where there is no table yet, it comes before anybody is asked who the configuration's users are:
 * at boot that may take a name service's patience, and Docker does not wait so long.
 */
static int install_closed(struct daemon *d, struct err *err)
{
	int r = keeper_finds(d->keeper, err);

	if (r == 0)
		r = daemon_apply(d, err);
	daemon_compute_all(d);
	return r;
}

/* The table, closed for all that is not known, before anything else. */
static int install_table(struct daemon *d, struct err *err)
{
	struct err why;
	int r;

	r = config_read(NULL, true, &d->config, err);
	if (r < 0)
		return r;
	d->pod_rule = pod_rule(d);
	r = state_load(STATE_DIR, &d->model, &why);
	if (r < 0 && r != -ENOENT)
		log_warning("state not used: %s", why.text);
	if (r < 0)
		d->model = model_new();
	r = links_new(&d->links, err);
	if (r < 0)
		return r;
	r = keeper_new(notify_stored(STORED_TABLE), &d->keeper, err);
	if (r < 0)
		return r;
	/* before a table that leaves to the host what goes between ports */
	if (bridges_new(&d->bridges, &why) < 0)
		log_warning("bridges: %s", why.text);
	daemon_scan_bridges(d);
	r = install_closed(d, err);
	if (r < 0)
		return r;
	config_look_up(d->config);
	r = daemon_apply(d, err);
	if (r < 0)
		return r;
	notify_store(keeper_owner_fd(d->keeper), STORED_TABLE);
	return 0;
}

static int add_signals(struct daemon *d, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return signals_add(d->loop, &d->signals, &set, on_signal, d, err);
}

static int start(struct daemon *d, struct err *err)
{
	const struct watch_ops watch_ops = {.changed = on_model,
					    .state = on_link,
					    .answered = on_answered,
					    .settings = get_settings,
					    .listeners = get_listeners,
					    .userdata = d};
	const struct control_ops control_ops = {.status = get_status,
						.reload = reload,
						.explain = get_explanation,
						.denied = get_denied,
						.wait_begin = wait_begin,
						.waited = waited,
						.userdata = d};
	const char *host = getenv("DOCKER_HOST");
	int r;

	/* signals first: they wait until all is ready, where they would end us before */
	if ((r = loop_new(&d->loop, err)) < 0 || (r = add_signals(d, err)) < 0 ||
	    (r = shed_rights(err)) < 0 || (r = take_lock(d, err)) < 0 ||
	    (r = install_table(d, err)) < 0 || (r = daemon_table_sources(d, err)) < 0 ||
	    (r = config_watch(d->config, d->loop, on_config, d, err)) < 0)
		return r;
	r = watch_new(d->loop, host, d->model, &watch_ops, &d->watch, err);
	d->model = NULL; /* the watch's, also where it failed */
	if (r < 0)
		return r;
	r = control_new(d->loop, GUARD_SOCKET_PATH, &control_ops, &d->control, err);
	if (r == 0)
		r = confine(host, err);
	if (r < 0)
		return r;
	malloc_trim(0); /* what was needed once: libseccomp's, above all */
	watch_start(d->watch);
	return 0;
}

static void finish(struct daemon *d)
{
	struct source *sources[] = {&d->signals,      &d->keeper_source,  &d->bridges_source,
				    &d->links_source, &d->denials_source, &d->apply,
				    &d->retry,	      &d->relook,	  &d->save,
				    &d->verify,	      &d->suppressed,	  &d->watchdog};
	struct err err;

	state_saving_free(take_ptr(d->saving));
	if (d->watch && state_save(STATE_DIR, daemon_model(d), &err) < 0)
		log_warning("state not saved: %s", err.text);
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		source_remove(sources[i]);
	control_free(d->control);
	watch_free(d->watch);
	model_free(d->model);
	bridges_free(d->bridges);
	links_free(d->links);
	listeners_asker_free(d->listeners);
	flows_free(d->flows);
	elements_free(d->owed);
	free(d->pod_rule);
	denials_free(d->denials);
	denials_ring_free(d->ring);
	keeper_free(d->keeper);
	config_free(d->config);
	loop_free(d->loop);
	elements_free(d->found);
	strv_done(&d->unguarded);
	model_index_free(d->index);
	free(d->table_error);
	free(d->engine_why);
	for (size_t i = 0; i < ARRAY_SIZE(d->relook_why); i++)
		free(d->relook_why[i]);
	free(d->locals);
	closep(&d->lock);
}

int daemon_run(struct err *err)
{
	struct daemon d = {.lock = -1,
			   .signals = SOURCE_NONE,
			   .keeper_source = SOURCE_NONE,
			   .bridges_source = SOURCE_NONE,
			   .links_source = SOURCE_NONE,
			   .denials_source = SOURCE_NONE,
			   .apply = SOURCE_NONE,
			   .retry = SOURCE_NONE,
			   .relook = SOURCE_NONE,
			   .save = SOURCE_NONE,
			   .verify = SOURCE_NONE,
			   .suppressed = SOURCE_NONE,
			   .watchdog = SOURCE_NONE};
	bool asking;
	int r;

	/* the thread that looks up names shares the loop's heap: one of its own is mostly holes */
	mallopt(M_ARENA_MAX, 1);
	/* what is big is the kernel's again as soon as it is freed, and leaves no holes in the heap
	 */
	mallopt(M_MMAP_THRESHOLD, 32 * 1024);
	r = start(&d, err);
	if (r == 0) {
		notify_send("READY=1");
		r = loop_run(d.loop, err);
	}
	if (r == 0)
		log_info("stopping; the table stays");
	asking = d.config && config_asking(d.config);
	finish(&d);
	/* exit() would end libraries that the name service's thread still hangs in */
	if (asking && r == 0)
		_exit(0);
	return r;
}

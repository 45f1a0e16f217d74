/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/authz.h"

#include "common/authz_token.h"
#include "common/log.h"
#include "engine/engine.h"
#include "netguard/authz_decide.h"
#include "netguard/authz_path.h"
#include "netguard/authz_route.h"
#include "netguard/authz_server.h"
#include "netguard/authz_volumes.h"
#include "netguard/config.h"
#include "netguard/confine.h"
#include "netguard/notify.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

/* A request that waits for facts is denied when they take longer. */
#define LOOKUP_MS     10000
#define DECISIONS_MAX 512
#define BODIES_MAX    ((size_t)64 * 1024 * 1024) /* of all of them */
#define STORED_SOCKET "authz"

struct authz {
	struct loop *loop;
	struct config *config;
	struct engine *engine;
	struct source engine_source, signals;
	struct authz_server *server;
	char token[AUTHZ_TOKEN_SIZE], look[AUTHZ_TOKEN_SIZE];
	struct decision **waiting;
	size_t n_waiting, bodies;
	struct authz_volumes
		under_way; /* of creates that are decided on, or that the engine does */
};

/* A request that is being decided on. */
struct decision {
	struct authz *authz;
	struct authz_peer *peer;
	struct authz_request request;
	struct authz_facts facts;
	struct authz_need need;
	struct engine_request *lookup; /* what gets the fact in need */
	struct authz_volumes volumes;  /* its own of those under way */
};

static void decision_free(struct decision *d)
{
	struct authz *a = d->authz;

	for (size_t i = 0; i < a->n_waiting; i++) {
		if (a->waiting[i] == d) {
			a->waiting[i] = a->waiting[--a->n_waiting];
			break;
		}
	}
	if (d->lookup)
		engine_cancel(a->engine, d->lookup);
	a->bodies -= d->request.raw_size;
	authz_volumes_remove(&a->under_way, &d->volumes);
	authz_volumes_done(&d->volumes);
	authz_request_done(&d->request);
	authz_facts_done(&d->facts);
	free(d->need.name);
	free(d);
}

/* ---- answers ---- */

static void answer_denied(struct authz_peer *peer, const char *why)
{
	json_auto_t *json = json_pack("{s:b, s:s}", "Allow", 0, "Msg", why);
	_cleanup_free_ char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	/* why is printable, so this is not reached; closed if it is */
	authz_server_answer(peer, 200, text ? text : "{\"Allow\":false,\"Msg\":\"denied\"}");
}

static void answer_allowed(struct authz_peer *peer)
{
	authz_server_answer(peer, 200, "{\"Allow\":true}");
}

static void deny(struct authz_peer *peer, const struct authz_request *r, const char *why)
{
	char described[AUTHZ_DESCRIBE_MAX];

	log_notice("denied: %s: %s", authz_describe(r, described), why);
	answer_denied(peer, why);
}

/* ---- facts ---- */

static void go_on(struct decision *d);

/* Takes over json and why. */
static void add_fact(struct decision *d, int result, json_t *json, char *why)
{
	struct authz_fact fact = {.kind = d->need.kind, .result = result, .json = json};

	fact.name = take_ptr(d->need.name);
	fact.why = why;
	ARRAY_PUSH(d->facts.items, d->facts.n) = fact;
}

static void on_lookup(void *userdata, const struct engine_reply *reply)
{
	struct decision *d = userdata;
	struct err err = {0};
	json_t *json = NULL;
	int r = engine_reply_check(reply, &err);

	d->lookup = NULL;
	if (r == 0 && !reply->json)
		r = err_set(&err, EPROTO, "the engine gave no answer");
	if (r == 0)
		json = d->need.kind == AUTHZ_FACT_PREFIX
			       ? authz_ids_beginning(reply->json, d->need.name)
			       : json_incref(reply->json);
	add_fact(d, r, json, r < 0 ? xasprintf("could not be looked up: %s", err.text) : NULL);
	go_on(d);
}

/* The path of a question to the engine. Names were checked, so they can stand in it. */
static char *lookup_path(const struct authz_need *need)
{
	_cleanup_free_ char *filters = NULL, *escaped = NULL;

	switch (need->kind) {
	case AUTHZ_FACT_CONTAINER:
		return xasprintf("/containers/%s/json", need->name);
	case AUTHZ_FACT_PREFIX:
		/* by a filter it would tell of none where there are more than one */
		return xstrdup("/containers/json?all=1");
	case AUTHZ_FACT_EXEC:
		return xasprintf("/exec/%s/json", need->name);
	case AUTHZ_FACT_IMAGE:
		return xasprintf("/images/%s/json", need->name);
	case AUTHZ_FACT_VOLUME:
		return xasprintf("/volumes/%s", need->name);
	case AUTHZ_FACT_USERS:
		filters = xasprintf("{\"volume\":[\"%s\"]}", need->name);
		escaped = engine_escape(filters);
		return xasprintf("/containers/json?all=1&filters=%s", escaped);
	case AUTHZ_FACT_NETWORK:
		return xasprintf("/networks/%s", need->name);
	case AUTHZ_FACT_POD:
		filters = xasprintf("{\"label\":[\"podctl.pod=%s\"]}", need->name);
		escaped = engine_escape(filters);
		return xasprintf("/containers/json?all=1&limit=1&filters=%s", escaped);
	case AUTHZ_FACT_ROOTS:
		escaped = engine_escape("{\"label\":[\"podctl.pod\",\"podctl.container=\"]}");
		return xasprintf("/containers/json?all=1&filters=%s", escaped);
	case AUTHZ_FACT_PATH:
	case AUTHZ_FACT_CLOSED:
		break;
	}
	return NULL;
}

static void look_up(struct decision *d)
{
	_cleanup_free_ char *path = lookup_path(&d->need);
	const struct engine_call call = {
		.method = "GET",
		.path = path,
		.unversioned = true,
		.timeout_ms = LOOKUP_MS,
		.done = on_lookup,
		.userdata = d,
	};

	d->lookup = engine_start(d->authz->engine, &call);
}

static void look_at_path(struct decision *d)
{
	struct err err = {0};
	int r = authz_path_check(d->need.name, d->need.kind == AUTHZ_FACT_CLOSED, &err);

	/* there is no path that may be missing: -ENOENT would be let through as for a volume */
	add_fact(d, r < 0 ? -EPERM : 0, NULL, r < 0 ? xstrdup(err.text) : NULL);
}

static void go_on(struct decision *d)
{
	struct authz_peer *peer = d->peer;
	struct err err = {0};
	int r;

	for (;;) {
		r = authz_decide(config_settings(d->authz->config), &d->request, &d->facts,
				 &d->need, &err);
		if (r != AUTHZ_NEED)
			break;
		if (d->need.kind != AUTHZ_FACT_PATH && d->need.kind != AUTHZ_FACT_CLOSED) {
			look_up(d);
			return;
		}
		look_at_path(d);
	}
	if (r < 0) {
		deny(peer, &d->request, err.text);
	} else {
		authz_volumes_done(&d->volumes); /* under way until the engine has answered */
		answer_allowed(peer);
	}
	decision_free(d);
}

/* ---- questions ---- */

static bool is_create(const struct authz_request *r)
{
	_cleanup_free_ char *name = NULL;
	const struct authz_route *route = authz_route_find(r, &name);

	return route && route->endpoint == ENDPOINT_CONTAINER_CREATE;
}

/* False: the answer was given, since another create has a volume of this one's. */
static bool take_volumes(struct decision *d)
{
	const char *name;

	if (is_create(&d->request))
		authz_volumes_of(d->request.body, &d->volumes);
	name = authz_volumes_conflict(&d->authz->under_way, &d->volumes);
	if (name) {
		_cleanup_free_ char *why = xasprintf(
			"the volume %s: another container with it is just being created, try again",
			name);
		char printable[ERR_TEXT_MAX];

		deny(d->peer, &d->request, text_printable(printable, sizeof(printable), why));
		authz_volumes_done(&d->volumes);
		return false;
	}
	authz_volumes_add(&d->authz->under_way, &d->volumes);
	return true;
}

/* The engine has done, or failed to do, what was allowed. */
static void forget_volumes(struct authz *a, const char *body, size_t size)
{
	_cleanup_(authz_request_done)
	struct authz_request request = {0};
	struct authz_volumes volumes = {0};
	struct err ignored;

	if (a->under_way.filled.n + a->under_way.shared.n == 0 ||
	    authz_request_parse(body, size, &request, &ignored) < 0 ||
	    authz_is_exempt(config_settings(a->config), &request, a->token) ||
	    authz_request_read(&request, &ignored) < 0 || !is_create(&request))
		return;
	authz_volumes_of(request.body, &volumes);
	authz_volumes_remove(&a->under_way, &volumes);
	authz_volumes_done(&volumes);
}

static void decide(struct authz *a, struct authz_peer *peer, const char *body, size_t size)
{
	struct authz_request request = {0};
	struct err err = {0};
	struct decision *d;

	if (authz_request_parse(body, size, &request, &err) < 0) {
		log_warning("denied: %s", err.text);
		answer_denied(peer, err.text);
		return;
	}
	if (authz_is_exempt(config_settings(a->config), &request, a->token)) {
		authz_request_done(&request);
		answer_allowed(peer);
		return;
	}
	if (authz_request_read(&request, &err) < 0) {
		deny(peer, &request, err.text);
		authz_request_done(&request);
		return;
	}
	if (authz_is_look(&request, a->look)) {
		authz_request_done(&request);
		answer_allowed(peer);
		return;
	}
	if (a->n_waiting >= DECISIONS_MAX || a->bodies + request.raw_size > BODIES_MAX) {
		deny(peer, &request, "too many requests wait for the engine: try again");
		authz_request_done(&request);
		return;
	}
	d = xcalloc(1, sizeof(*d));
	d->authz = a;
	d->peer = peer;
	d->request = request;
	a->bodies += request.raw_size;
	ARRAY_PUSH(a->waiting, a->n_waiting) = d;
	if (take_volumes(d))
		go_on(d);
	else
		decision_free(d);
}

static void on_asked(void *userdata, struct authz_peer *peer, enum authz_http_what what,
		     const char *body, size_t size)
{
	struct authz *a = userdata;

	switch (what) {
	case AUTHZ_HTTP_ACTIVATE:
		/* an engine that begins anew has nothing under way */
		authz_volumes_done(&a->under_way);
		authz_server_answer(peer, 200, "{\"Implements\":[\"authz\"]}");
		break;
	case AUTHZ_HTTP_REQUEST:
		decide(a, peer, body, size);
		break;
	case AUTHZ_HTTP_REPLY: /* the request was decided on; nothing is hidden of its answer */
		forget_volumes(a, body, size);
		answer_allowed(peer);
		break;
	case AUTHZ_HTTP_OTHER:
		authz_server_answer(peer, 404, "{\"Err\":\"not known\"}");
		break;
	}
}

static void on_gone(void *userdata, struct authz_peer *peer)
{
	struct authz *a = userdata;

	for (size_t i = 0; i < a->n_waiting; i++) {
		if (a->waiting[i]->peer == peer) {
			decision_free(a->waiting[i]);
			return;
		}
	}
}

/* ---- life ---- */

static void on_engine(struct source *s, uint32_t events _unused_)
{
	const struct authz *a = s->userdata;

	engine_dispatch(a->engine);
}

static void on_config(void *userdata _unused_, bool settings _unused_)
{
	/* asked for at each decision */
}

static void on_signal(struct source *s, uint32_t events _unused_)
{
	struct authz *a = s->userdata;
	struct err err;

	switch (signal_read(s)) {
	case 0:
		break;
	case SIGHUP:
		config_reload(a->config, &err); /* logged there */
		break;
	default:
		notify_send("STOPPING=1");
		loop_stop(a->loop);
	}
}

static int open_socket(int *ret, struct err *err)
{
	int fd = notify_stored(STORED_SOCKET);

	if (fd >= 0) {
		*ret = fd;
		return 0;
	}
	if ((mkdir("/run/docker", 0755) < 0 && errno != EEXIST) ||
	    (mkdir("/run/docker/plugins", 0755) < 0 && errno != EEXIST))
		return err_os(err, errno, "/run/docker/plugins");
	return authz_server_listen(AUTHZ_SOCKET_PATH, ret, err);
}

static int start(struct authz *a, struct err *err)
{
	const struct authz_server_ops ops = {.asked = on_asked, .gone = on_gone, .userdata = a};
	sigset_t set;
	int listener = -1, r;

	if (mkdir(AUTHZ_TOKEN_DIR, 0755) < 0 && errno != EEXIST)
		return err_os(err, errno, AUTHZ_TOKEN_DIR);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if ((r = authz_token_make(AUTHZ_TOKEN_PATH, NULL, a->token, err)) < 0 ||
	    (r = authz_token_make(AUTHZ_LOOK_PATH, CONFINE_USER, a->look, err)) < 0 ||
	    /* no name service: who asks is told by uid and certificate */
	    (r = config_read(NULL, true, &a->config, err)) < 0 ||
	    (r = loop_new(&a->loop, err)) < 0 ||
	    (r = signals_add(a->loop, &a->signals, &set, on_signal, a, err)) < 0 ||
	    (r = config_watch(a->config, a->loop, on_config, a, err)) < 0 ||
	    (r = engine_new(NULL, &a->engine, err)) < 0)
		return r;
	engine_set_token_file(a->engine, AUTHZ_TOKEN_PATH);
	r = source_add(a->loop, &a->engine_source, engine_fd(a->engine), EPOLLIN, on_engine, a,
		       err);
	if (r < 0)
		return r;
	r = open_socket(&listener, err);
	return r < 0 ? r : authz_server_new(a->loop, listener, &ops, &a->server, err);
}

int authz_run(struct err *err)
{
	struct authz a = {.engine_source = SOURCE_NONE, .signals = SOURCE_NONE};
	int r = start(&a, err);

	if (r == 0) {
		log_info("deciding on requests to the engine");
		notify_send("READY=1");
		r = loop_run(a.loop, err);
	}
	authz_server_free(a.server); /* what waits is gone with its peers */
	free(a.waiting);
	authz_volumes_done(&a.under_way);
	source_remove(&a.engine_source);
	engine_free(a.engine);
	source_remove(&a.signals);
	config_free(a.config);
	loop_free(a.loop);
	explicit_bzero(a.token, sizeof(a.token));
	explicit_bzero(a.look, sizeof(a.look));
	return r;
}

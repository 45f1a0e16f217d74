/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/look.h"

#include "common/dns_name.h"

#include <errno.h>
#include <stdio.h>

#define SHORT_ID    12	/* of a container, which is a name of it, too */
#define VOLUME_SIZE 512 /* of what a list of containers says of each volume */

const char *look_owner(const struct engine_container *c)
{
	return plan_owner(c->name, engine_container_label(c, POD_LABEL_POD),
			  engine_container_label(c, POD_LABEL_CONTAINER),
			  engine_container_label(c, POD_LABEL_HASH));
}

struct look_list {
	json_t *list;	/* or whatever was asked for */
	struct err err; /* code 0: none */
};

struct look_image {
	struct plan_image *image;
	struct err *err;
};

static void list_done(void *userdata, const struct engine_reply *reply)
{
	struct look_list *l = userdata;
	struct err err = {0};

	if (engine_reply_check(reply, &err) < 0)
		l->err = err;
	else
		l->list = json_incref(reply->json);
}

int look_at_image(json_t *json, struct plan_image *image, struct err *err)
{
	const char *id = json_string_value(json_object_get(json, "Id")), *name;
	json_t *config = json_object_get(json, "Config"), *value,
	       *labels = json_object_get(config, "Labels"),
	       *volumes = json_object_get(config, "Volumes");

	if (!id)
		return err_set(err, EPROTO, "the engine's reply has no Id");
	free(image->id);
	image->id = xstrdup(id);
	image->size =
		json_dumpb(config, NULL, 0, JSON_COMPACT) + json_object_size(volumes) * VOLUME_SIZE;
	json_decref(image->health);
	image->health = create_health(config);
	strv_done(&image->labels);
	json_object_foreach (labels, name, value)
		strv_add(&image->labels, name);
	strv_done(&image->volumes);
	json_object_foreach (volumes, name, value)
		strv_add(&image->volumes, name);
	return 0;
}

static void image_done(void *userdata, const struct engine_reply *reply)
{
	struct look_image *li = userdata;
	struct err err = {0};
	int r = engine_reply_check(reply, &err);

	if (r == -ENOENT)
		return;
	if (r == 0)
		r = look_at_image(reply->json, li->image, &err);
	if (r < 0 && !li->err->code) {
		err_wrap(&err, "image %s", li->image->ref->text);
		*li->err = err;
	}
}

/* Containers, running or not, with a label or a name: {"label": ["podctl.pod=web"]}. */
static char *list_path(const char *filter, const char *value)
{
	json_auto_t *filters = json_pack("{s:[s]}", filter, value);
	_cleanup_free_ char *text = json_dumps(filters, JSON_COMPACT);
	_cleanup_free_ char *escaped = engine_escape(text ? text : "");

	return xasprintf("/containers/json?all=1&filters=%s", escaped);
}

static char *pod_list_path(const char *pod)
{
	_cleanup_free_ char *label =
		pod ? xasprintf("%s=%s", POD_LABEL_POD, pod) : xstrdup(POD_LABEL_POD);

	return list_path("label", label);
}

static int add_present(void *userdata, struct engine_container *c, struct err *err _unused_)
{
	struct present *present = userdata;

	ARRAY_PUSH(present->items, present->n) = (struct present_container){
		.id = xstrdup(c->id),
		.name = xstrdup(c->name ? c->name : ""),
		.image = xstrdup(c->image ? c->image : ""),
		.image_id = xstrdup(c->image_id ? c->image_id : ""),
		.state = xstrdup(c->state ? c->state : ""),
		.pod = xstrdup(engine_container_label(c, POD_LABEL_POD)),
		.part = xstrdup(engine_container_label(c, POD_LABEL_CONTAINER)),
		.hash = xstrdup(engine_container_label(c, POD_LABEL_HASH)),
		.root_id = xstrdup(engine_container_label(c, POD_LABEL_ROOT)),
		.config = xstrdup(engine_container_label(c, POD_LABEL_CONFIG)),
	};
	return 0;
}

static int decode_list(json_t *list, struct present *ret, struct err *err)
{
	struct present present = {0};
	int r = engine_containers_each(list, add_present, &present, err);

	if (r < 0)
		present_done(&present);
	else
		*ret = present;
	return r;
}

int look(struct engine *e, const char *pod, struct plan_images *images, struct present *ret,
	 struct err *err)
{
	size_t n = images ? images->n : 0;
	_cleanup_free_ struct look_image *requests = xcalloc(n, sizeof(*requests));
	_cleanup_free_ char *path = pod_list_path(pod);
	struct err image_err = {0};
	struct look_list l = {0};
	int r;

	/* the newest of whatever the engine speaks: so nothing has to be asked for before */
	engine_start(e, &(struct engine_call){.method = "GET",
					      .path = path,
					      .unversioned = true,
					      .done = list_done,
					      .userdata = &l});
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *ref = engine_escape(images->items[i].ref->text);
		_cleanup_free_ char *image_path = xasprintf("/images/%s/json", ref);

		freep(&images->items[i].id);
		requests[i] = (struct look_image){&images->items[i], &image_err};
		engine_start(e, &(struct engine_call){.method = "GET",
						      .path = image_path,
						      .unversioned = true,
						      .done = image_done,
						      .userdata = &requests[i]});
	}
	engine_wait(e);
	if (!l.err.code && image_err.code)
		l.err = image_err;
	if (l.err.code) {
		*err = l.err;
		r = -err->code;
	} else {
		r = engine_agree(e, err);
		if (r == 0)
			r = decode_list(l.list, ret, err);
	}
	json_decref(l.list);
	return r;
}

int look_list(struct engine *e, const char *pod, json_t **ret, struct err *err)
{
	_cleanup_free_ char *path = pod_list_path(pod);

	return engine_do(e, &(struct engine_call){.method = "GET", .path = path}, ret, err);
}

static bool wants_name(const struct pod *pod, const char *name)
{
	_cleanup_free_ char *root = plan_temporary_name(pod->name, "");

	if (streq(name, pod->name) || streq(name, root))
		return true;
	for (size_t i = 0; i < pod_n_containers(pod); i++) {
		const char *part = pod_container_at(pod, i)->entry.key;
		_cleanup_free_ char *a = plan_name(pod->name, part);
		_cleanup_free_ char *b = plan_temporary_name(pod->name, part);

		if (streq(name, a) || streq(name, b))
			return true;
	}
	return false;
}

/* Names that are wanted are free, or the pod's own. */
static int check_names(const struct pod *pod, json_t *list, struct err *err)
{
	struct present present = {0};
	int r = decode_list(list, &present, err);

	for (size_t i = 0; i < present.n && r == 0; i++) {
		const struct present_container *c = &present.items[i];

		if (wants_name(pod, c->name) && !plan_owns(pod->name, c))
			r = err_set(err, EEXIST,
				    "container %s is there already and was not made by podctl for "
				    "this pod: nothing was touched",
				    c->name);
	}
	present_done(&present);
	return r;
}

static int check_network(const char *network, json_t *json, struct create_network *ret,
			 struct err *err)
{
	struct engine_network n = {0};
	int r = engine_network_from_json(json, &n, err);

	if (r < 0)
		return err_wrap(err, "network %s", network);
	if (!n.driver || !streq(n.driver, "bridge"))
		r = err_set(err, EPERM,
			    "network %s has driver %s: only bridge networks can be guarded",
			    network, n.driver ? n.driver : "?");
	else if (!streq(n.name, network))
		/* found by an id: a name given later to another network would mean that one */
		r = err_set(err, EPERM, "network %s is to be named by its name, %s", network,
			    n.name);
	if (r == 0) {
		/* "bridge" is the default one's name on every engine, and nothing else's */
		ret->user_defined = !streq(n.name, "bridge");
		for (size_t i = 0; i < n.subnets.n; i++)
			strv_add(&ret->subnets, n.subnets.items[i]);
	}
	engine_network_done(&n);
	return r;
}

/* ---- names in DNS ---- */

struct look_name {
	const struct pod *pod;
	const char *network;
	const struct present_container *container;
	char *taken; /* what both would answer to; NULL: nothing */
	struct err *err;
};

static void compare_name(struct look_name *n, const char *name)
{
	if (!n->taken && name &&
	    (dns_name_same(name, n->pod->name) || dns_name_same(name, n->pod->hostname)))
		n->taken = xstrdup(name);
}

static void compare_names(struct look_name *n, json_t *names)
{
	json_t *name;
	size_t i;

	json_array_foreach (names, i, name)
		compare_name(n, json_string_value(name));
}

static void names_done(void *userdata, const struct engine_reply *reply)
{
	struct look_name *n = userdata;
	json_t *networks =
		       json_object_get(json_object_get(reply->json, "NetworkSettings"), "Networks"),
	       *endpoint = json_object_get(networks, n->network);
	struct err err = {0};
	int r = engine_reply_check(reply, &err);

	if (r == -ENOENT) /* gone meanwhile */
		return;
	if (r < 0) {
		*n->err = err;
		return;
	}
	compare_name(n, json_string_value(json_object_get(json_object_get(reply->json, "Config"),
							  "Hostname")));
	compare_names(n, json_object_get(endpoint, "Aliases"));
	compare_names(n, json_object_get(endpoint, "DNSNames"));
}

/*
 * The list has no host names and no aliases: what podctl made has its host name in a label, and no
 * aliases; the engine is asked for the others.
 */
static void look_at_name(struct engine *e, struct look_name *n)
{
	const struct present_container *c = n->container;
	_cleanup_free_ char *path = xasprintf("/containers/%s/json", c->id),
			    *id = xstrndup(c->id, SHORT_ID);

	compare_name(n, c->name);
	compare_name(n, id);
	if (c->pod && c->config && plan_owns(c->pod, c)) {
		json_auto_t *config = json_loads(c->config, JSON_REJECT_DUPLICATES, NULL);

		compare_name(n, json_string_value(json_object_get(config, "hostname")));
	} else if (!n->taken) {
		engine_start(e, &(struct engine_call){.method = "GET",
						      .path = path,
						      .done = names_done,
						      .userdata = n});
	}
}

int look_names(struct engine *e, const struct pod *pod, const char *network, struct err *err)
{
	_cleanup_free_ char *path = list_path("network", network);
	_cleanup_free_ struct look_name *names = NULL;
	struct present present = {0};
	json_t *list = NULL;
	int r = engine_do(e, &(struct engine_call){.method = "GET", .path = path}, &list, err);

	if (r == 0)
		r = decode_list(list, &present, err);
	json_decref(list);
	if (r < 0)
		return r;
	*err = (struct err){0};
	names = xcalloc(present.n, sizeof(*names));
	for (size_t i = 0; i < present.n; i++) {
		names[i] = (struct look_name){pod, network, &present.items[i], NULL, err};
		if (!plan_owns(pod->name, &present.items[i]))
			look_at_name(e, &names[i]);
	}
	engine_wait(e);
	r = -err->code;
	for (size_t i = 0; i < present.n; i++) {
		if (names[i].taken && r == 0)
			r = err_set(err, EEXIST,
				    "container %s answers to %s on the network %s already, and so "
				    "would this pod by its %s: nothing was touched",
				    names[i].container->name, names[i].taken, network,
				    dns_name_same(names[i].taken, pod->name) ? "name" : "hostname");
		free(names[i].taken);
	}
	present_done(&present);
	return r;
}

int look_before(struct engine *e, const struct pod *pod, const char *network,
		struct create_network *ret, struct err *err)
{
	/* the engine's filter is a regular expression; a pod's name has no bytes that mean more */
	_cleanup_free_ char *pattern = xasprintf("^/?%s($|\\.)", pod->name);
	_cleanup_free_ char *path = list_path("name", pattern), *network_path = NULL;
	struct look_list names = {0}, net = {0};
	int r = 0;

	engine_start(e,
		     &(struct engine_call){
			     .method = "GET", .path = path, .done = list_done, .userdata = &names});
	if (network) {
		_cleanup_free_ char *name = engine_escape(network);

		network_path = xasprintf("/networks/%s", name);
		engine_start(e, &(struct engine_call){.method = "GET",
						      .path = network_path,
						      .done = list_done,
						      .userdata = &net});
	}
	engine_wait(e);
	if (names.err.code) {
		*err = names.err;
		r = -err->code;
	} else if (net.err.code) {
		*err = net.err;
		r = err_wrap(err, "network %s", network);
	}
	if (r == 0)
		r = check_names(pod, names.list, err);
	if (r == 0 && network)
		r = check_network(network, net.list, ret, err);
	/* the default network has no names */
	if (r == 0 && network && ret->user_defined)
		r = look_names(e, pod, network, err);
	json_decref(names.list);
	json_decref(net.list);
	return r;
}

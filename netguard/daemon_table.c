/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the model to the kernel: applying, healing, retrying, remembering.
 *
 * A change is applied in the loop's next round, so what one reading of events brought is one
 * transaction, and not more than a few times each 10 ms, so a burst is few.
 */
#include "netguard/daemon_private.h"

#include "common/log.h"

#include <errno.h>
#include <malloc.h>
#include <sys/epoll.h>

#define BATCH_MS      10
#define BURST	      5 /* changes at once that follow one another: links, then the engine's event */
#define SAVE_MS	      200
#define SAVE_RETRY_MS 2000
#define SAVE_AT_ONCE  100
#define VERIFY_MS     5000

const struct model *daemon_model(const struct daemon *d)
{
	return d->watch ? watch_model(d->watch) : d->model;
}

static void failed(struct daemon *d, const char *what, size_t refused, const struct err *err)
{
	if (!d->table_error || !streq(d->table_error, err->text)) {
		if (refused)
			log_error("%s: %s; %zu element%s left out, all others are in force", what,
				  err->text, refused, refused == 1 ? " is" : "s are");
		else
			log_error("%s: %s; nothing new is allowed", what, err->text);
	}
	d->behind = refused == 0;
	free(d->table_error);
	d->table_error = xstrdup(err->text);
	d->retry_ms = timer_longer(d->retry_ms, DAEMON_RETRY_MIN_MS, DAEMON_RETRY_MAX_MS);
	if (d->retry.fd >= 0)
		timer_set(&d->retry, d->retry_ms, 0);
}

static void succeeded(struct daemon *d)
{
	if (d->table_error)
		log_notice("the table is true again");
	free(take_ptr(d->table_error));
	d->behind = false;
	d->retry_ms = 0;
	if (d->retry.fd >= 0)
		timer_set(&d->retry, 0, 0);
}

/* Once for each container that runs past the guard: the table can't hold it. */
static void tell_unguarded(struct daemon *d)
{
	const struct model *m = daemon_model(d);
	struct strv list = {0};
	size_t told = 0;

	/* members are sorted by id, and so is what was told of them */
	for (size_t i = 0; i < m->n_members; i++) {
		const struct member *member = &m->members[i];
		char name[256];

		if (!member->running || (!member->host_network && !member->unguarded))
			continue;
		strv_add(&list, member->id);
		while (told < d->unguarded.n && strcmp(d->unguarded.items[told], member->id) < 0)
			told++;
		if (told < d->unguarded.n && streq(d->unguarded.items[told], member->id))
			continue;
		text_printable(name, sizeof(name), member->name);
		log_warning("%s: not guarded: %s", name,
			    member->host_network ? "it runs in the host's network"
						 : member->unguarded);
	}
	strv_done(&d->unguarded);
	d->unguarded = list;
}

struct model *daemon_edit_model(struct daemon *d)
{
	return d->watch ? watch_edit_model(d->watch) : d->model;
}

void daemon_compute_all(struct daemon *d)
{
	model_index_free(take_ptr(d->index));
}

/* Whether a change may end what was allowed: it takes away, or restricts. */
static bool takes_away(const struct elements_change *c)
{
	for (unsigned set = 0; set < SET_PORTS; set++) {
		if (c->del->n[set] > 0 || (flows_restricted_by(set) && c->add->n[set] > 0))
			return true;
	}
	return false;
}

static void end_flows_of_part(struct daemon *d, const struct elements *before,
			      const struct elements *after)
{
	_cleanup_(elements_change_done)
	struct elements_change change = {0};
	_cleanup_(elements_freep)
	struct elements *all = NULL;

	elements_difference(after, before, &change);
	if (!takes_away(&change))
		return;
	/* what was in force before: the same change, backwards */
	all = elements_copy(keeper_holds(d->keeper));
	elements_patch(all, change.add, change.del);
	daemon_end_flows(d, all, keeper_holds(d->keeper));
}

/* What a few members change, where no more has changed. 1 where that is in force, 0: compute all.
 */
static int apply_delta(struct daemon *d, struct keeper_result *ret, struct err *err)
{
	_cleanup_(elements_freep)
	struct elements *before = NULL;
	_cleanup_(elements_freep)
	struct elements *after = NULL;

	if (!d->index || d->table_error ||
	    !model_delta(d->index, config_settings(d->config), config_people(d->config),
			 daemon_edit_model(d), &before, &after))
		return 0;
	if (keeper_change(d->keeper, before, after, ret, err) < 0)
		return 0;
	end_flows_of_part(d, before, after);
	return 1;
}

/* What passed an interface before it was guarded has had no rule to be judged by. */
static bool guards_others(const struct elements *before, const struct elements *after)
{
	return !elements_same(before, after, SET_CONTAINER_IFACES) ||
	       !elements_same(before, after, SET_EXEMPT_IFACES);
}

static int apply_all(struct daemon *d, struct keeper_result *ret, struct err *err)
{
	_cleanup_(elements_freep)
	struct elements *want = model_elements(config_settings(d->config), config_people(d->config),
					       daemon_model(d));
	const struct elements *held = keeper_holds(d->keeper);
	_cleanup_(elements_freep)
	struct elements *before = held ? elements_hold(held) : NULL;
	int r = keeper_apply(d->keeper, want, ret, err);

	daemon_compute_all(d);
	/* the table first: what begins now is judged by it already; what failed may have taken away
	 */
	if (before)
		daemon_end_flows(d, before, keeper_holds(d->keeper));
	if (before && keeper_holds(d->keeper))
		d->sweep |= guards_others(before, keeper_holds(d->keeper));
	if (r < 0) {
		failed(d, "change refused", 0, err);
		return r;
	}
	if (ret->refused) {
		failed(d, "change refused in part", ret->refused, err);
		return 0;
	}
	succeeded(d);
	d->index = model_index_new();
	model_index_fill(d->index, daemon_edit_model(d));
	return 0;
}

/* Not later and later while changes go on. */
static void save_soon(struct daemon *d)
{
	if (d->saving) {
		d->save_again = true;
	} else if (d->save.fd >= 0 && !d->save_due) {
		timer_set(&d->save, SAVE_MS, 0);
		d->save_due = true;
	}
}

/* Some members each round of the loop, so that events never wait for it. */
static void on_save(struct source *s, uint32_t events _unused_)
{
	struct daemon *d = s->userdata;
	struct err err;
	int r = 0;

	if (!timer_read(s))
		return;
	d->save_due = false;
	if (!d->saving) {
		r = state_save_begin(STATE_DIR, &d->saving, &err);
	}
	if (r == 0)
		r = state_save_some(d->saving, daemon_model(d), SAVE_AT_ONCE, &err);
	if (r > 0) {
		timer_fire(&d->save);
		return;
	}
	state_saving_free(take_ptr(d->saving));
	/* what this, and the burst of answers before it, needed goes back: small for months */
	malloc_trim(0);
	if (r < 0 && !d->save_failed)
		log_warning("state not saved: %s", err.text);
	d->save_failed = r < 0;
	if (r < 0) {
		/* there may be room again, and nothing else to save it for */
		timer_set(&d->save, SAVE_RETRY_MS, 0);
		d->save_due = true;
	} else if (d->save_again) {
		save_soon(d);
	}
	d->save_again = false;
}

int daemon_apply(struct daemon *d, struct err *err)
{
	struct keeper_result result = {0};
	int r;

	uint64_t now = loop_now_ms();

	d->due = d->due_now = false;
	if (now - d->applied_at >= BATCH_MS) {
		d->applied_at = now;
		d->n_applied = 0;
	}
	d->n_applied++;
	model_keep_apart(daemon_edit_model(d));
	/* what was known of ports stays: the table is changed anyway, and takes away what has to go
	 */
	daemon_assign_links(d);
	if (apply_delta(d, &result, err) > 0) {
		timer_set(&d->verify, VERIFY_MS, 0);
	} else {
		r = apply_all(d, &result, err);
		/* that takes its time: not again at once */
		d->applied_at = loop_now_ms();
		d->n_applied = BURST;
		if (r < 0)
			return r;
	}
	if (result.adopted)
		d->found = keeper_take_found(d->keeper);
	daemon_forget_early(d);
	daemon_end_found_flows(d);
	daemon_end_owed_flows(d);
	d->sweep |= result.installed;
	daemon_sweep_flows(d);
	if (result.installed || result.adopted)
		log_notice("table %s, %zu elements", result.adopted ? "adopted" : "installed",
			   elements_count(keeper_holds(d->keeper)));
	else if (result.added || result.deleted)
		log_debug("table: %zu elements added, %zu taken away", result.added,
			  result.deleted);
	tell_unguarded(d);
	save_soon(d);
	if (d->control)
		control_check(d->control);
	return 0;
}

/* In a quiet moment all is computed: what single changes came to must be the same. */
static void on_verify(struct source *s, uint32_t events _unused_)
{
	struct daemon *d = s->userdata;
	struct keeper_result result = {0};
	struct err err;

	if (!timer_read(s) || d->due || apply_all(d, &result, &err) < 0)
		return;
	if (result.added || result.deleted)
		log_warning("changes had left %zu elements out and %zu too many: put right",
			    result.added, result.deleted);
}

void daemon_changed(struct daemon *d)
{
	uint64_t since = loop_now_ms() - d->applied_at;

	if (d->due)
		return;
	d->due = true;
	if (since >= BATCH_MS || d->n_applied < BURST)
		d->due_now = true;
	else
		timer_set(&d->apply, BATCH_MS - since, 0);
}

/* Behind what one round of events has brought. */
static void after_round(void *userdata)
{
	struct daemon *d = userdata;
	struct err err;

	if (d->due && d->due_now)
		daemon_apply(d, &err); /* told there, and tried again */
}

static void on_apply(struct source *s, uint32_t events _unused_)
{
	struct err err;

	if (timer_read(s))
		daemon_apply(s->userdata, &err); /* told there, and tried again */
}

void daemon_put_back(struct daemon *d, const char *who)
{
	struct keeper_result result = {0};
	struct err err;

	if (keeper_heal(d->keeper, &result, &err) < 0) {
		failed(d, "put back", 0, &err);
		return;
	}
	d->n_healed++;
	log_warning("%s changed the table: put back (%s, %zu elements added, %zu taken away)",
		    who[0] ? who : "somebody", result.installed ? "all of it" : "differences",
		    result.added, result.deleted);
	d->sweep = true;
	daemon_sweep_flows(d);
	/* what was put back is what was in force, not what has been refused since */
	if (d->table_error)
		daemon_apply(d, &err);
}

static void on_keeper(struct source *s, uint32_t events _unused_)
{
	struct daemon *d = s->userdata;
	char who[64] = "";
	struct err err;
	int r = keeper_dispatch(d->keeper, who, &err);

	if (r > 0)
		daemon_put_back(d, who);
	else if (r < 0)
		failed(d, "put back", 0, &err);
}

int daemon_table_sources(struct daemon *d, struct err *err)
{
	int r;

	loop_set_after(d->loop, after_round, d);
	if ((r = timer_add(d->loop, &d->apply, on_apply, d, err)) < 0 ||
	    (r = timer_add(d->loop, &d->retry, on_apply, d, err)) < 0 ||
	    (r = timer_add(d->loop, &d->save, on_save, d, err)) < 0 ||
	    (r = timer_add(d->loop, &d->verify, on_verify, d, err)) < 0 ||
	    (r = source_add(d->loop, &d->keeper_source, keeper_fd(d->keeper), EPOLLIN, on_keeper, d,
			    err)) < 0)
		return r;
	if ((r = daemon_links_sources(d, err)) < 0 || (r = daemon_denials_start(d, err)) < 0 ||
	    (r = daemon_watchdog_start(d, err)) < 0)
		return r;
	return 0;
}

/* ---- is a container in force? ---- */

static bool in_force(const struct daemon *d, const char *bridge, const struct addr *addr)
{
	enum set_id set = addr->family == AF_INET6 ? SET_MEMBERS6 : SET_MEMBERS4;
	struct nft_key key = {0};

	nft_key_ifname(&key, bridge);
	nft_key_addr(&key, addr);
	return keeper_has(d->keeper, set, &key);
}

int daemon_has_member(const struct daemon *d, const struct member *m, struct err *err)
{
	if (m->host_network)
		return err_set(err, EINVAL, "%s runs in the host's network: not guarded", m->name);
	if (m->unguarded)
		return err_set(err, EINVAL, "%s: not guarded: %s", m->name, m->unguarded);
	if (!m->pod)
		return err_set(err, EINVAL, "%s: other_containers.guard is false", m->name);
	for (size_t i = 0; i < m->n_addresses; i++) {
		const struct member_address *a = &m->addresses[i];

		if (!settings_guards_interface(config_settings(d->config), a->bridge))
			return err_set(err, EINVAL,
				       "%s on %s: not guarded: guard.container_interfaces leaves "
				       "it out",
				       m->name, a->bridge);
		if ((a->ip4.family && !in_force(d, a->bridge, &a->ip4)) ||
		    (a->ip6.family && !in_force(d, a->bridge, &a->ip6)))
			return 0;
		/* what it sends passes table bridge only once its port is known */
		if (!a->veth[0] && links_exists(d->links, a->bridge))
			return 0;
	}
	return 1;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host's links and bridges: whose a port is, what they let through, and looking again. */
#include "netguard/daemon_private.h"

#include "common/log.h"

#include <sys/epoll.h>

/*
 * What the kernel told of links or bridges is incomplete: a port that is not known is not guarded,
 * so they are looked at again soon, whether or not anything happens.
 */
static void relook_soon(struct daemon *d, enum daemon_relook what, const struct err *err)
{
	static const char *const names[] = {[DAEMON_RELOOK_LINKS] = "links",
					    [DAEMON_RELOOK_BRIDGES] = "bridges",
					    [DAEMON_RELOOK_PORTS] = "ports"};

	free(d->relook_why[what]);
	d->relook_why[what] = xasprintf("%s: %s", names[what], err->text);
	if (!d->relook_ms)
		log_warning("%s; they are looked at again", d->relook_why[what]);
	d->relook_ms = timer_longer(d->relook_ms, DAEMON_RETRY_MIN_MS, DAEMON_RETRY_MAX_MS);
	if (d->relook.fd >= 0)
		timer_set(&d->relook, d->relook_ms, 0);
}

/* False where it has to be done again. */
static bool open_groups(struct daemon *d)
{
	struct err err;

	if (links_open_groups(d->links, config_settings(d->config), &err) >= 0)
		return true;
	relook_soon(d, DAEMON_RELOOK_PORTS, &err);
	return false;
}

/*
 * The engine's list does not tell which process a container has, so the one from before is kept. A
 * container that was started again while nobody followed has another now: it has no port then, and
 * its own answer tells why. Asked once, since a port may be missing for good.
 */
static void ask_where_ports_are_missing(struct daemon *d)
{
	const struct model *m = daemon_model(d);
	struct strv names;

	if (!d->ask_ports || watch_get_state(d->watch) != WATCH_UP)
		return;
	d->ask_ports = false;
	links_names(d->links, &names);
	for (size_t i = 0; i < m->n_members; i++) {
		const struct member *member = &m->members[i];
		bool missing = false;

		for (size_t j = 0; member->pid > 0 && j < member->n_addresses && !missing; j++) {
			const struct member_address *a = &member->addresses[j];

			missing = !a->veth[0] && strv_find(&names, a->bridge);
		}
		if (missing)
			watch_ask(d->watch, member->id);
	}
	strv_done(&names);
}

void daemon_assign_links(struct daemon *d)
{
	struct err err;

	if (links_assign(d->links, config_settings(d->config), daemon_edit_model(d), &err) < 0)
		relook_soon(d, DAEMON_RELOOK_LINKS, &err);
	/* before the first table: it leaves to ports what an older one looked at itself */
	open_groups(d);
	ask_where_ports_are_missing(d);
}

static bool is_guarded(void *userdata, const char *ifname)
{
	const struct daemon *d = userdata;

	return settings_guards_interface(config_settings(d->config), ifname);
}

void daemon_scan_bridges(struct daemon *d)
{
	struct err err;

	if (d->bridges && bridges_scan(d->bridges, is_guarded, d, &err) < 0)
		relook_soon(d, DAEMON_RELOOK_BRIDGES, &err);
}

/* False where it has to be done again. */
static bool read_links(struct daemon *d)
{
	struct err err;
	int r = links_dispatch(d->links, &err);

	if (r < 0)
		relook_soon(d, DAEMON_RELOOK_LINKS, &err);
	else if (r > 0)
		daemon_changed(d);
	return open_groups(d) && r >= 0;
}

static bool read_bridges(struct daemon *d)
{
	struct err err;

	if (!d->bridges || bridges_dispatch(d->bridges, is_guarded, d, &err) >= 0)
		return true;
	relook_soon(d, DAEMON_RELOOK_BRIDGES, &err);
	return false;
}

static void on_links(struct source *s, uint32_t events _unused_)
{
	read_links(s->userdata);
}

static void on_bridges(struct source *s, uint32_t events _unused_)
{
	read_bridges(s->userdata);
}

static void on_relook(struct source *s, uint32_t events _unused_)
{
	struct daemon *d = s->userdata;
	bool links, bridges;

	if (!timer_read(s))
		return;
	/* those that fail again say so again */
	for (size_t i = 0; i < ARRAY_SIZE(d->relook_why); i++)
		free(take_ptr(d->relook_why[i]));
	links = read_links(d);
	bridges = read_bridges(d);
	if (!links || !bridges)
		return;
	log_notice("links and bridges are known again");
	d->relook_ms = 0;
}

int daemon_links_sources(struct daemon *d, struct err *err)
{
	int r;

	if ((r = timer_add(d->loop, &d->relook, on_relook, d, err)) < 0 ||
	    (r = source_add(d->loop, &d->links_source, links_fd(d->links), EPOLLIN, on_links, d,
			    err)) < 0)
		return r;
	/* helps, but the table holds without */
	if (d->bridges && (r = source_add(d->loop, &d->bridges_source, bridges_fd(d->bridges),
					  EPOLLIN, on_bridges, d, err)) < 0)
		return r;
	/* failed before there was a timer */
	if (d->relook_ms)
		timer_set(&d->relook, d->relook_ms, 0);
	return 0;
}

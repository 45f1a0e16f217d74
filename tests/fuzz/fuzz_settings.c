/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the system configuration: what is taken keeps what settings.h promises. */
#include "common/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_port_list(const struct settings_ports *p)
{
	for (size_t i = 0; i < p->n; i++) {
		must(p->items[i].first >= 1 && p->items[i].first <= p->items[i].last);
		must(i == 0 || p->items[i - 1].proto < p->items[i].proto ||
		     (p->items[i - 1].proto == p->items[i].proto &&
		      p->items[i - 1].last < p->items[i].first));
	}
}

static void check_whitelist(const struct settings *s)
{
	for (size_t i = 0; i < s->n_port_whitelist; i++) {
		const struct settings_grant *g = &s->port_whitelist[i];

		must(pod_name_valid(g->pod));
		must(i == 0 || !ports_overlap(&g[-1].ports, &g->ports));
		must(settings_find_grant(s, g->ports.proto, g->ports.first) == g);
		must(settings_find_grant(s, g->ports.proto, g->ports.last) == g);
	}
}

static void check_pod(const struct settings *s, const struct settings_pod *p)
{
	must(pod_name_valid(p->entry.key));
	must(settings_find_pod(s, p->entry.key) == p);
	check_port_list(&p->host_ports);
	check_port_list(&p->direct_ports);
	must(p->egress_given || p->n_egress == 0);
	must(p->host_rate.rate == 0 || (p->host_rate.unit > 0 && p->host_rate.burst > 0));
	for (size_t i = 0; i < p->n_connect_to; i++) {
		must(pod_name_valid(p->connect_to[i].pod));
		must(p->connect_to[i].any == (p->connect_to[i].ports.n == 0));
		check_port_list(&p->connect_to[i].ports);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(settings_freep)
	struct settings *s = NULL;
	_cleanup_(problems_done)
	struct problems p = {0};
	int r = settings_parse((const char *)data, size, "host", &p, &s);

	must((r == 0) == (s != NULL) && (r < 0) == (p.n_errors > 0));
	for (size_t i = 0; i < p.n; i++)
		must(strlen(p.items[i].path) < 256 && strlen(p.items[i].text) < 512);
	if (!s)
		return 0;
	check_whitelist(s);
	for (size_t i = 0; i < settings_n_pods(s); i++)
		check_pod(s, settings_pod_at(s, i));
	check_port_list(&s->guard.host_ports);
	must(!settings_guards_interface(s, "lo"));
	return 0;
}

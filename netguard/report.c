/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/report.h"

static void put_words(FILE *out, const char *what, const struct strv *v)
{
	fprintf(out, "  %s:", what);
	for (size_t i = 0; i < v->n; i++)
		fprintf(out, "%s%s", i ? ", " : " ", v->items[i]);
	fprintf(out, "%s\n", v->n ? "" : " none");
}

static void put_users(FILE *out, const char *what, const struct accounts *a)
{
	fprintf(out, "  %s:", what);
	for (size_t i = 0; i < a->n; i++)
		fprintf(out, "%s%s (%u)", i ? ", " : " ", a->items[i].name,
			(unsigned)a->items[i].uid);
	fprintf(out, "%s\n", a->n ? "" : " none");
}

static void put_ports(FILE *out, const char *what, const struct settings_ports *p)
{
	char text[PORTS_TEXT_MAX];

	fprintf(out, "  %s:", what);
	for (size_t i = 0; i < p->n; i++)
		fprintf(out, "%s%s", i ? ", " : " ", ports_format(&p->items[i], text));
	fprintf(out, "%s\n", p->n ? "" : " none");
}

static void put_rate(FILE *out, const struct settings_rate *own, const struct settings_rate *all)
{
	const struct settings_rate *r = own->rate ? own : all;
	const char *unit = r->unit == 1	     ? "second"
			   : r->unit == 60   ? "minute"
			   : r->unit == 3600 ? "hour"
					     : "day";

	if (r->rate)
		fprintf(out, "  new connections to the host: at most %llu/%s, burst %u\n",
			(unsigned long long)r->rate, unit, (unsigned)r->burst);
}

static void put_grants(FILE *out, const struct settings *s, const char *pod)
{
	bool any = false;

	for (size_t i = 0; i < s->n_port_whitelist; i++) {
		const struct settings_grant *g = &s->port_whitelist[i];
		char text[ADDR_TEXT_MAX];

		if (!streq(g->pod, pod))
			continue;
		any = true;
		fprintf(out, "  may publish host port %s to ", ports_format(&g->ports, text));
		for (size_t j = 0; j < g->n_from; j++)
			fprintf(out, "%s%s", j ? ", " : "", prefix_format(&g->from[j], text));
		fprintf(out, "%s%s\n", g->n_from ? "" : "everybody",
			g->pod_users_only ? "; of the host's users only its own" : "");
	}
	if (!any)
		fprintf(out, "  may publish host ports: none\n");
}

static void put_links(FILE *out, const struct settings_pod *p)
{
	char text[PORTS_TEXT_MAX];

	for (size_t i = 0; i < p->n_connect_to; i++) {
		const struct settings_link *l = &p->connect_to[i];

		fprintf(out, "  may connect to pod %s:%s", l->pod, l->any ? " any port" : "");
		for (size_t j = 0; !l->any && j < l->ports.n; j++)
			fprintf(out, "%s%s", j ? ", " : " ",
				ports_format(&l->ports.items[j], text));
		fputc('\n', out);
	}
}

static void put_egress(FILE *out, const struct settings_pod *p)
{
	char prefix[ADDR_TEXT_MAX], ports[PORTS_TEXT_MAX];

	fprintf(out, "  may connect to the world:");
	for (size_t i = 0; i < p->n_egress; i++)
		fprintf(out, "%s%s port %s", i ? ", " : " ",
			prefix_format(&p->egress[i].to, prefix),
			ports_format(&p->egress[i].ports, ports));
	fprintf(out, "%s\n", !p->egress_given ? " anywhere" : p->n_egress ? "" : " nowhere");
}

static void put_pod(const struct settings *s, const struct people *people, size_t i, FILE *out)
{
	const struct settings_pod *p = settings_pod_at(s, i);

	fprintf(out, "pod %s\n", p->entry.key);
	put_users(out, "host users who reach its containers", &people->pod_users[i]);
	if (p->owners_given)
		put_users(out, "owners", &people->pod_owners[i]);
	for (size_t j = 0; j < p->hostnames.n; j++)
		fprintf(out, "  may have the host name %s\n", p->hostnames.items[j]);
	put_grants(out, s, p->entry.key);
	put_ports(out, "may reach host ports", &p->host_ports);
	put_rate(out, &p->host_rate, &s->guard.host_rate);
	put_links(out, p);
	if (p->direct_ports.n)
		put_ports(out, "reachable at its own address", &p->direct_ports);
	put_egress(out, p);
}

/* Pods that are only named on the whitelist. */
static void put_other_pods(const struct settings *s, FILE *out)
{
	for (size_t i = 0; i < s->n_port_whitelist; i++) {
		const char *pod = s->port_whitelist[i].pod;
		bool seen = settings_find_pod(s, pod) != NULL;

		for (size_t j = 0; j < i; j++)
			seen |= streq(s->port_whitelist[j].pod, pod);
		if (seen)
			continue;
		fprintf(out, "pod %s\n", pod);
		put_grants(out, s, pod);
	}
}

void report_settings(const struct settings *s, const struct people *people, FILE *out)
{
	fprintf(out, "every pod\n");
	put_words(out, "guarded interfaces", &s->guard.container_interfaces);
	if (s->guard.exempt_interfaces.n)
		put_words(out, "of these not guarded", &s->guard.exempt_interfaces);
	put_users(out, "host users who reach all containers", &people->allowed);
	put_ports(out, "may reach host ports", &s->guard.host_ports);
	put_rate(out, &s->guard.host_rate, &s->guard.host_rate);
	fprintf(out, "  other pods' containers: %s\n",
		s->guard.pod_to_pod_allow ? "may be reached" : "denied but for connect_to");
	fprintf(out, "  containers that podctl did not make: %s\n",
		s->other_guard ? "guarded as pods too" : "not guarded as pods");
	if (s->guard.deny_host_users_with_drop)
		fprintf(out, "  host users are denied: without an answer\n");
	if (!s->guard.log_denied)
		fprintf(out, "  denials are counted, and not logged\n");
	for (size_t i = 0; i < settings_n_pods(s); i++)
		put_pod(s, people, i, out);
	put_other_pods(s, out);
}

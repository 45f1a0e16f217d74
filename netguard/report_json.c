/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a configuration means, for programs: the same as report.c says in words. */
#include "netguard/report.h"

static json_t *words_of(const struct strv *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->n; i++)
		json_array_append_new(list, json_string(v->items[i]));
	return list;
}

static json_t *users_of(const struct accounts *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n; i++)
		json_array_append_new(list, json_pack("{s:s, s:I}", "name", a->items[i].name, "uid",
						      (json_int_t)a->items[i].uid));
	return list;
}

static json_t *ports_of(const struct settings_ports *p)
{
	json_t *list = json_array();
	char text[PORTS_TEXT_MAX];

	for (size_t i = 0; i < p->n; i++)
		json_array_append_new(list, json_string(ports_format(&p->items[i], text)));
	return list;
}

static json_t *rate_of(const struct settings_rate *own, const struct settings_rate *all)
{
	const struct settings_rate *r = own->rate ? own : all;

	if (!r->rate)
		return json_null();
	return json_pack("{s:I, s:I, s:I}", "packets", (json_int_t)r->rate, "seconds",
			 (json_int_t)r->unit, "burst", (json_int_t)r->burst);
}

static json_t *grants_of(const struct settings *s, const char *pod)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n_port_whitelist; i++) {
		const struct settings_grant *g = &s->port_whitelist[i];
		json_t *from = g->n_from ? json_array() : json_null();
		char text[ADDR_TEXT_MAX], port[PORTS_TEXT_MAX];

		if (!streq(g->pod, pod)) {
			json_decref(from);
			continue;
		}
		for (size_t j = 0; j < g->n_from; j++)
			json_array_append_new(from, json_string(prefix_format(&g->from[j], text)));
		json_array_append_new(list,
				      json_pack("{s:s, s:o, s:s}", "port",
						ports_format(&g->ports, port), "from", from,
						"host_users", g->pod_users_only ? "pod" : "any"));
	}
	return list;
}

static json_t *links_of(const struct settings_pod *p)
{
	json_t *object = json_object();

	for (size_t i = 0; i < p->n_connect_to; i++)
		json_object_set_new(object, p->connect_to[i].pod,
				    p->connect_to[i].any ? json_string("any")
							 : ports_of(&p->connect_to[i].ports));
	return object;
}

static json_t *egress_of(const struct settings_pod *p)
{
	json_t *list = p->egress_given ? json_array() : json_null();
	char prefix[ADDR_TEXT_MAX], ports[PORTS_TEXT_MAX];

	for (size_t i = 0; i < p->n_egress; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s}", "to", prefix_format(&p->egress[i].to, prefix),
					"port", ports_format(&p->egress[i].ports, ports)));
	return list;
}

static json_t *pod_of(const struct settings *s, const struct people *people, size_t i)
{
	const struct settings_pod *p = settings_pod_at(s, i);

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "users",
			 users_of(&people->pod_users[i]), "owners",
			 p->owners_given ? users_of(&people->pod_owners[i]) : json_null(),
			 "hostnames", words_of(&p->hostnames), "publish",
			 grants_of(s, p->entry.key), "host_ports", ports_of(&p->host_ports),
			 "host_rate", rate_of(&p->host_rate, &s->guard.host_rate), "connect_to",
			 links_of(p), "direct_ports", ports_of(&p->direct_ports), "egress",
			 egress_of(p));
}

json_t *report_json(const struct settings *s, const struct people *people)
{
	json_t *pods = json_object();

	for (size_t i = 0; i < settings_n_pods(s); i++)
		json_object_set_new(pods, settings_pod_at(s, i)->entry.key, pod_of(s, people, i));
	for (size_t i = 0; i < s->n_port_whitelist; i++) {
		const char *pod = s->port_whitelist[i].pod;

		if (!json_object_get(pods, pod))
			json_object_set_new(pods, pod,
					    json_pack("{s:o}", "publish", grants_of(s, pod)));
	}
	return json_pack("{s:{s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:b, s:b}, s:o}", "every_pod",
			 "guarded_interfaces", words_of(&s->guard.container_interfaces),
			 "not_guarded", words_of(&s->guard.exempt_interfaces), "users",
			 users_of(&people->allowed), "host_ports", ports_of(&s->guard.host_ports),
			 "host_rate", rate_of(&s->guard.host_rate, &s->guard.host_rate),
			 "pod_to_pod", s->guard.pod_to_pod_allow ? "allow" : "deny",
			 "deny_host_users_with",
			 s->guard.deny_host_users_with_drop ? "drop" : "reject", "log_denied",
			 (int)s->guard.log_denied, "other_containers_guarded", (int)s->other_guard,
			 "pods", pods);
}

json_t *report_problems(const struct problems *problems)
{
	json_t *list = json_array();

	for (size_t i = 0; i < problems->n; i++) {
		const struct problem *p = &problems->items[i];
		char path[256], text[512];

		json_array_append_new(list,
				      json_pack("{s:I, s:I, s:s, s:s, s:s}", "line",
						(json_int_t)p->mark.line, "column",
						(json_int_t)p->mark.column, "severity",
						p->warning ? "warning" : "error", "key",
						text_printable(path, sizeof(path), p->path), "text",
						text_printable(text, sizeof(text), p->text)));
	}
	return list;
}

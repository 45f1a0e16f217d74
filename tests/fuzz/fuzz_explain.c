/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain's FROM and TO, one line each: whatever a stranger asks gets an answer or a refusal. */
#include "netguard/explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char config[] = "port_whitelist: { 80: web, 443: { pod: web, from: [192.0.2.0/24] },\n"
			     "  8080: { pod: db, host_users: pod } }\n"
			     "guard: { allowed_users: [], host_ports: [53/udp] }\n"
			     "pods:\n"
			     "  web: { host_ports: [5432/tcp], connect_to: { db: [1/tcp] } }\n"
			     "  db: { egress: [\"0.0.0.0/1:443/tcp\", \"[2000::/3]:25/tcp\"] }\n";

static void add_member(struct model *m, const char *id, const char *pod, const char *ip4,
		       const char *ip6)
{
	struct member member = {
		.id = xstrdup(id), .name = xstrdup(id), .pod = xstrdup(pod), .running = true};
	struct member_address a = {.bridge = "br-pods"};

	addr_parse(ip4, &a.ip4);
	addr_parse(ip6, &a.ip6);
	ARRAY_PUSH(member.addresses, member.n_addresses) = a;
	ARRAY_PUSH(member.ports, member.n_ports) =
		(struct member_port){.host_port = 80, .port = 80, .proto = IPPROTO_TCP};
	model_put(m, &member);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *from = xstrndup((const char *)data, size);
	char *to = strchr(from, '\n');
	struct explain_local locals[2] = {{.len = 24, .ifname = "br-pods"}, {.len = 8}};
	struct people people = {0};
	struct problems problems = {0};
	struct explanation e = {0};
	struct settings *s = NULL;
	struct explain_context x;
	struct model *m;
	struct err err;

	if (!to)
		return 0;
	*to++ = '\0';
	if (settings_parse(config, strlen(config), "h", &problems, &s) < 0)
		abort();
	addr_parse("10.88.1.1", &locals[0].addr);
	addr_parse("127.0.0.1", &locals[1].addr);
	m = model_new();
	add_member(m, "web", "web", "10.88.1.2", "fd88::2");
	add_member(m, "db", "db", "10.88.1.3", "");
	x = (struct explain_context){.settings = s,
				     .people = &people,
				     .model = m,
				     .elements = model_elements(s, &people, m),
				     .locals = locals,
				     .n_locals = ARRAY_SIZE(locals)};
	if (explain(&x, from, to, -1, &e, &err) == 0) {
		json_t *json = explain_json(&e, "f");

		if (e.n == 0 || e.n > EXPLAIN_CASES_MAX || !json)
			abort();
		for (size_t i = 0; i < e.n; i++)
			if (!e.cases[i].reason || !e.cases[i].how)
				abort();
		json_decref(json);
		explanation_done(&e);
	}
	elements_free((struct elements *)(uintptr_t)x.elements);
	model_free(m);
	settings_free(s);
	problems_done(&problems);
	return 0;
}

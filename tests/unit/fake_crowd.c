/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/fake_crowd.h"

#include <stdio.h>

void fake_crowd_id(unsigned i, char ret[static 65])
{
	snprintf(ret, 65, "%08x%056x", i * 2654435761U, i);
}

void fake_crowd_network_id(unsigned i, char ret[static 65])
{
	snprintf(ret, 65, "%064x", 0xa0000000 + i);
}

void fake_crowd_ip(unsigned i, char ret[static 16])
{
	unsigned at = i % CROWD_PER_NETWORK;

	snprintf(ret, 16, "10.%u.%u.%u", i / CROWD_PER_NETWORK % 256, at / 250, at % 250 + 2);
}

static void put_endpoint(FILE *f, unsigned i)
{
	char network[65], ip[16];

	fake_crowd_network_id(i / CROWD_PER_NETWORK, network);
	fake_crowd_ip(i, ip);
	fprintf(f,
		"\"crowd%u\":{\"IPAMConfig\":null,\"Links\":null,\"Aliases\":null,"
		"\"NetworkID\":\"%s\",\"EndpointID\":\"%064x\",\"Gateway\":\"10.0.0.1\","
		"\"IPAddress\":\"%s\",\"IPPrefixLen\":22,\"IPv6Gateway\":\"\","
		"\"GlobalIPv6Address\":\"\",\"GlobalIPv6PrefixLen\":0,"
		"\"MacAddress\":\"02:42:0a:%02x:%02x:%02x\",\"DriverOpts\":null}",
		i / CROWD_PER_NETWORK, network, i, ip, i >> 16 & 0xff, i >> 8 & 0xff, i & 0xff);
}

static void put_labels(FILE *f, unsigned i)
{
	fprintf(f,
		"{\"com.docker.compose.config-hash\":\"%064x\","
		"\"com.docker.compose.container-number\":\"1\","
		"\"com.docker.compose.oneoff\":\"False\",\"com.docker.compose.project\":\"job%u\","
		"\"com.docker.compose.service\":\"worker%u\","
		"\"org.opencontainers.image.source\":\"https://example.org/a/b/c\"}",
		i, i / 2, i % 2);
}

static char *list_of(unsigned n)
{
	char *text = NULL, id[65];
	size_t size;
	FILE *f = open_memstream(&text, &size);

	fputc('[', f);
	for (unsigned i = 0; i < n; i++) {
		fake_crowd_id(i, id);
		fprintf(f,
			"%s{\"Id\":\"%s\",\"Names\":[\"/job%u.worker%u\"],"
			"\"Image\":\"registry.example.org/team/worker:1.2.3\","
			"\"ImageID\":\"sha256:%064x\",\"Command\":\"/bin/worker --all\","
			"\"Created\":1700000000,\"Ports\":[],\"Labels\":",
			i ? "," : "", id, i / 2, i % 2, 7);
		put_labels(f, i);
		fprintf(f,
			",\"State\":\"running\",\"Status\":\"Up 5 minutes\",\"HostConfig\":"
			"{\"NetworkMode\":\"crowd%u\"},\"NetworkSettings\":{\"Networks\":{",
			i / CROWD_PER_NETWORK);
		put_endpoint(f, i);
		fprintf(f, "}},\"Mounts\":[]}");
	}
	fputc(']', f);
	fclose(f);
	return text;
}

static char *inspect_of(unsigned i)
{
	char *text = NULL, id[65];
	size_t size;
	FILE *f = open_memstream(&text, &size);

	fake_crowd_id(i, id);
	fprintf(f,
		"{\"Id\":\"%s\",\"Name\":\"/job%u.worker%u\",\"Image\":\"sha256:%064x\","
		"\"State\":{\"Status\":\"running\",\"Running\":true,\"Pid\":0,\"ExitCode\":0},"
		"\"Config\":{\"Image\":\"registry.example.org/team/worker:1.2.3\",\"Labels\":",
		id, i / 2, i % 2, 7);
	put_labels(f, i);
	fprintf(f,
		"},\"HostConfig\":{\"NetworkMode\":\"crowd%u\"},\"NetworkSettings\":"
		"{\"Ports\":{},\"Networks\":{",
		i / CROWD_PER_NETWORK);
	put_endpoint(f, i);
	fprintf(f, "}}}");
	fclose(f);
	return text;
}

static void put_network(FILE *f, unsigned network)
{
	char id[65];

	fake_crowd_network_id(network, id);
	fprintf(f,
		"{\"Id\":\"%s\",\"Name\":\"crowd%u\",\"Driver\":\"bridge\",\"Scope\":\"local\","
		"\"Internal\":false,\"EnableIPv6\":false,"
		"\"Options\":{\"com.docker.network.bridge.name\":\"br-crowd%u\"}",
		id, network, network);
}

static char *network_of(unsigned network, unsigned n)
{
	unsigned first = network * CROWD_PER_NETWORK;
	char *text = NULL, id[65], ip[16];
	size_t size;
	FILE *f = open_memstream(&text, &size);

	put_network(f, network);
	fprintf(f, ",\"Containers\":{");
	for (unsigned i = first; i < n && i < first + CROWD_PER_NETWORK; i++) {
		fake_crowd_id(i, id);
		fake_crowd_ip(i, ip);
		fprintf(f,
			"%s\"%s\":{\"Name\":\"job%u.worker%u\",\"EndpointID\":\"%064x\","
			"\"MacAddress\":\"02:42:0a:%02x:%02x:%02x\",\"IPv4Address\":\"%s/22\","
			"\"IPv6Address\":\"\"}",
			i > first ? "," : "", id, i / 2, i % 2, i, i >> 16 & 0xff, i >> 8 & 0xff,
			i & 0xff, ip);
	}
	fprintf(f, "}}");
	fclose(f);
	return text;
}

static char *networks_of(unsigned n)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	fputc('[', f);
	for (unsigned i = 0; i * CROWD_PER_NETWORK < n; i++) {
		fputs(i ? "," : "", f);
		put_network(f, i);
		fputc('}', f);
	}
	fputc(']', f);
	fclose(f);
	return text;
}

/* A script, which the engine copies. */
struct script {
	struct fake_reply *replies;
	size_t n;
	struct strv kept;
};

static void answer(struct script *s, char *path, char *body)
{
	char *http = fake_http(200, body);

	ARRAY_PUSH(s->replies, s->n) =
		(struct fake_reply){.path = path, .data = http, .forever = true};
	strv_take(&s->kept, path);
	strv_take(&s->kept, http);
	free(body);
}

struct fake_engine *fake_crowd_new(unsigned n)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
				   "Transfer-Encoding: chunked\r\n\r\n";
	struct fake_engine *f = fake_engine_new();
	struct script s = {0};
	char id[65];

	answer(&s, xstrdup("/version"),
	       xstrdup("{\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\",\"Version\":\"20.10."
		       "24\"}"));
	answer(&s, xstrdup("/v1.41/containers/json"), list_of(n));
	for (unsigned i = 0; i * CROWD_PER_NETWORK < n; i++) {
		fake_crowd_network_id(i, id);
		answer(&s, xasprintf("/v1.41/networks/%s", id), network_of(i, n));
	}
	answer(&s, xstrdup("/v1.41/networks"), networks_of(n));
	for (unsigned i = 0; i < n; i++) {
		fake_crowd_id(i, id);
		answer(&s, xasprintf("/v1.41/containers/%s/json", id), inspect_of(i));
	}
	ARRAY_PUSH(s.replies, s.n) = (struct fake_reply){
		.path = "/v1.41/events", .data = head, .end = FAKE_STREAM, .forever = true};
	fake_engine_replace(f, s.replies, s.n);
	free(s.replies);
	strv_done(&s.kept);
	return f;
}

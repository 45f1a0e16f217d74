/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON of the engine, strictly; containers, ports and networks from it. */
#include "engine/engine.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static json_t *parse(const char *text)
{
	struct err err = {0};
	json_t *json = NULL;

	if (engine_json_parse(text, strlen(text), &json, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return json;
}

/* The key at a path ("State>Pid") set to value (NULL: taken away), in a copy of text's JSON. */
static json_t *changed(const char *text, const char *path, const char *value)
{
	_cleanup_free_ char *copy = xstrdup(path);
	json_t *root = parse(text), *object = root;
	char *key = copy, *dot;

	while ((dot = strchr(key, '>'))) {
		*dot = '\0';
		object = json_is_array(object) ? json_array_get(object, (size_t)(key[0] - '0'))
					       : json_object_get(object, key);
		if (!object)
			fail_msg("no %s in the fixture", path);
		key = dot + 1;
	}
	if (!value)
		json_object_del(object, key);
	else if (json_is_array(object))
		json_array_set_new(object, (size_t)(key[0] - '0'), parse(value));
	else
		json_object_set_new(object, key, parse(value));
	return root;
}

static void test_json(_unused_ void **state)
{
	static const struct {
		const char *text;
		const char *prints; /* NULL: refused */
	} table[] = {
		{"{}", "{}"},
		{" [1, 2]\n", "[1,2]"},
		{"null", "null"},
		{"\"\\u00e9\"", "\"\xc3\xa9\""},
		/* what an image's labels can smuggle into a list of containers */
		{"\"\\u0000\"", "\"\xef\xbf\xbd\""},
		{"{\"k\\u0000\":\"v\\u0000\\u0000w\"}",
		 "{\"k\xef\xbf\xbd\":\"v\xef\xbf\xbd\xef\xbf\xbdw\"}"},
		{"{\"k\\u0000\":1,\"k\\ufffd\":2}", "{\"k\xef\xbf\xbd\":2}"},
		/* an escaped backslash is none of it */
		{"\"\\\\u0000\"", "\"\\\\u0000\""},
		{"\"\\\\\\u0000\"", "\"\\\\\xef\xbf\xbd\""},
		{"{\"a\":1,\"a\":1}", NULL},
		{"{\"x\":{\"a\":1,\"a\":2}}", NULL},
		{"", NULL},
		{" ", NULL},
		{"{", NULL},
		{"{}x", NULL},
		{"[1,]", NULL},
		{"{'a':1}", NULL},
		{"\\u0000", NULL},
		{"\"\\u000", NULL},
		{"\"\\", NULL},
		{"\"\xc0\x80\"", NULL},
		{"\"\\ud800\"", NULL},
		{"9223372036854775807", "9223372036854775807"},
		{"9223372036854775808", "9223372036854775807"},
		{"[18446744073709551615,1]", "[9223372036854775807,1]"},
		/* a number that is too big makes no keys the same */
		{"{\"k\":18446744073709551615,\"k\":2}", NULL},
		{"{\"a\":-99999999999999999999}", "{\"a\":-9223372036854775807}"},
		{"\"99999999999999999999\"", "\"99999999999999999999\""},
		{"\"\\\"99999999999999999999\"", "\"\\\"99999999999999999999\""},
		{"\"\\\\\"99999999999999999999", NULL},
		{"1e999", NULL},
		{"NaN", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		size_t size = strlen(table[i].text);
		/* a block of exactly its size, so that a read behind it is seen */
		_cleanup_free_ char *text = xmemdup(table[i].text, size), *printed = NULL;
		json_auto_t *json = NULL;
		struct err err = {0};
		int r = engine_json_parse(text, size, &json, &err);

		if (!table[i].prints) {
			if (r != -EPROTO)
				fail_msg("%s: %d", table[i].text, r);
			assert_null(json);
			continue;
		}
		if (r < 0)
			fail_msg("%s: %s", table[i].text, err.text);
		printed = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
		assert_string_equal(printed, table[i].prints);
	}
	/* a raw NUL is no JSON */
	{
		json_t *json = NULL;
		struct err err = {0};

		assert_int_equal(engine_json_parse("\"a\0b\"", 5, &json, &err), -EPROTO);
		assert_int_equal(engine_json_parse("{}\0", 3, &json, &err), -EPROTO);
	}
}

#define ID "7bbb160ec8cb20dccdaa7f71e03e43b17bf3046f857e7c0672eeb239e201af47"

static const char inspected[] =
	"{\"Id\":\"" ID "\",\"Created\":\"2026-11-22T22:26:43.1Z\",\"Path\":\"sleep\","
	"\"State\":{\"Status\":\"running\",\"Running\":true,\"Paused\":false,\"Pid\":4711,"
	"\"ExitCode\":0,\"Health\":{\"Status\":\"healthy\",\"FailingStreak\":0,\"Log\":[]}},"
	"\"Image\":\"sha256:beae\",\"Name\":\"/web.app\","
	"\"HostConfig\":{\"NetworkMode\":\"pods\",\"PortBindings\":{"
	"\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"8080-8090\"}],"
	"\"53/udp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"\"}],"
	"\"9/sctp\":[{\"HostIp\":\"::1\",\"HostPort\":\"10\"}]}},"
	"\"Config\":{\"Image\":\"busybox:latest\",\"Labels\":{\"podctl.pod\":\"web\",\"b\":\"\"}},"
	"\"NetworkSettings\":{\"Ports\":{\"53/"
	"udp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"32768\"}],"
	"\"80/"
	"tcp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"8085\"},{\"HostIp\":\"::\",\"HostPort\":"
	"\"8085\"}],\"99/tcp\":null,\"9/sctp\":[{\"HostIp\":\"\",\"HostPort\":\"10\"}],"
	"\"9/dccp\":[{\"HostIp\":\"\",\"HostPort\":\"9\"}]},"
	"\"Networks\":{\"pods\":{\"NetworkID\":\"n1\",\"IPAddress\":\"10.88.1.2\","
	"\"GlobalIPv6Address\":\"fd88:0:0:1::2\",\"MacAddress\":\"02:42:0a:58:01:02\"},"
	"\"late\":{\"NetworkID\":\"\",\"IPAddress\":\"\",\"MacAddress\":\"\"},\"gone\":null}}}";

static const char listed[] =
	"{\"Id\":\"" ID "\",\"Names\":[\"/other/alias\",\"/web.app\"],\"Image\":\"busybox:latest\","
	"\"ImageID\":\"sha256:beae\",\"Created\":1795386446,\"Ports\":["
	"{\"IP\":\"0.0.0.0\",\"PrivatePort\":80,\"PublicPort\":8085,\"Type\":\"tcp\"},"
	"{\"IP\":\"::\",\"PrivatePort\":80,\"PublicPort\":8085,\"Type\":\"tcp\"},"
	"{\"PrivatePort\":99,\"Type\":\"tcp\"},"
	"{\"PrivatePort\":9,\"PublicPort\":10,\"Type\":\"sctp\"},"
	"{\"PrivatePort\":9,\"PublicPort\":9,\"Type\":\"dccp\"},"
	"{\"IP\":\"127.0.0.1\",\"PrivatePort\":53,\"PublicPort\":32768,\"Type\":\"udp\"}],"
	"\"Labels\":{\"podctl.pod\":\"web\",\"b\":\"\"},\"State\":\"running\","
	"\"Status\":\"Up 5 minutes (healthy)\",\"HostConfig\":{\"NetworkMode\":\"pods\"},"
	"\"NetworkSettings\":{\"Networks\":{\"pods\":{\"NetworkID\":\"n1\",\"IPAddress\":"
	"\"10.88.1.2\",\"GlobalIPv6Address\":\"fd88:0:0:1::2\",\"MacAddress\":\"02:42:0a:58:01:"
	"02\"},"
	"\"late\":{\"IPAddress\":\"\"}}},\"Mounts\":[]}";

/* What both shapes say of the same container. */
static void check_common(const struct engine_container *c)
{
	assert_string_equal(c->id, ID);
	assert_string_equal(c->name, "web.app");
	assert_string_equal(c->image, "busybox:latest");
	assert_string_equal(c->image_id, "sha256:beae");
	assert_string_equal(c->state, "running");
	assert_string_equal(c->health, "healthy");
	assert_string_equal(c->network_mode, "pods");
	assert_true(c->running);
	assert_string_equal(engine_container_label(c, "podctl.pod"), "web");
	assert_string_equal(engine_container_label(c, "b"), "");
	assert_null(engine_container_label(c, "c"));
	assert_int_equal(c->n_endpoints, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct engine_endpoint *ep = &c->endpoints[i];
		bool late = streq(ep->network, "late");

		assert_string_equal(ep->network, late ? "late" : "pods");
		assert_string_equal(ep->network_id, late ? "" : "n1");
		assert_string_equal(ep->ip4, late ? "" : "10.88.1.2");
		assert_string_equal(ep->ip6, late ? "" : "fd88:0:0:1::2");
		assert_string_equal(ep->mac, late ? "" : "02:42:0a:58:01:02");
	}
}

static void check_port(const struct engine_container *c, const char *host_ip, uint16_t host_port,
		       uint16_t port, uint8_t proto)
{
	for (size_t i = 0; i < c->n_ports; i++) {
		const struct engine_port *p = &c->ports[i];

		if (streq(p->host_ip, host_ip) && p->host_port == host_port && p->port == port &&
		    p->proto == proto)
			return;
	}
	fail_msg("no port %s:%u->%u", host_ip, host_port, port);
}

static void check_published(const struct engine_container *c)
{
	/* and none of a protocol that nobody publishes */
	assert_int_equal(c->n_ports, 4);
	check_port(c, "", 10, 9, IPPROTO_SCTP);
	check_port(c, "0.0.0.0", 8085, 80, IPPROTO_TCP);
	check_port(c, "::", 8085, 80, IPPROTO_TCP);
	check_port(c, "127.0.0.1", 32768, 53, IPPROTO_UDP);
}

static void test_inspect(_unused_ void **state)
{
	_cleanup_(engine_container_done)
	struct engine_container c = {0};
	json_auto_t *json = parse(inspected);
	struct err err = {0};

	if (engine_container_from_inspect(json, &c, &err) < 0)
		fail_msg("%s", err.text);
	check_common(&c);
	check_published(&c);
	assert_int_equal(c.pid, 4711);
	assert_string_equal(c.status, "");
}

static void test_list(_unused_ void **state)
{
	_cleanup_(engine_container_done)
	struct engine_container c = {0};
	json_auto_t *json = parse(listed);
	struct err err = {0};

	if (engine_container_from_list(json, &c, &err) < 0)
		fail_msg("%s", err.text);
	check_common(&c);
	check_published(&c);
	assert_int_equal(c.pid, 0);
	assert_int_equal(c.created, 1795386446);
	assert_string_equal(c.status, "Up 5 minutes (healthy)");
}

/* Not running: the ports that were asked for. */
static void test_inspect_stopped(_unused_ void **state)
{
	static const char *const states[] = {
		"{\"Status\":\"exited\",\"Running\":false,\"Pid\":0,\"ExitCode\":137}",
		/* the engine says running, but nothing runs */
		"{\"Status\":\"restarting\",\"Running\":true,\"Pid\":5,\"ExitCode\":137}",
		"{\"Status\":\"exited\",\"ExitCode\":137}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		_cleanup_(engine_container_done)
		struct engine_container c = {0};
		json_auto_t *json = changed(inspected, "State", states[i]);
		struct err err = {0};

		if (engine_container_from_inspect(json, &c, &err) < 0)
			fail_msg("%s", err.text);
		assert_false(c.running);
		assert_int_equal(c.pid, 0);
		assert_int_equal(c.exit_code, 137);
		assert_string_equal(c.health, "");
		assert_int_equal(c.n_ports, 3);
		check_port(&c, "::1", 10, 9, IPPROTO_SCTP);
		check_port(&c, "", 0, 80, IPPROTO_TCP); /* of a range */
		check_port(&c, "127.0.0.1", 0, 53, IPPROTO_UDP);
	}
}

struct change {
	const char *path, *value;
	const char *text; /* in err; NULL: it is taken */
};

typedef int container_decoder(json_t *json, struct engine_container *ret, struct err *err);

static void check_changes(const char *fixture, container_decoder *decode,
			  const struct change *table, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_auto_t *json = changed(fixture, table[i].path, table[i].value);
		struct engine_container c, before;
		struct err err = {0};
		int r;

		memset(&before, 0x5a, sizeof(before));
		c = before;
		r = decode(json, &c, &err);
		if (r != (table[i].text ? -EPROTO : 0) ||
		    (table[i].text && !strstr(err.text, table[i].text)))
			fail_msg("%s = %s: %d %s", table[i].path, table[i].value, r, err.text);
		if (r < 0)
			assert_memory_equal(&c, &before, sizeof(c));
		else
			engine_container_done(&c);
	}
}

#define PORTS	 "NetworkSettings>Ports"
#define NETWORKS "NetworkSettings>Networks"

static void test_inspect_changes(_unused_ void **state)
{
	static const struct change table[] = {
		{"Path", "{\"anything\":[1]}", NULL},
		{"Id", NULL, "Id: an id expected"},
		{"Id", "7", "Id: an id expected"},
		{"Id", "\"\"", "Id: an id expected"},
		{"Id", "\"a/../b\"", "Id: an id expected"},
		{"Id", "\"a b\"", "Id: an id expected"},
		{"Name", NULL, NULL},
		{"Name", "[]", "Name: a string expected"},
		{"Image", "1", "Image: a string expected"},
		{"Config", NULL, NULL},
		{"Config", "[]", "Config: an object expected"},
		{"Config>Image", "1", "Config.Image"},
		{"Config>Labels", "null", NULL},
		{"Config>Labels", "[]", "Config.Labels"},
		{"Config>Labels", "{\"a\":null}", "Labels.a: a string expected"},
		{"State", NULL, "State.Status"},
		{"State", "\"running\"", "State: an object expected"},
		{"State>Status", NULL, "State.Status"},
		{"State>Status", "\"\"", "State.Status"},
		{"State>Running", "1", "State.Running: true or false expected"},
		{"State>Pid", "-1", "State.Pid: an integer"},
		{"State>Pid", "4294967296", "State.Pid"},
		{"State>Pid", "\"1\"", "State.Pid"},
		{"State>Pid", "1.0", "State.Pid"},
		{"State>ExitCode", "99999999999", "State.ExitCode"},
		{"State>Health", "null", NULL},
		{"State>Health", "\"healthy\"", "State.Health"},
		{"State>Health>Status", "true", "State.Health.Status"},
		{"HostConfig", "[]", "HostConfig"},
		{"HostConfig>NetworkMode", "0", "HostConfig.NetworkMode"},
		/* it runs, so what was asked for is not looked at */
		{"HostConfig>PortBindings", "[]", NULL},
		{"NetworkSettings", NULL, NULL},
		{"NetworkSettings", "[]", "NetworkSettings"},
		{NETWORKS, "null", NULL},
		{NETWORKS, "[]", "NetworkSettings.Networks: an object"},
		{NETWORKS, "{\"pods\":[]}", "NetworkSettings.Networks"},
		{NETWORKS ">pods>IPAddress", "null", NULL},
		{NETWORKS ">pods>IPAddress", "1", "IPAddress: a string"},
		{NETWORKS ">pods>GlobalIPv6Address", "{}", "GlobalIPv6Address: a string"},
		{NETWORKS ">pods>MacAddress", "1", "MacAddress: a string"},
		{NETWORKS ">pods>NetworkID", "1", "NetworkID: a string"},
		{PORTS, "null", NULL},
		{PORTS, "{}", NULL},
		{PORTS, "[]", "NetworkSettings.Ports"},
		{PORTS, "{\"80\":[{\"HostPort\":\"1\"}]}", NULL},
		{PORTS, "{\"80/tcp\":[]}", NULL},
		{PORTS, "{\"80/tcp\":{}}", "80/tcp"},
		{PORTS, "{\"80/tcp\":[null]}", "port binding: an object"},
		{PORTS, "{\"80/tcp\":[{\"HostPort\":80}]}", "HostPort: a string"},
		{PORTS, "{\"80/tcp\":[{\"HostIp\":80}]}", "HostIp: a string"},
		{PORTS, "{\"80/tcp\":[{\"HostPort\":\"\"}]}", "HostPort \"\""},
		{PORTS, "{\"80/tcp\":[{\"HostPort\":\"0\"}]}", "HostPort \"0\""},
		{PORTS, "{\"80/tcp\":[{\"HostPort\":\"x80\"}]}", "HostPort \"x80\""},
		{PORTS, "{\"80/tcp\":[{\"HostPort\":\"+80\"}]}", "HostPort \"+80\""},
		{PORTS, "{\"80/tcp\":[{\"HostPort\":\"65536\"}]}", "HostPort"},
		{PORTS, "{\"80/tcp\":[{\"HostPort\":\"80-90\"}]}", "HostPort"},
		{PORTS, "{\"80/tcp\":[{\"HostPort\":\"999999999999\"}]}", "HostPort"},
	};
	static const struct change stopped[] = {
		{"HostConfig>PortBindings", "null", NULL},
		{"HostConfig>PortBindings", "[]", "HostConfig.PortBindings"},
		{"HostConfig>PortBindings", "{\"80/tcp\":[{\"HostPort\":\"0\"}]}", NULL},
		{PORTS, "[]", NULL},
	};
	_cleanup_free_ char *text = NULL;
	json_auto_t *json = changed(inspected, "State", "{\"Status\":\"created\"}");

	check_changes(inspected, engine_container_from_inspect, table, ARRAY_SIZE(table));
	text = json_dumps(json, 0);
	check_changes(text, engine_container_from_inspect, stopped, ARRAY_SIZE(stopped));
}

/* Before a start the engine has them as they were written, and takes more than it gives. */
static void test_wanted_ports(_unused_ void **state)
{
	static const struct {
		const char *key, *host_port;
		int port, proto, want;
	} table[] = {
		{"80/tcp", "08080", 80, IPPROTO_TCP, 8080},
		{"80/tcp", "8080/udp", 80, IPPROTO_TCP, 8080},
		{"80/tcp", "0-100", 80, IPPROTO_TCP, 0},
		{"80/tcp", "9-8", 80, IPPROTO_TCP, 0},
		{"80/tcp", "x", 80, IPPROTO_TCP, 0},
		{"80/tcp", "65536", 80, IPPROTO_TCP, 0},
		{"0080/udp", "8080", 80, IPPROTO_UDP, 8080},
		{"80", "8080", 80, IPPROTO_TCP, 8080},
		{"80/", "8080", 80, IPPROTO_TCP, 8080},
		{"80/UDP", "8080", 80, IPPROTO_UDP, 8080},
		{"80/udp/x", "8080", 80, IPPROTO_UDP, 8080},
		{"0/tcp", "8080", 0, IPPROTO_TCP, 8080},
		{"", "8080", 0, IPPROTO_TCP, 8080},
		{"/tcp", "8080", 0, IPPROTO_TCP, 8080},
		{"80-90/tcp", "8080", 0, IPPROTO_TCP, 8080},
		{"80/quic", "8080", 0, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		json_auto_t *json = changed(inspected, "State", "{\"Status\":\"created\"}");
		_cleanup_(engine_container_done)
		struct engine_container c = {0};
		struct err err;

		json_object_set_new(
			json_object_get(json, "HostConfig"), "PortBindings",
			json_pack("{s:[{s:s}]}", table[i].key, "HostPort", table[i].host_port));
		assert_int_equal(engine_container_from_inspect(json, &c, &err), 0);
		assert_int_equal(c.n_ports, table[i].proto ? 1 : 0);
		if (c.n_ports == 0)
			continue;
		assert_int_equal(c.ports[0].port, table[i].port);
		assert_int_equal(c.ports[0].proto, table[i].proto);
		assert_int_equal(c.ports[0].host_port, table[i].want);
	}
}

/* The engine lets a container publish its port 0: that is one of the host's all the same. */
static void test_port_zero(_unused_ void **state)
{
	json_auto_t *running =
		changed(inspected, PORTS, "{\"0/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"8080\"}]}");
	json_auto_t *in_list = changed(listed, "Ports>0>PrivatePort", "0");
	_cleanup_(engine_container_done)
	struct engine_container c = {0};
	_cleanup_(engine_container_done)
	struct engine_container l = {0};
	struct err err;

	assert_int_equal(engine_container_from_inspect(running, &c, &err), 0);
	assert_int_equal(c.n_ports, 1);
	assert_int_equal(c.ports[0].host_port, 8080);
	assert_int_equal(c.ports[0].port, 0);
	assert_int_equal(engine_container_from_list(in_list, &l, &err), 0);
	assert_int_equal(l.ports[0].port, 0);
	assert_true(l.ports[0].host_port > 0);
}

static void test_list_changes(_unused_ void **state)
{
	static const struct change table[] = {
		{"Mounts", NULL, NULL},
		{"Id", NULL, "Id: an id expected"},
		{"Names", "null", NULL},
		{"Names", "[]", NULL},
		{"Names", "{}", "Names: an array"},
		{"Names", "[1]", "Names: no string"},
		{"Names", "[\"\"]", NULL},
		{"Image", "1", "Image"},
		{"ImageID", "1", "ImageID"},
		{"Labels", "null", NULL},
		{"Labels", "{\"a\":1}", "Labels.a"},
		{"State", NULL, "State: missing"},
		{"State", "{}", "State: a string"},
		{"Status", NULL, NULL},
		{"Status", "1", "Status"},
		{"Health", "[]", "Health"},
		{"Health", "{\"Status\":1}", "Health.Status"},
		{"Created", "\"now\"", "Created"},
		{"HostConfig", NULL, NULL},
		{"HostConfig", "1", "HostConfig"},
		{"HostConfig>NetworkMode", "1", "HostConfig.NetworkMode"},
		{"NetworkSettings", "null", NULL},
		{NETWORKS, "[1]", "Networks"},
		{"Ports", "null", NULL},
		{"Ports", "{}", "Ports: an array"},
		{"Ports>0", "null", "port: an object"},
		{"Ports>0>IP", "1", "Ports.IP"},
		{"Ports>0>IP", NULL, NULL},
		{"Ports>0>Type", "1", "Ports.Type"},
		{"Ports>0>PublicPort", "65536", "Ports.PublicPort"},
		{"Ports>0>PublicPort", "-1", "Ports.PublicPort"},
		{"Ports>0>PublicPort", "\"80\"", "Ports.PublicPort"},
	};

	check_changes(listed, engine_container_from_list, table, ARRAY_SIZE(table));
}

static void test_list_health(_unused_ void **state)
{
	static const struct {
		const char *path, *value, *health;
	} table[] = {
		{"Status", "\"Up 2 seconds\"", ""},
		{"Status", "\"\"", ""},
		{"Status", "\"(healthy)\"", "healthy"},
		{"Status", "\"Up 2 seconds (unhealthy)\"", "unhealthy"},
		{"Status", "\"Up 2 seconds (health: starting)\"", "starting"},
		{"Status", "\"(healthy) x\"", ""},
		{"Health", "{\"Status\":\"unhealthy\",\"FailingStreak\":3}", "unhealthy"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_(engine_container_done)
		struct engine_container c = {0};
		json_auto_t *json = changed(listed, table[i].path, table[i].value);
		struct err err = {0};

		assert_int_equal(engine_container_from_list(json, &c, &err), 0);
		assert_string_equal(c.health, table[i].health);
	}
}

static void test_list_states(_unused_ void **state)
{
	static const struct {
		const char *value;
		bool running;
	} table[] = {
		{"\"created\"", false},	   {"\"running\"", true},     {"\"paused\"", true},
		{"\"restarting\"", false}, {"\"removing\"", false},   {"\"exited\"", false},
		{"\"dead\"", false},	   {"\"unheard of\"", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_(engine_container_done)
		struct engine_container c = {0};
		json_auto_t *json = changed(listed, "State", table[i].value);
		struct err err = {0};

		assert_int_equal(engine_container_from_list(json, &c, &err), 0);
		assert_int_equal(c.running, table[i].running);
	}
}

static const char network[] =
	"{\"Name\":\"pods\",\"Id\":\"4175266fb81f99aa\",\"Scope\":\"local\",\"Driver\":\"bridge\","
	"\"EnableIPv6\":true,\"Internal\":false,\"IPAM\":{\"Driver\":\"default\",\"Options\":null,"
	"\"Config\":[{\"Subnet\":\"10.88.1.0/24\",\"Gateway\":\"10.88.1.1\"},{\"Subnet\":"
	"\"fd88:0:0:1::/64\"},{}]},\"Containers\":{\"" ID "\":{\"Name\":\"web\",\"MacAddress\":"
	"\"02:42:0a:58:01:02\",\"IPv4Address\":\"10.88.1.2/24\",\"IPv6Address\":\"\"}},"
	"\"Options\":{\"com.docker.network.bridge.name\":\"br-pods\"},\"Labels\":{}}";

static void test_network(_unused_ void **state)
{
	_cleanup_(engine_network_done)
	struct engine_network n = {0};
	json_auto_t *json = parse(network);
	struct err err = {0};

	if (engine_network_from_json(json, &n, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(n.id, "4175266fb81f99aa");
	assert_string_equal(n.name, "pods");
	assert_string_equal(n.driver, "bridge");
	assert_string_equal(n.scope, "local");
	assert_string_equal(n.bridge, "br-pods");
	assert_true(n.ipv6);
	assert_false(n.internal);
	assert_int_equal(n.subnets.n, 2);
	assert_string_equal(n.subnets.items[1], "fd88:0:0:1::/64");
	assert_int_equal(n.n_members, 1);
	assert_string_equal(n.members[0].id, ID);
	assert_string_equal(n.members[0].name, "web");
	assert_string_equal(n.members[0].ip4, "10.88.1.2/24");
	assert_string_equal(n.members[0].ip6, "");
	assert_string_equal(n.members[0].mac, "02:42:0a:58:01:02");
}

/* Podman's own list says which interface a network has, its Docker-compatible one does not. */
static void test_network_of_podman(_unused_ void **state)
{
	static const char libpod[] =
		"{\"name\":\"pods\",\"id\":\"4175266fb81f99aa\",\"driver\":\"bridge\","
		"\"network_interface\":\"podman1\",\"subnets\":[{\"subnet\":\"10.88.1.0/24\"}],"
		"\"ipv6_enabled\":true,\"internal\":false}";
	static const struct {
		const char *path, *value;
		const char *text;   /* in err; NULL: it is taken */
		const char *bridge; /* NULL: none */
	} table[] = {
		{"name", "\"p\"", NULL, "podman1"},
		{"driver", "\"macvlan\"", NULL, NULL},
		{"network_interface", NULL, NULL, NULL},
		{"network_interface", "\"a/b\"", NULL, NULL},
		{"network_interface", "1", "network_interface: a string", NULL},
		{"id", NULL, "id: an id", NULL},
		{"name", "1", "name", NULL},
		{"driver", "1", "driver", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		json_auto_t *json = changed(libpod, table[i].path, table[i].value);
		struct engine_network n = {0};
		struct err err = {0};
		int r = engine_network_from_libpod(json, &n, &err);

		if (table[i].text) {
			assert_int_equal(r, -EPROTO);
			if (!strstr(err.text, table[i].text))
				fail_msg("%zu: %s", i, err.text);
			continue;
		}
		assert_int_equal(r, 0);
		if (table[i].bridge)
			assert_string_equal(n.bridge, table[i].bridge);
		else
			assert_null(n.bridge);
		engine_network_done(&n);
	}
}

static void test_version_of_podman(_unused_ void **state)
{
	static const struct {
		const char *text;
		bool podman;
	} table[] = {
		{"{\"Components\":[{\"Name\":\"Podman Engine\"},{\"Name\":\"Conmon\"}]}", true},
		{"{\"Components\":[{\"Name\":\"Engine\"},{\"Name\":1},2]}", false},
		{"{\"Components\":{\"Name\":\"Podman Engine\"}}", false},
		{"{}", false},
		{"[]", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		json_auto_t *json = parse(table[i].text);

		assert_int_equal(engine_version_is_podman(json), table[i].podman);
	}
}

static void test_network_changes(_unused_ void **state)
{
	static const struct {
		const char *path, *value;
		const char *text;   /* in err; NULL: it is taken */
		const char *bridge; /* NULL: none */
	} table[] = {
		{"Options", "null", NULL, "br-4175266fb81f"},
		{"Options", "{}", NULL, "br-4175266fb81f"},
		{"Driver", "\"macvlan\"", NULL, NULL},
		{"Options", "{\"com.docker.network.bridge.name\":\"\"}", NULL, "br-4175266fb81f"},
		/* names that can't stand in the table: the network has no bridge, the reply is good
		 */
		{"Options", "{\"com.docker.network.bridge.name\":\"a/b\"}", NULL, NULL},
		{"Options", "{\"com.docker.network.bridge.name\":\"a b\"}", NULL, NULL},
		{"Options", "{\"com.docker.network.bridge.name\":\"..\"}", NULL, NULL},
		{"Options", "{\"com.docker.network.bridge.name\":\"brn\\u00f1\"}", NULL, NULL},
		{"Options", "{\"com.docker.network.bridge.name\":\"br\\u001b[2J\"}", NULL, NULL},
		{"Options", "{\"com.docker.network.bridge.name\":\"br*\"}", NULL, NULL},
		{"Options", "{\"com.docker.network.bridge.name\":\"b\\\"r\"}", NULL, NULL},
		{"Options", "{\"com.docker.network.bridge.name\":\"a123456789012345\"}", NULL,
		 NULL},
		{"Options", "{\"com.docker.network.bridge.name\":1}", "bridge.name: a string",
		 NULL},
		{"Options", "[]", "Options", NULL},
		{"Id", NULL, "Id: an id", NULL},
		{"Id", "\"x\"", NULL, "br-pods"},
		{"Name", "1", "Name", NULL},
		{"Driver", "1", "Driver", NULL},
		{"Scope", "1", "Scope", NULL},
		{"Internal", "\"yes\"", "Internal", NULL},
		{"EnableIPv6", "0", "EnableIPv6", NULL},
		{"IPAM", "null", NULL, "br-pods"},
		{"IPAM", "[]", "IPAM", NULL},
		{"IPAM>Config", "null", NULL, "br-pods"},
		{"IPAM>Config", "{}", "IPAM.Config: an array", NULL},
		{"IPAM>Config>0", "1", "IPAM.Config: an object", NULL},
		{"IPAM>Config>0>Subnet", "1", "IPAM.Config.Subnet", NULL},
		{"Containers", "null", NULL, "br-pods"},
		{"Containers", "[]", "Containers", NULL},
		{"Containers", "{\"ep-abc\":{}}", NULL, "br-pods"},
		{"Containers", "{\"a/b\":{}}", "Containers: no id", NULL},
		{"Containers", "{\"a\":null}", "Containers: an object", NULL},
		{"Containers", "{\"a\":{\"Name\":1}}", "Containers.Name", NULL},
		{"Containers", "{\"a\":{\"IPv4Address\":1}}", "Containers.IPv4Address", NULL},
		{"Containers", "{\"a\":{\"IPv6Address\":1}}", "Containers.IPv6Address", NULL},
		{"Containers", "{\"a\":{\"MacAddress\":1}}", "Containers.MacAddress", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		json_auto_t *json = changed(network, table[i].path, table[i].value);
		struct engine_network n, before;
		struct err err = {0};
		int r;

		memset(&before, 0x5a, sizeof(before));
		n = before;
		r = engine_network_from_json(json, &n, &err);
		if (r != (table[i].text ? -EPROTO : 0) ||
		    (table[i].text && !strstr(err.text, table[i].text)))
			fail_msg("%s = %s: %d %s", table[i].path, table[i].value, r, err.text);
		if (r < 0) {
			assert_memory_equal(&n, &before, sizeof(n));
			continue;
		}
		if (table[i].bridge)
			assert_string_equal(n.bridge, table[i].bridge);
		else
			assert_null(n.bridge);
		engine_network_done(&n);
	}
}

static void test_not_objects(_unused_ void **state)
{
	static const char *const texts[] = {"[]", "null", "\"x\"", "1", "true"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		json_auto_t *json = parse(texts[i]);
		struct engine_container c;
		struct engine_network n;
		struct err err = {0};

		assert_int_equal(engine_container_from_inspect(json, &c, &err), -EPROTO);
		assert_int_equal(engine_container_from_list(json, &c, &err), -EPROTO);
		assert_int_equal(engine_network_from_json(json, &n, &err), -EPROTO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_inspect),
		cmocka_unit_test(test_inspect_stopped),
		cmocka_unit_test(test_inspect_changes),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_wanted_ports),
		cmocka_unit_test(test_port_zero),
		cmocka_unit_test(test_list_changes),
		cmocka_unit_test(test_list_health),
		cmocka_unit_test(test_list_states),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_network_changes),
		cmocka_unit_test(test_network_of_podman),
		cmocka_unit_test(test_version_of_podman),
		cmocka_unit_test(test_not_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

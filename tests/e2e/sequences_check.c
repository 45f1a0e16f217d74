/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random sequences of events, edits, restarts, kills and foreign changes: the daemon itself on the
 * real kernel, in namespaces of its own, with a fake engine. After each sequence the kernel's
 * tables must come to equal what is computed from scratch of the engine's and the file's state.
 *
 * SEQUENCES=N how many (150), SEED=N where to begin: sequence N has seed SEED + N, so a failure is
 * repeated by SEQUENCES=1 SEED=what it printed. Needs root and nft.
 */
#include "common/accounts.h"
#include "common/guard_client.h"
#include "netguard/keeper_private.h"
#include "netguard/model.h"
#include "netguard/watch_members.h"
#include "tests/unit/elements_text.h"
#include "tests/unit/fake_engine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define CONFIG	  "/run/netguard.yml"
#define SETTLE_MS 10000
enum { N_BOXES = 6, N_NETWORKS = 2, MAX_OPS = 10 };

static const char *const network_ids[N_NETWORKS] = {
	"a111111111111111111111111111111111111111111111111111111111111111",
	"a222222222222222222222222222222222222222222222222222222222222222"};
static const char *const bridges[N_NETWORKS] = {"br-one", "br-two"};
static const char *const network_names[N_NETWORKS] = {"one", "two"};
static const char *const pods[] = {"web", "db", "web", "job", "db", "other"};
/* two are podctl's: where the configuration does not name their pods, they are apart from others */
#define COMPOSE "com.docker.compose.project"
#define PODCTL	"podctl.pod"
static const char *const labels[] = {COMPOSE, COMPOSE, PODCTL, COMPOSE, PODCTL, COMPOSE};
static const char *const names[] = {"web-0", "db-1", "web.2", "job-3", "db.4", "other-5"};

static const char *const configs[] = {
	"guard: { allowed_users: [root] }\n",
	"port_whitelist: { 80: web, 81: db }\npods: { web: { users: [root], host_ports: [53/udp] } "
	"}\n",
	"guard: { host_rate: 10/second, host_ports: [53/udp, 1000-1999/tcp] }\n"
	"pods: { web: { connect_to: { db: [5432/tcp] } }, db: { host_rate: 1/hour burst 3 } }\n",
	"pods: { web: { egress: [] }, db: { egress: ['10.0.0.0/8:443/tcp'], direct_ports: "
	"[443/tcp] } }\n",
	"guard: { exempt_interfaces: [br-two] }\nport_whitelist: { 80: { pod: web, from: "
	"[192.0.2.0/24] } }\n",
	"other_containers: { guard: false }\n",
	"guard: [\n", /* broken: changes nothing */
};
enum { BROKEN = ARRAY_SIZE(configs) - 1 };

static const char *const foreign[] = {
	"nft flush ruleset",
	"nft delete table inet netguard",
	"nft delete table bridge netguard",
	"nft flush set inet netguard members4",
	"nft add element inet netguard allowed_uids '{ 4711 }'",
	"nft insert rule inet netguard forward accept",
	"nft flush chain inet netguard deny_forged",
	"nft add element inet netguard members4 '{ \"br-one\" . 10.9.9.9 }'",
};

/* What the engine has. */
struct box {
	char id[65];
	bool exists, running, on[N_NETWORKS];
	unsigned ip[N_NETWORKS]; /* last byte */
};

struct world {
	struct box boxes[N_BOXES];
	struct fake_engine *fake;
	const char *file, *in_force; /* the configuration: written, and last one that was valid */
	pid_t daemon;		     /* 0: it does not run */
	unsigned first, seed, next_ip, next_id; /* first: what this sequence began with */
	struct strv did;
};

static unsigned pick(struct world *w, unsigned n)
{
	w->seed = w->seed * 1103515245U + 12345U;
	return (w->seed >> 16) % n;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void nap_ms(unsigned ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

/* ---- the engine's answers ---- */

static char *inspect_of(const struct box *b, size_t index)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	const char *comma = "";
	_cleanup_free_ char *bindings =
		index < 2
			? xasprintf("\"8080/tcp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"%zu\"}]",
				    80 + index)
			: xstrdup("");

	fprintf(f,
		"{\"Id\":\"%s\",\"Name\":\"/%s\",\"Image\":\"sha256:x\","
		"\"State\":{\"Status\":\"%s\",\"Running\":%s,\"Pid\":0,\"ExitCode\":0},"
		"\"Config\":{\"Image\":\"x\",\"Labels\":{\"%s\":\"%s\"}},"
		"\"HostConfig\":{\"NetworkMode\":\"one\",\"PortBindings\":{%s}},"
		"\"NetworkSettings\":{\"Ports\":{",
		b->id, names[index], b->running ? "running" : "exited",
		b->running ? "true" : "false", labels[index], pods[index], bindings);
	fprintf(f, "%s},\"Networks\":{", b->running ? bindings : "");
	for (size_t i = 0; i < N_NETWORKS; i++) {
		if (!b->on[i])
			continue;
		fprintf(f, "%s\"%s\":{\"NetworkID\":\"%s\",\"IPAddress\":\"", comma,
			network_names[i], network_ids[i]);
		if (b->running)
			fprintf(f, "10.1.%zu.%u", i, b->ip[i]);
		fprintf(f, "\",\"GlobalIPv6Address\":\"\",\"MacAddress\":\"\"}");
		comma = ",";
	}
	fprintf(f, "}}}");
	fclose(f);
	return text;
}

static char *network_of(const struct world *w, size_t n)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	const char *comma = "";

	fprintf(f,
		"{\"Id\":\"%s\",\"Name\":\"%s\",\"Driver\":\"bridge\",\"Scope\":\"local\","
		"\"Internal\":false,\"EnableIPv6\":false,"
		"\"Options\":{\"com.docker.network.bridge.name\":\"%s\"},\"Containers\":{",
		network_ids[n], network_names[n], bridges[n]);
	for (size_t i = 0; i < N_BOXES; i++) {
		const struct box *b = &w->boxes[i];

		if (!b->exists || !b->running || !b->on[n])
			continue;
		fprintf(f,
			"%s\"%s\":{\"Name\":\"%s\",\"MacAddress\":\"\","
			"\"IPv4Address\":\"10.1.%zu.%u/24\",\"IPv6Address\":\"\"}",
			comma, b->id, names[i], n, b->ip[n]);
		comma = ",";
	}
	fprintf(f, "}}");
	fclose(f);
	return text;
}

static char *list_of(const struct world *w)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	const char *comma = "";

	fputc('[', f);
	for (size_t i = 0; i < N_BOXES; i++) {
		const struct box *b = &w->boxes[i];
		const char *mark = "";

		if (!b->exists)
			continue;
		fprintf(f,
			"%s{\"Id\":\"%s\",\"Names\":[\"/%s\"],\"Image\":\"x\",\"State\":\"%s\","
			"\"Status\":\"\",\"Created\":1,\"Labels\":{\"%s\":"
			"\"%s\"},\"HostConfig\":{\"NetworkMode\":\"one\"},\"Ports\":[",
			comma, b->id, names[i], b->running ? "running" : "exited", labels[i],
			pods[i]);
		if (i < 2 && b->running)
			fprintf(f,
				"{\"IP\":\"0.0.0.0\",\"PrivatePort\":8080,\"PublicPort\":%zu,"
				"\"Type\":\"tcp\"}",
				80 + i);
		fprintf(f, "],\"NetworkSettings\":{\"Networks\":{");
		for (size_t n = 0; n < N_NETWORKS; n++) {
			if (!b->on[n])
				continue;
			fprintf(f, "%s\"%s\":{\"NetworkID\":\"%s\",\"IPAddress\":\"", mark,
				network_names[n], network_ids[n]);
			if (b->running)
				fprintf(f, "10.1.%zu.%u", n, b->ip[n]);
			fprintf(f, "\",\"GlobalIPv6Address\":\"\",\"MacAddress\":\"\"}");
			mark = ",";
		}
		fprintf(f, "}}}");
		comma = ",";
	}
	fputc(']', f);
	fclose(f);
	return text;
}

/* What the engine answers from now on. Before the events that tell of it, as engines do. */
static void publish(struct world *w)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
				   "Transfer-Encoding: chunked\r\n\r\n";
	struct fake_reply replies[4 + N_NETWORKS + N_BOXES] = {0};
	struct strv kept = {0};
	size_t n = 0;
	char *body;

	for (size_t i = 0; i < N_NETWORKS; i++) {
		strv_take(&kept, xasprintf("/v1.41/networks/%s", network_ids[i]));
		replies[n].path = kept.items[kept.n - 1];
		body = network_of(w, i);
		strv_take(&kept, fake_http(200, body));
		free(body);
		replies[n++].data = kept.items[kept.n - 1];
	}
	body = xasprintf(
		"[{\"Id\":\"%s\",\"Name\":\"one\",\"Driver\":\"bridge\",\"Scope\":\"local\","
		"\"Options\":{\"com.docker.network.bridge.name\":\"br-one\"}},"
		"{\"Id\":\"%s\",\"Name\":\"two\",\"Driver\":\"bridge\",\"Scope\":\"local\","
		"\"Options\":{\"com.docker.network.bridge.name\":\"br-two\"}}]",
		network_ids[0], network_ids[1]);
	strv_take(&kept, fake_http(200, body));
	free(body);
	replies[n].path = "/v1.41/networks";
	replies[n++].data = kept.items[kept.n - 1];
	body = list_of(w);
	strv_take(&kept, fake_http(200, body));
	free(body);
	replies[n].path = "/v1.41/containers/json";
	replies[n++].data = kept.items[kept.n - 1];
	for (size_t i = 0; i < N_BOXES; i++) {
		if (!w->boxes[i].exists)
			continue;
		strv_take(&kept, xasprintf("/v1.41/containers/%s/json", w->boxes[i].id));
		replies[n].path = kept.items[kept.n - 1];
		body = inspect_of(&w->boxes[i], i);
		strv_take(&kept, fake_http(200, body));
		free(body);
		replies[n++].data = kept.items[kept.n - 1];
	}
	strv_take(&kept, fake_http(200, "{\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\","
					"\"Version\":\"20.10.24\"}"));
	replies[n].path = "/version";
	replies[n++].data = kept.items[kept.n - 1];
	for (size_t i = 0; i < n; i++)
		replies[i].forever = true;
	replies[n++] = (struct fake_reply){
		.path = "/v1.41/events", .data = head, .end = FAKE_STREAM, .forever = true};
	fake_engine_replace(w->fake, replies, n);
	strv_done(&kept);
}

static void tell(struct world *w, const char *type, const char *action, const char *id,
		 const char *attributes)
{
	_cleanup_free_ char *line =
		xasprintf("{\"Type\":\"%s\",\"Action\":\"%s\",\"Actor\":{\"ID\":\"%s\","
			  "\"Attributes\":{%s}},\"timeNano\":1}\n",
			  type, action, id, attributes);

	fake_engine_push(w->fake, 0, line);
}

static void tell_network(struct world *w, const char *action, size_t network, const char *id)
{
	_cleanup_free_ char *attributes =
		xasprintf("\"container\":\"%s\",\"name\":\"%s\",\"type\":\"bridge\"", id,
			  network_names[network]);

	tell(w, "network", action, network_ids[network], attributes);
}

static void tell_container(struct world *w, const char *action, size_t index)
{
	_cleanup_free_ char *attributes = xasprintf("\"name\":\"%s\",\"image\":\"x\",\"%s\":\"%s\"",
						    names[index], labels[index], pods[index]);

	tell(w, "container", action, w->boxes[index].id, attributes);
}

/* ---- the daemon ---- */

static int shell(const char *command)
{
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, xasprintf("exec 2>/dev/null; %s", command),
			NULL};
	int status;
	pid_t pid;

	assert_int_equal(posix_spawnp(&pid, "sh", NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	free(argv[2]);
	return status;
}

static void write_config(struct world *w, const char *text, bool rename_over)
{
	const char *path = rename_over ? CONFIG ".new" : CONFIG;
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	if (rename_over)
		assert_int_equal(rename(path, CONFIG), 0);
	w->file = text;
	if (text != configs[BROKEN])
		w->in_force = text;
}

static void start_daemon(struct world *w)
{
	const char *build = getenv("BUILD");
	_cleanup_free_ char *path = xasprintf("%s/netguard", build ? build : "build");
	/* ends with us, whatever happens */
	char *argv[] = {(char[]){"setpriv"}, (char[]){"--pdeathsig"},
			(char[]){"KILL"},    path,
			(char[]){"run"},     NULL};
	posix_spawn_file_actions_t actions;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 2, "/run/sequences.log",
					 O_WRONLY | O_CREAT | O_APPEND, 0600);
	assert_int_equal(posix_spawnp(&w->daemon, "setpriv", &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	/* a broken file at the start: closed until it is mended */
	if (w->file == configs[BROKEN])
		w->in_force = "";
}

/* Until the daemon answers on its socket: it has read and watches its configuration. */
static void wait_ready(void)
{
	const struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = GUARD_SOCKET_PATH};

	for (int i = 0; i < 2000; i++) {
		_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
			return;
		nap_ms(2);
	}
	fail_msg("the daemon does not answer");
}

/* What the file says now is in force, or is known to be wrong, when this returns. */
static void reload(void)
{
	json_auto_t *request = json_pack("{s:b}", "reload", 1), *reply = NULL;
	struct err err;

	/* refused where it is broken already */
	if (guard_client_ask(request, 10000, &reply, &err) < 0 && !strstr(err.text, CONFIG))
		fail_msg("reload: %s", err.text);
}

static void end_daemon(struct world *w, int sig)
{
	int status;

	kill(w->daemon, sig);
	assert_int_equal(waitpid(w->daemon, &status, 0), w->daemon);
	w->daemon = 0;
}

/* ---- what may happen ---- */

static void start_box(struct world *w, size_t i)
{
	struct box *b = &w->boxes[i];

	if (!b->exists) {
		*b = (struct box){.exists = true, .on = {true, pick(w, 3) == 0}};
		snprintf(b->id, sizeof(b->id), "c%063x", ++w->next_id);
		publish(w);
		tell_container(w, "create", i);
	}
	if (b->running)
		return;
	/* few addresses, so that they pass from one to another */
	for (size_t n = 0; n < N_NETWORKS; n++)
		b->ip[n] = 2 + (w->next_ip++ % (N_BOXES + 1));
	b->running = true;
	publish(w);
	for (size_t n = 0; n < N_NETWORKS; n++)
		if (b->on[n])
			tell_network(w, "connect", n, b->id);
	tell_container(w, "start", i);
}

static void stop_box(struct world *w, size_t i, bool destroy)
{
	struct box *b = &w->boxes[i];

	if (b->running) {
		b->running = false;
		publish(w);
		tell_container(w, "die", i);
		for (size_t n = 0; n < N_NETWORKS; n++)
			if (b->on[n])
				tell_network(w, "disconnect", n, b->id);
	}
	if (destroy && b->exists) {
		b->exists = false;
		publish(w);
		tell_container(w, "destroy", i);
	}
}

static void move_box(struct world *w, size_t i)
{
	struct box *b = &w->boxes[i];

	if (!b->exists || !b->running)
		return;
	b->on[1] = !b->on[1];
	publish(w);
	tell_network(w, b->on[1] ? "connect" : "disconnect", 1, b->id);
}

static uint64_t settle(struct world *w, unsigned seed);

static void happen(struct world *w)
{
	unsigned i = pick(w, N_BOXES), what = pick(w, 22), k;

	strv_take(&w->did, xasprintf("%u:%u", what, i));
	if (what < 7) {
		start_box(w, i);
	} else if (what < 10) {
		stop_box(w, i, false);
	} else if (what < 12) {
		stop_box(w, i, true);
	} else if (what < 14) {
		move_box(w, i);
	} else if (what < 17) {
		k = pick(w, ARRAY_SIZE(configs));
		/* the valid file before is to be read: without containers nothing else would show
		 * it */
		if (k == BROKEN && w->daemon) {
			wait_ready();
			reload();
			settle(w, w->first);
		}
		write_config(w, configs[k], pick(w, 2));
		/* each edit is looked at, not only the last of several at once */
		if (w->daemon)
			nap_ms(60);
	} else if (what == 17) {
		/* half an event: what it was to tell is asked for anew */
		if (pick(w, 2))
			fake_engine_push(w->fake, 0,
					 "{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":"
					 "{\"ID\":\"");
		fake_engine_hang_up(w->fake);
	} else if (what == 18 && w->daemon) {
		kill(w->daemon, SIGHUP);
	} else if (what == 19 && w->daemon) {
		shell(foreign[pick(w, ARRAY_SIZE(foreign))]); /* refused: the table has an owner */
	} else if (what >= 20 && w->daemon) {
		end_daemon(w, pick(w, 2) ? SIGKILL : SIGTERM);
		if (pick(w, 2))
			shell(foreign[pick(w, ARRAY_SIZE(foreign))]); /* now an orphan */
		if (pick(w, 2))
			start_box(w, pick(w, N_BOXES));
		start_daemon(w);
	}
	if (pick(w, 3) == 0)
		nap_ms(pick(w, 15));
}

/* ---- what must follow ---- */

static struct elements *from_scratch(const struct world *w)
{
	_cleanup_(settings_freep)
	struct settings *s = NULL;
	_cleanup_(problems_done)
	struct problems problems = {0};
	_cleanup_(model_freep)
	struct model *m = model_new();
	struct watch_networks networks = {0};
	struct people people = {0};
	struct elements *ret;
	struct err err;
	bool stale;

	assert_int_equal(settings_parse(w->in_force, strlen(w->in_force), "host", &problems, &s),
			 0);
	for (size_t i = 0; i < N_NETWORKS; i++) {
		_cleanup_free_ char *text = network_of(w, i);
		json_t *json = json_loads(text, 0, NULL);
		struct engine_network n = {0};

		assert_int_equal(engine_network_from_json(json, &n, &err), 0);
		watch_networks_put(&networks, &n);
		engine_network_done(&n);
		json_decref(json);
	}
	for (size_t i = 0; i < N_BOXES; i++) {
		_cleanup_free_ char *text = NULL;
		struct engine_container c = {0};
		json_t *json;

		if (!w->boxes[i].exists)
			continue;
		text = inspect_of(&w->boxes[i], i);
		json = json_loads(text, 0, NULL);
		assert_int_equal(engine_container_from_inspect(json, &c, &err), 0);
		member_from_container(m, s, &networks, &c, 1, NULL, &stale);
		engine_container_done(&c);
		json_decref(json);
	}
	model_keep_apart(m);
	people_resolve(s, &people);
	ret = model_elements(s, &people, m);
	people_done(&people);
	watch_networks_done(&networks);
	return ret;
}

/* The kernel's tables, or NULL while they are not whole. */
static struct elements *in_kernel(void)
{
	_cleanup_(keeper_freep)
	struct keeper *k = NULL;
	struct keeper_table tables[RULESET_N_TABLES];
	struct elements *ret = NULL;
	struct err err;

	if (keeper_new(-1, &k, &err) < 0)
		fail_msg("%s", err.text);
	k->probed = true;
	k->flags = NFT_TABLE_OWNER | NFT_TABLE_PERSIST;
	if (keeper_look(k, tables, &ret, &err) < 0)
		return NULL;
	for (size_t i = 0; i < RULESET_N_TABLES; i++) {
		if (!tables[i].ours) {
			elements_free(ret);
			return NULL;
		}
	}
	return ret;
}

/* Waits until the kernel holds what it should; fails with both and what happened. */
static uint64_t settle(struct world *w, unsigned seed)
{
	_cleanup_(elements_freep)
	struct elements *want = from_scratch(w);
	_cleanup_free_ char *wanted = elements_text(want);
	uint64_t begin = now_ms();

	for (;;) {
		_cleanup_(elements_freep)
		struct elements *have = in_kernel();
		_cleanup_free_ char *text =
			have ? elements_text(have) : xstrdup("no whole table\n");

		if (streq(text, wanted))
			return now_ms() - begin;
		if (now_ms() - begin > SETTLE_MS) {
			for (size_t i = 0; i < w->did.n; i++)
				print_message("# did %s\n", w->did.items[i]);
			shell("tail -n 30 /run/sequences.log | sed 's/^/# /'");
			fail_msg("SEED=%u SEQUENCES=1\nwanted\n%s\nbut the kernel has\n%s", seed,
				 wanted, text);
		}
		nap_ms(2);
	}
}

static unsigned number(const char *name, unsigned fallback)
{
	const char *text = getenv(name);

	return text ? (unsigned)strtoul(text, NULL, 10) : fallback;
}

static void test_sequences(void **state _unused_)
{
	unsigned n = number("SEQUENCES", 150), first = number("SEED", 1), ops = 0;
	struct world w = {0};
	uint64_t longest = 0, begin = now_ms();
	sigset_t hangup;

	/* the daemon inherits it, as from systemd, which sends none before it is ready */
	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	sigprocmask(SIG_BLOCK, &hangup, NULL);
	w.fake = fake_engine_new();
	setenv("DOCKER_HOST", fake_engine_host(w.fake), 1);
	setenv("NETGUARD_CONFIG", CONFIG, 1);
	publish(&w);
	write_config(&w, configs[0], false);
	start_daemon(&w);
	settle(&w, first);
	for (unsigned i = 0; i < n; i++) {
		unsigned length;
		uint64_t took;

		w.seed = w.first = first + i;
		/* each sequence stands for itself */
		for (size_t b = 0; b < N_BOXES; b++)
			stop_box(&w, b, true);
		write_config(&w, configs[0], true);
		w.next_ip = 0;
		strv_done(&w.did);
		nap_ms(30);
		length = 3 + pick(&w, MAX_OPS - 2);
		for (unsigned k = 0; k < length; k++, ops++)
			happen(&w);
		took = settle(&w, first + i);
		longest = took > longest ? took : longest;
	}
	print_message("# %u sequences of %u steps in %u ms, settled after %u ms at most\n", n, ops,
		      (unsigned)(now_ms() - begin), (unsigned)longest);
	end_daemon(&w, SIGTERM);
	strv_done(&w.did);
	fake_engine_free(w.fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_sequences)};

	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 77;
	}
	/* a network, and the places that the daemon uses, of our own */
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=755") < 0 ||
	    mount("tmpfs", "/var/lib", "tmpfs", 0, "mode=755") < 0) {
		perror("namespaces");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

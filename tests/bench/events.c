/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the engine's event to the element in the kernel: the daemon against a bare loop, which reads
 * the stream of events, asks the engine for the network and sends one transaction, and does nothing
 * else. In turn, in one network namespace; the moment of the commit is when the kernel tells of it.
 *
 *   events bare HOST                      the bare loop
 *   events fake ROUNDS                    both, each with a fake engine; in namespaces of its own
 *   events real ROUNDS NETWORK CONTAINER PID   both with the engine of $DOCKER_HOST; PID:
 * netguard's
 */
#include "engine/engine.h"
#include "nft/nft.h"
#include "tests/bench/bench.h"
#include "tests/unit/fake_engine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONTAINER "c111111111111111111111111111111111111111111111111111111111111111"
#define NETWORK	  "a111111111111111111111111111111111111111111111111111111111111111"
#define WAIT_MS	  3000
enum { N_OTHERS = 10 };

static void die(const char *what)
{
	fprintf(stderr, "events: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void nap_ms(unsigned ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

/* ---- the bare loop ---- */

static const struct nft_set bare_set = {.name = "members4",
					.types = {NFT_TYPE_IFNAME, NFT_TYPE_IPV4}};
static const struct nft_table bare_table = {
	.family = NFT_FAMILY_INET, .name = "bare", .sets = &bare_set, .n_sets = 1};

struct bare {
	int events, questions;
	struct nft_socket *nft;
	struct nft_element element;
};

static int dial(const char *host)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *path = startswith(host, "unix://");

	if (!path || strlen(path) >= sizeof(to.sun_path))
		die(host);
	memcpy(to.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	return fd;
}

static void ask(int fd, const char *path)
{
	char request[512];
	int n = snprintf(request, sizeof(request), "GET /v1.41%s HTTP/1.1\r\nHost: x\r\n\r\n",
			 path);

	if (write(fd, request, (size_t)n) != n)
		die("request");
}

static bool whole(const char *reply, size_t n)
{
	const char *body = strstr(reply, "\r\n\r\n");
	const char *length = strstr(reply, "Content-Length: ");

	if (!body)
		return false;
	if (length && length < body)
		return n >= (size_t)(body + 4 - reply) + strtoul(length + 16, NULL, 10);
	return n > 5 && memcmp(reply + n - 5, "0\r\n\r\n", 5) == 0;
}

/* Asks for the network; true where the container has an address there. */
static bool inspect(struct bare *b, const char *network, const char *container)
{
	static char reply[1 << 20];
	char path[128];
	struct addr a;
	size_t n = 0, len;
	ssize_t got;
	char *at, text[32] = "";

	snprintf(path, sizeof(path), "/networks/%s", network);
	ask(b->questions, path);
	do {
		got = read(b->questions, reply + n, sizeof(reply) - 1 - n);
		if (got <= 0)
			die("inspect");
		n += (size_t)got;
		reply[n] = '\0';
	} while (!whole(reply, n));
	at = strstr(reply, container);
	at = at ? strstr(at, "\"IPv4Address\":\"") : NULL;
	if (!at)
		return false;
	at += strlen("\"IPv4Address\":\"");
	len = strcspn(at, "/\"");
	if (len >= sizeof(text))
		return false;
	memcpy(text, at, len);
	if (!addr_parse(text, &a))
		return false;
	b->element = (struct nft_element){0};
	nft_key_ifname(&b->element.key, "br-bare");
	nft_key_addr(&b->element.key, &a);
	return true;
}

static void put(struct bare *b, bool add)
{
	_cleanup_(nft_batch_freep)
	struct nft_batch *batch = nft_batch_new();
	struct err err;

	if (add)
		nft_batch_add_elements(batch, &bare_table, &bare_set, &b->element, 1);
	else
		nft_batch_delete_elements(batch, &bare_table, &bare_set, &b->element, 1);
	if (nft_batch_commit(b->nft, batch, 0, &err) < 0)
		fprintf(stderr, "events bare: %s\n", err.text);
}

static bool word_after(const char *line, const char *key, char *ret, size_t size)
{
	const char *at = strstr(line, key);
	size_t n;

	if (!at)
		return false;
	at += strlen(key);
	n = strcspn(at, "\"");
	if (n >= size)
		return false;
	memcpy(ret, at, n);
	ret[n] = '\0';
	return true;
}

static void bare_event(struct bare *b, const char *line)
{
	char network[80], container[80];

	if (!strstr(line, "\"Type\":\"network\"") ||
	    !word_after(line, "\"Actor\":{\"ID\":\"", network, sizeof(network)) ||
	    !word_after(line, "\"container\":\"", container, sizeof(container)))
		return;
	if (strstr(line, "\"Action\":\"connect\"") && inspect(b, network, container))
		put(b, true);
	else if (strstr(line, "\"Action\":\"disconnect\"") && b->element.key.size > 0)
		put(b, false);
}

static int run_bare(const char *host)
{
	static char buffer[65536];
	struct bare b = {.events = dial(host), .questions = dial(host)};
	_cleanup_(nft_batch_freep)
	struct nft_batch *batch = nft_batch_new();
	size_t have = 0;
	struct err err;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (nft_socket_open(-1, &b.nft, &err) < 0)
		die(err.text);
	nft_batch_add_table(batch, &bare_table, 0);
	nft_batch_add_set(batch, &bare_table, &bare_set);
	if (nft_batch_commit(b.nft, batch, 0, &err) < 0)
		die(err.text);
	ask(b.events, "/events");
	for (;;) {
		ssize_t n = read(b.events, buffer + have, sizeof(buffer) - 1 - have);
		char *line = buffer, *end;

		if (n <= 0)
			return 1;
		have += (size_t)n;
		buffer[have] = '\0';
		while ((end = strchr(line, '\n'))) {
			*end = '\0';
			bare_event(&b, line);
			line = end + 1;
		}
		have -= (size_t)(line - buffer);
		memmove(buffer, line, have);
		if (have == sizeof(buffer) - 1)
			die("a long line");
	}
}

/* ---- what the kernel tells ---- */

static int open_monitor(void)
{
	struct sockaddr_nl addr = {.nl_family = AF_NETLINK};
	int group = NFNLGRP_NFTABLES, size = 4 << 20;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		die("monitor");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return fd;
}

/* Whether an element of members4 of this table came (or went). */
static bool is_it(const char *data, size_t size, const char *table, bool add)
{
	for (size_t at = 0; at + sizeof(struct nlmsghdr) <= size;) {
		struct nlmsghdr h;
		int type = add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM;

		memcpy(&h, data + at, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > size - at)
			break;
		if (h.nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | type) &&
		    memmem(data + at, h.nlmsg_len, table, strlen(table) + 1) &&
		    memmem(data + at, h.nlmsg_len, "members4", 9))
			return true;
		at += NLMSG_ALIGN(h.nlmsg_len);
	}
	return false;
}

/* When it is told, 0: not within WAIT_MS. */
static double wait_commit(int monitor, const char *table, bool add)
{
	static char buffer[65536];
	struct pollfd p = {.fd = monitor, .events = POLLIN};

	while (poll(&p, 1, WAIT_MS) > 0) {
		ssize_t n = recv(monitor, buffer, sizeof(buffer), 0);
		double t = now();

		if (n > 0 && is_it(buffer, (size_t)n, table, add))
			return t;
	}
	return 0;
}

static void drain(int monitor)
{
	static char buffer[65536];

	while (recv(monitor, buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
		;
}

static bool report(const char *what, const struct bench_times *ours, const struct bench_times *bare)
{
	_cleanup_free_ char *median = xasprintf("%s: event to element, median", what);
	_cleanup_free_ char *late = xasprintf("... 99th percentile of %zu", ours->n);
	bool ok = bench_ratio(median, ours, bare, 50, 1.5, 1.5);

	return bench_ratio(late, ours, bare, 99, 3, 1.5) && ok;
}

static pid_t spawn(char *const argv[], const char *log)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0)
		die(argv[0]);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* self: not /proc/self/exe, which a sandbox does not have */
static pid_t spawn_bare(const char *self, const char *host, const char *log)
{
	char *argv[] = {xstrdup(self), (char[]){"bare"}, xstrdup(host), NULL};

	return spawn(argv, log);
}

/* ---- fake engines ---- */

/* As in a list, or as in an answer about one (state: an object). */
static char *box(const char *id, const char *state, unsigned ip)
{
	_cleanup_free_ char *networks = ip ? xasprintf("\"pods\":{\"NetworkID\":\"" NETWORK
						       "\",\"IPAddress\":\"10.1.0.%u\","
						       "\"MacAddress\":\"02:42:0a:01:00:%02x\"}",
						       ip, ip)
					   : xstrdup("");

	return xasprintf("{\"Id\":\"%s\",\"Names\":[\"/n%u\"],\"Name\":\"/n%u\",\"State\":%s,"
			 "\"Labels\":{},\"Config\":{\"Labels\":{}},\"HostConfig\":{\"NetworkMode\":"
			 "\"pods\"},\"NetworkSettings\":{\"Networks\":{%s}}}",
			 id, ip, ip, state, networks);
}

static void answer(struct fake_reply *r, const char *path, const char *body, struct strv *kept)
{
	strv_take(kept, fake_http(200, body));
	*r = (struct fake_reply){.path = path, .data = kept->items[kept->n - 1], .forever = true};
}

/* What the engine says from now on: ten others, and the container or not. */
static void publish(struct fake_engine *f, bool on)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
	static const char state[] = "{\"Running\":true,\"Status\":\"running\",\"Pid\":0}";
	struct fake_reply replies[5 + N_OTHERS + 1];
	_cleanup_free_ char *network = NULL, *others = NULL, *list = NULL;
	struct strv kept = {0};
	size_t n = 0, size;
	FILE *out = open_memstream(&others, &size), *all = open_memstream(&list, &size);
	char *text = box(CONTAINER, "\"running\"", 0);

	fprintf(all, "[%s", text);
	free(text);
	for (unsigned i = 2; i < 2 + N_OTHERS; i++) {
		_cleanup_free_ char *id = xasprintf("e%063u", i), *one = NULL, *listed = NULL;

		fprintf(out,
			"%s\"%s\":{\"Name\":\"n%u\",\"EndpointID\":\"x\",\"MacAddress\":"
			"\"02:42:0a:01:00:%02x\",\"IPv4Address\":\"10.1.0.%u/24\","
			"\"IPv6Address\":\"\"}",
			i > 2 ? "," : "", id, i, i, i);
		listed = box(id, "\"running\"", i);
		fprintf(all, ",%s", listed);
		one = box(id, state, i);
		strv_take(&kept, xasprintf("/v1.41/containers/%s", id));
		answer(&replies[n++], kept.items[kept.n - 1], one, &kept);
	}
	fputc(']', all);
	fclose(all);
	fclose(out);
	network = xasprintf("{\"Name\":\"pods\",\"Id\":\"" NETWORK
			    "\",\"Driver\":\"bridge\",\"Scope\":\"local\",\"Internal\":false,"
			    "\"EnableIPv6\":false,\"Containers\":{%s%s},\"Options\":"
			    "{\"com.docker.network.bridge.name\":\"br-pods\"}}",
			    on ? "\"" CONTAINER "\":{\"Name\":\"box\",\"MacAddress\":"
				 "\"02:42:0a:01:00:63\",\"IPv4Address\":\"10.1.0.99/24\","
				 "\"IPv6Address\":\"\"},"
			       : "",
			    others);
	answer(&replies[n++], "/v1.41/networks/", network, &kept);
	answer(&replies[n++], "/v1.41/networks",
	       "[{\"Name\":\"pods\",\"Id\":\"" NETWORK "\",\"Driver\":\"bridge\",\"Scope\":"
	       "\"local\",\"Options\":{\"com.docker.network.bridge.name\":\"br-pods\"}}]",
	       &kept);
	answer(&replies[n++], "/v1.41/containers/json", list, &kept);
	text = box(CONTAINER, state, 0);
	answer(&replies[n++], "/v1.41/containers/" CONTAINER, text, &kept);
	free(text);
	answer(&replies[n++], "/version",
	       "{\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\",\"Version\":\"20.10.24\"}",
	       &kept);
	replies[n++] = (struct fake_reply){
		.path = "/v1.41/events", .data = head, .end = FAKE_STREAM, .forever = true};
	fake_engine_replace(f, replies, n);
	strv_done(&kept);
}

static double tell(struct fake_engine *f, const char *action)
{
	_cleanup_free_ char *line = xasprintf(
		"{\"Type\":\"network\",\"Action\":\"%s\",\"Actor\":{\"ID\":\"" NETWORK
		"\",\"Attributes\":{\"container\":\"" CONTAINER
		"\",\"name\":\"pods\",\"type\":\"bridge\"}},\"scope\":\"local\",\"time\":1,"
		"\"timeNano\":1}\n",
		action);
	double t = now();

	fake_engine_push(f, 1, line);
	return t;
}

static void fake_round(struct fake_engine *f, int monitor, const char *table,
		       struct bench_times *times)
{
	double begin, end;

	publish(f, true);
	drain(monitor);
	begin = tell(f, "connect");
	end = wait_commit(monitor, table, true);
	if (end > 0)
		bench_add(times, end - begin);
	publish(f, false);
	tell(f, "disconnect");
	if (end == 0 || wait_commit(monitor, table, false) == 0)
		die(table);
	nap_ms(12);
}

static int run_fake(const char *self, unsigned rounds)
{
	const char *build = getenv("BUILD");
	struct fake_engine *ours, *theirs;
	struct bench_times a = {0}, b = {0};
	char *argv[] = {(char[]){"setpriv"}, (char[]){"--pdeathsig"},
			(char[]){"KILL"},    xasprintf("%s/netguard", build ? build : "build"),
			(char[]){"run"},     NULL};
	pid_t pids[2];
	FILE *config;
	int monitor;

	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=755") < 0 ||
	    mount("tmpfs", "/var/lib", "tmpfs", 0, "mode=755") < 0)
		die("namespaces");
	config = fopen("/run/netguard.yml", "we");
	if (!config || fputs("guard: { allowed_users: [root] }\n", config) < 0 || fclose(config))
		die("configuration");
	ours = fake_engine_new();
	theirs = fake_engine_new();
	publish(ours, false);
	publish(theirs, false);
	setenv("NETGUARD_CONFIG", "/run/netguard.yml", 1);
	setenv("DOCKER_HOST", fake_engine_host(ours), 1);
	pids[0] = spawn(argv, "/run/log");
	pids[1] = spawn_bare(self, fake_engine_host(theirs), "/run/log");
	monitor = open_monitor();
	nap_ms(1500);
	for (unsigned i = 0; i < rounds; i++) {
		fake_round(ours, monitor, "netguard", &a);
		fake_round(theirs, monitor, "bare", &b);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	fake_engine_free(ours);
	fake_engine_free(theirs);
	return !report("fake engine", &a, &b);
}

/* ---- a real one ---- */

struct real {
	struct engine *engine;
	const char *network, *container;
	double told; /* when the engine made the event */
};

static int on_line(void *userdata, const char *line, size_t size)
{
	struct engine_event ev;
	struct real *r = userdata;
	struct err err;

	if (engine_event_parse(line, size, &ev, &err) < 0)
		return -EPROTO;
	if (streq(ev.type, "network") && streq(ev.action, "connect"))
		r->told = (double)ev.time_nano / 1e9;
	engine_event_done(&ev);
	return 0;
}

static void ended(void *userdata _unused_, const struct engine_reply *reply _unused_)
{
}

static void change(struct real *r, const char *action)
{
	_cleanup_free_ char *path = xasprintf("/networks/%s/%s", r->network, action);
	json_auto_t *body = json_pack("{s:s}", "Container", r->container);
	struct err err;

	if (engine_do(r->engine,
		      &(struct engine_call){.method = "POST", .path = path, .json = body}, NULL,
		      &err) < 0)
		die(err.text);
}

static void real_round(struct real *r, int monitor, const char *table, pid_t other,
		       struct bench_times *times)
{
	double end;

	kill(other, SIGSTOP);
	nap_ms(30);
	drain(monitor);
	r->told = 0;
	change(r, "connect");
	end = wait_commit(monitor, table, true);
	for (unsigned i = 0; i < 100 && r->told == 0; i++) {
		nap_ms(1);
		engine_dispatch(r->engine);
	}
	if (end == 0 || r->told == 0)
		die(table);
	bench_add(times, end - r->told);
	change(r, "disconnect");
	if (wait_commit(monitor, table, false) == 0)
		die(table);
	kill(other, SIGCONT);
	/* until it has seen the same */
	nap_ms(60);
}

static int run_real(const char *self, unsigned rounds, const char *network, const char *container,
		    pid_t netguard)
{
	struct real r = {.network = network, .container = container};
	const char *host = getenv("DOCKER_HOST");
	struct bench_times a = {0}, b = {0};
	struct err err;
	int monitor;
	pid_t bare;

	if (!host)
		host = ENGINE_DEFAULT_HOST;
	if (engine_new(host, &r.engine, &err) < 0)
		die(err.text);
	engine_start(r.engine, &(struct engine_call){.method = "GET",
						     .path = "/events",
						     .timeout_ms = -1,
						     .on_line = on_line,
						     .done = ended,
						     .userdata = &r});
	bare = spawn_bare(self, host, "/dev/null");
	monitor = open_monitor();
	nap_ms(1000);
	engine_dispatch(r.engine);
	for (unsigned i = 0; i < rounds; i++) {
		real_round(&r, monitor, "netguard", bare, &a);
		real_round(&r, monitor, "bare", netguard, &b);
	}
	kill(bare, SIGKILL);
	waitpid(bare, NULL, 0);
	engine_free(r.engine);
	return !report("real engine", &a, &b);
}

int main(int argc, char **argv)
{
	if (argc == 3 && streq(argv[1], "bare"))
		return run_bare(argv[2]);
	if (argc == 3 && streq(argv[1], "fake"))
		return run_fake(argv[0], (unsigned)strtoul(argv[2], NULL, 10));
	if (argc == 6 && streq(argv[1], "real"))
		return run_real(argv[0], (unsigned)strtoul(argv[2], NULL, 10), argv[3], argv[4],
				(pid_t)strtol(argv[5], NULL, 10));
	fprintf(stderr, "see the head of events.c\n");
	return 2;
}

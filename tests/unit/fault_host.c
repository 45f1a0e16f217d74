/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/fault_host.h"

#include "netguard/keeper_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE "/mnt/faults"
#define PORT 7003
#define WEB  "10.88.1.2"
/* of container i, with its number behind */
#define MAC  "02:00:00:00:00:0"

static const char ids[][65] = {
	"c111111111111111111111111111111111111111111111111111111111111111",
	"c222222222222222222222222222222222222222222222222222222222222222",
	"c333333333333333333333333333333333333333333333333333333333333333",
};
static const char *const names[] = {"web", "db", "third"};
#define NETWORK "a111111111111111111111111111111111111111111111111111111111111111"

struct host {
	struct fault_host h;
	struct fake_reply other; /* its path is NULL: none */
	pid_t pids[3];		 /* whose network a container's is; 0: none */
	pid_t senders[SENDERS];
	bool third, followed;
};

static void must(bool ok, const char *what)
{
	if (!ok) {
		perror(what);
		abort();
	}
}

static void nap_ms(unsigned ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

int fault_host_run(const char *const *argv)
{
	pid_t pid = fork();
	int status;

	must(pid >= 0, "fork");
	if (pid == 0) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	return status;
}

static void do_run(const char *line)
{
	_cleanup_free_ char *copy = xstrdup(line);
	const char *argv[32] = {0};
	char *state = NULL;
	size_t n = 0;

	for (char *word = strtok_r(copy, " ", &state); word && n < 31;
	     word = strtok_r(NULL, " ", &state))
		argv[n++] = word;
	if (fault_host_run(argv) != 0) {
		fprintf(stderr, "%s: failed\n", line);
		abort();
	}
}
#define DO(...)                                                                                    \
	do {                                                                                       \
		_cleanup_free_ char *line_ = xasprintf(__VA_ARGS__);                               \
		do_run(line_);                                                                     \
	} while (0)

void fault_host_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	must(f && fputs(text, f) >= 0 && fclose(f) == 0, path);
}

/* ---- who sends, and who hears ---- */

static _Noreturn void say(struct fault_host *h, enum fault_sender who)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	char word = (char)('0' + (int)who);
	int fd;

	/* before the socket: it belongs to who has made it */
	if (who == SENDER_NOBODY)
		must(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0,
		     "nobody");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	must(fd >= 0 && inet_pton(AF_INET, WEB, &to.sin_addr) == 1, "socket");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		/* refused or not: what arrives counts */
		(void)!sendto(fd, &word, 1, 0, (struct sockaddr *)&to, sizeof(to));
		h->sent[who]++;
		nap_ms(1);
	}
}

static _Noreturn void hear(struct fault_host *h)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	must(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0, "bind");
	for (;;) {
		char word = 0;

		if (recv(fd, &word, 1, 0) == 1 && word >= '0' && word < '0' + SENDERS)
			h->passed[word - '0']++;
	}
}

enum part { HEARS, SAYS_DB, SAYS_OUTSIDE, SAYS_ROOT, SAYS_NOBODY, IDLES };

/* A process that does its part, in a network of its own but for those of the host. */
static pid_t begin(struct fault_host *h, enum part part)
{
	int ready[2];
	pid_t pid;
	char byte;

	must(pipe2(ready, O_CLOEXEC) == 0, "pipe2");
	pid = fork();
	must(pid >= 0, "fork");
	if (pid > 0) {
		close(ready[1]);
		must(read(ready[0], &byte, 1) == 1, "a process of the host");
		close(ready[0]);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	must(part == SAYS_ROOT || part == SAYS_NOBODY || unshare(CLONE_NEWNET) == 0, "unshare");
	must(write(ready[1], "", 1) == 1, "write");
	switch (part) {
	case HEARS:
		hear(h);
	case SAYS_DB:
		say(h, SENDER_DB);
	case SAYS_OUTSIDE:
		say(h, SENDER_OUTSIDE);
	case SAYS_ROOT:
		say(h, SENDER_ROOT);
	case SAYS_NOBODY:
		say(h, SENDER_NOBODY);
	case IDLES:
		break;
	}
	for (;;)
		pause();
}

/* What a container's or another host's network becomes: a veth to here, and an address. */
static void wire(pid_t pid, const char *veth, const char *bridge, const char *address,
		 const char *gateway, const char *mac)
{
	_cleanup_free_ char *in = xasprintf("nsenter --net=/proc/%d/ns/net ip", (int)pid);

	DO("ip link add %s type veth peer name eth0 netns %d", veth, (int)pid);
	if (bridge)
		DO("ip link set %s master %s", veth, bridge);
	DO("ip link set %s up", veth);
	if (mac)
		DO("%s link set eth0 address %s", in, mac);
	DO("%s link set lo up", in);
	DO("%s addr add %s dev eth0", in, address);
	DO("%s link set eth0 up", in);
	DO("%s route add default via %s", in, gateway);
}

static void wire_all(struct host *w)
{
	struct fault_host *h = &w->h;
	fault_host_write("/proc/sys/net/ipv4/ip_forward", "1");
	DO("ip link set lo up");
	DO("ip link add br-pods type bridge");
	DO("ip addr add 10.88.1.1/24 dev br-pods");
	DO("ip link set br-pods up");
	w->pids[0] = begin(h, HEARS);
	w->pids[1] = begin(h, SAYS_DB);
	w->senders[SENDER_DB] = w->pids[1];
	w->senders[SENDER_OUTSIDE] = begin(h, SAYS_OUTSIDE);
	wire(w->pids[0], "vweb", "br-pods", WEB "/24", "10.88.1.1", MAC "0");
	wire(w->pids[1], "vdb", "br-pods", "10.88.1.3/24", "10.88.1.1", MAC "1");
	wire(w->senders[SENDER_OUTSIDE], "world", NULL, "192.0.2.2/24", "192.0.2.1", NULL);
	DO("ip addr add 192.0.2.1/24 dev world");
	w->senders[SENDER_ROOT] = begin(h, SAYS_ROOT);
	w->senders[SENDER_NOBODY] = begin(h, SAYS_NOBODY);
}

/* ---- the engine ---- */

static char *endpoint(size_t i)
{
	return xasprintf("\"NetworkSettings\":{\"Ports\":{},\"Networks\":{\"pods\":{"
			 "\"NetworkID\":\"" NETWORK "\",\"IPAddress\":\"10.88.1.%zu\","
			 "\"GlobalIPv6Address\":\"\",\"MacAddress\":\"" MAC "%zu\"}}}",
			 i + 2, i);
}

struct script {
	struct fake_reply replies[16];
	size_t n;
	struct strv kept;
};

static void answer(struct script *s, char *path, char *body)
{
	char *http = fake_http(200, body);

	s->replies[s->n++] = (struct fake_reply){.path = path, .data = http, .forever = true};
	strv_take(&s->kept, path);
	strv_take(&s->kept, http);
	free(body);
}

/* What the engine answers: s is to be freed, script_done. */
static void make_script(struct host *w, struct script *ret)
{
	_cleanup_free_ char *list = NULL, *members = NULL;
	size_t n = w->third ? 3 : 2, list_size, members_size;
	FILE *l = open_memstream(&list, &list_size), *m = open_memstream(&members, &members_size);
	struct script s = {0};
	const char *network = "{\"Id\":\"" NETWORK "\",\"Name\":\"pods\",\"Driver\":\"bridge\","
			      "\"Scope\":\"local\",\"Internal\":false,\"EnableIPv6\":false,"
			      "\"Options\":{\"com.docker.network.bridge.name\":\"br-pods\"}";

	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *settings = endpoint(i);

		fprintf(l,
			"%s{\"Id\":\"%s\",\"Names\":[\"/"
			"%s\"],\"Image\":\"x\",\"State\":\"running\","
			"\"Status\":\"\",\"Created\":1,\"Labels\":{},\"HostConfig\":{"
			"\"NetworkMode\""
			":\"pods\"},\"Ports\":[],%s}",
			i ? "," : "", ids[i], names[i], settings);
		fprintf(m,
			"%s\"%s\":{\"Name\":\"%s\",\"MacAddress\":\"" MAC
			"%zu\",\"IPv4Address\":\"10.88.1.%zu/24\",\"IPv6Address\":\"\"}",
			i ? "," : "", ids[i], names[i], i, i + 2);
		answer(&s, xasprintf("/v1.41/containers/%s/json", ids[i]),
		       xasprintf(
			       "{\"Id\":\"%s\",\"Name\":\"/%s\",\"Image\":\"sha256:x\",\"State\":{"
			       "\"Status\":\"running\",\"Running\":true,\"Pid\":%d,\"ExitCode\":"
			       "0},\"Config\":{\"Image\":\"x\",\"Labels\":{}},\"HostConfig\":{"
			       "\"NetworkMode\":\"pods\"},%s}",
			       ids[i], names[i], (int)w->pids[i], settings));
	}
	fclose(l);
	fclose(m);
	answer(&s, xstrdup("/v1.41/containers/json"), xasprintf("[%s]", list));
	answer(&s, xstrdup("/v1.41/networks/" NETWORK),
	       xasprintf("%s,\"Containers\":{%s}}", network, members));
	answer(&s, xstrdup("/v1.41/networks"), xasprintf("[%s}]", network));
	answer(&s, xstrdup("/version"),
	       xstrdup("{\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\",\"Version\":\"20.10."
		       "24\"}"));
	*ret = s;
}

static void publish(struct host *w)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
				   "Transfer-Encoding: chunked\r\n\r\n";
	struct fake_reply replies[18];
	struct script s;
	size_t n = 0;

	make_script(w, &s);
	/* the first that fits is taken */
	if (w->other.path)
		replies[n++] = w->other;
	for (size_t i = 0; i < s.n; i++)
		replies[n++] = s.replies[i];
	replies[n++] = (struct fake_reply){
		.path = "/v1.41/events", .data = head, .end = FAKE_STREAM, .forever = true};
	fake_engine_replace(w->h.engine, replies, n);
	strv_done(&s.kept);
}

size_t fault_host_replies(struct fault_host *h, struct fault_host_reply *ret, size_t max)
{
	struct script s;
	size_t n = 0;

	make_script((struct host *)h, &s);
	for (; n < s.n && n < max; n++)
		ret[n] = (struct fault_host_reply){xstrdup(s.replies[n].path),
						   xstrdup(s.replies[n].data)};
	strv_done(&s.kept);
	return n;
}

bool fault_host_unused(struct fault_host *h)
{
	return fake_engine_left(h->engine, 0);
}

void fault_host_answer(struct fault_host *h, const struct fake_reply *reply)
{
	struct host *w = (struct host *)h;

	w->other = *reply;
	publish(w);
}

void fault_host_publish(struct fault_host *h)
{
	fault_host_answer(h, &(struct fake_reply){0});
}

/* An event of a container, or (network) of its network about it. */
static void tell(struct fault_host *h, size_t i, bool network, const char *action)
{
	_cleanup_free_ char *line = xasprintf(
		"{\"Type\":\"%s\",\"Action\":\"%s\",\"Actor\":{\"ID\":\"%s\",\"Attributes\":{"
		"\"container\":\"%s\",\"name\":\"%s\",\"type\":\"bridge\",\"image\":\"x\"}},"
		"\"timeNano\":1}\n",
		network ? "network" : "container", action, network ? NETWORK : ids[i], ids[i],
		network ? "pods" : names[i]);

	fake_engine_push(h->engine, 0, line);
}

void fault_host_event(struct fault_host *h, size_t container)
{
	/* somebody hears it */
	fake_engine_push(h->engine, 1, "\n");
	tell(h, container, false, "rename");
}

void fault_host_third(struct fault_host *h, bool there)
{
	struct host *w = (struct host *)h;

	w->third = there;
	publish(w);
	if (there) {
		tell(h, 2, false, "create");
		tell(h, 2, true, "connect");
		tell(h, 2, false, "start");
	} else {
		tell(h, 2, false, "die");
		tell(h, 2, true, "disconnect");
		tell(h, 2, false, "destroy");
	}
}

/* ---- the host ---- */

static void *shared(const char *path, size_t size)
{
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	void *p;

	must(!path || (fd >= 0 && ftruncate(fd, (off_t)size) == 0), "a shared page");
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | (path ? 0 : MAP_ANONYMOUS), fd,
		 0);
	must(p != MAP_FAILED, "mmap");
	closep(&fd);
	return p;
}

static struct fake_engine *engine; /* of this process: its folder goes with it */

static void remove_engine(void)
{
	fake_engine_free(engine);
}

struct fault_host *fault_host_new(void)
{
	struct host *w = xcalloc(1, sizeof(*w));
	struct fault_host *h = &w->h;
	struct err err;

	must(unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 &&
		     mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		     mount("tmpfs", "/mnt", "tmpfs", 0, "mode=755") == 0 &&
		     mount("tmpfs", "/run", "tmpfs", 0, "mode=755") == 0 &&
		     mount("tmpfs", "/var/lib", "tmpfs", 0, "mode=755") == 0,
	     "namespaces");
	fault_host_write(FAULT_CONFIG, "guard: { allowed_users: [root] }\n");
	h->faults = shared(PAGE, sizeof(*h->faults));
	h->sent = shared(NULL, SENDERS * sizeof(*h->sent));
	h->passed = shared(NULL, SENDERS * sizeof(*h->passed));
	wire_all(w);
	/* threads come after all forks that go on */
	h->engine = engine = fake_engine_new();
	atexit(remove_engine);
	publish(w);
	if (keeper_new(-1, &h->eye, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	return h;
}

/* The shim, behind the sanitizer's own library where there is one. */
char *fault_host_preload(const char *build)
{
	_cleanup_free_ char *netguard = xasprintf("%s/netguard", build);
	_cleanup_free_ char *command =
		xasprintf("ldd %s | sed -n 's/.* => \\(.*lib[a]san[^ ]*\\).*/\\1/p'", netguard);
	char line[512] = "";
	FILE *f;
	int out[2];
	pid_t pid;

	must(pipe2(out, O_CLOEXEC) == 0, "pipe2");
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		dup2(out[1], 1);
		execlp("sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	close(out[1]);
	f = fdopen(out[0], "re");
	must(f != NULL, "fdopen");
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	waitpid(pid, NULL, 0);
	line[strcspn(line, "\n")] = '\0';
	return xasprintf("%s%s%s/tests/faults/shim.so", line, line[0] ? ":" : "", build);
}

void fault_host_start(struct fault_host *h, const char *env)
{
	const char *build = getenv("BUILD");
	_cleanup_free_ char *full = realpath(build ? build : "build", NULL);
	_cleanup_free_ char *path = xasprintf("%s/netguard", full),
			    *shim = fault_host_preload(full);

	fault_host_log_forget(h);
	((struct host *)h)->followed = false;
	h->daemon = fork();
	must(h->daemon >= 0, "fork");
	if (h->daemon > 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (h->cgroup) {
		_cleanup_free_ char *procs = xasprintf("%s/cgroup.procs", h->cgroup);

		fault_host_write(procs, "0");
	}
	dup2(open(FAULT_LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), 2);
	setenv("NETGUARD_CONFIG", FAULT_CONFIG, 1);
	setenv("DOCKER_HOST", fake_engine_host(h->engine), 1);
	setenv("FAULTS", PAGE, 1);
	setenv("LD_PRELOAD", shim, 1);
	if (env)
		putenv((char *)(uintptr_t)env);
	if (h->descriptors) {
		struct rlimit l;

		must(getrlimit(RLIMIT_NOFILE, &l) == 0, "getrlimit");
		l.rlim_cur = h->descriptors;
		must(setrlimit(RLIMIT_NOFILE, &l) == 0, "setrlimit");
	}
	execl(path, "netguard", "run", NULL);
	_exit(127);
}

int fault_host_ended(struct fault_host *h)
{
	int status;

	if (waitpid(h->daemon, &status, WNOHANG) != h->daemon)
		return -1;
	h->daemon = 0;
	return status;
}

int fault_host_end(struct fault_host *h, int sig)
{
	int status;

	must(h->daemon > 0, "no daemon");
	kill(h->daemon, sig);
	must(waitpid(h->daemon, &status, 0) == h->daemon, "waitpid");
	h->daemon = 0;
	return status;
}

/* ---- looking ---- */

static struct elements *have(struct fault_host *h)
{
	struct keeper_table tables[RULESET_N_TABLES];
	struct elements *e = NULL;
	uint32_t owner;
	struct err err;

	/* as the daemon has made it on this kernel: with an owner or without */
	if (nft_dump_table(h->eye->socket, &ruleset_tables[0], &h->eye->flags, &owner, &err) <= 0)
		return NULL;
	for (int i = 0; i < 50 && !e; i++) {
		if (keeper_look(h->eye, tables, &e, &err) < 0)
			nap_ms(10);
	}
	for (size_t i = 0; e && i < RULESET_N_TABLES; i++) {
		if (!tables[i].ours) {
			elements_free(e);
			return NULL;
		}
	}
	return e;
}

static int differs(struct fault_host *h, bool missing)
{
	_cleanup_(elements_change_done)
	struct elements_change c = {0};
	_cleanup_(elements_freep)
	struct elements *now = NULL;

	/* not there, or just being changed */
	for (int i = 0; i < 5 && !(now = have(h)); i++)
		nap_ms(2);
	if (!now)
		return -1;
	elements_difference(h->want, now, &c);
	return (int)elements_count(missing ? c.add : c.del);
}

static void show_elements(const char *what, const struct elements *e)
{
	for (unsigned set = 0; set < SET_COUNT_; set++)
		for (size_t i = 0; i < e->n[set]; i++)
			printf("#   %s in %s: %s\n", what, ruleset_set((enum set_id)set)->name,
			       e->sets[set][i].comment ? e->sets[set][i].comment : "-");
}

void fault_host_show_difference(struct fault_host *h)
{
	_cleanup_(elements_change_done)
	struct elements_change c = {0};
	_cleanup_(elements_freep)
	struct elements *now = have(h);

	if (!now)
		return;
	elements_difference(h->want, now, &c);
	show_elements("too many", c.del);
	show_elements("missing", c.add);
}

int fault_host_too_many(struct fault_host *h)
{
	return differs(h, false);
}

int fault_host_missing(struct fault_host *h)
{
	return differs(h, true);
}

int fault_host_unguarded(struct fault_host *h)
{
	_cleanup_(elements_freep)
	struct elements *now = have(h);
	int n = 0;

	for (size_t i = 0; now && i < h->want->n[SET_BRIDGE_PORTS]; i++)
		n += !elements_find(now, SET_BRIDGE_PORTS, &h->want->sets[SET_BRIDGE_PORTS][i]);
	return n;
}

static bool is_true(struct fault_host *h)
{
	struct host *w = (struct host *)h;

	w->followed = w->followed || fault_host_said(h, "following the engine");
	return w->followed && fault_host_too_many(h) == 0 && fault_host_missing(h) == 0;
}

bool fault_host_settled(struct fault_host *h)
{
	for (int i = 0; i < 4000; i++) {
		if (is_true(h))
			return true;
		if (waitid(P_PID, (id_t)h->daemon, &(siginfo_t){0}, WEXITED | WNOHANG | WNOWAIT) <
		    0)
			return false;
		nap_ms(5);
	}
	return false;
}

bool fault_host_outcome(struct fault_host *h, int *ret_status)
{
	for (int i = 0; i < 2500; i++) {
		*ret_status = fault_host_ended(h);
		if (*ret_status != -1 || is_true(h))
			return true;
		nap_ms(2);
	}
	return false;
}

bool fault_host_orderly(int status)
{
	return WIFSIGNALED(status) ? WTERMSIG(status) == SIGABRT : WEXITSTATUS(status) == 1;
}

void fault_host_learn(struct fault_host *h)
{
	size_t n = 0;

	/* all passes as long as there is no table */
	for (int i = 0; i < 2000 && !fault_host_said(h, "following the engine"); i++)
		nap_ms(5);
	if (!fault_host_said(h, "following the engine") || !fault_host_passes(h, SENDER_ROOT, 10)) {
		fault_host_show_log();
		must(false, "what is allowed passes");
	}
	/* ports are found out behind the containers: until nothing more comes */
	for (int quiet = 0; quiet < 20; quiet++) {
		elements_free(h->want);
		/* just being changed */
		for (int i = 0; i < 100 && !(h->want = have(h)); i++)
			nap_ms(10);
		must(h->want != NULL, "the table");
		if (elements_count(h->want) != n)
			quiet = 0;
		n = elements_count(h->want);
		nap_ms(10);
	}
	fault_host_count_anew(h);
}

void fault_host_fault(struct fault_host *h, enum fault_kind kind, int code, uint64_t at,
		      uint64_t until)
{
	h->faults->kind = FAULT_NONE;
	h->faults->code = code;
	h->faults->at = at;
	h->faults->until = until;
	h->faults->n = h->faults->hits = 0;
	h->faults->kind = (int)kind;
}

uint64_t fault_host_mend(struct fault_host *h)
{
	h->faults->kind = FAULT_NONE;
	return h->faults->hits;
}

void fault_host_hold(struct fault_host *h, bool stop)
{
	struct host *w = (struct host *)h;

	for (size_t i = 0; i < SENDERS; i++)
		kill(w->senders[i], stop ? SIGSTOP : SIGCONT);
	nap_ms(20);
}

uint64_t fault_host_denied(struct fault_host *h)
{
	struct keeper_counter counters[16];
	struct err err;
	uint64_t all = 0;
	int n = keeper_counters(h->eye, counters, 16, &err);

	must(n > 0, "counters");
	for (int i = 0; i < n; i++)
		all += counters[i].packets;
	return all;
}

uint64_t fault_host_told(void)
{
	_cleanup_fclose_ FILE *f = fopen(FAULT_LOG, "re");
	_cleanup_free_ char *line = NULL;
	uint64_t all = 0;
	size_t room = 0;

	while (f && getline(&line, &room, f) > 0) {
		const char *text = strstr(line, ": denied ");
		unsigned long long more;

		if (!text)
			continue;
		/* "denied REASON: N more packets, not logged one by one", or one packet */
		text = strchr(text + strlen(": "), ':');
		if (text && strstr(text, " more packets,") && sscanf(text, ": %llu", &more) == 1)
			all += more;
		else
			all++;
	}
	return all;
}

void fault_host_count_anew(struct fault_host *h)
{
	/* what was on its way */
	nap_ms(20);
	for (size_t i = 0; i < SENDERS; i++)
		h->passed[i] = 0;
}

uint64_t fault_host_denied_passed(const struct fault_host *h)
{
	return h->passed[SENDER_NOBODY] + h->passed[SENDER_DB] + h->passed[SENDER_OUTSIDE];
}

/* For messages. */
const char *fault_host_counts(const struct fault_host *h)
{
	static char text[200];

	snprintf(text, sizeof(text), "passed: %llu of nobody, %llu of db, %llu of outside",
		 (unsigned long long)h->passed[SENDER_NOBODY],
		 (unsigned long long)h->passed[SENDER_DB],
		 (unsigned long long)h->passed[SENDER_OUTSIDE]);
	return text;
}

bool fault_host_passes(struct fault_host *h, enum fault_sender who, unsigned n)
{
	uint64_t goal = h->passed[who] + n;

	for (int i = 0; i < 5000 && h->passed[who] < goal; i++)
		nap_ms(2);
	return h->passed[who] >= goal;
}

uint64_t fault_host_try(struct fault_host *h, enum fault_sender who, unsigned n)
{
	uint64_t goal = h->sent[who] + n;

	while (h->sent[who] < goal)
		nap_ms(1);
	nap_ms(5);
	return h->passed[who];
}

bool fault_host_open(struct fault_host *h)
{
	bool all = true;

	if (h->daemon)
		fault_host_end(h, SIGKILL);
	RUN("nft", "flush", "ruleset");
	for (unsigned who = 0; who < SENDERS; who++)
		all &= fault_host_passes(h, (enum fault_sender)who, 10);
	return all;
}

/* ---- the log ---- */

bool fault_host_said(const struct fault_host *h _unused_, const char *text)
{
	_cleanup_fclose_ FILE *f = fopen(FAULT_LOG, "re");
	_cleanup_free_ char *line = NULL;
	size_t room = 0;

	while (f && getline(&line, &room, f) > 0)
		if (strstr(line, text))
			return true;
	return false;
}

void fault_host_log_forget(struct fault_host *h _unused_)
{
	/* it is open for appending */
	must(truncate(FAULT_LOG, 0) == 0 || errno == ENOENT, FAULT_LOG);
}

static unsigned log_lines(bool show)
{
	unsigned n = 0;
	_cleanup_fclose_ FILE *f = fopen(FAULT_LOG, "re");
	_cleanup_free_ char *line = NULL;
	size_t room = 0;

	while (f && getline(&line, &room, f) > 0)
		if (!strstr(line, ": denied ") && ++n <= 100 && show)
			printf("#   %s", line);
	return n;
}

void fault_host_show_log(void)
{
	log_lines(true);
}

unsigned fault_host_lines(void)
{
	return log_lines(false);
}

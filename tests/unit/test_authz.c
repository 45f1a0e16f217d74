/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decisions of the authorization plugin, each refusal beside what is allowed. */
#include "common/problems.h"
#include "netguard/authz_decide.h"
#include "netguard/authz_http.h"
#include "netguard/authz_volumes.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <openssl/evp.h>

#define TOKEN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

#define OPEN                                                                                       \
	"port_whitelist: {80: front}\n"                                                            \
	"pods: {shop: {connect_to: {db: }}, blog: {hostnames: [b.example.com, journal]}, "         \
	"front: {hostnames: [www]}}\n"                                                             \
	"policy: {labels_reserved: [traefik.]}\n"                                                  \
	"other_containers: {pod_label: com.example.pod}\n"                                         \
	"engine_policy:\n"                                                                         \
	"  bind_roots: [/srv/share]\n"                                                             \
	"  images: ['docker.io/library/*', 'docker.io/team/app:*']\n"                              \
	"  capabilities: [NET_BIND_SERVICE]\n"                                                     \
	"  networks: [bridge, front-*]\n"                                                          \
	"  runtimes: [runsc]\n"                                                                    \
	"  publish: [8000-8009, 53/udp]\n"                                                         \
	"  pods: [blog]\n"                                                                         \
	"  exempt: [admin]\n"                                                                      \
	"  clients: {ci: {capabilities: [CHOWN]}}\n"
#define ALL                                                                                        \
	"engine_policy: {endpoints: [default, container-rename, container-update, "                \
	"image-tag, network-create, network-connect, network-disconnect], "                        \
	"images: ['docker.io/library/*']}\n"
#define ROOT "engine_policy: {allow_root: true, allow_new_privileges: true, bind_roots: [/srv/x]}\n"
#define PUSH "engine_policy: {endpoints: [image-push], images: ['docker.io/library/*']}\n"
#define LAX  "engine_policy: {allow_new_privileges: true, bind_roots: [/srv/x]}\n"

/* ---- what the engine would say ---- */

#define HOST_GOOD                                                                                  \
	"{\"NetworkMode\":\"default\",\"IpcMode\":\"private\",\"CgroupnsMode\":\"host\","          \
	"\"Runtime\":\"runc\",\"SecurityOpt\":[\"no-new-privileges\"],\"ShmSize\":67108864,"       \
	"\"LogConfig\":{\"Type\":\"syslog\",\"Config\":{\"x\":\"y\"}},\"Privileged\":false,"       \
	"\"MaskedPaths\":[\"/proc/acpi\",\"/proc/kcore\"],\"ReadonlyPaths\":[\"/proc/sys\"],"      \
	"\"Newer\":null,\"ConsoleSize\":[0,0]"
#define CONTAINER(name, user, labels, host)                                                        \
	"{\"Id\":\"" name "\",\"Name\":\"/" name "\",\"Config\":{\"User\":\"" user                 \
	"\",\"Image\":\"busybox\",\"Labels\":{" labels "},\"Cmd\":[\"sh\"]},\"HostConfig\":" host  \
	"}}"
#define CALLED(id, name, hostname)                                                                 \
	"{\"Id\":\"" id "\",\"Name\":\"/" name                                                     \
	"\",\"Config\":{\"User\":\"1000\",\"Hostname\":\"" hostname                                \
	"\"},\"HostConfig\":" HOST_GOOD "}}"
#define FULL_ID	       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SHORT_ID_OF_63 "123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ROOTS_ID       "beef456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define IMAGE(tag, user, labels)                                                                   \
	"{\"RepoTags\":[\"" tag "\"],\"RepoDigests\":[],\"Config\":{\"User\":\"" user              \
	"\",\"Labels\":{" labels "}}}"

static const struct {
	enum authz_fact_kind kind;
	const char *name;
	int result;
	const char *json;
} world[] = {
	{AUTHZ_FACT_CONTAINER, "good", 0, CONTAINER("good", "1000", "", HOST_GOOD)},
	{AUTHZ_FACT_CONTAINER, "asroot", 0, CONTAINER("asroot", "", "", HOST_GOOD)},
	{AUTHZ_FACT_CONTAINER, "named", 0, CONTAINER("named", "node", "", HOST_GOOD)},
	{AUTHZ_FACT_CONTAINER, "priv", 0,
	 CONTAINER("priv", "1000", "",
		   "{\"Privileged\":true,\"SecurityOpt\":[\"no-new-privileges\"]")},
	{AUTHZ_FACT_CONTAINER, "mounter", 0,
	 CONTAINER("mounter", "1000", "", HOST_GOOD ",\"Binds\":[\"/etc:/x\"]")},
	{AUTHZ_FACT_CONTAINER, "sharer", 0,
	 CONTAINER("sharer", "1000", "", HOST_GOOD ",\"Binds\":[\"/srv/share/link:/x\"]")},
	{AUTHZ_FACT_CONTAINER, "unmasked", 0,
	 CONTAINER("unmasked", "1000", "",
		   "{\"SecurityOpt\":[\"no-new-privileges\"],\"MaskedPaths\":[]")},
	{AUTHZ_FACT_CONTAINER, "odd", 0,
	 CONTAINER("odd", "1000", "", HOST_GOOD ",\"NewPower\":\"on\"")},
	{AUTHZ_FACT_CONTAINER, "web.app", 0,
	 CONTAINER("web.app", "1000", "\"podctl.pod\":\"web\"", HOST_GOOD)},
	{AUTHZ_FACT_CONTAINER, "shop", 0, CONTAINER("shop", "1000", "", HOST_GOOD)},
	{AUTHZ_FACT_CONTAINER, "Shop", 0, CONTAINER("Shop", "1000", "", HOST_GOOD)},
	{AUTHZ_FACT_CONTAINER, "dotted.name", 0, CONTAINER("dotted.name", "1000", "", HOST_GOOD)},
	{AUTHZ_FACT_CONTAINER, "called", 0, CALLED("0123456789abcdef", "called", "0123456789ab")},
	{AUTHZ_FACT_CONTAINER, "called2", 0, CALLED("db0123456789abcdef", "called2", "db")},
	{AUTHZ_FACT_CONTAINER, "called3", 0,
	 CALLED("db0123456789abcdef", "called3", "db0123456.89")},
	{AUTHZ_FACT_CONTAINER, "called4", 0,
	 "{\"Name\":\"/called4\",\"Config\":{\"User\":\"1\",\"Hostname\":\"0123456789ab\"},"
	 "\"HostConfig\":" HOST_GOOD "}}"},
	/* names that are the beginning of an id: nobody's, another's, their own */
	{AUTHZ_FACT_CONTAINER, "cafe", 0, CALLED("0123456789abcdef", "cafe", "x")},
	{AUTHZ_FACT_CONTAINER, "beef", 0, CALLED("0123456789abcdef", "beef", "x")},
	{AUTHZ_FACT_CONTAINER, "feed", 0, CALLED("feed456789abcdef", "other", "x")},
	{AUTHZ_FACT_CONTAINER, "face", 0, CALLED("0123456789abcdef", "face", "x")},
	{AUTHZ_FACT_CONTAINER, "ade", 0,
	 "{\"Name\":\"/ade\",\"Config\":{\"User\":\"1\"},\"HostConfig\":" HOST_GOOD "}}"},
	{AUTHZ_FACT_CONTAINER, FULL_ID, 0, CALLED(FULL_ID, "whole", "x")},
	{AUTHZ_FACT_PREFIX, "beef", 0, "[{\"Id\":\"" ROOTS_ID "\"}]"},
	{AUTHZ_FACT_CONTAINER, ROOTS_ID, 0, CONTAINER(ROOTS_ID, "", "", HOST_GOOD)},
	{AUTHZ_FACT_CONTAINER, "0123", 0, CALLED("cafe456789abcdef", "0123", "x")},
	{AUTHZ_FACT_PREFIX, "0123", 0, "[{\"Id\":\"" FULL_ID "\"}]"},
	{AUTHZ_FACT_PREFIX, "be", 0, "[{\"Id\":\"" FULL_ID "\"},{\"Id\":\"" ROOTS_ID "\"}]"},
	{AUTHZ_FACT_PREFIX, "dead", 0, "[{}]"},
	/* no ids, whatever is there by their names */
	{AUTHZ_FACT_PREFIX, "deaf", 0, "[{\"Id\":\"/" SHORT_ID_OF_63 "\"}]"},
	{AUTHZ_FACT_CONTAINER, "/" SHORT_ID_OF_63, 0, CALLED(FULL_ID, "whole", "x")},
	{AUTHZ_FACT_PREFIX, "fade", 0, "[{\"Id\":\"fade\"}]"},
	{AUTHZ_FACT_CONTAINER, "fade", 0, CALLED("fade456789abcdef", "other", "x")},
	{AUTHZ_FACT_PREFIX, "face", 0, "{}"},
	{AUTHZ_FACT_PREFIX, "feed", 0, "[{\"Id\":\"feed456789abcdef\"}]"},
	{AUTHZ_FACT_CONTAINER, "shop-1", 0,
	 CONTAINER("shop-1", "1000", "\"com.docker.compose.project\":\"shop\"", HOST_GOOD)},
	{AUTHZ_FACT_CONTAINER, "web.x", 0, CONTAINER("web.x", "1000", "", HOST_GOOD)},
	{AUTHZ_FACT_VOLUME, "shops", 0, "{\"Driver\":\"local\",\"Options\":{}}"},
	{AUTHZ_FACT_USERS, "shops", 0, "[{\"Id\":\"shop-1\"}]"},
	{AUTHZ_FACT_CONTAINER, "mute", 0, "{\"Id\":\"mute\"}"},
	{AUTHZ_FACT_CONTAINER, "mute2", 0, "{\"Config\":{}}"},
	{AUTHZ_FACT_CONTAINER, "mute3", 0, "{\"Config\":{},\"HostConfig\":{}}"},
	{AUTHZ_FACT_CONTAINER, "mute4", 0, "{\"Config\":{},\"HostConfig\":{},\"Name\":\"x\"}"},
	{AUTHZ_FACT_CONTAINER, "odder", 0,
	 "{\"Config\":{\"NewPower\":1},\"HostConfig\":{},\"Name\":\"/odder\"}"},
	{AUTHZ_FACT_CONTAINER, "shim", 0,
	 CONTAINER("shim", "1000", "",
		   "{\"SecurityOpt\":[\"no-new-privileges=true\"],\"Runtime\":"
		   "\"io.containerd.runc.v2\",\"PortBindings\":{\"80/tcp\":[]}")},
	{AUTHZ_FACT_CONTAINER, "sandboxed", 0,
	 CONTAINER("sandboxed", "1000", "",
		   "{\"SecurityOpt\":[\"no-new-privileges\"],\"Runtime\":\"runsc\"")},
	{AUTHZ_FACT_CONTAINER, "joined", 0,
	 CONTAINER("joined", "1000", "",
		   "{\"SecurityOpt\":[\"no-new-privileges\"],\"CgroupnsMode\":\"container:x\"")},
	{AUTHZ_FACT_CONTAINER, "unhidden", 0,
	 CONTAINER("unhidden", "1000", "",
		   "{\"SecurityOpt\":[\"no-new-privileges\"],\"MaskedPaths\":[1,\"/x\"]")},
	{AUTHZ_FACT_CONTAINER, "volumed", 0,
	 CONTAINER("volumed", "1000", "",
		   "{\"SecurityOpt\":[\"no-new-privileges\"],\"Binds\":[\"nfs:/x\"]")},
	{AUTHZ_FACT_CONTAINER, "plainly", 0,
	 CONTAINER("plainly", "1000", "", HOST_GOOD ",\"Binds\":[\"plain:/x\"]")},
	{AUTHZ_FACT_CONTAINER, "nameless", 0,
	 CONTAINER("nameless", "1000", "", HOST_GOOD ",\"Binds\":[\"" FULL_ID ":/x\"]")},
	{AUTHZ_FACT_EXEC, "fine", 0,
	 "{\"ContainerID\":\"good\",\"ProcessConfig\":{\"privileged\":false,\"user\":\"1000\"}}"},
	{AUTHZ_FACT_EXEC, "default", 0, "{\"ContainerID\":\"good\",\"ProcessConfig\":{}}"},
	{AUTHZ_FACT_EXEC, "rooted", 0,
	 "{\"ContainerID\":\"good\",\"ProcessConfig\":{\"user\":\"0\"}}"},
	{AUTHZ_FACT_EXEC, "mighty", 0,
	 "{\"ContainerID\":\"good\",\"ProcessConfig\":{\"privileged\":true,\"user\":\"1\"}}"},
	{AUTHZ_FACT_EXEC, "mute", 0, "{\"ProcessConfig\":{}}"},
	{AUTHZ_FACT_EXEC, "mute2", 0, "{\"ContainerID\":\"a/b\",\"ProcessConfig\":{}}"},
	{AUTHZ_FACT_EXEC, "mute3", 0, "{\"ContainerID\":\"good\"}"},
	{AUTHZ_FACT_EXEC, "inroot", 0, "{\"ContainerID\":\"asroot\",\"ProcessConfig\":{}}"},
	{AUTHZ_FACT_IMAGE, "busybox", 0, IMAGE("busybox:latest", "", "")},
	{AUTHZ_FACT_IMAGE, "numbered", 0, IMAGE("numbered:latest", "1000:1000", "")},
	{AUTHZ_FACT_IMAGE, "named", 0, IMAGE("named:latest", "node", "")},
	{AUTHZ_FACT_IMAGE, "ours", 0, IMAGE("ours:latest", "1000", "\"podctl.pod\":\"web\"")},
	{AUTHZ_FACT_IMAGE, "composed", 0,
	 IMAGE("composed:latest", "1000", "\"com.docker.compose.project\":\"shop\"")},
	{AUTHZ_FACT_IMAGE, "routed", 0, IMAGE("routed:latest", "1000", "\"Traefik.enable\":\"1\"")},
	{AUTHZ_FACT_IMAGE, "abcdef012345", 0, IMAGE("evil/x:1", "1000", "")},
	{AUTHZ_FACT_IMAGE, "team/app:1", 0, IMAGE("team/app:1", "1000", "")},
	{AUTHZ_FACT_IMAGE, "filled", 0,
	 "{\"RepoTags\":[\"filled:1\"],\"Config\":{\"Volumes\":{\"/a/b\":{}}}}"},
	{AUTHZ_FACT_CONTAINER, "nested", 0,
	 "{\"Name\":\"/nested\",\"Config\":{\"User\":\"1\",\"Volumes\":{\"/x/y\":{}}},"
	 "\"HostConfig\":" HOST_GOOD ",\"Binds\":[\"plain:/x\"]}}"},
	{AUTHZ_FACT_IMAGE, "broken", -EIO, NULL},
	{AUTHZ_FACT_IMAGE, "dangling", 0,
	 "{\"RepoTags\":[1,\"<none>:<none>\"],\"Config\":{\"User\":\"1000\"}}"},
	{AUTHZ_FACT_IMAGE, "mute", 0, "{\"RepoTags\":[\"mute:latest\"]}"},
	{AUTHZ_FACT_VOLUME, "plain", 0, "{\"Driver\":\"local\",\"Options\":null}"},
	{AUTHZ_FACT_VOLUME, "pods", 0, "{\"Driver\":\"local\",\"Options\":null}"},
	{AUTHZ_FACT_VOLUME, "roots", 0, "{\"Driver\":\"local\",\"Options\":{}}"},
	{AUTHZ_FACT_VOLUME, "ghosts", 0, "{\"Driver\":\"local\"}"},
	{AUTHZ_FACT_VOLUME, "mute", 0, "{\"Options\":null}"},
	{AUTHZ_FACT_USERS, "ghosts", 0, "[{}]"},
	{AUTHZ_FACT_VOLUME, "unused", 0, "{\"Driver\":\"local\"}"},
	{AUTHZ_FACT_USERS, "unused", 0, "[]"},
	{AUTHZ_FACT_VOLUME, "untold", 0, "{\"Driver\":\"local\"}"},
	{AUTHZ_FACT_USERS, "untold", 0, "{}"},
	{AUTHZ_FACT_USERS, "plain", 0, "[{\"Id\":\"good\"}]"},
	{AUTHZ_FACT_USERS, "pods", 0, "[{\"Id\":\"good\"},{\"Id\":\"web.app\"}]"},
	{AUTHZ_FACT_USERS, "roots", 0, "[{\"Id\":\"asroot\"}]"},
	{AUTHZ_FACT_VOLUME, "rooted", 0,
	 "{\"Driver\":\"local\",\"Options\":{\"type\":\"none\",\"o\":\"bind\",\"device\":\"/\"}}"},
	{AUTHZ_FACT_VOLUME, "nfs", 0, "{\"Driver\":\"nfs\",\"Options\":null}"},
	{AUTHZ_FACT_NETWORK, "bridge", 0, "{\"Name\":\"bridge\",\"Driver\":\"bridge\"}"},
	{AUTHZ_FACT_NETWORK, "front-a", 0, "{\"Name\":\"front-a\",\"Driver\":\"bridge\"}"},
	{AUTHZ_FACT_NETWORK, "front-b", 0, "{\"Name\":\"front-b\",\"Driver\":\"macvlan\"}"},
	{AUTHZ_FACT_NETWORK, "front-c", 0, "{\"Name\":\"host\",\"Driver\":\"host\"}"},
	{AUTHZ_FACT_NETWORK, "front-mute", 0, "{\"Driver\":\"bridge\"}"},
	{AUTHZ_FACT_NETWORK, "front-odd", 0, "{\"Name\":\"front-odd\"}"},
	{AUTHZ_FACT_POD, "web", 0, "[{\"Id\":\"web.app\"}]"},
	{AUTHZ_FACT_ROOTS, "", 0,
	 "[1,{},{\"Labels\":{\"podctl.pod\":\"Cache\",\"podctl.config\":\"{\"}},"
	 "{\"Labels\":{\"podctl.pod\":\"web\",\"podctl.config\":\"{\\\"hostname\\\":\\\"Web-"
	 "front\\\"}"
	 "\"}}]"},
	{AUTHZ_FACT_PATH, "/srv/share", 0, NULL},
	{AUTHZ_FACT_PATH, "/srv/share/bob", 0, NULL},
	{AUTHZ_FACT_CLOSED, "/srv/x", 0, NULL},
	{AUTHZ_FACT_PATH, "/srv/share/link", -EPERM, NULL},
};

static void add_fact(struct authz_facts *facts, struct authz_need *need)
{
	/* of what is not listed there is none; pods without containers, ids of nobody */
	struct authz_fact f = {.kind = need->kind, .name = need->name, .result = -ENOENT};

	if (need->kind == AUTHZ_FACT_POD || need->kind == AUTHZ_FACT_PREFIX) {
		f.result = 0;
		f.json = json_array();
	}
	for (size_t i = 0; i < ARRAY_SIZE(world); i++) {
		if (world[i].kind != need->kind || !streq(world[i].name, need->name))
			continue;
		f.result = world[i].result;
		json_decref(f.json);
		f.json = world[i].json ? json_loads(world[i].json, 0, NULL) : NULL;
		assert_true(!world[i].json || f.json);
	}
	f.why = f.result < 0 ? xstrdup("could not be told") : NULL;
	need->name = NULL;
	ARRAY_PUSH(facts->items, facts->n) = f;
}

static struct settings *settings_of(const char *text)
{
	_cleanup_(problems_done)
	struct problems p = {0};
	struct settings *s = NULL;

	if (settings_parse(text, strlen(text), "h", &p, &s) < 0) {
		problems_print(&p, "f", stderr);
		fail_msg("%s", text);
	}
	return s;
}

/* ---- the engine's message ---- */

static char *base64(const char *text)
{
	size_t n = strlen(text);
	char *out = xcalloc(n * 4 / 3 + 8, 1);

	EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)text, (int)n);
	return out;
}

/* body: as the engine hands it over; "-": none, and Content-Length: 0; "5": the same with 5. */
static char *message_of(const char *client, const char *method, const char *uri, const char *body)
{
	bool empty = body && (streq(body, "-") || streq(body, "5"));
	_cleanup_free_ char *encoded = body && !empty ? base64(body) : NULL;
	json_auto_t *m = json_pack("{s:s, s:s, s:{s:s}}", "RequestMethod", method, "RequestUri",
				   uri, "RequestHeaders", "Content-Type", "application/json");

	if (client) {
		json_object_set_new(m, "User", json_string(client));
		json_object_set_new(m, "UserAuthNMethod", json_string("TLS"));
	}
	if (encoded)
		json_object_set_new(m, "RequestBody", json_string(encoded));
	if (empty)
		json_object_set_new(json_object_get(m, "RequestHeaders"), "Content-Length",
				    json_string(*body == '-' ? "0" : body));
	return json_dumps(m, 0);
}

/* 0: allowed; -EPERM, -EINVAL: with why. */
static int ask(const char *config, const char *client, const char *method, const char *uri,
	       const char *body, struct err *err)
{
	_cleanup_(settings_freep)
	struct settings *s = settings_of(config);
	_cleanup_free_ char *message = message_of(client, method, uri, body);
	_cleanup_(authz_request_done)
	struct authz_request request = {0};
	_cleanup_(authz_facts_done)
	struct authz_facts facts = {0};
	struct authz_need need = {0};
	int r;

	*err = (struct err){0};
	r = authz_request_parse(message, strlen(message), &request, err);
	if (r < 0)
		return r;
	if (authz_is_exempt(s, &request, TOKEN))
		return 0;
	r = authz_request_read(&request, err);
	if (r < 0)
		return r;
	while ((r = authz_decide(s, &request, &facts, &need, err)) == AUTHZ_NEED)
		add_fact(&facts, &need);
	return r;
}

static void expect(const char *config, const char *client, const char *method, const char *uri,
		   const char *body, const char *why)
{
	struct err err;
	int r = ask(config, client, method, uri, body, &err);

	if (why ? r >= 0 || !strstr(err.text, why) : r != 0)
		fail_msg("%s %s %s\n  wanted: %s\n  got %d: %s", method, uri, body ? body : "",
			 why ? why : "allowed", r, err.text);
}

/* ---- create ---- */

#define NNP "\"SecurityOpt\":[\"no-new-privileges\"]"
#define ALIAS(name)                                                                                \
	TOP(USER ",\"NetworkingConfig\":{\"EndpointsConfig\":{\"front-a\":{\"Aliases\":[\"" name   \
		 "\"]}}}")
#define USER	 "\"Image\":\"busybox\",\"User\":\"1000\""
#define HOST(h)	 "{" USER ",\"HostConfig\":{" NNP "," h "}}"
#define LOG(tag) LOG_OPT("local", "tag", tag)
#define LOG_OPT(driver, key, value)                                                                \
	HOST("\"LogConfig\":{\"Type\":\"" driver "\",\"Config\":{\"" key "\":\"" value "\"}}")
#define NESTED(one, other) HOST("\"Binds\":[\"" one "\",\"" other "\"]")
#define TOP(t)		   "{" t ",\"HostConfig\":{" NNP "}}"

static const struct {
	const char *body, *why; /* why NULL: allowed */
} creates[] = {
	{TOP(USER), NULL},
	{"{" USER "}", "no-new-privileges"},
	{"{\"image\":\"busybox\",\"USER\":\"1000\",\"hostconfig\":{\"securityOPT\":[\"no-new-"
	 "privileges\"]}}",
	 NULL},
	{TOP("\"Image\":\"busybox\""), "is root"},
	{TOP("\"Image\":\"busybox\",\"User\":\"\""), "is root"},
	{TOP("\"Image\":\"busybox\",\"User\":\"0\""), "must be a number"},
	{TOP("\"Image\":\"busybox\",\"User\":\"root\""), "must be a number"},
	{TOP("\"Image\":\"busybox\",\"User\":\"+0\""), "must be a number"},
	{TOP("\"Image\":\"busybox\",\"User\":\"00\""), "must be a number"},
	{TOP("\"Image\":\"busybox\",\"User\":\" 1\""), "must be a number"},
	{TOP("\"Image\":\"busybox\",\"User\":\"1000:staff\""), "must be a number"},
	{TOP("\"Image\":\"busybox\",\"User\":\":1000\""), "must be a number"},
	{TOP("\"Image\":\"busybox\",\"User\":\"1000:\""), "must be a number"},
	{TOP("\"Image\":\"busybox\",\"User\":\"1000:0\""), NULL},
	{TOP("\"Image\":\"busybox\",\"User\":1000"), "not a value"},
	{TOP("\"Image\":\"numbered\""), NULL},
	{TOP("\"Image\":\"numbered\",\"User\":null"), NULL},
	{TOP("\"Image\":\"named\""), "is node"},
	{TOP("\"Image\":\"broken\",\"User\":\"1000\""), "could not be told"},
	{TOP("\"Image\":\"../x\",\"User\":\"1000\""), "not a name"},
	{TOP("\"Image\":\"\",\"User\":\"1000\""), "not a name"},
	{TOP("\"Image\":\"missing\",\"User\":\"1000\""), NULL},
	{TOP("\"Image\":\"evil/missing\",\"User\":\"1000\""), "not one that is allowed"},
	{TOP("\"Image\":\"abcdef012345\",\"User\":\"1000\""), "not one that is allowed"},
	{TOP("\"Image\":\"team/app:1\",\"User\":\"1000\""), NULL},
	/* read as Go reads it, or refused */
	{"{" USER ",\"User\":\"0\",\"HostConfig\":{" NNP "}}", "a key twice"},
	{"{" USER ",\"user\":\"0\",\"HostConfig\":{" NNP "}}", "twice"},
	{"{" USER ",\"HostConfig\":{" NNP "},\"HOSTCONFIG\":{\"Privileged\":true}}", "twice"},
	{"{" USER ",\"Ho\xc5\xbftConfig\":{\"Privileged\":true},\"HostConfig\":{" NNP "}}",
	 "not a field"},
	{"{" USER ",\"HostConfig\":{" NNP ",\"Devices\":[],\"Lin\xe2\x84\xaas\":[\"a\"]}}",
	 "not a field"},
	{TOP(USER ",\"Privileged\":true"), "not a field"},
	{TOP(USER ",\"Memory\":1"), "not a field"},
	{TOP(USER) " {}", "no JSON object"},
	{"[" TOP(USER) "]", "no JSON object"},
	{"{" USER ",\"HostConfig\":\"x\"}", "no object"},
	{"{" USER ",\"HostConfig\":{\"SecurityOpt\":[\"no-new-privileges\"],\"a\\u0000b\":1}}",
	 "no JSON object"},
	{"\xff" TOP(USER), "no JSON object"},
	{TOP(USER ",\"Env\":[\"A=\xff\"]"), "no JSON object"},
	{TOP(USER ",\"Env\":\"A=1\""), "not a value"},
	{TOP(USER ",\"Cmd\":\"sleep 1\",\"Entrypoint\":[\"a\"],\"Tty\":false,\"Healthcheck\":{"
		  "\"Test\":[\"NONE\"]},\"ExposedPorts\":{\"80/tcp\":{}},\"Volumes\":{\"/d\":{}}"),
	 NULL},
	{TOP(USER ",\"Tty\":\"true\""), "not a value"},
	{TOP(USER ",\"Volumes\":{\"/etc:/x\":{}}"), "no path"},
	{TOP(USER ",\"MacAddress\":\"02:42:ac:11:00:02\""), "fixed address"},
	{TOP(USER ",\"Runtime\":null"), NULL},
	/* values that are none */
	{TOP("\"Image\":\"busybox\",\"User\":\"12345678901\""), "must be a number"},
	{TOP("\"Image\":\"busybox\",\"User\":\"99999999999999999999\""), "must be a number"},
	{TOP("\"Image\":\"busybox\",\"User\":\"2147483648\""), "must be a number"},
	{TOP("\"Image\":\"busybox\",\"User\":\"4294967296\""), "must be a number"},
	{TOP("\"Image\":\"busybox\",\"User\":\"2147483647\""), NULL},
	{TOP("\"Image\":\"busybox\",\"User\":\"01000\""), "must be a number"},
	{TOP("\"Image\":\"busybox\",\"User\":\"1_000\""), "must be a number"},
	{TOP("\"Image\":\"busybox\",\"User\":\"1:4294967296\""), "must be a number"},
	{TOP("\"Image\":\"busybox\",\"User\":\"1:2147483647\""), NULL},
	{TOP(USER ",\"Labels\":{\"netguard.x\":\"1\"}"), "reserved"},
	{TOP(USER ",\"Labels\":[]"), "not a value"},
	{TOP(USER ",\"Labels\":{\"a\":1}"), "not a value"},
	{TOP("\"Image\":\"dangling\",\"User\":\"1000\""), "not one that is allowed"},
	{TOP("\"Image\":\"mute\",\"User\":\"1000\""), "does not describe"},
	{TOP("\"Image\":\"bus ybox\",\"User\":\"1000\""), "not a name"},
	{TOP("\"Image\":\"a//b\",\"User\":\"1000\""), "not a name"},
	{TOP("\"Image\":\"/b\",\"User\":\"1000\""), "not a name"},
	{TOP("\"Image\":\"missing\""), NULL}, /* the engine will say so */
	{TOP(USER ",\"ExposedPorts\":[]"), "ExposedPorts"},
	{TOP(USER ",\"ExposedPorts\":{\"80/tcp\":{\"x\":1}}"), "ExposedPorts"},
	{TOP(USER ",\"Env\":[1]"), "not a value"},
	{TOP(USER ",\"Cmd\":1"), "not a value"},
	{TOP(USER ",\"Volumes\":[]"), "not an object"},
	{TOP(USER ",\"Volumes\":{\"d\":{}}"), "no path"},
	{TOP(USER ",\"Volumes\":{\"/d\":{\"x\":1}}"), "no path"},
	{TOP(USER ",\"NetworkingConfig\":{\"EndpointsConfig\":[]}"), "not an object"},
	{TOP(USER ",\"NetworkingConfig\":{\"EndpointsConfig\":{\"default\":{},\"none\":null}}"),
	 NULL},
	{HOST("\"CapAdd\":\"\""), NULL},
	{HOST("\"CapAdd\":[1]"), "(no name)"},
	{HOST("\"IpcMode\":\"\""), NULL},
	{HOST("\"IpcMode\":\"none\""), NULL},
	{HOST("\"IpcMode\":\"shareable\""), NULL},
	{HOST("\"IpcMode\":1"), "namespace"},
	{HOST("\"CgroupnsMode\":\"\""), NULL},
	{HOST("\"CgroupnsMode\":1"), "namespace"},
	{HOST("\"Runtime\":\"\""), NULL},
	{HOST("\"Runtime\":1"), "(no name)"},
	{HOST("\"Isolation\":\"default\""), NULL},
	{HOST("\"Isolation\":\"hyperv\""), "Isolation"},
	{HOST("\"Isolation\":1"), "Isolation"},
	{HOST("\"OomScoreAdj\":5000"), "not a value"},
	{HOST("\"OomKillDisable\":0.5"), "not allowed"},
	{"{" USER ",\"HostConfig\":{\"SecurityOpt\":[\"no-new-privileges=true\"]}}", NULL},
	{"{" USER ",\"HostConfig\":{\"SecurityOpt\":\"no-new-privileges\"}}", "not a list"},
	{"{" USER ",\"HostConfig\":{\"SecurityOpt\":[1]}}", "(no text)"},
	{HOST("\"LogConfig\":\"syslog\""), "no object"},
	{LOG("{{pad .ID 70368744177664 0}}"), "only values like"},
	{LOG("x{{.Name}}{{print .ID}}"), "only values like"},
	{LOG("{{.Name"), "only values like"},
	{LOG("{{.Name}"), "only values like"},
	{LOG("{{.Name|json}}"), "only values like"},
	{LOG("{{.Name .ID}}"), "only values like"},
	{LOG("{{"), "only values like"},
	{LOG("{{.ImageName}}/{{ .Name }}"), NULL},
	{LOG("plain} {.Name}"), NULL},
	{LOG_OPT("local", "labels", "{{x}}"), NULL},
	/* the journal's fields, and who wrote a line there */
	{LOG_OPT("journald", "labels", "OBJECT_SYSTEMD_UNIT"), "another service's"},
	{LOG_OPT("journald", "env", "MESSAGE"), "another service's"},
	{LOG_OPT("journald", "tag", "sshd"), "the log option tag is allowed where"},
	{LOG_OPT("journald", "labels-regex", ".*"), "labels-regex is not allowed"},
	{LOG_OPT("journald", "env-regex", ".*"), "env-regex is not allowed"},
	{LOG_OPT("", "labels", "OBJECT_SYSTEMD_UNIT"), "another service's"},
	{LOG_OPT("", "env", "MESSAGE"), "another service's"},
	{LOG_OPT("", "tag", "{{.Name}}"), "another service's"},
	{HOST("\"LogConfig\":{\"Config\":{\"labels\":\"x\"}}"), "another service's"},
	{HOST("\"LogConfig\":{\"Type\":\"journald\",\"Config\":null}"), NULL},
	{LOG_OPT("journald", "mode", "blocking"), NULL},
	/* the engine's memory and time */
	{LOG_OPT("json-file", "mode", "non-blocking"), "only blocking"},
	{LOG_OPT("", "mode", ""), "only blocking"},
	{LOG_OPT("json-file", "max-buffer-size", "100g"), "max-buffer-size is not allowed"},
	{LOG_OPT("json-file", "max-file", "100"), NULL},
	{LOG_OPT("json-file", "max-file", "101"), "at most 100 files"},
	{LOG_OPT("local", "max-file", "+1"), "at most 100 files"},
	{LOG_OPT("local", "max-file", ""), "at most 100 files"},
	{LOG_OPT("json-file", "env", "LEVEL"), NULL},
	{HOST("\"Ulimits\":{}"), "not a list"},
	{HOST("\"Ulimits\":[1]"), "no object"},
	{HOST("\"Binds\":[1]"), "not a list of strings"},
	{HOST("\"Binds\":[\"x\"]"), "SOURCE:TARGET"},
	{HOST("\"Binds\":[\":/x\"]"), "SOURCE:TARGET"},
	{HOST("\"Binds\":[\"/srv/share/none:/x\"]"), "could not be told"},
	{HOST("\"Binds\":[\"ghosts:/x\"]"), "does not say who has the volume"},
	{HOST("\"Binds\":[\"mute:/x\"]"), "something else"},
	{HOST("\"Binds\":[\"shops:/x\"]"), "belongs to another container"},
	{HOST("\"Mounts\":{}"), "not a list"},
	{HOST("\"Mounts\":[{\"Type\":\"tmpfs\",\"Source\":\"/x\",\"Target\":\"/x\"}]"),
	 "no source"},
	{HOST("\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv/share\",\"Target\":\"/x\","
	      "\"BindOptions\":{\"Propagation\":\"private\"}},{\"Type\":\"bind\",\"Source\":"
	      "\"/srv/share\",\"Target\":\"/y\",\"BindOptions\":{\"Propagation\":\"\"}},{"
	      "\"Type\":\"bind\",\"Source\":\"/srv/share\",\"Target\":\"/z\","
	      "\"BindOptions\":{\"Propagation\":\"rprivate\"}}]"),
	 NULL},
	{HOST("\"Mounts\":[{\"Type\":\"bind\",\"BindOptions\":{\"Propagation\":1}}]"),
	 "only private"},
	{HOST("\"Mounts\":[{\"Type\":\"volume\",\"VolumeOptions\":{\"DriverConfig\":{\"Name\":"
	      "\"\"}}}]"),
	 NULL},
	{HOST("\"Mounts\":[{\"Type\":\"volume\",\"VolumeOptions\":{\"DriverConfig\":{\"Name\":"
	      "1}}}]"),
	 "only local"},
	{HOST("\"Tmpfs\":[]"), "not an object"},
	{HOST("\"Tmpfs\":{\"run\":\"\"}"), "not paths"},
	{HOST("\"Tmpfs\":{\"/run\":1}"), "not paths"},
	{HOST("\"Tmpfs\":{\"/run\":\"\",\"/tmp\":\"rw,size=1m,mode=1777,uid=5,noexec\"}"), NULL},
	{HOST("\"Tmpfs\":{\"/sys/\":\"remount,rw\"}"), "the tmpfs /sys/"},
	{HOST("\"Tmpfs\":{\"/run\":\"size=1m,remount\"}"), "the tmpfs /run"},
	{HOST("\"Tmpfs\":{\"/run\":\"bind\"}"), "the tmpfs /run"},
	{HOST("\"Tmpfs\":{\"/run\":\"ro,rshared\"}"), "the tmpfs /run"},
	{HOST("\"Tmpfs\":{\"/run\":\"size\"}"), "the tmpfs /run"},
	{HOST("\"Tmpfs\":{\"/run\":\"rw=1\"}"), "the tmpfs /run"},
	{HOST("\"Binds\":[\"fresh:/x:ro=1\"]"), "of modes only"},
	{HOST("\"NetworkMode\":1"), "not a value"},
	{HOST("\"NetworkMode\":\"front-mute\""), "whole name"},
	{HOST("\"NetworkMode\":\"front-odd\""), "only bridges"},
	{HOST("\"PortBindings\":[]"), "not an object"},
	{HOST("\"PortBindings\":{\"80\":[{\"HostPort\":\"8000\"}]}"), NULL},
	{HOST("\"PortBindings\":{\"80\":[{\"HostPort\":\"8000\"}],\"81/tcp\":null}"),
	 "must be named"},
	{HOST("\"PortBindings\":{\"80/tcp\":\"8000\"}"), "not lists"},
	{HOST("\"PortBindings\":{\"80/tcp\":[{\"Host\":\"x\"}]}"), "not a field"},
	{HOST("\"PortBindings\":{\"80/udp\":[{\"HostPort\":\"54\"}]}"), "54/udp"},
	{HOST("\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"655361\"}]}"), "must be named"},
	{HOST("\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"8005-8001\"}]}"), "must be named"},
	{HOST("\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"8000-9999\"}]}"), "must be named"},
	/* the host */
	{HOST("\"Privileged\":false"), NULL},
	{HOST("\"Privileged\":true"), "privileged"},
	{HOST("\"privileged\":true"), "privileged"},
	{HOST("\"Privileged\":\"true\""), "privileged"},
	{HOST("\"Privileged\":1"), "privileged"},
	{HOST("\"CapAdd\":[\"NET_BIND_SERVICE\",\"cap_net_bind_service\"]"), NULL},
	{HOST("\"CapAdd\":[\"SYS_ADMIN\"]"), "SYS_ADMIN"},
	{HOST("\"CapAdd\":[\"ALL\"]"), "ALL"},
	{HOST("\"CapAdd\":\"SYS_ADMIN\""), "not a list"},
	{HOST("\"CapDrop\":[\"ALL\"]"), NULL},
	{HOST("\"PidMode\":\"\",\"UTSMode\":\"\",\"UsernsMode\":\"\",\"Cgroup\":\"\""), NULL},
	{HOST("\"PidMode\":\"host\""), "namespace"},
	{HOST("\"PidMode\":\"container:good\""), "namespace"},
	{HOST("\"IpcMode\":\"private\""), NULL},
	{HOST("\"IpcMode\":\"host\""), "namespace"},
	{HOST("\"IpcMode\":\"container:web\""), "namespace"},
	{HOST("\"UTSMode\":\"host\""), "namespace"},
	{HOST("\"UsernsMode\":\"host\""), "user namespace"},
	{HOST("\"CgroupnsMode\":\"private\""), NULL},
	{HOST("\"CgroupnsMode\":\"host\""), "namespace"},
	{HOST("\"Devices\":[]"), NULL},
	{HOST("\"Devices\":[{\"PathOnHost\":\"/dev/sda\"}]"), "devices"},
	{HOST("\"DeviceRequests\":[{\"Driver\":\"nvidia\"}]"), "devices"},
	{HOST("\"DeviceCgroupRules\":[\"b *:* rwm\"]"), "devices"},
	{"{" USER ",\"HostConfig\":{\"SecurityOpt\":[\"no-new-privileges:true\"]}}", NULL},
	{"{" USER ",\"HostConfig\":{\"SecurityOpt\":[\"no-new-privileges:false\"]}}",
	 "security option"},
	{"{" USER
	 ",\"HostConfig\":{\"SecurityOpt\":[\"no-new-privileges\",\"seccomp=unconfined\"]}}",
	 "seccomp"},
	{"{" USER ",\"HostConfig\":{\"SecurityOpt\":[\"apparmor:unconfined\"]}}", "apparmor"},
	{"{" USER ",\"HostConfig\":{\"SecurityOpt\":[\"systempaths=unconfined\"]}}", "systempaths"},
	{"{" USER ",\"HostConfig\":{\"SecurityOpt\":[\"label=disable\"]}}", "label"},
	{"{" USER ",\"HostConfig\":{\"SecurityOpt\":[]}}", "no-new-privileges"},
	{"{" USER ",\"HostConfig\":{\"SecurityOpt\":null}}", "no-new-privileges"},
	{HOST("\"MaskedPaths\":null,\"ReadonlyPaths\":null"), NULL},
	{HOST("\"MaskedPaths\":[]"), "MaskedPaths"},
	{HOST("\"ReadonlyPaths\":[\"/proc/sys\"]"), "ReadonlyPaths"},
	{HOST("\"Runtime\":\"runsc\""), NULL},
	{HOST("\"Runtime\":\"runc\""), "runtime runc"},
	{HOST("\"Runtime\":\"evil\""), "runtime evil"},
	{HOST("\"CgroupParent\":\"/\""), "cgroup"},
	{HOST("\"Sysctls\":{}"), NULL},
	{HOST("\"Sysctls\":{\"net.ipv4.ip_forward\":\"1\"}"), "kernel parameters"},
	{HOST("\"OomScoreAdj\":500"), NULL},
	{HOST("\"OomScoreAdj\":-500"), "not a value"},
	{HOST("\"OomScoreAdj\":5e2"), "not a value"},
	{HOST("\"Memory\":67108864,\"PidsLimit\":100,\"NanoCpus\":5"), NULL},
	{HOST("\"Memory\":\"64m\""), "not a value"},
	{HOST("\"VolumesFrom\":[\"web.app\"]"), "another container"},
	{HOST("\"Links\":[\"web.app:x\"]"), "links"},
	{HOST("\"Annotations\":{\"run.oci.keep\":\"1\"}"), "annotations"},
	{HOST("\"StorageOpt\":{\"size\":\"1G\"}"), "not allowed"},
	{HOST("\"ContainerIDFile\":\"/tmp/x\",\"ConsoleSize\":[0,0],\"Isolation\":\"\""), NULL},
	{HOST("\"NewKey\":null"), "not a field"},
	{HOST("\"LogConfig\":{\"Type\":\"json-file\",\"Config\":{\"max-size\":\"1m\"}}"), NULL},
	{HOST("\"LogConfig\":{\"Type\":\"syslog\",\"Config\":{}}"), "log driver"},
	{HOST("\"LogConfig\":{\"Type\":\"\",\"Config\":{\"syslog-address\":\"unix:///x\"}}"),
	 "log option"},
	{HOST("\"RestartPolicy\":{\"Name\":\"always\",\"MaximumRetryCount\":0}"), NULL},
	{HOST("\"Ulimits\":[{\"Name\":\"nofile\",\"Hard\":1,\"Soft\":1}]"), NULL},
	/* one inside of another that others can write to */
	{NESTED("/srv/share:/a", "/srv/share/bob:/a/b"),
	 "a mount at /a/b: inside of the one at /a,"},
	{NESTED("/srv/share/bob:/a/b/c:ro", "/srv/share:/a:ro"), "inside of the one at /a,"},
	{NESTED("/srv/share:/a", "/srv/share/bob:/x/..//a/./b"), "a mount at /a/b:"},
	{NESTED("plain:/a:nocopy", "/srv/share/bob:/a/b"), "a mount at /a/b:"},
	{NESTED("/srv/share:/a", "/srv/share/bob:/ab"), NULL},
	{NESTED("/srv/share:/a", "/srv/share/bob:/a-b/c"), NULL},
	{NESTED("/srv/share:/a", "/srv/share:/a"), NULL}, /* the engine's to refuse */
	{NESTED("/srv/share:/etc", "/srv/share:/a"), "inside of the one at /etc,"},
	{NESTED("/srv/share:/etc/hosts", "/srv/share:/sbin/docker-init"), NULL},
	{HOST("\"Binds\":[\"/srv/share:/a\"],\"Tmpfs\":{\"/a/b\":\"\"}"), "a mount at /a/b:"},
	{HOST("\"Binds\":[\"/srv/share:/a/b\"],\"Tmpfs\":{\"/a\":\"\"}"), NULL},
	{HOST("\"Binds\":[\"/srv/share:/a\"],\"Mounts\":[{\"Type\":\"volume\",\"Target\":\"/a/"
	      "b\"}]"),
	 "a mount at /a/b:"},
	{HOST("\"Binds\":[\"/srv/share:/a/b\"],\"Mounts\":[{\"Type\":\"volume\",\"Target\":\"/"
	      "a\"}]"),
	 NULL},
	{HOST("\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv/share\",\"Target\":\"/a\"},"
	      "{\"Type\":\"tmpfs\",\"Target\":\"/a/b\"}]"),
	 "a mount at /a/b:"},
	{"{" USER ",\"Volumes\":{\"/a/b\":{}},\"HostConfig\":{" NNP
	 ",\"Binds\":[\"/srv/share:/a\"]}}",
	 "a mount at /a/b:"},
	{"{\"Image\":\"filled\",\"User\":\"1\",\"HostConfig\":{" NNP
	 ",\"Binds\":[\"/srv/share:/a\"]}}",
	 "a mount at /a/b:"},
	{"{\"Image\":\"filled\",\"User\":\"1\",\"HostConfig\":{" NNP
	 ",\"Binds\":[\"/srv/share:/a/b\"]}}",
	 NULL},
	/* mounts */
	{HOST("\"Binds\":[\"/srv/share:/x\",\"/srv/share/bob:/y:ro,rprivate\"]"), NULL},
	{HOST("\"Binds\":[\"plain:/x:ro,nocopy\",\"fresh:/y:nocopy\",\"newer:/z\"]"), NULL},
	{HOST("\"Binds\":[\"plain:/x\"]"), "mount it with nocopy"},
	{HOST("\"Binds\":[\"plain:/x:nocopy\",\"plain:/y:nocopy\"]"), NULL},
	{HOST("\"Binds\":[\"plain:/x:nocopy\",\"plain:/y\"]"), "mount it with nocopy"},
	{HOST("\"Binds\":[\"unused:/x\",\"unused:/y\"]"), NULL},
	{HOST("\"Binds\":[\"untold:/x:nocopy\"]"), "does not say who has"},
	{HOST("\"Binds\":[\"plain:/x:ro\"]"), "mount it with nocopy"},
	{HOST("\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"plain\",\"VolumeOptions\":{\"NoCopy\":"
	      "false}}]"),
	 "mount it with nocopy"},
	{HOST("\"Binds\":[\"" FULL_ID ":/x:nocopy\"]"), "its container's alone"},
	{HOST("\"Binds\":[\"g" SHORT_ID_OF_63 ":/x:nocopy\"]"), NULL},
	{HOST("\"Binds\":[\"/:/x\"]"), "not below"},
	{HOST("\"Binds\":[\"/etc:/x\"]"), "not below"},
	{HOST("\"Binds\":[\"/srv/shared:/x\"]"), "not below"},
	{HOST("\"Binds\":[\"/srv/share/../../etc:/x\"]"), "absolute path"},
	{HOST("\"Binds\":[\"/srv/share//bob:/x\"]"), "absolute path"},
	{HOST("\"Binds\":[\"/srv/share/./bob:/x\"]"), "absolute path"},
	{HOST("\"Binds\":[\"/srv/share/:/x\"]"), "absolute path"},
	{HOST("\"Binds\":[\"/srv/share/link:/x\"]"), "could not be told"},
	{HOST("\"Binds\":[\"/srv/share:/x:rshared\"]"), "of modes"},
	{HOST("\"Binds\":[\"/srv/share:/x:z\"]"), "of modes"},
	{HOST("\"Binds\":[\"/srv/share:/x:ro:rw\"]"), "of modes"},
	{HOST("\"Binds\":[\"rooted:/x\"]"), "something else"},
	{HOST("\"Binds\":[\"nfs:/x\"]"), "something else"},
	{HOST("\"Binds\":[\"pods:/x\"]"), "belongs to another container: the label podctl.pod"},
	{HOST("\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"roots\",\"Target\":\"/x\"}]"),
	 "belongs to another container"},
	{HOST("\"Binds\":[\"./x:/x\"]"), "neither a path"},
	{HOST("\"Binds\":[\"~/x:/x\"]"), "neither a path"},
	{HOST("\"Binds\":[\"C:\\\\x:/x\"]"), "SOURCE:TARGET"},
	{HOST("\"Binds\":\"/:/x\""), "not a list"},
	{HOST("\"VolumeDriver\":\"evil\""), "volume drivers"},
	{HOST("\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv/share/bob\",\"Target\":\"/x\"}]"),
	 NULL},
	{HOST("\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/etc\",\"Target\":\"/x\"}]"),
	 "not below"},
	{HOST("\"Mounts\":[{\"type\":\"bind\",\"SOURCE\":\"/etc\",\"Target\":\"/x\"}]"),
	 "not below"},
	{HOST("\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv/share\",\"source\":\"/\"}]"),
	 "twice"},
	{HOST("\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv/share\",\"Target\":\"/"
	      "x\",\"BindOptions\":{\"Propagation\":\"rshared\"}}]"),
	 "only private"},
	{HOST("\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"plain\",\"Target\":\"/"
	      "x\",\"VolumeOptions\":{\"NoCopy\":true}},{\"Type\":"
	      "\"tmpfs\",\"Target\":\"/t\",\"TmpfsOptions\":{\"SizeBytes\":1}},{\"Type\":"
	      "\"volume\",\"Target\":\"/a\"}]"),
	 NULL},
	{HOST("\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"rooted\",\"Target\":\"/x\"}]"),
	 "something else"},
	{HOST("\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"new\",\"Target\":\"/"
	      "x\",\"VolumeOptions\":{\"DriverConfig\":{\"Name\":\"local\",\"Options\":{"
	      "\"type\":\"none\",\"o\":\"bind\",\"device\":\"/\"}}}}]"),
	 "mount the host"},
	{HOST("\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"new\",\"Target\":\"/"
	      "x\",\"VolumeOptions\":{\"DriverConfig\":{\"Name\":\"evil\"}}}]"),
	 "driver"},
	{HOST("\"Mounts\":[{\"Type\":\"npipe\",\"Source\":\"x\",\"Target\":\"/x\"}]"), "npipe"},
	{HOST("\"Mounts\":[{\"Type\":\"image\",\"Source\":\"x\",\"Target\":\"/x\"}]"), "image"},
	{HOST("\"Mounts\":[{\"Type\":\"cluster\",\"Source\":\"x\",\"Target\":\"/x\"}]"), "cluster"},
	{HOST("\"Mounts\":[{\"Source\":\"/etc\",\"Target\":\"/x\"}]"), "(none)"},
	{HOST("\"Mounts\":[null]"), "no object"},
	{HOST("\"Tmpfs\":{\"/run\":\"size=1m\"}"), NULL},
	/* networks and ports */
	{HOST("\"NetworkMode\":\"none\""), NULL},
	{HOST("\"NetworkMode\":\"front-a\""), NULL},
	{HOST("\"NetworkMode\":\"host\""), "host's network"},
	{HOST("\"NetworkMode\":\"container:good\""), "not a name"},
	{HOST("\"NetworkMode\":\"back\""), "not one that may be joined"},
	{HOST("\"NetworkMode\":\"front-b\""), "only bridges"},
	{HOST("\"NetworkMode\":\"front-c\""), "whole name"},
	{HOST("\"NetworkMode\":\"front-d\""), "none of this name"},
	{TOP(USER ",\"NetworkingConfig\":{\"EndpointsConfig\":{\"front-a\":{\"Aliases\":[\"a\"],"
		  "\"IPAMConfig\":{}}}}"),
	 NULL},
	{TOP(USER ",\"NetworkingConfig\":{\"EndpointsConfig\":{\"front-a\":null}}"), NULL},
	{TOP(USER
	     ",\"NetworkingConfig\":{\"EndpointsConfig\":{\"front-a\":{\"Aliases\":[\"web\"]}}}"),
	 "podctl's"},
	{TOP(USER ",\"NetworkingConfig\":{\"EndpointsConfig\":{\"front-a\":{\"Aliases\":[\"shop."
		  "x\"]}}}"),
	 "pod shop"},
	{TOP(USER ",\"NetworkingConfig\":{\"EndpointsConfig\":{\"front-c\":{}}}"), "whole name"},
	/* names by which others would find it */
	{ALIAS("SHOP"), "alias SHOP is one of the pod shop"},
	{ALIAS("Front"), "the pod front"},
	{ALIAS("WWW"), "the pod front"},
	{ALIAS("BLOG"), NULL},
	{ALIAS("journal"), NULL},
	{ALIAS("b.example.com"), "must be letters"},
	{ALIAS("cache"), "podctl's pod Cache"},
	{ALIAS("web-FRONT"), "podctl's pod web"},
	{ALIAS("web-1"), NULL},
	{ALIAS("deb.debian.org"), "must be letters"},
	{ALIAS("shop."), "pod shop"},
	{ALIAS("web "), "must be letters"},
	{ALIAS("\xe2\x84\xaa"), "must be letters"},
	{ALIAS(""), "must be letters"},
	{TOP(USER ",\"Hostname\":\"Shop\""), "host name Shop is one of the pod shop"},
	{TOP(USER ",\"Hostname\":\"db\""), "the pod db"},
	{TOP(USER ",\"Hostname\":\"WEB\""), "podctl's pod web"},
	{TOP(USER ",\"Hostname\":\"deb.debian.org\""), "must be letters"},
	{TOP(USER ",\"Hostname\":\"\""), NULL},
	{TOP(USER ",\"Hostname\":\"Blog\""), NULL},
	{TOP(USER ",\"Hostname\":\"mine_1\""), NULL},
	{TOP(USER ",\"NetworkingConfig\":{\"EndpointsConfig\":{\"host\":{}}}"),
	 "not one that may be joined"},
	{TOP(USER ",\"NetworkingConfig\":{\"EndpointsConfig\":{\"front-a\":{\"IPAMConfig\":{"
		  "\"IPv4Address\":\"10.0.0.2\"}}}}"),
	 "fixed address"},
	{TOP(USER ",\"NetworkingConfig\":{\"EndpointsConfig\":{\"front-a\":{\"MacAddress\":\"02:42:"
		  "0:0:0:1\"}}}"),
	 "fixed address"},
	{HOST("\"PortBindings\":{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"8000\"}],\"53/"
	      "udp\":[{\"HostPort\":\"53\"}],\"1/tcp\":[{\"HostPort\":\"8001-8003\"}]}"),
	 NULL},
	{HOST("\"PortBindings\":{}"), NULL},
	{HOST("\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"22\"}]}"), "22/tcp"},
	{HOST("\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"53\"}]}"), "53/tcp"},
	{HOST("\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"8005-8012\"}]}"), "8010/tcp"},
	{HOST("\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"\"}]}"), "must be named"},
	{HOST("\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"0\"}]}"), "must be named"},
	{HOST("\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"8000x\"}]}"), "must be named"},
	{HOST("\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"73536\"}]}"), "must be named"},
	{HOST("\"PortBindings\":{\"80/tcp\":[]}"), "must be named"},
	{HOST("\"PortBindings\":{\"80/sctp\":[{\"HostPort\":\"8000\"}]}"), "only tcp and udp"},
	{HOST("\"PublishAllPorts\":true"), "must be named"},
	/* labels and pods */
	{TOP(USER ",\"Labels\":{\"a\":\"b\",\"A\":\"c\"}"), NULL},
	{TOP(USER ",\"Labels\":{\"podctl.pod\":\"web\"}"), "reserved"},
	{TOP(USER ",\"Labels\":{\"Podctl.container\":\"web\"}"), "reserved"},
	{TOP(USER ",\"Labels\":{\"traefik.enable\":\"true\"}"), "reserved"},
	{TOP(USER ",\"Labels\":{\"com.docker.compose.project\":\"blog\"}"), NULL},
	{TOP(USER ",\"Labels\":{\"com.docker.compose.project\":\"mine\"}"), NULL},
	{TOP(USER ",\"Labels\":{\"com.docker.compose.project\":\"shop\"}"), "pod shop"},
	{TOP(USER ",\"Labels\":{\"com.docker.compose.project\":\"db\"}"), "pod db"},
	{TOP(USER ",\"Labels\":{\"com.docker.compose.project\":\"web\"}"), "podctl's"},
	{TOP(USER ",\"Labels\":{\"com.example.pod\":\"front\"}"), "pod front"},
	{TOP(USER ",\"Labels\":{\"com.example.pod\":1}"), "not a value"},
	{TOP("\"Image\":\"ours\""), "reserved"},
	{TOP("\"Image\":\"composed\""), "pod shop"},
	{TOP("\"Image\":\"routed\""), "reserved"},
};

static void test_create(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(creates); i++)
		expect(OPEN, NULL, "POST", "/v1.41/containers/create?name=mine", creates[i].body,
		       creates[i].why);
	/* a label can also name a pod where the engine chooses the name */
	expect(OPEN, NULL, "POST", "/containers/create",
	       TOP(USER ",\"Labels\":{\"com.docker.compose.project\":\"shop\"}"), "pod shop");
	expect(OPEN, NULL, "POST", "/containers/create", TOP(USER), NULL);
	/* which the name does not fit, so that it is the name that counts */
	expect("pods: {blog: , my_shop: }\nengine_policy: {pods: [blog]}\n", NULL, "POST",
	       "/containers/create?name=my.shop",
	       TOP(USER ",\"Labels\":{\"com.docker.compose.project\":\"blog\"}"), "pod my_shop");
}

/* Every body but the good ones is refused with the defaults too, and as another client. */
static void test_defaults(void **state _unused_)
{
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(creates); i++) {
		if (creates[i].why)
			assert_true(ask("", NULL, "POST", "/containers/create?name=web.x",
					creates[i].body, &err) < 0);
		assert_int_equal(
			ask(OPEN, "admin", "POST", "/containers/create", creates[i].body, &err), 0);
	}
	expect("", NULL, "POST", "/containers/create", TOP(USER), NULL);
	expect("", NULL, "POST", "/containers/create", HOST("\"Binds\":[\"/srv/share:/x\"]"),
	       "not below");
	/* rules of a client's own, not those of everybody */
	expect(OPEN, "ci", "POST", "/containers/create", HOST("\"CapAdd\":[\"CHOWN\"]"), NULL);
	expect(OPEN, "bob", "POST", "/containers/create", HOST("\"CapAdd\":[\"CHOWN\"]"),
	       "CHOWN may not");
	expect(OPEN, "ci", "POST", "/containers/create", HOST("\"Binds\":[\"/srv/share:/x\"]"),
	       "not below");
	/* with root in containers only the roots themselves */
	expect(ROOT, NULL, "POST", "/containers/create", "{\"Image\":\"busybox\"}", NULL);
	expect(ROOT, NULL, "POST", "/containers/create",
	       "{\"Image\":\"busybox\",\"HostConfig\":{\"Binds\":[\"/srv/x:/x\"]}}", NULL);
	expect(ROOT, NULL, "POST", "/containers/create",
	       "{\"Image\":\"busybox\",\"HostConfig\":{\"Binds\":[\"/srv/x/y:/x\"]}}",
	       "not one of");
}

/* ---- other requests ---- */

static const struct {
	const char *config, *method, *uri, *body, *why;
} requests[] = {
	{"", "GET", "/_ping", NULL, NULL},
	{"", "HEAD", "/_ping", NULL, NULL},
	{"", "GET", "/v1.41/info?x=%20+y", NULL, NULL},
	{"engine_policy: {endpoints: [ping]}\n", "GET", "/info", NULL, "not among"},
	{"", "GET", "/v1.24/version", NULL, NULL},
	{"", "GET", "/v1.23/version", NULL, "before 1.24"},
	{"", "GET", "/v2.0/version", NULL, "not a version"},
	{"", "GET", "/v1.41.0/version", NULL, "not a version"},
	{"", "GET", "/v1.9999/version", NULL, "not a version"},
	{"", "GET", "/v1.41/v1.41/version", NULL, "nobody"},
	/* paths that could be read in two ways */
	{"", "GET", "//version", NULL, "not a plain one"},
	{"", "GET", "/version/", NULL, "not a plain one"},
	{"", "GET", "/./version", NULL, "not a plain one"},
	{"", "GET", "/x/../version", NULL, "not a plain one"},
	{"", "GET", "/%76ersion", NULL, "two ways"},
	{"", "GET", "/version%2f", NULL, "two ways"},
	{"", "GET", "/version%00", NULL, "two ways"},
	{"", "GET", "http://e/version", NULL, "not a plain one"},
	{"", "GET", "version", NULL, "not a plain one"},
	{"", "GET", "", NULL, "not a plain one"},
	{"", "GET", "*", NULL, "two ways"},
	{"", "GET", "/images/busybox%40sha256%3Aab/json", NULL, NULL},
	{"", "GET", "/images/a/b/c/json", NULL, NULL},
	{"", "get", "/version", NULL, "nobody"},
	{"", "OPTIONS", "/version", NULL, "nobody"},
	{"", "GET", "/containers/json?all=1&all=0", NULL, "twice"},
	{"", "GET", "/containers/json?all=1;limit=1", NULL, "two ways"},
	{"", "GET", "/containers/json?all=%zz", NULL, "two ways"},
	{"", "GET", "/containers/json?all=%0a", NULL, "two ways"},
	{"", "GET", "/containers/json?&&all=1&", NULL, NULL},
	{"", "GET", "/containers/json?all=%6a%6A%6f%6F", NULL, NULL},
	{"", "GET", "/containers/json?all=%4", NULL, "two ways"},
	{"", "GET", "/containers/json?all=%4z", NULL, "two ways"},
	{"", "GET", "/containers/json?all=%:4", NULL, "two ways"},
	{"", "GET", "/containers/json?all=%G4", NULL, "two ways"},
	{"", "GET", "/containers/json?all=%-4", NULL, "two ways"},
	{"", "GET", "/Containers/json", NULL, "nobody"},
	{"", "GET", "/containers/json?all=%g4", NULL, "two ways"},
	{"", "GET", "/containers/json?all=%7f", NULL, "two ways"},
	{"", "GET", "/containers/json?%zz=1", NULL, "two ways"},
	{"", "GET", "/containers/json?all", NULL, NULL},
	{"", "GET", "?all=1", NULL, "not a plain one"},
	{"", "GET", "/containers/a%3", NULL, "two ways"},
	{"", "GET", "/containers/a{b", NULL, "two ways"},
	{"", "GET", "/containers/a[b", NULL, "two ways"},
	{"", "GET", "/v-x/version", NULL, "nobody"},
	{"", "GET", "/.a/...", NULL, "nobody"},
	{"", "GET", "/distribution/library/busybox/json", NULL, NULL},
	{"", "GET", "/distribution/127.0.0.1:5000/x/json", NULL, NULL},
	{"", "GET", "/distribution/X/json", NULL, "the image X"},
	{OPEN, "GET", "/distribution/library/busybox/json", NULL, NULL},
	{OPEN, "GET", "/distribution/127.0.0.1:5000/x/json", NULL, "not one that is allowed"},
	{OPEN, "GET", "/images/search", NULL, NULL},
	{OPEN, "GET", "/images/search?term=busybox", NULL, NULL},
	{OPEN, "GET", "/images/search?term=library/busybox", NULL, NULL},
	{OPEN, "GET", "/images/search?term=127.0.0.1:5000/x", NULL, "a search at 127.0.0.1:5000"},
	{OPEN, "GET", "/images/search?term=registry.example/x", NULL, "a search at registry"},
	{OPEN, "GET", "/images/search?term=localhost/x", NULL, "a search at localhost"},
	{"", "GET", "/images/search?term=localhost/x", NULL, NULL},
	{"", "POST", "/auth", "{}", NULL},
	{"", "POST", "/containers/good/start", "5", "Content-Length: 0"},
	/* what the engine can't tell of is not allowed */
	{"", "POST", "/containers/mute2/start", "-", "does not describe"},
	{"", "POST", "/containers/mute3/start", "-", "does not describe"},
	{"", "POST", "/containers/mute4/start", "-", "does not describe"},
	{"", "POST", "/containers/odder/start", "-", "NewPower"},
	{"", "POST", "/containers/nested/start", "-", "a mount at /x/y: inside of the one at /x,"},
	{"", "POST", "/containers/shim/start", "-", NULL},
	{"", "POST", "/containers/sandboxed/start", "-", "runtime runsc"},
	{OPEN, "POST", "/containers/sandboxed/start", "-", NULL},
	{"", "POST", "/containers/joined/start", "-", "namespace"},
	{"", "POST", "/containers/unhidden/start", "-", "MaskedPaths"},
	{"", "POST", "/containers/volumed/start", "-", "something else"},
	{"", "POST", "/containers/volumed/stop", "-", NULL},
	/* it was filled, or not, when it was created */
	{"", "POST", "/containers/plainly/start", "-", NULL},
	{"", "POST", "/containers/nameless/start", "-", NULL},
	{"", "POST", "/exec/mute/start", "{}", "does not describe"},
	{"", "POST", "/exec/mute2/start", "{}", "does not describe"},
	{"", "POST", "/exec/mute3/start", "{}", "does not describe"},
	{"engine_policy: {bind_roots: [/srv/share, /srv/more]}\n", "POST", "/containers/create",
	 HOST("\"Binds\":[\"/srv/share:/x\"]"), NULL},
	{"other_containers: {guard: false}\n", "POST", "/containers/create", TOP(USER), NULL},
	{"", "POST", "/images/create?tag=1", "-", "the image :1"},
	{"", "POST", "/images/create", "-", "name the tag"},
	{"", "POST", "/images/create?fromImage=BUSYBOX&tag=1", "-", "the image BUSYBOX:1"},
	{"", "POST",
	 "/images/create?fromImage=busybox&tag=sha256:"
	 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	 "-", NULL},
	{ALL, "POST", "/images/numbered/tag", "-", "not a name"},
	{ALL, "POST", "/images/numbered/tag?repo=mine/x", "-", NULL},
	{"engine_policy: {endpoints: [image-tag]}\n", "POST", "/images/x/tag?repo=busybox", "-",
	 NULL},
	{"", "POST", "/volumes/create", "{\"Driver\":1}", "only local"},
	{"", "POST", "/volumes/create", "{\"Driver\":\"\"}", NULL},
	{"", "POST", "/volumes/create", "{\"Name\":\"../x\"}", "not a plain one"},
	{ALL, "POST", "/networks/bridge/connect", "{\"X\":1}", "not a field"},
	{ALL, "POST", "/networks/bridge/connect", "{\"Container\":\"a/b\"}", "not a name"},
	{ALL, "POST", "/networks/bridge/connect",
	 "{\"Container\":\"good\",\"EndpointConfig\":{\"MacAddress\":\"02:42:0:0:0:1\"}}",
	 "fixed address"},
	{ALL, "POST", "/networks/bridge/connect", "{\"Container\":\"good\",\"EndpointConfig\":{}}",
	 NULL},
	{ALL, "POST", "/containers/good/rename", "-", "not one that"},
	{ALL, "POST", "/containers/good/rename?name=a%2fb", "-", "not one that"},
	{ALL, "POST", "/networks/create", "{\"Name\":\"net\",\"Driver\":1}", "only bridge"},
	{ALL, "POST", "/networks/create", "{\"Name\":\"net\",\"Driver\":\"\",\"IPAM\":{}}", NULL},
	{ALL, "POST", "/networks/create", "{\"Name\":\"net\",\"IPAM\":{\"Driver\":\"dhcp\"}}",
	 "only default"},
	{ALL, "POST", "/networks/create", "{\"Name\":\"net\",\"IPAM\":[]}", "no object"},
	{ALL, "POST", "/networks/create", "{\"Name\":\"a/b\"}", "not a plain one"},
	/* create without a body that can be read */
	{"", "POST", "/containers/create", NULL, "not handed over"},
	{"", "POST", "/containers/create", "-", "not handed over"},
	{"", "POST", "/containers/create?name=a&name=b", TOP(USER), "twice"},
	{"", "POST", "/containers/create?name=a%2Fb", TOP(USER), "not one that"},
	{"", "POST", "/containers/create?name=%2Fab&platform=linux", TOP(USER), NULL},
	{"", "POST", "/containers/create?Name=a", TOP(USER), "parameter Name"},
	{OPEN, "POST", "/containers/create?name=shop", TOP(USER), "pod shop"},
	{OPEN, "POST", "/containers/create?name=shop.x", TOP(USER), "pod shop"},
	{OPEN, "POST", "/containers/create?name=blog.x", TOP(USER), "must be letters"},
	{OPEN, "POST", "/containers/create?name=blog-x", TOP(USER), NULL},
	{OPEN, "POST", "/containers/create?name=blog", TOP(USER), NULL},
	{OPEN, "POST", "/containers/create?name=Shop", TOP(USER), "name Shop is one of the pod"},
	{OPEN, "POST", "/containers/create?name=CACHE", TOP(USER), "podctl's pod Cache"},
	{OPEN, "POST", "/containers/create?name=deb.debian.org", TOP(USER), "must be letters"},
	{OPEN, "POST", "/containers/create?name=web", TOP(USER), "podctl's"},
	{OPEN, "POST", "/containers/create?name=web.new", TOP(USER), "podctl's"},
	/* what is there */
	{"", "POST", "/containers/good/start", "-", NULL},
	{"", "POST", "/containers/good/start", NULL, "Content-Length: 0"},
	{"", "POST", "/containers/good/start", "{\"Privileged\":true}", "Content-Length: 0"},
	{"", "POST", "/containers/good/start?checkpoint=x", "-", "parameter checkpoint"},
	{"", "POST", "/containers/a/good/start", "-", "nobody"},
	{"", "POST", "/containers/missing/start", "-", "No such container"},
	{"", "POST", "/containers/asroot/start", "-", "is root"},
	{ROOT, "POST", "/containers/asroot/start", "-", NULL},
	{"", "POST", "/containers/named/start", "-", "is node"},
	{"", "POST", "/containers/priv/start", "-", "privileged"},
	{"", "POST", "/containers/mounter/start", "-", "not below"},
	{OPEN, "POST", "/containers/sharer/start", "-", "could not be told"},
	{OPEN, "POST", "/containers/sharer/stop", "-", NULL},
	{"", "POST", "/containers/mounter/stop", "-", "not below"},
	{"", "POST", "/containers/unmasked/start", "-", "MaskedPaths"},
	{"", "POST", "/containers/odd/start", "-", "NewPower"},
	{"", "POST", "/containers/mute/start", "-", "does not describe"},
	{OPEN, "POST", "/containers/shop/start", "-", "pod shop"},
	{"", "POST", "/containers/shop/start", "-", NULL},
	{OPEN, "POST", "/containers/Shop/start", "-", "pod shop"},
	{"", "POST", "/containers/dotted.name/start", "-", "must be letters"},
	{"", "POST", "/containers/dotted.name/stop", "-", NULL},
	{OPEN, "POST", "/containers/called/start", "-", NULL},
	{OPEN, "POST", "/containers/called2/start", "-", "host name db is one of the pod db"},
	{OPEN, "POST", "/containers/called2/stop", "-", NULL},
	{"", "POST", "/containers/called3/start", "-", "must be letters"},
	{"", "POST", "/containers/called4/start", "-", NULL},
	/* a name that the engine would take for another's id, were it gone in between */
	{"", "POST", "/containers/cafe/attach", "-", NULL},
	{"", "POST", "/containers/beef/attach", "-", "the id of another begins so"},
	{"", "POST", "/containers/beef/kill", "-", "the id of another begins so"},
	{"", "POST", "/containers/feed/attach", "-", NULL},
	{"", "POST", "/containers/0123/attach", "-", NULL}, /* anybody's, too */
	{"", "POST", "/containers/create?name=0123", TOP(USER), NULL},
	{"", "POST", "/containers/create?name=cafe", TOP(USER), NULL},
	{"", "POST", "/containers/create?name=beef", TOP(USER), "the id of another begins so"},
	{"", "POST", "/containers/create?name=be", TOP(USER), "the id of another begins so"},
	{"", "POST", "/containers/create?name=face", TOP(USER), "does not say whose id"},
	{"", "POST", "/containers/create?name=fade", TOP(USER), "the id of another begins so"},
	{"", "POST", "/containers/create?name=dead", TOP(USER), "the id of another begins so"},
	{"", "POST", "/containers/create?name=deaf", TOP(USER), "the id of another begins so"},
	{ALL, "POST", "/containers/good/rename?name=beef", "-", "the id of another begins so"},
	{"", "POST", "/containers/face/attach", "-", "does not say whose id"},
	{"", "POST", "/containers/ade/attach", "-", NULL},
	{"", "POST", "/containers/" FULL_ID "/attach", "-", NULL},
	{ALL, "POST", "/networks/create", "{\"Name\":\"036b28afddcf\"}",
	 "beginning of another's id"},
	{ALL, "POST", "/networks/create", "{\"Name\":\"cafe-1\"}", NULL},
	/* one of a pod of the configuration is nobody's to stop or to read, either */
	{OPEN, "GET", "/containers/shop-1/logs?stdout=1", NULL, "pod shop"},
	{OPEN, "GET", "/containers/shop/json", NULL, "pod shop"},
	{OPEN, "POST", "/containers/shop/kill", "-", "pod shop"},
	{OPEN, "DELETE", "/containers/shop?force=1", NULL, "pod shop"},
	{"", "POST", "/containers/shop/kill", "-", NULL},
	{"", "POST", "/containers/web.x/start", "-", "podctl's"},
	{"", "POST", "/containers/web.x/stop", "-", NULL},
	{"", "GET", "/containers/good/logs?follow=1", NULL, NULL},
	/* processes of the host that would pass for the container's */
	{"", "GET", "/containers/good/top", NULL, NULL},
	{"", "GET", "/containers/good/top?ps_args=", NULL, NULL},
	{"", "GET", "/containers/good/top?ps_args=-ef", NULL, NULL},
	{"", "GET", "/containers/good/top?ps_args=aux", NULL, NULL},
	{"", "GET", "/containers/good/top?ps_args=-eo+pid,comm,args", NULL, NULL},
	{"", "GET", "/containers/good/top?ps_args=o%20pid%20-e", NULL, NULL},
	{"", "GET", "/containers/good/top?ps_args=-e+-o", NULL, "pid is the first"},
	{"", "GET", "/containers/good/top?ps_args=-", NULL, "pid is the first"},
	{"", "GET", "/containers/good/top?ps_args=-ef++-l", NULL, "pid is the first"},
	{"", "GET", "/containers/good/top?ps_args=-eHovsz=PID+-oargs+e", NULL, "pid is the first"},
	{"", "GET", "/containers/good/top?ps_args=-e+-o+vsz=PID", NULL, "pid is the first"},
	{"", "GET", "/containers/good/top?ps_args=-e+-o+lstart,uid,uid,pid", NULL,
	 "pid is the first"},
	{"", "GET", "/containers/good/top?ps_args=-e+-o+pid,args,pid", NULL, "pid is the first"},
	{"", "GET", "/containers/good/top?ps_args=-e+-o+pid,,args", NULL, "pid is the first"},
	{"", "GET", "/containers/good/top?ps_args=-e+-o+pid,args=PID", NULL, "pid is the first"},
	{"", "GET", "/containers/good/top?ps_args=-e+-o+pid,args+-o+pid", NULL, "pid is the first"},
	{"", "GET", "/containers/good/top?ps_args=-eZ", NULL, "pid is the first"},
	{"", "GET", "/containers/web.app/logs", NULL, "reserved"},
	{"", "GET", "/containers/web.app/json", NULL, "reserved"},
	{"", "DELETE", "/containers/web.app?force=1", NULL, "reserved"},
	{"", "DELETE", "/containers/good?force=1&v=1", NULL, NULL},
	{"", "POST", "/containers/web.app/attach?stream=1", "-", "reserved"},
	{"", "POST", "/containers/good/attach?stream=1&stdin=1", "-", NULL},
	{"", "POST", "/containers/priv/kill", "-", "privileged"},
	{"", "POST", "/containers/good/rename?name=x", "-", "not among"},
	{ALL, "POST", "/containers/good/rename?name=other", "-", NULL},
	{ALL, "POST", "/containers/good/rename?name=web", "-", "podctl's"},
	{ALL, "POST", "/containers/good/rename?name=Web", "-", "podctl's"},
	{ALL, "POST", "/containers/good/rename?name=a.b", "-", "must be letters"},
	{ALL, "POST", "/containers/web.app/rename?name=other", "-", "reserved"},
	{ALL, "POST", "/containers/good/update", "{\"Memory\":1}", NULL},
	{ALL, "POST", "/containers/good/update", "{\"Devices\":[{}]}", "devices"},
	{ALL, "POST", "/containers/web.app/update", "{\"Memory\":1}", "reserved"},
	{ALL, "GET", "/containers/good/archive?path=/etc", NULL, "nobody"},
	{ALL, "HEAD", "/containers/good/archive?path=/etc", NULL, "nobody"},
	{ALL, "GET", "/containers/good/export", NULL, "nobody"},
	{ALL, "PUT", "/containers/good/archive?path=/", NULL, "nobody"},
	/* exec */
	{"", "POST", "/containers/good/exec", "{\"Cmd\":[\"sh\"]}", NULL},
	{"", "POST", "/containers/good/exec", "{\"Cmd\":[\"sh\"],\"User\":\"1\"}", NULL},
	{"", "POST", "/containers/good/exec", "{\"Cmd\":[\"sh\"],\"User\":\"root\"}", "root"},
	{"", "POST", "/containers/good/exec", "{\"Cmd\":[\"sh\"],\"user\":\"0:0\"}", "0:0"},
	{"", "POST", "/containers/good/exec", "{\"Cmd\":[\"sh\"],\"User\":\"4294967296\"}",
	 "must be a number"},
	{"", "POST", "/containers/good/exec", "{\"Privileged\":true}", "privileged"},
	{"", "POST", "/containers/good/exec", "{\"privileged\":true}", "privileged"},
	{"", "POST", "/containers/good/exec", NULL, "not handed over"},
	{"", "POST", "/containers/asroot/exec", "{}", "is root"},
	{"", "POST", "/containers/asroot/exec", "{\"User\":\"1\"}", "is root"},
	{"", "POST", "/containers/web.app/exec", "{\"User\":\"1\"}", "reserved"},
	{"", "POST", "/exec/fine/start", "{\"Detach\":false,\"Tty\":true}", NULL},
	{"", "POST", "/exec/default/start", "{}", NULL},
	{"", "POST", "/exec/rooted/start", "{}", "user of the exec"},
	{"", "POST", "/exec/mighty/start", "{}", "is privileged"},
	{"", "POST", "/exec/inroot/start", "{}", "is root"},
	{"", "POST", "/exec/missing/start", "{}", "No such exec"},
	{"", "POST", "/exec/fine/start", "{\"User\":\"0\"}", "not a field"},
	/* images */
	{OPEN, "POST", "/images/create?fromImage=busybox&tag=latest", "-", NULL},
	{OPEN, "POST", "/images/create?fromImage=busybox%3A1", "-", NULL},
	{OPEN, "POST", "/images/create?fromImage=busybox", "-", "name the tag"},
	{OPEN, "POST", "/images/create?fromImage=busybox:1&tag=2", "-", "twice"},
	{OPEN, "POST", "/images/create?fromImage=team/app&tag=1", "-", NULL},
	{OPEN, "POST", "/images/create?fromImage=team/other&tag=1", "-", "not one that"},
	{OPEN, "POST", "/images/create?fromImage=evil.example/library/x&tag=1", "-", "not one"},
	{OPEN, "POST", "/images/create?fromSrc=-&repo=busybox", "-", "parameter fromSrc"},
	{OPEN, "POST", "/images/create?fromImage=busybox&tag=1&changes=USER+0", "-", "changes"},
	{"", "POST", "/images/create?fromImage=any.example/x&tag=1", "-", NULL},
	{ALL, "POST", "/images/numbered/tag?repo=mine/x&tag=1", "-", NULL},
	{ALL, "POST", "/images/numbered/tag?repo=busybox&tag=1", "-", "stands for"},
	{PUSH, "POST", "/images/busybox/push?tag=1", "-", NULL},
	{PUSH, "POST", "/images/busybox/push", "-", NULL},
	{PUSH, "POST", "/images/127.0.0.1:5000/x/push?tag=1", "-", "not one that is allowed"},
	{"engine_policy: {endpoints: [image-push]}\n", "POST", "/images/127.0.0.1:5000/x/push", "-",
	 NULL},
	{ALL, "POST", "/images/load", NULL, "nobody"},
	{ALL, "POST", "/build", NULL, "nobody"},
	{ALL, "POST", "/commit?container=good", "-", "nobody"},
	{ALL, "POST", "/session", NULL, "nobody"},
	{ALL, "POST", "/grpc", NULL, "nobody"},
	{ALL, "POST", "/plugins/pull?remote=x", NULL, "nobody"},
	{ALL, "POST", "/swarm/init", "{}", "nobody"},
	{ALL, "POST", "/services/create", "{}", "nobody"},
	{ALL, "POST", "/containers/prune", "-", "nobody"},
	{ALL, "GET", "/containers/good/attach/ws", NULL, "nobody"},
	/* volumes and networks */
	{"", "POST", "/volumes/create", "{\"Name\":\"data\"}", NULL},
	{"", "POST", "/volumes/create",
	 "{\"Name\":\"data\",\"Driver\":\"local\",\"DriverOpts\":{}}", NULL},
	{"", "POST", "/volumes/create",
	 "{\"DriverOpts\":{\"type\":\"none\",\"o\":\"bind\",\"device\":\"/\"}}", "mount the host"},
	{"", "POST", "/volumes/create",
	 "{\"driveropts\":{\"type\":\"none\",\"o\":\"bind\",\"device\":\"/\"}}", "mount the host"},
	{"", "POST", "/volumes/create", "{\"Driver\":\"evil\"}", "only local"},
	{"", "POST", "/networks/create", "{\"Name\":\"net\"}", "not among"},
	{ALL, "POST", "/networks/create",
	 "{\"Name\":\"net\",\"Driver\":\"bridge\",\"IPAM\":{\"Driver\":\"default\",\"Config\":[]},"
	 "\"Options\":{}}",
	 NULL},
	{ALL, "POST", "/networks/create", "{\"Name\":\"net\",\"Driver\":\"macvlan\"}", "bridge"},
	{ALL, "POST", "/networks/create",
	 "{\"Name\":\"net\",\"Options\":{\"com.docker.network.bridge.name\":\"eth0\"}}", "options"},
	{ALL, "POST", "/networks/create",
	 "{\"Name\":\"net\",\"IPAM\":{\"Config\":[{\"Subnet\":\"0.0.0.0/1\"}]}}", "subnet"},
	{ALL, "POST", "/networks/bridge/connect", "{\"Container\":\"good\"}", NULL},
	{ALL, "POST", "/networks/bridge/connect", "{\"Container\":\"web.app\"}", "reserved"},
	{ALL, "POST", "/networks/front-b/connect", "{\"Container\":\"good\"}", "only bridges"},
	{ALL, "POST", "/networks/bridge/disconnect", "{\"Container\":\"web.app\"}", "reserved"},
};

static void test_requests(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		expect(requests[i].config, NULL, requests[i].method, requests[i].uri,
		       requests[i].body, requests[i].why);
}

/* ---- the message itself ---- */

static void test_messages(void **state _unused_)
{
	static const char *const wrong[] = {
		"",
		"[]",
		"{",
		"{\"RequestUri\":\"/_ping\"}",
		"{\"RequestMethod\":\"GET\"}",
		"{\"RequestMethod\":\"GET\",\"RequestUri\":1}",
		"{\"RequestMethod\":\"GET\",\"RequestUri\":\"/_ping\",\"RequestUri\":\"/_ping\"}",
		"{\"RequestMethod\":\"GET\",\"RequestUri\":\"/a\\u0000b\"}",
		"{\"RequestMethod\":1,\"RequestUri\":\"/_ping\"}",
		"{\"RequestMethod\":\"GET\",\"RequestUri\":\"/_ping\",\"User\":1}",
		"{\"RequestMethod\":\"GET\",\"RequestUri\":\"/_ping\",\"UserAuthNMethod\":1}",
		"{\"RequestMethod\":\"GET\",\"RequestUri\":\"/\",\"RequestBody\":\"abc\"}",
		"{\"RequestMethod\":\"GET\",\"RequestUri\":\"/\",\"RequestBody\":\"!!!!\"}",
		"{\"RequestMethod\":\"GET\",\"RequestUri\":\"/\",\"RequestBody\":{}}",
		"{\"RequestMethod\":\"GET\",\"RequestUri\":\"/\",\"RequestHeaders\":[]}",
		"{\"RequestMethod\":\"GET\",\"RequestUri\":\"/\",\"RequestHeaders\":{\"Content-"
		"Type\":1}}",
		"{\"RequestMethod\":\"GET\",\"RequestUri\":\"/\",\"RequestHeaders\":{\"content-"
		"type\":\"a\",\"Content-Type\":\"b\"}}",
	};
	struct authz_request r = {0};
	char deep[200];
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		if (authz_request_parse(wrong[i], strlen(wrong[i]), &r, &err) != -EINVAL)
			fail_msg("%s", wrong[i]);
	}
	memset(deep, '[', sizeof(deep));
	assert_int_equal(authz_request_parse(deep, sizeof(deep), &r, &err), -EINVAL);
	assert_null(r.method);
	/* longer than any that the engine sends; and no body is none */
	assert_int_equal(authz_request_parse("{}", AUTHZ_MESSAGE_MAX + 1, &r, &err), -EINVAL);
	for (int i = 0; i < 2; i++) {
		const char *text = i ? "{\"RequestMethod\":\"GET\",\"RequestUri\":\"/\","
				       "\"RequestBody\":null,\"User\":\"\",\"UserAuthNMethod\":"
				       "\"TLS\"}"
				     : "{\"RequestMethod\":\"GET\",\"RequestUri\":\"/\","
				       "\"RequestBody\":\"\",\"User\":\"bob\"}";

		assert_int_equal(authz_request_parse(text, strlen(text), &r, &err), 0);
		assert_null(r.raw);
		assert_null(r.client);
		authz_request_done(&r);
	}
}

/* A body with so many variables, and brackets in a text, which count for nothing. */
static void expect_values(unsigned n, const char *why)
{
	json_auto_t *env = json_array();
	_cleanup_free_ char *list = NULL, *body = NULL;

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(env, json_string("A=[[,"));
	list = json_dumps(env, JSON_COMPACT);
	body = xasprintf("{" USER ",\"HostConfig\":{" NNP "},\"Env\":%s}", list);
	expect("", NULL, "POST", "/containers/create", body, why);
}

/* ---- volumes of creates that are under way ---- */

static struct authz_volumes volumes_of(const char *host)
{
	json_auto_t *body = json_pack("{s:o?}", "hostconfig", json_loads(host, 0, NULL));
	struct authz_volumes v = {0};

	authz_volumes_of(body, &v);
	return v;
}

static void expect_volumes(const char *host, const char *filled, const char *shared)
{
	struct authz_volumes v = volumes_of(host);
	struct {
		const struct strv *names;
		const char *wanted;
	} both[] = {{&v.filled, filled}, {&v.shared, shared}};

	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		_cleanup_free_ char *all = xstrdup("");

		for (size_t j = 0; j < both[i].names->n; j++) {
			char *more = xasprintf("%s%s ", all, both[i].names->items[j]);

			free(all);
			all = more;
		}
		assert_string_equal(all, both[i].wanted);
	}
	authz_volumes_done(&v);
}

static void test_volumes(void **state _unused_)
{
	struct authz_volumes all = {0},
			     copies = volumes_of("{\"Binds\":[\"a:/x\",\"b:/y:nocopy\"]}"),
			     shares = volumes_of("{\"Binds\":[\"b:/x:ro,nocopy\"]}"),
			     shares_a = volumes_of("{\"Binds\":[\"a:/x:nocopy\"]}"),
			     copies_b = volumes_of("{\"Binds\":[\"b:/x\"]}");
	_cleanup_free_ char *many = xstrdup("{\"Binds\":[\"x:/x\"");

	expect_volumes("1", "", "");
	expect_volumes("{\"Binds\":1,\"Mounts\":[1,{\"Type\":\"bind\",\"Source\":\"/a\"},{\"Type\":"
		       "\"volume\"}]}",
		       "", "");
	expect_volumes("{\"Binds\":[1,\"\",\":/x\",\"a\",\"/a:/x\",\"a:/x\",\"a:/y\",\"b:/x:ro\","
		       "\"c:/x:nocopy\",\"d:/x:rw,nocopy,ro\",\"e:/x:nocopyx\",\"f:/x:noexec\"]}",
		       "a b e f ", "c d ");
	expect_volumes("{\"MOUNTS\":[{\"type\":\"volume\",\"SOURCE\":\"a\"},{\"Type\":\"volume\","
		       "\"Source\":\"b\",\"VolumeOptions\":{\"nocopy\":true}},{\"Type\":\"volume\","
		       "\"Source\":\"c\",\"VolumeOptions\":{\"NoCopy\":false}}]}",
		       "a c ", "b ");
	/* no more are kept than are looked at */
	for (unsigned i = 0; i < 100; i++) {
		char *more = xasprintf("%s,\"v%u:/x\"", many, i);

		free(many);
		many = more;
	}
	{
		_cleanup_free_ char *whole = xasprintf("%s]}", many);
		struct authz_volumes v = volumes_of(whole);

		assert_int_equal(v.filled.n, AUTHZ_FACTS_MAX + 1);
		authz_volumes_done(&v);
	}

	assert_null(authz_volumes_conflict(&all, &copies));
	authz_volumes_add(&all, &copies);
	assert_string_equal(authz_volumes_conflict(&all, &copies), "a");
	assert_string_equal(authz_volumes_conflict(&all, &shares_a), "a");
	assert_string_equal(authz_volumes_conflict(&all, &copies_b), "b");
	/* those that only share are not in each other's way, and each counts */
	assert_null(authz_volumes_conflict(&all, &shares));
	authz_volumes_add(&all, &shares);
	authz_volumes_remove(&all, &copies);
	assert_null(authz_volumes_conflict(&all, &shares_a));
	assert_string_equal(authz_volumes_conflict(&all, &copies_b), "b");
	authz_volumes_remove(&all, &shares);
	authz_volumes_add(&all, &shares_a);
	authz_volumes_add(&all, &shares);
	authz_volumes_remove(&all, &shares);
	assert_string_equal(authz_volumes_conflict(&all, &copies), "a");
	authz_volumes_remove(&all, &shares_a);
	authz_volumes_remove(&all, &shares);
	assert_null(authz_volumes_conflict(&all, &copies_b));
	authz_volumes_done(&all);
	authz_volumes_done(&copies);
	authz_volumes_done(&shares);
	authz_volumes_done(&shares_a);
	authz_volumes_done(&copies_b);
}

static void test_ids(void **state _unused_)
{
	static const char *const cases[][2] = {
		{"[]", "[]"},
		{"[{\"Id\":\"beef1\",\"Names\":[\"/"
		 "be\"]},{\"Id\":\"bead\"},{\"Id\":\"abee\"},{\"Id\":\"b\"}]",
		 "[{\"Id\":\"beef1\"},{\"Id\":\"bead\"}]"},
		{"[1,{},{\"Id\":5},{\"Id\":\"ca\"}]", "[{},{},{}]"},
		{"{\"Id\":\"beef\"}", "{\"Id\":\"beef\"}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_auto_t *list = json_loads(cases[i][0], 0, NULL);
		json_auto_t *ids = authz_ids_beginning(list, "be");
		_cleanup_free_ char *text = json_dumps(ids, JSON_COMPACT);

		assert_string_equal(text, cases[i][1]);
	}
}

/* As many parameters, mounts and values as one can name. */
static void test_too_many(void **state _unused_)
{
	_cleanup_free_ char *uri = xstrdup("/containers/json?x=1"), *binds = xstrdup("");
	_cleanup_free_ char *body = NULL, *nested = xcalloc(10001, 1);

	for (unsigned i = 0; i < 64; i++) {
		char *more = xasprintf("%s&a%u=1", uri, i);
		char *bind = xasprintf("%s%s\"volume%u:/x\"", binds, i ? "," : "", i);

		free(uri);
		uri = more;
		free(binds);
		binds = bind;
	}
	expect("", NULL, "GET", uri, NULL, "too many of them");
	free(uri);
	uri = xasprintf("/containers/%0300u/json", 1U);
	expect("", NULL, "GET", uri, NULL, "nobody");
	body = xasprintf("{" USER ",\"HostConfig\":{" NNP ",\"Binds\":[%s]}}", binds);
	expect("", NULL, "POST", "/containers/create", body, "too many mounts");
	/* seven more are in the rest of the body, and the first has no comma before it */
	expect_values(4096 - 6, NULL);
	expect_values(4096 - 5, "more than 4096 values");
	memset(nested, '[', 10000);
	for (unsigned i = 1; i < 10000; i += 2)
		nested[i] = ']';
	expect("", NULL, "POST", "/containers/create", nested, "more than 4096 values");
}

static void test_describe(void **state _unused_)
{
	char who[] = "ci", method[] = "GET", uri[] = "/x\x1b[2J", buf[AUTHZ_DESCRIBE_MAX];
	struct authz_request r = {.client = who, .method = method, .uri = uri};

	assert_string_equal(authz_describe(&r, buf), "ci: GET /x?[2J");
	r.client = NULL;
	assert_string_equal(authz_describe(&r, buf), "a user of the socket: GET /x?[2J");
}

static bool exempt(const char *message)
{
	_cleanup_(settings_freep)
	struct settings *s = settings_of("engine_policy: {exempt: [admin]}\n");
	struct authz_request r = {0};
	struct err err;
	bool is;

	if (authz_request_parse(message, strlen(message), &r, &err) < 0)
		fail_msg("%s: %s", message, err.text);
	is = authz_is_exempt(s, &r, TOKEN);
	assert_false(authz_is_exempt(s, &r, "") && !r.client);
	assert_false(authz_is_exempt(s, &r, NULL) && !r.client);
	authz_request_done(&r);
	return is;
}

#define ASK "\"RequestMethod\":\"POST\",\"RequestUri\":\"/build\""
static void test_exempt(void **state _unused_)
{
	assert_true(exempt("{" ASK ",\"RequestHeaders\":{\"Netguard-Token\":\"" TOKEN "\"}}"));
	assert_false(exempt("{" ASK ",\"RequestHeaders\":{\"Netguard-Token\":\"\"}}"));
	assert_false(exempt("{" ASK ",\"RequestHeaders\":{\"Netguard-Token\":\"1" TOKEN "\"}}"));
	assert_false(exempt("{" ASK ",\"RequestHeaders\":{\"X\":\"" TOKEN "\"}}"));
	assert_false(exempt("{" ASK ",\"RequestHeaders\":{\"Netguard-Token\":\"1123456789abcdef01"
			    "23456789abcdef0123456789abcdef0123456789abcdef\"}}"));
	assert_false(exempt("{" ASK "}"));
	assert_true(exempt("{" ASK ",\"User\":\"admin\",\"UserAuthNMethod\":\"TLS\"}"));
	assert_false(exempt("{" ASK ",\"User\":\"admin\"}"));
	assert_false(exempt("{" ASK ",\"User\":\"admin\",\"UserAuthNMethod\":\"Basic\"}"));
	assert_false(exempt("{" ASK ",\"User\":\"Admin\",\"UserAuthNMethod\":\"TLS\"}"));
}

static bool look(const char *message, const char *token)
{
	struct authz_request r;
	struct err err;
	bool is;

	if (authz_request_parse(message, strlen(message), &r, &err) < 0 ||
	    authz_request_read(&r, &err) < 0)
		fail_msg("%s: %s", message, err.text);
	is = authz_is_look(&r, token);
	authz_request_done(&r);
	return is;
}

static void test_look(void **state _unused_)
{
	static const struct {
		const char *method, *uri;
		bool want;
	} cases[] = {
		{"GET", "/v1.41/_ping", true},
		{"GET", "/version", true},
		{"GET", "/v1.41/events", true},
		{"GET", "/v1.41/events?since=1.5&filters=%7B%7D", true},
		{"GET", "/v1.41/containers/json?all=1", true},
		{"GET", "/v1.41/containers/web/json", true},
		{"GET", "/networks", true},
		{"GET", "/networks/pods", true},
		/* ... and no more of it */
		{"GET", "/containers/json?all=1&size=1", false},
		{"GET", "/containers/json?filters=%7B%7D", false},
		{"GET", "/containers/web/json?size=1", false},
		{"GET", "/events?until=1", false},
		{"GET", "/networks/pods?verbose=1", false},
		{"POST", "/containers/web/json", false},
		{"GET", "/containers/web/archive?path=/", false},
		{"GET", "/containers/web/export", false},
		{"GET", "/containers/web/logs?stdout=1", false},
		{"GET", "/containers/web/attach/ws", false},
		{"POST", "/containers/web/start", false},
		{"DELETE", "/networks/pods", false},
		{"GET", "/unknown", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *message =
			xasprintf("{\"RequestMethod\":\"%s\",\"RequestUri\":\"%s\","
				  "\"RequestHeaders\":{\"Netguard-Token\":\"" TOKEN "\"}}",
				  cases[i].method, cases[i].uri);

		if (look(message, TOKEN) != cases[i].want)
			fail_msg("%s %s", cases[i].method, cases[i].uri);
		assert_false(look(message, "another"));
	}
}

/* What is said to users and to the log has nothing in it that drives a terminal. */
static void test_printable(void **state _unused_)
{
	struct err err;

	assert_int_equal(ask("", NULL, "POST", "/containers/create",
			     TOP(USER ",\"x\\u001b[2J\\u202ey\":1"), &err),
			 -EPERM);
	for (const char *p = err.text; *p; p++)
		assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
}

#define HEAD "POST /AuthZPlugin.AuthZReq HTTP/1.1\r\n"
static void test_http(void **state _unused_)
{
	static const struct {
		const char *text;
		int r;
		enum authz_http_what what;
		size_t body;
	} cases[] = {
		{HEAD "Host: x\r\nContent-Length: 12\r\n\r\n", 1, AUTHZ_HTTP_REQUEST, 12},
		{HEAD "content-length:12 \r\n\r\nrest", 1, AUTHZ_HTTP_REQUEST, 12},
		{"POST /Plugin.Activate HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 1,
		 AUTHZ_HTTP_ACTIVATE, 0},
		{"POST /AuthZPlugin.AuthZRes HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 1,
		 AUTHZ_HTTP_REPLY, 0},
		{"POST /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 1, AUTHZ_HTTP_OTHER, 0},
		{"", 0, 0, 0},
		{HEAD, 0, 0, 0},
		{HEAD "Content-Length: 12\r\n", 0, 0, 0},
		{HEAD "\r\n", -EINVAL, 0, 0},
		{"\r\n" HEAD, -EINVAL, 0, 0},
		{"GET /x HTTP/1.1\r\n", -EINVAL, 0, 0},
		{"POST /x HTTP/1.0\r\n", -EINVAL, 0, 0},
		{"POST x HTTP/1.1\r\n", -EINVAL, 0, 0},
		{HEAD "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", -EINVAL, 0, 0},
		{HEAD "Content-Length: -1\r\n\r\n", -EINVAL, 0, 0},
		{HEAD "Content-Length: 1x\r\n\r\n", -EINVAL, 0, 0},
		{HEAD "Content-Length: 99999999999\r\n\r\n", -EINVAL, 0, 0},
		{HEAD "Content-Length: 4194305\r\n\r\n", -EINVAL, 0, 0},
		{HEAD "Transfer-Encoding: chunked\r\n\r\n", -EINVAL, 0, 0},
		{HEAD "Content-Length : 1\r\n\r\n", -EINVAL, 0, 0},
		{HEAD "X: a\r\n b\r\n\r\n", -EINVAL, 0, 0},
		{HEAD "X: a\n\r\n", -EINVAL, 0, 0},
		{HEAD "X\r\n\r\n", -EINVAL, 0, 0},
		{HEAD "X: \x01\r\n\r\n", -EINVAL, 0, 0},
		{HEAD "X: \x7f\r\n\r\n", -EINVAL, 0, 0},
		{HEAD "X: a\r\n\n", -EINVAL, 0, 0},
		{HEAD "Content-Length:\r\n\r\n", -EINVAL, 0, 0},
		{"POST / HTTP\r\n", -EINVAL, 0, 0},
		{"GET /a/longer/path HTTP/1.1\r\n", -EINVAL, 0, 0},
		{HEAD "X{: a\r\n\r\n", -EINVAL, 0, 0},
		{HEAD "X[: a\r\n\r\n", -EINVAL, 0, 0},
		{HEAD "X;: a\r\n\r\n", -EINVAL, 0, 0},
		{HEAD "Content-Lengtx: 1\r\nTransfer-Encodinx: a\r\nConnectiox: close\r\n"
		      "x-A_0.9z:\t \ta\tb \t\r\nEmpty: \t \r\nConnection: keep-alive\r\n"
		      "Connection: clos1\r\nContent-Length: 3\r\n\r\n",
		 1, AUTHZ_HTTP_REQUEST, 3},
	};
	_cleanup_free_ char *long_head = NULL;
	struct authz_http h;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int r = authz_http_parse(cases[i].text, strlen(cases[i].text), &h);

		if (r != cases[i].r)
			fail_msg("%s: %d", cases[i].text, r);
		if (r == 1) {
			assert_int_equal(h.what, cases[i].what);
			assert_int_equal(h.body, cases[i].body);
			assert_false(h.closing);
		}
	}
	assert_int_equal(authz_http_parse(HEAD "Connection: close\r\nContent-Length: 0\r\n\r\n",
					  strlen(HEAD) + 40, &h),
			 1);
	assert_true(h.closing);
	long_head = xcalloc(AUTHZ_HEAD_MAX + 2, 1);
	memset(long_head, 'x', AUTHZ_HEAD_MAX + 1);
	memcpy(long_head, HEAD, strlen(HEAD));
	assert_int_equal(authz_http_parse(long_head, AUTHZ_HEAD_MAX - 1, &h), 0);
	assert_int_equal(authz_http_parse(long_head, AUTHZ_HEAD_MAX, &h), -EINVAL);
}

static void refuses(const char *text, const char *why)
{
	_cleanup_(problems_done)
	struct problems p = {0};
	struct settings *s = NULL;

	if (settings_parse(text, strlen(text), "h", &p, &s) != -EINVAL || p.n != 1 ||
	    !strstr(p.items[0].text, why))
		fail_msg("%s: %s", text, p.n ? p.items[0].text : "(taken)");
}

static void test_settings(void **state _unused_)
{
	_cleanup_(settings_freep)
	struct settings *s = settings_of(OPEN), *d = settings_of("");
	const struct settings_engine_rules *ci = settings_engine_rules_of(&s->engine_policy, "ci");

	assert_true(strv_has(&ci->capabilities, "CHOWN") && !ci->images_given);
	assert_ptr_equal(settings_engine_rules_of(&s->engine_policy, "x"), &s->engine_policy.rules);
	assert_true(d->engine_policy.rules.endpoints & ENDPOINT_BIT(ENDPOINT_CONTAINER_CREATE));
	assert_false(d->engine_policy.rules.endpoints & ENDPOINT_BIT(ENDPOINT_IMAGE_TAG));
	refuses("engine_policy: {endpoints: [containers]}", "not an endpoint");
	refuses("engine_policy: {endpoints: [default, container-copy-out]}", "root of the host");
	refuses("engine_policy: {endpoints: [default, container-export]}", "root of the host");
	refuses("engine_policy: {bind_roots: [/]}", "may not be");
	refuses("engine_policy: {bind_roots: [/proc/1/root]}", "may not be");
	refuses("engine_policy: {bind_roots: [srv]}", "absolute path");
	refuses("engine_policy: {bind_roots: [/srv/]}", "absolute path");
	refuses("engine_policy: {bind_roots: [/srv/../etc]}", "absolute path");
	refuses("engine_policy: {capabilities: [ALL]}", "not a capability");
	refuses("engine_policy: {pods: ['a b']}", "name of a pod");
	refuses("engine_policy: {clients: {x: {exempt: [y]}}}", "unknown key");
	refuses("engine_policy: {allow_rot: true}", "unknown key");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),	  cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_requests),  cmocka_unit_test(test_messages),
		cmocka_unit_test(test_exempt),	  cmocka_unit_test(test_look),
		cmocka_unit_test(test_printable), cmocka_unit_test(test_http),
		cmocka_unit_test(test_settings),  cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_describe),  cmocka_unit_test(test_volumes),
		cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

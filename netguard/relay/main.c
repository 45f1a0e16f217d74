/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * netguard-relay: a program of its own, so that a process which may ask the engine for anything has
 * no more code in it than it needs, of libraries neither.
 */
#include "common/log.h"
#include "engine/engine.h"
#include "netguard/confine.h"
#include "netguard/notify.h"
#include "netguard/relay.h"
#include "netguard/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>

#define STORED_SOCKET "engine" /* of netguard-engine.socket */
#define BACKLOG	      128

/* The path of a host "unix:///path", or NULL. */
static const char *path_of(const char *host)
{
	const char *path = startswith(host && *host ? host : ENGINE_DEFAULT_HOST, "unix://");

	return path && *path == '/' ? path : NULL;
}

static int open_listener(const char *path, int *ret, struct err *err)
{
	int fd = path ? -1 : notify_stored(STORED_SOCKET);

	if (path)
		return unix_listen_alone(path, 0660, BACKLOG, ret, err);
	if (fd < 0)
		return err_set(err, EINVAL,
			       "no socket: systemd hands it over (netguard-engine.socket), or it "
			       "is named");
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return err_os(err, errno, "the socket");
	*ret = fd;
	return 0;
}

static void on_signal(struct source *s, uint32_t events _unused_)
{
	struct loop *l = s->userdata;

	if (signal_read(s))
		loop_stop(l);
}

/* what it was started with it needs no more, and nobody who takes it over shall */
static int confine(struct err *err)
{
	int r = confine_paths(NULL, 0, false, err);

	return r < 0 ? r : confine_calls(false, err);
}

static int run(const char *path, const char *engine, struct err *err)
{
	struct source signals = SOURCE_NONE;
	struct relay *relay = NULL;
	struct loop *l = NULL;
	int listener = -1, r;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if ((r = loop_new(&l, err)) == 0 &&
	    (r = signals_add(l, &signals, &set, on_signal, l, err)) == 0 &&
	    (r = open_listener(path, &listener, err)) == 0 &&
	    (r = relay_new(l, listener, engine, &relay, err)) == 0)
		r = confine(err);
	if (r >= 0) {
		malloc_trim(0); /* what libseccomp needed once */
		log_info("handing the guard's questions on to %s", engine);
		notify_send("READY=1");
		r = loop_run(l, err);
	}
	relay_free(relay);
	source_remove(&signals);
	loop_free(l);
	return r;
}

static void usage(FILE *out)
{
	fputs("usage: netguard-relay [SOCKET]\n\n"
	      "Hands the questions of netguard's daemon about events, containers and networks on "
	      "to\n"
	      "the engine ($DOCKER_HOST), and nothing else. Without SOCKET it listens at the one "
	      "that\n"
	      "systemd hands over (netguard-engine.socket). See netguard(8).\n",
	      out);
}

int main(int argc, char **argv)
{
	const char *engine = path_of(getenv("DOCKER_HOST"));
	const char *first = argc == 2 ? argv[1] : "";
	struct err err;

	log_init("netguard-relay", LOG_LEVEL_INFO);
	if (streq(first, "-h") || streq(first, "--help")) {
		usage(stdout);
		return 0;
	}
	if (streq(first, "--version")) {
		printf("netguard-relay %s\n", VERSION);
		return 0;
	}
	if (argc > 2 || *first == '-') {
		usage(stderr);
		return 1;
	}
	if (!engine) {
		log_error("DOCKER_HOST: only an engine at a socket of this host (unix:///path) is "
			  "asked by others");
		return 1;
	}
	if (run(argv[1], engine, &err) < 0) {
		log_error("%s", err.text);
		return 1;
	}
	return 0;
}

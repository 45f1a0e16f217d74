#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills podctl at each of its calls to the engine, and looks whether the next one converges.

A proxy stands between podctl and the engine. For each scenario and each N, podctl is ended with
SIGKILL when its N-th call arrives (the engine never sees it; those that are under way it carries out),
and with KILL_AFTER set once more when the engine has carried it out (podctl never hears of it). Then the same command runs to
its end, the plan must be empty, and the right containers must run, and no others. Prints TAP.

usage: kill_steps.py PODCTL FOLDER POD SCENARIO...
"""
import http.client
import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time

ENGINE = "/var/run/docker.sock"


class EngineConnection(http.client.HTTPConnection):
    def __init__(self):
        super().__init__("localhost")

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(ENGINE)


def ask_engine(method, path, body=None, headers=()):
    c = EngineConnection()
    try:
        c.request(method, path, body, dict(headers))
        r = c.getresponse()
        return r.status, r.getheaders(), r.read()
    finally:
        c.close()


class Proxy:
    """Counts the calls that come, and kills whom it was told at the one that it was told."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.path = path
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                try:
                    while self.one():
                        pass
                except (ConnectionError, ValueError):
                    pass

            def one(self):
                line = self.rfile.readline().decode()
                if not line:
                    return False
                method, target, _ = line.split()
                headers = http.client.parse_headers(self.rfile)
                body = self.rfile.read(int(headers.get("Content-Length", 0)))
                if proxy.arrives(method, target):
                    return False
                kept = [(k, v) for k, v in headers.items() if k.lower() in ("content-type", "x-registry-auth")]
                status, out, data = ask_engine(method, target, body or None, kept)
                if proxy.answered():
                    return False
                reply = f"HTTP/1.1 {status} X\r\n"
                for k, v in out:
                    if k.lower() not in ("transfer-encoding", "content-length", "connection"):
                        reply += f"{k}: {v}\r\n"
                reply += "\r\n" if status in (204, 304) else f"Content-Length: {len(data)}\r\n\r\n"
                self.wfile.write(reply.encode() + data)
                return True

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request, client_address):
                pass

        if os.path.exists(path):
            os.unlink(path)
        self.reset(0, False)
        threading.Thread(target=Server(path, Handler).serve_forever, daemon=True).start()

    def reset(self, at, after):
        with self.lock:
            self.at, self.after = at, after
            self.calls = []
            self.child = None
            self.ready = threading.Event()
            self.killed = False
            self.pending = None

    def kill(self):
        self.ready.wait(10)
        self.killed = True
        os.kill(self.child, signal.SIGKILL)

    def arrives(self, method, target):
        with self.lock:
            if self.killed:
                return True
            self.calls.append((method, target))
            if len(self.calls) == self.at:
                if not self.after:
                    self.kill()
                    return True
                self.pending = threading.get_ident()
            return False

    def answered(self):
        with self.lock:
            if self.pending == threading.get_ident():
                self.kill()
                return True
            return self.killed


class Test:
    def __init__(self, podctl, folder, pod):
        self.podctl, self.folder, self.pod = podctl, folder, pod
        self.proxy = Proxy(f"{folder}/{pod}.sock")
        self.file = f"{folder}/{pod}.yml"
        self.n = 0
        self.full = "KILL_AFTER" in os.environ
        self.failed = False

    def tell(self, good, name, more=""):
        print(("ok - " if good else "not ok - ") + name, flush=True)
        if not good:
            self.failed = True
            for line in more.splitlines()[-30:]:
                print("#   " + line, flush=True)

    def run(self, args, at=0, after=False):
        """Exit status (negative: killed) and what was said."""
        self.proxy.reset(at, after)
        env = {"PATH": os.environ["PATH"], "DOCKER_HOST": "unix://" + self.proxy.path}
        p = subprocess.Popen([self.podctl] + args, env=env, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)
        self.proxy.child = p.pid
        self.proxy.ready.set()
        out = p.communicate(timeout=60)[0]
        return p.returncode, out

    def containers(self):
        want = json.dumps({"label": [f"podctl.pod={self.pod}"]})
        path = "/containers/json?all=1&filters=" + want.replace('"', "%22").replace(" ", "")
        data = json.loads(ask_engine("GET", path)[2])
        return sorted(c["Names"][0][1:] + " " + c["State"] for c in data
                      if "podctl.config-hash" in c["Labels"])

    def write(self, text):
        if text is not None:
            with open(self.file, "w") as f:
                f.write(text)

    def converge(self, args, names, what):
        """The same command again, to its end."""
        status, out = self.run(args)
        if status != 0:
            self.tell(False, f"{what}: the next one succeeds", out)
            return False
        if self.containers() != sorted(n + " running" for n in names):
            self.tell(False, f"{what}: the right containers run", "\n".join(self.containers()) + "\n" + out)
            return False
        if args[0] == "apply":
            status, out = self.run(["plan", self.file])
            if status != 0:
                self.tell(False, f"{what}: nothing is left to be done", out)
                return False
        return True

    def scenario(self, name, steps, same):
        """steps: two states, gone to in turn: (arguments, file's text or None, names that run).
        same: both ways are the same calls, so each is done at every other call only."""
        started = time.monotonic()
        for state in steps:
            self.write(state[1])
            self.converge(state[0], state[2], f"{name}: to begin with")
        turn, points, done = 0, 0, [False, False]
        after = False
        while not all(done):
            at = turn + 1 if same else turn // 2 + 1
            args, text, names = steps[turn % 2]
            self.write(text)
            status, out = self.run(args, at, after)
            calls = self.proxy.calls
            what = f"{name}, killed {'after' if after else 'before'} call {at} ({' '.join(calls[at - 1]) if len(calls) >= at else '-'})"
            points += status == -signal.SIGKILL
            if status != -signal.SIGKILL:
                done[turn % 2] = True
                if status != 0:
                    self.tell(False, f"{what}: succeeds", out)
            if not self.converge(args, names, what):
                return
            turn += 1
            if all(done) and not after and self.full:
                turn, done, after = 0, [False, False], True
        self.n += points
        print(f"# {name}: {time.monotonic() - started:.1f} s", flush=True)
        self.tell(points > 6, f"{name}: {points} kills, and each time the next one converges")


def container(key, more=""):
    return f"  {key}: {{ image: busybox, command: [sleep, '1000'], update_image: false, stop_timeout: 1{more} }}\n"


def main():
    podctl, folder, pod, *scenarios = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    test = Test(podctl, folder, pod)
    file = test.file
    a = container("a", os.environ.get("MORE", ""))
    b = container("b")
    if "NO_KEYS" in os.environ:
        a, b = (x.replace(", update_image: false, stop_timeout: 1", "") for x in (a, b))
    both = "containers:\n" + a + b
    changed = "containers:\n" + a.replace("'1000'", "'1001'") + b
    other_root = f"hostname: {pod}-other\n" + both
    one = "containers:\n" + a
    health = ", startup_health_check: { command: 'test -d /proc/1', interval: 0.1 }"
    checked = "containers:\n" + container("a", health) + container("b", ", depends_on: [a]")
    two = [pod, pod + ".a", pod + ".b"]
    apply, down = ["apply", file], ["down", pod]
    table = {
        "fresh and down": [(apply, both, two), (down, None, [])],
        "a changed container": [(apply, both, two), (apply, changed, two)],
        "a changed root container": [(apply, both, two), (apply, other_root, two)],
        "a changed container with a health check, and one that waits for it": (
            (apply, checked, two), (apply, checked.replace("'1000'", "'1001'"), two)),
        "one container more, one less": [(apply, one, two[:2]), (apply, both, two)],
    }
    for name in scenarios:
        test.scenario(name, table[name], name.startswith("a changed"))
    test.run(down)
    sys.exit(test.failed)


main()

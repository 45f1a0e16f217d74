#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""As systemd runs a service, in a host that has none: service.py [--store] LOG COMMAND...

Listens on a notification socket, writes each message into LOG, keeps descriptors that are to be stored (with
--store) and hands them to the next process when one ends (Restart=always). The watchdog is asked for each 600 ms, and
what it misses is only missing in LOG. SIGTERM ends the service and this.
"""
import array, os, select, signal, socket, sys, time

store = "--store" in sys.argv
args = [a for a in sys.argv[1:] if a != "--store"]
log = open(args[0], "w", buffering=1)
command = args[1:]
path = "/run/service.notify"
stored = {}
ending = False
child = 0

if os.path.exists(path):
    os.unlink(path)
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
notify.bind(path)
os.chmod(path, 0o777)
with open("/run/service.pid", "w") as f:
    f.write(str(os.getpid()))
wake_read, wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
signal.set_wakeup_fd(wake_write)


def begin():
    pid = os.fork()
    if pid > 0:
        return pid
    env = dict(os.environ, NOTIFY_SOCKET=path, WATCHDOG_USEC="600000", WATCHDOG_PID=str(os.getpid()))
    if stored:
        env.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(stored)), LISTEN_FDNAMES=":".join(stored))
    # first out of the way of those that are taken
    high = [os.dup(fd) for fd in stored.values()]
    for i, fd in enumerate(high):
        os.dup2(fd, 3 + i)
        os.set_inheritable(3 + i, True)
    os.closerange(3 + len(high), 256)
    with open("/run/netguard.pid", "w") as f:
        f.write(str(os.getpid()))
    signal.set_wakeup_fd(-1)
    for s in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(s, signal.SIG_DFL)
    os.execvpe(command[0], command, env)


def on_term(*_):
    global ending
    ending = True
    os.kill(child, signal.SIGTERM)


signal.signal(signal.SIGTERM, on_term)
signal.signal(signal.SIGCHLD, lambda *_: None)
child = begin()
while True:
    ready, _, _ = select.select([notify, wake_read], [], [])
    if notify in ready:
        data, ancillary, _, _ = notify.recvmsg(4096, socket.CMSG_SPACE(4 * 8))
        fields = dict(line.split("=", 1) for line in data.decode().splitlines())
        fds = array.array("i")
        for level, kind, payload in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds.frombytes(payload)
        for fd in fds:
            if store and fields.get("FDSTORE") == "1" and fields.get("FDNAME", "?") not in stored:
                # away from where a process is handed them
                stored[fields["FDNAME"]] = os.dup(fd)
            os.close(fd)
        print(" ".join(data.decode().splitlines()), f"({len(fds)} descriptors)", file=log)
    if wake_read in ready:
        os.read(wake_read, 512)
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == child:
            print("ended", status, file=log)
            if ending:
                break
            # a moment in which nobody runs: the file says when it is over
            time.sleep(0.1)
            while os.path.exists("/run/service.hold"):
                time.sleep(0.05)
            child = begin()

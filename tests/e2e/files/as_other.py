# SPDX-License-Identifier: GPL-3.0-or-later
"""Datagrams as any user may send them, for 16_as_other.sh and 14_pushed.sh.

  as_other.py send FROM TO [DEVICE]     one datagram; prints what came back within 0.6 s, "silent" or "refused"
  as_other.py hear AT SECONDS [TO]      prints what comes, each with its sender; TO: connected, and begins with it
  as_other.py ask FROM TO               "send", from a socket that waits for a line on stdin before it sends
  as_other.py from FROM ADDRESS TO      one datagram of the socket at FROM, but from ADDRESS and FROM's port (IP_PKTINFO)
  as_other.py cross FROM TO             begins a TCP connection from TO to FROM, where nobody takes it, waits for a line on
                                        stdin, and begins one from FROM to TO; prints "answer", "silent" or "refused"
  as_other.py full AT                   listens, but takes no connection and answers none; prints "ready" and its pid
  as_other.py begin FROM TO             begins a TCP connection and gives it up; prints "answer" or "silent"
  as_other.py connect FROM TO           a TCP connection and a word; prints "answer", "silent" or "refused"

FROM, TO, AT: ADDRESS,PORT. An address that is not this host's is taken by IP_FREEBIND or IPV6_FREEBIND.
"""
import os
import select
import socket
import struct
import sys
import time


def endpoint(text):
    address, port = text.rsplit(",", 1)
    return address, int(port)


def opened(at, device=None):
    info = socket.getaddrinfo(*at, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0]
    s = socket.socket(info[0], socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.setsockopt(*((socket.IPPROTO_IPV6, 78) if info[0] == socket.AF_INET6 else (socket.IPPROTO_IP, 15)), 1)
    if device:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        if info[0] == socket.AF_INET:
            s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                         socket.inet_aton("0.0.0.0") * 2 + socket.if_nametoindex(device).to_bytes(4, sys.byteorder))
    s.bind(info[4])
    return s


def send(s, to, word=b"hello"):
    target = socket.getaddrinfo(*to, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0][4]
    try:
        s.sendto(word, target)
    except (PermissionError, ConnectionRefusedError):
        return "refused"
    except OSError as e:
        return "refused: " + e.strerror
    while select.select([s], [], [], 0.6)[0]:
        try:
            data, sender = s.recvfrom(2048)
        except OSError:
            return "refused"
        return "answer from " + sender[0]
    return "silent"


def send_from(s, source, to):
    if s.family == socket.AF_INET6:
        info = (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, socket.inet_pton(s.family, source) + bytes(4))
    else:
        info = (socket.IPPROTO_IP, 8, bytes(4) + socket.inet_aton(source) + bytes(4))
    s.sendmsg([b"hello"], [info], 0, to)


def connecting(at, to):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(at)
    s.setblocking(False)
    s.connect_ex(to)
    return s


def listen_full(at):
    """Sockets at and to a port where a SYN gets no answer: its queue is full."""
    full = socket.socket()
    full.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    full.bind(at)
    full.listen(0)
    others = [connecting((at[0], 0), at) for _ in range(2)]
    time.sleep(0.3)
    return others + [full]


def cross(at, to):
    sockets = listen_full(at)
    connecting(to, at).close()
    for s in sockets:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
    print("ready", flush=True)
    sys.stdin.readline()
    return connected(at, to)


def connected(at, to):
    s = connecting(at, to)
    s.setblocking(True)
    s.settimeout(2)
    try:
        s.send(b"hello")
        return "answer" if s.recv(16) else "refused"
    except TimeoutError:
        return "silent"
    except OSError:
        return "refused"


def main():
    what, args = sys.argv[1], sys.argv[2:]
    if what == "hear":
        s = opened(endpoint(args[0]))
        if len(args) > 2:
            s.connect(endpoint(args[2]))
            s.send(b"begin")
        print("ready", flush=True)
        while select.select([s], [], [], float(args[1]))[0]:
            try:
                data, sender = s.recvfrom(2048)
                print(data.decode(), sender[0], flush=True)
            except OSError:
                pass
        return
    if what == "from":
        send_from(opened(endpoint(args[0])), args[1], endpoint(args[2]))
        return
    if what == "cross":
        print(cross(endpoint(args[0]), endpoint(args[1])), flush=True)
        return
    if what == "full":
        sockets = listen_full(endpoint(args[0]))
        print("ready", os.getpid(), flush=True)
        time.sleep(60)
        return
    if what == "begin":
        s = connecting(endpoint(args[0]), endpoint(args[1]))
        print("answer" if select.select([], [s], [], 0.3)[1] else "silent", flush=True)
        s.close()
        return
    if what == "connect":
        print(connected(endpoint(args[0]), endpoint(args[1])), flush=True)
        return
    s = opened(endpoint(args[0]), args[2] if len(args) > 2 else None)
    if what == "ask":
        print("ready", flush=True)
        sys.stdin.readline()
    print(send(s, endpoint(args[1])), flush=True)


main()

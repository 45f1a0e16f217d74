# SPDX-License-Identifier: GPL-3.0-or-later
"""Datagrams as any user may send them, for 16_as_other.sh.

  as_other.py send FROM TO [DEVICE]     one datagram; prints what came back within 0.6 s, "silent" or "refused"
  as_other.py hear AT SECONDS [TO]      prints what comes, each with its sender; TO: connected, and begins with it
  as_other.py ask FROM TO               "send", from a socket that waits for a line on stdin before it sends

FROM, TO, AT: ADDRESS,PORT. An address that is not this host's is taken by IP_FREEBIND or IPV6_FREEBIND.
"""
import select
import socket
import sys


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
    s = opened(endpoint(args[0]), args[2] if len(args) > 2 else None)
    if what == "ask":
        print("ready", flush=True)
        sys.stdin.readline()
    print(send(s, endpoint(args[1])), flush=True)


main()

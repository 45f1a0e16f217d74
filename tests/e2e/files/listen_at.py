# SPDX-License-Identifier: GPL-3.0-or-later
"""A service of the host at some of its addresses: what comes is sent back.

  listen_at.py tcp|udp,ADDRESS,PORT...      prints "ready" and its pid when it has all of them
"""
import os
import select
import socket
import sys


def opened(text):
    proto, address, port = text.split(",")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, proto == "tcp")
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind((address, int(port)))
    if proto == "tcp":
        s.listen()
    return s


sockets = [opened(text) for text in sys.argv[1:]]
listening = [s for s in sockets if s.type == socket.SOCK_STREAM]
print("ready", os.getpid(), flush=True)
while True:
    for s in select.select(sockets, [], [])[0]:
        try:
            if s in listening:
                sockets.append(s.accept()[0])
            elif s.type == socket.SOCK_DGRAM:
                s.sendto(*s.recvfrom(2048))
            else:
                data = s.recv(2048)
                if data:
                    s.send(data)
                else:
                    sockets.remove(s)
                    s.close()
        except OSError:
            if s not in listening and s.type == socket.SOCK_STREAM:
                sockets.remove(s)

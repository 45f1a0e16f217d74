# SPDX-License-Identifier: GPL-3.0-or-later
"""Datagrams that go on by themselves, for 14_revoke.sh and 14_pushed.sh.

  chatter.py serve PORT           prints "ready"; then twenty a second to each who has once asked
  chatter.py ask ADDRESS,PORT     ten a second; prints "up" for what came in each tenth of a second, or "silent"
"""
import socket
import sys
import time


def serve(port):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.bind(("::", port))
    s.settimeout(0.05)
    print("ready", flush=True)
    peers = set()
    while True:
        try:
            peers.add(s.recvfrom(64)[1])
        except TimeoutError:
            pass
        for peer in peers:
            s.sendto(b"chatter", peer)


def ask(address, port):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((address, port))
    s.settimeout(0.1)
    while True:
        try:
            s.send(b"hello")
            s.recv(64)
            print("up", flush=True)
            time.sleep(0.1)
        except TimeoutError:
            print("silent", flush=True)
        except OSError:  # refused
            print("silent", flush=True)
            time.sleep(0.1)


if sys.argv[1] == "serve":
    serve(int(sys.argv[2]))
ask(*(f(x) for f, x in zip((str, int), sys.argv[2].rsplit(",", 1))))

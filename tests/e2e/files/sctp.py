#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""SCTP by hand, for kernels that have none: raw sockets see what has passed the hooks, as a socket of SCTP would.

sctp.py hear            tells each packet that comes to this host, "CHUNK FROM PORT", and answers INIT as docker-proxy's socket does
sctp.py [-u UID] send CHUNK SOURCE-PORT ADDRESS PORT...
                        one packet to each port, of a socket of this user's; CHUNK: init, cookie-echo
"""
import ctypes, select, socket, struct, sys

SCTP = 132
CHUNKS = {1: "init", 2: "init-ack", 10: "cookie-echo"}
OURS, THEIRS = 0x11111111, 0x22222222  # tags: who began, who answered


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def packet(chunk, source, port):
    kind = {v: k for k, v in CHUNKS.items()}[chunk]
    own = THEIRS if chunk == "init-ack" else OURS
    body = struct.pack("!IIHHI", own, 65536, 1, 1, 1)
    if chunk == "init-ack":
        body += struct.pack("!HH4s", 7, 8, b"cook")
    if chunk == "cookie-echo":
        body = b"cook"
    peer = {"init": 0, "init-ack": OURS, "cookie-echo": THEIRS}[chunk]
    head = struct.pack("!HHI", source, port, peer)
    chunks = struct.pack("!BBH", kind, 0, 4 + len(body)) + body
    return head + struct.pack("<I", crc32c(head + bytes(4) + chunks)) + chunks


def hear():
    raw = [socket.socket(f, socket.SOCK_RAW, SCTP) for f in (socket.AF_INET, socket.AF_INET6)]
    print("ready", flush=True)
    while True:
        for s in select.select(raw, [], [])[0]:
            data, peer = s.recvfrom(2048)
            if s.family == socket.AF_INET:
                data = data[(data[0] & 15) * 4:]
            source, port = struct.unpack("!HH", data[:4])
            chunk = CHUNKS.get(data[12], str(data[12]))
            print(chunk, peer[0], port, flush=True)
            if chunk == "init":
                s.sendto(packet("init-ack", port, source), peer[:1] + (0,))


def send(chunk, source, address, *ports):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_RAW, SCTP)
    for port in ports:
        try:
            s.sendto(packet(chunk, int(source), int(port)), (address, 0))
        except PermissionError:
            pass  # denied at output: what arrives counts


args = sys.argv[1:]
if args[0] == "-u":
    ctypes.CDLL(None).setfsuid(int(args[1]))  # a socket is its creator's
    args = args[2:]
if args[0] == "hear":
    hear()
else:
    send(*args[1:])

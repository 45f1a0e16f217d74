#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has taken netguard's daemon over: whatever is asked at the control socket, each text and each key of the answer has
bytes in it that drive a terminal.

usage: lying_daemon.py"""
import json
import os
import socket

PATH = '/run/netguard/control.sock'
EVIL = '\x1b]0;evil\x07\x1b[31m\x9b31m\n'


def evil(value):
    """The same with EVIL behind each text but those by which programs decide."""
    if isinstance(value, dict):
        known = {'web', 'forged'}
        return {k + EVIL if k in known else k: evil(v) for k, v in value.items()}
    if isinstance(value, list):
        return [evil(v) for v in value]
    return value + EVIL if isinstance(value, str) else value


some = {'packets': 1, 'bytes': 1}
container = {'id': '0', 'name': 'web.app', 'podctl': True, 'running': True, 'guard': 'guarded', 'addresses': ['10.0.0.2'],
             'ports': [{'host_ip': '192.0.2.1', 'host_port': 80, 'port': 80, 'protocol': 'tcp'}]}
status = {'version': '1', 'pid': 1, 'table': {'state': 'behind', 'owned': True, 'error': 'why', 'elements': 1, 'put_back': 0,
                                              'generation': 1},
          'engine': {'state': 'down', 'api': '1.41', 'why': 'why'}, 'configuration': {'path': '/etc/x', 'problem': 'why'},
          'pods': {'web': [container]}, 'sent': {'web': some}, 'received': {'web': some}, 'denied': {'forged': 1},
          'counters': {'forged': some}, 'log': {'listening': True, 'reasons': {'forged': {'suppressed': 1}}}, 'warnings': ['w']}
case = {'verdict': 'deny', 'how': 'drop', 'from': 'a', 'to': 'b', 'condition': 'c', 'reason': 'r', 'chain': 'c', 'rule': 'r',
        'element': 'e', 'config': {'file': '/etc/x', 'line': 1, 'column': 1, 'key': 'k', 'change': 'c'}}
explain = {'verdict': 'deny', 'cases': [case]}
denied = {'denied': [{'time': 1, 'text': 't', 'in': 'i', 'out': 'o'}], 'counts': {'forged': {'suppressed': 3}}, 'listening': True}
answers = {'status': status, 'explain': explain, 'denied': denied, 'reload': {'error': 'e', 'reason': 'failed'}}

if os.path.exists(PATH):
    os.unlink(PATH)
with socket.socket(socket.AF_UNIX) as listener:
    listener.bind(PATH)
    listener.listen(8)
    while True:
        client = listener.accept()[0]
        with client:
            question = next(iter(json.loads(client.recv(4096))))
            answer = evil(answers[question])
            if question != 'reload':
                answer['ok'] = True
            client.sendall(json.dumps(answer).encode() + b'\n')

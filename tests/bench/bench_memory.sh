#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Memory that is there all the time, and at most: netguard beside the engine's own process for a
# published port (docker-proxy, one for each port and family), podctl beside docker-compose. In one
# sandbox; KiB and ratios.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
put_config <<'END'
mount_root: /srv/pods
network_name: pods
port_whitelist: { 80: web }
END
inside mkdir -p /srv/pods
# as its unit starts it: it asks the engine through the relay
unit_folders
relay_start
netguard_start "${as_unit[@]}"
inside docker pull -q probe > /dev/null
put_file /root/web.yml <<< '{ publish: [80:80], containers: { app: { image: probe, update_image: false, command: [serve, tcp:80] } } }'
put_file /root/compose/docker-compose.yml <<< '{ version: "2.4", services: { app: { image: probe, command: sleep } } }'
# peak NAME CMD...: of the command and what it starts
put_file /root/peak.py <<'END'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
END
peak() { inside python3 /root/peak.py "$@"; }
podctl=$(peak "$BUILD/podctl" /root/web.yml)
check "podctl has made its pod" test -n "$podctl"
# shellcheck disable=SC2016 # for the inner shell
proxy=$(inside sh -c 'for p in /proc/[0-9]*; do
	[ "$(cat $p/comm)" = docker-proxy ] && [ $p/ns/mnt -ef /proc/self/ns/mnt ] && awk "/^RssAnon/ { print \$2 }" $p/status
	done 2> /dev/null' | sort -n | head -n 1)
daemon=0
for pid in "$(netguard_pid)" "$(relay_pid)"; do
	daemon=$((daemon + $(awk '/^RssAnon/ { print $2 }' "/proc/$pid/status")))
done
check "docker-proxy runs for the port" test -n "$proxy"
share() { awk "BEGIN { printf \"%.2f\", $1 / $2 }"; }
ratio=$(share "$daemon" "${proxy:-1}")
check "netguard and its relay, RssAnon $daemon KiB, to one docker-proxy, $proxy KiB: $ratio, at most 4" awk "BEGIN { exit !($ratio <= 4) }"
if command -v docker-compose > /dev/null; then
	compose=$(peak docker-compose -f /root/compose/docker-compose.yml up -d)
	ratio=$(share "$podctl" "${compose:-1}")
	check "podctl, $podctl KiB at its highest, to docker-compose up -d, $compose KiB: $ratio, at most 0.5" \
		awk "BEGIN { exit !($ratio <= 0.5) }"
else
	skip "podctl to docker-compose" "docker-compose is not installed"
fi
e2e_end

#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Memory: a whole life of both programs under valgrind, and the daemon's own memory after STARTS (50) and
# after twice as many container starts: what a start left behind would show (more than 650 bytes each).
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

starts=${STARTS:-50}
e2e_begin
put_config <<'END'
mount_root: /srv/pods
network_name: pods
port_whitelist: { 80: web }
guard: { allowed_users: [root], host_ports: [53/udp] }
END
inside mkdir -p /srv/pods
inside docker pull -q probe > /dev/null

note "valgrind"
vg=(valgrind -q --vgdb=no --error-exitcode=99 --leak-check=full '--errors-for-leak-kinds=definite,possible'
	--child-silent-after-fork=yes)
# valgrind makes calls of its own, which the filter would end
NETGUARD_START_SECONDS=30 NETGUARD=$BUILD/tests/netguard-unconfined netguard_start "${vg[@]}"
printf 'publish: ["80:80"]\ncontainers: { app: { image: probe, mounts: [{ source: d, target: /d }] } }\n' | put_file /root/web.yml
check "podctl apply" inside "${vg[@]}" "$BUILD/podctl" /root/web.yml
inside sed -i 's/target: .d/target: \/e/' /root/web.yml
check "podctl apply, a container changed" inside "${vg[@]}" "$BUILD/podctl" /root/web.yml
check "podctl apply, nothing changed" inside "${vg[@]}" "$BUILD/podctl" /root/web.yml
check "podctl status" inside "${vg[@]}" "$BUILD/podctl" status
check_status "podctl apply of an invalid file" 1 '' inside "${vg[@]}" "$BUILD/podctl" "$REPO/Makefile"
check "podctl down" inside "${vg[@]}" "$BUILD/podctl" down web
check "netguard check" inside "${vg[@]}" "$BUILD/netguard" check
check "netguard table" inside "${vg[@]}" "$BUILD/netguard" table
check "netguard status" inside "${vg[@]}" "$BUILD/netguard" status
inside docker run --rm --network pods probe try -t 100 tcp 10.88.1.1 1 > /dev/null
daemon=$(netguard_pid)
kill "$daemon"
wait_for 30 not kill -0 "$daemon"
check_equal "the daemon's life: no leak, no invalid access" "" "$(grep -E '^==[0-9]+==' "$SANDBOX/netguard.log")"
check "netguard remove" inside "${vg[@]}" "$BUILD/netguard" remove

note "RssAnon"
netguard_start
daemon=$(netguard_pid)
rss() { awk '/^RssAnon/ {print $2}' "/proc/$daemon/status"; }
inside docker create --name churn --network pods probe > /dev/null
churn() { inside sh -c "set -e; for i in \$(seq $1); do docker start churn && docker kill churn; done" > /dev/null; }
check "$starts container starts and stops" churn "$starts"
first=$(rss)
check "$starts more" churn "$starts"
second=$(rss)
note "RssAnon $first KiB after $starts starts, $second KiB after $((starts * 2))"
check "under 3 MiB after $starts starts and stops" test "$first" -lt 3072
# buffers reach their sizes at some time: a few pages; a leak of a start would be seen
check "no higher after $((starts * 2))" test "$second" -le $((first + 160))
e2e_end

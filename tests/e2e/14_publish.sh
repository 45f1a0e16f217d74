#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The first time that a port is published. STARTS (20) new containers by `docker run -p`, each with a port that
# never was any container's, while the outside asks for it each few milliseconds, by TCP and UDP, IPv4 and IPv6:
# nothing arrives, or of a few where the start was faster than the guard (docs/faults.md). A port of the whitelist answers all along, and without the table all of them do. And what closes
# those ports takes none from a service of the host.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

starts=${STARTS:-20}
first=8101
host6=2001:db8:0:1::10
e2e_begin
put_config <<'END'
port_whitelist:
  80: web
  80/udp: web
END
netguard_start
inside docker pull -q probe > /dev/null

published() { inside nft -j list set inet netguard "$1" | jq -e --argjson p "$3" --arg t "$2" \
	'any(.nftables[].set?.elem[]?; (.elem?.val? // .) as $e | $e.concat == [$t, $p])'; }
closed() { published published_ports "$@"; }
private() { published private_ports "$@"; }
warned() { inside "$BUILD/netguard" status --json | jq -e --arg p "host port $1 " '[.warnings[] | select(contains($p))] | length == 1'; }
made() { # NAME PORT [OPTION...]: docker run, of a server that tells who asked
	local name=$1 port=$2
	shift 2
	inside docker run -d --name "$name" "$@" -p "$port:$port" -p "$port:$port/udp" \
		probe serve -t "tcp:$port" "udp:$port" > /dev/null
}
# asked SECONDS CMD...: CMD, while the outside asks for $port, and so long behind it; $sums: of each of the four ways
# whether it was asked and whether it was answered
asked() {
	local wait=$1 asker
	shift
	# not by a function: $! is to be the probe
	"$SANDBOX_CMD" exec "$SANDBOX" --in outside -- "$PROBE" ask 5 tcp4 tcp 192.0.2.10 "$port" udp4 udp 192.0.2.10 "$port" tcp6 tcp "$host6" "$port" \
		udp6 udp "$host6" "$port" > "$SANDBOX/asked" 2>&1 &
	asker=$!
	wait_for 5 test -s "$SANDBOX/asked" || fail "the outside asks"
	"$@"
	sleep "$wait"
	kill "$asker"
	wait "$asker"
	sums=$(awk '{ s[$2] += $3; a[$2] += $4 } END { for (l in s) print l, (s[l] > 0), (a[l] > 0) }' "$SANDBOX/asked" | sort)
}
arrived() { inside docker logs "$1" 2> /dev/null | awk '{ n += $4 } END { print n + 0 }'; }

note "the whitelist's port, by a pod that is new, too"
port=80
asked 2 made web 80 --label com.docker.compose.project=web
check_equal "whitelisted: each way is asked and answered" $'tcp4 1 1\ntcp6 1 1\nudp4 1 1\nudp6 1 1' "$sums"

note "$starts containers with a port of their own each"
bad='' total=0 opened=0
for ((i = 0; i < starts; i++)); do
	port=$((first + i))
	asked 1.2 made "new$i" "$port" || { fail "new$i starts"; break; }
	n=$(arrived "new$i")
	total=$((total + n))
	[ "$n" = 0 ] || opened=$((opened + 1))
	[ "$sums" = $'tcp4 1 0\ntcp6 1 0\nudp4 1 0\nudp6 1 0' ] || bad+=" port $port: ${sums//$'\n'/, };"
done
note "arrived: $total, in $opened of the starts"
check_equal "each way is asked, none is answered" "" "$bad"
# on an idle machine: none
check "nothing arrives, but where a busy machine kept the guard from running" test "$opened" -le $((starts / 5))

note "a container that is never started, and services of the host"
"$SANDBOX_CMD" exec "$SANDBOX" -- "$PROBE" serve tcp:7100 udp:7100 tcp:7101 udp:7101 > /dev/null 2>&1 &
service=$!
wait_for 5 inside "$PROBE" try tcp 127.0.0.1 7101
inside docker create --name idle -p 7100:80 -p 7100:80/udp -p 7102:80 -p 127.0.0.1:7101:80 -p 127.0.0.1:7103:80 \
	probe sleep > /dev/null
check "a port that nobody has is closed at once" wait_for 2 closed tcp 7102
check "... that of a loopback address is private" wait_for 2 private tcp 7103
check "... and status says so" warned 7102/tcp
for p in tcp udp; do
	flow open outside $p 192.0.2.10 7100 "a service of the host has it"
	flow open outside $p "$host6" 7100 "a service of the host has it"
done
flow open user:bob tcp 192.0.2.10 7101 "a service of the host has it"
check "... and no set has its ports" not eval 'closed tcp 7100 || closed udp 7100 || private tcp 7101'

"$SANDBOX_CMD" exec "$SANDBOX" -- "$PROBE" serve tcp:7102 tcp:7103 > /dev/null 2>&1 &
later=$!
check "a service that begins later is closed for a moment only" wait_for 4 not closed tcp 7102
check "... and for its users" wait_for 4 not private tcp 7103
flow open outside tcp "$host6" 7102 "a service that began later"
check "... which is no warning any more" not warned 7102/tcp
netguard_stop KILL
netguard_start
check "... nor after a restart of netguard" not closed tcp 7102
# a host that knows of none of it, and containers of before
netguard_stop
inside rm -f /var/lib/netguard/state.json
inside docker create --name older -p 7104:80 -p 7100:80 probe sleep > /dev/null
netguard_start
check "made while netguard was away: closed" wait_for 2 closed tcp 7104
sleep 0.3
check "... but for the host's service" not closed tcp 7100
flow open outside tcp 192.0.2.10 7100 "a service of the host has it"

inside docker stop -t 0 new0 > /dev/null
check "one that has stopped holds its port" closed tcp "$first"
inside sh -c 'echo "guard: { log_denied: true }" >> /etc/netguard.yml'
sleep 1.5
check "... also when the configuration has changed" closed tcp "$first"
inside docker rm -f older idle new0 > /dev/null
check "removed: its port is free" wait_for 2 not closed tcp 7104
check "... also that of one that had run" wait_for 2 not closed tcp "$first"
kill "$service" "$later"

note "to compare: without the table"
netguard_stop
inside "$BUILD/netguard" remove
port=8200
asked 2 made last 8200
check_equal "each way is asked and answered" $'tcp4 1 1\ntcp6 1 1\nudp4 1 1\nudp6 1 1' "$sums"
check "... and arrives" test "$(arrived last)" -gt 0
e2e_end

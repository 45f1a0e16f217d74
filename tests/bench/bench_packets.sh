#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What netguard's table costs packets: from the world to a published port of a container, with the
# table of 1, 100 and 10,000 members, against the same Docker without it. Connections a second, small
# datagrams a second and MiB a second, each state in turn, medians and ratios. The table is what the
# daemon had installed, loaded again by nft with more members in it.
#
#   tests/bench/bench_packets.sh [ROUNDS [MS]]
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh
rounds=${1:-9} ms=${2:-700}
PACKETS=$BUILD/tests/bench/packets

e2e_begin
put_config <<'END'
mount_root: /srv/pods
network_name: pods
port_whitelist: { 80: web, 81: web, 80/udp: web }
guard: { allowed_users: [root], host_ports: [53/udp] }
END
netguard_start
inside docker pull -q probe > /dev/null
inside docker run -d --name web --network pods -p 80:80 -p 81:81 -p 80:80/udp probe sleep > /dev/null
nsenter --net="/proc/$(container_pid web)/ns/net" -- "$PACKETS" serve 80 > "$SANDBOX/served" 2>&1 &
server=$!
wait_for 5 grep -q ready "$SANDBOX/served"
# what the daemon keeps, as text; without it anybody may load it
inside sh -c 'for i in $(seq 50); do nft list set inet netguard published4 | grep -q elements && break; sleep 0.1; done
	{ nft list table inet netguard; nft list table bridge netguard; } | grep -v "flags owner" > /run/table.nft'
netguard_stop
check "the table is taken away" inside "$BUILD/netguard" remove
for n in 100 10000; do
	awk -v n="$n" 'BEGIN {
		for (i = 0; i < n; i++) {
			a = sprintf("10.99.%d.%d", i / 250, i % 250 + 1)
			m = sprintf("02:42:0a:63:%02x:%02x", i / 250, i % 250 + 1)
			v = sprintf("veth%d", i)
			members = members s "\"br-pods\" . " a " comment \"pod" i "\""
			uids = uids s a " . " 2000 + i % 500 " comment \"pod" i "\""
			published = published s a " . tcp . 80 comment \"pod" i "\""
			ports = ports s v " comment \"pod" i "\""
			macs = macs s v " . " m " comment \"pod" i "\""
			addresses = addresses s v " . " m " . " a " comment \"pod" i "\""
			s = ", "
		}
		print "add element inet netguard members4 { " members " }"
		print "add element inet netguard pod_uids4 { " uids " }"
		print "add element inet netguard published4 { " published " }"
		print "add element bridge netguard ports { " ports " }"
		print "add element bridge netguard macs { " macs " }"
		print "add element bridge netguard addresses4 { " addresses " }"
	}' | put_file "/run/more.$n.nft"
done
# state none|1|100|10000
state() {
	inside sh -ec 'nft delete table inet netguard 2> /dev/null || :; nft delete table bridge netguard 2> /dev/null || :
		[ "$1" = none ] || nft -f /run/table.nft
		[ ! -e "/run/more.$1.nft" ] || nft -f "/run/more.$1.nft"' sh "$1"
}
for s in none 1 100 10000; do check "state $s" state "$s"; done
check_equal "10,000 members are in the table" 10001 \
	"$(inside nft -j list set inet netguard members4 | jq '[.nftables[].set?.elem? // [] | length] | add')"
figures=
for _ in $(seq "$rounds"); do
	for s in none 1 100 10000; do
		state "$s"
		for what in connect small bulk; do
			port=$([ $what = bulk ] && echo 81 || echo 80)
			n=$(outside "$PACKETS" $what 192.0.2.10 "$port" "$ms") || fail "$what with $s"
			figures+="$what.$s $n"$'\n'
		done
		inside conntrack -F 2> /dev/null
	done
done
median() { awk -v n="$1" '$1 == n { print $2 }' <<< "$figures" | sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] + 0 }'; }
for what in connect small bulk; do
	note "$what: $(for s in none 1 100 10000; do printf '%s %s  ' "$s" "$(median "$what.$s")"; done)"
	bar=$([ $what = bulk ] && echo 0.99 || echo 0.98)
	for s in 1 100 10000; do
		ratio=$(awk "BEGIN { printf \"%.3f\", $(median "$what.$s") / $(median "$what.none") }")
		check "$what, $s members against no table: $ratio, at least $bar" awk "BEGIN { exit !($ratio >= $bar) }"
	done
done
kill "$server" 2> /dev/null
e2e_end

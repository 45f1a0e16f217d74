#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What netguard's table costs packets: from the world to a published port of a container, with the
# table of 1 to 10,000 members, against the same host and the same rules of Docker without it; and
# against what others do, a rule or a chain for each container.
#
# The engine, its rules, the container and the table are real; then as many hosts are made like this
# one as there are contenders, each with its own table, and packets go through them in turn: with one
# process at both ends, and (programs.*, of which only the first and the last are told) with two.
# full.*: Docker with as many containers that publish a port, without the table and with it.
# between.*: from one container to another of its bridge and pod, which the host routes for netguard.
#
# Docker (before 28) loads br_netfilter, which then looks at each packet of a bridge. netguard has no
# need of it, and its package switches it off: so it is on for all but guard.*, full.guard.* and
# plain, which is Docker without table and without it. shown is netguard where somebody needs it on.
#
#   tests/bench/bench_packets.sh [TURNS]
#   PLOT=FILE.svg: a drawing of them, by gnuplot
#   WITHOUT=TEXT: guard.less is guard.10000 without the rules that have this text: what they cost
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh
turns=${1:-200}
guarded=(1 10 100 1000 10000)
others=(rules.10 rules.100 rules.1000 chains.10 chains.100 chains.1000 chains.10000)

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
work=$SANDBOX/packets
mkdir -p "$work"
# the host: its bridge, the container's port and addresses, Docker's rules, the table
inside docker inspect web | jq -r '.[0] | [.NetworkSettings.Networks.pods | .IPAddress, .Gateway, .MacAddress] | @tsv' > "$work/container"
read -r address gateway mac < "$work/container"
bridge=$(inside ip -j route get "$address" | jq -r '.[0].dev')
port=$(inside ls "/sys/class/net/$bridge/brif" | head -n 1)
inside sh -c 'for i in $(seq 50); do nft list set inet netguard published4 | grep -q elements && break; sleep 0.1; done
	nft list set bridge netguard addresses4' > "$work/look"
inside sh -c 'nft list table inet netguard; nft list table bridge netguard' | grep -v "flags owner" |
	# nft does not list what it takes for granted, and would load less than there is
	sed '/^table bridge/,$ { /chain prerouting/,/}/ s/\(pkttype host\|pkttype other\) iifname/\1 ether type ip iifname/ }' > "$work/table.nft"
check "the table is as the daemon has it" grep -q "ether type ip iifname" "$work/table.nft"
check "the container's own port is in the table" grep -q "$port" "$work/look"
inside iptables-save > "$work/docker.rules"
check "Docker's rules publish the port" grep -q "dport 80 -j DNAT" "$work/docker.rules"

# more NUMBER: elements of as many containers beside ours, as the daemon would put them there
more() {
	awk -v n="$1" -v bridge="$bridge" 'BEGIN {
		for (i = 1; i < n; i++) {
			a = sprintf("10.99.%d.%d", i / 250, i % 250 + 1)
			m = sprintf("02:42:0a:63:%02x:%02x", i / 250, i % 250 + 1)
			v = sprintf("veth%d", i)
			members = members s "\"" bridge "\" . " a " comment \"pod" i "\""
			uids = uids s a " . " 2000 + i % 500 " comment \"pod" i "\""
			published = published s a " . tcp . 80 comment \"pod" i "\""
			ports = ports s v " comment \"pod" i "\""
			addresses = addresses s v " . " m " . " a " comment \"pod" i "\""
			s = ", "
		}
		if (n < 2)
			exit
		print "add element inet netguard members4 { " members " }"
		print "add element inet netguard pod_uids4 { " uids " }"
		print "add element inet netguard published4 { " published " }"
		print "add element bridge netguard ports { " ports " }"
		print "add element bridge netguard addresses4 { " addresses " }"
	}'
}

# as others do it: ours is the last of n containers
rules() {
	awk -v n="$1" -v bridge="$bridge" -v ours="$address" 'BEGIN {
		print "table ip guard {\n chain forward { type filter hook forward priority 10\n ct state established,related accept"
		for (i = 1; i <= n; i++)
			print "  oifname \"" bridge "\" ip daddr " (i == n ? ours : sprintf("10.99.%d.%d", i / 250, i % 250 + 1)) " meta l4proto { tcp, udp } th dport { 80, 81 } accept"
		print "  oifname \"" bridge "\" drop\n }\n}"
	}'
}
chains() {
	awk -v n="$1" -v bridge="$bridge" -v ours="$address" 'BEGIN {
		print "table ip guard {"
		for (i = 1; i <= n; i++)
			print " chain c" i " { meta l4proto { tcp, udp } th dport { 80, 81 } accept; drop; }"
		print " chain forward { type filter hook forward priority 10\n ct state established,related accept\n ip daddr vmap {"
		for (i = 1; i <= n; i++)
			print (i == n ? ours : sprintf("10.99.%d.%d", i / 250, i % 250 + 1)) " : goto c" i ","
		print " }\n  oifname \"" bridge "\" drop\n }\n}"
	}'
}
# another container of the same pod beside ours
next=${address%.*}.200
beside() {
	echo "add element inet netguard members4 { \"$bridge\" . $next comment \"web\" }"
	echo "add element inet netguard guarded4 { $next comment \"web\" }"
	echo "add element inet netguard links_any4 { $address . $next comment \"web\", $next . $address comment \"web\" }"
	echo "add element bridge netguard ports { \"vethnext\" comment \"web\" }"
	echo "add element bridge netguard addresses4 { \"vethnext\" . 02:00:00:00:00:c8 . $next comment \"web\" }"
}
for n in "${guarded[@]}"; do { cat "$work/table.nft"; more "$n"; beside; } > "$work/guard.$n.nft"; done
# docker_rules NUMBER: what Docker has for as many containers that publish a port each; ours is in the middle
docker_rules() {
	awk -v n="$1" -v bridge="$bridge" '
		function others(from, to, chain,   i, a) {
			for (i = from; i < to; i++) {
				a = sprintf("10.99.%d.%d", i / 250, i % 250 + 1)
				if (chain == "DNAT")
					print "-A DOCKER ! -i " bridge " -p tcp -m tcp --dport " 20000 + i " -j DNAT --to-destination " a ":80"
				else if (chain == "ACCEPT")
					print "-A DOCKER -d " a "/32 ! -i " bridge " -o " bridge " -p tcp -m tcp --dport 80 -j ACCEPT"
				else
					print "-A POSTROUTING -s " a "/32 -d " a "/32 -p tcp -m tcp --dport 80 -j MASQUERADE"
			}
		}
		function around(chain) { others(1, int(n / 2), chain); print; others(int(n / 2), n, chain) }
		/dport 80 -j DNAT/ && /-p tcp/ { around("DNAT"); next }
		/^-A DOCKER -d .*-p tcp.*dport 80 -j ACCEPT/ { around("ACCEPT"); next }
		/^-A POSTROUTING .*-p tcp.*dport 80 -j MASQUERADE/ { around("MASQUERADE"); next }
		{ print }' "$work/docker.rules"
}
for n in 1000 10000; do
	docker_rules "$n" > "$work/full.none.$n.rules"
	cp "$work/full.none.$n.rules" "$work/full.guard.$n.rules"
	: > "$work/full.none.$n.nft"
	{ cat "$work/table.nft"; more "$n"; } > "$work/full.guard.$n.nft"
done
check "Docker's rules for 10,000 containers" test "$(grep -c "j DNAT" "$work/full.none.10000.rules")" -ge 10000
for o in "${others[@]}"; do "${o%.*}" "${o#*.}" > "$work/$o.nft"; done
: > "$work/none.nft"
: > "$work/plain.nft"
cp "$work/guard.10000.nft" "$work/shown.nft"
less=()
if [ -n "${WITHOUT:-}" ]; then
	less=(guard.less)
	grep -vF -- "$WITHOUT" "$work/guard.10000.nft" > "$work/guard.less.nft"
	check "rules to leave out" not cmp -s "$work/guard.10000.nft" "$work/guard.less.nft"
fi
netguard_stop
names=(none "${guarded[@]/#/guard.}" "${less[@]}" shown plain "${others[@]}" full.{none,guard}.{1000,10000})

# in a mount, pid and network namespace of its own, which ends with all in it
export work address gateway mac bridge port turns next
export PACKETS=$BUILD/tests/bench/packets
unshare -m -p -n --fork --kill-child --mount-proc bash -euo pipefail -c '
	mount -t tmpfs none /run
	mount -t sysfs none /sys
	mkdir /run/netns
	for name in "$@"; do
		for end in client host web next; do ip netns add "$end.$name"; ip -n "$end.$name" link set lo up; done
		ip -n "host.$name" link add world type veth peer name eth0 netns "client.$name"
		ip -n "host.$name" link add "$bridge" type bridge
		ip -n "host.$name" link add "$port" type veth peer name eth0 address "$mac" netns "web.$name"
		ip -n "host.$name" link set "$port" master "$bridge" up
		ip -n "host.$name" link set "$bridge" up
		ip -n "host.$name" address add "$gateway/24" dev "$bridge"
		ip -n "host.$name" link set world up
		ip -n "host.$name" address add 192.0.2.10/24 dev world
		ip netns exec "host.$name" sysctl -qw net.ipv4.ip_forward=1
		ip -n "client.$name" link set eth0 up
		ip -n "client.$name" address add 192.0.2.1/24 dev eth0
		ip -n "web.$name" link set eth0 up
		ip -n "web.$name" address add "$address/24" dev eth0
		ip -n "web.$name" route add default via "$gateway"
		ip -n "host.$name" link add vethnext type veth peer name eth0 address 02:00:00:00:00:c8 netns "next.$name"
		ip -n "host.$name" link set vethnext master "$bridge" up
		ip -n "next.$name" link set eth0 up
		ip -n "next.$name" address add "$next/24" dev eth0
		ip netns exec "host.$name" bridge fdb add 02:6e:67:00:00:01 dev "$bridge" self permanent
		rules=$work/$name.rules
		[ -e "$rules" ] || rules=$work/docker.rules
		ip netns exec "host.$name" iptables-restore < "$rules"
		ip netns exec "host.$name" nft -f "$work/$name.nft"
		case $name in guard.* | full.guard.* | plain) shown=0 ;; *) shown=1 ;; esac
		ip netns exec "host.$name" sysctl -qw net.bridge.bridge-nf-call-{ip,ip6,arp}tables=$shown
	done
	pairs=()
	for name in "$@"; do
		case $name in full.*) continue ;; esac
		pairs+=("/run/netns/client.$name" "/run/netns/web.$name")
	done
	"$PACKETS" connect 192.0.2.10 80 "$turns" 50 "${pairs[@]}" | sed "s,^/run/netns/client,connect,"
	"$PACKETS" small 192.0.2.10 80 "$turns" 150 "${pairs[@]}" | sed "s,^/run/netns/client,small,"
	"$PACKETS" bulk 192.0.2.10 81 "$turns" 20 "${pairs[@]}" | sed "s,^/run/netns/client,bulk,"
	two=("${pairs[@]:0:2}" /run/netns/client.guard.10000 /run/netns/web.guard.10000)
	"$PACKETS" -p connect 192.0.2.10 80 "$turns" 50 "${two[@]}" | sed "s,^/run/netns/client,programs.connect,"
	"$PACKETS" -p small 192.0.2.10 80 "$turns" 5 "${two[@]}" | sed "s,^/run/netns/client,programs.small,"
	"$PACKETS" -p ask 192.0.2.10 80 "$((turns * 2))" 150 "${two[@]}" | sed "s,^/run/netns/client,programs.ask,"
	between=()
	for name in none plain guard.10000; do between+=("/run/netns/next.$name" "/run/netns/web.$name"); done
	for unit in connect small bulk; do
		"$PACKETS" $unit "$address" 80 "$turns" 50 "${between[@]}" | sed "s,^/run/netns/next,between.$unit,"
	done
	for n in 1000 10000; do
		full=("/run/netns/client.full.none.$n" "/run/netns/web.full.none.$n"
			"/run/netns/client.full.guard.$n" "/run/netns/web.full.guard.$n")
		"$PACKETS" connect 192.0.2.10 80 "$turns" 20 "${full[@]}" | sed "s,^/run/netns/client,connect,"
		"$PACKETS" small 192.0.2.10 80 "$turns" 150 "${full[@]}" | sed "s,^/run/netns/client,small,"
	done
' bash "${names[@]}" > "$work/figures" || fail "packets go through all of them"
sed 's/^/# /' "$work/figures"
[ -z "${PLOT:-}" ] || check "drawn" gnuplot -e "figures='$work/figures'; out='$PLOT'" tests/bench/packets.gnuplot
ratio() { awk -v n="$1" '$1 == n { print $3 }' "$work/figures"; }
for what in connect small bulk; do
	bar=$([ $what = bulk ] && echo 0.99 || echo 0.98)
	r=$(ratio "$what.guard.10000")
	check "$what, 10,000 members against Docker without netguard: $r, at least $bar" awk "BEGIN { exit !(${r:-0} >= $bar) }"
	one=$(ratio "$what.guard.1")
	check "... and as many as with 1: $one" awk "BEGIN { exit !(${r:-0} >= ${one:-9} - 0.01) }"
done
for n in 1000 10000; do
	r=$(ratio "connect.full.guard.$n")
	check "connect, $n members that publish a port each, against the same Docker: $r" awk "BEGIN { exit !(${r:-0} >= 0.98) }"
done
r=$(ratio programs.ask.guard.10000)
check "a datagram and its reply between two programs, 10,000 members: $r" awk "BEGIN { exit !(${r:-0} >= 0.98) }"
e2e_end

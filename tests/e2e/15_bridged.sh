#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What containers of one bridge send each other: routed by the host, with br_netfilter or without, so that table inet
# decides. Nothing else goes from one port to another, also where the host is not set up for it, or the daemon away.
#
#   15_bridged.sh [0|1]    with br_netfilter off or on; without argument both
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

if [ $# -eq 0 ]; then
	"$0" 0
	off=$?
	"$0" 1
	exit $((off > 0 || $? > 0))
fi
. tests/e2e/lib.sh

e2e_begin --br-netfilter "$1"
put_config <<'END'
guard: { allowed_users: [root] }
other_containers: { pod_label: test.pod }
END
netguard_start
# as sysctl.d/10-netguard.conf has it
inside sysctl -qw net.ipv4.conf.all.send_redirects=0
inside docker pull -q probe > /dev/null
container() { # NAME POD
	inside docker run -d --name "$1" --network pods --label "test.pod=$2" probe serve tcp:80 udp:80 > /dev/null
	docker_lets_pass
}
bridged() { inside nft -j list counter bridge netguard bridged | jq '[.nftables[].counter? | select(. != null) | .packets][0]'; }
all_ways() { # WANT FROM TO WHAT: TCP and UDP, IPv4 and IPv6
	local proto address
	for proto in tcp udp; do
		for address in "$(container_ip4 "$3")" "$(container_ip6 "$3")"; do
			flow "$1" "container:$2" "$proto" "$address" 80 "$4"
		done
	done
}

for name in one two; do container $name gang; done
container other loner
for name in one two other; do check "$name is guarded" wait_for 5 is_guarded $name; done

note "what passes is routed by the host, what does not is denied there"
inside nft -f - <<'END'
table inet watch {
	counter between { }
	chain forward {
		type filter hook forward priority -10
		iifname "br-pods" oifname "br-pods" counter name "between"
	}
}
END
between() { inside nft -j list counter inet watch between | jq '[.nftables[].counter? | select(. != null) | .packets][0]'; }
before=$(between)
all_ways open one two "of one pod"
check "the host has routed it" test "$(($(between) - before))" -ge 8
for proto in tcp udp; do
	for address in "$(container_ip4 other)" "$(container_ip6 other)"; do
		flow_counted container_to_container silent container:one $proto "$address" 80 "of another pod"
	done
done
in_net one ping -c 1 -W 2 -t 1 "$(container_ip4 two)" > "$SANDBOX/ping" 2>&1
check "a packet of one hop ends at the host" grep -q "Time to live exceeded" "$SANDBOX/ping"
check_equal "which tells nobody of a shorter way" 0 \
	"$(inside awk '/^Icmp:/ && n++ { for (i in name) if (name[i] == "OutRedirects") print $i; exit }
		/^Icmp:/ { for (i = 1; i <= NF; i++) name[i] = $i }' /proc/net/snmp)"

note "a network without a way out"
inside docker network create --internal inner > /dev/null
for name in in1 in2; do
	inside docker run -d --name $name --network inner --label test.pod=gang probe serve tcp:80 udp:80 > /dev/null
done
inside docker run -d --name in3 --network inner --label test.pod=loner probe serve tcp:80 > /dev/null
docker_lets_pass
for name in in1 in2 in3; do check "$name is guarded" wait_for 5 is_guarded $name; done
for proto in tcp udp; do flow open container:in1 $proto "$(container_ip4 in2)" 80 "of one pod"; done
flow_counted container_to_container silent container:in1 tcp "$(container_ip4 in3)" 80 "of another pod"
flow denied container:in1 tcp 192.0.2.1 7777 "outside"
inside docker rm -f in1 in2 in3 > /dev/null

note "what is for all on a bridge comes to the host, and to no other container"
heard_by=()
for name in two other; do
	nsenter --net="/proc/$(container_pid $name)/ns/net" -- "$PROBE" hear 4242 > "$SANDBOX/hear.$name" 2>&1 &
	heard_by+=($!)
done
inside "$PROBE" hear 4242 > "$SANDBOX/hear.host" 2>&1 &
sleep 0.3
to_all() { # DEVICE WORD FROM...
	local address
	for address in 10.88.1.255 255.255.255.255 224.0.0.1; do
		"${@:3}" python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[3].encode())
s.sendto(sys.argv[2].encode(), (sys.argv[1], 4242))' "$address" "$2" "$1"
	done
	sleep 0.3
}
before=$(bridged)
to_all eth0 fromone in_net one
check "none came to another container, of its pod or not" not grep -q fromone "$SANDBOX"/hear.{two,other}
check "... and that is counted" test "$(bridged)" -gt "$before"
to_all br-pods fromhost inside
for name in two other; do check "$name hears the host" grep -q fromhost "$SANDBOX/hear.$name"; done

note "a bridge that does not know the host's MAC: closed"
inside bridge fdb del 02:6e:67:00:00:01 dev br-pods self || fail "the entry was there"
before=$(bridged)
for proto in tcp udp; do flow silent container:one $proto "$(container_ip4 two)" 80 "without the entry"; done
check "... and that is counted" test "$(bridged)" -gt "$before"
flow open user:root tcp "$(container_ip4 two)" 80 "what is routed anyway"
kill -HUP "$(netguard_pid)"
knows_host() { inside bridge fdb show br br-pods | grep -q "02:6e:67:00:00:01 dev br-pods .*permanent"; }
check "a reload puts it back" wait_for 5 knows_host
flow open container:one tcp "$(container_ip4 two)" 80 "with it again"

note "another bridge, of other programs, while the daemon runs and while it does not"
inside ip link add lxcbr0 type bridge
inside ip link set lxcbr0 up
guest() { # NUMBER
	inside sh -c 'ip netns add "guest$1" && ip link add "vethg$1" type veth peer name eth0 netns "guest$1" &&
		ip link set "vethg$1" master lxcbr0 up && ip -n "guest$1" link set eth0 up &&
		ip -n "guest$1" addr add "10.77.0.$1/24" dev eth0' sh "$1"
}
known() { inside nft list set bridge netguard other_ports | grep -q "vethg$1\""; }
guest_reaches() { inside ip netns exec "guest$1" ping -c 1 -W 1 "10.77.0.$2" > /dev/null; }
guest 1
guest 2
for i in 1 2; do check "the port of guest $i is known" wait_for 5 known $i; done
check "guests reach each other" guest_reaches 1 2
kill -STOP "$(netguard_pid)"
check "... also where the daemon is away" guest_reaches 2 1
guest 3
guest 4
check "a new one reaches those that are known" guest_reaches 3 1
check "two new ones reach each other when it is back" not guest_reaches 3 4

note "containers that it has not heard of"
for name in new1 new2; do container $name gang; done
all_ways silent new1 new2 "both are new"
all_ways silent new1 one "one is new"
all_ways silent one new1 "the other is"
in_net new1 arping -c 1 -w 1 -I eth0 "$(container_ip4 one)" > "$SANDBOX/arping" 2>&1
check "nor does its ARP pass" not grep -q "reply from" "$SANDBOX/arping"
kill -CONT "$(netguard_pid)"
for i in 3 4; do check "the port of guest $i is known" wait_for 5 known $i; done
check "then guests reach each other" guest_reaches 3 4
for name in new1 new2; do check "$name is guarded" wait_for 5 is_guarded $name; done
# who was asked for in vain is asked for again a second later only
for name in one new1 new2; do in_net $name ip neigh flush dev eth0; done
all_ways open new1 new2 "of one pod"
all_ways open new1 one "of one pod"

note "the control: without the tables"
netguard_stop
inside "$BUILD/netguard" remove > /dev/null
to_all eth0 unguarded in_net one
for name in two other; do check "$name hears what is for all" grep -q unguarded "$SANDBOX/hear.$name"; done
flow open container:one tcp "$(container_ip4 other)" 80 "of another pod"
kill "${heard_by[@]}"
inside ip link del lxcbr0
for i in 1 2 3 4; do inside ip netns del "guest$i"; done
e2e_end

#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A revoked permission ends the flows that it had allowed, at once, and the ones beside them go on.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh
. tests/e2e/lib_flows.sh

e2e_begin --br-netfilter 0
config() { # WHITELIST WEB [GUARD]
	put_config <<END
mount_root: /srv/pods
network_name: pods
port_whitelist: { $1 }
guard: { allowed_users: [root], ${3-} }
pods:
  web: { $2 }
END
}
whitelist="80: web, 81: web"
web="users: [bob, carol], host_ports: [5432, 5433], connect_to: { db: [80, 81] }, direct_ports: [7000, 7001]"
config "$whitelist" "$web"
netguard_start
docker_lets_pass
inside docker pull -q probe > /dev/null
inside docker run -d --name web --network pods -p 80:80 -p 81:81 probe serve tcp:80 tcp:81 tcp:7000 tcp:7001 udp:7100 udp:7101 > /dev/null
inside docker run -d --name db --network pods probe serve tcp:80 tcp:81 > /dev/null
background "$PROBE" serve tcp:5432 tcp:5433
outside "$PROBE" serve tcp:7777 tcp:7778 > /dev/null 2>&1 &
world=$!
web4=$(container_ip4 web) web6=$(container_ip6 web) db4=$(container_ip4 db)
wait_for 5 outside "$PROBE" try tcp 192.0.2.10 80
wait_for 5 inside "$PROBE" try tcp 127.0.0.1 5432

note "from the world: an entry of the whitelist, and a source"
hold world-80 outside 192.0.2.10 80
hold world-81 outside 192.0.2.10 81
hold world6-80 outside 2001:db8:0:1::10 80
hold direct-7000 outside "$web4" 7000
hold direct-7001 outside "$web4" 7001
hold user-80 user:dave 192.0.2.10 80
config "81: web" "$web"
cut world-80 world6-80
goes_on world-81 direct-7000 user-80
config "81: { pod: web, from: [203.0.113.0/24] }" "${web/7000, /}"
cut world-81 direct-7000
goes_on direct-7001
flow denied outside tcp 192.0.2.10 81 "source not in from"

note "docker-proxy on the loopback: a port made private"
config "$whitelist" "$web"
hold lo-bob user:bob 127.0.0.1 80
hold lo-dave user:dave 127.0.0.1 80
hold host-dave user:dave 192.0.2.10 80
config "80: { pod: web, host_users: pod }, 81: web" "$web"
cut lo-dave host-dave
goes_on lo-bob

note "users, ports of the host, other pods, the world"
config "$whitelist" "$web"
hold bob user:bob "$web4" 7000
hold carol user:carol "$web4" 7000
hold carol6 user:carol "$web6" 7000
hold root user:root "$web4" 7000
hold to-5432 container:web 10.88.1.1 5432
hold to-5433 container:web 10.88.1.1 5433
hold db-80 container:web "$db4" 80
hold db-81 container:web "$db4" 81
hold out-7777 container:web 192.0.2.1 7777
hold out-7778 container:web 192.0.2.1 7778
# two users' datagrams; root's socket at the same port of the host has nothing to do with carol's
background "$PROBE" serve udp:7100
wait_for 5 inside "$PROBE" try udp 127.0.0.1 7100
datagrams=()
datagrams() { # USER PORT
	"$SANDBOX_CMD" exec "$SANDBOX" --user "$1" -- bash -c \
		'exec 3<> "/dev/udp/$1/$2"; while :; do echo x >&3; sleep 0.5; done' datagrams "$web4" "$2" > /dev/null 2>&1 &
	datagrams+=($!)
	wait_for 10 is_known "$2"
}
udp_id() { inside conntrack -L -o id -p udp -d "$web4" --dport "$1" 2> /dev/null | grep -o 'id=.*'; }
is_known() { [ -n "$(udp_id "$1")" ]; }
is_forgotten() { [ -z "$(udp_id "$1")" ]; }
datagrams carol 7100 || fail "carol sends datagrams"
datagrams root 7101 || fail "root sends datagrams"
root_id=$(udp_id 7101)
config "$whitelist" "users: [bob], host_ports: [5433], connect_to: { db: [81] }, egress: [\"192.0.2.0/24:7778/tcp\"]"
cut carol carol6 to-5432 db-80 out-7777
goes_on bob root to-5433 db-81 out-7778
check "carol's datagrams are forgotten" wait_for 8 is_forgotten 7100
check_equal "... root's are not" "$root_id" "$(udp_id 7101)"
kill "${datagrams[@]}"
check "the log says so" grep -q 'flows\? ended that' "$SANDBOX/netguard.log"

note "datagrams by docker-proxy, of a container that speaks without being asked"
inside docker network create --ipv6=false --subnet 10.90.0.0/24 -o com.docker.network.bridge.name=br-four four > /dev/null
for port in 8200 8201; do
	inside docker run -d --name "chatter-$port" --network four --label com.docker.compose.project=chatter \
		-p "$port:$port/udp" probe sleep > /dev/null
	in_net "chatter-$port" python3 tests/e2e/files/chatter.py serve "$port" > "$SANDBOX/chatter" 2>&1 &
	datagrams+=($!)
done
config "$whitelist, 8200-8201/udp: chatter" "$web"
is_up() { [ "$(tail -n 1 "$SANDBOX/ask.$1")" = up ]; }
is_silent() { [ "$(tail -n 5 "$SANDBOX/ask.$1" | sort -u)" = silent ]; }
ask() { # PORT WHERE COMMAND...: from there
	"${@:3}" python3 "$REPO/tests/e2e/files/chatter.py" ask "$([ "$2" = world ] && echo 2001:db8:0:1::10 || echo 10.88.1.1),$1" \
		> "$SANDBOX/ask.$2-$1" 2>&1 &
	datagrams+=($!)
	check "$2-$1: the datagrams begin" wait_for 5 is_up "$2-$1"
}
for port in 8200 8201; do
	ask $port world "$SANDBOX_CMD" exec "$SANDBOX" --in outside --
	ask $port container nsenter --net="/proc/$(container_pid web)/ns/net" --
done
config "$whitelist, 8201/udp: chatter" "$web"
for from in world container; do
	check "$from-8200: cut" wait_for 5 is_silent $from-8200
	check "$from-8201: goes on" is_up $from-8201
done
kill "${datagrams[@]}" 2> /dev/null
inside docker rm -f chatter-8200 chatter-8201 > /dev/null

note "a permission that is given back"
config "$whitelist" "$web"
hold again user:carol "$web4" 7000
goes_on again bob db-81 out-7778

note "all pods, and then none"
config "$whitelist" "" "pod_to_pod: allow"
hold allow container:db "$web4" 7000
config "$whitelist" ""
cut allow
goes_on root

note "a bridge that was not guarded becomes so"
config "$whitelist" "$web" "container_interfaces: [docker0]"
# the first begins only when that is in force: what began before would be ended by it
hold before-host container:db 10.88.1.1 5432
hold before-5432 container:web 10.88.1.1 5432
hold before-carol user:carol "$web4" 7000
hold before-dave user:dave "$web4" 7000
config "$whitelist" "$web"
cut before-host before-dave
goes_on before-5432 before-carol

note "a connection that was forgotten is not picked up in the middle"
hold middle container:db 192.0.2.1 7777
before=$(counter midstream)
inside conntrack -D -s "$db4" > /dev/null 2>&1
cut middle
check "it is counted" test "$(counter midstream)" -gt "$before"
flow open container:db tcp 192.0.2.1 7777 "a new one"

note "while no descriptor is left none can be ended: as soon as there is one again"
hold later user:carol "$web4" 7000
pid=$(netguard_pid) free=0
while [ -e "/proc/$pid/fd/$free" ]; do free=$((free + 1)); done
descriptors() { inside setpriv --reuid _netguard --regid _netguard --clear-groups prlimit --pid "$pid" "$@"; }
limits=$(descriptors --nofile --output SOFT,HARD --noheadings --raw)
check "none is left" descriptors "--nofile=$free:${limits#* }"
may_connect() { inside nft get element inet netguard pod_uids4 "{ $web4 . $(inside id -u carol) }"; }
check "she may" may_connect
inside docker rename web aside
check "she may no more" wait_for 5 not may_connect
goes_on later
check "there are some again" descriptors "--nofile=${limits% *}:${limits#* }"
cut later
inside docker rename aside web
check "web is itself again" wait_for 5 may_connect

note "a container that is gone"
hold gone outside 192.0.2.10 80
inside docker rm -f web > /dev/null
cut gone
not_known() { ! grep -q "$1" <<< "$(inside conntrack -L 2> /dev/null)"; }
check "nothing of it is left" wait_for 8 not_known "$web4"
flows_end "$world"
e2e_end

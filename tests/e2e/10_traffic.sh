#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Real packets: who reaches whom, on a network of its own and on both families. Each denial stands
# beside the same flow allowed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

# br_netfilter off: netguard switches its bridges on itself, or pods would reach each other at layer 2
e2e_begin --br-netfilter 0
put_config <<'END'
mount_root: /srv/pods
network_name: pods
port_whitelist:
  80: web
  8080: { pod: web, host_users: pod }
  8443: { pod: web, from: [192.0.2.1, "2001:db8:0:1::1"] }
  53/udp: web
  9000: web
guard:
  allowed_users: [root, traefik]
  host_ports: [5354/udp]
pods:
  web:
    users: [bob]
    host_ports: [5432/tcp]
END
inside mkdir -p /srv/pods
netguard_start
put_file /root/web.yml <<'END'
publish: ["80:80", "8080:8080", "8443:8443", "53:53/udp"]
containers:
  app:
    image: probe
    command: [serve, "tcp:80", "tcp:8080", "tcp:8443", "tcp:7000", "udp:53", "udp:7000"]
END
cat <<'END' | put_file /root/db.yml
containers:
  app:
    image: probe
    command: [serve, "tcp:80", "tcp:7000", "udp:7000"]
END
check "podctl makes the pod web" podctl /root/web.yml
check "podctl makes the pod db" podctl /root/db.yml
# by hand, past the whitelist; and one that takes a port which the whitelist gives to web
inside docker pull -q probe > /dev/null
inside docker run -d --name rogue --network pods -p 9999:80 probe serve tcp:80 tcp:7000 > /dev/null
inside docker run -d --name thief --network pods -p 9000:80 probe serve tcp:80 > /dev/null
background "$PROBE" serve tcp:5432 tcp:5433 udp:5354 udp:5353 tcp:22

web4=$(container_ip4 web) web6=$(container_ip6 web)
db4=$(container_ip4 db) db6=$(container_ip6 db)
rogue4=$(container_ip4 rogue)
note "web $web4 $web6, db $db4 $db6"
wait_for 5 inside "$PROBE" try tcp "$web4" 80
wait_for 5 inside "$PROBE" try tcp 127.0.0.1 5432

note "host users to a container's own address: by uid"
for to in "$web4" "$web6"; do
	for proto in tcp udp; do
		flow open user:root $proto "$to" 7000 "allowed uid"
		flow open user:traefik $proto "$to" 7000 "allowed uid"
		flow open user:bob $proto "$to" 7000 "pod's uid"
		flow_counted host_to_container refused user:carol $proto "$to" 7000 "stranger"
	done
done
for to in "$web4" "$web6"; do
	from_port() { "$SANDBOX_CMD" exec "$SANDBOX" --user "$1" -- "$PROBE" try -p 40001 udp "$to" 7000 > /dev/null; }
	check "datagrams from a port of bob's to $to" from_port bob
	check "... are carol's no longer when the port is hers" not from_port carol
	check "... and bob's again" from_port bob
done
flow denied user:bob tcp "$db4" 7000 "pod's uid to another pod"
flow open user:traefik tcp "$db4" 7000 "allowed uid to another pod"

note "host users to published ports: public ones for all, private ones for the pod's users"
for to in 192.0.2.10 10.88.1.1 127.0.0.1 ::1 2001:db8:0:1::10; do
	flow open user:carol tcp $to 80 "public published port"
	flow open user:bob tcp $to 8080 "private port, pod's uid"
	flow open user:traefik tcp $to 8080 "private port, allowed uid"
	flow_counted host_to_container refused user:carol tcp $to 8080 "private port, stranger"
done

note "containers to the host: only the ports that are named"
for gateway in 10.88.1.1 192.0.2.10 fd88:0:0:1::1 2001:db8:0:1::10; do
	flow open container:web tcp $gateway 5432 "pod's host port"
	flow open container:web udp $gateway 5354 "everybody's host port"
	flow open container:db udp $gateway 5354 "everybody's host port"
	flow_counted container_to_host silent container:web tcp $gateway 5433 "other host port"
	flow_counted container_to_host silent container:db tcp $gateway 5432 "another pod's host port"
	flow silent container:web udp $gateway 5353 "other host port"
done
note "broadcast and link-local reach host sockets too"
flow_broadcast() {
	local pid word
	pid=$(container_pid web)
	word=$(nsenter --net="/proc/$pid/ns/net" -- "$PROBE" try -b udp "$2" "$3")
	case $1:$word in
	open:open* | silent:silent*) pass "container -> $2 $3/udp is ${word%% *}" ;;
	*) fail "container -> $2 $3/udp: wanted $1, got $word" ;;
	esac
}
flow_broadcast silent 10.88.1.255 5353
flow_broadcast silent 255.255.255.255 5353
flow_broadcast open 10.88.1.255 5354

note "the world: whitelisted ports, from where they may come"
for to in 192.0.2.10 2001:db8:0:1::10; do
	flow open outside tcp $to 80 "whitelisted"
	flow open outside tcp $to 8443 "whitelisted, source in from"
	flow_counted world_to_container denied outside tcp $to 9999 "published by hand"
	flow denied outside tcp $to 9000 "web's port, published by another pod"
done
flow open outside udp 192.0.2.10 53 "whitelisted"
flow silent outside:198.51.100.7 tcp 192.0.2.10 8443 "source not in from"
flow open outside:198.51.100.7 tcp 192.0.2.10 80 "no from: any source"
flow open user:root tcp 127.0.0.1 9999 "the same published port, from the host"
flow open user:root tcp "$rogue4" 80 "the same container, allowed uid"

note "the world: a container's own address, routed"
# (Docker drops most of these before us, but lets a published port at its own address pass)
flow_counted world_to_container denied outside tcp "$web4" 80 "routed, a published port at its own address"
flow denied outside tcp "$web4" 7000 "routed"
flow denied outside tcp "$web6" 7000 "routed"
flow denied outside udp "$web4" 7000 "routed"

note "pods among themselves, on one bridge"
flow denied container:web tcp "$db4" 7000 "another pod"
flow denied container:db tcp "$web6" 7000 "another pod"
flow open container:db tcp 192.0.2.10 80 "another pod's whitelisted port by the host's address"
pid_app=$(container_pid web.app)
check "containers of a pod share its network" \
	test "$(readlink "/proc/$pid_app/ns/net")" = "$(readlink "/proc/$(container_pid web)/ns/net")"

note "a table that admins can read back"
check "what nft lists loads again" table_reloads
check "netguard's log has the denial of a container" \
	grep -qE 'container_to_host: pod web .*5433/tcp' "$SANDBOX/netguard.log"
check "netguard's log names the user who was denied" \
	grep -qE 'host_to_container: user carol' "$SANDBOX/netguard.log"

note "the daemon is stopped: what it does not know reaches nothing and is reached by nobody"
netguard_stop
inside docker run -d --name unknown --network pods -p 8081:80 probe serve tcp:80 tcp:7000 > /dev/null
unknown4=$(container_ip4 unknown)
unknown6=$(container_ip6 unknown)
flow denied user:bob tcp "$unknown4" 7000 "unknown"
flow denied user:carol tcp "$unknown6" 7000 "unknown"
flow denied outside tcp "$unknown4" 7000 "unknown, routed"
flow denied outside tcp 192.0.2.10 8081 "unknown, published"
flow denied container:unknown udp 10.88.1.1 5354 "unknown to everybody's host port"
flow denied container:unknown tcp 192.0.2.1 7777 "unknown to the world"
flow denied container:unknown tcp "$web4" 80 "unknown to a pod"
flow denied container:web tcp "$unknown4" 80 "a pod to an unknown"
flow open user:bob tcp "$web4" 7000 "known before: still right"
flow denied user:carol tcp "$web4" 7000 "known before: still right"
flow open outside tcp 192.0.2.10 80 "known before: still right"
background_outside=
outside "$PROBE" serve tcp:7777 > /dev/null 2>&1 &
background_outside=$!
wait_for 3 outside "$PROBE" try tcp 192.0.2.1 7777
flow denied container:unknown tcp 192.0.2.1 7777 "unknown to a server in the world"
flow open container:web tcp 192.0.2.1 7777 "known to the same server"
netguard_start
flow open container:unknown tcp 192.0.2.1 7777 "the daemon is back: now known"
flow open container:unknown udp 10.88.1.1 5354 "the daemon is back: now known"
kill "$background_outside" 2> /dev/null
e2e_end

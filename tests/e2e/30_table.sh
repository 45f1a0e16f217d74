#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The table at every moment: closed before there is an engine, edited, restarted, killed, tampered
# with, removed. What nft lists must always load again.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin --no-engine
config() {
	put_config <<END
mount_root: /srv/pods
network_name: pods
port_whitelist: { $1 }
guard: { allowed_users: [root] }
END
}
config '80: web'
listed() { inside nft list table inet netguard; }
members() { inside nft -j list set inet netguard members4 | jq '[.nftables[].set?.elem? // [] | .[]] | length'; }
whitelisted() { grep -qE "tcp \. $1( |,|\$)" <<< "$(inside nft list set inet netguard port_whitelist)"; }
# without what changes by itself: counters, and how nft 1.0.6 writes the flags of a table with an owner
no_counters() { sed -E 's/packets [0-9]+ bytes [0-9]+/packets N bytes N/g; /^\tflags /d; s/ # progname .*//'; }

note "before there is an engine"
inside sh -c 'echo $$ > /run/netguard.pid; exec "$@" >> "$0" 2>&1' "$SANDBOX/netguard.log" "$BUILD/netguard" run &
check "the table is there without an engine" wait_for 5 inside nft list table inet netguard
check "it loads again" table_reloads
check_equal "no member yet" 0 "$(members)"
check_status "status says that the engine is away" 0 'engine' inside "$BUILD/netguard" status
"$SANDBOX_CMD" engine "$SANDBOX" start
check "the engine comes: connected" wait_for 10 netguard_ready
inside docker network inspect pods > /dev/null 2>&1 || inside docker network create --ipv6 \
	--subnet 10.88.1.0/24 --subnet fd88:0:0:1::/64 -o com.docker.network.bridge.name=br-pods pods > /dev/null

note "members come and go with containers"
inside docker pull -q probe > /dev/null
for i in 1 2 3; do inside docker run -d --name "c$i" --network pods probe > /dev/null; done
check_equal "three members" 3 "$(members)"
inside docker rm -f c3 > /dev/null
check_equal "two members" 2 "$(wait_for 2 test "$(members)" = 2; members)"
c1=$(container_ip4 c1)
check "a member's comment names its pod" grep -q 'comment "c1"' <<< "$(listed)"
check "it loads again" table_reloads

note "the file is edited"
check "the port is on the whitelist" whitelisted 80
config '81: web'
check "renamed over: in force at once" wait_for 1 whitelisted 81
check "... and the old one gone" not whitelisted 80
printf 'port_whitelist: { 80: web, 80: db }\n' | put_config
sleep 0.3
check "an invalid file changes nothing" whitelisted 81
check "... and is reported with its place" grep -qE 'netguard.yml:1:[0-9]+: ' "$SANDBOX/netguard.log"
inside sh -c 'printf "port_whitelist: { 82: web }\n" > /etc/netguard.yml'
check "written in place: in force at once" wait_for 1 whitelisted 82
config '83: web'
check "netguard reload, as root" inside "$BUILD/netguard" reload
check "... in force" whitelisted 83
check_status "reload as somebody else is refused" 1 'root|permi' as bob "$BUILD/netguard" reload
check_status "status as somebody else is not" 0 'engine' as bob "$BUILD/netguard" status
check "it loads again" table_reloads

note "restart, kill, tamper"
before=$(listed | no_counters)
netguard_stop
check_equal "after SIGTERM the table stands" "$before" "$(listed | no_counters)"
flow denied user:carol tcp "$c1" 80 "daemon stopped: stranger"
flow open user:root tcp "$c1" 80 "daemon stopped: root"
handles=$(inside nft -a list table inet netguard | grep -c handle)
netguard_start
check_equal "adopted: not a rule is new" "$handles" "$(inside nft -a list table inet netguard | grep -c handle)"
check "the log says adopted" grep -qi adopt "$SANDBOX/netguard.log"
netguard_stop KILL
flow denied user:carol tcp "$c1" 80 "daemon killed: stranger"
inside docker rm -f c2 > /dev/null
netguard_start
check_equal "killed, container gone, started: true again" 1 "$(members)"
inside nft flush ruleset
inside nft delete table inet netguard 2> /dev/null
check "flushed or deleted by somebody: there at once" wait_for 1 inside nft list table inet netguard
check_equal "... with its members" 1 "$(wait_for 1 test "$(members)" = 1; members)"
flow denied user:carol tcp "$c1" 80 "after the flush: stranger"
flow open user:root tcp "$c1" 80 "after the flush: root"

note "the engine goes and comes"
"$SANDBOX_CMD" engine "$SANDBOX" stop
check "stopped: the table stands" inside nft list table inet netguard
"$SANDBOX_CMD" engine "$SANDBOX" start
check "started again: connected" wait_for 10 netguard_ready
inside docker run -d --name c4 --network pods probe > /dev/null
check "... and followed" grep -q 'comment "c4"' <<< "$(listed)"

note "check, table, remove"
check_status "check of a good file" 0 'web' inside "$BUILD/netguard" check
printf 'port_whitelist: { 80: web }\nguard: { allowed_users: [nosuchuser] }\nfoo: 1\n' | put_file /root/bad.yml
check_status "check of a bad file, all of it" 1 'bad.yml:3:1: .*foo' inside "$BUILD/netguard" check /root/bad.yml
check "netguard table loads" inside sh -c '"$1" table > /run/t.nft && unshare -n nft -c -f /run/t.nft' sh "$BUILD/netguard"
check_equal "netguard table is what nft lists" "$(listed | no_counters | grep comment | sort)" \
	"$(inside unshare -n sh -c '"$1" table | nft -f - && nft list table inet netguard' sh "$BUILD/netguard" | no_counters | grep comment | sort)"
netguard_stop
check "remove takes the table away" inside "$BUILD/netguard" remove
check "... all of it" not inside sh -c 'nft list tables | grep -q netguard'
e2e_end

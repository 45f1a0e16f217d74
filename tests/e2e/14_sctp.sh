#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Ports over SCTP, which docker-proxy takes at the host's own address: the whitelist can't allow them, so they are closed.
# Packets by hand (files/sctp.py), since not every kernel has SCTP: what reaches a raw socket of the host would reach
# docker-proxy's. So no container runs here; one that was created holds its ports as one that runs does.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

host6=2001:db8:0:1::10
heard=
sctp() { python3 "$REPO/tests/e2e/files/sctp.py" "$@"; }
from_outside() { outside python3 "$REPO/tests/e2e/files/sctp.py" send "$@"; }
user() { inside python3 "$REPO/tests/e2e/files/sctp.py" -u "$1" send "${@:2}"; }
# came CMD...: what reached the host of what CMD sends, one word a packet: CHUNK:PORT. Behind it goes one to 9999, which
# nobody publishes: when that has come, the rest has too, or never will.
control_came() { grep -q 'init .* 9999' <<< "$(tail -n "+$1" "$heard")"; }
came() {
	local before
	before=$(wc -l < "$heard")
	"$@" || echo "could not send"
	from_outside init 5000 "$host6" 9999
	wait_for 5 control_came $((before + 1)) || echo "the control did not come"
	tail -n +$((before + 1)) "$heard" | awk '$3 != 9999 && $1 != "init-ack" { print $1 ":" $3 }' | sort | xargs
}
has() { grep -qE "$2" <<< "$(inside nft list set inet netguard "$1")"; }
status() { inside "$BUILD/netguard" status; }

e2e_begin
put_config <<'END'
port_whitelist: { 9000: box } # over TCP
guard: { allowed_users: [traefik] }
pods: { box: { users: [bob] } }
END
netguard_start
inside docker pull -q probe > /dev/null
heard=$SANDBOX/heard
inside python3 "$REPO/tests/e2e/files/sctp.py" hear > "$heard" 2>&1 &
wait_for 5 grep -q ready "$heard" || fail "a raw socket hears"
# a service over TCP has nothing to do with a port over SCTP
background "$PROBE" serve tcp:9001
wait_for 5 inside "$PROBE" try tcp 127.0.0.1 9001

all() { # CHUNK SOURCE-PORT: over both families
	from_outside "$1" "$2" 192.0.2.10 9000 9001 && from_outside "$1" "$2" "$host6" 9000 9001
}
local_users() { user 1234 init 5100 127.0.0.1 9002 && user 1235 init 5101 ::1 9002 && user 1001 init 5102 ::1 9002; }

note "nobody publishes them: they come, and a connection is made of those to 9000"
check_equal "each comes" "init:9000 init:9000 init:9001 init:9001" "$(came all init 5001)"
check_equal "... and what follows on the answer" "cookie-echo:9000 cookie-echo:9000 cookie-echo:9001 cookie-echo:9001" \
	"$(came all cookie-echo 5001)"
check_equal "users of the host reach a port of the loopback" "init:9002 init:9002 init:9002" "$(came local_users)"

note "a container publishes them"
inside docker create --name box -p 9000:7/sctp -p 9001:7/sctp -p 127.0.0.1:9002:7/sctp probe sleep > /dev/null
for port in 9000 9001 9002; do check "port $port is in the table" wait_for 2 has published_ports "sctp . $port"; done
check "... that of the loopback as private" has private_ports "sctp . 9002"
before=$(counter world_to_container)
check_equal "none comes" "" "$(came all init 5002)"
check_equal "... and they are counted" 4 "$(($(counter world_to_container) - before))"
check "... and in the log, with their ports" wait_for 3 grep -qE "world_to_container: 192.0.2.1:5002 -> 192.0.2.10:9000/sctp" \
	"$SANDBOX/netguard.log"
check_equal "what began before is ended: it does not go on" "" "$(came all cookie-echo 5001)"
check_equal "the private port is for the pod's user and those who may all" "init:9002 init:9002" "$(came local_users)"
check_status "status tells, and why" 0 "^warning: host port 9000/sctp is published by box .*port_whitelist can't allow SCTP: closed" status
flow open outside tcp "$host6" 9001 "the service over TCP"

note "the table as netguard prints it, and as nft does"
check_status "netguard table names the protocol" 0 "sctp \. 9000" inside "$BUILD/netguard" table
check "what nft lists loads again" table_reloads
check_equal "nothing was put back" 0 "$(inside "$BUILD/netguard" status --json | jq .table.put_back)"

note "the daemon is away, and back"
netguard_stop KILL
check_equal "none comes meanwhile" "" "$(came all init 5003)"
netguard_start
check_equal "... nor behind it" "" "$(came all init 5004)"
check "... as it was remembered" inside grep -q '"proto":"sctp"' /var/lib/netguard/state.json

note "the table is taken away, and the daemon started again"
netguard_stop
inside "$BUILD/netguard" remove
check_equal "each comes" "init:9000 init:9000 init:9001 init:9001" "$(came all init 5006)"
netguard_start
check_equal "what began meanwhile does not go on" "" "$(came all cookie-echo 5006)"

note "the container is removed"
inside docker rm box > /dev/null
check "no set has its ports" wait_for 2 not has published_ports sctp
check_equal "each comes again" "init:9000 init:9000 init:9001 init:9001" "$(came all init 5005)"
check_equal "... and of all users" "init:9002 init:9002 init:9002" "$(came local_users)"
e2e_end

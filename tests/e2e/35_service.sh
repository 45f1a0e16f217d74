#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the daemon says to systemd, and what it takes from there: the watchdog is fed by the loop, and only while the
# kernel holds the table that is wanted; reload by signal; the socket that owns the table outlives the daemon in the
# descriptor store, so that nobody changes the table meanwhile. tests/e2e/files/service.py stands for systemd.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
put_config <<'END'
mount_root: /srv/pods
network_name: pods
guard: { allowed_users: [root] }
END
inside mkdir -p /srv/pods
LOG=$SANDBOX/service.log
unit_folders
relay_start

service_start() { # [--store] CMD...
	inside sh -c 'rm -f /run/netguard.pid; log=$1; shift; exec "$@" >> "$log" 2>&1' sh "$SANDBOX/netguard.log" \
		python3 "$REPO/tests/e2e/files/service.py" "$@" &
	wait_for 20 netguard_ready || { fail "the service starts"; sed "s/^/#   /" "$SANDBOX/netguard.log" "$LOG"; exit 1; }
}
service_stop() {
	kill "$(inside cat /run/service.pid)"
	wait "$1"
}
said() { grep -c "^$1" "$LOG"; }
more_than() { [ "$(said "$1")" -gt "$2" ]; }
fed() { # NAME: it is fed, three times more
	check "$1: the watchdog is fed" wait_for 20 more_than WATCHDOG=1 $(($(said WATCHDOG=1) + 2))
}
starves() { # NAME: in the time of five meals it gets none; one may have been on its way
	local before
	sleep 0.3
	before=$(said WATCHDOG=1)
	sleep 1
	check_equal "$1: the watchdog is not fed" "$before" "$(said WATCHDOG=1)"
}
owned() { inside "$BUILD/netguard" status --json | jq .table.owned; }
listed() { inside nft -a list table inet netguard | grep -c .; }

# what Docker itself denies must not look like our work
inside iptables -I DOCKER-USER -j ACCEPT
inside docker run -d --name web --network pods "$(inside docker pull -q probe)" serve tcp:80 > /dev/null
web4=$(container_ip4 web)
answers() { [[ $(probe_from outside tcp "$web4" 80) == open* ]]; }
check "without the guard, the container is reached" wait_for 20 answers

note "the table's owner goes on living with systemd"
service_start --store "$LOG" "${as_unit[@]}" "$BUILD/netguard" run
service=$!
check_equal "ready, once" 1 "$(said READY=1)"
check_equal "the socket is given into the store, before that" "FDSTORE=1 FDNAME=table (1 descriptors) READY=1 (0 descriptors)" \
	"$(grep -v WATCHDOG "$LOG" | head -n 2 | tr '\n' ' ' | sed 's/ $//')"
check_equal "it owns the table" true "$(owned)"
check_equal "behind its filter" 2 "$(awk '$1 == "Seccomp:" { print $2 }' "/proc/$(netguard_pid)/status")"
flow denied outside tcp "$web4" 80 "the guard is there"
handle_of() { inside nft -a list table inet netguard | sed -n '1s/ progname .*//p'; }
handle=$(handle_of)
first=$(netguard_pid)
inside touch /run/service.hold
kill -KILL "$first"
check "killed" wait_for 10 more_than ended 0
check "... the table is listed" inside nft list table inet netguard
check "... and nobody changes it: flush ruleset" inside sh -c 'nft flush ruleset; [ "$(nft list table inet netguard | wc -l)" -gt 50 ]'
check_status "... delete table" 1 'Operation not permitted|No such file' inside nft delete table inet netguard
flow denied outside tcp "$web4" 80 "... and it guards"
inside rm /run/service.hold
check "the next one is ready" wait_for 20 more_than READY=1 1
check "... and another process" test "$(netguard_pid)" != "$first"
wait_for 20 netguard_ready
check_equal "... which owns the same table" "true $handle" "$(owned) $(handle_of)"

note "reload by signal"
put_config <<'END'
mount_root: /srv/pods
network_name: pods
guard: { allowed_users: [root, bob] }
END
kill -HUP "$(netguard_pid)"
reloaded() { grep -A 9 '^RELOADING=1 MONOTONIC_USEC=[0-9]' "$LOG" | grep '^READY=1'; }
check "it says when it begins, and when it is done" wait_for 10 reloaded

note "a loop that hangs"
fed "in order"
pid=$(netguard_pid)
kill -STOP "$pid"
starves "it hangs"
kill -CONT "$pid"
fed "it goes on"
"$SANDBOX_CMD" engine "$SANDBOX" stop
engine_away() { [ "$(inside "$BUILD/netguard" status --json | jq -r .engine.state)" != up ]; }
check "an engine that is away" wait_for 20 engine_away
fed "... is no fault of the table"
"$SANDBOX_CMD" engine "$SANDBOX" start
service_stop "$service"
check_equal "it ended when it was told to" 1 "$(said STOPPING=1)"

note "a table that is wrong: somebody else owns one in its place"
inside "$BUILD/netguard" remove
# as on kernels where nobody owns tables, so that it can be taken
service_start "$LOG" "${as_unit[@]}" "$BUILD/tests/e2e/lib_plain_run"
service=$!
check_equal "behind its filter, too" 2 "$(awk '$1 == "Seccomp:" { print $2 }' "/proc/$(netguard_pid)/status")"
fed "its own table"
mkfifo "$SANDBOX/owner"
inside nft -i < "$SANDBOX/owner" > "$SANDBOX/owner.out" 2>&1 &
owner=$!
exec 9> "$SANDBOX/owner"
# one transaction each: in between the daemon may be faster, so until it has happened
taken() {
	printf 'delete table inet netguard\nadd table inet netguard { flags owner; }\n' >&9
	sleep 0.1
	[ "$(inside nft list table inet netguard | grep -c 'flags owner')" = 1 ]
}
check "the table is another's" wait_for 20 taken
starves "the table is wrong"
check "... which is said" wait_for 10 grep -q 'watchdog is not told that all is well' "$SANDBOX/netguard.log"
exec 9>&-
wait "$owner"
back() { [ "$(listed)" -gt 50 ]; }
check "he is gone: the table is back" wait_for 20 back
fed "and right"
check "... which is said" grep -q 'watchdog is told again' "$SANDBOX/netguard.log"
service_stop "$service"
e2e_end

#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A name service that does not answer, as one that is started behind the network at boot: the table is there all the
# same, closed, and the users come into it when it answers. A table that is there keeps them meanwhile. One that stops
# answering later holds up nothing but the names that are new.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
put_slow_names || exit 1
put_config <<'END'
network_name: pods
guard: { allowed_users: [root, stranger] }
pods:
  web: { users: [bob] }
END
start() { # [WRAPPER...]: in the background, as it is not ready before the name service answers
	inside sh -c 'echo $$ > /run/netguard.pid; export LD_LIBRARY_PATH=$1; shift; log=$1; shift; exec "$@" >> "$log" 2>&1' sh \
		"$SANDBOX/nss" "$SANDBOX/netguard.log" "$@" "${NETGUARD:-$BUILD/netguard}" run &
}
there() { inside nft list table inet netguard; }
may() { inside nft get element inet netguard allowed_uids '{ 0 }'; }

inside docker run -d --name web --network pods "$(inside docker pull -q probe)" serve tcp:80 > /dev/null
docker_lets_pass
web4=$(container_ip4 web)
flow open outside tcp "$web4" 80 "without the guard"
flow open user:bob tcp "$web4" 80 "without the guard"

note "at boot"
inside touch /run/slow
start
check "the table is there while names are asked for" wait_for 5 there
flow silent outside tcp "$web4" 80 "closed"
flow denied user:bob tcp "$web4" 80 "nobody is known"
check_status "and the daemon still waits" 1 'not running|No such file|refused' inside "$BUILD/netguard" status
inside rm /run/slow
check "then it is ready" wait_for 10 netguard_ready
check "web is guarded" wait_for 5 is_guarded web
flow open user:bob tcp "$web4" 80 "known now"
flow silent outside tcp "$web4" 80 "closed"

note "where there is a table"
netguard_stop
inside touch /run/slow
start
sleep 1
check "who may still may" may
flow open user:bob tcp "$web4" 80 "as before"
inside rm /run/slow
check "it is ready again" wait_for 10 netguard_ready
netguard_stop

note "a module that nobody needed at the start"
# as a daemon that root has started does not: its groups are asked of all modules
inside chown -R _netguard: /run/netguard /var/lib/netguard
relay_start
put_config <<'END'
guard: { allowed_users: [root] }
END
start "${as_unit[@]}"
check "it is ready" wait_for 10 netguard_ready
put_config <<'END'
guard: { allowed_users: [root, lena] }
END
lena_is_in() { inside nft get element inet netguard allowed_uids '{ 1235 }'; }
check "a user of that module is found" wait_for 3 lena_is_in
netguard_stop

# ---- while it runs ----

LOG=$SANDBOX/service.log
: > "$SANDBOX/netguard.log"
service_start() { # as systemd does, with a watchdog; which is only told of here
	inside sh -c 'rm -f /run/netguard.pid; export LD_LIBRARY_PATH=$1; shift; log=$1; shift; exec "$@" >> "$log" 2>&1' sh \
		"$SANDBOX/nss" "$SANDBOX/netguard.log" python3 "$REPO/tests/e2e/files/service.py" --store "$LOG" \
		"${NETGUARD:-$BUILD/netguard}" run &
	service=$!
	check "it is ready" wait_for 20 netguard_ready
}
said() { grep -c "^$1" "$LOG"; }
logged() { grep -c "$1" "$SANDBOX/netguard.log"; }
more_than() { [ "$(said "$1")" -gt "$2" ]; }
fed() { check "the watchdog is fed: $1" wait_for 5 more_than WATCHDOG=1 $(($(said WATCHDOG=1) + 2)); }
# a question that is not answered counts as no answer
status_json() { inside timeout 2 "$BUILD/netguard" status --json; }
warned() { status_json | jq -e --arg w "$1" '.warnings | map(select(test($w))) | length == 1'; }
not_warned() { status_json | jq -e --arg w "$1" '.warnings | map(select(test($w))) | length == 0'; }
guarded() { status_json | jq -e --arg n "$1" '[.pods[][] | select(.name == $n)][0].guard == "guarded"'; }
forgotten() { status_json | jq -e --arg n "$1" '[.pods[][]? | select(.name == $n)] == []'; }
has() { inside nft list set inet netguard "$1" | grep -qE "$2"; }
# in_force NAME CMD...: within a second
in_force() { local name=$1; shift; check "$name: within a second" wait_for 1 "$@"; }
config() { # PORT USERS
	put_config <<-END
		network_name: pods
		port_whitelist: { $1: web }
		guard: { allowed_users: [root, stranger] }
		pods:
		  web: { users: [$2] }
	END
}
quick() { # NAME: containers come and go
	inside docker run -d --name "$1" --network pods probe serve tcp:80 > /dev/null
	in_force "$1 is guarded" guarded "$1"
	docker_lets_pass
	flow silent outside tcp "$(container_ip4 "$1")" 80 "$1"
	inside docker rm -f "$1" > /dev/null
	in_force "$1 is forgotten" forgotten "$1"
}

note "while it runs: the configuration changes"
config 80 bob
service_start
daemon=$(netguard_pid)
check_equal "behind its filter" 2 "$(awk '$1 == "Seccomp:" { print $2 }' "/proc/$daemon/status")"
flow open user:bob tcp "$web4" 80 "at the start"
flow denied user:carol tcp "$web4" 80 "at the start"
inside touch /run/slow
config 81 'bob, lena, "@lost"'
in_force "what needs no name" has port_whitelist 'tcp \. 81'
flow open user:bob tcp "$web4" 80 "who was known"
flow denied user:carol tcp "$web4" 80 "who is not known yet"
quick first
check "the status tells who is not known" warned 'user lena is not known yet, and denied'
check "... the group, too" warned 'group lost is not known yet'
check "... and, after a while, why" wait_for 10 warned 'name service does not answer'
fed "while names are asked for"
quick second

note "... again and again"
for i in {1..10}; do
	config $((100 + i)) "bob, lena, u$i"
	in_force "change $i" has port_whitelist "tcp \\. $((100 + i)) "
done > "$SANDBOX/changes"
check_equal "10 changes in force, each within a second" 10 "$(grep -c '^ok' "$SANDBOX/changes")"
grep -v '^ok' "$SANDBOX/changes"
for i in {1..10}; do
	kill -HUP "$daemon"
	inside timeout 2 "$BUILD/netguard" reload || echo "reload $i failed"
done > "$SANDBOX/reloads" 2>&1
check_equal "10 reloads are answered" "" "$(cat "$SANDBOX/reloads")"
tasks=("/proc/$daemon/task"/*)
check_equal "one question at most" 2 "${#tasks[@]}"
config 82 lena
in_force "who is not named any more is out" not has pod_uids4 "\\. 1234"
flow denied user:bob tcp "$web4" 80 "not named any more"
config 83 'bob, lena'
in_force "one more change" has port_whitelist 'tcp \. 83'
flow open user:bob tcp "$web4" 80 "named again, and known from before"
quick third
fed "after all that"
check_equal "told once" 1 "$(logged 'name service does not answer')"
check_equal "the daemon is the same" "$daemon" "$(netguard_pid)"

note "... and it answers"
inside rm /run/slow
lena() { [[ $(probe_from user:carol tcp "$web4" 80) == open* ]]; }
check "who is new is let in" wait_for 2 lena
check "the status has no more to say" wait_for 2 not_warned 'name service|not known'
check "... but who does not exist" warned 'user stranger does not exist'
check_equal "told once" 1 "$(logged 'name service answers again')"
no_thread() { tasks=("/proc/$daemon/task"/*); [ ${#tasks[@]} = 1 ]; }
check "nobody asks any more" wait_for 5 no_thread

note "while it runs: nothing changes"
config 84 'bob, lena'
in_force "a change" has port_whitelist 'tcp \. 84'
inside touch /run/slow
told_twice() { [ "$(logged 'name service does not answer')" = 2 ]; }
# who does not exist is looked up again after seconds
check "it is told" wait_for 15 told_twice
flow open user:carol tcp "$web4" 80 "who was known"
quick fourth
fed "while names are looked up again"
config 85 'bob'
in_force "a change" has port_whitelist 'tcp \. 85'
flow denied user:carol tcp "$web4" 80 "not named any more"
check_equal "the daemon is the same" "$daemon" "$(netguard_pid)"

note "it ends while it asks"
kill "$(inside cat /run/service.pid)"
wait "$service"
check_equal "of itself" "ended 0" "$(grep ended "$LOG")"
e2e_end

#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# An engine at another host, whose name is not found in time: the daemon goes on answering, when the time for it is
# over, too, and asks no more often than it tries.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin --no-engine
put_slow_names || exit 1
put_config <<'END'
guard: { allowed_users: [root] }
END
inside sh -c 'echo $$ > /run/netguard.pid; export DOCKER_HOST=tcp://engine.test:2375 LD_LIBRARY_PATH=$1; shift; log=$1; shift
	exec "$@" >> "$log" 2>&1' sh "$SANDBOX/nss" "$SANDBOX/netguard.log" "${NETGUARD:-$BUILD/netguard}" run &
answers() { inside timeout 5 "$BUILD/netguard" status; }
# curl's limit of 30 s, and the next try behind it
tried() { grep -q 'Resolving timed out' "$SANDBOX/netguard.log"; }

check "it answers" wait_for 10 answers
daemon=$(netguard_pid)
inside touch /run/slow
worst=0 past=0
for ((i = 0; i < 150; i++)); do
	at=${EPOCHREALTIME/[.,]/}
	answers > /dev/null || { fail "it answers each time"; break; }
	ms=$(((${EPOCHREALTIME/[.,]/} - at) / 1000))
	[ $ms -le $worst ] || worst=$ms
	if tried && ((++past > 20)); then break; fi
	sleep 0.3
done
check "the time for a name was over" tried
check "each question was answered within a second, the last ones behind that time ($worst ms)" test "$worst" -lt 1000
tasks=("/proc/$daemon/task"/*)
check "two threads that ask, at most" test "${#tasks[@]}" -le 3
inside rm /run/slow
alone() { tasks=("/proc/$daemon/task"/*); [ ${#tasks[@]} = 1 ]; }
check "they end when they are answered" wait_for 5 alone
check_equal "the daemon is the same" "$daemon" "$(netguard_pid)"
netguard_stop
e2e_end

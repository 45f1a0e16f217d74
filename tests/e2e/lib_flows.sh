# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Connections that last, for tests that look at which of them end. Source it after lib.sh.

# hold NAME FROM ADDRESS PORT: a TCP connection that says something ten times a second and wants it back
HOLDS=()
hold() {
	local name=$1 from=$2 cmd=() pid
	case $from in
	outside) cmd=("$SANDBOX_CMD" exec "$SANDBOX" --in outside --) ;;
	user:*) cmd=("$SANDBOX_CMD" exec "$SANDBOX" --user "${from#user:}" --) ;;
	container:*)
		pid=$(container_pid "${from#container:}")
		cmd=(nsenter "--net=/proc/$pid/ns/net" --)
		;;
	esac
	rm -f "$SANDBOX/hold.$name"
	# the edit that allows it may be in force a moment later
	"${cmd[@]}" bash -c 'trap "" PIPE
		for try in {1..50}; do { exec 3<> "/dev/tcp/$1/$2"; } && break; sleep 0.1; done
		while echo x >&3 && read -r -t 2 <&3; do echo up; sleep 0.1; done; echo cut' \
		hold "$3" "$4" > "$SANDBOX/hold.$name" 2> /dev/null &
	HOLDS+=($!)
	wait_for 10 grep -q up "$SANDBOX/hold.$name" || fail "$name: the flow begins"
}
is_cut() { [ "$(tail -n 1 "$SANDBOX/hold.$1")" = cut ]; }
cut() { # NAME...
	local name
	for name in "$@"; do check "$name: cut" wait_for 8 is_cut "$name"; done
}
says_more() { [ "$(wc -l < "$SANDBOX/hold.$1")" -gt $(($2 + 2)) ]; }
goes_on() { # NAME...: it says more than it did
	local name before
	for name in "$@"; do
		before=$(wc -l < "$SANDBOX/hold.$name")
		if wait_for 3 says_more "$name" "$before" && ! is_cut "$name"; then
			pass "$name: goes on"
		else
			fail "$name: was cut"
		fi
	done
}

# flows_end [PID...]: ends all of them, and these processes of the test
flows_end() { kill "$@" "${HOLDS[@]}" 2> /dev/null; }

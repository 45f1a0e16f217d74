#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# selftest.sh: does the sandbox give what it promises, and does it leave nothing behind, however it ends?
# Prints "ok N name" or "not ok N name" lines, then the totals. Needs root. Exits 1 if a test failed.
# Other sandboxes may be alive meanwhile: only what these tests made is looked at.
set -euo pipefail

HERE=$(dirname -- "$(realpath -- "$0")")
sandbox=$HERE/sandbox
work=$(mktemp -d /tmp/sandbox-selftest.XXXXXX)
passed=0 failed=0 skipped=0
made=() # every sandbox seen, for the last look around

cleanup() {
	local dir
	for dir in "${made[@]}"; do
		"$sandbox" down "$dir" >/dev/null 2>&1 || :
	done
	rm -rf -- "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

check() { # NAME CMD...
	local name=$1 n=$((passed + failed + skipped + 1))
	shift
	if "$@" >"$work/out" 2>&1; then
		passed=$((passed + 1))
		echo "ok $n $name"
	else
		failed=$((failed + 1))
		echo "not ok $n $name"
		sed 's/^/# /' "$work/out"
	fi
}

skip() { # NAME REASON
	skipped=$((skipped + 1))
	echo "ok $((passed + failed + skipped)) $1 # SKIP $2"
}

# What the machine itself has. Counters (nf_conntrack_count) and what the kernel lets drift are left out.
machine_state() {
	echo "== ruleset"
	nft list ruleset
	echo "== links"
	ip -o link show
	ip -o addr show | sed 's/ valid_lft.*//'
	ip route show table all
	echo "== sysctl"
	sysctl -a 2>/dev/null | grep -E '^(net|kernel\.keys|kernel\.hostname|fs\.may_detach)' |
		grep -vE 'nf_conntrack_count|stable_secret|random_seed|tcp_fastopen_key|neigh.*time|netdev_rss_key'
	echo "== files"
	stat -c '%n %Z' /etc /etc/passwd /etc/group /etc/resolv.conf /home /srv /var/lib /root /run
	ls -d /var/lib/docker /var/lib/netguard /var/lib/podctl /srv/pods /etc/netguard.yml /run/docker.sock 2>/dev/null || :
	awk '{ print $5 }' /proc/self/mountinfo | grep -v '^/tmp/sandbox' # others may make sandboxes meanwhile
}

same() { # WANTED GOT
	[ "$1" = "$2" ] || { echo "wanted: $1"; echo "got:    $2"; return 1; }
}

# Nothing anywhere still knows the name of that sandbox.
gone() { # DIR
	local name=${1##*/} found=0 n
	[ -n "$name" ] || return 1
	# who was killed with -9 may still be on its way out
	for ((n = 0; n < 20; n++)); do
		if ! grep -lsF "$name" /proc/[0-9]*/mountinfo /proc/[0-9]*/cgroup >/dev/null; then break; fi
		sleep 0.05
	done
	if grep -lsF "$name" /proc/[0-9]*/mountinfo /proc/[0-9]*/cgroup; then found=1; fi
	if find /sys/fs/cgroup "$1" -maxdepth 2 -name "$name" 2>/dev/null | grep .; then found=1; fi
	if grep -lsF "$1" /proc/[0-9]*/cmdline; then found=1; fi # ours has only the names of tests
	if check_clean_mentions "$name"; then found=1; fi
	return "$found"
}

inside() { "$sandbox" exec "$@"; }

try_from_outside() { # WANTED DIR PROTOCOL ADDR PORT
	local got
	got=$(inside "$2" --in outside "$2/probe" try -t 1000 "$3" "$4" "$5") || :
	same "$1" "${got% *}"
}

proxied() { inside "$1" ss -Hltnp sport = :8080 | grep docker-proxy; } # DIR

# A container's server needs a moment after `docker run` returned.
wait_served() { # DIR CONTAINER
	local n
	for ((n = 0; n < 50; n++)); do
		if inside "$1" docker logs "$2" 2>/dev/null | grep -q ready; then return; fi
		sleep 0.05
	done
	return 1
}

wait_file() { # FILE
	local n
	for ((n = 0; n < 400; n++)); do
		[ ! -s "$1" ] || return 0
		sleep 0.05
	done
	echo "no $1"
	return 1
}

# ---- two at once ----

up_both() {
	local a b
	"$sandbox" up >"$work/a" & a=$!
	"$sandbox" up --proxy off --br-netfilter 0 >"$work/b" & b=$!
	wait "$a" && wait "$b"
}

test_two() {
	local A B
	check "two sandboxes come up at once" up_both
	A=$(cat "$work/a") B=$(cat "$work/b")
	made+=("$A" "$B")
	check "up prints only the directory" test -d "$A" -a -d "$B"
	local S name
	for S in "$A" "$B"; do
		name=$([ "$S" = "$A" ] && echo first || echo second)
		check "$name: pulls busybox through the mirror" inside "$S" docker pull -q busybox:latest
		check "$name: runs a container" same hello "$(inside "$S" docker run --rm busybox echo hello 2>&1)"
		check "$name: publishes a port" inside "$S" docker run -d --name web -p 8080:8080 -p 53:53/udp probe
		check "$name: its server is up" wait_served "$S" web
		check "$name: outside reaches it by IPv4" try_from_outside open "$S" tcp 192.0.2.10 8080
		check "$name: outside reaches it by UDP" try_from_outside open "$S" udp 192.0.2.10 53
	done
	check "outside reaches it by IPv6" try_from_outside open "$A" tcp 2001:db8:0:1::10 8080
	check "outside has a route to the containers" inside "$A" --in outside ip route get 10.88.0.2
	check "docker-proxy serves the port" proxied "$A"
	check "--proxy off: no docker-proxy" fails proxied "$B" # dockerd itself holds the port
	check "a container in the network pods" inside "$A" docker run --rm --network pods busybox true
	test_machine_untouched "while two are up"
	test_host "$A"
	test_engine "$A"
	if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then
		check "--br-netfilter 0" same 0 "$(inside "$B" cat /proc/sys/net/bridge/bridge-nf-call-iptables)"
	else
		skip "--br-netfilter 0" "no br_netfilter in the kernel"
	fi
	check "check-clean knows the living" fails check_clean_mentions "$A|$B"
	check "down of the first" "$sandbox" down "$A"
	check "nothing left of the first" gone "$A"
	check "the second is unharmed" inside "$B" docker exec web probe try tcp 127.0.0.1 8080
	check "down of the second" "$sandbox" down "$B"
	check "nothing left of the second" gone "$B"
	check "down again does no harm" "$sandbox" down "$B"
}

test_host() { # DIR
	local S=$1 id
	check "users are real" same "uid=1236(dave) gid=1236(dave) groups=1236(dave),2001(webteam)" \
		"$(inside "$S" --user dave id)"
	# shellcheck disable=SC2016 # for the inner shell
	check "homes" same "/home/bob bob 1234" \
		"$(inside "$S" --user bob sh -c 'echo "$HOME $USER $(stat -c %u ~)"')"
	check "exit status is passed on" same 7 "$(inside "$S" sh -c 'exit 7' || echo $?)"
	check "input and output are passed on" same "a b" "$(echo "a b" | inside "$S" cat)"
	check "arguments are passed on" same "[a b][][*]" "$(inside "$S" printf '[%s]' 'a b' '' '*')"
	check "starts where the caller is" same "$HERE" "$(cd "$HERE" && inside "$S" pwd)"
	check "hostname" same host1 "$(inside "$S" hostname)"
	for id in /etc /srv/pods /home /root /var/lib/netguard /var/log /etc/sudoers.d /run; do
		check "$id is writable and private" private_path "$S" "$id"
	done
	check "down from inside is refused" fails inside "$S" "$sandbox" down "$S"
	check "user may not reach the engine" fails inside "$S" --user bob docker ps
}

fails() { ! "$@"; }

# Others may make sandboxes meanwhile, so its exit status says nothing about ours.
check_clean_mentions() { # DIR|DIR...
	{ "$sandbox" check-clean || :; } | grep -E "${1//\/tmp\//}"
}

private_path() { # DIR PATH
	inside "$1" touch "$2/sandbox-selftest" && [ ! -e "$2/sandbox-selftest" ]
}

test_engine() { # DIR
	local S=$1
	check "engine stop" "$sandbox" engine "$S" stop
	check "engine is stopped" fails inside "$S" docker ps
	check "engine start" "$sandbox" engine "$S" start
	check "engine kill" "$sandbox" engine "$S" kill
	check "engine start at once after kill" "$sandbox" engine "$S" start
	check "engine restart" "$sandbox" engine "$S" restart
	check "network pods is still there" inside "$S" docker network inspect pods
}

# ---- every way to end ----

# Runs `sandbox run` with a container and a command that reports the directory, then waits.
run_in_background() { # CMD-PREFIX...
	: >"$work/dir"
	# shellcheck disable=SC2016 # for the inner shell
	"$@" "$sandbox" run -- bash -c '
		"$1" exec "$SANDBOX" docker run -d busybox sleep 1000 >/dev/null
		"$1" exec "$SANDBOX" --in outside sleep 1000 &
		echo "$SANDBOX" >"$2"
		"$1" exec "$SANDBOX" sleep 1000' bash "$sandbox" "$work/dir" >"$work/run.log" 2>&1 &
	runner=$!
	wait_file "$work/dir" || return
	made+=("$(cat "$work/dir")")
}

ends_with() { # STATUS
	local rc=0
	wait "$runner" || rc=$?
	same "$1" "$rc"
}

test_run() {
	local rc=0
	"$sandbox" run --no-engine -- sh -c "echo \$SANDBOX >$work/dir; exit 9" || rc=$?
	check "run: exit status of the command" same 9 "$rc"
	check "run: nothing left" gone "$(cat "$work/dir")"
	check "run -- false fails" fails "$sandbox" run -- false
	check "run: reads our input" same hi "$(echo hi | "$sandbox" run --no-engine -- cat)"
}

test_signals() {
	local signal status
	for signal in INT TERM; do
		status=$([ "$signal" = INT ] && echo 130 || echo 143)
		# background commands of a script ignore SIGINT, so have it reset
		run_in_background env --default-signal=INT
		kill -s "$signal" "$runner"
		check "run ended by SIG$signal" ends_with "$status"
		check "SIG$signal: nothing left" gone "$(cat "$work/dir")"
	done
}

test_kill() {
	run_in_background env
	local dir
	dir=$(cat "$work/dir")
	kill -KILL "$runner"
	wait "$runner" 2>/dev/null || :
	check "kill -9 of run: check-clean tells" fails "$sandbox" check-clean
	check "kill -9 of run: down cleans up" "$sandbox" down "$dir"
	check "kill -9 of run: nothing left" gone "$dir"
}

finds_lost() { # TEXT...; of the last sandbox made
	local text
	{ "$sandbox" check-clean || :; } |
		sed -n "/^${made[-1]##*/} is no/,/ is no live/p" >"$work/lost"
	for text; do
		grep -F "$text" "$work/lost" || { echo "no $text in:"; cat "$work/lost"; return 1; }
	done
}

# Somebody removed the directory by hand: processes and cgroups are found without it.
test_lost_directory() {
	local dir
	dir=$("$sandbox" up)
	made+=("$dir")
	inside "$dir" docker run -d busybox sleep 1000 >/dev/null 2>&1
	umount -n --lazy --recursive "$dir/ns"
	rm -rf -- "$dir"
	check "lost directory: check-clean tells" check_clean_mentions "$dir"
	check "lost directory: its processes are found" finds_lost dockerd containerd-shim "sleep 1000"
	check "lost directory: down cleans up" "$sandbox" down "$dir"
	check "lost directory: nothing left" gone "$dir"
}

# kill -9 of `up` at many moments, then `down`.
test_kill_up() {
	local pause dir pid
	for pause in 0.03 0.06 0.1 0.15 0.2 0.3 0.4 0.6; do
		# its own directory for mktemp is not possible, so learn it from the owner file
		"$sandbox" up >"$work/up" 2>/dev/null &
		pid=$!
		sleep "$pause"
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
		dir=$(grep -ls "^$pid " /tmp/sandbox.*/owner || :)
		dir=${dir%/owner}
		# it may have been done already: then it said where, and the sandbox has no owner
		[ -n "$dir" ] || dir=$(cat "$work/up")
		if [ -z "$dir" ]; then
			skip "kill -9 of up after $pause s" "too early to have made anything"
			continue
		fi
		made+=("$dir")
		check "kill -9 of up after $pause s: down cleans up" "$sandbox" down "$dir"
		check "kill -9 of up after $pause s: nothing left" gone "$dir"
	done
}

test_failing_up() {
	local point
	for point in images namespaces network engine; do
		check "up that fails at $point says so" fails env "SANDBOX_FAIL_AT=$point" "$sandbox" up
		check "up that failed at $point left nothing" gone "$(grep -om1 '/tmp/sandbox\.[A-Za-z0-9]*' "$work/out")"
	done
	check "up with a bad dockerd argument fails" fails "$sandbox" up --dockerd-arg --no-such-thing
	check "down refuses what is no sandbox" fails "$sandbox" down /tmp
}

test_machine_untouched() { # WHEN
	machine_state >"$work/after"
	check "machine is as before $1" diff "$work/before" "$work/after"
}

if [ "$(id -u)" -ne 0 ]; then
	skip "everything" "needs root"
else
	mkdir -p "${XDG_CACHE_HOME:-/var/cache}/netguard-sandbox"
	machine_state >"$work/before"
	test_two
	test_run
	test_signals
	test_kill
	test_lost_directory
	test_kill_up
	test_failing_up
	check "check-clean finds nothing of ours" fails check_clean_mentions "$(IFS='|'; echo "${made[*]}")"
	test_machine_untouched "after all"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]

# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What end-to-end tests share: a sandbox with netguard and podctl inside, flows of real packets,
# and TAP lines. Source it, call e2e_begin, end with e2e_end.
#
# Nothing here may pass because something did not run: a probe that could not be started is a
# failure, never a denial.

REPO=$(realpath -- "$(dirname "${BASH_SOURCE[0]}")/../..")
BUILD=$(realpath -- "${BUILD:-$REPO/build}")
SANDBOX_CMD=$REPO/tests/sandbox/sandbox
PROBE=$REPO/build/sandbox/probe
TEST_N=0
TEST_FAILED=0

pass() { TEST_N=$((TEST_N + 1)); echo "ok $TEST_N - $*"; }
fail() { TEST_N=$((TEST_N + 1)); TEST_FAILED=$((TEST_FAILED + 1)); echo "not ok $TEST_N - $*"; }
skip() { TEST_N=$((TEST_N + 1)); echo "ok $TEST_N - $1 # SKIP $2"; }
note() { echo "# $*"; }

# check NAME CMD...: passes when CMD succeeds; what it says is shown when it does not
check() {
	local name=$1 out status
	shift
	out=$("$@" 2>&1)
	status=$?
	if [ "$status" -eq 0 ]; then
		pass "$name"
	else
		fail "$name"
		printf '%s\n' "$out" "exit status $status" | tail -n 40 | sed 's/^/#   /'
	fi
}

# check_status NAME STATUS PATTERN CMD...: the exit status, and PATTERN (grep -E) in what it says
check_status() {
	local name=$1 want=$2 pattern=$3 out status
	shift 3
	out=$("$@" 2>&1)
	status=$?
	if [ "$status" -eq "$want" ] && grep -qE -- "$pattern" <<< "$out"; then
		pass "$name"
	else
		fail "$name"
		printf '%s\n' "wanted status $want and /$pattern/, got status $status:" "$out" |
			tail -n 40 | sed 's/^/#   /'
	fi
}

# check_equal NAME WANT GOT
check_equal() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1"
		diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | head -n 40 | sed 's/^/#   /'
	fi
}

inside() { "$SANDBOX_CMD" exec "$SANDBOX" -- "$@"; }
outside() { "$SANDBOX_CMD" exec "$SANDBOX" --in outside -- "$@"; }
as() { local user=$1; shift; "$SANDBOX_CMD" exec "$SANDBOX" --user "$user" -- "$@"; }

# background CMD...: runs inside, ended with the sandbox; $! is its pid
background() { inside "$@" > "$SANDBOX/background.log" 2>&1 & }

# wait_for SECONDS CMD...: in real time, since $SECONDS may tick a moment after it was read
wait_for() {
	local end=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
	shift
	until "$@" > /dev/null 2>&1; do
		[ "${EPOCHREALTIME/[.,]/}" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# e2e_begin [sandbox options]: a sandbox of this test's own, taken down whatever happens. With E2E_REMAP set
# the engine maps the containers' users to others of the host: ROOT_UID is what root of a container is there.
ROOT_UID=${E2E_REMAP:+200000}
ROOT_UID=${ROOT_UID:-0}
e2e_begin() {
	[ "$(id -u)" = 0 ] || { fail "end-to-end tests need root"; exit 1; }
	SANDBOX=$("$SANDBOX_CMD" up ${E2E_REMAP:+--userns-remap} "$@") || { fail "make a sandbox"; exit 1; }
	export SANDBOX
	trap e2e_cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

e2e_cleanup() {
	trap - EXIT
	# what a build for coverage reached is written when the program ends by itself
	if [ -e "$BUILD/obj/netguard/main.gcno" ]; then
		local pid
		pid=$(netguard_pid 2> /dev/null)
		if [ -n "$pid" ] && [ "$(readlink "/proc/$pid/exe")" = "$BUILD/netguard" ]; then
			kill -TERM "$pid" && wait_for 10 not kill -0 "$pid"
		fi
	fi
	if ! "$SANDBOX_CMD" down "$SANDBOX" >&2; then
		fail "nothing is left of the sandbox"
	fi
	[ "$TEST_FAILED" -eq 0 ] || exit 1
}

e2e_end() { exit $((TEST_FAILED > 0)); }

# put_config: /etc/netguard.yml in the sandbox from standard input (by rename, as an editor does)
put_config() {
	inside sh -c 'cat > /etc/netguard.yml.new && chmod 644 /etc/netguard.yml.new &&
		mv /etc/netguard.yml.new /etc/netguard.yml'
}

# put_slow_names: tests/e2e/files/nss_slow.c is asked for names in the sandbox by who has $SANDBOX/nss in LD_LIBRARY_PATH
put_slow_names() {
	mkdir -p "$SANDBOX/nss"
	check "a name service" cc -shared -fPIC -o "$SANDBOX/nss/libnss_slow.so.2" "$REPO/tests/e2e/files/nss_slow.c"
	printf 'passwd: files slow\ngroup: files slow\nhosts: files slow\n' | put_file /etc/nsswitch.conf
}

# put_file PATH: any file in the sandbox from standard input
put_file() {
	inside sh -c 'mkdir -p "$(dirname "$1")" && cat > "$1"' sh "$1"
}

# netguard_start [WRAPPER...]: the daemon in the background; returns once it is in force
netguard_start() {
	inside sh -c 'rm -f /run/netguard.pid; log=$1; shift
		echo $$ > /run/netguard.pid; exec "$@" >> "$log" 2>&1' sh \
		"$SANDBOX/netguard.log" "$@" "${NETGUARD:-$BUILD/netguard}" run &
	if ! wait_for "${NETGUARD_START_SECONDS:-10}" netguard_ready; then
		fail "netguard starts"
		sed 's/^/#   /' "$SANDBOX/netguard.log"
		exit 1
	fi
}

# in force and connected to the engine
netguard_ready() { inside "$BUILD/netguard" status --json | jq -e '.engine.state == "up"'; }
netguard_pid() { inside cat /run/netguard.pid; }

# netguard_stop [SIGNAL]: ends it by pid and waits
netguard_stop() {
	local pid
	pid=$(netguard_pid)
	kill -s "${1:-TERM}" "$pid"
	wait_for 10 not kill -0 "$pid" || fail "netguard ends on SIG${1:-TERM}"
}
not() { ! "$@"; }


# What systemd does for netguard.service: its folders (unit_folders), its user and capability, and the way to the engine
# that relay_start opens.
unit_folders() {
	inside install -d -o _netguard -g _netguard -m 755 /run/netguard
	inside install -d -o _netguard -g _netguard -m 700 /var/lib/netguard
}
RELAY=/run/relay/engine.sock
as_unit=(env "DOCKER_HOST=unix://$RELAY" setpriv --reuid _netguard --regid _netguard --init-groups "--inh-caps=-all,+net_admin"
	"--ambient-caps=-all,+net_admin" "--bounding-set=-all,+net_admin" --no-new-privs)

# ... and for netguard-engine.service
relay_start() {
	inside install -d -o nobody -g _netguard -m 750 "${RELAY%/*}"
	background sh -c 'echo $$ > /run/relay.pid; exec "$@"' sh setpriv --reuid nobody --regid _netguard --groups docker \
		--inh-caps=-all --ambient-caps=-all --bounding-set=-all --no-new-privs "$BUILD/netguard-relay" "$RELAY"
	wait_for 10 inside test -S "$RELAY" || fail "the relay listens"
}
relay_pid() { inside cat /run/relay.pid; }

podctl() { inside "$BUILD/podctl" "$@"; }

container_pid() { inside docker inspect -f '{{.State.Pid}}' "$1"; }
# in_net CONTAINER COMMAND...: in its network namespace
in_net() { local pid; pid=$(container_pid "$1"); shift; nsenter --net="/proc/$pid/ns/net" -- "$@"; }

# what netguard says of a container: guard_of NAME, is_guarded NAME
guard_of() { inside "$BUILD/netguard" status --json | jq -r --arg n "$1" '.pods[][] | select(.name == $n) | .guard'; }
is_guarded() { [ "$(guard_of "$1")" = guarded ]; }

# Runs a probe at FROM: user:NAME, outside, outside:SOURCE, container:NAME. Prints the probe's word.
probe_from() {
	local from=$1 pid
	shift
	case $from in
	user:*) as "${from#user:}" "$PROBE" try "$@" ;;
	outside) outside "$PROBE" try "$@" ;;
	outside:*) outside "$PROBE" try -s "${from#outside:}" "$@" ;;
	container:*)
		pid=$(container_pid "${from#container:}")
		nsenter --net="/proc/$pid/ns/net" -- "$PROBE" try "$@"
		;;
	*) return 99 ;;
	esac
}

# flow WANT FROM tcp|udp ADDRESS PORT [WHAT]: one flow of real packets.
# WANT: open, refused (at once), silent, or denied (refused or silent, but never open)
flow() {
	local want=$1 from=$2 proto=$3 address=$4 port=$5 out word
	out=$(probe_from "$from" "$proto" "$address" "$port" 2>&1)
	word=${out%% *}
	case $want:$word in
	open:open | refused:refused | silent:silent | denied:refused | denied:silent)
		pass "${6:+$6: }$from -> $address $port/$proto is $word"
		;;
	*) fail "${6:+$6: }$from -> $address $port/$proto: wanted $want, got: $out" ;;
	esac
}

# counter NAME: packets of one of the table's named counters
counter() {
	inside nft -j list counter inet netguard "$1" | jq '[.nftables[].counter? | select(. != null) | .packets][0]'
}

# packets of the counter forged, of both tables together
forged() { # of both tables
	inside nft -j list counters | jq '[.nftables[].counter? | select(. != null and .name == "forged" and
		.table == "netguard") | .packets] | add'
}

# flow_counted COUNTER ...: a denied flow that must show in this counter
flow_counted() {
	local name=$1 before after
	shift
	before=$(counter "$name")
	flow "$@"
	after=$(counter "$name")
	if [ "${after:-0}" -gt "${before:-0}" ]; then
		pass "... and counted as $name"
	else
		fail "... but not counted as $name ($before -> $after)"
	fi
}

# the address of a container: container_ip4 NAME, container_ip6 NAME
container_ip4() { inside docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$1"; }
container_ip6() { inside docker inspect -f '{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}}{{end}}' "$1"; }

# what nft lists loads again. In a namespace without the daemon: the kernel lets nobody but its owner
# change a table, not even try to.
table_reloads() {
	inside sh -c 'nft list table inet netguard > /run/listed.nft && [ -s /run/listed.nft ] &&
		unshare -n nft -c -f /run/listed.nft'
}

# Docker's own rules would keep direct ports, and much else, closed: now each verdict is ours alone.
# Those of the raw table (28 and later) come with each container.
docker_lets_pass() {
	inside sh -c 'for tables in iptables ip6tables; do
		$tables -w -C DOCKER-USER -j ACCEPT 2> /dev/null || $tables -w -I DOCKER-USER -j ACCEPT 2> /dev/null
		$tables -w -t raw -F PREROUTING
	done'
}

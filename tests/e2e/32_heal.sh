#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Who else changes the table, and an engine that goes, comes, hangs. With the kernel's owner flag
# nobody changes anything. Without (kernels before 6.9) the table is back at once, who did it is in the
# log, and what began in between is ended. The engine may be away as long as it likes.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh
. tests/e2e/lib_flows.sh

e2e_begin --dockerd-arg --live-restore
put_config <<'END'
mount_root: /srv/pods
network_name: pods
guard: { allowed_users: [root] }
pods:
  web: { users: [bob], direct_ports: [7004/tcp] }
  db: { connect_to: { web: [81] } }
END
netguard_start
inside docker pull -q probe > /dev/null
inside docker run -d --name web --network pods probe serve tcp:80 tcp:81 tcp:7004 > /dev/null
inside docker run -d --name db --network pods probe > /dev/null
docker_lets_pass
web4=$(container_ip4 web)
in_web=(nsenter "--net=/proc/$(container_pid web)/ns/net" --)
in_db=(nsenter "--net=/proc/$(container_pid db)/ns/net" --)
in_outside=("$SANDBOX_CMD" exec "$SANDBOX" --in outside --)
as_carol=("$SANDBOX_CMD" exec "$SANDBOX" --user carol --)
PIDS=()
spawn() { # FILE CMD...
	local file=$1
	shift
	"$@" > "$SANDBOX/$file" 2>&1 &
	PIDS+=($!)
}
spawn world "${in_outside[@]}" "$PROBE" serve tcp:7001
spawn heard.denied "${in_web[@]}" "$PROBE" hear 7003
wait_for 5 "${in_web[@]}" grep -q ":1B5B " /proc/net/udp6
wait_for 5 outside "$PROBE" try tcp 192.0.2.1 7001
settled() { [ "$(inside "$BUILD/netguard" status --json | jq '[.pods[][] | select(.running and .guard != "guarded")] | length')" = 0 ]; }
wait_for 5 settled
# denied, a thousand times a second each: another container, the world, a user who is not web's
denied_begin() {
	DENIED=()
	: > "$SANDBOX/heard.denied"
	"${in_db[@]}" "$PROBE" say db 0 1 "$web4" 7003 & DENIED+=($!)
	"${in_outside[@]}" "$PROBE" say world 0 1 "$web4" 7003 & DENIED+=($!)
	"${as_carol[@]}" "$PROBE" say carol 0 1 "$web4" 7003 & DENIED+=($!)
}
denied_end() { kill "${DENIED[@]}" 2> /dev/null; wait "${DENIED[@]}" 2> /dev/null; }
passed() { wc -l < "$SANDBOX/heard.denied"; }
# all of it, without what changes by itself: counters, who owns it, and the order of elements
listed() {
	inside sh -c 'nft list table inet netguard; nft list table bridge netguard' |
		sed -E 's/packets [0-9]+ bytes [0-9]+/packets N bytes N/g; /^\tflags /d; s/ # progname .*//; s/elements = \{//; s/, *$//; s/ *\}$//' |
		tr , '\n' | sed -E 's/^[[:space:]]+//; /^$/d' | sort
}
# a host's own firewall: as long as it knows connections, those that begin without our table are known, too
put_file /etc/nftables.conf <<'END'
flush ruleset
table inet filter {
	chain input { type filter hook input priority filter; policy accept; ct state established,related accept; }
	chain forward { type filter hook forward priority filter; policy accept; ct state established,related accept; }
}
END

foreign=(
	"delete element inet netguard members4 { \"br-pods\" . $web4 }"
	"add element inet netguard allowed_uids { 1235 }"
	"flush set inet netguard container_ifaces"
	"flush chain inet netguard deny_host_to_container"
	"insert rule inet netguard forward accept"
	"delete table bridge netguard"
	"delete table inet netguard"
	"flush ruleset"
	"-f /etc/nftables.conf"
)

note "with an owner: nothing happens to the table"
hold bob user:bob "$web4" 80
hold link container:db "$web4" 81
denied_begin
before=$(listed)
generation=$(inside "$BUILD/netguard" status --json | jq .table.generation)
for command in "${foreign[@]}"; do
	# shellcheck disable=SC2086 # words of the command
	inside nft $command > "$SANDBOX/nft.out" 2>&1
	status=$?
	case $command in
	*flush\ ruleset | -f*) check_equal "nft $command: is carried out" 0 "$status" ;;
	*) check "nft $command: not permitted" grep -q 'not permitted' "$SANDBOX/nft.out" ;;
	esac
	check_equal "... and all of the table is there" "$before" "$(listed)"
done
denied_end
check_equal "no denied datagram has passed" 0 "$(passed)"
check_equal "nothing had to be put back" 0 "$(inside "$BUILD/netguard" status --json | jq .table.put_back)"
check "... though the ruleset was changed" test "$(inside "$BUILD/netguard" status --json | jq .table.generation)" -gt "$generation"
goes_on bob link
netguard_stop
# what nobody owns is anybody's: that is why the table has an owner
inside "$BUILD/netguard" remove

note "without: as on kernels that have no such flags"
start_plain() {
	inside sh -c 'echo $$ > /run/netguard.pid; exec "$1" >> "$0" 2>&1' "$SANDBOX/netguard.log" "$BUILD/tests/e2e/lib_plain_run" &
	wait_for 10 netguard_ready || fail "it starts"
	wait_for 5 settled || fail "it knows all"
}
hold remote user:dave 192.0.2.1 7001
start_plain
check_equal "nobody owns the table" false "$(inside "$BUILD/netguard" status --json | jq .table.owned)"
check_equal "it is the same" "$before" "$(listed)"
hold direct outside "$web4" 7004
hold out container:web 192.0.2.1 7001
TOOK=()
denied_begin
sleep 0.2
check_equal "closed: no denied datagram passes" 0 "$(passed)"
for command in "${foreign[@]}"; do
	: > "$SANDBOX/heard.denied"
	# shellcheck disable=SC2016 # for the inner shell
	read -r pid ms < <(inside bash -c 'nft $1 & pid=$!; wait $pid || exit; at=${EPOCHREALTIME/./}
		# the last that all of these take away
		until l=$(nft list table inet netguard 2> /dev/null) && [[ $l == *"$2 comment"* && $l == *"br-*"* && $l != *1235* ]] &&
			[[ $l == *reset* && $l != *priority*accept$'"'\n\t\t'"'accept* ]] && nft list table bridge netguard > /dev/null 2>&1; do
			[ $((${EPOCHREALTIME/./} - at)) -lt 5000000 ] || exit
		done; echo $pid $(((${EPOCHREALTIME/./} - at) / 1000))' heal "$command" "$web4" 2> "$SANDBOX/nft.out")
	if [ "${ms:-9999}" -lt 1000 ]; then
		pass "nft $command: put back"
		TOOK+=("$ms")
	else
		fail "nft $command: not put back${ms:+ within a second, but after $ms ms} $(cat "$SANDBOX/nft.out")"
	fi
	same() { [ "$before" = "$(listed)" ]; }
	wait_for 2 same || check_equal "... all of it" "$before" "$(listed)"
	check "... and the log names nft and its process" wait_for 2 grep -qF "nft[$pid] changed the table: put back" "$SANDBOX/netguard.log"
	sleep 0.1
	a=$(passed)
	sleep 0.2
	check_equal "... $a denied datagrams passed in between, and none goes on" "$a" "$(passed)"
done
# a rule that changes nothing but the table's shape: it is replaced, a second one stands beside it
: > "$SANDBOX/heard.denied"
replaced() {
	inside bash -c 'for i in {1..100}; do
		nft add rule inet netguard forward counter
		for n in {1..500}; do nft list chain inet netguard forward | grep -q counter || continue 2; done
		exit 1
	done'
}
check "a hundred times the table is of another shape, and replaced" replaced
check_equal "... and no denied datagram passes" 0 "$(passed)"
check_equal "... nothing stands beside it any more" "" "$(inside nft list tables | grep next)"
denied_end
mapfile -t TOOK < <(printf '%s\n' "${TOOK[@]}" | sort -n)
note "put back after ${TOOK[0]} to ${TOOK[-1]} ms, median ${TOOK[$((${#TOOK[@]} / 2))]} ms, nft's listing included"
goes_on bob link direct out remote
flow open user:bob tcp "$web4" 80 "who may"
flow refused user:carol tcp "$web4" 80 "who may not"

note "what began while it was away"
kill -STOP "$(netguard_pid)"
inside nft -f /etc/nftables.conf
hold gap-carol user:carol "$web4" 80
hold gap-db container:db "$web4" 80
hold gap-bob user:bob "$web4" 80
hold gap-link container:db "$web4" 81
hold gap-host user:dave 192.0.2.1 7001
kill -CONT "$(netguard_pid)"
cut gap-carol gap-db
goes_on gap-bob gap-link gap-host bob direct out remote
check "the log says so" grep -q 'ended that began past the table' "$SANDBOX/netguard.log"
netguard_stop
inside nft delete table inet netguard
hold late-carol user:carol "$web4" 80
hold late-world outside "$web4" 80
hold late-bob user:bob "$web4" 80
start_plain
cut late-carol late-world
goes_on late-bob gap-link bob link direct out
netguard_stop

note "the engine"
netguard_start
stands() { # WHEN
	check_equal "$1: the table stands" "$before" "$(listed)"
	flow refused user:carol tcp "$web4" 80 "$1"
	flow open user:bob tcp "$web4" 80 "$1"
}
right_again() { # WHEN NAME: what is started then is followed, what ended meanwhile is gone
	check "$1: followed again" wait_for 20 netguard_ready
	inside docker run -d --name "$2" --network pods probe > /dev/null
	check "... a new container is in the table" grep -qF "\"$2\"" <<< "$(listed)"
	inside docker rm -f "$2" > /dev/null
	check "... and it is right" wait_for 5 same
}
wait_for 5 same
stands "before"
"$SANDBOX_CMD" engine "$SANDBOX" stop
stands "stopped"
"$SANDBOX_CMD" engine "$SANDBOX" start
right_again "started" c1
"$SANDBOX_CMD" engine "$SANDBOX" kill
stands "killed"
# an upgrade: another file where dockerd was
dockerd=${SANDBOX_ENGINE:+$SANDBOX_ENGINE/dockerd}
inside sh -c 'cp "$2" "$1/dockerd.new" && mount --bind "$1/dockerd.new" "$2"' sh "$SANDBOX" "${dockerd:-$(command -v dockerd)}"
"$SANDBOX_CMD" engine "$SANDBOX" start
check "upgraded: another file runs" grep -q dockerd.new <<< "$(inside sh -c 'cat /proc/$(cat /run/docker.pid)/mountinfo')"
right_again "upgraded" c2
inside docker run -d --name c3 --network pods probe > /dev/null
c3=$(container_pid c3)
dockerd=$(inside cat /run/docker.pid)
kill -STOP "$dockerd"
kill -9 "$c3" # which dockerd can't tell
check "hung: a container that it can't tell of stays in the table" grep -qF '"c3"' <<< "$(listed)"
flow refused user:carol tcp "$web4" 80 "hung"
netguard_stop
inside sh -c 'echo $$ > /run/netguard.pid; exec "$1" run >> "$0" 2>&1' "$SANDBOX/netguard.log" "$BUILD/netguard" &
check "hung: a daemon that starts answers" wait_for 5 inside "$BUILD/netguard" status
check "... and says that the engine does not" test "$(inside "$BUILD/netguard" status --json | jq -r .engine.state)" != up
flow refused user:carol tcp "$web4" 80 "hung, restarted"
flow open user:bob tcp "$web4" 80 "hung, restarted"
kill -CONT "$dockerd"
right_again "no longer hung" c4
check_equal "... what ended meanwhile is gone" "$before" "$(listed)"
goes_on bob link direct
flows_end "${PIDS[@]}"
netguard_stop
e2e_end

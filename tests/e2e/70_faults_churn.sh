#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Containers that come and go while the configuration changes all the time, now and then into what is no
# configuration: 30 of them, with FAULTS_LONG=1 a thousand in ten minutes. No denied packet passes, those
# that are allowed do, and in the end the table has who is there.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

containers=${FAULTS_LONG:+1000}
containers=${containers:-24}
seconds=600 # for a thousand; they begin evenly
e2e_begin
config() { # PORT of the whitelist, which is all that changes
	printf '%s\n' 'mount_root: /srv/pods' 'network_name: pods' "port_whitelist: { $1: other }" \
		'guard: { allowed_users: [root] }' 'pods:' '  web: { users: [bob] }' '  db: { connect_to: { web: [81] } }'
}
config 9000 | put_config
netguard_start
inside docker pull -q probe > /dev/null
inside docker run -d --name web --network pods probe serve tcp:81 > /dev/null
inside docker run -d --name db --network pods probe > /dev/null
# so that nothing but the table denies
inside iptables -I DOCKER-USER -j ACCEPT
web4=$(container_ip4 web)
in_web=(nsenter "--net=/proc/$(container_pid web)/ns/net" --)
in_db=(nsenter "--net=/proc/$(container_pid db)/ns/net" --)
heard=$SANDBOX/heard
"${in_web[@]}" "$PROBE" hear 7003 > "$heard" 2>&1 &
PIDS=($!)
check "somebody listens" wait_for 5 "${in_web[@]}" grep -q ":1B5B " /proc/net/udp6
guarded() { [ "$(inside "$BUILD/netguard" status --json | jq '[.pods[][] | select(.running and .guard != "guarded")] | length')" = 0 ]; }
check "both are known" wait_for 10 guarded
passed() { grep -c "^$1 " "$heard"; }
"${in_db[@]}" "$PROBE" say db 0 1 "$web4" 7003 & PIDS+=($!)
outside "$PROBE" say world 0 1 "$web4" 7003 & PIDS+=($!)
as carol "$PROBE" say carol 0 1 "$web4" 7003 & PIDS+=($!)
as bob "$PROBE" say bob 0 5 "$web4" 7003 & PIDS+=($!)

edits=$SANDBOX/edits
pause=$([ "$containers" -lt 1000 ] && echo 0.2 || echo 1)
edit() { # all the time: others are written, and what is none
	local i=0 file=/etc/netguard.yml
	while [ ! -e "$SANDBOX/enough" ]; do
		i=$((i + 1))
		config $((9000 + i)) > "$SANDBOX/next.yml"
		case $((i % 10)) in
		3) inside sh -c 'mv "$1" "$1.kept" && mkdir "$1" && sleep 0.1 && rmdir "$1" && mv "$1.kept" "$1"' sh "$file" ;;
		6) inside sh -c 'echo "guard: [" > "$1"' sh "$file" ;;
		8) inside sh -c 'cat "$1" > "$2"' sh "$SANDBOX/next.yml" "$file" ;;
		*) inside sh -c 'cp "$1" "$2.new" && mv "$2.new" "$2"' sh "$SANDBOX/next.yml" "$file" ;;
		esac
		echo "$i" >> "$edits"
		sleep "$pause"
	done
}

edit & PIDS+=($!)

root_reaches() { [[ $(inside "$PROBE" try tcp "$1" 80 2>&1) == open* ]]; }
# one of them: it comes, whoever may not reaches nothing of it, it goes
one() {
	local name=churn$1 ip word
	inside docker run -d --name "$name" --network pods probe serve tcp:80 > /dev/null || { echo "$name: not started"; return; }
	ip=$(container_ip4 "$name")
	for who in carol bob; do
		word=$(as "$who" "$PROBE" try -t 100 tcp "$ip" 80 2>&1)
		case $word in
		refused* | silent*) echo "denied" ;;
		*) echo "$name: $who: $word" ;;
		esac
	done
	# it listens, whoever may reach it
	if wait_for 10 root_reaches "$ip"; then echo open; else echo "$name: root: does not reach it"; fi
	inside docker rm -f "$name" > /dev/null || echo "$name: not removed"
}
note "$containers containers"
begun=$(date +%s)
for i in $(seq "$containers"); do
	one "$i" >> "$SANDBOX/churn.$((i % 4))" 2>&1 &
	running+=($!)
	if [ "${#running[@]}" -ge 4 ]; then
		wait "${running[0]}"
		running=("${running[@]:1}")
	fi
	[ "$containers" -lt 1000 ] || while [ $(($(date +%s) - begun)) -lt $((i * seconds / 1000)) ]; do sleep 0.1; done
done
wait "${running[@]}"
note "in $(($(date +%s) - begun)) seconds, the configuration changed $(wc -l < "$edits") times"
answers=$(cat "$SANDBOX"/churn.* | sort | uniq -c | sed 's/^ *//')
check_equal "each was reached by root, and by nobody who may not" "$((containers * 2)) denied
$containers open" "$answers"
check "the configuration did change" test "$(wc -l < "$edits")" -gt 10
# who edits ends between two edits: in one the file may be a directory
touch "$SANDBOX/enough"
wait "${PIDS[-1]}"
unset 'PIDS[-1]'
config 9999 | put_config
in_force() { inside nft list set inet netguard port_whitelist | grep -q 'tcp . 9999 '; }
check "the last configuration is in force" wait_for 10 in_force
members() { inside nft list set inet netguard members4 | grep -o 'comment "[^"]*"' | sort | tr '\n' ' '; }
only_two() { [ "$(members)" = 'comment "db" comment "web" ' ]; }
check "the table has who is there" wait_for 10 only_two
check_equal "... and nobody else" 'comment "db" comment "web" ' "$(members)"
bob=$(passed bob)
more() { [ "$(passed bob)" -gt "$bob" ]; }
check "who may goes on" wait_for 5 more
check "... and did all the time ($bob datagrams)" test "$bob" -gt 100
check_equal "none of those who may not has passed" "0 0 0" "$(passed db) $(passed world) $(passed carol)"
check "the daemon has lived" kill -0 "$(netguard_pid)"
# the control: it is the table that they do not pass
netguard_stop
inside "$BUILD/netguard" remove
all_pass() { [ "$(passed db)" -gt 0 ] && [ "$(passed world)" -gt 0 ] && [ "$(passed carol)" -gt 0 ]; }
check "without the table they do" wait_for 5 all_pass
kill "${PIDS[@]}" 2> /dev/null
wait "${PIDS[@]}" 2> /dev/null
e2e_end

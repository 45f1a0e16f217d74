#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a server of UDP goes on to send to a user of the host ends with the user's right, by each way: over the
# loopback by docker-proxy, by Docker's NAT, from the container itself.
# And a port that somebody has used as his own before a container publishes it leads nobody into the container.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
config() { # USERS
	put_config <<END
network_name: pods
port_whitelist: { 8301/udp: { pod: web, host_users: pod } }
guard: { allowed_users: [root] }
pods:
  web: { users: [$1] }
  rogue: { users: [dave] }
END
}
config "bob, carol"
netguard_start
docker_lets_pass
inside docker pull -q probe > /dev/null
inside docker run -d --name web --network pods -p 127.0.0.1:8300:8300/udp -p "[::1]:8300:8300/udp" \
	-p 8301:8300/udp probe sleep > /dev/null
inside docker network create --ipv6=false --subnet 10.90.0.0/24 -o com.docker.network.bridge.name=br-four four > /dev/null
check "web is guarded" wait_for 5 is_guarded web
CHATTER=$REPO/tests/e2e/files/chatter.py
OTHER=$REPO/tests/e2e/files/as_other.py
started=()
nsenter --net="/proc/$(container_pid web)/ns/net" -- python3 "$CHATTER" serve 8300 > "$SANDBOX/chatter" 2>&1 &
started+=($!)
check "its server is ready" wait_for 5 grep -q ready "$SANDBOX/chatter"
web4=$(container_ip4 web) web6=$(container_ip6 web)

declare -A WAYS=(
	[lo]="127.0.0.1 8300" [lo6]="::1 8300" [lo-all]="127.0.0.1 8301" [address]="192.0.2.10 8301"
	[address6]="2001:db8:0:1::10 8301" [container]="$web4 8300" [container6]="$web6 8300"
)
count() { grep -c '^chatter' "$SANDBOX/$1"; }
hears() { [ "$(count "$1")" -gt "$2" ]; }
is_silent() { [ "$(tail -n 5 "$SANDBOX/$1" | sort -u)" = silent ]; }
is_up() { [ "$(tail -n 1 "$SANDBOX/$1")" = up ]; }
user() { as "$1" python3 "${@:2}"; }
hear() { # USER WAY: sends once, and listens
	local any=0.0.0.0
	case ${WAYS[$2]} in *:*) any=:: ;; esac
	"$SANDBOX_CMD" exec "$SANDBOX" --user "$1" -- python3 "$OTHER" hear "$any,0" 60 "${WAYS[$2]/ /,}" > "$SANDBOX/hear.$1.$2" 2>&1 &
}
ask() { # USER WAY: goes on to send
	"$SANDBOX_CMD" exec "$SANDBOX" --user "$1" -- python3 "$CHATTER" ask "${WAYS[$2]/ /,}" > "$SANDBOX/ask.$1.$2" 2>&1 &
}

note "who may is sent to, whether he says more or not"
for way in "${!WAYS[@]}"; do
	for who in bob carol; do
		hear $who "$way"
		started+=($!)
		ask $who "$way"
		started+=($!)
	done
done
for way in "${!WAYS[@]}"; do
	for who in bob carol; do
		check "$who hears, by $way" wait_for 5 hears "hear.$who.$way" 5
		check "... and is answered" wait_for 5 is_up "ask.$who.$way"
	done
done
declare -A bob_had carol_had
config carol
check "bob may no more" wait_for 5 not inside nft get element inet netguard pod_uids4 "{ $web4 . $(inside id -u bob) }"
sleep 1
for way in "${!WAYS[@]}"; do bob_had[$way]=$(count "hear.bob.$way") carol_had[$way]=$(count "hear.carol.$way"); done
sleep 2
for way in "${!WAYS[@]}"; do
	check_equal "bob hears nothing more, by $way" "${bob_had[$way]}" "$(count "hear.bob.$way")"
	check "... whatever he sends" wait_for 3 is_silent "ask.bob.$way"
	check "carol does, by $way" hears "hear.carol.$way" $((carol_had[$way] + 5))
	check "... and is answered" is_up "ask.carol.$way"
done
kill "${started[@]}" 2> /dev/null
started=()

note "a port that was somebody's before"
# A user of the host and somebody outside, or in a container that he may reach, who know of each other: the user sends
# from the port, and what comes back would be a reply.
inside docker run -d --name rogue --network pods probe sleep > /dev/null
check "rogue is guarded" wait_for 5 is_guarded rogue
rogue4=$(container_ip4 rogue)
rogue() { in_net rogue "$@"; }
run_late() { # create|run
	inside docker "$@" --name late --network four -p "$port:80" -p "$port:81/udp" probe serve tcp:80 udp:81 > /dev/null
}
arrived() { in_net late cat /proc/net/snmp | awk '/^Udp: [0-9]/ { print $2 }'; }
# early USER WHERE PEER PORT ADDRESS STATE N: what comes through to a container that gets the port then
early() {
	local user=$1 where=$2 peer=$3 port=$4 address=$5 state=$6 one=7${7}1 two=7${7}2 pid heard
	if [ "$state" = created ]; then
		run_late create
		check "its port is known" wait_for 5 inside nft get element inet netguard published_ports "{ udp . $port }"
	fi
	rm -f "$SANDBOX/full" "$SANDBOX/early"
	$where python3 "$OTHER" full "$peer,$one" > "$SANDBOX/full" 2>&1 &
	check "there nobody answers" wait_for 5 grep -q ready "$SANDBOX/full"
	user "$user" "$OTHER" begin "$address,$port" "$peer,$one" > "$SANDBOX/begin" 2>&1
	kill "$(sed -n 's/^ready //p' "$SANDBOX/full")"
	$where python3 "$OTHER" hear "$peer,$two" 1 > "$SANDBOX/early" 2>&1 &
	pid=$!
	wait_for 5 grep -q ready "$SANDBOX/early"
	user "$user" "$OTHER" send "$address,$port" "$peer,$two" > "$SANDBOX/early.sent" 2>&1
	wait $pid
	note "from $port to $peer: TCP $(cat "$SANDBOX/begin"), UDP $(cat "$SANDBOX/early.sent")," \
		"conntrack has $(inside conntrack -L 2> /dev/null | grep -c "src=$address dst=$peer sport=$port")"
	if [ "$state" = created ]; then inside docker start late > /dev/null; else run_late run -d; fi
	check "late is guarded" wait_for 5 is_guarded late
	flow open user:root tcp 127.0.0.1 "$port" "the control"
	flow open user:root udp 127.0.0.1 "$port" "the control"
	check_equal "TCP from $peer, the port $state" silent "$($where python3 "$OTHER" connect "$peer,$one" "$address,$port")"
	heard=$(arrived)
	check_equal "UDP from $peer, the port $state" silent "$($where python3 "$OTHER" send "$peer,$two" "$address,$port")"
	check_equal "... and nothing arrives" "$heard" "$(arrived)"
	inside docker rm -f late > /dev/null
}
early carol outside 192.0.2.1 8500 192.0.2.10 unknown 10
early carol outside 192.0.2.1 8501 192.0.2.10 created 20
early dave rogue "$rogue4" 8502 10.88.1.1 unknown 30
early dave rogue "$rogue4" 8503 10.88.1.1 created 40
e2e_end

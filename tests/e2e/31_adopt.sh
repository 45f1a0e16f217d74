#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Restarts, kills and upgrades of the daemon under traffic: nothing that is allowed is lost, nothing
# that is denied passes, no counter begins anew, and only what changed meanwhile is sent. What was
# revoked while there was no daemon ends with the first table of the next one.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh
. tests/e2e/lib_flows.sh

e2e_begin
config() { # WHITELIST USERS EGRESS
	put_config <<END
mount_root: /srv/pods
network_name: pods
port_whitelist: { $1 }
guard: { allowed_users: [root] }
pods:
  web: { users: [$2], direct_ports: [7004/udp], egress: [$3] }
  db: { connect_to: { web: [81] } }
END
}
egress="'192.0.2.1/32:7001-7002/tcp', '192.0.2.1/32:7001/udp'"
config "80: web, 81: web" "bob, dave" "$egress"
# the daemon is started from here, so that an upgrade is another file under the same name
inside sh -c 'mkdir /run/sbin && cp "$1" /run/sbin/netguard' sh "$BUILD/netguard"
cli=$BUILD/netguard
start() {
	inside sh -c 'echo $$ > /run/netguard.pid; exec /run/sbin/netguard run >> "$0" 2>&1' "$SANDBOX/netguard.log" &
	wait_for 20 netguard_ready || fail "netguard starts"
	wait_for 5 settled || fail "all that it knows is in force"
}
settled() { [ "$(inside "$cli" status --json | jq '[.pods[][] | select(.running and .guard != "guarded")] | length')" = 0 ]; }
start
docker_lets_pass
inside docker pull -q probe > /dev/null
inside docker run -d --name web --network pods -p 80:80 -p 81:81 probe serve tcp:80 tcp:81 tcp:82 > /dev/null
inside docker run -d --name db --network pods probe > /dev/null
inside docker run -d --name gone --network pods probe > /dev/null
web4=$(container_ip4 web)
# as words, not functions: so that $! is the process itself
in_web=(nsenter "--net=/proc/$(container_pid web)/ns/net" --)
in_db=(nsenter "--net=/proc/$(container_pid db)/ns/net" --)
in_outside=("$SANDBOX_CMD" exec "$SANDBOX" --in outside --)
as_bob=("$SANDBOX_CMD" exec "$SANDBOX" --user bob --)
as_carol=("$SANDBOX_CMD" exec "$SANDBOX" --user carol --)
outside "$PROBE" serve tcp:7001 tcp:7002 > /dev/null 2>&1 &
WORLD=$!
wait_for 5 outside "$PROBE" try tcp 192.0.2.10 80
wait_for 5 settled

# ---- traffic: what is sent and what becomes of it ----

PIDS=()
spawn() { # FILE CMD...
	local file=$1
	shift
	"$@" > "$SANDBOX/$file" 2>&1 &
	PIDS+=($!)
}
# tries NAME ADDRESS PORT CMD...: one new connection after the other; each is a line with its outcome
tries() {
	local name=$1 address=$2 port=$3
	shift 3
	spawn "tries.$name" "$@" bash -c 'while [ ! -e "$1/stop" ]; do "$2" try -t 3000 tcp "$3" "$4"; sleep 0.01; done' \
		tries "$SANDBOX" "$PROBE" "$address" "$port"
}
begin_traffic() {
	rm -f "$SANDBOX/stop"
	PIDS=()
	spawn heard.out "${in_outside[@]}" "$PROBE" hear 7001
	spawn heard.in "${in_web[@]}" "$PROBE" hear 7004
	spawn heard.denied "${in_web[@]}" "$PROBE" hear 7003
	wait_for 5 "${in_web[@]}" sh -c 'grep -q ":1B5C " /proc/net/udp6 && grep -q ":1B5B " /proc/net/udp6'
	wait_for 5 outside grep -q ":1B59 " /proc/net/udp6
	spawn said "${in_web[@]}" "$PROBE" say out 0 5 192.0.2.1 7001
	spawn said "${in_outside[@]}" "$PROBE" say in 0 5 "$web4" 7004
	# denied: another container, a port that is not direct, a user who is not web's
	spawn said "${in_db[@]}" "$PROBE" say db 0 2 "$web4" 7003
	spawn said "${in_outside[@]}" "$PROBE" say world 0 2 "$web4" 7003
	spawn said "${as_carol[@]}" "$PROBE" say carol 0 2 "$web4" 7003
	tries bob "$web4" 82 "${as_bob[@]}"
	tries world 192.0.2.10 80 "${in_outside[@]}"
	tries link "$web4" 81 "${in_db[@]}"
	tries carol "$web4" 82 "${as_carol[@]}"
}
# all that was sent has come: the numbers of each from the first to the last, without a gap
gaps() { awk '{ if (NR > 1 && $2 != last + 1) print $0, "after", last; last = $2 }' "$SANDBOX/heard.$1"; }
lost() { # a SYN that is lost is sent again a second later
	awk '$1 != "open" || $2 >= 900' "$SANDBOX/tries.$1" | sort | uniq -c
}
end_traffic() { # WHAT
	local name n
	touch "$SANDBOX/stop"
	sleep 0.3
	kill "${PIDS[@]}" 2> /dev/null
	wait "${PIDS[@]}" 2> /dev/null
	for name in out in; do
		n=$(wc -l < "$SANDBOX/heard.$name")
		check_equal "$1: $n datagrams $name, none is lost" "" "$(gaps "$name")"
		[ "$n" -ge 200 ] || fail "... these are too few"
	done
	for name in bob world link; do
		n=$(wc -l < "$SANDBOX/tries.$name")
		check_equal "$1: $n connections of $name, each at once" "" "$(lost "$name")"
		[ "$n" -ge 30 ] || fail "... these are too few"
	done
	n=$(wc -l < "$SANDBOX/tries.carol")
	check_equal "$1: $n connections of another user, each refused" "" "$(grep -v '^refused ' "$SANDBOX/tries.carol")"
	[ "$n" -ge 30 ] || fail "... these are too few"
	check_equal "$1: no denied datagram arrives" "" "$(head -c 200 "$SANDBOX/heard.denied" | tr -d "\\0")"
}

# ---- what is sent to the kernel ----

begin_monitor() {
	: > "$SANDBOX/monitor"
	inside nft monitor > "$SANDBOX/monitor" 2>&1 &
	MONITOR=$!
	wait_for 5 inside sh -c 'nft add table inet here && nft delete table inet here && grep -q "table inet here" "$1"' \
		sh "$SANDBOX/monitor"
}
end_monitor() {
	inside nft add table inet end
	inside nft delete table inet end
	wait_for 5 grep -q 'delete table inet end' "$SANDBOX/monitor"
	kill "$MONITOR"
	wait "$MONITOR" 2> /dev/null
	# what it says when it is ended it has said before
	sed -i '/delete table inet end/q' "$SANDBOX/monitor"
}
# elements that were sent, of those that name one of the words: sent [WORD...]
# (nft calls it "create" where it may not be there yet)
sent() { grep -E '^(add|create|delete) element [a-z]+ netguard ' "$SANDBOX/monitor" | grep -E "${1:-.}"; }
rules_sent() { grep -cE '^(add|create|delete|insert|replace) (rule|chain|set|map|limit|counter) ' "$SANDBOX/monitor"; }
counters() {
	{ inside nft -j list table inet netguard; inside "$cli" status --json; } | jq -sc '
		(.[0].nftables | map(.counter? // empty | {(.name): .packets})) +
		[.[1] | {sent, received} | paths(numbers) as $p | {($p | join(" ")): getpath($p)}] | add'
}
# those of the second that are less than in the first
fewer() { jq -rn --argjson a "$1" --argjson b "$2" '$a | to_entries[] | select(.value > ($b[.key] // -1)) | .key'; }
# what lasts, from before all restarts
handles() { inside nft -a list table inet netguard | sed -E 's/packets [0-9]+ bytes [0-9]+//' | grep -E '(rule|chain|counter|limit|set|map) .*handle|^\t\t.*# handle'; }

note "restarted, killed, upgraded, with all traffic on"
outside_port=7001
hold bob user:bob "$web4" 80
hold world outside 192.0.2.10 80
hold out container:web 192.0.2.1 "$outside_port"
hold link container:db "$web4" 81
begin_traffic
sleep 0.5
rules=$(handles)
before=$(counters)
begin_monitor
for how in TERM KILL TERM; do
	netguard_stop "$how"
	sleep 0.2
	start
done
# an upgrade: another file under the same name, while the old one still runs
inside sh -c 'cp /run/sbin/netguard /run/sbin/netguard.new && printf "\0" >> /run/sbin/netguard.new &&
	mv /run/sbin/netguard.new /run/sbin/netguard'
check "upgraded: the daemon that runs is the old file" grep -q deleted <<< "$(readlink "/proc/$(netguard_pid)/exe")"
netguard_stop
start
check "... and now the new one" not grep -q deleted <<< "$(readlink "/proc/$(netguard_pid)/exe")"
end_monitor
after=$(counters)
goes_on bob world out link
end_traffic "four restarts"
check_equal "adopted each time" 4 "$(grep -c 'table adopted' "$SANDBOX/netguard.log")"
check_equal "not one element was sent" "" "$(sent)"
check_equal "... nor a rule" 0 "$(rules_sent)"
check_equal "... the rules are the same, handle for handle" "$rules" "$(handles)"
check_equal "no counter is less than before" "" "$(fewer "$before" "$after")"
note "counters before: $before"
check "... and they count" jq -en --argjson a "$before" --argjson b "$after" \
	'["container_to_container", "host_to_container", "world_to_container", "sent web packets", "sent web bytes",
	  "sent db packets", "received web packets", "received db bytes"] | all(.[]; $a[.] > 0 and $b[.] > $a[.])'
check_status "control: what was denied has arrived from who may" 0 '^control 0$' sh -c "
	timeout 3 ${in_web[*]} '$PROBE' hear 7003 | head -n 1 & sleep 0.3
	'$SANDBOX_CMD' exec '$SANDBOX' -- '$PROBE' say control 3 100 $web4 7003; wait"

note "changes while there is no daemon"
begin_traffic
netguard_stop
gone4=$(container_ip4 gone) gone6=$(container_ip6 gone)
gone=$gone4'([^0-9]|$)|"gone"|'$gone6
gone_n=$(inside nft list ruleset | tr , '\n' | grep -cE "$gone")
inside docker rm -f gone > /dev/null
inside docker run -d --name late --network pods probe > /dev/null
begin_monitor
start
end_monitor
late4=$(container_ip4 late) late6=$(container_ip6 late)
end_traffic "a container went, one came"
# the ports of the bridge are named, not addressed; of the rest each element names one of the two
addressed() { sent | grep -v ' ports '; }
note "sent: $(sent | wc -l) elements, $gone_n were of the container that went"
sent | sed 's/^/#   /'
check "what came is there" grep -qF '"late"' <<< "$(inside nft list set inet netguard members4)"
check "what went is gone" not grep -qF "\"gone\"" <<< "$(inside nft list set inet netguard members4)"
check_equal "... each once" "" "$(sent | sort | uniq -d)"
check_equal "nothing else was sent" "" "$(addressed | grep -vE "$gone|${late4}[^0-9]|\"late\"|$late6")"
check_equal "... and no rule" 0 "$(rules_sent)"
goes_on bob world out link

note "revoked while there is no daemon"
hold dave user:dave "$web4" 80
hold world-81 outside 192.0.2.10 81
hold out-7002 container:web 192.0.2.1 7002
netguard_stop
config "80: web" bob "'192.0.2.1/32:7001/tcp'"
inside sh -c 'echo $$ > /run/netguard.pid; DOCKER_HOST=unix:///run/nobody.sock exec /run/sbin/netguard run >> "$0" 2>&1' \
	"$SANDBOX/netguard.log" &
wait_for 10 inside "$cli" status
note "... and no engine answers yet"
cut dave world-81 out-7002
goes_on bob world out link
check "the log says so" grep -q 'flows\? ended that' "$SANDBOX/netguard.log"
netguard_stop
start

note "a container that only the table remembers"
inside cp /var/lib/netguard/state.json /root/state.json
inside docker run -d --name web-fresh --network pods -l com.docker.compose.project=web -p 82:80 probe serve tcp:80 > /dev/null
config "80: web, 82: web" "bob" "'192.0.2.1/32:7001/tcp'"
wait_for 5 settled
hold fresh outside 192.0.2.10 82
netguard_stop KILL
inside cp /root/state.json /var/lib/netguard/state.json
start
goes_on fresh bob world out link

note "started again while there is no daemon: another process, another port of the bridge"
inside docker run -d --name web-again --network pods -l com.docker.compose.project=web probe serve tcp:80 > /dev/null
wait_for 5 settled
netguard_stop
inside docker restart -t 0 web-again > /dev/null
start
flow open user:bob tcp "$(container_ip4 web-again)" 80 "after its start"
flow denied user:carol tcp "$(container_ip4 web-again)" 80 "after its start"

note "broken at the start: nothing new but for root, and nothing ends"
netguard_stop
inside sh -c 'echo "gard: 1" >> /etc/netguard.yml'
start
flow denied user:bob tcp "$web4" 80 "broken file"
goes_on bob world out link fresh
flows_end "$WORLD"
netguard_stop
e2e_end

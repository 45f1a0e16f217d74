#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What people look at: explain against real packets, denials with names, status and metrics.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin --br-netfilter 0
put_config <<'END'
mount_root: /srv/pods
network_name: pods
port_whitelist:
  80: web
  8080: { pod: web, host_users: pod }
guard:
  allowed_users: [root, traefik]
  host_ports: [5354/udp]
pods:
  web:
    users: [bob]
    host_ports: [5432/tcp]
    connect_to: { other: [7000/tcp] }
    egress: ["192.0.2.1:7777/tcp"]
END
inside mkdir -p /srv/pods
netguard_start
put_file /root/web.yml <<'END'
publish: ["80:80", "8080:8080"]
containers:
  app:
    image: probe
    command: [serve, "tcp:80", "tcp:8080", "tcp:7000"]
END
check "podctl makes the pod web" podctl /root/web.yml
inside docker run -d --name other --network pods -p 9999:80 probe serve tcp:80 tcp:7000 > /dev/null
background "$PROBE" serve tcp:5432 tcp:5433
web4=$(container_ip4 web) other4=$(container_ip4 other) web6=$(container_ip6 web)
wait_for 5 inside "$PROBE" try tcp "$other4" 7000
wait_for 5 inside "$PROBE" try tcp 127.0.0.1 5432

# agrees FROM-PROBE FROM TO ADDRESS PORT: what explain says is what a packet gets
agrees() {
	local want=denied status
	inside "$BUILD/netguard" explain "$2" "$3" > "$SANDBOX/explain.txt" 2>&1
	status=$?
	case $status in
	0) want=open ;;
	2) ;;
	*) fail "explain $2 $3: $(cat "$SANDBOX/explain.txt")" ;;
	esac
	flow $want "$1" tcp "$4" "$5" "as explain $2 $3 says"
}
note "explain says what packets get"
agrees user:bob user:bob pod:web:7000 "$web4" 7000
agrees user:bob user:bob "[$web6]:7000" "$web6" 7000
agrees user:carol user:carol pod:web:7000 "$web4" 7000
agrees user:carol user:carol host:80 127.0.0.1 80
agrees user:carol user:carol host:8080 192.0.2.10 8080
agrees user:bob user:bob 192.0.2.10:8080 192.0.2.10 8080
agrees container:web container:web host:5432 10.88.1.1 5432
agrees container:web pod:web 10.88.1.1:5433/tcp 10.88.1.1 5433
agrees container:web container:web container:other:7000/tcp "$other4" 7000
agrees container:other pod:other pod:web:7000 "$web4" 7000
agrees container:other pod:other 192.0.2.10:80 192.0.2.10 80
agrees outside world:192.0.2.1 192.0.2.10:80 192.0.2.10 80
agrees outside world host:9999 192.0.2.10 9999
agrees outside world:192.0.2.1 container:web:7000 "$web4" 7000
explain() { inside "$BUILD/netguard" explain "$@"; }
check_status "nobody's address: the kernel would take the host's own" 1 '0.0.0.0 is nobody.s address' explain user:carol 0.0.0.0:8080
check_status "... in IPv6, too" 1 ':: is nobody.s address' explain user:carol '[::]:8080'
check_status "a container's address is not the world's" 1 "$other4 is not outside" explain container:web "world:$other4:7000"
check_status "... nor is the host's" 1 '127.0.0.1 is not outside' explain user:carol world:127.0.0.1:8080
check_status "a container's address is not the host's" 1 "$web4 is no address of the host" explain container:other "host:$web4:5354/udp"
inside docker run -d --name hosted --user 1235 --network host probe serve tcp:6999 > /dev/null
check_status "a container in the host's network is judged by who its process is" 0 'accept: user root \(0\) .*:7000/tcp, where its user is root' explain container:hosted pod:web:7000
agrees user:carol user:1235 pod:web:7000 "$web4" 7000
check_status "the line to change is named" 2 'change: /etc/netguard.yml:11:5: pods.web.users: add carol' \
	explain user:carol pod:web:7000
check_status "anybody may ask" 2 'deny .reject.: user carol' \
	as carol "$BUILD/netguard" explain user:carol pod:web:7000
check_status "a pod that is not there" 1 'pod nix has no container' explain pod:nix host:80
check_status "what can't be understood" 1 'a port is wanted' explain pod:web host

note "denied"
denied() { inside "$BUILD/netguard" denied "$@"; }
check_status "denials are listed with names" 0 \
	'container_to_host: pod web \(web\) '"$web4"':[0-9]+ -> 10.88.1.1:5433/tcp in=br' denied
check_status "the user is named" 0 'host_to_container: user carol .* pod web \(web\)' denied -n 100
denied --json -n 100 > "$SANDBOX/denied.json"
check "as JSON, a record a line" jq -es \
	'map(select(.reason == "host_to_container" and .user == "carol" and .uid == 1235 and .to.pod == "web" and .to.port == 7000)) | length > 0' \
	"$SANDBOX/denied.json"
check_equal "as many as are asked for" 1 "$(denied --json -n 1 | jq -c 'select(.reason)' | wc -l)"
check_status "only root may see them" 1 'only root may see' as bob "$BUILD/netguard" denied
check_status "only root may follow them" 1 'only root may see' as bob timeout 5 "$BUILD/netguard" denied -f
check_status "arguments that make no sense" 1 'denied: -n wants a number from 0 to' denied -n x
check_status "... nor an option that there is not" 1 '^netguard: --last: no such option here: usage: netguard denied' denied --last 5
inside "$BUILD/netguard" denied -f -n 1 > "$SANDBOX/follow.txt" 2>&1 &
follower=$!
wait_for 5 test -s "$SANDBOX/follow.txt"
flow denied container:other tcp "$web4" 7001 "while somebody follows"
check "it is told as it comes" wait_for 3 grep -qE "container_to_container: pod other .*:7001/tcp" "$SANDBOX/follow.txt"
note "a flood: ten are logged, all are counted, and the rest is told"
flood() {
	local pid
	pid=$(container_pid other)
	nsenter --net="/proc/$pid/ns/net" -- bash -c 'for i in {1..200}; do : > /dev/udp/'"$web4"'/7002; echo x > /dev/udp/'"$web4"'/7002; done' 2> /dev/null
}
flood
check "what has no record is told" wait_for 4 grep -qE "container_to_container: [0-9]+ more packets" "$SANDBOX/follow.txt"
check "... also in the log" grep -qE "denied container_to_container: [0-9]+ more packets, not logged" "$SANDBOX/netguard.log"
sleep 1.2
check_equal "recorded and told together are all that was counted" "$(counter container_to_container)" \
	"$(denied --json -n 512 | jq -s '[.[] | if .reason == "container_to_container" then 1 else .suppressed.container_to_container // 0 end] | add')"
kill "$follower" 2> /dev/null

note "status"
status() { as bob "$BUILD/netguard" status "$@"; }
before=$(status --json | jq .sent.web.packets)
flow open container:web tcp 10.88.1.1 5432 "web sends"
after=$(status --json | jq .sent.web.packets)
check "what pods send is counted ($before, then $after)" test "$after" -gt "$before"
# each figure is one end of the pair, so the container has the same of its own
same_traffic() {
	local there
	there=$(nsenter "--net=/proc/$(container_pid other)/ns/net" -- ip -s -j link show eth0 |
		jq -c '.[0].stats64 | [.tx.packets, .tx.bytes, .rx.packets, .rx.bytes]')
	test "$(status --json | jq -c '[.sent.other, .received.other | .packets, .bytes]')" = "$there"
}
check "... as the container's own interface has it" wait_for 3 same_traffic # more may come between the two looks
same_forged() { test "$(status --json | jq .denied.forged)" = "$(forged)"; }
check "counters are those of the table" wait_for 3 same_forged # one may count between the two looks
generation=$(status --json | jq .table.generation)
inside docker run -d --name late --network pods probe serve tcp:80 > /dev/null
wait_for 5 sh -c "$SANDBOX_CMD exec $SANDBOX -- $BUILD/netguard status | grep -q 'late  guarded'"
check "a change is another generation" test "$(status --json | jq .table.generation)" -gt "$generation"
check_status "for people" 0 '^  pod web, sent [0-9]+ packets, [0-9.]+ k?B, received [0-9]+ packets, [0-9.]+ k?B$' status
status --metrics > "$SANDBOX/metrics.prom"
check "as metrics" grep -qE '^netguard_containers\{pod="web",guard="guarded"\} 2$' "$SANDBOX/metrics.prom"
check "... with what was received" grep -qE '^netguard_pod_received_bytes_total\{pod="web"\} [1-9][0-9]*$' "$SANDBOX/metrics.prom"
check "... with what was denied" grep -qE '^netguard_denied_packets_total\{reason="container_to_container"\} 20[0-9]$' "$SANDBOX/metrics.prom"
# the rules of the documentation ask for what there is
sed -n '/^```yaml/,/^```/p' docs/monitoring.md | grep -v '^```' > "$SANDBOX/rules.yml"
check_equal "the rules for alerts name metrics that there are" "" \
	"$(grep -o 'netguard_[a-z_]*' "$SANDBOX/rules.yml" | sort -u | while read -r name; do grep -q "^${name}[ {]" "$SANDBOX/metrics.prom" || echo "$name"; done)"
check "... some of them" test "$(grep -c 'expr: .*netguard_' "$SANDBOX/rules.yml")" -ge 7
if command -v promtool > /dev/null; then
	check "... that promtool takes" promtool check metrics < "$SANDBOX/metrics.prom"
	check "... and the rules" promtool check rules "$SANDBOX/rules.yml"
else
	note "promtool is not here; a parser of the unit tests reads the format"
fi
check_status "arguments that make no sense" 1 '--xml: no such option here: usage: netguard status' status --xml
check_status "... one too many" 1 '^netguard: web: one argument too many: usage: netguard status' status --json web
check_status "... one that is missing" 1 '^netguard: usage: netguard explain' inside "$BUILD/netguard" explain pod:web
for command in status 'status --metrics' check 'explain host host:80' table help; do
	check_status "$command on a full disk" 1 'standard output: No space left on device' \
		inside sh -c '"$1" $2 > /dev/full' sh "$BUILD/netguard" "$command"
	check_equal "... to a reader that went away: nothing is said" "" \
		"$(inside sh -c '"$1" $2 | true' sh "$BUILD/netguard" "$command" 2>&1)"
done
check_status "denied -f with its output closed: nothing of it goes elsewhere" 124 '^$' \
	inside sh -c 'timeout 1 "$1" denied -f >&-' sh "$BUILD/netguard"
e2e_end

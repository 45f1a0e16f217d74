#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What any user of the host, and any neighbour, can send in another's name or past the usual way: with a
# container's address (IPV6_FREEBIND needs no right), by the port of a bridge, to all. It gets no one to where
# he may not go, and the same datagram of one who may arrives.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
put_config <<'END'
port_whitelist: { 8080/udp: { pod: web, host_users: pod }, 8086/udp: shut }
guard: { allowed_users: [root], host_ports: [5354/udp] }
other_containers: { pod_label: test.pod }
pods:
  web: { users: [bob], connect_to: { db: [7000/udp] }, direct_ports: [9000/udp] }
  db: {}
END
netguard_start
inside docker pull -q probe > /dev/null
inside docker run -d --name web --network pods --label test.pod=web -p 8080:8080/udp probe serve udp:8080 udp:9000 > /dev/null
inside docker run -d --name db --network pods --label test.pod=db probe serve udp:7000 > /dev/null
docker_lets_pass
for name in web db; do check "$name is guarded" wait_for 5 is_guarded $name; done
as_other() { python3 "$REPO/tests/e2e/files/as_other.py" "$@"; }
OTHER=$REPO/tests/e2e/files/as_other.py
user() { as "$1" python3 "$OTHER" "${@:2}"; }
web4=$(container_ip4 web) web6=$(container_ip6 web) db4=$(container_ip4 db) db6=$(container_ip6 db)
host4=192.0.2.10 host6=2001:db8:0:1::10
port_of() { # NAME: the bridge's port
	local index
	index=$(in_net "$1" ip -j link show eth0 | jq '.[0].link_index')
	inside ip -j link | jq -r --argjson i "$index" '.[] | select(.ifindex == $i) | .ifname'
}
background "$PROBE" serve udp:5354
inside sh -c 'for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $f; done'

note "a reply to what nobody has sent"
# seeded SENDER WHO HOST-ADDRESS CONTAINER-ADDRESS PORT: SENDER sends as the container to a socket of WHO, which then asks the container
seeded() {
	local fifo=$SANDBOX/ask out=$SANDBOX/asked pid
	rm -f "$fifo" "$out"
	mkfifo "$fifo"
	as "$2" python3 "$OTHER" ask "$3,$5" "$4,7000" < "$fifo" > "$out" 2>&1 &
	pid=$!
	exec 7> "$fifo"
	wait_for 3 grep -q ready "$out"
	case $1 in
	outside) outside python3 "$OTHER" send "$4,7000" "$3,$5" > "$SANDBOX/seed" 2>&1 ;;
	*) user "$1" send "$4,7000" "$3,$5" > "$SANDBOX/seed" 2>&1 ;;
	esac
	echo >&7
	exec 7>&-
	wait $pid
	tail -n 1 "$out"
}
check_equal "without, a stranger is refused" refused "$(user carol send "$host6,9990" "$db6,7000")"
before=$(counter forged)
check_equal "with one that he sends himself, too" refused "$(seeded carol carol $host6 "$db6" 9991)"
outside ip addr add "$db4/32" dev lo
outside ip -6 addr add "$db6/128" dev lo nodad
check_equal "with one of a neighbour's, over IPv6" refused "$(seeded outside carol $host6 "$db6" 9992)"
check_equal "... over IPv4" refused "$(seeded outside carol $host4 "$db4" 9993)"
check "they are counted" test "$(counter forged)" -ge $((before + 3))
check_equal "who may ask is answered, whatever came before" "answer from $db6" "$(seeded outside root $host6 "$db6" 9994)"
check "a seed to the world is refused" grep -q refused <(user carol send "$db6,7000" 2001:db8:0:1::1,9999)

note "into what two containers say to each other"
hear() { # FILE NAME AT [TO]: until nothing has come for 20 seconds
	in_net "$2" python3 "$OTHER" hear "$3" 20 ${4:+"$4"} > "$SANDBOX/$1" 2>&1 &
	wait_for 5 grep -q ready "$SANDBOX/$1"
}
hear flow web "$web6,40000" "$db6,7000"
check "web hears db" wait_for 3 grep -q "$db6" "$SANDBOX/flow"
heard() { grep -c "^hello" "$SANDBOX/$1"; }
user carol send "$db6,7000" "$web6,40000" > /dev/null
user carol send "2001:db8:0:1::1,7000" "$web6,40000" > /dev/null
sleep 0.3
check_equal "and nothing of a stranger's in db's name" 0 "$(heard flow)"
user root send "$db6,7000" "$web6,40000" > /dev/null
check "who may send as others do (proxies) is heard" wait_for 2 grep -q "^hello $db6" "$SANDBOX/flow"

note "what a container answers to whom a neighbour has named"
# the answer is a reply, and comes to whom the container may not send
mkdir "$SANDBOX/named"
for at in 0.0.0.0,7200 ::,7201; do hear "named/db.${at#*,}" db $at; done
for at in 7202 7203 7204 7205 7206 7207; do
	inside python3 "$OTHER" hear "::,$at" 20 > "$SANDBOX/named/host.$at" 2>&1 &
	wait_for 5 grep -q ready "$SANDBOX/named/host.$at"
done
flow_counted container_to_container silent container:web udp "$db4" 7200 "the container may not by itself"
flow_counted container_to_container silent container:web udp "$db6" 7201 "nor over IPv6"
flow_counted container_to_host silent container:web udp $host6 7202 "nor to the host"
bridge6=fd88:0:0:1:: # of the network, which each router on it has
while read -r name from to; do
	before=$(counter forged)
	outside python3 "$OTHER" send "$from" "$to" > "$SANDBOX/seed" 2>&1
	check "$name is refused as forged" test "$(counter forged)" -gt "$before"
done <<END
db's_to_the_published_port $db4,7200 $host4,8080
db's_to_a_direct_port $db4,7200 $web4,9000
db's_over_IPv6 $db6,7201 $web6,9000
db's_over_IPv6_to_docker-proxy $db6,7201 $host6,8080
the_host's_over_IPv6 $host6,7202 $web6,9000
the_host's_on_the_bridge fd88:0:0:1::1,7203 $web6,9000
the_host's_to_docker-proxy $host6,7204 $host6,8080
the_host's_to_docker-proxy,_sent_to_all $host6,7205 ff02::1%eth0,8080
that_of_all_routers $bridge6,7206 $web6,9000
that_of_all_routers_to_docker-proxy ${host6%10},7207 $host6,8080
END
sleep 0.3
check_equal "nothing of the container's is heard" '' "$(cd "$SANDBOX/named" && grep -H ^hello ./*)"
for to in "$host4,8080" "$web4,9000"; do
	check_equal "a neighbour in its own name, to $to" "answer from ${to%,*}" "$(outside python3 "$OTHER" send 192.0.2.1,7200 "$to")"
done
for to in "$host6,8080" "$web6,9000"; do
	check_equal "... to $to" "answer from ${to%,*}" "$(outside python3 "$OTHER" send 2001:db8:0:1::1,7201 "$to")"
done

note "what a neighbour sends to a published port, where another container has sent from that port"
hear named/taken db 0.0.0.0,8086 192.0.2.1,7998
hear named/taken.to db 0.0.0.0,8080 192.0.2.1,7998
hear named/other db 0.0.0.0,8099 192.0.2.1,7998
check_equal "who has published it is answered for" "answer from $host4" "$(outside python3 "$OTHER" send 192.0.2.1,7998 "$host4,8080")"
check_equal "the other one has heard nothing" '' "$(grep ^hello "$SANDBOX/named/taken.to")"
check "what it sent is counted" test "$(counter container_to_world)" -ge 2
check_equal "from another port it may send" 1 "$(inside conntrack -L -p udp -s "$db4" -d 192.0.2.1 2> /dev/null | grep -c sport=8099)"
check_equal "... and from none that is open" 0 "$(inside conntrack -L -p udp -s "$db4" -d 192.0.2.1 2> /dev/null | grep -cE 'sport=80(80|86)')"

note "by the port of the bridge, past the bridge"
port=$(port_of db)
check "it is one: $port" inside test -e "/sys/class/net/$port/brport"
hear veth db "0.0.0.0,7100"
hear veth6 db "::,7101"
for to in 255.255.255.255 224.0.0.1 "${db4%.*}.255"; do user carol send "0.0.0.0,0" "$to,7100" "$port" > /dev/null; done
user carol send "::,0" "ff02::1%$port,7101" > /dev/null
sleep 0.3
check_equal "no stranger is heard" "0 0" "$(heard veth) $(heard veth6)"
for to in 255.255.255.255 224.0.0.1 "${db4%.*}.255"; do user root send "0.0.0.0,0" "$to,7100" "$port" > /dev/null; done
user root send "::,0" "ff02::1%$port,7101" > /dev/null
sleep 0.3
check_equal "who may is, by each way" "3 1" "$(heard veth) $(heard veth6)"

note "to a private port, by what is not an address of the host"
for to in 192.0.2.10 192.0.2.255 255.255.255.255 224.0.0.1 ff02::1%eth0 2001:db8:0:1:: fd88:: ::1 127.0.0.1; do
	case $to in *:*) any=:: ;; *) any=0.0.0.0 ;; esac
	out=$(user carol send "$any,0" "$to,8080")
	check "a stranger to $to: $out" test "${out#answer}" = "$out"
	# Docker 28 does not answer what was sent to all, but gets it
	out=$(user bob send "$any,0" "$to,8080")
	check "who may to $to: $out" test "$out" != refused
done

note "to a private port, as if it had asked"
# Docker's proxy has the port at the loopback's address only: with another of the host's a user sends in its name; and
# from the port itself, while nobody has it
seeds() { inside conntrack -L -p udp -s "$1" -d "$1" --sport 8081 --dport 40001 2> /dev/null | wc -l; }
for lo in 127.0.0.1 ::1; do
	user carol from "$lo,8081" "$lo" "$lo,40001"
	check_equal "there is a seed for $lo, from before" 1 "$(seeds $lo)"
done
inside docker run -d --name lo --network pods --label test.pod=web -p 127.0.0.1:8081:8080/udp -p "[::1]:8081:8080/udp" \
	probe serve udp:8080 > /dev/null
check "lo is guarded" wait_for 5 is_guarded lo
while read -r lo other; do
	check_equal "it is no more" 0 "$(seeds "$lo")"
	before=$(counter host_to_container)
	check_equal "a stranger to $lo" refused "$(user carol send "$lo,40001" "$lo,8081")"
	check "... is counted" test "$(counter host_to_container)" -gt "$before"
	before=$(counter midstream)
	user carol from "$other,8081" "$lo" "$lo,40001" 2> "$SANDBOX/seed"
	check_equal "nobody seeds in docker-proxy's name" 0 "$(seeds "$lo")"
	check "... which is counted" test "$(counter midstream)" -gt "$before"
	check_equal "a stranger to $lo, again" refused "$(user carol send "$lo,40001" "$lo,8081")"
	check_equal "its user to $lo" "answer from $lo" "$(user bob send "$lo,40001" "$lo,8081")"
done <<< "127.0.0.1 127.0.0.2
::1 $host6"
note "what a user has sent to the world from a published port, as if somebody there were to answer"
inside docker run -d --name shut --network pods -p "$host4:8085:8080/udp" -p "[$host6]:8085:8080/udp" \
	-p "$host4:8086:8080/udp" -p "[$host6]:8086:8080/udp" probe serve udp:8080 > /dev/null
check "shut is guarded" wait_for 5 is_guarded shut
while read -r own other world; do
	for port in 8085 8086; do
		before=$(counter midstream)
		user carol from "$other,$port" "$own" "$world,7999" 2> "$SANDBOX/seed"
		open=silent
		[ $port = 8085 ] || open="answer from $own"
		check_equal "$own $port from the world" "$open" "$(outside python3 "$OTHER" send "$world,7999" "$own,$port")"
		[ $port = 8086 ] || check "... is counted" test "$(counter midstream)" -gt "$before"
	done
done <<< "$host4 10.88.1.1 192.0.2.1
$host6 fd88:0:0:1::1 2001:db8:0:1::1"

# crossed WHO PORT: WHO has begun a connection from the port before a container publishes it
crossed() {
	local fifo=$SANDBOX/cross out=$SANDBOX/crossed pid
	rm -f "$fifo" "$out"
	mkfifo "$fifo"
	as "$1" python3 "$OTHER" cross 127.0.0.1,40002 "127.0.0.1,$2" < "$fifo" > "$out" 2>&1 &
	pid=$!
	exec 7> "$fifo"
	wait_for 3 grep -q ready "$out"
	inside docker run -d --name "cross-$1" --network pods --label test.pod=web -p "127.0.0.1:$2:80" probe serve tcp:80 > /dev/null
	wait_for 5 is_guarded "cross-$1"
	echo >&7
	exec 7>&-
	wait $pid
	tail -n 1 "$out"
}
check_equal "a stranger's SYN that crosses another" refused "$(crossed carol 8082)"
check_equal "its user's" answer "$(crossed bob 8083)"
flow open user:bob tcp 127.0.0.1 8082 "its user"

note "what containers may ask the host still answers"
for to in $host4 10.88.1.1 $host6; do
	flow open container:web udp "$to" 5354
	flow_counted container_to_host silent container:web udp "$to" 5355
done
flow open user:bob udp "$web4" 8080 "its own user"
e2e_end

#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The first packet of a container. STARTS (60) containers that send with their first instruction, on a network
# so small that each address soon belongs to another pod; containers that are connected while they run; pods by
# podctl. What policy denies never arrives; of what podctl starts nothing that is allowed is lost.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

starts=${STARTS:-60}
pods=8
e2e_begin
{
	echo 'mount_root: /srv/pods'
	echo 'network_name: pods'
	echo 'pods:'
	echo '  shut: { egress: [] }'
	# what is sent to 7001 may pass, to 7002 not
	for i in $(seq "$pods"); do echo "  made$i: { egress: ['192.0.2.1/32:7001/udp'] }"; done
} | put_config
inside docker network create --subnet 10.88.2.0/28 -o com.docker.network.bridge.name=br-small small > /dev/null
inside docker network create --internal quiet > /dev/null
inside docker pull -q probe > /dev/null
netguard_start
for port in 7001 7002; do
	outside "$PROBE" hear "$port" > "$SANDBOX/heard.$port" 2>&1 &
done
heard() { grep -cE "^$1 " "$SANDBOX/heard.${2:-7001}"; }
wait_for 5 outside sh -c 'grep -q ":1B5A " /proc/net/udp6'

note "$starts starts, two at a time, of pods that may and that may not"
# create NAME POD
create() {
	inside docker create --name "$1" --network small --label "com.docker.compose.project=$2" \
		probe say "$2" 2 0 192.0.2.1 7001 > /dev/null
}
for i in 1 2 3 4 5; do create "open-$i" open & create "shut-$i" shut & wait_jobs+=($!); done
wait "${wait_jobs[@]}"
wait_for 20 inside docker inspect open-{1,2,3,4,5} shut-{1,2,3,4,5}
# shellcheck disable=SC2016 # for the inner shell
started=$(date +%s%N)
check "all of them start" inside sh -ec '
	lane() { # from one pod to the other, so that an address passes from hand to hand
		n=0
		while [ $n -lt $2 ]; do
			for name in $1; do docker start $name > /dev/null || exit 1; n=$((n + 1)); done
		done
	}
	lane "open-1 shut-1 open-2 shut-2 open-3 shut-3" $(($1 / 2)) & first=$!
	lane "shut-4 open-4 shut-5 open-5" $(($1 / 2))
	wait $first' sh "$starts"
note "$starts starts in $((($(date +%s%N) - started) / 1000000)) ms"
open=$(heard open) shut=$(heard shut)
note "arrived: $open of about $starts datagrams that may pass, $shut that may not"
check_equal "not one packet of a pod that may not arrives" 0 "$shut"
# docker start waits for nobody: on a machine with other work some are known too late, and say no more
check "... and most of one that may do: $open of $starts" test "$open" -ge $((starts * 3 / 4))
# one that comes before its container is known counts as forged; a first ARP request that did is asked again
# after a second, when the container has ended
counted() {
	local in_table in_bridge
	in_table=$(($(counter container_to_world) + $(counter forged)))
	in_bridge=$(inside nft -j list counter bridge netguard forged | jq '[.nftables[].counter? | select(. != null) | .packets][0]')
	echo $((in_table + in_bridge))
}
check "each of the others was counted" test "$(counted)" -ge $((starts * 9 / 10))

note "connected while they run and send"
for pod in open shut; do
	inside docker run -d --name "$pod-run" --network quiet --label "com.docker.compose.project=$pod" \
		probe say "$pod-run" 0 1 192.0.2.1 7001 > /dev/null
done
# each time both have sent before they are disconnected: the one is heard, the other counted. A second goes by
# where the very first ARP request came before the container was known.
more_than() { [ "$("${@:2}")" -gt "$1" ]; }
arrived=0 denied=0
for i in 1 2 3 4 5; do
	before=$(counter container_to_world) heard_before=$(heard open-run)
	inside docker network connect small shut-run
	inside docker network connect small open-run
	wait_for 10 more_than "$heard_before" heard open-run && arrived=$((arrived + 1))
	wait_for 10 more_than "$before" counter container_to_world && denied=$((denied + 1))
	inside docker network disconnect small shut-run
	inside docker network disconnect small open-run
done
check_equal "connect: what may pass does, each time" 5 "$arrived"
check_equal "connect: what may not never does" 0 "$(heard shut-run)"
check_equal "... though it was sent, each time" 5 "$denied"
inside docker rm -f open-run shut-run > /dev/null

note "pods by podctl: the first datagram of each arrives"
make_pods() {
	local i pids=()
	for i in $(seq "$pods"); do
		put_file "/root/made$i.yml" <<-END
		containers:
		  app: { image: probe, command: [say, "made$i", "0", "100", 192.0.2.1, "7001", 192.0.2.1, "7002"] }
		END
		podctl "/root/made$i.yml" > "$SANDBOX/made$i.log" 2>&1 &
		pids+=($!)
		[ $((i % 2)) -ne 0 ] || { wait "${pids[@]}" || return 1; pids=(); }
	done
}
check "podctl makes $pods pods" make_pods
sleep 0.3
first() { grep -cE '^made[0-9]+ 0$' "$SANDBOX/heard.7001"; }
check_equal "the very first datagram of each arrives" "$pods" "$(first)"
check_equal "... and none where it may not" "" "$(cat "$SANDBOX/heard.7002")"
# the numbers of each, from 0 on, without a gap
gaps() {
	awk '/^made/ { if ($2 != next_of[$1] + 0) print $1, $2, "instead of", next_of[$1] + 0; next_of[$1] = $2 + 1 }' \
		"$SANDBOX/heard.7001"
}
check_equal "... and nothing that comes after is lost" "" "$(gaps)"
e2e_end

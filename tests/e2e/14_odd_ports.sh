#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Ports as the engine takes them from whoever may publish one: "08080", "8080/udp", "80/TCP", a container's port 0.
# They are closed like any other, before the container is started, too; and nobody can write one, or a number of 64
# bits, that netguard does not read, and so knows of no container any more.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
put_config <<'END'
network_name: pods
guard: { allowed_users: [root] }
pods:
  old: { direct_ports: [80] }
END
netguard_start
docker_lets_pass
inside docker pull -q probe > /dev/null
host6=$(inside ip -6 -json addr show dev eth0 scope global | jq -r '.[0].addr_info[0].local')
ADDRESS=10.88.1.77

# create NAME KEY HOST_PORT
create() {
	jq -n --arg key "$2" --arg port "$3" '{Image: "probe", Cmd: ["serve", "tcp:80", "udp:80"], ExposedPorts: {($key): {}},
		HostConfig: {NetworkMode: "pods", PortBindings: {($key): [{HostPort: $port}]}}}' |
		inside curl -sf --unix-socket /var/run/docker.sock -H 'Content-Type: application/json' -d @- \
			"http://localhost/containers/create?name=$1" > /dev/null
}
closed() { inside nft get element inet netguard published_ports "{ $1 . $2 }"; }
lost() { grep -cE 'what is in force stays' "$SANDBOX/netguard.log"; }

port=8100
while read -r key text proto; do
	port=$((port + 1))
	text=${text/PORT/$port}
	check "$key as $text is created" create odd "$key" "$text"
	check "$key as $text: closed before it is started" wait_for 5 closed "$proto" $port
	inside docker start odd > /dev/null
	check "$key as $text: closed when it runs" wait_for 5 closed "$proto" $port
	flow silent outside "$proto" "$host6" $port "$key as $text"
	check "$key as $text: netguard follows the engine" netguard_ready
	inside docker rm -f odd > /dev/null
done <<'END'
80/tcp 0PORT tcp
80/tcp PORT/udp tcp
0080/udp PORT udp
80/TCP PORT tcp
80/tcp/x PORT tcp
80 PORT tcp
0/tcp PORT tcp
END
check "a rate of 64 bits" inside docker create --name odd --device-read-iops /dev/null:18446744073709551615 probe
sleep 0.5
inside docker rm odd > /dev/null
check_equal "nothing was said that netguard can't read" 0 "$(lost)"

note "a permission ends with its container, whoever else is there"
inside docker run -d --name old --network pods --ip $ADDRESS probe serve tcp:80 > /dev/null
check "old is guarded" wait_for 5 is_guarded old
flow open outside tcp $ADDRESS 80 "old's direct port"
create odd 0/tcp 8080
inside docker start odd > /dev/null
# long enough for a daemon that asks later and later to be deaf
sleep 4
inside docker rm -f old > /dev/null
check "what old had is nobody's" wait_for 2 not inside nft get element inet netguard direct4 "{ $ADDRESS . tcp . 80 }"
inside docker run -d --name new --network pods --ip $ADDRESS probe serve tcp:80 > /dev/null
flow silent outside tcp $ADDRESS 80 "another one with old's address"
check "it is guarded" wait_for 5 is_guarded new
check_equal "nothing was said that netguard can't read, either" 0 "$(lost)"
e2e_end

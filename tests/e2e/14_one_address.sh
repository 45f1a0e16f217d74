#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A port that is published at one address of the host, or at all of one family: containers reach the container
# there, and no service of the host that has the same port at another address.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
put_config <<'CONFIG'
network_name: pods
port_whitelist: { 5080: web, 5081: web, 5082: web, 5083: web, 5053/udp: web, 5054/udp: web, 5055/udp: web }
guard: { allowed_users: [root] }
CONFIG
netguard_start
inside docker pull -q probe > /dev/null
inside ip addr add 192.0.2.20/24 dev eth0
host4=192.0.2.10 other4=192.0.2.20 host6=2001:db8:0:1::10 gateway6=fd88:0:0:1::1
inside docker run -d --name web --network pods -p $host4:5080:80 -p $host4:5053:53/udp \
	-p 0.0.0.0:5081:80 -p 0.0.0.0:5054:53/udp -p "[$host6]:5082:80" -p "[$host6]:5055:53/udp" -p 5083:80 \
	probe serve tcp:80 udp:53 > /dev/null
inside docker run -d --name db --network pods probe serve tcp:80 > /dev/null
for name in web db; do check "$name is guarded" wait_for 5 is_guarded $name; done
# what else listens on these ports, at other addresses
services=()
for address in 10.88.1.1 $other4 $gateway6; do services+=("tcp,$address,5080" "udp,$address,5053"); done
for address in $host6 $gateway6; do services+=("tcp,$address,5081" "udp,$address,5054"); done
for address in 10.88.1.1 $host4 $gateway6; do services+=("tcp,$address,5082" "udp,$address,5055"); done
inside python3 "$REPO/tests/e2e/files/listen_at.py" "${services[@]}" > "$SANDBOX/services" 2>&1 &
check "services of the host listen beside it" wait_for 5 grep -q ready "$SANDBOX/services"

note "the control: a user of the host reaches all of them"
for service in "${services[@]}"; do
	IFS=, read -r proto address port <<< "$service"
	flow open user:carol "$proto" "$address" "$port"
done

explained() { # WANT FROM TO: 0 open, 2 denied
	local name="explain: $2 $3"
	inside "$BUILD/netguard" explain "$2" "$3" > "$SANDBOX/explain" 2>&1
	check_equal "$name" "$1" $?
}
# reached open|closed FAMILY PORT PROTOCOL ADDRESS...: from another pod
reached() {
	local want=$1 port=$2 proto=$3 address to
	for address in "${@:4}"; do
		case $address in *:*) to="[$address]:$port/$proto" ;; *) to=$address:$port/$proto ;; esac
		case $want in
		open) flow open container:db "$proto" "$address" "$port" published && explained 0 container:db "$to" ;;
		closed)
			flow_counted container_to_host silent container:db "$proto" "$address" "$port" "the host's own"
			explained 2 container:db "$to"
			;;
		esac
	done
}
note "at one address of IPv4"
reached open 5080 tcp $host4
reached open 5053 udp $host4
for where in 10.88.1.1 $other4 $gateway6; do
	reached closed 5080 tcp "$where"
	reached closed 5053 udp "$where"
done
note "at all addresses of IPv4"
reached open 5081 tcp 10.88.1.1 $host4 $other4
reached open 5054 udp 10.88.1.1
for where in $host6 $gateway6; do
	reached closed 5081 tcp "$where"
	reached closed 5054 udp "$where"
done
note "at one address of IPv6"
reached open 5082 tcp $host6
for where in $host4 10.88.1.1 $gateway6; do
	reached closed 5082 tcp "$where"
	reached closed 5055 udp "$where"
done
note "at all addresses"
reached open 5083 tcp 10.88.1.1 $host4 $other4 $host6 $gateway6

note "a table that can be read back"
check "0.0.0.0/0 stands for all of a family" grep -q "tcp \. 5081 \. 0\.0\.0\.0/0" <<< "$(inside nft list set inet netguard proxied4)"
check "what nft lists loads again" table_reloads
netguard_stop
handles=$(inside nft -a list table inet netguard | grep -c handle)
netguard_start
check_equal "a new daemon takes it as it is" "$handles" "$(inside nft -a list table inet netguard | grep -c handle)"
check "... and says so" grep -qi adopt "$SANDBOX/netguard.log"

note "the port moves to another address"
kill "$(sed -n 's/^ready //p' "$SANDBOX/services")"
inside docker rm -f web > /dev/null
inside docker run -d --name web --network pods -p 10.88.1.1:5053:53/udp probe serve udp:53 > /dev/null
check "web is guarded again" wait_for 5 is_guarded web
# Docker 28 gives the address another MAC, and tells the host again a second later
inside ip neigh flush dev br-pods
reached open 5053 udp 10.88.1.1
e2e_end

#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Forged frames: what a container with NET_RAW and NET_ADMIN writes on its bridge in another's name does not
# arrive, and the same frame in its own name does. Sender, victim and receiver are of one pod, so that nothing
# but table bridge stands between them.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

MARK=6e65746775617264 # 8 bytes that stand in each frame, with the frame's number behind them

e2e_begin --br-netfilter 0
# who is in which group a bridge forgets after one second here, not after 260
for bridge in br-pods docker0; do inside ip link set $bridge type bridge mcast_membership_interval 100; done
put_config <<'END'
guard:
  allowed_users: [root]
  host_ports: [5354/udp, 7002/udp]
  exempt_interfaces: [br-ex]
other_containers:
  pod_label: test.pod
pods:
  gang:
    egress: []
END
netguard_start
inside docker pull -q probe > /dev/null
background "$PROBE" serve udp:5354
# what is heard on the host, on a port that containers may send to and on one that they may not
for port in 7002 7003; do inside "$PROBE" hear "$port" > "$SANDBOX/host.$port" 2>&1 & done

# ---- frames ----

# 10.88.1.2 or fd88::2 (as far as needed) in hex digits
hex4() {
	local a
	IFS=. read -ra a <<< "$1"
	printf '%02x' "${a[@]}"
}
hex6() {
	local left=${1%%::*} right=${1##*::} word out='' n l r
	[ "$left" != "$1" ] || right=''
	IFS=: read -ra l <<< "$left"
	IFS=: read -ra r <<< "$right"
	n=$((8 - ${#l[@]} - ${#r[@]}))
	for word in "${l[@]}"; do out+=$(printf '%04x' "0x$word"); done
	while [ $((n--)) -gt 0 ]; do out+=0000; done
	for word in "${r[@]}"; do out+=$(printf '%04x' "0x$word"); done
	echo "$out"
}
mac() { echo "${1//:/}"; }
link_local() { # the address that follows from a MAC
	local m
	m=$(mac "$1")
	printf 'fe80::%x:%x:%x:%x\n' "$((0x${m:0:4} ^ 0x0200))" "0x${m:4:2}ff" "0xfe${m:6:2}" "0x${m:8:4}"
}
ip_sum() { # an even number of bytes, the sum in them 0: the sum
	local s=0 i
	for ((i = 0; i < ${#1}; i += 4)); do s=$((s + 0x${1:i:4})); done
	s=$(((s & 0xffff) + (s >> 16)))
	printf '%04x' $((~((s & 0xffff) + (s >> 16)) & 0xffff))
}
udp() { echo "${2-1b591b5a}00120000${MARK}$1"; } # number; 7001 -> 7002, where nobody listens
ip4() { # FROM-MAC TO-MAC FROM TO NUMBER [TAG]
	local a b
	a=45000026000040004011
	b=$(hex4 "$3")$(hex4 "$4")
	echo "$(mac "$2")$(mac "$1")${6-}0800$a$(ip_sum "${a}0000$b")$b$(udp "$5")00"
}
raw4() { # FROM-MAC TO-MAC FROM TO PROTOCOL NUMBER: any protocol
	local a=450000260000400040$5 b
	b=$(hex4 "$3")$(hex4 "$4")
	echo "$(mac "$2")$(mac "$1")0800$a$(ip_sum "${a}0000$b")$b$(udp "$6")00"
}
ip6() { # FROM-MAC TO-MAC FROM TO NUMBER [NEXT-HEADER PAYLOAD]
	local payload=${7-$(udp "$5")00} next=${6-11}
	printf '%s%s86dd60000000%04x%sff%s%s%s\n' "$(mac "$2")" "$(mac "$1")" $((${#payload} / 2)) "$next" \
		"$(hex6 "$3")" "$(hex6 "$4")" "$payload"
}
quoted() { # FROM TO NUMBER [PORTS]: a packet as errors quote it
	local a=45000026000040004011 b
	b=$(hex4 "$1")$(hex4 "$2")
	echo "$a$(ip_sum "${a}0000$b")$b$(udp "$3" ${4+"$4"})00"
}
icmp_error() { # FROM-MAC TO-MAC FROM TO QUOTED-FROM QUOTED-TO NUMBER [PORTS]: port unreachable
	local a=45000042000040004001 b q
	b=$(hex4 "$3")$(hex4 "$4")
	q=00000000$(quoted "${@:5}")
	echo "$(mac "$2")$(mac "$1")0800$a$(ip_sum "${a}0000$b")${b}0303$(ip_sum "03030000$q")$q"
}
nd() { # TYPE TARGET NUMBER: an ICMPv6 message with a target, and the mark as an unknown option
	echo "${1}00000060000000$(hex6 "$2")fd02${MARK}${3}0000000000"
}
# What stands before it: options of no meaning (3c: for the destination, 00: for each hop), a route that is over.
options() { echo "${1}00010400000000"; } # NEXT-HEADER
route() { echo "${1}00000000000000"; }
fragment() { echo "${1}00${2}00000042"; } # NEXT-HEADER OFFSET-AND-MORE: 0001 the first, 0011 the third, 0000 the only one
# An advertisement that is believed: with its checksum, and where the target is said to be.
advert() { # FROM-MAC TO-MAC FROM TO TARGET TARGET-MAC [OPTIONS]
	local a b sum
	a=20000000$(hex6 "$5")0201$(mac "$6")
	sum=$(ip_sum "$(hex6 "$3")$(hex6 "$4")$(printf '%08x' $((${#a} / 2 + 4)))0000003a88000000$a")
	b=${7-}8800$sum$a
	if [ -n "${7-}" ]; then
		ip6 "$1" "$2" "$3" "$4" '' 3c "$b"
	else
		ip6 "$1" "$2" "$3" "$4" '' 3a "$b"
	fi
}
arp() { # FROM-MAC TO-MAC SENDER-MAC SENDER-IP TARGET-IP NUMBER: a reply
	echo "$(mac "$2")$(mac "$1")0806 0001080006040002 $(mac "$3")$(hex4 "$4")$(mac "$2")$(hex4 "$5") ${MARK}$6"
}


# ---- the frames of one network: sent one after another, and looked for at the receiver ----

names=()
frames=()
wanted=()
frame() { # WANT NAME FUNCTION ARGS...: NUMBER in ARGS is put in
	local number args
	number=$(printf '%02x' $((${#names[@]} + 1)))
	names+=("$2") wanted+=("$1")
	args=("${@:4}")
	frames+=("$("$3" "${args[@]/NUMBER/$number}")")
}
send_frames() { # NETWORK: what arrived is compared
	local log=$SANDBOX/sniff.log before after denied=0 i number
	rm -f "$log"
	before=$(forged)
	in_net "$1-receiver" "$PROBE" sniff eth0 1500 "$MARK" > "$log" &
	wait_for 5 grep -q ready "$log"
	in_net "$1-evil" "$PROBE" frame eth0 "${frames[@]}"
	wait $!
	check "$1: the receiver has listened to the end" grep -q '^seen' "$log"
	for i in "${!names[@]}"; do
		number=$(printf '%02x' $((i + 1)))
		[ "${wanted[i]}" = arrives ] || denied=$((denied + 1))
		case ${wanted[i]}:$(grep -cx "$number" "$log") in
		arrives:1 | denied:0) pass "$1: ${names[i]}: ${wanted[i]}" ;;
		*) fail "$1: ${names[i]}: not ${wanted[i]}" ;;
		esac
	done
	after=$(forged)
	if [ $((after - before)) -ge "$denied" ]; then
		pass "$1: each forged frame is counted"
	else
		fail "$1: $denied frames, counted $before -> $after"
	fi
	names=() frames=() wanted=()
}

# An advertisement's target, wherever the advertisement stands.
adverts() { # FROM-MAC TO-MAC FROM TO VICTIM LINK-LOCAL
	local name target want
	frame arrives "ND advertisement of its link-local, by its address" ip6 "$1" "$2" "$3" "$4" NUMBER 3a \
		"$(nd 88 "$6" "$(next)")"
	frame arrives "ND advertisement of its address, by its link-local" ip6 "$1" "$2" "$6" "$4" NUMBER 3a \
		"$(nd 88 "$3" "$(next)")"
	frame denied "ND advertisement of the victim's, by its link-local" ip6 "$1" "$2" "$6" "$4" NUMBER 3a \
		"$(nd 88 "$5" "$(next)")"
	frame denied "ND advertisement of its own, by nobody" ip6 "$1" "$2" :: "$4" NUMBER 3a \
		"$(nd 88 "$3" "$(next)")"
	for name in own victim; do
		target=$3 want=arrives
		[ "$name" = own ] || target=$5 want=denied
		frame $want "ND advertisement, $name" ip6 "$1" "$2" "$3" "$4" NUMBER 3a "$(nd 88 "$target" "$(next)")"
		frame $want "ND advertisement behind options, $name" ip6 "$1" "$2" "$3" "$4" NUMBER 3c \
			"$(options 3a)$(nd 88 "$target" "$(next)")"
		frame $want "... behind those for each hop, $name" ip6 "$1" "$2" "$3" "$4" NUMBER 00 \
			"$(options 3c)$(options 3a)$(nd 88 "$target" "$(next)")"
		frame $want "... behind a route, $name" ip6 "$1" "$2" "$3" "$4" NUMBER 2b \
			"$(route 3a)$(nd 88 "$target" "$(next)")"
		frame $want "... as the only fragment, $name" ip6 "$1" "$2" "$3" "$4" NUMBER 2c \
			"$(fragment 3a 0000)$(nd 88 "$target" "$(next)")"
	done
}

# Who asks who is in which group, as routers do. A bridge that listens gives what is for a group, as each question
# of ND is, only to those who have answered, and nobody else has heard the question.
ask_groups() { # CONTAINER
	local me from from4 a b sum
	me=$(mac_of "$1")
	from=$(link_local "$me")
	a=00010000$(hex6 ::)
	sum=$(ip_sum "$(hex6 "$from")$(hex6 ff02::1)000000180000003a82000000$a")
	b=4500001c000040000102
	from4=$(hex4 "$(container_ip4 "$1")")e0000001
	in_net "$1" "$PROBE" frame eth0 \
		"$(ip6 "$me" 33:33:00:00:00:01 "$from" ff02::1 '' 00 "$(options 3a)8200$sum$a")" \
		"01005e000001$(mac "$me")0800$b$(ip_sum "${b}0000$from4")${from4}1101eefe00000000"
	sleep 0.1
}
finds() { # CONTAINER ADDRESS: asks for its MAC
	in_net "$1" ip -6 neigh flush dev eth0
	in_net "$1" "$PROBE" try -t 500 udp "$2" 7000 > /dev/null
	[ -n "$(knows "${1%-receiver}" "$2")" ]
}
host_finds() { # BRIDGE ADDRESS
	inside ip -6 neigh flush dev "$1"
	inside "$PROBE" try -t 500 udp "$2" 7000 > /dev/null
	grep -q lladdr <<< "$(inside ip -6 neigh show "$2" dev "$1")"
}
groups() { # NETWORK BRIDGE GATEWAY RECEIVER VICTIM
	note "$1: who asks for members of groups"
	ask_groups "$1-evil"
	check "$1: neighbours find each other all the same" finds "$1-receiver" "$5"
	check "$1: ... and the host" finds "$1-receiver" "$3"
	check "$1: the host finds them" host_finds "$2" "$4"
}

# Fragments: what the first one does not say, nobody can look at. They are put together before they go on, so
# what is judged here is not looked for at the receiver.
fragments() { # NETWORK FROM-MAC TO-MAC FROM TO
	local head=("${@:2}") advert
	note "$1: fragments"
	advert=$(nd 88 "$4" 00)
	piece "$1" 1 "first fragment of an advertisement, its target cut off" \
		"$(ip6 "${head[@]}" '' 2c "$(fragment 3a 0001)${advert:0:32}")"
	piece "$1" 1 "first fragment that ends before ICMPv6" \
		"$(ip6 "${head[@]}" '' 2c "$(fragment 3c 0001)$(options 3a)")"
	piece "$1" 1 "first fragment that ends among its headers" \
		"$(ip6 "${head[@]}" '' 2c "$(fragment 3c 0001)$(options 3c)")"
	piece "$1" 0 "first fragment of its own advertisement" \
		"$(ip6 "${head[@]}" '' 2c "$(fragment 3a 0001)$advert")"
	piece "$1" 0 "first fragment of a ping" "$(ip6 "${head[@]}" '' 2c "$(fragment 3a 0001)8000000000010001")"
	piece "$1" 0 "third fragment of a ping" "$(ip6 "${head[@]}" '' 2c "$(fragment 3a 0011)${advert:0:32}")"
	piece "$1" 0 "third fragment behind options" "$(ip6 "${head[@]}" '' 2c "$(fragment 3c 0011)${advert:0:32}")"
	piece "$1" 0 "third fragment of UDP" "$(ip6 "${head[@]}" '' 2c "$(fragment 11 0011)${advert:0:32}")"
	check "$1: a ping of three fragments is answered" \
		in_net "$1-evil" ping -6 -c 1 -W 2 -s 3000 "$5"
}
piece() { # NETWORK DENIED NAME FRAME
	local before
	before=$(bridge_forged)
	in_net "$1-evil" "$PROBE" frame eth0 "$4"
	check_equal "$1: $3: denied $2 times" "$2" $(($(bridge_forged) - before))
}
bridge_forged() { inside nft -j list counter bridge netguard forged | jq '.nftables[].counter? // empty | .packets'; }

# What the receiver's kernel believes after all that.
neighbours() { # NETWORK FROM-MAC TO-MAC FROM TO VICTIM VICTIM-MAC
	local before other=02:00:00:00:00:99
	note "$1: what the receiver knows of its neighbours"
	in_net "$1-receiver" "$PROBE" try -t 300 udp "$6" 7000 > /dev/null
	in_net "$1-receiver" "$PROBE" try -t 300 udp "$4" 7000 > /dev/null
	check_equal "$1: the victim is where it is" "$7" "$(knows "$1" "$6")"
	before=$(forged)
	in_net "$1-evil" "$PROBE" frame eth0 "$(advert "$2" "$3" "$4" "$5" "$6" "$2")" \
		"$(advert "$2" "$3" "$4" "$5" "$6" "$2" "$(options 3a)")"
	sleep 0.2
	check_equal "$1: the victim is not where somebody else says" "$7" "$(knows "$1" "$6")"
	check "$1: ... which is counted" test "$(forged)" -ge $((before + 2))
	in_net "$1-evil" "$PROBE" frame eth0 "$(advert "$2" "$3" "$4" "$5" "$4" "$other")"
	check "$1: who advertises its own address is believed" wait_for 2 moved "$1" "$4" "$other"
	in_net "$1-evil" "$PROBE" frame eth0 "$(advert "$2" "$3" "$4" "$5" "$4" "$2" "$(options 3a)")"
	check "$1: ... behind options too" wait_for 2 moved "$1" "$4" "$2"
	check_status "$1: no address was taken for somebody else's" 1 '' grep -E 'dadfailed|tentative' \
		<<< "$(in_net "$1-evil" ip -6 addr show dev eth0)"
}
knows() { in_net "$1-receiver" ip -6 neigh show "$2" dev eth0 | awk '{ for (i = 1; i < NF; i++) if ($i == "lladdr") print $(i + 1) }'; }
moved() { [ "$(knows "$1" "$2")" = "$3" ]; }

network() { # NETWORK BRIDGE
	local name m4=() m6=() ma=() i=0 me you to mine yours toip mine6 yours6 to6
	for name in evil victim receiver; do
		inside docker run -d --name "$1-$name" --network "$1" --label test.pod=gang \
			--cap-add NET_RAW --cap-add NET_ADMIN probe serve tcp:80 udp:7000 > /dev/null
		m4[i]=$(container_ip4 "$1-$name") m6[i]=$(container_ip6 "$1-$name")
		ma[i]=$(inside docker inspect -f '{{range .NetworkSettings.Networks}}{{.MacAddress}}{{end}}' "$1-$name")
		i=$((i + 1))
	done
	me=${ma[0]} you=${ma[1]} to=${ma[2]} mine=${m4[0]} yours=${m4[1]} toip=${m4[2]}
	mine6=${m6[0]} yours6=${m6[1]} to6=${m6[2]}
	note "$1: $me $mine $mine6, victim $you $yours"
	check "$1: the ports are known" wait_for 5 ports_known "$1"
	flow open "container:$1-evil" tcp "$toip" 80 "$1: its own addresses"

	frame arrives "IPv4, own addresses" ip4 "$me" "$to" "$mine" "$toip" NUMBER
	frame denied "IPv4, the victim's IP" ip4 "$me" "$to" "$yours" "$toip" NUMBER
	frame denied "IPv4, the victim's MAC" ip4 "$you" "$to" "$mine" "$toip" NUMBER
	frame denied "IPv4, both the victim's" ip4 "$you" "$to" "$yours" "$toip" NUMBER
	frame denied "IPv4, nobody's MAC" ip4 02:00:00:00:00:99 "$to" "$mine" "$toip" NUMBER
	frame denied "IPv4, tagged for VLAN 0" ip4 "$me" "$to" "$mine" "$toip" NUMBER 81000000
	frame denied "IPv4, tagged for VLAN 5" ip4 "$me" "$to" "$mine" "$toip" NUMBER 81000005
	frame denied "IPv4, tagged twice" ip4 "$me" "$to" "$mine" "$toip" NUMBER 88a8000081000000
	frame denied "IPv4 in PPPoE" ip4 "$me" "$to" "$mine" "$toip" NUMBER 8864110000010028
	frame denied "LLC" ip4 "$me" "$to" "$mine" "$toip" NUMBER 0030424203
	frame arrives "ARP, own addresses" arp "$me" "$to" "$me" "$mine" "$toip" NUMBER
	frame denied "ARP, the victim's IP" arp "$me" "$to" "$me" "$yours" "$toip" NUMBER
	frame denied "ARP, the victim's MAC inside" arp "$me" "$to" "$you" "$mine" "$toip" NUMBER
	frame denied "ARP, from the victim's MAC" arp "$you" "$to" "$me" "$mine" "$toip" NUMBER
	frame denied "ARP, the gateway's IP" arp "$me" "$to" "$me" "${mine%.*}.1" "$toip" NUMBER
	if [ -n "$mine6" ]; then
		local ll
		ll=$(link_local "$me")
		frame arrives "IPv6, own addresses" ip6 "$me" "$to" "$mine6" "$to6" NUMBER
		frame denied "IPv6, the victim's IP" ip6 "$me" "$to" "$yours6" "$to6" NUMBER
		frame denied "IPv6, the victim's MAC" ip6 "$you" "$to" "$mine6" "$to6" NUMBER
		frame denied "IPv6, a privacy address" ip6 "$me" "$to" "${mine6%:*}:1:2:3:4" "$to6" NUMBER
		frame arrives "ND solicitation, own link-local" ip6 "$me" "$to" "$ll" "$to6" NUMBER 3a \
			"$(nd 87 "$to6" "$(next)")"
		frame denied "ND solicitation, the victim's link-local" ip6 "$me" "$to" "$(link_local "$you")" \
			"$to6" NUMBER 3a "$(nd 87 "$to6" "$(next)")"
		frame arrives "ND: is its own address free?" ip6 "$me" "$to" :: "$to6" NUMBER 3a \
			"$(nd 87 "$mine6" "$(next)")"
		frame arrives "ND: is its own link-local free?" ip6 "$me" "$to" :: "$to6" NUMBER 3a \
			"$(nd 87 "$ll" "$(next)")"
		frame denied "ND: is the receiver's address free?" ip6 "$me" "$to" :: "$to6" NUMBER 3a \
			"$(nd 87 "$to6" "$(next)")"
		frame denied "is its own free, from the victim's MAC" ip6 "$you" "$to" :: "$to6" NUMBER 3a \
			"$(nd 87 "$mine6" "$(next)")"
		frame arrives "ND advertisement of its own" ip6 "$me" "$to" "$mine6" "$to6" NUMBER 3a \
			"$(nd 88 "$mine6" "$(next)")"
		frame denied "ND advertisement from the victim's" ip6 "$me" "$to" "$yours6" "$to6" NUMBER 3a \
			"$(nd 88 "$yours6" "$(next)")"
		frame denied "router advertisement" ip6 "$me" "$to" "$ll" "$to6" NUMBER 3a \
			"$(nd 86 "$to6" "$(next)")"
		frame denied "redirect" ip6 "$me" "$to" "$ll" "$to6" NUMBER 3a "$(nd 89 "$to6" "$(next)")"
		adverts "$me" "$to" "$mine6" "$to6" "$yours6" "$ll"
	fi
	send_frames "$1"
	if [ -n "$mine6" ]; then
		fragments "$1" "$me" "$to" "$mine6" "$to6"
		neighbours "$1" "$me" "$to" "$mine6" "$to6" "$yours6" "$you"
		groups "$1" "$2" "${mine6%::*}::1" "$to6" "$yours6"
	fi

	note "$1: frames for 01:80:c2:00:00:00 to 0f"
	check_equal "$1: both ports forward them" "0xfffd 0xfffd" \
		"$(groups_of "$(port_of "$2" "$me")") $(groups_of "$(port_of "$2" "$you")")"
	check_groups_denied "$1" "$2" "$1"

	note "$1: another MAC on the interface itself"
	local gateway=${mine%.*}.1
	flow open "container:$1-evil" udp "$gateway" 5354 "$1: its own MAC"
	in_net "$1-evil" ip link set eth0 address 02:00:00:00:00:77
	flow silent "container:$1-evil" udp "$gateway" 5354 "$1: a MAC of its choice"
	in_net "$1-evil" ip link set eth0 address "$me"
	flow open "container:$1-evil" udp "$gateway" 5354 "$1: its own MAC again"
}
next() { printf '%02x' $((${#names[@]} + 1)); }
port_of() { inside bridge fdb show br "$1" | awk -v m="$2" '$1 == m { print $3; exit }'; }
ports_known() {
	local name
	for name in evil victim receiver; do
		inside "$BUILD/netguard" status --json |
			jq -e --arg n "$1-$name" '[.pods[][] | select(.name == $n and .guard == "guarded")] | length == 1'
	done
}

# ---- frames for groups, one for each last digit D of 01:80:c2:00:00:0D ----

ALL='0 1 2 3 4 5 6 7 8 9 a b c d e f'
FORWARDED=${ALL/1 /} # 01 is MAC pause, which every bridge drops
# What comes of them, as lists of D. learned: MACs that the bridge has from them; moved: the victim's too;
# forged, own, closed: packets that a socket of the host got, by another's address, by the sender's own, and by
# its own on a port that containers may not send to; victim: frames of forged ones that it saw
declare -A came
send_groups() { # NETWORK BRIDGE
	local name=$1 bridge=$2 me you mine yours gateway d to port moved frames=() log=$SANDBOX/sniff-groups.log
	me=$(mac_of "$name-evil") you=$(mac_of "$name-victim")
	mine=$(container_ip4 "$name-evil") yours=$(container_ip4 "$name-victim")
	gateway=${mine%.*}.1
	in_net "$name-victim" "$PROBE" try -t 300 udp "$gateway" 5354 > /dev/null
	port=$(port_of "$bridge" "$you")
	inside bridge fdb flush dev "$(port_of "$bridge" "$me")" dynamic 2> /dev/null ||
		inside ip link set "$(port_of "$bridge" "$me")" type bridge_slave fdb_flush
	: > "$SANDBOX/host.7002"
	: > "$SANDBOX/host.7003"
	for d in $ALL; do
		to=0180c200000$d
		frames+=("${to}0200000099${d}${d}88cc${MARK}4$d" "$to$(mac "$you")88cc${MARK}5$d"
			"$(ip4 "$you" "$to" "$yours" "$gateway" "1$d")" "$(ip4 "$me" "$to" "$mine" "$gateway" "2$d")")
		to=$(ip4 "$me" "$to" "$mine" "$gateway" "3$d")
		frames+=("${to/1b591b5a/1b591b5b}") # to 7003
	done
	rm -f "$log"
	in_net "$name-victim" "$PROBE" sniff eth0 1000 "$MARK" > "$log" &
	wait_for 5 grep -q ready "$log"
	in_net "$name-evil" "$PROBE" frame eth0 "${frames[@]}"
	# at once: the next frame of the victim's own takes it back
	moved=$([ "$(port_of "$bridge" "$you")" = "$port" ] || echo moved)
	wait $!
	[ "$(port_of "$bridge" "$you")" = "$port" ] || moved=moved
	came=(
		[learned]=$(inside bridge fdb show br "$bridge" | sed -n 's/^02:00:00:00:99:.\(.\) .*/\1/p' | sort | xargs)
		[moved]=$moved
		[forged]=$(got 7002 1) [own]=$(got 7002 2) [closed]=$(got 7003 3)
		[victim]=$(sed -n 's/^[145]\(.\)$/\1/p' "$log" | sort | xargs)
	)
}
got() { # PORT KIND
	od -An -v -tx1 "$SANDBOX/host.$1" | tr -d ' \n' | grep -o "$MARK$2." | sed 's/.*\(.\)$/\1/' | sort | xargs
}
mac_of() { inside docker inspect -f '{{range .NetworkSettings.Networks}}{{.MacAddress}}{{end}}' "$1"; }
groups_of() { inside ip -d -j link show "$1" | jq -r '.[0].linkinfo.info_slave_data.group_fwd_mask'; }
has_groups() { [ "$(groups_of "$1")" = 0xfffd ]; }
check_groups_denied() { # NETWORK BRIDGE WHEN
	send_groups "$1" "$2"
	check_equal "$3: nothing is learned from them" '' "${came[learned]}"
	check_equal "$3: the victim's MAC stays at its port" '' "${came[moved]}"
	check_equal "$3: no packet with the victim's address reaches the host" '' "${came[forged]}"
	check_equal "$3: nor a port of the host that is closed" '' "${came[closed]}"
	check_equal "$3: nothing forged reaches the victim" '' "${came[victim]}"
	check_equal "$3: nor one of its own: IP is not sent so" '' "${came[own]}"
}

network pods br-pods
network bridge docker0

note "errors that quote somebody else's connections"
WORLD=198.51.100.7 HOST=192.0.2.10
inside docker run -d --name pods-other --network pods --label test.pod=other --cap-add NET_RAW probe > /dev/null
other_known() {
	inside "$BUILD/netguard" status --json |
		jq -e '[.pods[][] | select(.name == "pods-other" and .guard == "guarded")] | length == 1'
}
check "the other pod's port is known" wait_for 5 other_known
evil=$(container_ip4 pods-evil) other=$(container_ip4 pods-other) receiver=$(container_ip4 pods-receiver)
evil_mac=$(mac_of pods-evil) other_mac=$(mac_of pods-other)
bridge_mac=$(inside cat /sys/class/net/br-pods/address)
gateway=${evil%.*}.1
heard() { # NUMBER WHERE-TO WANT NAME
	check_equal "$4" "$3" "$(grep -cx "$1" "$SANDBOX/sniff-$2.log")"
}
for i in pods-other pods-receiver; do
	rm -f "$SANDBOX/sniff-$i.log"
	in_net "$i" "$PROBE" sniff eth0 4000 "$MARK" > "$SANDBOX/sniff-$i.log" &
done
rm -f "$SANDBOX/sniff-world.log"
outside "$PROBE" sniff eth0 4000 "$MARK" > "$SANDBOX/sniff-world.log" &
for i in pods-other pods-receiver world; do wait_for 5 grep -q ready "$SANDBOX/sniff-$i.log"; done
# a connection to the world, where nobody listens, and two to the host
quiet=$(counter midstream)
in_net pods-other "$PROBE" frame eth0 "$(ip4 "$other_mac" "$bridge_mac" "$other" "$WORLD" 01)" \
	"$(icmp_error "$other_mac" "$bridge_mac" "$other" "$WORLD" "$WORLD" "$other" 02 1b5a1b59)"
check "what is not heard in the world is counted" test "$(counter midstream)" -gt "$quiet"
to_host=$(ip4 "$other_mac" "$bridge_mac" "$other" "$gateway" 03)
in_net pods-other "$PROBE" frame eth0 "${to_host/1b591b5a/1b5914ea}"
to_host=$(ip4 "$(mac_of pods-receiver)" "$bridge_mac" "$receiver" "$gateway" 04)
in_net pods-receiver "$PROBE" frame eth0 "${to_host/1b591b5a/1b5914ea}"
unreachable() { inside awk '$1 == "Icmp:" && /[0-9]/ { print $5 }' /proc/net/snmp; }
before=$(unreachable)
quiet=$(counter midstream)
# as the kernel knows them: what goes to the world has the host's address there
# shellcheck disable=SC2046 # frames have no blanks
in_net pods-evil "$PROBE" frame eth0 \
	$(icmp_error "$evil_mac" "$bridge_mac" "$evil" "$HOST" "$HOST" "$WORLD" 11) \
	$(icmp_error "$evil_mac" "$other_mac" "$evil" "$other" "$other" "$gateway" 12 1b5914ea) \
	$(icmp_error "$evil_mac" "$bridge_mac" "$evil" "$receiver" "$receiver" "$gateway" 13 1b5914ea) \
	$(icmp_error "$evil_mac" "$bridge_mac" "$evil" "$WORLD" "$WORLD" "$other" 14 1b5a1b59) \
	$(icmp_error "$evil_mac" "$bridge_mac" "$evil" "$gateway" "$gateway" "$other" 15 14ea1b59)
check_equal "the host does not hear of its connection with another pod" "$before" "$(unreachable)"
check "... and what was not heard is counted" test "$(counter midstream)" -gt "$quiet"
apart=$(counter container_to_container)
away=(ip6 "$(mac_of bridge-evil)" "$(inside cat /sys/class/net/docker0/address)" "$(container_ip6 bridge-evil)" "$(container_ip6 pods-other)" '' 3a)
# shellcheck disable=SC2046 # frames have no blanks
in_net bridge-evil "$PROBE" frame eth0 \
	$(for i in 83 85 87 88 8f; do "${away[@]}" "$(nd $i "$(container_ip6 bridge-evil)" "2${i:1}")"; done)
in_net pods-evil "$PROBE" frame eth0 "$(ip6 "$evil_mac" "$other_mac" "$(container_ip6 pods-evil)" \
	"$(container_ip6 pods-other)" '' 3a "$(nd 87 "$(container_ip6 pods-other)" 20)")"
# IPIP, GRE, ESP, AH, UDP-Lite and one that is none; and what is for one, but is sent to all on the bridge
protocols=(04 2f 32 33 88 ff)
sent=()
for i in "${!protocols[@]}"; do
	sent+=("$(raw4 "$evil_mac" "$other_mac" "$evil" "$other" "${protocols[i]}" "3$i")"
		"$(raw4 "$evil_mac" "$(mac_of pods-receiver)" "$evil" "$receiver" "${protocols[i]}" "4$i")")
done
in_net pods-evil "$PROBE" frame eth0 "${sent[@]}" "$(ip4 "$evil_mac" ff:ff:ff:ff:ff:ff "$evil" "$other" 3a)" \
	"$(ip4 "$evil_mac" ff:ff:ff:ff:ff:ff "$evil" "$receiver" 3b)"
for i in pods-other pods-receiver world; do wait_for 10 grep -q '^seen' "$SANDBOX/sniff-$i.log"; done
heard 01 pods-other 1 "an error from the world is heard"
heard 02 world 0 "a container's error is not heard in the world, with the world as egress, ..."
heard 01 world 1 "... where its packets are"
heard 11 pods-other 0 "another pod's error, routed, is not heard"
heard 12 pods-other 0 "another pod's error on the bridge is not heard"
heard 13 pods-receiver 1 "one from the same pod is"
heard 20 pods-other 1 "who asks for a neighbour is heard on its own network"
for i in 3 5 7 8 f; do heard 2$i pods-other 0 "not from another: type 8$i"; done
for i in "${!protocols[@]}"; do
	heard "4$i" pods-receiver 1 "IP protocol 0x${protocols[i]} is heard in the same pod"
	heard "3$i" pods-other 0 "... and not in another"
done
# Docker 28 drops what is routed to a container itself, in its raw table
counted=11
! inside iptables -t raw -S | grep -q -- '-j DROP' || counted=$((counted - 5))
check "... which is counted, as the types are" test $(($(counter container_to_container) - apart)) -ge "$counted"
heard 3a pods-other 0 "what is sent to all, to another pod's address, is not heard there"
heard 3b pods-receiver 0 "... nor is it in the same pod: it went to none but the host"
heard 14 world 0 "a pod without egress can't send errors to the world"

note "a port that is nobody's, and a bridge that is not guarded"
inside sh -c 'ip link add v-stray type veth peer name v-stray-in && ip link set v-stray master br-pods up &&
	ip link set v-stray-in up && ip link add br-ex type bridge && ip link set br-ex up
	for i in 1 2; do ip link add v-ex$i type veth peer name v-ex$i-in
	ip link set v-ex$i master br-ex up; ip link set v-ex$i-in up; done'
port_closed() { grep -q v-stray <<< "$(inside nft list set bridge netguard ports)"; }
check "a port of nobody's is in the table" wait_for 3 port_closed
check_status "a port of an exempt bridge is not" 1 '' grep v-ex <<< "$(inside nft list set bridge netguard ports)"
before=$(forged)
free=$(ip4 02:00:00:00:00:55 "$(inside docker inspect -f '{{range .NetworkSettings.Networks}}{{.MacAddress}}{{end}}' pods-receiver)" \
	10.88.1.200 "$(container_ip4 pods-receiver)" 77)
inside "$PROBE" frame v-stray-in "$free"
check "nobody's frame is denied and counted" test "$(forged)" -gt "$before"
told_of() { inside "$BUILD/netguard" denied --json -n 100 | jq -es --arg from "$1" 'any(.[]; .from.address? == $from)' > /dev/null; }
# the log takes ten a second, and was full a moment ago
tells() { inside "$PROBE" frame v-stray-in "$free" && told_of 10.88.1.200; }
check "... and told of" wait_for 10 tells
rm -f "$SANDBOX/sniff.log"
inside "$PROBE" sniff v-ex2-in 1500 "$MARK" > "$SANDBOX/sniff.log" &
wait_for 5 grep -q ready "$SANDBOX/sniff.log"
inside "$PROBE" frame v-ex1-in "${free/#????????????/ffffffffffff}"
wait $!
check "the same frame on the exempt bridge arrives" grep -q '^seen 1' "$SANDBOX/sniff.log"
check "nobody's port forwards frames for groups" wait_for 3 has_groups v-stray
check_equal "ports of the exempt bridge are as they were" "0 0" "$(groups_of v-ex1) $(groups_of v-ex2)"
switches() { # BRIDGE
	inside ip -d -j link show "$1" | jq -r '.[0].linkinfo.info_data | "\(.group_fwd_mask) \(.no_linklocal_learn) \(.mcast_snooping)"'
}
check_equal "... and it is, too" "0 0 1" "$(switches br-ex)"

note "the control: frames for groups on the exempt bridge"
on_exempt() { # frames that arrive at the other port, and MACs that are learned
	local d frames=()
	for d in $ALL; do frames+=("0180c200000${d}0200000098${d}${d}88cc${MARK}6$d"); done
	rm -f "$SANDBOX/sniff.log"
	inside "$PROBE" sniff v-ex2-in 1000 "$MARK" > "$SANDBOX/sniff.log" &
	wait_for 5 grep -q ready "$SANDBOX/sniff.log"
	inside "$PROBE" frame v-ex1-in "${frames[@]}"
	wait $!
	sed -n 's/^6\(.\)$/\1/p' "$SANDBOX/sniff.log" | sort | xargs
	inside bridge fdb show br br-ex | sed -n 's/^02:00:00:00:98:.\(.\) .*/\1/p' | sort | xargs
}
check_equal "as they are all are learned from, and 00 arrives" "0
$FORWARDED" "$(on_exempt)"
inside ip link set v-ex1 type bridge_slave group_fwd_mask 0xfffd
check_equal "forwarded they arrive" "$FORWARDED
$FORWARDED" "$(on_exempt)"

note "an admin takes a port's mask back"
port=$(port_of br-pods "$evil_mac")
inside ip link set dev "$port" type bridge_slave group_fwd_mask 0
check "it is there again" wait_for 3 has_groups "$port"
inside ip link set dev br-pods type bridge group_fwd_mask 0 no_linklocal_learn 0
bridge_is_set() { [ "$(switches "$1")" = "0xfff8 1 0" ]; }
check "so is what the bridge had" wait_for 3 bridge_is_set br-pods
inside ip link set dev br-pods type bridge mcast_snooping 1
check "... each by itself" wait_for 3 bridge_is_set br-pods
check_groups_denied pods br-pods "after that"

forged_at_input() { inside nft -j list counter inet netguard forged | jq '.nftables[].counter?.packets // empty'; }

note "the daemon is started again: whose ports these are is known at once"
netguard_stop
inside ip link set "$port" type bridge_slave group_fwd_mask 0
send_groups pods br-pods
check_equal "meanwhile: nothing is learned from a port without a mask" '' "${came[learned]}${came[moved]}"
check_equal "... and nothing that comes in by it reaches the host" '' "${came[forged]}${came[own]}${came[closed]}"
inside ip link set br-pods type bridge group_fwd_mask 0 no_linklocal_learn 0
refused=$(forged_at_input)
send_groups pods br-pods
check_equal "the control: without all that they are learned from, ..." "${FORWARDED/0 /}" "${came[learned]}"
check_equal "... the victim's MAC moves, ..." moved "${came[moved]}"
check_equal "... but the host gets none of them" '' "${came[forged]}${came[own]}${came[closed]}"
# 13 digits, three packets each, and what else a bridge's ports send
check "... since table inet has refused all, which did come" test "$(($(forged_at_input) - refused))" -ge 39
inside ip link set br-pods type bridge mcast_snooping 1
check "the control: neighbours find each other on a bridge that listens, ..." finds pods-receiver "$(container_ip6 pods-victim)"
ask_groups pods-evil
check "... and no longer when somebody has asked" not finds pods-receiver "$(container_ip6 pods-victim)"
check "... nor does the host find them" not host_finds br-pods "$(container_ip6 pods-victim)"
before=$(inside nft -j list set bridge netguard addresses4 | jq -c '.nftables[].set?.elem? // [] | length')
netguard_start
check_equal "as many addresses as before" "$before" \
	"$(inside nft -j list set bridge netguard addresses4 | jq -c '.nftables[].set?.elem? // [] | length')"
flow open container:pods-evil tcp "$(container_ip4 pods-receiver)" 80 "after a restart"
check "the port is set again, as ports are that are older than the daemon" has_groups "$port"
check "... and its bridge" bridge_is_set br-pods
check "the host finds its neighbours again" host_finds br-pods "$(container_ip6 pods-victim)"
check_groups_denied pods br-pods "after a restart"
check "what nft lists loads again" table_reloads
e2e_end

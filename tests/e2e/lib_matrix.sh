# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Walks through matrix.txt: makes what its names stand for, sends each row's flows, many at the same time, and
# compares verdicts, counters and log records. Sourced by 12_matrix.sh.
#
# A batch has at most BATCH_DENIALS denials of a kind, because the table's log records are limited to 20 at
# once and 10 a second; so none is missing for that.

BATCH_DENIALS=18
: "${proxy:=on}" # docker-proxy: on or off
TRY_MS=800 # less than a second, when a SYN that got no answer would be sent and counted again

declare -A ADDRESS4 ADDRESS6 PID
batches=0 # sent so far
rows=() # "FROM TO PROTO VERDICT WHERE"

matrix_begin() {
	if inside ip6tables -w -nL DOCKER-USER > /dev/null 2>&1; then DNAT6=yes; fi
	mapfile -t rows < <(sed -e '/^#/d' -e '/^$/d' tests/e2e/matrix.txt)
	check_equal "each denial of the matrix has a control that is let through" "" "$(without_control)"
	# anybody may send echo requests, so that users are told apart there too
	inside sh -c 'echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range'
	world_begin
	lan_begin
	put_config < tests/e2e/matrix.yml
	inside docker pull -q probe > /dev/null
	netguard_start
	background "$PROBE" serve tcp:5432 udp:5432 tcp:5433 udp:5433 tcp:5354 udp:5354
	wait_for 5 inside "$PROBE" try tcp 127.0.0.1 5433
}

# Rows whose sender reaches nothing of that kind and whose target nobody reaches.
without_control() {
	printf '%s\n' "${rows[@]}" | awk '
		{ kind = $2; sub(/:[0-9]+$/, "", kind) }
		$4 == "accept" { to[$2] = 1; from[$1 " " kind] = 1; next }
		{ row[$0] = $2; other[$0] = $1 " " kind; sender[$0] = $1 }
		END { for (r in row)
			if (!(row[r] in to) && !(other[r] in from) && sender[r] != "pod:unknown" && row[r] !~ /unknown/)
				print r }'
}

# Outside: servers, a second address of each family, and a way to send to 127.0.0.1 by the wire.
world_begin() {
	outside sh -ec '
		ip addr add 2001:db8:2::7/128 dev eth0 preferred_lft 0 # only where it is asked for
		echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet
		ip rule add pref 10 lookup local
		ip rule add pref 5 to 127.0.0.1 lookup 100
		ip rule del pref 0
		ip route add 127.0.0.1 via 192.0.2.10 dev eth0 src 192.0.2.1 table 100
		echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range'
	inside ip -6 route add 2001:db8:2::/64 via 2001:db8:0:1::1
	outside "$PROBE" serve tcp:7777 udp:7777 tcp:7778 udp:7778 > /dev/null 2>&1 &
}

# A bridge that a pattern covers and exempt_interfaces takes out, with somebody on it.
lan_begin() {
	inside sh -c 'echo $$ > /run/lan.pid; exec unshare -n "$1" serve tcp:7000 udp:7000' sh "$PROBE" \
		> "$SANDBOX/lan.log" 2>&1 &
	wait_for 5 grep -q ready "$SANDBOX/lan.log"
	PID[lan]=$(inside cat /run/lan.pid)
	# what follows must not touch the machine's own network
	[ "$(readlink "/proc/${PID[lan]}/ns/net")" != "$(readlink /proc/self/ns/net)" ] || exit 1
	inside sh -ec '
		ip link add br-lan type bridge
		ip addr add 10.77.0.1/24 dev br-lan
		ip addr add fd77::1/64 dev br-lan nodad
		ip link set br-lan up
		ip link add vlan0 type veth peer name eth0 netns "$1"
		ip link set vlan0 master br-lan up' sh "${PID[lan]}"
	nsenter --net="/proc/${PID[lan]}/ns/net" -- sh -ec '
		ip link set lo up
		ip link set eth0 up
		ip addr add 10.77.0.2/24 dev eth0
		ip addr add fd77::2/64 dev eth0 nodad
		ip route add default via 10.77.0.1
		ip -6 route add default via fd77::1
		echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range'
	ADDRESS4[lan]=10.77.0.2 ADDRESS6[lan]=fd77::2
	outside sh -ec 'ip route add 10.77.0.0/24 via 192.0.2.10
		ip -6 route add fd77::/64 via 2001:db8:0:1::10'
	inside sh -c 'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding; echo 1 > /proc/sys/net/ipv4/ip_forward'
}

# run_container NAME POD NETWORK [docker's options]
run_container() {
	local name=$1 pod=$2 network=$3
	shift 3
	inside docker run -d --name "$name" --network "$network" --label "com.docker.compose.project=$pod" "$@" \
		probe serve tcp:80 udp:80 tcp:7000 udp:7000 tcp:7443 udp:7443 > /dev/null
}

# matrix_containers NETWORK: all pods on it, but far, which is on the other one
matrix_containers() {
	local other=pods names=(web web-2 db slow rogue thief far)
	network=$1
	[ "$network" = bridge ] || other=bridge
	bridge_name=br-pods
	[ "$network" = pods ] || bridge_name=docker0
	inside sh -c 'docker rm -f $(docker ps -aq)' > /dev/null 2>&1
	mapfile -t servers < <(jobs -pr)
	run_container web web "$network" -p 80:80 -p 80:80/udp -p 8080:80 -p 8080:80/udp -p 8443:80 -p 8443:80/udp \
		-p 127.0.0.1:8090:80 -p 127.0.0.1:8090:80/udp -p 192.0.2.10:8444:80 -p 192.0.2.10:8444:80/udp &
	run_container web-2 web "$network" &
	run_container db db "$network" &
	wait_for_jobs
	run_container slow slow "$network" &
	run_container rogue rogue "$network" -p 9999:80 -p 9999:80/udp &
	run_container thief thief "$network" -p 9000:80 -p 9000:80/udp &
	run_container far far "$other" &
	wait_for_jobs
	look_at_containers "${names[@]}"
	rate_left=5
	gateway4=$(inside ip -j -4 addr show dev "$bridge_name" | jq -r '.[0].addr_info[0].local')
	gateway6=$(inside ip -j -6 addr show dev "$bridge_name" | jq -r '[.[0].addr_info[] | select(.scope == "global")][0].local')
	link_local=$(inside ip -j -6 addr show dev "$bridge_name" | jq -r '[.[0].addr_info[] | select(.scope == "link")][0].local')
	broadcast=${gateway4%.*}.255
	check "all containers of network $network are members" wait_for 5 all_members "${names[@]}"
	check "... and have their link-local addresses" wait_for 5 link_local_there "${names[@]}"
}

# Until then they send to link-local addresses from others.
link_local_there() { # NAME...
	local name
	for name in "$@"; do
		nsenter --net="/proc/${PID[$name]}/ns/net" -- ip -6 addr show dev eth0 scope link | grep -q fe80 &&
			! nsenter --net="/proc/${PID[$name]}/ns/net" -- ip -6 addr show dev eth0 | grep -q tentative || return 1
	done
}

# the jobs that make containers; the servers in the background go on
wait_for_jobs() {
	local pid
	for pid in $(jobs -pr); do
		case " ${servers[*]} " in *" $pid "*) ;; *) wait "$pid" || fail "docker run" ;; esac
	done
}

look_at_containers() { # NAME...
	local name pid ip4 ip6
	while read -r name pid ip4 ip6; do
		PID[$name]=$pid ADDRESS4[$name]=$ip4 ADDRESS6[$name]=$ip6
		nsenter --net="/proc/$pid/ns/net" -- sh -c 'echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range'
	done < <(inside docker inspect -f '{{slice .Name 1}} {{.State.Pid}}{{range .NetworkSettings.Networks}} {{.IPAddress}} {{.GlobalIPv6Address}}{{end}}' "$@")
}

all_members() {
	local name list
	list=$(inside nft list set inet netguard members4; inside nft list set inet netguard members6) || return 1
	for name in "$@"; do
		case $list in *" ${ADDRESS4[$name]} "*) ;; *) return 1 ;; esac
		case $list in *" ${ADDRESS6[$name]} "*) ;; *) return 1 ;; esac
	done
}

# ---- rows to flows ----

# addresses_of FROM TARGET WHERE: where TARGET (pod:NAME, host, world, lan) is for FROM, one address a line
addresses_of() {
	local from=$1 to=$2 where=$3 name
	case $to:$where in
	*:broadcast) echo "$broadcast" 255.255.255.255 ;;
	*:multicast) echo 224.0.0.1 ;;
	*:link-local) echo "$link_local%eth0" ff02::1%eth0 ;;
	*:loopback | *:rate)
		[ "$where" = loopback ] && echo 127.0.0.1 || echo "$gateway4" ;;
	*:published) echo 192.0.2.10 ;;
	*:elsewhere) echo "$gateway4" 2001:db8:0:1::10 "$gateway6" ;;
	host:*)
		case $from in
		user:*) echo 192.0.2.10 "$gateway4" 127.0.0.1 2001:db8:0:1::10 "$gateway6" ::1 ;;
		pod:far) echo 192.0.2.10 "$gateway4" 2001:db8:0:1::10 ;;
		pod:*) echo 192.0.2.10 "$gateway4" 2001:db8:0:1::10 "$gateway6" ;;
		*) echo 192.0.2.10 2001:db8:0:1::10 ;;
		esac
		;;
	world:*) echo 192.0.2.1 2001:db8:0:1::1 ;;
	*)
		name=${to#pod:}
		[ "$from" != "$to" ] || name=$name-2
		echo "${ADDRESS4[$name]}" "${ADDRESS6[$name]}"
		;;
	esac
}

# The flows of one row, one a line: "ROW FROM PROTO ADDRESS PORT SOURCE any|- WORD COUNTER"
flows_of() { # INDEX FROM TO PROTO VERDICT WHERE
	local index=$1 from=$2 to=$3 proto=$4 verdict=$5 where=$6 port=0 source=- any=- address p word served protos i repeat=1
	from=${from/unknown/late} to=${to/unknown/late}
	if [[ $to =~ ^(.*):([0-9]+)$ ]]; then to=${BASH_REMATCH[1]} port=${BASH_REMATCH[2]}; fi
	case $from in world:*) source=${from#world:} from=world ;; esac
	case $where in broadcast | multicast | link-local) any=any ;; rate) repeat=8 ;; esac
	protos=$proto
	[ "$proto" != both ] || protos="tcp udp"
	for address in $(addresses_of "$from" "$to" "$where"); do
		case $source:$address in -:*) ;; *:*:*.*) continue ;; *.*:*:*) continue ;; esac
		for p in $protos; do
			word=silent
			case $verdict in
			accept)
				word=open
				# docker-proxy answers a datagram from another of the host's addresses
				case $from:$to:$p in pod:*:host:udp) published "$port" && any=any ;; esac
				;;
			host_to_container) word=refused ;;
			esac
			# nobody publishes IPv6 ports of engines before 27, nor those of ::1, but docker-proxy
			served=$proxy
			[ -z "${DNAT6:-}" ] || [ "$address" = ::1 ] || served=on
			case $served:$to:$word:$address in
			off:host:open:*:*) published "$port" && word=unserved ;;
			esac
			for ((i = 0; i < repeat; i++)); do
				# the limit's burst of the first walk
				[ "$where" != rate ] || { [ "$i" -ge "$rate_left" ] && word=silent || word=open; }
				echo "$index $from $p $address $port $source $any $word $verdict"
			done
		done
	done
}
published() { case $1 in 80 | 8080 | 8443 | 8444 | 9999 | 9000 | 8090) ;; *) return 1 ;; esac; }

# ---- batches ----

# Puts "BATCH" before each flow of standard input, so that no batch has more than BATCH_DENIALS of a kind.
in_batches() {
	awk -v most="$BATCH_DENIALS" '
		$8 == "open" || $8 == "unserved" { print 0, $0; next }
		{ print int((seen[$9]++) / most), $0 }'
}

# batch_from FROM IN OUT: runs one sender's tries. Those of a pod come from ports that none before it had: a datagram
# of the same port as one that was let through is of that one's flow, whatever its rate.
batch_from() {
	local from=$1 ports
	ports=$((32768 + batches % 60 * 400))
	case $from in
	user:*) as "${from#user:}" "$PROBE" batch "$TRY_MS" ;;
	world) outside "$PROBE" batch "$TRY_MS" ;;
	*)
		# shellcheck disable=SC2016 # for the inner shell
		nsenter --net="/proc/${PID[${from#pod:}]}/ns/net" -- sh -c '
			echo "$1 $(($1 + 399))" > /proc/sys/net/ipv4/ip_local_port_range
			exec "$2" batch "$3"' sh "$ports" "$PROBE" "$TRY_MS"
		;;
	esac < "$2" > "$3" 2>&1
}

counters() { # "NAME PACKETS" a line, both tables together
	inside sh -c 'nft -j list counters table inet netguard; nft -j list counters table bridge netguard' |
		jq -r '.nftables[].counter? | select(. != null) | "\(.name) \(.packets)"' |
		awk '{ n[$1] += $2 } END { for (c in n) print c, n[c] }' | sort
}

# send FILE: runs the flows of one batch all at once; FILE.result has what became of each
send() {
	local file=$1 from pids=() pid n=0
	batches=$((batches + 1))
	while read -r from; do
		n=$((n + 1))
		awk -v from="$from" '$2 == from { print $3, $4, $5, $6, $7 == "any" ? "any" : "" }' "$file" > "$file.in.$n"
		awk -v from="$from" '$2 == from' "$file" > "$file.flows.$n"
		batch_from "$from" "$file.in.$n" "$file.out.$n" &
		pids+=($!)
	done < <(cut -d' ' -f2 "$file" | sort -u)
	for pid in "${pids[@]}"; do wait "$pid"; done
	: > "$file.result"
	for ((; n > 0; n--)); do paste -d' ' "$file.flows.$n" "$file.out.$n" >> "$file.result"; done
}

# The log's records as "COUNTER SENDER TARGET": sender user:NAME, pod:NAME or an address; target "host:PORT/PROTOCOL" for
# each host port that is published there.
records() {
	tail -c "+$((log_size + 1))" "$SANDBOX/netguard.log" | awk '
		/, published as host port / {
			n = split($0, ports, /(, published as host port |, )/)
			sub(/, published as .*/, "")
			print
			protocol = $0
			sub(/.*\//, "", protocol)
			sub(/ -> .*/, " -> ")
			for (i = 2; i <= n; i++) print $0 "host:" ports[i] "/" protocol
			next
		}
		{ print }' | sed -nE \
		-e 's/^.*denied ([a-z_]+): (.*) -> (.* )?([^ ]+)$/\1 \2 > \4/' \
		-e 's/^([a-z_]+) user ([^ ]+) .*> /\1 user:\2 /' \
		-e 's/^([a-z_]+) pod ([^ ]+) .*> /\1 pod:\2 /' \
		-e 's/^([a-z_]+) \[([^]]*)\][^ ]* > /\1 \2 /' \
		-e 's/^([a-z_]+) ([0-9.]+)(:[0-9]+)? > /\1 \2 /' -e 's/^([a-z_]+) ([0-9a-f:]+) > /\1 \2 /' -e p
}

# record_of FLOW: the same for a flow
record_of() { # FROM PROTO ADDRESS PORT SOURCE COUNTER
	local from=$1 proto=$2 address=${3%%\%*} port=$4 source=$5 to
	case $from:$source:$address in
	world:-:*:*) from=2001:db8:0:1::1 ;;
	world:-:*) from=192.0.2.1 ;;
	world:*) from=$source ;;
	*:fe80:* | *:ff02:*) from=$(nsenter --net="/proc/${PID[${from#pod:}]}/ns/net" -- ip -j -6 addr show dev eth0 scope link |
		jq -r '[.[].addr_info[]?.local | select(.)][0]') ;;
	pod:late:*:*:*) from=${ADDRESS6[late]} ;;
	pod:late:*) from=${ADDRESS4[late]} ;;
	esac
	to=$address
	case $proto:$address in
	icmp:*:*) proto=icmpv6 ;;
	icmp:*) ;;
	*:*:*) to="[$address]:$port" ;;
	*) to="$address:$port" ;;
	esac
	echo "$6 $from $to/$proto"
}

# walk_batch FILE: sends, and puts what went wrong into wrong[ROW]
walk_batch() {
	local file=$1 log_size before after index from proto address port source any word counter got ms
	local -A expected=()
	local again=0 flooded=''
	before=$(counters)
	log_size=$(stat -c %s "$SANDBOX/netguard.log")
	send "$file"
	while read -r index from proto address port source any word counter got ms; do
		tried[index]=$((${tried[index]:-0} + 1))
		[[ $ms =~ ^[0-9]+$ ]] || got="no try ($got $ms)"
		case $word:$got in
		open:open | refused:refused | silent:silent | unserved:refused | unserved:silent) ;;
		open:*) # late, on a busy machine? alone, with more time
			[ $((again += 1)) -le 3 ] && try_again "$from" "$proto $address $port $source ${any#-}" ||
				wrong[index]+="$proto $address $port: wanted open, got $got; "
			;;
		*) wrong[index]+="$proto $address $port: wanted $word, got $got; " ;;
		esac
		case $word in refused | silent) ;; *) continue ;; esac
		expected[$counter]=$((${expected[$counter]:-0} + 1))
		case $counter:$address in forged:ff02:*) flooded=yes ;; esac
	done < "$file.result"
	after=$(counters)
	compare_counters "$before" "$after"
	[ -n "$daemon_stopped" ] || check_records "$file"
}

try_again() {
	echo "$2" > "$SANDBOX/again.in"
	TRY_MS=3000 batch_from "$1" "$SANDBOX/again.in" "$SANDBOX/again.out"
	[[ $(cat "$SANDBOX/again.out") = open* ]]
}

# what was denied counts, each flow once, and nothing else does
compare_counters() { # BEFORE AFTER, and expected
	local name packets was
	local -A old=()
	while read -r name packets; do old[$name]=$packets; done <<< "$1"
	while read -r name packets; do
		was=$((packets - ${old[$name]:-0}))
		# also what goes to all on a bridge, once for each that would have got it
		[ "$name" = bridged ] && [ "$was" -ge "${expected[$name]:-0}" ] && continue
		[ -n "$flooded" ] && [ "$name" = forged ] && [ "$was" -ge "${expected[$name]:-0}" ] && continue
		[ "$was" = "${expected[$name]:-0}" ] ||
			wrong_counters+="$name counted $was packets, not ${expected[$name]:-0}; "
	done <<< "$2"
}

check_records() { # FILE
	local index from proto address port source any word counter rest record
	local -A seen=()
	wait_for 2 enough_records "$1"
	while read -r record; do seen[$record]=1; done < <(records)
	while read -r index from proto address port source any word counter rest; do
		case $word in refused | silent) ;; *) continue ;; esac
		record=$(record_of "$from" "$proto" "$address" "$port" "$source" "$counter")
		# what Docker has rewritten is in the log with the container's address, and the host ports beside it
		[ -n "${seen[$record]-}" ] || { [ "$counter" = world_to_container ] &&
			[ -n "${seen[${record% *} host:$port/$proto]-}" ]; } || wrong[index]+="no log record of $record; "
	done < "$1"
}
enough_records() { [ "$(records | grep -vc ' host:')" -ge "$(awk '$8 == "refused" || $8 == "silent"' "$1" | wc -l)" ]; }

# ---- explain ----

# explain_of FROM PROTO ADDRESS PORT SOURCE: a flow as `netguard explain` takes it: "FROM TO"
explain_of() {
	local from=$1 proto=$2 address=$3 port=$4 source=$5 to
	case $from:$source:$address in
	pod:*) from=container:${from#pod:} ;;
	lan:*:*:*) from=${ADDRESS6[lan]} ;;
	lan:*) from=${ADDRESS4[lan]} ;;
	world:-:*:*) from=world:2001:db8:0:1::1 ;;
	world:-:*) from=world:192.0.2.1 ;;
	world:*) from=world:$source ;;
	esac
	to=$address
	case $address in *:*) to="[$address]" ;; esac
	[ "$proto" = icmp ] && to=$to/icmp || to=$to:$port/$proto
	echo "$from $to"
}

# Asks for each flow of FILE what the table would do, and compares with what the packet got.
check_explain() { # NAME FILE
	local index from proto address port source any word counter wanted=() questions=() answers i differ=
	while read -r index from proto address port source any word counter; do
		# what goes to many, and how many went before, is not asked
		case "${rows[index]}" in *broadcast | *multicast | *link-local | *rate) continue ;; esac
		questions+=("$(explain_of "$from" "$proto" "$address" "$port" "$source")")
		case $word in open | unserved) wanted+=(0) ;; *) wanted+=(2) ;; esac
	done < "$2"
	# shellcheck disable=SC2016 # for the inner shell
	mapfile -t answers < <(printf '%s\n' "${questions[@]}" | inside sh -c '
		while read -r from to; do
			"$1" explain --json "$from" "$to" > /run/explain 2>&1 < /dev/null
			echo $?
		done' sh "$BUILD/netguard")
	for i in "${!questions[@]}"; do
		[ "${answers[i]-none}" = "${wanted[i]}" ] ||
			differ+="${questions[i]}: exit status ${answers[i]-none}, not ${wanted[i]}"$'\n'
	done
	check_equal "$1: explain says the same of ${#questions[@]} flows" "" "$differ"
}

# walk_rows NAME PATTERN [NOT]: the rows whose text fits PATTERN and not NOT
walk_rows() {
	local index batch n file
	wrong=() tried=() wrong_counters=
	rm -f "$SANDBOX"/batch.*
	for index in "${!rows[@]}"; do
		fits "${rows[index]}" "$2" "${3:-^$}" || continue
		# shellcheck disable=SC2086 # a row's words
		flows_of "$index" ${rows[index]}
	done > "$SANDBOX/batch.flows"
	in_batches < "$SANDBOX/batch.flows" > "$SANDBOX/batch.numbered"
	n=$(sort -n "$SANDBOX/batch.numbered" | tail -n 1 | cut -d' ' -f1)
	for ((batch = 0; batch <= n; batch++)); do
		file=$SANDBOX/batch.$batch
		sed -n "s/^$batch //p" "$SANDBOX/batch.numbered" > "$file"
		pause_records
		walk_batch "$file"
	done
	for index in "${!rows[@]}"; do
		fits "${rows[index]}" "$2" "${3:-^$}" || continue
		[ "${tried[index]:-0}" -gt 0 ] || wrong[index]="not tried"
		check_equal "$1: $(tr -s ' ' <<< "${rows[index]}")" "" "${wrong[index]-}"
	done
	[ -n "$daemon_stopped$to_all" ] || check_explain "$1" "$SANDBOX/batch.flows"
	check_equal "$1: every flow was tried" "$(wc -l < "$SANDBOX/batch.flows")" "$(sum_of "${tried[@]}")"
	check_equal "$1: each denial is counted, and nothing else" "" "$wrong_counters"
	note "$(wc -l < "$SANDBOX/batch.flows") flows in $((n + 1)) batches"
}

fits() { [[ $1 =~ $2 && ! $1 =~ $3 ]]; }
sum_of() { local sum=0 n; for n; do sum=$((sum + n)); done; echo "$sum"; }

# until the limits of the log are full again
pause_records() {
	local left=$((${last_batch:-0} + 2100000 - ${EPOCHREALTIME/[.,]/}))
	[ "$left" -le 0 ] || sleep "$((left / 1000000)).$(printf %06d $((left % 1000000)))"
	last_batch=${EPOCHREALTIME/[.,]/}
}

UNKNOWN='unknown|pod:late' TO_ALL='broadcast|multicast' to_all=
matrix_walk() { # NAME
	local daemon
	declare -ga wrong=() tried=()
	daemon_stopped=
	walk_rows "$1" . "$UNKNOWN|$TO_ALL"
	rate_left=0
	to_all=1
	walk_rows "$1, to all" "$TO_ALL"
	to_all=
	# a container that starts while the daemon hears nothing
	daemon=$(netguard_pid)
	inside docker rm -f late > /dev/null 2>&1
	kill -STOP "$daemon"
	daemon_stopped=1
	run_container late late "$network"
	docker_lets_pass
	look_at_containers late
	# whom it has been told of before
	nsenter --net="/proc/${PID[web]}/ns/net" -- ip neigh flush dev eth0
	walk_rows "$1" 'pod:unknown'
	# what waits for an answer to ARP
	nsenter --net="/proc/${PID[web]}/ns/net" -- ip neigh flush dev eth0
	kill -CONT "$daemon"
	daemon_stopped=
	check "$1: the daemon knows it again" wait_for 5 all_members late
	walk_rows "$1" 'pod:late'
	inside docker rm -f late > /dev/null 2>&1
}

matrix_end() { check "the table can be loaded again" table_reloads; }

#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Twenty pods of three containers on one host: each one's members are right, denied flows are denied,
# and applying again changes nothing.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

pods=${PODS:-20}
e2e_begin
{
	echo 'mount_root: /srv/pods'
	echo 'network_name: pods'
	echo 'port_whitelist:'
	for i in $(seq "$pods"); do echo "  $((8000 + i)): pod$i"; done
	echo 'guard: { allowed_users: [root] }'
	echo 'pods:'
	for i in $(seq "$pods"); do echo "  pod$i: { users: [\"$((20000 + i))\"] }"; done
} | put_config
inside mkdir -p /srv/pods
netguard_start
for i in $(seq "$pods"); do
	put_file "/root/pod$i.yml" <<-END
	publish: ["$((8000 + i)):80"]
	containers:
	  app: { image: probe, command: [serve, "tcp:80", "tcp:7000"] }
	  one: { image: probe, command: [sleep] }
	END
done

apply_all() {
	local i failed=0 pids=()
	for i in $(seq "$pods"); do
		podctl "/root/pod$i.yml" > "$SANDBOX/apply$i.log" 2>&1 &
		pids+=($!)
		[ $((i % 4)) -ne 0 ] || { for p in "${pids[@]}"; do wait "$p" || failed=1; done; pids=(); }
	done
	for p in ${pids[@]+"${pids[@]}"}; do wait "$p" || failed=1; done
	return "$failed"
}
started=$SECONDS
check "apply of all, four at a time" apply_all
note "$pods pods of three containers in $((SECONDS - started)) s"
check_equal "containers that run" $((pods * 3)) "$(inside docker ps -q | wc -l)"

declare -A ip4 ip6 pid
while read -r name a b p; do
	ip4[$name]=$a ip6[$name]=$b pid[$name]=$p
done < <(inside sh -c "docker inspect -f '{{slice .Name 1}} {{with index .NetworkSettings.Networks \"pods\"}}{{.IPAddress}} {{.GlobalIPv6Address}}{{else}}- -{{end}} {{.State.Pid}}' \$(docker ps -q)")
want=$(for i in $(seq "$pods"); do
	echo "br-pods ${ip4[pod$i]} pod$i"
	echo "br-pods ${ip6[pod$i]} pod$i"
done | sort)
got=$(for set in members4 members6; do inside nft list set inet netguard $set; done |
	grep -oE '"br-pods" \. [0-9a-f.:]+ [^,}]*comment "[^"]+"' |
	sed -E 's/"br-pods" \. ([0-9a-f.:]+) .*comment "([^"]+)"/br-pods \1 \2/' | sort)
check_equal "members of both families, each with its pod" "$want" "$got"

# every pod: its own user may, the next pod's may not; the next pod may not; its port answers
try_as_uid() { inside setpriv --reuid "$1" --regid "$1" --clear-groups "$PROBE" try -t 300 tcp "$2" "$3" | cut -d' ' -f1; }
wrong=
for i in $(seq "$pods"); do
	next=$((i % pods + 1))
	for to in "${ip4[pod$i]}" "${ip6[pod$i]}"; do
		[ "$(try_as_uid $((20000 + i)) "$to" 7000)" = open ] || wrong="$wrong own-user:$i:$to"
		[ "$(try_as_uid $((20000 + next)) "$to" 7000)" = refused ] || wrong="$wrong other-user:$i:$to"
	done
	[ "$(nsenter --net="/proc/${pid[pod$next]}/ns/net" -- "$PROBE" try -t 200 tcp "${ip4[pod$i]}" 7000 | cut -d' ' -f1)" = silent ] ||
		wrong="$wrong other-pod:$i"
	[ "$(outside "$PROBE" try tcp 192.0.2.10 $((8000 + i)) | cut -d' ' -f1)" = open ] || wrong="$wrong published:$i"
	[ "$(outside "$PROBE" try -t 200 tcp "${ip4[pod$i]}" 7000 | cut -d' ' -f1)" = silent ] || wrong="$wrong routed:$i"
done
check_equal "$((pods * 7)) flows, allowed and denied" "" "$wrong"

before=$(inside docker ps -aq --no-trunc | sort)
not_noop() {
	local i
	for i in $(seq "$pods"); do
		podctl "/root/pod$i.yml" 2>&1 | grep -qE 'nothing to change|unchanged' || echo "pod$i"
	done
}
started=$(date +%s%N)
check_equal "each applied again says that nothing is to change" "" "$(not_noop)"
note "a no-op apply takes $((($(date +%s%N) - started) / 1000000 / pods)) ms, entering the sandbox included"
check_equal "... and nothing did" "$before" "$(inside docker ps -aq --no-trunc | sort)"
check "the table loads again" table_reloads
down_all() {
	local i
	for i in $(seq "$pods"); do podctl down "pod$i" || return 1; done
}
check "down of all" down_all
check_equal "no member is left" 0 "$(wait_for 3 not sh -c "'$SANDBOX_CMD' exec '$SANDBOX' -- nft list set inet netguard members4 | grep -q comment"
	inside nft list set inet netguard members4 | grep -c comment)"
e2e_end

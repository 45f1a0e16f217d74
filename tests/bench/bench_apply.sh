#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# podctl's apply, no-op apply and down of a pod of 1+5 containers against a bare client that overlaps
# all it can, `docker ps` and docker-compose. Taken in turn, in one sandbox; medians and ratios. The
# guard runs, so podctl's figures have the waiting for it in them.
#
#   tests/bench/bench_apply.sh [ROUNDS]
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh
ROUNDS=${1:-9}
BARE=$BUILD/tests/bench/bare_client
command -v docker-compose > /dev/null || echo "# docker-compose is not installed: not compared"

e2e_begin
put_config <<'END'
mount_root: /srv/pods
network_name: pods
guard: { required: true }
END
inside mkdir -p /srv/pods
netguard_start
{
	echo "containers:"
	for i in 1 2 3 4 5; do
		echo "  c$i: { image: busybox, update_image: false, command: [sleep, '1000'] }"
	done
} | put_file /root/bench.yml
{
	echo "version: '2.4'"
	echo "networks: { default: { external: { name: pods } } }"
	echo "services:"
	echo "  root: { image: busybox, command: sleep 1000, init: true, ipc: shareable }"
	for i in 1 2 3 4 5; do
		echo "  c$i: { image: busybox, command: sleep 1000, init: true, network_mode: 'service:root', ipc: 'service:root', depends_on: [root] }"
	done
} | put_file /root/compose/docker-compose.yml

# in the sandbox, so that entering it is not measured: NAME MS for each
put_file /root/bench.sh <<'EOS'
podctl=$1 bare=$2 rounds=$3
took() { # NAME CMD...
	name=$1
	shift
	a=$(date +%s%N)
	"$@" > /root/bench.out 2>&1 || { echo "failed: $*" >&2; cat /root/bench.out >&2; exit 1; }
	echo "$name $((($(date +%s%N) - a) / 1000))"
}
# how long a container of it was away: NAME US, from the first that died to the last that started
gap() { # NAME CMD...
	name=$1
	shift
	since=$(date +%s.%N)
	"$@" > /root/bench.out 2>&1 || { echo "failed: $*" >&2; cat /root/bench.out >&2; exit 1; }
	docker events --since "$since" --until "$(date +%s.%N)" --filter type=container \
		--filter event=die --filter event=start --format '{{.TimeNano}} {{.Status}}' |
		awk -v name="$name" '$2 == "die" && !died { died = $1 } $2 == "start" { started = $1 }
			END { if (died && started) printf "%s %d\n", name, (started - died) / 1000 }'
}
"$podctl" /root/bench.yml > /dev/null && "$podctl" down bench > /dev/null || exit 1
for _ in $(seq "$rounds"); do
	took bare_up "$bare" up bare pods busybox 5
	took bare_down "$bare" down bare 5
	took podctl_up "$podctl" /root/bench.yml
	for _ in 1 2 3; do
		took podctl_noop "$podctl" /root/bench.yml
		took docker_ps docker ps
	done
	sed -i "s/^hostname.*//; \$ a hostname: bench-$RANDOM" /root/bench.yml
	gap podctl_gap "$podctl" /root/bench.yml
	took podctl_down "$podctl" down bench
	if command -v docker-compose > /dev/null; then
		took compose_up docker-compose -f /root/compose/docker-compose.yml up -d
		took compose_down docker-compose -f /root/compose/docker-compose.yml down -t 1
	fi
done
EOS
figures=$(inside bash /root/bench.sh "$BUILD/podctl" "$BARE" "$ROUNDS") || fail "the benchmark runs"
median() { awk -v n="$1" '$1 == n { print $2 }' <<< "$figures" | sort -n | awk '{ a[NR] = $1 } END { if (NR) print a[int((NR + 1) / 2)]; else print 0 }'; }
for name in bare_up podctl_up compose_up bare_down podctl_down compose_down podctl_gap podctl_noop docker_ps; do
	printf '# %-14s %8.1f ms\n' "$name" "$(bc -l <<< "$(median "$name") / 1000")"
done

# bar NAME A B LIMIT: A's median at most LIMIT times B's
bar() {
	local a b ratio
	a=$(median "$2") b=$(median "$3")
	[ "$b" -gt 0 ] || { skip "$1" "$3 was not measured"; return; }
	ratio=$(awk "BEGIN { printf \"%.2f\", $a / $b }")
	if awk "BEGIN { exit !($ratio <= $4) }"; then
		pass "$1: $ratio, at most $4"
	else
		fail "$1: $ratio, at most $4"
	fi
}
bar "fresh apply, against the bare client" podctl_up bare_up 1.1
bar "fresh apply, against docker-compose" podctl_up compose_up 0.45
bar "down, against the bare client" podctl_down bare_down 1.1
bar "no-op apply, against docker ps" podctl_noop docker_ps 1.0
# docker-compose leaves the others in the old one's network namespace, so that is no measure
figures+=$'\n'"bare_away $(($(median bare_down) + $(median bare_up)))"
bar "a changed root container: away, against down and up by the bare client" podctl_gap bare_away 1.0

# private memory, at the end of a no-op apply and of a fresh one
for what in "a fresh apply" "a no-op apply"; do
	kib=$(inside sh -c 'gdb -q -batch -ex "catch syscall exit_group" -ex run -ex "python
pid = gdb.selected_inferior().pid
print([l for l in open(\"/proc/%d/status\" % pid) if l.startswith(\"RssAnon\")][0])" -ex kill --args "$1" /root/bench.yml 2>/dev/null | sed -n "s/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p"' sh "$BUILD/podctl")
	if [ -n "$kib" ]; then
		check "RssAnon of $what: $kib KiB, at most 4096" test "$kib" -le 4096
	else
		skip "RssAnon of $what" "gdb can't trace podctl here"
	fi
done
e2e_end

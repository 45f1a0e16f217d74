#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# podctl exec against `docker exec -i`: SIZE MiB (1024) piped through `cat` in a container, in turn,
# medians and their ratio.
#
#   tests/bench/bench_exec.sh [ROUNDS [SIZE]]
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh
rounds=${1:-5} size=${2:-1024}

e2e_begin
printf 'mount_root: /srv/pods\nnetwork_name: pods\nguard: { required: false }\n' | put_config
printf 'containers: { app: { image: busybox, command: [sleep, "10000"] } }\n' | put_file /root/web.yml
podctl -q /root/web.yml || fail "a pod"
put_file /root/bench.sh <<'EOS'
podctl=$1 rounds=$2 size=$3
took() { # NAME CMD...
	name=$1
	shift
	a=$(date +%s%N)
	n=$(head -c "${size}M" /dev/zero | "$@" | wc -c)
	[ "$n" = $((size * 1024 * 1024)) ] || { echo "failed: $*: $n bytes" >&2; exit 1; }
	echo "$name $((($(date +%s%N) - a) / 1000))"
}
for _ in $(seq "$rounds"); do
	took podctl "$podctl" exec app web -- cat
	took docker docker exec -i web.app cat
done
EOS
figures=$(inside bash /root/bench.sh "$BUILD/podctl" "$rounds" "$size") || fail "the benchmark runs"
median() { awk -v n="$1" '$1 == n { print $2 }' <<< "$figures" | sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
for name in podctl docker; do
	note "$name exec: $(awk "BEGIN { printf \"%.2f s, %.0f MiB/s\", $(median $name) / 1e6, $size * 1e6 / $(median $name) }")"
done
ratio=$(awk "BEGIN { printf \"%.2f\", $(median podctl) / $(median docker) }")
check "time of podctl exec, against docker exec -i: $ratio, at most 1.05" awk "BEGIN { exit !($ratio <= 1.05) }"
e2e_end

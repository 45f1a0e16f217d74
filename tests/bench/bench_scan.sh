#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# podctl scan of 50 containers with 10,000 changed files in all, against the engine alone: the same
# lists fetched by curl, 8 at a time. In turn, medians; what counts is the time beyond the engine's.
#
#   tests/bench/bench_scan.sh [ROUNDS]
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh
rounds=${1:-5}

e2e_begin
printf 'mount_root: /srv/pods\nnetwork_name: pods\nguard: { required: false }\nscan: { files: {} }\n' | put_config
inside docker pull -q busybox > /dev/null
# shellcheck disable=SC2016 # for the inner shells
check "50 containers with 200 new files each" inside sh -ec '
	for i in $(seq 50); do
		docker run -d --network none --name "changed$i" busybox sh -c \
			"mkdir /new; for f in \$(seq 199); do : > /new/file\$f; done; exec sleep 10000" > /dev/null
	done; sleep 2'
inside "$BUILD/podctl" scan > /dev/null 2>&1 # the alerts are there before, as every day
found=$(inside "$BUILD/podctl" scan --json 2> /dev/null | jq '.alerts | length')
check "they are found: $found" test "$found" -ge 9950
put_file /root/bench.sh <<'EOS'
podctl=$1 rounds=$2
took() { # NAME CMD...
	name=$1
	shift
	a=$(date +%s%N)
	"$@" > /dev/null 2>&1
	echo "$name $((($(date +%s%N) - a) / 1000))"
}
engine() {
	docker ps -q --no-trunc | xargs -P 8 -I{} curl -sf -o /dev/null --unix-socket /run/docker.sock http://e/containers/{}/changes
}
for _ in $(seq "$rounds"); do
	took podctl "$podctl" scan
	took engine engine
done
EOS
figures=$(inside bash /root/bench.sh "$BUILD/podctl" "$rounds") || fail "the benchmark runs"
median() { awk -v n="$1" '$1 == n { print $2 }' <<< "$figures" | sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
over=$(awk "BEGIN { printf \"%.2f\", ($(median podctl) - $(median engine)) / 1e6 }")
note "podctl scan: $(median podctl) us, the engine alone: $(median engine) us"
check "podctl scan, beyond the engine's own time: $over s, at most 2" awk "BEGIN { exit !($over <= 2) }"
e2e_end

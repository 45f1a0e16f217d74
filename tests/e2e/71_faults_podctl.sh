#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# podctl without memory, descriptors, room on the disk: an apply ends with a message and the next one goes
# on where it was; an alert of a scan is either on the disk or told of, and none that was there is lost.
# FAULTS_LONG=1: ten times as many calls fail.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
printf '%s\n' 'mount_root: /srv/pods' 'network_name: pods' 'guard: { required: false }' | put_config
inside mkdir -p /srv/pods
inside docker pull -q busybox > /dev/null
hits=$SANDBOX/hits
# faulty KIND CODE AT UNTIL ARG...: podctl, with these faults
faulty() { inside env BUILD="$BUILD" "$BUILD/tests/e2e/lib_faults" "$1" "$2" "$3" "$4" "$hits" "$BUILD/podctl" "${@:5}"; }
calls() { cut -d' ' -f1 "$hits"; }
failed() { [ "$(cut -d' ' -f2 "$hits")" -gt 0 ]; }
never=$((1 << 62))
more=${FAULTS_LONG:+10}
more=${more:-1}
ENOSPC=28 EMFILE=24 EIO=5
# no crash: done, refused with a message, alerts stand, aborted for want of memory, or ended so by the loader
orderly() { case $1 in 0 | 1 | 2 | 127 | 134) ;; *) return 1 ;; esac }
message() { grep -qE '^[^ ].{10}' "$1"; }

note "alerts"
inside docker run -d --name plain busybox sleep 1000 > /dev/null
inside docker exec plain sh -c 'echo x >> /etc/passwd'
podctl scan > /dev/null
inside docker rm -f plain > /dev/null # only the file on the disk has it now
stands() { podctl scan --json > "$SANDBOX/stands.out"; jq -e '[.alerts[] | select(.what == "/etc/passwd")] | length == 1' "$SANDBOX/stands.out"; }
check "an alert stands whose container is gone" stands
inside docker run -d --name next busybox sleep 1000 > /dev/null
inside docker exec next sh -c 'echo y > /etc/new'
# scans KIND CODE STEPS: a scan with each of some calls failing; no alert of before is lost, and the new one
# is told of where it can't be stored
scans() {
	local kind=$1 code=$2 steps=$(($3 * more)) all at=0 step status n=0 bad=""
	faulty "$kind" "$code" "$never" "$never" scan --json > "$SANDBOX/scan.out" 2> "$SANDBOX/scan.err"
	all=$(calls)
	[ "$all" -gt 0 ] || { skip "a scan: $kind" "this build has a malloc of its own"; return; }
	step=$((all / steps + 1))
	for ((at = 0; at < all; at += step)); do
		faulty "$kind" "$code" "$at" $((at + 1)) scan --json > "$SANDBOX/scan.out" 2> "$SANDBOX/scan.err"
		status=$?
		failed && n=$((n + 1))
		orderly "$status" || bad+="call $at: status $status; "
		[ "$status" != 0 ] || bad+="call $at: says that no alert stands; "
		[ "$status" != 1 ] || [ -s "$SANDBOX/scan.err" ] || bad+="call $at: no message; "
		[ "$kind" != write ] || grep -q '/etc/new' "$SANDBOX/scan.out" || bad+="call $at: the new alert is not told; "
		inside sh -c 'jq -e "[.alerts[] | select(.what == \"/etc/passwd\")] | length == 1" "$(ls -v /var/lib/podctl/scan/alerts.*json | tail -n 1)"' > "$SANDBOX/jq.out" 2>&1 ||
			bad+="call $at: lost on the disk; "
	done
	check_equal "a scan: $kind, $n of $all calls failed: no crash, none lost" "" "$bad"
	check "... some failed" test "$n" -ge $((steps < all ? steps / 2 : 1))
	check "... and the next one has both" stands
}
scans write $ENOSPC 8
scans write $EIO 3
scans descriptor $EMFILE 8
scans memory 0 10

note "no room, really"
state=/var/lib/podctl
inside sh -c 'cp -a "$1" /root/state && mount -t tmpfs -o size=64k,mode=700 none "$1" && cp -a /root/state/. "$1/" &&
	cat /dev/zero > "$1/ballast" 2> /dev/null; :' sh "$state"
podctl scan --json > "$SANDBOX/scan.out" 2> "$SANDBOX/scan.err"
check_equal "a full disk: the scan fails" 1 $?
check "... says why" grep -q 'No space left on device' "$SANDBOX/scan.err"
check "... and tells what it has found, and what stood" sh -c 'grep -q /etc/new "$1" && grep -q /etc/passwd "$1"' sh "$SANDBOX/scan.out"
inside rm "$state/ballast"
check "room again: nothing is lost" stands
inside umount "$state"

note "an apply"
# applies KIND CODE STEPS
applies() {
	local kind=$1 code=$2 steps=$(($3 * more)) all at status n=0 bad="" step
	printf 'containers: { a: { image: busybox, command: [sleep, "1000"], stop_timeout: 1 } }\n' | put_file "/root/$kind.yml"
	faulty "$kind" "$code" "$never" "$never" plan "/root/$kind.yml" > "$SANDBOX/apply.out" 2>&1
	all=$(calls)
	if [ "$kind" = memory ] && [ "$all" -eq 0 ]; then
		skip "an apply: $kind" "this build has a malloc of its own"
		return
	fi
	# an apply makes more calls than its plan; later ones go on where it was
	all=$((all * 2 + 8))
	step=$((all / steps + 1))
	for ((at = 0; at < all; at += step)); do
		faulty "$kind" "$code" "$at" $((at + 1)) "/root/$kind.yml" > "$SANDBOX/apply.out" 2>&1
		status=$?
		failed || continue
		n=$((n + 1))
		orderly "$status" || bad+="call $at: status $status; "
		[ "$status" != 1 ] || message "$SANDBOX/apply.out" || bad+="call $at: no message: $(head -c 200 "$SANDBOX/apply.out"); "
		[ $((n % 5)) != 0 ] || podctl down "$kind" > /dev/null
	done
	check_equal "an apply: $kind, $n calls failed: no crash" "" "$bad"
	check "... some failed" test "$n" -gt 0
	check "... the next one converges" podctl "/root/$kind.yml"
	check_status "... to nothing" 0 'nothing to change' podctl plan "/root/$kind.yml"
	check_equal "... one of each" "$kind $kind.a" "$(inside docker ps -a --format '{{.Names}}' --filter "label=podctl.pod=$kind" | sort | tr '\n' ' ' | sed 's/ $//')"
	podctl down "$kind" > /dev/null
}
applies memory 0 10
applies descriptor $EMFILE 6
applies write $ENOSPC 6
few=""
printf 'containers: { a: { image: busybox, command: [sleep, "1000"], stop_timeout: 1 } }\n' | put_file /root/few.yml
for n in 4 5 6 8 10; do
	inside prlimit --nofile="$n" "$BUILD/podctl" /root/few.yml > "$SANDBOX/apply.out" 2>&1
	status=$?
	[ "$status" = 0 ] || { orderly "$status" && message "$SANDBOX/apply.out"; } || few+="$n descriptors: status $status: $(head -c 200 "$SANDBOX/apply.out"); "
	note "$n descriptors: status $status: $(head -n 1 "$SANDBOX/apply.out" | head -c 150)"
done
check_equal "few descriptors: it ends with a message, or well" "" "$few"
check "enough of them: it converges" podctl /root/few.yml

check "another's container was not touched" test "$(inside docker inspect -f '{{.State.Running}}' next)" = true
e2e_end

#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Applies converge: interrupted at every call to the engine, failed in the middle, two at a time; and
# whatever happens, no container of anybody else is touched.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
put_config <<'END'
mount_root: /srv/pods
network_name: pods
guard: { required: true }
END
inside mkdir -p /srv/pods
netguard_start
id_of() { inside docker inspect -f '{{.Id}}' "$1"; }
field() { inside docker inspect -f "$2" "$1"; }
names() { inside docker ps -a --format '{{.Names}}' --filter "label=podctl.pod=$1" | sort | tr '\n' ' ' | sed 's/ $//'; }
running() { inside docker ps --format '{{.Names}}' --filter "label=podctl.pod=$1" | sort | tr '\n' ' ' | sed 's/ $//'; }
# keys that this podctl has
knows() { inside sh -c 'printf "containers: { app: { image: busybox, %s } }\n" "$1" > /root/knows.yml && "$2/podctl" check /root/knows.yml' \
	sh "$1" "$BUILD" > /dev/null 2>&1; }

note "what belongs to others, and bears names that could be ours"
printf 'containers: { app: { image: busybox, command: [sleep, "1000"] } }\n' | put_file /root/other.yml
check "another pod" podctl /root/other.yml
inside docker run -d --name k1.c busybox sleep 1000 > /dev/null
inside docker run -d --name k2.a.new.x --label podctl.pod=k2 busybox sleep 1000 > /dev/null
others="other other.app k1.c k2.a.new.x"
# shellcheck disable=SC2086 # words
facts() { inside docker inspect -f '{{.Name}} {{.Id}} {{.State.StartedAt}} {{.State.Status}} {{.RestartCount}}' $others; }
before=$(facts)
check_equal "... are there" 4 "$(wc -l <<< "$before")"

note "SIGKILL at each call to the engine"
knows 'update_image: false, stop_timeout: 1' || export NO_KEYS=1
kill_steps() { # POD SCENARIO
	inside ${NO_KEYS:+env NO_KEYS=1} python3 -u "$REPO/tests/e2e/files/kill_steps.py" "$BUILD/podctl" /root/kill "$@"
}
pids=()
i=0
for scenario in "fresh and down" "a changed container" "a changed root container" \
	"a changed container with a health check, and one that waits for it" "one container more, one less"; do
	i=$((i + 1))
	kill_steps "k$i" "$scenario" > "$SANDBOX/kill.$i" 2>&1 &
	pids+=($!)
done
for i in "${!pids[@]}"; do
	wait "${pids[$i]}"
	status=$?
	out=$SANDBOX/kill.$((i + 1))
	while IFS= read -r line; do
		case $line in
		"ok - "*) pass "${line#ok - }" ;;
		"not ok - "*) fail "${line#not ok - }" ;;
		*) echo "$line" ;;
		esac
	done < "$out"
	check_equal "... the program that kills ended well" 0 "$status"
done
check_equal "nothing of others was touched: ids, start times, states" "$before" "$(facts)"

note "SIGINT"
printf 'containers: { app: { image: busybox, command: [sleep, "1000"] } }\n' | put_file /root/int.yml
interrupt() { # SIGNAL, at a moment of the apply
	inside sh -c '"$1/podctl" /root/int.yml > /root/int.log 2>&1 & p=$!; sleep "$2"; kill -INT $p; wait $p; echo $?' \
		sh "$BUILD" "$1" | tail -n 1
}
for moment in 0.03 0.1 0.2; do
	status=$(interrupt "$moment")
	check "SIGINT after $moment s ends it at once, or it was through ($status)" test "$status" = 130 -o "$status" = 0
	[ "$status" = 0 ] || check "... and says what next" grep -q "the next apply goes on" <(inside cat /root/int.log)
	check "... the next apply converges" podctl /root/int.yml
	check_status "... to nothing" 0 'nothing to change' podctl plan /root/int.yml
	podctl down int > /dev/null
done

note "the engine goes on stopping a container when the apply that asked for it is gone"
slow() { # COMMAND's last word, RESTART
	printf 'containers: { app: { image: busybox, command: [sh, -c, "trap : TERM HUP; while :; do sleep 0.1; done; %s"], stop_timeout: 2, restart: "%s" } }\n' "$1" "$2" |
		put_file /root/slow.yml
}
# interrupted COMMAND...: podctl, ended by ^C as soon as the app got its signal
interrupted() {
	local since
	sleep 1.1 # until it has its trap, and what came before is in another second
	since=$(inside date +%s)
	inside env since="$since" sh -c '"$@" > /root/int.log 2>&1 & p=$!
		until docker events --since "$since" --until "$(date +%s.%N)" --filter container=slow.app --filter event=kill | grep -q .; do sleep 0.05; done
		kill -INT $p; wait $p; echo $?' sh env --default-signal=INT "$BUILD/podctl" "$@" | tail -n 1
}
# stays_up: so it is when the stop would be over
stays_up() { sleep 3.5; check_equal "... and runs" true "$(field slow.app '{{.State.Running}}')"; }
slow one no
check "apply" podctl /root/slow.yml
slow two no
check_equal "an apply that replaces it, interrupted while the old one stops" 130 "$(interrupted /root/slow.yml)"
slow one no
check_status "... the file is as it was: a plan sees that it will not run" 2 'start +slow.app' podctl plan /root/slow.yml
check_status "... the next apply waits until it has ended, and starts it" 0 'app is being stopped' podctl /root/slow.yml
stays_up
slow one unless-stopped
podctl /root/slow.yml > /dev/null
check_equal "a stop, interrupted" 130 "$(interrupted stop slow)"
check_status "... start waits, too" 0 'app started' podctl start slow
stays_up
check_equal "a stop, interrupted" 130 "$(interrupted stop slow)"
check_status "... and so does an apply of what is to run" 0 'app started' podctl /root/slow.yml
stays_up
inside docker kill -s HUP slow.app > /dev/null
check_status "a signal that stops nothing is waited for by nobody" 0 '^pod slow: nothing to change$' podctl /root/slow.yml
podctl down slow > /dev/null

note "a new root container: interrupted, and then one does not start"
half() { # HOSTNAME, PROGRAM
	printf 'hostname: half-%s\ncontainers: { app: { image: busybox, command: [%s, "1000"], stop_timeout: 1 }, slow: { image: busybox, command: [sh, -c, "trap : TERM; while :; do sleep 0.1; done"], stop_timeout: 3 } }\n' "$1" "$2" |
		put_file /root/half.yml
}
half one sleep
podctl /root/half.yml > /dev/null
half two sleep
inside sh -c '"$1/podctl" /root/half.yml > /root/int.log 2>&1 & p=$!; until [ "$(docker inspect -f "{{.State.Running}}" half.app)" = false ]; do sleep 0.05; done
	kill -INT $p; wait $p' sh "$BUILD"
half two nosuch
check_status "what the first one had stopped comes back with the rest" 1 'slow: the old one is back' podctl /root/half.yml
check_equal "... all of it" "half half.app half.slow" "$(running half)"
podctl down half > /dev/null

note "a paused container"
printf 'containers: { a: { image: busybox, command: [sleep, "1000"], stop_timeout: 1 }, b: { image: busybox, command: [sleep, "1000"], stop_timeout: 1 } }\n' |
	put_file /root/paused.yml
podctl /root/paused.yml > /dev/null
inside docker pause paused.b > /dev/null
inside sed -i '1ihostname: paused-new' /root/paused.yml
check "is no hindrance to a new root container" podctl /root/paused.yml
check_equal "... all runs" "paused paused.a paused.b" "$(running paused)"
podctl down paused > /dev/null

note "a plan says all of what changed"
long() { # LAST WORD of each value
	printf 'containers:\n  app:\n    image: busybox\n    command: [sleep, "1000"]\n' | put_file /root/long.yml
	inside sh -c 'w=$(printf "%0100d" 0); printf "    entrypoint: [e%s]\n    user: u%s\n    stop_signal: %s\n    cap_drop: [%s]\n    mounts: [{ source: m%s, target: /x }]\n    tmpfs: [/t%s]\n" \
		"$w$1" "$w$1" "$2" "$3" "$w$1" "$w$1" >> /root/long.yml' sh "$@"
}
long 1 TERM CHOWN
inside sed -i '/entrypoint:/d; /user:/d; /mounts:/d; /tmpfs:/d' /root/long.yml
podctl /root/long.yml > /dev/null
long 2 INT KILL
check_status "however long that is" 2 'user: none -> u0{100}2' podctl plan /root/long.yml
podctl down long > /dev/null

note "two at a time"
printf 'containers: { app: { image: busybox, command: [sleep, "1000"] } }\n' | put_file /root/two.yml
podctl /root/two.yml > /dev/null
inside sh -c 'exec 9< /run/podctl/locks/two; flock 9; echo $$ > /root/holder; exec sleep 1000' &
holder=$!
wait_for 5 not inside flock -n /run/podctl/locks/two true
check_status "--no-wait where another one works on the pod: refused at once" 1 'another podctl' \
	timeout 5 "$SANDBOX_CMD" exec "$SANDBOX" -- "$BUILD/podctl" --no-wait /root/two.yml
check "another pod does not wait" timeout 20 "$SANDBOX_CMD" exec "$SANDBOX" -- "$BUILD/podctl" --no-wait /root/int.yml
inside sh -c '"$1/podctl" /root/two.yml > /root/two.log 2>&1; echo $? > /root/two.status' sh "$BUILD" &
waiter=$!
check "without it, it waits and says so" wait_for 5 inside grep -q 'waiting: another podctl' /root/two.log
check "... it really does" not inside test -e /root/two.status
inside sh -c 'kill -9 "$(cat /root/holder)"'
wait "$holder" 2> /dev/null
check "the holder killed: it goes on" wait_for 10 inside test -s /root/two.status
check_equal "... well" 0 "$(inside cat /root/two.status)"
wait "$waiter"
check "both at once" sh -c '"$@" /root/two.yml & a=$!; "$@" /root/two.yml; b=$?; wait $a && [ $b = 0 ]' sh \
	"$SANDBOX_CMD" exec "$SANDBOX" -- "$BUILD/podctl"

note "names that others have"
printf 'containers: { a: { image: busybox, command: [sleep, "1000"] } }\n' | put_file /root/names.yml
for name in names names.a names.a.new names..new; do
	inside docker run -d --name "$name" busybox sleep 1000 > /dev/null
	id=$(id_of "$name")
	check_status "$name by hand: refused" 1 "$name .*not made by podctl" podctl /root/names.yml
	check_equal "... untouched" "$id true" "$(field "$name" '{{.Id}} {{.State.Running}}')"
	check_equal "... and nothing made" "" "$(names names)"
	podctl down names > /dev/null
	check_equal "... nor does down touch it" "$id true" "$(field "$name" '{{.Id}} {{.State.Running}}')"
	inside docker rm -f "$name" > /dev/null
done
# with labels of another pod's, as an image or a user of the engine can bring them
inside docker run -d --name names.a --label podctl.pod=other --label podctl.container=a --label podctl.config-hash=x \
	busybox sleep 1000 > /dev/null
check_status "labels of another pod: refused" 1 'names.a .*not made by podctl' podctl /root/names.yml
inside docker rm -f names.a > /dev/null

note "one failure does not hide the others"
printf 'containers:\n  a: { image: busybox, command: [sleep, "1000"] }\n  b: { image: busybox, command: [nosuchprogram] }\n  c: { image: busybox, command: [sleep, "1000"] }\n' |
	put_file /root/part.yml
check_status "a container that does not start: told" 1 'b: cannot start it' podctl /root/part.yml
check_equal "... the others run, and it is gone" "part part.a part.c" "$(names part)"
inside sed -i 's/nosuchprogram/sleep, "1000"/' /root/part.yml
check "mended: it comes" podctl /root/part.yml
b=$(id_of part.b)
inside sed -i '3s/sleep, "1000"/nosuchprogram/' /root/part.yml
check_status "changed to one that does not start: the old one comes back" 1 'the old one is back' podctl /root/part.yml
check_equal "... under its name, running" "$b true" "$(field part.b '{{.Id}} {{.State.Running}}')"
check_equal "... and nothing beside it" "part part.a part.b part.c" "$(running part)"
inside sed -i '1ihostname: part-new' /root/part.yml
all=$(inside docker ps -q --filter label=podctl.pod=part | sort)
check_status "a new root container, and one does not start: the whole old pod comes back" 1 'the old one is back' podctl /root/part.yml
check_equal "... all of it" "$all" "$(inside docker ps -q --filter label=podctl.pod=part | sort)"
check_equal "... and nothing beside it" "part part.a part.b part.c" "$(names part)"

if knows 'startup_health_check: { command: "true" }'; then
	note "health checks"
	health() { # COMMAND of the check, command of the container
		printf 'containers:\n  a:\n    image: busybox\n    command: %s\n    startup_health_check: { command: %s, interval: 0.2, attempts: 3 }\n  b: { image: busybox, command: [sleep, "1000"], depends_on: [a] }\n  c: { image: busybox, command: [sleep, "1000"] }\n' \
			"${2:-[sleep, \"1000\"]}" "$1" | put_file /root/health.yml
	}
	health '[sh, -c, "echo looked at; exit 3"]'
	check_status "it fails: what it said is shown" 1 'a: \| looked at' podctl /root/health.yml
	check_equal "... what depends on it was not started, the rest runs" "health health.c" "$(names health)"
	health '"test -e /tmp/ready"' '"sleep 0.5; touch /tmp/ready; sleep 1000"'
	inside sed -i 's/command: sleep 0.5; touch .*/command: [sh, -c, "sleep 0.3; touch \/tmp\/ready; sleep 1000"]/; s/    command: "sleep 0.5.*/    command: [sh, -c, "sleep 0.3; touch \/tmp\/ready; sleep 1000"]/' /root/health.yml
	check "it passes at the second attempt" podctl /root/health.yml
	check_equal "... all run, in place" "health health.a health.b health.c" "$(running health)"
	check "... b started after a" bash -c '[[ $1 < $2 ]]' bash "$(field health.a '{{.State.StartedAt}}')" "$(field health.b '{{.State.StartedAt}}')"
	a=$(id_of health.a)
	health '[sh, -c, "exit 1"]'
	check_status "a replacement that fails its check: the old one comes back" 1 'the old one is back' podctl /root/health.yml
	check_equal "... under its name, running" "$a true" "$(field health.a '{{.Id}} {{.State.Running}}')"
	health '"true"' '[sh, -c, "echo last words; exit 9"]'
	inside sed -i 's/command: "true"/command: [sh, -c, "sleep 1; false"]/' /root/health.yml
	check_status "a container that ends meanwhile: its exit status and its last lines" 1 'exit status 9' podctl /root/health.yml
	check_status "... its last lines" 1 'last words' podctl /root/health.yml
	check_equal "... the old one is there" "$a true" "$(field health.a '{{.Id}} {{.State.Running}}')"
	health '"yes"'
	podctl down health > /dev/null
else
	skip "health checks" "this podctl does not know startup_health_check yet"
fi

check_equal "in the end nothing of others was touched" "$before" "$(facts)"
e2e_end

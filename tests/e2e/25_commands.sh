#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# podctl's commands of every day on a real engine: logs, stop, start, restart, status, and what
# arguments can and can't do.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
put_config <<'END'
mount_root: /srv/pods
network_name: pods
guard: { required: true }
pods: { other: { owners: [carol] } }
END
netguard_start
field() { inside docker inspect -f "$2" "$1"; }
running() { inside docker ps --format '{{.Names}}' --filter label=podctl.pod="$1" | sort | xargs; }
started() { field "$1" '{{.State.StartedAt}}'; }

cat <<'END' | put_file /root/web.yml
containers:
  one:
    image: busybox
    command: [sh, -c, "echo first; sleep 0.3; echo third >&2; sleep 0.1; printf '\\033[2Jwiped \\033[31mred\\033[0m\\n'; exec sleep 1000"]
    stop_timeout: 1
  second-one:
    image: busybox
    command: [sh, -c, "sleep 0.15; echo second; sleep 0.4; echo last; exec sleep 1000"]
    stop_timeout: 1
END
if ! inside grep -q stop_timeout /root/web.yml || ! podctl check /root/web.yml > /dev/null 2>&1; then
	inside sed -i '/stop_timeout/d' /root/web.yml
fi
printf 'containers: { app: { image: busybox, command: [sh, -c, "echo other pod; exec sleep 1000"] } }\n' |
	put_file /root/other.yml
check "apply" podctl /root/web.yml
check "apply of another pod" podctl /root/other.yml
wait_for 5 sh -c '"$@" | grep -q last' sh "$SANDBOX_CMD" exec "$SANDBOX" -- "$BUILD/podctl" logs web

note "logs"
check_equal "in the order of time, with names" \
	"one        | first
second-one | second
one        | third
one        | $(printf '\033[2Jwiped \033[31mred\033[0m')
second-one | last" "$(podctl logs web 2>&1)"
check_equal "standard error goes there" "one        | third" "$(podctl logs web 2>&1 > /dev/null)"
check_equal "one container, without its name" "second
last" "$(podctl logs second-one web)"
check_equal "the last lines" "last" "$(podctl logs -n 1 second-one /root/web.yml)"
check_equal "the same written otherwise" "last" "$(podctl logs --tail=1 second-one web)"
check_equal "none of them" "" "$(podctl logs -n0 web)"
check "with the time of each" grep -qE '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]{18}Z second$' <<< "$(podctl logs -t second-one web)"
on_terminal() { script -qec "$SANDBOX_CMD exec $SANDBOX -- $BUILD/podctl $*" /dev/null < /dev/null; }
check "on a terminal nothing drives it" grep -qF '^[[2Jwiped' <<< "$(on_terminal logs web)"
check "... colours are kept" grep -qF $'\033[31mred' <<< "$(on_terminal logs web)"
check "... but not where NO_COLOR is set" not grep -qF $'\033' <<< "$(NO_COLOR=1 on_terminal logs web)"
check_status "of a container that is not there" 1 'pod web has no container nine' podctl logs nine web
check_status "of a pod that is not there" 1 'pod nothing is not there' podctl logs nothing
check_status "of a container with a hostile name" 1 'has no container' podctl logs '../x' web

inside "$BUILD/podctl" logs -f -n 0 web > "$SANDBOX/follow" 2>&1 &
follower=$!
sleep 0.5
check "restart" podctl restart web
check "-f shows what comes over a restart" wait_for 8 grep -q '^second-one | last' "$SANDBOX/follow"
inside sed -i 's/echo first;/echo replaced;/' /root/web.yml
check "apply with a container changed" podctl /root/web.yml
check "... and over a replacement" wait_for 5 grep -q '^one        | replaced' "$SANDBOX/follow"
check_equal "... each line once" 1 "$(grep -c '| first' "$SANDBOX/follow")"
check "... until the pod is taken down" podctl down web
wait_for 5 not kill -0 "$follower" || kill "$follower"
wait "$follower"
check_equal "... which is no failure" 0 $?

note "much, to a slow reader: memory stays bounded"
cat <<'END' | put_file /root/web.yml
containers:
  loud: { image: busybox, command: [sh, -c, "yes 0123456789012345678901234567890123456789 | head -n 300000; exec sleep 1000"] }
  quiet: { image: busybox, command: [sh, -c, "echo hello; exec sleep 1000"] }
END
check "apply" podctl /root/web.yml
wait_for 20 sh -c '[ "$("$@" | wc -l)" = 300000 ]' sh "$SANDBOX_CMD" exec "$SANDBOX" -- docker logs web.loud
check_equal "all of it comes" 300001 "$(podctl logs web | wc -l)"
inside sh -c '"$1" logs web | {
	for try in 1 2 3 4 5 6 7 8 9 10; do sleep 0.5; pid=$(pgrep -P $$ -x podctl) && [ "$try" -gt 1 ] && break; done
	cat "/proc/$pid/status" > /run/status; cat > /run/all; }' sh "$BUILD/podctl"
rss=$(inside awk '/^RssAnon/ { print $2 }' /run/status)
note "RssAnon while the reader sleeps: $rss kB"
check "... in at most 4 MiB: ${rss:-none seen} kB" test "${rss:-9999999}" -le 4096
check "a reader who has enough ends it" timeout 10 "$SANDBOX_CMD" exec "$SANDBOX" -- sh -c '"$1" logs web | head -n 1 > /dev/null' sh "$BUILD/podctl"
check "down" podctl down web

note "stop, start, restart"
cat <<'END' | put_file /root/web.yml
containers:
  app: { image: busybox, command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 0.05; done"], restart: always }
  db: { image: busybox, command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 0.05; done"] }
END
check "apply" podctl /root/web.yml
ids=$(inside docker ps -aq --no-trunc --filter label=podctl.pod=web | sort)
inside docker run -d --name web.alien busybox sleep 1000 > /dev/null
check_status "stop" 0 'root container stopped' podctl stop web
check_equal "... the root container last" "root" \
	"$(podctl start web > /dev/null && podctl stop web | tail -n 1 | grep -o root)"
check_equal "... nothing of it runs" "" "$(running web)"
check_equal "... what bears such a name and is not the pod's does" true "$(field web.alien '{{.State.Running}}')"
check_equal "... nor is another pod touched" "other other.app" "$(running other)"
check_status "stop again" 0 'nothing to stop' podctl stop web
check_status "start" 0 'root container started' podctl start /root/web.yml
check_equal "... all of it" "web web.app web.db" "$(running web)"
check "... and guarded" sh -c '"$@" | jq -e ".[0].containers[0].guard == \"guarded\"" > /dev/null' sh \
	"$SANDBOX_CMD" exec "$SANDBOX" -- "$BUILD/podctl" status --json web
check_equal "... the same containers" "$ids" "$(inside docker ps -aq --no-trunc --filter label=podctl.pod=web | sort)"
check_status "start again" 0 'nothing to start' podctl start web
before=$(started web)
check_status "restart" 0 'app started' podctl restart web
check "... the root container too" test "$before" != "$(started web)"
check_equal "... all of it" "web web.app web.db" "$(running web)"
check_status "apply has nothing to do then" 0 'nothing to change' podctl /root/web.yml
check_status "stop of a pod that is not there" 0 'nothing to stop' podctl stop nothing
check_status "start of a pod that is not there" 1 'apply its file' podctl start nothing
netguard_stop
check_status "no guard where one is required: restart does not stop it" 1 'guard' podctl restart web
check_equal "... all of it" "web web.app web.db" "$(running web)"
podctl stop web > /dev/null
check_status "no guard where one is required: not started" 1 'guard' podctl start web
check_equal "... not even the root container" "" "$(running web)"
netguard_start
inside sh -c 'exec 9> /run/podctl/locks/web && flock 9 && touch /run/locked && sleep 2' &
wait_for 5 inside test -e /run/locked
check_status "another podctl at work: --no-wait" 1 'another podctl' podctl start --no-wait web
check "... or waited for" podctl start web
inside docker rm -f web > /dev/null
check_status "without its root container" 1 'apply its file' podctl start web
check "apply" podctl /root/web.yml

note "arguments: what a pattern with a star lets through"
printf 'bob ALL=(root) NOPASSWD: %s/podctl * web\n' "$BUILD" | put_file /etc/sudoers.d/podctl
inside chmod 440 /etc/sudoers.d/podctl
try() { # NAME ARGUMENT...: nothing of the pod other may come of it
	local name=$1 out before
	shift
	before=$(running other)
	out=$(as bob sudo -n "$BUILD/podctl" "$@" web 2>&1)
	if [ "$(running other)" = "$before" ] && ! grep -q 'other pod' <<< "$out"; then
		pass "$name"
	else
		fail "$name"
		echo "# $out"
	fi
}
check "bob may stop his own" as bob sudo -n "$BUILD/podctl" stop web
check "... and start" as bob sudo -n "$BUILD/podctl" start web
put_config <<'END'
mount_root: /srv/pods
network_name: pods
guard: { required: true }
END
try "two names" stop other
try "a value that takes the last word" logs other -n
try "the same for the long form" logs other --tail
try "... of exec" exec app other -u
try "... and behind --" exec app other -- echo
try "an end of options" stop other --
try "a second command" stop other restart
try "help of another" help stop other
try "down" down other
try "all logs, then the pod" logs app other
check_status "a value must be a number" 1 'tail wants a number, not x' podctl logs -n x web
check_status "version takes no arguments" 1 'version takes no arguments' podctl version x
check_status "quiet: what was asked for is still said" 0 '^web' podctl status -q web
check_status "an option that the command has not" 1 'does not take' podctl stop --json web

note "no engine, or none for the caller: what to do is said"
inside cp /root/web.yml /home/web.yml
check_status "plan without root" 1 'Permission denied: run podctl by sudo' as bob "$BUILD/podctl" plan /home/web.yml
"$SANDBOX_CMD" engine "$SANDBOX" stop
for command in apply plan down; do
	check_status "$command" 1 'does it run\? systemctl status docker' podctl $command /root/web.yml
done
e2e_end

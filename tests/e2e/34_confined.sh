#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the daemon has given up: its user, capabilities, paths and calls; started by root, and started as its
# unit starts it. The list of calls has none that it does not make. (tests/unit/test_confine.c makes those
# that are forbidden.)
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
usual_config() {
	put_config <<'END2'
mount_root: /srv/pods
network_name: pods
port_whitelist: { 80: web }
guard: { allowed_users: [root], host_ports: [53/udp] }
END2
}
usual_config
inside mkdir -p /srv/pods
status_of() { awk -v k="$1:" '$1 == k { $1 = ""; sub(/^ /, ""); print }' "/proc/$(netguard_pid)/status"; }
uid=$(inside id -u _netguard) gid=$(inside id -g _netguard)
docker=$(inside getent group docker | cut -d: -f3)

confined() { # HOW GROUP...
	check_equal "$1: its own user" "$uid $uid $uid $uid" "$(status_of Uid | tr '\t' ' ')"
	check_equal "... in no other groups" "$(printf '%s\n' "${@:2}" | sort -u)" "$(status_of Groups | tr ' ' '\n' | grep . | sort -u)"
	check_equal "... CAP_NET_ADMIN alone" "0000000000001000 0000000000001000 0000000000000000" \
		"$(status_of CapEff) $(status_of CapPrm) $(status_of CapAmb)"
	check_equal "... also for what it would execute" 0000000000001000 "$(status_of CapBnd)"
	check_equal "... no new privileges, a seccomp filter" "1 2" "$(status_of NoNewPrivs) $(status_of Seccomp)"
}

note "started by root, and traced"
netguard_start strace -f -qq -e signal=none -o "$SANDBOX/trace"
tracer=$(netguard_pid)
pid=$(pgrep -P "$tracer" | head -n 1)
inside sh -c "echo $pid > /run/netguard.pid"
# nobody asks the engine for it
confined "by root" "$gid" "$docker"
# what every daemon's life has: containers, an edit, a reload, questions, a revoked permission
inside docker pull -q probe > /dev/null
printf 'publish: ["80:80"]\ncontainers: { app: { image: probe, command: [serve, "tcp:80"] } }\n' | put_file /root/web.yml
check "a pod" podctl /root/web.yml
flow open outside tcp 192.0.2.10 80 "the pod's port"
put_config <<'END2'
mount_root: /srv/pods
network_name: pods
port_whitelist: { 81: web }
guard: { allowed_users: [root], host_ports: [53/udp] }
END2
closed() { [ "$(probe_from outside tcp 192.0.2.10 80 | cut -d' ' -f1)" != open ]; }
check "an edit is in force" wait_for 10 closed
check "a link in place of the file" inside sh -c 'mv /etc/netguard.yml /srv/netguard.yml && ln -s /srv/netguard.yml /etc/netguard.yml'
check "... and back" inside sh -c 'sleep 0.2; rm /etc/netguard.yml && mv /srv/netguard.yml /etc/netguard.yml'
check "reload" inside "$BUILD/netguard" reload
check "status" inside "$BUILD/netguard" status
check_status "explain" 0 "accept:" inside "$BUILD/netguard" explain host pod:web:80
check "a denial is told" inside "$BUILD/netguard" denied
state_there() { inside test -s /var/lib/netguard/state.json; }
check "its state is written" wait_for 5 state_there
check_equal "... as its user's" "$uid 600" "$(inside stat -c '%u %a' /var/lib/netguard/state.json)"
netguard_stop
wait_for 10 not kill -0 "$tracer"

note "the list of calls"
# from when the filter is on: the last call to set it
made=$(awk '/ seccomp\(SECCOMP_SET_MODE_FILTER|prctl\(PR_SET_SECCOMP/ { on = 1; delete seen; next }
	on && match($0, /^[0-9]+ +[a-z_0-9]+\(/) { c = $0; sub(/^[0-9]+ +/, "", c); sub(/\(.*/, "", c); seen[c] = 1 }
	END { for (c in seen) print c }' "$SANDBOX/trace" | sort)
listed() { sed -n "s/^\t$1(\([a-z_0-9]*\), .*/\1/p" netguard/confine_calls.c | sort; }
check "the trace has what came behind the filter" test "$(wc -l <<< "$made")" -gt 20
check_equal "each that is listed as usual was made" "" "$(comm -23 <(listed CALL) <(printf '%s\n' "$made"))"

note "as its unit starts it"
relay_start
netguard_start "${as_unit[@]}"
confined "by systemd" "$gid"
check "the pod is known" inside sh -c '"$0" status | grep -q web' "$BUILD/netguard"
flow denied outside tcp 192.0.2.10 80 "a port that is no more in the list"

note "who takes the daemon over may not ask the engine for more"
# ask SOCKET METHOD PATH [BODY]: as the daemon's user; the HTTP status, 000 without one
ask() {
	inside "${as_unit[@]}" curl -s -m 10 -o /run/relay-answer -w '%{http_code}' --unix-socket "$1" -X "$2" ${4:+-d "$4" -H 'Content-Type: application/json'} "http://e$3"
}
inside install -m 666 /dev/null /run/relay-answer
create='{"Image":"probe","HostConfig":{"Privileged":true,"Binds":["/:/host"]}}'
check_equal "not at the engine's own socket" 000 "$(ask /run/docker.sock POST /v1.41/containers/create?name=evil "$create")"
check_equal "... where root may" 201 "$(inside curl -s -o /dev/null -w '%{http_code}' --unix-socket /run/docker.sock -d "$create" \
	-H 'Content-Type: application/json' 'http://e/v1.41/containers/create?name=evil')"
inside docker rm -f evil > /dev/null
check_equal "... nor by the relay" 000 "$(ask "$RELAY" POST /v1.41/containers/create?name=evil "$create")"
check_status "... there is no such container" 1 "No such" inside docker inspect evil
check_equal "a GET with such a body behind it" 000 "$(ask "$RELAY" GET /v1.41/containers/json "$create")"
for path in /v1.41/images/json /v1.41/containers/web.app/archive?path=/ /v1.41/containers/web.app/logs?stdout=1 /v1.41/secrets \
	/v1.41/containers/json?size=1; do
	check_equal "not $path" 403 "$(ask "$RELAY" GET "$path")"
done
for path in /version /v1.41/containers/json?all=1 /v1.41/containers/web.app/json /v1.41/networks /v1.41/networks/pods; do
	check_equal "$path" 200 "$(ask "$RELAY" GET "$path")"
done
check "the relay is confined, too" sh -c 'grep -qx "Seccomp:	2" "/proc/$1/status" && grep -qx "NoNewPrivs:	1" "/proc/$1/status"' sh "$(relay_pid)"
check_status "nobody else may ask it" 7 "" inside setpriv --reuid bob --regid bob --clear-groups curl -s --unix-socket "$RELAY" http://e/version

note "an engine that comes and goes behind it"
"$SANDBOX_CMD" engine "$SANDBOX" stop
engine_is() { [ "$(inside "$BUILD/netguard" status --json | jq -r .engine.state)" = "$1" ]; }
check "it is away" wait_for 20 engine_is down
check "... and why is said" wait_for 10 grep -q '^netguard: /var/run/docker.sock: ' "$SANDBOX/netguard.log"
"$SANDBOX_CMD" engine "$SANDBOX" start
check "it is back" wait_for 20 engine_is up
inside docker run -d --name late --network pods probe serve tcp:80 > /dev/null
late_known() { inside "$BUILD/netguard" status | grep -q 'late'; }
check "a container's start is heard" wait_for 10 late_known
kill -KILL "$(relay_pid)"
check "the relay is gone: the engine is away" wait_for 20 engine_is down
flow denied outside tcp 192.0.2.10 80 "... and the table stands"
relay_start
check "it is back, and so is the engine" wait_for 20 engine_is up

netguard_stop

note "a process in a container that has the daemon's uid, and all that the kernel counts by uid"
check "the pod runs again" podctl start /root/web.yml
# the kernel does not ask in which container it is, nor in which sandbox: of those that run now only this one's is to lack them
inside sed -i 's/^_netguard:x:[0-9]*:/_netguard:x:4901:/' /etc/passwd
inside chown -R _netguard /run/netguard /var/lib/netguard
background setpriv --reuid _netguard --regid _netguard --clear-groups python3 -c '
import ctypes, time
libc, n = ctypes.CDLL(None), 0
while True:
    if libc.inotify_init1(0) >= 0: n += 1
    else: open("/run/netguard/taken", "w").write(str(n)); time.sleep(0.01)'
check "it has all watches of files" wait_for 10 inside test -s /run/netguard/taken
netguard_start "${as_unit[@]}"
check "the daemon starts all the same" grep -q '^netguard: inotify_init1: Too many open files.*; edits of .* are looked for each second' "$SANDBOX/netguard.log"
flow denied outside tcp 192.0.2.10 80 "the whitelist has 81"
usual_config
opened() { not closed; }
check "an edit is in force" wait_for 5 opened
netguard_stop

note "what who takes it over says drives nobody's terminal"
inside rm -f /run/netguard/control.sock
background setpriv --reuid _netguard --regid _netguard --clear-groups python3 "$REPO/tests/e2e/files/lying_daemon.py"
check "it answers" wait_for 10 inside "$BUILD/netguard" status
for what in status "status --json" "status --metrics" "explain host world" "explain host world --json" denied "denied --json" reload; do
	# shellcheck disable=SC2086 # words
	said=$(inside "$BUILD/netguard" $what 2>&1)
	check "netguard $what says something" test "$(wc -c <<< "$said")" -gt 20
	check "... that any terminal may have" not env LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' <(printf '%s\n' "$said")
done
e2e_end

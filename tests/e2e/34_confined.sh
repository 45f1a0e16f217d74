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
put_config <<'END2'
mount_root: /srv/pods
network_name: pods
port_whitelist: { 80: web }
guard: { allowed_users: [root], host_ports: [53/udp] }
END2
inside mkdir -p /srv/pods
status_of() { awk -v k="$1:" '$1 == k { $1 = ""; sub(/^ /, ""); print }' "/proc/$(netguard_pid)/status"; }
uid=$(inside id -u _netguard) gid=$(inside id -g _netguard)
docker=$(inside getent group docker | cut -d: -f3)

confined() { # HOW
	check_equal "$1: its own user" "$uid $uid $uid $uid" "$(status_of Uid | tr '\t' ' ')"
	check_equal "... in no other groups than the engine's" "$(printf '%s\n' "$gid" "$docker" | sort -u)" \
		"$(status_of Groups | tr ' ' '\n' | grep . | sort -u)"
	check_equal "... CAP_NET_ADMIN alone" "0000000000001000 0000000000001000 0000000000000000" \
		"$(status_of CapEff) $(status_of CapPrm) $(status_of CapAmb)"
	check_equal "... also for what it would execute" 0000000000001000 "$(status_of CapBnd)"
	check_equal "... no new privileges, a seccomp filter" "1 2" "$(status_of NoNewPrivs) $(status_of Seccomp)"
}

# as_unit CMD...: as systemd does by netguard.service
as_unit=(setpriv --reuid _netguard --regid _netguard --init-groups "--inh-caps=-all,+net_admin"
	"--ambient-caps=-all,+net_admin" "--bounding-set=-all,+net_admin" --no-new-privs)

note "started by root, and traced"
netguard_start strace -f -qq -e signal=none -o "$SANDBOX/trace"
tracer=$(netguard_pid)
pid=$(pgrep -P "$tracer" | head -n 1)
inside sh -c "echo $pid > /run/netguard.pid"
confined "by root"
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
netguard_start "${as_unit[@]}"
confined "by systemd"
check "the pod is known" inside sh -c '"$0" status | grep -q web' "$BUILD/netguard"
flow denied outside tcp 192.0.2.10 80 "a port that is no more in the list"

netguard_stop
e2e_end

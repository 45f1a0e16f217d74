#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# podctl audit: a container made for each finding, and one beside it that does not have it.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
put_config <<'END'
mount_root: /srv/pods
guard: {required: false}
pods: {good: {owners: [bob]}, other: {owners: [carol]}}
END
inside docker pull -q busybox > /dev/null

audit() { inside "$BUILD/podctl" audit --json; }
# made NAME OPTION...: created, not started
made() { local name=$1; shift; inside docker create --name "$name" "$@" busybox sleep 99 > /dev/null || fail "docker create $name"; }
# started NAME OPTION...
started() { local name=$1; shift; inside docker run -d --name "$name" "$@" busybox sleep 99 > /dev/null || fail "docker run $name"; }
ids() { jq -r --arg n "$1" '.containers[] | select(.name == $n) | .findings[] | .level + " " + .id' <<< "$report"; }
has() { # NAME LEVEL ID
	if grep -qx -- "$2 $3" <<< "$(ids "$1")"; then pass "$1: $2 $3"; else fail "$1: $2 $3, but: $(ids "$1" | tr '\n' ' ')"; fi
}
has_not() { # NAME ID
	if grep -q -- " $2\$" <<< "$(ids "$1")"; then fail "$1: no $2"; else pass "$1: no $2"; fi
}

check_status "nothing of level high on an empty host but the engine's own" 0 'no-userns-remap' audit

put_file /root/good.yml <<'END'
containers:
  app: {image: busybox, command: sleep 99, user: "1000:1000"}
END
check "a pod" podctl /root/good.yml
inside cp /root/good.yml /root/other.yml
check "another" podctl /root/other.yml
made plain
made careful --user 1000:1000 --cap-drop ALL --security-opt no-new-privileges --memory 64m --pids-limit 50 --read-only
made priv --privileged
made sock -v /run/docker.sock:/var/run/docker.sock
made sockro -v /var/run/docker.sock:/x:ro
made slash -v /:/host:ro
made etc -v /etc/cron.d:/x
made proc -v /proc:/p
made sys -v /sys/fs:/s
made var -v /var:/v
made srv -v /srv:/s
made srvro -v /srv:/s:ro
made volume -v data:/data
made net --network host
made pid --pid host
made ipc --ipc host
made uts --uts host
made dev --device /dev/null:/dev/x
made rule --device-cgroup-rule 'c 1:3 rwm'
made sysadmin --cap-add SYS_ADMIN
made netadmin --cap-add NET_ADMIN
made chown --cap-add CHOWN
made noseccomp --security-opt seccomp=unconfined
made noapparmor --security-opt apparmor=unconfined
made unmasked --security-opt systempaths=unconfined
made rootname --user root
made rootzero --user 00:5
started runroot
started rununcapped --cap-drop NET_RAW --user 1234
started runsame --user 1234
made shared -v /srv:/s:rshared
started rename-me

# the same powers in other words
inside sh -c 'ln -s /run/docker.sock /srv/l-sock; ln -s ../etc /srv/l-etc; mkdir /srv/data; ln -s data /srv/l-data; ln /run/docker.sock /run/other.s'
made linksock -v /srv/l-sock:/x:ro
made linketc -v /srv/l-etc:/x:ro
made linkdata -v /srv/l-data:/x:ro
made hardsock -v /run/other.s:/x:ro
made containerd -v /run/containerd:/x:ro
made dockerrun -v /run/docker:/x:ro
made dpkg -v /var/lib/dpkg:/x:ro
made podctlrun -v /run/podctl:/x:ro
# volume NAME OPTION...
volume() { local name=$1; shift; inside docker volume create "${@/#/-o}" "v-$name" > /dev/null; made "$name" -v "v-$name:/x:ro"; }
volume vbind type=none o=bind device=/etc
volume vlink type=none o=rbind,ro device=/srv/l-etc
volume vdata type=none o=bind device=/srv/data
volume vdisk type=ext4 device=/dev/vda1
volume vproc type=proc device=proc
volume vtmp type=tmpfs device=tmpfs
made joinnet --network container:net
made joinpid --pid container:pid
made joinplain --network container:plain --pid container:plain
made joinjoin --network container:joinnet
# profile NAME JSON
profile() { put_file "/root/$1.json" <<< "$2"; made "$1" --security-opt "seccomp=/root/$1.json"; }
profile allowall '{"defaultAction": "SCMP_ACT_ALLOW"}'
profile ownfilter '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}'
# byapi NAME HOSTCONFIG: what the client has no option for
byapi() {
	inside curl -sf --unix-socket /run/docker.sock -H 'Content-Type: application/json' \
		-d "{\"Image\": \"busybox\", \"HostConfig\": {$2}}" "http://engine/containers/create?name=$1" > /dev/null || fail "create $1"
}
byapi writable '"ReadonlyPaths": []'
byapi somemasked '"MaskedPaths": ["/nothing"]'
started execs --user 1234
# as docker exec --privileged does, which the sandbox has not got the rights for
id=$(inside docker inspect -f '{{.Id}}' execs)
inside sh -c 'echo $$ > "$(find /sys/fs/cgroup -type d -name "*$1*" | head -n 1)/cgroup.procs"; exec sleep 99' sh "$id" &
in_container() { [ "$(inside grep -l "$id" /proc/[0-9]*/cgroup 2> /dev/null | wc -l)" -ge 2 ]; }
check "a process that has more than its container" wait_for 5 in_container
# its process is root's still, and says that it is not
put_file /root/disguise.c <<'END'
#include <unistd.h>
int main(void) { if (seteuid(1234)) return 1; for (;;) pause(); }
END
check "a program that disguises itself" inside sh -c 'cc -static -O1 -o /root/disguise /root/disguise.c && docker create --name masquerade busybox /disguise && docker cp /root/disguise masquerade:/ && docker start masquerade'
report=$(audit)
check_equal "exit status 2" 2 "$(audit > /dev/null; echo $?)"

has plain medium root
has plain medium new-privileges
has plain low no-memory-limit
has plain info writable-root
for id in root new-privileges no-memory-limit no-pids-limit writable-root net-raw; do has_not careful $id; done
has priv high privileged
for n in sock sockro slash etc proc sys var; do has $n high mount-host; done
has srv low mount-bind
has_not srv mount-host
has_not srvro mount-bind
has_not volume mount-bind
has net high host-network
has pid high host-pid
has ipc medium host-ipc
has uts low host-uts
for id in host-network host-pid host-ipc host-uts; do has_not plain $id; done
has dev high device
has rule high device-rule
has sysadmin high cap-add
has netadmin medium cap-add
has chown low cap-add
has_not plain cap-add
has noseccomp high seccomp
has_not plain seccomp
has noapparmor medium apparmor
has unmasked high unmasked
has_not plain unmasked
has rootname medium root
has rootzero medium root
has runroot low net-raw
has_not rununcapped net-raw
has_not rununcapped root
has shared high mount-shared
for n in linksock linketc hardsock containerd dockerrun dpkg podctlrun vbind vlink vdisk vproc; do has $n high mount-host; done
for n in linkdata vdata vtmp; do has_not $n mount-host; done
has joinnet high host-network
has joinjoin high host-network
has joinpid high host-pid
for id in host-network host-pid; do has_not joinplain $id; done
has allowall high seccomp
has_not ownfilter seccomp
has ownfilter low seccomp-profile
has_not plain seccomp-profile
has writable high unmasked
has somemasked high unmasked
has execs high process-caps
has execs medium root
has_not runsame process-caps
has_not runsame root
has masquerade medium root
check_equal "the kernel's word: uid of a process" 1234 \
	"$(jq '.containers[] | select(.name == "runsame") | .process.uid' <<< "$report")"
check_equal "a seccomp filter is on" true \
	"$(jq '.containers[] | select(.name == "runroot") | .process.seccomp' <<< "$report")"
check_equal "podctl's own container has no finding above info but the limits" "" \
	"$(jq -r '.containers[] | select(.name | startswith("good")) | .findings[] | select(.level == "high" or .level == "medium") | .id' <<< "$report")"
check_equal "it is known as podctl's" good "$(jq -r '.containers[] | select(.name == "good.app") | .pod' <<< "$report")"
check_equal "what does not run has no process" null "$(jq '.containers[] | select(.name == "plain") | .process' <<< "$report")"
engine() { jq -r '.engine.findings[] | .level + " " + .id + " " + .reason' <<< "$report"; }
check_status "two containers that share a uid" 0 'low shared-uid run.*1234' engine
check_status "no live-restore" 0 'info no-live-restore' engine
inside sh -c 'grep -q ^docker: /etc/group || echo docker:x:12998: >> /etc/group'
inside sed -i 's/^\(docker:.*:\)[^:]*$/\1bob/' /etc/group
report=$(audit)
check_status "members of the group docker" 0 'high docker-group user bob' engine

inside sh -c 'chgrp 1235 /run/docker.sock; chmod 666 /run/docker.sock'
inside sh -c 'echo tools:x:1235:carol >> /etc/group'
report=$(audit)
check_status "members of another group that the engine's socket has" 0 'high docker-group user carol' engine
check_status "a socket that is open to all" 0 'high open-socket' engine
inside sh -c 'chgrp 0 /run/docker.sock; chmod 660 /run/docker.sock; sed -i /^tools:/d /etc/group'
report=$(audit)
check_equal "... not any more" 0 "$(engine | grep -cE 'carol|open-socket')"

as_caller() { inside env SUDO_UID=1234 SUDO_GID=1234 "$BUILD/podctl" audit "$@"; }
check_equal "through sudo, a user sees the containers of his own pods, and nothing of the engine" "good good.app 0" \
	"$(as_caller --json | jq -r '([.containers[].name] | sort | join(" ")) + " \(.engine.findings | length)"')"
check_status "... is told so, and not of what others have that is high" 0 'only your pods' as_caller
inside sh -c 'echo "bob ALL=(root) NOPASSWD: ALL" > /etc/sudoers.d/admin; chmod 440 /etc/sudoers.d/admin'
check_equal "... unless sudo lets him be root anyway" "$(jq '.containers | length' <<< "$report")" "$(as_caller --json | jq '.containers | length')"
printf '%s\n' 'Defaults runas_default=carol' 'bob ALL=(carol) NOPASSWD: /bin/sh' | put_file /etc/sudoers.d/admin
check_equal "... a shell as somebody else is none as root, whom sudo's runas_default may name" "good good.app" \
	"$(as_caller --json | jq -r '[.containers[].name] | sort | join(" ")')"
inside rm /etc/sudoers.d/admin

# what a container is called, or mounts, does not drive the terminal
inside docker create --name hostile --label x=y -v "$(printf '/srv/\033[31mred'):/x" busybox > /dev/null 2>&1
out=$(inside "$BUILD/podctl" audit)
check_equal "no control characters" 0 "$(tr -d -c '\000-\010\013-\037' <<< "$out" | wc -c)"
check_status "the table" 0 '^LEVEL +CONTAINER +POD' printf '%s\n' "$out"
check_status "no argument is taken" 1 'usage|argument' inside "$BUILD/podctl" audit web
inside docker rm -f linksock linketc hardsock containerd dockerrun dpkg podctlrun vbind vlink vdisk vproc joinnet joinpid joinjoin allowall writable somemasked execs masquerade > /dev/null
inside docker rm -f priv sock sockro slash etc proc sys var net pid dev rule sysadmin noseccomp unmasked shared > /dev/null
inside sed -i 's/^\(docker:.*:\)[^:]*$/\1/' /etc/group
report=$(audit)
check_equal "without them nothing is high" "" "$(jq -r '.containers[] | .name as $n | .findings[] | select(.level == "high") | $n + " " + .id' <<< "$report")$(engine | grep ^high)"
check_status "... and the exit status is 0" 0 ^LEVEL inside "$BUILD/podctl" audit

# ---- the engine starts one, and does not end with that: what is in it has it wait ----

put_file /root/hang.yml <<< 'containers: {app: {image: busybox, command: [sh, -c, "rm -f /etc/passwd; mkfifo /etc/passwd"]}}'
check "a container with a FIFO for a password file" podctl /root/hang.yml
check "... that ended" wait_for 10 inside sh -c '[ "$(docker inspect -f "{{.State.Status}}" hang.app)" = exited ]'
fifo=$(inside docker inspect -f '{{.GraphDriver.Data.MergedDir}}' hang.app)/etc/passwd
inside docker start hang.app > /dev/null 2>&1 &
starter=$!
silent() { ! inside timeout 3 docker inspect hang.app; }
check "the engine waits for its writer" wait_for 20 silent
began=$EPOCHSECONDS
for what in "audit" "audit --json" "scan" "status hang"; do
	# shellcheck disable=SC2086
	inside sh -c '"$@"; echo "status $?"' sh "$BUILD/podctl" $what > "$SANDBOX/hang-${what// /-}" 2>&1 &
	asking+=($!)
done
wait "${asking[@]}"
check "one time for all that is asked" test $((EPOCHSECONDS - began)) -lt 50
hang() { cat "$SANDBOX/hang-$1"; }
check_status "audit: it is said" 0 '^podctl: container hang.app could not be audited: .*[Tt]imed? ?out' hang audit
check_status "... all else is told" 0 '^[a-z]+ +good.app ' hang audit
check_status "... and it fails" 0 '^status 1$' hang audit
check_status "audit --json: the same" 0 '^status 1$' hang audit---json
check_equal "... as a failure" "hang.app true" "$(sed '/^podctl:/d; /^status/d' "$SANDBOX/hang-audit---json" |
	jq -r '.failures[0].container + " " + (.containers | any(.name == "good.app") | tostring)')"
check_status "scan: it is said" 0 '^podctl: container hang.app could not be scanned: ' hang scan
check_status "... all else is told" 0 '^[0-9]+ containers scanned: ' hang scan
check_status "... and it fails" 0 '^status 1$' hang scan
check_status "status: it is said" 0 '^podctl: container hang.app could not be inspected: ' hang status-hang
check_status "... and all that the list has" 0 ' app +Exited' hang status-hang
# it may open it more than once
written() {
	inside timeout 1 sh -c ': > "$1"' sh "$fifo"
	not kill -0 "$starter"
}
check "the engine has what it waited for" wait_for 20 written
check "the engine goes on" inside docker rm -f hang.app
e2e_end

#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# podctl audit: a container made for each finding, and one beside it that does not have it.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin --dockerd-arg --add-runtime=other=/usr/sbin/runc
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
made runtime --runtime other
made runcv2 --runtime io.containerd.runc.v2
made nolabel --security-opt label=disable
made ownlabel --security-opt label=level:s0:c1
docker_gid=$(inside getent group docker | cut -d: -f3)
made groupnumber --user 1234 --group-add "$docker_gid"
made groupname --user 1234 --group-add docker
made groupzero --user 1234 --group-add 0
made groupother --user 1234 --group-add 4321
started rungroup --user 1234 --group-add "$docker_gid"
made rungroupname --user 1234 --group-add disk
# the image's own number of the name is what counts
put_file /root/group <<< "disk:x:$(inside getent group disk | cut -d: -f3):"
check "a container in a group by its image's name" inside sh -c 'docker cp /root/group rungroupname:/etc/group && docker start rungroupname'

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
# one whose groups make its status a long text
started manygroups --user 1234
id=$(inside docker inspect -f '{{.Id}}' manygroups)
inside sh -c 'echo $$ > "$(find /sys/fs/cgroup -type d -name "*$1*" | head -n 1)/cgroup.procs"
	exec python3 -c "import os, time; os.setgroups(range(100000, 160000)); time.sleep(99)"' sh "$id" &
in_container_with_groups() { inside sh -c 'for f in $(grep -l "$1" /proc/[0-9]*/cgroup); do grep Groups "${f%/cgroup}/status"; done' sh "$id" | grep -q 159999; }
check "a process that has many groups" wait_for 10 in_container_with_groups
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
has manygroups medium root
has runtime medium runtime
has_not runcv2 runtime
has_not plain runtime
has nolabel medium selinux
has ownlabel low selinux-label
has groupnumber medium host-group
has groupname low host-group-name
has groupzero low host-group
has_not groupother host-group
has rungroup medium host-group
has rungroupname medium host-group
has_not runsame host-group
check_equal "the host's groups of what runs" "root disk" \
	"$(jq -r '.containers[] | select(.name == "rungroupname") | .process.host_groups | join(" ")' <<< "$report")"
check_equal "what it was told" "other $docker_gid" \
	"$(jq -r '[.containers[] | select(.name == "runtime").runtime, select(.name == "groupnumber").group_add[0]] | sort | reverse | join(" ")' <<< "$report")"
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

# ---- access lists, folders, other engines ----

# acl PATH [TAG:RIGHTS:ID]...: an access list of linux/posix_acl_xattr.h beside the owner's rights; none: it is taken away
acl() {
	inside python3 -c 'import os, struct, sys
path, name = sys.argv[1], "system.posix_acl_access"
entries = [tuple(int(x) for x in a.split(":")) for a in sys.argv[2:]]
if not entries:
    os.removexattr(path, name)
else:
    have = [e[0] for e in entries]
    entries += [e for e in ((1, 7, -1), (4, 0, -1), (32, 0, -1)) if e[0] not in have]
    os.setxattr(path, name, struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *e) for e in sorted(entries)))' "$@"
}
sock=/run/docker.sock
check "an access list with a user" acl $sock 2:6:1235 16:6:-1
check "... lets him in" as carol curl -sf --unix-socket $sock http://engine/_ping
report=$(audit)
check_status "... is told" 0 "high socket-acl user carol may use $sock" engine
check_equal "... and no other user" 1 "$(engine | grep -c ' socket-acl ')"
check "the same behind a mask" acl $sock 2:6:1235 16:4:-1
check "... lets him not" not as carol curl -sf --unix-socket $sock http://engine/_ping
report=$(audit)
check_equal "... and is nothing to tell" 0 "$(engine | grep -c carol)"
inside sh -c 'echo tools:x:5555:dave >> /etc/group; echo nobodys:x:4242: >> /etc/group'
check "an access list with groups" acl $sock 8:6:5555 8:6:4242 16:6:-1
report=$(audit)
check_status "... tells of the members" 0 "high socket-acl user dave may use $sock.* group tools" engine
check_status "... and of a group of nobody" 0 'low socket-acl group nobodys, of nobody now' engine
check_equal "... and is as before without it" "" "$(acl $sock; inside chgrp 0 $sock; report=$(audit); engine | grep socket-acl)"
inside chown carol $sock
report=$(audit)
check_status "a socket that is somebody's" 0 "high socket-owner user carol may use $sock" engine
inside chown root $sock
check "a folder above it that somebody may write to" acl /run 2:7:1235 16:7:-1 4:5:-1 32:5:-1
report=$(audit)
check_status "... is told" 0 "high socket-folder user carol may change /run.* $sock:" engine
check_equal "... once, whatever else lies below it" 1 "$(engine | grep -c socket-folder)"
acl /run
inside chmod 755 /run

# listens NAME USER SOCKET|PORT: a server by that program's name, which owns what it has
listens() {
	local name=$1 user=$2 where=$3
	inside sh -c 'cp "$(readlink -f /usr/bin/python3)" "/run/bin-$1"; mkdir -p "/run/x"; mv "/run/bin-$1" "/run/x/$1"; chmod 755 "/run/x/$1"' sh "$name"
	"$SANDBOX_CMD" exec "$SANDBOX" --user "$user" -- "/run/x/$name" -c 'import os, socket, sys, time
where = sys.argv[1]
if where.isdigit():
    s = socket.socket(); s.bind(("127.0.0.1", int(where)))
else:
    os.makedirs(os.path.dirname(where), exist_ok=True); s = socket.socket(socket.AF_UNIX); s.bind(where); os.chmod(where, 0o666)
s.listen(); time.sleep(99)' "$where" &
	listeners+=($!)
}
inside install -d -m 755 /run/podman /run/elsewhere
inside install -d -m 755 -o bob /run/bobs
listens plain root /run/podman/podman.sock
listens containerd root /run/elsewhere/any.s
listens other root /run/elsewhere/other.s
listens docker bob /run/bobs/docker.sock
listens podman root 18080
listens dockerd root 18081
listens docker-proxy root 18082
all_listen() { [ "$(inside ss -Hlx | grep -cE '/run/(podman/podman|elsewhere/any.s|elsewhere/other.s|bobs/docker)')" = 4 ] && [ "$(inside ss -Hltn | grep -c ':1808[0-2] ')" = 3 ]; }
check "others that listen" wait_for 10 all_listen
report=$(audit)
check_status "another engine's socket that is open to all" 0 'high open-socket .*/run/podman/podman.sock' engine
check_status "... and one of another name, of a program that is an engine" 0 'high open-socket .*/run/elsewhere/any.s' engine
check_equal "... but no other's" 0 "$(engine | grep -cE 'other.s|bobs')"
check_status "podman at TCP asks nobody who it is" 0 'high engine-tcp podman listens on 127.0.0.1:18080' engine
check_status "dockerd at TCP" 0 'medium engine-tcp dockerd listens on 127.0.0.1:18081' engine
check_equal "... and nothing else at TCP" 2 "$(engine | grep -c engine-tcp)"
inside chmod 700 /run/podman
report=$(audit)
check_equal "a folder that is closed closes the socket" 0 "$(engine | grep -c podman.sock)"
inside chmod 750 /run/podman
inside chgrp tools /run/podman
report=$(audit)
check_status "... but to a group of it" 0 'high docker-group user dave .* group tools.* /run/podman/podman.sock' engine
kill "${listeners[@]}"
inside sh -c 'sed -i "/^tools:/d; /^nobodys:/d" /etc/group; chgrp docker /run/docker.sock'

# a path is no UTF-8: told all the same
inside sh -c 'd=$(printf "/etc/\\377"); mkdir "$d"; ln -s "$d" /srv/l-bytes'
made bytes -v /srv/l-bytes:/x:ro
report=$(audit)
has bytes high mount-host
inside docker rm -f bytes > /dev/null
report=$(audit)

# what could not be looked at: said, also for programs
check_status "no list of sockets: it is said" 1 '^podctl: /proc/net/unix: ' inside unshare -m sh -c 'mount -t tmpfs none /proc && exec "$0" audit' "$BUILD/podctl"
check_equal "... as a failure" "null /proc/net/unix: No such file or directory" \
	"$(inside unshare -m sh -c 'mount -t tmpfs none /proc && exec "$0" audit --json' "$BUILD/podctl" 2> /dev/null | jq -r '.failures[] | "\(.container) \(.error)"')"

as_caller() { inside env SUDO_UID=1234 SUDO_GID=1234 "$BUILD/podctl" audit "$@"; }
check_equal "through sudo, a user sees the containers of his own pods, and nothing of the engine" "good good.app 0" \
	"$(as_caller --json | jq -r '([.containers[].name] | sort | join(" ")) + " \(.engine.findings | length)"')"
check_equal "... is told so, as JSON" "false true" "$(as_caller --json | jq .whole) $(jq .whole <<< "$report")"
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
inside docker rm -f linksock linketc hardsock containerd dockerrun dpkg podctlrun vbind vlink vdisk vproc joinnet joinpid joinjoin allowall writable somemasked execs masquerade manygroups > /dev/null
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

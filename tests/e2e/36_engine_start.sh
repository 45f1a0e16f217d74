#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A container that makes a FIFO of its password file, for which the engine would wait: it is not started, and
# does not keep the engine from starting.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
put_config <<'END'
mount_root: /srv/pods
guard: {required: false}
END
inside docker pull -q busybox > /dev/null
policy() { inside timeout 10 docker inspect -f '{{.HostConfig.RestartPolicy.Name}}' "$1"; }
is_state() { [ "$(inside timeout 10 docker inspect -f '{{.State.Status}}' "$1")" = "$2" ]; }

note "podctl's own starts"
# pod NAME COMMAND: applied, and ended by itself
pod() {
	put_file "/root/$1.yml" <<< "containers: {app: {image: busybox, command: [sh, -c, \"$2\"]}}"
	check "$1" podctl "/root/$1.yml"
	check "... ended" wait_for 10 is_state "$1.app" exited
}
refused() { check_status "$1: is not started" 1 'app: cannot start it: its /etc/(passwd|group) is no file' inside timeout 20 "$BUILD/podctl" "${@:2}"; }
pod fifo 'rm /etc/passwd; mkfifo /etc/passwd'
refused "a FIFO" start fifo
refused "a FIFO, restart" restart fifo
pod linked 'mkdir -p /a/b; mkfifo /a/f; ln -sf /a/b/nothing/../../f /etc/group'
refused "a FIFO behind a link" start linked
# what the container's files lead to only when it runs
pod terminal 'ln -sf /dev/ptmx /etc/passwd'
refused "a link to a terminal's master" start terminal
pod output 'ln -sf /proc/self/fd/1 /etc/passwd'
refused "a link to its own output" start output
# mounted NAME TARGET COMMAND: the same with the folder data of the pod at TARGET
mounted() {
	put_file "/root/$1.yml" <<< "containers: {app: {image: busybox, mounts: [{source: data, target: $2}], command: [sh, -c, \"$3\"]}}"
	check "$1" podctl "/root/$1.yml"
	check "... ended" wait_for 10 is_state "$1.app" exited
}
mounted into /data 'mkfifo /data/passwd; ln -sf /data/passwd /etc/passwd'
refused "a link into a mount" start into
mounted over /x/etc 'mkfifo /x/etc/group; mv /x /y; ln -s / /x'
refused "a mount that a link leads over its files" start over
mounted self /x/etc 'mkfifo /x/etc/group; mv /x /y; ln -s /proc/self/root /x'
refused "... by way of a process" start self
mounted beside /data 'mkfifo /data/passwd; ln -s /data /etc/data'
check "a mount that its files do not lead to: it is" podctl start beside
inside sh -c 'mkdir -p /srv/pods/one && echo root:x:0:0::/:/bin/sh > /srv/pods/one/passwd
	docker create --name base busybox true && docker commit -c "VOLUME /vol" base volume:1' > /dev/null
put_file /root/one.yml <<< 'containers: {app: {image: "volume:1", update_image: false, command: "true", tmpfs: [/run], mounts: [{source: passwd, target: /etc/passwd}, {source: data, target: /vol/a/data}]}}'
check "a file at its place, a mount in a volume" podctl /root/one.yml
check "... ended" wait_for 10 is_state one.app exited
check "... it is started again" podctl start one
put_file /root/vol.yml <<< 'containers: {app: {image: "volume:1", update_image: false, command: [sh, -c, "mkfifo /vol/a/etc/passwd; mv /vol/a /vol/b; ln -s / /vol/a"], mounts: [{source: data, target: /vol/a/etc}]}}'
check "a mount in a volume" podctl /root/vol.yml
check "... ended" wait_for 10 is_state vol.app exited
refused "a link in a volume that leads it over its files" start vol
pod plain 'mv /etc /x; ln -s x /etc; ln -sf ../../../x/group /x/passwd'
check "links to files: it is" podctl start plain
check "its pod goes" podctl down fifo
put_file /root/fifo.yml <<< 'containers: {app: {image: busybox, command: "true"}}'
check "... and comes anew" podctl /root/fifo.yml
inside sh -c 'docker create --name made busybox true && docker start -a made; docker run --name made2 busybox sh -c "rm /etc/passwd; mkfifo /etc/passwd"
	docker commit made2 fifo:1 && docker rm made made2' > /dev/null
put_file /root/image.yml <<< 'containers: {app: {image: "fifo:1", update_image: false, command: "true"}}'
refused "one that an image brings" /root/image.yml
check "nothing is mounted any more" inside sh -c '! grep podctl-look /proc/self/mountinfo && ! ls /run/podctl/layers/*'

# far NAME N: as many mounts at the end of a way that is as long as any that is followed
far() {
	local deep i
	deep=$(printf '/a%.0s' $(seq 250))
	for i in one two three; do
		printf '%s: {image: busybox, command: sleep 999, restart: always, stop_timeout: 0, tmpfs: [' "$i"
		printf "$deep/t%s, " $(seq "$2")
		echo ']},'
	done | sed '1s/^/containers: {/; $s/$/}/' | put_file "/root/$1.yml"
}
far farther 100
check_status "mounts that take long to find" 1 'its /etc/passwd is no file' inside timeout 60 "$BUILD/podctl" /root/farther.yml
check "... they go" podctl down farther
far far 48
check "as many as are looked for" podctl /root/far.yml

note "the engine's own, when it starts"
put_file /root/trap.yml <<< 'containers: {app: {image: busybox, command: [sh, -c, "rm -f /etc/passwd; mkfifo /etc/passwd; sleep 999"], restart: always}}'
put_file /root/web.yml <<< 'containers: {app: {image: busybox, command: sleep 999, restart: always}}'
put_file /root/link.yml <<< 'containers: {app: {image: busybox, command: [sh, -c, "ln -sf /dev/ptmx /etc/passwd; sleep 999"], restart: always}}'
put_file /root/deep.yml <<< 'containers: {app: {image: busybox, command: [sh, -c, "mkfifo /data/passwd; ln -sf /data/passwd /etc/passwd; sleep 999"], restart: always, mounts: [{source: data, target: /data}]}}'
# a label of the image's that is no text to many who read JSON
inside curl -s --unix-socket /run/docker.sock -H 'Content-Type: application/json' -d '{"Labels": {"x": "a\u0000b"}}' \
	'http://engine/commit?container=base&repo=odd&tag=1' > /dev/null
put_file /root/odd.yml <<< 'containers: {app: {image: "odd:1", update_image: false, command: [sh, -c, "ln -sf /dev/ptmx /etc/passwd; sleep 999"], restart: always}}'
check "a trap" podctl /root/trap.yml
check "... of an odd image" podctl /root/odd.yml
check "... by a link" podctl /root/link.yml
check "... in a mount" podctl /root/deep.yml
check "a pod beside it" podctl /root/web.yml
inside docker run -d --name others --restart always busybox sh -c 'sleep 999' > /dev/null
wait_for 5 inside docker exec web.app true
sleep 0.5
"$SANDBOX_CMD" engine "$SANDBOX" stop
restore() { inside setpriv --bounding-set=-all,+sys_admin,+dac_override --no-new-privs "$BUILD/podctl" restore-mounts; }
check_status "with no more rights than the unit has" 1 '^podctl: container trap.app is not started any more: its /etc/passwd is no file' restore
check_status "... once, and in no time" 0 '^$' timeout 15 "$SANDBOX_CMD" exec "$SANDBOX" -- \
	setpriv --bounding-set=-all,+sys_admin,+dac_override --no-new-privs "$BUILD/podctl" restore-mounts
check "the engine starts" timeout 60 "$SANDBOX_CMD" engine "$SANDBOX" start
for trap in trap link deep odd; do
	check_equal "$trap: is not started" "no exited" "$(policy $trap.app) $(inside timeout 10 docker inspect -f '{{.State.Status}}' $trap.app)"
done
# as podctl-containers.service does: the engine may have tried it before its root container was there
podctl start-late > /dev/null 2>&1
check "others are" wait_for 20 is_state web.app running
check_equal "... and keep their policies" "always always always" "$(policy web.app) $(policy others) $(policy trap)"
refused "the trap by hand" start trap
check "it can be taken away" podctl down trap
e2e_end

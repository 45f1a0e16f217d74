#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Mounts that can't be escaped: whatever containers put in their folders while podctl walks over
# them, nothing outside mount_root/POD is ever mounted or made.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
put_config <<'END'
mount_root: /srv/pods
network_name: pods
guard: { required: false }
END
pods='swapa swapb'
applies=250 # of each
# where the sandbox's /srv is from, as mountinfo says it
from=$(inside awk '$5 == "/srv" { print $4; exit }' /proc/self/mountinfo)
check "the sandbox has a /srv of its own" test -n "$from"

pod_file() { # POD: one swaps, and something is mounted below it
	cat <<-END | put_file "/root/$1.yml"
	containers:
	  evil: { image: probe, command: [swap, /all, /], mounts: [{ source: ., target: /all }] }
	  app: { image: busybox, command: [sleep, "1000"], mounts: [{ source: "$2", target: /data }$3] }
	END
}

note "a container swaps a folder for a link to / all the time, $((2 * applies)) applies"
inside sh -c 'echo $$ > /run/watch.pid; exec "$@"' sh "$PROBE" watch /run/podctl/mounts/ "$from/pods/" \
	> "$SANDBOX/watched" 2>&1 &
watcher=$!
for pod in $pods; do
	pod_file "$pod" first ""
	check "pod $pod is made" podctl "/root/$pod.yml"
	check "... and swaps" wait_for 5 inside test -L "/srv/pods/$pod/swap"
	inside ln -s / "/srv/pods/$pod/bad"
done
# Nearly every apply has a new folder to make and to pin, and is refused behind that by another
# source: so it is quick. Every 25th is a whole one, and what its container has mounted is looked at.
cat <<'SCRIPT' | put_file /root/apply.sh
podctl=$1 pod=$2 n=$3 from=$4 file=/root/$2.yml
walked=0 refused=0 whole=0 other=0
for i in $(seq "$n"); do
	second=', { source: bad, target: /bad }' source=swap/escaped$i/below
	[ $((i % 25)) -ne 0 ] || second='' source=swap/fixed$((i / 50))/below
	sed "s#source: \"[^\"]*\", target: /data }.*#source: \"$source\", target: /data }$second] }#" "$file" > "$file.new"
	mv "$file.new" "$file"
	out=$("$podctl" --quiet "$file" 2>&1)
	case $?:$out in
	0:*)
		whole=$((whole + 1))
		pid=$(docker inspect -f '{{.State.Pid}}' "$pod.app")
		awk -v want="$from/pods/$pod/" '$5 == "/data" { n++; if (index($4, want) != 1) { print "MOUNTED " $4; bad = 1 } }
			END { exit bad || n != 1 }' "/proc/$pid/mountinfo" || other=$((other + 1))
		;;
	*"mount source bad: bad is a symbolic link"*) walked=$((walked + 1)) ;;
	*"mount source swap/"*" is a symbolic link"* | *"changes all the time"*) refused=$((refused + 1)) ;;
	*) other=$((other + 1)); echo "$out" ;;
	esac
done
echo "$walked $refused $whole $other"
SCRIPT
started=$(date +%s)
for pod in $pods; do
	inside sh /root/apply.sh "$BUILD/podctl" "$pod" "$applies" "$from" > "$SANDBOX/applies.$pod" 2>&1 &
	declare "job_$pod=$!"
done
for pod in $pods; do
	job=job_$pod
	wait "${!job}"
	read -r walked refused whole other < <(tail -n 1 "$SANDBOX/applies.$pod")
	check_equal "$pod: $applies applies were run, and refused for nothing else" "$applies 0" \
		"$((walked + refused + whole + other)) $other"
	[ "$other" = 0 ] || head -n 20 "$SANDBOX/applies.$pod" | sed 's/^/#   /'
	check "$pod: $walked walked, $refused refused, $whole whole: all of it happened" \
		test "$walked" -gt 20 -a "$refused" -gt 20 -a "$whole" -gt 0
done
note "$(($(date +%s) - started)) s"
check_equal "not one folder was made outside" "" \
	"$(inside sh -c 'ls -d /escaped* /fixed* /srv/escaped* /srv/pods/escaped* /srv/fixed* 2>/dev/null')"
kill -TERM "$(inside cat /run/watch.pid)"
wait "$watcher"
check_equal "whoever looked at each change of the mounts saw nothing of elsewhere" 0 $?
note "$(cat "$SANDBOX/watched")"
check "... and saw many" awk '{ exit !($1 > 100 && $3 > 100) }' "$SANDBOX/watched"
for pod in $pods; do
	check "$pod is taken down" podctl down "$pod"
	check "... and nothing of it is held" not inside sh -c \
		'grep " /run/podctl/mounts/$1/" /proc/self/mountinfo || ls "/var/lib/podctl/pods/$1.json"' sh "$pod"
	check "... but the folders that were made, in its own" inside sh -c \
		'[ "$(find "/srv/pods/$1" -maxdepth 2 -name "escaped*" | wc -l)" -gt 20 ]' sh "$pod"
done

note "what lies on the way to a source"
field() { inside docker inspect -f "$2" "$1"; }
pin_of() { field "$1" '{{range .Mounts}}{{if eq .Destination "'"$2"'"}}{{.Source}}{{end}}{{end}}'; }
mounted() { # SOURCE...: a pod with these sources
	local source n=0 list=
	for source in "$@"; do
		n=$((n + 1)) list="$list { source: \"$source\", target: /d$n },"
	done
	printf 'containers: { app: { image: busybox, command: [sleep, "1000"], mounts: [%s ] } }\n' "${list%,}" |
		put_file /root/ways.yml
}
refuse() { # NAME PATTERN SOURCE...
	local name=$1 pattern=$2
	shift 2
	mounted "$@"
	check_status "$name: refused" 1 "$pattern" podctl /root/ways.yml
}
inside sh -c 'mkdir -p /srv/pods/ways/a/b/c /srv/outside && cd /srv/pods/ways && echo inside > a/b/file &&
	ln -s / root-link && ln -s ../../outside a/up && ln -s /srv/outside a/b/abs && ln -s file a/b/inner &&
	ln -s /proc/self/root magic && mkfifo fifo && mknod device c 1 3 && mknod block b 7 0 &&
	busybox nc -l -U /dev/null 2>/dev/null; python3 -c "
import socket
socket.socket(socket.AF_UNIX).bind(\"/srv/pods/ways/socket\")"'
refuse "a link at the first step" 'root-link is a symbolic link' root-link/etc
refuse "a link to above at the second" 'up is a symbolic link' a/up/new
refuse "a link at the third" 'abs is a symbolic link' a/b/abs
refuse "a link to beside it" 'inner is a symbolic link' a/b/inner
refuse "a link of /proc" 'magic is a symbolic link' magic/etc
refuse "a FIFO" 'neither a folder nor a regular file' fifo
refuse "a device" 'neither a folder nor a regular file' device
refuse "a disk" 'neither a folder nor a regular file' block
refuse "a socket" 'neither a folder nor a regular file' socket
refuse "below a file" 'Not a directory' a/b/file/x
refuse ".." 'source' ../web
refuse ".. further on" 'source' a/../../web
refuse "an absolute path" 'source' /etc
check_equal "nothing was made in what links lead to" "" "$(inside ls /srv/outside)"
check_equal "... and no container" "" "$(inside docker ps -aq --filter label=podctl.pod=ways)"

mounted a/b/c a/b/file .
check "folder, file and the pod's own root" podctl /root/ways.yml
check_equal "the file is in the container" inside "$(inside docker exec ways.app cat /d2)"
check "a pin is nosuid and nodev" inside sh -c 'grep " $1 " /proc/self/mountinfo | grep nosuid | grep nodev' sh "$(pin_of ways.app /d1)"
check_equal "pins are nobody's but root's" "" "$(as bob ls /run/podctl/mounts 2> /dev/null)"

note "what is done to pins"
id=$(field ways.app '{{.Id}}')
inside sh -c 'grep -o " /run/podctl/mounts/ways/[^ ]*" /proc/self/mountinfo | xargs umount'
check "pins removed by hand are put back" podctl /root/ways.yml
check_equal "... the container is the same" "$id" "$(field ways.app '{{.Id}}')"
check_equal "... and three are there" 3 "$(inside grep -c " /run/podctl/mounts/ways/" /proc/self/mountinfo)"
inside sh -c 'cd /srv/pods/ways/a/b && mv c away && mkdir c && echo new > c/new && docker exec ways.app ls /d1/' > "$SANDBOX/listed"
check_equal "what is swapped afterwards does not show in a container that runs" "" "$(cat "$SANDBOX/listed")"
check "after the next apply" podctl /root/ways.yml
inside docker restart -t 0 ways.app > /dev/null
check_equal "... and a restart it does" new "$(inside docker exec ways.app ls /d1)"
inside sh -c 'cd /srv/pods/ways/a/b && rm file && mkdir file && mv c folder && echo text > c'
check "a file swapped for a folder, a folder for a file" podctl /root/ways.yml
check_equal "... pins are what is there now" "regular file directory" \
	"$(inside stat -c %F "$(pin_of ways.app /d1)" "$(pin_of ways.app /d2)" | tr '\n' ' ' | sed 's/ $//')"

note "mount points below"
check "down" podctl down ways
inside sh -c 'mkdir -p /srv/pods/ways/disk && mount -t tmpfs disk /srv/pods/ways/disk && echo "on disk" > /srv/pods/ways/disk/f'
mounted . disk
check "a mount point of the host's below the pod's folder" podctl /root/ways.yml
check_equal "... is seen by itself" "on disk" "$(inside docker exec ways.app cat /d2/f)"
check_equal "... and below the other" "on disk" "$(inside docker exec ways.app cat /d1/disk/f)"
check "down" podctl down ways
check_equal "... leaves it mounted" "on disk" "$(inside cat /srv/pods/ways/disk/f)"
inside umount /srv/pods/ways/disk

note "volumes of images"
image() { # NAME DOCKERFILE-LINE SCRIPT: busybox with what the script makes in it
	inside sh -c 'docker create --name base busybox sh -c "$3" && docker start -a base && docker commit -c "CMD [\"true\"]" -c "$2" base "$1:1" && docker rm base' \
		sh "$@" > /dev/null
}
image within "VOLUME /d1/swap/made" true
image beside 'VOLUME ["/d1", "/d2"]' true
image link "USER 0" "mkdir /d1; ln -s /d1/swap /l"
brought() { # IMAGE [MOUNT]: a pod with one that swaps, where the image brings what is made in there
	printf 'containers:\n  evil: { image: probe, command: [swap, /all, /srv/outside], mounts: [{ source: ., target: /all }] }
  app: { image: "%s:1", update_image: false, command: "true", mounts: [{ source: ., target: /d1 }%s] }\n' "$1" "${2:-}" |
		put_file /root/brought.yml
}
brought within
check_status "a volume in a mount" 1 'container app: its image within:1 has a volume at /d1/swap/made, inside of its mount at /d1' podctl /root/brought.yml
check_status "... already for plan" 1 'has a volume at /d1/swap/made' podctl plan /root/brought.yml
brought link ', { source: x, target: /l/made }'
check_status "a mount that a link of the image leads into the other" 1 'app: cannot start it' podctl /root/brought.yml
check "the pod goes" podctl down brought
brought beside
check "volumes at the mount's place, and elsewhere" podctl /root/brought.yml
inside docker inspect brought.app | jq '(.[0].Config | del(.Hostname, .Domainname)) + {HostConfig: .[0].HostConfig, Volumes: {"/d1/swap/made": {}}}' > "$SANDBOX/made.json"
check "one as it could have been made before" inside sh -c 'docker rm -f brought.app && curl -sS --fail-with-body --unix-socket /run/docker.sock -H "Content-Type: application/json" -d @"$1" \
	"http://engine/containers/create?name=brought.app"' sh "$SANDBOX/made.json"
check_status "... is not started" 1 'its image has a volume at /d1/swap/made' podctl start brought
check_equal "nothing was made outside" "" "$(inside ls /srv/outside)"
check "the pod goes" podctl down brought

note "the folder of mounts itself"
mounted a
root_is() { # PATH
	put_config <<< "{ mount_root: $1, network_name: pods, guard: { required: false } }"
}
inside sh -c 'ln -s /srv/pods /srv/link && mkdir -p /srv/theirs/pods /srv/open/pods && chmod 700 /srv/theirs/pods /srv/open/pods &&
	chown bob: /srv/theirs && chmod 777 /srv/open'
root_is /srv/link
check_status "a link" 1 '/srv/link is a symbolic link' podctl /root/ways.yml
root_is /srv/link/x
check_status "... on the way to it" 1 '/srv/link is a symbolic link' podctl /root/ways.yml
root_is /srv/theirs/pods
check_status "below a folder of somebody's" 1 'belongs to user 1234' podctl /root/ways.yml
root_is /srv/open/pods
check_status "below one that others can write to" 1 'can be written by others' podctl /root/ways.yml
root_is /srv/none
check_status "not there" 1 'mount_root /srv/none: /srv/none is not there: install -d -m 700 /srv/none' podctl /root/ways.yml
root_is /srv/pods
inside sh -c 'mv /srv/pods/ways /srv/pods/aside && ln -s /srv/outside /srv/pods/ways'
check_status "the pod's own folder a link" 1 'ways is a symbolic link' podctl /root/ways.yml
inside sh -c 'rm /srv/pods/ways && echo > /srv/pods/ways'
check_status "... or a file" 1 'no folder' podctl /root/ways.yml
inside sh -c 'rm /srv/pods/ways'
check "... made when it is not there" podctl /root/ways.yml
check_equal "... the containers' root's, 0755" "$ROOT_UID:$ROOT_UID 755" "$(inside stat -c '%u:%g %a' /srv/pods/ways/a)"
check_equal "nothing was made elsewhere" "" "$(inside sh -c 'ls /srv/outside /srv/theirs/pods /srv/open/pods | grep -v :$ | grep .')"
e2e_end

#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Values of files: delivered, changed, refused, shown nowhere; a reboot that brings mounts and
# secrets back before the engine starts; and all of that with user namespaces remapped.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
configure() { # [POLICY]
	put_config <<< "{ mount_root: /srv/pods, network_name: pods, guard: { required: false }$1 }"
}
configure ''
field() { inside docker inspect -f "$2" "$1"; }
status_of() { field "$1" '{{.State.Status}}' 2> /dev/null; }
is() { [ "$(status_of "$2")" = "$1" ]; }
token=s3cr3t-t0ken variable=v4riable-v4lue
inside sh -c 'mkdir -p /srv/pods/web/secret && cd /srv/pods/web/secret && echo "$1" > token && echo "$2" > variable && chmod 600 *' sh "$token" "$variable"
web_file() { # [SOURCE of the secret]
	cat <<-END | put_file /root/web.yml
	containers:
	  app:
	    image: busybox
	    command: [sleep, "1000"]
	    user: "1000:1000"
	    restart: always
	    environment_files: { VARIABLE: secret/variable }
	    secrets: { token: ${1:-secret/token}, again: secret/token }
	    mounts: [{ source: data, target: /data }]
	  plain: { image: busybox, command: [sleep, "1000"], user: "1000", restart: always }
	END
}

note "delivered"
web_file
check "apply" podctl /root/web.yml
check_equal "the secret is a file that any user of the container reads, newline and all" "$token|" \
	"$(inside docker exec web.app sed 's/$/|/' /run/secrets/token)"
check_equal "the variable is without its newline" "$variable|" "$(inside docker exec web.app sh -c 'echo "$VARIABLE|"')"
check_equal "files 0444" "444 444" "$(inside docker exec web.app stat -c %a /run/secrets/token /run/secrets/again | tr '\n' ' ' | sed 's/ $//')"
check "nobody writes there" not inside docker exec -u 0 web.app sh -c 'echo x > /run/secrets/token || echo x > /run/secrets/new'
check "on a tmpfs, read-only" inside sh -c 'docker exec web.app grep " /run/secrets ro," /proc/self/mountinfo | grep " - tmpfs podctl-secrets "'
check "... which on the host has no set-user-id files, devices and programs" inside sh -c \
	'grep " /run/podctl/secrets " /proc/self/mountinfo | grep nosuid | grep nodev | grep noexec | grep size=65536k'
check_equal "others have none" "" "$(inside docker exec web.plain ls /run/secrets 2> /dev/null)"
check_equal "on the host it is root's alone" "" "$(as bob sh -c 'ls /run/podctl /run/podctl/secrets /run/podctl/secrets/web; cat /run/podctl/secrets/web/*/token' 2> /dev/null)"
check_status "again: nothing to change" 0 'nothing to change' podctl /root/web.yml

note "shown nowhere"
shows() { grep -rqF -e "$token" -e "$variable" "$@"; }
inside sh -c 'sed -i "s/\"1000\"\]/\"1001\"]/" /root/web.yml'
for words in 'plan /root/web.yml' 'plan --json /root/web.yml' 'check /root/web.yml' 'status web' 'status --json web' '/root/web.yml'; do
	# shellcheck disable=SC2086 # words
	podctl $words > "$SANDBOX/said" 2>&1
	check "not by podctl $words" not shows "$SANDBOX/said"
done
check "not in labels" not shows <(inside docker inspect -f '{{json .Config.Labels}}' web web.app web.plain)
check "not below /var/lib/podctl" not inside grep -rqF -e "$token" -e "$variable" /var/lib/podctl
check "... where there is a record" inside grep -q secret/token /var/lib/podctl/pods/web.json
check_equal "... root's alone" "600 700" "$(inside stat -c %a /var/lib/podctl/pods/web.json /var/lib/podctl/pods | tr '\n' ' ' | sed 's/ $//')"
check "not in the engine's log" not shows "$SANDBOX/log/dockerd.log"
# what arguments and environment are while it works, looked at as often as it goes
inside sh -c 'while [ ! -e /run/enough ]; do for p in $(pidof podctl); do
	looks=$((looks + 1)); cat "/proc/$p/cmdline" "/proc/$p/environ"; done; done > /run/looked 2>/dev/null; echo "$looks" > /run/looks' &
for n in 1 2 3; do
	inside sed -i "s/\"100[0-9]\"\]/\"100$n\"]/" /root/web.yml
	podctl --quiet /root/web.yml
done
inside touch /run/enough
wait $!
check "not in arguments or environment ($(inside cat /run/looks) looks)" sh -c '[ "$1" -gt 0 ]' sh "$(inside cat /run/looks)"
check "... of podctl" not inside grep -qF -e "$token" -e "$variable" /run/looked

note "changed"
before=$(field web.app '{{.Id}}') plain=$(field web.plain '{{.Id}}')
folder=$(field web.app '{{range .Mounts}}{{if eq .Destination "/run/secrets"}}{{.Source}}{{end}}{{end}}')
inside sh -c 'echo n3w-t0ken > /srv/pods/web/secret/token'
check_status "plan says which container, and no value" 2 'app' podctl plan /root/web.yml
check "apply" podctl /root/web.yml
check "the container is another" test "$before" != "$(field web.app '{{.Id}}')"
check_equal "the other stays" "$plain" "$(field web.plain '{{.Id}}')"
check_equal "it has the new one" n3w-t0ken "$(inside docker exec web.app cat /run/secrets/token)"
check "the old folder is gone" not inside test -e "$folder"
check_equal "one is there" 1 "$(inside sh -c 'ls /run/podctl/secrets/web | wc -l')"
inside sh -c 'rm -r /run/podctl/secrets/web/*'
check "taken away by hand: put back" podctl /root/web.yml
check_equal "... one" 1 "$(inside sh -c 'ls /run/podctl/secrets/web/*/token | wc -l')"

note "refused"
inside sh -c 'cd /srv/pods/web/secret && ln -s /root/hidden link && echo "$1" > /root/hidden && mkfifo fifo && mknod null c 1 3 &&
	head -c 65537 /dev/zero > big && ln -s / ../root' sh "$token"
before=$(field web.app '{{.Id}}')
for source in 'secret/link:symbolic link' 'root/root/hidden:symbolic link' 'secret/fifo:not a regular file|neither' 'secret/null:not a regular file|neither' \
	'secret/big:larger than 65536' 'secret/none:No such file' 'secret:not a regular file' '../web/secret/token:secrets' '/etc/shadow:secrets'; do
	web_file "${source%%:*}"
	check_status "${source%%:*}" 1 "${source#*:}" timeout 10 "$SANDBOX_CMD" exec "$SANDBOX" -- "$BUILD/podctl" /root/web.yml
done
web_file
configure ', policy: { require_user: true }'
check_status "what only root may read, where policy forbids containers to be root" 1 'only root may read it' podctl /root/web.yml
inside chmod 640 /srv/pods/web/secret/token /srv/pods/web/secret/variable
check_status "... but what a group may" 2 'app' podctl plan /root/web.yml
inside chmod 600 /srv/pods/web/secret/token
configure ''
check_equal "the container is the one of before" "$before" "$(field web.app '{{.Id}}')"
podctl --quiet /root/web.yml || fail "apply"

note "a reboot: what was mounted is gone, containers restart by themselves"
cat <<'END' | put_file /root/trap.yml
containers:
  app: { image: busybox, command: [sleep, "1000"], restart: always, mounts: [{ source: way/data, target: /data }] }
  plain: { image: busybox, command: [sleep, "1000"], restart: always, mounts: [{ source: ., target: /all }] }
END
check "another pod" podctl /root/trap.yml
inside sh -c 'echo mine > /srv/pods/web/data/file'
reboot_down() {
	"$SANDBOX_CMD" engine "$SANDBOX" stop
	inside sh -c 'for m in $(grep -o " /run/podctl/[^ ]*" /proc/self/mountinfo); do umount -l "$m"; done; rm -rf /run/podctl'
	check "nothing of podctl is mounted" not inside grep -q /run/podctl /proc/self/mountinfo
}
# with no more rights than the unit has
restore() { inside setpriv --bounding-set=-all,+sys_admin,+dac_override --no-new-privs "$BUILD/podctl" restore-mounts; }
check "the unit has these" grep -qx 'CapabilityBoundingSet=CAP_SYS_ADMIN CAP_DAC_OVERRIDE' systemd/podctl-mounts.service.in
reboot_down
"$SANDBOX_CMD" engine "$SANDBOX" start
check "without restore-mounts they stay down, rather than run without their mounts" not wait_for 2 is running web.app
reboot_down
# what a container left behind before: a link where its source was
inside sh -c 'mv /srv/pods/trap/way /srv/pods/trap/gone && ln -s /root /srv/pods/trap/way && mkdir -p /root/data'
check_status "restore-mounts says what it can't have" 1 'pod trap: mount source way/data: way is a symbolic link' restore
check "a pin of the others is there" inside sh -c 'grep -q "/srv/pods/web/data /run/podctl/mounts/web/" /proc/self/mountinfo'
check_equal "nothing of elsewhere is" "" "$(inside awk '$5 ~ "^/run/podctl/mounts/" && $4 !~ "/srv/pods/(web|trap)(/|$)"' /proc/self/mountinfo)"
check_equal "nothing was made" "" "$(inside ls -A /root/data)"
"$SANDBOX_CMD" engine "$SANDBOX" start
# the one with the link may be among those that the engine was too fast for: it stays down, and that is told
late() {
	inside setpriv --bounding-set=-all --no-new-privs "$BUILD/podctl" start-late > "$SANDBOX/late" 2>&1 ||
		! grep -qv '^podctl: trap.app: cannot start it: invalid mount' "$SANDBOX/late"
}
check "start-late starts what the engine was too fast for" wait_for 60 late
sed 's/^/# /' "$SANDBOX/late"
for name in web web.app web.plain trap trap.plain; do
	check "$name comes back" wait_for 20 is running "$name"
done
check_equal "... with its mount" mine "$(inside docker exec web.app cat /data/file)"
check_equal "... and its secret" n3w-t0ken "$(inside docker exec web.app cat /run/secrets/token)"
check "the one with the link does not" not is running trap.app
check_status "... and an apply says why" 1 'symbolic link' podctl /root/trap.yml
inside sh -c 'cd /srv/pods/trap && rm way && mv gone way'
check "put right, it comes" podctl /root/trap.yml
check "... up" is running trap.app
check_status "restore-mounts of what is there: fine" 0 '' podctl restore-mounts
check_equal "... and nothing is mounted twice" "" "$(inside awk '$5 ~ "^/run/podctl/" { print $5 }' /proc/self/mountinfo | sort | uniq -d)"
inside sh -c 'echo "{\"version\":1,\"mounts\":[\"../../root\"],\"secrets\":[]}" > /var/lib/podctl/pods/evil.json && chmod 600 /var/lib/podctl/pods/evil.json'
check_status "a record that leads out: refused" 1 'evil.*no record' podctl restore-mounts
inside rm /var/lib/podctl/pods/evil.json
inside sh -c 'exec 9> /run/podctl/locks/trap && flock 9 && touch /run/trap.locked && sleep 5' &
wait_for 5 inside test -e /run/trap.locked
check_status "a pod that another works on does not hold the rest up" 1 'at work on pod trap' podctl restore-mounts

note "down"
check "web" podctl down web
check "no record, no pin, no secret is left" inside sh -c '! ls /var/lib/podctl/pods/web.json /run/podctl/secrets/web /run/podctl/mounts/web 2>/dev/null'
check "trap" podctl down trap
check_equal "restore-mounts has nothing to do" "0 " "$(podctl restore-mounts; echo "$? $(inside grep -o '/run/podctl/mounts/.*' /proc/self/mountinfo)")"

note "somebody is at the folder of all secrets and does not go on, as one does whose cgroup is frozen"
inside umount /run/podctl/secrets
inside sh -c 'echo $$ > /root/holder; exec flock -F /run/podctl/locks/.secrets sleep 600' &
held() { ! inside flock -n /run/podctl/locks/.secrets true; }
check "the lock is held" wait_for 5 held
check_status "others do not wait for ever, and are told who it is" 1 "podctl \(process $(inside cat /root/holder)\) .*: end it" \
	inside timeout 60 "$BUILD/podctl" /root/web.yml
inside sh -c 'kill "$(cat /root/holder)"'
check "then it comes" podctl /root/web.yml
check "... and goes" podctl down web

note "user namespaces remapped"
"$SANDBOX_CMD" engine "$SANDBOX" stop
echo --userns-remap=dockremap >> "$SANDBOX/conf/dockerd-args"
"$SANDBOX_CMD" engine "$SANDBOX" start
cat <<'END' | put_file /root/mapped.yml
containers:
  app:
    image: busybox
    command: [sleep, "1000"]
    secrets: { token: secret/token }
    mounts: [{ source: new/folder, target: /data }, { source: secret, target: /files }]
END
inside sh -c 'mkdir -p /srv/pods/mapped/secret && cd /srv/pods/mapped/secret && echo "$1" > token && chmod 600 token' sh "$token"
check_status "a file that no user of the pod may read is not read for it" 1 'can be read by no user of the pod' podctl /root/mapped.yml
check_equal "... and no container made" "" "$(inside docker ps -aq --filter label=podctl.pod=mapped)"
inside chown 200000:200000 /srv/pods/mapped/secret/token
check "its own is" podctl /root/mapped.yml
check_equal "root of the container is another user here" "0 200000" \
	"$(inside docker exec mapped.app awk '$1 == 0 { print $1, $2 }' /proc/self/uid_map)"
check_equal "new folders are its" "200000:200000 200000:200000" \
	"$(inside stat -c %u:%g /srv/pods/mapped/new /srv/pods/mapped/new/folder | tr '\n' ' ' | sed 's/ $//')"
check_equal "... what was there is as it was" 0:0 "$(inside stat -c %u:%g /srv/pods/mapped/secret)"
check "it writes there" inside docker exec mapped.app touch /data/file
check_equal "it reads its secret" "$token" "$(inside docker exec mapped.app cat /run/secrets/token)"
check_status "again: nothing to change" 0 'nothing to change' podctl /root/mapped.yml
reboot_down
# moved into place by the container, which could not read it itself
inside sh -c 'mv /srv/pods/mapped/secret/token /srv/pods/mapped/secret/away && echo hidden > /srv/pods/mapped/secret/token && chmod 600 /srv/pods/mapped/secret/token'
check_status "after a reboot what it can't read is not read for it either" 1 'can be read by no user' podctl restore-mounts
check_equal "... nor delivered" "" "$(inside sh -c 'grep -rs hidden /run/podctl/secrets')"
inside sh -c 'mv /srv/pods/mapped/secret/away /srv/pods/mapped/secret/token'
check "its own is" restore
check_equal "... delivered" "$token" "$(inside sh -c 'cat /run/podctl/secrets/mapped/*/token')"
e2e_end

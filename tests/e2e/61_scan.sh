#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# podctl scan: what is changed and what runs in real containers is found, stays, and goes when it is
# acknowledged; and what did not happen is not found.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
config() {
	put_config <<END
mount_root: /srv/pods
guard: {required: false}
pods: {web: {owners: [bob]}, db: {owners: [carol]}}
scan: {$1}
END
}
config ''
inside docker pull -q busybox > /dev/null

scan() { podctl scan --json "$@"; }
# rows [NAME]: "KIND WHAT" of each alert that stands
rows() { scan "$@" | jq -r '.alerts[] | select(.acknowledged | not) | .container + " " + .kind + " " + .what'; }
change() { inside docker exec "$1" sh -c "$2" || fail "change in $1"; }
id_of() { scan | jq -r --arg w "$1" '.alerts[] | select(.what == $w) | .id'; }

check_status "a host without containers is clean" 0 '^0 containers scanned: 0 alerts stand' podctl scan
check_status "the self-test finds its canary" 0 'scanning works' podctl scan --self-test
check_equal "... and leaves no container" "" "$(inside docker ps -aq)"

inside docker run -d --name plain -v /srv:/opt/deep/er --tmpfs /a/b --init busybox sleep 999 > /dev/null
check_status "an unchanged container is clean, mount points or not" 0 '^1 container scanned: 0 alerts' podctl scan
check_equal "no alerts" "" "$(rows)"

# ---- files ----

change plain 'echo x >> /etc/passwd; mkdir /opt/new; echo > /opt/new/file; rm /bin/ls; echo > /opt/deep/er/onhost'
want='plain changed /etc/passwd
plain added /opt/new
plain added /opt/new/file
plain deleted /bin/ls'
check_equal "what was added, changed and deleted, but not in the mount" "$want" "$(rows)"
check_status "exit status 2, with a table" 2 '^@[0-9]+ +plain +deleted .* 2 +/bin/ls' podctl scan
check_equal "counted" "3 3 3 3" "$(scan | jq -r '[.alerts[].count] | join(" ")')"
passwd=$(id_of /etc/passwd)
change plain 'rm -r /opt/new'
check_equal "what is gone stays" "$want" "$(rows)"
check_equal "... as not present" false "$(scan | jq '.alerts[] | select(.what == "/opt/new/file") | .present')"
check_status "an alert that is none" 1 'no alert @999' podctl scan --ack "$passwd" @999
check_equal "... acknowledges nothing" "$want" "$(rows)"
check_status "no ID" 1 'is no alert' podctl scan --ack 17 plain
check_status "none named" 1 'which alerts' podctl scan --ack
check "acknowledge one" podctl scan --ack "$passwd"
check_equal "it is gone, though the file is still changed" "$(grep -v passwd <<< "$want")" "$(rows)"
# a path that is too long for the engine, which then lists nothing of the container
inside docker run -d --name deep busybox sleep 999 > /dev/null
# shellcheck disable=SC2016 # for the shell inside
change deep 'echo x >> /etc/group; cd /tmp; n=$(printf %0200d 0); for i in $(seq 40); do mkdir $n && cd -P $n || exit; done'
check_status "a container that the engine can't list the changes of: said" 1 'container deep could not be scanned' podctl scan
check_equal "... and what it has of the image's files is looked at all the same" "deep changed /etc/group" "$(rows | grep deep)"
inside docker rm -f deep > /dev/null
check "acknowledge what was found there" podctl scan --ack "$(id_of /etc/group)"
inside docker rm -f plain > /dev/null
check_equal "the container is gone, its alerts are not" "$(grep -v passwd <<< "$want")" "$(rows)"
check "acknowledge all" podctl scan --ack all
check_status "clean" 0 '0 alerts stand' podctl scan
inside docker run -d --name plain busybox sleep 999 > /dev/null
change plain 'echo x >> /etc/passwd'
check_equal "a new container of that name: a new alert" "plain changed /etc/passwd" "$(rows)"
check "... with a new ID" test "$(id_of /etc/passwd)" != "$passwd"

# size and times say nothing: who can write to a file can set them
change plain 'f=/etc/group; cp $f /dev/shm/g; touch -r $f /dev/shm/t; tr r x < /dev/shm/g > $f; touch -r /dev/shm/t $f; chown 0 /bin/false'
check_equal "the engine sees nothing of it" 0 "$(inside docker diff plain | grep -c group)"
check_equal "other contents with the size and times from before; not what was only copied" 'plain changed /etc/passwd
plain changed /etc/group' "$(rows)"
podctl scan --ack "$(id_of /etc/group)"

# names as somebody in the container wants them
change plain 'cd /tmp && for n in "a
b" "$(printf "\033]0;x\007")" "$(printf "\377")" "$(printf "\342\200\256")" "quo\"te" "bs\\x0a" "<script>"; do echo > "$n"; done'
out=$(podctl scan; podctl scan --metrics; scan)
check_equal "nothing in it drives a terminal" 0 "$(tr -d '\n' <<< "$out" | tr -d -c '\000-\037\177' | wc -c)"
check_equal "escaped in the same way in JSON" '/tmp/\x1b]0;x\x07 /tmp/a\x0ab /tmp/bs\\x0a' \
	"$(scan | jq -r '[.alerts[].what | select(test("0;|0ab|bs"))] | sort | join(" ")')"
check_equal "each has its alert" 8 "$(rows | wc -l)"
podctl scan --ack all

# what is expected
inside docker rm -f plain > /dev/null
config "files: {'pl*': ['/tmp/**', '/etc/*'], other: ['/**'], plain: {added: [/x], deleted: [/bin/ls]}}"
inside docker run -d --name plain busybox sleep 999 > /dev/null
change plain 'echo > /tmp/1; mkdir -p /tmp/2/3; rm /etc/passwd; mkdir /etc/d; echo > /etc/d/e; echo > /x; rm /bin/ls /bin/cat'
check_equal "less what is expected" 'plain added /etc/d/e
plain deleted /bin/cat' "$(rows)"
podctl scan --ack all

# more than anybody reads
change plain 'mkdir /many; cd /many; i=0; while [ $i -lt 1200 ]; do : > f$i; i=$((i+1)); done'
out=$(scan)
check_equal "a thousand alerts, and one that counts the rest" "more" "$(jq -r '.alerts[] | select(.more) | .kind' <<< "$out")"
check_equal "none is lost" 1201 "$(jq '[.alerts[] | select(.present and (.acknowledged | not)) | .more // 1] | add' <<< "$out")"
inside docker rm -f plain > /dev/null
podctl scan --ack all

# ---- processes ----

config "processes: {'*': [], plain: [{executable: /bin/busybox, uid: 0, required: true}], gone: [{executable: /x, uid: 1, required: true}]}"
inside docker run -d --name plain busybox sleep 999 > /dev/null
check_equal "a required one of a container that is not there" 'gone missing /x uid 1' "$(rows)"
podctl scan --ack all
inside docker exec -d -u 1234 plain sleep 998
change plain 'cp /bin/busybox "/tmp/$(printf "busybox\nb")"; "/tmp/$(printf "busybox\nb")" sleep 997 > /dev/null 2>&1 &
	cp /bin/busybox /tmp/sleep; /tmp/sleep 996 > /dev/null 2>&1 & sleep 0.2; rm /tmp/sleep'
pid=$(container_pid plain)
# from the outside, in no cgroup of the container's
sleep=$(inside readlink -f "$(command -v sleep)")
inside timeout 60 nsenter -t "$pid" -p -- "$sleep" 60 &
outsider=$!
procs() { rows | grep ' process '; }
has_all() { [ "$(procs | wc -l)" -ge 4 ]; }
wait_for 10 has_all
check_equal "processes by executable and user, and those whose file is gone" "$(LC_ALL=C sort <<< "plain process $sleep uid 0
plain process /bin/busybox uid 1234
plain process /tmp/busybox\x0ab uid 0
plain process /tmp/sleep (deleted) uid 0")" "$(procs | LC_ALL=C sort)"
kill "$outsider" 2> /dev/null
wait "$outsider" 2> /dev/null
podctl scan --ack all

# a program is all of its threads: the first may be over, and each has a user of its own
put_file /root/threads.c <<'END'
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>
static void *stay(void *unused) { (void)unused; for (;;) pause(); }
int main(int argc, char **argv)
{
	pthread_t t;
	(void)argv;
	pthread_create(&t, 0, stay, 0);
	if (argc == 1)
		syscall(SYS_exit, 0); /* of this thread alone */
	syscall(SYS_setresuid, 1234, 1234, 1234);
	for (;;)
		pause();
}
END
check "a program of threads" inside sh -c 'cc -O1 -static -pthread -o /root/threads /root/threads.c && docker cp /root/threads plain:/tmp/headless && docker cp /root/threads plain:/tmp/mixed'
for name in headless "mixed x"; do inside docker exec -d plain sh -c "exec /tmp/$name"; done
threads() { procs | grep -E 'headless|mixed' | LC_ALL=C sort; }
has_threads() { [ "$(threads | wc -l)" -ge 3 ]; }
wait_for 5 has_threads
check_equal "threads whose first is over, and one of another user" "plain process /tmp/headless uid 0
plain process /tmp/mixed uid 0
plain process /tmp/mixed uid 1234" "$(threads)"
podctl scan --ack all

# as the service runs it: two capabilities, and the journal at the other end
capabilities=$(sed -n 's/^CapabilityBoundingSet=CAP_//p' systemd/podctl-scan.service.in | sed 's/ CAP_/,+/g')
change plain 'echo > /new'
check_status "with the service's capabilities, told to the journal" 2 '^<4>alert @[0-9]+: container plain: added /new$' \
	inside sh -c ': > /root/j; exec 2> /root/j; JOURNAL_STREAM=$(stat -Lc %d:%i /root/j) \
		setpriv --bounding-set="-all,+$1" --inh-caps=-all "$2" scan; s=$?; cat /root/j; exit $s' sh "${capabilities,,}" "$BUILD/podctl"
check_status "without it, what could not be scanned is a failure" 1 'container plain could not be scanned: cannot look at its processes' \
	inside setpriv --bounding-set=-all --inh-caps=-all "$BUILD/podctl" scan
podctl scan --ack all
inside docker stop -t 0 plain > /dev/null
check_equal "a required process of a container that stopped" 'plain missing /bin/busybox uid 0' "$(rows)"
inside docker start plain > /dev/null
check_equal "it runs again, and the alert stays" 'plain missing /bin/busybox uid 0' "$(rows)"
podctl scan --ack all
check_status "clean" 0 '0 alerts stand' podctl scan
inside docker rm -f plain > /dev/null

# ---- pods, and who may ask ----

config ''
for pod in web db; do
	put_file "/srv/$pod.yml" <<< 'containers: {app: {image: busybox, command: sleep 999, user: "1000:1000"}}'
	check "pod $pod" podctl "/srv/$pod.yml"
done
check_status "pods as podctl makes them are clean" 0 '4 containers scanned: 0 alerts' podctl scan
for pod in web db; do inside docker exec -u 0 $pod.app sh -c 'echo > /found'; done
bob() { inside env SUDO_UID=1234 SUDO_GID=1234 "$BUILD/podctl" scan "$@"; }
inside docker run -d --name byhand busybox sleep 999 > /dev/null
inside docker exec byhand sh -c 'echo > /found'
out=$(bob --json)
check_equal "without a name, who is not root scans his own pods" "2 web.app" "$(jq -r '"\(.containers) " + ([.alerts[].container] | join(" "))' <<< "$out")"
check_status "... and is told so" 2 'only your pods' bob
check_equal "... and in metrics" 'pod="web",container="web.app"' "$(bob --metrics | grep -o 'pod="[^"]*",container="[^"]*"')"
out=$(scan)
check_equal "what he found is new when root looks, too" "byhand db.app web.app" "$(jq -r '[.alerts[] | select(.new) | .container] | sort | join(" ")' <<< "$out")"
check_equal "... once" "" "$(scan | jq -r '.alerts[] | select(.new) | .container')"
check_status "who could be root by sudo scans all" 2 '^5 containers scanned: 3 alerts' inside sh -c 'echo "bob ALL=(root) NOPASSWD: ALL" > /etc/sudoers.d/admin
	chmod 440 /etc/sudoers.d/admin; SUDO_UID=1234 SUDO_GID=1234 "$1" scan; s=$?; rm /etc/sudoers.d/admin; exit $s' sh "$BUILD/podctl"
inside docker rm -f byhand > /dev/null
podctl scan --ack "$(jq -r '.alerts[] | select(.container == "byhand") | .id' <<< "$out")"
put_file /srv/free.yml <<< 'containers: {app: {image: busybox, command: sleep 999, user: "1000:1000"}}'
check "a pod without owners" podctl /srv/free.yml
check_equal "... is his whom sudo lets" "4" "$(bob --json | jq .containers)"
check "... and goes" podctl down free
check_status "one pod" 2 '^2 containers scanned: 1 alert stands' podctl scan web
podctl scan > /dev/null
check_equal "its owner sees that pod's only" 'web.app' "$(bob --json web | jq -r '[.alerts[].container] | join(" ")')"
check_status "... and no other pod" 1 'not one of its owners' bob db
db=$(scan db | jq -r '.alerts[].id')
check_status "... acknowledges no other pod's alert" 1 "no alert $db of pod web" bob --ack "$db" web
check_status "... nor where the pod's name is missing" 1 "name the pod: scan --ack $db NAME" bob --ack "$db"
check_status "... nor all" 1 'name the pod' bob --ack all
check_equal "... and all stand" 'db.app web.app' "$(rows | sed 's/ .*//' | sort | tr '\n' ' ' | sed 's/ $//')"
check_status "... all of that pod's" 0 '^$' bob --ack all web
check_equal "the others stand" 'db.app added /found' "$(rows)"
check_status "a pod that is not there" 1 'is not there' podctl scan nosuch
metrics=$(podctl scan --metrics)
check_status "metrics" 0 '^podctl_scan_alerts\{pod="db",container="db.app",kind="added"\} 1$' printf '%s\n' "$metrics"
check_status "... how many containers" 0 '^podctl_scan_containers 4$' printf '%s\n' "$metrics"
check_equal "the rules for alerts name metrics that there are" "" \
	"$(grep -o 'expr: .*' docs/monitoring.md | grep -o 'podctl_[a-z_]*' | sort -u | while read -r name; do grep -q "^${name}[ {]" <<< "$metrics" || echo "$name"; done)"
check_status "options that do not go together" 1 'usage' podctl scan --json --metrics
check_status "more than one pod" 1 'usage' podctl scan web db
check_equal "the alerts are root's alone" "drwx------ 0" "$(inside stat -c %A /var/lib/podctl/scan) $(inside sh -c 'as=$(find /var/lib/podctl/scan -type f -perm /077); echo -n "$as" | wc -l')"

# ---- failures ----

state=$(inside sh -c 'ls /var/lib/podctl/scan/alerts*')
check_equal "one file holds the alerts" 1 "$(wc -l <<< "$state")"
inside sh -c 'cp "$1" /root/kept; head -c 100 /root/kept > "$1"' sh "$state"
check_status "alerts that can't be read are no empty list" 1 'alerts so far can.t be read' podctl scan
check_equal "... and are left as they are" 100 "$(inside stat -c %s "$state")"
inside cp /root/kept /var/lib/podctl/scan/alerts.json
inside rm "$state"
inside mount -t tmpfs -o size=4k,mode=700 none /var/lib/podctl/scan
inside sh -c 'head -c 4096 /dev/zero > /var/lib/podctl/scan/filler'
check_status "no room for the alerts" 1 'No space left' podctl scan
inside umount /var/lib/podctl/scan
check_equal "the state from before is whole" 'db.app added /found' "$(rows)"

# somebody holds the lock and does not go on, as one does whose cgroup is frozen
inside sh -c 'echo $$ > /root/holder; exec flock -F /var/lib/podctl/scan/lock sleep 600' &
held() { ! inside flock -n /var/lib/podctl/scan/lock true; }
check "the lock is held" wait_for 5 held
check_status "... and root's scan goes on" 2 '1 alert stands' inside timeout 30 "$BUILD/podctl" scan
before=$(scan | jq '.alerts[] | select(.what == "/found") | .count')
others=()
for _ in 1 2 3 4 5 6; do
	podctl scan > /dev/null 2>&1 &
	others+=($!)
done
wait "${others[@]}"
check_equal "... as those of many beside each other do, each of which counts" $((before + 7)) "$(scan | jq '.alerts[] | select(.what == "/found") | .count')"
check_equal "... and one file is left" 1 "$(inside sh -c 'ls -A /var/lib/podctl/scan | grep -c "^[.]*alerts"')"
inside sh -c 'kill "$(cat /root/holder)"'
wait_for 5 inside flock -n /var/lib/podctl/scan/lock true

# killed at any moment, nothing is lost
for _ in 1 2 3 4 5 6 7 8; do
	inside timeout -s KILL "0.0$((RANDOM % 8 + 1))" "$BUILD/podctl" scan > /dev/null 2>&1
done
check_equal "killed in its middle, none is lost" 'db.app added /found' "$(rows)"
inside timeout -s KILL 0.2 "$BUILD/podctl" scan --self-test > /dev/null 2>&1
check_status "a self-test after one that was killed" 0 'works' podctl scan --self-test
check_equal "nothing of either is left" 0 "$(inside docker ps -aq --filter label=podctl.canary | wc -l)"
check_equal "... nor an alert" 'db.app added /found' "$(rows)"
e2e_end

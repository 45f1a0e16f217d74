#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What podctl exec and podctl-enter run where nobody names a program, found by the container alone:
# the engine is never asked for a container's files. Before it answers it mounts what the container
# mounts, from the host's side, and a container that exchanges names meanwhile gets that put where
# it likes: over the host's /etc/cron.d, say.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh
. tests/e2e/lib_jail.sh

e2e_begin --dockerd-arg --debug
jail_host
run() { podctl exec "$@"; }
# requests for files of containers that the engine was sent: it writes each down
files_asked() { grep -E '/containers/[^ {]*/(archive|export|copy)' "$SANDBOX/log/dockerd.log"; }

# swap: exchanges /x, below which the container's mounts are, and a link to /etc, as long as it lives
mkdir "$SANDBOX/swap"
gcc -static -O1 -D_GNU_SOURCE -x c -o "$SANDBOX/swap/swap" - <<'END' || fail "a program that exchanges names"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		pause();
	for (;;)
		renameat2(AT_FDCWD, "/x", AT_FDCWD, "/y", RENAME_EXCHANGE);
}
END

note "which shell"
# image NAME FROM CHANGE: another image with something changed in it
image() {
	inside sh -c 'id=$(docker create --user 0 "$2" sh -c "$3") && docker start -a "$id" && docker commit -c "CMD [\"sleep\", \"9999\"]" "$id" "$1" && docker rm "$id"' \
		sh "$@" > /dev/null || fail "image $1"
}
image only-sh busybox 'rm /bin/ash'
image other-bash jail 'mkdir -p /usr/bin; mv /bin/bash /usr/bin/bash'
image dead-bash busybox 'ln -s /nowhere /bin/bash; mkdir -p /usr/bin/bash'
printf 'FROM scratch\nADD swap /swap\nCMD ["/swap", "pause"]\n' > "$SANDBOX/swap/Dockerfile"
inside env DOCKER_BUILDKIT=0 docker build -q -t bare "$SANDBOX/swap" > /dev/null 2>&1 || fail "an image without a shell"
put_file /root/web.yml <<'END'
containers:
  ash: {image: busybox, command: sleep 9999, environment: {home: kept, s: kept, SHLVL: "7"}}
  bash: {image: jail, update_image: false, command: sleep 9999}
  otherbash: {image: other-bash, update_image: false, command: sleep 9999}
  dead: {image: dead-bash, update_image: false, command: sleep 9999}
  sh: {image: only-sh, update_image: false, command: sleep 9999}
  bare: {image: bare, update_image: false}
END
check "a pod of many images" podctl --quiet /root/web.yml
shell() { run "$@" <<< 'echo "$0 $(readlink /proc/$$/exe) $SHLVL $-"; exit 7'; }
shell_is() { # NAME CONTAINER PATTERN
	check_status "$1" 7 "$3" shell "$2" web
}
shell_is "bash, where there is one" bash '^/bin/bash /bin/bash 1 [^i]*$'
shell_is "... in /usr/bin" otherbash '^/usr/bin/bash /usr/bin/bash 1 [^i]*$'
shell_is "ash, where there is none" ash '^/bin/ash /bin/'
shell_is "... what is no program is none" dead '^/bin/ash /bin/'
shell_is "sh, where there is neither" sh '^/bin/sh /bin/'
none() { # CMD...: what is said where there is no program, the status with one digit less
	local out status
	out=$("$@" 2>&1 < /dev/null)
	status=$?
	echo "$(grep -oE 'no such file or directory' <<< "$out" | head -n 1) ${status/%[67]/x}"
}
check_equal "none at all: as the engine says" "no such file or directory 12x" \
	"$(none run bare web)"
check_equal "its environment stays as it is" "kept kept" "$(run ash web <<< 'echo $home $s')"
check_equal "user and folder" "1000 /tmp" "$(run -u 1000 -w /tmp ash web <<< 'echo $(id -u) $(pwd)')"
check_equal "it is the very process that the engine started" 1 \
	"$(run bash web <<< 'n=0; for p in /proc/[0-9]*; do [[ $(tr "\0" " " 2> /dev/null < $p/cmdline) != */bin/* ]] || n=$((n + 1)); done; echo $n')"

note "jails"
check "a jail" jail add --image jail bob
enter() { as bob sudo -n "$JAIL_BIN/podctl-enter" "$@"; }
check_equal "a command is one parameter" $'$1 "$@" \'; exit 3; # -l' \
	"$(enter -c $'printf %s \'$1 "$@" \'\\\'\'; exit 3; # -l\'' < /dev/null)"
check_equal "home, shell and name" "/home/bob /home/bob /bin/bash bob bob " \
	"$(enter -c 'echo "$HOME $PWD $SHELL $USER $LOGNAME $OLDPWD"' < /dev/null)"
check_status "exit status" 9 '' enter -c 'exit 9'
check_equal "a login shell" "login_shell on" "$(enter <<< 'shopt login_shell' | tr -s ' \t' ' ')"
check_status "sftp-server, with its options" 1 'sage: .*sftp-server' enter -c 'internal-sftp -h'
inside sed -i '/source: home/d' /etc/netguard/jails/jail_bob.yml
check "its home is taken out" inside "$JAIL_BIN/podctl" --quiet /etc/netguard/jails/jail_bob.yml
check_equal "... and / is home" "/ /" "$(enter -c 'echo "$HOME $PWD"' < /dev/null)"
inside sed -i 's/image: "jail"/image: "busybox"/' /etc/netguard/jails/jail_bob.yml
check "another image" inside "$JAIL_BIN/podctl" --quiet /etc/netguard/jails/jail_bob.yml
check_equal "... whose shell is ash" "/bin/ash" "$(enter -c 'echo "$SHELL"' < /dev/null)"
check_status "... without an sftp-server" 1 'no sftp-server: ask for one' enter -c /usr/lib/openssh/sftp-server
inside sed -i 's/image: "busybox"/image: "bare"/; /command:/d' /etc/netguard/jails/jail_bob.yml
check "an image without a shell" inside "$JAIL_BIN/podctl" --quiet /etc/netguard/jails/jail_bob.yml
check_equal "... where nobody gets in" "no such file or directory 12x" "$(none enter -c id)"

note "a container that exchanges names"
put_file /etc/canary.d/host <<< "the host's"
put_file /root/evil.yml <<'END'
containers:
  app:
    image: busybox
    command: sleep 9999
    mounts: [{source: canary, target: /x/canary.d}, {source: made, target: /x/made.d}]
END
evil() {
	check "a pod with mounts" podctl --quiet /root/evil.yml
	inside cp "$SANDBOX/swap/swap" /srv/pods/evil/canary/swap
	inside docker exec evil.app sh -c 'cp /x/canary.d/swap /swap && ln -s /etc /y'
	inside docker exec -d evil.app /swap
}
looks() { inside docker exec evil.app sh -c 'i=0; while [ $i -lt 2000 ]; do [ -L /x ] && echo link || echo folder; i=$((i + 1)); done' | sort -u | xargs; }
# what is the container's among the host's files, as the engine sees them
out() {
	inside sh -c 'grep -E " /etc/(canary|made)\.d " "/proc/$(cat /run/docker.pid)/mountinfo"; ls -d /etc/made.d 2> /dev/null'
}
evil
# a busy machine may let it wait for longer than one look takes
seen=$(for ((i = 0; i < 10; i++)); do looks; done | xargs -n 1 | sort -u | xargs)
check_equal "it does" "folder link" "$seen"
check_equal "nothing of it is on the host" "" "$(out)"
for ((i = 1; i <= 60; i++)); do
	run app evil < /dev/null > /dev/null 2>&1 || fail "shell $i in it"
	[ -z "$(out)" ] || break
done
check_equal "... nor after 60 shells in it" "60 " "$((i - 1)) $(out)"
check_equal "... the host's folder has what it had" host "$(inside ls /etc/canary.d)"
for command in "exec app evil -- true" "status" "status evil" "plan /root/evil.yml" "logs evil" "audit" "scan evil" "stop evil" \
	"start evil" "down evil"; do
	# shellcheck disable=SC2086
	podctl $command > /dev/null 2>&1
done
check_equal "the engine was never asked for files of a container" "" "$(files_asked)"

# were it asked, this is what would be seen
evil
end=$((SECONDS + 20)) n=0
while [ $SECONDS -lt $end ] && [ -z "$(out)" ]; do
	n=$((n + 1))
	inside curl -s -m 10 -I -o /dev/null --unix-socket /run/docker.sock 'http://e/containers/evil.app/archive?path=/bin/sh'
done
check "requests for files would be seen" eval "[ $n -gt 0 ] && [ $(files_asked | wc -l) -ge $n ]"
if [ -n "$(out)" ]; then
	note "this engine puts the container's folders among the host's, after $n requests:"
	out | sed 's/^/#   /'
else
	note "this engine withstood $n requests"
fi
e2e_end

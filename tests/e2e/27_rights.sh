#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# podctl under real sudo, by real users without rights: what they name is read with their rights,
# what they leave in the environment, the limits and the descriptors changes nothing, and what a
# pattern in sudoers lets through never loosens anything.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
put_config <<'END'
mount_root: /srv/pods
network_name: pods
guard: { required: false }
pods:
  web: { owners: [bob, "@webteam"] }
  other: { owners: [carol] }
END
evil='HOME DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_API_VERSION NETGUARD_CONFIG
	LC_ALL LANG LANGUAGE LOCPATH NLSPATH TMPDIR TZ TZDIR XDG_CONFIG_HOME XDG_RUNTIME_DIR BASH_ENV ENV IFS PATH OPENSSL_CONF
	OPENSSL_MODULES OPENSSL_ENGINES SSLKEYLOGFILE SSL_CERT_FILE SSL_CERT_DIR CURL_HOME GCONV_PATH MALLOC_TRACE
	MALLOC_PERTURB_ GLIBC_TUNABLES HOSTALIASES RES_OPTIONS LOCALDOMAIN http_proxy HTTPS_PROXY ALL_PROXY NO_COLOR COLUMNS TERM'
# only our own defence is to count, so sudo keeps all of that
cat <<END | put_file /etc/sudoers.d/podctl
Defaults env_keep += "$(tr -s ' \t\n' ' ' <<< "$evil")"
Defaults !secure_path, closefrom=3
bob,carol,dave,opal ALL=(root) NOPASSWD: $BUILD/podctl */web.yml, $BUILD/podctl * web, $BUILD/podctl web.yml
opal ALL=(root) NOPASSWD: $BUILD/podctl *
END
inside sh -c 'chmod 440 /etc/sudoers.d/podctl && visudo -cqf /etc/sudoers.d/podctl' || fail "sudoers is valid"
put_file /home/bob/web.yml <<< 'containers: { db: { image: busybox, command: [sleep, "1000"], mounts: [{ source: d, target: /d }] } }'
inside chown bob: /home/bob/web.yml
sudo_as() { local user=$1; shift; as "$user" sudo -n "$BUILD/podctl" "$@"; }
ids() { inside docker ps -aq --no-trunc --filter "label=podctl.pod=$1" | sort; }
snapshot() { inside docker ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.State}}' | sort; }
secret=s3cr3t-t0ken

note "files are read with the caller's rights"
inside sh -c 'chmod 700 /root && echo "$1: [1" > /root/secret.yml && chmod 600 /root/secret.yml
	install -d -m 700 -o carol -g carol /home/carol/private && echo "$1: 1" > /home/carol/private/web.yml
	chown carol: /home/carol/private/web.yml' sh "$secret"
as bob sh -c 'cd && mkdir -p link up fifo directory big device tty mine closed proc environ && ln -s /root/secret.yml link/web.yml && ln -s /root up/web &&
	mkfifo fifo/web.yml && mkdir directory/web.yml && ln -s /dev/zero device/web.yml && ln -s /dev/tty tty/web.yml &&
	head -c 2097152 /dev/zero | tr "\0" x > big/web.yml && echo "a: 1" > closed/web.yml && chmod 0 closed/web.yml &&
	ln -s /proc/self/root/root/secret.yml proc/web.yml && ln -s /proc/self/environ environ/web.yml'
inside sh -c 'cp /root/secret.yml /home/bob/mine/web.yml && chmod 600 /home/bob/mine/web.yml'
unreadable() { # NAME PATTERN FILE
	local out status
	out=$(timeout 10 "$SANDBOX_CMD" exec "$SANDBOX" --user bob -- sudo -n "$BUILD/podctl" "$3" 2>&1 < /dev/null)
	status=$?
	if [ "$status" = 1 ] && [[ $out =~ $2 ]] && [[ $out != *"$secret"* && $out != *xxxx* ]]; then
		pass "$1: refused, and nothing of it is shown"
	else
		fail "$1: status $status, ${out:0:300}"
	fi
}
unreadable "a link to root's file" 'Permission denied' /home/bob/link/web.yml
unreadable "a link to root's folder" 'Permission denied|named after' /home/bob/up/web/secret.yml/web.yml
unreadable "... through /proc" 'Permission denied' /home/bob/proc/web.yml
unreadable "... to our own environment" 'Permission denied|not a regular' /home/bob/environ/web.yml
unreadable "root's file in his own folder" 'Permission denied' /home/bob/mine/web.yml
unreadable "his own without the right to read" 'Permission denied' /home/bob/closed/web.yml
unreadable "in a folder of somebody else's" 'Permission denied' /home/carol/private/web.yml
unreadable "a FIFO" 'not a regular file' /home/bob/fifo/web.yml
unreadable "a device" 'not a regular file' /home/bob/device/web.yml
unreadable "a terminal" 'not a regular file|No such device' /home/bob/tty/web.yml
unreadable "a folder" 'is a directory' /home/bob/directory/web.yml
unreadable "2 MiB" 'larger than 1048576' /home/bob/big/web.yml
unreadable "a file that is not there" 'No such file' /home/bob/none/web.yml
unreadable "a name that ends in a terminal's codes" 'web.yml' $'/home/bob/\e]0;x\a/web.yml'
check_equal "none of them made anything" "" "$(ids web)"

note "owners: user, group, secondary group"
check "bob, by name" sudo_as bob /home/bob/web.yml
check "dave, by a group of his" sudo_as dave /home/bob/web.yml
before=$(snapshot)
check_status "carol is none" 1 'carol is not one of its owners' sudo_as carol /home/bob/web.yml
check_status "... also by name" 1 'not one of its owners' sudo_as carol down web
check_status "... opal neither" 1 'not one of its owners' sudo_as opal down web
check_status "root always" 0 'nothing to change' podctl /home/bob/web.yml
check_equal "nothing has changed" "$before" "$(snapshot)"

note "the environment"
as bob sh -c 'cd && mkdir -p evil && printf "mount_root: /\nguard: { required: false }\n" > evil/netguard.yml &&
	printf "openssl_conf = x\n[x]\nengines = y\n[y]\nz = w\n[w]\ndynamic_path = /home/bob/evil/lib.so\n" > evil/openssl.cnf &&
	echo "touch /home/bob/evil/ran" > evil/env.sh && printf "#!/bin/sh\ntouch /home/bob/evil/ran\n" > evil/sh && chmod 755 evil/sh &&
	cp evil/sh evil/docker && cp evil/sh evil/iptables && mkdir -p evil/.docker && echo "{\"credsStore\": \"evil\"}" > evil/.docker/config.json'
with_evil() { # CMD...: everything that could mean something, as bob
	as bob env HOME=/home/bob/evil DOCKER_HOST=tcp://127.0.0.1:2399 DOCKER_CONTEXT=evil DOCKER_CONFIG=/home/bob/evil/.docker \
		DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=/home/bob/evil DOCKER_API_VERSION=1.1 NETGUARD_CONFIG=/home/bob/evil/netguard.yml \
		LC_ALL=tr_TR.UTF-8 LANG=evil LANGUAGE=evil LOCPATH=/home/bob/evil NLSPATH=/home/bob/evil/%N TMPDIR=/home/bob/evil TZ=:/root/secret.yml \
		XDG_CONFIG_HOME=/home/bob/evil XDG_RUNTIME_DIR=/home/bob/evil BASH_ENV=/home/bob/evil/env.sh ENV=/home/bob/evil/env.sh IFS=/ \
		PATH=/home/bob/evil:/usr/bin:/bin OPENSSL_CONF=/home/bob/evil/openssl.cnf OPENSSL_MODULES=/home/bob/evil OPENSSL_ENGINES=/home/bob/evil \
		SSLKEYLOGFILE=/home/bob/evil/keys SSL_CERT_FILE=/root/secret.yml CURL_HOME=/home/bob/evil GCONV_PATH=/home/bob/evil \
		MALLOC_TRACE=/home/bob/evil/trace MALLOC_PERTURB_=7 GLIBC_TUNABLES=glibc.malloc.check=3 HOSTALIASES=/root/secret.yml \
		RES_OPTIONS=debug LOCALDOMAIN=evil http_proxy=http://127.0.0.1:2399 ALL_PROXY=http://127.0.0.1:2399 "$@"
}
inside sh -c 'timeout 20 busybox nc -l -p 2399 > /run/evil.heard' &
check "sudo keeps it, or this tests nothing" sh -c '"$@" | grep -q .' sh "$SANDBOX_CMD" exec "$SANDBOX" -- sh -c \
	'echo "bob ALL=(root) NOPASSWD: /usr/bin/env" > /etc/sudoers.d/env && chmod 440 /etc/sudoers.d/env &&
	su -s /bin/sh bob -c "NETGUARD_CONFIG=/x DOCKER_HOST=y sudo -n /usr/bin/env" | grep NETGUARD_CONFIG=/x'
before=$(snapshot)
check_status "changes nothing" 0 'nothing to change' with_evil sudo -n "$BUILD/podctl" /home/bob/web.yml
check_status "... of a plan" 0 '' with_evil sudo -n "$BUILD/podctl" plan /home/bob/web.yml
check_status "... of a status" 0 'web' with_evil sudo -n "$BUILD/podctl" status web
as bob sed -i 's/"1000"/"1001"/' /home/bob/web.yml
check "... of an apply that has something to do" with_evil sudo -n "$BUILD/podctl" /home/bob/web.yml
check_equal "nobody was asked at the other address" "" "$(inside cat /run/evil.heard)"
check_equal "nothing of it was run, nothing written" "docker env.sh iptables netguard.yml openssl.cnf sh" \
	"$(inside sh -c 'ls /home/bob/evil' | tr '\n' ' ' | sed 's/ $//')"
# sudo takes LD_PRELOAD away itself, and what is preloaded runs before we do: never keep that
check_equal "LD_PRELOAD does not come through sudo" "" \
	"$(as bob env LD_PRELOAD=/home/bob/evil/lib.so LD_LIBRARY_PATH=/home/bob/evil sudo -n "$BUILD/podctl" --quiet /home/bob/web.yml 2>&1 | grep -v 'ld.so')"
check_status "SUDO_UID of a liar is sudo's" 1 'Permission denied' as bob env SUDO_UID=0 SUDO_GID=0 SUDO_USER=root \
	sudo -n "$BUILD/podctl" /home/bob/link/web.yml
check_status "pkexec and doas: refused, they look like root" 1 'pkexec or doas' inside env PKEXEC_UID=1234 "$BUILD/podctl" check /home/bob/web.yml
check_status "set-user-id, with SUDO_UID of a liar: refused" 1 'set-user-id' sh -c 'install -m 4755 "$1/podctl" "$2/home/podctl"; shift 2; exec "$@"' sh \
	"$BUILD" "$SANDBOX" "$SANDBOX_CMD" exec "$SANDBOX" --user bob -- env SUDO_UID=0 SUDO_GID=0 /home/podctl check /home/bob/web.yml
inside rm -f /home/podctl

note "arguments that a pattern lets through"
put_file /home/bob/other.yml <<< 'containers: { app: { image: busybox, command: [sleep, "1000"] } }'
inside sh -c 'cp /home/bob/other.yml /home/carol/other.yml && chown carol: /home/carol/other.yml && chown bob: /home/bob/other.yml'
check "another pod is there" podctl /home/carol/other.yml
other=$(inside docker inspect -f '{{.Id}} {{.State.StartedAt}}' other other.app)
before=$(snapshot)
let_through() { # NAME PATTERN ARGUMENT...: sudo lets it through, we do not
	local name=$1 pattern=$2
	shift 2
	check_status "$name: refused" 1 "$pattern" sudo_as bob "$@"
}
let_through "two files" 'too many' /home/bob/other.yml /home/bob/web.yml
let_through "another pod before" 'too many' down other web
let_through "... and an option between" 'too many' down other --no-wait web
let_through "a command behind a file" 'too many|one of its owners' /home/bob/web.yml down web
let_through "help of another" 'too many|no such' down other /home/bob/web.yml
let_through "an option that is none" 'unknown option' --config=/home/bob/evil/netguard.yml /home/bob/web.yml
let_through "... -H" 'unknown option' -H tcp://127.0.0.1:2399 /home/bob/web.yml
let_through "an option of another command" 'does not take' --json down web
let_through "restore-mounts with a name" 'too many' restore-mounts web
let_through "audit with a name" 'too many' audit web
let_through "a file behind --" 'too many|named after' -- /home/bob/other.yml /home/bob/web.yml
let_through "a pod named like an option" 'named after|unknown option|owners|too many' down -- -web web
let_through "an empty argument" 'too many' '' /home/bob/web.yml
let_through "a path that ends so" 'No such file|Permission|Not a directory' '/etc/shadow /web.yml'
let_through "a file of the other's name by a link" 'No such|Permission' /home/bob/none/../other.yml/../web.yml
check_status "sudo itself lets nothing else through" 1 'password is required|not allowed|sudo' sudo_as bob /home/bob/other.yml
for what in audit scan; do
	check_equal "who may run all of podctl sees no others' pods by $what" "" "$(sudo_as opal $what --json | jq -r '.. | strings')"
done
check_status "... and acknowledges nothing without a pod's name" 1 'name the pod' sudo_as opal scan --ack @1
check_status "restore-mounts is root's, whatever sudoers say" 1 'only root' sudo_as opal restore-mounts
check_equal "nothing has changed" "$before" "$(snapshot)"
check_equal "the other pod least of all" "$other" "$(inside docker inspect -f '{{.Id}} {{.State.StartedAt}}' other other.app)"

note "what a process inherits"
n=2000
# inherited NAME COMMANDS [ANY]: COMMANDS of a shell, then an apply with something to do. Whatever
# becomes of it, a plain apply puts it right and nobody else's container is touched
inherited() {
	local name=$1 commands=$2 status
	n=$((n + 1))
	as bob sed -i -E "s/\"[0-9]+\"/\"$n\"/; s/source: d[0-9]*/source: d$n/" /home/bob/web.yml
	timeout 60 "$SANDBOX_CMD" exec "$SANDBOX" --user bob -- sh -c "cd; $commands"'; exec sudo -n "$0" /home/bob/web.yml' \
		"$BUILD/podctl" > "$SANDBOX/inherited" 2>&1 < /dev/null
	status=$?
	if [ "$status" -ge 124 ] && [ "${3:-}" != killed ]; then
		fail "$name: status $status: $(head -c 300 "$SANDBOX/inherited")"
	elif [ "$status" = 99 ] || { [ -z "${3:-}" ] && [ "$status" != 0 ]; }; then
		fail "$name: status $status: $(head -c 300 "$SANDBOX/inherited")"
	else
		pass "$name: status $status"
	fi
	check_status "... and then all is well" 0 '' sudo_as bob --quiet /home/bob/web.yml
	check_equal "... as the file says" "[\"sleep\",\"$n\"] running" "$(inside docker inspect -f '{{json .Config.Cmd}} {{.State.Status}}' web.db)"
}
inherited "closed stdin" 'exec <&-'
inherited "closed stdout" 'exec >&-' fails
inherited "all three closed" 'exec <&- >&- 2>&-' fails
inherited "signals ignored" 'trap "" CHLD PIPE XFSZ HUP'
inherited "umask 0" 'umask 0'
inherited "umask 777" 'umask 777'
inherited "nice" 'renice -n 19 $$ > /dev/null'
inherited "a file may not grow" 'ulimit -f 0' fails
inherited "few descriptors" 'ulimit -n 12' fails
inherited "little memory" 'ulimit -v 40000' fails
inherited "no time" 'ulimit -t 1' killed
inherited "cores" 'ulimit -c unlimited'
inherited "a working directory that is gone" 'mkdir gone && cd gone && rmdir ../gone || exit 99'
check_equal "$((n - 2000)) folders were made, 0755 and the containers' root's whatever the umask" "$((n - 1999)) $ROOT_UID:$ROOT_UID 755" \
	"$(inside sh -c 'stat -c "%u:%g %a" /srv/pods/web/d* | sort | uniq -c | sed "s/^ *//"')"
check_equal "/run/podctl is root's alone" "0:0 700" "$(inside stat -c '%u:%g %a' /run/podctl)"
check_equal "the other pod is untouched" "$other" "$(inside docker inspect -f '{{.Id}} {{.State.StartedAt}}' other other.app)"

note "what is seen of it while it runs"
inside sh -c 'exec 9> /run/podctl/locks/web && flock 9 && touch /run/locked && for i in $(seq 600); do [ ! -e /run/let-go ] || exit; sleep 0.1; done' &
wait_for 5 inside test -e /run/locked
as bob sh -c 'ulimit -c unlimited; cd /home/bob; exec sudo -n "$0" /home/bob/web.yml' "$BUILD/podctl" > "$SANDBOX/waiting" 2>&1 &
wait_for 20 grep -q waiting "$SANDBOX/waiting"
# /proc shows the processes of other tests' sandboxes, too
pid=$(inside sh -c 'for p in /proc/[0-9]*; do
	[ "$(readlink "$p/exe" 2>/dev/null)" = "$1" ] && [ "$(readlink "$p/ns/mnt")" = "$(readlink /proc/self/ns/mnt)" ] && echo "${p#/proc/}"
done' sh "$BUILD/podctl" | head -n 1)
check "podctl waits" test -n "$pid"
check_equal "its caller sees neither environment, memory nor descriptors" "" \
	"$(as bob sh -c 'cat "/proc/$1/environ" "/proc/$1/maps" "/proc/$1/auxv"; ls "/proc/$1/fd"; dd if="/proc/$1/mem" bs=1 count=1' sh "$pid" 2> /dev/null)"
check_status "... can't stop it" 1 'not permitted' as bob kill -STOP "$pid"
kill -QUIT "$pid"
wait_for 20 not kill -0 "$pid"
inside touch /run/let-go
check_equal "... and ended, it leaves no core" "" "$(inside sh -c 'ls /home/bob | grep core; ls /core* 2>/dev/null')"

note "names that others have"
inside docker run -d --name byhand.app busybox sleep 1000 > /dev/null
inside docker run -d --name byhand2 busybox sleep 1000 > /dev/null
inside docker run -d --name liar.app --label podctl.pod=web --label podctl.container=app busybox sleep 1000 > /dev/null
before=$(inside docker inspect -f '{{.Id}} {{.State.StartedAt}} {{.State.Status}}' byhand.app byhand2 liar.app)
for name in byhand byhand2 liar; do
	put_file "/root/$name.yml" <<< 'containers: { app: { image: busybox, command: [sleep, "1000"] } }'
	check_status "a pod $name, whose names are others': refused" 1 "$name" podctl "/root/$name.yml"
	check "... its down touches none" podctl down "$name"
done
check_equal "all are as they were" "$before" \
	"$(inside docker inspect -f '{{.Id}} {{.State.StartedAt}} {{.State.Status}}' byhand.app byhand2 liar.app)"
check_equal "... and nothing was made" "" "$(ids byhand)$(ids byhand2)$(ids liar)"

note "root by a number that is none to the engine: it looks for such a name in the image's /etc/passwd"
put_config <<'END'
mount_root: /srv/pods
network_name: pods
guard: { required: false }
policy: { allow_root_user: false, require_user: true }
pods:
  numbers: { owners: [bob] }
END
inside sh -c 'docker create --name numbers-image busybox true &&
	printf "99999999999999999999:x:0:0::/:/bin/sh\nbig:x:4294967296:0::/:/bin/sh\n0x10:x:0:0::/:/bin/sh\n" > /run/passwd &&
	docker cp /run/passwd numbers-image:/etc/passwd && docker commit numbers-image numbers:1 &&
	docker rm numbers-image' > /dev/null
# Docker 28 refuses it itself
check "the engine makes root of it, if anything, or this tests nothing" test \
	"$(inside docker run --rm --user 99999999999999999999 numbers:1 id -u 2> /dev/null || echo 0)" = 0
numbers() { # USER: of the pod's container
	put_file /root/numbers.yml <<< "containers: { app: { image: 'numbers:1', update_image: false, user: \"$1\", command: [sleep, '1000'] } }"
}
for user in 99999999999999999999 4294967296 2147483648 0000000000001000 0x10 99999999999999999999:1000; do
	numbers "$user"
	check_status "user $user: refused" 1 'up to the image' podctl /root/numbers.yml
done
numbers 1000:99999999999999999999
check_status "such a group: refused" 1 'policy wants a group' podctl /root/numbers.yml
check_equal "nothing was made of all that" "" "$(ids numbers)"
numbers 0000001000
check "a number of the engine's runs" podctl /root/numbers.yml
check_equal "... as that" 1000 "$(podctl exec app numbers -- id -u)"
for user in 99999999999999999999 4294967296 0; do
	check_status "exec as $user: refused" 1 'policy wants a user' podctl exec -u "$user" app numbers -- id -u
done
check_equal "exec as another number" 60001 "$(podctl exec -u 60001 app numbers -- id -u)"
check "down" podctl down numbers
e2e_end

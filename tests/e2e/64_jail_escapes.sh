#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What users of a jail try to get out of it. Each is tried by one without a jail, too, for whom it
# must work: else nothing would be tested.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh
. tests/e2e/lib_jail.sh

e2e_begin
jail_host
check "a jail" jail add --image jail bob
check "another" jail add --image jail opal
inside sh -c 'echo secret > /etc/host-only && chmod 644 /etc/host-only'

note "forwarding"
get() { printf 'GET /v2/ HTTP/1.0\r\n\r\n'; sleep 0.5; }
forward() { get | login "$1" -W 127.0.0.1:5000; }
check_status "to a port (-L, -D, -W), without a jail" 0 '200 OK' forward carol
check_status "... with one" 255 'administratively prohibited|forwarding failed' forward bob
listens() { login "$1" -o ExitOnForwardFailure=yes "${@:2}" -- true; }
try_both() { # NAME SSH-OPTION...
	local name=$1
	shift
	check_status "$name, without a jail" 0 '' listens carol "$@"
	check_status "... with one" 255 'forwarding failed|refused|prohibited' listens bob "$@"
}
try_both "a port of the host's (-R)" -R 7101:127.0.0.1:5000
try_both "... with all dynamic (-R)" -R 7102
try_both "a socket of the host's (-R)" -R /tmp/jail-test.$$.sock:127.0.0.1:5000
rm -f /tmp/jail-test.$$.sock
socks() { # USER: asks the registry through ssh -D
	local result
	inside sh -c 'echo $$ > /run/ssh.pid; exec "$@"' sh "${SSH[@]}" -S none -N -D 7103 -L 7104:127.0.0.1:5000 "$1@127.0.0.1" 2> /dev/null &
	wait_for 10 inside sh -c 'ss -Hltn sport = :7104 | grep -q .'
	result="$(inside curl -s -m 2 -x socks5h://127.0.0.1:7103 http://127.0.0.1:5000/v2/) $(inside curl -s -m 2 http://127.0.0.1:7104/v2/)"
	kill "$(inside cat /run/ssh.pid)" 2> /dev/null
	wait $!
	echo "$result"
}
check_equal "-D and -L, without a jail" "{} {}" "$(socks carol)"
check_equal "... with one" " " "$(socks bob)"
# while a session lives: the agent's socket, X11's port
seen() { # USER SSH-OPTION...
	local found
	rm -f "$SANDBOX/seen" # the one before said "up", too
	inside sh -c 'eval "$(ssh-agent)" > /dev/null; export DISPLAY=127.0.0.1:0; "$@"; kill "$SSH_AGENT_PID"' sh \
		"${SSH[@]}" -S none "${@:2}" -l "$1" 127.0.0.1 'echo up; sleep 2' > "$SANDBOX/seen" 2> /dev/null &
	wait_for 10 grep -q up "$SANDBOX/seen" || echo "no session"
	found=$(inside sh -c 'grep -oE "/tmp/ssh-[^ ]*agent[^ ]*" /proc/net/unix | sort -u | wc -l; ss -Hltn sport ge :6010 and sport le :6020 | grep -q . && echo x11')
	wait $!
	tr "\n" " " <<< "$found" | sed "s| $||"
}
# one agent's socket is the client's own
check_equal "agent and X11, without a jail" "2 x11" "$(seen carol -A -Y)"
check_equal "... with one" "1" "$(seen bob -A -Y)"
if [ -c /dev/net/tun ]; then
	tunnel() { # USER NUMBER: whether the two devices come
		inside sh -c 'echo $$ > /run/ssh.pid; exec "$@"' sh "${SSH[@]}" -S none -o ExitOnForwardFailure=yes -w "$2:1$2" \
			"$1@127.0.0.1" 'sleep 20' > "$SANDBOX/tunnel" 2>&1 &
		wait_for 5 inside ip link show "tun1$2" || cat "$SANDBOX/tunnel"
		inside ip -o link show | grep -c ": tun1\?$2:"
		kill "$(inside cat /run/ssh.pid)" 2> /dev/null
		wait $!
	}
	check_equal "a tunnel (-w), for root without a jail" 2 "$(tunnel root 71)"
	check_equal "... with one" "Tunnel forwarding failed 0" "$(tunnel bob 72 2>&1 | sed 's/.*unnel/Tunnel/' | tr -d '\r' | tr '\n' ' ' | sed 's/ $//')"
else
	skip "a tunnel (-w)" "this machine has no /dev/net/tun"
fi
check "tunnels are denied by sshd's own word" inside sh -c '/usr/sbin/sshd -T -C user=bob,host=x,addr=127.0.0.1 | grep -qx "permittunnel no"'
check "... and not for others" inside sh -c '/usr/sbin/sshd -T -C user=carol,host=x,addr=127.0.0.1 | grep -qx "permittunnel yes"'

note "the environment, and what sshd runs for users"
echo '#include <fcntl.h>
#include <unistd.h>
__attribute__((constructor)) static void ran(void) { close(open("/home/evil/loaded", O_CREAT | O_WRONLY, 0666)); }' |
	gcc -shared -fPIC -x c -o "$SANDBOX/evil.so" -
inside sh -c 'mkdir -m 1777 /home/evil && cp "$1" /home/evil/evil.so && echo "echo ran > /home/evil/env" > /home/evil/env.sh &&
	printf "#!/bin/sh\ntouch /home/evil/path\n" > /home/evil/sudo && chmod 755 /home/evil/sudo /home/evil/evil.so' sh "$SANDBOX/evil.so"
evil() { inside sh -c 'cd /home/evil && for f in loaded env path rc; do [ ! -e $f ] || echo $f; done; rm -f loaded env path rc' | tr '\n' ' '; }
variables='LD_PRELOAD=/home/evil/evil.so LD_AUDIT=/home/evil/evil.so BASH_ENV=/home/evil/env.sh ENV=/home/evil/env.sh SHELL=/home/evil/sudo PATH=/home/evil:/usr/bin:/bin SUDO_UID=1235 PODCTL=1'
send() { login "$1" -o "SetEnv $variables" -- "$2" > /dev/null 2>&1; }
all='bash -c "bash -c true; true"; sudo -V'
send carol "$all"
check_equal "variables sent (SetEnv), without a jail" "loaded env " "$(evil)"
send bob "$all"
check_equal "... with one" "" "$(evil)"
check_equal "... and none gets in" "" "$(login bob -o "SetEnv $variables LANG=x LC_ALL=y" -- env | grep -E 'evil|SUDO|PODCTL|LANG|LC_')"
for user in bob carol; do
	tr ' ' '\n' <<< "$variables" | put_file "/home/$user/.ssh/environment"
	put_file "/home/$user/.ssh/rc" <<< 'touch /home/evil/rc'
done
run_as carol "$all" > /dev/null 2>&1
check_equal "files environment and rc in .ssh, without a jail" "loaded env path rc " "$(evil)"
run_as bob "$all" > /dev/null 2>&1
check_equal "... with one" "" "$(evil)"
inside sh -c 'rm /home/*/.ssh/environment /home/*/.ssh/rc'
as bob env LD_PRELOAD=/home/evil/evil.so BASH_ENV=/home/evil/env.sh "$JAIL_BIN/podctl-shell" -c true
check_equal "podctl-shell itself takes no notice" "" "$(evil)"
check_equal "\$SHELL -c, exec, another shell: in the container" "jail-bob-host1 jail-bob-host1 jail-bob-host1" \
	"$(run_as bob '$SHELL -c hostname; sh -c "exec hostname"; busybox ash -c hostname' | tr '\n' ' ' | sed 's/ $//')"
check_equal "scp -S runs its program in the container" jail-bob-host1 \
	"$(run_as bob 'printf "#!/bin/sh\nhostname > ~/by-scp\n" > s; chmod 755 s; scp -S ~/s s there: 2> /dev/null; cat by-scp')"

note "sudo"
enter() { local user=$1; shift; as "$user" sudo -n "$@" < /dev/null; }
check_equal "the one program" jail-bob-host1 "$(enter bob "$JAIL_BIN/podctl-enter" -c hostname)"
check_equal "... of the caller, whatever else he says" "uid=1234(bob)" \
	"$(as bob env SUDO_UID=1237 SUDO_GID=1237 SUDO_USER=opal sudo -n "$JAIL_BIN/podctl-enter" -c 'id' < /dev/null | cut -d' ' -f1)"
check_status "... with other arguments" 1 'usage' enter bob "$JAIL_BIN/podctl-enter" --user=root -c id
check_status "... as somebody else" 1 'not allowed|password' enter bob -u opal "$JAIL_BIN/podctl-enter"
check_status "... with a variable" 1 'not allowed' enter bob LD_PRELOAD=/home/evil/evil.so "$JAIL_BIN/podctl-enter" -c true
check_status "... with descriptors" 1 'not permitted|not allowed|override' enter bob -C 20 "$JAIL_BIN/podctl-enter" -c true
check_status "another program" 1 'password|not allowed' enter bob "$JAIL_BIN/podctl" jail rm bob
check_status "another's, without a jail" 1 'password|not allowed' enter carol "$JAIL_BIN/podctl-enter"
inside sh -c 'printf "%s\n" "carol ALL=(root) NOPASSWD: $1/podctl-enter" "dave ALL=(root) NOPASSWD: $1/podctl *" > /etc/sudoers.d/loose' sh "$JAIL_BIN"
check_status "... even where sudo lets carol" 1 'has no jail' enter carol "$JAIL_BIN/podctl-enter" -c id
check_status "root has none" 1 'is for users with a jail' inside "$JAIL_BIN/podctl-enter" -c id

note "the pod of a jail"
put_file /home/dave/mine.yml <<< 'containers: { app: { image: busybox, command: [sleep, "1000"] } }'
put_file /home/dave/jail_bob.yml <<< 'containers: { shell: { image: busybox, command: [sleep, "1000"], mounts: [{ source: home, target: /m }] } }'
inside chown dave: /home/dave/mine.yml /home/dave/jail_bob.yml
before=$(inside docker inspect -f '{{.Id}} {{.State.StartedAt}}' jail_bob jail_bob.shell)
check "whom sudo lets run podctl on all pods may" enter dave "$JAIL_BIN/podctl" /home/dave/mine.yml
for command in "/home/dave/jail_bob.yml" "down jail_bob" "exec shell jail_bob" "status jail_bob" "logs jail_bob"; do
	# shellcheck disable=SC2086
	check_status "... but not on a jail's: ${command%% *}" 1 'jail' enter dave "$JAIL_BIN/podctl" $command
done
check_status "... nor end a jail" 1 'only for root' enter dave "$JAIL_BIN/podctl" jail rm bob
check_equal "it is as it was" "$before" "$(inside docker inspect -f '{{.Id}} {{.State.StartedAt}}' jail_bob jail_bob.shell)"
check_equal "bob sees nothing of opal's jail" "bob" "$(run_as bob 'ls /home; cat /home/opal/x 2> /dev/null')"
check_equal "... nor of the host's processes" 0 "$(run_as bob 'ps' | grep -cE 'sshd|dockerd')"

note "a password does not get round it"
inside sh -c 'printf "bob:pass\ncarol:pass\n" | chpasswd'
su_as_dave() { as dave sh -c 'echo pass | su -s /bin/sh "$1" -c hostname 2> /dev/null' sh "$1"; }
check_equal "su -s of another's shell, without a jail" host1 "$(su_as_dave carol)"
check_equal "... with one" jail-bob-host1 "$(su_as_dave bob)"
chsh_as() { as "$1" sh -c 'echo pass | chsh -s /bin/bash'; }
check_status "chsh, without a jail" 0 '' chsh_as carol
check_status "... with one" 1 'may not change' chsh_as bob

e2e_end

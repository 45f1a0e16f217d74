#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Logins of users with a jail, by a real sshd, su and login: they land in the container, and find
# there what they expect of a login.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh
. tests/e2e/lib_jail.sh

e2e_begin
jail_host
check "a jail" jail add --image jail bob
inside sh -c 'echo secret > /etc/host-only && chmod 644 /etc/host-only'

note "ssh host command"
check_equal "in the container, as the user" "uid=1234(bob) gid=1234(bob) groups=1234(bob) jail-bob-host1 /home/bob" \
	"$(run_as bob 'echo $(id) $(hostname) $PWD')"
for status in 0 7 255; do
	run_as bob "exit $status"
	check_equal "exit status $status" $status $?
done
head -c 2000000 /dev/urandom > "$SANDBOX/bytes"
check_equal "8-bit clean, both ways, to the end" "$(sha256sum < "$SANDBOX/bytes")" \
	"$(run_as bob cat < "$SANDBOX/bytes" | sha256sum)"
check_equal "errors apart from output" err "$(run_as bob 'echo out; echo err >&2' 2>&1 > /dev/null)"
check_equal "nothing on the host interprets the command" \
	$'a  b $HOME `id` ; | > \\ \' " *\n--flag \xc3\xa9' "$(run_as bob $'cat <<\'E\'\na  b $HOME `id` ; | > \\ \' " *\n--flag \xc3\xa9\nE')"
check_equal "a shell without a terminal" 42 "$(echo 'echo $((6 * 7))' | login bob -T)"
check_equal "of the environment nothing of the host's" "HOME=/home/bob LOGNAME=bob SHELL=/bin/bash USER=bob" \
	"$(run_as bob env | grep -vE '^(PATH|HOSTNAME|PWD|SHLVL|_)=' | sort | tr '\n' ' ' | sed 's/ $//')"

note "files"
copy() { inside timeout 30 "$1" -F /root/ssh_config "${@:2}"; }
inside cp "$SANDBOX/bytes" /root/bytes
check "scp to it" copy scp /root/bytes bob@127.0.0.1:sent
check "scp from it" copy scp bob@127.0.0.1:sent /root/back
check "... unchanged" inside cmp /root/bytes /root/back
check "scp by its old protocol" copy scp -O bob@127.0.0.1:sent /root/back2
check "... unchanged" inside cmp /root/bytes /root/back2
check_equal "it is in the jail's home, and not in the host's" "/srv/pods/jail_bob/home/sent" \
	"$(inside find /home /srv/pods -name sent)"
sftp_as() { inside timeout 30 sh -c 'cat > /run/batch; sftp -q -F /root/ssh_config -b /run/batch "$1"@127.0.0.1' sh "$1"; }
check_status "sftp, though sshd would serve the host's files" 0 'directory: /home/bob' sftp_as bob <<< pwd
check_status "... which it does without a jail" 0 '' sftp_as carol <<< 'get /etc/host-only /run/control'
check_status "... but not with one" 1 'not found|No such file' sftp_as bob <<< 'get /etc/host-only /run/got'
check "what carol got is the host's" inside grep -q secret /run/control
check_equal "a link in the home leads to the container's files" "no such file" \
	"$(run_as bob 'ln -s /etc/host-only link; ln -s / up; ln -s /proc/1/root root; ln -s /srv/pods pods; cat link up/etc/host-only root/etc/host-only || echo no such file' 2> /dev/null)"
check_status "... by sftp too" 1 'not found|No such' sftp_as bob <<< 'get link /run/got'
check_status "... by scp too" 1 'No such' copy scp bob@127.0.0.1:up/etc/host-only /run/got
check "... none was copied" inside test ! -e /run/got

note "terminals"
cat > "$SANDBOX/drive.py" <<'END'
import os, pty, re, select, signal, sys, time
def drive(steps, argv):
    """steps: (wait for this pattern, then send that); prints what came"""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-test"
        os.execvp(argv[0], argv)
    data = b""; status = None; end = time.monotonic() + 25
    for pattern, send in steps + [(None, None)]:
        while pattern is None or not re.search(pattern, data):
            if time.monotonic() > end:
                os.kill(pid, signal.SIGKILL); os.waitpid(pid, 0)
                print("wanted %r, got %r" % (pattern, data)); sys.exit(9)
            try:
                if select.select([fd], [], [], 0.1)[0]:
                    new = os.read(fd, 65536)
                    if not new: raise OSError
                    data += new
            except OSError:
                _, status = os.waitpid(pid, 0)
                return data, os.waitstatus_to_exitcode(status)
        if send == "wait":
            time.sleep(1); send = None
        if send == "drop":
            time.sleep(3)
            os.kill(pid, signal.SIGKILL); os.waitpid(pid, 0); os.close(fd)
            return data, 0
        if send:
            data = data[re.search(pattern, data).end():] if pattern is not None else data
            os.write(fd, send)
steps = eval(sys.argv[1])
data, status = drive(steps, sys.argv[2:])
print(re.sub(r"[^ -~\n]", "", data.decode(errors="replace"))[-400:])
sys.exit(status)
END
drive() { inside timeout 40 /usr/bin/python3 "$SANDBOX/drive.py" "$@"; }
where='b"echo at-$(hostname)-$TERM; exit 5\n"'
check_status "ssh: a terminal, a login shell, TERM" 5 'at-jail-bob-host1-xterm-test' \
	drive "[(b'[#$] ', $where)]" "${SSH[@]}" -S none bob@127.0.0.1
check_status "ssh -t command" 0 '/dev/pts/' drive '[]' "${SSH[@]}" -S none -t bob@127.0.0.1 tty
check_status "su - bob" 5 'at-jail-bob-host1' drive "[(b'[#$] ', $where)]" su - bob
check_status "login" 0 'at-jail-bob-host1' drive "[(b'[#$] ', $where)]" login -f bob
check_equal "su -c" jail-bob-host1 "$(inside su - bob -c hostname)"
check_status "^Z stops what runs in the container, and fg goes on with it" 3 'exit' \
	drive "[(b'[#$] ', b'sleep 4\n'), (b'', 'wait'), (b'', b'\x1a'), (b'Stopped', b'fg; echo \$((6*7))d\n'), (b'42d', b'exit 3\n')]" \
	"${SSH[@]}" -S none bob@127.0.0.1
check_status "^Z, ^C and ^\\ before the shell is there lead nowhere" 5 'at-jail-bob|^$' \
	drive "[(b'', b'\x1a\x1a'), (b'[#$] ', $where)]" "${SSH[@]}" -S none bob@127.0.0.1
check_status "... by su neither" 5 'at-jail-bob|^$' drive "[(b'', b'\x1a\x1a'), (b'[#$] ', $where)]" su - bob

note "what ends with the connection"
running() { inside docker top jail_bob.shell -o pid,args 2> /dev/null | grep -c " sleep $1$"; }
entered() { inside pgrep -f "^$JAIL_BIN/podctl-enter" --ns "$(inside cat /run/sshd.pid)" --nslist mnt; }
inside sh -c 'echo $$ > /run/ssh.pid; exec "$@"' sh "${SSH[@]}" -S none bob@127.0.0.1 'sleep 7001' < /dev/null &
check "a command runs" wait_for 10 eval '[ "$(running 7001)" = 1 ]'
check "... for which a process of ours is on the host" entered
kill -KILL "$(inside cat /run/ssh.pid)"
check "... and ends with its connection" wait_for 10 eval '[ "$(running 7001)" = 0 ]'
drive "[(b'[#$] ', b'sleep 7002\n'), (b'', 'drop')]" "${SSH[@]}" -S none bob@127.0.0.1 > /dev/null &
check "the same at a terminal" wait_for 10 eval '[ "$(running 7002)" = 1 ]'
check "... ends with it" wait_for 10 eval '[ "$(running 7002)" = 0 ]'
inside "${SSH[@]}" -S none bob@127.0.0.1 'exec head -c 100000000 /dev/zero' 2> /dev/null | head -c 1000 > /dev/null
check "nothing of ours is left on the host" wait_for 10 not entered

note "started when needed"
check "the pod is taken down" inside "$JAIL_BIN/podctl" --quiet down jail_bob
run_as bob 'echo $(hostname)' > "$SANDBOX/first" &
first=$!
check_equal "two logins at once start it" "jail-bob-host1" "$(run_as bob hostname)"
wait $first
check_equal "... and both are in" "jail-bob-host1" "$(cat "$SANDBOX/first")"
check_equal "what was in the home still is" sent "$(run_as bob 'ls sent')"
run_as bob 'kill -9 -1' > /dev/null 2>&1
check_equal "who kills all that he can comes in again" "jail-bob-host1" "$(wait_for 10 eval 'run_as bob true'; run_as bob hostname)"
# 64 others hold their places
inside /usr/bin/python3 -c 'import fcntl, os, struct, time
f = open("/run/podctl/jails/bob", "r+")
fcntl.fcntl(f, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 64, 0))
print(os.getpid(), file=open("/run/full", "w"), flush=True)
time.sleep(20)' &
full=$!
wait_for 10 inside test -e /run/full
check_status "more than 64 sessions are refused" 1 '64 sessions of bob are open' run_as bob true
kill "$(inside cat /run/full)"
wait $full 2> /dev/null
check_equal "... and later let in again" jail-bob-host1 "$(run_as bob hostname)"
e2e_end

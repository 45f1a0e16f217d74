#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# podctl exec: pipes and a real terminal at its ends, exit statuses, how it ends, and whose rights.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
put_config <<'END'
mount_root: /srv/pods
guard: {required: false}
pods:
  mine: {owners: [bob]}
END
for pod in web mine; do
	put_file "/root/$pod.yml" <<'END'
containers:
  app: {image: busybox, command: sleep 9999}
  done: {image: busybox, command: "true"}
END
done
check "a pod" podctl /root/web.yml
check "another" podctl /root/mine.yml
inside docker run -d --name stranger busybox sleep 9999 > /dev/null

run() { podctl exec "$@"; }
check_equal "output" hello "$(run app web -- echo hello)"
check_equal "errors apart from output" "out" "$(run app web -- sh -c 'echo out; echo err >&2' 2> /dev/null)"
check_equal "... and the reverse" "err" "$(run app web -- sh -c 'echo out; echo err >&2' 2>&1 > /dev/null)"
check_equal "a file names the pod too" hello "$(run app /root/web.yml -- echo hello)"
for status in 0 7 255; do
	run app web -- sh -c "exit $status"
	check_equal "exit status $status" $status $?
done
run app web -- sh -c 'kill -KILL $$'
check_equal "128 and the signal" 137 $?
run app web -- /no/such/program > /dev/null 2>&1
check_equal "a command that is not there: not 0" 1 $(($? != 0))
check_equal "no terminal without one" "not a tty" "$(run app web -- tty)"
check_equal "arguments stay as they are" '-l|a b|$HOME|' "$(run app web -- sh -c 'printf "%s|" "$@"' x -l 'a b' '$HOME')"
run app web -- touch /tmp/named
# left out it would be another command: rm /tmp/named
check_status "a word that can't be said to the engine is not left out" 1 'UTF-8' run app web -- rm -f $'/tmp/\xff' /tmp/named
check_status "... nor a variable" 1 'UTF-8' run -e $'A=\xff' app web -- rm /tmp/named
check_status "... nor the folder" 1 'UTF-8' run -w $'/tmp\xff' app web -- rm /tmp/named
check_equal "... and nothing was done instead; what can be said is" "/tmp/named é è" \
	"$(run -e A=é app web -- sh -c 'echo /tmp/n*d "$A" "$1"' x è)"
check_equal "user and folder" "1000 /tmp" "$(run -u 1000 --workdir=/tmp app web -- sh -c 'echo $(id -u) $(pwd)')"
check_equal "environment: what is asked for, nothing of ours" "A=b=c" \
	"$(inside env SECRET=x LANG=y "$BUILD/podctl" exec -e A=b=c --env 'B=' app web -- env | grep -E '^(A|SECRET|LANG|TERM)=')"
check_equal "the end of input is passed on" 5 "$(printf 12345 | run app web -- wc -c)"
head -c 3000000 /dev/urandom > "$SANDBOX/bytes"
check_equal "8-bit clean, both ways" "$(sha256sum < "$SANDBOX/bytes")" \
	"$(run app web -- cat < "$SANDBOX/bytes" | sha256sum)"
check_equal "a reader that leaves early ends it" y "$(timeout 20 "$SANDBOX_CMD" exec "$SANDBOX" -- "$BUILD/podctl" exec app web -- yes | head -n 1)"
check_equal "a shell by itself" 42 "$(echo 'echo $((6 * 7))' | run app web)"

# the walls of the container stand around it
status() { run app web -- grep -E '^(NoNewPrivs|Seccomp|CapBnd):' /proc/self/status; }
pid=$(container_pid web.app)
check_equal "no new privileges, seccomp and capabilities as the container's" \
	"$(grep -E '^(NoNewPrivs|Seccomp|CapBnd):' "/proc/$pid/status")" "$(status)"
check_status "... which are on" 0 'NoNewPrivs:.*1' status
check_equal "in its cgroup" "$(sed 's/.*:.*://' "/proc/$pid/cgroup" | sort -u)" \
	"$(run app web -- cat /proc/self/cgroup > "$SANDBOX/cgroup"; inside sh -c "cat /proc/$pid/cgroup" | sed 's/.*:.*://' | sort -u)"

# one guardian, whatever comes
inside sh -c 'echo $$ > /run/exec.pid; exec "$@"' sh "$BUILD/podctl" exec app web -- sleep 3 < /dev/null &
sleep 1.5
check_equal "one process watches over it" 1 "$(ps -o pid= --ppid "$(inside cat /run/exec.pid)" | wc -l)"
wait

# how it ends
left() { inside docker top web.app -o pid,args 2> /dev/null | grep -c "[s]leep $1"; }
for signal in TERM HUP INT KILL; do
	n=10$(kill -l $signal)
	inside sh -c 'echo $$ > /run/exec.pid; exec "$@"' sh "$BUILD/podctl" exec app web -- sleep "$n" < /dev/null &
	job=$!
	wait_for 5 test "$(left "$n")" = 1 || wait_for 5 eval '[ "$(left "$n")" = 1 ]' || fail "sleep $n runs"
	# the guardian comes once the process is known
	sleep 0.2
	kill -s $signal "$(inside cat /run/exec.pid)"
	wait $job
	status=$?
	[ $signal = KILL ] || check_equal "SIG$signal: exit status" $((128 + $(kill -l $signal))) $status
	check "SIG$signal ends the process in the container" wait_for 5 eval '[ "$(left "$n")" = 0 ]'
done
check_equal "the container itself runs on" running "$(inside docker inspect -f '{{.State.Status}}' web.app)"

# a real terminal
cat > "$SANDBOX/drive.py" <<'END'
import fcntl, os, pty, re, signal, struct, sys, termios, time
def size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
master, slave = pty.openpty()
size(slave, 40, 100)
before = termios.tcgetattr(slave)
pid = os.fork()
if pid == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in 0, 1, 2:
        os.dup2(slave, fd)
    os.close(master)
    os.environ["TERM"] = "xterm-test"
    os.execv(sys.argv[1], [sys.argv[1]] + sys.argv[2:])
data = b""
def expect(pattern, seconds=10):
    global data
    os.set_blocking(master, False)
    end = time.monotonic() + seconds
    while not re.search(pattern, data):
        if time.monotonic() > end:
            print("wanted %r, got %r" % (pattern, data))
            os.kill(pid, signal.SIGKILL)
            sys.exit(9)
        try:
            data += os.read(master, 65536)
        except (BlockingIOError, OSError):
            time.sleep(0.01)
    data = data[re.search(pattern, data).end():]
expect(rb"[#$] ")
raw = termios.tcgetattr(slave)
print("raw", not raw[3] & termios.ICANON and not raw[3] & termios.ECHO)
os.write(master, b"echo $TERM-$((6*7)); stty size; tty\n")
expect(rb"xterm-test-42\r\n")
expect(rb"40 100\r\n")
expect(rb"/dev/pts/\d+\r\n")
size(master, 50, 120)
os.kill(pid, signal.SIGWINCH)
time.sleep(0.3)
os.write(master, b"stty size\n")
expect(rb"50 120\r\n")
print("resized True")
# keys go there, not here: ^C ends what runs in the container only
os.write(master, b"sleep 100; echo after-$?\n")
time.sleep(0.3)
os.write(master, b"\x03")
os.write(master, b"echo st'i'll\n")
expect(rb"\nstill\r\n")
print("interrupt True")
took = []
for i in range(50):
    start = time.monotonic()
    os.write(master, b"x")
    while True:
        try:
            if os.read(master, 100): break
        except BlockingIOError:
            pass
    took.append(time.monotonic() - start)
took.sort()
print("# a byte typed comes back in %.2f ms median" % (took[25] * 1000))
print("fast", took[25] < 0.005)
os.write(master, b"\x15exit 5\n")
for i in range(500):
    done, status = os.waitpid(pid, os.WNOHANG)
    if done: break
    try: os.read(master, 65536)
    except (BlockingIOError, OSError): pass
    time.sleep(0.01)
print("status", os.WEXITSTATUS(status))
print("restored", termios.tcgetattr(slave) == before)
END
out=$(inside /usr/bin/python3 "$SANDBOX/drive.py" "$BUILD/podctl" exec app web 2>&1)
note "$(grep '^#' <<< "$out")"
check_equal "a terminal: raw, size, resize, keys, status, put back" \
	"$(printf 'raw True\nresized True\ninterrupt True\nfast True\nstatus 5\nrestored True')" "$(grep -v '^#' <<< "$out")"

# what is refused
check_status "a container of nobody's" 1 'pod web has no container stranger' run stranger web -- id
check_status "the name of another's container" 1 'no container|name' run ../stranger web -- id
check_status "one that has ended" 1 'is exited' run 'done' web -- id
check_status "a pod that is not there" 1 'pod nosuch is not there' run app nosuch -- id
check_status "an option without a value" 1 'wants a value' run -u
check_status "no variable" 1 'NAME=VALUE' run -e =x app web -- env
check_status "options of exec elsewhere" 1 "does not take" podctl status --user=0 web
inside sh -c 'echo "bob ALL=(root) NOPASSWD: $1" > /etc/sudoers.d/exec && chmod 440 /etc/sudoers.d/exec' sh "$BUILD/podctl"
check_status "sudo: the pod's owner may" 0 '^uid=0' as bob sudo -n "$BUILD/podctl" exec app mine -- id
check_status "sudo: a user's pipes get no wider than he may make them" 0 '^([0-9]+) \1$' as bob \
	/usr/bin/python3 "$REPO/tests/e2e/files/pipes.py" sudo -n "$BUILD/podctl" exec app mine -- true
check_status "sudo: another user may not" 1 'not allowed|password|not one of its owners|sudo' as carol sudo -n "$BUILD/podctl" exec app mine -- id
check_status "sudo: a command in a pod without owners" 1 'wants? .*owners|needs pods.web.owners' as bob sudo -n "$BUILD/podctl" exec app web -- id
check_equal "sudo: a shell in it is for sudoers to say" 42 "$(echo 'echo 42' | as bob sudo -n "$BUILD/podctl" exec app web)"
put_config <<'END'
mount_root: /srv/pods
guard: {required: false}
policy: {allow_root_user: false}
END
for user in 0 root 00:5 -0 nobody; do
	check_status "policy: as $user" 1 'policy|must be' run -u "$user" app web -- id
done
check_equal "policy: as another" 1000 "$(run -u 1000 app web -- id -u)"

# as fast as docker exec
seconds() { local start=$EPOCHREALTIME; "$@" > /dev/null; echo "$start $EPOCHREALTIME" | awk '{print $2 - $1}'; }
pump() { inside sh -c 'head -c 100000000 /dev/zero | "$@" | wc -c' sh "$@"; }
check_equal "100 MB through cat are whole" 100000000 "$(pump "$BUILD/podctl" exec app web -- cat)"
ours=99 theirs=99
for _ in 1 2 3; do
	t=$(seconds pump "$BUILD/podctl" exec app web -- cat)
	ours=$(awk "BEGIN {print $t < $ours ? $t : $ours}")
	t=$(seconds pump docker exec -i web.app cat)
	theirs=$(awk "BEGIN {print $t < $theirs ? $t : $theirs}")
done
note "100 MB through cat: podctl exec $ours s, docker exec -i $theirs s"
check "100 MB through cat is not slower than by docker exec (1.6: this machine is busy)" awk "BEGIN {exit !($ours <= $theirs * 1.6)}"
e2e_end

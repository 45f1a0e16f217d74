#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# podctl exec under programs that ask much of a terminal: a real tmux around it, another one in the
# container, an editor and a pager. What is on the screen is what tmux says is there.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
put_config <<'END'
mount_root: /srv/pods
network_name: pods
guard: {required: false}
END
# tmux for the container: Debian's, with the libraries, terminals and locale that it wants
tree=$SANDBOX/image
mkdir -p "$tree/root"
ldd /usr/bin/tmux | grep -oE '/[^ ]*\.so[^ ]*' | sort -u | xargs cp --parents -L -t "$tree/root" /usr/bin/tmux
cp -r --parents -t "$tree/root" /lib/terminfo /usr/lib/locale/C.utf8
tar -C "$tree/root" --owner=0 --group=0 -cf "$tree/root.tar" .
printf 'FROM busybox\nADD root.tar /\n' > "$tree/Dockerfile"
inside env DOCKER_BUILDKIT=0 docker build -q -t tmux "$tree" > /dev/null 2>&1 || fail "an image with tmux"
put_file /root/web.yml <<'END'
containers: { app: { image: tmux, update_image: false, command: [tail, -f, /dev/null], environment: { PS1: "ready> " } } }
END
check "a pod" podctl --quiet /root/web.yml

# the tmux around it: a window of 30 lines and 100 columns, and one line of its own below
tmux() { inside env LC_ALL=C.UTF-8 tmux -f /dev/null -S /run/tmux.sock "$@"; }
screen() { tmux capture-pane -p -t s; }
on_screen() { screen | grep -qE -- "$1"; }
shows() { # NAME PATTERN
	if wait_for 10 on_screen "$2"; then pass "$1"; else fail "$1: no $2"; screen | sed 's/^/#   /'; fi
}
window() { # COMMAND...: a new one, with the exit status on its screen in the end
	tmux kill-server 2> /dev/null
	wait_for 5 not tmux ls
	inside sh -c 'printf "%s\n" "stty sane" "$*" "echo status-\$?" "exec sleep 100" > /run/window.sh' sh "$@"
	tmux new-session -d -s s -x 100 -y 30 'sh /run/window.sh'
}
keys() { tmux send-keys -t s "$@"; }
resize() { tmux resize-window -t s -x "$1" -y "$2"; }
exec_in="$BUILD/podctl exec -e LC_ALL=C.UTF-8 app web"

note "tmux around it"
window "$exec_in"
shows "a shell" 'ready>'
keys 'stty size; echo $TERM-' Enter
shows "the window's size" '^(29|30) 100'
shows "TERM is tmux's" '^(tmux|screen)[-a-z0-9]*-$'
resize 70 20
keys 'clear; stty size' Enter
shows "a change of it" '^(19|20) 70'
keys 'printf "\033[5;10Hat five\033[1;1H"; sleep 1' Enter
check "the cursor goes where the program says" wait_for 5 eval '[[ $(screen | sed -n 5p) == "         at five"* ]]'
keys 'exit 7' Enter
shows "the exit status" 'status-7'

note "keys that the engine keeps for itself, unless it is told others"
window "$exec_in -- sh -c 'stty raw -echo; echo up; head -c 4 | od -An -tx1'"
shows "a command" '^up'
for key in C-p C-q "C-\\" x; do
	keys "$key"
	sleep 0.2
done
shows "^P and ^Q reach it, and ^\\ with the next key" '10 11 1c 78'
shows "... and do not end it" 'status-0'

note "an editor and a pager"
window "$exec_in"
shows "a shell" 'ready>'
keys 'vi /tmp/file' Enter
shows "vi fills the window" '^~'
keys i 'one' Enter 'two' Escape
shows "... takes keys" '^two'
sleep 0.5 # an escape is a key of its own only where nothing follows at once
keys ':wq' Enter
check "... and leaves" wait_for 5 not on_screen '^~'
check_equal "... what was typed is in the file" "one two" "$(inside docker exec web.app cat /tmp/file | tr '\n' ' ' | sed 's/ $//')"
keys 'clear; seq 1000 | less' Enter
shows "less shows the first lines" '^28$'
keys G
shows "... and the last, with one key" '^1000$'
keys q
keys 'exit' Enter
shows "all is put back" 'status-0'

note "tmux in the container"
window "$exec_in -- tmux new-session -s inner"
shows "one within the other: its status line" '^\[inner\]'
keys 'echo in-$TERM-$((6*7)); stty size' Enter
shows "its own terminal" '^in-(tmux|screen)[-a-z0-9]*-42'
shows "one line less" '^(28|29) 100'
resize 90 25
sleep 1 # it comes through two tmux, each in its own time
keys 'clear; stty size' Enter
shows "a change of size goes through both" '^(23|24) 90'
keys 'clear; echo kept' Enter
shows "something on its screen" '^kept'
keys C-b d
shows "detached: the command has ended, well" 'status-0'
window "$exec_in -- tmux attach -t inner"
shows "attached again: it was all there" '^kept'
tmux kill-server
check "a terminal that is gone ends the client, not the server" wait_for 10 eval \
	'[ "$(inside docker exec web.app ps | grep -c "tmux attach")" = 0 ] && inside docker exec -e LC_ALL=C.UTF-8 web.app tmux has-session -t inner'
e2e_end

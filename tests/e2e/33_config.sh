#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Edits of the configuration are in force at once, however they are made: in place, by rename,
# behind links and in directories that are exchanged. What is not valid, or not root's, changes
# nothing and is told with its place.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin --no-engine
file=/etc/netguard.yml
# config PORT: a valid configuration that is told from others by the port on its whitelist
config() { printf 'mount_root: /srv/pods\nport_whitelist: { %s: web }\nguard: { allowed_users: [root] }\n' "$1"; }
whitelist() { inside nft list set inet netguard port_whitelist | grep -oE 'tcp \. [0-9]+' | grep -oE '[0-9]+$'; }
is_whitelist() { [ "$(whitelist)" = "$1" ]; }
problem() { inside "$BUILD/netguard" status --json | jq -r '.configuration.problem // ""'; }
problem_is() { grep -qE -- "$1" <<< "$(problem)"; }
no_problem() { [ -z "$(problem)" ]; }
start() {
	inside sh -c 'echo $$ > /run/netguard.pid; exec "$@" >> "$0" 2>&1' "$SANDBOX/netguard.log" \
		"$BUILD/netguard" run &
	wait_for 10 inside "$BUILD/netguard" status
}
config 1 | put_config
start
check "the file as it was at the start" is_whitelist 1

# edit NAME SHELL-COMMANDS: they put port N on the whitelist, in $file or what it leads to
N=1
TOOK=()
edit() {
	local ms
	N=$((N + 1))
	config "$N" | inside sh -c 'cat > /root/next.yml'
	# the time from the end of the edit until the kernel lists it, listing included
	ms=$(inside bash -c 'eval "$3" || exit; at=${EPOCHREALTIME/./}
		for ((i = 0; i < 1000; i++)); do
			case $(nft list set inet netguard port_whitelist) in
			*"tcp . $2 "*) echo $(((${EPOCHREALTIME/./} - at) / 1000)); exit ;;
			esac
			[ $((${EPOCHREALTIME/./} - at)) -lt 2000000 ] || exit
		done' edit "$file" "$N" "f=$file n=$N; $2" 2> "$SANDBOX/edit.log")
	if [ -n "$ms" ] && [ "$ms" -lt 1000 ]; then
		pass "$1: in force"
		TOOK+=("$ms")
	else
		fail "$1: not in force${ms:+ within a second, but after $ms ms}: $(cat "$SANDBOX/edit.log")"
	fi
}

note "editors"
edit "sed -i" 'sed -i "s/{ [0-9]*: web }/{ $n: web }/" "$f"'
edit "cp, in place" 'cp /root/next.yml "$f"'
edit "mv over it" 'cp /root/next.yml "$f.x" && mv "$f.x" "$f"'
edit "removed and written again" 'rm "$f" && cp /root/next.yml "$f"'
edit "appended and cut, in place" 'cat /root/next.yml >> "$f" && cat /root/next.yml > "$f"'
for how in yes no; do
	command -v vim > /dev/null || { skip "vim, backupcopy=$how" "no vim"; continue; }
	edit "vim, backupcopy=$how" "vim -Nu NONE -es -c 'set backupcopy=$how backup' -c '%s/{ [0-9]*: web }/{ '\$n': web }/' -c wq \"\$f\" < /dev/null"
done
edit "by a hard link from elsewhere" 'cp /root/next.yml /etc/other.yml && ln -f /etc/other.yml "$f" && rm /etc/other.yml'

note "a link to a checkout"
command -v git > /dev/null || skip "git checkout" "no git"
inside sh -c 'mkdir -p /srv/repo/conf && mv "$1" /srv/repo/conf/netguard.yml && ln -s ../srv/repo/conf/netguard.yml "$1"' sh "$file"
edit "in place, through the link" 'cat /root/next.yml > "$f"'
edit "sed -i beside the link" 'sed -i "s/{ [0-9]*: web }/{ $n: web }/" /srv/repo/conf/netguard.yml'
if command -v git > /dev/null; then
	inside sh -c 'cd /srv/repo && git init -q . && git config user.email a@b && git config user.name a && git add . &&
		git commit -qm one && git branch before' || fail "a checkout"
	edit "git commit and checkout" 'cd /srv/repo && cp /root/next.yml conf/netguard.yml && git commit -qam two &&
		git checkout -q before && git checkout -q -'
fi
edit "another directory is renamed to the link's" 'cp -a /srv/repo/conf /srv/repo/new && cp /root/next.yml /srv/repo/new/netguard.yml &&
	mv /srv/repo/conf /srv/repo/old && mv /srv/repo/new /srv/repo/conf'
edit "... and in it" 'cat /root/next.yml > /srv/repo/conf/netguard.yml'
inside sh -c 'cp /root/next.yml /srv/repo/old/netguard.yml && sed -i "s/web/db/" /srv/repo/old/netguard.yml'
check "an edit in the old one is none" is_whitelist "$N"
edit "a directory above is exchanged" 'cp -a /srv/repo /srv/repo2 && cp /root/next.yml /srv/repo2/conf/netguard.yml &&
	mv /srv/repo /srv/gone && mv /srv/repo2 /srv/repo'

note "releases behind a link above the file"
inside sh -c 'mkdir -p /srv/releases/a /srv/releases/b && cp /root/next.yml /srv/releases/a/netguard.yml &&
	ln -s releases/a /srv/current && ln -sfn /srv/current/netguard.yml "$1"' sh "$file"
edit "edited in the release" 'cat /root/next.yml > /srv/releases/a/netguard.yml'
edit "the next release: the link replaced" 'cp /root/next.yml /srv/releases/b/netguard.yml && ln -s releases/b /srv/next &&
	mv -T /srv/next /srv/current'
edit "... removed and made" 'cp /root/next.yml /srv/releases/a/netguard.yml && rm /srv/current && ln -s releases/a /srv/current'
inside mv /srv/releases /srv/away
check "the link leads nowhere: told" wait_for 2 problem_is 'No such file'
check "... and nothing changed" is_whitelist "$N"
edit "a new directory where it leads" 'mkdir -p /srv/releases/a && cp /root/next.yml /srv/releases/a/netguard.yml'
check "... and all is well" wait_for 2 no_problem
inside sh -c 'rm "$1" && cp /root/next.yml "$1"' sh "$file"
edit "the link replaced by a file" 'cp /root/next.yml "$f"'

note "what is no file of root's"
inside sh -c 'mv "$1" "$1.kept" && mkdir "$1"' sh "$file"
check "a directory in its place: told" wait_for 2 problem_is 'not a regular file'
check "... and nothing changed" is_whitelist "$N"
edit "... and the file again" 'rmdir "$f" && cp /root/next.yml "$f"'
refused() { # NAME PATTERN COMMAND
	inside sh -c "$3" sh "$file"
	check "$1: told" wait_for 2 problem_is "$2"
	check "... and nothing changed" is_whitelist "$N"
}
refused "another user's file" 'belongs to user 1234' 'sed "s/{ [0-9][0-9]*/{ 9999/" "$1" > /root/bob.yml && chown bob /root/bob.yml && mv /root/bob.yml "$1"'
edit "... and root's again" 'cp /root/next.yml "$f" && chown root "$f"'
refused "a file that others may write" 'writable' 'sed "s/{ [0-9][0-9]*/{ 9999/" "$1" > /root/any.yml && chmod o+w /root/any.yml && mv /root/any.yml "$1"'
check "status shows it" grep -qF 'writable' <<< "$(inside "$BUILD/netguard" status)"
edit "... and may not" 'cp /root/next.yml "$f" && chmod go-w "$f"'
refused "a file that the daemon's user may not read" 'the user _netguard must be able to read it: chmod 644 /etc/netguard.yml' \
	'sed "s/{ [0-9][0-9]*/{ 9999/" "$1" > /root/own.yml && chmod 600 /root/own.yml && mv /root/own.yml "$1"'
check_status "... of which check warns root" 0 'warning: the daemon cannot read it: the user _netguard .* chmod 644' inside "$BUILD/netguard" check
check_status "... but not where it is a draft" 0 '^every pod' inside sh -c '"$1" check /etc/./netguard.yml 2> /root/warned; grep -q _netguard /root/warned && exit 3; "$1" check /etc/./netguard.yml 2> /dev/null' sh "$BUILD/netguard"
edit "... and may" 'cp /root/next.yml "$f" && chmod 644 "$f"'
refused "no file" 'No such file' 'rm "$1"'
edit "... and one again" 'cp /root/next.yml "$f"'

note "what is not valid"
lines_of() { grep -c "$1" "$SANDBOX/netguard.log"; }
refused "an unknown key" 'netguard\.yml:3:1: gard:' 'sed -i "s/^guard/gard/" "$1"'
check "the log has its line and column" grep -q 'netguard\.yml:3:1: gard: ' "$SANDBOX/netguard.log"
check "status, too" grep -qE 'netguard\.yml:3:1: gard: .*what is in force is not what it says' <<< "$(inside "$BUILD/netguard" status)"
check_status "reload, too" 1 'netguard\.yml:3:1: gard: ' inside "$BUILD/netguard" reload
refused "no YAML at all" 'netguard\.yml:[45]:[0-9]+: ' 'printf "\n\n\n{ 80: [" > "$1"'
refused "two errors" 'netguard\.yml:1:1: foo: .*\(and 1 more error\)' 'printf "foo: 1\nbar: 2\n" > "$1"'
before=$(lines_of 'what was in force before stays')
kill -HUP "$(netguard_pid)"
told_again() { [ "$(lines_of 'what was in force before stays')" -gt "$before" ]; }
check "SIGHUP says it again" wait_for 2 told_again
check "... and changes nothing" is_whitelist "$N"
edit "mended" 'cp /root/next.yml "$f"'
check "... and all is well" wait_for 2 no_problem

note "what no event tells of: reload and SIGHUP"
# as a file that is mounted over it
mounted() {
	inside sh -c 'sed "s/{ [0-9][0-9]*/{ $2/" /root/next.yml > "/root/$2.yml" && mount --bind "/root/$2.yml" "$1"' sh "$file" "$1"
}
mounted 7001
check_status "reload" 0 '^$' inside "$BUILD/netguard" reload
check "... has read it" is_whitelist 7001
mounted 7002
kill -HUP "$(netguard_pid)"
check "SIGHUP has read it" wait_for 2 is_whitelist 7002
inside sh -c 'umount "$1" && umount "$1"' sh "$file"

note "SIGHUP before it is ready"
netguard_stop
# as soon as it blocks the signal, and until it answers; how many were early
hups() {
	inside bash -c 'rm -f /run/netguard/socket /run/netguard/*.sock
		"$1" run >> "$2" 2>&1 & pid=$!
		echo $pid > /run/netguard.pid
		blocked() { local k v; while read -r k v; do [ "$k" = SigBlk: ] && ((0x$v & 1)) && return; done < /proc/$pid/status; return 1; }
		until blocked; do [ -d /proc/$pid ] || exit; done
		n=0
		until compgen -G "/run/netguard/*sock*" > /dev/null; do kill -HUP $pid || exit; ((n++)); done
		kill -HUP $pid && echo $n' hups "$BUILD/netguard" "$SANDBOX/netguard.log" 2> /dev/null
}
early=0
for ((i = 0; i < 5 && early == 0; i++)); do
	[ "$i" = 0 ] || netguard_stop
	early=$(hups)
	early=${early:-0}
done
check "it lives ($early were early)" test "$early" -gt 0
check "... and answers" wait_for 5 inside "$BUILD/netguard" status
check "... and has read its file" wait_for 5 is_whitelist "$N"
edit "... and follows it" 'cp /root/next.yml "$f"'

mapfile -t TOOK < <(printf '%s\n' "${TOOK[@]}" | sort -n)
note "${#TOOK[@]} edits in force after ${TOOK[0]} to ${TOOK[-1]} ms, median ${TOOK[$((${#TOOK[@]} / 2))]} ms, nft's listing included"
netguard_stop
e2e_end

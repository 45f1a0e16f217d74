#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# docs/hardening.md, done: every command of its marked blocks is run on a host of its own and must say what
# stands there, numbers aside. WRITE=1 writes what was said into the page instead.
#
#   <!-- file PATH -->  the block is that file's contents     <!-- run -->  commands and their output
#
# Only what needs systemd, or an image from elsewhere, has a stand-in here.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh
. tests/e2e/lib_jail.sh

e2e_begin
page=docs/hardening.md
mkdir -p "$SANDBOX/local/upper" "$SANDBOX/local/work"
inside mount -t overlay -o "lowerdir=/usr/local,upperdir=$SANDBOX/local/upper,workdir=$SANDBOX/local/work" local /usr/local
inside mount -t tmpfs tmpfs /var/spool
inside mount -t tmpfs tmpfs /var/mail
inside rm -rf /srv/pods
inside sh -c 'mkdir -p /run/sshd && ssh-keygen -A > /dev/null && /usr/sbin/sshd -E /run/sshd.log' # as the package does

# perform COMMAND: on the host; prints what it says
perform() {
	case $1 in
	'systemctl restart docker') "$SANDBOX_CMD" engine "$SANDBOX" restart 2>&1 ;;
	'systemctl enable --now netguard'*)
		inside sh -c 'exec /usr/local/sbin/netguard run' > "$SANDBOX/netguard.log" 2>&1 &
		wait_for 15 netguard_ready || cat "$SANDBOX/netguard.log"
		;;
	'make -s install') inside make -s -C "$REPO" BUILD="$BUILD" install 2>&1 ;;
	'tar -C jail-image'*)
		jail_image
		inside docker tag jail:latest jail:1 2>&1
		inside docker rmi jail:latest > /dev/null 2>&1
		;;
	*) inside sh -c "cd /root; $1" 2>&1 < /dev/null ;;
	esac
}

# what differs from one run to the next
plain() { sed -E 's/[0-9a-f]{12,}/ID/g; s/[0-9]+(\.[0-9]+)?/N/g; s/N (seconds?|minutes?)|Less than a second/T/g; s/About T/T/; s/\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b/M/; s/ +/ /g; s/ $//'; }

shown='' written=''
# one command and what the page says of it
finish_command() {
	[ -n "$command" ] || return 0
	local said
	said=$(perform "$command" | tr -d '\r')
	if [ -n "${WRITE:-}" ]; then
		written+="host1# $command"$'\n'
		[ -z "$said" ] || written+=$said$'\n'
	else
		check_equal "$command" "$(plain <<< "${shown%$'\n'}")" "$(plain <<< "$said")"
	fi
	command='' shown=''
}

mark='' in='' command='' file=''
while IFS= read -r line; do
	if [ -z "$in" ]; then
		written+=$line$'\n'
		case $line in
		'<!-- '*' -->')
			mark=${line#<!-- }
			mark=${mark% -->}
			;;
		'```'*) in=${mark:-plain} mark='' file='' ;;
		esac
		continue
	fi
	case $in:$line in
	*:'```')
		case $in in
		run) finish_command ;;
		file\ *)
			put_file "${in#file }" <<< "${file%$'\n'}"
			pass "${in#file }"
			;;
		esac
		written+=$line$'\n' in=''
		;;
	run:'host1# '*)
		finish_command
		command=${line#host1# }
		;;
	run:*) shown+=$line$'\n' ;;
	*)
		file+=$line$'\n'
		written+=$line$'\n'
		;;
	esac
done < "$page"
if [ -n "${WRITE:-}" ]; then
	printf '%s' "$written" > "$page"
	note "wrote $page"
fi
[ -n "${WRITE:-}" ] || [ "$TEST_N" -gt 20 ] || fail "commands were found in $page"
e2e_end

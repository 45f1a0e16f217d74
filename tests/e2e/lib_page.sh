# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A page of docs/, done: every command of its marked blocks is run on a host of its own and must say what stands
# there, numbers aside. WRITE=1 writes what was said into the page instead. Source it after lib.sh.
#
#   <!-- file PATH [OWNER] -->  the block is that file's contents (OWNER's; else root's)
#   <!-- run -->                commands and their output; the prompt says who gives them: host1# is root,
#                               bob$ a user in his home, outside$ the neighbour in the network
#
# The test defines perform USER COMMAND, which says what the command says; page_perform is the plain way.

page_perform() { # USER COMMAND
	local name=SSH_AUTH_SOCK
	case $1 in
	root) inside sh -c "cd /root; $2" 2>&1 < /dev/null ;;
	outside) outside sh -c "$2" 2>&1 < /dev/null ;;
	*) as "$1" env -u "$name" sh -c "cd; $2" 2>&1 < /dev/null ;;
	esac
}

# what differs from one run to the next
page_plain() {
	sed -E 's/[0-9a-f]{12,}/ID/g; s/fd88:[0-9a-f:]+/ADDRESS6/g; s/[0-9]+(\.[0-9]+)?/N/g; s/N (seconds?|minutes?)|Less than a second/T/g; s/About T/T/
		s/\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b/M/; s/ +/ /g; s/ $//'
}

# page_do PAGE: all of it
page_do() {
	local page=$1 line mark='' in='' user='' command='' shown='' file='' written='' prompt='^(host1# |([a-z]+)\$ )(.*)$'
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
		elif [ "$line" = '```' ]; then
			case $in in
			run) page_finish_command ;;
			file\ *) page_file "${in#file }" "$file" ;;
			esac
			written+=$line$'\n' in=''
		elif [ "$in" = run ] && [[ $line =~ $prompt ]]; then
			page_finish_command
			user=${BASH_REMATCH[2]:-root} command=${BASH_REMATCH[3]}
			[ -z "${WRITE:-}" ] || written+=$line$'\n'
		elif [ "$in" = run ]; then
			shown+=$line$'\n'
		else
			file+=$line$'\n'
			written+=$line$'\n'
		fi
	done < "$page"
	if [ -n "${WRITE:-}" ]; then
		printf '%s' "$written" > "$page"
		note "wrote $page"
	else
		[ "$TEST_N" -gt 10 ] || fail "commands were found in $page"
	fi
}

# one command and what the page says of it; page_do's variables
page_finish_command() {
	local said
	[ -n "$command" ] || return 0
	said=$(perform "$user" "$command" | tr -d '\r')
	if [ -z "${WRITE:-}" ]; then
		check_equal "$user: $command" "$(page_plain <<< "${shown%$'\n'}")" "$(page_plain <<< "$said")"
	elif [ -n "$said" ]; then
		written+=$said$'\n'
	fi
	command='' shown=''
}

page_file() { # "PATH [OWNER]" CONTENTS
	local path=${1%% *} owner=root
	[ "$path" = "$1" ] || owner=${1#* }
	put_file "$path" <<< "${2%$'\n'}"
	check "$path" inside sh -c 'chown "$1" "$2" && chmod 644 "$2"' sh "$owner:" "$path"
}

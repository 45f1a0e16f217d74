# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for podctl(8)

# what the engine knows of pods; nothing where the caller may not ask it. Only what can be a name: compgen -W executes
# $(commands).
_podctl_ask() {
	podctl status --json 2> /dev/null | jq -r "$1" 2> /dev/null | LC_ALL=C grep -xE '[A-Za-z0-9][A-Za-z0-9_./-]*'
}

_podctl_files() {
	compopt -o filenames 2> /dev/null
	mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -X '!*.yml' -- "$cur"
		compgen -f -X '!*.yaml' -- "$cur"; compgen -d -- "$cur")
}

_podctl_pods() {
	mapfile -t COMPREPLY < <(compgen -W "$(_podctl_ask '.[].pod')" -- "$cur")
	_podctl_files
}

_podctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} command= before=0 i
	local commands="apply plan check status logs exec stop start restart down jail audit scan schema restore-mounts start-late help version"
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-*) ;;
		*) if [ -z "$command" ]; then command=${COMP_WORDS[i]}; else before=$((before + 1)); fi ;;
		esac
	done
	if [[ $cur == -* ]]; then
		local options="--quiet --help"
		case $command in
		apply | stop | start | restart | down | *.yml | *.yaml) options+=" --no-wait" ;;
		plan | status | audit) options+=" --json" ;;
		scan) options+=" --json --metrics --ack --self-test" ;;
		logs) options+=" --follow --tail --timestamps" ;;
		exec) options+=" --user --workdir --env" ;;
		jail) options+=" --image --force --purge --json" ;;
		esac
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
		return
	fi
	case $command in
	'')
		mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
		_podctl_files
		;;
	apply | plan | check) _podctl_files ;;
	status | scan | stop | start | restart | down) [ "$before" -gt 0 ] || _podctl_pods ;;
	logs)
		_podctl_pods
		[ "$before" -gt 0 ] || mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(
			compgen -W "$(_podctl_ask '.[].containers[].container | select(. != "")')" -- "$cur")
		;;
	exec)
		if [ "$before" -eq 0 ]; then
			mapfile -t COMPREPLY < <(
				compgen -W "$(_podctl_ask '.[].containers[].container | select(. != "")')" -- "$cur")
		else
			_podctl_pods
		fi
		;;
	jail)
		case $before in
		0) mapfile -t COMPREPLY < <(compgen -W "add rm list" -- "$cur") ;;
		1) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ;;
		esac
		;;
	schema) [ "$before" -gt 0 ] || mapfile -t COMPREPLY < <(compgen -W "pod config" -- "$cur") ;;
	help) mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur") ;;
	esac
}
complete -F _podctl podctl

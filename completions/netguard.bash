# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for netguard(8)

# names of pods or containers, as the daemon knows them; nothing where it does not answer. Only what can be one:
# compgen -W executes $(commands).
_netguard_names() {
	netguard status --json 2> /dev/null | jq -r "$1" 2> /dev/null | LC_ALL=C grep -xE '[A-Za-z0-9][A-Za-z0-9_./-]*'
}

_netguard_ends() { # 1: with a port behind it
	local word
	COMPREPLY=()
	case $cur in
	user:*) mapfile -t COMPREPLY < <(compgen -u -P user: -- "${cur#user:}") ;;
	pod:*) mapfile -t COMPREPLY < <(compgen -P pod: -W "$(_netguard_names '.pods | keys[]')" -- "${cur#pod:}") ;;
	container:*)
		mapfile -t COMPREPLY < <(compgen -P container: -W "$(_netguard_names '.pods[][].name')" -- "${cur#container:}")
		;;
	*)
		word="pod: container: host world"
		[ "$1" = 1 ] || word="user: $word"
		mapfile -t COMPREPLY < <(compgen -W "$word" -- "$cur")
		compopt -o nospace
		;;
	esac
	[ "$1" = 1 ] && compopt -o nospace
	# readline looks only at what is behind the last colon
	if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
		COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*:}"}"}")
	fi
}

_netguard() {
	local cur=${COMP_WORDS[COMP_CWORD]} line=${COMP_LINE:0:COMP_POINT} words
	COMPREPLY=()
	# words as the shell will see them, colons and all
	read -ra words <<< "$line"
	[[ $line == *[[:space:]] ]] && words+=("")
	cur=${words[-1]}
	if [ ${#words[@]} -le 2 ]; then
		mapfile -t COMPREPLY < <(compgen -W "run check status explain denied table reload remove wait authz help version" -- "$cur")
		return
	fi
	case ${words[1]}:$cur in
	status:*) mapfile -t COMPREPLY < <(compgen -W "--json --metrics" -- "$cur") ;;
	denied:*) mapfile -t COMPREPLY < <(compgen -W "-f --follow -n --json" -- "$cur") ;;
	check:-* | explain:-*) mapfile -t COMPREPLY < <(compgen -W "--json" -- "$cur") ;;
	check:*)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -X '!*.@(yml|yaml|conf)' -- "$cur"; compgen -d -- "$cur")
		;;
	explain:*)
		case ${#words[@]} in
		3) _netguard_ends 0 ;;
		4) _netguard_ends 1 ;;
		5) mapfile -t COMPREPLY < <(compgen -W "--json" -- "$cur") ;;
		esac
		;;
	help:*)
		mapfile -t COMPREPLY < <(compgen -W "run check status explain denied table reload remove wait authz help version" -- "$cur")
		;;
	esac
}
complete -F _netguard netguard

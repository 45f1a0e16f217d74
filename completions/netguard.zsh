#compdef netguard
# SPDX-License-Identifier: GPL-3.0-or-later
# zsh completion for netguard(8)

# names of pods or containers, as the daemon knows them; nothing where it does not answer. Only what can be one:
# what would drive a terminal is none.
_netguard_names() {
	local -a names
	names=(${(f)"$(netguard status --json 2> /dev/null | jq -r $1 2> /dev/null | LC_ALL=C grep -xE '[A-Za-z0-9][A-Za-z0-9_./-]*')"})
	compadd -- $names
}

_netguard_end() {
	if compset -P 'user:'; then
		_users
	elif compset -P 'pod:'; then
		_netguard_names '.pods | keys[]'
	elif compset -P 'container:'; then
		_netguard_names '.pods[][].name'
	else
		compadd -S '' -- user: pod: container: world: host:
		compadd -- host world
	fi
}

_netguard() {
	local -a commands
	commands=(
		'run:the daemon'
		'check:validate the configuration, say what it resolves to'
		'status:state of the table, engine link, pods, denials'
		'explain:which rule decides, and which line to change'
		'denied:what was denied lately, or as it comes'
		'table:print the table as nft text'
		'reload:read the configuration again'
		'remove:take the table away'
		'wait:wait until the kernel has the table'
		'authz:decide what users of the engine may ask of it'
		'help:print the usage, or that of a command'
		'version:print the version'
	)
	if (( CURRENT == 2 )); then
		_describe command commands
		return
	fi
	case $words[2] in
	check) _arguments '--json[as JSON]' '*:file:_files -g "*.(yml|yaml|conf)"' ;;
	status) _arguments '(--metrics)--json[as JSON]' '(--json)--metrics[in the text format of Prometheus]' ;;
	explain) _arguments '--json[as JSON]' '2:from:_netguard_end' '3:to:_netguard_end' ;;
	denied) _arguments '(-f --follow)'{-f,--follow}'[go on with each further one]' '-n[so many]:number:' '--json[as JSON]' ;;
	help) (( CURRENT == 3 )) && _describe command commands ;;
	esac
}

_netguard "$@"

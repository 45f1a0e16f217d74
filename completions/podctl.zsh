#compdef podctl
# SPDX-License-Identifier: GPL-3.0-or-later
# zsh completion for podctl(8)

# what the engine knows of pods; nothing where the caller may not ask it. Only what can be a
# name: what would drive a terminal is none.
_podctl_ask() {
	local -a names
	names=(${(f)"$(podctl status --json 2> /dev/null | jq -r $1 2> /dev/null | LC_ALL=C grep -xE '[A-Za-z0-9][A-Za-z0-9_./-]*')"})
	compadd -- $names
}

_podctl_files() {
	_files -g '*.(yml|yaml)'
}

_podctl_pods() {
	_podctl_ask '.[].pod'
	_podctl_files
}

_podctl_containers() {
	_podctl_ask '.[].containers[].container | select(. != "")'
}

_podctl_containers_or_pods() {
	_podctl_containers
	_podctl_pods
}

_podctl() {
	local -a commands quiet wait
	commands=(
		'apply:make the pod what a file says'
		'plan:say what apply would do, and why'
		'check:validate only'
		'status:containers, state, health, addresses, ports, guard'
		'logs:what the containers wrote'
		'exec:run a command, or a shell, in a container'
		"stop:stop the pod's containers"
		"start:start the pod's containers as they are"
		'restart:stop, then start'
		"down:stop and remove the pod's containers"
		"jail:a login shell that lands in the user's own container"
		'audit:the privileges of every container'
		'scan:what changed in containers, and what runs'
		'schema:JSON Schema of the pod file or the configuration'
		'restore-mounts:mounts and secrets of all pods, at boot'
		'start-late:start what the engine tried to start before its root container'
		'help:print the usage, or that of a command'
		'version:print the version'
	)
	quiet=('(-q --quiet)'{-q,--quiet}'[only errors and what was asked for]' '(-h --help)'{-h,--help}'[how it is used]')
	wait=('--no-wait[fail where another podctl is at work]')
	if (( CURRENT == 2 )); then
		_describe command commands
		_podctl_files
		return
	fi
	case $words[2] in
	apply) _arguments $quiet $wait '2:file:_podctl_files' ;;
	plan) _arguments $quiet '--json[as JSON]' '2:file:_podctl_files' ;;
	check) _arguments $quiet '*:file:_podctl_files' ;;
	status) _arguments $quiet '--json[as JSON]' '2:pod:_podctl_pods' ;;
	stop|start|restart|down) _arguments $quiet $wait '2:pod:_podctl_pods' ;;
	logs)
		_arguments $quiet '(-f --follow)'{-f,--follow}'[go on with what is written]' \
			'(-n --tail)'{-n,--tail}'[the last lines of each container]:number:' \
			'(-t --timestamps)'{-t,--timestamps}'[when each line was written]' \
			'2:container or pod:_podctl_containers_or_pods' '3:pod:_podctl_pods'
		;;
	exec)
		_arguments $quiet '(-u --user)'{-u,--user}'[as whom]:user:' \
			'(-w --workdir)'{-w,--workdir}'[in which folder]:folder:' \
			'*'{-e,--env}'[with this variable]:NAME=VALUE:' \
			'2:container:_podctl_containers' '3:pod:_podctl_pods'
		;;
	jail)
		_arguments $quiet '--image[add: what it is made of]:image:' '--force[add: also a user with a uid below 1000]' \
			'--purge[rm: take the pod file away]' '--json[list: as JSON]' \
			'2:what:(add rm list)' '3:user:_users'
		;;
	audit) _arguments $quiet '--json[as JSON]' ;;
	scan)
		_arguments $quiet '(--metrics --ack --self-test)--json[as JSON]' \
			'(--json --ack --self-test)--metrics[for Prometheus]' \
			'(--json --metrics --self-test)--ack[these alerts are known]' \
			'(--json --metrics --ack)--self-test[prove that scanning works]' \
			'2:pod:_podctl_pods'
		;;
	schema) _arguments $quiet '2:kind:(pod config)' ;;
	help) (( CURRENT == 3 )) && _describe command commands ;;
	esac
}

_podctl "$@"

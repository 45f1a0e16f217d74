# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for podctl(8)

# what the engine knows of pods; nothing where the caller may not ask it. Only what can be a
# name: what would drive a terminal is none.
function __podctl_ask
    podctl status --json 2>/dev/null | jq -r $argv[1] 2>/dev/null | LC_ALL=C grep -xE '[A-Za-z0-9][A-Za-z0-9_./-]*'
end

complete -c podctl -f
complete -c podctl -n __fish_use_subcommand -a '(__fish_complete_suffix .yml)'
complete -c podctl -n __fish_use_subcommand -a apply -d 'make the pod what a file says'
complete -c podctl -n __fish_use_subcommand -a plan -d 'say what apply would do, and why'
complete -c podctl -n __fish_use_subcommand -a check -d 'validate only'
complete -c podctl -n __fish_use_subcommand -a status -d 'containers, state, health, addresses, ports, guard'
complete -c podctl -n __fish_use_subcommand -a logs -d 'what the containers wrote'
complete -c podctl -n __fish_use_subcommand -a exec -d 'run a command, or a shell, in a container'
complete -c podctl -n __fish_use_subcommand -a stop -d 'stop the containers of a pod'
complete -c podctl -n __fish_use_subcommand -a start -d 'start the containers of a pod as they are'
complete -c podctl -n __fish_use_subcommand -a restart -d 'stop, then start'
complete -c podctl -n __fish_use_subcommand -a down -d 'stop and remove the containers of a pod'
complete -c podctl -n __fish_use_subcommand -a jail -d "a login shell that lands in the user's own container"
complete -c podctl -n '__fish_seen_subcommand_from jail' -a 'add rm list'
complete -c podctl -n '__fish_seen_subcommand_from add rm' -a '(__fish_complete_users)'
complete -c podctl -n '__fish_seen_subcommand_from jail' -l image -x -d 'add: what it is made of'
complete -c podctl -n '__fish_seen_subcommand_from jail' -l force -d 'add: also a user with a uid below 1000'
complete -c podctl -n '__fish_seen_subcommand_from jail' -l purge -d 'rm: take the pod file away'
complete -c podctl -n __fish_use_subcommand -a audit -d 'the privileges of every container'
complete -c podctl -n __fish_use_subcommand -a scan -d 'what changed in containers, and what runs'
complete -c podctl -n __fish_use_subcommand -a schema -d 'JSON Schema of the pod file or the configuration'
complete -c podctl -n '__fish_seen_subcommand_from schema' -a 'pod config'
complete -c podctl -n __fish_use_subcommand -a restore-mounts -d 'mounts and secrets of all pods, at boot'
complete -c podctl -n __fish_use_subcommand -a start-late -d 'start what the engine tried to start before its root container'
complete -c podctl -n __fish_use_subcommand -a help -d 'print the usage, or that of a command'
complete -c podctl -n __fish_use_subcommand -a version -d 'print the version'
complete -c podctl -s q -l quiet -d 'only errors and what was asked for'
complete -c podctl -s h -l help -d 'how it is used'
complete -c podctl -n '__fish_seen_subcommand_from plan status audit scan jail' -l json -d 'as JSON'
complete -c podctl -n '__fish_seen_subcommand_from apply stop start restart down' -l no-wait -d 'fail where another podctl is at work'
complete -c podctl -n '__fish_seen_subcommand_from scan' -l metrics -d 'for Prometheus'
complete -c podctl -n '__fish_seen_subcommand_from scan' -l ack -d 'these alerts are known'
complete -c podctl -n '__fish_seen_subcommand_from scan' -l self-test -d 'prove that scanning works'
complete -c podctl -n '__fish_seen_subcommand_from logs' -s f -l follow -d 'go on with what is written'
complete -c podctl -n '__fish_seen_subcommand_from logs' -s n -l tail -x -d 'the last lines of each container'
complete -c podctl -n '__fish_seen_subcommand_from logs' -s t -l timestamps -d 'when each line was written'
complete -c podctl -n '__fish_seen_subcommand_from exec' -s u -l user -x -d 'as whom'
complete -c podctl -n '__fish_seen_subcommand_from exec' -s w -l workdir -x -d 'in which folder'
complete -c podctl -n '__fish_seen_subcommand_from exec' -s e -l env -x -d 'with this variable'
complete -c podctl -n '__fish_seen_subcommand_from apply plan check' -a '(__fish_complete_suffix .yml)'
complete -c podctl -n '__fish_seen_subcommand_from status scan logs exec stop start restart down' -a '(__podctl_ask ".[].pod")'
complete -c podctl -n '__fish_seen_subcommand_from status logs exec stop start restart down' -a '(__fish_complete_suffix .yml)'
complete -c podctl -n '__fish_seen_subcommand_from logs exec' -a '(__podctl_ask ".[].containers[].container | select(. != \"\")")'
complete -c podctl -n '__fish_seen_subcommand_from help' -a 'apply plan check status logs exec stop start restart down jail audit scan schema restore-mounts start-late help version'

# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for netguard(8)

# names of pods or containers, as the daemon knows them; nothing where it does not answer. Only what can be one:
# what would drive a terminal is none.
function __netguard_names
    netguard status --json 2>/dev/null | jq -r $argv[1] 2>/dev/null | LC_ALL=C grep -xE '[A-Za-z0-9][A-Za-z0-9_./-]*'
end

function __netguard_ends
    printf '%s\n' host world user: pod: container:
    switch (commandline -ct)
        case 'user:*'
            printf 'user:%s\n' (__fish_complete_users | string replace -r '\t.*' '')
        case 'pod:*'
            printf 'pod:%s\n' (__netguard_names '.pods | keys[]')
        case 'container:*'
            printf 'container:%s\n' (__netguard_names '.pods[][].name')
    end
end

complete -c netguard -f
complete -c netguard -n __fish_use_subcommand -a run -d 'the daemon'
complete -c netguard -n __fish_use_subcommand -a check -d 'validate the configuration, say what it resolves to'
complete -c netguard -n __fish_use_subcommand -a status -d 'state of the table, engine link, pods, denials'
complete -c netguard -n __fish_use_subcommand -a explain -d 'which rule decides, and which line to change'
complete -c netguard -n __fish_use_subcommand -a denied -d 'what was denied lately, or as it comes'
complete -c netguard -n __fish_use_subcommand -a table -d 'print the table as nft text'
complete -c netguard -n __fish_use_subcommand -a reload -d 'read the configuration again'
complete -c netguard -n __fish_use_subcommand -a remove -d 'take the table away'
complete -c netguard -n __fish_use_subcommand -a wait -d 'wait until the kernel has the table'
complete -c netguard -n __fish_use_subcommand -a authz -d 'decide what users of the engine may ask of it'
complete -c netguard -n __fish_use_subcommand -a help -d 'print the usage, or that of a command'
complete -c netguard -n __fish_use_subcommand -a version -d 'print the version'
complete -c netguard -n '__fish_seen_subcommand_from check explain status denied' -l json -d 'as JSON'
complete -c netguard -n '__fish_seen_subcommand_from status' -l metrics -d 'in the text format of Prometheus'
complete -c netguard -n '__fish_seen_subcommand_from denied' -s f -l follow -d 'go on with each further one'
complete -c netguard -n '__fish_seen_subcommand_from denied' -s n -x -d 'so many'
complete -c netguard -n '__fish_seen_subcommand_from check' -F
complete -c netguard -n '__fish_seen_subcommand_from explain' -a '(__netguard_ends)'
complete -c netguard -n '__fish_seen_subcommand_from help' -a 'run check status explain denied table reload remove wait authz help version'

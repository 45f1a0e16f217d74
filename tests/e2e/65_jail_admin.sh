#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# podctl jail add, rm and list: who gets a jail, what is undone where a step fails or somebody kills
# it, and that rm puts everything back, byte for byte.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh
. tests/e2e/lib_jail.sh

e2e_begin
put_config <<'END'
mount_root: /srv/pods
network_name: pods
guard: { required: false }
END
jail_programs
jail_sshd
inside mount -t tmpfs tmpfs /var/spool # the machine's own, else
inside docker tag "$(inside docker pull -q busybox)" jail
# all that jails may touch, with owners and modes
state() {
	inside sh -c 'cd / && for f in etc/passwd etc/shadow etc/group etc/shells; do sha256sum "$f"; done
		find etc/sudoers.d etc/ssh etc/netguard/jails var/lib/podctl/jails srv/pods -printf "%p %m %u %y\n" | sort
		find etc/sudoers.d etc/ssh etc/netguard/jails var/lib/podctl/jails -type f -exec sha256sum {} + | sort
		docker ps -a --format "{{.Names}}" | sort' 2> /dev/null
}
where() { login bob -- hostname; } # where bob lands
# the folders stay
inside mkdir -p -m 755 /etc/netguard/jails
check_status "no jails" 0 'USER' jail list
before=$(state)

note "who gets none"
inside sh -c 'useradd -m a.b; useradd -r service; useradd -m -G docker docked; useradd -m -N -g sudo admin; useradd -m -s "" plain; useradd -m -s /bin/sh spare'
before=$(state)
check_status "root" 1 'is root' jail add --force root
check_status "nobody there" 1 'no user mallory: adduser' jail add mallory
check_status "a name that no pod can have" 1 'letters, digits' jail add a.b
check_status "a service" 1 '\-\-force' jail add service
check_status "a member of docker" 1 'gpasswd -d docked docker' jail add docked
check_status "... by the primary group" 1 'in group sudo' jail add --force admin
check_status "an option of another" 1 'does not take' jail add --purge bob
check_status "no user" 1 'usage' jail add
check_status "another word" 1 'usage' jail remove bob
check_status "rm of one without" 1 'has no jail' jail rm bob
check_status "... of nobody there" 1 'has no jail' jail rm ../bob
check_equal "nothing has changed" "$before" "$(state)"
note "for whom it is"
inside sh -c 'printf "%s\n" "carol ALL=(root) NOPASSWD: $1/podctl *" "opal ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/some && chmod 440 /etc/sudoers.d/some' sh "$JAIL_BIN"
before=$(state)
check_status "not a user" 1 'only for root' as bob "$JAIL_BIN/podctl" jail add bob
check_status "not one whom sudo lets run podctl" 1 'only for root' as carol sudo -n "$JAIL_BIN/podctl" jail add --image jail bob
check_equal "nothing has changed" "$before" "$(state)"
check "one whom sudo lets run everything" as opal sudo -n "$JAIL_BIN/podctl" jail add --image jail bob
check_equal "... and it is in force" jail-bob-host1 "$(where)"
check "... who may apply its file, too" as opal sudo -n "$JAIL_BIN/podctl" /etc/netguard/jails/jail_bob.yml
check "... and put it back" as opal sudo -n "$JAIL_BIN/podctl" jail rm --purge bob
inside rm -rf /srv/pods/jail_bob
check_equal "everything is as before, byte for byte" "$before" "$(state)"
check_equal "bob is on the host again" host1 "$(where)"

note "again"
check "a jail" jail add --image jail bob
first=$(state)
check_status "the same once more: nothing changes" 0 '' jail add --image jail bob
check_equal "... in any file" "$first" "$(state)"
# a uid that no other test's users have: /proc is the whole machine's
inside useradd -m -u 61823 -s /bin/sh lonely
check "another" jail add --image jail lonely
check_equal "what runs in the jail does not run on the host" 0 "$(jail add --image jail lonely 2>&1 | grep -c 'of the user run')"
inside setpriv --reuid 61823 --regid 61823 --clear-groups sleep 60 &
outside=$!
check_status "... and what does is told" 0 '1 process of the user runs on the host and stays there' jail add --image jail lonely
kill "$outside" 2> /dev/null
check "... and back" jail rm --purge lonely
inside sh -c 'rm -rf /srv/pods/jail_lonely; userdel -f lonely'
first=$(state)
check "a user without a shell of his own" jail add --image jail plain
check_status "both are listed" 0 '^plain +jail_plain +running  -$' jail list
check_equal "... for programs too" '[["bob",1234,"jail_bob","running","/bin/sh",null],["plain","jail_plain"]]' \
	"$(jail list --json | jq -c '[.[0] | [.user, .uid, .pod, .state, .former_shell, .problem]] + [.[1] | [.user, .pod]]')"
check_equal "one line of sudoers, one of sshd" "2 1" "$(inside sh -c 'echo $(grep -c "^#[0-9]" /etc/sudoers.d/podctl-jail) $(grep -c "^Match User bob,plain$" /etc/ssh/sshd_config.d/00-podctl-jail.conf)')"
check "what the admin writes into the pod file" inside sed -i 's/pids: [0-9]*/pids: 77/' /etc/netguard/jails/jail_bob.yml
check "... stays" jail add bob
check_equal "... and is in force" 77 "$(inside docker inspect -f '{{.HostConfig.PidsLimit}}' jail_bob.shell)"
check "rm without --purge" jail rm bob
check "... leaves it there" inside grep -q 'pids: 77' /etc/netguard/jails/jail_bob.yml
check_equal "the other one is as it was" jail-plain-host1 "$(inside su - plain -c hostname)"
check_equal "bob is on the host again" host1 "$(where)"
check "rm of the other" jail rm --purge plain
inside sh -c 'rm -rf /srv/pods/jail_* /etc/netguard/jails/jail_bob.yml'
check_equal "everything is as before, byte for byte" "$before" "$(state)"

note "a step that fails undoes those before"
undone() { # NAME PATTERN
	check_status "$1: refused" 1 "$2" jail add --image "${3:-jail}" bob
	check_equal "... and everything is as before" "$now" "$(state)"
}
now=$(state)
undone "an image that is not there" 'nosuch|not found|failed' nosuch
put_config <<< 'mount_root: /srv/pods
policy: { images: ["registry.example/*"] }'
undone "an image that policy forbids" 'policy' jail
put_config <<< 'mount_root: /srv/pods
network_name: pods
guard: { required: false }'
broken() { # PATH COMMAND NAME PATTERN: with a file changed, and put back
	inside sh -c 'cp -a "$1" /run/kept && '"$2" sh "$1"
	now=$(state)
	undone "$3" "$4"
	inside sh -c 'cp -a /run/kept "$1"' sh "$1"
}
broken /etc/ssh/sshd_config 'sed -i /^Include/d "$1"' "sshd that does not read the folder" 'must begin with Include'
broken /etc/ssh/sshd_config 'echo Nonsense >> "$1"' "sshd whose configuration is broken" 'sshd.*valid as it is|Nonsense'
broken /etc/ssh/sshd_config 'sed -i "1i Match User bob\n\tAllowTcpForwarding yes\nMatch all" "$1"' "a Match before that says otherwise" \
	'"(AllowTcpForwarding no|DisableForwarding yes)"'
broken /etc/sudoers 'sed -i /includedir/d "$1"' "sudo that does not read the folder" 'includedir'
now=$(state)
inside mount --bind /etc/passwd /etc/passwd
undone "a passwd that can't be changed" 'usermod'
inside umount /etc/passwd
now=$(state)
inside sh -c 'mkdir /srv/pods/jail_bob && mkdir /srv/pods/jail_bob/home && chown carol /srv/pods/jail_bob/home'
now=$(state)
undone "a home of somebody else" 'belongs to user 1235'
inside rm -r /srv/pods/jail_bob
# where others can write, they would be root
inside sh -c 'cp -r "$1" /run/open && chmod 777 /run/open' sh "$JAIL_BIN"
check_status "programs that others can exchange" 1 "not root's alone" inside /run/open/podctl jail add --image jail bob

note "killed at any moment"
check_equal "everything is as before" "$before" "$(state)"
for ms in 010 100 250 400 600 800 1000; do
	inside timeout -s KILL "0.$ms" "$JAIL_BIN/podctl" jail add --image jail bob > /dev/null 2>&1
	[ "$ms" = 600 ] || [ "$ms" = 010 ] || continue
	check "add after a kill ($ms ms) finishes it" jail add --image jail bob
	check_equal "... and it is in force" jail-bob-host1 "$(where)"
	inside timeout -s KILL "0.$ms" "$JAIL_BIN/podctl" jail rm --purge bob > /dev/null 2>&1
	jail rm --purge bob > /dev/null 2>&1
	inside rm -rf /srv/pods/jail_bob
	check_equal "rm after a kill does, too" "$before" "$(state)"
done
jail rm --purge bob > /dev/null 2>&1
inside rm -rf /srv/pods/jail_bob /etc/netguard/jails/jail_bob.yml

note "what went wrong is told"
check "a jail" jail add --image jail bob
inside usermod -s /bin/bash bob
check_status "a login shell that somebody changed" 2 'jail of bob: the login shell is /bin/bash' jail list
check "add repairs it" jail add bob
inside rm /etc/ssh/sshd_config.d/00-podctl-jail.conf
check_status "a file that somebody removed" 2 'sshd means something else' jail list
check "add repairs it" jail add bob
check_status "all is well" 0 'running' jail list
check_status "the image has no sftp-server" 1 'no sftp-server: ask' run_as bob /usr/lib/openssh/sftp-server
inside sh -c 'mkdir -p /var/spool/cron/crontabs && touch /var/spool/cron/crontabs/carol'
check_status "a crontab is told" 0 'crontab -u carol -r' jail add --image jail carol
inside sed -i /^carol:/d /etc/passwd # userdel looks at processes of the whole machine
check_status "a user who is gone" 2 'carol: there is no such user' jail list
check "rm takes the rest away" jail rm --purge carol
"$SANDBOX_CMD" engine "$SANDBOX" stop
check_status "without an engine rm does what it can" 1 'engine|docker|connect' jail rm bob
check_equal "... the shell is back" /bin/sh "$(inside sh -c 'getent passwd bob | cut -d: -f7')"
"$SANDBOX_CMD" engine "$SANDBOX" start > /dev/null
check "... and finishes it when it is there" jail rm bob
check_status "no jail is left" 0 '^USER[^\n]*$' jail list
e2e_end

# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the tests of jails share: the programs where only root can write, an image that has a shell,
# scp and an sftp server, and a real sshd in the sandbox. Source it after lib.sh.

JAIL_BIN=/run/bin # in the sandbox, which has its own /run

jail_programs() {
	inside sh -c 'mkdir -p "$2" && cp "$1/podctl" "$1/podctl-enter" "$1/podctl-shell" "$2"' sh "$BUILD" "$JAIL_BIN"
}

# jail_image: the image jail:latest, of Debian's own binaries of this machine
jail_image() {
	local dir=$SANDBOX/image programs=(/bin/bash /usr/lib/openssh/sftp-server /usr/bin/scp)
	mkdir -p "$dir/root/tmp"
	ldd "${programs[@]}" | grep -oE '/[^ ]*\.so[^ ]*' | sort -u |
		xargs cp --parents -L -t "$dir/root" "${programs[@]}"
	chmod 1777 "$dir/root/tmp"
	tar -C "$dir/root" --owner=0 --group=0 -cf "$dir/root.tar" .
	rm -r "$dir/root"
	printf 'FROM busybox\nADD root.tar /\n' > "$dir/Dockerfile"
	inside env DOCKER_BUILDKIT=0 docker build -q -t jail "$dir" > /dev/null 2>&1
}

# jail_sshd [LINE...]: sshd on 127.0.0.1, keys of root's for all users of the sandbox, these lines in its
# configuration
jail_sshd() {
	printf '%s\n' "ListenAddress 127.0.0.1" "$@" | put_file /etc/ssh/sshd_config.d/50-test.conf
	inside sh -ec 'mkdir -p /run/sshd
		[ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key
		ssh-keygen -q -t ed25519 -N "" -f /root/id
		for user in bob carol dave opal; do
			install -d -m 700 -o "$user" -g "$user" "/home/$user/.ssh"
			install -m 600 -o "$user" -g "$user" /root/id.pub "/home/$user/.ssh/authorized_keys"
		done
		printf "%s\n" "Host *" "  IdentityFile /root/id" "  StrictHostKeyChecking no" \
			"  UserKnownHostsFile /dev/null" "  LogLevel ERROR" "  ControlMaster auto" "  ControlPath /root/ssh-%r" \
			"  ControlPersist 600" > /root/ssh_config'
	inside sh -c 'echo $$ > /run/sshd.sh.pid; exec /usr/sbin/sshd -D -E /run/sshd.log' 2> /dev/null &
	wait_for 10 inside grep -q 'Server listening' /run/sshd.log || { fail "sshd starts"; inside cat /run/sshd.log; exit 1; }
}

SSH=(ssh -F /root/ssh_config)
# login USER [SSH-OPTION...] [-- COMMAND]: by a connection of its own
login() {
	local options=() user=$1
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do options+=("$1"); shift; done
	[ $# -eq 0 ] || shift
	inside timeout 30 "${SSH[@]}" -S none "${options[@]}" -l "$user" 127.0.0.1 "$@"
}
# run_as USER COMMAND: what `ssh host COMMAND` does, by one connection for all
run_as() { inside timeout 30 "${SSH[@]}" -l "$1" 127.0.0.1 "$2"; }
jail() { inside "$JAIL_BIN/podctl" jail "$@"; }

# jail_host: all of that on a host whose admin is as careless as can be
jail_host() {
	put_config <<- 'END'
		mount_root: /srv/pods
		network_name: pods
		guard: { required: false }
	END
	jail_programs
	jail_image || fail "an image with scp and sftp-server"
	# the loosest that admins have, also file transfer by sshd itself; X11 wants a program to be there
	jail_sshd "XAuthLocation /bin/true" "PermitUserEnvironment yes" "AcceptEnv *" "PermitTunnel yes" "PermitRootLogin yes" \
		"GatewayPorts yes"
	inside sed -i 's|^Subsystem.*|Subsystem sftp internal-sftp|' /etc/ssh/sshd_config
	inside sh -c 'mkdir -p /root/.ssh && cp /root/id.pub /root/.ssh/authorized_keys && kill -HUP "$(cat /run/sshd.pid)"'
	wait_for 5 run_as carol true || fail "carol, without a jail, logs in"
}

#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# docs/hardening.md, done (lib_page.sh says how). Only what needs systemd, or an image from elsewhere, has a
# stand-in here.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh
. tests/e2e/lib_jail.sh
. tests/e2e/lib_page.sh

e2e_begin
mkdir -p "$SANDBOX/local/upper" "$SANDBOX/local/work"
inside mount -t overlay -o "lowerdir=/usr/local,upperdir=$SANDBOX/local/upper,workdir=$SANDBOX/local/work" local /usr/local
inside mount -t tmpfs tmpfs /var/spool
inside mount -t tmpfs tmpfs /var/mail
inside rm -rf /srv/pods
inside sh -c 'mkdir -p /run/sshd && ssh-keygen -A > /dev/null && /usr/sbin/sshd -E /run/sshd.log' # as the package does

perform() {
	case $2 in
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
	*) page_perform "$@" ;;
	esac
}

page_do docs/hardening.md
e2e_end

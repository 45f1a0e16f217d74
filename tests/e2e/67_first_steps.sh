#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# docs/first-steps.md, done (lib_page.sh says how). Only what needs systemd has a stand-in here.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh
. tests/e2e/lib_page.sh

e2e_begin
mkdir -p "$SANDBOX/local/upper" "$SANDBOX/local/work"
inside mount -t overlay -o "lowerdir=/usr/local,upperdir=$SANDBOX/local/upper,workdir=$SANDBOX/local/work" local /usr/local
check "make install" inside make -s -C "$REPO" BUILD="$BUILD" install
inside rm -rf /srv/pods
# what listens on the host; a database, as it were
inside "$PROBE" serve tcp:5432 > "$SANDBOX/serve.log" 2>&1 &

perform() {
	case $2 in
	'systemctl enable --now netguard'*)
		inside sh -c 'exec /usr/local/sbin/netguard run' > "$SANDBOX/netguard.log" 2>&1 &
		wait_for 15 netguard_ready || cat "$SANDBOX/netguard.log"
		;;
	'cp good.yml'* | 'sed -i'*)
		page_perform "$@"
		sleep 1 # as long as somebody takes to type the next
		;;
	*) page_perform "$@" ;;
	esac
}
page_do docs/first-steps.md
e2e_end

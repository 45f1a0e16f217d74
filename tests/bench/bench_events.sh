#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# From the engine's event to the committed element: the daemon against a bare loop (see events.c), with a
# fake engine and with a real one. tests/bench/bench_events.sh [ROUNDS of the fake [of the real]]
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh
failed=0
timeout 120 "$BUILD/tests/bench/events" fake "${1:-300}" || failed=1

e2e_begin
put_config <<'END'
mount_root: /srv/pods
network_name: pods
guard: { allowed_users: [root] }
END
# as its unit starts it: it asks the engine through the relay
unit_folders
relay_start
netguard_start "${as_unit[@]}"
inside docker network create -o com.docker.network.bridge.name=br-extra extra > /dev/null || fail "a network"
id=$(inside docker run -d --name box --network pods probe sleep) || fail "a container"
inside "$BUILD/tests/bench/events" real "${2:-40}" extra "$id" "$(netguard_pid)" || failed=1
[ "$failed" = 0 ] || TEST_FAILED=1
e2e_end

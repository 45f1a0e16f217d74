#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# An engine that does not keep files by overlay2: what podctl can't look into there, it says.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin --dockerd-arg --storage-driver=vfs
put_config <<'END'
mount_root: /srv/pods
guard: {required: false}
END
inside docker pull -q busybox > /dev/null
inside docker run -d --name plain busybox sleep 999 > /dev/null

said='files of 1 were not compared .* does not have overlay2'
check_status "a scan says what it did not see" 0 "$said" podctl scan
check_equal "... to programs" 1 "$(podctl scan --json | jq .containers_not_compared)"
check_status "... to Prometheus" 0 '^podctl_scan_not_compared_containers 1$' podctl scan --metrics
inside docker exec plain sh -c 'echo x >> /etc/passwd'
check_status "what the engine lists is found" 2 'changed .* /etc/passwd' podctl scan
check_status "... and the rest is said to be unseen" 2 "$said" podctl scan
check_status "the audit says it, too" 0 'low +engine: the engine keeps files by vfs' podctl audit
check_equal "... to programs" low "$(podctl audit --json | jq -r '.engine.findings[] | select(.id == "storage-driver") | .level')"
e2e_end

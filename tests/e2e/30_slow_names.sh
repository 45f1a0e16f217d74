#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A name service that does not answer, as one that is started behind the network at boot: the table is there all the
# same, closed, and the users come into it when it answers. A table that is there keeps them meanwhile.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
mkdir -p "$SANDBOX/nss"
cat > "$SANDBOX/nss/slow.c" <<'END'
#include <nss.h>
#include <pwd.h>
#include <unistd.h>
enum nss_status _nss_slow_getpwnam_r(const char *name, struct passwd *pw, char *buf, size_t size, int *e)
{
	(void)name, (void)pw, (void)buf, (void)size, (void)e;
	while (access("/run/slow", F_OK) == 0)
		usleep(10000);
	return NSS_STATUS_NOTFOUND;
}
END
check "a name service" cc -shared -fPIC -o "$SANDBOX/nss/libnss_slow.so.2" "$SANDBOX/nss/slow.c"
printf 'passwd: files slow\ngroup: files\nhosts: files\n' | put_file /etc/nsswitch.conf
put_config <<'END'
network_name: pods
guard: { allowed_users: [root, stranger] }
pods:
  web: { users: [bob] }
END
start() { # in the background: it is not ready before the name service answers
	inside sh -c 'echo $$ > /run/netguard.pid; export LD_LIBRARY_PATH=$1; shift; log=$1; shift; exec "$@" >> "$log" 2>&1' sh \
		"$SANDBOX/nss" "$SANDBOX/netguard.log" "${NETGUARD:-$BUILD/netguard}" run &
}
there() { inside nft list table inet netguard; }
may() { inside nft get element inet netguard allowed_uids '{ 0 }'; }

inside docker run -d --name web --network pods "$(inside docker pull -q probe)" serve tcp:80 > /dev/null
docker_lets_pass
web4=$(container_ip4 web)
flow open outside tcp "$web4" 80 "without the guard"
flow open user:bob tcp "$web4" 80 "without the guard"

note "at boot"
inside touch /run/slow
start
check "the table is there while names are asked for" wait_for 5 there
flow silent outside tcp "$web4" 80 "closed"
flow denied user:bob tcp "$web4" 80 "nobody is known"
check_status "and the daemon still waits" 1 'not running|No such file|refused' inside "$BUILD/netguard" status
inside rm /run/slow
check "then it is ready" wait_for 10 netguard_ready
check "web is guarded" wait_for 5 is_guarded web
flow open user:bob tcp "$web4" 80 "known now"
flow silent outside tcp "$web4" 80 "closed"

note "where there is a table"
netguard_stop
inside touch /run/slow
start
sleep 1
check "who may still may" may
flow open user:bob tcp "$web4" 80 "as before"
inside rm /run/slow
check "it is ready again" wait_for 10 netguard_ready
e2e_end

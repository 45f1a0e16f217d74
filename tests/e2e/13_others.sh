#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Containers that podctl did not make: guarded as pods by their compose project or their name, and told of
# where nobody can guard them.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
put_config <<'END'
guard: { allowed_users: [root] }
pods:
  shop: { connect_to: { single: [80] } }
END
netguard_start
inside docker pull -q probe > /dev/null
for name in a b; do
	inside docker run -d --name "shop_$name" --network pods --label com.docker.compose.project=shop \
		probe serve tcp:80 > /dev/null
done
inside docker run -d --name single --network pods probe serve tcp:80 tcp:81 > /dev/null
guard_of() { inside "$BUILD/netguard" status --json | jq -r --arg n "$1" '.pods[][] | select(.name == $n) | .guard'; }
is_guarded() { [ "$(guard_of "$1")" = guarded ]; }
for name in shop_a shop_b single; do check "$name is guarded" wait_for 5 is_guarded $name; done
check_equal "both containers are of the pod shop" 2 \
	"$(inside "$BUILD/netguard" status --json | jq '.pods.shop | length')"
flow open container:shop_a tcp "$(container_ip4 shop_b)" 80 "within the project"
flow open container:shop_a tcp "$(container_ip4 single)" 80 "as the project's connect_to says"
flow_counted container_to_container silent container:shop_a tcp "$(container_ip4 single)" 81 "another port"
flow_counted container_to_container silent container:single tcp "$(container_ip4 shop_a)" 80 "the way back"
flow_counted host_to_container refused user:bob tcp "$(container_ip4 single)" 80 "no user of its"

note "an image's label makes nobody a member of a pod of the configuration"
inside sh -c 'docker create --name labelled probe > /dev/null
	docker commit --change "LABEL com.docker.compose.project=shop" labelled labelled > /dev/null
	docker rm labelled > /dev/null'
for name in innocent shopping shop-run-1; do
	inside docker run -d --name $name --network pods labelled serve tcp:80 > /dev/null
	check "$name is guarded" wait_for 5 is_guarded $name
done
for name in innocent shopping; do
	flow_counted container_to_container silent container:$name tcp "$(container_ip4 single)" 80 "$name by the image's label"
	flow_counted container_to_container silent container:$name tcp "$(container_ip4 shop_a)" 80 "$name by the image's label"
done
flow open container:shop-run-1 tcp "$(container_ip4 single)" 80 "a name of the project's"
check_equal "three containers are of the pod shop" 3 \
	"$(inside "$BUILD/netguard" status --json | jq '.pods.shop | length')"

note "past the guard: told in status, and once in the log"
inside docker run -d --name on-host --network host probe sleep > /dev/null
inside docker network create -d macvlan --subnet 10.99.0.0/24 -o parent=eth0 outer > /dev/null
inside docker run -d --name outer --network outer probe sleep > /dev/null
told() { [ "$(grep -c "$1: not guarded" "$SANDBOX/netguard.log")" = 1 ]; }
warned() { inside "$BUILD/netguard" status --json | jq -e --arg n "$1" '[.warnings[] | select(test($n) and test("not guarded"))] | length == 1'; }
for name in on-host outer; do
	check "$name is in the log" wait_for 5 told $name
	check "$name is in status" wait_for 3 warned $name
done
inside docker run --rm --network pods probe try tcp 10.88.1.1 1 > /dev/null
sleep 0.3
for name in on-host outer; do check "$name is told of once" told $name; done
e2e_end

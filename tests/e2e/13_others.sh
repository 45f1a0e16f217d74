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
network_name: pods
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

note "nor one of a pod of podctl's that the configuration does not name, whoever came first"
inside sh -c 'docker create --name labelled probe > /dev/null
	docker commit --change "LABEL com.docker.compose.project=acct" labelled member-of-acct > /dev/null
	docker rm labelled > /dev/null'
cat <<'END' | put_file /root/acct.yml
containers:
  app: { image: "probe:latest", command: serve tcp:80 }
END
pod_of() { inside "$BUILD/netguard" status --json | jq -r --arg n "$1" '.pods | to_entries[] | select(any(.value[]; .name == $n)) | .key'; }
is_of() { [ "$(pod_of "$1")" = "$2" ]; }
run_labelled() { inside docker run -d --name "$1" --network pods member-of-acct serve tcp:80 > /dev/null; }
# apart WHEN: early, acct-1 (a name of the project's) and late are silent to podctl's, and it to them
apart() {
	local name
	for name in early acct-1 ${2:-}; do
		check "$name is apart $1" wait_for 5 is_of "$name" acct/others
		flow_counted container_to_container silent "container:$name" tcp "$(container_ip4 acct)" 80 "$name, $1"
		flow_counted container_to_container silent container:acct tcp "$(container_ip4 "$name")" 80 "to $name, $1"
	done
	flow open container:early tcp "$(container_ip4 acct-1)" 80 "among the others, $1"
}
for name in early acct-1; do
	run_labelled $name
	check "$name is guarded" wait_for 5 is_guarded $name
done
check_equal "while podctl has no pod of that name, it is the project's" "acct acct" "$(pod_of early) $(pod_of acct-1)"
flow open container:early tcp "$(container_ip4 acct-1)" 80 "within a project of which nothing is configured"
check "podctl makes the pod" podctl /root/acct.yml
check "its root container is guarded" wait_for 5 is_guarded acct
check_equal "it is the pod" acct "$(pod_of acct)"
apart "once podctl has the pod"
run_labelled late
check "late is guarded" wait_for 5 is_guarded late
apart "when another came later" late
check_equal "only podctl's are of the pod" "acct acct.app" \
	"$(inside "$BUILD/netguard" status --json | jq -r '[.pods.acct[].name] | sort | join(" ")')"
denied() { inside "$BUILD/netguard" denied --json | jq -e -s '[.. | objects | select(.from?.container? == "early" and .from.pod == "acct/others" and .to.pod == "acct")] | length > 0'; }
check "denials say who is who" wait_for 3 denied
check_status "so does explain" 2 'pod acct/others may not connect to pod acct' \
	inside "$BUILD/netguard" explain container:early pod:acct:80/tcp

netguard_stop
netguard_start
apart "after a restart" late

note "with the pod's end they are what they say, and when the configuration names it, what their names say"
check "podctl takes the pod away" podctl down acct
check "early is of the project again" wait_for 5 is_of early acct
flow open container:early tcp "$(container_ip4 late)" 80 "within the project"
check "podctl makes the pod again" podctl /root/acct.yml
apart "made again" late
put_config <<'END'
network_name: pods
guard: { allowed_users: [root] }
pods:
  shop: { connect_to: { single: [80] } }
  acct: {}
END
check "acct-1 has a name of the project's" wait_for 5 is_of acct-1 acct
check "early has not" wait_for 5 is_of early early
flow open container:acct-1 tcp "$(container_ip4 acct)" 80 "as the configuration and the name say"
flow_counted container_to_container silent container:early tcp "$(container_ip4 acct)" 80 "another name"

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

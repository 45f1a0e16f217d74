#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Names in the engine's DNS: pods on a network of their own find each other by names and host names, and
# no pod gets what is meant for another one or for the world.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
put_config <<'END'
mount_root: /srv/pods
network_name: pods
guard: { required: false }
pods:
  web-db: { owners: [carol] }
  named: { hostnames: [www.example.com] }
END
pod() { # NAME [LINE]: its file, /root/NAME.yml
	printf '%s\ncontainers: { app: { image: busybox, command: [sleep, "1000"], stop_timeout: 0 } }\n' "${2:-}" | put_file "/root/$1.yml"
}
# what a pod gets for a name, or nothing
asks() { # POD NAME
	inside timeout 10 docker exec "$1.app" nslookup "$2" 127.0.0.11 2> /dev/null |
		awk '/^Name:/ { found = 1 } found && $1 ~ /^Address/ && $NF ~ /^[0-9.]+$/ { print $NF }' | sort -u
}
ids() { inside docker ps -aq --no-trunc --filter "label=podctl.pod=$1" | sort; }

pod shop
check "a pod that asks" podctl /root/shop.yml
pod db 'hostname: db-main'
check "a pod with a host name that begins with its own" podctl /root/db.yml
address=$(container_ip4 db)
check_equal "its name is found" "$address" "$(asks shop db)"
check_equal "... in letters of either case" "$address" "$(asks shop DB)"
check_equal "its host name is found" "$address" "$(asks shop db-main)"
check_equal "a container within it has no name of its own" "" "$(asks shop db.app)"
check_equal "the default host name is found" "$(container_ip4 shop)" "$(asks db shop-host1)"

refused() { # NAME PATTERN POD [LINE]
	pod "$3" "${4:-}"
	check_status "$1: refused" 1 "$2" podctl "/root/$3.yml"
	check_equal "... and nothing was made" "" "$(ids "$3")"
}
refused "another pod's name" "must be the pod's name" evil 'hostname: db'
refused "... in other case" "must be the pod's name" evil 'hostname: DB'
refused "a name of the world" "must be the pod's name" evil 'hostname: deb.debian.org'
refused "... behind its own" "without dots" evil 'hostname: evil-a.example.org'
refused "a name that the configuration gives to another" "must be the pod's name" evil 'hostname: www.example.com'
refused "a pod of the configuration, by its own beginning" 'a name of the pod web-db' web 'hostname: web-db'
refused "... a host name of its" 'a name of the pod web-db' web 'hostname: web-db-host1'
refused "a pod that is there, by its own beginning" 'container db answers to db-main on the network pods' db-main
refused "a pod whose name differs by case from one that is there" 'container shop answers to shop on the network pods' Shop
refused "... from one of the configuration" 'has a pod web-db' Web-DB
check_equal "all are found where they were" "$address $address" "$(asks shop db) $(asks shop db-main)"
check_equal "nobody answers for the world" "" "$(asks shop deb.debian.org)"

note "containers that podctl did not make"
inside docker run -d --name other --hostname named-it --network pods --network-alias cache busybox sleep 1000 > /dev/null
id=$(inside docker inspect -f '{{slice .Id 0 12}}' other)
for name in cache CACHE Other "$id"; do
	refused "a pod $name, which is a name of one" "container other answers to ${name,,} " "$name"
done
refused "its host name" 'container other answers to named-it' named 'hostname: named-it'
check_equal "its alias is found" "$(container_ip4 other)" "$(asks shop cache)"
inside docker rm -f other > /dev/null
pod cache
check "... and a pod has that name when it is gone" podctl /root/cache.yml
check_equal "... and is found" "$(container_ip4 cache)" "$(asks shop cache)"

inside docker create --hostname idle-x --network pods busybox sleep 1000 > /dev/null
refused "a name of one that never ran" 'answers to idle-x' idle 'hostname: idle-x'

note "two that are made in one moment"
pod twin 'hostname: twin-b'
pod twin-b
both=0 made=0
for _ in 1 2 3 4 5; do
	podctl --quiet /root/twin.yml > /dev/null 2>&1 &
	first=$!
	podctl --quiet /root/twin-b.yml > /dev/null 2>&1
	wait "$first"
	n=$(inside docker ps -aq --filter label=podctl.container= --filter name='^/twin' | wc -l)
	made=$((made + n)) both=$((both + (n > 1)))
	podctl --quiet down twin && podctl --quiet down twin-b
done
check_equal "... never both have the name" 0 "$both"
note "$made of 5 were made"

note "addresses that follow from names"
# two of whose names the same MAC follows on this host; somebody tries names until he has such a one
pod p2ac6b
pod p17f35f
check "a pod" podctl /root/p2ac6b.yml
refused "one with the MAC of one that is there" "are the pod p2ac6b's" p17f35f
inside docker stop -t 0 p2ac6b.app p2ac6b > /dev/null
refused "... that does not run" "are the pod p2ac6b's" p17f35f
check "... it runs again" podctl /root/p2ac6b.yml
check "... and goes" podctl down p2ac6b
check "... then the other may have it" podctl /root/p17f35f.yml
check "... which goes" podctl down p17f35f
both=0
for _ in 1 2 3; do
	podctl --quiet /root/p2ac6b.yml > /dev/null 2>&1 &
	first=$!
	podctl --quiet /root/p17f35f.yml > /dev/null 2>&1
	wait "$first"
	n=$(inside docker ps -aq --filter label=podctl.container= | xargs -r "$SANDBOX_CMD" exec "$SANDBOX" -- docker inspect -f '{{.Config.MacAddress}}' |
		grep -c 06:d8:24:6c:8e:bb)
	both=$((both + (n > 1)))
	podctl --quiet down p2ac6b && podctl --quiet down p17f35f
done
check_equal "two in one moment: never both" 0 "$both"
inside sed -i 's/^pods:/pods:\n  p2ac6b: { owners: [carol] }/' /etc/netguard.yml
refused "one with the MAC of one of the configuration, which is not there" "are the pod p2ac6b's" p17f35f
check "... which may have it" podctl /root/p2ac6b.yml
inside docker network create -o com.docker.network.bridge.name=br-small --ipv6 --subnet 10.88.9.0/24 --subnet fd88:9::/112 small > /dev/null
inside sed -i 's/^network_name: .*/network_name: small/' /etc/netguard.yml
pod web
pod x1c1a9
check "a network with few IPv6 addresses" podctl /root/web.yml
refused "another's address there" "are the pod web's" x1c1a9
check "... it goes" podctl down web
inside sed -i 's/^network_name: .*/network_name: pods/' /etc/netguard.yml

note "what the admin allows"
pod named 'hostname: www.example.com'
check "a name of the world" podctl /root/named.yml
check_equal "... is found" "$(container_ip4 named)" "$(asks shop www.example.com)"
pod db 'hostname: db-second'
check "another host name, with containers of its own there" podctl /root/db.yml
check_equal "... is found" "$(container_ip4 db)" "$(asks shop db-second)"
check_equal "... and so is its name" "$(container_ip4 db)" "$(asks shop db)"
check_equal "... the one before is not" "" "$(asks shop db-main)"
e2e_end

#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every key of a pod file, as the engine has it in the end and as the container finds it; ports of
# every kind, by real connections; and that what is refused touches nothing.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
sed 's/^mount_root/network_name: pods\nguard: {required: false}\n&/' examples/netguard-for-complete.yml | put_config
put_file /root/complete.yml < examples/complete.yml
inside sh -c 'mkdir -p /srv/pods/complete/private && cd /srv/pods/complete/private &&
	echo t0ken > token && printf "line\n\n" > tls.key && chown "$1:$1" token tls.key && chmod 400 token tls.key' sh "$((ROOT_UID + 1000))"
check "the complete example" podctl /root/complete.yml
check_status "applied again: nothing to change" 0 'nothing to change' podctl /root/complete.yml

field() { inside docker inspect "$1" | jq -c ".[0] | $2"; }
is() { # CONTAINER JQ WANT
	check_equal "$1: $2" "$3" "$(field "$1" "$2")"
}
app=complete.app
is $app .Config.Image '"busybox:latest"'
is $app .Config.Entrypoint '["/bin/sh","-c"]'
is $app '.Config.Cmd | length' 1
is $app '[.Config.Env[] | select(startswith("PATH=") | not)] | sort' '["GREETING=hello\nworld\n","LANG=C.UTF-8","LEVEL=2","TOKEN=t0ken"]'
is $app .Config.User '"1000:1000"'
is $app .Config.StopSignal '"SIGINT"'
is $app .Config.StopTimeout 5
is $app '.Config.Labels | with_entries(select(.key | startswith("com.")))' '{"com.example.role":"front","com.example.team":"web"}'
is $app .HostConfig.RestartPolicy '{"Name":"always","MaximumRetryCount":0}'
is $app .HostConfig.ReadonlyRootfs true
is $app .HostConfig.Privileged false
is $app '.HostConfig.CapAdd' '["NET_BIND_SERVICE"]'
is $app '.HostConfig.CapDrop | index("ALL") != null' true
is $app .HostConfig.SecurityOpt '["no-new-privileges"]'
is $app .HostConfig.NanoCpus 500000000
is $app .HostConfig.CpuShares 512
is $app .HostConfig.Memory $((64 << 20))
is $app .HostConfig.MemorySwap $((96 << 20))
is $app .HostConfig.MemoryReservation $((32 << 20))
is $app .HostConfig.OomScoreAdj 500
is $app .HostConfig.PidsLimit 50
is $app '[.HostConfig.Ulimits[] | "\(.Name)=\(.Soft):\(.Hard)"] | sort | join(" ")' \
	'"core=0:0 cpu=3600:7200 data=500000000:500000000 fsize=100000000:100000000 memlock=65536:65536 msgqueue=819200:819200 nofile=512:1024 rttime=1000000:1000000 stack=8388608:8388608"'
is $app .HostConfig.Tmpfs '{"/tmp":"size=8388608","/var/cache":""}'
is $app '[.Mounts[] | select(.Type == "bind") | "\(.Destination) \(.RW)"] | sort' '["/data false","/run/secrets false","/shared false","/www true"]'
is $app '.HostConfig.NetworkMode | startswith("container:")' true
is $app '.HostConfig.IpcMode == .HostConfig.NetworkMode and .HostConfig.PidMode == .HostConfig.NetworkMode' true
is complete.helper .HostConfig.Memory $((128 << 20))
is complete.helper .HostConfig.MemorySwap $((128 << 20))
is complete.helper .HostConfig.PidsLimit 100
is complete.helper .HostConfig.NanoCpus 1000000000
is complete.helper '[.Config.Env[] | select(startswith("PATH=") | not)] | sort' '["LANG=C.UTF-8","LEVEL=1"]'
is complete.helper .HostConfig.CapDrop '["MKNOD","NET_RAW"]'
is complete.helper .Config.StopTimeout 0
is complete .Config.Hostname '"complete-example"'
is complete '.Config.Labels["com.example.kind"]' '"root"'
is complete '.Config.Labels["com.example.team"]' null
is complete .HostConfig.ShmSize $((16 << 20))
is complete .HostConfig.PublishAllPorts true
is complete .HostConfig.Init true
is complete .HostConfig.NetworkMode '"pods"'
is complete '.HostConfig.PortBindings["80/tcp"]' '[{"HostIp":"","HostPort":"8080"}]'
is complete '.HostConfig.PortBindings["92/tcp"]' '[{"HostIp":"127.0.0.1","HostPort":"8092"}]'
is complete '.HostConfig.PortBindings["53/udp"]' '[{"HostIp":"","HostPort":"53"}]'
is complete '.Config.ExposedPorts | keys | sort | join(" ")' '"53/udp 5353/udp 80/tcp 81/tcp 82/tcp 90/tcp 91/tcp 92/tcp"'

# as the container finds it
in_app() { inside docker exec $app sh -c "$1"; }
check_equal "user and groups" "1000 1000" "$(in_app 'echo $(id -u) $(id -g)')"
check_equal "host name" complete-example "$(in_app hostname)"
# the engine's exec may begin with its own soft limit for a moment
limits() { [ "$(in_app 'echo $(ulimit -Sn) $(ulimit -Hn) $(ulimit -c)')" = "512 1024 0" ]; }
check "ulimits" wait_for 5 limits
check_equal "capabilities it can have" 0000000000000400 "$(in_app "sed -n 's/^CapBnd:.//p' /proc/self/status")"
check_equal "no new privileges" 1 "$(in_app "sed -n 's/^NoNewPrivs:.//p' /proc/self/status")"
check_equal "its own files can't be written" 1 "$(in_app 'touch /x 2>/dev/null; echo $?')"
check_equal "the size of its tmpfs" 8.0M "$(in_app "df -h /tmp | awk 'NR==2 {print \$2}'")"
check_equal "... which runs nothing" 1 "$(in_app "grep -c ' /tmp tmpfs .*noexec' /proc/mounts")"
check_equal "the size of /dev/shm" 16.0M "$(in_app "df -h /dev/shm | awk 'NR==2 {print \$2}'")"
check_equal "a secret, whole" "line||" "$(in_app 'cat /run/secrets/tls.key' | tr '\n' '|')"
check_equal "... in memory, read-only" 1 "$(in_app "grep -c ' /run/secrets tmpfs ro' /proc/mounts")"
check_equal "a variable from a file" t0ken "$(in_app 'echo $TOKEN')"
check_equal "memory it can have" $((64 << 20)) "$(in_app 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null')"
check_equal "the pod's processes" 1 "$(in_app 'ps | grep -c "[s]leep 1000000"')"
start=$EPOCHREALTIME
inside docker stop $app > /dev/null
check_equal "stop_signal ends it: no timeout, exit status 0" 0 "$(field $app .State.ExitCode)"
check "... at once" awk "BEGIN {exit !($EPOCHREALTIME - $start < 4)}"
check_status "an ended container with restart: always is started" 0 'app' podctl /root/complete.yml
is $app .State.Running true

# nothing secret in what anybody can see of it, but the environment that the engine needs
check_equal "no secret in labels" "" "$(field $app '.Config.Labels' | grep -E 't0ken|line')"
check_equal "... nor in podctl's records" "" "$(inside grep -rlE 't0ken|line' /var/lib/podctl /run/podctl/mounts /run/podctl/locks 2>/dev/null | head -3)"
inside sh -c 'chmod 600 /srv/pods/complete/private/token && echo n3wtoken > /srv/pods/complete/private/token'
check_status "a value that changed: plan names the variable, not the value" 2 'environment_files.TOKEN changed' podctl plan /root/complete.yml
check_equal "... and no more" "" "$(podctl plan /root/complete.yml 2>&1 | grep -E 't0ken|n3wtoken')"
sed 's/memory: 64M/memory: 48M/; s/GREETING: |/GREETING2: |/' examples/complete.yml | put_file /root/complete.yml
check_status "a limit that changed: from what to what" 2 'limits.memory: 67108864 -> 50331648' podctl plan /root/complete.yml
check_status "variables by name" 2 'environment.GREETING2 added' podctl plan /root/complete.yml

# what is refused touches nothing
before=$(inside docker ps -aq --no-trunc | sort)
sed 's/cap_add: .*/cap_add: [SYS_ADMIN]/; s/memory: 48M/memory: 256M/; s/8080:80/8443:80/' examples/complete.yml > "$SANDBOX/bad.yml"
put_file /root/bad/complete.yml < "$SANDBOX/bad.yml"
check_status "all that is wrong is told at once" 1 'SYS_ADMIN is not among' podctl /root/bad/complete.yml
check_status "... a port of nobody's" 1 '8443/tcp is not on the port whitelist' podctl check /root/bad/complete.yml
check_equal "... and nothing was touched" "$before" "$(inside docker ps -aq --no-trunc | sort)"
check "down" podctl down complete

# ports, on the default bridge and on a network with IPv6
# all that an engine would choose but 60768 to 60999 is another pod's
taken=$(seq -f '%.0f' 32768 1000 59768 | while read -r port; do printf ', %s-%s: another' "$port" $((port + 999)); done)

ports() { # NETWORK
	put_config <<-END
		mount_root: /srv/pods
		network_name: $1
		guard: {required: false}
		port_whitelist: {8000-8002: serve, 8005: serve, 53/udp: serve, 8006: serve, 9000: another$taken}
	END
	put_file /root/serve.yml <<-'END'
		publish: ["8000-8002:7000-7002", "127.0.0.1:8005:7000", "53:7000/udp", "[::1]:8006:7000", ":7003"]
		expose: [7004]
		publish_all: true
		containers:
		  app:
		    image: probe
		    command: [serve, "tcp:7000", "tcp:7001", "tcp:7002", "tcp:7003", "tcp:7004", "udp:7000"]
	END
	check "$1: a pod with ports" podctl /root/serve.yml
	wait_for 5 inside "$PROBE" try tcp 127.0.0.1 8000
	for port in 8000 8001 8002; do flow open user:bob tcp 192.0.2.10 $port "$1: range"; done
	flow open user:bob udp 192.0.2.10 53 "$1: udp"
	flow open user:bob tcp 127.0.0.1 8005 "$1: one host address"
	flow denied user:bob tcp 192.0.2.10 8005 "$1: ... and no other"
	flow open user:bob tcp ::1 8006 "$1: one IPv6 address"
	for port in 7003 7004; do
		chosen=$(field serve ".NetworkSettings.Ports[\"$port/tcp\"][0].HostPort | tonumber")
		flow open user:bob tcp 127.0.0.1 "$chosen" "$1: ephemeral"
		check "$1: ... and no port of another pod's" test "$((chosen >= 60768 && chosen <= 60999))" = 1
	done
	mac=$(field serve '[.NetworkSettings.Networks[].MacAddress][0]')
	check_status "$1: a MAC address of its own" 0 '"06:' printf '%s\n' "$mac"
	ip6=$(container_ip6 serve)
	inside sed -i 's/publish_all: true/publish_all: false/' /root/serve.yml
	check "$1: the root container replaced" podctl /root/serve.yml
	check_equal "$1: the same MAC address" "$mac" "$(field serve '[.NetworkSettings.Networks[].MacAddress][0]')"
	[ "$1" = bridge ] || check_equal "$1: the same IPv6 address" "$ip6" "$(container_ip6 serve)"
	[ "$1" = bridge ] || check_status "$1: ... with the interface id of the MAC" 0 'ff:?fe' printf '%s\n' "$ip6"
	inside sed -i 's/"8000-8002:7000-7002"/"9000:7000"/' /root/serve.yml
	check_status "$1: a port of another pod's" 1 'host port 9000/tcp belongs to pod another' podctl /root/serve.yml
	check "$1: down" podctl down serve
}

# ---- what an image has the engine do ----

inside sh -c 'docker create --name plain busybox true && docker commit -c "HEALTHCHECK --interval=1ms CMD true" plain busy:1 &&
	docker commit -c "HEALTHCHECK --interval=30s CMD true" plain calm:1 && docker rm plain' > /dev/null
put_file /root/checked.yml <<- END
	containers:
	  busy: { image: "busy:1", update_image: false, command: sleep 999, user: "1000:1000" }
	  calm: { image: "calm:1", update_image: false, command: sleep 999, user: "1000:1000" }
END
check "images with health checks" podctl /root/checked.yml
is checked.busy .Config.Healthcheck.Interval 5000000000
is checked.busy .Config.Healthcheck.Test '["CMD-SHELL","true"]'
is checked.calm .Config.Healthcheck.Interval 30000000000
check_status "applied again: nothing to change" 0 'nothing to change' podctl /root/checked.yml
sleep 2
is checked.busy '.State.Health.Log // [] | length' 0
check "down" podctl down checked

volumes() { # NAME NUMBER: an image of so many volumes
	inside sh -c 'docker create --name plain busybox true && docker commit -c "VOLUME [$(seq -s, -f "\"/v%g\"" "$2")]" plain "$1:1" && docker rm plain' sh "$1" "$2" > /dev/null
	put_file "/root/$1.yml" <<< "containers: {app: {image: \"$1:1\", update_image: false, command: \"true\"}}"
}
volumes few 50
check "an image with volumes" podctl /root/few.yml
check_status "... no new ones at the next apply" 0 'nothing to change' podctl /root/few.yml
check "down" podctl down few
check_equal "... and they go with it" 0 "$(inside docker volume ls -q | wc -l)"
volumes many 600
check_status "one that would fill each list of containers with its volumes" 1 'image many:1 brings too many labels, variables, volumes' podctl /root/many.yml
check_equal "... makes none" 0 "$(inside docker volume ls -q | wc -l)"

# ---- what stays when a container is gone ----

printf 'mount_root: /srv/pods\nnetwork_name: pods\nguard: {required: false}\npolicy: {max_memory: 64M}\n' | put_config
put_file /root/left.yml <<< 'containers: {app: {image: probe, command: [shm, "40"]}}'
ended() { inside docker wait left.app; }
check "a container that leaves shared memory behind" podctl /root/left.yml
check_equal "... as much as policy's ceiling" 0 "$(ended)"
check_status "applied again: nothing to change" 0 'nothing to change' podctl /root/left.yml
check_status "plan: nothing to change" 0 'nothing to change' podctl plan /root/left.yml
check "started again" podctl start left
check_equal "... it gets no more" 3 "$(ended)"
check "down" podctl down left

ports bridge
ports pods
e2e_end

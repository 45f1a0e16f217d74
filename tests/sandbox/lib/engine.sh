# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The registry and dockerd inside a sandbox. Sourced by sandbox and make.sh; uses their say and die.

inside() { # DIR CMD...
	local dir=$1
	shift
	nsenter --net="$dir/ns/host" --mount="$dir/ns/mnt" --uts="$dir/ns/uts" -- "$@"
}

# Starts a daemon that keeps nothing of ours: not the environment (a proxy set there would be used), not the
# terminal, no descriptor (a pipe of the caller's would never end), no ignored SIGINT. Its pid is then in $spawned:
# neither setsid (not a group leader, having no job control) nor nsenter forks.
spawn() { # DIR LOG CMD...
	local dir=$1 log=$2
	shift 2
	(
		trap - INT QUIT
		cd /
		close_descriptors
		exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
			setsid \
			nsenter --net="$dir/ns/host" --mount="$dir/ns/mnt" --uts="$dir/ns/uts" -- "$@"
	) </dev/null >>"$dir/log/$log" 2>&1 &
	spawned=$!
}

close_descriptors() {
	local fd
	for fd in "/proc/$BASHPID/fd"/*; do
		fd=${fd##*/}
		if [ "$fd" -gt 2 ]; then eval "exec $fd>&-"; fi
	done
}

registry_start() {
	local dir=$1
	cat >"$dir/conf/registry.yml" <<-END
		version: 0.1
		storage:
		  cache:
		    blobdescriptor: inmemory
		  filesystem:
		    rootdirectory: $dir/registry
		  delete:
		    enabled: true
		http:
		  addr: 127.0.0.1:5000
		  secret: sandbox
	END
	# engine_start waits until it answers; dockerd starts meanwhile
	spawn "$dir" registry.log docker-registry serve "$dir/conf/registry.yml"
}

# A process is alive if it is there and no zombie (nobody may have waited for it yet).
alive() {
	local state
	state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) || return 1
	[ -n "$state" ] && [ "$state" != Z ] && [ "$state" != X ]
}

engine_pid() { inside "$1" cat /run/docker.pid 2>/dev/null; }

containerd_pid() { inside "$1" cat /run/docker/containerd/containerd.pid 2>/dev/null; }

wait_gone() { # PID SECONDS
	local n
	for ((n = 0; n < $2 * 50; n++)); do
		alive "$1" || return 0
		sleep 0.02
	done
	return 1
}

# Waits until registry and engine answer, while dockerd lives. In one process inside, which is much quicker than
# entering again and again.
wait_ready() { # DIR DOCKERD-PID
	# shellcheck disable=SC2016 # for the inner shell
	inside "$1" timeout 20 bash -c '
		until (: <>/dev/tcp/127.0.0.1/5000) 2>/dev/null; do sleep 0.02; done
		until [ -S /run/docker.sock ] &&
			curl -sf -o /dev/null --unix-socket /run/docker.sock http://engine/_ping; do
			kill -0 "$1" 2>/dev/null || exit 1
			sleep 0.02
		done' bash "$2"
}

set_br_netfilter() {
	local dir=$1 value
	[ -e "$dir/conf/br-netfilter" ] || return 0
	value=$(cat "$dir/conf/br-netfilter")
	# shellcheck disable=SC2016
	inside "$dir" sh -c '
		for f in iptables ip6tables; do
			f=/proc/sys/net/bridge/bridge-nf-call-$f
			[ -e "$f" ] || { [ "$1" = 0 ] && exit 0; echo "sandbox: no br_netfilter in the kernel" >&2; exit 1; }
			echo "$1" >"$f" || exit 1
		done' sh "$value"
}

# From 28 on the engine drops what is routed to a container, before any other rule, unless the network says not.
create_pods_network() {
	local version unprotected=()
	inside "$1" curl -sf -o /dev/null --unix-socket /run/docker.sock http://engine/networks/pods && return
	version=$(inside "$1" docker version -f '{{.Server.Version}}')
	[ "${version%%.*}" -lt 28 ] || unprotected=(
		-o com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected
		-o com.docker.network.bridge.gateway_mode_ipv6=nat-unprotected)
	inside "$1" docker network create --ipv6 --subnet 10.88.1.0/24 --subnet fd88:0:0:1::/64 \
		-o com.docker.network.bridge.name=br-pods "${unprotected[@]}" pods >/dev/null
}

engine_start() {
	local dir=$1 pid extra=() other=()
	pid=$(engine_pid "$dir") || pid=
	if [ -n "$pid" ] && alive "$pid"; then
		return 0
	fi
	mapfile -t extra <"$dir/conf/dockerd-args"
	[ ! -e "$dir/conf/engine" ] || other=(env "PATH=$(cat "$dir/conf/engine"):/usr/sbin:/usr/bin:/sbin:/bin")
	set_br_netfilter "$dir"
	spawn "$dir" dockerd.log "${other[@]}" dockerd \
		--data-root /var/lib/docker --exec-root /run/docker --pidfile /run/docker.pid \
		-H unix:///run/docker.sock --cgroup-parent "/${dir##*/}" \
		--bip 10.88.0.1/24 --ipv6 --fixed-cidr-v6 fd88:0:0:0::/64 \
		--dns 192.0.2.1 --registry-mirror http://127.0.0.1:5000 "${extra[@]}"
	if ! wait_ready "$dir" "$spawned"; then
		tail -n 20 -- "$dir/log/dockerd.log" >&2
		die "dockerd does not answer"
	fi
	set_br_netfilter "$dir" # again: for some settings dockerd turns it on
	create_pods_network "$dir"
}

engine_stop() {
	local dir=$1 pid
	pid=$(engine_pid "$dir") || return 0
	kill -TERM "$pid" 2>/dev/null || :
	wait_gone "$pid" 60 || die "dockerd (pid $pid) does not stop"
}

# Containers live on. containerd dies with dockerd; a dockerd started now would take its pid file for a living one.
engine_kill() {
	local dir=$1 pid child
	pid=$(engine_pid "$dir") || return 0
	child=$(containerd_pid "$dir") || child=
	kill -KILL "$pid" 2>/dev/null || :
	wait_gone "$pid" 5 || die "dockerd (pid $pid) does not end"
	[ -z "$child" ] || wait_gone "$child" 5 || kill -KILL "$child" 2>/dev/null || :
	inside "$dir" rm -f /run/docker.pid /run/docker/containerd/containerd.pid
}

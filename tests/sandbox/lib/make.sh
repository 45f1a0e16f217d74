# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What `sandbox up` does. Sourced by sandbox; uses its HERE, REPO, say, die, usage.

# shellcheck source=tests/sandbox/lib/engine.sh
. "$HERE/lib/engine.sh"
# shellcheck source=tests/sandbox/lib/images.sh
. "$HERE/lib/images.sh"

# For the selftest: fail where it says, to see that nothing is left then either.
fail_point() {
	[ "${SANDBOX_FAIL_AT-}" != "$1" ] || die "failing at $1, as SANDBOX_FAIL_AT asks"
}

# Options go to files, so that `engine start` finds them again.
read_options() {
	local dir=$1
	shift
	mkdir -p "$dir/conf" "$dir/log"
	: >"$dir/conf/dockerd-args"
	engine=yes br_netfilter=
	while [ $# -gt 0 ]; do
		case $1 in
		--proxy)
			case ${2-} in
			on) ;;
			off) echo --userland-proxy=false >>"$dir/conf/dockerd-args" ;;
			*) usage "--proxy on|off" ;;
			esac
			shift 2
			;;
		--br-netfilter)
			case ${2-} in 0 | 1) br_netfilter=$2 ;; *) usage "--br-netfilter 0|1" ;; esac
			shift 2
			;;
		--dockerd-arg)
			[ $# -ge 2 ] || usage "--dockerd-arg ARG"
			printf '%s\n' "$2" >>"$dir/conf/dockerd-args"
			shift 2
			;;
		--userns-remap)
			echo --userns-remap=dockremap >>"$dir/conf/dockerd-args"
			shift
			;;
		--no-engine) engine=no; shift ;;
		*) usage "no such option: $1" ;;
		esac
	done
	# a folder with the engine of another Debian release, see tests/engines
	[ -z "${SANDBOX_ENGINE-}" ] || realpath -- "$SANDBOX_ENGINE" >"$dir/conf/engine"
	[ -z "$br_netfilter" ] || echo "$br_netfilter" >"$dir/conf/br-netfilter"
}

# Namespaces live by files bound over $dir/ns/*. That directory is a private mount of its own, as the kernel
# demands for a mount namespace's file.
make_namespaces() {
	local dir=$1
	mkdir "$dir/ns"
	# -n, here and wherever /run is the machine's: else mount(8) keeps a list of its own there
	mount -n --bind "$dir/ns" "$dir/ns"
	mount -n --make-private "$dir/ns"
	touch "$dir/ns/host" "$dir/ns/outside" "$dir/ns/mnt" "$dir/ns/uts"
	unshare --net="$dir/ns/outside" true
	unshare --net="$dir/ns/host" true
	fail_point namespaces
	# under nsenter, because sysfs shows the network namespace of whoever mounts it
	nsenter --net="$dir/ns/host" \
		unshare --mount="$dir/ns/mnt" --propagation private --uts="$dir/ns/uts" \
		"$BASH" "$HERE/lib/host.sh" "$dir" "$REPO"
}

# Forwarding off, else dockerd inherits 1 and leaves the FORWARD chain open, which no real host has.
# Duplicate address detection off, so that addresses work at once.
host_sysctls() {
	cat <<-'END'
	echo 0 >/proc/sys/net/ipv4/ip_forward
	for i in all default; do
		echo 0 >/proc/sys/net/ipv6/conf/$i/forwarding
		echo 0 >/proc/sys/net/ipv6/conf/$i/accept_dad
		echo 0 >/proc/sys/net/ipv6/conf/$i/disable_ipv6
	done
	END
}

# Both ends are made inside: at no time does an interface appear on the machine.
make_network() {
	local dir=$1
	nsenter --net="$dir/ns/host" sh -ec "$(host_sysctls)"
	nsenter --net="$dir/ns/outside" sh -ec "$(host_sysctls)"
	nsenter --net="$dir/ns/host" ip -batch - <<-END
		link set lo up
		link add eth0 type veth peer name eth0 netns $dir/ns/outside
		link set eth0 up
		addr add 192.0.2.10/24 dev eth0
		addr add 2001:db8:0:1::10/64 dev eth0 nodad
	END
	nsenter --net="$dir/ns/outside" ip -batch - <<-END
		link set lo up
		link set eth0 up
		addr add 192.0.2.1/24 dev eth0
		addr add 198.51.100.7/32 dev eth0
		addr add 2001:db8:0:1::1/64 dev eth0 nodad
		route add 10.88.0.0/16 via 192.0.2.10
		route add fd88::/32 via 2001:db8:0:1::10
	END
	nsenter --net="$dir/ns/host" ip -batch - <<-END
		route add default via 192.0.2.1
		route add ::/0 via 2001:db8:0:1::1
	END
}

make_everything() {
	local dir=$1
	shift
	chmod 755 "$dir"
	read_options "$dir" "$@"
	say "images"
	images_into "$dir/registry" "$dir/probe"
	fail_point images
	say "namespaces"
	make_namespaces "$dir"
	say "network"
	make_network "$dir"
	fail_point network
	say "registry"
	registry_start "$dir"
	if [ "$engine" = yes ]; then
		say "engine"
		engine_start "$dir"
		fail_point engine
	fi
	say "made $dir"
}

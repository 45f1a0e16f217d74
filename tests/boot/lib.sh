# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A machine that boots: a Debian with systemd in systemd-nspawn, over a base that is never written to, in a
# network namespace of its own for each boot (a real kernel forgets its tables, too). It belongs to a sandbox
# (its folder, cgroups and the outside host), so `sandbox down` ends all of it. Sourced by boot, after
# tests/e2e/lib.sh; uses its SANDBOX.

BOOT_N=0 # boots so far
BOOT_DIR='' NSPAWN='' LEADER=''

# Should we be killed by SIGKILL, somebody else takes the sandbox down.
end_with_us() {
	setsid sh -c 'tail --pid="$1" -s 0.2 -f /dev/null; [ ! -d "$2" ] || exec "$3" down "$2"' \
		sh "$$" "$SANDBOX" "$SANDBOX_CMD" < /dev/null > /dev/null 2>&1 &
}

# A sandbox with the root of the machine and its cgroups, ended also when we are killed.
machine_make() { # BASE
	local base=$1 top name=${SANDBOX##*/}
	BASE_DIR=$base
	BOOT_DIR=$SANDBOX/boot
	ROOT=$BOOT_DIR/root
	mkdir -p "$BOOT_DIR"/{upper,work,root,docker,containerd,log}
	in_root_mounts mount -t overlay -o "lowerdir=$base,upperdir=$BOOT_DIR/upper,workdir=$BOOT_DIR/work" boot "$ROOT"
	for top in $(cgroup_tops); do
		mkdir "$top/$name" || return 1
		[ ! -e "$top/cpuset.mems" ] || [ ! -e "$top/$name/cpuset.mems" ] || {
			cat "$top/cpuset.cpus" > "$top/$name/cpuset.cpus"
			cat "$top/cpuset.mems" > "$top/$name/cpuset.mems"
		}
	done
	# the host of the sandbox itself is not used: its link is wanted for the machine
	nsenter --net="$SANDBOX/ns/host" ip link del eth0
}

# The one tree of version 2, or each of version 1's
cgroup_tops() {
	if [ -e /sys/fs/cgroup/cgroup.procs ]; then
		echo /sys/fs/cgroup
	else
		printf '%s\n' /sys/fs/cgroup/*/cgroup.procs | sed 's|/cgroup.procs$||'
	fi
}

in_root_mounts() { nsenter --mount="$SANDBOX/ns/mnt" -- "$@"; }
in_root() { in_root_mounts chroot "$ROOT" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

# A new network namespace, wired to the outside host. Nothing but forwarding being off is set in there.
network_make() {
	BOOT_N=$((BOOT_N + 1))
	NETNS=$SANDBOX/ns/boot$BOOT_N
	touch "$NETNS"
	unshare --net="$NETNS" sh -ec 'echo 0 > /proc/sys/net/ipv4/ip_forward
		for i in all default; do
			echo 0 > /proc/sys/net/ipv6/conf/$i/forwarding
			echo 0 > /proc/sys/net/ipv6/conf/$i/accept_dad
		done
		ip link set lo up'
	nsenter --net="$NETNS" ip -batch - <<-END
		link add eth0 type veth peer name eth0 netns $SANDBOX/ns/outside
		link set eth0 up
		addr add 192.0.2.10/24 dev eth0
		addr add 2001:db8:0:1::10/64 dev eth0 nodad
	END
	nsenter --net="$SANDBOX/ns/outside" ip -batch - <<-END
		link set eth0 up
		addr add 192.0.2.1/24 dev eth0
		addr add 2001:db8:0:1::1/64 dev eth0 nodad
		route add 10.88.0.0/16 via 192.0.2.10
		route add fd88::/32 via 2001:db8:0:1::10
	END
	nsenter --net="$NETNS" ip -batch - <<-END
		route add default via 192.0.2.1
		route add ::/0 via 2001:db8:0:1::1
	END
}

# What ran beside the machine in its network goes with it.
network_remove() {
	local pid
	kill "${BESIDE[@]}"
	for pid in "${BESIDE[@]}"; do wait_for 10 not kill -0 "$pid" || return 1; done
	BESIDE=()
	nsenter --net="$NETNS" ip link del eth0
	umount "$NETNS"
}

# nspawn OPTION...: the base's own systemd-nspawn with the base's libraries, so that nothing of this machine but
# its kernel is asked. Only /proc/sys/net can be written to: the rest of /proc/sys and /sys is this machine's.
# No capability that reaches beyond namespaces (time, modules, raw I/O).
nspawn() {
	local libs tops
	tops=$(cgroup_tops)
	libs=$(echo "$BASE_DIR"/usr/lib/*-linux-gnu*)
	exec nsenter --net="$NETNS" --mount="$SANDBOX/ns/mnt" --uts="$SANDBOX/ns/uts" -- env -i \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin SANDBOX_SETUP="$SANDBOX" SYSTEMD_NSPAWN_API_VFS_WRITABLE=network \
		sh -c 'for c in $2; do echo $$ > "$c/$1/cgroup.procs" || exit 1; done; shift 2; exec "$@"' \
		sh "${SANDBOX##*/}" "$tops" \
		"$BASE_DIR"/lib*/ld-linux*.so.* --library-path "$libs:$libs/systemd" \
		"$BASE_DIR/usr/bin/systemd-nspawn" -q -D "$ROOT" --register=no --keep-unit --resolv-conf=off --timezone=off \
		--network-namespace-path=/proc/self/ns/net --capability=CAP_NET_ADMIN --drop-capability=CAP_SYS_RESOURCE \
		--system-call-filter='@keyring bpf' --console=pipe "$@"
}

# machine_start: returns as soon as its systemd can be asked
machine_start() {
	nspawn --bind="$BOOT_DIR/docker:/var/lib/docker" --bind="$BOOT_DIR/containerd:/var/lib/containerd" --boot \
		< /dev/null >> "$BOOT_DIR/log/console" 2>&1 &
	NSPAWN=$!
	wait_for 20 find_leader && wait_for 20 machine systemctl show -p Version
}

find_leader() {
	LEADER=$(ps -o pid= --ppid "$NSPAWN" | tr -d ' ')
	[ -n "$LEADER" ] && [ "$(cat "/proc/$LEADER/comm")" = systemd ]
}

# machine CMD...: in it, as root
machine() {
	nsenter -t "$LEADER" -m -p -n -u -i -C -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"
}

# machine_end STATUS: waits until it is gone; 0 after poweroff, 133 after reboot
machine_end() {
	local status=0
	wait_for 60 not kill -0 "$NSPAWN" || return 1
	wait "$NSPAWN" || status=$?
	[ "$status" -eq "$1" ] || { echo "systemd-nspawn ended with $status"; tail -n 20 "$BOOT_DIR/log/console"; return 1; }
}

# put PATH [MODE]: a file of the machine from standard input
put() { in_root sh -ec 'mkdir -p "$(dirname "$1")"; cat > "$1"; chmod "$2" "$1"' sh "$1" "${2:-644}"; }

# must NAME CMD...: like check, but in this shell, since it sets variables; nothing goes on without it
must() {
	local name=$1
	shift
	if "$@" > "$BOOT_DIR/said" 2>&1; then
		pass "$name"
	else
		fail "$name"
		tail -n 40 "$BOOT_DIR/said" | sed 's/^/#   /'
		tail -n 20 "$BOOT_DIR/log/console" | sed 's/^/# console: /'
		exit 1
	fi
}

# ---- probes that ask all along ----

BESIDE=()
now_ms() { echo "${EPOCHREALTIME/[.,]/}" | cut -c1-13; }

# beside NAME UID CMD...: in the machine's network, from before it boots until it is gone
beside() {
	local name=$1 uid=$2
	shift 2
	SANDBOX_SETUP=$SANDBOX setsid nsenter --net="$NETNS" -- setpriv --reuid "$uid" --regid "$uid" --clear-groups \
		-- "$@" >> "$BOOT_DIR/log/$name" 2>&1 &
	BESIDE+=("$!")
	disown # bash has nothing to say of its end
}

# All that was asked and heard in a window, one line for each label, from every log:
#   LABEL SENT ANSWERED ARRIVED
window() { # FROM-MS TO-MS
	cat "$BOOT_DIR"/log/*.{ask,heard} "$BOOT_DIR"/upper/srv/{log/*,pods/*/log}/*.{ask,heard} 2> /dev/null |
		awk -v from="$1" -v to="$2" '
			NF != 4 || $1 < from || $1 > to { next }
			$2 ~ /:/ { sent[$2] += $3; answered[$2] += $4; next }
			{ arrived[$3] += $4; sent[$3] += 0 }
			END { for (l in sent) print l, sent[l], answered[l] + 0, arrived[l] + 0 }' | sort
}

# The longest time that each allowed label was not answered in a window, shortest first, from every log:
#   MILLISECONDS LABEL
# What is told is told of 200 ms, so that one that is always answered has about 200.
gaps() { # FROM-MS TO-MS
	cat "$BOOT_DIR"/log/*.ask "$BOOT_DIR"/upper/srv/{log/*,pods/*/log}/*.ask 2> /dev/null |
		awk 'NF == 4 && $2 ~ /^yes:/ && $4 > 0' | sort -n |
		awk -v from="$1" -v to="$2" '
			$1 < from || $1 > to { next }
			{ t = $1 - (($2 in last) ? last[$2] : from); if (t > gap[$2] + 0) gap[$2] = t; last[$2] = $1 }
			END { for (l in last) { t = to - last[l]; print (t > gap[l] ? t : gap[l]), l } }' | sort -n
}

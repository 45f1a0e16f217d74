# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# host.sh DIR REPO: run inside the sandbox's new network, mount and UTS namespaces (see make.sh), makes the
# host's own files there. Every mount dies with the mount namespace.
set -euo pipefail
dir=$1 repo=$2

# Our copies of other sandboxes' namespace files would keep those namespaces alive after their `down`.
forget_sandboxes() {
	local ns
	for ns in /tmp/sandbox.*/ns; do
		umount -n --lazy --recursive "$ns" 2>/dev/null || :
	done
}

private_dir() { # DIR-IN-SANDBOX PATH
	mkdir -p "$1" "$2"
	mount -n --bind "$1" "$2"
}

private_overlay() { # NAME PATH
	mkdir -p "$dir/overlay/$1/upper" "$dir/overlay/$1/work"
	mount -n -t overlay -o "lowerdir=$2,upperdir=$dir/overlay/$1/upper,workdir=$dir/overlay/$1/work" \
		"sandbox-$1" "$2"
}

# /sys of this network namespace, with the machine's cgroup tree, which dockerd looks for there.
mount_sys() {
	mkdir "$dir/keep"
	mount -n --rbind /sys/fs/cgroup "$dir/keep"
	mount -n -t sysfs sysfs /sys
	mount -n --move "$dir/keep" /sys/fs/cgroup
	rmdir "$dir/keep"
}

mount_private() {
	mkdir "$dir/repo"
	mount -n --rbind "$repo" "$dir/repo"
	mount -n -t tmpfs -o mode=755,nosuid,nodev tmpfs /run
	mkdir -m 1777 /run/lock
	private_overlay etc /etc
	private_overlay root /root
	private_overlay lib /var/lib # for the mount points below, which the machine may lack
	private_overlay log /var/log
	private_dir "$dir/home" /home
	private_dir "$dir/srv" /srv
	mkdir -p -m 0700 /srv/pods
	local name
	for name in docker containerd podctl netguard; do
		private_dir "$dir/lib/$name" "/var/lib/$name"
	done
	# a repository below one of these was covered: put it back at its path
	if ! [ "$repo" -ef "$dir/repo" ]; then
		mkdir -p "$repo"
		mount -n --move "$dir/repo" "$repo"
	else
		umount -n --recursive "$dir/repo"
	fi
}

add_group() { # NAME GID MEMBERS
	echo "$1:x:$2:$3" >>/etc/group
	echo "$1:!::$3" >>/etc/gshadow
}

add_user() { # NAME UID
	add_group "$1" "$2" ""
	echo "$1:x:$2:$2::/home/$1:/bin/sh" >>/etc/passwd
	echo "$1:!:19000:0:99999:7:::" >>/etc/shadow
	install -d -m 755 -o "$2" -g "$2" "/home/$1"
}

write_etc() {
	add_user traefik 1001
	add_user bob 1234
	add_user carol 1235
	add_user dave 1236
	add_user opal 1237
	add_group webteam 2001 dave
	add_group ops 2002 opal
	# the daemon's own user, as systemd-sysusers makes it
	if ! getent passwd _netguard >/dev/null; then
		add_group _netguard 901 ""
		echo "_netguard:x:901:901::/nonexistent:/usr/sbin/nologin" >>/etc/passwd
	fi
	getent group docker >/dev/null || add_group docker 902 ""
	gpasswd -d _netguard docker >/dev/null 2>&1 || :
	# for an engine with userns-remap
	add_group dockremap 900 ""
	echo "dockremap:x:900:900::/:/bin/false" >>/etc/passwd
	echo dockremap:200000:65536 >/etc/subuid
	echo dockremap:200000:65536 >/etc/subgid
	mkdir -p /etc/sudoers.d
	chmod 750 /etc/sudoers.d
	# only the machine's own things could be there
	rm -rf /etc/docker /etc/netguard.yml
	rm -f /etc/resolv.conf /etc/hosts /etc/hostname
	# No name is asked for anywhere: where a pod has port 53, the engine would wait for an answer from it.
	echo "nameserver 127.0.0.1" >/etc/resolv.conf
	sed -i 's/^hosts:.*/hosts: files/' /etc/nsswitch.conf
	printf '127.0.0.1\tlocalhost host1\n::1\tlocalhost ip6-localhost\n' >/etc/hosts
	echo host1 >/etc/hostname
	chmod 644 /etc/resolv.conf /etc/hosts /etc/hostname
}

umask 022
forget_sandboxes
mount_sys
mount_private
write_etc
hostname host1

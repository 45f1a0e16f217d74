# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Finding and ending what belongs to a sandbox. Sourced by sandbox; uses its BASE, say, die.
#
# A process belongs to a sandbox when it is in one of its namespaces, in its cgroup (containers), carries its
# SANDBOX_SETUP mark (still being made), has its /srv (should the namespaces' files be lost), or descends from such
# a one (a container in somebody else's cgroup). Never ourselves or who called us.

# Namespaces are compared with those that the bound files hold *now*: a number noted earlier may be reused.
namespace_links() { # DIR; prints find's alternatives
	local file kind
	for file in host outside mnt; do
		[ "$(stat -f -c %T -- "$1/ns/$file" 2>/dev/null)" = nsfs ] || continue
		kind=net
		[ "$file" != mnt ] || kind=mnt
		printf -- '-o\n-lname\n%s:\\[%s\\]\n' "$kind" "$(stat -L -c %i -- "$1/ns/$file")"
	done
}

members() { # DIR; prints pids
	local dir=$1 name=${1##*/} links
	mapfile -t links < <(namespace_links "$dir")
	{
		# find and grep complain about processes that ended meanwhile
		if [ ${#links[@]} -gt 0 ]; then
			find /proc/[0-9]*/ns \( -false "${links[@]}" \) -printf '%p\n' 2>/dev/null || :
		fi
		grep -lsE ":/$name(/|\$)" /proc/[0-9]*/cgroup || :
		# not just any mention: whoever unshares mounts has copies of our namespaces' files
		grep -lsE "/$name/srv(//deleted)? /srv " /proc/[0-9]*/mountinfo || :
		grep -lszxF "SANDBOX_SETUP=$dir" /proc/[0-9]*/environ || :
	} | cut -d/ -f3 | with_descendants
}

# Adds descendants; leaves out zombies, ourselves and our ancestors.
with_descendants() {
	ps -eo pid=,ppid=,stat= | awk -v self="$BASHPID" '
		members { member[$1] = 1; next }
		{ parent[$1] = $2; if ($3 ~ /^Z/) zombie[$1] = 1 }
		END {
			for (p = self; p > 0 && (p in parent); p = parent[p])
				spared[p] = 1
			for (p in parent)
				for (q = p; q > 1; q = parent[q]) {
					if (q in spared)
						break
					if (q in member) {
						if (!(p in zombie))
							print p
						break
					}
				}
		}' members=1 /dev/fd/3 members=0 -
} 3<&0

end_members() { # DIR
	local n pids
	for ((n = 0; n < 250; n++)); do
		mapfile -t pids < <(members "$1")
		[ ${#pids[@]} -gt 0 ] || return 0
		kill -KILL "${pids[@]}" 2>/dev/null || :
		sleep 0.02
	done
}

mounts_below() { # PATH; the newest first
	awk -v below="$1" '$5 == below || index($5, below "/") == 1 { print $5 }' /proc/self/mountinfo | tac
}

unmount_all() { # DIR
	local target
	while read -r target; do
		umount -n -- "$target" 2>/dev/null || umount -n --lazy -- "$target" 2>/dev/null || :
	done < <(mounts_below "$1")
}

cgroups_of() { find /sys/fs/cgroup -mindepth 1 -maxdepth 2 -name "$1" -type d 2>/dev/null || :; }

# A cgroup may stay busy for a moment after its last process died.
remove_cgroups() { # NAME
	local n tops
	for ((n = 0; n < 50; n++)); do
		mapfile -t tops < <(cgroups_of "$1")
		[ ${#tops[@]} -gt 0 ] || return 0
		find "${tops[@]}" -depth -type d -exec rmdir -- {} + 2>/dev/null || :
		[ -n "$(cgroups_of "$1")" ] || return 0
		sleep 0.02
	done
}

leftovers() { # DIR
	local pid
	for pid in $(members "$1"); do
		printf 'process %s: %s\n' "$pid" "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c1-100)"
	done
	mounts_below "$1" | sed 's/^/mount /'
	cgroups_of "${1##*/}" | sed 's/^/cgroup /'
	[ ! -e "$1" ] || echo "directory $1"
}

remove_sandbox() { # DIR
	local dir=$1 left
	say "ending processes"
	end_members "$dir"
	say "unmounting"
	unmount_all "$dir"
	remove_cgroups "${dir##*/}"
	# only when nothing is mounted below, so that nothing but ours is removed
	if [ -d "$dir" ] && [ -z "$(mounts_below "$dir")" ]; then
		rm -rf --one-file-system -- "$dir" || :
	fi
	left=$(leftovers "$dir")
	if [ -n "$left" ]; then
		printf 'sandbox: left of %s:\n%s\n' "$dir" "$left" >&2
		return 1
	fi
}

# ---- check-clean ----

# Alive: completely made and not yet taken down, or its owner (a running `up` or `run`) is alive.
is_live() { # DIR
	local pid start
	[ -d "$1" ] || return 1
	[ -e "$1/owner" ] || { [ -e "$1/ns/mnt" ]; return; }
	read -r pid start <"$1/owner" || return 1
	[ "$(awk '{print $22}' "/proc/$pid/stat" 2>/dev/null)" = "$start" ]
}

# Names of sandboxes that something on the machine mentions: directories, mounts (of any process, so that a
# mount namespace is found whose files are gone), cgroups.
mentioned() {
	{
		find "$BASE" -maxdepth 1 -name 'sandbox.??????'
		cgroups_of 'sandbox.*'
		cat /proc/[0-9]*/mountinfo 2>/dev/null || :
		cat /proc/[0-9]*/cgroup 2>/dev/null || :
		ip -o link show
	} | grep -oE 'sandbox\.[A-Za-z0-9]{6}' | sort -u
}

check_clean() {
	local name dirty=0 left
	for name in $(mentioned); do
		! is_live "$BASE/$name" || continue
		left=$(leftovers "$BASE/$name")
		[ -n "$left" ] || left=$(foreign_mounts "$name")
		[ -n "$left" ] || continue # taken down while we looked
		dirty=1
		printf '%s is no live sandbox, but left:\n%s\n' "$name" "$left"
	done
	if ip -o link show br-pods >/dev/null 2>&1; then
		dirty=1
		echo "interface br-pods on the machine itself"
	fi
	return "$dirty"
}

# Processes in somebody's mount namespace that was made while the sandbox lived, and has copies of its mounts.
foreign_mounts() { # NAME
	{ grep -lsF "$1" /proc/[0-9]*/mountinfo || :; } | sed -E 's|/proc/([0-9]+)/.*|process \1 has its mounts|'
}

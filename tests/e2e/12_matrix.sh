#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The traffic matrix: every flow of matrix.txt as real packets, on the default bridge and on a network of its
# own, br_netfilter at 0 and at 1, with docker-proxy and without. A denied flow must not arrive, must count in the
# counter that matrix.txt names, and must be in the log; one that is let through must count in none.
#
#   12_matrix.sh [proxy-on|proxy-off]    one half; without argument both, side by side
#
# Docker's own rules are taken out of the way, so that each verdict is ours alone.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

if [ $# -eq 0 ]; then
	out=$(mktemp -d)
	trap 'rm -rf "$out"' EXIT
	"$0" proxy-on > "$out/on" 2>&1 &
	"$0" proxy-off > "$out/off" 2>&1
	off=$?
	wait $!
	on=$?
	cat "$out/on" "$out/off"
	exit $((on > 0 || off > 0))
fi
. tests/e2e/lib.sh
. tests/e2e/lib_matrix.sh

proxy=${1#proxy-}
e2e_begin --proxy "$proxy"
matrix_begin
for network in pods bridge; do
	matrix_containers "$network"
	docker_lets_pass
	for br_netfilter in 0 1; do
		inside sh -c 'echo "$1" | tee /proc/sys/net/bridge/bridge-nf-call-iptables \
			/proc/sys/net/bridge/bridge-nf-call-ip6tables' sh "$br_netfilter" > /dev/null
		matrix_walk "network $network, br_netfilter $br_netfilter, docker-proxy $proxy"
	done
done
matrix_end
e2e_end

#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# netguard authz: reading a request and deciding, in one process, without an engine.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
exec "${BUILD:-build}/tests/bench/authz"

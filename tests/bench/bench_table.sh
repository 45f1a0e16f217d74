#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The table of 10,000 containers: from nothing, adopted, changed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
exec "${BUILD:-build}/tests/bench/table" "${ROUNDS:-9}"

# SPDX-License-Identifier: GPL-3.0-or-later
# Whoever has as many bytes in pipes as he may gets no more by a program of root's that he gives one.
# Prints the size of a pipe before and after "$@" had it for its output.
import fcntl
import os
import subprocess
import sys

F_SETPIPE_SZ, F_GETPIPE_SZ = 1031, 1032
held = []
for _ in range(5000):
    held.append(os.pipe())
    try:
        fcntl.fcntl(held[-1][1], F_SETPIPE_SZ, 1 << 20)
    except PermissionError:
        break
else:
    sys.exit("there is no limit")
end = os.pipe()[1]
before = fcntl.fcntl(end, F_GETPIPE_SZ)
subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=end, stderr=end, check=True)
print(before, fcntl.fcntl(end, F_GETPIPE_SZ))

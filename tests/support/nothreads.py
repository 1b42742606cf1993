"""Runs a command to which the kernel gives no thread, as where a limit on processes is reached: `nothreads.py COMMAND`.

RLIMIT_NPROC means nothing to root, so it is a seccomp filter: clone() for a thread fails with EAGAIN.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3, CLONE_THREAD = 435, 0x10000
LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, FAIL, EAGAIN, ENOSYS = 0x7FFF0000, 0x00050000, 11, 38


def main() -> None:
    """Set the filter and become the command."""
    steps = [
        (LOAD, 0, 0, 0),
        (EQUAL, 4, 0, CLONE3),
        (EQUAL, 0, 2, CLONE[platform.machine()]),
        (LOAD, 0, 0, 16),
        (ANY_BIT, 2, 0, CLONE_THREAD),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, FAIL | ENOSYS),
        (RETURN, 0, 0, FAIL | EAGAIN),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if libc.prctl(SECCOMP, FILTER, program, 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()

"""This process's own command line as `ps` shows it to every user: an argument with a password is overwritten there.

As mysql does with its `-p`. Python has copied the words before; where the system refuses, they stay as they are.
"""

from __future__ import annotations

import os
from contextlib import suppress

_BEGIN, _END = 45, 46
"""Where the fields arg_start and arg_end of /proc/PID/stat are (proc_pid_stat(5)), counted from the process's state."""
HIDDEN = b"x"


def hide(argument: str) -> None:
    """Overwrite each word of the command line that is this argument, or ends with it after an `=`."""
    with suppress(OSError, ValueError, IndexError), open("/proc/self/stat", "rb") as stat:
        fields = stat.read().rpartition(b")")[2].split()
        begin, end = int(fields[_BEGIN]), int(fields[_END])
        with open("/proc/self/mem", "r+b", buffering=0) as memory:
            memory.seek(begin)
            words = memory.read(end - begin).split(b"\0")
            at = begin
            for word in words:
                if secret := _secret_in(word, os.fsencode(argument)):
                    memory.seek(at + len(word) - len(secret))
                    memory.write(HIDDEN * len(secret))
                at += len(word) + 1


def _secret_in(word: bytes, argument: bytes) -> bytes:
    return argument if argument and (word == argument or word.endswith(b"=" + argument)) else b""

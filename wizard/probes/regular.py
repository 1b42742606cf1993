"""The beginning or the end of a regular file: bounded, and never a wait for a pipe or a device."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def head(path: Path, most: int) -> str:
    """The first `most` bytes as text. Raises OSError for what cannot be read or is no regular file."""
    return _read(path, most, end=False)[0]


def tail(path: Path, most: int) -> tuple[str, float]:
    """(the last `most` bytes as text, when the file was changed, in seconds since the epoch). Raises OSError."""
    return _read(path, most, end=True)


def _read(path: Path, most: int, *, end: bool) -> tuple[str, float]:
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:
        raise OSError(errno.EINVAL, "no path of a file") from error
    with os.fdopen(number, "rb") as file:
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        if end and found.st_size > most:
            file.seek(found.st_size - most)
        return file.read(most).decode("utf-8", "replace"), found.st_mtime

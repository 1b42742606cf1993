"""Where a log comes from: a file, standard input, or a file that still grows. Gives chunks of bytes.

An empty chunk says that nothing came for a while. What cannot be read is told in one sentence, as UsageError.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator

from wizard.errors import UsageError
from wizard.logs.unpack import CHUNK, is_packed

PAUSE = 0.25
"""Seconds between two looks at a file that grows, and until a silent pipe counts as silent."""
STANDARD_INPUT = "-"


def check(name: str) -> None:
    """Raise UsageError for a file that is missing, a folder or unreadable, without opening it: it may be a pipe."""
    if name == STANDARD_INPUT:
        return
    try:
        if stat.S_ISDIR(os.stat(name).st_mode):
            raise UsageError(f"{name} is a folder: name a file in it")
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from error
    if not os.access(name, os.R_OK):
        raise UsageError(f"{name} cannot be read: Permission denied")


def chunks_of(name: str) -> Iterator[bytes]:
    """The bytes of a file, as they come from a pipe; `-` is standard input. Raises UsageError."""
    descriptor = 0 if name == STANDARD_INPUT else _open(name)
    try:
        yield from _read(descriptor)
    except OSError as error:
        raise _unreadable("standard input" if name == STANDARD_INPUT else name, error) from error
    finally:
        if descriptor:
            os.close(descriptor)


def _read(descriptor: int) -> Iterator[bytes]:
    from select import select

    waits = not stat.S_ISREG(os.fstat(descriptor).st_mode)
    while True:
        if waits and not select([descriptor], [], [], PAUSE)[0]:
            yield b""
            select([descriptor], [], [])
        chunk = os.read(descriptor, CHUNK)
        if not chunk:
            return
        yield chunk


def written_at(name: str) -> float:
    """When a file was last written, in seconds since the epoch; now for standard input and where nothing tells."""
    try:
        status = None if name == STANDARD_INPUT else os.stat(name)
    except OSError:
        status = None
    return status.st_mtime if status is not None and stat.S_ISREG(status.st_mode) else time.time()


class Followed:
    """A file that grows, as `tail -F` reads it: cut short it is read anew, replaced the new file is read too."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._descriptor = _open(name)
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            self.close()
            raise UsageError(f"{name} is no regular file: --follow is for a file that grows")
        if is_packed(os.pread(self._descriptor, 8, 0)):
            self.close()
            raise UsageError(f"{name} is packed: --follow is for a file that grows")

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def chunks(self) -> Iterator[bytes]:
        """What there is and what comes, for ever, without waiting; ends where the name leads to other content."""
        while True:
            try:
                chunk = os.read(self._descriptor, CHUNK)
                if not chunk and self._begins_anew():
                    return
            except OSError as error:
                raise _unreadable(self.name, error) from error
            yield chunk

    def _begins_anew(self) -> bool:
        """Whether the file was cut short or replaced, after which it is read from its beginning."""
        now = os.fstat(self._descriptor)
        if now.st_size < os.lseek(self._descriptor, 0, os.SEEK_CUR):
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            return True
        try:
            there = os.stat(self.name)
            if (there.st_dev, there.st_ino) == (now.st_dev, now.st_ino):
                return False
            fresh = os.open(self.name, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            return False  # while there is none of that name, the old one stays
        os.close(self._descriptor)
        self._descriptor = fresh
        return True


def _open(name: str) -> int:
    try:
        return os.open(name, os.O_RDONLY)
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: Exception) -> UsageError:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return UsageError(f"{name} cannot be read: {said}")

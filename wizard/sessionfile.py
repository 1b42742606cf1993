"""The file of a session: its folder, its lines, its format number. It trusts no folder of others."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wizard.errors import SessionError

FORMAT = 1
"""The number of the format that is written; it grows when a reader of the old one would go wrong."""
LARGEST = 64 * 1024 * 1024
"""Bytes; a file beyond this is no session."""
FLAGS = os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
Lines = list[dict[str, Any]]
CONVERTERS: dict[int, Callable[[Lines], Lines]] = {}
"""Format number to what turns its lines into those of the next number."""


def new_file(path: Path) -> int:
    """Make a file that only this user reads, and open it for appending."""
    return _held(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | FLAGS, 0o600))


def _held(file: int) -> int:
    """The file, locked for as long as it is open. Raises OSError where another process writes it."""
    try:
        import fcntl
    except ImportError:  # Windows has no such lock; there nobody is kept out
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(file)
        raise OSError("another dbwizard goes on with it") from error
    except OSError:
        pass  # a file system without locks
    return file


def prepare(folder: Path) -> None:
    """Make the folder, for this user only. Raises SessionError for one that somebody else could have laid."""
    if not (reason := distrusted(folder)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        reason = distrusted(folder)
    if reason:
        raise SessionError(reason)
    if stat.S_IMODE(folder.lstat().st_mode) & 0o077:
        folder.chmod(0o700)


def distrusted(folder: Path) -> str:
    """Why somebody else may have laid this folder, as a clause; empty where it is ours, or not there."""
    for each in (folder.parent, folder) if folder.parent.name == "dbwizard" else (folder,):
        try:
            found = each.lstat()
        except OSError:
            return ""
        if stat.S_ISLNK(found.st_mode):
            return f"{each} is a symbolic link"
        if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
            return f"{each} belongs to another user"
    return ""


def read_bytes(path: Path) -> bytes:
    """The file. Raises SessionError when it cannot be read or is too large."""
    try:
        if path.stat().st_size > LARGEST:
            raise SessionError(f"{path} is too large to be a session.")
        return path.read_bytes()
    except OSError as error:
        raise SessionError(f"{path} cannot be read: {error.strerror or error}.") from error


def lines_of(raw: bytes, path: Path) -> Lines:
    """Each complete line as data. What follows the last newline was in flight when the process ended."""
    lines: Lines = []
    complete = raw.split(b"\n")[:-1]
    for number, line in enumerate(complete, 1):
        try:
            data = json.loads(line)
        except ValueError as error:
            raise SessionError(f"{path}, line {number}: this is not a line of a session.") from error
        if not isinstance(data, dict):
            raise SessionError(f"{path}, line {number}: this is not a line of a session.")
        lines.append(data)
    if not lines or not isinstance(lines[0].get("format"), int) or "id" not in lines[0]:
        raise SessionError(f"{path} is no session of dbwizard.")
    return lines


def converted(lines: Lines, path: Path) -> Lines:
    """The lines in the format of today. Raises SessionError where no way leads there."""
    number = lines[0]["format"]
    if number > FORMAT:
        newer = f"{path} was written by a newer dbwizard (format {number}, this one reads up to {FORMAT})"
        raise SessionError(f"{newer}: update dbwizard.")
    for step in range(number, FORMAT):
        if step not in CONVERTERS:
            raise SessionError(f"{path} has the format {number}, which this dbwizard cannot read.")
        lines = CONVERTERS[step](lines)
    return lines


def reopen(path: Path) -> int:
    """Open a loaded session for appending, behind its last complete line."""
    file = os.open(path, os.O_RDWR | FLAGS)
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or (hasattr(os, "geteuid") and found.st_uid != os.geteuid()):
        os.close(file)
        raise OSError(f"{path} is not a file of this user")
    _held(file)
    # Only now, with the lock: what another process is writing is no cut-off line.
    raw = os.pread(file, os.fstat(file).st_size, 0)
    os.ftruncate(file, raw.rfind(b"\n") + 1)
    return file

"""The file of a session: its folder, its lines, its format number. It trusts no folder of others."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wizard import owned
from wizard.core.lazyre import lazy
from wizard.errors import SessionError
from wizard.owned import make_private
from wizard.redact import clean

FORMAT = 1
"""The number of the format that is written; it grows when a reader of the old one would go wrong."""
LARGEST = 64 * 1024 * 1024
"""Bytes; a file beyond this is no session."""
FLAGS = os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
Lines = list[dict[str, Any]]
_ID = lazy(r"[0-9A-Za-z-]{1,40}")
_PARTS = {
    **{"id": str, "started": str, "version": str, "practice": str},
    **{"environment": dict, "target": dict, "facts": dict},
}
"""Parts of the first line, and what each of them is."""
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
    if reason := distrusted(folder) or make_private(folder):
        raise SessionError(reason)


def distrusted(folder: Path) -> str:
    """Why somebody else may have laid this folder, as a clause; empty where it is ours, or not there."""
    own = (folder.parent, folder) if folder.parent.name == "dbwizard" else (folder,)
    return next((reason for each in own if (reason := owned.distrusted(each))), "")


def read_bytes(path: Path) -> bytes:
    """The file. Raises SessionError when it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise SessionError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(raw) > LARGEST:
        raise SessionError(f"{path} is too large to be a session.")
    return raw


def lines_of(raw: bytes, path: Path) -> Lines:
    """Each complete line as data. What follows the last newline was in flight when the process ended."""
    lines: Lines = []
    complete = raw.split(b"\n")[:-1]
    for number, line in enumerate(complete, 1):
        try:
            data = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise SessionError(f"{path}, line {number}: this is not a line of a session.") from error
        if not isinstance(data, dict):
            raise SessionError(f"{path}, line {number}: this is not a line of a session.")
        lines.append(_visible(data))
    if not lines or not isinstance(lines[0].get("format"), int) or "id" not in lines[0]:
        raise SessionError(f"{path} is no session of dbwizard.")
    return lines


def _visible(data: Any) -> Any:
    """The data without characters that nobody sees: a file may have been brought from anywhere."""
    if isinstance(data, str):
        return clean(data, 0)
    if isinstance(data, dict):
        return {clean(key, 0): _visible(value) for key, value in data.items()}
    return [_visible(one) for one in data] if isinstance(data, list) else data


def is_header(line: Any) -> bool:
    """Whether this is the first line of a session: each part of the kind that its readers count on."""
    if not isinstance(line, dict) or not _ID.fullmatch(str(line.get("id", ""))):
        return False
    if not all(isinstance(line[key], kind) for key, kind in _PARTS.items() if key in line):
        return False
    return all(isinstance(one, str) for one in line.get("environment", {}).values()) and _is_target(
        line.get("target", {})
    )


def _is_target(written: dict[str, Any]) -> bool:
    """Whether this is a target as it is kept: texts and numbers, and below `options` and `hosts` texts too."""
    rest = {**written}
    options, hosts = rest.pop("options", {}), rest.pop("hosts", [])
    if not isinstance(options, dict) or not isinstance(hosts, list):
        return False
    if not all(isinstance(one, dict) and isinstance(one.get("host"), str) for one in hosts):
        return False
    return all(isinstance(one, (str, int)) for one in (*rest.values(), *options.values()))


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

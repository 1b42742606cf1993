"""Reading the small text files that hold settings: bounded, tolerant of encodings, never raising."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import local

from wizard.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

    from wizard.target.rights import Rights


class _View(local):
    """Whose files a thread reads, and with whose rights."""

    root: Path | None = None
    rights: Rights | None = None


_VIEW = _View()
_LINKS = 40
"""Symbolic links that a path may have, as in the kernel (MAXSYMLINKS)."""
LIMIT = 1024 * 1024
"""No more than this many bytes of a file are read: settings files are small."""


def read_text(path: Path) -> str:
    """Return the text of a regular file, empty when it cannot be read; a BOM is dropped."""
    return try_text(path)[0]


def try_text(path: Path) -> tuple[str, str]:
    """Return text and reason: the reason says why a file that is there gave nothing, else it is empty."""
    try:
        path = there(path)
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            return "", "is no regular file"
        with _open(path) as stream:
            data = stream.read(LIMIT + 1)
    except FileNotFoundError:
        return "", ""
    except PermissionError:
        return "", "cannot be read: permission denied"
    except (OSError, ValueError) as error:
        return "", f"cannot be read: {getattr(error, 'strerror', None) or 'not a usable path'}"
    if len(data) > LIMIT:
        return "", "is larger than 1 MiB and was not read"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace"), ""
    return data.decode("utf-8-sig", "replace"), ""


def _open(path: Path) -> BinaryIO:
    """The file, opened with the rights of whose view is taken. Raises OSError and ValueError."""
    if _VIEW.rights is None:
        return path.open("rb")
    from wizard.target.rights import opening_as

    with opening_as(_VIEW.rights):
        return path.open("rb")


def shown(path: Path, home: Path | None) -> str:
    """Return a path as a person writes it: below the home directory with `~`."""
    if home is not None and path.is_relative_to(home):
        return f"~/{path.relative_to(home)}"
    return str(path)


def expand(text: str, home: Path | None) -> Path:
    """Return a path with a leading `~` put to the given home directory."""
    if text.startswith("~/") and home is not None:
        return home / text[2:]
    return Path(text)


@contextmanager
def seen_from(root: Path | None, rights: Rights | None = None) -> Iterator[None]:
    """Take every path of settings files as one below `root`, as a process does whose root directory that is.

    Files are opened with `rights`, those of the process, where they are given.
    """
    before = _VIEW.root, _VIEW.rights
    _VIEW.root, _VIEW.rights = root, rights
    try:
        yield
    finally:
        _VIEW.root, _VIEW.rights = before


def there(path: Path) -> Path:
    """Return where a path of settings files is reached: the path itself, but for `seen_from`."""
    root = _VIEW.root
    return path if root is None else inside(root, str(path))


def inside(root: Path, text: str) -> Path:
    """The path `text` of a file system whose root is `root`: links in it are followed within that root only."""
    waiting = [part for part in reversed(text.split("/")) if part]
    at: list[str] = []
    links = 0
    while waiting:
        part = waiting.pop()
        if part == "..":
            del at[-1:]
            continue
        if part == ".":
            continue
        try:
            target = os.readlink(root.joinpath(*at, part))
        except OSError:
            at.append(part)
            continue
        links += 1
        if links > _LINKS:
            break
        at = [] if target.startswith("/") else at
        waiting.extend(piece for piece in reversed(target.split("/")) if piece)
    return root.joinpath(*at)

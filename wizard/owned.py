"""Whether a folder is this user's own, and stays so: nobody else may have laid it, or a link on the way to it.

Who may change one folder of a path, may put another folder in the place of those below it. Only root and we may be
able to: a folder that is open to all counts as safe where it is sticky (/tmp), for there each keeps what is his.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

MOST_LINKS = 40
"""Symbolic links that a path may have, as in the kernel (MAXSYMLINKS)."""
PRIVATE = 0o700


def distrusted(folder: Path) -> str:
    """Why somebody else may have laid this folder, as a clause; empty where it is ours, or not there yet.

    The folder itself must be ours and no link; on the way to it, links and folders of root and of us are followed.
    """
    try:
        found = folder.lstat()
    except OSError:
        return _way(folder.parent)
    if stat.S_ISLNK(found.st_mode):
        return f"{folder} is a symbolic link"
    if not stat.S_ISDIR(found.st_mode):
        return f"{folder} is no folder"
    if not _is_ours(found, root=False):
        return f"{folder} belongs to another user"
    return _way(folder.parent)


def make_private(folder: Path) -> str:
    """Make the folder and those above it that are missing, each for this user only; why not, as `distrusted` says it.

    One that is there is closed to others. Raises OSError.
    """
    if reason := distrusted(folder):
        return reason
    missing = []
    at = folder
    while not os.path.lexists(at):
        missing.append(at)
        at = at.parent
    for each in reversed(missing):
        with suppress(FileExistsError):  # another of our runs was faster; whose it is, is looked at once more
            each.mkdir(mode=PRIVATE)
    reason = distrusted(folder)
    if not reason and stat.S_IMODE(folder.lstat().st_mode) & 0o077:
        folder.chmod(PRIVATE)
    return reason


def _way(folder: Path) -> str:
    """Why somebody else could change what the path of a folder leads to; empty where nobody could."""
    waiting = [part for part in reversed(os.path.abspath(folder).split("/")) if part]
    at = Path("/")
    links = 0
    while waiting:
        part = waiting.pop()
        if part == "..":
            at = at.parent
            continue
        at = at / part
        try:
            found = at.lstat()
        except OSError:
            return ""  # not there, or not to be entered: nothing of ours can be below it either
        if not _is_ours(found, root=True):
            return f"{at} belongs to another user, who could change what is in it"
        if stat.S_ISLNK(found.st_mode):
            links += 1
            if links > MOST_LINKS:
                return f"{at} leads from link to link"
            target = os.readlink(at)
            at = Path("/") if target.startswith("/") else at.parent
            waiting.extend(piece for piece in reversed(target.split("/")) if piece not in ("", "."))
        elif stat.S_ISDIR(found.st_mode) and found.st_mode & 0o002 and not found.st_mode & 0o1000:
            return f"{at} is open to all users, who could change what is in it"
    return ""


def _is_ours(found: os.stat_result, *, root: bool) -> bool:
    """Whether it belongs to us; with `root`, to root as well, or to whoever owns the whole file system."""
    if not hasattr(os, "geteuid"):
        return True
    return found.st_uid == os.geteuid() or (root and found.st_uid in (0, os.stat("/").st_uid))

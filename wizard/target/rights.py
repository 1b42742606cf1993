"""Opening files with the rights of somebody else: root that follows what another user's process names.

A variable like PGPASSFILE or DB_PASSWORD_FILE, or a link in a working directory, may lead to a file of root's. Its
content would be sent as the password to a server of that user's choice. So root opens such files as he would.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock

from wizard.named import NamedTuple

PROC = Path("/proc")
NOBODY = 65534
_GROUPS = RLock()
"""The supplementary groups are those of all threads: one reader at a time changes them."""


class Rights(NamedTuple):
    """With whose rights files are opened."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()


def of_process(pid: int) -> Rights:
    """Those of a process: proc(5), `status`. Nobody's where it cannot be looked at."""
    # The owner of /proc/PID will not do: it is root for a process that has forbidden to be traced.
    try:
        lines = (PROC / str(pid) / "status").read_text("utf-8", "replace").splitlines()
        words = {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}
        groups = tuple(int(one) for one in words.get("Groups", ()))
        return Rights(int(words["Uid"][3]), int(words["Gid"][3]), groups)
    except (OSError, ValueError, LookupError):
        return Rights(NOBODY, NOBODY)


def of_owner(path: Path) -> Rights:
    """Those of the owner and the group of a file. Nobody's where it cannot be looked at."""
    try:
        found = path.stat()
    except OSError:
        return Rights(NOBODY, NOBODY)
    return Rights(found.st_uid, found.st_gid, (found.st_gid,))


@contextmanager
def opening_as(rights: Rights) -> Iterator[None]:
    """Within, this thread opens files with those rights; where we are not root, or root's are meant, with its own.

    For the opening alone: a module that is imported within could lie where only root may read.
    """
    if os.geteuid() != 0 or rights.uid == 0:
        yield
        return
    import ctypes

    library = ctypes.CDLL(None)
    with _GROUPS:
        before = os.getgroups()
        # A root that may not change its groups or its user keeps the rights that it has.
        with suppress(OSError):
            os.setgroups(rights.groups)
        # setfsuid(2) counts for the calling thread, and takes away the right to pass permissions.
        old_gid = library.setfsgid(rights.gid)
        old_uid = library.setfsuid(rights.uid)
        try:
            yield
        finally:
            library.setfsuid(old_uid)
            library.setfsgid(old_gid)
            with suppress(OSError):
                os.setgroups(before)

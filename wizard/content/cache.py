"""The user's cache of content that was read once: `$XDG_CACHE_HOME/dbwizard` or `~/.cache/dbwizard`.

It only saves time. Where there is no home, no room or no right to write, it is left out without a word; what
somebody else could have written there is not read.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path


def place(name: str) -> Path | None:
    """Where an entry of that name is kept; None where there is no home."""
    root = os.environ.get("XDG_CACHE_HOME", "")
    if not root.startswith("/"):
        home = os.environ.get("HOME", "")
        if not home.startswith("/"):
            return None
        root = f"{home}/.cache"
    return Path(root, "dbwizard", name)


def read(path: Path) -> bytes:
    """The entry. Raises OSError where there is none, or where it is not a file of our own."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        own = status.st_uid == os.geteuid() and stat.S_ISREG(status.st_mode)
        if not own or status.st_mode & 0o022:
            raise PermissionError(f"{path} could have been written by somebody else")
        return file.read()


def write(path: Path, data: bytes) -> None:
    """Keep an entry, if that can be done: whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        from wizard.owned import make_private

        if make_private(path.parent):
            return
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(draft, path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise

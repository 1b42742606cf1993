"""Several files in one input: `--- NAME` on a line of its own begins each."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

_MARK = re.compile(rb"^--- ([\w./-]{1,60})\n", re.MULTILINE)


def packed(files: dict[str, str]) -> bytes:
    """The files as one input."""
    return b"".join(f"--- {name}\n{text}\n".encode() for name, text in files.items())


def parts(data: bytes) -> dict[str, bytes]:
    """The files of an input; of a name that is there twice the last."""
    found = _MARK.split(data)
    return {name.decode(): text for name, text in zip(found[1::2], found[2::2], strict=True)}


def laid(folder: Path, name: str, text: bytes) -> None:
    """Write a file below the folder, if that is what its name means."""
    path = folder / name.lstrip("/")  # an absolute name would lead out of it
    if ".." in path.parts or path.is_dir() or any(parent.is_file() for parent in path.parents):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder for one input, in memory where there is such a file system."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(prefix="dbwizard-fuzz-", dir=memory if memory.is_dir() else None)

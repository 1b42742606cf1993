"""Files that a probe reads may be anything: nothing of them makes it wait."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wizard.probes.regular import head, tail


def test_both_ends(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"first\n" + b"x" * 1000 + b"\nlast\xff")
    assert head(path, 5) == "first"
    assert tail(path, 6)[0] == "\nlast\ufffd"
    assert tail(path, 5000)[0].startswith("first")


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log")
    with pytest.raises(OSError, match="not a regular file"):
        tail(tmp_path / "log", 10)


@pytest.mark.parametrize("name", ["nowhere", ".", "a\x00b"])
def test_what_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - the words are the system's
        head(tmp_path / name, 10)

"""The score on disk: a line of JSON for each finished drill, in the state folder, for this user's eyes only.

It never stops a drill: what cannot be read is not there, and why nothing could be written is told in one sentence.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from wizard.errors import SessionError
from wizard.practice.drill import Result
from wizard.practice.drillscore import from_data, to_data
from wizard.sessionfile import FLAGS, distrusted, prepare

NAME = "score.jsonl"
LARGEST = 8 * 1024 * 1024
"""Bytes of the file that are read; what is older than that counts no more."""


class ScoreFile:
    """The score in `folder` (None: there is no place for one). `trouble` says why something could not be done."""

    def __init__(self, folder: Path | None) -> None:
        self.path = None if folder is None else folder / NAME
        self.trouble = (
            "" if folder else "There is no home directory: the score is kept until you leave, and not longer."
        )
        self.results: list[Result] = self._read()
        """Every drill that counts, the oldest first; those of this run also where they could not be written."""

    def _read(self) -> list[Result]:
        if self.path is None:
            return []
        if reason := distrusted(self.path.parent):
            self._fail(reason)
            return []
        try:
            file = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | FLAGS)
        except FileNotFoundError:
            return []
        except OSError as error:
            self._fail(error.strerror or str(error))
            return []
        if not _is_ours(file):
            os.close(file)
            self._fail(f"{self.path} is not a file of this user")
            return []
        with os.fdopen(file, "rb") as opened:
            opened.seek(max(0, os.fstat(file).st_size - LARGEST))
            lines = opened.read(LARGEST).split(b"\n")
        return [result for line in lines if (result := _result(line)) is not None]

    def add(self, result: Result, at: float) -> None:
        """Count a drill; `at` is in seconds since the epoch."""
        self.results.append(result)
        if self.path is None or self.trouble:
            return
        try:
            prepare(self.path.parent)
            _append(self.path, json.dumps(to_data(result, at)).encode() + b"\n")
        except (OSError, SessionError) as error:
            self._fail(getattr(error, "strerror", None) or str(error))

    def _fail(self, why: str) -> None:
        place = self.path.parent if self.path else ""
        self.trouble = (
            f"The score cannot be kept in {place}: {why}. It counts until you leave, and not longer."
        )


def _append(path: Path, line: bytes) -> None:
    """Add a line in one write, behind whole lines. Raises OSError."""
    file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NONBLOCK | FLAGS, 0o600)
    try:
        if not _is_ours(file):
            raise OSError(f"{path} is not a file of this user")
        size = os.fstat(file).st_size
        # A line that a killed process left half is ended, so that this one is whole.
        begun = size > 0 and os.pread(file, 1, size - 1) != b"\n"
        written = os.write(file, b"\n" + line if begun else line)
        if written < len(line):
            raise OSError("the disk is full")
    finally:
        os.close(file)


def _is_ours(file: int) -> bool:
    """Whether it is a plain file of this user; one that others may read is made private."""
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or (hasattr(os, "geteuid") and found.st_uid != os.geteuid()):
        return False
    if stat.S_IMODE(found.st_mode) & 0o077:
        os.fchmod(file, 0o600)
    return True


def _result(line: bytes) -> Result | None:
    try:
        return from_data(json.loads(line))
    except (ValueError, RecursionError):
        return None

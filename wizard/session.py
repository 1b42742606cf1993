"""Events to disk and back: what happened in a session, one JSON line each, written before the walk goes on.

A session holds no secret: every line passes the redactor. It never stops a walk: where it cannot write, it
goes on in memory and says so once in `trouble`.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wizard import __version__
from wizard.core.events import Event, fact_value, from_data, seconds, to_data
from wizard.core.facts import Value
from wizard.core.tree import Tree
from wizard.core.walk import Walk
from wizard.errors import SessionError, WalkError
from wizard.marks import iso, seconds_of
from wizard.named import NamedTuple
from wizard.redact import Redactor
from wizard.sessionfile import (
    FORMAT,
    converted,
    distrusted,
    is_header,
    lines_of,
    new_file,
    prepare,
    read_bytes,
    reopen,
)
from wizard.target.model import PRACTICE

NEW_WALK = "walk"
MOST_NEAR = 3
"""Sessions that are named to somebody who asks for one that is not there."""
IN_MEMORY = "this walk goes on in memory, so export it (e) before you leave"
"""What follows from a session that cannot be saved."""


@dataclass
class SavedWalk:
    """One walk of a session: what it knew at its start, and what happened."""

    facts: dict[str, Value] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    at: float = 0.0
    """Seconds since the epoch."""


class Listed(NamedTuple):
    """A saved session in a list."""

    id: str
    path: Path
    started: str
    target: dict[str, Any]


def is_practice(target: Mapping[str, Any]) -> bool:
    """Whether this target of a session was served for practice: there is nothing to go on with."""
    return str(target.get("source", "")).startswith(PRACTICE)


def state_folder(environ: Mapping[str, str], home: Path | None) -> Path | None:
    """Where sessions are kept, or None where there is neither XDG_STATE_HOME nor a home: both are absolute paths."""
    named = environ.get("XDG_STATE_HOME", "")
    if named.startswith("/"):
        return Path(named) / "dbwizard" / "sessions"
    return home / ".local" / "state" / "dbwizard" / "sessions" if home and home.is_absolute() else None


class Session:
    """The walks of one sitting. `trouble` is empty, or one sentence about what could not be saved."""

    def __init__(self, header: dict[str, Any], walks: list[SavedWalk], path: Path | None) -> None:
        self.header = header
        self.walks = walks
        self.path = path
        self.trouble = ""
        self.redactor = Redactor(())
        self._file: int | None = None

    @property
    def id(self) -> str:
        """The session's name: UTC date and time, and four random digits."""
        return str(self.header["id"])

    @property
    def started(self) -> float:
        """Seconds since the epoch."""
        return seconds_of(str(self.header.get("started", "")))

    @property
    def is_practice(self) -> bool:
        """Whether it was a walk against a scenario of the practice range."""
        return is_practice(self.header.get("target", {}))

    @classmethod
    def create(
        cls,
        state_dir: Path | None,
        header: Mapping[str, Any],
        redactor: Redactor | None = None,
        facts: Mapping[str, Value] | None = None,
    ) -> Session:
        """A new session in `state_dir`, or in memory where there is none or it cannot be trusted or written.

        `header` says what is worth keeping about the target (nothing secret: `{"target": target_summary}`), and which
        scenario it is where that is `practice`; `facts` what the first walk starts with.
        """
        now = time.time()
        name = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now)) + "-" + secrets.token_hex(2)
        first: dict[str, Any] = {"format": FORMAT, "id": name, "version": __version__, "started": iso(now)}
        first["environment"] = _environment()
        session = cls(
            {**first, **header, "facts": dict(facts or {})}, [SavedWalk(dict(facts or {}), [], now)], None
        )
        session.redactor = redactor or session.redactor
        if state_dir is None:
            session.trouble = f"There is no home directory: {IN_MEMORY}."
            return session
        try:
            prepare(state_dir)
            path = state_dir / f"{name}.jsonl"
            session._file = new_file(path)
            session.path = path
        except (OSError, SessionError) as error:
            session._fail(error)
        session._write(session.header)
        if session.trouble and session.path is not None:
            # A file without its first line is no session, and would be listed as a broken one.
            session.path.unlink(missing_ok=True)
            session.path = None
        return session

    def add(self, event: Event) -> None:
        """Remember the event, on disk before anything else happens."""
        self.walks[-1].events.append(event)
        self._write(to_data(event))

    def new_walk(self, facts: Mapping[str, Value] | None = None) -> None:
        """What follows is another walk: the check after the fix. A walk in which nothing happened is replaced."""
        now = time.time()
        _begin(self.walks, SavedWalk(dict(facts or {}), [], now))
        self._write({"kind": NEW_WALK, "at": now, "facts": dict(facts or {})})

    @classmethod
    def load(cls, path: Path) -> Session:
        """The session in the file; further events are appended to it.

        A last line that was cut off is ignored. Raises SessionError for what is no session or too new.
        """
        lines = converted(lines_of(read_bytes(path), path), path)
        header = lines[0]
        if not is_header(header):
            raise SessionError(f"{path} is no session of dbwizard.")
        walks: list[SavedWalk] = []
        for number, line in enumerate(lines, 1):
            try:
                if number == 1 or line.get("kind") == NEW_WALK:
                    told = line.get("at", 0)
                    at = seconds_of(line.get("started", "")) if number == 1 else seconds("at", told)
                    _begin(walks, SavedWalk(_facts(line.get("facts", {})), [], at))
                else:
                    walks[-1].events.append(from_data(line))
            except (ValueError, TypeError, KeyError) as error:
                raise SessionError(
                    f"{path}, line {number}: this is no event of a session ({error})."
                ) from error
        return cls(header, walks, path)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, data: dict[str, Any]) -> None:
        """Append one line and wait until the disk has it."""
        if self.trouble or self.path is None:
            return
        try:
            if self._file is None:
                self._file = reopen(self.path)
            line = json.dumps(self.redactor.data(data), ensure_ascii=False, default=list)
            raw = line.encode("utf-8", "replace") + b"\n"
            while raw:  # a full disk takes a part first, and says why it is full at the next
                raw = raw[os.write(self._file, raw) :]
            os.fsync(self._file)
        except OSError as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """Go on in memory."""
        why = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        self.trouble = f"The session cannot be saved ({why.rstrip('.')}): {IN_MEMORY}."
        self.close()


def replayed(tree: Tree, saved: SavedWalk) -> tuple[Walk, str]:
    """The walk to which the saved events lead, as far as they fit this tree; a sentence where they do not."""
    walk = Walk.start(tree, saved.facts)
    for event in saved.events:
        try:
            walk = walk.feed(event)
        except WalkError as error:
            return walk, f"The tree has changed since this was saved; the walk goes on from here ({error})."
    return walk, ""


def list_sessions(folder: Path | None) -> list[Listed]:
    """The saved sessions, the newest first. What cannot be read, or lies in a folder of others, is left out."""
    found = []
    for path in folder.glob("*.jsonl") if folder and os.path.isdir(folder) and not distrusted(folder) else ():
        try:
            with path.open("rb") as file:
                header = json.loads(file.readline(1024 * 1024))
        except (OSError, ValueError, RecursionError):
            continue
        if is_header(header) and "started" in header:
            found.append(Listed(header["id"], path, header["started"], header.get("target", {})))
    return sorted(found, key=lambda one: (one.started, one.id), reverse=True)


def find(folder: Path | None, session_id: str | None = None) -> Path:
    """The file of that session (the beginning of its id is enough), or of the latest. Raises SessionError.

    Anything with a slash or the ending `.jsonl` is the path of a session's file, brought from another host perhaps.
    """
    if session_id and ("/" in session_id or session_id.endswith(".jsonl")):
        return Path(session_id)
    if folder is not None and (reason := distrusted(folder)):
        raise SessionError(f"The saved sessions are not read: {reason}.")
    sessions = list_sessions(folder)
    if not sessions:
        raise SessionError("There is no saved session yet: 'dbwizard' begins one.")
    if session_id is None:
        return sessions[0].path
    fitting = [one for one in sessions if one.id.startswith(session_id)]
    if len(fitting) == 1:
        return fitting[0].path
    some = "more than one saved session" if fitting else "no saved session"
    near = [one.id for one in fitting] or _nearest(session_id, [one.id for one in sessions])
    raise SessionError(
        f"There is {some} '{session_id}'; nearest: {', '.join(near[:MOST_NEAR])}"
        " ('dbwizard sessions' lists all)."
    )


def _nearest(wrong: str, ids: list[str]) -> list[str]:
    """The ids most like a wrong one; the latest where none is like it."""
    from difflib import get_close_matches

    return get_close_matches(wrong, ids, MOST_NEAR, cutoff=0.5) or ids


def _environment() -> dict[str, str]:
    """This machine: its name, its system, the time that its clock shows."""
    import sys

    uname = os.uname() if hasattr(os, "uname") else None
    return {
        "host": uname.nodename if uname else "",
        "os": _distribution(),
        "system": f"{uname.sysname} {uname.release}" if uname else sys.platform,
        "python": ".".join(map(str, sys.version_info[:3])),
        "zone": time.strftime("%Z"),
        "utc_offset": time.strftime("%z"),
    }


def _distribution() -> str:
    """What os-release calls this system; empty where there is none."""
    import platform

    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except (OSError, ValueError):
        return ""


def _begin(walks: list[SavedWalk], walk: SavedWalk) -> None:
    if walks and not walks[-1].events:
        walks.pop()
    walks.append(walk)


def _facts(written: Any) -> dict[str, Value]:
    """The facts that a walk begins with. Raises ValueError for what cannot be facts."""
    if not isinstance(written, dict):
        raise ValueError("the facts of a walk are no mapping")
    return {key: fact_value(value) for key, value in written.items()}

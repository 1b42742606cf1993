"""Questions to a PostgreSQL server of this host through its own `psql`, as the user that the server runs as.

The server knows a peer by its operating-system user, and ours is another one. No shell, no password, no settings of
ours; every session is read-only and bounded. Never used for a server that is elsewhere.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from pathlib import Path

from wizard import footprint
from wizard.named import TYPE_CHECKING
from wizard.numerals import count
from wizard.probes import child
from wizard.probes.channel import Channel
from wizard.probes.database import Rows
from wizard.probes.outcome import QueryError
from wizard.redact import clean
from wizard.target.model import HostPort

if TYPE_CHECKING:
    from typing import Any


BOUND = 3.0
"""Seconds for one run of psql with all its questions."""
LARGEST = 4 << 20
"""Bytes of its answer that are read."""
NULL = "\\N"
_MARK = "dbwizard-next-answer"
_ENVIRONMENT = {
    "PGCLIENTENCODING": "UTF8",
    "PGOPTIONS": "-c default_transaction_read_only=on -c statement_timeout=2500",
    "PGCONNECT_TIMEOUT": "2",
    "PGPASSFILE": os.devnull,
    "PGAPPNAME": "dbwizard",
}


class Psql:
    """One way in: the program, the socket, and the operating-system user to become."""

    def __init__(self, program: str, folder: str, port: int, uid: int, role: str) -> None:
        self.program = program
        self.folder = folder
        self.port = port
        self.uid = uid
        self.role = role

    def ask_all(self, questions: Sequence[str]) -> list[Rows | None]:
        """The rows of each question, None where the server refused it. Raises QueryError when nobody lets us in."""
        import subprocess

        words = [
            self.program,
            "-XAwq",
            "--csv",
            "-P",
            f"null={NULL}",
            "-h",
            self.folder,
            "-p",
            str(self.port),
        ]
        words += ["-U", self.role, "-d", "postgres"]
        for question in questions:
            words += ["-c", question, "-c", f"\\echo {_MARK}"]
        record = footprint.now().opening(footprint.place_of(self.folder, self.port)).opened()
        record.naming(self.role)
        record.through = "psql"
        become = None if self.uid == os.geteuid() else _identity(self.uid)
        try:
            done = child.run(words, BOUND, LARGEST, _ENVIRONMENT, become)
        except TimeoutError as error:
            raise QueryError(f"psql gave no answer within {BOUND:.0f} s", "") from error
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            raise QueryError(f"psql cannot be run: {error}", "") from error
        finally:
            record.closed()
        parts = done.out.decode("utf-8", "replace").split(_MARK + "\n")
        if len(parts) == len(questions) + 1:
            record.accepted()
            for question in questions:
                record.asked(question)
        else:
            raise QueryError(clean(_complaint(done.err.decode("utf-8", "replace")), limit=200), "")
        return [_rows(part) for part in parts[:-1]]

    def channel(self) -> Channel:
        """A channel for questions only: each is a run of psql, so it is for a few of them."""

        def ask(question: str) -> Rows:
            rows = self.ask_all([question])[0]
            if rows is None:
                raise QueryError("the server refused the question", "")
            return rows

        channel = Channel(socket.socket(socket.AF_UNIX), HostPort(self.folder, self.port), self.folder)
        channel.asks = ask
        return channel


def _complaint(said: str) -> str:
    """Why psql gave up, without its warnings: that the password file is none is our own doing."""
    return " ".join(line for line in said.splitlines() if not line.startswith("WARNING:"))


def _identity(uid: int) -> dict[str, Any]:
    """The arguments with which subprocess becomes that user, without any group of ours."""
    import pwd

    return {"user": uid, "group": pwd.getpwuid(uid).pw_gid, "extra_groups": []}


def _rows(text: str) -> Rows | None:
    """Comma-separated values with a head line; None where there is not even that, for then the question failed.

    Raises QueryError for what is no such text.
    """
    import csv
    import io

    csv.field_size_limit(LARGEST)
    try:
        lines = list(csv.reader(io.StringIO(text)))
    except csv.Error as error:
        raise QueryError(f"psql's answer cannot be read: {error}", "") from error
    if not lines:
        return None
    head = lines[0]
    return [
        {name: None if value == NULL else value for name, value in zip(head, line, strict=False)}
        for line in lines[1:]
    ]


def way_in(path: str, program_folder: Path | None) -> Psql | str:
    """How to ask the server behind this Unix socket; a sentence where there is none.

    Root becomes the socket's owner, which is the user that the server runs as; everybody else stays who he is.
    """
    import pwd

    folder, _, name = path.rpartition("/")
    try:
        uid = os.stat(path).st_uid if os.geteuid() == 0 else os.geteuid()
        role = pwd.getpwuid(uid).pw_name
    except (OSError, KeyError):
        return "the owner of the server's socket cannot be told"
    if uid == 0:
        return "the server's socket belongs to root, and so tells nothing of a role to use"
    program = _program(program_folder, uid)
    if not program:
        return "there is no psql on this host, in folders of root or of the server's user, to ask the server with"
    port = count(name.rpartition(".")[2], 5)
    return Psql(program, folder, port, uid, role) if port else "the server's socket is unusual"


def _program(beside: Path | None, uid: int) -> str:
    """The psql beside the server's own program, else the one of our path; empty where none may be run as that user."""
    import shutil

    places = [str(beside / "psql")] if beside else []
    places += [shutil.which("psql") or ""]
    same = uid == os.geteuid()
    return next(
        (one for one in places if os.access(one, os.X_OK) and (same or child.is_trusted(one, uid))), ""
    )

"""`dbwizard sessions`, `resume`, `export` and `compare`: what was saved, listed, gone on with, told, side by side."""

from __future__ import annotations

import json
import os
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from wizard.cli import add_target, parser
from wizard.content.load import open_content
from wizard.errors import SessionError
from wizard.front import output, setup
from wizard.session import Session, find, state_folder
from wizard.sessionfile import distrusted

Write = Callable[[str], None]
DIFFERENT = 1
"""The exit status of `compare` where two sessions differ, as that of diff."""


ANONYMOUS_TOLD = """\
--anonymize puts host-1, user-1, database-1, addresses for documentation and
the like in the place of names, each name always the same. What everybody has
(localhost, 127.0.0.1, postgres, root) stays, and so do ports, versions, times
and the text of SQL statements: read it before you publish it.
"""
COMPARE_TOLD = """\
A and B are ids of saved sessions (the beginning is enough) or session files
brought from another host. The last walk of each counts.

exit status: 0 no difference, 1 they differ, 2 the command line is wrong
"""
SESSION = "the id of a session, or its beginning"


def sessions(argv: list[str]) -> int:
    """`dbwizard sessions`."""
    arguments = parser("sessions", "The saved sessions, the newest first.", target=False)
    arguments.add_argument("--json", action="store_true", help="one JSON object")
    options = arguments.parse_args(argv)
    return run_list(options, output.write_json if options.json else output.write)


def resume(argv: list[str]) -> int:
    """`dbwizard resume`."""
    arguments = parser("resume", "Go on with a saved session where it broke off.", target=False)
    which = f"{SESSION}; without it, the newest unfinished one"
    arguments.add_argument("session", nargs="?", metavar="ID", help=which)
    add_target(arguments, "a connection to go on with; without it, that of the session")
    arguments.add_argument("--plain", action="store_true", help="plain lines instead of the full screen")
    from wizard.front import interactive

    return interactive.resume(arguments.parse_args(argv))


def export(argv: list[str]) -> int:
    """`dbwizard export`."""
    arguments = parser("export", "A saved session as a document.", target=False)
    arguments.epilog = ANONYMOUS_TOLD
    arguments.add_argument("id", nargs="?", metavar="ID", help=f"{SESSION}; without it, the latest one")
    arguments.add_argument(
        "--format", choices=("md", "json", "html", "text"), default="md", help="md without it"
    )
    arguments.add_argument(
        "--output", metavar="FILE", help="a new file for you alone; without it, standard output"
    )
    arguments.add_argument(
        "--anonymize", action="store_true", help="without the names of hosts, users and databases"
    )
    options = arguments.parse_args(argv)
    return run_export(options, output.write_json if options.format == "json" else output.write)


def compare(argv: list[str]) -> int:
    """`dbwizard compare`."""
    arguments = parser("compare", "Where two saved sessions differ.", target=False)
    arguments.epilog = COMPARE_TOLD
    arguments.add_argument("a", metavar="A", help=SESSION)
    arguments.add_argument("b", metavar="B", help=SESSION)
    arguments.add_argument("--json", action="store_true", help="one JSON object")
    options = arguments.parse_args(argv)
    return run_compare(options, output.write_json if options.json else output.write)


def folder() -> Path | None:
    """Where this user's sessions are. Raises SessionError where somebody else may have laid them there."""
    place = state_folder(os.environ, setup.home_folder())
    if place is not None and (reason := distrusted(place)):
        raise SessionError(f"The saved sessions are not read: {reason}.")
    return place


def run_list(options: Namespace, write: Write) -> int:
    """One line a session, the newest first; with `--json` one object."""
    from wizard.sessionlist import entries, table

    found = list(entries(folder(), open_content(options.trees).tree))
    if options.json:
        data = {"schema": "dbwizard.sessions/1", "sessions": [one.as_data() for one in found]}
        write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
        return 0
    if not found:
        write("No session is saved yet: 'dbwizard' begins one.\n")
        return 0
    for line in table(found, output.width(), _when):
        write(f"{line}\n")
    return 0


def _when(seconds: float) -> str:
    """The local time to the minute; the id has the year."""
    return time.strftime("%m-%d %H:%M", time.localtime(seconds))


def run_export(options: Namespace, write: Write) -> int:
    """The session as Markdown, JSON, HTML or text, to standard output or to a new file of one's own."""
    from wizard.transcript import document, written

    content = open_content(options.trees)
    session = Session.load(find(folder(), options.id))
    text = written(document(session, content, anonymous=options.anonymize), options.format)
    if options.output is None:
        write(text)
        return 0
    try:
        save(Path(options.output), text)
    except OSError as error:
        raise SessionError(
            f"{options.output} cannot be written: {error.strerror};"
            " name another --output, or leave it out to see it here"
        ) from error
    return 0


def save(path: Path, text: str) -> None:
    """Write a new file that only this user reads; nothing half written stays. Raises OSError."""
    # A transcript names hosts and users, and nothing that is there is overwritten.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def run_compare(options: Namespace, write: Write) -> int:
    """Two sessions side by side; 0 where they are the same, 1 where they differ."""
    from wizard import comparison

    content = open_content(options.trees)
    first, second = (Session.load(find(folder(), name)) for name in (options.a, options.b))
    data = comparison.compare(first, second, content)
    if options.json:
        write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
    else:
        write(comparison.told(data, output.width()))
    return 0 if data["same"] else DIFFERENT

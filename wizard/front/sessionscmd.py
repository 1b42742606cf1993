"""`dbwizard sessions` and `dbwizard export`: what was saved, as a list and as a document."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable

from wizard.errors import SessionError
from wizard.front import setup
from wizard.session import Session, find, list_sessions, state_folder

Write = Callable[[str], None]


def run_list(options: Namespace, write: Write) -> int:
    """One line a session, the newest first."""
    del options
    folder = state_folder(os.environ, setup.home_folder())
    for one in list_sessions(folder):
        target = one.target
        place = f"{target.get('engine', '?')} {target.get('host', '?')}:{target.get('port', '?')}"
        write(f"{one.id}  {one.started[:19]}Z  {place}  {target.get('user', '')}\n")
    return 0


def run_export(options: Namespace, write: Write) -> int:
    """The session as Markdown, JSON, HTML or text, to standard output or to a new file of one's own."""
    from wizard.content.load import open_content
    from wizard.transcript import document, written

    session = Session.load(find(state_folder(os.environ, setup.home_folder()), options.id))
    text = written(document(session, open_content(options.trees)), options.format)
    if options.output is None:
        write(text)
        return 0
    try:
        handle = os.open(options.output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise SessionError(
            f"{options.output} cannot be written: {error.strerror}; name another --output"
        ) from error
    return 0

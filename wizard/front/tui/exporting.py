"""Writes the transcript of a session to files of its own: readable by the owner only, never over another file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.errors import WizardError

if TYPE_CHECKING:
    from wizard.content.load import Content
    from wizard.session import Session

FORMATS = ("md", "json")
MOST_TRIES = 1000


def write_transcript(session: Session, content: Content, folder: Path) -> str:
    """Write `dbwizard-<id>.md` and `.json` into `folder`; a sentence that says where, or why not."""
    from wizard.transcript import document, written

    try:
        data = document(session, content)
        made = {kind: written(data, kind) for kind in FORMATS}
    except WizardError as error:
        return f"Nothing was written: {error}"
    try:
        path = write_new(folder, f"dbwizard-{session.id}", made)
    except OSError as error:
        why = error.strerror or type(error).__name__
        return f"Nothing was written, {folder}: {why}. Elsewhere: dbwizard export {session.id} --output FILE"
    return f"Written: {path} and .json beside it. No password is in them."


def write_new(folder: Path, stem: str, texts: dict[str, str]) -> Path:
    """Write one file for each format under a name that is still free; the path of the first. Raises OSError."""
    for number in range(1, MOST_TRIES):
        base = stem if number == 1 else f"{stem}-{number}"
        paths = {kind: folder / f"{base}.{kind}" for kind in texts}
        if any(os.path.lexists(path) for path in paths.values()):
            continue
        for kind, path in paths.items():
            _create(path, texts[kind])
        return paths[next(iter(texts))]
    raise FileExistsError(None, "all names are taken", str(folder))


def _create(path: Path, text: str) -> None:
    """A new file of mode 0600. Raises FileExistsError rather than open what is there."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8", newline="\n") as file:
        file.write(text if text.endswith("\n") else text + "\n")

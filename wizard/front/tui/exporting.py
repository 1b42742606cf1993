"""Writes a transcript or a command to a file of its own: readable by the owner only, never over another file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.errors import WizardError
from wizard.front.sessionscmd import save

if TYPE_CHECKING:
    from wizard.content.load import Content
    from wizard.session import Session

SUFFIXES = {"md": "md", "html": "html", "text": "txt", "json": "json"}
"""The ending of the file of each form of a transcript."""
ENDINGS = {"sh": "sh", "sql": "sql", "conf": "conf", "yaml": "yaml", "python": "py"}
"""The ending of a file with a command, by its language."""
MOST_TRIES = 1000


def write_transcript(
    session: Session, content: Content, folder: Path, forms: Iterable[str], *, anonymous: bool = False
) -> str:
    """Write `dbwizard-<id>`, one file for each form, in `folder` or else in that for temporary files.

    Gives a sentence that says where, or why not.
    """
    from wizard.transcript import document, written

    try:
        data = document(session, content, anonymous=anonymous)
        made = {SUFFIXES[form]: written(data, form) for form in forms}
    except WizardError as error:
        return f"Nothing was written: {error}"
    name = f"dbwizard-{session.id}" + ("-anonymous" if anonymous else "")
    path, reasons = _written_somewhere(folder, name, made)
    if path is None:
        kept = session.path is not None and not session.trouble
        shown = f" To see it here: leave, then dbwizard export {session.id}" if kept else ""
        return f"Nothing was written, {reasons}.{shown}"
    others = [f".{form}" for form in made][1:]
    beside = f" and {', '.join(others)} beside it" if others else ""
    hidden = " Names are replaced: read it before you publish it." if anonymous else ""
    return f"Written: {path}{beside}. No password is in it.{hidden}"


def write_text(text: str, language: str, folder: Path | None) -> str:
    """Write a command or a message to a file of its own, in `folder` or else in that for temporary files.

    `folder` is None where the working directory is gone. Gives a sentence that says where, or why not.
    """
    ending = ENDINGS.get(language, "txt")
    stem = "dbwizard-command" if language in ENDINGS else "dbwizard-message"
    path, reasons = _written_somewhere(folder, stem, {ending: text})
    if path is None:
        return f"Nothing was written, {reasons}."
    return f"Written: {path}. Only you can read it; nothing was run."


def _written_somewhere(folder: Path | None, stem: str, texts: dict[str, str]) -> tuple[Path | None, str]:
    """Where the files are: in `folder` or in that for temporary files; None where neither can be, and why."""
    places = [folder] if folder else []
    with suppress(OSError):  # raised where there is none
        places.append(Path(tempfile.gettempdir()))
    reasons = []
    for place in dict.fromkeys(places):
        try:
            return write_new(place, stem, texts), ""
        except OSError as error:
            reasons.append(_why(error, place))
    return None, "; ".join(reasons) or "there is no folder that can be written"


def _why(error: OSError, folder: Path) -> str:
    return f"{folder}: {error.strerror or type(error).__name__}"


def write_new(folder: Path, stem: str, texts: dict[str, str]) -> Path:
    """Write one file for each format under a name that is still free, all or none; the path of the first.

    Raises OSError.
    """
    for number in range(1, MOST_TRIES):
        base = stem if number == 1 else f"{stem}-{number}"
        paths = {kind: folder / f"{base}.{kind}" for kind in texts}
        if any(os.path.lexists(path) for path in paths.values()):
            continue
        made: list[Path] = []
        try:
            for kind, path in paths.items():
                save(path, texts[kind].rstrip("\n") + "\n")
                made.append(path)
        except OSError:
            for path in made:
                path.unlink(missing_ok=True)
            raise
        return paths[next(iter(texts))]
    raise FileExistsError(None, "all names are taken", str(folder))

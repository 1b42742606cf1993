"""What plain lines offer once a finding is there: another fix, a check after the fix, a note, the transcript."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from wizard.core.events import Event, Noted, Showed
from wizard.front.words import KINDS, PLACES, RISKS
from wizard.redact import clean
from wizard.session import Session

if TYPE_CHECKING:
    from wizard.content.load import Content
    from wizard.front.plain import Lines

PATIENCE = 20
"""Lines that mean nothing before the conversation ends by itself."""


def offer(
    lines: Lines,
    session: Session,
    content: Content,
    found: Mapping[str, Any],
    happened: Callable[[Event], None],
) -> bool:
    """Serve the person until it is enough (False) or the check is to run again (True)."""
    fixes = found["findings"][0]["fixes"]
    more = f"a number (1 to {len(fixes)}) for a fix with its commands, " if fixes else ""
    prompt = f"\n{more}v verify again, n note, e export, q quit: "
    for _ in range(PATIENCE):
        said = lines.ask(prompt)
        if said is None or said.lower() == "q":
            return False
        if said.lower() == "v":
            return True
        if said.lower() == "e":
            export(lines, session, content)
        elif said.lower() == "n":
            note = lines.ask("Note: ")
            if note:
                happened(Noted(clean(note), time.time()))
        elif said.isdecimal() and 1 <= int(said) <= len(fixes):
            _show_fix(lines, fixes[int(said) - 1], happened)
    return False


def _show_fix(lines: Lines, fix: Mapping[str, Any], happened: Callable[[Event], None]) -> None:
    condition = f" (if {fix['when']})" if fix["when"] and fix["applies"] == "unknown" else ""
    lines.show(f"{fix['title']}{condition}\n{fix['why']}\nRisk: {RISKS.get(fix['risk'], fix['risk'])}\n")
    if fix["kind"]:
        lines.say(KINDS.get(fix["kind"], fix["kind"]))
    for command in fix["commands"]:
        only = f" (if {command['when']})" if command.get("when") else ""
        lines.show(f"{PLACES.get(command['where'], command['where'])}{only}:\n")
        lines.show("".join(f"    {line}\n" for line in command["text"].splitlines()))
        happened(Showed(command["text"], "shown", time.time()))
    if fix["undo"]:
        lines.say(f"Undo: {fix['undo']}")


def export(lines: Lines, session: Session, content: Content) -> None:
    """Write the transcript as Markdown to a new file, or to the screen when no name is given."""
    from wizard.transcript import document, written

    made = written(document(session, content, lines.redactor), "md")
    name = lines.ask("File to write (empty: show it here): ")
    if not name:
        lines.show(made)
        return
    try:
        # A transcript names hosts and users: only this user reads it, and nothing is overwritten.
        file = os.open(os.path.expanduser(name), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as out:
            out.write(made)
    except OSError as error:
        lines.say(f"{name} cannot be written: {error.strerror or error}.")
        return
    lines.say(f"Written: {name}")

"""What plain lines offer: at every moment a note, the transcript, the map and a word against a check; at the finding
also each fix and command, the message for another team, and the check after the fix.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wizard.core.events import Event, Noted, Showed, WentBack
from wizard.core.walk import Walk
from wizard.front import plainmoves, plaintravel
from wizard.front.plainlines import Lines
from wizard.front.sessionscmd import save
from wizard.front.words import BADGES, KINDS, PLACES, RISKS
from wizard.named import NamedTuple
from wizard.numerals import count
from wizard.redact import clean
from wizard.session import Session

if TYPE_CHECKING:
    from wizard.content.load import Content

FORMS = {".md": "md", ".txt": "text", ".html": "html", ".json": "json"}
"""The ending of a file to the form of the transcript that is written into it."""
COMMON = ("n", "e", "l", "m", "d")
"""The keys of `common`."""
TRAVEL = (
    ("b", "back to the question before (b 3: to step 3 of the list)"),
    ("l", "list the steps so far"),
    ("m", "map: what is ruled out, what is still possible"),
    ("d", "doubt a check: say what is true"),
)
"""The keys that move in the walk, and what they do."""
QUITS = ("q", "quit; the session is kept")
AT_QUESTION = (
    ("w", "why it is asked"),
    ("h", "how to find out"),
    ("s", "skip the question"),
    *TRAVEL,
    ("n", "note, kept with its time (n it began at noon)"),
    ("e", "export the transcript (e report.md)"),
    QUITS,
)
MORE = "\n".join(f"  {key}  {told}" for key, told in AT_QUESTION)
"""All that can be typed at a question."""
QUIT, VERIFY, GO_ON = "quit", "verify", "go on"
"""What the person wants after the finding: enough, the walk again from its start, or on from a step gone back to."""
PATIENCE = 20
"""Lines in a row that mean nothing before the conversation ends by itself."""
MOST_LINES = 1000
"""Lines at one finding before the conversation ends by itself: a pipe may never end."""


def common(key: str, rest: str, lines: Lines, session: Session, content: Content, walk: Walk) -> Event | None:
    """Serve a key that every moment has; the event that it leads to, or None."""
    if key == "n":
        return note(lines, rest)
    if key == "d":
        return plaintravel.overrule(lines, walk)
    if key == "e":
        export(lines, session, content, rest)
    elif key == "l":
        plainmoves.list_steps(lines, walk)
    else:
        plaintravel.show_map(lines, walk, content.catalogue)
    return None


class Shown(NamedTuple):
    """A command of the finding: what it is for, its text, its language."""

    what: str
    text: str
    language: str


class Menu:
    """The conversation at one finding. `found` is the report; `walk` gives the walk as it is now."""

    def __init__(
        self,
        lines: Lines,
        session: Session,
        content: Content,
        found: Mapping[str, Any],
        walk: Callable[[], Walk],
        happened: Callable[[Event], None],
    ) -> None:
        self.lines = lines
        self.session = session
        self.content = content
        self.found = found
        self.page: Mapping[str, Any] = found["findings"][0]
        self.commands = list(_commands(found))
        self._walk = walk
        self._happened = happened

    def offer(self) -> str:
        """Serve the person until they want QUIT, VERIFY or GO_ON."""
        self._say_keys()
        in_vain = 0
        for _ in range(MOST_LINES):
            said = self.lines.ask("\nWhat next? (? shows the keys, q quits): ")
            if said is None or said.lower() == "q":
                return QUIT
            if said.lower() == "v":
                return VERIFY
            understood = self._serve(said)
            if understood == GO_ON:
                return GO_ON
            in_vain = 0 if understood else in_vain + 1
            if in_vain == PATIENCE:
                return QUIT
        return QUIT

    def _serve(self, said: str) -> str:
        """Do what a line says: GO_ON where the walk has moved, empty where the line means nothing."""
        word, _, rest = said.partition(" ")
        key, rest = word.lower(), rest.strip()
        if 1 <= (number := count(key) or 0) <= len(self.page["fixes"]):
            self._show_fix(number)
        elif key in ("c", "f"):
            self._give(key, rest)
        elif key == "h" and self.page["hand_over"]:
            self._hand_over()
        elif key == "b":
            return self._back(rest)
        elif key in COMMON:
            walk = self._walk()
            event = common(key, rest, self.lines, self.session, self.content, walk)
            if event is not None:
                self._happened(event)
                return "done" if isinstance(event, Noted) else GO_ON
        else:
            self._say_keys()
            return ""
        return "done"

    def _back(self, which: str) -> str:
        """Take the walk back, as many steps as that means."""
        steps = plainmoves.steps_back(self.lines, self._walk(), which)
        for _ in range(steps):
            self._happened(WentBack(time.time()))
        return GO_ON if steps else "done"

    def _say_keys(self) -> None:
        """All that can be typed here, one key a line."""
        fixes, whom = self.page["fixes"], self.page["hand_over_to"] or "whoever runs the database"
        keys = [(f"1 to {len(fixes)}" if len(fixes) > 1 else "1", "a fix with its commands")] if fixes else []
        if self.commands:
            keys += [
                ("c", "command 1 alone, to be copied (c 2: command 2)"),
                ("f", "command 1 into a new file (f 2: command 2)"),
            ]
        if self.page["hand_over"]:
            keys.append(("h", f"a message for {whom}, ready to paste (f h: into a file)"))
        keys += [
            ("v", "verify: run the walk again, and compare"),
            *TRAVEL,
            ("n", "note, kept with its time"),
            ("e", "export the transcript"),
            QUITS,
        ]
        self.lines.say("\nWhat you can type:")
        for key, told in keys:
            self.lines.say(f"  {key:<7} {told}")

    def _show_fix(self, number: int) -> None:
        """One fix, its commands with the numbers by which they are copied."""
        fix = self.page["fixes"][number - 1]
        condition = f" (if {fix['when']})" if fix["when"] and fix["applies"] == "unknown" else ""
        risk = f"Risk: {BADGES.get(fix['risk'], fix['risk'])}: {RISKS.get(fix['risk'], '')}"
        told = [
            f"Fix {number}: {fix['title']}{condition}",
            fix["why"],
            risk,
            KINDS.get(fix["kind"], fix["kind"]),
        ]
        self.lines.show("".join(f"{line}\n" for line in told if line))
        for command in fix["commands"]:
            shown = next(n for n, one in enumerate(self.commands, 1) if one.text == command["text"])
            only = f" (if {command['when']})" if command.get("when") else ""
            place = PLACES.get(command["where"], command["where"])
            self.lines.show(f"Command {shown}, {place}{only}:\n")
            self.lines.show("".join(f"    {line}\n" for line in command["text"].splitlines()))
            self._happened(Showed(command["text"], "shown", time.time()))
        if fix["undo"]:
            self.lines.say(f"Undo: {fix['undo']}")

    def _give(self, key: str, which: str) -> None:
        """A command alone on its lines (`c`), or in a file (`f`); `h` is the message."""
        if which.lower() == "h" and self.page["hand_over"]:
            self._to_file(self._message(), "") if key == "f" else self._hand_over()
            return
        number = count(which or "1") or 0
        if not 1 <= number <= len(self.commands):
            self.lines.say(
                f"There is no command {which or 1}: there are {len(self.commands)}. A fix shows their numbers."
            )
            return
        command = self.commands[number - 1]
        self.lines.say(f"Command {number} ({command.what}):")
        if key == "f":
            self._to_file(command.text, command.language)
        else:
            self.lines.alone(command.text)
        self._happened(Showed(command.text, "written to a file" if key == "f" else "shown", time.time()))

    def _to_file(self, text: str, language: str) -> None:
        from wizard.front.setup import working_folder
        from wizard.front.tui.exporting import write_text

        self.lines.say(write_text(text, language, working_folder()))

    def _message(self) -> str:
        """The message for another team."""
        from wizard.front.handover import message_of
        from wizard.front.tui.conclusion import build

        return message_of(build(self._walk(), self.content), self.session)

    def _hand_over(self) -> None:
        """Whom the message is for, and the message alone."""
        self.lines.say(f"For: {self.page['hand_over_to'] or 'whoever runs the database'}")
        if self.page["hand_over_when"]:
            self.lines.say(f"Send it when {self.page['hand_over_when']}.")
        self.lines.say("Read it first: it names hosts and users. There is no password in it.")
        self.lines.alone(self._message())


def _commands(found: Mapping[str, Any]) -> list[Shown]:
    """Every command of a report in the order in which it is met, each once."""
    page = found["findings"][0]
    made: list[Shown] = []
    for one in found["candidates"] if found["status"] == "inconclusive" else ():
        learn = str(one["why"]).partition("; to tell: ")[2]
        made += [Shown(f"which tells whether it is {one['cause']}", learn, "sh")] if learn else []
    for number, fix in enumerate(page["fixes"], 1):
        made += [_shown(one, f"of fix {number}") for one in fix["commands"]]
    made += [_shown(one, "to verify") for one in page["verify"]]
    return list({one.text: one for one in reversed(made)}.values())[::-1]


def _shown(command: Mapping[str, str], what: str) -> Shown:
    place = PLACES.get(command["where"], command["where"])
    return Shown(f"{what}, {place}" if place else what, command["text"], command["language"])


def note(lines: Lines, text: str = "") -> Noted | None:
    """The remark that a person makes, on the same line or the next; None where they make none."""
    said = text.strip() or lines.ask("Note, in one line (empty: none): ")
    return Noted(clean(said), time.time()) if said else None


def export(lines: Lines, session: Session, content: Content, name: str = "") -> None:
    """Write the transcript to a new file, in the form that its ending names, or show it where no name is given."""
    from wizard.transcript import document, written

    name = (
        name.strip()
        or lines.ask(f"File to write, ending in {', '.join(FORMS)} (empty: show it here): ")
        or ""
    )
    hidden = lines.ask("Names of hosts, users and databases replaced? y or n (n): ") or "n"
    path = Path(name).expanduser() if name else None
    form = FORMS.get(path.suffix.lower(), "md") if path else "text"
    made = written(document(session, content, lines.redactor, anonymous=hidden.lower().startswith("y")), form)
    if path is None:
        lines.show(made)
        return
    try:
        save(path, made)
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        lines.say(f"{name} cannot be written: {why}. e alone, with an empty name, shows it here.")
        return
    lines.say(f"Written: {path}")

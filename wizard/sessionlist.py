"""The saved sessions as a list: what each was about, what came of it, and which one was not finished."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wizard.core.events import Noted
from wizard.core.steps import Finished
from wizard.core.tree import HEALTHY, Tree
from wizard.errors import SessionError
from wizard.impact import place_of
from wizard.marks import seconds_of, shortened
from wizard.named import NamedTuple
from wizard.redact import clean
from wizard.session import Listed, Session, is_practice, list_sessions, replayed

if TYPE_CHECKING:
    from collections.abc import Callable

NARROWEST = 12
"""Columns that a target is left, however long the verdict is."""
UNREADABLE = "cannot be read"


class Entry(NamedTuple):
    """One saved session. `verdict` is the cause that the last walk ended at, empty where it was not finished."""

    id: str
    path: Path
    started: str
    target: Mapping[str, Any]
    verdict: str
    stopped: str
    """The layer at which the last walk stands, where it was not finished."""
    solved: str
    """The last fault of the session, where the last walk is healthy."""
    notes: int
    walks: int
    trouble: str = ""
    """Why the file cannot be read, in a sentence."""

    @property
    def unfinished(self) -> bool:
        """Whether there is something to go on with."""
        return not self.verdict and not self.trouble and not is_practice(self.target)

    @property
    def words(self) -> str:
        """What came of it, for a list."""
        if self.trouble:
            return UNREADABLE
        if is_practice(self.target):
            return f"practice: {self.verdict or f'left at {self.stopped}'}"
        if self.solved:
            return f"solved: {self.solved}"
        return self.verdict or f"unfinished at {self.stopped}"

    @property
    def place(self) -> str:
        """The target in a few signs."""
        return place_of(self.target) or "no host"

    def as_data(self) -> dict[str, Any]:
        """The entry as plain data for a script."""
        return {
            "id": self.id,
            "started": self.started,
            "target": dict(self.target),
            "finished": bool(self.verdict),
            "verdict": self.verdict,
            "stopped": self.stopped,
            "solved": self.solved,
            "notes": self.notes,
            "walks": self.walks,
            "practice": is_practice(self.target),
            "trouble": self.trouble,
        }


def entries(folder: Path | None, tree: Tree, *, practice: bool = True) -> Iterator[Entry]:
    """The sessions in the folder, the newest first; each is read when it is asked for.

    Without `practice`, walks against the practice range are left out, unread.
    """
    found = list_sessions(folder)
    return (_entry(one, tree) for one in found if practice or not is_practice(one.target))


def _entry(listed: Listed, tree: Tree) -> Entry:
    try:
        session = Session.load(listed.path)
    except SessionError as error:
        return Entry(*listed, "", "", "", 0, 0, str(error))
    verdicts = []
    for saved in session.walks:
        walk, _ = replayed(tree, saved)
        step = walk.step
        verdicts.append(step.cause if isinstance(step, Finished) else "")
    notes = sum(isinstance(event, Noted) for saved in session.walks for event in saved.events)
    faults = [one for one in verdicts[:-1] if one and one != HEALTHY]
    solved = faults[-1] if faults and verdicts[-1] == HEALTHY else ""
    stopped = "" if verdicts[-1] else walk.node.layer
    return Entry(*listed, verdicts[-1], stopped, solved, notes, len(verdicts))


def table(found: Iterable[Entry], width: int, when: Callable[[float], str]) -> Iterator[str]:
    """The sessions as aligned lines of at most `width` columns. `when` makes a local time of seconds."""
    rows = [("ID", "WHEN", "TARGET", "VERDICT", "NOTES")]
    rows += [
        (one.id, when(seconds_of(one.started)), _plain(one.place), one.words, str(one.notes)) for one in found
    ]
    id_, date, place, words, notes = (max(_columns(row[at]) for row in rows) for at in range(5))
    left = max(width, 60) - id_ - date - notes - 8
    place = min(place, max(left - words, NARROWEST))
    words = min(words, left - place)
    for row in rows:
        cells = (row[0].ljust(id_), row[1].ljust(date), _fit(row[2], place), _fit(row[3], words))
        yield f"{'  '.join(cells)}  {row[4].rjust(notes)}"


def _plain(text: str) -> str:
    return " ".join(clean(text, limit=0).split())


def _columns(text: str) -> int:
    """How wide a text is on a terminal."""
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    return len(text) + wide - sum(unicodedata.combining(sign) > 0 for sign in text)


def _fit(text: str, width: int) -> str:
    """The text in exactly `width` columns."""
    shown = shortened(text, width, _columns)
    return shown + " " * (width - _columns(shown))

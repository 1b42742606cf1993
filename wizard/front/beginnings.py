"""What a person can begin with besides a connection: a symptom, a saved session, a scenario to practise on.

Shared by the start screen and the plain start; nothing here draws.
"""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from wizard.core.tree import Symptom
from wizard.errors import WizardError
from wizard.marks import seconds_of
from wizard.named import NamedTuple

if TYPE_CHECKING:
    from wizard.content.load import Content
    from wizard.practice import Scenario
    from wizard.sessionlist import Entry

MOST_SESSIONS = 50
"""Saved sessions that the start looks at, the newest first; `dbwizard sessions` lists them all."""
MOST_OFTEN = 2
"""Causes that are named to somebody who chose a symptom."""


class Offers(NamedTuple):
    """What the start can offer, each read when it is asked for."""

    content: Content
    sessions: Callable[[], Sequence[Entry]]
    """The saved sessions that can be gone on with, the newest first."""
    resume: Callable[[str], int]
    """Goes on with the session of this id: the exit status. The screen has to be left before."""
    practice: Callable[[str], int]
    """Walks against the scenario of this name, or drills where that is empty: the exit status.

    The screen has to be left before.
    """


def offers(options: Namespace, content: Content) -> Offers:
    """The offers of a program that was started with these options."""
    return Offers(
        content,
        lambda: saved_sessions(content),
        lambda name: _resume(options, name),
        lambda name: _practice(options, content, name),
    )


def saved_sessions(content: Content) -> tuple[Entry, ...]:
    """The newest sessions that can be gone on with, those of practice left out; none where they cannot be read."""
    from wizard.front.sessionscmd import folder
    from wizard.sessionlist import entries

    try:
        found = tuple(islice(entries(folder(), content.tree, practice=False), MOST_SESSIONS))
    except (OSError, WizardError):
        return ()
    return tuple(one for one in found if not one.trouble)


def unfinished(sessions: Sequence[Entry]) -> Entry | None:
    """The newest session that was not finished."""
    return next((one for one in sessions if one.unfinished), None)


def about(entry: Entry) -> str:
    """Which target, when, and what came of it: `db.example:5432/shop, today at 03:12, unfinished at network`."""
    database = f"/{entry.target['database']}" if entry.target.get("database") else ""
    return f"{entry.place}{database}, {when(seconds_of(entry.started), time.time())}, {entry.words}"


def when(seconds: float, now: float) -> str:
    """A moment in local time, as one speaks: `today at 03:12`, `yesterday at 22:40`, `2026-11-19 at 08:05`."""
    day, clock = time.strftime("%Y-%m-%d|%H:%M", time.localtime(seconds)).split("|")
    days = {time.strftime("%Y-%m-%d", time.localtime(now - 86400 * ago)): ago for ago in (1, 0)}
    named = {0: "today", 1: "yesterday"}.get(days.get(day, -1), day)
    return f"{named} at {clock}"


def told(symptom: Symptom, catalogue: dict[str, str]) -> str:
    """A symptom that was chosen, and what is often behind it."""
    often = [catalogue[cause] for cause in symptom.likely[:MOST_OFTEN] if cause in catalogue]
    behind = f" Often behind it: {'; or '.join(often)}." if often else ""
    return f"You said: {symptom.words}.{behind}"


def scenarios(content: Content) -> list[Scenario]:
    """The scenarios to practise on: by layer, and within it the easy ones first."""
    from wizard.front.practicelist import in_order
    from wizard.practice import list_scenarios

    return in_order(list_scenarios(content))


def _resume(options: Namespace, name: str) -> int:
    from wizard.front import interactive

    return interactive.resume(Namespace(**{**vars(options), "session": name}))


def _practice(options: Namespace, content: Content, name: str) -> int:
    from wizard.front import practicecmd, practicedrill

    if name:
        return practicecmd.walk(name, content, plain=options.plain)
    return practicedrill.run(content, plain=options.plain)

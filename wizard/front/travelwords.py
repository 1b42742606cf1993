"""The words for a passed step, for the map and for what a person overrules: the same in plain lines and full screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wizard.core.facts import UNKNOWN
from wizard.core.steps import Ask, Finished

if TYPE_CHECKING:
    from wizard.core.chart import Region
    from wizard.core.overruling import Instead, Passed
    from wizard.core.walk import Hop

NOT_KNOWN = "not known: nobody can rely on what was found"
"""The value that takes back what was found, and puts nothing in its place."""


def heading(step: Passed) -> str:
    """What a passed step did or asked, in a sentence. Not cleaned for a terminal."""
    from wizard.core.page import Filler  # late: the first screen needs none

    wanted, facts = step.before.step, step.before.facts
    fill = Filler(facts, step.before.tree.fills).sentence
    if isinstance(wanted, Ask):
        return f"question: {fill(wanted.text)}"
    return "" if isinstance(wanted, Finished) else f"check: {fill(wanted.says or wanted.probe)}"


def came(hop: Hop) -> str:
    """What came of a check: what it told, and what a person said instead. Not cleaned for a terminal."""
    told = hop.summary or hop.trouble or hop.outcome
    return f"{said(hop.overruled)} (the check: {told})" if hop.overruled else told


def came_short(hop: Hop) -> str:
    """The same in a word, where there is one."""
    return said(hop.overruled) if hop.overruled else came(hop) if hop.outcome == "done" else hop.outcome


def said(overruled: tuple[Instead, ...]) -> str:
    """The word of a person in the place of what was found."""
    told = (f"{one.key} is {'not known' if one.now == UNKNOWN else one.now}" for one in overruled)
    return f"you said: {', '.join(told)}"


def label(value: str) -> str:
    """A value that can be set, in words."""
    return NOT_KNOWN if value == UNKNOWN else value


def counts(region: Region) -> str:
    """How many causes of a layer are possible, ruled out, and not looked at."""
    told = (
        (region.possible, "possible"),
        (region.ruled_out, "ruled out"),
        (region.unseen, "not looked at"),
    )
    return ", ".join(f"{len(causes)} {words}" for causes, words in told if causes)

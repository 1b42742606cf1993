"""One walk of a session as a transcript tells it: its moments, what was asked, what was ruled out, what stays open."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wizard.core.events import (
    ASIDE,
    Answered,
    Event,
    Noted,
    Overruled,
    ProbeFinished,
    Showed,
    Skipped,
    Stated,
    Touched,
)
from wizard.core.facts import UNKNOWN, text_of
from wizard.core.overruling import Instead, said_instead
from wizard.core.page import Filler
from wizard.core.steps import Finished
from wizard.core.tree import FINDING, HEALTHY, INCONCLUSIVE
from wizard.core.walk import Walk
from wizard.marks import iso, local
from wizard.report import decisive

if TYPE_CHECKING:
    from wizard.content.load import Content
    from wizard.session import SavedWalk

BY_WORDS = {
    "probe": "found by a probe",
    "derived": "found by a probe",
    "log": "read in a log",
    "user": "answered by the user",
    "flag": "stated beforehand",
    "default": "nobody answered, so the default",
}
"""Who knew something, in words."""


class Clock:
    """Moments in UTC and in the time of the machine where the session was made."""

    def __init__(self, offset: str) -> None:
        self._offset = offset if len(offset) == 5 and offset[1:].isdecimal() else ""

    def both(self, at: float) -> dict[str, str]:
        """`at` (seconds since the epoch) as `at` (UTC) and `local`; empty texts for a moment that is not known."""
        return {"at": iso(at), "local": self.local(at)} if at else {"at": "", "local": ""}

    def local(self, at: float) -> str:
        """The wall clock there, with its distance from UTC; this machine's where the session does not tell."""
        if not self._offset:
            return local(at)
        sign = -1 if self._offset[0] == "-" else 1
        minutes = int(self._offset[1:3]) * 60 + int(self._offset[3:])
        shown = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at + sign * minutes * 60))
        return f"{shown} {self._offset}"


def walk_data(
    number: int, saved: SavedWalk, walk: Walk, made: dict[str, Any], content: Content, clock: Clock
) -> dict[str, Any]:
    """What the report `made` of a walk does not tell. Times are texts; `report` is `made` itself."""
    tell = _Teller(walk)
    possible = {made["cause"], HEALTHY, INCONCLUSIVE, *(one["cause"] for one in made["candidates"])}
    began = saved.at or next((event.at for event in saved.events if event.at), 0.0)
    step = walk.step
    return {
        "number": number,
        "report": made,
        "finished": walk.finished,
        "stopped": "" if isinstance(step, Finished) else step.layer,
        "began": clock.both(began),
        "ended": clock.both(_last_step(saved) or began),
        "failed": clock.both(_failure(walk) or began) if made["status"] == "fault" else clock.both(0.0),
        "timeline": [
            {**clock.both(event.at), "what": tell.event(event)}
            for event in saved.events
            if not (isinstance(event, Touched) or (isinstance(event, Showed) and event.how == "shown"))
        ],
        "questions": list(_questions(saved, walk, tell)),
        "notes": [
            {**clock.both(event.at), "text": event.text} for event in saved.events if isinstance(event, Noted)
        ],
        "commands": _commands(saved, clock),
        "excluded": [
            {"cause": cause, "why": content.catalogue.get(cause, "")} for cause in excluded(walk, possible)
        ],
        "open": list(_open_points(walk, made, tell)),
    }


class _Teller:
    """Says in words what happened, with the names that the walk knows."""

    def __init__(self, walk: Walk) -> None:
        self._tree = walk.tree
        self._events = walk.events
        self._filler = Filler(walk.facts, walk.tree.fills)

    def node(self, node_id: str) -> str:
        """What a node does or asks; its name where the tree has changed."""
        node = self._tree.nodes.get(node_id)
        question = self._tree.questions.get(node.question) if node else None
        words = question.text if question else node.says if node else ""
        return self._filler.sentence(words) or node_id

    def question(self, fact: str) -> str:
        """The words of the question for a fact; the fact's name where nobody is asked for it."""
        asked = self._tree.questions.get(fact)
        return self._filler.sentence(asked.text) if asked else fact

    def answer(self, fact: str, value: str) -> str:
        """An answer in the words of the screen."""
        asked = self._tree.questions.get(fact)
        labels = {option.value: option.label for option in asked.options} if asked else {}
        return "not known" if value == UNKNOWN else self._filler.sentence(labels.get(value, value))

    def fact_of(self, node_id: str) -> str:
        """The fact that the question at a node asks for."""
        node = self._tree.nodes.get(node_id)
        return node.question if node else ""

    def event(self, event: Event) -> str:
        """One event in words."""
        if isinstance(event, ProbeFinished):
            return f"{self.node(event.node)}: {event.summary or event.trouble or 'nothing to report'}"
        if isinstance(event, Answered):
            answer = self.answer(self.fact_of(event.node), event.value)
            return f"{self.node(event.node)} {answer} ({BY_WORDS.get(event.by, event.by)})"
        if isinstance(event, Stated):
            said = ", ".join(f"{key} = {text_of(value)}" for key, value in event.facts.items())
            return f"{self.node(event.node)}: {said} (stated by the {event.by})"
        if isinstance(event, Overruled):
            return f"{self.node(event.node)}: overruled: {', '.join(self._overruled(event))}"
        if isinstance(event, Skipped):
            return f"{self.node(event.node)}: skipped{f' ({event.why})' if event.why else ''}"
        if isinstance(event, Noted):
            return f"note: {event.text}"
        if isinstance(event, Showed):
            return f"command {event.how}: {event.command}"
        return "one step back"

    def _overruled(self, event: Overruled) -> Iterator[str]:
        """What a person said, and what had been found until then."""
        found: dict[str, str] = {}
        for earlier in self._events:
            if earlier is event:
                break
            if isinstance(earlier, (ProbeFinished, Stated)):
                found.update((key, text_of(value)) for key, value in earlier.facts.items())
            elif isinstance(earlier, Answered):
                found[self.fact_of(earlier.node)] = earlier.value
        for key, value in event.facts.items():
            yield said_instead(Instead(key, found.get(key, ""), text_of(value)))


def _last_step(saved: SavedWalk) -> float:
    """When the walk came to where it is."""
    steps = (event.at for event in saved.events if not isinstance(event, ASIDE))
    return max(steps, default=0.0)


def _failure(walk: Walk) -> float:
    """When the words that decided were heard; without such words, when the walk ended."""
    said = decisive(walk)
    steps = [event for event in walk.events if not isinstance(event, ASIDE)]
    for event in steps:
        quoted = event.evidence if isinstance(event, ProbeFinished) else ()
        if any(one.text and one.text in said for one in quoted):
            return event.at
    return steps[-1].at if steps else 0.0


def _commands(saved: SavedWalk, clock: Clock) -> list[dict[str, str]]:
    """Each command that was shown or copied, once for each way, with the first time."""
    first: dict[tuple[str, str], float] = {}
    for event in saved.events:
        if isinstance(event, Showed):
            first.setdefault((event.command, event.how), event.at)
    return [{"command": command, "how": how, **clock.both(at)} for (command, how), at in first.items()]


def _questions(saved: SavedWalk, walk: Walk, tell: _Teller) -> Iterator[dict[str, str]]:
    """What the walk wanted to know from people, and who knew it: what was stated beforehand first, then in order."""
    told = set()
    for hop in walk.trail:
        fact = tell.fact_of(hop.node)
        if hop.kind == "ask" and fact not in saved.facts and fact not in told:
            told.add(fact)
            answer = f"skipped ({hop.trouble})" if hop.outcome == "skipped" else hop.outcome
            known = walk.facts.fact(fact)
            by = known.by if known else hop.by
            yield _question(fact, answer, by if hop.outcome != "skipped" else hop.by, tell)
    for hop in walk.trail:
        for one in hop.overruled:
            yield _question(one.key, one.now, "user", tell)
    for key, value in saved.facts.items():
        yield _question(key, text_of(value), "flag", tell)
    for event in walk.events:
        if isinstance(event, Stated):
            for key, value in event.facts.items():
                yield _question(key, text_of(value), event.by, tell)


def _question(fact: str, answer: str, by: str, tell: _Teller) -> dict[str, str]:
    return {
        "question": tell.question(fact),
        "answer": answer,
        "label": tell.answer(fact, answer),
        "by": "probe" if by in ("derived", "log") else by,
    }


def excluded(walk: Walk, possible: set[str]) -> list[str]:
    """The causes to which every edge of the passed nodes is denied by the facts, less those still `possible`."""
    found: dict[str, bool] = {}
    for hop in walk.trail:
        node = walk.tree.nodes.get(hop.node)
        for edge in node.edges if node else ():
            if edge.go.startswith(FINDING) and not edge.follows:
                other = edge.go[len(FINDING) :]
                # One way to a cause that is still open is enough to keep it.
                found[other] = found.get(other, True) and edge.when.holds(walk.facts) is False
    return [other for other, denied in found.items() if denied and other not in possible]


def _open_points(walk: Walk, made: dict[str, Any], tell: _Teller) -> Iterator[str]:
    """What nobody looked at or knew."""
    if not walk.finished:
        yield "The walk was not finished."
    for hop in walk.trail:
        if hop.unknown or hop.trouble:
            why = hop.trouble or "the answer is not known"
            yield f"{hop.layer}: {tell.node(hop.node)}: {why}"
    if made["status"] != HEALTHY:
        yield from (f"Not ruled out: {one['cause']}: {one['why']}" for one in made["candidates"])
    yield from (f"Warning on {one['layer']}: {one['text']}" for one in made["warnings"])

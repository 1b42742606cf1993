"""A finished walk as the finding screen needs it: the verdict, the pages filled, how sure, and what was ruled out.

Built in a worker, for pages and rules are read from disk here. Causes are judged by the core, never here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wizard.core.diagnosis import Diagnosis, conclude
from wizard.core.events import ASIDE, Evidence
from wizard.core.page import Filler, Finding, render
from wizard.core.tree import HEALTHY
from wizard.core.walk import Walk
from wizard.front.words import DONT_KNOW
from wizard.providers import with_provider
from wizard.transcriptwalk import excluded

if TYPE_CHECKING:
    from wizard.content.load import Content

MOST_QUOTES = 3
"""Quotations that are shown as the reason; all of them stay within reach."""


@dataclass(frozen=True)
class Possible:
    """A cause that is still possible: its page, in one line, and the command that tells (empty where none is known)."""

    finding: Finding
    line: str
    learn: str = ""


@dataclass(frozen=True)
class Conclusion:
    """All that the finding screen shows of one walk."""

    diagnosis: Diagnosis
    finding: Finding
    possible: tuple[Possible, ...]
    reasons: tuple[Evidence, ...]
    """The quotations nearest to where the walk ended."""
    evidence: tuple[Evidence, ...]
    ruled_out: tuple[tuple[str, str], ...]
    """Layer and what was seen there, for each layer that answered well."""
    cautions: tuple[tuple[str, str], ...]
    """Layer and sentence, for what is wrong although the application can connect."""
    answered: tuple[tuple[str, str], ...]
    """Question and answer, for each that a person gave."""
    unknown: tuple[tuple[str, str], ...]
    """Layer and what could not be learnt there: a check that was given up or failed, a question without an answer."""
    blanks: frozenset[str]
    """The placeholders that a command may still hold."""
    excluded: tuple[tuple[str, str], ...] = ()
    """Cause and its line in the catalogue, for each that the facts deny."""
    footprint: str = ""
    """What the walk did to servers, in one sentence; empty where no probe looked at the real world."""
    at: float = 0.0
    """When the last step of the walk was made, in seconds since the epoch."""

    @property
    def compared(self) -> dict[str, Any]:
        """What a comparison with another walk needs, as in a report."""
        layers = [{"layer": one.layer, "outcome": one.outcome} for one in self.diagnosis.layers]
        return {"cause": self.diagnosis.cause, "status": self.diagnosis.status, "layers": layers}

    @property
    def sure(self) -> str:
        """How sure the verdict is, in a sentence."""
        status = self.diagnosis.status
        if status == "inconclusive":
            if not self.possible:
                return "Nothing that is known here fits what was seen."
            count = len(self.possible)
            fits = "One cause still fits" if count == 1 else f"{count} causes still fit"
            tells = (
                " Where a command can tell, it stands below."
                if any(one.learn for one in self.possible)
                else ""
            )
            return f"{fits} what was seen.{tells}"
        if status == HEALTHY:
            return "Sure, for this moment: every layer was tried from here."
        if self.possible:
            count = len(self.possible)
            return (
                f"Likely: it fits best; {count} {'other fits' if count == 1 else 'others fit'} too (below)."
            )
        return "Sure: no other known cause fits what was seen."


def build(walk: Walk, content: Content, footprint: str = "") -> Conclusion:
    """The conclusion of a walk that left this `footprint`. Reads the pages that it names."""
    diagnosis = conclude(walk)
    filler = Filler(walk.facts, walk.tree.fills)
    reasons = _reasons(walk)
    # A layer that said the words on which the fault rests was not passed well, whatever layer the fault belongs to.
    spoke = {one.layer for one in reasons} if diagnosis.status == "fault" else set()
    layers = tuple(
        (one.layer, one.summary or "answered")
        for one in diagnosis.layers
        if one.outcome in ("ok", "warning") and one.layer not in spoke
    )
    return Conclusion(
        diagnosis,
        _page(diagnosis.cause, walk, content),
        tuple(
            Possible(
                _page(one.cause, walk, content),
                content.catalogue.get(one.cause, ""),
                filler.command(one.learn, "sh") if one.learn else "",
            )
            for one in diagnosis.candidates
        ),
        reasons,
        walk.evidence,
        layers,
        tuple((one.layer, filler.sentence(one.text)) for one in walk.tree.warnings(walk.facts)),
        tuple(_answers(walk)),
        tuple(_unknown(walk)),
        frozenset(walk.tree.fills),
        _excluded(diagnosis, walk, content),
        footprint,
        max((event.at for event in walk.events if not isinstance(event, ASIDE)), default=0.0),
    )


def _excluded(diagnosis: Diagnosis, walk: Walk, content: Content) -> tuple[tuple[str, str], ...]:
    """The causes that the walk has ruled out; after a healthy one, all are."""
    if diagnosis.status == HEALTHY:
        return ()
    possible = {diagnosis.cause, *(one.cause for one in diagnosis.candidates)}
    return tuple((cause, content.catalogue.get(cause, "")) for cause in excluded(walk, possible))


def _page(cause: str, walk: Walk, content: Content) -> Finding:
    facts = with_provider(walk.facts, content.platforms)
    return render(cause, content.page(cause), facts, walk.tree.fills, content.catalogue.get(cause, ""))


def _reasons(walk: Walk) -> tuple[Evidence, ...]:
    stopped = walk.trail[-1].layer if walk.trail else ""
    near = tuple(one for one in walk.evidence if one.layer == stopped)
    return (near or walk.evidence)[-MOST_QUOTES:]


def _unknown(walk: Walk) -> list[tuple[str, str]]:
    """What could not be learnt on the way, and at which layer."""
    found = []
    for hop in walk.trail:
        if hop.kind == "ask" and hop.outcome == "unknown":
            question = walk.tree.questions[walk.tree.node(hop.node).question]
            told = f"no answer to: {Filler(walk.facts, walk.tree.fills).sentence(question.text)}"
            found.append((hop.layer, f"{told} (b goes back to it)"))
        elif hop.kind == "probe" and hop.unknown:
            told = hop.trouble or hop.summary or "this check saw nothing"
            found.append((hop.layer, f"{told} (b runs it again)"))
    return found


def _answers(walk: Walk) -> list[tuple[str, str]]:
    """What people said on the way, in their words."""
    found = []
    for hop in walk.trail:
        if hop.kind == "ask" and hop.by in ("user", "flag"):
            question = walk.tree.questions[walk.tree.node(hop.node).question]
            labels = {option.value: option.label for option in question.options}
            found.append((question.text, labels.get(hop.outcome, DONT_KNOW)))
    return found

"""The walk on its way: the ladder, the check that runs, the question that is asked, and what was seen so far."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wizard.core.facts import Facts
from wizard.core.steps import Ask, Finished, Run
from wizard.core.walk import Hop, Walk
from wizard.front.travelwords import came
from wizard.front.tui.course import Course
from wizard.front.tui.look import BOLD, QUIET
from wizard.front.tui.views.target import safe
from wizard.front.tui.widgets.ladder import Rung
from wizard.front.tui.widgets.pane import Block
from wizard.front.words import DONT_KNOW, duration

if TYPE_CHECKING:
    from wizard.core.page import Filler

TYPE_IT = {"number": "Type the number", "text": "Type or paste the text"}
HOW_TO_TYPE = {
    "number": "A whole number; an estimate is better than none.",
    "text": "Paste it as it is; line ends become blanks. No passwords: it is saved with the session.",
}
GIVE_UP = "x gives it up: the walk goes on without it."
BY_HAND = "by-hand"
"""The item of the command that a person could run instead."""
MOST_LINES = 8
"""Lines of one quotation that are shown as lines."""
DEEPEST = 8
"""Blanks before such a line that are kept: a tree shows by them who waits for whom."""
_FACT = re.compile(r"\{([a-z][a-z0-9.-]*)\}")
_FIRST = ("config", "dns", "network", "tls", "auth", "database", "capacity")


def rungs(course: Course) -> list[Rung]:
    """The ladder: what was passed, where the walk stands, what is still to come."""
    walk = course.walk
    if walk is None:
        waiting = "skipped" if course.failure else "waiting"
        return [Rung(layer, waiting) for layer in _FIRST]
    if course.conclusion is not None:
        return [Rung(one.layer, one.outcome, one.ms) for one in course.conclusion.diagnosis.layers]
    from wizard.core.diagnosis import layer_states

    made = []
    step = walk.step
    for one in layer_states(walk, ""):
        outcome = "waiting" if one.outcome == "skipped" else one.outcome
        if one.layer == walk.node.layer and not isinstance(step, Finished):
            outcome = "asking" if isinstance(step, Ask) else "running"
        made.append(Rung(one.layer, outcome, 0.0 if outcome == "asking" else one.ms))
    if walk.node.layer not in {rung.layer for rung in made} and isinstance(step, (Ask, Run)):
        made.append(Rung(walk.node.layer, "asking" if isinstance(step, Ask) else "running"))
    return made


def sentence(says: str, facts: Facts) -> str:
    """What a check does, with the facts that its sentence names; a part that is not known yet is left out."""
    text = _FACT.sub(lambda match: facts.text(match[1]) or "…", says)
    return safe(text) or "Checking"


def by_hand(course: Course) -> str:
    """The command that a person could run instead of the check that runs now."""
    step = course.step
    if not isinstance(step, Run) or course.walk is None or not step.by_hand:
        return ""
    return _filler(course.walk).command(step.by_hand, "sh")


def _filler(walk: Walk) -> Filler:
    """What fills the placeholders of a sentence. Imported late: the first screen needs none."""
    from wizard.core.page import Filler

    return Filler(walk.facts, walk.tree.fills)


def running(course: Course, patience: float = 0.0) -> list[Block]:
    """The check that runs, and what was seen so far. `patience`: its bound in seconds, once it takes long."""
    step, walk = course.step, course.walk
    if walk is None:
        return [Block("Getting ready …", BOLD)]
    if not isinstance(step, Run):
        return [Block("Putting together what was seen …", BOLD), Block(), *seen(walk)]
    made = [Block(f"{sentence(step.says or f'Checking: {step.layer}', walk.facts)} …", BOLD)]
    if command := by_hand(course):
        made += [Block("The same by hand, in another terminal:"), command_block(command, BY_HAND)]
    if patience:
        made.append(Block(f"It is still at work; it ends by itself within {patience:.0f} s. {GIVE_UP}"))
    return [*made, Block(), *seen(walk)]


def command_block(command: str, item: str, indent: int = 2) -> Block:
    """A command, cut only at the edge of the screen."""
    bar = " " * indent + "│ "
    return Block(command, BOLD, bar, bar, item, fold=True)


def question(course: Course, *, why: bool, how: bool, typed: str = "") -> list[Block]:
    """The question with its numbered answers; why it is asked and how to find out, when wanted."""
    step, walk = course.step, course.walk
    if not isinstance(step, Ask) or walk is None:
        return []
    filler = _filler(walk)
    made = [Block(filler.sentence(step.text), BOLD)]
    if why:
        made.append(
            Block(filler.sentence(step.why) or "No reason is given for this question.", "", "Why: ", "     ")
        )
    if how:
        told = filler.sentence(step.how) or "No way is known; 0 goes on without an answer."
        made.append(Block(told, "", "How: ", "     "))
    if why or how:
        made.append(Block())
    if step.kind != "choice":
        made.append(Block(TYPE_IT[step.kind], "", " t  ", "    ", "option-t"))
    for number, option in enumerate(step.options, 1):
        usual = "  (the usual answer)" if option.value == step.default else ""
        made.append(Block(option.label + usual, "", f"{number:>2}  ", "    ", f"option-{number}"))
    made.append(Block(DONT_KNOW, "", " 0  ", "    ", "option-0"))
    if len(step.options) > 9:
        told = f"Number {typed}: press Enter to answer." if typed else "Type the number, then Enter."
        made.append(Block(told, "", "    ", "    "))
    return [*made, Block(), *seen(walk)]


def seen(walk: Walk) -> list[Block]:
    """What was seen so far, the newest first, so that it needs no scrolling."""
    hops = [hop for hop in reversed(walk.trail) if _tells(hop)]
    if not hops:
        return []
    made = [Block("Seen so far, newest first", BOLD)]
    for hop in hops:
        made.extend(_hop(hop, walk))
    quotes = list(reversed(walk.evidence))
    if quotes:
        made += [Block(), Block("Quoted, newest first", BOLD)]
        made.extend(Block(quoted(one.text, one.code), "", f"{one.layer:<9} ", " " * 10) for one in quotes)
    return made


def quoted(text: str, code: str) -> str:
    """A quotation and its code, on one line."""
    return safe(text, 600) + (f"  [{safe(code, 40)}]" if code and code not in text else "")


def quotation(text: str, code: str, head: str) -> Iterator[Block]:
    """A quotation below its head, line by line where they are few: so are a log and a tree of locks read."""
    lines = [line for line in text.splitlines() if line.strip()]
    lines = lines if len(lines) <= MOST_LINES else [text]
    hanging = len(head) + (2 if len(lines) > 1 else 0)
    for number, line in enumerate(lines):
        deep = min(len(line) - len(line.lstrip()), DEEPEST)
        first = " " * len(head) if number else head
        yield Block(quoted(line, "" if number else code), "", first + " " * deep, " " * (hanging + deep))


def _tells(hop: Hop) -> bool:
    """Whether there is something to say: a check that saw something, an answer that somebody gave."""
    return (
        bool(hop.summary or hop.trouble or hop.overruled)
        if hop.kind == "probe"
        else hop.kind == "ask" and hop.by != "probe"
    )


def _hop(hop: Hop, walk: Walk) -> Iterator[Block]:
    if hop.kind == "ask":
        told = f"{_asked(hop, walk)} {answer(hop, walk)}"
    else:
        told = safe(came(hop))
        if hop.trouble and hop.by not in ("probe", "user"):
            told = f"not looked at: {safe(hop.trouble)}"
        if hop.ms:
            told = f"{told} ({duration(hop.ms)})"
    yield Block(told, QUIET if hop.by == "default" else "", f"{hop.layer:<9} ", " " * 10)


def _asked(hop: Hop, walk: Walk) -> str:
    question = walk.tree.questions[walk.tree.node(hop.node).question]
    return _filler(walk).sentence(question.text)


def answer(hop: Hop, walk: Walk) -> str:
    """The answer in the words of its option."""
    question = walk.tree.questions[walk.tree.node(hop.node).question]
    labels = {option.value: option.label for option in question.options}
    return labels.get(hop.outcome, hop.outcome if question.kind == "number" and hop.outcome else DONT_KNOW)


def earlier(walk: Walk) -> list[tuple[str, str]]:
    """The steps that one can go back to, the latest first: what it was, and what came of it."""
    found = []
    before = walk.previous
    while before is not None:
        step = before.step
        hop = walk.trail[len(before.trail)] if len(before.trail) < len(walk.trail) else None
        if isinstance(step, Ask):
            text = _filler(before).sentence(step.text)
            found.append((f"question: {text}", answer(hop, walk) if hop else ""))
        elif isinstance(step, Run):
            found.append(
                (f"check: {sentence(step.says or step.probe, before.facts)}", safe(came(hop)) if hop else "")
            )
        before = before.previous
    return found

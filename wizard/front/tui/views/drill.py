"""The drill as blocks: the log, what was seen, the choice, the tools; at the end the solution."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from wizard.front import practicetold as told
from wizard.front.tui.look import BOLD, FAULT, OK
from wizard.front.tui.screens.choosing import ROW
from wizard.front.tui.widgets.pane import Block
from wizard.practice.drill import Stage
from wizard.redact import clean

if TYPE_CHECKING:
    from wizard.front.tui.drilling import Drilling
    from wizard.practice.drill import Drill, Option

_clean = partial(clean, limit=0)
"""No control characters; the made-up password of the range stays, for it is there to be copied."""
OPTION = "option-"
"""What the item of something to choose begins with; its number follows."""


def blocks(drilling: Drilling) -> list[Block]:
    """The page as the drill stands."""
    if drilling.ground is None or drilling.drill is None:
        return [Block("Making ready …")]
    if drilling.drill.stage in (Stage.OVER, Stage.LEFT):
        return list(_over(drilling, drilling.drill))
    return list(_under_way(drilling, drilling.drill))


def _under_way(drilling: Drilling, drill: Drill) -> Iterator[Block]:
    ground = drilling.ground
    assert ground is not None  # asked by the caller
    first, *others = told.intro(ground, drilling.began)
    yield from _part(first)
    naming = drill.stage is Stage.CAUSE
    if naming:
        # Before the choice, for it is what the choice rests on; the newest first, so that it is in view.
        yield from _found(drilling, drill)
    yield Block()
    if naming:
        yield Block("What is the cause? A number; l looks, h hints.", BOLD)
        yield from _options(drill.task.causes, with_key=True)
    else:
        yield Block(f"You say: {drill.cause}. What do you do first?", BOLD)
        yield from _options(drill.task.fixes, with_key=False)
        yield from _found(drilling, drill)
    for part in others:
        yield Block()
        yield from _part(part)


def _found(drilling: Drilling, drill: Drill) -> Iterator[Block]:
    """Hints, and what was looked at."""
    for hint in reversed(drill.hints):
        yield from (Block(), Block(f"Hint: {hint}"))
    for word, seen in reversed(drilling.seen):
        yield from (Block(), Block(f"Looked at {word}:", BOLD))
        yield from (Block(_clean(line), "", "  ", "    ") for line in told.seen(seen))


def _options(options: Sequence[Option], *, with_key: bool) -> Iterator[Block]:
    for number, one in enumerate(options, 1):
        words = f"{one.key}: {one.words}" if with_key else one.words
        yield Block(_clean(words), "", f"{number:>2}  ", "    ", f"{OPTION}{number}")


def _over(drilling: Drilling, drill: Drill) -> Iterator[Block]:
    ground = drilling.ground
    assert ground is not None  # asked by the caller
    for sentence, good in zip(
        told.verdict(drill, ground.content), (drill.solved, drill.mended), strict=False
    ):
        yield Block(_clean(sentence), OK if good else FAULT)
    if drilling.report is None:
        yield from (Block(), Block("Walking it as the wizard does …"))
    else:
        for part in told.solution(drill, ground, drilling.report):
            yield Block()
            yield from _part(part)
    yield Block()
    yield from (Block(sentence) for sentence in drilling.drills.how_it_goes())


def looks(words: Sequence[str]) -> list[Block]:
    """What can be looked at, as a list to choose from."""
    return [
        Block(f"{word}: {told.LOOK_WORDS[word]}", "", f"{number:>2}  ", "    ", f"{ROW}{number}")
        for number, word in enumerate(words, 1)
    ]


def _part(part: told.Part) -> Iterator[Block]:
    """A heading, its paragraphs, and lines in which every blank counts."""
    yield Block(_clean(part.head), BOLD)
    yield from (Block(_clean(one), "", "  ", "  ") for one in part.paragraphs)
    yield from (Block(_clean(one), "", "  ", "  ", fold=True) for one in part.lines)

"""What a person may know better than a check: the passed steps, the facts that decided there, and other values."""

from __future__ import annotations

from wizard.core.overruling import Ground, Passed, grounds
from wizard.core.walk import Walk
from wizard.front.travelwords import came, heading, label
from wizard.front.tui.look import BOLD
from wizard.front.tui.views.target import safe
from wizard.front.tui.widgets.pane import Block

MOST_AT_ONCE = 9
"""Lines that one digit can take; beyond that, digits mark a line and Enter takes it."""
NOTHING = "nothing is known of what decides here"
MOST = 3
"""Facts of a step that are named where the steps are listed."""
WHO = {"user": "you said", "flag": "stated beforehand", "default": "assumed, for nobody said"}
"""Who knew a fact, before its value; otherwise it was found."""


def step_blocks(walk: Walk, steps: list[Passed]) -> list[Block]:
    """The steps to choose from."""
    made = [Block("Where do you know better? The walk goes on from that step with your word."), Block()]
    for number, step in enumerate(steps, 1):
        item = f"step-{number}"
        made.append(Block(safe(heading(step)), BOLD, f"{number:>2}  ", "    ", item))
        decided = [f"{one.key}: {safe(one.value)}" for one in grounds(walk, step) if one.value]
        more = f", and {len(decided) - MOST} more" if len(decided) > MOST else ""
        made.append(Block(", ".join(decided[:MOST]) + more or NOTHING, "", "    → ", "      ", item))
    return made


def sayings(walk: Walk, step: Passed) -> list[tuple[str, str]]:
    """Every fact and value that a person can set at a step, in the order of the page."""
    return [(ground.key, other) for ground in grounds(walk, step) for other in ground.others]


def ground_blocks(walk: Walk, step: Passed) -> list[Block]:
    """The facts that decided at a step, each with what was found and the values that it could have instead."""
    made = [Block(safe(heading(step)), BOLD), Block(safe(came(step.hops[0])), "", "→ ", "  ")]
    if len(sayings(walk, step)) > MOST_AT_ONCE:
        made.append(Block("Type the number, then Enter."))
    number = 0
    for ground in grounds(walk, step):
        made += [Block(), *_found(ground)]
        for other in ground.others:
            number += 1
            made.append(Block(label(other), "", f"{number:>2}  ", "    ", f"say-{number}"))
    return made


def _found(ground: Ground) -> list[Block]:
    value = safe(ground.value)
    told = f"{WHO.get(ground.by, 'found')}: {value}" if value else "not known so far"
    return [Block(f"{safe(ground.meaning)} ({ground.key})"), Block(f"{told}. Instead:", BOLD)]

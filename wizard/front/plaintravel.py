"""Ways through the walk in plain lines: the map, and the word of a person in the place of a check's."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from wizard.core.chart import Region, chart
from wizard.core.events import Overruled
from wizard.core.overruling import grounds, overrulable
from wizard.core.walk import Walk
from wizard.front.travelwords import came_short, counts, heading, label
from wizard.numerals import count

if TYPE_CHECKING:
    from wizard.front.plainlines import Lines

WORDS = {"here": "you are here", "skipped": "not reached", "unknown": "could not be told"}
"""What is said of a layer, where its outcome is no word for people."""


def overrule(lines: Lines, walk: Walk) -> Overruled | None:
    """Ask at which step a person knows better, and what; None where they change nothing."""
    steps = overrulable(walk)
    if not steps:
        lines.say("No step has found anything yet that could be overruled.")
        return None
    lines.say("\nOverrule what was found at which step? The latest first.")
    for number, step in enumerate(steps, 1):
        decided = [f"{one.key}: {one.value}" for one in grounds(walk, step) if one.value]
        lines.say(f"  {number} {heading(step)}: {', '.join(decided[:3]) or 'nothing is known'}")
    chosen = _number(lines, len(steps))
    if not chosen:
        return None
    step = steps[chosen - 1]
    sayings: list[tuple[str, str]] = []
    for ground in grounds(walk, step):
        lines.say(f"{ground.meaning} ({ground.key})\n  so far: {ground.value or 'not known'}. Instead:")
        for other in ground.others:
            sayings.append((ground.key, other))
            lines.say(f"  {len(sayings)} {label(other)}")
    chosen = _number(lines, len(sayings))
    if not chosen:
        return None
    key, value = sayings[chosen - 1]
    lines.say(f"The walk goes on with your word: {key} is {value}. The report says that it is yours.")
    return Overruled(step.before.at, {key: value}, time.time())


def show_map(lines: Lines, walk: Walk, catalogue: Mapping[str, str]) -> None:
    """The map: layer by layer what was passed, where the walk stands, and which causes are left there."""
    drawn = chart(walk)
    lines.say("\nThe map, from the settings to the database:")
    for region in drawn.regions:
        lines.say(_layer(region))
        for step in region.steps:
            hop = step.hops[0]
            lines.say(f"    {heading(step)}: {came_short(hop)}")
        if region.layer == walk.node.layer:
            for cause in region.possible:
                lines.say(f"    possible: {cause}: {catalogue.get(cause, '')}")


def _layer(region: Region) -> str:
    return (
        f"  {region.layer}: {WORDS.get(region.outcome, region.outcome)}. Causes: {counts(region) or 'none'}"
    )


def _number(lines: Lines, most: int) -> int:
    """The number that a person types; 0 where they type none that is offered."""
    said = lines.ask(f"A number, 1 to {most} (empty: change nothing): ") or ""
    number = count(said, 3) or 0
    return number if number <= most else 0

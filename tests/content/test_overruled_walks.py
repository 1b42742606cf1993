"""The tree that ships, walked by somebody who goes back and overrules whatever can be overruled."""

from __future__ import annotations

from random import Random

import pytest

from wizard.content.load import open_content
from wizard.core import conditions
from wizard.core.chart import chart
from wizard.core.diagnosis import conclude
from wizard.core.events import Answered, Event, Overruled, ProbeFinished, Skipped
from wizard.core.facts import Value
from wizard.core.overruling import grounds, passed
from wizard.core.steps import Ask
from wizard.core.walk import Walk

TREE = open_content().tree
MOVES = 60


def overruling(walk: Walk, chance: Random) -> Overruled | None:
    """Another value for a fact that decided at a passed step."""
    step = chance.choice(passed(walk)) if walk.previous else None
    found = grounds(walk, step) if step else []
    if step is None or not found:
        return None
    ground = chance.choice(found)
    return Overruled(step.before.at, {ground.key: chance.choice(ground.others)})


def happening(walk: Walk, chance: Random) -> Event:
    """What the world or the person says at this step."""
    step, node = walk.step, walk.node
    if isinstance(step, Ask):
        return Answered(walk.at, chance.choice([*(one.value for one in step.options), "unknown"]))
    if chance.random() < 0.2:
        return Skipped(walk.at, "given up")
    known = [
        TREE.specs[one.key]
        for edge in node.edges
        for one in conditions.tests(edge.when)
        if one.key in TREE.specs
    ]
    facts: dict[str, Value] = {
        spec.key: chance.choice(spec.choices) for spec in known if spec.choices and chance.random() < 0.7
    }
    return ProbeFinished(walk.at, node.probe, facts)


@pytest.mark.parametrize("seed", range(12))
def test_every_value_that_is_offered_is_taken_and_the_events_lead_there_again(seed: int) -> None:
    chance = Random(seed)
    walk = Walk.start(TREE)
    overruled = 0
    for _ in range(MOVES):
        if chance.random() < 0.3 and (event := overruling(walk, chance)) is not None:
            walk = walk.feed(event)
            overruled += 1
            assert walk.previous is not None
            assert walk.previous.at == event.node
        elif chance.random() < 0.1 and walk.previous is not None:
            walk = walk.back()
        elif not walk.finished:
            walk = walk.feed(happening(walk, chance))
    assert chart(walk).regions
    assert conclude(walk).layers
    again = Walk.replay(TREE, walk.events)
    assert overruled > 0
    assert (again.at, again.trail, again.facts) == (walk.at, walk.trail, walk.facts)

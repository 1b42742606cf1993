"""Two promises about every walk: less knowledge never makes it wrong, and it ends whatever it is told."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from wizard.content import graph, scenario
from wizard.content.load import open_content
from wizard.content.scenario import Scenario, event_for
from wizard.core.conditions import tests as comparisons
from wizard.core.diagnosis import conclude, remaining
from wizard.core.events import Answered, Event, ProbeFinished, Skipped, Stated
from wizard.core.facts import UNKNOWN, Value
from wizard.core.steps import Ask, Finished, Run
from wizard.core.tree import INCONCLUSIVE, FactSpec, Tree
from wizard.core.walk import Walk
from wizard.probes import PROBES, find

pytestmark = pytest.mark.slow

CONTENT = open_content()
TREE = CONTENT.tree
SEED = 20261120
SUBSETS = 3
"""Random subsets of facts that are dropped from each story, besides every single fact that its walk reads."""
STREAMS = 2000
PARTS = 8
"""Parts into which the stories are cut, so that several processes share them."""
POSSIBLE: dict[str, set[str]] = {}
"""What is known -> the causes that it leaves possible. Neighbouring stories begin alike, so many walks do too."""


def lessened(story: Scenario, dropped: set[tuple[str, str]]) -> Scenario:
    facts = {
        probe: {key: value for key, value in values.items() if (probe, key) not in dropped}
        for probe, values in story.facts.items()
        if (probe, "") not in dropped
    }
    return Scenario(story.name, story.cause, facts, story.answers, replies=story.replies)


def drops(story: Scenario, chance: random.Random) -> Iterator[set[tuple[str, str]]]:
    """Every single fact that the story's walk reads, a few whole probes, then random subsets of all facts.

    To drop a fact that no node on the way reads changes nothing.
    """
    walk, _ = scenario.play(TREE, story)
    ran = sorted({event.probe for event in walk.events if isinstance(event, ProbeFinished)})
    edges = [edge for hop in walk.trail for edge in TREE.node(hop.node).edges]
    read = {test.key for edge in edges for test in comparisons(edge.when)} | {"error.text", "log.text"}
    # A server's words never come without their code.
    keys = [(probe, key) for probe in ran for key in story.facts[probe] if key != "error.code"]
    yield from ({(probe, key)} for probe, key in keys if key in read)
    yield from ({(probe, "")} for probe in chance.sample(ran, min(3, len(ran))))
    for _ in range(SUBSETS):
        share = chance.choice((0.05, 0.2, 0.5))
        yield {key for key in keys if chance.random() < share}


def end_with(story: Scenario) -> tuple[str, set[str]]:
    walk = Walk.start(TREE, story.answers)
    while not isinstance(step := walk.step, Finished):
        # What is withheld nobody knows: not even the default that a walk without a person falls back on.
        asked_in_vain = isinstance(step, Ask) and step.fact not in story.replies
        walk = walk.feed(Skipped(step.node) if asked_in_vain else event_for(story, step))
    if step.cause != INCONCLUSIVE:
        return step.cause, set()
    known = repr((story.answers, walk.events))
    if known not in POSSIBLE:
        POSSIBLE[known] = {candidate.cause for candidate in remaining(walk)}
    return INCONCLUSIVE, POSSIBLE[known]


@pytest.mark.parametrize("part", range(PARTS))
def test_less_is_not_wrong(part: int) -> None:
    chance = random.Random(SEED + part)
    wrong: dict[str, set[str]] = {}
    stories = scenario.read(CONTENT)
    for story in stories[part * len(stories) // PARTS : (part + 1) * len(stories) // PARTS]:
        for dropped in drops(story, chance):
            cause, candidates = end_with(lessened(story, dropped))
            if cause == story.cause or (cause == INCONCLUSIVE and story.cause in candidates):
                continue
            names = (
                ", ".join(sorted(key or probe for probe, key in dropped)) if len(dropped) < 3 else "several"
            )
            wrong.setdefault(f"{story.name}: {cause} and not {story.cause}", set()).add(names)
    assert {one: sorted(names)[:4] for one, names in wrong.items()} == {}


def some_value(spec: FactSpec | None, chance: random.Random) -> Value:
    """A value that the fact can have, now and then one that it cannot."""
    odd: tuple[Value, ...] = (UNKNOWN, "", "none", "\x00", "x" * 500, -1, 1e300, True, ("a", "b"), ())
    if spec is None or chance.random() < 0.15:
        return chance.choice(odd)
    if spec.values:
        return chance.choice(spec.values)
    by_kind: dict[str, tuple[Value, ...]] = {
        "flag": ("true", "false", True, False),
        "number": (0, 3, 9.5, 100, "7", -4),
        "cause": (*CONTENT.catalogue, "none"),
    }
    return chance.choice(by_kind.get(spec.kind, ("some text", "FATAL:  sorry, too many clients already")))


def some_event(step: Run | Ask, tree: Tree, chance: random.Random) -> Event:
    if chance.random() < 0.05:
        return Skipped(step.node, "chance")
    if isinstance(step, Ask):
        return Answered(step.node, chance.choice([*(option.value for option in step.options), UNKNOWN]))
    keys = [key for key in PROVIDES[step.probe] if chance.random() < 0.95]
    usual = chance.choice(HEALTHY).facts.get(step.probe, {})
    facts = {
        key: usual[key]
        if key in usual and chance.random() < 0.85
        else some_value(tree.specs.get(key), chance)
        for key in keys
    }
    return Stated(step.node, facts) if chance.random() < 0.05 else ProbeFinished(step.node, step.probe, facts)


HEALTHY = [story for story in scenario.read(CONTENT) if story.cause == "healthy"]
"""Most facts of a stream are taken from these, so that streams get past the first layer."""
PROVIDES = {name: find(name).provides for name, _ in PROBES}


def test_every_stream_of_facts_ends_within_the_longest_path() -> None:
    chance = random.Random(SEED)
    longest = graph.longest(TREE)
    ends: set[str] = set()
    for _ in range(STREAMS):
        walk = Walk.start(TREE)
        while not isinstance(step := walk.step, Finished):
            walk = walk.feed(some_event(step, TREE, chance))
            assert len(walk.trail) < longest
        ends.add(conclude(walk).cause)
    assert len(ends) > 40, "the streams must reach a good part of the tree, or they prove nothing"


def test_a_walk_is_what_its_events_make_it() -> None:
    for story in scenario.read(CONTENT):
        walk, _ = scenario.play(TREE, story)
        assert Walk.replay(TREE, walk.events, story.answers) == walk


def test_stopping_early_is_inconclusive_with_the_cause_still_possible() -> None:
    chance = random.Random(SEED)
    for story in scenario.read(CONTENT):
        whole, _ = scenario.play(TREE, story)
        walk = Walk.replay(TREE, whole.events[: chance.randrange(len(whole.events))], story.answers)
        assert conclude(walk).status == INCONCLUSIVE
        if story.cause != INCONCLUSIVE:
            assert story.cause in {candidate.cause for candidate in remaining(walk)}, story.name

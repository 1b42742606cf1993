"""Stories that a tree must get right: the facts of each probe, the answers, and the cause that must come out.

A scenario needs no database: it feeds a walk with what is written and never runs a probe. A probe that the story
says nothing about is skipped, as it is for a reader who could not run it. Answers work as `--answer` does, and a
question without one takes its default, so a scenario and `dbwizard check` go the same way; only `replies` come from a
person who is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wizard.content import yamlfile
from wizard.content.graph import ELSE, UNKNOWN, Way, ways, written
from wizard.content.load import Content
from wizard.core.diagnosis import conclude
from wizard.core.events import Answered, Event, ProbeFinished, Skipped
from wizard.core.facts import Facts, Value
from wizard.core.steps import Ask, Finished, Run
from wizard.core.tree import Node, Tree, turn
from wizard.core.walk import Walk
from wizard.errors import ContentError

Taken = tuple[str, int]
"""A node and the number of its written edge, `ELSE` or `UNKNOWN`."""


@dataclass(frozen=True)
class Scenario:
    """One story. `trail` and `candidates` are checked where they are given."""

    name: str
    cause: str
    facts: Mapping[str, Mapping[str, Value]]
    answers: Mapping[str, str] = field(default_factory=dict)
    """What is known before the walk begins, as by `--answer`."""
    replies: Mapping[str, str] = field(default_factory=dict)
    """What a person says when the walk asks."""
    trail: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    story: str = ""
    place: str = ""


@dataclass(frozen=True)
class Result:
    """What became of a scenario: `problems` is empty when it came out as written."""

    scenario: Scenario
    cause: str
    trail: tuple[str, ...]
    problems: tuple[str, ...]
    taken: frozenset[Taken]


def read(content: Content) -> list[Scenario]:
    """The scenarios of all folders. Raises ContentError for one that cannot be read."""
    raw: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for path in content.files("scenarios"):
        data = yamlfile.load(path)
        for one in (data.get("scenarios") or ()) if isinstance(data, dict) else ():
            if not isinstance(one, dict) or not one.get("name") or not one.get("cause"):
                raise ContentError([f"{path}: a scenario needs a name and a cause; see dbwizard tree lint"])
            raw[str(one["name"])] = (str(path), one)
    return [_scenario(name, place, one, raw) for name, (place, one) in raw.items()]


def _scenario(
    name: str, place: str, written_as: Mapping[str, Any], raw: Mapping[str, tuple[str, Mapping[str, Any]]]
) -> Scenario:
    base: Mapping[str, Any] = {}
    if "extends" in written_as:
        if str(written_as["extends"]) not in raw:
            raise ContentError(
                [f"{place}: the scenario '{name}' extends '{written_as['extends']}', which is not there"]
            )
        base = raw[str(written_as["extends"])][1]
    facts: dict[str, dict[str, Value]] = {}
    without = set(written_as.get("without", ()))
    for layer in (base.get("facts") or {}, written_as.get("facts") or {}):
        for probe, values in layer.items():
            if probe not in without:
                facts.setdefault(probe, {}).update(
                    {key: _value(value) for key, value in (values or {}).items()}
                )
    return Scenario(
        name,
        str(written_as["cause"]),
        facts,
        _said("answers", base, written_as),
        _said("replies", base, written_as),
        tuple(written_as.get("trail", ())),
        tuple(written_as.get("candidates", ())),
        str(written_as.get("story", "")),
        place,
    )


def _said(key: str, base: Mapping[str, Any], written_as: Mapping[str, Any]) -> dict[str, str]:
    return {
        str(fact): str(value) for one in (base, written_as) for fact, value in (one.get(key) or {}).items()
    }


def _value(value: Any) -> Value:
    return tuple(str(one) for one in value) if isinstance(value, list) else str(value)


def event_for(scenario: Scenario, step: Run | Ask) -> Event:
    """What the story feeds to a walk that stands at `step`."""
    if isinstance(step, Run):
        facts = scenario.facts.get(step.probe)
        if facts is None:
            return Skipped(step.node, "not part of the story")
        return ProbeFinished(step.node, step.probe, facts)
    if step.fact in scenario.replies:
        return Answered(step.node, scenario.replies[step.fact])
    if step.default:
        return Answered(step.node, step.default, "default")
    return Skipped(step.node, "nobody to ask")


def play(tree: Tree, scenario: Scenario) -> tuple[Walk, frozenset[Taken]]:
    """Walk through the story to its end; the ways that it took come with the walk."""
    walk = Walk.start(tree, scenario.answers)
    taken = _ways_taken(tree, walk, 0)
    while not isinstance(step := walk.step, Finished):
        passed = len(walk.trail)
        walk = walk.feed(event_for(scenario, step))
        taken |= _ways_taken(tree, walk, passed)
    return walk, frozenset(taken)


def _ways_taken(tree: Tree, walk: Walk, passed: int) -> set[Taken]:
    return {(hop.node, way_number(tree.node(hop.node), walk.facts)) for hop in walk.trail[passed:]}


def way_number(node: Node, facts: Facts) -> int:
    """Which way leads out of the node: the number of a written edge, `ELSE` or `UNKNOWN`."""
    found = turn(node, facts)
    if found.edge is None:
        return UNKNOWN if found.unknown else ELSE
    return next(number for number, group in written(node) if found.edge in group)


def run(tree: Tree, scenario: Scenario) -> Result:
    """Play the story and compare its end with what is written."""
    walk, taken = play(tree, scenario)
    diagnosis = conclude(walk)
    trail = (*(hop.node for hop in walk.trail), walk.at)
    problems = []
    if diagnosis.cause != scenario.cause:
        problems.append(f"ends at '{diagnosis.cause}', not at '{scenario.cause}' ({' -> '.join(trail)})")
    if scenario.trail and trail != scenario.trail:
        problems.append(f"the trail is {' -> '.join(trail)}")
    allowed = {candidate.cause for candidate in diagnosis.candidates}
    problems += [f"'{one}' is not among the candidates" for one in scenario.candidates if one not in allowed]
    return Result(scenario, diagnosis.cause, trail, tuple(problems), taken)


def untaken(tree: Tree, results: Iterable[Result]) -> Iterator[tuple[Node, Way]]:
    """The edges, else and unknown of the tree that no scenario takes."""
    taken = {one for result in results for one in result.taken}
    for node in tree.nodes.values():
        for way in ways(node):
            if (node.id, way.number) not in taken:
                yield node, way

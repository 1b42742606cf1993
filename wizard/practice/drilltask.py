"""From a scenario to the task of a drill: which causes are offered, which fixes, which of them are right, the hints.

Everything comes from the scenario and the content; where there is a choice, the random numbers that are given make it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING

from wizard.core.facts import Fact, Facts
from wizard.core.page import Finding, Fix, render
from wizard.core.tree import ALL_LAYERS, FINDING, HEALTHY, INCONCLUSIVE, Tree
from wizard.practice.drill import Option, Task
from wizard.practice.model import DATABASE, HOST, USER

if TYPE_CHECKING:
    from wizard.content.load import Content
    from wizard.practice import Scenario

OFFERED = 7
"""Causes to choose from."""
CLOSEST = 3
"""Wrong ones that are always offered, the closest; the others are drawn."""
FIXES = 5
"""Fixes to choose from."""
LOOKS: Mapping[str, tuple[str, ...]] = {
    "config": ("config.settings",),
    "dns": ("dns.resolve", "dns.ask-servers"),
    "network": ("network.connect", "network.greet"),
    "tls": ("tls.handshake",),
    "auth": ("auth.login",),
    "database": ("database.inspect",),
    "capacity": ("capacity.inspect",),
    "pool": ("pool.inspect",),
    "pooler": ("pooler.inspect",),
    "server": ("server.why-down", "server.log"),
    "app": ("app.inspect",),
    "host": ("host.inspect", "host.platform"),
}
"""What a person may look at, in the order of the layers: a word, and the probes that it stands for."""
FOREIGN = {
    "postgresql": ("mysql", "mariadb"),
    "mysql": ("postgresql", "pg_hba", "libpq"),
    "mariadb": ("postgresql", "pg_hba", "libpq"),
}
"""Words in the line of a cause that is no cause for an application of this engine."""
ASSUMED = {"runtime": "host", "managed": "none", "server_access": "yes"}
"""What a fix may take for granted: a server of one's own, without a container."""


def answers_of(scenario: Scenario) -> tuple[str, ...]:
    """The causes that are right, the expected one first; none for a scenario that is no riddle: nothing is wrong."""
    if scenario.cause == HEALTHY:
        return ()
    return (*(() if scenario.cause == INCONCLUSIVE else (scenario.cause,)), *scenario.candidates)


def make_task(scenario: Scenario, content: Content, random: Random) -> Task:
    """The task that a scenario is, one with `answers_of`. The same random numbers make the same task."""
    right, *also = answers_of(scenario)
    near = frozenset((*also, *_near(right, content.tree)))
    wrong = _drawn(*_plausible(right, scenario, content, near), random)
    causes, fixes = [right, *wrong], _fixes(right, scenario, content, wrong)
    hints = _hints(right, scenario.layer, content, wrong)
    random.shuffle(causes)
    random.shuffle(fixes)
    return Task(
        scenario=scenario.name,
        layer=scenario.layer,
        difficulty=scenario.difficulty,
        cause=right,
        causes=tuple(Option(cause, content.catalogue.get(cause, "")) for cause in causes),
        fixes=tuple(fixes),
        mends=frozenset((right,)),
        near=near,
        known=frozenset(content.catalogue) - {HEALTHY, INCONCLUSIVE},
        looks=tuple(LOOKS),
        hints=hints,
    )


def _near(cause: str, tree: Tree) -> Iterator[str]:
    """The causes that the tree does not rule out where it finds this one."""
    for node in map(tree.node, tree.nodes):
        for edge in node.edges:
            if edge.go == FINDING + cause:
                yield from edge.also


def _plausible(
    cause: str, scenario: Scenario, content: Content, near: frozenset[str]
) -> tuple[list[str], list[str]]:
    """Wrong causes that a person may well think of: the closest, and those of which some are drawn."""
    foreign = FOREIGN.get(scenario.engine, ())
    layers = (cause.partition(".")[0], scenario.layer)

    def fitting(causes: Iterable[str]) -> list[str]:
        lines = ((one, content.catalogue.get(one, "").lower()) for one in causes if one not in near)
        told = (one for one, line in lines if line and not any(word in line for word in foreign))
        return list(dict.fromkeys(one for one in told if one not in (cause, HEALTHY, INCONCLUSIVE)))

    close = fitting(
        (
            *content.page(cause).get("see-also", ()),
            *(one for one in content.catalogue if cause in content.page(one).get("see-also", ())),
            *_siblings(cause, content.tree),
        )
    )
    around = fitting(one for one in content.catalogue if one.partition(".")[0] in layers)
    if len({*close, *around}) < OFFERED:
        # A small layer: what is found next to it is as plausible.
        around += fitting(one for one in content.catalogue if one.partition(".")[0] in _next_to(layers[0]))
    return close[:CLOSEST], [one for one in (*close[CLOSEST:], *around) if one not in close[:CLOSEST]]


def _next_to(layer: str) -> tuple[str, ...]:
    """The layers before and after one, in their order."""
    at = ALL_LAYERS.index(layer) if layer in ALL_LAYERS else 0
    return ALL_LAYERS[max(0, at - 1) : at + 2]


def _siblings(cause: str, tree: Tree) -> Iterator[str]:
    """The causes to which the same nodes of the tree lead, where these lead to few."""
    for node in map(tree.node, tree.nodes):
        leads_to = dict.fromkeys(
            one.removeprefix(FINDING) for one in node.targets() if one.startswith(FINDING)
        )
        if cause in leads_to and len(leads_to) <= OFFERED:
            yield from leads_to


def _drawn(close: Sequence[str], others: Sequence[str], random: Random) -> list[str]:
    choice = list(dict.fromkeys(others))
    return [*close, *random.sample(choice, min(len(choice), OFFERED - 1 - len(close)))]


def _fixes(right: str, scenario: Scenario, content: Content, wrong: Sequence[str]) -> list[Option]:
    """The first fix of the right cause, and one of each of the first wrong ones; each has the id of its cause."""
    page = page_of(right, scenario, content)
    titles = {fix.title for fix in page.fixes}
    made = [Option(right, _told(fix)) for fix in page.fixes[:1]]
    for cause in wrong:
        others = (fix for fix in page_of(cause, scenario, content).fixes if "{" not in fix.title)
        fix = next((one for one in others if one.title not in titles), None)
        if fix is not None and len(made) < FIXES:
            titles.add(fix.title)
            made.append(Option(cause, _told(fix)))
    return made


def _told(fix: Fix) -> str:
    """The fix in a sentence or two: its title alone is a heading that needs its page."""
    return f"{fix.title}. {fix.why}" if fix.why else f"{fix.title}."


def page_of(cause: str, scenario: Scenario, content: Content) -> Finding:
    """The page of a cause as the reader of this scenario gets it: with what somebody who works there knows."""
    known = {"engine": scenario.engine, "target.host": HOST, "target.user": USER, "target.database": DATABASE}
    page = _rendered(cause, {**ASSUMED, **known, **scenario.replies}, content)
    # A page whose fixes all belong to other surroundings still has something to say.
    return page if page.fixes else _rendered(cause, {"engine": scenario.engine}, content)


def _rendered(cause: str, known: Mapping[str, str], content: Content) -> Finding:
    facts = Facts({key: Fact(key, value, "default") for key, value in known.items()})
    return render(cause, content.page(cause), facts, content.tree.fills, content.catalogue.get(cause, ""))


def _hints(right: str, layer: str, content: Content, wrong: Sequence[str]) -> tuple[str, ...]:
    """What helps, the least first: the layer, then two causes of which one is right."""
    named = right.partition(".")[0]
    word = named if named in LOOKS else layer
    hints = [f"Look at this first: {word}."]
    if wrong:
        # In the order of the catalogue: the place of the right one tells nothing.
        both = [one for one in content.catalogue if one in (right, wrong[0])]
        hints.append(f"It is one of these two: {both[0]} or {both[1]}.")
    return tuple(hints)

"""The map of a walk: layer by layer what was passed, what is ruled out, and which causes are still possible."""

from __future__ import annotations

from wizard.core.diagnosis import layer_states, remaining
from wizard.core.overruling import Passed, passed
from wizard.core.tree import ALL_LAYERS, FINDING, HEALTHY, INCONCLUSIVE, Tree
from wizard.core.walk import Walk
from wizard.named import NamedTuple


class Region(NamedTuple):
    """One layer of the map.

    `outcome` is that of the ladder, or `here` where the walk stands. `steps` are the passed ones, the first first.
    `unseen` are causes that the walk has no way to any more, on a layer that it never looked at: not ruled out.
    """

    layer: str
    outcome: str
    steps: tuple[Passed, ...]
    possible: tuple[str, ...]
    ruled_out: tuple[str, ...]
    unseen: tuple[str, ...] = ()


class Chart(NamedTuple):
    """The map: its layers in the order of the walk, and whether it is still possible that all is well."""

    regions: tuple[Region, ...]
    healthy: bool


def chart(walk: Walk) -> Chart:
    """The map of a walk, finished or not."""
    step_layers: dict[str, list[Passed]] = {}
    for step in reversed(passed(walk)):
        step_layers.setdefault(step.hops[0].layer, []).append(step)
    states = {state.layer: state.outcome for state in layer_states(walk, _status(walk))}
    if not walk.finished:
        states[walk.node.layer] = "here"
    possible = _possible(walk, {layer for layer, outcome in states.items() if outcome in ("ok", "warning")})
    causes: dict[str, list[str]] = {}
    for cause in (*possible, *(one for one in _causes(walk.tree) if one not in possible)):
        if cause not in (HEALTHY, INCONCLUSIVE):
            causes.setdefault(walk.tree.node(FINDING + cause).layer, []).append(cause)
    visited = {hop.layer for hop in walk.trail}
    regions = [
        Region(
            layer,
            states.get(layer, "skipped"),
            tuple(step_layers.get(layer, ())),
            tuple(cause for cause in causes.get(layer, ()) if cause in possible),
            *_left(layer in visited, [cause for cause in causes.get(layer, ()) if cause not in possible]),
        )
        for layer in dict.fromkeys((*ALL_LAYERS, *step_layers, *causes))
    ]
    shown = [one for one in regions if one.layer in states or one.steps or one.layer in causes]
    return Chart(tuple(shown), HEALTHY in possible)


def _left(visited: bool, causes: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Causes that are not possible any more: those ruled out, and those behind where the walk went."""
    return (tuple(causes), ()) if visited else ((), tuple(causes))


def _status(walk: Walk) -> str:
    """The verdict of a finished walk; empty for one on its way."""
    if not walk.finished:
        return ""
    return walk.node.cause if walk.node.cause in (HEALTHY, INCONCLUSIVE) else "fault"


def _possible(walk: Walk, passed_layers: set[str]) -> dict[str, None]:
    """The causes that are still possible, the nearest first: once one is found, that one and what looks the same.

    Of a layer that was passed only what the tree itself still leads to: an error text that nobody has read yet may
    name any cause, and a map on which all is possible for ever would show nothing.
    """
    if _status(walk) not in ("", INCONCLUSIVE):
        return dict.fromkeys([walk.node.cause, *(walk.trail[-1].also if walk.trail else ())])
    led_to = {one.cause for one in remaining(walk, follow=False)}
    found = (one.cause for one in remaining(walk))
    return dict.fromkeys(
        cause
        for cause in found
        if cause in led_to or walk.tree.node(FINDING + cause).layer not in passed_layers
    )


def _causes(tree: Tree) -> dict[str, None]:
    """Every cause that some walk through the tree can find, in the order of the tree."""
    found: dict[str, None] = {}
    for node_id in tree.nodes:
        node = tree.node(node_id)
        if node.kind == "finding":
            found[node.cause] = None
        for target in (*node.targets(), *(FINDING + cause for edge in node.edges for cause in edge.also)):
            if target.startswith(FINDING):
                found[target[len(FINDING) :]] = None
    return found

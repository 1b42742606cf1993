"""The map of the tree: each layer with what was passed, where the walk stands, and which causes are left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wizard.core.chart import Chart, Region, chart
from wizard.core.overruling import Passed
from wizard.core.steps import Ask, Run
from wizard.core.walk import Walk
from wizard.front.travelwords import came_short, counts, heading
from wizard.front.tui.look import BOLD, QUIET, state
from wizard.front.tui.views.target import safe
from wizard.front.tui.views.walk import answer, sentence
from wizard.front.tui.widgets.pane import Block

STATES = {"here": "asking", "skipped": "waiting"}
"""How a layer looks whose outcome on the map is none of the ladder's words."""
WORDS = {"here": "you are here", "waiting": "not reached", "ok": "passed"}
"""What is said of a layer on the map, where the ladder's word would be too short."""


def blocks(
    walk: Walk, catalogue: Mapping[str, str], opened: set[str], *, plain_ascii: bool = False
) -> list[Block]:
    """The whole map. `opened` are the layers whose causes are listed."""
    drawn = chart(walk)
    made = [Block(_summary(walk, drawn)), Block()]
    for region in drawn.regions:
        made.append(_head(region, walk, plain_ascii=plain_ascii))
        made.extend(_step(step, walk) for step in region.steps)
        if region.outcome == "here":
            made.append(Block(_now(walk), BOLD, "    now: ", "      "))
        if region.layer in opened:
            for number, (head, causes, style) in enumerate(_groups(region), 1):
                made.extend(_causes(head, causes, catalogue, style, f"causes-{region.layer}-{number}"))
    if drawn.healthy:
        made += [Block(), Block("That every layer is in order is still possible, too.")]
    if not walk.finished:
        made += [
            Block(),
            Block("An error text that is read later may still name a cause that is ruled out here."),
        ]
    return made


def item_here(walk: Walk) -> str:
    """The item of the layer where the walk stands."""
    return f"layer-{walk.node.layer}"


def _summary(walk: Walk, drawn: Chart) -> str:
    left = sum(len(region.possible) for region in drawn.regions)
    gone = sum(len(region.ruled_out) for region in drawn.regions)
    unseen = sum(len(region.unseen) for region in drawn.regions)
    told = "1 cause is" if left == 1 else f"{left} causes are"
    behind = f", {unseen} not looked at" if unseen else ""
    return f"{told} {'left' if walk.finished else 'still possible'}, {gone} ruled out{behind}."


def _head(region: Region, walk: Walk, *, plain_ascii: bool) -> Block:
    """The row of a layer: mark, name, state, how many causes are left."""
    outcome = "skipped" if region.outcome == "skipped" and walk.finished else STATES.get(region.outcome)
    look = state(outcome or region.outcome)
    word = WORDS.get(region.outcome if region.outcome == "here" else outcome or region.outcome, look.word)
    mark = look.ascii if plain_ascii else look.mark
    text = f"{region.layer:<9} {word:<13} {counts(region)}"
    return Block(text, BOLD if region.outcome == "here" else "", f"{mark} ", "  ", f"layer-{region.layer}")


def _step(step: Passed, walk: Walk) -> Block:
    hop = step.hops[0]
    asked = hop.kind == "ask" and hop.outcome != "skipped" and not hop.overruled
    told = answer(hop, walk) if asked else safe(came_short(hop))
    return Block(f"{safe(heading(step))} → {told}", "", "    ", "      ", f"step-{step.back}")


def _now(walk: Walk) -> str:
    step = walk.step
    if isinstance(step, Ask):
        return sentence(step.text, walk.facts)
    return sentence(step.says or step.probe, walk.facts) if isinstance(step, Run) else ""


def _groups(region: Region) -> list[tuple[str, tuple[str, ...], str]]:
    """The causes of a layer: what is said of them, and the style."""
    return [
        ("still possible", region.possible, ""),
        ("ruled out", region.ruled_out, QUIET),
        ("not looked at", region.unseen, QUIET),
    ]


def _causes(
    head: str, causes: tuple[str, ...], catalogue: Mapping[str, str], style: str, item: str
) -> Iterator[Block]:
    if causes:
        yield Block(f"{head}:", style, "    ", "    ", item)
    for cause in causes:
        yield Block(f"{cause}: {safe(catalogue.get(cause, ''))}", style, "      ", "        ", item)

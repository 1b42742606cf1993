"""The score of the drills: results as lines of data, and what they come to. No file is touched here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wizard.named import NamedTuple
from wizard.practice.drill import Result

FORMAT = 1
"""The number of the form of a line; a line of another form is passed over."""
LAST = 5
"""Drills of a scenario or layer that tell how well it goes now."""


class Tally(NamedTuple):
    """What the drills of one layer, or all of them, come to."""

    layer: str
    tried: int
    solved: int
    """Those whose cause was right."""
    mended: int
    """Those whose fix was right."""
    looks: float
    """On average."""
    seconds: float
    """On average."""


class Streak(NamedTuple):
    """Drills solved one after the other: now, and the longest ever."""

    now: int
    best: int


def to_data(result: Result, at: float) -> dict[str, Any]:
    """The result as a line of the score; `at` is in seconds since the epoch."""
    return {"format": FORMAT, "at": round(at, 3), **result._asdict(), "seconds": round(result.seconds, 1)}


def from_data(data: Any) -> Result | None:
    """The result that a line holds, or None for what is none: of another program, cut off, of a later form."""
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        return None
    kinds = {"scenario": str, "layer": str, "difficulty": str, "solved": bool, "mended": bool}
    if any(type(data.get(key)) is not kind for key, kind in kinds.items()):
        return None
    looks, hints, seconds = (_number(data.get(key)) for key in ("looks", "hints", "seconds"))
    if looks is None or hints is None or seconds is None:
        return None
    return Result(**{key: data[key] for key in kinds}, looks=int(looks), hints=int(hints), seconds=seconds)


def _number(value: Any) -> float | None:
    """A count or a time; None for anything else, and for what no drill can have."""
    return float(value) if type(value) in (int, float) and 0 <= value < 1e9 else None


def tally(results: Sequence[Result], layer: str = "") -> Tally:
    """What these results come to."""
    count = len(results)
    return Tally(
        layer,
        count,
        sum(one.solved for one in results),
        sum(one.mended for one in results),
        sum(one.looks for one in results) / count if count else 0.0,
        sum(one.seconds for one in results) / count if count else 0.0,
    )


def by_layer(results: Sequence[Result], layers: Iterable[str]) -> list[Tally]:
    """A tally for each of these layers that was tried, in their order."""
    kept = {layer: [one for one in results if one.layer == layer] for layer in layers}
    return [tally(found, layer) for layer, found in kept.items() if found]


def streak(results: Iterable[Result]) -> Streak:
    """How many in a row were solved; `results` are in the order of time."""
    now = best = 0
    for one in results:
        now = now + 1 if one.solved else 0
        best = max(best, now)
    return Streak(now, best)


def solved_count(results: Iterable[Result], scenario: str) -> int:
    """How often a scenario was solved."""
    return sum(one.solved for one in results if one.scenario == scenario)


def least_solved(names: Sequence[str], results: Sequence[Result]) -> list[str]:
    """Those of the scenarios that were solved least often."""
    counts = {name: solved_count(results, name) for name in names}
    least = min(counts.values(), default=0)
    return [name for name in names if counts[name] == least]


def weakest(layers: Mapping[str, Sequence[str]], results: Sequence[Result]) -> str:
    """The layer to practise next: of `layers` (each with its scenarios) the one of which least is mastered.

    First one where something went wrong lately, then one of which the smallest part was ever solved. Empty where
    every scenario was solved and nothing went wrong lately.
    """
    missed = {layer: _missed(results, layer) for layer in layers}
    if any(missed.values()):
        return max(layers, key=lambda layer: missed[layer])
    share = {
        layer: sum(solved_count(results, name) > 0 for name in names) / len(names)
        for layer, names in layers.items()
        if names
    }
    least = min(share, key=lambda layer: share[layer], default="")
    return least if least and share[least] < 1 else ""


def _missed(results: Sequence[Result], layer: str) -> float:
    """Which part of the last drills of a layer was not solved."""
    last = [one for one in results if one.layer == layer][-LAST:]
    return sum(not one.solved for one in last) / len(last) if last else 0.0

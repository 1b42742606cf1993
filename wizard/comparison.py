"""Two sessions side by side: the first layer and the facts in which they differ, as data and in plain words.

Numbers that are measured anew each time (how many slots are taken, how long something took) are told, and make no
difference by themselves.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wizard.core.events import Answered, Event, ProbeFinished, Stated
from wizard.core.facts import text_of
from wizard.core.lazyre import lazy
from wizard.core.tree import ALL_LAYERS, Tree
from wizard.impact import place_of
from wizard.redact import clean
from wizard.report import report
from wizard.session import Session, replayed

if TYPE_CHECKING:
    from wizard.content.load import Content

SCHEMA = "dbwizard.comparison/1"
ABSENT = "(not known)"
TRIVIAL = frozenset({"none", "no", "false", "0", "not-asked", "not-told", "unspecified"})
"""Values that say that there is nothing to tell."""
OUTCOMES = {
    "ok": "in order",
    "fault": "the fault",
    "warning": "in order, with a warning",
    "unknown": "undecided",
    "skipped": "not looked at",
}
_TIMES = lazy(r"\d+(?:\.\d+)?\s?(?:ms|s|min|h|d)\b")


def compare(first: Session, second: Session, content: Content) -> dict[str, Any]:
    """The last walks of two sessions compared; `same` is whether verdict, layers and settled facts are."""
    sides = [_side(one, content) for one in (first, second)]
    reports = [side.pop("report") for side in sides]
    places = {**sides[1].pop("places"), **sides[0].pop("places")}
    layers = _layers(reports[0], reports[1])
    facts = [
        {**one, "layer": places.get(one["fact"], ""), "meaning": _meaning(one["fact"], content.tree)}
        for one in differing_facts(reports[0]["facts"], reports[1]["facts"], content.tree)
    ]
    order = {layer: number for number, layer in enumerate(ALL_LAYERS)}
    facts.sort(key=lambda one: (one["measured"], order.get(one["layer"], len(order)), one["fact"]))
    settled = [one for one in facts if not one["measured"]]
    outcome = next((one["layer"] for one in layers if not one["same"]), "")
    # What only one of them knows follows from where the other one stopped.
    touched = {one["layer"] for one in settled if not _one_sided(one)}
    touched |= {one["layer"] for one in layers if not one["same"]}
    same = not settled and not outcome and reports[0]["cause"] == reports[1]["cause"]
    return {
        "schema": SCHEMA,
        "same": same,
        "first_layer": min((one for one in touched if one in order), key=order.__getitem__, default=""),
        "first_outcome": outcome,
        "a": sides[0],
        "b": sides[1],
        "layers": layers,
        "facts": facts,
    }


def differing_facts(
    before: Mapping[str, Any], after: Mapping[str, Any], tree: Tree | None = None
) -> list[dict[str, Any]]:
    """The facts of two reports that are not the same, in words; one that only one of them has counts as well."""
    found = []
    for key in sorted({**before, **after}):
        a, b = before.get(key), after.get(key)
        if a != b:
            found.append(
                {"fact": key, "a": _words(a), "b": _words(b), "measured": _measured(key, a, b, tree)}
            )
    return found


def _words(value: Any) -> str:
    if value is None:
        return ABSENT
    return text_of(tuple(value) if isinstance(value, list) else value)


def _measured(key: str, a: Any, b: Any, tree: Tree | None) -> bool:
    """Whether a difference is that of two measurements, and none of the two sides."""
    if a is None or b is None:
        return False
    spec = tree.specs.get(key) if tree else None
    if spec is not None and spec.measured:
        return True
    return _TIMES.sub("", _words(a)) == _TIMES.sub("", _words(b))


def _side(session: Session, content: Content) -> dict[str, Any]:
    """One session: who and when it is, what it found, and at which layer each of its facts was learnt."""
    saved = session.walks[-1]
    walk, _ = replayed(content.tree, saved)
    target = session.header.get("target", {})
    made = report(walk, content, target, started=saved.at, elapsed_ms=0, redactor=session.redactor)
    return {
        "id": session.id,
        "started": str(session.header.get("started", "")),
        "host": str(session.header.get("environment", {}).get("host", "")),
        "target": target,
        "finished": walk.finished,
        "stopped": "" if walk.finished else walk.node.layer,
        "status": made["status"],
        "cause": made["cause"],
        "title": made["title"],
        "report": made,
        "places": dict(_places(walk.events, content.tree)),
    }


def _places(events: Iterable[Event], tree: Tree) -> Iterator[tuple[str, str]]:
    for event in events:
        node = tree.nodes.get(event.node) if isinstance(event, (ProbeFinished, Stated, Answered)) else None
        if node is None:
            continue
        if isinstance(event, Answered):
            yield node.question, node.layer
        elif isinstance(event, (ProbeFinished, Stated)):
            for key in event.facts:
                yield key, node.layer
                if key.endswith(".text"):
                    yield f"{key[:-5]}.cause", node.layer
                    yield f"{key[:-5]}.candidates", node.layer


def _meaning(key: str, tree: Tree) -> str:
    spec = tree.specs.get(key)
    return spec.meaning if spec else ""


def _layers(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The outcome of each layer on both sides, with what was seen there."""
    sides = [{one["layer"]: one for one in made["layers"]} for made in (first, second)]
    found = []
    for layer in ALL_LAYERS:
        a, b = (side.get(layer, {"outcome": "skipped", "summary": ""}) for side in sides)
        if layer in sides[0] or layer in sides[1]:
            found.append(
                {
                    "layer": layer,
                    "a": a["outcome"],
                    "b": b["outcome"],
                    "a_saw": a["summary"],
                    "b_saw": b["summary"],
                    "same": a["outcome"] == b["outcome"],
                }
            )
    return found


def told(data: Mapping[str, Any], width: int = 80) -> str:
    """The comparison in plain words, no line wider than `width` unless a single word is."""
    return "\n".join(_told(data, max(width, 40))) + "\n"


def _told(data: Mapping[str, Any], width: int) -> Iterator[str]:
    yield from _heads(data, width)
    yield ""
    yield from _wrapped(_sentence(data), width)
    yield ""
    yield from _ladder(data["layers"])
    settled = [one for one in data["facts"] if not one["measured"] and not _one_sided(one)]
    yield from _facts("Facts that differ", settled, width)
    for letter, absent in (("A", "b"), ("B", "a")):
        alone = [one for one in data["facts"] if one[absent] == ABSENT]
        yield from _known_to_one(alone, letter, width)
    measured = [one for one in data["facts"] if one["measured"]]
    yield from _facts("Measured anew, and other values now", measured, width)


def _one_sided(fact: Mapping[str, Any]) -> bool:
    return ABSENT in (fact["a"], fact["b"])


def _known_to_one(facts: Sequence[Mapping[str, Any]], letter: str, width: int) -> Iterator[str]:
    """What the other one does not know, layer by layer; what says "nothing" is left to `--json`."""
    told: dict[str, list[str]] = {}
    for one in facts:
        value = str(one[letter.lower()])
        if value not in TRIVIAL:
            told.setdefault(one["layer"] or "other", []).append(f"{one['fact']} = {value}")
    if told:
        yield ""
        yield f"Known only in {letter}"
    for layer, texts in told.items():
        yield from _wrapped(f"  {layer}: {'; '.join(texts)}", width, "    ")


def _heads(data: Mapping[str, Any], width: int) -> Iterator[str]:
    """Who the two are, and what each found."""
    for letter in ("a", "b"):
        one = data[letter]
        target = one["target"]
        place = f"{target.get('engine') or 'database'} at {place_of(target) or 'no host'}"
        words = f"{letter.upper()} {one['id']}, {place}" + (
            f", seen from {one['host']}" if one["host"] else ""
        )
        yield from _wrapped(words, width, "  ")
        verdict = (
            f"{one['title']} [{one['cause']}]"
            if one["finished"]
            else f"unfinished at {one['stopped']}: no verdict"
        )
        yield from _wrapped(f"  {verdict}", width, "  ")


def _sentence(data: Mapping[str, Any]) -> str:
    """Whether and where they part, in plain words."""
    if data["same"]:
        return "No difference: the same verdict, the same layers, the same facts."
    same = data["a"]["cause"] == data["b"]["cause"]
    parts = ["The verdict is the same." if same else "The verdicts differ."]
    outcome = next((one for one in data["layers"] if one["layer"] == data["first_outcome"]), None)
    if outcome is not None:
        a, b = (_state(outcome, letter) for letter in ("a", "b"))
        parts.append(f"The first layer with another outcome is {outcome['layer']}: A {a}; B {b}.")
    first = data["first_layer"]
    if first and first != data["first_outcome"]:
        keys = [
            one["fact"]
            for one in data["facts"]
            if one["layer"] == first and not one["measured"] and not _one_sided(one)
        ]
        verb = "differs" if len(keys) == 1 else "differ"
        parts.append(f"Before that, at {first}, {', '.join(keys[:4])}{' …' if len(keys) > 4 else ''} {verb}.")
    if outcome is None and not first:
        parts.append("Only facts that belong to no layer differ.")
    return " ".join(parts)


def _state(layer: Mapping[str, Any], letter: str) -> str:
    saw = str(layer[f"{letter}_saw"])
    words = OUTCOMES.get(str(layer[letter]), str(layer[letter]))
    return f"{words} ({saw.rstrip('.')})" if saw and layer[letter] != "skipped" else words


def _ladder(layers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    rows = [("layer", "A", "B", "")]
    rows += [(one["layer"], one["a"], one["b"], "" if one["same"] else "differs") for one in layers]
    for row in rows:
        yield f"  {row[0]:<10}{row[1]:<10}{row[2]:<10}{row[3]}".rstrip()


def _facts(title: str, facts: Sequence[Mapping[str, Any]], width: int) -> Iterator[str]:
    if not facts:
        return
    yield ""
    yield title
    for one in facts:
        place = f" [{one['layer']}]" if one["layer"] else ""
        meaning = f": {one['meaning']}" if one["meaning"] else ""
        yield from _wrapped(f"  {one['fact']}{place}{meaning}", width, "    ")
        yield from _wrapped(f"    A {one['a']}", width, "      ")
        yield from _wrapped(f"    B {one['b']}", width, "      ")


def _wrapped(text: str, width: int, hanging: str = "") -> list[str]:
    indent = text[: len(text) - len(text.lstrip())]
    words = " ".join(clean(text, limit=0).split())
    return textwrap.wrap(
        words,
        width,
        initial_indent=indent,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )

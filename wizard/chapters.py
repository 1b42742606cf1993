"""The chapters of a transcript, from its data to blocks. It decides the order in which a reader learns things."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wizard.blocks import Block, Code, Heading, Items, Para, Table
from wizard.marks import duration
from wizard.printed import KINDS, PLACES, RISKS, hand_over_line

_LANGUAGES = ("sh", "sql", "yaml", "python")


def chapters(data: Mapping[str, Any]) -> Iterator[Block]:
    """The blocks of the document `data` (dbwizard.transcript/1)."""
    walks = data["walks"]
    # After the fix the last walk is healthy: what a reader wants to know is what was wrong before.
    told = next((one for one in reversed(walks) if one["report"]["cause"] == data["solved"]), walks[-1])
    yield Heading(1, data["title"])
    yield from _summary(data, told["report"])
    if len(walks) > 1:
        yield from _before_after(walks)
    yield from _environment(data)
    for walk in walks:
        prefix = f"Walk {walk['number']}: " if len(walks) > 1 else ""
        yield from _walk(walk, prefix)
    yield from _cause(told["report"])
    yield from _commands(walks)
    points = [point for walk in walks[-1:] for point in walk["open"]] + list(data["trouble"])
    yield from _list("Open points", points)


def _summary(data: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[Block]:
    last = data["walks"][-1]["report"]
    if data["solved"]:
        yield Para("Every layer answers in the last walk; what was wrong before:")
    status = {"healthy": "Healthy", "fault": "A fault was found", "inconclusive": "Inconclusive"}[
        told["status"]
    ]
    yield Para(f"{status}: {told['cause']}. {(told['findings'] or [{}])[0].get('meaning', '')}")
    yield Para(
        f"Session {data['session']}, begun {data['started']} (local time of the machine that exported this: "
        f"{data['started_local']}); the last walk took {duration(last['elapsed_ms'])}."
    )


def _before_after(walks: list[Mapping[str, Any]]) -> Iterator[Block]:
    """The layers of the first and the last walk side by side."""
    first, last = walks[0]["report"], walks[-1]["report"]
    after = {one["layer"]: one["outcome"] for one in last["layers"]}
    rows = [(one["layer"], one["outcome"], after.pop(one["layer"], "")) for one in first["layers"]]
    rows += [(layer, "", outcome) for layer, outcome in after.items()]
    yield Heading(2, "Before and after")
    yield Table(("layer", "first walk", "last walk"), (("cause", first["cause"], last["cause"]), *rows))


def _environment(data: Mapping[str, Any]) -> Iterator[Block]:
    target = data["target"]
    facts = data["walks"][-1]["report"]["facts"]
    rows = [(str(key), _plain(value)) for key, value in data["environment"].items() if value]
    rows += [
        (f"target {key}", _plain(value)) for key, value in target.items() if value not in ("", [], {}, None)
    ]
    if facts.get("server.version"):
        rows.append(("server version", str(facts["server.version"])))
    yield Heading(2, "Environment")
    yield Table(("what", "value"), tuple(rows))


def _walk(walk: Mapping[str, Any], prefix: str) -> Iterator[Block]:
    """What was seen in one walk."""
    report = walk["report"]
    yield Heading(2, f"{prefix}Layers")
    rows = ((one["layer"], one["outcome"], duration(one["ms"]), one["summary"]) for one in report["layers"])
    yield Table(("layer", "outcome", "time", "what was seen"), tuple(rows))
    if walk["timeline"]:
        yield Heading(2, f"{prefix}Time line")
        times = ((one["at"], one["local"], one["what"]) for one in walk["timeline"])
        yield Table(("UTC", "local time", "what happened"), tuple(times))
    asked = [f"{one['question']} {one['answer']} ({one['by']})" for one in walk["questions"]]
    yield from _list(f"{prefix}Asked and answered", asked)
    yield from _list(f"{prefix}Notes", walk["notes"])
    if report["evidence"]:
        yield Heading(2, f"{prefix}Evidence")
        for one in report["evidence"]:
            yield Para(f"{one['layer']}{', code ' + one['code'] if one['code'] else ''}:")
            yield Code(one["text"])
    ruled_out = [
        f"{one['layer']}: {one['summary'] or 'in order'}"
        for one in report["layers"]
        if one["outcome"] == "ok"
    ]
    ruled_out += [f"{one['cause']}: {one['why']}" for one in walk["excluded"]]
    yield from _list(f"{prefix}Ruled out", ruled_out)
    if report["facts"]:
        yield Heading(2, f"{prefix}Facts")
        yield Table(("fact", "value"), tuple((key, _plain(value)) for key, value in report["facts"].items()))


def _cause(report: Mapping[str, Any]) -> Iterator[Block]:
    """The finding, with what to do about it."""
    finding = (report["findings"] or [{}])[0]
    yield Heading(2, f"Cause: {report['cause']}")
    yield Para(f"{finding.get('title', '')}.")
    if finding.get("why_here"):
        yield Para(finding["why_here"])
    yield from _list("What not to do", finding.get("avoid", ()))
    for fix in finding.get("fixes", ()):
        condition = f" (if {fix['when']})" if fix["when"] and fix["applies"] == "unknown" else ""
        yield Heading(3, f"{fix['title']}{condition}")
        yield Para(f"{fix['why']} Risk: {RISKS.get(fix['risk'], fix['risk'])}.")
        if fix["kind"]:
            yield Para(KINDS.get(fix["kind"], fix["kind"]))
        yield from _typed(fix["commands"])
    if finding.get("verify"):
        yield Heading(3, "To verify")
        yield from _typed(finding["verify"])
    if finding.get("hand_over"):
        yield Heading(3, "To hand over")
        yield Para(hand_over_line(finding["hand_over_to"], finding["hand_over_when"]))
        yield Para(finding["hand_over"])
    yield from _list("Sources", finding.get("sources", ()))


def _typed(commands: list[Mapping[str, str]]) -> Iterator[Block]:
    for one in commands:
        condition = f" (if {one['when']})" if one.get("when") else ""
        yield Para(f"{PLACES.get(one['where'], one['where'])}{condition}:")
        yield Code(one["text"], one["language"] if one["language"] in _LANGUAGES else "")


def _commands(walks: list[Mapping[str, Any]]) -> Iterator[Block]:
    """The commands that were shown or copied."""
    shown = [one for walk in walks for one in walk["commands"]]
    if shown:
        yield Heading(2, "Commands shown or copied")
    for one in shown:
        yield Para(f"{one['how']} at {one['at']}:")
        yield Code(one["command"])


def _list(title: str, texts: Any) -> Iterator[Block]:
    found = tuple(str(one) for one in texts)
    if found:
        yield Heading(2, title)
        yield Items(found)


def _plain(value: Any) -> str:
    """A value of the report in words."""
    if isinstance(value, dict):
        return ", ".join(f"{key}={_plain(one)}" for key, one in value.items())
    if isinstance(value, list):
        return "; ".join(_plain(one) for one in value)
    return ("true" if value else "false") if isinstance(value, bool) else str(value)

"""The chapters of a transcript, from its data to blocks. It decides the order in which a reader learns things:
what it was, how long, why, what to do about it; then how that is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wizard.blocks import Block, Code, Heading, Items, Para, Table
from wizard.comparison import differing_facts
from wizard.footprintwords import counts, details
from wizard.marks import duration, span
from wizard.printed import KINDS, PLACES, RISKS, hand_over_line
from wizard.transcriptwalk import BY_WORDS

_LANGUAGES = ("sh", "sql", "yaml", "python")
_ENVIRONMENT = {
    "os": "operating system",
    "system": "kernel",
    "dbwizard": "dbwizard",
    "python": "Python",
    "server_version": "database server",
    "pooler_version": "pooler",
}
"""What stands in the environment of the data, and its words; in this order."""
Walks = Sequence[Mapping[str, Any]]


def chapters(data: Mapping[str, Any]) -> Iterator[Block]:
    """The blocks of the document `data` (dbwizard.transcript/1)."""
    walks = data["walks"]
    # After the fix the last walk is healthy: what a reader wants to know is what was wrong before.
    told = next((one for one in reversed(walks) if one["report"]["cause"] == data["solved"]), walks[-1])
    yield Heading(1, data["title"])
    yield Heading(2, "Summary")
    yield Para(" ".join(data["summary"]))
    yield from _impact(data)
    yield from _cause(data, told)
    yield from _fixes(told["report"], [one for walk in walks for one in walk["commands"]])
    if len(walks) > 1:
        yield from _before_after(walks)
    yield from _table("Time line", ("UTC", "local time", "what happened"), _moments(data["timeline"]))
    yield from _table("Notes", ("UTC", "local time", "note"), _notes(data["notes"]))
    yield from _environment(data)
    yield from _asked(walks)
    yield from _table("Layers", ("layer", "outcome", "time", "what was seen"), _layers(told["report"]))
    yield from _ruled_out(told)
    points = [point for walk in walks[-1:] for point in walk["open"]] + list(data["trouble"])
    yield from _list("Open points", list(dict.fromkeys(points)))
    facts = told["report"]["facts"].items()
    yield from _table("Facts", ("fact", "value"), ((key, _plain(value)) for key, value in facts))
    yield from _footprint(walks)
    yield from _list("Sources", (told["report"]["findings"] or [{}])[0].get("sources", ()))


def _impact(data: Mapping[str, Any]) -> Iterator[Block]:
    """From when to when it failed, as far as this session saw it."""
    window = data["impact"]
    still = window["state"] == "still failing"
    rows = [
        ("Healthy before", window["healthy_before"]),
        ("First failure seen", window["first_failure"]),
        ("Still failing at" if still else "Last failure seen", window["last_failure"]),
        ("Last verified healthy", window["verified_healthy"]),
    ]
    shown = [(name, one["at"], one["local"]) for name, one in rows if one["at"]]
    yield from _table("Impact window", ("moment", "UTC", "local time"), shown)
    if window["first_failure"]["at"]:
        ends = "and it was still failing then" if still else "until it was seen healthy"
        yield Para(
            f"Length: {span(window['seconds'])} from the first failure that was seen, {ends}. "
            "It may have begun before dbwizard was started."
        )


def _cause(data: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[Block]:
    """The finding, how sure it is, and the words on which it rests."""
    report = told["report"]
    finding = (report["findings"] or [{}])[0]
    yield Heading(2, f"Cause: {report['cause']}")
    yield Para(f"{str(finding.get('title', '')).rstrip('.')}. {finding.get('meaning', '')}")
    yield Para(data["certainty"])
    if finding.get("why_here"):
        yield Para(finding["why_here"])
    yield from _list(
        "The same evidence also fits" if report["status"] == "fault" else "Still possible",
        (f"{one['cause']}: {one['why']}" for one in report["candidates"]),
        3,
    )
    if report["evidence"]:
        yield Heading(3, "Evidence")
    for one in report["evidence"]:
        yield Para(f"{one['layer']}{', code ' + one['code'] if one['code'] else ''}:")
        yield Code(one["text"])


def _fixes(report: Mapping[str, Any], commands: Sequence[Mapping[str, str]]) -> Iterator[Block]:
    """What to do, which of its commands were shown or copied, and when."""
    finding = (report["findings"] or [{}])[0]
    if finding.get("fixes") or finding.get("avoid"):
        yield Heading(2, "Fixes")
    yield from _list("What not to do", finding.get("avoid", ()), 3)
    for fix in finding.get("fixes", ()):
        condition = f" (if {fix['when']})" if fix["when"] and fix["applies"] == "unknown" else ""
        yield Heading(3, f"{fix['title']}{condition}")
        yield Para(f"{fix['why']} Risk: {RISKS.get(fix['risk'], fix['risk'])}.")
        if fix["kind"]:
            yield Para(KINDS.get(fix["kind"], fix["kind"]))
        yield from _typed(fix["commands"], commands)
        if fix["undo"]:
            yield Para(f"Undo: {fix['undo']}")
    if finding.get("verify"):
        yield Heading(3, "To verify")
        yield from _typed(finding["verify"], commands)
    if finding.get("hand_over"):
        yield Heading(3, "To hand over")
        yield Para(hand_over_line(finding["hand_over_to"], finding["hand_over_when"]))
        yield Para(finding["hand_over"])
    yield from _commands(commands)


def _typed(written: Sequence[Mapping[str, str]], seen: Sequence[Mapping[str, str]]) -> Iterator[Block]:
    for one in written:
        condition = f" (if {one['when']})" if one.get("when") else ""
        used = _used(one["text"], seen)
        yield Para(f"{PLACES.get(one['where'], one['where'])}{condition}{f'; {used}' if used else ''}:")
        yield Code(one["text"], one["language"] if one["language"] in _LANGUAGES else "")


def _used(command: str, seen: Sequence[Mapping[str, str]]) -> str:
    """What was done with a command, in words."""
    first: dict[str, str] = {}
    for one in seen:
        if one["command"] == command and one["at"]:
            first.setdefault(one["how"], one["at"][11:19])
    return ", ".join(f"{how} at {at} UTC" for how, at in first.items())


def _commands(seen: Sequence[Mapping[str, str]]) -> Iterator[Block]:
    """All commands that were shown or copied, in their order."""
    if seen:
        yield Heading(3, "Commands shown or copied")
    for one in seen:
        yield Para(f"{one['how']} at {one['at']}:")
        yield Code(one["command"])


def _before_after(walks: Walks) -> Iterator[Block]:
    """The layers of the first and the last walk side by side, and what else is different."""
    first, last = walks[0]["report"], walks[-1]["report"]
    after = {one["layer"]: one["outcome"] for one in last["layers"]}
    rows = [(one["layer"], one["outcome"], after.pop(one["layer"], "")) for one in first["layers"]]
    rows += [(layer, "", outcome) for layer, outcome in after.items()]
    heading = "Before and after" if last["status"] != "inconclusive" else "First and last walk"
    verdicts = (("verdict", first["cause"], last["cause"]), *rows)
    yield from _table(heading, ("layer", "first walk", "last walk"), verdicts)
    changed = [(one["fact"], one["a"], one["b"]) for one in differing_facts(first["facts"], last["facts"])]
    yield from _table("What is different", ("fact", "first walk", "last walk"), changed, 3)


def _moments(timeline: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, ...]]:
    return ((one["at"], one["local"], one["what"]) for one in timeline)


def _notes(notes: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, ...]]:
    return ((one["at"], one["local"], one["text"]) for one in notes)


def _layers(report: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    return (
        (one["layer"], one["outcome"], duration(one["ms"]) if one["ms"] else "", one["summary"])
        for one in report["layers"]
    )


def _environment(data: Mapping[str, Any]) -> Iterator[Block]:
    """Where it ran, with which versions, and what it was to connect to."""
    known, target = data["environment"], data["target"]
    rows = [("dbwizard ran on", str(known.get("host", "")))]
    rows += [(name, str(known.get(key, ""))) for key, name in _ENVIRONMENT.items()]
    if known.get("runtime"):
        told = known.get("runtime_evidence") or BY_WORDS.get(known.get("runtime_by", ""), "")
        rows.append(("the application runs in", f"{known['runtime']} ({told})" if told else known["runtime"]))
    rows.append(("local time", " ".join(str(known.get(key, "")) for key in ("zone", "utc_offset")).strip()))
    rows += [
        (f"target {key}", _plain(value)) for key, value in target.items() if value not in ("", [], {}, None)
    ]
    rows.append(("session", f"{data['session']}, begun {data['started']}"))
    yield from _table("Environment", ("what", "value"), ((name, value) for name, value in rows if value))


def _asked(walks: Walks) -> Iterator[Block]:
    """What was asked, what was answered, and by whom."""
    rows = []
    for walk in walks:
        which = (str(walk["number"]),) if len(walks) > 1 else ()
        for one in walk["questions"]:
            answer = one["label"] if one["label"] == one["answer"] else f"{one['label']} ({one['answer']})"
            rows.append((*which, one["question"], answer, one["by"]))
    head = (*(("walk",) if len(walks) > 1 else ()), "question", "answer", "by")
    yield from _table("Asked and answered", head, rows)


def _footprint(walks: Walks) -> Iterator[Block]:
    """What each walk did to servers, where that is known."""
    for walk in walks:
        if made := walk["report"].get("footprint"):
            which = f" in walk {walk['number']}" if len(walks) > 1 else ""
            yield from _list(f"What dbwizard did to servers{which}", counts(made))
            for head, lines in details(made):
                yield from _list(head, lines, 3)


def _ruled_out(walk: Mapping[str, Any]) -> Iterator[Block]:
    """The layers in order, and the causes that what was seen denies."""
    rows = [
        (f"layer {one['layer']}", one["summary"] or "in order")
        for one in walk["report"]["layers"]
        if one["outcome"] == "ok"
    ]
    rows += [(one["cause"], one["why"]) for one in walk["excluded"]]
    yield from _table("Ruled out", ("ruled out", "what was seen, or what it would have been"), rows)


def _table(title: str, head: tuple[str, ...], rows: Any, level: int = 2) -> Iterator[Block]:
    found = tuple(tuple(row) for row in rows)
    if found:
        yield Heading(level, title)
        yield Table(head, found)


def _list(title: str, texts: Any, level: int = 2) -> Iterator[Block]:
    found = tuple(str(one) for one in texts)
    if found:
        yield Heading(level, title)
        yield Items(found)


def _plain(value: Any) -> str:
    """A value of the report in words."""
    if isinstance(value, dict):
        return ", ".join(f"{key}={_plain(one)}" for key, one in value.items())
    if isinstance(value, list):
        return "; ".join(_plain(one) for one in value)
    return ("true" if value else "false") if isinstance(value, bool) else str(value)

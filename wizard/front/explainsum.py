"""The sum of `explain`: counts, times and rates cause by cause, and what happened first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wizard.explain import Explained, Tally
from wizard.front.explained import LONGEST, Choice, place
from wizard.logs.rate import Rate, bars, joined
from wizard.marks import moment, span, zone


def lines(tallies: Sequence[Tally], choice: Choice, charts: bool, ascii_only: bool) -> Iterator[str]:
    """A paragraph for each cause; with `charts` also its rate over the time of all of them."""
    rates = [tally.rate for tally in tallies if tally.rate is not None]
    frame = joined(rates) if charts and rates else None
    widest = len(str(max(tally.count for tally in tallies)))
    for tally in tallies:
        head = f"{tally.count:>{max(widest, 6)}}  {tally.example.named}"
        if choice.short:
            yield head
            continue
        yield head
        indent = " " * (max(widest, 6) + 2)
        yield f"{indent}{_places(tally, choice.by_file)}"
        if tally.earliest is not None and tally.latest is not None:
            yield f"{indent}{_times(tally.earliest, tally.latest)}"
        yield f"{indent}{tally.example.text[:LONGEST]}"
        if frame is not None and tally.rate is not None and len(frame.spans) > 1:
            yield f"{indent}{bars(tally.rate, frame, ascii_only)}"
    if frame is not None and not choice.short and len(frame.spans) > 1:
        yield from ("", _legend(frame))


def in_order(events: Sequence[Explained], by_file: bool, spaced: bool) -> Iterator[str]:
    """The first error of each cause in the order of time, with the gaps between them."""
    if spaced:
        yield ""
    yield f"What happened first ({zone()}):"
    before: float | None = None
    for event in events:
        if event.stamp is None:
            continue
        gap = "" if before is None else f"+{span(event.stamp.at - before)}"
        yield f"  {moment(event.stamp.at)}  {gap:>12}  {place(event, by_file)}: {event.named}"
        before = event.stamp.at


def _places(tally: Tally, by_file: bool) -> str:
    if by_file:
        counts = [f"{count} in {name or 'the text'}" for name, count in tally.files.items()]
        return ", ".join(counts)
    first, last = tally.first.match.line, tally.last.match.line
    return f"line {first}" if first == last else f"lines {first} to {last}"


def _times(first: Explained, last: Explained) -> str:
    """From when to when, as the log writes it."""
    if first.stamp is None or last.stamp is None:
        return ""
    if first is last or first.stamp.at == last.stamp.at:
        return f"at {first.stamp.text}"
    return f"{first.stamp.text} to {last.stamp.text} ({span(last.stamp.at - first.stamp.at)})"


def _legend(frame: Rate) -> str:
    begin, end = frame.spans[0][0], frame.spans[-1][0] + frame.seconds
    return f"Each sign is {span(frame.seconds)}, from {moment(begin)} to {moment(end)} ({zone()})."

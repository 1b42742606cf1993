"""Symbols with an ASCII fallback, and the formats of times: what every printed text shares."""

from __future__ import annotations

import time

from wizard.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SYMBOLS = {
    "ok": ("✓", "[ok]"),
    "fault": ("✗", "[FAULT]"),
    "warning": ("▲", "[warn]"),
    "unknown": ("?", "[?]"),
    "skipped": ("·", "[-]"),
    "bullet": ("•", "*"),
    "arrow": ("→", "->"),
    "rule": ("─", "-"),
}
"""Name to the symbol and its ASCII fallback."""
_COLOURS = {
    "ok": "32",
    "fault": "31;1",
    "warning": "33",
    "unknown": "36",
    "skipped": "2",
    "bold": "1",
    "dim": "2",
}
_PLAIN = str.maketrans(
    {"…": "...", "–": "-", "—": "-", "“": '"', "”": '"', "‘": "'", "’": "'", "→": "->", "•": "*", " ": " "}
)


def mark(name: str, ascii_only: bool = False) -> str:
    """The symbol called `name`; an unknown name gives the bullet."""
    return SYMBOLS.get(name, SYMBOLS["bullet"])[ascii_only]


def paint(text: str, name: str, colour: bool) -> str:
    """The text in the colour of an outcome (or bold) where colour is wanted."""
    code = _COLOURS.get(name)
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code else text


def to_ascii(text: str) -> str:
    """The text for a terminal that knows ASCII only: a `?` stands for what has no equal."""
    return text.translate(_PLAIN).encode("ascii", "replace").decode("ascii")


def shortened(text: str, room: int, columns: Callable[[str], int] = len) -> str:
    """The text in at most `room` columns: of a longer one both ends stay, for a host begins and a port ends it.

    `columns` tells how wide a text is.
    """
    if columns(text) <= room:
        return text
    middle = len(text) // 2
    head, tail = text[:middle][:room], text[middle:][-room:]
    while columns(head) + columns(tail) > room - 1 and (head or tail):
        head, tail = (head[:-1], tail) if columns(head) >= columns(tail) else (head, tail[1:])
    return f"{head}…{tail}"


def duration(ms: float) -> str:
    """Milliseconds for people: `0.4 ms`, `12 ms`, `3.1 s`, `2 min 5 s`."""
    if ms < 9.95:
        return f"{ms:.1f} ms"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    seconds = ms / 1000
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    return f"{round(seconds) // 60} min {round(seconds) % 60} s"


def span(seconds: float) -> str:
    """A longer time for people: `0.12 s`, `45 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`."""
    if seconds < 59.5:
        return f"{seconds:.2f}".rstrip("0").rstrip(".") + " s" if seconds < 10 else f"{seconds:.0f} s"
    whole = round(seconds)
    for size, name, lower, part in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // lower
            return f"{whole // size} {name}" + (f" {rest} {part}" if rest else "")
    return f"{whole} s"


def utc(seconds: float) -> str:
    """Seconds since the epoch as `2026-11-20 21:04:05Z`."""
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(seconds))


def local(seconds: float) -> str:
    """Seconds since the epoch in the time zone of this machine: `2026-11-20 22:04:05 +0100`."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(seconds))


def moment(seconds: float) -> str:
    """Seconds since the epoch in the time zone of this machine, to be lined up: `2026-11-20 22:04:05.123`."""
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(whole)) + f".{milliseconds:03d}"


def zone() -> str:
    """The time zone of this machine, such as `CET, UTC+0100`."""
    name, east = time.strftime("%Z"), time.strftime("UTC%z")
    return name if east == "UTC+0000" and name in ("UTC", "GMT") else f"{name}, {east}"


def iso(seconds: float) -> str:
    """Seconds since the epoch as UTC with milliseconds: `2026-11-20T21:04:05.123Z`."""
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{milliseconds:03d}Z"


def seconds_of(text: str) -> float:
    """What `iso` wrote, as seconds since the epoch; 0 for anything else."""
    from datetime import datetime, timezone

    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc).timestamp()
    except ValueError:
        return 0.0

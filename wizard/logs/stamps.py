"""Times as logs write them: found in a line and turned into seconds since the epoch.

A time without a zone is taken as local time of this machine, and the stamp says so. It never raises because of a
text; what is no time on the calendar is none.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from wizard.core.lazyre import lazy
from wizard.named import NamedTuple

LOOKED_AT = 600
"""Characters of a line in which its time is looked for."""
DAY = 86400.0
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_OFFSETS = {"Z": 0.0, "UTC": 0.0, "GMT": 0.0, "WET": 0.0, "WEST": 1.0, "BST": 1.0, "CET": 1.0, "CEST": 2.0}
_OFFSETS |= {"EET": 2.0, "EEST": 3.0, "MSK": 3.0, "SAST": 2.0, "IST": 2.0, "PKT": 5.0, "SGT": 8.0, "HKT": 8.0}
_OFFSETS |= {"JST": 9.0, "KST": 9.0, "AWST": 8.0, "ACST": 9.5, "AEST": 10.0, "AEDT": 11.0, "NZST": 12.0}
_OFFSETS |= {"NZDT": 13.0, "BRT": -3.0, "ART": -3.0, "EST": -5.0, "EDT": -4.0, "CST": -6.0, "CDT": -5.0}
_OFFSETS |= {"MST": -7.0, "MDT": -6.0, "PST": -8.0, "PDT": -7.0, "AKST": -9.0, "HST": -10.0}
"""Hours east of Greenwich; an ambiguous name is read as PostgreSQL's default set of abbreviations reads it."""

_CLOCK = r"(?P<h>\d{1,2}):(?P<mi>\d\d):(?P<s>\d\d)(?:[.,](?P<f>\d{1,9}))?"
_HALF = "(?:[ \u202f\u00a0]?(?P<half>[AaPp][Mm])\\b)?"
_NAMES = "|".join(sorted(_OFFSETS, key=len, reverse=True))
_ZONE = rf"(?: ?(?P<z>[+-]\d\d:?\d\d\b|[+-]\d\d(?![\d:.-])|(?:{_NAMES})\b|[A-Z][a-z]+/[A-Z][A-Za-z_]+\b))?"
_MONTH = r"(?P<mon>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))"
_JSON_KEYS = "@timestamp|timestamp|time|ts|t|date|datetime|asctime|eventTime"
_FORMS = (
    rf"(?<!\d)(?P<y>\d{{4}})[-/.](?P<mo>\d\d)[-/.](?P<d>\d\d)(?:[Tt]|[ ]{{1,2}}|, ){_CLOCK}{_ZONE}",
    rf"(?<!\d)(?P<d>\d\d?)[ /-]{_MONTH}[ /-](?P<y>\d{{4}})[: ]{_CLOCK}{_ZONE}",
    rf"^\W{{0,3}}(?P<yy>\d\d)(?P<mo>\d\d)(?P<d>\d\d) {{1,2}}{_CLOCK}(?!\d)",
    rf"^[IWEF](?P<mo>\d\d)(?P<d>\d\d) {_CLOCK}",
    rf"\b{_MONTH} {{1,2}}(?P<d>\d{{1,2}}) {_CLOCK}(?: (?P<z>{_NAMES})\b)?(?: (?P<y>(?:19|20)\d\d)\b)?",
    rf"\b{_MONTH} {{1,2}}(?P<d>\d{{1,2}}), (?P<y>\d{{4}}),? {_CLOCK}{_HALF}",
    rf"(?<![\d/])(?P<first>\d\d?)/(?P<second>\d\d?)/(?P<y>\d{{4}}),? {_CLOCK}{_HALF}",
    rf"(?<![\d.])(?P<d>\d\d?)\.(?P<mo>\d\d?)\.(?P<y>\d{{4}}),? {_CLOCK}",
    rf"""(?:"(?:{_JSON_KEYS})" ?: ?|\b(?:time|ts|timestamp)=)"?(?P<e>\d{{9,19}}(?:\.\d{{1,9}})?(?:[eE]\+?\d+)?)\b""",
    rf"""(?:"(?:{_JSON_KEYS})" ?: ?|\b(?:time|ts|timestamp)=)"?(?P<e>\d\.\d{{1,18}}[eE]\+?\d+)\b""",
    r"^\W{0,2}(?P<e>1\d{9}(?:\.\d{1,9})?|1\d{12}|1\d{15}|1\d{18})(?=[\s:,;\]|])",
)
_PATTERNS = tuple(lazy(form) for form in _FORMS)
_CLOCK_ALONE = lazy(rf"^[\s\[(]{{0,3}}{_CLOCK}(?=[\s\])|])")
"""A time of day without a date, as Logback and Elixir write it; only where a line has nothing better."""
_ANY = lazy(r"\d:\d\d:\d\d|\d{9}|\d[eE]\+?\d")
"""What every form has in it: most lines without a time are told by this alone."""
_AGO = lazy(r"(\d{1,9}(?:\.\d{1,3})?) ?(s|sec|m|min|h|d|w|(?:second|minute|hour|day|week)s?)(?: ago)?")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY, "w": 7 * DAY}
_DATE = lazy(r"\d{4}-\d\d-\d\d")
_HOUR = lazy(r"\d{1,2}:\d\d(?::\d\d)?")
_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1}
_LEAST, _MOST = 315_532_800.0, 7_258_118_400.0
"""1980 and 2200: a number outside is no time of a log."""


class Stamp(NamedTuple):
    """A time. `text` is as written, `at` seconds since the epoch, `zoned` whether the text states its zone."""

    text: str
    at: float
    zoned: bool


def find(line: str, reference: float) -> Stamp | None:
    """The time that a line states, or None. `reference`, seconds since the epoch, decides on a missing date or year.

    Of several the first one counts: what stands in front was written by whoever wrote the line.
    """
    head = line[:LOOKED_AT]
    if _ANY.search(head) is None:
        return None
    for pattern in _PATTERNS:  # most lines begin with it, which is quickly seen
        if (match := pattern.match(head)) is not None and (stamp := _stamp(match, reference)) is not None:
            return stamp
    found = sorted(
        (match.start(), number, match)
        for number, pattern in enumerate(_PATTERNS)
        if (match := pattern.search(head)) is not None
    )
    for _, _, match in found:
        stamp = _stamp(match, reference)
        if stamp is not None:
            return stamp
    alone = _CLOCK_ALONE.match(head)
    return None if alone is None else _stamp(alone, reference)


def bound(text: str, now: float) -> float | None:
    """Seconds since the epoch of what `--since` and `--until` take, or None for anything else.

    A time in one of the forms of logs, a date, a time of today, `now`, `today`, `yesterday`, or how long ago: `90s`,
    `15m`, `2h`, `1d`, `1w`.
    """
    text = " ".join(text.split())
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return now - float(ago[1]) * _UNITS[ago[2][0]]
    if text == "now":
        return now
    if text in _DAYS:
        return _midnight(now, _DAYS[text])
    if _HOUR.fullmatch(text):
        text = time.strftime("%Y-%m-%d ", time.localtime(now)) + text
    elif _DATE.fullmatch(text):
        text += " 00:00"
    text = re.sub(r"(?<![\d:])(\d\d?:\d\d)(?![\d:])(?=$| ?[A-Z+-])", r"\1:00", text, count=1)
    stamp = find(text, now)
    return stamp.at if stamp is not None and stamp.text == text else None


def _midnight(now: float, days: int) -> float:
    """When the day began that is so many days after today."""
    year, month, day = time.localtime(now)[:3]
    return time.mktime((year, month, day + days, 0, 0, 0, 0, 0, -1))


def _stamp(match: re.Match[str], reference: float) -> Stamp | None:
    parts = {key: value for key, value in match.groupdict().items() if value}
    try:
        if "e" in parts:
            at = _epoch(parts["e"])
            return Stamp(parts["e"], at, True) if _LEAST <= at <= _MOST else None
        if "first" in parts:  # 11/20/2026, but 20/11/2026 is the 20th as well
            order = ("d", "mo") if int(parts["first"]) > 12 else ("mo", "d")
            parts |= zip(order, (parts["first"], parts["second"]), strict=True)
        to_seconds = _reader_of(parts.get("z", ""))
        at = _placed(parts, to_seconds, reference)
    except (ValueError, OverflowError, KeyError, OSError):
        return None
    zoned = to_seconds is not _local
    text = match.group() if zoned else match.group().removesuffix(parts.get("z", ""))
    return Stamp(text.strip(), at, zoned) if _LEAST <= at <= _MOST else None


def _placed(parts: dict[str, str], to_seconds: _Reader, reference: float) -> float:
    """Seconds since the epoch; a date or year that is not written is the last one before the reference."""
    if "d" not in parts:
        year, month, day = time.localtime(reference)[:3]
        at = to_seconds({**parts, "mo": str(month), "d": str(day)}, year)
        return at - DAY if at > reference + 60 else at
    year = 2000 + int(parts["yy"]) if "yy" in parts else int(parts.get("y", 0))
    if year:
        return to_seconds(parts, year)
    guessed = time.gmtime(reference).tm_year
    try:
        at = to_seconds(parts, guessed)
    except ValueError:  # the 29th of February of a year before
        return to_seconds(parts, guessed - 1)
    return to_seconds(parts, guessed - 1) if at > reference + DAY else at


def _epoch(written: str) -> float:
    """Seconds, milli-, micro- or nanoseconds since the epoch as seconds, by how large the number is."""
    value = float(written)
    while value > _MOST:
        value /= 1000
    return value


_Reader = Callable[[dict[str, str], int], float]


def _reader_of(zone: str) -> _Reader:
    """What turns the parts of a time into seconds in this zone; a zone that nobody knows is none."""
    if not zone:
        return _local
    if "/" in zone:
        place = _place(zone)
        return _local if place is None else place
    from calendar import timegm

    offset = _OFFSETS[zone] if zone[0] not in "+-" else _hours(zone)
    return lambda parts, year: timegm((*_fields(parts, year), 0, 0, 0)) - offset * 3600 + _fraction(parts)


def _local(parts: dict[str, str], year: int) -> float:
    return time.mktime((*_fields(parts, year), 0, 0, -1)) + _fraction(parts)


def _place(zone: str) -> _Reader | None:
    """The same for a zone such as Europe/Berlin; None where there is none of that name."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    try:
        there = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return None
    return lambda parts, year: datetime(*_fields(parts, year), tzinfo=there).timestamp() + _fraction(parts)


def _hours(zone: str) -> float:
    digits = zone[1:].replace(":", "")
    hours = int(digits[:2]) + int(digits[2:] or 0) / 60
    return -hours if zone[0] == "-" else hours


def _fields(parts: dict[str, str], year: int) -> tuple[int, int, int, int, int, int]:
    """Year to second. Raises ValueError for what is not on the calendar."""
    month = _MONTHS.index(parts["mon"].lower()) + 1 if "mon" in parts else int(parts["mo"])
    day, hour, minute, second = (int(parts[key]) for key in ("d", "h", "mi", "s"))
    if "half" in parts:
        hour = hour % 12 + (12 if parts["half"][0] in "Pp" else 0)
    longest = 31 - (month in (4, 6, 9, 11)) - (month == 2) * (2 if year % 4 == 0 else 3)
    if not (1 <= month <= 12 and 1 <= day <= longest and hour <= 24 and minute < 60 and second <= 60):
        raise ValueError(parts)
    return year, month, day, hour, minute, second


def _fraction(parts: dict[str, str]) -> float:
    return float(f"0.{parts['f']}") if "f" in parts else 0.0

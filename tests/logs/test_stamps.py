"""Times as logs write them, and as `--since` takes them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.logs.stamps import bound, find
from wizard.marks import utc

NOON = 1_795_262_400.0
"""2026-11-21 12:00:00 UTC."""


@pytest.fixture(autouse=True)
def _in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is an hour ahead of UTC in winter."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("2026-11-20 10:00:00.123 UTC [1] FATAL:  x", "2026-11-20 10:00:00Z"),
        ("2026-11-20 10:00:00.123 CET [1] FATAL:  x", "2026-11-20 09:00:00Z"),
        ("2026-11-20T10:00:00.123456Z 0 [ERROR] x", "2026-11-20 10:00:00Z"),
        ("2026-11-20T10:00:00+0530 x", "2026-11-20 04:30:00Z"),
        ("2026-11-20T10:00:00-03 x", "2026-11-20 13:00:00Z"),
        ("10.0.0.1 - - [20/Nov/2026:10:00:00 +0100] x", "2026-11-20 09:00:00Z"),
        ("[20-Nov-2026 10:00:00 America/New_York] PHP Fatal error", "2026-11-20 15:00:00Z"),
        ("Fri Nov 20 10:00:00 UTC 2026 x", "2026-11-20 10:00:00Z"),
        ("Fri, 20 Nov 2026 10:00:00 +0100", "2026-11-20 09:00:00Z"),
        ('{"level":50,"time":1795168800123,"msg":"x"}', "2026-11-20 10:00:00Z"),
        ('{"level":"error","ts":1.7951688e9,"msg":"x"}', "2026-11-20 10:00:00Z"),
        ("ts=1795168800.5 level=error", "2026-11-20 10:00:00Z"),
        ("1795168800.123 [7] FATAL:  x", "2026-11-20 10:00:00Z"),
    ],
)
def test_a_time_with_a_zone(line: str, at: str) -> None:
    stamp = find(line, NOON)
    assert stamp is not None
    assert (utc(stamp.at), stamp.zoned) == (at, True)


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-20 10:00:00,123 ERROR [db] x",
        "2026/11/20 10:00:00 [error] x",
        "E, [2026-11-20T10:00:00.123456 #12] ERROR -- : x",
        "[Nest] 12  - 11/20/2026, 10:00:00 AM   ERROR x",
        "20/11/2026 10:00:00 x",
        "20.11.2026 10:00:00 x",
        "Nov 20, 2026 10:00:00 AM org.apache x",
        "12:M 20 Nov 2026 10:00:00.123 # x",
        "261120 10:00:00 [ERROR] x",
        "E1120 10:00:00.123456   12 conn.go:7] x",
        "Nov 20 10:00:00 db postgres[12]: x",
        "app-1  | 2026-11-20 10:00:00 x",
        "\x1b[31m2026-11-20 10:00:00\x1b[0m x",
        "2026-11-20 10:00:00 Starting/Stopping x",
    ],
)
def test_a_time_without_a_zone_is_local(line: str) -> None:
    stamp = find(line, NOON)
    assert stamp is not None
    assert (utc(stamp.at), stamp.zoned) == ("2026-11-20 09:00:00Z", False)


def test_a_missing_year_is_that_of_the_last_such_day() -> None:
    stamp = find("Dec 24 10:00:00 host x", NOON)
    assert stamp is not None
    assert utc(stamp.at) == "2025-12-24 09:00:00Z"


@pytest.mark.parametrize(("clock", "day"), [("12:30:00", "21"), ("23:30:00", "20")])
def test_a_time_of_day_alone_is_the_last_such_time(clock: str, day: str) -> None:
    stamp = find(f"{clock}.123 [error] Postgrex.Protocol x", NOON)
    assert stamp is not None
    assert utc(stamp.at).startswith(f"2026-11-{day} ")


def test_of_several_times_the_first_counts() -> None:
    stamp = find("2026-11-20 10:00:00 UTC certificate expired at 2020-01-01 00:00:00 UTC", NOON)
    assert stamp is not None
    assert stamp.text == "2026-11-20 10:00:00 UTC"


@pytest.mark.parametrize(
    "line",
    ["", "no time", "2026-02-30 10:00:00", "2026-13-01 10:00:00", "10:61:00 x", "::1 99:99:99", "9" * 30],
)
def test_what_is_no_time_is_none(line: str) -> None:
    assert find(line, NOON) is None


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=80)
    | st.from_regex(r"[\[{(]?\d{1,4}[-/.]\d{1,4}[-/.]\d{1,4}[T ]\d\d?:\d\d:\d\d[^\n]{0,8}", fullmatch=True)
    | st.from_regex(r"(Jan|Feb|Nov) \d\d? \d\d:\d\d:\d\d( [A-Z]{1,4})?( \d{4})?", fullmatch=True),
    st.floats(0, 4e9),
)
def test_no_text_is_too_strange(line: str, reference: float) -> None:
    stamp = find(line, reference)
    assert stamp is None or stamp.text in line
    bound(line, reference)


@settings(max_examples=200, deadline=None)
@given(st.integers(1_000_000_000, 4_000_000_000), st.integers(-12, 14))
def test_what_was_written_is_read(at: int, hours: int) -> None:
    there = time.gmtime(at + hours * 3600)
    stamp = find(time.strftime(f"x %Y-%m-%d %H:%M:%S {hours:+03d}:00 y", there), NOON)
    assert stamp is not None
    assert (stamp.at, stamp.zoned) == (at, True)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("90s", "2026-11-21 11:58:30Z"),
        ("10m", "2026-11-21 11:50:00Z"),
        ("2h", "2026-11-21 10:00:00Z"),
        ("1.5h", "2026-11-21 10:30:00Z"),
        ("3d", "2026-11-18 12:00:00Z"),
        ("1w", "2026-11-14 12:00:00Z"),
        ("10 minutes ago", "2026-11-21 11:50:00Z"),
        ("now", "2026-11-21 12:00:00Z"),
        ("today", "2026-11-20 23:00:00Z"),
        ("yesterday", "2026-11-19 23:00:00Z"),
        ("2026-11-20", "2026-11-19 23:00:00Z"),
        ("2026-11-20 10:00", "2026-11-20 09:00:00Z"),
        ("2026-11-20T10:00:00Z", "2026-11-20 10:00:00Z"),
        ("2026-11-20 10:00 UTC", "2026-11-20 10:00:00Z"),
        ("10:00", "2026-11-21 09:00:00Z"),
        ("Nov 20 10:00:05", "2026-11-20 09:00:05Z"),
    ],
)
def test_when(text: str, at: str) -> None:
    moment = bound(text, NOON)
    assert moment is not None
    assert utc(moment) == at


@pytest.mark.parametrize(
    "text", ["", "soon", "10", "-5m", "2026-13-01", "25:00:00", "2026-11-20 10:00 x", "1e9d"]
)
def test_when_is_no_time(text: str) -> None:
    assert bound(text, NOON) is None

"""Logs read as a stream: blocks and records, several side by side, files that grow, and what is strange about them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.core.classify import Classifier
from wizard.core.rules import Rule
from wizard.errors import UsageError
from wizard.logs.rate import SLOTS, Rate, bars, joined
from wizard.logs.scan import BLOCK, Scanner, blocks
from wizard.logs.source import Followed, check, chunks_of
from wizard.logs.streams import Between, Log, Result, Sign, follow, side_by_side, zones_differ

RULES = [
    Rule("t.refused", "network.refused", "connection refused"),
    Rule("t.disk", "capacity.disk-full", "No space left on device", weight=80),
    Rule("t.detail", "auth.password-wrong", r"login failed[^\n]{0,40}\nDETAIL: wrong password"),
]
NOON = 1_795_262_400.0


def log(name: str = "app.log", context: int = 0, between: Between | None = None) -> Log:
    return Log(name, lambda: Scanner(Classifier(RULES), NOON, context), between or Between())


def found(read: Iterable[Result | Sign]) -> list[tuple[int, str]]:
    return [(one.found.match.line, one.found.match.cause) for one in read if isinstance(one, Result)]


def lines_with(errors: Iterable[int], count: int) -> bytes:
    wanted = set(errors)
    return b"".join(
        f"2026-11-20 10:00:00 UTC line {n}{' connection refused' if n in wanted else ''}\n".encode()
        for n in range(1, count + 1)
    )


@pytest.mark.slow
def test_each_error_has_the_number_of_its_line_wherever_blocks_end() -> None:
    places = [1, 2, 700, 2000, 2001, 9000]
    data = lines_with(places, 3 * BLOCK // 25)
    assert len(data) > 3 * BLOCK
    for size in (1 << 20, 4096, 1333):
        chunks = [data[start : start + size] for start in range(0, len(data), size)]
        assert [line for line, _ in found(log().results(chunks))] == places


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 200))
def test_an_error_of_two_lines_is_one_wherever_it_is_cut(size: int) -> None:
    data = b"x\nERROR: login failed\nDETAIL:  wrong password\ny\n"
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    assert found(log().results(chunks)) == [(2, "auth.password-wrong")]


def test_what_a_pause_ends_is_told_at_once() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"connection refused\n"
        yield b""
        raise AssertionError("the error was not told before the next chunk was asked for")

    assert isinstance(next(log().results(chunks())), (Result, Sign))
    read = log().results(chunks())
    assert any(isinstance(next(read), Result) for _ in range(3))


def test_an_endless_line_is_read_in_pieces() -> None:
    one = log()
    data = b"x" * (3 * BLOCK) + b" connection refused " + b"y" * (2 * BLOCK) + b"\nconnection refused"
    assert set(found(one.results([data]))) == {(1, "network.refused"), (2, "network.refused")}
    assert one.notes == [f"app.log has a line longer than {BLOCK // 1024} KiB: it was read in pieces"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=5))
def test_no_bytes_are_too_strange(chunks: list[bytes]) -> None:
    list(log(context=2).results(chunks))
    assert b"".join(block.data for block in blocks(chunks) if not block.is_piece) == b"".join(chunks)


def test_a_line_without_a_time_has_that_of_the_line_above() -> None:
    data = b"2026-11-20 10:00:00 UTC start\n  trace\nconnection refused\n"
    (one,) = (one for one in log().results([data]) if isinstance(one, Result))
    assert one.found.stamp is not None
    assert one.found.stamp.text == "2026-11-20 10:00:00 UTC"


def test_lines_around_an_error() -> None:
    data = b"a\nb\nc\nconnection refused\nd\ne\nf\n"
    (one,) = (one for one in log(context=2).results([data]) if isinstance(one, Result))
    assert (one.found.before, one.found.after) == (("b", "c"), ("d", "e"))


def test_what_is_strange_is_told() -> None:
    one = log()
    assert found(one.results([b"a\0b \xff\xfe connection refused\n"])) == [(1, "network.refused")]
    assert [note.split(":")[0] for note in one.notes] == [
        "app.log has NUL bytes in it, as binary data has",
        "app.log is not UTF-8 throughout",
    ]
    empty = log()
    assert found(empty.results([])) == []
    assert empty.notes == ["app.log is empty"]


def test_a_character_on_the_edge_of_two_chunks_is_not_strange() -> None:
    one = log()
    euro = "€ connection refused".encode()
    assert found(one.results([euro[:1], euro[1:]])) == [(1, "network.refused")]
    assert one.notes == []


def test_since_and_until_leave_out_what_has_no_time() -> None:
    one = log(between=Between(NOON - 7200, NOON))
    data = (
        b"connection refused\n\n2026-11-21 09:00:00 UTC connection refused\n\n"
        b"2026-11-21 11:00:00 UTC connection refused\n\n2026-11-21 13:00:00 UTC connection refused\n"
    )
    assert found(one.results([data])) == [(5, "network.refused")]
    assert one.notes == ["app.log: 1 error without a time left out, for --since and --until need one"]


def test_several_logs_are_on_one_time_line(tmp_path: Path) -> None:
    first, second = tmp_path / "a.log", tmp_path / "b.log"
    first.write_text(
        "2026-11-20 10:00:01 UTC connection refused\n2026-11-20 10:00:05 UTC connection refused\n"
        "more: connection refused\n"
    )
    second.write_text("2026-11-20T11:00:03+01:00 No space left on device\n")
    logs = [log(str(first)), log(str(second))]
    read = [one for one in side_by_side(logs) if isinstance(one, Result)]
    assert [(Path(one.log.name).name, one.found.match.line) for one in read] == [
        ("a.log", 1),
        ("b.log", 1),
        ("a.log", 2),
        ("a.log", 3),
    ]
    assert zones_differ(logs) == []


def test_zones_that_differ_are_told() -> None:
    stated, silent, timeless = log("a"), log("b"), log("c")
    list(stated.results([b"2026-11-20 10:00:01 UTC connection refused\n"]))
    list(silent.results([b"2026-11-20 10:00:01 connection refused\n"]))
    list(timeless.results([b"connection refused\n"]))
    told = zones_differ([stated, silent, timeless])
    assert len(told) == 2
    assert told[0].startswith("b states no time zone: its times are taken as local time (")
    assert told[1].startswith("c states no times: ")
    assert zones_differ([silent]) == []


def test_a_file_is_followed_through_growth_truncation_and_rotation(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("connection refused\n")
    read = follow([log(str(path))])

    def until_idle() -> list[tuple[int, str]]:
        seen: list[Result | Sign] = []
        for one in read:
            if one is Sign.IDLE:
                return found(seen)
            seen.append(one)
        raise AssertionError("a file that is followed has no end")

    def append(text: str) -> None:
        with path.open("a") as file:
            file.write(text)

    assert until_idle() == [(1, "network.refused")]
    append("x\nNo space left")
    append(" on device\n")
    assert until_idle() == [(3, "capacity.disk-full")]
    path.write_text("")
    append("No space left on device\n")
    assert until_idle() == [(1, "capacity.disk-full")]
    os.rename(path, tmp_path / "app.log.1")
    path.write_text("x\nconnection refused\n")
    assert until_idle() == [(2, "network.refused")]
    read.close()  # type: ignore[attr-defined]


def test_following_ends_with_the_span_of_time(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("connection refused\n")
    assert found(follow([log(str(path))], until=0.0)) == [(1, "network.refused")]


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing\.log cannot be read: No such file"):
        check(str(tmp_path / "missing.log"))
    with pytest.raises(UsageError, match="is a folder"):
        check(str(tmp_path))
    with pytest.raises(UsageError, match="cannot be read"):
        check("a\0b")
    packed = tmp_path / "app.log.gz"
    packed.write_bytes(b"\x1f\x8b\x08\x00")
    with pytest.raises(UsageError, match="is packed"):
        Followed(str(packed))
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    check(str(fifo))


def test_a_file_is_given_in_chunks(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"abc" * 300_000)
    assert b"".join(chunks_of(str(path))) == path.read_bytes()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(3e8, 7e9), min_size=1, max_size=50))
def test_a_rate_counts_everything_in_few_spans(times: list[float]) -> None:
    rate = Rate()
    for at in times:
        rate.add(at)
    assert sum(count for _, count in rate.spans) == len(times)
    assert (rate.spans[-1][0] - rate.spans[0][0]) / rate.seconds < SLOTS
    assert rate.spans[0][0] <= min(times)
    assert rate.spans[-1][0] + rate.seconds > max(times)
    assert 0 < len(bars(rate, joined([rate]), ascii_only=True)) <= SLOTS


def test_bars_are_higher_where_more_happened() -> None:
    rate = Rate()
    for at, count in ((0, 1), (1, 8), (3, 4)):
        rate.add(at, count)
    assert bars(rate, rate, ascii_only=False) == "▁█ ▄"
    assert bars(rate, rate, ascii_only=True) == ".@ ="

"""What reaches the terminal: less than is drawn, and the same picture in the end. The bytes of a key are bounded."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.front.tui.thrift import Thrift

ROWS, COLUMNS = 4, 12
PIECE = re.compile(r"\x1b\[(\d+);(\d+)H([^\x1b\n]*)")


def drawn(*writes: str) -> list[str]:
    """The picture that a terminal shows after these writes."""
    rows = [[" "] * COLUMNS for _ in range(ROWS)]
    for write in writes:
        for row, column, text in PIECE.findall(re.sub(r"\x1b\[[\d;]*m", "", write)):
            for number, one in enumerate(text):
                rows[int(row) - 1][int(column) - 1 + number] = one
    return ["".join(row) for row in rows]


def at(row: int, column: int, text: str) -> str:
    return f"\x1b[{row};{column}H{text}"


PIECES = st.builds(
    lambda row, column, text: at(row, column, text[: COLUMNS - column + 1]),
    st.integers(1, ROWS),
    st.integers(1, COLUMNS),
    st.text("ab ", min_size=1, max_size=COLUMNS),
)


@pytest.mark.slow
@given(st.lists(st.lists(PIECES, max_size=6).map("\n".join), max_size=12))
def test_the_picture_is_the_same(writes: list[str]) -> None:
    thrift = Thrift()
    assert drawn(*(thrift.less(write) for write in writes)) == drawn(*writes)


def test_what_stands_there_already_is_not_sent_again() -> None:
    thrift = Thrift()
    thrift.less(at(1, 1, "\x1b[1mhead\x1b[0m  ") + "\n" + at(2, 1, "body  "))
    assert thrift.less(at(1, 1, "\x1b[1mhead\x1b[0m  ") + "\n" + at(2, 1, "other ")) == at(2, 1, "other ")


def test_the_same_words_in_another_style_are_sent() -> None:
    thrift = Thrift()
    thrift.less(at(1, 1, "head"))
    assert thrift.less(at(1, 1, "\x1b[1mhead\x1b[0m"))


def test_what_was_written_over_in_part_is_sent_again() -> None:
    thrift = Thrift()
    whole = at(1, 1, "abcdef")
    thrift.less(whole)
    thrift.less(at(1, 6, "x"))
    assert thrift.less(whole) == whole


def test_after_another_screen_and_after_forgetting_all_is_sent() -> None:
    thrift = Thrift()
    whole = at(1, 1, "abcdef")
    for wipe in (lambda: thrift.less("\x1b[?1049h"), lambda: thrift.less("\x1b[2J"), thrift.forget):
        thrift.less(whole)
        assert thrift.less(whole) == ""
        wipe()
        assert thrift.less(whole) == whole


def test_other_sequences_pass_and_the_cursor_goes_where_it_should() -> None:
    thrift = Thrift()
    for sequence in ("\x1b]52;c;YWJj\x07", "\x1b[?25l", at(3, 4, "")):
        assert thrift.less(sequence) == sequence
        assert thrift.less(sequence) == sequence

"""Sends to the terminal only what is not on it already: over a slow line a key press answers with few bytes.

Textual draws a screen anew whenever something on it moves or another screen comes on top, most of it as it was.
All of its drawing is made of pieces with an address of their own (row and column), so a piece that stands there
already can be left out. Whatever else is written (a mode, a clipboard sequence) passes as it is.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rich.cells import cell_len
from textual.driver import Driver

_ADDRESS = re.compile(r"\x1b\[(\d+);(\d+)H")
_STYLE = re.compile(r"\x1b\[[\d;:]*m")
_WIPES = ("\x1b[?1049", "\x1b[2J", "\x1bc")
"""What empties or changes the terminal's screen."""


class _Piece(NamedTuple):
    """What stands in a row from one column to the one before `end`."""

    start: int
    end: int
    drawn: str


class Thrift:
    """Remembers what stands on the terminal."""

    def __init__(self) -> None:
        self._rows: dict[int, list[_Piece]] = {}

    def forget(self) -> None:
        """Take nothing for granted: the terminal was resized, cleared or used by another program."""
        self._rows.clear()

    def less(self, data: str) -> str:
        """What of `data` has to be written."""
        if any(wipe in data for wipe in _WIPES):
            self.forget()
            return data
        before, *rest = _ADDRESS.split(data)
        kept = [before]
        for row, column, drawn in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
            # A piece ends with a line feed, which nothing needs: the next one has its own address.
            drawn = drawn.removesuffix("\n")
            if not drawn or self._is_new(int(row), int(column), drawn):
                kept.append(f"\x1b[{row};{column}H{drawn}")
        return "".join(kept)

    def _is_new(self, row: int, column: int, drawn: str) -> bool:
        """Whether something else stands there; then this does from now on."""
        piece = _Piece(column, column + cell_len(_STYLE.sub("", drawn)), drawn)
        there = self._rows.get(row, [])
        if piece in there:
            return False
        apart = [one for one in there if one.end <= piece.start or piece.end <= one.start]
        self._rows[row] = [*apart, piece]
        return True


def thrifty(driver: type[Driver], thrift: Thrift) -> type[Driver]:
    """The same driver of the terminal, writing what `thrift` leaves."""

    class ThriftyDriver(driver):  # type: ignore[valid-type, misc]
        """Writes only what is new on the screen."""

        def write(self, data: str) -> None:
            """Write what has to be written."""
            super().write(thrift.less(data))

    return ThriftyDriver

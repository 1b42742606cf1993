"""Message rules as lines of bytes: read at once, cut and understood one at a time, for an error needs a few of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from wizard.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from wizard.core.rules import Rule

Entries = Sequence[tuple[int, Sequence[str]]]
MANY = 256
"""Words after which the lines are cut once and for all: an error asks for a few, a log for thousands."""
MOST_ASKED = 8192
"""Words whose entries are remembered."""


FORM = "lines behind a table"
"""What `joined` writes, in words: with other words nothing that was kept before is believed."""
DIGITS = 8
"""Of the number of lines, and of each place in the table of where they begin, which follows it."""


class Lines(Sequence[bytes]):
    """The lines that `joined` wrote, or some of them. None is cut, nor looked at, before it is asked for."""

    def __init__(self, data: bytes | memoryview, first: int = 0, end: int | None = None) -> None:
        self._data = data
        self._count = int(bytes(data[:DIGITS]))
        self._first = first
        self._end = self._count if end is None else end

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            begin, end, _ = index.indices(len(self))
            return Lines(self._data, self._first + begin, self._first + end)
        if not 0 <= index < len(self):
            raise IndexError(index)
        number = self._first + index
        return bytes(self._data[self._place(number) : self._place(number + 1)])

    def __len__(self) -> int:
        return self._end - self._first

    def _place(self, number: int) -> int:
        """Where a line begins; the one after the last begins where the last ends."""
        entry = DIGITS * (1 + number)
        return int(bytes(self._data[entry : entry + DIGITS])) + DIGITS * (2 + self._count)


def joined(lines: Iterable[bytes]) -> bytes:
    """The lines, behind their number and where each of them begins and the last ends."""
    table, body = bytearray(b"%0*d" % (DIGITS, 0)), bytearray()
    for line in lines:
        body += line
        table += b"%0*d" % (DIGITS, len(body))
    return bytes(b"%0*d" % (DIGITS, len(table) // DIGITS - 1) + table + body)


class Rows(Sequence["Rule"]):
    """The rule that each line says; a line is understood when it is first asked for."""

    def __init__(self, lines: Sequence[bytes], make: Callable[[list[str]], Rule]) -> None:
        self._lines = lines
        self._make = make
        self._made: dict[int, Rule] = {}

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        if index not in self._made:
            self._made[index] = self._make(self._lines[index].decode().split("\t"))
        return self._made[index]

    def __len__(self) -> int:
        return len(self._lines)


def row(fields: Iterable[str]) -> str:
    """One line. A pattern says the same with the escape of a tab or a line end."""
    return "\t".join(one.replace("\t", "\\t").replace("\n", "\\n") for one in fields)


class Filed(Mapping[str, Entries]):
    """The index of words that `filed` wrote: its lines are in order, so that a word is found without reading all."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self._lines = lines
        self._asked: dict[str, Entries] = {}

    def __getitem__(self, word: str) -> Entries:
        entries: Entries = self.get(word, ())
        if not entries:
            raise KeyError(word)
        return entries

    def get(self, word: str, otherwise: Any = None) -> Any:
        """The entries of a word, or `otherwise`. A log asks for the same words again and again."""
        entries = self._asked.get(word)
        if entries is None:
            if len(self._asked) >= MOST_ASKED:
                self._asked.clear()
            if len(self._asked) == MANY:
                self._lines = list(self._lines)
            entries = self._asked[word] = self._entries(word)
        return entries or otherwise

    def _entries(self, word: str) -> Entries:
        sought = word.encode("utf-8", "surrogatepass") + b"\t"
        place = bisect_left(self._lines, sought)
        if place == len(self._lines) or not self._lines[place].startswith(sought):
            return ()
        parts = (entry.split(" ") for entry in self._lines[place].decode().split("\t")[1:])
        return [(int(number), words) for number, *words in parts]

    def __iter__(self) -> Iterator[str]:
        return (line.partition(b"\t")[0].decode() for line in self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def filed(index: Mapping[str, Iterable[tuple[int, Iterable[str]]]]) -> list[bytes]:
    """An index of words: a line for each word, with the numbers of its rules and what else each needs."""
    lines = (
        "\t".join([word, *(" ".join([str(number), *sorted(words)]) for number, words in entries)])
        for word, entries in index.items()
    )
    return sorted(line.encode() for line in lines)

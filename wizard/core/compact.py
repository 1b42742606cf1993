"""Message rules as lines of text: read at once, understood one at a time, because an error needs a few of thousands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar, overload

from wizard.core.lazily import Lazily

Made = TypeVar("Made")
Entries = Sequence[tuple[int, Sequence[str]]]


class Rows(Sequence[Made], Generic[Made]):
    """What `make` gives for the fields of each line; a line is understood when it is first asked for."""

    def __init__(self, text: str, make: Callable[[list[str]], Made]) -> None:
        self._lines = text.split("\n") if text else []
        self._make = make
        self._made: dict[int, Made] = {}

    @overload
    def __getitem__(self, index: int) -> Made: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Made]: ...
    def __getitem__(self, index: int | slice) -> Made | Sequence[Made]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        if index not in self._made:
            self._made[index] = self._make(self._lines[index].split("\t"))
        return self._made[index]

    def __len__(self) -> int:
        return len(self._lines)


def row(fields: Iterable[str]) -> str:
    """One line. A pattern says the same with the escape of a tab or a line end."""
    return "\t".join(one.replace("\t", "\\t").replace("\n", "\\n") for one in fields)


def index_of(text: str) -> Mapping[str, Entries]:
    """The index that `index_text` wrote."""
    lines = (line.partition("\t") for line in text.split("\n"))
    return Lazily({word: entries for word, _, entries in lines if word}, lambda _, entries: _entries(entries))


def index_text(index: Mapping[str, Iterable[tuple[int, Iterable[str]]]]) -> str:
    """An index of words as text: a line for each word, with the numbers of its rules and what else each needs."""
    return "\n".join(
        "\t".join([word, *(" ".join([str(number), *sorted(words)]) for number, words in entries)])
        for word, entries in index.items()
    )


def _entries(text: str) -> Entries:
    parts = (entry.split(" ") for entry in text.split("\t"))
    return [(int(number), words) for number, *words in parts]

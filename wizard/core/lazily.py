"""A mapping whose values are made when they are first asked for: a walk meets few of the nodes of its tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from wizard.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, TypeVar

    Made = TypeVar("Made")
else:
    Made = object


class Lazily(Mapping[str, Made]):
    """The keys of `written`, each with what `make` gives for the key and what is written there.

    A value is made once; what `make` raises, the first look at that value raises.
    """

    def __init__(self, written: Mapping[str, Any], make: Callable[[str, Any], Made]) -> None:
        self._written = written
        self._make = make
        self._made: dict[str, Made] = {}

    def __getitem__(self, key: str) -> Made:
        if key not in self._made:
            self._made[key] = self._make(key, self._written[key])
        return self._made[key]

    def __contains__(self, key: object) -> bool:
        return key in self._written

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)

"""Facts with provenance: what is known, and who said so.

A fact is never a secret: there is no type here that can carry one. A fact that could not be had is absent, and an
absent fact is *unknown*, which is not the same as false.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from wizard.named import NamedTuple

Value = str | int | float | bool | tuple[str, ...]
"""What a fact may hold: plain data that JSON can carry."""

RANK = {"default": 0, "derived": 1, "log": 2, "probe": 3, "user": 4, "flag": 4}
"""Who outranks whom: a person who overrules a probe is believed."""

UNKNOWN = "unknown"
"""The answer that says "I don't know"; as a fact it counts as absent."""


class Fact(NamedTuple):
    """One thing that is known. `by` is a key of `RANK`."""

    key: str
    value: Value
    by: str


def text_of(value: Value) -> str:
    """The form in which conditions, sentences and commands see a value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


class Facts:
    """An immutable set of facts, the best-founded one for each key."""

    __slots__ = ("_by_key",)

    def __init__(self, by_key: Mapping[str, Fact] | None = None) -> None:
        self._by_key: dict[str, Fact] = dict(by_key or {})

    def known(self, key: str) -> bool:
        """Whether `key` has a value other than "unknown"."""
        fact = self._by_key.get(key)
        return fact is not None and fact.value != UNKNOWN

    def get(self, key: str) -> Value | None:
        """The value of `key`, or None where it is unknown."""
        fact = self._by_key.get(key)
        return None if fact is None or fact.value == UNKNOWN else fact.value

    def text(self, key: str) -> str | None:
        """The value of `key` as text, or None where it is unknown."""
        value = self.get(key)
        return None if value is None else text_of(value)

    def fact(self, key: str) -> Fact | None:
        """The whole fact, an answered "unknown" included."""
        return self._by_key.get(key)

    def having(self, new: Iterable[Fact]) -> Facts:
        """These facts and the new ones; a new one wins unless what stands is better founded.

        "Unknown" never takes away what is known, whoever says it.
        """
        merged = dict(self._by_key)
        for fact in new:
            old = merged.get(fact.key)
            if (
                old is None
                or old.value == UNKNOWN
                or (fact.value != UNKNOWN and RANK[fact.by] >= RANK[old.by])
            ):
                merged[fact.key] = fact
        return Facts(merged)

    def without(self, keys: Iterable[str]) -> Facts:
        """These facts less some."""
        gone = set(keys)
        return Facts({key: fact for key, fact in self._by_key.items() if key not in gone})

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Facts) and self._by_key == other._by_key

    def __hash__(self) -> int:
        return hash(frozenset(self._by_key.items()))

    def as_dict(self) -> dict[str, Value]:
        """Key to value, for a report."""
        return {key: fact.value for key, fact in sorted(self._by_key.items())}

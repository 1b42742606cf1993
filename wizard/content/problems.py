"""What the lint has to say, and the small checks of shape that all its parts share.

A check never raises because of what an author wrote: it says what is wrong, where, and which name is nearest.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wizard.content.yamlfile import Place
from wizard.named import NamedTuple

At = tuple[str, ...]
"""A path of keys inside a file; the members of a list are "0", "1", …"""


class Problem(NamedTuple):
    """One thing that is wrong: where, below which key, and a sentence."""

    place: Place
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.key}: {self.message}" if self.key else f"{self.place}: {self.message}"


@dataclass(frozen=True)
class Source:
    """A content file as the lint sees it. `kind` is its folder (trees, causes, …) or its name (facts.yaml)."""

    name: str
    kind: str
    stem: str
    folder: int
    data: dict[str, Any]
    places: Mapping[At, Place]

    def place(self, at: At) -> Place:
        """Where `at` is written, or the nearest key above it."""
        while at and at not in self.places:
            at = at[:-1]
        return self.places.get(at, Place(self.name, 1))


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the known word that looks most like `word`, or nothing."""
    found = difflib.get_close_matches(word, sorted(set(known)), n=1, cutoff=0.6)
    return f"; did you mean '{found[0]}'?" if found else ""


@dataclass
class Lint:
    """Collects problems, and has the checks of shape."""

    problems: list[Problem] = field(default_factory=list)

    def say(self, source: Source, at: At, message: str) -> None:
        """Note a problem at a key."""
        self.problems.append(Problem(source.place(at), ".".join(at), message))

    def mapping(self, source: Source, at: At, value: Any) -> dict[str, Any]:
        """The value when it is a mapping; else a problem (an empty value is an empty mapping) and {}."""
        if isinstance(value, dict):
            return value
        if value not in ("", None):
            self.say(source, at, "must be a mapping")
        return {}

    def items(self, source: Source, at: At, value: Any) -> list[tuple[At, Any]]:
        """The members of a list, each with its path; a problem and nothing for what is no list."""
        if isinstance(value, list):
            return [((*at, str(number)), one) for number, one in enumerate(value)]
        if value not in ("", None):
            self.say(source, at, "must be a list")
        return []

    def texts(self, source: Source, at: At, value: Any) -> list[tuple[At, str]]:
        """The members of a list of texts, each with its path."""
        return [(where, one) for where, one in self.items(source, at, value) if self.text(source, where, one)]

    def text(self, source: Source, at: At, value: Any) -> str:
        """The value when it is a text that says something; else a problem and ""."""
        if isinstance(value, str) and value.strip():
            return value
        self.say(source, at, "must be a text" if not isinstance(value, str) else "is empty")
        return ""

    def keys(
        self,
        source: Source,
        at: At,
        written: Mapping[str, Any],
        required: Iterable[str],
        optional: Iterable[str] = (),
    ) -> None:
        """Every key is known, and every required one is there."""
        must = tuple(required)
        allowed = {*must, *optional}
        for key in written:
            if key not in allowed:
                self.say(source, (*at, key), f"the key '{key}' is not known here{nearest(key, allowed)}")
        for key in must:
            if key not in written:
                self.say(source, at, f"the key '{key}' is missing")

    def one_of(self, source: Source, at: At, value: Any, known: Collection[str], what: str) -> bool:
        """Whether the value is a known word; else a problem that names the nearest one."""
        if isinstance(value, str) and value in known:
            return True
        if not isinstance(value, str):
            self.say(source, at, f"must be the name of {what}")
        else:
            self.say(source, at, f"'{value}' is not {what}{nearest(value, known)}")
        return False

"""`dbwizard practice list`: the scenarios by layer and difficulty, narrowed by words, as a drill is too."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from wizard.content.problems import nearest
from wizard.core.tree import ALL_LAYERS as ORDER
from wizard.errors import UsageError
from wizard.impact import ENGINES
from wizard.named import NamedTuple
from wizard.practice.model import DIFFICULTIES

if TYPE_CHECKING:
    from wizard.practice import Scenario

NARROW = 60
"""Columns below which a scenario takes rows of its own in place of columns."""
LEAST = 20
"""Columns below which nothing is broken any more."""
NAME = 26
"""Columns that the names take at most; a longer one moves its row to the right."""
MORE = (
    "To walk one with the wizard: dbwizard practice NAME",
    "To find a cause yourself:    dbwizard practice --drill",
    "To point your own client at one: dbwizard practice --serve NAME",
)


class Wanted(NamedTuple):
    """What a list is narrowed to; empty is everything."""

    layer: str = ""
    difficulty: str = ""
    engine: str = ""

    def fits(self, scenario: Scenario) -> bool:
        """Whether a scenario is wanted."""
        asked = zip(self, (scenario.layer, scenario.difficulty, scenario.engine), strict=True)
        return all(want in ("", there) for want, there in asked)

    @property
    def words(self) -> str:
        """The wish as one says it: `tls, hard`."""
        return ", ".join(one for one in self if one)


EVERYTHING = Wanted()


def wanted(words: Iterable[str], layer: str | None = None, difficulty: str | None = None) -> Wanted:
    """What words and options narrow the list to.

    Raises UsageError for an unknown word, with the nearest one, and for two words of one kind.
    """
    wish = Wanted(
        _known(layer, ORDER, "layer") if layer else "",
        _known(difficulty, DIFFICULTIES, "difficulty") if difficulty else "",
    )
    kinds = {
        **dict.fromkeys(ORDER, "layer"),
        **dict.fromkeys(DIFFICULTIES, "difficulty"),
        **dict.fromkeys(ENGINES, "engine"),
    }
    for word in words:
        known = _known(word, kinds, "layer, difficulty or engine")
        before = getattr(wish, kinds[known])
        if before not in ("", known):
            raise UsageError(f"no scenario is both {before} and {known}: name one {kinds[known]}")
        wish = wish._replace(**{kinds[known]: known})
    return wish


def _known(word: str, known: Iterable[str], what: str) -> str:
    """The word in small letters. Raises UsageError where it is none of these."""
    names = list(known)
    if word.lower() in names:
        return word.lower()
    raise UsageError(f"'{word}' is no {what}{nearest(word.lower(), names) or ': ' + ', '.join(names)}")


def in_order(scenarios: Iterable[Scenario]) -> list[Scenario]:
    """By layer, and within it the easy ones first."""
    return sorted(
        scenarios, key=lambda one: (_place(ORDER, one.layer), _place(DIFFICULTIES, one.difficulty), one.name)
    )


def _place(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else len(names)


def words_of(scenario: Scenario) -> str:
    """What a scenario can be found by, in small letters."""
    parts = (scenario.layer, scenario.difficulty, scenario.engine, scenario.name, scenario.title)
    return " ".join(parts).lower()


def as_data(scenarios: Iterable[Scenario]) -> Iterator[dict[str, Any]]:
    """An object for each scenario: what a script may know of it."""
    for one in scenarios:
        yield {
            "name": one.name,
            "title": one.title,
            "engine": one.engine,
            "layer": one.layer,
            "difficulty": one.difficulty,
            "cause": one.cause,
            "symptom": one.symptom,
        }


def lines(scenarios: Sequence[Scenario], width: int, *, wrap: bool = True) -> Iterator[str]:
    """The list for `width` columns; without `wrap` (for a pipe) each scenario is one line that says everything."""
    names = min(NAME, max((len(one.name) for one in scenarios), default=0))
    for (layer, difficulty), found in groupby(
        scenarios, lambda one: (one.layer, one.difficulty if wrap else "")
    ):
        each = list(found)
        yield from ("", f"{layer}, {difficulty} ({len(each)})" if wrap else f"{layer} ({len(each)})")
        for one in each:
            yield from _rows(one, names, width) if wrap else (_row(one, names),)
    yield ""
    count = len(scenarios)
    yield f"{count} scenario{'' if count == 1 else 's'}."
    for sentence in MORE:
        yield from textwrap.wrap(sentence, max(width, LEAST), subsequent_indent="  ") if wrap else (sentence,)


def _row(one: Scenario, names: int) -> str:
    return f"  {one.name:<{names}} {one.difficulty:<6} {ENGINES.get(one.engine, one.engine):<10} {one.title}"


def _rows(one: Scenario, names: int, width: int) -> list[str]:
    """A scenario below the heading of its layer and difficulty."""
    engine = ENGINES.get(one.engine, one.engine)
    if width < NARROW:
        told = textwrap.wrap(
            f"{engine}: {one.title}", max(width, LEAST), initial_indent="    ", subsequent_indent="    "
        )
        return [f"  {one.name}", *told]
    # A name that is too long for its column has a row of its own, and the columns stay where they are.
    alone = [f"  {one.name}"] if len(one.name) > names else []
    head = f"  {'' if alone else one.name:<{names}} {engine:<10} "
    return [*alone, *textwrap.wrap(one.title, width, initial_indent=head, subsequent_indent=" " * len(head))]

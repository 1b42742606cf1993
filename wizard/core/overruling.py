"""A person knows better than a probe: which facts can be overruled, with which values, and what then still stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wizard.core.conditions import tests
from wizard.core.facts import UNKNOWN, Fact, Facts, Value, text_of
from wizard.core.tree import Tree
from wizard.errors import WalkError
from wizard.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from wizard.core.walk import Hop, Walk

SAYINGS = ("text", "code", "cause", "candidates")
"""What is kept of words that somebody said, below their source: `error.text`, `error.cause` …"""


class Instead(NamedTuple):
    """One fact that a person overruled: what had been found (empty: nothing), and what they say."""

    key: str
    was: str
    now: str


def said_instead(one: Instead) -> str:
    """An overruled fact as a clause for a report or a transcript."""
    now = "not known" if one.now == UNKNOWN else one.now
    return f"{one.key} is {now}, says the user; found before: {one.was or 'nothing'}"


class Passed(NamedTuple):
    """A step that the walk has behind it: how many steps back it is, the walk before it, the hops that it made."""

    back: int
    before: Walk
    hops: tuple[Hop, ...]


class Ground(NamedTuple):
    """A fact that decided at a step: its value (empty: not known), who knew it, and what it could be instead."""

    key: str
    meaning: str
    value: str
    by: str
    others: tuple[str, ...]


def passed(walk: Walk) -> list[Passed]:
    """The steps behind the walk, the latest first."""
    found: list[Passed] = []
    after = walk
    while after.previous is not None:
        before = after.previous
        found.append(Passed(len(found) + 1, before, after.trail[len(before.trail) :]))
        after = before
    return found


def overrulable(walk: Walk) -> list[Passed]:
    """The steps at which something decided that a person may overrule, the latest first."""
    return [step for step in passed(walk) if grounds(walk, step)]


def grounds(walk: Walk, step: Passed) -> list[Ground]:
    """The facts that decided at a step, and that a person may overrule: first those of the way that was taken."""
    taken: dict[str, None] = {}
    passed_over: dict[str, None] = {}
    for hop in step.hops:
        for edge in walk.tree.node(hop.node).edges:
            keys = dict.fromkeys(test.key for test in tests(edge.when))
            if edge.go == hop.went and edge.when.holds(walk.facts) is True:
                taken.update(keys)
                break
            passed_over.update(keys)
    found = []
    for key in {**taken, **passed_over}:
        spec = walk.tree.specs.get(key)
        if spec is None or not spec.choices:
            continue
        fact = walk.facts.fact(key)
        value = text_of(fact.value) if fact and fact.value != UNKNOWN else ""
        others = tuple(one for one in (*spec.choices, UNKNOWN) if one != (value or UNKNOWN))
        found.append(Ground(key, spec.meaning, value, fact.by if fact else "", others))
    return found


def instead(
    tree: Tree, found: Facts, said: Mapping[str, Value], earlier: Iterable[Instead] = ()
) -> tuple[Instead, ...]:
    """What is said in the place of what was `found`; `earlier` was overruled at the same step before.

    Raises WalkError for a fact that nobody declared, and for a value that the fact does not declare.
    """
    if not said:
        raise WalkError("nothing is overruled: no fact is named")
    changed = {one.key: one for one in earlier}
    for key, value in said.items():
        spec = tree.specs.get(key)
        choices = spec.choices if spec else ()
        if not choices:
            raise WalkError(f"'{key}' cannot be overruled: it is no declared fact with declared values")
        now = text_of(value)
        if now not in choices and now != UNKNOWN:
            raise WalkError(f"'{key}' cannot be '{now}': it is one of {', '.join(choices)}, {UNKNOWN}")
        was = changed[key].was if key in changed else found.text(key) or ""
        changed[key] = Instead(key, was, now)
    return tuple(changed.values())


def standing(
    before: Facts, after: Facts, said: Mapping[str, Value], sources: Iterable[str]
) -> tuple[Facts, bool]:
    """The facts that stand once `said` is believed, and whether the words quoted at the step still count.

    Whoever says that a check ended in another way says that the words which it heard (`sources`) decide nothing.
    """
    gone: set[str] = set()
    denied = any(key.endswith(".outcome") for key in said)
    if denied:
        sayings = {f"{source}.{part}" for source in sources for part in SAYINGS}
        gone = {fact.key for fact in after if fact.key in sayings and before.fact(fact.key) != fact}
    kept = before.having(fact for fact in after if fact.key not in gone).without(said)
    # What is said to be not known is absent, so that a question may still ask for it.
    told = (Fact(key, _value(value), "user") for key, value in said.items() if value != UNKNOWN)
    return kept.having(told), not denied


def _value(value: Value) -> Value:
    """The value as a probe would report it: a flag is no text."""
    text = text_of(value)
    return {"true": True, "false": False}.get(text, text)

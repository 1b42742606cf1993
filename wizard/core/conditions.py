"""Three-valued conditions on facts: true, false, or unknown (None).

A condition in YAML is a mapping; its entries are joined by *and*. An entry is `fact: value`, `fact: [a, b]` (one
of), `fact: "!a"` (not), `fact: "<10"` (numbers: < <= > >=), or `any: [condition, …]`, `not: condition`. A fact
that holds a list is equal to each of its members. Kleene's logic: an unknown decides only when nothing else does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wizard.core.facts import Facts, text_of
from wizard.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any


Truth = bool | None


class Test(NamedTuple):
    """One comparison. `op` is =, !, <, <=, > or >=; = and ! have one or more operands, the others one."""

    key: str
    op: str
    operands: tuple[str, ...]

    def holds(self, facts: Facts) -> Truth:
        """Whether the fact compares so; None where it is unknown or is no number."""
        value = facts.get(self.key)
        if value is None:
            return None
        if self.op in ("=", "!"):
            have = value if isinstance(value, tuple) else (text_of(value),)
            return any(one in self.operands for one in have) == (self.op == "=")
        try:
            number, bound = float(text_of(value)), float(self.operands[0])
        except ValueError:
            return None
        return {"<": number < bound, "<=": number <= bound, ">": number > bound, ">=": number >= bound}[
            self.op
        ]


class All(NamedTuple):
    """Every part holds. Without parts it is true."""

    parts: tuple[Any, ...]

    def holds(self, facts: Facts) -> Truth:
        """False when one part is, else unknown when one part is, else true."""
        found: Truth = True
        for part in self.parts:
            truth = part.holds(facts)
            if truth is False:
                return False
            if truth is None:
                found = None
        return found


class Any_(NamedTuple):
    """At least one part holds."""

    parts: tuple[Any, ...]

    def holds(self, facts: Facts) -> Truth:
        """True when one part is, else unknown when one part is, else false."""
        found: Truth = False
        for part in self.parts:
            truth = part.holds(facts)
            if truth is True:
                return True
            if truth is None:
                found = None
        return found


class Not(NamedTuple):
    """The part does not hold."""

    part: Any

    def holds(self, facts: Facts) -> Truth:
        """The opposite; unknown stays unknown."""
        found: Truth = self.part.holds(facts)
        return None if found is None else not found


Condition = Test | All | Any_ | Not
ALWAYS = All(())


def parse(written: Mapping[str, Any]) -> Condition:
    """A condition from what YAML says. Raises ValueError with one sentence for what cannot be one."""
    if not isinstance(written, Mapping):
        raise ValueError("a condition is a mapping of facts to values")
    parts = tuple(_entry(key, value) for key, value in written.items())
    return parts[0] if len(parts) == 1 else All(parts)


def _entry(key: str, value: Any) -> Condition:
    if key == "any":
        if not isinstance(value, list) or not value:
            raise ValueError("'any' needs a list of conditions")
        return Any_(tuple(parse(part) for part in value))
    if key == "not":
        return Not(parse(value))
    if isinstance(value, list):
        return Test(key, "=", tuple(str(one) for one in value))
    if not isinstance(value, str):
        raise ValueError(f"the value of '{key}' must be text, a list of texts or a comparison")
    for op in ("<=", ">=", "<", ">"):
        if value.startswith(op):
            float(value[len(op) :])
            return Test(key, op, (value[len(op) :].strip(),))
    if value.startswith("!"):
        return Test(key, "!", tuple(one.strip() for one in value[1:].split("|")))
    return Test(key, "=", (value,))


def still_open(condition: Condition, facts: Facts) -> Condition:
    """What of an undecided condition the facts leave to be known; any other comes back as it is."""
    if condition.holds(facts) is not None or not isinstance(condition, (All, Any_)):
        return condition
    return condition._replace(
        parts=tuple(still_open(part, facts) for part in condition.parts if part.holds(facts) is None)
    )


def tests(condition: Condition) -> Iterator[Test]:
    """Every comparison inside, for the lint and for "which fact would decide"."""
    if isinstance(condition, Test):
        yield condition
    elif isinstance(condition, Not):
        yield from tests(condition.part)
    else:
        for part in condition.parts:
            yield from tests(part)

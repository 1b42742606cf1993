"""The lint of conditions: each fact is declared, each value is one that the fact can have."""

from __future__ import annotations

from typing import Any

from wizard.content.known import Known
from wizard.content.problems import At, Lint, Source, nearest
from wizard.core import conditions
from wizard.core.conditions import Test
from wizard.core.tree import FactSpec

NONE = "none"
"""Where a fact of the kind text, list, number or cause has nothing to say, it says this."""


def condition(lint: Lint, source: Source, at: At, written: Any, known: Known) -> list[str]:
    """Check a `when`; returns the facts that it reads."""
    if not isinstance(written, dict):
        lint.say(source, at, "a condition is a mapping of facts to values")
        return []
    read: list[str] = []
    for key, value in written.items():
        where = (*at, key)
        if key == "any":
            parts = lint.items(source, where, value)
            if isinstance(value, list) and not value:
                lint.say(source, where, "'any' needs a list of conditions")
            for place, part in parts:
                read += condition(lint, source, place, part, known)
        elif key == "not":
            read += condition(lint, source, where, value, known)
        else:
            read.append(key)
            _comparison(lint, source, where, key, value, known)
    return read


def _comparison(lint: Lint, source: Source, at: At, key: str, value: Any, known: Known) -> None:
    spec = known.facts.get(key)
    if spec is None:
        lint.say(source, at, undeclared(key, known))
    try:
        test = conditions.parse({key: value})
    except ValueError as error:
        text = str(error)
        lint.say(source, at, "a number must follow the comparison" if "float" in text else text)
        return
    if spec is not None and isinstance(test, Test):
        _operands(lint, source, at, test, spec, known)


def _operands(lint: Lint, source: Source, at: At, test: Test, spec: FactSpec, known: Known) -> None:
    if test.op not in ("=", "!"):
        if spec.kind != "number":
            lint.say(
                source,
                at,
                f"'{spec.key}' is of the kind {spec.kind}, and only numbers can be compared with {test.op}",
            )
        return
    if not test.operands:
        lint.say(source, at, "an empty list is equal to nothing")
    for operand in test.operands:
        message = wrong_value(spec, operand, known)
        if message:
            lint.say(source, at, message)


def undeclared(key: str, known: Known) -> str:
    """That a fact is not declared, and which one may be meant."""
    return f"the fact '{key}' is not declared in facts.yaml{nearest(key, known.facts)}"


def wrong_value(spec: FactSpec, value: str, known: Known) -> str:
    """What is wrong with a value of a fact, as a sentence, or ""."""
    if spec.values:
        if value not in spec.values:
            return f"'{value}' is not a value of '{spec.key}' ({', '.join(spec.values)}){nearest(value, spec.values)}"
    elif spec.kind == "flag" and value not in ("true", "false"):
        return f"'{value}' is not a value of '{spec.key}' (true, false)"
    elif spec.kind == "number" and value != NONE and not _is_number(value):
        return f"'{value}' is no number, and '{spec.key}' is one"
    elif spec.kind == "cause" and value != NONE and value not in known.causes:
        return f"'{value}' is not in the catalogue{nearest(value, known.causes)}"
    return ""


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True

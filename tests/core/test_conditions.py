"""Three-valued logic: what is not known decides only when nothing else does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.core import conditions
from wizard.core.conditions import ALWAYS, All, Any_, Condition, Not, Truth, parse
from wizard.core.facts import Fact, Facts, Value

T, F, U = True, False, None
KNOWN = Facts().having([Fact("yes", "yes", "probe")])
PART: dict[Truth, Condition] = {
    T: parse({"yes": "yes"}),
    F: parse({"yes": "no"}),
    U: parse({"never-learnt": "yes"}),
}
TRUTH = st.sampled_from([T, F, U])


def holds(written: dict[str, Any], **known: Value) -> Truth:
    facts = Facts().having(Fact(key.replace("_", "-"), value, "probe") for key, value in known.items())
    return parse(written).holds(facts)


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        (T, T, T, T),
        (T, F, F, T),
        (T, U, U, T),
        (F, F, F, F),
        (F, U, F, U),
        (U, U, U, U),
    ],
)
def test_kleenes_tables(left: Truth, right: Truth, both: Truth, either: Truth) -> None:
    for parts in ((PART[left], PART[right]), (PART[right], PART[left])):
        assert All(parts).holds(KNOWN) is both
        assert Any_(parts).holds(KNOWN) is either


@pytest.mark.parametrize(("part", "opposite"), [(T, F), (F, T), (U, U)])
def test_not(part: Truth, opposite: Truth) -> None:
    assert Not(PART[part]).holds(KNOWN) is opposite


@given(st.lists(TRUTH, min_size=1))
def test_de_morgan_holds_with_unknowns(truths: list[Truth]) -> None:
    parts = tuple(PART[truth] for truth in truths)
    negated = tuple(Not(part) for part in parts)
    assert Not(All(parts)).holds(KNOWN) is Any_(negated).holds(KNOWN)
    assert Not(Any_(parts)).holds(KNOWN) is All(negated).holds(KNOWN)


def test_nothing_to_ask_is_true() -> None:
    assert ALWAYS.holds(Facts()) is True
    assert parse({}).holds(Facts()) is True


def test_entries_are_joined_by_and() -> None:
    assert holds({"a": "1", "b": "2"}, a="1", b="2") is True
    assert holds({"a": "1", "b": "2"}, a="1", b="3") is False
    assert holds({"a": "1", "b": "2"}, a="1") is None
    assert holds({"a": "1", "b": "2"}, a="0") is False


def test_any_and_not_nest() -> None:
    written = {"any": [{"a": "1"}, {"not": {"b": "2"}}], "c": "3"}
    assert holds(written, a="0", b="9", c="3") is True
    assert holds(written, a="0", b="2", c="3") is False
    assert holds(written, a="0", c="3") is None
    assert holds(written, a="1", c="3") is True


@pytest.mark.parametrize(
    ("written", "value", "truth"),
    [
        ("refused", "refused", T),
        ("refused", "timeout", F),
        (["refused", "reset"], "reset", T),
        (["refused", "reset"], "timeout", F),
        ("!refused", "timeout", T),
        ("!refused", "refused", F),
        ("!a|b", "b", F),
        ("! a | b ", "c", T),
        ("true", True, T),
        ("false", True, F),
        ("3", 3, T),
        ("3", 3.0, T),
        ("host", ("port", "host"), T),
        (["user", "host"], ("port", "host"), T),
        ("user", ("port", "host"), F),
        ("!host", ("port", "host"), F),
        ("!none", ("none",), F),
        ("<10", 9.9, T),
        ("<10", 10, F),
        ("<=10", 10, T),
        (">=3", "3", T),
        (">3", 3, F),
        (">= 14", 15, T),
        ("<10", "nine", U),
        ("refused", "unknown", U),
        ("!refused", "unknown", U),
        ("<10", "unknown", U),
    ],
)
def test_one_comparison(written: Any, value: Value, truth: Truth) -> None:
    assert holds({"key": written}, key=value) is truth


@pytest.mark.parametrize("written", ["x", "!x", ["x", "y"], "<1", ">=1"])
def test_every_comparison_with_an_absent_fact_is_unknown(written: Any) -> None:
    assert holds({"key": written}) is None


@pytest.mark.parametrize(
    "written",
    [
        "engine: mysql",
        ["engine"],
        None,
        {"engine": None},
        {"engine": {"is": "mysql"}},
        {"any": {}},
        {"any": []},
        {"any": ["engine"]},
        {"not": "engine"},
        {"age": "<ten"},
        {"age": ">"},
    ],
)
def test_what_is_no_condition_is_refused_with_a_sentence(written: Any) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        parse(written)


def test_every_comparison_inside_is_found() -> None:
    condition = parse({"a": "1", "any": [{"b": "<2"}, {"not": {"c": ["3", "4"]}}]})
    assert [(test.key, test.op, test.operands) for test in conditions.tests(condition)] == [
        ("a", "=", ("1",)),
        ("b", "<", ("2",)),
        ("c", "=", ("3", "4")),
    ]

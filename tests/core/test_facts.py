"""Facts: the best-founded value of each key, and an unknown that is neither false nor a value."""

from __future__ import annotations

import pytest

from wizard.core.facts import Fact, Facts, Value, text_of


def facts(*known: tuple[str, Value, str]) -> Facts:
    return Facts().having(Fact(*one) for one in known)


def test_an_absent_fact_is_unknown() -> None:
    assert not Facts().known("runtime")
    assert Facts().get("runtime") is None
    assert Facts().text("runtime") is None
    assert Facts().fact("runtime") is None


def test_an_answered_unknown_counts_as_absent_but_is_remembered() -> None:
    known = facts(("runtime", "unknown", "user"))
    assert not known.known("runtime")
    assert known.get("runtime") is None
    assert known.text("runtime") is None
    assert known.fact("runtime") == Fact("runtime", "unknown", "user")


@pytest.mark.parametrize("stronger", ["user", "flag"])
@pytest.mark.parametrize("weaker", ["default", "derived", "log", "probe"])
def test_a_person_is_believed_whoever_spoke_first(stronger: str, weaker: str) -> None:
    said, guessed = ("runtime", "docker", stronger), ("runtime", "host", weaker)
    assert facts(said, guessed).get("runtime") == "docker"
    assert facts(guessed, said).get("runtime") == "docker"


def test_among_equals_the_later_one_wins() -> None:
    assert facts(("a", "1", "probe"), ("a", "2", "probe")).get("a") == "2"
    assert facts(("a", "1", "flag"), ("a", "2", "user")).get("a") == "2"


@pytest.mark.parametrize("by", ["user", "flag"])
def test_not_knowing_never_hides_what_a_probe_knows(by: str) -> None:
    unknown, seen = ("managed", "unknown", by), ("managed", "aws-rds", "probe")
    assert facts(unknown, seen).get("managed") == "aws-rds"
    assert facts(seen, unknown).get("managed") == "aws-rds"


def test_having_and_without_leave_the_original_alone() -> None:
    before = facts(("a", "1", "probe"))
    after = before.having([Fact("b", 2, "probe")]).without(["a"])
    assert (before.as_dict(), after.as_dict()) == ({"a": "1"}, {"b": 2})
    assert len(before) == 1
    assert [fact.key for fact in after] == ["b"]


def test_equal_facts_are_equal_and_hash_alike_in_any_order() -> None:
    one = facts(("a", "1", "probe"), ("b", ("x", "y"), "user"))
    two = facts(("b", ("x", "y"), "user"), ("a", "1", "probe"))
    assert one == two
    assert hash(one) == hash(two)
    assert one != facts(("a", "1", "user"), ("b", ("x", "y"), "user"))
    assert one != {"a": "1"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (("a", "b"), "a, b"),
        ((), ""),
        (3.0, "3"),
        (9.5, "9.5"),
        (0, "0"),
        ("yes", "yes"),
    ],
)
def test_conditions_and_sentences_see_text(value: Value, text: str) -> None:
    assert text_of(value) == text
    assert facts(("key", value, "probe")).text("key") == text

"""The drill as a value: any sequence of events is a drill, and the result follows from what was said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.practice.drill import (
    Chose,
    Drill,
    Event,
    GaveUp,
    Hinted,
    Left,
    Looked,
    Option,
    Reconsidered,
    Stage,
    Task,
)

RIGHT, NEAR, WRONG, OTHER = "auth.password-wrong", "auth.role-unknown", "tls.expired", "dns.no-address"
TASK = Task(
    "wrong-password",
    "auth",
    "easy",
    RIGHT,
    (Option(WRONG, "expired"), Option(RIGHT, "the password is wrong")),
    (Option(RIGHT, "Read the log"), Option(WRONG, "Renew it")),
    frozenset((RIGHT,)),
    frozenset((NEAR,)),
    frozenset((RIGHT, NEAR, WRONG, OTHER)),
    ("tls", "auth"),
    ("Look at auth", "One of two"),
)
BEGUN = Drill(TASK, 100.0)
WORDS = st.sampled_from((RIGHT, NEAR, WRONG, OTHER, "tls", "auth", "", "no such")) | st.text(max_size=5)
TIMES = st.floats(0, 1e6, allow_nan=False)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Looked, WORDS, TIMES),
    st.builds(Hinted, TIMES),
    st.builds(Chose, WORDS, TIMES),
    st.builds(Reconsidered, TIMES),
    st.builds(GaveUp, TIMES),
    st.builds(Left, TIMES),
)


def played(*events: Event) -> Drill:
    drill = BEGUN
    for event in events:
        drill = drill.feed(event)
    return drill


@pytest.mark.slow
@settings(max_examples=400)
@given(st.lists(EVENTS, max_size=30))
def test_any_sequence_of_events_is_a_drill(events: list[Event]) -> None:
    drill = BEGUN
    for event in events:
        before = drill
        drill = before.feed(event)
        if before.stage in (Stage.OVER, Stage.LEFT):
            assert drill is before, "what is over stays as it is"
        assert drill.task is TASK
        assert set(drill.looked) <= set(TASK.looks)
        assert len(drill.hints) <= len(TASK.hints)
        assert (drill.result is not None) == (drill.stage is Stage.OVER)
        assert not drill.cause or drill.cause in TASK.known
    result = drill.result
    if result is not None:
        assert result.seconds >= 0
        assert result.looks == len(drill.looked)
        assert result.mended <= bool(drill.fix)
        assert result.solved <= bool(drill.cause)


@given(st.lists(EVENTS, max_size=30))
def test_a_drill_can_always_be_left_or_given_up(events: list[Event]) -> None:
    drill = played(*events)
    for event in (Left(1.0), GaveUp(1.0)):
        assert drill.feed(event).stage in (Stage.OVER, Stage.LEFT)


def test_the_right_cause_and_the_right_fix() -> None:
    result = played(
        Looked("auth", 110), Looked("auth", 120), Hinted(130), Chose(RIGHT, 140), Chose(RIGHT, 160.5)
    ).result
    assert result == ("wrong-password", "auth", "easy", True, True, 2, 1, 60.5)


def test_a_cause_that_looks_the_same_from_here_is_no_mistake() -> None:
    result = played(Chose(NEAR, 110), Chose(WRONG, 120)).result
    assert result is not None
    assert (result.solved, result.mended) == (True, False)


def test_a_cause_that_is_not_offered_can_be_named() -> None:
    assert played(Chose(OTHER, 110)).cause == OTHER


def test_a_named_cause_is_taken_back_before_the_fix_is_chosen() -> None:
    result = played(Chose(WRONG, 110), Reconsidered(111), Chose(RIGHT, 112), Chose(RIGHT, 113)).result
    assert result is not None
    assert result.solved


@pytest.mark.parametrize(
    "event",
    [
        Looked("moon", 101),
        Chose("no.such", 101),
        Reconsidered(101),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_event_that_does_not_fit_changes_nothing(event: Event) -> None:
    assert BEGUN.feed(event) is BEGUN


def test_once_a_cause_is_named_nothing_is_looked_at() -> None:
    drill = played(Chose(RIGHT, 110))
    for event in (Looked("tls", 111), Hinted(111), Chose(OTHER, 111)):
        assert drill.feed(event) is drill


def test_hints_come_in_order_and_end() -> None:
    drill = played(Hinted(1), Hinted(2), Hinted(3))
    assert drill.hints == TASK.hints


def test_giving_up_counts_as_not_solved_and_leaving_does_not_count() -> None:
    result = played(GaveUp(130)).result
    assert result is not None
    assert (result.solved, result.mended, result.seconds) == (False, False, 30)
    assert played(Chose(RIGHT, 110), Left(120)).result is None


def test_a_clock_that_was_set_back_makes_no_negative_time() -> None:
    result = played(GaveUp(-5000)).result
    assert result is not None
    assert result.seconds == 0

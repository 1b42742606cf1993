"""Events to JSON and back: a session is a list of these, read again by a later version or after an edit by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.core.events import (
    KINDS,
    LATEST,
    Answered,
    Event,
    Evidence,
    Noted,
    Overruled,
    ProbeFinished,
    Showed,
    Skipped,
    Stated,
    Touched,
    WentBack,
    from_data,
    to_data,
)
from wizard.core.facts import RANK
from wizard.core.touched import ENDS, LISTS, NUMBERS

text = st.text()
number = st.floats(allow_nan=False, allow_infinity=False)
moment = st.floats(0, LATEST, exclude_max=True)
value = st.one_of(text, st.integers(), number, st.booleans(), st.lists(text).map(tuple))
facts = st.dictionaries(text, value, max_size=4)
by = st.sampled_from(sorted(RANK))
evidence = st.lists(st.builds(Evidence, text, text, text), max_size=3).map(tuple)
size = st.integers(0, 2**40)
rows = {
    name: [dict.fromkeys(keys, "x") | dict.fromkeys(set(NUMBERS) & set(keys), 1)]
    for name, keys in LISTS.items()
}
rows["connections"] = [{**row, "ended": ending} for row in rows["connections"] for ending in ENDS]
did = st.builds(
    lambda most, words: {"at_once": most, **rows, "names": [{"by": words, "to": words, "name": words}]},
    size,
    text,
)
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(ProbeFinished, text, text, facts, evidence, text, text, moment, moment),
    st.builds(Answered, text, text, by, moment),
    st.builds(Stated, text, facts, by, moment),
    st.builds(Skipped, text, text, moment),
    st.builds(WentBack, moment),
    st.builds(Overruled, text, facts, moment),
    st.builds(Noted, text, moment),
    st.builds(Showed, text, text, moment),
    st.builds(Touched, moment, did, moment),
)


@given(events)
def test_an_event_survives_json(event: Event) -> None:
    again = from_data(json.loads(json.dumps(to_data(event))))
    assert again == event
    assert type(again) is type(event)


@given(events)
def test_numbers_and_flags_keep_their_type(event: Event) -> None:
    if isinstance(event, (ProbeFinished, Stated)):
        again = from_data(json.loads(json.dumps(to_data(event))))
        assert isinstance(again, (ProbeFinished, Stated))
        assert {key: type(one) for key, one in again.facts.items()} == {
            key: type(one) for key, one in event.facts.items()
        }


def test_every_kind_is_written_under_its_own_name() -> None:
    samples: list[Event] = [
        ProbeFinished("n", "p", {}),
        Answered("n", "v"),
        Stated("n", {}),
        Skipped("n"),
        WentBack(),
        Overruled("n", {"k": "v"}),
        Noted("t"),
        Showed("c"),
        Touched(1.0, {"at_once": 0}),
    ]
    assert {to_data(one)["kind"]: type(one) for one in samples} == KINDS


def test_what_a_later_version_added_is_ignored() -> None:
    assert from_data({"kind": "note", "text": "x", "at": 1.0, "mood": "good"}) == Noted("x", 1.0)


def test_what_an_earlier_version_left_out_has_its_default() -> None:
    assert from_data({"kind": "answer", "node": "a", "value": "b"}) == Answered("a", "b", "user", 0.0)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"kind": "dance"},
        {"kind": None},
        {"kind": ["probe"]},
        {"kind": "answer", "node": "a"},
        {"kind": "answer", "node": "a", "value": "b", "by": "rumour"},
        {"kind": "answer", "node": "a", "value": "b", "by": ["user"]},
        {"kind": "state", "node": "a", "facts": {"x": None}},
        {"kind": "state", "node": "a", "facts": {"x": {"deep": 1}}},
        {"kind": "state", "node": "a", "facts": "xyz"},
        {"kind": "overrule", "node": "a"},
        {"kind": "overrule", "node": ["a"], "facts": {"x": "y"}},
        {"kind": "overrule", "node": "a", "facts": {"x": {"deep": 1}}},
        {"kind": "overrule", "node": "a", "facts": [["x", "y"]]},
        {"kind": "state", "node": "a", "facts": 5},
        {"kind": "state", "node": "a", "facts": None},
        {"kind": "probe", "node": "a", "probe": "b", "facts": {}, "evidence": [{"wrong": "x"}]},
        {"kind": "probe", "node": "a", "probe": "b", "facts": {}, "evidence": ["text"]},
        {"kind": "probe", "node": "a", "probe": "b", "facts": {}, "evidence": 5},
        {"kind": "probe", "node": "a", "probe": "b"},
        {"kind": "probe", "node": "a", "probe": "b", "facts": {}, "evidence": None},
        {"kind": "probe", "node": "a", "probe": "b", "facts": {}, "evidence": [{"text": "x"}]},
        {"kind": "probe", "node": "a", "probe": "b", "facts": {}, "evidence": [{"layer": 1, "text": "x"}]},
        {"kind": "probe", "node": "a", "probe": "b", "facts": {}, "ms": "soon"},
        {"kind": "answer", "node": ["a"], "value": "b"},
        {"kind": "answer", "node": "a", "value": 5},
        {"kind": "answer", "node": "a", "value": "b", "at": True},
        {"kind": "note", "text": None},
        {"kind": "touch", "began": 1.0},
        {"kind": "touch", "began": 1.0, "did": ["x"]},
        {"kind": "touch", "began": 1.0, "did": {}},
        {"kind": "touch", "began": 1.0, "did": {"at_once": True}},
        {"kind": "touch", "began": 1.0, "did": {"at_once": 1e300}},
        {"kind": "touch", "began": 1.0, "did": {"at_once": 1, "names": {"by": "x"}}},
        {"kind": "touch", "began": 1.0, "did": {"at_once": 1, "names": ["x"]}},
        {"kind": "touch", "began": 1.0, "did": {"at_once": 1, "names": [{"by": "x", "to": "y"}]}},
        {"kind": "touch", "began": 1.0, "did": {"at_once": 1, "programs": [{"by": "x", "program": None}]}},
        {
            "kind": "touch",
            "began": 1.0,
            "did": {"at_once": 1, "connections": [{**rows["connections"][0], "ended": "x"}]},
        },
        [],
        "note",
    ],
    ids=json.dumps,
)
def test_what_is_no_event_is_refused_with_a_value_error(data: Any) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        from_data(data)

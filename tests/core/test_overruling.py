"""A person knows better than a check: the walk goes on with their word, and everything tells that it is theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.test_tree import small_tree
from wizard.core.diagnosis import conclude
from wizard.core.events import (
    Answered,
    Evidence,
    Noted,
    Overruled,
    ProbeFinished,
    Skipped,
    WentBack,
    from_data,
    to_data,
)
from wizard.core.facts import Fact, Value
from wizard.core.overruling import Instead, grounds, passed
from wizard.core.steps import Ask, Finished, Run
from wizard.core.tree import FactSpec, Tree
from wizard.core.walk import Walk
from wizard.errors import WalkError
from wizard.session import SavedWalk, Session, replayed

SPECS = {
    "net.outcome": FactSpec("net.outcome", "choice", "How connecting ends.", ("open", "refused")),
    "local": FactSpec("local", "flag", "Whether the address is ours."),
    "auth.outcome": FactSpec("auth.outcome", "choice", "How the login ends.", ("ok", "error")),
    "net.errno": FactSpec("net.errno", "text", "What the system said."),
}
REFUSED = ProbeFinished(
    "connect",
    "net.connect",
    {"net.outcome": "refused", "local": False, "net.errno": "ECONNREFUSED", "error.text": "no role"},
    (Evidence("network", "Connection refused", "ECONNREFUSED"),),
    "the port refused",
    ms=3.5,
    at=1.0,
)
OPEN: dict[str, Value] = {"net.outcome": "open"}


def tree() -> Tree:
    small = small_tree()
    return small._replace(specs={**small.specs, **SPECS})


def refused() -> Walk:
    return Walk.start(tree()).feed(REFUSED)


def test_the_walk_goes_on_from_the_step_with_the_word_of_the_person() -> None:
    walk = refused().feed(Answered("where", "host")).feed(Overruled("connect", OPEN, 2.0))
    assert isinstance(walk.step, Run)
    assert walk.step.node == "login"
    (hop,) = walk.trail
    assert (hop.by, hop.outcome, hop.went, hop.ms) == ("user", "open", "login", 3.5)
    assert hop.overruled == (Instead("net.outcome", "refused", "open"),)
    assert hop.summary == "the port refused"
    assert walk.facts.fact("net.outcome") == Fact("net.outcome", "open", "user")


def test_what_came_after_the_step_is_forgotten_and_what_it_found_else_stands() -> None:
    walk = refused().feed(Answered("where", "docker")).feed(Overruled("connect", OPEN))
    assert not walk.facts.known("runtime")
    assert walk.facts.text("net.errno") == "ECONNREFUSED"
    assert walk.facts.fact("local") == Fact("local", False, "probe")


def test_words_that_an_overruled_outcome_came_from_decide_nothing_any_more() -> None:
    before = refused()
    assert before.facts.known("error.text")
    walk = before.feed(Overruled("connect", OPEN))
    assert not walk.facts.known("error.text")
    assert not walk.facts.known("error.cause")
    assert walk.evidence == ()


def test_words_stay_where_another_fact_than_the_outcome_is_overruled() -> None:
    walk = refused().feed(Overruled("connect", {"local": "true"}))
    assert walk.facts.text("error.text") == "no role"
    assert [one.text for one in walk.evidence] == ["Connection refused"]
    assert walk.facts.fact("local") == Fact("local", True, "user")
    assert walk.step == Finished("found.network.service-down", "network.service-down", ("network.refused",))


def test_not_known_takes_back_what_was_found_and_a_question_is_asked() -> None:
    walk = refused().feed(Overruled("connect", {"net.outcome": "unknown"}))
    assert isinstance(walk.step, Ask)
    assert walk.step.node == "ask-net"
    assert walk.trail[0].unknown
    assert walk.feed(Answered("ask-net", "refused")).facts.text("net.outcome") == "refused"


def test_a_check_that_was_given_up_can_be_told_by_a_person() -> None:
    walk = Walk.start(tree()).feed(Skipped("connect", "given up")).feed(Overruled("connect", OPEN))
    assert walk.step.node == "login"
    assert walk.trail[0].overruled == (Instead("net.outcome", "", "open"),)
    assert walk.trail[0].trouble == "given up"


def test_an_answer_can_be_overruled_as_well() -> None:
    walk = refused().feed(Answered("where", "host")).feed(Overruled("where", {"runtime": "docker"}))
    assert isinstance(walk.step, Finished)
    assert walk.step.cause == "config.localhost-in-container"
    assert walk.trail[-1].outcome == "docker"


def test_a_second_word_keeps_what_the_check_had_found() -> None:
    walk = refused().feed(Overruled("connect", OPEN)).feed(Overruled("connect", {"net.outcome": "refused"}))
    assert walk.trail[0].overruled == (Instead("net.outcome", "refused", "refused"),)
    assert walk.step.node == "where"


def test_a_later_check_does_not_take_the_word_back() -> None:
    walk = refused().feed(Overruled("connect", OPEN))
    walk = walk.feed(ProbeFinished("login", "auth.login", {"auth.outcome": "ok", "net.outcome": "refused"}))
    assert walk.facts.fact("net.outcome") == Fact("net.outcome", "open", "user")
    assert conclude(walk).status == "healthy"


def test_the_ladder_says_whose_word_it_is_and_what_was_found() -> None:
    walk = refused().feed(Overruled("connect", OPEN))
    (network,) = (one for one in conclude(walk).layers if one.layer == "network")
    assert network.summary == "net.outcome is open, says the user; found before: refused"


def test_back_over_it_runs_the_check_anew() -> None:
    overruled = refused().feed(Overruled("connect", OPEN, 2.0))
    back = overruled.back(3.0)
    assert back.at == "connect"
    assert not back.facts.known("net.outcome")
    assert back.events == (REFUSED, Overruled("connect", OPEN, 2.0), WentBack(3.0))
    again = back.feed(REFUSED)
    assert again.trail[0].overruled == ()
    assert again.step.node == "where"


def test_back_after_a_step_behind_it_keeps_the_word() -> None:
    walk = refused().feed(Overruled("connect", OPEN))
    later = walk.feed(ProbeFinished("login", "auth.login", {"auth.outcome": "ok"})).back()
    assert later.at == "login"
    assert later.facts.text("net.outcome") == "open"


def test_replay_through_json_leads_to_the_same_walk() -> None:
    walk = refused().feed(Noted("the firewall team says it is open")).feed(Answered("where", "host"))
    walk = walk.feed(Overruled("connect", OPEN, 2.0)).feed(Skipped("login")).back(3.0)
    events = [from_data(to_data(event)) for event in walk.events]
    again = Walk.replay(walk.tree, events)
    assert (again.at, again.trail, again.facts, again.evidence) == (
        walk.at,
        walk.trail,
        walk.facts,
        walk.evidence,
    )


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (Overruled("login", {"auth.outcome": "ok"}), "has not passed 'login'"),
        (Overruled("where", {"runtime": "host"}), "has not passed 'where'"),
        (Overruled("no-such-node", OPEN), "has not passed"),
        (Overruled("connect", {}), "no fact is named"),
        (Overruled("connect", {"net.outcome": "on fire"}), "one of open, refused, unknown"),
        (Overruled("connect", {"net.outcome": "\x1b[31mopen"}), "one of open"),
        (Overruled("connect", {"net.outcome": ("open", "refused")}), "one of open"),
        (Overruled("connect", {"net.outcome": 1}), "one of open"),
        (Overruled("connect", {"local": "maybe"}), "one of true, false"),
        (Overruled("connect", {"net.errno": "EPERM"}), "cannot be overruled"),
        (Overruled("connect", {"error.cause": "auth.role-unknown"}), "cannot be overruled"),
        (Overruled("connect", {"nobody.declared": "this"}), "cannot be overruled"),
        (Overruled("connect", {**OPEN, "nobody.declared": "this"}), "cannot be overruled"),
    ],
)
def test_what_nobody_declared_is_refused_and_changes_nothing(event: Overruled, told: str) -> None:
    walk = refused()
    before = (walk.at, walk.trail, walk.facts, walk.events)
    with pytest.raises(WalkError, match=told):
        walk.feed(event)
    assert (walk.at, walk.trail, walk.facts, walk.events) == before


def test_a_list_of_one_value_is_that_value() -> None:
    walk = refused().feed(Overruled("connect", {"net.outcome": ("open",)}))
    assert walk.facts.get("net.outcome") == "open"


def test_the_steps_are_told_with_the_facts_that_decided_the_taken_way_first() -> None:
    walk = refused().feed(Answered("where", "host"))
    steps = passed(walk)
    assert [(step.back, step.before.at) for step in steps] == [(1, "where"), (2, "connect")]
    first = grounds(walk, steps[1])
    assert [(one.key, one.value, one.by, one.others) for one in first] == [
        ("net.outcome", "refused", "probe", ("open", "unknown")),
        ("local", "false", "probe", ("true", "unknown")),
    ]
    (runtime,) = grounds(walk, steps[0])
    assert (runtime.value, runtime.by, runtime.others) == ("host", "user", ("docker", "unknown"))


def test_a_session_that_was_edited_by_hand_stops_at_what_does_not_fit_and_says_so() -> None:
    hostile = Overruled("connect", {"net.outcome": "$(reboot)"})
    walk, told = replayed(tree(), SavedWalk(events=[REFUSED, hostile, Answered("where", "host")]))
    assert walk.at == "where"
    assert "cannot be '$(reboot)'" in told


def test_a_saved_session_brings_the_word_back(tmp_path: Path) -> None:
    session = Session.create(tmp_path, {})
    for event in (REFUSED, Overruled("connect", OPEN, 2.0)):
        session.add(event)
    assert session.path is not None
    walk, told = replayed(tree(), Session.load(session.path).walks[-1])
    assert told == ""
    assert walk.at == "login"
    assert walk.trail[0].overruled == (Instead("net.outcome", "refused", "open"),)

"""The walk as a state machine: legal events lead on, wrong ones raise and change nothing, events are the history."""

from __future__ import annotations

import pytest

from tests.core.test_tree import small_tree
from wizard.core.events import (
    Answered,
    Event,
    Evidence,
    Noted,
    ProbeFinished,
    Showed,
    Skipped,
    Stated,
    WentBack,
)
from wizard.core.facts import Fact, Value
from wizard.core.steps import Ask, Finished, Run
from wizard.core.tree import Node, Tree
from wizard.core.walk import Walk
from wizard.errors import WalkError

TREE = small_tree()
REFUSED = ProbeFinished("connect", "net.connect", {"net.outcome": "refused", "local": False}, ms=3.5, at=1.0)
OPEN = ProbeFinished("connect", "net.connect", {"net.outcome": "open"}, ms=2.0, at=1.0)


def start(facts: dict[str, Value] | None = None) -> Walk:
    return Walk.start(TREE, facts)


def test_it_starts_at_the_root_with_what_is_known() -> None:
    walk = start({"runtime": "docker"})
    assert walk.step == Run("connect", "net.connect", "network", "Connecting", "nc HOST")
    assert walk.facts.fact("runtime") == Fact("runtime", "docker", "flag")
    assert not walk.finished


def test_the_command_by_hand_is_that_of_the_engine() -> None:
    step = start({"engine": "mysql"}).step
    assert isinstance(step, Run)
    assert step.by_hand == "nc MYSQL"


def test_a_probe_then_an_answer_lead_to_a_finding() -> None:
    asked = start().feed(REFUSED)
    step = asked.step
    assert isinstance(step, Ask)
    assert (step.node, step.fact, step.default) == ("where", "runtime", "host")
    done = asked.feed(Answered("where", "host"))
    assert done.step == Finished("found.network.refused", "network.refused", ("network.firewall",))
    assert done.finished
    assert [(hop.node, hop.went, hop.by, hop.outcome) for hop in done.trail] == [
        ("connect", "where", "probe", "refused"),
        ("where", "found.network.refused", "user", "host"),
    ]
    assert done.trail[0].ms == 3.5


def test_a_question_whose_answer_is_known_is_not_asked() -> None:
    done = start({"runtime": "docker"}).feed(REFUSED)
    assert isinstance(done.step, Finished)
    assert done.step.cause == "config.localhost-in-container"
    assert done.trail[-1].by == "flag"


def test_an_answer_of_unknown_is_valid_and_leads_to_inconclusive() -> None:
    done = start().feed(REFUSED).feed(Answered("where", "unknown"))
    assert done.step == Finished("found.inconclusive", "inconclusive")
    assert done.trail[-1].unknown


def test_a_skipped_probe_asks_the_person_instead() -> None:
    walk = start().feed(Skipped("connect", "no time"))
    assert isinstance(walk.step, Ask)
    assert walk.step.node == "ask-net"
    assert (walk.trail[0].outcome, walk.trail[0].trouble, walk.trail[0].unknown) == (
        "skipped",
        "no time",
        True,
    )


def test_a_person_may_state_what_a_probe_would_have_found() -> None:
    walk = start({"runtime": "host"}).feed(Stated("connect", {"net.outcome": "refused", "local": False}))
    assert isinstance(walk.step, Finished)
    assert walk.step.cause == "network.refused"
    assert walk.facts.fact("net.outcome") == Fact("net.outcome", "refused", "user")


def test_an_error_text_is_read_by_the_message_rules() -> None:
    said = {"auth.outcome": "error", "error.text": "no such role: app"}
    done = (
        start()
        .feed(OPEN)
        .feed(ProbeFinished("login", "auth.login", said, (Evidence("auth", "no such role"),)))
    )
    assert done.step == Finished(
        "found.auth.role-unknown",
        "auth.role-unknown",
        ("auth.expired", "auth.password-wrong", "auth.role-unknown"),
    )
    assert done.facts.fact("error.cause") == Fact("error.cause", "auth.role-unknown", "derived")
    assert done.evidence == (Evidence("auth", "no such role"),)


def test_an_error_text_that_no_rule_knows_is_none_and_not_unknown() -> None:
    said = {"auth.outcome": "error", "error.text": "gibberish"}
    done = start().feed(OPEN).feed(ProbeFinished("login", "auth.login", said))
    assert done.facts.get("error.cause") == "none"
    assert done.step == Finished("found.inconclusive", "inconclusive")
    assert not done.trail[-1].unknown


WRONG: list[tuple[str, list[Event], Event]] = [
    ("another node's probe", [], ProbeFinished("login", "auth.login", {"auth.outcome": "ok"})),
    ("another probe at this node", [], ProbeFinished("connect", "auth.login", {"net.outcome": "open"})),
    ("an answer where nothing is asked", [], Answered("connect", "host")),
    ("an answer to a question not reached", [], Answered("where", "host")),
    ("a skip of another node", [], Skipped("where")),
    ("a statement about another node", [], Stated("login", {"auth.outcome": "ok"})),
    ("back at the start", [], WentBack()),
    ("a value that is no answer", [REFUSED], Answered("where", "moon")),
    ("an empty answer", [REFUSED], Answered("where", "")),
    ("a probe where a question is asked", [REFUSED], ProbeFinished("where", "net.connect", {})),
    ("the same event twice", [REFUSED], REFUSED),
    ("an answer after the end", [REFUSED, Answered("where", "host")], Answered("where", "host")),
    ("a skip of the finding", [REFUSED, Answered("where", "host")], Skipped("found.network.refused")),
    ("a statement by nobody known", [], Stated("connect", {"net.outcome": "open"}, by="rumour")),
    ("an answer by nobody known", [REFUSED], Answered("where", "host", by="rumour")),
]


@pytest.mark.parametrize(("before", "wrong"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG])
def test_a_wrong_event_raises_and_changes_nothing(before: list[Event], wrong: Event) -> None:
    walk, same = Walk.replay(TREE, before), Walk.replay(TREE, before)
    with pytest.raises(WalkError, match=r"\w+"):
        walk.feed(wrong)
    assert walk == same
    assert walk.step == same.step


def test_a_right_event_leaves_the_earlier_walk_as_it_was() -> None:
    walk, same = start(), start()
    walk.feed(REFUSED)
    assert walk == same


def test_back_returns_to_the_step_before_with_the_facts_of_then() -> None:
    first = start()
    back = first.feed(REFUSED).back(9.0)
    assert back.step == first.step
    assert back.facts == first.facts
    assert back.trail == ()
    assert back.events == (REFUSED, WentBack(9.0))


def test_back_from_a_finding_asks_again_and_another_answer_counts() -> None:
    walk = start().feed(REFUSED).feed(Answered("where", "host")).back()
    assert isinstance(walk.step, Ask)
    other = walk.feed(Answered("where", "docker"))
    assert isinstance(other.step, Finished)
    assert other.step.cause == "config.localhost-in-container"


def test_back_twice_is_at_the_start_and_no_further() -> None:
    walk = start().feed(REFUSED).feed(Answered("where", "host")).back().back()
    assert walk.step == start().step
    with pytest.raises(WalkError):
        walk.back()


def test_back_after_a_remark_goes_to_the_step_before() -> None:
    walk = start().feed(REFUSED).feed(Noted("hm")).back()
    assert walk.step == start().step


def test_remarks_and_shown_commands_are_history_and_move_nothing() -> None:
    walk = start().feed(Noted("it began at noon", 1.0)).feed(Showed("nc HOST", "copied", 2.0))
    assert walk.step == start().step
    assert walk.trail == ()
    assert walk.events == (Noted("it began at noon", 1.0), Showed("nc HOST", "copied", 2.0))


@pytest.mark.parametrize(
    "events",
    [
        [REFUSED, Answered("where", "host")],
        [REFUSED, WentBack(), Skipped("connect", "no time"), Answered("ask-net", "refused"), Noted("x")],
        [OPEN, ProbeFinished("login", "auth.login", {"auth.outcome": "ok"}, (Evidence("auth", "hi"),))],
        [REFUSED, Answered("where", "host"), WentBack(), WentBack(), OPEN],
    ],
)
def test_replaying_the_events_gives_the_same_walk(events: list[Event]) -> None:
    walk = start({"days-left": 3})
    for event in events:
        walk = walk.feed(event)
    again = Walk.replay(TREE, walk.events, {"days-left": 3})
    assert again == walk
    assert again.step == walk.step


def test_a_replay_stops_at_the_event_that_does_not_fit() -> None:
    with pytest.raises(WalkError, match="'where'"):
        Walk.replay(TREE, [REFUSED, Answered("connect", "host")])


def test_a_tree_that_leads_in_circles_is_refused_and_not_walked_for_ever() -> None:
    nodes = {
        "one": Node("one", "decide", "network", otherwise="two"),
        "two": Node("two", "decide", "network", otherwise="three"),
        "three": Node("three", "decide", "network", otherwise="two"),
    }
    with pytest.raises(WalkError, match=r"in circles: .*two -> three"):
        Walk.start(Tree(nodes, "one"))


def test_a_tree_of_decisions_only_is_walked_to_its_end() -> None:
    nodes = {
        "one": Node("one", "decide", "network", otherwise="two"),
        "two": Node("two", "decide", "network", otherwise="found.healthy"),
    }
    assert Walk.start(Tree(nodes, "one")).step == Finished("found.healthy", "healthy")

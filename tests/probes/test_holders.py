"""Sessions grouped and projected, and who waits for whom, from rows that a server may make up."""

from __future__ import annotations

import pytest

from wizard.probes import holders, locks
from wizard.probes.holders import ACTIVE, IDLE, INSIDE, Session, Share
from wizard.probes.locks import Wait


def young(count: int, seconds: int) -> list[Session]:
    return [Session(str(number), opened=seconds) for number in range(count)]


@pytest.mark.parametrize(
    ("sessions", "share", "said"),
    [
        (
            young(10, 200),
            Share("server", 90, 100),
            "(10 new sessions that stayed), the last slot is taken in about 5 min",
        ),
        (young(8, 30), Share("server", 92, 100), "at the rate of the last minute (8 new"),
        (young(20, 30), Share("server", 95, 100), "in less than a minute"),
        (young(3, 290), Share("server", 99, 100), "in about 2 minutes"),
    ],
)
def test_a_forecast_says_on_what_it_rests(sessions: list[Session], share: Share, said: str) -> None:
    assert said in holders.forecast(sessions, share)


@pytest.mark.parametrize(
    ("sessions", "share"),
    [
        (young(50, 30), Share("server", 50, 100)),  # half is free
        (young(2, 30), Share("server", 95, 100)),  # two are chance
        (young(90, 4000), Share("server", 95, 100)),  # they have been there for long
        (young(3, 290), Share("server", 780, 1000)),  # hours away
        (young(100, 30), Share("server", 100, 100)),  # it is full already
        ([Session("1")], Share("role", 9, 10)),  # nothing is shown
    ],
)
def test_no_forecast_where_it_is_not_close_or_not_known(sessions: list[Session], share: Share) -> None:
    assert holders.forecast(sessions, share) == "none"


def test_what_is_available_is_bound_by_every_limit() -> None:
    """The server has 60 left for others' 30 and our 10; the account may have 20 in all."""
    shares = [Share("server", 40, 100, 10), Share("role", 10, 20, 10)]
    facts = holders.slots(shares)
    assert facts["capacity.for-account"] == 20
    assert facts["capacity.limited-by"] == "role"
    assert holders.slots([Share("server", 40, 100, 10)])["capacity.for-account"] == 70


def test_hidden_sessions_decide_nothing() -> None:
    sessions = [Session("1", state=INSIDE, age=5), Session("2", state=IDLE), Session("3"), Session("4")]
    facts = holders.states(sessions, 4)
    assert facts["capacity.held-by"] == "hidden"
    assert facts["capacity.idle-pids"] == ("1",)
    assert holders.states([Session("1", state=ACTIVE)], 1)["capacity.held-by"] == "active"


def test_the_list_of_sessions_to_end_holds_numbers_only_and_no_more_than_twenty() -> None:
    odd = [Session("1; DROP TABLE x", state=INSIDE, age=9), Session("", state=INSIDE, age=9)]
    many = [Session(str(number), state=INSIDE, age=number) for number in range(30)]
    pids = holders.states(odd + many, 32)["capacity.idle-pids"]
    assert pids == tuple(str(number) for number in range(29, 9, -1))


def test_names_that_a_client_gave_itself_are_made_harmless() -> None:
    facts = holders.states([Session("1", "app\x1b[31m", application="x\x1b]0;y\x07" * 50, state=IDLE)], 1)
    assert "\x1b" not in str(facts)
    assert all(len(line) < 300 for line in facts["capacity.holders"])  # type: ignore[union-attr]


def test_sessions_that_wait_for_one_another_are_cut() -> None:
    waits = [Wait("1", ("2",), 5), Wait("2", ("3",), 5), Wait("3", ("1",), 5)]
    facts = locks.report(waits, [])
    assert len(facts["capacity.lock-tree"]) == 3  # type: ignore[arg-type]
    assert facts["capacity.waiting"] == 1


def test_a_tree_is_bounded_in_depth_and_length() -> None:
    chain = [Wait(str(number), (str(number + 1),), 5) for number in range(1, 200)]
    tree = locks.report(chain, [])["capacity.lock-tree"]
    assert len(tree) <= locks.MOST_LINES  # type: ignore[arg-type]
    assert tree[0].startswith("200 that is not shown")  # type: ignore[index]


def test_a_short_wait_is_no_queue() -> None:
    facts = locks.report([Wait("1", ("2",), 1)], [])
    assert facts["capacity.waiting"] == 0
    assert len(facts["capacity.lock-tree"]) == 2  # type: ignore[arg-type]


def test_a_prepared_transaction_has_no_session_to_end() -> None:
    waits = [Wait("1", ("0",), 9, target="a row of public.orders")]
    known = locks.report(waits, [], locks.Prepared("pay-1", "app", "shop", 300))
    assert "capacity.blocker-pid" not in known
    assert known["capacity.lock-tree"][0] == (  # type: ignore[index]
        "the prepared transaction pay-1 of app, prepared 300 s ago, holds a lock on a row of public.orders"
    )
    assert (known["capacity.prepared"], known["capacity.prepared-in"]) == ("pay-1", "shop")
    assert (known["capacity.blocker-user"], known["capacity.blocker-age"]) == ("app", 300)
    hidden = locks.report(waits, [])
    assert hidden["capacity.prepared"] == "not-told"
    assert hidden["capacity.lock-tree"][0].startswith("a prepared transaction, holds")  # type: ignore[index]


def test_all_that_stand_in_front_are_named() -> None:
    waits = [Wait("1", ("7", "8", "0"), 9), Wait("2", ("1",), 8), Wait("3", ("9",), 8)]
    facts = locks.report(waits, [])
    assert (facts["capacity.blocker-pid"], facts["capacity.other-blockers"]) == (7, ("8",))
    alone = locks.report([Wait("1", ("7",), 9)], [Session("7", state="idle")])
    assert alone["capacity.other-blockers"] == ("none",)
    assert alone["capacity.blocker-query"] == "none at the moment"
    assert locks.report([Wait("1", ("unknown",), 9)], [])["capacity.blocker-state"] == "none"


def test_nobody_waits() -> None:
    nobody = {"capacity.waiting": 0, "capacity.lock-tree": ("none",), "capacity.prepared": "none"}
    assert locks.report([], []) == nobody

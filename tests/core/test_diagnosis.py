"""The verdict of a walk: status, what else is possible and what would decide, and the ladder of layers."""

from __future__ import annotations

from tests.core.test_tree import edge, small_tree
from wizard.core.diagnosis import MOST_CANDIDATES, Candidate, conclude, remaining
from wizard.core.events import Answered, ProbeFinished, Skipped
from wizard.core.facts import Value
from wizard.core.tree import LAYERS, Node, Tree
from wizard.core.walk import Walk

TREE = small_tree()


def connect(**facts: Value) -> ProbeFinished:
    known = {key.replace("_", "."): value for key, value in facts.items()}
    return ProbeFinished("connect", "net.connect", known, summary="tried", ms=2.25)


def outcomes(walk: Walk) -> dict[str, str]:
    return {state.layer: state.outcome for state in conclude(walk).layers}


def test_a_fault_names_its_cause_and_what_else_its_evidence_allows() -> None:
    walk = Walk.start(TREE, {"runtime": "host"}).feed(connect(net_outcome="refused", local=False))
    verdict = conclude(walk)
    assert (verdict.status, verdict.cause) == ("fault", "network.refused")
    assert verdict.candidates == (Candidate("network.firewall"),)


def test_the_cause_is_never_among_its_own_candidates() -> None:
    said = {"auth.outcome": "error", "error.text": "x", "error.code": "28P01"}
    walk = Walk.start(TREE).feed(connect(net_outcome="open")).feed(ProbeFinished("login", "auth.login", said))
    verdict = conclude(walk)
    assert verdict.cause == "auth.role-unknown"
    assert [one.cause for one in verdict.candidates] == ["auth.expired", "auth.password-wrong"]


def test_healthy_has_no_candidates() -> None:
    walk = Walk.start(TREE).feed(connect(net_outcome="open"))
    verdict = conclude(walk.feed(ProbeFinished("login", "auth.login", {"auth.outcome": "ok"})))
    assert (verdict.status, verdict.cause, verdict.candidates) == ("healthy", "healthy", ())


def test_a_walk_that_did_not_end_is_inconclusive_with_all_that_is_open() -> None:
    verdict = conclude(Walk.start(TREE))
    assert (verdict.status, verdict.cause) == ("inconclusive", "inconclusive")
    assert {one.cause for one in verdict.candidates} >= {
        "network.service-down",
        "network.refused",
        "config.localhost-in-container",
        "auth.role-unknown",
        "network.other",
        "healthy",
    }
    assert verdict.candidates[-1].cause == "healthy"


def test_what_is_left_names_the_fact_that_decides_and_how_to_learn_it() -> None:
    walk = (
        Walk.start(TREE).feed(connect(net_outcome="refused", local=False)).feed(Answered("where", "unknown"))
    )
    left = {one.cause: one for one in remaining(walk)}
    assert set(left) == {"config.localhost-in-container", "network.refused", "network.firewall"}
    assert left["network.refused"] == Candidate("network.refused", "runtime", "cat /proc/1/cgroup")
    assert left["network.firewall"].fact == "runtime"


def test_a_finding_is_named_before_what_only_may_stand_behind_it() -> None:
    walk = (
        Walk.start(TREE).feed(connect(net_outcome="refused", local=False)).feed(Answered("where", "unknown"))
    )
    causes = [one.cause for one in remaining(walk)]
    assert causes.index("network.refused") < causes.index("network.firewall")


def test_what_the_facts_exclude_is_not_left() -> None:
    walk = Walk.start(TREE).feed(connect(net_outcome="refused", local=False)).feed(Skipped("where"))
    causes = {one.cause for one in remaining(walk)}
    assert not causes & {"healthy", "auth.role-unknown", "network.service-down", "network.other"}


def test_there_are_never_more_candidates_than_a_person_reads() -> None:
    edges = tuple(edge({"which": str(number)}, f"found.app.cause-{number}") for number in range(50))
    tree = Tree({"a": Node("a", "probe", "app", edges, probe="x.y")}, "a")
    assert len(conclude(Walk.start(tree).feed(Skipped("a"))).candidates) == MOST_CANDIDATES


def test_the_ladder_has_every_layer_in_order() -> None:
    verdict = conclude(Walk.start(TREE))
    assert tuple(state.layer for state in verdict.layers) == LAYERS
    assert {state.outcome for state in verdict.layers} == {"skipped"}


def test_the_layer_where_it_broke_is_the_fault_and_later_ones_are_skipped() -> None:
    walk = Walk.start(TREE, {"runtime": "host"}).feed(connect(net_outcome="refused", local=False))
    ladder = {state.layer: state for state in conclude(walk).layers}
    assert (ladder["network"].outcome, ladder["auth"].outcome) == ("fault", "skipped")
    assert (ladder["network"].ms, ladder["network"].summary) == (2.2, "tried")


def test_a_warning_does_not_make_a_fault() -> None:
    walk = Walk.start(TREE).feed(connect(net_outcome="open"))
    facts: dict[str, Value] = {"auth.outcome": "ok", "days-left": 3}
    walk = walk.feed(ProbeFinished("login", "auth.login", facts))
    assert conclude(walk).status == "healthy"
    assert (outcomes(walk)["network"], outcomes(walk)["auth"]) == ("ok", "warning")


def test_a_layer_that_could_not_be_looked_at_is_unknown() -> None:
    walk = Walk.start(TREE).feed(Skipped("connect", "no time"))
    assert outcomes(walk)["network"] == "unknown"
    ladder = {state.layer: state for state in conclude(walk).layers}
    assert ladder["network"].summary == "no time"


def test_further_layers_are_told_only_where_the_walk_went() -> None:
    tree = Tree({"a": Node("a", "probe", "pooler", (), otherwise="found.healthy", probe="x.y")}, "a")
    walk = Walk.start(tree).feed(ProbeFinished("a", "x.y", {}))
    assert tuple(outcomes(walk)) == (*LAYERS, "pooler")
    assert outcomes(walk)["pooler"] == "ok"


def test_a_layer_that_another_ones_words_blame_is_told_by_its_first_probe() -> None:
    """The login refuses an option of the settings; what was seen of the host besides is not about them."""
    refused = edge({"auth.outcome": "error"}, "found.config.invalid-option")
    nodes = {
        "a": Node("a", "probe", "config", (), otherwise="b", probe="config.settings"),
        "b": Node("b", "probe", "config", (), otherwise="c", probe="host.platform"),
        "c": Node("c", "probe", "auth", (refused,), probe="auth.login"),
    }
    walk = Walk.start(Tree(nodes, "a"))
    walk = walk.feed(ProbeFinished("a", "config.settings", {}, summary="settings from command line"))
    walk = walk.feed(ProbeFinished("b", "host.platform", {}, summary="the application runs in docker"))
    walk = walk.feed(ProbeFinished("c", "auth.login", {"auth.outcome": "error"}, summary="no such parameter"))
    ladder = {state.layer: state for state in conclude(walk).layers}
    assert (ladder["config"].outcome, ladder["config"].summary) == ("fault", "settings from command line")
    assert (ladder["auth"].outcome, ladder["auth"].summary) == ("fault", "no such parameter")

"""The map of a walk: where it stands, what is ruled out, and what is not claimed to be ruled out."""

from __future__ import annotations

from tests.core.test_tree import small_tree
from wizard.core.chart import Region, chart
from wizard.core.conditions import parse
from wizard.core.events import Answered, ProbeFinished, Skipped
from wizard.core.tree import Edge, Node, Tree
from wizard.core.walk import Walk


def regions(walk: Walk) -> dict[str, Region]:
    return {region.layer: region for region in chart(walk).regions}


def start() -> Walk:
    return Walk.start(small_tree())


def refused() -> Walk:
    return start().feed(ProbeFinished("connect", "net.connect", {"net.outcome": "refused", "local": False}))


def test_at_the_start_everything_is_possible_and_nothing_ruled_out() -> None:
    drawn = chart(start())
    found = regions(start())
    assert found["network"].outcome == "here"
    assert set(found["network"].possible) == {
        "network.refused", "network.firewall", "network.service-down", "network.other",
    }  # fmt: skip
    assert set(found["auth"].possible) == {"auth.role-unknown", "auth.expired"}
    assert all(not region.ruled_out for region in drawn.regions)
    assert drawn.healthy


def test_a_step_rules_out_on_its_layer_and_claims_nothing_of_layers_that_were_not_looked_at() -> None:
    found = regions(refused())
    assert set(found["network"].possible) == {"network.refused", "network.firewall"}
    assert set(found["network"].ruled_out) == {"network.service-down", "network.other"}
    assert found["auth"].ruled_out == ()
    assert set(found["auth"].unseen) == {"auth.role-unknown", "auth.expired"}
    assert not chart(refused()).healthy


def test_the_passed_steps_stand_on_their_layer_in_order() -> None:
    walk = refused().feed(Answered("where", "host"))
    steps = regions(walk)["network"].steps
    assert [(step.back, step.hops[0].node) for step in steps] == [(2, "connect"), (1, "where")]


def test_once_a_cause_is_found_it_and_what_looks_the_same_are_left() -> None:
    found = regions(refused().feed(Answered("where", "host")))
    assert found["network"].outcome == "fault"
    assert found["network"].possible == ("network.refused", "network.firewall")
    assert found["config"].unseen == ("config.localhost-in-container",)


def test_a_check_that_was_given_up_leaves_its_causes_possible() -> None:
    found = regions(start().feed(Skipped("connect", "given up")))
    assert "network.refused" in found["network"].possible
    assert found["network"].outcome == "here"


def test_each_cause_stands_in_one_place_only() -> None:
    for walk in (start(), refused(), refused().feed(Answered("where", "docker"))):
        causes = [
            cause for one in chart(walk).regions for cause in (*one.possible, *one.ruled_out, *one.unseen)
        ]
        assert len(causes) == len(set(causes))


def test_words_still_to_be_read_keep_no_cause_of_a_passed_layer_possible() -> None:
    def when(said: dict[str, str], go: str, follows: str = "") -> Edge:
        return Edge(parse(said), go, (), follows)

    nodes = (
        Node(
            "connect",
            "probe",
            "network",
            (when({"net": "open"}, "login"),),
            "found.network.refused",
            probe="c",
        ),
        Node("login", "probe", "auth", (when({"auth": "ok"}, "found.healthy"),), "said", "said", probe="l"),
        Node(
            "said",
            "decide",
            "auth",
            tuple(
                when({"error.cause": cause}, f"found.{cause}", "error.candidates")
                for cause in ("network.refused", "auth.role-unknown")
            ),
        ),
    )
    tree = Tree({node.id: node for node in nodes}, "connect")
    found = regions(Walk.start(tree).feed(ProbeFinished("connect", "c", {"net": "open"})))
    assert found["network"].ruled_out == ("network.refused",)
    assert found["auth"].possible == ("auth.role-unknown",)

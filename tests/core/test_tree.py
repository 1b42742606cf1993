"""The tree as a value: which way a node is left, and which ways stay open. Also the small tree of the other tests."""

from __future__ import annotations

import pytest

from wizard.core.conditions import parse
from wizard.core.facts import Fact, Facts, Value
from wizard.core.steps import Option
from wizard.core.tree import Caution, Edge, FactSpec, Node, Question, Reading, Tree, Turn, open_edges, turn

YES_NO = (Option("yes", "Yes"), Option("no", "No"))


def edge(when: dict[str, object], go: str, *also: str) -> Edge:
    return Edge(parse(when), go, also)


def read(text: str, code: str, engine: str) -> Reading | None:
    """A classifier that knows one text."""
    del engine
    if "no such role" in text or code == "28P01":
        return Reading("auth.role-unknown", ("auth.password-wrong", "auth.role-unknown"))
    return None


def small_tree() -> Tree:
    """Connect, ask where it runs, log in; three layers, each kind of node, one classifier rule."""
    nodes = [
        Node(
            "connect",
            "probe",
            "network",
            (
                edge({"net.outcome": "open"}, "login"),
                edge(
                    {"net.outcome": "refused", "local": "true"},
                    "found.network.service-down",
                    "network.refused",
                ),
                edge({"net.outcome": "refused"}, "where"),
            ),
            otherwise="found.network.other",
            unknown="ask-net",
            probe="net.connect",
            says="Connecting",
            by_hand={"any": "nc HOST", "mysql": "nc MYSQL"},
        ),
        Node(
            "ask-net",
            "ask",
            "network",
            (edge({"net.outcome": "refused"}, "where"), edge({"net.outcome": "open"}, "found.inconclusive")),
            question="net.outcome",
        ),
        Node(
            "where",
            "ask",
            "network",
            (
                edge({"runtime": "docker"}, "found.config.localhost-in-container"),
                edge({"runtime": "host"}, "found.network.refused", "network.firewall"),
            ),
            question="runtime",
        ),
        Node(
            "login",
            "probe",
            "auth",
            (edge({"auth.outcome": "ok"}, "found.healthy"), edge({"auth.outcome": "error"}, "said")),
            probe="auth.login",
        ),
        Node(
            "said",
            "decide",
            "auth",
            (
                Edge(
                    parse({"error.cause": "auth.role-unknown"}),
                    "found.auth.role-unknown",
                    ("auth.expired",),
                    "error.candidates",
                ),
            ),
        ),
    ]
    questions = {
        "net.outcome": Question(
            "net.outcome", "What does nc say?", (Option("refused", "r"), Option("open", "o"))
        ),
        "runtime": Question(
            "runtime", "Where does it run?", (Option("host", "h"), Option("docker", "d")), default="host"
        ),
    }
    specs = {
        "runtime": FactSpec("runtime", "choice", "where", ("host", "docker"), learn="cat /proc/1/cgroup")
    }
    cautions = (Caution("auth", parse({"days-left": "<14"}), "expires soon"),)
    return Tree({node.id: node for node in nodes}, "connect", specs, questions, cautions, read)


def facts(**known: Value) -> Facts:
    return Facts().having(Fact(key.replace("_", "."), value, "probe") for key, value in known.items())


CONNECT = small_tree().node("connect")


def test_the_first_true_edge_decides() -> None:
    taken = turn(CONNECT, facts(net_outcome="refused", local=True))
    assert (taken.go, taken.unknown) == ("found.network.service-down", False)
    assert taken.edge is CONNECT.edges[1]


def test_an_unknown_edge_stops_the_search_although_a_later_one_is_true() -> None:
    assert turn(CONNECT, facts(net_outcome="refused")) == Turn("ask-net", True, None)


def test_all_false_goes_to_else_and_no_fact_goes_to_unknown() -> None:
    assert turn(CONNECT, facts(net_outcome="odd")) == Turn("found.network.other", False, None)
    assert turn(CONNECT, Facts()) == Turn("ask-net", True, None)


def test_a_node_without_else_or_unknown_is_inconclusive() -> None:
    bare = Node("bare", "decide", "network", (edge({"a": "1"}, "found.healthy"),))
    assert turn(bare, facts(a="2")) == Turn("found.inconclusive", False, None)
    assert turn(bare, Facts()) == Turn("found.inconclusive", True, None)


def test_open_edges_are_those_that_facts_do_not_exclude() -> None:
    assert [one.go for one in open_edges(CONNECT, Facts())] == [
        "login",
        "found.network.service-down",
        "where",
        "found.network.other",
    ]
    assert [one.go for one in open_edges(CONNECT, facts(net_outcome="refused"))] == [
        "found.network.service-down",
        "where",
    ]
    assert [one.go for one in open_edges(CONNECT, facts(net_outcome="open"))] == ["login"]


def test_a_finding_needs_no_entry_and_anything_else_does() -> None:
    found = small_tree().node("found.tls.expired")
    assert (found.kind, found.layer, found.cause) == ("finding", "tls", "tls.expired")
    assert list(found.targets()) == []
    with pytest.raises(KeyError):
        small_tree().node("no.such.node")


def test_targets_of_a_node_are_all_its_ways_out() -> None:
    assert list(CONNECT.targets()) == [
        "login",
        "found.network.service-down",
        "where",
        "found.network.other",
        "ask-net",
    ]


def test_warnings_are_the_cautions_that_surely_hold() -> None:
    tree = small_tree()
    soon = Facts().having([Fact("days-left", 3, "probe")])
    assert [caution.text for caution in tree.warnings(soon)] == ["expires soon"]
    assert tree.warnings(Facts()) == []

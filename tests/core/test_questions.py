"""Questions that take a number or a text: what is an answer, and that words are read by the message rules."""

from __future__ import annotations

import pytest

from wizard.core.conditions import parse
from wizard.core.events import Answered
from wizard.core.steps import Finished, Option
from wizard.core.tree import LONGEST_ANSWER, Edge, Node, Question, Reading, Tree
from wizard.core.walk import Walk
from wizard.errors import WalkError

SIZE = Question("pool.size", "How many?", (), kind="number", least=1, most=500)
WORDS = Question("app.text", "What does it say?", (Option("none", "Nothing"),), kind="text")
CHOICE = Question("runtime", "Where?", (Option("host", "Here"), Option("docker", "There")))


@pytest.mark.parametrize(
    ("question", "value"),
    [(SIZE, "1"), (SIZE, "500"), (SIZE, "2.5"), (WORDS, "none"), (WORDS, "FATAL: no"), (CHOICE, "docker")],
)
def test_an_answer_that_fits(question: Question, value: str) -> None:
    assert question.refusal(value) == ""
    assert question.refusal("unknown") == ""


@pytest.mark.parametrize(
    ("question", "value", "told"),
    [
        (SIZE, "0", "a number from 1 to 500"),
        (SIZE, "501", "a number from 1 to 500"),
        (SIZE, "nan", "a number from 1 to 500"),
        (SIZE, "1e2", "a number from 1 to 500"),
        (SIZE, "-3", "a number from 1 to 500"),
        (WORDS, "", f"a text of 1 to {LONGEST_ANSWER} characters"),
        (WORDS, "x" * (LONGEST_ANSWER + 1), f"a text of 1 to {LONGEST_ANSWER} characters"),
        (CHOICE, "moon", "one of host, docker, unknown"),
    ],
)
def test_what_is_no_answer_is_told_what_one_is(question: Question, value: str, told: str) -> None:
    assert question.refusal(value) == told


def _tree(question: Question, *edges: Edge) -> Tree:
    nodes = {"ask": Node("ask", "ask", "app", edges, unknown="found.inconclusive", question=question.fact)}
    said = {"too many": Reading("capacity.max-connections", ("pool.oversized",))}
    return Tree(
        nodes, "ask", questions={question.fact: question}, classify=lambda text, code, engine: said.get(text)
    )


def test_a_number_decides_by_comparison() -> None:
    tree = _tree(SIZE, Edge(parse({"pool.size": ">10"}), "found.pool.oversized"))
    assert Walk.start(tree).feed(Answered("ask", "20")).step == Finished(
        "found.pool.oversized", "pool.oversized"
    )
    with pytest.raises(WalkError, match="a number from 1 to 500"):
        Walk.start(tree).feed(Answered("ask", "many"))


def test_the_words_of_a_person_are_read_like_those_of_a_server() -> None:
    edge = Edge(parse({"app.cause": "capacity.max-connections"}), "found.capacity.max-connections")
    tree = _tree(WORDS, edge)
    walk = Walk.start(tree).feed(Answered("ask", "too many"))
    assert walk.step == Finished("found.capacity.max-connections", "capacity.max-connections")
    assert walk.facts.get("app.candidates") == ("pool.oversized",)
    assert Walk.start(tree, {"app.text": "too many"}).finished


def test_words_that_no_rule_knows_are_read_as_none() -> None:
    walk = Walk.start(_tree(WORDS), {"app.text": "hm"})
    assert walk.facts.get("app.cause") == "none"

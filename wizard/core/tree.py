"""The decision tree as a value: nodes, ordered edges, questions, declared facts and warnings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from wizard.core.conditions import ALWAYS, Condition
from wizard.core.facts import UNKNOWN, Facts, text_of
from wizard.core.lazyre import lazy
from wizard.core.steps import Option
from wizard.named import NamedTuple

LAYERS = ("config", "dns", "network", "tls", "auth", "database", "capacity")
"""The layers that every walk reports, in their order."""
EXTRA_LAYERS = ("pool", "pooler", "server", "app")
"""The layers that a walk reports where it looked at them."""
ALL_LAYERS = (*LAYERS, *EXTRA_LAYERS)
"""The order of all of them."""
FINDING = "found."
"""A node called `found.<cause>` is the finding of that cause and needs no entry of its own."""
LONGEST_ANSWER = 4000
"""Characters of an answer that is a text."""
MOST_NUMBER = 1e9
"""The greatest answer that is a number, unless the question says less."""
_NUMBER = lazy(r"\d{1,10}(\.\d{1,3})?")
SYMPTOM = "symptom"
"""The fact that holds the key of the symptom that was chosen at the start."""
INCONCLUSIVE = "inconclusive"
HEALTHY = "healthy"


class Edge(NamedTuple):
    """Where to go when a condition holds; `also` are causes that this evidence does not rule out."""

    when: Condition
    go: str
    also: tuple[str, ...] = ()
    follows: str = ""
    """For an edge made from `follow:`, the fact that holds the classifier's own candidates."""


class Question(NamedTuple):
    """What only a person can know. Its `fact` is the one that a probe might have filled.

    `kind` is choice, number (without options) or text (an option, or what is typed). `least` and `most` bound a
    number.
    """

    fact: str
    text: str
    options: tuple[Option, ...]
    why: str = ""
    how: str = ""
    default: str = ""
    kind: str = "choice"
    least: float = 0.0
    most: float = MOST_NUMBER

    def refusal(self, value: str) -> str:
        """Why this is no answer, in a few words that follow "it is"; empty where it is one."""
        if value == UNKNOWN or any(option.value == value for option in self.options):
            return ""
        if self.kind == "text":
            return "" if 0 < len(value) <= LONGEST_ANSWER else f"a text of 1 to {LONGEST_ANSWER} characters"
        if self.kind == "number":
            fits = _NUMBER.fullmatch(value) is not None and self.least <= float(value) <= self.most
            return "" if fits else f"a number from {text_of(self.least)} to {text_of(self.most)}"
        return f"one of {', '.join(option.value for option in self.options)}, {UNKNOWN}"


class Symptom(NamedTuple):
    """What a person can say at the start: the words, the answers that follow, and the causes to think of first."""

    key: str
    words: str
    gives: Mapping[str, str] = {}
    likely: tuple[str, ...] = ()

    @property
    def answers(self) -> dict[str, str]:
        """What a walk knows from the start: the choice itself, and what follows from it."""
        return {**self.gives, SYMPTOM: self.key}


class Node(NamedTuple):
    """One place in the tree. `kind` is probe, ask, decide (only edges) or finding."""

    id: str
    kind: str
    layer: str
    edges: tuple[Edge, ...] = ()
    otherwise: str = ""
    unknown: str = ""
    probe: str = ""
    question: str = ""
    cause: str = ""
    says: str = ""
    by_hand: Mapping[str, str] = {}
    place: str = ""

    def targets(self) -> Iterator[str]:
        """Every node that one hop from here can reach, in order, repeats included."""
        for edge in self.edges:
            yield edge.go
        if self.otherwise:
            yield self.otherwise
        if self.unknown:
            yield self.unknown


class FactSpec(NamedTuple):
    """A declared fact. `kind` is choice, text, number, list, flag or cause; `learn` a command that tells a person.

    `learn_by_engine` has the engines that take another command; `measured` is whether it is another one at each look.
    """

    key: str
    kind: str
    meaning: str
    values: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    learn: str = ""
    learn_by_engine: Mapping[str, str] = {}
    measured: bool = False

    @property
    def choices(self) -> tuple[str, ...]:
        """The values that it declares; none for a text, a number or a list."""
        return ("true", "false") if self.kind == "flag" else self.values if self.kind == "choice" else ()


class Caution(NamedTuple):
    """A warning on a layer: what is wrong although the application can connect."""

    layer: str
    when: Condition
    text: str


class Reading(NamedTuple):
    """What the classifier of messages makes of an error text.

    `account_host` is the host part of the account of MySQL that the text names, empty where it names none.
    """

    cause: str
    candidates: tuple[str, ...] = ()
    account_host: str = ""


Classify = Callable[[str, str, str], "Reading | None"]
"""(text, code, engine) to a reading, or None where no rule knows the text."""


def know_nothing(text: str, code: str, engine: str) -> Reading | None:
    """A classifier without rules."""
    del text, code, engine
    return None


class Tree(NamedTuple):
    """All that a walk needs. `nodes` has every node, the findings included."""

    nodes: Mapping[str, Node]
    root: str
    specs: Mapping[str, FactSpec] = {}
    questions: Mapping[str, Question] = {}
    cautions: tuple[Caution, ...] = ()
    classify: Classify = know_nothing
    fills: Mapping[str, tuple[str, ...]] = {}
    """Placeholder of a page to the facts that fill it, the first known one."""
    early: tuple[str, ...] = ()
    """Probes that may start before the walk gets to them."""
    symptoms: Mapping[str, Symptom] = {}

    def node(self, node_id: str) -> Node:
        """The node called so; a finding is made on the spot."""
        node = self.nodes.get(node_id)
        if node is not None:
            return node
        if node_id.startswith(FINDING):
            cause = node_id[len(FINDING) :]
            return Node(node_id, "finding", cause.partition(".")[0], cause=cause)
        raise KeyError(node_id)

    def warnings(self, facts: Facts) -> list[Caution]:
        """The cautions that hold."""
        return [caution for caution in self.cautions if caution.when.holds(facts) is True]


class Turn(NamedTuple):
    """How a node was left: the next node, whether an unknown sent us there, and the edge taken (None for else)."""

    go: str
    unknown: bool
    edge: Edge | None


def turn(node: Node, facts: Facts) -> Turn:
    """First edge that is true decides; one that is unknown sends the walk to `unknown`; all false, to `else`."""
    for edge in node.edges:
        truth = edge.when.holds(facts)
        if truth is True:
            return Turn(edge.go, False, edge)
        if truth is None:
            return Turn(node.unknown or FINDING + INCONCLUSIVE, True, None)
    return Turn(node.otherwise or FINDING + INCONCLUSIVE, False, None)


def open_edges(node: Node, facts: Facts) -> list[Edge]:
    """The edges that the facts do not exclude, in order: up to and with the first that is surely taken."""
    found = []
    for edge in node.edges:
        truth = edge.when.holds(facts)
        if truth is not False:
            found.append(edge)
        if truth is True:
            return found
    found.append(Edge(ALWAYS, node.otherwise or FINDING + INCONCLUSIVE))
    return found

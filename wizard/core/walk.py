"""The walk: a pure state machine. An event goes in, a new walk comes out, and `step` says what to do next.

Rule 1: a walk is a value; `feed` never changes the walk that it is called on.
Rule 2: a wrong event raises WalkError, and nothing has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wizard.core.events import (
    ASIDE,
    Answered,
    Event,
    Evidence,
    Overruled,
    ProbeFinished,
    Skipped,
    Stated,
    WentBack,
)
from wizard.core.facts import RANK, UNKNOWN, Fact, Facts, Value
from wizard.core.overruling import Instead, instead, standing
from wizard.core.steps import Ask, Finished, Run, Step
from wizard.core.tree import Node, Question, Reading, Tree, turn
from wizard.errors import WalkError
from wizard.named import NamedTuple

READ = ("error", "log", "startup", "app", "retry")
"""Where texts come from that the message rules read: `error.text` becomes `error.cause`, and so on."""


TOLD = {"app.text": "app", "startup.text": "server"}
"""Texts that a person may give up front, and the layer that they are quoted under."""


class Hop(NamedTuple):
    """One node that was passed: how long it took, who decided, where it led."""

    node: str
    kind: str
    layer: str
    went: str
    by: str
    outcome: str = ""
    summary: str = ""
    trouble: str = ""
    ms: float = 0.0
    unknown: bool = False
    also: tuple[str, ...] = ()
    overruled: tuple[Instead, ...] = ()
    """What a person said in the place of what this step had found."""


class Walk(NamedTuple):
    """Where we are, what is known, and how we came here."""

    tree: Tree
    at: str
    facts: Facts = Facts()
    trail: tuple[Hop, ...] = ()
    events: tuple[Event, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    previous: Walk | None = None

    @staticmethod
    def start(tree: Tree, facts: Mapping[str, Value] | None = None, by: str = "flag") -> Walk:
        """A walk at the root that already knows `facts`."""
        stated = dict(facts or {})
        # As long as nobody told what the application says, it says nothing.
        unsaid = [Fact("app.cause", "none", "default")] if "app.text" in tree.questions else []
        known = Facts().having([*unsaid, *(Fact(key, value, by) for key, value in stated.items())])
        quoted = tuple(
            Evidence(layer, str(stated[key]))
            for key, layer in TOLD.items()
            if key in stated
            and key in tree.questions
            and _in_own_words(tree.questions[key], str(stated[key]))
        )
        return Walk(tree, tree.root, _with_readings(tree, known, stated), evidence=quoted)._settled()

    @staticmethod
    def replay(tree: Tree, events: Iterable[Event], facts: Mapping[str, Value] | None = None) -> Walk:
        """The walk to which these events lead. Raises WalkError at the first that does not fit."""
        walk = Walk.start(tree, facts)
        for event in events:
            walk = walk.feed(event)
        return walk

    @property
    def node(self) -> Node:
        """The node that the walk stands on."""
        return self.tree.node(self.at)

    @property
    def step(self) -> Step:
        """What to do next."""
        node = self.node
        if node.kind == "finding":
            return Finished(node.id, node.cause, self.trail[-1].also if self.trail else ())
        if node.kind == "ask":
            question = self.tree.questions[node.question]
            return Ask(
                node.id,
                question.fact,
                node.layer,
                question.text,
                question.options,
                question.why,
                question.how,
                question.default,
                question.kind,
            )
        by_hand = node.by_hand.get(self.facts.text("engine") or "", "") or node.by_hand.get("any", "")
        return Run(node.id, node.probe, node.layer, node.says, by_hand)

    @property
    def finished(self) -> bool:
        """Whether a finding was reached."""
        return self.node.kind == "finding"

    def feed(self, event: Event) -> Walk:
        """The walk after `event`. Raises WalkError when the walk does not wait for such an event."""
        if isinstance(event, ASIDE):
            return self._replace(events=(*self.events, event))
        if isinstance(event, WentBack):
            return self._back(event)
        if isinstance(event, Overruled):
            return self._overruled(event)
        if event.node != self.at or self.finished:
            raise WalkError(f"the walk stands at '{self.at}', not at '{event.node}'")
        if isinstance(event, (Answered, Stated)) and event.by not in RANK:
            raise WalkError(f"no fact is known by '{event.by}': it is one of {', '.join(RANK)}")
        if isinstance(event, ProbeFinished):
            return self._after_probe(event)
        if isinstance(event, Answered):
            return self._after_answer(event)
        if isinstance(event, Stated):
            return self._after_statement(event)
        return self._left(event, self.facts, "default", "skipped", trouble=event.why)

    def back(self, at: float = 0.0) -> Walk:
        """The walk before its last step. Raises WalkError at the start."""
        return self.feed(WentBack(at))

    def _back(self, event: WentBack) -> Walk:
        if self.previous is None:
            raise WalkError("the walk is at its first step: there is nothing to go back to")
        return self.previous._replace(events=(*self.events, event))

    def _overruled(self, event: Overruled) -> Walk:
        """The walk from the step at that node on, with the person's word in the place of what was found there."""
        after = self
        while after.previous is not None and after.previous.at != event.node:
            after = after.previous
        before = after.previous
        if before is None:
            raise WalkError(f"the walk has not passed '{event.node}': nothing of it can be overruled")
        passed = after.trail[len(before.trail)]
        changed = instead(self.tree, after.facts, event.facts, passed.overruled)
        facts, quoted = standing(before.facts, after.facts, event.facts, READ)
        told = before.node.question or ".outcome"
        outcome = next((one.now for one in changed if one.key.endswith(told)), passed.outcome)
        hop = _hop(before.node, facts, "user", outcome)._replace(
            ms=passed.ms, summary=passed.summary, trouble=passed.trouble, overruled=changed
        )
        evidence = after.evidence if quoted else before.evidence
        events = (*self.events, event)
        return Walk(self.tree, hop.went, facts, (*before.trail, hop), events, evidence, before)._settled()

    def _after_probe(self, event: ProbeFinished) -> Walk:
        if self.node.probe != event.probe:
            raise WalkError(f"'{self.at}' does not run the probe '{event.probe}'")
        facts = self.facts.having(Fact(key, value, "probe") for key, value in event.facts.items())
        facts = _with_readings(self.tree, facts, event.facts)
        outcome = next((str(value) for key, value in event.facts.items() if key.endswith(".outcome")), "done")
        return self._left(event, facts, "probe", outcome, evidence=event.evidence)

    def _after_answer(self, event: Answered) -> Walk:
        node = self.node
        if node.kind != "ask":
            raise WalkError(f"'{self.at}' asks nothing")
        question = self.tree.questions[node.question]
        refusal = question.refusal(event.value)
        if refusal:
            raise WalkError(f"'{event.value}' is no answer to '{question.fact}': it is {refusal}")
        facts = self.facts.having([Fact(question.fact, event.value, event.by)])
        if not _in_own_words(question, event.value):
            return self._left(event, facts, event.by, event.value)
        facts = _with_readings(self.tree, facts, {question.fact: event.value})
        said = (Evidence(node.layer, event.value),)
        return self._left(event, facts, event.by, "told", evidence=said)

    def _after_statement(self, event: Stated) -> Walk:
        facts = self.facts.having(Fact(key, value, event.by) for key, value in event.facts.items())
        return self._left(event, _with_readings(self.tree, facts, event.facts), event.by, "stated")

    def _left(
        self,
        event: ProbeFinished | Answered | Stated | Skipped,
        facts: Facts,
        by: str,
        outcome: str,
        *,
        evidence: tuple[Evidence, ...] = (),
        trouble: str = "",
    ) -> Walk:
        """The walk after leaving its node with these facts."""
        probed = event if isinstance(event, ProbeFinished) else None
        hop = _hop(self.node, facts, by, outcome)
        if probed:
            hop = hop._replace(ms=probed.ms, summary=probed.summary, trouble=probed.trouble)
        elif trouble:
            hop = hop._replace(trouble=trouble)
        walk = Walk(
            self.tree,
            hop.went,
            facts,
            (*self.trail, hop),
            (*self.events, event),
            (*self.evidence, *evidence),
            self,
        )
        return walk._settled()

    def _settled(self) -> Walk:
        """This walk moved on to the next node that needs something from outside.

        Raises WalkError in a tree that leads in circles.
        """
        walk = self
        # Without a circle no node is met twice: each hop leads to another one, the last to a finding.
        for _ in range(len(self.tree.nodes) + 2):
            node = walk.node
            if node.kind in ("probe", "finding"):
                return walk
            if node.kind == "ask" and walk.facts.fact(walk.tree.questions[node.question].fact) is None:
                return walk
            fact = walk.facts.fact(walk.tree.questions[node.question].fact) if node.kind == "ask" else None
            hop = _hop(node, walk.facts, fact.by if fact else "probe", str(fact.value) if fact else "")
            walk = walk._replace(at=hop.went, trail=(*walk.trail, hop))
        circle = " -> ".join(hop.node for hop in walk.trail[-6:])
        raise WalkError(f"the tree leads in circles: {circle}")


def _in_own_words(question: Question, value: str) -> bool:
    """Whether the answer is a text of the person's own, and none of the options."""
    options = {option.value for option in question.options}
    return question.kind == "text" and value != UNKNOWN and value not in options


def _with_readings(tree: Tree, facts: Facts, new: Mapping[str, Value]) -> Facts:
    """The facts and what the message rules make of a text among the new ones."""
    for source in READ:
        text = new.get(f"{source}.text")
        if not isinstance(text, str):
            continue
        code = str(new.get(f"{source}.code", ""))
        reading = tree.classify(text, code, facts.text("engine") or "") or Reading("none")
        derived = [
            Fact(f"{source}.cause", reading.cause, "derived"),
            Fact(f"{source}.candidates", reading.candidates, "derived"),
        ]
        if reading.account_host:
            derived.append(Fact("account.told-host", reading.account_host, "derived"))
        facts = facts.having(derived)
    return facts


def _hop(node: Node, facts: Facts, by: str, outcome: str) -> Hop:
    taken = turn(node, facts)
    also = taken.edge.also if taken.edge else ()
    if taken.edge and taken.edge.follows:
        candidates = facts.get(taken.edge.follows)
        also = (*also, *(candidates if isinstance(candidates, tuple) else ()))
    return Hop(node.id, node.kind, node.layer, taken.go, by, outcome, unknown=taken.unknown, also=also)

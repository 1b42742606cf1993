"""What a finished walk means: the verdict, the state of each layer, and what else the evidence allows.

Inconclusive is computed, not written: the findings still reachable from the hops that met an unknown, ranked by
how directly they follow, each with the fact that would decide and the command that a person can run to learn it.
"""

from __future__ import annotations

from itertools import chain

from wizard.core.conditions import tests
from wizard.core.events import ProbeFinished
from wizard.core.facts import Facts
from wizard.core.overruling import said_instead
from wizard.core.steps import Finished
from wizard.core.tree import EXTRA_LAYERS, FINDING, HEALTHY, INCONCLUSIVE, LAYERS, SYMPTOM, Tree, open_edges
from wizard.core.walk import Walk
from wizard.named import NamedTuple

MOST_CANDIDATES = 12


class Candidate(NamedTuple):
    """A cause that is still possible: the fact that would decide, and a command that tells it."""

    cause: str
    fact: str = ""
    learn: str = ""


class LayerState(NamedTuple):
    """One rung of the ladder. `outcome` is ok, fault, warning, skipped or unknown."""

    layer: str
    outcome: str
    ms: float = 0.0
    summary: str = ""


class Diagnosis(NamedTuple):
    """The verdict. `status` is healthy, fault or inconclusive."""

    status: str
    cause: str
    candidates: tuple[Candidate, ...]
    layers: tuple[LayerState, ...]


def conclude(walk: Walk) -> Diagnosis:
    """The verdict of a walk; one that did not finish is inconclusive."""
    step = walk.step
    cause = step.cause if isinstance(step, Finished) else INCONCLUSIVE
    status = cause if cause in (HEALTHY, INCONCLUSIVE) else "fault"
    if status == "fault" and isinstance(step, Finished):
        # That words may mean nothing known is no cause beside the one that was found.
        others = (other for other in dict.fromkeys(step.also) if other not in (cause, INCONCLUSIVE))
        candidates = [Candidate(other) for other in others]
    elif status == INCONCLUSIVE:
        candidates = remaining(walk)
    else:
        candidates = []
    return Diagnosis(status, cause, tuple(candidates[:MOST_CANDIDATES]), layer_states(walk, status))


def remaining(walk: Walk, *, follow: bool = True) -> list[Candidate]:
    """The causes that what is known does not exclude: those that fit the symptom first, then the most direct.

    Without `follow` only those that the tree itself names, and none that a text still to be read may name.
    """
    found: dict[str, Candidate] = {}
    for hop in reversed(walk.trail):
        if hop.unknown:
            _reach(walk.tree, walk.facts, hop.node, found, follow=follow)
        for cause in hop.also:
            found.setdefault(cause, Candidate(cause))
    if not walk.finished:
        _reach(walk.tree, walk.facts, walk.at, found, follow=follow)
    healthy = found.pop(HEALTHY, None)
    symptom = walk.tree.symptoms.get(walk.facts.text(SYMPTOM) or "")
    likely = symptom.likely if symptom else ()
    ordered = sorted(found.values(), key=lambda one: one.cause not in likely)
    return [*ordered, *([healthy] if healthy else [])]


def _reach(tree: Tree, facts: Facts, start: str, found: dict[str, Candidate], *, follow: bool) -> None:
    """Breadth first over the edges that are not excluded; each finding with the fact that would decide."""
    engine = facts.text("engine") or ""
    queue: list[tuple[str, str]] = [(start, "")]
    seen = {start}
    followed: list[tuple[str, str]] = []
    for node_id, fact in chain(queue, followed):
        node = tree.node(node_id)
        if node.kind == "finding":
            if node.cause != INCONCLUSIVE and node.cause not in found:
                spec = tree.specs.get(fact)
                learn = spec.learn_by_engine.get(engine, spec.learn) if spec else ""
                found[node.cause] = Candidate(node.cause, fact, learn)
            continue
        undecided = ""
        for edge in open_edges(node, facts):
            if edge.follows and not follow:
                continue
            unknown = (test.key for test in tests(edge.when) if not facts.known(test.key))
            undecided = next(unknown, undecided)
            for target in (edge.go, *(FINDING + cause for cause in edge.also)):
                if target not in seen:
                    seen.add(target)
                    # What an error text might have said is any cause: those come after what the tree itself names.
                    (followed if edge.follows else queue).append((target, undecided or fact))
        if node.unknown and node.unknown not in seen and node.unknown != FINDING + INCONCLUSIVE:
            seen.add(node.unknown)
            queue.append((node.unknown, undecided or fact))


def _faulty(walk: Walk) -> set[str]:
    """The layer of the cause, and the one where the walk stopped unless that one was passed.

    A database that does not exist is told by the login, which itself was in order; settings that disagree are told
    by the connection that fails because of them.
    """
    stopped, blamed = walk.trail[-1].layer, walk.node.layer
    if stopped == "server":
        # The walk looks at the server's host because an earlier layer did not let it pass.
        return {blamed, stopped, next(hop.layer for hop in reversed(walk.trail) if hop.layer in LAYERS)}
    passed = blamed in LAYERS and stopped in LAYERS and LAYERS.index(blamed) > LAYERS.index(stopped)
    return {blamed} if passed else {blamed, stopped}


def _summary(walk: Walk, layer: str, outcome: str) -> str:
    """What is told of a layer: of a faulty one the first quotation, of another one what its last probe said."""
    overruled = [one for hop in walk.trail if hop.layer == layer for one in hop.overruled]
    if overruled:
        return "; ".join(said_instead(one) for one in overruled)
    told = [event for event in walk.events if isinstance(event, ProbeFinished) and event.summary]
    here = [event for event in told if walk.tree.node(event.node).layer == layer]
    if outcome == "fault":
        # The blame may lie on a layer that was not reached: a login tells of a database that does not exist.
        quoted = [event for event in here or told if event.evidence]
        # What looked into it later has quotations too: the words that count are those of the refusal.
        refusals = [event for event in quoted if "error.text" in event.facts]
        chosen = quoted[:1] if here else (refusals or quoted)[-1:]
        # Blamed by the words of another layer, it is told by its first probe: config by the settings, not the host.
        return next((event.summary for event in chosen or here), "")
    passed = [event.summary for event in here if not _told_of_the_fault(walk, event)]
    troubled = [hop.trouble for hop in walk.trail if hop.layer == layer and hop.trouble]
    return (passed or troubled or [""])[-1]


def _told_of_the_fault(walk: Walk, event: ProbeFinished) -> bool:
    """Whether this is the event whose words name a fault of another layer."""
    errors = [one for one in walk.events if isinstance(one, ProbeFinished) and "error.text" in one.facts]
    return bool(errors) and event is errors[-1]


def layer_states(walk: Walk, status: str) -> tuple[LayerState, ...]:
    """The ladder: every layer of `LAYERS`, and the others where the walk looked at them."""
    visited = {hop.layer for hop in walk.trail}
    faulty = _faulty(walk) if status == "fault" else set()
    # What ended undecided was not in order where it ended.
    undecided = {walk.trail[-1].layer} if status == "inconclusive" and walk.trail else set()
    cautions = {caution.layer for caution in walk.tree.warnings(walk.facts)}
    states = []
    for layer in (*LAYERS, *(extra for extra in EXTRA_LAYERS if extra in visited | faulty)):
        hops = [hop for hop in walk.trail if hop.layer == layer and hop.kind != "decide"]
        here = layer in visited
        if layer in faulty:
            outcome = "fault"
        elif not here:
            outcome = "skipped"
        elif layer in undecided or any(hop.unknown for hop in walk.trail if hop.layer == layer):
            outcome = "unknown"
        else:
            outcome = "warning" if layer in cautions else "ok"
        states.append(
            LayerState(layer, outcome, round(sum(hop.ms for hop in hops), 1), _summary(walk, layer, outcome))
        )
    return tuple(states)

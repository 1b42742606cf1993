"""The lint of tree files: each node by itself, then the graph that all of them make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from wizard.content import graph
from wizard.content.check_conditions import condition
from wizard.content.check_facts import FIELD, engine_commands
from wizard.content.known import Known, entries, names
from wizard.content.problems import At, Lint, Source, nearest
from wizard.core.tree import ALL_LAYERS, FINDING, INCONCLUSIVE

KINDS = ("probe", "ask", "finding")
NODE_KEYS = (*KINDS, "says", "by-hand", "early", "layer", "edges", "else", "unknown")
_NODE = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)*")


def tree_file(lint: Lint, source: Source, known: Known) -> None:
    """The top of a tree file, its nodes and its cautions."""
    lint.keys(source, (), source.data, ("layer",), ("root", "nodes", "cautions"))
    if "layer" in source.data:
        lint.one_of(source, ("layer",), source.data["layer"], ALL_LAYERS, "a layer")
    for node_id, written in lint.mapping(source, ("nodes",), source.data.get("nodes")).items():
        at: At = ("nodes", node_id)
        if not _NODE.fullmatch(node_id):
            lint.say(source, at, f"'{node_id}' is no node id: small letters, digits, '-' and '.'")
        if node_id.startswith(FINDING):
            lint.say(source, at, "a node 'found.<cause>' exists for every cause; give this one another id")
        if not isinstance(written, dict):
            lint.say(source, at, "must be a mapping")
            continue
        _node(lint, source, at, written, known)
    for at, written in lint.items(source, ("cautions",), source.data.get("cautions")):
        _caution(lint, source, at, lint.mapping(source, at, written), known)


def _node(lint: Lint, source: Source, at: At, written: dict[str, Any], known: Known) -> None:
    lint.keys(source, at, written, (), NODE_KEYS)
    kinds = [kind for kind in KINDS if kind in written]
    if len(kinds) > 1:
        lint.say(source, at, f"is both {' and '.join(kinds)}; a node does one thing")
    if "layer" in written:
        lint.one_of(source, (*at, "layer"), written["layer"], ALL_LAYERS, "a layer")
    if "probe" in written:
        lint.one_of(source, (*at, "probe"), written["probe"], known.probes, "a probe")
    if "early" in written and (written["early"] not in ("true", "false") or "probe" not in written):
        lint.say(source, (*at, "early"), "is 'true' or 'false', and only for a probe")
    for key in ("says", "by-hand"):
        if key in written and "probe" not in written:
            lint.say(source, (*at, key), f"only a probe has '{key}'")
    _words(lint, source, at, written, known)
    if "ask" in written:
        _ask(lint, source, at, written, known)
    if "finding" in written:
        _cause(lint, source, (*at, "finding"), written["finding"], known)
        if set(written).intersection(("edges", "else", "unknown")):
            lint.say(source, at, "a finding is the end of a walk and has no edges")
    else:
        _ways(lint, source, at, written, known)


def _words(lint: Lint, source: Source, at: At, written: dict[str, Any], known: Known) -> None:
    if "probe" in written and "says" not in written:
        lint.say(source, at, "the key 'says' is missing: the sentence on the screen while the probe runs")
    if "says" in written:
        fields(lint, source, (*at, "says"), lint.text(source, (*at, "says"), written["says"]), known)
    engine_commands(lint, source, (*at, "by-hand"), written.get("by-hand", {}), known)


def fields(lint: Lint, source: Source, at: At, text: str, known: Known) -> None:
    """Each {name} in a sentence of the tree is a declared fact or a placeholder."""
    for name in FIELD.findall(text):
        if name not in known.facts and name not in known.fills:
            lint.say(
                source,
                at,
                f"{{{name}}} is neither a fact nor a placeholder{nearest(name, {**known.facts, **known.fills})}",
            )


def _ask(lint: Lint, source: Source, at: At, written: dict[str, Any], known: Known) -> None:
    lint.one_of(source, (*at, "ask"), written["ask"], known.questions, "a question of questions.yaml")
    if "unknown" not in written:
        lint.say(source, at, "a question may be left unanswered: say where that leads with 'unknown'")


def _ways(lint: Lint, source: Source, at: At, written: dict[str, Any], known: Known) -> None:
    """The edges of a node, its `else` and its `unknown`."""
    edges = lint.items(source, (*at, "edges"), written.get("edges"))
    if not edges and "else" not in written:
        lint.say(source, at, "leads nowhere: give it 'edges' or 'else'")
    elif "else" not in written and "unknown" not in written:
        lint.say(
            source, at, "has edges but neither 'else' nor 'unknown'; say what follows when none of them holds"
        )
    certain = ""
    seen: list[Any] = []
    for where, one in edges:
        edge = lint.mapping(source, where, one)
        if certain:
            lint.say(source, where, f"is never taken: the edge {certain} before it always is")
        if not _of_cause(edge) and not edge.get("when"):
            certain = certain or where[-1]
        if edge.get("when") and (edge["when"], _of_cause(edge)) in seen:
            lint.say(source, (*where, "when"), "is never taken: an edge before it has the same condition")
        seen.append((edge.get("when"), _of_cause(edge)))
        _edge(lint, source, where, edge, known)
    for key in ("else", "unknown"):
        if key in written:
            _goal(lint, source, (*at, key), written[key], known)


def _edge(lint: Lint, source: Source, at: At, edge: dict[str, Any], known: Known) -> None:
    lint.keys(source, at, edge, (), ("when", "go", "follow", "suspect", "also"))
    if len({"go", "follow", "suspect"} & edge.keys()) != 1:
        lint.say(source, at, "needs either 'go', 'follow' or 'suspect'")
    if "when" in edge:
        condition(lint, source, (*at, "when"), edge["when"], known)
    if "go" in edge:
        _goal(lint, source, (*at, "go"), edge["go"], known)
    way = _of_cause(edge)
    if way:
        causes = [key for key, spec in known.facts.items() if spec.kind == "cause"]
        lint.one_of(source, (*at, way), edge[way], causes, "a fact of the kind cause")
    for where, cause in lint.texts(source, (*at, "also"), edge.get("also")):
        _cause(lint, source, where, cause, known)


def _of_cause(edge: dict[str, Any]) -> str:
    """The key under which the edge names a fact that holds a cause, or ""."""
    return next((key for key in ("follow", "suspect") if key in edge), "")


def _goal(lint: Lint, source: Source, at: At, goal: Any, known: Known) -> None:
    if isinstance(goal, str) and goal.startswith(FINDING):
        _cause(lint, source, at, goal[len(FINDING) :], known)
    else:
        lint.one_of(source, at, goal, known.nodes, "a node")


def _cause(lint: Lint, source: Source, at: At, cause: Any, known: Known) -> None:
    """The cause is in the catalogue and has a page."""
    if lint.one_of(source, at, cause, known.causes, "in the catalogue") and cause not in known.pages:
        lint.say(source, at, f"the cause '{cause}' has no page")


def _caution(lint: Lint, source: Source, at: At, written: dict[str, Any], known: Known) -> None:
    lint.keys(source, at, written, ("when", "text"), ("layer",))
    if "when" in written:
        condition(lint, source, (*at, "when"), written["when"], known)
    if "text" in written:
        fields(lint, source, (*at, "text"), lint.text(source, (*at, "text"), written["text"]), known)
    if "layer" in written:
        lint.one_of(source, (*at, "layer"), written["layer"], ALL_LAYERS, "a layer")


def goals(written: dict[str, Any]) -> Iterator[str]:
    """Where one hop from a node can lead, edges that follow a fact left out."""
    edges = written.get("edges")
    for edge in edges if isinstance(edges, list) else ():
        if isinstance(edge, dict) and isinstance(edge.get("go"), str):
            yield edge["go"]
    for key in ("else", "unknown"):
        if isinstance(written.get(key), str):
            yield written[key]


def whole(lint: Lint, sources: list[Source], known: Known, *, leftovers: bool = True) -> None:
    """The graph: one root, no way back; with `leftovers`, every node reached and every cause named."""
    trees = [source for source in sources if source.kind == "trees"]
    _once(lint, trees)
    if known.root not in known.nodes:
        for source in [one for one in trees if "root" in one.data] or trees[:1]:
            lint.say(source, ("root",), f"no node is called '{known.root}'{nearest(known.root, known.nodes)}")
        return
    ways = {
        node: [goal for goal in goals(one) if goal in known.nodes] for node, (_, one) in known.nodes.items()
    }
    for node in graph.unreached(ways, known.root) if leftovers else ():
        source = known.nodes[node][0]
        lint.say(source, ("nodes", node), f"cannot be reached from the root '{known.root}'")
    circle = graph.cycle(ways)
    if circle:
        message = f"the way leads back to where it came from: {' -> '.join([*circle, circle[0]])}"
        lint.say(known.nodes[circle[0]][0], ("nodes", circle[0]), message)
    if leftovers:
        _unnamed(lint, sources, known)


def _once(lint: Lint, trees: list[Source]) -> None:
    """Within one folder a node and the root are written once; a later folder may replace them."""
    first: dict[tuple[int, str], Source] = {}
    for source in trees:
        written = [("nodes", key) for key, _ in entries(source, "nodes")]
        for at in [*written, *([("root",)] if "root" in source.data else [])]:
            other = first.setdefault((source.folder, ".".join(at)), source)
            if other is not source:
                lint.say(source, at, f"'{at[-1]}' is already in {other.place(at)}")


def _unnamed(lint: Lint, sources: list[Source], known: Known) -> None:
    """Every cause is named by a node or a message rule, but for those that the catalogue says are not yet."""
    anywhere = {cause for _, cause in _named(sources, known)}
    for source in sources:
        if source.kind != "catalogue.yaml":
            continue
        later, causes = source.data.get("not-yet"), source.data.get("causes")
        not_yet = later if isinstance(later, dict) else {}
        for cause in causes if isinstance(causes, dict) else ():
            if cause not in anywhere and cause not in not_yet:
                lint.say(source, ("causes", cause), "no node and no message rule names this cause")
        # What a later folder adds is no reason to change the catalogue of an earlier one.
        here = {cause for folder, cause in _named(sources, known) if folder <= source.folder}
        for cause in here.intersection(not_yet):
            lint.say(source, ("not-yet", cause), f"'{cause}' is named by now; take it out of 'not-yet'")


def _named(sources: list[Source], known: Known) -> Iterator[tuple[int, str]]:
    """Each cause that a node or a message rule names, with the number of the folder."""
    yield 0, INCONCLUSIVE
    for source, written in known.nodes.values():
        for goal in goals(written):
            if goal.startswith(FINDING):
                yield source.folder, goal[len(FINDING) :]
        if isinstance(written.get("finding"), str):
            yield source.folder, written["finding"]
    for source in sources:
        rules = source.data.get("rules") if source.kind == "messages" else None
        for rule in rules if isinstance(rules, list) else ():
            if isinstance(rule, dict):
                for cause in (str(rule.get("cause")), *names(rule.get("candidates"))):
                    yield source.folder, cause

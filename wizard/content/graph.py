"""The tree as a graph: what cannot be reached, what leads back to itself, and drawings of it.

networkx is imported where a graph question is asked, because it takes longer to load than a whole check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wizard.core.conditions import All, Any_, Condition, Not, Test
from wizard.core.tree import FINDING, INCONCLUSIVE, Edge, Node, Tree
from wizard.named import NamedTuple

SIGNS = {"=": "is", "!": "is not"}
SHAPES = {"probe": "box", "ask": "hexagon", "decide": "diamond", "finding": "ellipse"}
MERMAID = {"probe": ("[", "]"), "ask": ("{{", "}}"), "decide": ("{", "}"), "finding": ("([", "])")}


class Way(NamedTuple):
    """One way out of a node, in words. `number` counts the written edges; -1 is else and -2 unknown."""

    number: int
    words: str
    go: str
    also: tuple[str, ...] = ()


ELSE, UNKNOWN = -1, -2


def unreached(ways: Mapping[str, Sequence[str]], root: str) -> list[str]:
    """The nodes to which no way from `root` leads, in their order."""
    seen = {root}
    queue = [root]
    for node in queue:
        for goal in ways.get(node, ()):
            if goal not in seen:
                seen.add(goal)
                queue.append(goal)
    return [node for node in ways if node not in seen]


def cycle(ways: Mapping[str, Sequence[str]]) -> list[str]:
    """The nodes of one circle in their order, or nothing where there is none."""
    import networkx

    graph: Any = networkx.MultiDiGraph((node, goal) for node, goals in ways.items() for goal in goals)
    # The question is cheap and the search is not: on a large tree without a circle it takes seconds.
    if networkx.is_directed_acyclic_graph(graph):
        return []
    return [edge[0] for edge in networkx.find_cycle(graph)]


def longest(tree: Tree) -> int:
    """The most nodes that a walk can pass, its finding included. The tree has no circle."""
    import networkx

    graph: Any = networkx.DiGraph((way_from, goal) for way_from, goal in _pairs(tree))
    return int(networkx.dag_longest_path_length(graph)) + 1


def _pairs(tree: Tree) -> Iterator[tuple[str, str]]:
    for node in tree.nodes.values():
        for goal in node.targets():
            yield node.id, goal


def spell(condition: Condition) -> str:
    """A condition in words that an author recognises: `network.outcome is refused and writes is yes`."""
    if isinstance(condition, Test):
        return f"{condition.key} {SIGNS.get(condition.op, condition.op)} {' or '.join(condition.operands)}"
    if isinstance(condition, Not):
        return f"not ({spell(condition.part)})"
    parts = [f"({spell(part)})" if isinstance(part, Any_) else spell(part) for part in condition.parts]
    return (" and " if isinstance(condition, All) else " or ").join(part for part in parts if part)


def written(node: Node) -> Iterator[tuple[int, list[Edge]]]:
    """The edges as their author wrote them: those that one `follow:` or `suspect:` made are together."""
    number = -1
    group: list[Edge] = []
    for edge in node.edges:
        if edge.follows and group and group[-1].follows and _is_open(edge) == _is_open(group[-1]):
            group.append(edge)
            continue
        if group:
            yield number, group
        number += 1
        group = [edge]
    if group:
        yield number, group


def ways(node: Node) -> Iterator[Way]:
    """Every way out of a node: its written edges, else and unknown."""
    for number, group in written(node):
        edge = group[0]
        if edge.follows:
            guard, named = _followed(edge)
            goal = edge.go if _is_open(edge) else "found.<that cause>"
            also = edge.also[1:] if _is_open(edge) else edge.also
            yield Way(number, f"{guard}{named} names a cause", goal, also)
        else:
            yield Way(number, spell(edge.when) or "always", edge.go, edge.also)
    if node.otherwise:
        yield Way(ELSE, "else", node.otherwise)
    if node.unknown:
        yield Way(UNKNOWN, "unknown", node.unknown)


def _is_open(edge: Edge) -> bool:
    """Whether the edge ends undecided: one of `suspect:`."""
    return edge.go == FINDING + INCONCLUSIVE


def _followed(edge: Edge) -> tuple[str, str]:
    """The condition in words of an edge made by `follow:`, and the fact that it follows."""
    *guards, last = edge.when.parts if isinstance(edge.when, All) else (edge.when,)
    words = " and ".join(spell(one) for one in guards if spell(one))
    return f"{words} and " if words else "", str(getattr(last, "key", ""))


def dot(tree: Tree) -> Iterator[str]:
    """The tree as lines of Graphviz's language, a cluster for each layer."""
    yield "digraph dbwizard {"
    yield '  rankdir=LR; node [fontname="sans-serif", fontsize=10]; edge [fontname="sans-serif", fontsize=8];'
    for layer in dict.fromkeys(node.layer for node in tree.nodes.values()):
        yield f'  subgraph "cluster_{layer}" {{ label="{layer}";'
        for node in tree.nodes.values():
            if node.layer == layer:
                yield f'    "{node.id}" [shape={SHAPES[node.kind]}];'
        yield "  }"
    for node in tree.nodes.values():
        for way in ways(node):
            style = ", style=dashed" if way.number == UNKNOWN else ""
            yield f'  "{node.id}" -> "{way.go}" [label="{_escaped(way.words)}"{style}];'
    yield "}"


def mermaid(tree: Tree) -> Iterator[str]:
    """The tree as lines of a Mermaid flow chart."""
    ids: dict[str, str] = {}
    yield "flowchart LR"
    for node in tree.nodes.values():
        begin, end = MERMAID[node.kind]
        yield f'  {ids.setdefault(node.id, f"n{len(ids)}")}{begin}"{node.id}"{end}'
    for node in tree.nodes.values():
        for way in ways(node):
            known = way.go in ids
            goal = ids.setdefault(way.go, f"n{len(ids)}")
            shown = goal if known else f'{goal}(["{way.go.replace("<", "#lt;").replace(">", "#gt;")}"])'
            words = way.words.replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
            arrow = "-.->" if way.number == UNKNOWN else "-->"
            yield f'  {ids[node.id]} {arrow}|"{words}"| {shown}'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')

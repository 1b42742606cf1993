"""A node of the tree from its YAML, with its edges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wizard.core import conditions
from wizard.core.facts import Fact, Facts
from wizard.core.tree import FINDING, INCONCLUSIVE, Edge, Node
from wizard.errors import ContentError
from wizard.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


def build_node(node_id: str, layer: str, written: Any, path: str, causes: Iterable[str]) -> Node:
    """A node from its YAML. Raises ContentError with the file and the node."""
    if not isinstance(written, Mapping):
        raise ContentError([f"{path}: the node '{node_id}' is not a mapping"])
    kind = next((one for one in ("probe", "ask", "finding") if one in written), "decide")
    by_hand = written.get("by-hand", {})
    try:
        edges = tuple(edge for one in written.get("edges", ()) for edge in _edges(one, causes))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ContentError([f"{path}: the edges of '{node_id}': {error}"]) from error
    return Node(
        node_id,
        kind,
        str(written.get("layer", layer)),
        edges,
        str(written.get("else", "")),
        str(written.get("unknown", "")),
        str(written.get("probe", "")),
        str(written.get("ask", "")),
        str(written.get("finding", "")),
        str(written.get("says", "")),
        by_hand if isinstance(by_hand, Mapping) else {"any": str(by_hand)},
        path,
    )


def _edges(written: Mapping[str, Any], causes: Iterable[str]) -> list[Edge]:
    """One edge, or for `follow: FACT` an edge to the finding of each cause that the fact may hold.

    `suspect: FACT` is the same, but ends undecided, with that cause as the first candidate.
    """
    also = tuple(written.get("also", ()))
    if "follow" in written or "suspect" in written:
        key = str(written.get("follow") or written["suspect"])
        sure = "follow" in written
        candidates = key.replace(".cause", ".candidates")
        guard = conditions.parse(written["when"]) if "when" in written else conditions.ALWAYS
        return [
            Edge(
                conditions.All((guard, conditions.Test(key, "=", (cause,)))),
                FINDING + (cause if sure else INCONCLUSIVE),
                also if sure else (cause, *also),
                candidates,
            )
            for cause in causes
            if "." in cause and _possible(guard, key, cause)
        ]
    return [Edge(conditions.parse(written.get("when", {})), str(written["go"]), also)]


def _possible(guard: conditions.Condition, key: str, cause: str) -> bool:
    """Whether an edge's guard leaves that cause open: one that names some causes of the fact excludes the others."""
    return guard is conditions.ALWAYS or guard.holds(Facts({key: Fact(key, cause, "derived")})) is not False

"""What a probe reports, with the secrets of the walk taken out, before it becomes an event.

Every screen, file and report is a fold over the events: what is not in them can come out nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable

from wizard.core.events import Evidence
from wizard.core.facts import Facts, Value
from wizard.core.tree import Tree
from wizard.redact import Redactor, is_plain


def redacted(facts: Facts, gate: Redactor, tree: Tree) -> Facts:
    """The facts as they may be told; what the tree declares as a value of a fact is a word of ours and no secret."""
    return Facts({fact.key: fact._replace(value=passed(fact.key, fact.value, gate, tree)) for fact in facts})


def passed(key: str, value: Value, gate: Redactor, tree: Tree) -> Value:
    """The value of one fact as it may be told."""
    if is_plain(key, value) or _is_declared(key, value, tree):
        return value
    if isinstance(value, tuple):
        return tuple(gate.text(one) for one in value)
    made: Value = gate.data(value)
    return made


def quoted(evidence: Iterable[Evidence], gate: Redactor) -> tuple[Evidence, ...]:
    """The quotations as they may be told."""
    return tuple(one._replace(text=gate.text(one.text), code=gate.text(one.code)) for one in evidence)


def _is_declared(key: str, value: Value, tree: Tree) -> bool:
    spec = tree.specs.get(key)
    values = value if isinstance(value, tuple) else (value,)
    return spec is not None and all(one in spec.values for one in values)

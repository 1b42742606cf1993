"""What the content declares, gathered for the lint: facts, questions, causes, nodes, placeholders and probes.

Tolerant of every mistake: what has the wrong shape is left out here, and said by the check of its own file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from wizard.content.problems import Source
from wizard.core.steps import Option
from wizard.core.tree import MOST_NUMBER, FactSpec, Question


@dataclass
class Known:
    """The names that one file may use of another."""

    facts: dict[str, FactSpec] = field(default_factory=dict)
    questions: dict[str, Question] = field(default_factory=dict)
    causes: dict[str, str] = field(default_factory=dict)
    pages: set[str] = field(default_factory=set)
    nodes: dict[str, tuple[Source, dict[str, Any]]] = field(default_factory=dict)
    root: str = ""
    fills: dict[str, tuple[str, ...]] = field(default_factory=dict)
    probes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    scenarios: dict[str, tuple[Source, str, str]] = field(default_factory=dict)
    """Name to its file, its number in the file and the scenario that it extends."""
    practice: dict[str, tuple[Source, str, str]] = field(default_factory=dict)
    """The same for what there is to practise on."""

    def is_number(self, placeholder: str) -> bool:
        """Whether every fact that may fill the placeholder is a number, or a list of numbers."""
        specs = [self.facts.get(key) for key in self.fills.get(placeholder, ())]
        return bool(specs) and all(spec is not None and spec.kind in ("number", "numbers") for spec in specs)


def entries(source: Source, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The members of a mapping of mappings, those of the wrong shape left out."""
    found = source.data.get(key)
    for name, written in found.items() if isinstance(found, dict) else ():
        if isinstance(written, dict):
            yield name, written


def gather(sources: list[Source], probes: dict[str, tuple[str, ...]]) -> Known:
    """What all files together declare; a later folder replaces the entries of an earlier one."""
    known = Known(probes=probes)
    for source in sources:
        if source.kind == "facts.yaml":
            known.facts.update({key: _spec(key, one) for key, one in entries(source, "facts")})
            known.fills.update(_fills(source))
        elif source.kind == "questions.yaml":
            known.questions.update({key: _question(key, one) for key, one in entries(source, "questions")})
        elif source.kind == "catalogue.yaml":
            causes = source.data.get("causes")
            known.causes.update(causes if isinstance(causes, dict) else {})
        elif source.kind == "causes":
            known.pages.update(key for key, page in source.data.items() if isinstance(page, dict))
        elif source.kind == "scenarios":
            known.scenarios.update(_scenarios(source))
        elif source.kind == "practice":
            known.practice.update(_scenarios(source))
        elif source.kind == "trees":
            known.root = str(source.data.get("root", known.root))
            known.nodes.update({key: (source, one) for key, one in entries(source, "nodes")})
    return known


def provided() -> dict[str, tuple[str, ...]]:
    """Each registered probe, and the facts that it may report."""
    from wizard.probes import PROBES, find

    return {name: find(name).provides for name, _ in PROBES}


def names(value: Any) -> tuple[str, ...]:
    """The texts of a list; nothing for what is no list."""
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _scenarios(source: Source) -> Iterator[tuple[str, tuple[Source, str, str]]]:
    """The last scenario of each name."""
    found = source.data.get("scenarios")
    for number, one in enumerate(found if isinstance(found, list) else ()):
        if isinstance(one, dict):
            yield str(one.get("name", "")), (source, str(number), str(one.get("extends", "")))


def _fills(source: Source) -> dict[str, tuple[str, ...]]:
    fills = source.data.get("fills")
    return {key: names(value) for key, value in fills.items()} if isinstance(fills, dict) else {}


def _spec(key: str, written: dict[str, Any]) -> FactSpec:
    values = names(written.get("values"))
    kind = str(written.get("kind", "choice" if values else "text"))
    return FactSpec(key, kind, str(written.get("meaning", "")), values, names(written.get("from")))


def _question(key: str, written: dict[str, Any]) -> Question:
    options = written.get("options")
    offered = (
        tuple(Option(value, str(label)) for value, label in options.items())
        if isinstance(options, dict)
        else ()
    )
    return Question(
        key,
        str(written.get("ask", "")),
        offered,
        default=str(written.get("default", "")),
        kind=str(written.get("kind", "choice")),
        least=number(written.get("least"), 0.0),
        most=number(written.get("most"), MOST_NUMBER),
    )


def number(written: Any, otherwise: float) -> float:
    """What is written as a number; `otherwise` where nothing, or no number, is."""
    try:
        return float(written)
    except (TypeError, ValueError):
        return otherwise

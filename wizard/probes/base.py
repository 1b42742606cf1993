"""What a probe is: a plain blocking function that reports facts, never raises, never prints, never names a cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from wizard.core.events import Evidence
from wizard.core.facts import Value
from wizard.redact import clean
from wizard.runtime import Runtime
from wizard.target.model import Target

Function = Callable[[Target, Runtime], "Report"]
F = TypeVar("F", bound=Function)


@dataclass
class Report:
    """What a probe saw. `summary` is one short sentence; `trouble` says what could not be looked at, and why."""

    facts: dict[str, Value] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    summary: str = ""
    trouble: str = ""

    def quote(self, layer: str, text: str, code: str = "") -> None:
        """Keep a quotation of what a peer, resolver or file said, made harmless."""
        self.evidence.append(Evidence(layer, clean(text, limit=600), clean(code, limit=40)))


@dataclass(frozen=True)
class Probe:
    """A registered probe. `deadline` is in seconds; the driver abandons what takes longer."""

    name: str
    function: Function
    provides: tuple[str, ...]
    deadline: float


def probe(name: str, *, provides: tuple[str, ...], deadline: float) -> Callable[[F], F]:
    """Mark a function as the probe `name`; `provides` are all the facts that it may report."""

    def mark(function: F) -> F:
        function.__dict__["probe"] = Probe(name, function, provides, deadline)
        return function

    return mark

"""What a probe is: a plain blocking function that reports facts, never raises, never prints, never names a cause."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from wizard.core.events import Evidence
from wizard.core.facts import Value
from wizard.named import NamedTuple
from wizard.redact import clean
from wizard.runtime import Runtime
from wizard.target.model import Target

Function = Callable[[Target, Runtime], "Report"]
LONGEST_FACT = 1000
"""Characters of a text that is kept as a fact."""


class Report:
    """What a probe saw. `summary` is one short sentence; `trouble` says what could not be looked at, and why."""

    def __init__(
        self, facts: dict[str, Value] | None = None, *, summary: str = "", trouble: str = ""
    ) -> None:
        self.facts: dict[str, Value] = facts if facts is not None else {}
        self.evidence: list[Evidence] = []
        self.summary = summary
        self.trouble = trouble

    def quote(self, layer: str, text: str, code: str = "") -> None:
        """Keep a quotation of what a peer, resolver or file said, made harmless."""
        self.evidence.append(Evidence(layer, clean(text, limit=600), clean(code, limit=40)))


class Probe(NamedTuple):
    """A registered probe. `deadline` is in seconds; the driver abandons what takes longer."""

    name: str
    function: Function
    provides: tuple[str, ...]
    deadline: float


def probe(name: str, *, provides: tuple[str, ...], deadline: float) -> Callable[[Function], Function]:
    """Mark a function as the probe `name`; `provides` are all the facts that it may report."""

    def mark(function: Function) -> Function:
        @wraps(function)
        def harmless(target: Target, runtime: Runtime) -> Report:
            with runtime.footprint.during(name):
                return _harmless(function(target, runtime))

        harmless.__dict__["probe"] = Probe(name, harmless, provides, deadline)
        return harmless

    return mark


def _harmless(report: Report) -> Report:
    """The report without control characters: every word in it may come from a hostile peer."""
    report.facts = {key: _clean_value(value) for key, value in report.facts.items()}
    report.summary = clean(report.summary, limit=300)
    report.trouble = clean(report.trouble, limit=300)
    return report


def _clean_value(value: Value) -> Value:
    if isinstance(value, str):
        return clean(value, limit=LONGEST_FACT)
    if isinstance(value, tuple):
        return tuple(clean(one, limit=300) for one in value[:64])
    return value

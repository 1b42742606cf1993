"""A walk made into the report `dbwizard.report/1`: plain data that JSON can carry, without secrets.

The object is a public contract: keys are added, never renamed or dropped. The redactor sees all that was said or found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wizard import __version__
from wizard.core.diagnosis import Candidate, conclude
from wizard.core.facts import Facts
from wizard.core.page import Command, Filler, Finding, Fix, render
from wizard.core.tree import HEALTHY
from wizard.core.walk import Hop, Walk
from wizard.gated import redacted
from wizard.marks import iso
from wizard.named import TYPE_CHECKING
from wizard.providers import with_provider
from wizard.redact import Redactor

if TYPE_CHECKING:
    from typing import Any

    from wizard.content.load import Content
    from wizard.target.model import Target

__all__ = ["SCHEMA", "find_for", "iso", "report", "target_summary"]
SCHEMA = "dbwizard.report/1"


def target_summary(target: Target) -> dict[str, Any]:
    """What may be said about a target: everything but its password."""
    return {
        "engine": target.engine,
        "host": target.host,
        "port": target.port,
        "user": target.user,
        "database": target.database,
        "options": dict(target.options),
        "source": target.source,
        "password": "set" if target.password else "missing",
        "hosts": [{"host": one.host, "port": one.port} for one in target.hosts],
    }


def report(
    walk: Walk,
    content: Content,
    target: Mapping[str, Any],
    *,
    started: float,
    elapsed_ms: float,
    redactor: Redactor | None = None,
    session: str = "",
    trouble: Iterable[str] = (),
) -> dict[str, Any]:
    """The report of one walk, finished or not.

    `target` is a `target_summary`, `started` seconds since the epoch, `session` the id under which the walk
    was saved, `trouble` sentences about what went wrong around the walk (a full disk, say).
    """
    gate = redactor or Redactor(())
    diagnosis = conclude(walk)
    known = redacted(facts_of(walk, content), gate, walk.tree)
    finding = find_for(diagnosis.cause, walk, content, gate, known)
    filler = Filler(known, walk.tree.fills)
    facts = {
        key: list(value) if isinstance(value, tuple) else value for key, value in known.as_dict().items()
    }
    data = {
        "schema": SCHEMA,
        "version": __version__,
        "started": iso(started),
        "elapsed_ms": round(elapsed_ms),
        "status": diagnosis.status,
        "cause": diagnosis.cause,
        "title": finding.title,
        "candidates": [_candidate(one, content, filler) for one in diagnosis.candidates],
        "target": dict(target),
        "layers": [
            {"layer": one.layer, "outcome": one.outcome, "ms": one.ms, "summary": one.summary}
            for one in diagnosis.layers
        ],
        "warnings": [
            {"layer": one.layer, "text": filler.sentence(one.text)} for one in walk.tree.warnings(walk.facts)
        ],
        "steps": [_step(hop) for hop in walk.trail],
        "facts": {},
        "evidence": [{"layer": one.layer, "text": one.text, "code": one.code} for one in walk.evidence],
        "session": session,
        "trouble": list(trouble),
    }
    clean: dict[str, Any] = gate.data(data)
    # The facts and what fills a page have passed the gate one by one; the words of a page are our own.
    return {**clean, "facts": facts, "title": finding.title, "findings": [finding_data(finding)]}


def facts_of(walk: Walk, content: Content) -> Facts:
    """What the walk knows, and what follows from the provider that it knows of: the facts that fill a page."""
    return with_provider(walk.facts, content.platforms)


def find_for(cause: str, walk: Walk, content: Content, gate: Redactor, known: Facts | None = None) -> Finding:
    """The page of `cause`, filled with what this walk knows and with the quotation that decided; no secret in it.

    `known` are the facts of the walk where they have passed the gate before.
    """
    line = content.catalogue.get(cause, "")
    evidence = "" if cause == HEALTHY else gate.text(decisive(walk))
    facts = redacted(facts_of(walk, content), gate, walk.tree) if known is None else known
    return render(cause, content.page(cause), facts, walk.tree.fills, line, evidence)


def decisive(walk: Walk) -> str:
    """The quotation nearest to where the walk ended, with its code; empty where nothing was quoted."""
    stopped = walk.trail[-1].layer if walk.trail else ""
    error = walk.facts.text("error.text") or ""
    if not walk.evidence:
        return error
    near = [one for one in walk.evidence if one.layer == stopped] or list(walk.evidence)
    # What the message rules judged is what decided; without that, the last thing that was said.
    last = next((one for one in reversed(walk.evidence) if error and error in one.text), near[-1])
    return f"{last.text} ({last.code})" if last.code and last.code not in last.text else last.text


def finding_data(finding: Finding) -> dict[str, Any]:
    """A finding as plain data."""
    return {
        "cause": finding.cause,
        "title": finding.title,
        "meaning": finding.meaning,
        "why_here": finding.why_here,
        "why": list(finding.why),
        "fixes": [_fix(fix) for fix in finding.fixes],
        "avoid": list(finding.avoid),
        "verify": [_command(one) for one in finding.verify],
        "see_also": list(finding.see_also),
        "sources": list(finding.sources),
        "hand_over": finding.hand_over,
        "hand_over_to": finding.hand_over_to,
        "hand_over_when": finding.hand_over_when,
        "seen_as": list(finding.seen_as),
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "title": fix.title,
        "when": fix.when,
        "applies": "yes" if fix.sure else "unknown",
        "why": fix.why,
        "risk": fix.risk,
        "undo": fix.undo,
        "kind": fix.kind,
        "commands": [_command(one) for one in fix.commands],
    }


def _command(command: Command) -> dict[str, str]:
    data = {"language": command.language, "where": command.where, "text": command.text}
    return {**data, "when": command.when} if command.when else data


def _candidate(candidate: Candidate, content: Content, filler: Filler) -> dict[str, str]:
    why = content.catalogue.get(candidate.cause, "this cannot be ruled out")
    if candidate.learn:
        why = f"{why}; to tell: {filler.command(candidate.learn, 'sh')}"
    return {"cause": candidate.cause, "why": why}


def _step(hop: Hop) -> dict[str, Any]:
    """A hop; what was derived or read in a log counts as found by a probe."""
    return {
        "node": hop.node,
        "kind": hop.kind,
        "outcome": hop.outcome,
        "ms": hop.ms,
        "by": hop.by if hop.by in ("probe", "user", "flag", "default") else "probe",
        "went": hop.went,
        "trouble": hop.trouble,
        "overruled": [{"fact": one.key, "found": one.was, "said": one.now} for one in hop.overruled],
    }

"""A session made into a document for a ticket or a postmortem: what was asked, seen, excluded, found and done.

The document is plain data without secrets; `written` turns it into Markdown, HTML, text or JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wizard import __version__
from wizard.blocks import to_html, to_markdown, to_text
from wizard.chapters import chapters
from wizard.core.events import Touched
from wizard.core.tree import HEALTHY
from wizard.core.walk import Walk
from wizard.errors import UsageError
from wizard.footprint import footprint_of
from wizard.impact import certainty, impact, summary
from wizard.marks import iso
from wizard.redact import Redactor
from wizard.report import report
from wizard.session import SavedWalk, Session, replayed
from wizard.transcriptwalk import Clock, walk_data

if TYPE_CHECKING:
    from wizard.anonymous import Anonymous
    from wizard.content.load import Content

SCHEMA = "dbwizard.transcript/1"
FORMATS = ("md", "json", "html", "text")


def document(
    session: Session, content: Content, redactor: Redactor | None = None, *, anonymous: bool = False
) -> dict[str, Any]:
    """The whole session as plain data. `redactor` knows the secrets of this process, where there are any.

    `anonymous` replaces the names of hosts, users, databases and the like (see wizard/anonymous.py).
    """
    gate = redactor or session.redactor
    veil = _veil(session, content) if anonymous else None
    header = _header(session, veil)
    clock = Clock(header["environment"].get("utc_offset", ""))
    walks = [
        _walk(number, saved, session, content, gate, header["target"], clock, veil)
        for number, saved in enumerate(session.walks, 1)
    ]
    trouble = [veil.replacer.text(session.trouble) if veil else session.trouble] if session.trouble else []
    told = _told(session, walks, header, clock)
    clean: dict[str, Any] = gate.data({**told, "trouble": trouble})
    # The reports passed the gate when they were made; a second time would hide what their commands say.
    clean["walks"] = [
        {
            **gate.data({key: value for key, value in walk.items() if key != "report"}),
            "report": walk["report"],
        }
        for walk in walks
    ]
    return clean


def _told(
    session: Session, walks: list[dict[str, Any]], header: Mapping[str, Any], clock: Clock
) -> dict[str, Any]:
    """What is said of the session as a whole."""
    last = walks[-1]["report"]
    faults = [walk["report"] for walk in walks if walk["report"]["status"] == "fault"]
    solved = last["status"] == HEALTHY and bool(faults)
    began = clock.both(session.started)
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "version": __version__,
        "session": session.id,
        "title": f"Solved: {faults[-1]['title']}" if solved else last["title"],
        "solved": faults[-1]["cause"] if solved else "",
        "status": last["status"],
        "cause": last["cause"],
        "certainty": certainty(faults[-1] if solved else last),
        "impact": impact(walks),
        "began": began,
        "started": iso(session.started),
        "started_local": began["local"],
        "target": header["target"],
        "environment": {**header["environment"], **_learnt(walks)},
        "timeline": [moment for walk in walks for moment in _moments(walk, len(walks))],
        "notes": [note for walk in walks for note in walk["notes"]],
    }
    return {**data, "summary": summary(data, walks)}


def written(data: dict[str, Any], form: str) -> str:
    """The document as md, json, html or text. Raises UsageError for another form."""
    if form == "json":
        return json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    if form == "md":
        return to_markdown(chapters(data))
    if form == "html":
        return to_html(chapters(data), f"{data['title']} ({data['session']})")
    if form == "text":
        return to_text(chapters(data))
    raise UsageError(f"'{form}' is no format of a transcript: it is one of {', '.join(FORMATS)}")


def _veil(session: Session, content: Content) -> Anonymous:
    from wizard.anonymous import Anonymous, replacer_for

    return Anonymous(replacer_for(session.header, session.walks), content.tree)


def _header(session: Session, veil: Anonymous | None) -> dict[str, Any]:
    """The target and the environment as they may be told."""
    header = {
        "target": session.header.get("target", {}),
        "environment": {
            **session.header.get("environment", {}),
            "dbwizard": session.header.get("version", ""),
        },
    }
    return veil.header(header) if veil else header


def _walk(
    number: int,
    saved: SavedWalk,
    session: Session,
    content: Content,
    gate: Redactor,
    target: Mapping[str, Any],
    clock: Clock,
    veil: Anonymous | None,
) -> dict[str, Any]:
    """One walk of the session: its report, and what the report does not tell."""
    walk, changed = replayed(content.tree, saved)
    if veil is not None:
        walk, saved, changed = veil.walk(walk), veil.saved(saved), veil.replacer.text(changed)
    times = [event.at for event in saved.events if event.at]
    started = min([saved.at or session.started, *times])
    made = report(
        walk,
        content,
        target,
        started=started,
        elapsed_ms=(max(times, default=started) - started) * 1000,
        redactor=gate,
        session=session.id,
        trouble=[changed] if changed else [],
    )
    if any(isinstance(event, Touched) for event in walk.events):
        made["footprint"] = footprint_of(walk.events, gate.text)
    return {**walk_data(number, saved, walk, made, content, clock), **_provenance(walk)}


def _provenance(walk: Walk) -> dict[str, Any]:
    """Who knew where the application runs: it stands in the environment of the document."""
    known = walk.facts.fact("runtime")
    return {"runtime_by": known.by if known else ""}


def _learnt(walks: list[dict[str, Any]]) -> dict[str, str]:
    """What the walks learnt of the surroundings, the latest of each."""
    found: dict[str, str] = {}
    for walk in walks:
        facts = walk["report"]["facts"]
        for key, name in (
            ("server.version", "server_version"),
            ("pooler.version", "pooler_version"),
            ("runtime", "runtime"),
            ("runtime.evidence", "runtime_evidence"),
        ):
            if facts.get(key) not in (None, "", "none", "unknown"):
                found[name] = str(facts[key])
        if walk["runtime_by"]:
            found["runtime_by"] = walk["runtime_by"]
    return found


def _moments(walk: Mapping[str, Any], count: int) -> list[dict[str, str]]:
    """The time line of one walk, with its begin and, where it came to one, its verdict."""
    which = f"Walk {walk['number']}" if count > 1 else "The walk"
    report = walk["report"]
    moments = [{**walk["began"], "what": f"{which} begins"}, *walk["timeline"]]
    if walk["finished"]:
        verdict = {**walk["ended"], "what": f"{which} ends: {report['title']} ({report['cause']})"}
        # A note or a copied command may come after the verdict.
        place = next(
            (number for number, one in enumerate(moments) if one["at"] > verdict["at"]), len(moments)
        )
        moments.insert(place, verdict)
    return moments

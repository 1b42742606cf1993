"""A session made into a document for a ticket or a postmortem: what was asked, seen, excluded, found and done.

The document is plain data without secrets; `written` turns it into Markdown, HTML, text or JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wizard import __version__
from wizard.blocks import to_html, to_markdown, to_text
from wizard.chapters import chapters
from wizard.core.events import Answered, Event, Noted, ProbeFinished, Showed, Skipped, Stated
from wizard.core.facts import text_of
from wizard.core.tree import FINDING, HEALTHY, INCONCLUSIVE
from wizard.core.walk import Walk
from wizard.errors import UsageError
from wizard.marks import iso, local
from wizard.redact import Redactor
from wizard.report import report
from wizard.session import SavedWalk, Session, replayed

if TYPE_CHECKING:
    from wizard.content.load import Content

SCHEMA = "dbwizard.transcript/1"
FORMATS = ("md", "json", "html", "text")


def document(session: Session, content: Content, redactor: Redactor | None = None) -> dict[str, Any]:
    """The whole session as plain data. `redactor` knows the secrets of this process, where there are any."""
    gate = redactor or session.redactor
    walks = [_walk(number, saved, session, content, gate) for number, saved in enumerate(session.walks, 1)]
    last = walks[-1]["report"]
    faults = [walk["report"] for walk in walks if walk["report"]["status"] != HEALTHY]
    solved = last["status"] == HEALTHY and bool(faults)
    data = {
        "schema": SCHEMA,
        "version": __version__,
        "session": session.id,
        "title": f"Solved: {faults[-1]['title']}" if solved else last["title"],
        "solved": faults[-1]["cause"] if solved else "",
        "status": last["status"],
        "cause": last["cause"],
        "started": iso(session.started),
        "started_local": local(session.started),
        "target": session.header.get("target", {}),
        "environment": {
            **session.header.get("environment", {}),
            "dbwizard": session.header.get("version", ""),
        },
        "trouble": [session.trouble] if session.trouble else [],
    }
    clean: dict[str, Any] = gate.data(data)
    # The reports passed the gate when they were made; a second time would hide what their commands say.
    clean["walks"] = [
        {
            **gate.data({key: value for key, value in walk.items() if key != "report"}),
            "report": walk["report"],
        }
        for walk in walks
    ]
    return clean


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


def _walk(
    number: int, saved: SavedWalk, session: Session, content: Content, gate: Redactor
) -> dict[str, Any]:
    """One walk of the session: its report, and what the report does not tell."""
    walk, changed = replayed(content.tree, saved)
    times = [event.at for event in saved.events if event.at]
    started = min([saved.at or session.started, *times])
    made = report(
        walk,
        content,
        session.header.get("target", {}),
        started=started,
        elapsed_ms=(max(times, default=started) - started) * 1000,
        redactor=gate,
        session=session.id,
        trouble=[changed] if changed else [],
    )
    possible = {made["cause"], HEALTHY, INCONCLUSIVE, *(one["cause"] for one in made["candidates"])}
    return {
        "number": number,
        "report": made,
        "finished": walk.finished,
        "timeline": [_moment(event, walk) for event in saved.events if not _only_shown(event)],
        "questions": list(_questions(saved, walk)),
        "notes": [event.text for event in saved.events if isinstance(event, Noted)],
        "commands": _commands(saved),
        "excluded": [
            {"cause": cause, "why": content.catalogue.get(cause, "")} for cause in _excluded(walk, possible)
        ],
        "open": list(_open_points(walk, made)),
    }


def _only_shown(event: Event) -> bool:
    return isinstance(event, Showed) and event.how == "shown"


def _commands(saved: SavedWalk) -> list[dict[str, str]]:
    """Each command that was shown or copied, once for each way, with the first time."""
    first: dict[tuple[str, str], float] = {}
    for event in saved.events:
        if isinstance(event, Showed):
            first.setdefault((event.command, event.how), event.at)
    return [{"command": command, "how": how, "at": iso(at)} for (command, how), at in first.items()]


def _moment(event: Event, walk: Walk) -> dict[str, str]:
    """One line of the time line, in UTC and in the local time of this machine."""
    return {"at": iso(event.at), "local": local(event.at), "what": _told(event, walk)}


def _told(event: Event, walk: Walk) -> str:
    """The event in words."""
    if isinstance(event, ProbeFinished):
        return f"{event.probe}: {event.summary or event.trouble or 'done'}"
    if isinstance(event, Answered):
        return f"answered ({event.by}): {_asked(event.node, walk)} {event.value}"
    if isinstance(event, Stated):
        said = ", ".join(f"{key} = {text_of(value)}" for key, value in event.facts.items())
        return f"stated ({event.by}): {said}"
    if isinstance(event, Skipped):
        return f"skipped {event.node}{': ' + event.why if event.why else ''}"
    if isinstance(event, Noted):
        return f"note: {event.text}"
    if isinstance(event, Showed):
        return f"command {event.how}: {event.command}"
    return "one step back"


def _asked(node_id: str, walk: Walk) -> str:
    """The words of the question at a node, or the node's name where the tree has changed."""
    node = walk.tree.nodes.get(node_id)
    question = walk.tree.questions.get(node.question) if node else None
    return question.text if question else node_id


def _questions(saved: SavedWalk, walk: Walk) -> Iterator[dict[str, str]]:
    """What was asked and answered, in order; what was given before the walk first."""
    for key, value in saved.facts.items():
        asked = walk.tree.questions.get(key)
        yield {"question": asked.text if asked else key, "answer": text_of(value), "by": "flag"}
    for event in saved.events:
        if isinstance(event, Answered):
            yield {"question": _asked(event.node, walk), "answer": event.value, "by": event.by}


def _excluded(walk: Walk, possible: set[str]) -> list[str]:
    """The causes to which every edge of the passed nodes is denied by the facts, less those still possible."""
    found: dict[str, bool] = {}
    for hop in walk.trail:
        node = walk.tree.nodes.get(hop.node)
        for edge in node.edges if node else ():
            if edge.go.startswith(FINDING) and not edge.follows:
                other = edge.go[len(FINDING) :]
                # One way to a cause that is still open is enough to keep it.
                found[other] = found.get(other, True) and edge.when.holds(walk.facts) is False
    return [other for other, denied in found.items() if denied and other not in possible]


def _open_points(walk: Walk, made: dict[str, Any]) -> Iterator[str]:
    """What nobody looked at or knew."""
    if not walk.finished:
        yield "The walk was not finished."
    for hop in walk.trail:
        if hop.unknown or hop.trouble:
            why = hop.trouble or "the answer is not known"
            yield f"{hop.layer}: {_asked(hop.node, walk)}: {why}"
    if made["status"] != "healthy":
        yield from (f"Not ruled out: {one['cause']}: {one['why']}" for one in made["candidates"])
    yield from (f"Warning on {one['layer']}: {one['text']}" for one in made["warnings"])

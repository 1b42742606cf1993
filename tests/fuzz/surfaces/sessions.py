"""Files of saved sessions: listed, gone on with, told as documents and compared, or refused in a sentence.

The first byte says in which form a document is written; the rest is the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.fuzz.surface import Surface
from tests.fuzz.surfaces.classify import content
from tests.fuzz.surfaces.files import scratch
from tests.support.footprints import done
from wizard import comparison
from wizard.core.events import (
    Answered,
    Event,
    Noted,
    Overruled,
    ProbeFinished,
    Showed,
    Skipped,
    Stated,
    Touched,
    WentBack,
)
from wizard.core.facts import Facts, Value
from wizard.core.steps import Run
from wizard.drive import answer_from, drive
from wizard.errors import SessionError
from wizard.redact import harmless
from wizard.session import Session, list_sessions, replayed
from wizard.sessionlist import entries, table
from wizard.transcript import FORMATS, document, written

SUMMARY = {"engine": "postgresql", "host": "db.example", "port": 5432, "user": "app", "database": "shop"}
MOMENT = 1.8e9
DONE = done("192.0.2.1:5432", "app", "db.example", "SELECT 1")
FACTS: tuple[dict[str, Value], ...] = (
    {"dns.outcome": "resolved", "dns.addresses": ("192.0.2.1",), "network.outcome": "refused"},
    {
        "network.outcome": "connected",
        "network.answer": "postgresql",
        "auth.outcome": "error",
        "error.code": "28P01",
    },
)


@cache
def _lines() -> tuple[bytes, ...]:
    """The files of two sessions that were walked with the facts of a peer that is not there."""
    return tuple(map(_walked, FACTS))


def _walked(facts: dict[str, Value]) -> bytes:
    def probed(step: Run, known: Facts) -> Event:
        return ProbeFinished(step.node, step.probe, facts, ms=1.5, at=MOMENT)

    with scratch() as folder:
        session = Session.create(Path(folder), {"target": SUMMARY}, facts={"runtime": "docker"})
        begun, _ = replayed(content().tree, session.walks[0])
        walk = drive(begun, probed, answer_from({}), lambda event, walk: session.add(event))
        node = walk.trail[0].node
        session.add(Noted("a remark \u00e4", MOMENT))
        session.add(Showed("psql -h db.example", "copied", MOMENT))
        session.add(Touched(MOMENT, DONE, MOMENT))
        session.new_walk({"managed": "none"})
        session.add(Skipped(node, "no time", MOMENT))
        session.add(WentBack(MOMENT))
        session.add(Answered(node, "unknown", at=MOMENT))
        session.add(Stated(node, {"network.outcome": "timeout"}, at=MOMENT))
        session.add(Overruled(node, {"dns.outcome": "unknown"}, at=MOMENT))
        session.close()
        assert session.path is not None, session.trouble
        return session.path.read_bytes()


def seeds() -> list[bytes]:
    """Whole sessions, their first lines, and sessions of strange kinds."""
    files = [
        *_lines(),
        _lines()[0].split(b"\n")[0] + b"\n",
        b'{"format": 1, "id": "x"}\n',
        b"",
        b"[" * 5000 + b"\n",
    ]
    return [bytes((form,)) + one for form in range(len(FORMATS) * 2) for one in files]


def run(data: bytes) -> Iterator[str]:
    """Everything that can be done with a saved session."""
    kind, raw = (data[0] if data else 0), data[1:]
    with scratch() as name:
        folder = Path(name)
        path = folder / "20260101-000000-abcd.jsonl"
        path.write_bytes(raw)
        found = list(entries(folder, content().tree))
        yield from table(found, 80, lambda seconds: "01-01 00:00")
        for entry in found:
            json.dumps(entry.as_data())
        try:
            session = Session.load(path)
        except SessionError as error:
            yield harmless(str(error), 0)
            return
        assert list_sessions(folder) or not found
        for saved in session.walks:
            walk, trouble = replayed(content().tree, saved)
            assert walk.step is not None
            yield harmless(trouble, 0)
        form = FORMATS[kind % len(FORMATS)]
        text = written(document(session, content(), anonymous=kind // len(FORMATS) % 2 == 1), form)
        if form == "json":
            text = json.dumps(json.loads(text), ensure_ascii=False)
        yield text
        other = folder / "other.jsonl"
        other.write_bytes(_lines()[0])
        compared = comparison.compare(session, Session.load(other), content())
        json.dumps(compared)
        yield comparison.told(compared, 80)


SURFACE = Surface(
    "sessions",
    seeds,
    run,
    (
        *(
            b"null",
            b"true",
            b"-1",
            b"1e999",
            b"NaN",
            b"1" * 5000,
            b"[]",
            b"{}",
            b'""',
            b'"\\ud800"',
            b'"\\u001b[31m"',
            b"\n",
            b'{"kind": "back"}\n',
        ),
        *(
            b'"kind": ',
            b'"facts": ',
            b'"node": ',
            b'"at": ',
            b'"format": 0',
            b'"target": ',
            b'"started": ',
            b'{"kind": "walk"}\n',
            b'"environment": []',
        ),
    ),
    seconds=3.0,
    leaks=False,
)

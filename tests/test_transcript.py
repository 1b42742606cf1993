"""The transcript as a postmortem needs it: the summary, the window, the times, who said what, and a page of its own."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.footprints import done
from tests.support.small_content import refused_walk, small_content
from wizard.blocks import to_html
from wizard.content.load import Content
from wizard.core.events import Answered, Event, Noted, ProbeFinished, Showed, Touched
from wizard.impact import certainty
from wizard.redact import Redactor
from wizard.session import SavedWalk, Session
from wizard.target.model import Secret
from wizard.transcript import document, written

TARGET = {"engine": "postgresql", "host": "db.example", "port": 5432, "user": "app", "database": "shop"}
COMMAND = "psql -h db.example -p 5432 -U app -d shop -W --a-long-option-that-is-never-wrapped=1"


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    return small_content(tmp_path_factory.mktemp("content"))


def well(at: float) -> list[Event]:
    """A walk that ends healthy at this moment."""
    facts = {"config.outcome": "ok", "engine": "postgresql"}
    return [
        ProbeFinished("config.settings", "config.settings", facts, (), "settings", "", 1.0, at - 1),
        Answered("ask.runtime", "host", "user", at),
    ]


def session_of(content: Content, *kinds: str) -> Session:
    """A session of walks, an hour apart: `fault` fails at 104.5 s of its hour, `well` is healthy at 200 s of it."""
    walks = []
    for hour, kind in enumerate(kinds):
        begin = hour * 3600.0
        events = list(refused_walk(content).events) if kind == "fault" else well(200.0)
        moved = [event._replace(at=event.at + begin) for event in events]
        walks.append(SavedWalk({}, moved if kind != "open" else moved[:1], begin + 99.0))
    environment = {"host": "web-1", "os": "Debian GNU/Linux 12", "system": "Linux 6", "python": "3.11.7"}
    environment |= {"zone": "IST", "utc_offset": "+0530"}
    header = {"id": "s-1", "version": "1.2", "started": "1970-01-01T00:01:39.000Z"}
    return Session({**header, "target": TARGET, "environment": environment}, walks, None)


def told(content: Content, *kinds: str) -> dict[str, Any]:
    return document(session_of(content, *kinds), content)


def test_still_failing(content: Content) -> None:
    data = told(content, "fault")
    assert data["summary"] == [
        "PostgreSQL at db.example:5432 (user app, database shop) was tried from web-1 on 1970-01-01 at 00:01:39 UTC"
        " and failed: The password of app is refused.",
        "The cause is auth.password-wrong (likely: it fits best, but so does auth.role-unknown).",
        "It was still failing when it was last tried, on 1970-01-01 at 00:01:44 UTC.",
    ]
    assert data["impact"] == {
        "state": "still failing",
        "healthy_before": {"at": "", "local": ""},
        "first_failure": {"at": "1970-01-01T00:01:44.500Z", "local": "1970-01-01 05:31:44 +0530"},
        "last_failure": {"at": "1970-01-01T00:01:44.500Z", "local": "1970-01-01 05:31:44 +0530"},
        "verified_healthy": {"at": "", "local": ""},
        "seconds": 0,
    }
    assert "| Still failing at | 1970-01-01T00:01:44.500Z |" in written(data, "md")


def test_healthy_again_after_the_fix(content: Content) -> None:
    data = told(content, "fault", "fault", "well")
    window = data["impact"]
    assert (window["state"], window["seconds"]) == ("healthy again", 7200 + 200 - 104)
    assert window["last_failure"]["at"] == "1970-01-01T01:01:44.500Z"
    assert window["verified_healthy"]["at"] == "1970-01-01T02:03:20.000Z"
    assert data["title"] == "Solved: The password of app is refused"
    assert data["summary"][-1] == (
        "It was verified healthy on 1970-01-01 at 02:03:20 UTC, 2 h 1 min after the first failure that was seen."
    )
    page = written(data, "text")
    assert "Before and after\n" in page
    assert re.search(r"auth +fault +", page)
    assert "Last verified healthy  1970-01-01T02:03:20.000Z" in page


def test_it_was_healthy_before(content: Content) -> None:
    window = told(content, "well", "fault")["impact"]
    assert window["healthy_before"]["at"] == "1970-01-01T00:03:20.000Z"
    assert window["state"] == "still failing"


def test_nothing_wrong_and_nothing_known(content: Content) -> None:
    assert told(content, "well")["summary"][0].endswith(
        "and every layer answered: nothing was wrong at that moment."
    )
    (sentence,) = told(content, "open")["summary"]
    assert sentence.endswith("The walk was not finished: it stands at the layer config, without a verdict.")
    assert told(content, "fault", "open")["impact"]["state"] == "still failing"


def test_the_summary_is_two_or_three_sentences_where_something_is_wrong(content: Content) -> None:
    for kinds in (("fault",), ("fault", "well"), ("well", "fault", "well")):
        assert 2 <= len(told(content, *kinds)["summary"]) <= 3


def test_how_sure() -> None:
    report = {"status": "fault", "candidates": []}
    assert certainty(report) == "Sure: no other known cause fits what was seen."
    many = [{"cause": f"a.b{number}"} for number in range(5)]
    assert certainty({**report, "candidates": many}).endswith("but so do a.b0, a.b1, a.b2 ….")
    assert certainty({"status": "inconclusive", "candidates": many[:1]}).startswith(
        "Not known: 1 cause still fits"
    )


def test_the_time_line_has_both_times_and_the_verdict_before_what_came_after(content: Content) -> None:
    session = session_of(content, "fault")
    session.walks[0].events += [Noted("restarted the pool", 110.0), Showed(COMMAND, "copied", 111.0)]
    data = document(session, content)
    line = [(one["at"][11:19], one["local"][11:], one["what"]) for one in data["timeline"]]
    assert line[0] == ("00:01:39", "05:31:39 +0530", "The walk begins")
    assert (
        "00:01:41",
        "05:31:41 +0530",
        "Where does the application run? In a container (answered by the user)",
    ) in line
    assert [what for _, _, what in line[-3:]] == [
        "The walk ends: The password of app is refused (auth.password-wrong)",
        "note: restarted the pool",
        f"command copied: {COMMAND}",
    ]
    assert data["notes"] == [
        {"at": "1970-01-01T00:01:50.000Z", "local": "1970-01-01 05:31:50 +0530", "text": "restarted the pool"}
    ]


def test_a_fix_says_which_of_its_commands_was_copied_and_when(content: Content) -> None:
    session = session_of(content, "fault")
    session.walks[0].events += [Showed(COMMAND, "shown", 105.0), Showed(COMMAND, "copied", 111.0)]
    page = written(document(session, content), "md")
    assert "where the application runs; shown at 00:01:45 UTC, copied at 00:01:51 UTC:" in page


def test_the_chapters_come_in_the_order_of_a_postmortem(content: Content) -> None:
    session = session_of(content, "fault", "well")
    session.walks[0].events.append(Noted("a note", 110.0))
    page = written(document(session, content), "md")
    chapters = re.findall(r"^## (.*)$", page, re.MULTILINE)
    assert chapters == [
        "Summary",
        "Impact window",
        "Cause: auth.password-wrong",
        "Fixes",
        "Before and after",
        "Time line",
        "Notes",
        "Environment",
        "Asked and answered",
        "Layers",
        "Ruled out",
        "Facts",
        "Sources",
    ]
    for part in (
        "| dbwizard ran on | web-1 |",
        "| operating system | Debian GNU/Linux 12 |",
        "| Python | 3.11.7 |",
    ):
        assert part in page


def test_the_page_loads_nothing_and_is_readable_in_the_dark_and_on_paper(content: Content) -> None:
    page = written(told(content, "fault", "well"), "html")
    assert not re.search(r"<(?:script|link|img|iframe|object|base)|\bsrc=|\bhref=|url\(|@import", page)
    assert "default-src 'none'" in page
    assert "prefers-color-scheme:dark" in page
    assert "@media print" in page
    assert to_html([], "t").count("<html") == 1


def test_what_was_done_to_servers_is_told_in_every_form(content: Content) -> None:
    """As `check --footprint` tells it; of two sittings the sum, and of one that was told twice the latest."""
    session = session_of(content, "fault", "well")
    some = done("192.0.2.1:5432", "app", "db.example", "SELECT 1")
    session.walks[0].events += [
        Touched(100.0, {**some, "statements": []}, 105.0),
        Touched(100.0, some, 106.0),
        Touched(200.0, {**some, "at_once": 2}, 206.0),
    ]
    data = document(session, content)
    made = data["walks"][0]["report"]["footprint"]
    totals = made["totals"]
    assert (totals["connections"], totals["failed_logins"], totals["statements"], totals["at_once"]) == (
        2,
        2,
        2,
        2,
    )
    assert made["connections"] == [*some["connections"], *some["connections"]]
    assert "footprint" not in data["walks"][1]["report"]
    assert not any(moment["at"].endswith("00:01:46.000Z") for moment in data["timeline"])
    for form in ("md", "html", "text"):
        page = written(data, form)
        assert "What dbwizard did to servers in walk 1" in page
        assert "opened 2 connections and sent 2 statements that only read; 2 logins were refused" in page
        assert "servers in walk 2" not in page


def test_a_password_that_is_a_key_of_the_document_breaks_no_form(content: Content) -> None:
    session = session_of(content, "fault", "well")
    session.walks[0].events.append(Noted("a note", 110.0))
    plain = document(session, content)

    def keys(data: Any) -> set[str]:
        if isinstance(data, dict):
            return set(data).union(*(keys(one) for one in data.values()))
        return set().union(*(keys(one) for one in data)) if isinstance(data, list) else set()

    for word in sorted(keys({key: value for key, value in plain.items() if key != "walks"}) - set(TARGET)):
        made = document(session, content, Redactor([Secret(word)]))
        assert written(made, "md").startswith("# ")
        assert set(made) == set(plain)

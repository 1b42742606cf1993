"""The report and the transcript: the contract of the JSON, what a person reads first, and that content is only data."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.support.small_content import SAID, refused_walk, small_content
from wizard.blocks import Code, Heading, Items, Para, Table, to_html, to_markdown, to_text
from wizard.content.load import Content, open_content
from wizard.core.events import Noted, ProbeFinished, Showed, Skipped
from wizard.core.page import render
from wizard.core.walk import Walk
from wizard.errors import UsageError
from wizard.marks import duration, iso, seconds_of, to_ascii
from wizard.printed import text
from wizard.redact import Redactor
from wizard.report import find_for, report, target_summary
from wizard.session import Session
from wizard.target.model import HostPort, Secret, Target
from wizard.transcript import document, written

PASSWORD = "correct-horse-9"
TARGET = Target(
    "postgresql",
    (HostPort("db.example", 5432), HostPort("db2.example", 5433)),
    "app",
    "shop",
    Secret(PASSWORD),
    options={"sslmode": "require"},
    source="DATABASE_URL",
)
HOSTILE = (
    "<script>alert(1)</script> [x](javascript:1) ![i](http://e/x.png) `` ` ``` **b** |"
    " # h\n# h2\n---\n- a &lt; \x1b[31m"
)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    return small_content(tmp_path_factory.mktemp("content"))


def made(walk: Walk, content: Content, **more: Any) -> dict[str, Any]:
    redactor = Redactor([Secret(PASSWORD)])
    summary = target_summary(TARGET)
    return report(walk, content, summary, started=1795208645.123, elapsed_ms=411.6, redactor=redactor, **more)


# --- the JSON


def test_the_report_has_every_key_of_the_contract(content: Content) -> None:
    found = made(refused_walk(content), content, session="s-1", trouble=["No disk."])
    assert json.loads(json.dumps(found)) == found
    assert (found["schema"], found["started"], found["elapsed_ms"]) == (
        "dbwizard.report/1",
        "2026-11-20T21:04:05.123Z",
        412,
    )
    assert (found["status"], found["cause"]) == ("fault", "auth.password-wrong")
    assert found["title"] == "The password of app is refused"
    assert found["candidates"] == [{"cause": "auth.role-unknown", "why": "there is no such role"}]
    assert found["target"] == {
        "engine": "postgresql",
        "host": "db.example",
        "port": 5432,
        "user": "app",
        "database": "shop",
        "options": {"sslmode": "require"},
        "source": "DATABASE_URL",
        "password": "set",
        "hosts": [{"host": "db.example", "port": 5432}, {"host": "db2.example", "port": 5433}],
    }
    layers = ["config", "dns", "network", "tls", "auth", "database", "capacity"]
    assert [one["layer"] for one in found["layers"]] == layers
    assert found["layers"][1] == {
        "layer": "dns",
        "outcome": "ok",
        "ms": 12.3,
        "summary": "db.example is 10.0.0.1",
    }
    assert found["layers"][4]["outcome"] == "fault"
    assert found["warnings"] == [{"layer": "auth", "text": "The server of db.example counts failed logins."}]
    assert [step["by"] for step in found["steps"]] == ["probe", "user", "default", "probe", "probe"]
    assert found["facts"]["dns.addresses"] == ["10.0.0.1", "10.0.0.2"]
    assert found["evidence"] == [{"layer": "auth", "text": SAID, "code": "28P01"}]
    assert (found["session"], found["trouble"]) == ("s-1", ["No disk."])


def test_the_finding_is_rendered(content: Content) -> None:
    finding = made(refused_walk(content), content)["findings"][0]
    assert finding["why_here"] == f"app logs in from a container. Seen: {SAID.replace('  ', ' ')} (28P01)"
    assert [(fix["title"], fix["applies"], fix["risk"]) for fix in finding["fixes"]] == [
        ("Surely applies", "yes", "safe"),
        ("May apply", "unknown", "reload"),
    ]
    assert finding["fixes"][0]["commands"] == [
        {
            "language": "sh",
            "where": "app-host",
            "text": "psql -h db.example -p 5432 -U app -d shop -W --a-long-option-that-is-never-wrapped=1",
        }
    ]
    assert finding["fixes"][1]["commands"][0]["text"] == "ALTER ROLE \"app\" VALID UNTIL 'infinity';"
    assert finding["verify"] == [{"language": "sh", "where": "app-host", "text": "dbwizard check"}]
    assert [fix["kind"] for fix in finding["fixes"]] == ["stop-gap", ""]
    assert finding["hand_over_to"] == "the DBA"
    assert finding["hand_over_when"] == "the password is the one from the store"
    assert finding["hand_over"].startswith("app cannot log in: FATAL: ")


def test_an_inconclusive_report_says_how_to_tell_the_candidates_apart(content: Content) -> None:
    walk = Walk.start(content.tree).feed(Skipped("config.settings", "no time", 1.0))
    while not walk.finished:
        walk = walk.feed(Skipped(walk.at, "no time", 1.0))
    found = made(walk, content)
    assert found["status"] == "inconclusive"
    assert found["findings"][0]["cause"] == "inconclusive"
    why = {one["cause"]: one["why"] for one in found["candidates"]}
    assert why["dns.name-not-found"].endswith("; to tell: getent ahosts {host}")
    assert "to tell: getent ahosts {host}" in text(found)


def test_a_walk_that_was_not_finished_has_a_report(content: Content) -> None:
    assert made(Walk.start(content.tree), content)["status"] == "inconclusive"


def test_no_password_in_any_form(content: Content) -> None:
    said = f"FATAL: no postgresql://app:{PASSWORD}@db.example/shop password={PASSWORD}"
    walk = refused_walk(content, said=said, user=PASSWORD)
    found = made(walk, content)
    assert PASSWORD not in json.dumps(found)
    assert PASSWORD not in text(found)


def test_a_secret_among_the_facts_leaves_the_placeholder_in_commands(content: Content) -> None:
    found = made(refused_walk(content, user=PASSWORD), content)
    assert "-U {user} -d shop" in found["findings"][0]["fixes"][0]["commands"][0]["text"]
    assert found["title"] == "The password of ••• is refused"


def test_the_words_of_the_pages_that_ship_come_through_unharmed() -> None:
    content = open_content()
    known = {"engine": "postgresql", "target.host": "db", "target.user": "app", "target.database": "shop"}
    walk = Walk.start(content.tree, known)
    for cause in content.catalogue:
        plain = render(cause, content.page(cause), walk.facts, walk.tree.fills, content.catalogue[cause])
        assert find_for(cause, walk, content, Redactor([Secret(PASSWORD)])) == plain


@pytest.mark.parametrize("word", ["host", "refused", "auth"])
def test_a_password_that_is_a_declared_value_changes_no_fact_and_no_page(content: Content, word: str) -> None:
    plain = refused_walk(content)
    gate = Redactor([Secret(word)])
    told = report(plain, content, target_summary(TARGET), started=0.0, elapsed_ms=1, redactor=gate)
    facts = {key: value for key, value in plain.facts.as_dict().items() if key in content.tree.specs}
    choices = {key: value for key, value in facts.items() if content.tree.specs[key].values}
    assert choices
    assert {key: told["facts"][key] for key in choices} == choices
    assert told["target"]["password"] == "set"
    assert set(told["facts"]) == set(plain.facts.as_dict())


def test_the_summary_of_a_target_without_password() -> None:
    assert target_summary(Target())["password"] == "missing"
    assert target_summary(Target())["hosts"] == []


# --- for people


def test_the_verdict_is_the_first_line(content: Content) -> None:
    lines = text(made(refused_walk(content), content), width=100).splitlines()
    assert lines[0] == "✗ The password of app is refused  [auth.password-wrong]"
    assert lines[1] == "  postgresql at db.example:5432, as app, database shop, settings from DATABASE_URL"


def test_the_message_to_hand_over_says_to_whom(content: Content) -> None:
    printed = text(made(refused_walk(content), content), width=100)
    heading = (
        "To hand over\n  To the DBA, when the password is the one from the store:\n  app cannot log in: "
    )
    assert heading in printed
    assert "A stop-gap: it helps now, and the cause stays." in printed


def test_what_to_avoid_comes_before_what_to_do(content: Content) -> None:
    printed = text(made(refused_walk(content), content))
    order = [
        "What it means",
        "Why here",
        "also fits",
        "What not to do",
        "What to do first",
        "If that is not it",
        "To verify",
    ]
    places = [printed.index(words) for words in order]
    assert places == sorted(places)
    assert "May apply (if no provider manages the database)" in printed
    assert "Warnings" in printed


@pytest.mark.parametrize("width", [1, 20, 40, 80, 200])
def test_prose_is_wrapped_and_commands_never_are(content: Content, width: int) -> None:
    found = made(refused_walk(content), content)
    lines = text(found, width=width).splitlines()
    command = found["findings"][0]["fixes"][0]["commands"][0]["text"]
    assert f"    {command}" in lines
    prose = [line for line in lines[1:] if command not in line and "[" not in line and "dbwizard" not in line]
    assert all(len(line) <= max(width, 40) or " " not in line.strip() for line in prose)


def test_no_colour_unless_asked(content: Content) -> None:
    found = made(refused_walk(content), content)
    assert "\x1b" not in text(found)
    coloured = text(found, colour=True)
    assert "\x1b[31;1m✗\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text(found)


def test_ascii_fallback(content: Content) -> None:
    printed = text(made(refused_walk(content, user="zoë"), content), ascii=True)
    assert printed.isascii()
    assert printed.startswith("[FAULT] The password of zo? is refused")
    assert "[ok]    dns" in printed


def test_hostile_text_cannot_reach_the_terminal(content: Content) -> None:
    printed = text(
        made(refused_walk(content, said="\x1b]0;owned\x07\x9b2J\r\u202eFATAL", host="a\x1b[2Jb"), content)
    )
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", printed)


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0.04, "0.0 ms"),
        (9.94, "9.9 ms"),
        (12.3, "12 ms"),
        (999.4, "999 ms"),
        (3100, "3.1 s"),
        (125_000, "2 min 5 s"),
    ],
)
def test_durations(ms: float, words: str) -> None:
    assert duration(ms) == words


@given(st.integers(0, 4_000_000_000_000))
def test_times_come_back(ms: int) -> None:
    assert round(seconds_of(iso(ms / 1000)) * 1000) == ms


def test_ascii_words() -> None:
    assert to_ascii("“a” – b… → ü") == '"a" - b... -> ?'


# --- the transcript


def session_of(content: Content, tmp_path: Path, said: str = SAID) -> Session:
    """Two walks: a fault, then well."""
    session = Session.create(tmp_path / "s", {"target": target_summary(TARGET)}, Redactor([Secret(PASSWORD)]))
    for event in refused_walk(content, said=said).events:
        session.add(event)
    for how in ("shown", "shown", "copied"):
        session.add(Showed(f"psql -h {said}", how, 105.0))
    session.add(Noted(f"{said} {PASSWORD}", 106.0))
    session.new_walk({"runtime": "host"})
    session.add(
        ProbeFinished(
            "config.settings", "config.settings", {"config.outcome": "ok"}, (), "ok", "", 1.0, 200.0
        )
    )
    session.close()
    return session


def test_the_document_tells_everything(content: Content, tmp_path: Path) -> None:
    data = document(session_of(content, tmp_path), content)
    first, second = data["walks"]
    assert (data["schema"], data["status"], data["cause"]) == ("dbwizard.transcript/1", "healthy", "healthy")
    assert first["report"]["cause"] == data["solved"] == "auth.password-wrong"
    where = "Where does the application run?"
    assert first["questions"] == [
        {"question": where, "answer": "docker", "label": "In a container", "by": "user"},
        {
            "question": "Can others reach db.example?",
            "answer": "skipped (nobody to ask)",
            "label": "skipped (nobody to ask)",
            "by": "default",
        },
    ]
    assert second["questions"] == [
        {"question": where, "answer": "host", "label": "On this machine", "by": "flag"}
    ]
    assert [one["how"] for one in first["commands"]] == ["shown", "copied"]
    assert "dns.name-not-found" in [one["cause"] for one in first["excluded"]]
    assert "ask.others: nobody to ask" not in first["open"]
    assert any(point.endswith("Can others reach db.example?: nobody to ask") for point in first["open"])
    assert "Not ruled out: auth.role-unknown: there is no such role" in first["open"]
    assert first["timeline"][0]["at"] == "1970-01-01T00:01:40.000Z"
    assert set(data["environment"]) >= {"host", "system", "python", "dbwizard"}


@pytest.mark.parametrize("form", ["md", "json", "html", "text"])
def test_every_format_tells_the_story_without_the_password(
    content: Content, tmp_path: Path, form: str
) -> None:
    made_of = written(document(session_of(content, tmp_path), content), form)
    for part in ("password authentication failed", "docker", "db.example", "28P01", "auth.password-wrong"):
        assert part in made_of
    if form != "json":
        for part in (
            "Before and after",
            "Environment",
            "Time line",
            "Ruled out",
            "Solved: The password of app is refused",
            "Commands shown or copied",
        ):
            assert part in made_of
    assert PASSWORD not in made_of


def test_a_loaded_session_gives_the_same_document(content: Content, tmp_path: Path) -> None:
    session = session_of(content, tmp_path)
    assert session.path is not None
    assert document(Session.load(session.path), content) == document(session, content)


def test_an_empty_session_has_a_document(content: Content) -> None:
    data = document(Session.create(None, {}), content)
    assert data["status"] == "inconclusive"
    assert "The walk was not finished." in data["walks"][0]["open"]
    for form in ("md", "json", "html", "text"):
        assert written(data, form)


def test_an_unknown_format_is_refused(content: Content) -> None:
    with pytest.raises(UsageError, match="one of md, json, html, text"):
        written({}, "pdf")


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.words += data


SAFE_TAGS = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "ul", "li"}
SAFE_TAGS |= {"pre", "code", "table", "tr", "th", "td"}
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


def kinds(markdown: str) -> set[str]:
    tokens = MARKDOWN.parse(markdown)
    inline = {child.type for token in tokens for child in token.children or ()}
    return {token.type for token in tokens} | inline


def test_content_is_never_markup(content: Content, tmp_path: Path) -> None:
    data = document(session_of(content, tmp_path, HOSTILE), content)
    plain = document(session_of(content, tmp_path, "said"), content)
    assert kinds(written(data, "md")) == kinds(written(plain, "md"))
    parser = _Tags()
    parser.feed(written(data, "html"))
    assert parser.tags <= SAFE_TAGS
    assert "<script>alert(1)</script>" in parser.words


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("`~*_[]()<>#|!&-+=:.1 \\\n\tab;/\"'"), max_size=40))
def test_any_text_stays_text(said: str) -> None:
    blocks = [
        Heading(1, f"t {said}"),
        Para(said or "x"),
        Items((said,)),
        Code(said, "sh"),
        Table(("a",), ((said,),)),
    ]
    tokens = MARKDOWN.parse(to_markdown(blocks))
    allowed = (
        "heading_open inline heading_close paragraph_open paragraph_close bullet_list_open list_item_open"
    )
    allowed += (
        " list_item_close bullet_list_close fence table_open thead_open tr_open th_open th_close tr_close"
    )
    allowed += " thead_close tbody_open td_open td_close tbody_close table_close"
    assert {token.type for token in tokens} <= set(allowed.split())
    inline = {child.type for token in tokens for child in token.children or ()}
    assert inline <= {"text", "text_special"}
    fence = next(token for token in tokens if token.type == "fence")
    assert fence.content.rstrip("\n") == said.rstrip("\n")
    words = " ".join(said.split())
    paragraphs = [token.content for token in tokens if token.type == "inline"]
    shown = [MARKDOWN.renderInline(one) for one in paragraphs]
    parser = _Tags()
    parser.feed(f"<p>{shown[0]}")
    assert parser.words == f"t {words}".strip()
    page = _Tags()
    page.feed(to_html(blocks, said))
    assert page.tags <= SAFE_TAGS
    assert to_text(blocks)

"""Plain lines: a person who types, one who has left, and a pipe that never says anything sensible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.small_content import small_content
from wizard.content.load import Content, open_content
from wizard.core.events import Answered, Noted, Skipped, WentBack
from wizard.front import plain
from wizard.practice import get, serve
from wizard.redact import Redactor
from wizard.report import target_summary
from wizard.runtime import Runtime
from wizard.session import Session
from wizard.target.model import HostPort, Secret, Target
from wizard.target.parse import parse_target

PASSWORD = "correct-horse-9"


class Terminal:
    """A person who has decided beforehand what to type, and what they saw."""

    def __init__(self, content: Content, tmp_path: Path, typed: list[str], **answers: str) -> None:
        self.content = content
        self.answers = answers
        self.seen = ""
        self.prompts = 0
        self._typed: Iterator[str] = iter(typed)
        self.target = Target(
            "postgresql", (HostPort("127.0.0.1", 1),), "app", "shop", Secret(PASSWORD), source="--host"
        )
        self.session = Session.create(
            tmp_path / "sessions", {"target": target_summary(self.target)}, Redactor([Secret(PASSWORD)])
        )

    def read(self, prompt: str) -> str:
        self.prompts += 1
        self.seen += prompt
        try:
            return next(self._typed)
        except StopIteration:
            raise EOFError from None

    def write(self, text: str) -> None:
        self.seen += text

    def run(self, **more: int) -> int:
        runtime = Runtime(self.target, {})
        return plain.run(
            runtime,
            self.content.tree,
            self.content,
            self.session,
            self.read,
            self.write,
            self.answers,
            **more,
        )


@pytest.fixture
def content(tmp_path: Path) -> Content:
    return small_content(tmp_path / "content")


def test_the_steps_the_questions_and_the_finding_in_order(content: Content, tmp_path: Path) -> None:
    person = Terminal(content, tmp_path, ["2", "2", "q"])
    assert person.run() == 1
    shown = [
        "Reading the settings for {host} … settings from --host (",
        "Where does the application run?\n  1 On this machine\n  2 In a container\n  0 I don't know\n",
        "Your answer, 0 to 2: ",
        "Can others reach 127.0.0.1?\n  1 Others can (default)\n  2 Nobody can\n",
        "[FAULT] nothing listens there  [network.refused]",
        "What you can type:\n",
        "  v       verify: run the walk again, and compare\n",
        "What next? (? shows the keys, q quits): ",
        f"dbwizard resume {person.session.id}",
    ]
    places = [person.seen.index(words) for words in shown]
    assert places == sorted(places)


@pytest.mark.parametrize(("typed", "status"), [(["1"], 0), (["host"], 0), (["docker", "no"], 1)])
def test_the_exit_status_is_the_verdict(
    content: Content, tmp_path: Path, typed: list[str], status: int
) -> None:
    assert Terminal(content, tmp_path, typed).run() == status


def test_nobody_there_is_no_loop(content: Content, tmp_path: Path) -> None:
    person = Terminal(content, tmp_path, [])
    assert person.run() == 3
    assert person.prompts == 1
    events = person.session.walks[0].events
    assert isinstance(events[1], Skipped)
    assert isinstance(events[2], Answered)
    assert (events[1].why, events[2].value, events[2].by) == ("nobody to ask", "yes", "default")


@pytest.mark.parametrize("noise", ["", "what?", "w", "-1", "9" * 300, "\x1b[A"])
def test_noise_without_end_is_no_loop(content: Content, tmp_path: Path, noise: str) -> None:
    person = Terminal(content, tmp_path, [noise] * 10_000)
    person.run()
    assert person.prompts <= 2 * plain.PATIENCE + 40
    assert "\x1b" not in person.seen


def test_answers_given_up_front_are_not_asked(content: Content, tmp_path: Path) -> None:
    person = Terminal(content, tmp_path, ["q"], runtime="host")
    assert person.run() == 0
    assert "Where does the application run?" not in person.seen
    assert person.session.walks[0].facts == {"runtime": "host"}
    assert person.session.path is not None
    assert Session.load(person.session.path).walks[0].facts == {"runtime": "host"}


def test_back_goes_to_the_question_before(content: Content, tmp_path: Path) -> None:
    person = Terminal(content, tmp_path, ["b", "2", "b", "1", "q"])
    assert person.run() == 0
    assert "There is no earlier question." in person.seen
    assert any(isinstance(event, WentBack) for event in person.session.walks[0].events)


def test_back_passes_over_the_probes_in_between(content: Content, tmp_path: Path) -> None:
    person = Terminal(content, tmp_path, ["2", "1", "q"])
    person.run()
    assert person.seen.count("Reading the settings") == 1
    person = Terminal(content, tmp_path, ["2", "b", "0", "2", "q"])
    assert person.run() == 1
    assert person.seen.count("Reading the settings") == 1


def test_why_how_note_skip_and_default(content: Content, tmp_path: Path) -> None:
    person = Terminal(content, tmp_path, ["w", "h", "n", f"it began at noon, {PASSWORD}", "s", "", "q"])
    person.run()
    assert "A container has its own network." in person.seen
    assert "Look for /.dockerenv" in person.seen
    events = person.session.walks[0].events
    assert [type(event) for event in events[1:4]] == [Noted, Skipped, Answered]
    assert isinstance(events[3], Answered)
    assert (events[3].value, events[3].by) == ("yes", "user")
    assert person.session.path is not None
    assert "it began at noon" in person.session.path.read_text()
    assert PASSWORD not in person.session.path.read_text()


def test_quit_in_the_middle_keeps_the_session(content: Content, tmp_path: Path) -> None:
    person = Terminal(content, tmp_path, ["2", "q"])
    assert person.run() == 3
    assert person.session.path is not None
    again = Terminal(content, tmp_path, ["2", "q"])
    again.session = Session.load(person.session.path)
    assert again.run() == 1
    assert f"Session {person.session.id} goes on." in again.seen
    assert "Where does the application run?" not in again.seen


def test_a_session_that_goes_on_counts_what_it_did_to_servers_before(tmp_path: Path) -> None:
    content = open_content()
    with serve(get("wrong-password", content)) as running:
        person = Terminal(content, tmp_path, ["q"], runtime="host")
        (person.target, *_) = running.targets()
        person.run()
    assert person.session.path is not None
    again = Terminal(content, tmp_path, ["q"])
    again.target, again.session = person.target, Session.load(person.session.path)
    again.run()
    (told,) = [line for line in person.seen.splitlines() if line.startswith("This walk opened")]
    assert told in again.seen


def test_verify_again_is_a_second_walk_that_keeps_the_answers(content: Content, tmp_path: Path) -> None:
    person = Terminal(content, tmp_path, ["2", "2", "v", "1", "q"])
    person.run()
    second = person.session.walks[1]
    assert second.facts == {"runtime": "docker", "others_connect": "no"}
    assert person.seen.count("Where does the application run?") == 1
    assert "Nothing has changed: it is still network.refused." in person.seen


def test_export_to_a_file_and_to_the_screen(content: Content, tmp_path: Path) -> None:
    out = tmp_path / "it.md"
    person = Terminal(content, tmp_path, ["e", str(out), "", "1", f"e {out}", "n", "e", "", "", "q"])
    assert person.run() == 0
    assert out.read_text().startswith("# ")
    assert out.stat().st_mode & 0o077 == 0
    assert f"{out} cannot be written: File exists." in person.seen
    assert "every layer answered\n====" in person.seen


@pytest.mark.parametrize(
    ("ending", "begins"), [("md", "# "), ("txt", "every"), ("html", "<!doctype"), ("json", "{")]
)
def test_every_form_of_the_transcript_is_written_by_its_ending(
    content: Content, tmp_path: Path, ending: str, begins: str
) -> None:
    out = tmp_path / f"Report.{ending}"
    person = Terminal(content, tmp_path, ["1", f"e {out}", "y", "q"])
    assert person.run() == 0
    made = out.read_text()
    assert made.startswith(begins)
    assert "shop" not in made
    assert "database-1" in made


def test_a_note_stands_on_the_line_of_its_key_or_on_the_next(content: Content, tmp_path: Path) -> None:
    person = Terminal(
        content, tmp_path, ["n it began at noon", "n", "", "1", "N restarted it", "n", "and left", "q"]
    )
    assert person.run() == 0
    events = person.session.walks[0].events
    noted = [event.text for event in events if isinstance(event, Noted)]
    assert noted == ["it began at noon", "restarted it", "and left"]


def test_interrupt_leaves_with_130(content: Content, tmp_path: Path) -> None:
    person = Terminal(content, tmp_path, [])

    def interrupted(prompt: str) -> str:
        raise KeyboardInterrupt

    runtime = Runtime(person.target, {})
    status = plain.run(runtime, content.tree, content, person.session, interrupted, person.write, {})
    assert status == 130
    assert f"dbwizard resume {person.session.id}" in person.seen


def test_a_session_that_cannot_be_saved_is_told_once(content: Content, tmp_path: Path) -> None:
    person = Terminal(content, tmp_path, ["2", "2", "v", "q"])
    person.session = Session.create(None, {})
    assert person.run() == 1
    assert "dbwizard resume" not in person.seen
    before_the_report = person.seen.partition("[FAULT]")[0]
    assert before_the_report.count("There is no home directory") == 1


def test_ascii_only(content: Content, tmp_path: Path) -> None:
    person = Terminal(content, tmp_path, ["2", "2", "q"])
    person.run(ascii_only=True)
    assert person.seen.isascii()


@pytest.mark.parametrize("name", ["wrong-password", "healthy-postgresql"])
def test_the_content_that_ships_against_the_practice_range(tmp_path: Path, name: str) -> None:
    with serve(get(name)) as running:
        person = Terminal(open_content(), tmp_path, ["0"] * 30, **{"app.text": "none"})
        person.target = parse_target(running.url, environ={}, home=None)
        status = person.run()
    password = person.target.password
    assert password is not None
    assert status == (0 if name.startswith("healthy") else 1)
    assert ("auth.password-wrong" in person.seen) == (status == 1)
    assert "\x1b" not in person.seen
    assert person.session.path is not None
    assert f":{password.reveal()}@" not in person.seen + person.session.path.read_text()

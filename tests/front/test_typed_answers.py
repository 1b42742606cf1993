"""Questions for a number or a text, in the plain lines and on the full screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.front.test_plain import Terminal
from tests.front.tui_support import FILES, stage
from tests.support.small_content import QUESTIONS, TREE, small_content
from wizard.content.load import Content
from wizard.core.events import Answered

NUMBER = 'kind: number\n    least: "1"\n    most: "500"'
ASKED = {
    "number": f"ask: How many connections has the pool?\n    why: It is a sum.\n    how: Count.\n    {NUMBER}",
    "text": "kind: text\n    ask: What does it report?\n    why: It tells.\n    how: Look.\n"
    "    options: {none: Nothing}",
}


def asking(kind: str, folder: Path) -> Content:
    """The small content, whose first question is of that kind."""
    content = small_content(folder)
    first = QUESTIONS.index("    ask: Where"), QUESTIONS.index("  others_connect")
    text = QUESTIONS[: first[0]] + f"    {ASKED[kind]}\n" + QUESTIONS[first[1] :]
    (folder / "questions.yaml").write_text(text, encoding="utf-8")
    tree = TREE.replace("{runtime: docker}", '{runtime: ">10"}' if kind == "number" else '{runtime: "!none"}')
    (folder / "trees" / "all.yaml").write_text(tree, encoding="utf-8")
    return content


@pytest.mark.parametrize(("kind", "typed"), [("number", "20"), ("text", "FATAL: it broke")])
def test_plain_takes_what_is_typed(tmp_path: Path, kind: str, typed: str) -> None:
    person = Terminal(asking(kind, tmp_path / "content"), tmp_path, [typed, "2", "q"])
    assert person.run() == 1
    answers = [one for one in person.session.walks[0].events if isinstance(one, Answered)]
    assert answers[0].value == typed


def test_plain_says_what_a_number_must_be_and_asks_again(tmp_path: Path) -> None:
    person = Terminal(asking("number", tmp_path / "content"), tmp_path, ["501", "many", "2", "q"])
    assert person.run() == 0
    assert person.seen.count("That is no answer: it is a number from 1 to 500.") == 2


def test_plain_keeps_no_password_of_a_pasted_text(tmp_path: Path) -> None:
    typed = "connect to postgresql://app:hush-hush@db/shop failed"
    person = Terminal(asking("text", tmp_path / "content"), tmp_path, [typed, "2", "q"])
    person.run()
    assert person.session.path is not None
    kept = person.session.path.read_text(encoding="utf-8")
    assert "postgresql://app:" in kept
    assert "hush-hush" not in kept + person.seen


def _files(kind: str) -> dict[str, str]:
    questions = FILES["questions.yaml"]
    start, end = questions.index("    ask: Where"), questions.index("  service.running")
    facts = FILES["facts.yaml"].replace("runtime: {values: [host, docker]", f"runtime: {{kind: {kind}")
    much, little = ('">10"', '"<=10"') if kind == "number" else ('"!none"', "none")
    tree = FILES["trees/walk.yaml"].replace("{runtime: docker}", f"{{runtime: {much}}}")
    return {
        "questions.yaml": f"{questions[:start]}    {ASKED[kind]}\n{questions[end:]}",
        "facts.yaml": facts,
        "trees/walk.yaml": tree.replace("{runtime: host}", f"{{runtime: {little}}}"),
    }


async def test_a_digit_begins_the_number_and_enter_gives_it(tmp_path: Path) -> None:
    async with stage(tmp_path, files=_files("number")) as screen:
        assert "Type the number" in screen.text()
        await screen.press("2", "0")
        assert "How many connections has the pool?" in screen.text()
        await screen.press("enter")
        assert screen.cause == "network.refused"


async def test_a_number_that_cannot_be_is_told_and_the_question_stays(tmp_path: Path) -> None:
    async with stage(tmp_path, files=_files("number")) as screen:
        await screen.press("t", "9", "9", "9", "enter")
        assert "it is a number from 1 to 500" in screen.text()
        assert screen.cause == ""
        await screen.press("0")
        assert "Does the database service run" in screen.text()


async def test_a_text_is_typed_or_one_of_the_options_is_chosen(tmp_path: Path) -> None:
    async with stage(tmp_path, files=_files("text")) as screen:
        await screen.press("t", "o", "h", "enter")
        assert screen.cause == "network.refused"
    async with stage(tmp_path / "again", files=_files("text")) as screen:
        await screen.press("1")
        assert "Does the database service run" in screen.text()


async def test_escape_leaves_the_question_as_it_was(tmp_path: Path) -> None:
    async with stage(tmp_path, files=_files("text")) as screen:
        await screen.press("t", "x", "escape")
        assert "What does it report?" in screen.text()
        assert "t type it" in screen.text()

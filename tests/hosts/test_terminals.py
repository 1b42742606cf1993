"""Terminals of every name, locale and size: the walk comes to its verdict, and leaves them as they were."""

from __future__ import annotations

import pytest

from tests.hosts.conftest import UNSET, Open

QUESTION = "Does the application need to write?"
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", [UNSET, "", "dumb", "unknown"])
def test_a_terminal_that_can_nothing_gets_plain_lines(terminal: Open, asking: str, name: str) -> None:
    screen = terminal(asking, "--no-files", TERM=name)
    screen.wait_for(QUESTION, "Your answer")
    assert b"\x1b" not in screen.written
    screen.press("1\n")
    screen.wait_for("database.read-only", "What next?")
    screen.press("q\n")
    assert screen.end() == 1
    screen.assert_sane()


@pytest.mark.parametrize("name", ["foo-42", "linux", "vt100"])
def test_any_other_name_shows_the_full_screen_without_a_database_of_terminals(
    terminal: Open, asking: str, name: str
) -> None:
    screen = terminal(asking, "--no-files", TERM=name, TERMINFO="/nonexistent", TERMINFO_DIRS="/nonexistent")
    screen.wait_for(QUESTION)
    screen.press("1")
    screen.wait_for("database.read-only")
    screen.press("q")
    assert screen.end() == 1
    screen.assert_sane()


@pytest.mark.parametrize("locale", ["C", "xx_YY.foo", "de_DE.ISO-8859-1"])
@pytest.mark.parametrize("front", [(), ("--plain",)])
def test_a_locale_that_promises_no_unicode_gets_ascii(
    terminal: Open, asking: str, locale: str, front: tuple[str, ...]
) -> None:
    screen = terminal(asking, "--no-files", *front, LANG=locale, PYTHONCOERCECLOCALE="0")
    screen.wait_for(QUESTION)
    screen.press("1\n" if front else "1")
    screen.wait_for("database.read-only", *(("What next?",) if front else ()))
    assert screen.written.isascii()
    screen.press("q\n" if front else "q")
    assert screen.end() == 1
    screen.assert_sane()


@pytest.mark.parametrize("value", ["0", "abc", "500"])
def test_columns_and_lines_do_not_overrule_the_terminal(terminal: Open, asking: str, value: str) -> None:
    screen = terminal(asking, "--no-files", COLUMNS=value, LINES=value)
    screen.wait_for(QUESTION, "1 Yes, it writes")
    screen.press("q")
    assert screen.end() == 130
    screen.assert_sane()


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (3, 5), (200, 500)])
def test_no_size_is_too_small_or_too_large(terminal: Open, asking: str, size: tuple[int, int]) -> None:
    full = terminal(asking, "--no-files", size=size)
    full.until(lambda: b"\x1b[?1049h" in full.written, "the full screen")
    full.resize(24, 80)
    full.wait_for(QUESTION)
    full.press("q")
    assert full.end() == 130
    full.assert_sane()
    check = terminal("check", asking, "--no-files", size=size)
    assert check.end() in (1, 3)
    assert b"Traceback" not in check.written


def test_without_colour(terminal: Open, asking: str) -> None:
    screen = terminal("check", asking, "--no-files", NO_COLOR="1")
    screen.end()
    assert b"\x1b[3" not in screen.written

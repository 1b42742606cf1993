"""What is written to the terminal for a copy: the exact bytes, the wrappings, the limit, and honest words."""

from __future__ import annotations

import base64
import io

import pytest

from wizard.front.tui import clipboard, look
from wizard.front.tui.screens.plain import show_alone

COMMAND = "psql -h 'db example' -c 'SELECT 1'\nand ä second line"
ENCODED = base64.b64encode(COMMAND.encode()).decode()
BARE = f"\x1b]52;c;{ENCODED}\x07"


def test_bare_sequence() -> None:
    assert clipboard.to_send(COMMAND, {"TERM": "xterm-256color"}) == BARE


def test_tmux_gets_the_bare_and_the_wrapped_one() -> None:
    expected = BARE + f"\x1bPtmux;\x1b\x1b]52;c;{ENCODED}\x07\x1b\\"
    assert clipboard.to_send(COMMAND, {"TMUX": "/tmp/x,1,0", "TERM": "screen-256color"}) == expected


def test_screen_gets_short_strings_that_add_up_to_the_sequence() -> None:
    sent = clipboard.to_send("x" * 2000, {"STY": "1.pts", "TERM": "screen"})
    assert sent is not None
    parts = sent.split("\x1b\\")
    assert parts[-1] == ""
    assert all(part.startswith("\x1bP") and len(part) <= 252 for part in parts[:-1])
    assert "".join(part[2:] for part in parts[:-1]) == clipboard.osc52("x" * 2000)


def test_screen_or_tmux_behind_ssh_gets_both() -> None:
    assert clipboard.to_send("a", {"TERM": "screen"}) == "\x1b]52;c;YQ==\x07\x1bP\x1b]52;c;YQ==\x07\x1b\\"


def test_limit_from_both_sides() -> None:
    fits = "x" * (clipboard.LARGEST // 4 * 3)
    assert clipboard.to_send(fits, {}) is not None
    assert clipboard.to_send(fits + "xxx", {}) is None
    assert "nothing was sent" in clipboard.what_was_done(fits + "xxx", False, {})


@pytest.mark.parametrize("environ", [{}, {"TMUX": "x"}, {"STY": "x"}, {"TERM": "screen"}])
def test_never_claims_that_it_was_copied(environ: dict[str, str]) -> None:
    said = clipboard.what_was_done("abc", True, environ)
    assert "Sent to the clipboard, 3 bytes: abc" in said
    assert "copied" not in said.lower()
    assert "Press p or f" in said


def test_what_is_said_names_the_beginning_of_what_was_sent() -> None:
    said = clipboard.what_was_done("systemctl restart\n  " + "x" * 100, True, {})
    assert "120 bytes: systemctl restart xxxxxxxxxxxxxx… (" in said


def test_plain_view_writes_the_command_and_nothing_else_on_its_lines() -> None:
    out = io.StringIO()
    show_alone(COMMAND, out, io.StringIO("\n"))
    assert f"\x1b[H\x1b[?25h\x1b[?7h{COMMAND}\n" in out.getvalue()
    assert out.getvalue().endswith("\x1b[?1049l")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, True),
        ({"LANG": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "en_US.UTF-8"}, False),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, True),
        ({"LC_CTYPE": "de_DE.utf8"}, False),
        ({"LC_ALL": "C.UTF-8"}, False),
    ],
)
def test_when_only_ascii_is_promised(environ: dict[str, str], expected: bool) -> None:
    assert look.ascii_only(environ) is expected


def test_every_mark_has_a_word_and_an_ascii_form() -> None:
    for one in look.STATES.values():
        assert one.word
        assert one.ascii.isascii()
        assert len(one.mark) == len(one.ascii) == 1

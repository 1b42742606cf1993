"""What hostile peers say, on a real terminal: seen as text, and never as an escape or as markup."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hostile.peers import SALT, after_greeting, after_login, after_startup, first, say, say_and_close
from tests.support.cli import ROOT
from tests.support.pseudoterminal import PseudoTerminal
from tests.support.sockets import Behaviour, listening
from wizard.wire import mysql, postgres, postgres_server

pytestmark = pytest.mark.slow

ESCAPES = (
    *("\x1b]0;EVIL-TITLE\x07", "\x1b]52;c;RVZJTC1DTElQQk9BUkQ=\x07", "\x1b]8;;http://evil.example/\x1b\\"),
    *(
        "\x1b[5;41;96mEVIL",
        "\x1b[2J\x1b[H",
        "\x9b7m",
        "\x1bP+q544e\x1b\\",
        "\x1b_EVIL-APC\x1b\\",
        "\x1b[?1049l",
        "\x1bc",
    ),
    *("\x07", "\x08\x08", "\r", "\x00", "\x7f", "\u202egnp.exe", "\u2066", "\u200b\u200d\ufeff", "\u2028"),
)
BYTES = (
    *(
        b"\x1b]0;EVIL",
        b"\x1b]52;c;RVZJ",
        b"\x1b]8;;http://evil",
        b"\x1b[5;41;96m",
        b"\xc2\x9b",
        b"\x1bP+q544e",
    ),
    *(b"\x1b_EVIL", b"\x1bc"),
)
"""Parts of those escapes that no screen of ours writes by itself."""
MARKUP = "[red]KEPT[/red]"
MORE_MARKUP = "[@click=app.quit]go[/] [link=http://x]l[/link] [/nonsense] [$primary]"
EVIL = f"{MARKUP} {''.join(ESCAPES)} {MORE_MARKUP}"
RAW = EVIL.encode("utf-8") + b" \xff\xfe\xc3( end"


def _error(code: str) -> bytes:
    fields = (
        b"SFATAL\0VFATAL\0C"
        + code.encode()
        + b"\0M"
        + RAW.replace(b"\0", b"")
        + b"\0D"
        + RAW.replace(b"\0", b"")
        + b"\0\0"
    )
    return postgres.message(b"E", fields)


ROW = postgres_server.row_description(
    ["one", "recovery", "readonly", "database", "account"]
) + postgres_server.data_row(["1", "f", "off", EVIL, EVIL])
WHOLE = ROW + postgres_server.command_complete("SELECT 1") + postgres_server.ready()
REFUSED = mysql.packet(mysql.error(1045, "", "28000") + RAW, 2)
GREETING = mysql.packet(mysql.greeting(f"8.0.36{EVIL}".replace("\0", ""), 7, SALT), 0)
PEERS: dict[str, tuple[str, Behaviour, str]] = {
    "an error of PostgreSQL": (
        "postgresql",
        after_startup(say_and_close(_error("28P01"))),
        "auth.password-wrong",
    ),
    "an error of no known code": (
        "postgresql",
        after_startup(say_and_close(_error("XX999"))),
        "inconclusive",
    ),
    "a row of PostgreSQL": ("postgresql", after_login(say(WHOLE)), "healthy"),
    "an error of MySQL": ("mysql", after_greeting(say_and_close(REFUSED), GREETING), "auth.access-denied"),
    "a banner": ("postgresql", first(say_and_close(b"SSH-2.0-" + RAW)), "network.not-a-database"),
}
"""Who says it -> engine, behaviour, and what the end of the walk shows."""


@contextmanager
def _running(folder: Path, port: int, engine: str, *arguments: str) -> Iterator[PseudoTerminal]:
    options = "?sslmode=disable" if engine == "postgresql" else "?ssl-mode=DISABLED"
    url = f"{engine}://app:pa55word@127.0.0.1:{port}/shop{options}"
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    environ |= {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}
    terminal = PseudoTerminal(
        [sys.executable, "-m", "wizard", *arguments, url, "--no-files"], folder, environ, (50, 120)
    )
    try:
        yield terminal
    finally:
        terminal.close()


def _expect_text_alone(terminal: PseudoTerminal) -> None:
    for piece in BYTES:
        assert piece not in terminal.written, f"{piece!r} reached the terminal"
    shown = re.sub(rb"\x1b\[[\d;:<>=?$]*[A-Za-z]", b"", terminal.written).decode("utf-8", "replace")
    assert MARKUP in shown, "what the peer said is not shown as it is"
    for sign in "\u202e\u2066\u200b\u200d\ufeff\u2028\x7f":
        assert sign not in shown, f"{sign!r} reached the terminal"


@pytest.mark.parametrize("name", ["an error of PostgreSQL", "an error of MySQL", "a banner"])
def test_the_full_screen_shows_it_as_text(tmp_path: Path, name: str) -> None:
    engine, behave, cause = PEERS[name]
    with listening("127.0.0.1", 0, behave) as port, _running(tmp_path, port, engine) as terminal:
        terminal.wait_for(cause)
        terminal.press("p")  # everything as plain text, on the same terminal
        terminal.wait_for("Enter goes back")
        terminal.press("\r")
        terminal.press("q")
        terminal.end()
        _expect_text_alone(terminal)
        terminal.assert_sane()


@pytest.mark.parametrize("name", PEERS)
def test_a_check_shows_it_as_text(tmp_path: Path, name: str) -> None:
    engine, behave, cause = PEERS[name]
    with listening("127.0.0.1", 0, behave) as port, _running(tmp_path, port, engine, "check") as terminal:
        terminal.wait_for(cause)
        terminal.end()
        _expect_text_alone(terminal)


@pytest.mark.parametrize("name", ["an error of PostgreSQL", "an error of MySQL"])
def test_plain_lines_show_it_as_text(tmp_path: Path, name: str) -> None:
    engine, behave, cause = PEERS[name]
    with listening("127.0.0.1", 0, behave) as port, _running(tmp_path, port, engine, "--plain") as terminal:
        terminal.wait_for(cause)
        terminal.press("\x04")
        terminal.end()
        _expect_text_alone(terminal)

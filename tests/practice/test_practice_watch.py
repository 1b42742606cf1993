"""What is told of a client of a served scenario: one line, whatever the bytes, and never what proves an account."""

from __future__ import annotations

from collections.abc import Sequence

import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.front.practicewatch import Overheard, OverheardQuestion
from wizard.wire import mysql, postgres, postgres_server
from wizard.wire.mysql_packets import packet

CLIENT = "127.0.0.1:50000"
STARTUP = postgres.startup({"user": "app", "database": "shop", "application_name": "worker"})
FULL = postgres_server.error({"S": "FATAL", "C": "53300", "M": "sorry, too many clients already"})
GREETING = packet(mysql.greeting("8.0.36", 7, b"s" * 20), 0)
FLAGS = mysql.CLIENT_DEFAULT
LOGIN = packet(mysql.handshake_response("app", b"secret-proof", database="shop"), 1)


def told(*talk: tuple[str, bytes], ended: bool = True) -> list[str]:
    """The lines of a conversation; `encrypted` needs no bytes."""
    lines: list[str] = []
    heard = Overheard(CLIENT, lines.append)
    for what, data in talk:
        heard.encrypted() if what == "encrypted" else getattr(heard, what)(data)
    if ended:
        heard.ended()
    return [line.partition(f"{CLIENT}: ")[2] for line in lines]


@pytest.mark.parametrize(
    ("talk", "line"),
    [
        (
            [("came", STARTUP), ("sent", FULL)],
            "user app, database shop, application worker, without TLS; "
            "sent FATAL 53300: sorry, too many clients already",
        ),
        (
            [
                ("came", postgres.gss_request() + postgres.ssl_request()),
                ("sent", b"N"),
                ("sent", b"S"),
                ("encrypted", b""),
                ("came", STARTUP),
                ("sent", postgres_server.auth_ok() + postgres_server.ready()),
            ],
            "user app, database shop, application worker, with TLS; logged in",
        ),
        (
            [("came", postgres.ssl_request()), ("sent", b"N"), ("came", STARTUP), ("sent", FULL)],
            "user app, database shop, application worker, without TLS; "
            "sent FATAL 53300: sorry, too many clients already",
        ),
        (
            [("came", postgres.ssl_request()), ("sent", b"S")],
            "gave no name, without TLS; the client left during the TLS handshake",
        ),
        (
            [("came", STARTUP), ("sent", postgres_server.auth_cleartext())],
            "user app, database shop, application worker, without TLS; the connection ended before the login",
        ),
        ([], "gave no name, without TLS; nothing was sent"),
        ([("sent", b"SSH-2.0-OpenSSH_9.6\r\n")], "gave no name, without TLS; sent 'SSH-2.0-OpenSSH_9.6'"),
        (
            [("came", b"GET / HTTP/1.1\r\n")],
            "no client of a database, it said 'GET / HTTP/1.1'; nothing was sent",
        ),
        (
            [
                ("sent", GREETING),
                ("came", LOGIN),
                ("sent", packet(mysql.error(1045, "Access denied", "28000"), 2)),
            ],
            "user app, database shop, without TLS; sent ERROR 1045 (28000): Access denied",
        ),
        (
            [("sent", packet(mysql.error(1040, "Too many connections"), 0))],
            "gave no name, without TLS; sent ERROR 1040: Too many connections",
        ),
        (
            [("sent", GREETING), ("came", packet(mysql.ssl_request(), 1))],
            "gave no name, without TLS; the client left during the TLS handshake",
        ),
        (
            [
                ("sent", GREETING),
                ("came", packet(mysql.ssl_request(), 1)),
                ("encrypted", b""),
                ("came", LOGIN),
                ("sent", packet(mysql.ok(), 2)),
            ],
            "user app, database shop, with TLS; logged in",
        ),
    ],
)
def test_a_conversation_is_told_in_one_line(talk: Sequence[tuple[str, bytes]], line: str) -> None:
    assert told(*talk) == [line]
    # The same byte by byte.
    pieces = [(what, data[at : at + 1]) for what, data in talk for at in range(len(data) or 1)]
    assert told(*pieces) == [line]


def test_the_outcome_is_told_at_once_and_not_again_at_the_end() -> None:
    lines: list[str] = []
    heard = Overheard(CLIENT, lines.append)
    heard.came(STARTUP)
    heard.sent(FULL)
    assert len(lines) == 1
    heard.sent(FULL)
    heard.ended()
    assert len(lines) == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("came", "sent", "encrypted")),
            st.binary(max_size=80)
            | st.sampled_from((STARTUP, FULL, GREETING, LOGIN, postgres.ssl_request(), b"S")),
        ),
        max_size=8,
    )
)
def test_any_bytes_are_one_harmless_line(talk: list[tuple[str, bytes]]) -> None:
    (line,) = told(*talk)
    assert line.isprintable()
    assert len(line) <= 500
    assert "secret-proof" not in line


def test_control_characters_of_a_name_do_not_reach_the_terminal() -> None:
    (line,) = told(("came", postgres.startup({"user": "a\x1b[31m\nb"})), ("sent", FULL))
    assert line.isprintable()


def test_a_question_and_its_answer() -> None:
    lines: list[str] = []
    query = dns.message.make_query("db.shop.example", "AAAA")
    heard = OverheardQuestion(CLIENT, lines.append)
    heard.came(query.to_wire())
    heard.sent(dns.message.make_response(query).to_wire())
    heard.ended()
    assert lines[0].endswith(f"{CLIENT}: AAAA db.shop.example.; sent NOERROR")


@given(st.binary(max_size=80), st.none() | st.binary(max_size=80))
def test_any_question_is_one_harmless_line(query: bytes, answer: bytes | None) -> None:
    lines: list[str] = []
    heard = OverheardQuestion(CLIENT, lines.append)
    heard.came(query)
    if answer is not None:
        heard.sent(answer)
    heard.ended()
    (line,) = lines
    assert line.isprintable()

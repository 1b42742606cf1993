"""Who answers on a port, from its first bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.wire import mysql, postgres_server, printable, sniff

WORDS = {"mysql", "postgresql", "http", "ssh", "tls", "smtp", "redis", "mongodb", "unknown"}
GREETING = mysql.packet(mysql.greeting("8.0.36", 8, b"s" * 20), 0)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (GREETING, "mysql"),
        (mysql.packet(mysql.error(1040, "Too many connections"), 0), "mysql"),
        (mysql.packet(mysql.error(1130, "Host 'x' is not allowed to connect"), 0), "mysql"),
        (b"S", "postgresql"),
        (b"N", "postgresql"),
        (postgres_server.error({"S": "FATAL", "C": "28000", "M": "no"}), "postgresql"),
        (postgres_server.auth_ok(), "postgresql"),
        (b"Ecould not fork new process for connection: Cannot allocate memory\n\0", "postgresql"),
        (b"HTTP/1.1 400 Bad Request\r\n", "http"),
        (b"<!DOCTYPE html>", "http"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "ssh"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "tls"),
        (b"\x16\x03\x03\x00\x7a", "tls"),
        (b"220 mail.example.org ESMTP Postfix\r\n", "smtp"),
        (b"-ERR unknown command\r\n", "redis"),
        (b"-NOAUTH Authentication required.\r\n", "redis"),
        (b"\x3f\0\0\0\x01\0\0\0\x02\0\0\0\xdd\x07\0\0", "mongodb"),
        (b"220 ftp ready\r\n", "unknown"),
        (b"", "unknown"),
        (b"\0" * 40, "unknown"),
    ],
)
def test_the_word(data: bytes, word: str) -> None:
    assert sniff(data) == word


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=64))
def test_any_bytes_have_a_word(data: bytes) -> None:
    assert sniff(data) in WORDS


def test_printable_keeps_one_clean_line() -> None:
    assert printable(b"\r\nSSH-2.0-x\x1b[31m\r\nmore") == "SSH-2.0-x.[31m"
    assert len(printable(b"x" * 500)) == 120

"""Who answers on the port: silence, closing, resets, other services, noise, and PostgreSQL and MySQL themselves."""

from __future__ import annotations

import socket
import struct
import time

import pytest

from tests.probes.peers import FIRST, QUICK, Behaviour, read_startup, run, runtime_for, slow_down
from tests.support.sockets import (
    GARBAGE,
    HTTP,
    SSH,
    close_at_once,
    endless,
    listening,
    reset_after_request,
    say,
)
from wizard.probes import greet as greet_module
from wizard.probes.base import Report
from wizard.wire import mysql, postgres, postgres_server

POSTGRESQL = "postgresql://u:p@127.0.0.1:{}/d"
MYSQL = "mysql://u:p@127.0.0.1:{}/d"
SALT = bytes(range(1, 21))


def greet(url: str, behaviour: Behaviour | None, *, slow: bool = False) -> Report:
    """The report of network.greet on a fresh connection to a peer that behaves so."""
    with listening("127.0.0.1", 0, behaviour) as port:
        runtime = runtime_for(url.format(port))
        try:
            run(runtime, *FIRST)
            if slow:
                slow_down(runtime)
            return run(runtime, "network.greet")
        finally:
            runtime.close()


def greeting(version: str = "8.0.36") -> bytes:
    return mysql.packet(mysql.greeting(version, 7, SALT), 0)


@pytest.mark.parametrize("url", [POSTGRESQL, MYSQL])
def test_a_deaf_port_is_silence_within_its_bound(url: str) -> None:
    began = time.monotonic()
    report = greet(url, None)
    spent = time.monotonic() - began
    assert report.facts["network.answer"] == "silence"
    assert report.evidence
    assert QUICK <= spent < QUICK + greet_module.FIRST_WORD + 2 * greet_module.SECOND_WORD + 0.5


@pytest.mark.parametrize("url", [POSTGRESQL, MYSQL])
@pytest.mark.parametrize(
    ("behaviour", "answers"),
    [(close_at_once, {"closed", "reset"}), (reset_after_request, {"reset", "closed"})],
)
def test_a_connection_that_is_ended_without_a_word(url: str, behaviour: Behaviour, answers: set[str]) -> None:
    if url is MYSQL and behaviour is reset_after_request:
        behaviour = reset_now
    with listening("127.0.0.1", 0, behaviour) as port:
        runtime = runtime_for(url.format(port))
        report = run(runtime, *FIRST)
        if report.facts["network.outcome"] == "connected":
            report = run(runtime, "network.greet")
            assert report.facts["network.answer"] in answers
        else:
            # The reset may be quicker than the answer to our connect().
            assert report.facts["network.outcome"] == "reset"
        runtime.close()
    assert report.evidence


def reset_now(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("url", [POSTGRESQL, MYSQL])
@pytest.mark.parametrize(
    ("behaviour", "answer"),
    [
        (HTTP, "http"),
        (SSH, "ssh"),
        (say(b"220 mail.example ESMTP Postfix\r\n"), "smtp"),
        (say(b"", b"-ERR wrong number of arguments\r\n"), "redis"),
        (GARBAGE, "garbage"),
        (say(b"", b"\x15\x03\x01\x00\x02\x02\x46"), "tls"),
    ],
    ids=["http", "ssh", "smtp", "redis", "garbage", "tls"],
)
def test_another_service_is_recognised_and_quoted(url: str, behaviour: Behaviour, answer: str) -> None:
    report = greet(url, behaviour)
    if answer in ("redis", "tls") and url is MYSQL:
        assert report.facts["network.answer"] in (answer, "garbage")
    else:
        assert report.facts["network.answer"] == answer
    assert report.evidence


def test_the_banner_is_evidence_without_its_escape_sequences() -> None:
    report = greet(POSTGRESQL, say(b"SSH-2.0-\x1b]0;owned\x07\x1b[31mred\r\n"))
    assert report.facts["network.answer"] == "ssh"
    assert "SSH-2.0-" in report.evidence[0].text


@pytest.mark.parametrize("url", [POSTGRESQL, MYSQL])
def test_noise_without_end_is_garbage_at_once(url: str) -> None:
    began = time.monotonic()
    report = greet(url, endless)
    assert report.facts["network.answer"] == "garbage"
    assert time.monotonic() - began < QUICK
    assert all(len(one.text) <= 600 for one in report.evidence)


@pytest.mark.parametrize("url", [POSTGRESQL, MYSQL])
@pytest.mark.parametrize("byte", [b"\0", b"E", b"\xff", b"H"])
def test_ten_megabytes_of_one_byte_cost_nothing(url: str, byte: bytes) -> None:
    began = time.monotonic()
    report = greet(url, say(byte * (10 << 20)))
    assert report.facts.get("network.answer") in ("garbage", "postgresql")
    assert time.monotonic() - began < 2 * QUICK
    assert sum(len(str(value)) for value in report.facts.values()) < 4000


@pytest.mark.parametrize(("byte", "offered"), [(b"S", "yes"), (b"N", "no")])
def test_postgresql_says_whether_it_has_tls(byte: bytes, offered: str) -> None:
    def behave(connection: socket.socket) -> None:
        assert read_startup(connection) == postgres.ssl_request()
        connection.sendall(byte)
        connection.recv(1)

    report = greet(POSTGRESQL, behave)
    assert (report.facts["network.answer"], report.facts["tls.offered"]) == ("postgresql", offered)
    assert report.facts["error.phase"] == "none"


def test_without_tls_nothing_is_asked_and_nothing_is_waited_for() -> None:
    began = time.monotonic()
    report = greet(POSTGRESQL + "?sslmode=disable", None)
    assert (report.facts["network.answer"], report.facts["tls.offered"]) == ("postgresql", "not-asked")
    assert time.monotonic() - began < QUICK


@pytest.mark.parametrize("slow", [False, True], ids=["whole", "byte-by-byte"])
def test_an_error_in_answer_to_the_tls_question_is_the_servers_own_word(slow: bool) -> None:
    fields = {"S": "FATAL", "C": "53300", "M": "sorry, too many clients already"}
    report = greet(POSTGRESQL, say(b"", postgres_server.error(fields)), slow=slow)
    assert report.facts["network.answer"] == "postgresql"
    assert report.facts["error.phase"] == "greeting"
    assert (report.facts["error.code"], report.evidence[0].code) == ("53300", "53300")
    assert report.facts["error.text"] == "FATAL:  sorry, too many clients already"


@pytest.mark.parametrize("cut", [5, 20, -1])
def test_an_error_that_breaks_off_is_an_end_and_no_answer(cut: int) -> None:
    whole = postgres_server.error({"S": "FATAL", "C": "53300", "M": "sorry, too many clients already"})
    report = greet(POSTGRESQL, say(b"", whole[:cut]))
    assert report.facts["network.answer"] in ("closed", "reset") or report.facts["error.phase"] == "greeting"


def test_an_error_text_of_a_server_that_cannot_fork_is_its_own_word() -> None:
    report = greet(
        POSTGRESQL, say(b"", b"Ecould not fork new process for connection: Cannot allocate memory\n\0")
    )
    assert report.facts["network.answer"] == "postgresql"
    assert "could not fork" in str(report.facts["error.text"])


def test_escape_sequences_in_an_error_reach_neither_facts_nor_evidence() -> None:
    fields = {
        "S": "FATAL",
        "C": "\x1b[2J",
        "M": "\x1b]0;owned\x07bad\u202e \x1b[31mred",
        "D": "\x9b1mdetail\x00"[:-1],
    }
    report = greet(POSTGRESQL, say(b"", postgres_server.error(fields)))
    assert "bad" in str(report.facts["error.text"])
    assert report.evidence


@pytest.mark.parametrize("slow", [False, True], ids=["whole", "byte-by-byte"])
def test_mysql_greets(slow: bool) -> None:
    report = greet(MYSQL, say(greeting()), slow=slow)
    assert (report.facts["network.answer"], report.facts["server.flavour"]) == ("mysql", "mysql")
    assert (report.facts["server.version"], report.facts["tls.offered"]) == ("8.0.36", "no")


def test_mariadb_is_told_from_mysql() -> None:
    report = greet(MYSQL, say(greeting("5.5.5-10.11.6-MariaDB-1")))
    assert report.facts["server.flavour"] == "mariadb"


def test_escape_sequences_in_mysqls_version_reach_nothing() -> None:
    report = greet(MYSQL, say(greeting("8.0.36\x1b]0;owned\x07\x1b[31m")))
    assert str(report.facts["server.version"]).startswith("8.0.36")


def test_mysqls_error_in_place_of_a_greeting_is_its_own_word() -> None:
    said = mysql.packet(mysql.error(1040, "Too many connections"), 0)
    report = greet(MYSQL, say(said))
    assert (report.facts["error.code"], report.facts["error.phase"]) == ("1040", "greeting")
    assert report.facts["network.answer"] == "mysql"


def test_each_engine_is_recognised_on_the_others_port() -> None:
    assert greet(POSTGRESQL, say(greeting())).facts["network.answer"] == "mysql"

    def postgresql(connection: socket.socket) -> None:
        if read_startup(connection) == postgres.ssl_request():
            connection.sendall(b"N")

    assert greet(MYSQL, postgresql).facts["network.answer"] == "postgresql"


def test_half_a_greeting_and_then_nothing_is_bounded() -> None:
    def behave(connection: socket.socket) -> None:
        connection.sendall(greeting()[:10])
        connection.recv(1)
        connection.recv(1)

    began = time.monotonic()
    report = greet(MYSQL, behave)
    assert report.facts["network.answer"] in ("silence", "garbage", "mysql")
    assert time.monotonic() - began < 4.0


def test_half_a_greeting_and_then_the_end_is_no_stranger() -> None:
    def behave(connection: socket.socket) -> None:
        connection.sendall(greeting()[:-5])
        connection.close()

    assert greet(MYSQL, behave).facts["network.answer"] in ("closed", "mysql", "reset")


def test_without_a_connection_it_says_so_and_knows_nothing() -> None:
    report = run(runtime_for("postgresql://u@127.0.0.1:1/d"), "network.greet")
    assert report.facts == {}
    assert "no open connection" in report.trouble


def tls_or_nothing(connection: socket.socket) -> None:
    """A proxy that ends TLS: a handshake is answered, any other first word ends the connection."""
    if connection.recv(4096)[:1] == b"\x16":
        connection.sendall(b"\x16\x03\x03\x00\x04\x0e\x00\x00\x00")
    connection.close()


@pytest.mark.parametrize("url", [POSTGRESQL, MYSQL])
def test_a_proxy_that_waits_for_tls_is_told_from_a_dead_one(url: str) -> None:
    assert greet(url, tls_or_nothing).facts["network.answer"] == "tls"


@pytest.mark.parametrize("answer", [b"ERROR\r\n", b"AMQP\0\0\x09\x01"])
@pytest.mark.parametrize("url", [POSTGRESQL, MYSQL])
def test_a_service_without_a_name_is_no_database_and_not_silence(url: str, answer: bytes) -> None:
    assert greet(url, say(b"", answer)).facts["network.answer"] == "garbage"


def test_a_greeting_says_which_of_mysql_and_mariadb_it_is() -> None:
    assert greet(MYSQL, say(greeting("5.5.5-10.11.6-MariaDB"))).facts["engine"] == "mariadb"
    assert greet(MYSQL, say(greeting())).facts["engine"] == "mysql"

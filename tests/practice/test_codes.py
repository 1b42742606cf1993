"""What psycopg hides of a refused login (code, place in the source), read with the wire module itself."""

from __future__ import annotations

import socket

import pytest

from wizard.practice import Running, get, serve
from wizard.practice.model import PASSWORD
from wizard.wire import ProtocolError, scram
from wizard.wire import postgres as pg


def login(running: Running) -> tuple[pg.ErrorFields | None, list[str]]:
    """Log in without TLS: the error, if any, and the authentication methods that were asked for."""
    decoder, asked = pg.Decoder(), list[str]()
    proof = scram.ScramClient("", PASSWORD)
    with socket.create_connection((running.host, running.port), 3) as client:
        client.sendall(pg.startup({"user": "app", "database": "shop"}))
        while data := client.recv(65536):
            decoder.feed(data)
            for message in decoder:
                if message.type == b"E":
                    return pg.parse_error(message.payload), asked
                if message.type == b"Z":
                    return None, asked
                if message.type != b"R":
                    continue
                auth = pg.parse_auth(message.payload)
                asked.append(auth.method)
                if auth.method == "sasl":
                    client.sendall(pg.sasl_initial("SCRAM-SHA-256", proof.first()))
                elif auth.method == "sasl-continue":
                    client.sendall(pg.sasl_response(proof.final(auth.data)))
                elif auth.method == "sasl-final":
                    proof.verify(auth.data)
    raise AssertionError("the server said nothing")


@pytest.mark.parametrize(
    ("name", "code", "routine", "last_asked"),
    [
        ("wrong-password", "28P01", "auth_failed", "sasl-continue"),
        ("hba-no-entry", "28000", "ClientAuthentication", None),
        ("tls-required", "28000", "ClientAuthentication", None),
        ("login-disabled", "28000", "InitializeSessionUserId", "ok"),
        ("unknown-database", "3D000", "InitPostgres", "ok"),
        ("starting-up", "57P03", "ProcessStartupPacket", None),
        ("shutting-down", "57P03", "ProcessStartupPacket", None),
        ("slots-exhausted", "53300", "InitProcess", None),
        ("reserved-slots", "53300", "InitPostgres", "ok"),
        ("role-limit", "53300", "InitializeSessionUserId", "ok"),
        ("pgbouncer-no-such-user", "08P01", "", None),
        ("pgbouncer-no-such-database", "08P01", "", "sasl-final"),
        ("pgbouncer-wait-timeout", "08P01", "", "sasl-final"),
    ],
)
def test_the_error_is_where_and_what_a_real_server_sends(
    name: str, code: str, routine: str, last_asked: str | None
) -> None:
    with serve(get(name)) as running:
        error, asked = login(running)
    assert error is not None
    assert (error.severity, error.code, error.routine) == ("FATAL", code, routine)
    assert error.severity_code == ("FATAL" if routine else "")
    assert (asked[-1] if asked else None) == last_asked


def test_wrong_password_in_full() -> None:
    with serve(get("wrong-password")) as running:
        error, _ = login(running)
    assert error is not None
    assert error.message == 'password authentication failed for user "app"'
    assert error.file == "auth.c"


def test_healthy_ends_in_ready() -> None:
    with serve(get("healthy-postgresql")) as running:
        assert login(running) == (None, ["sasl", "sasl-continue", "sasl-final", "ok"])


@pytest.mark.parametrize(
    ("name", "seen"),
    [("not-a-database-http", "http"), ("not-a-database-ssh", "ssh"), ("mysql-on-postgres-port", "mysql")],
)
def test_strangers_are_told_apart(name: str, seen: str) -> None:
    with serve(get(name)) as running, pytest.raises(ProtocolError) as caught:
        login(running)
    assert caught.value.seen == seen

"""The refused login with other readings of the password: how many, and never with less protection."""

from __future__ import annotations

import queue
import socket
from collections.abc import Callable

import pytest

from tests.probes.peers import FIRST, after_startup, free_port, read_startup, run, runtime_for
from tests.support.sockets import Behaviour, listening
from wizard.core.facts import Fact
from wizard.probes.base import Report
from wizard.wire import postgres, postgres_server

REFUSED = postgres_server.error(
    {"S": "FATAL", "C": "28P01", "M": 'password authentication failed for user "u"'}
)
FULL = postgres_server.error({"S": "FATAL", "C": "53300", "M": "sorry, too many clients already"})
CLEARTEXT = postgres_server.auth_cleartext()
TWO_READINGS = "%20%27wr%256Fng%27%20"
"""In a URL: a blank, a quotation mark, an escape … three further readings."""


def again(
    behave: Behaviour,
    password: str = TWO_READINGS,
    done: Callable[[], object] = lambda: None,
    **facts: str,
) -> Report:
    """What the probe reports after a login at this server was refused; `done` is called before the server ends."""
    with listening("127.0.0.1", 0, behave) as port:
        runtime = runtime_for(f"postgresql://u:{password}@127.0.0.1:{port}/d?sslmode=disable")
        run(runtime, *FIRST)
        runtime.close()
        known = {"auth.method": "scram-sha-256", "tls.outcome": "plain", **facts}
        runtime.facts = runtime.facts.having(Fact(key, value, "probe") for key, value in known.items())
        report = run(runtime, "auth.try-again")
        done()
        return report


@pytest.mark.parametrize(
    ("facts", "times"),
    [
        ({}, 2),
        ({"server.flavour": "mysql"}, 1),
        ({"server.flavour": "mariadb"}, 2),
        ({"auth.method": "password"}, 1),
        ({"managed": "supabase"}, 1),
    ],
)
def test_no_more_attempts_than_an_account_bears(facts: dict[str, str], times: int) -> None:
    got: list[int] = []

    def behave(connection: socket.socket) -> None:
        read_startup(connection)
        got.append(1)
        connection.sendall(REFUSED)

    report = again(behave, **facts)
    assert report.facts["variant.outcome"] == "refused"
    assert len(got) == times


def test_another_refusal_than_the_passwords_ends_the_attempts() -> None:
    report = again(after_startup(FULL))
    assert report.facts["variant.outcome"] == "refused"
    assert "too many clients" in report.summary
    assert len(report.evidence) == 1


def test_a_password_that_was_only_proved_is_not_handed_over_now() -> None:
    heard: queue.Queue[bytes] = queue.Queue()

    def behave(connection: socket.socket) -> None:
        read_startup(connection)
        connection.sendall(CLEARTEXT)
        connection.settimeout(1.0)
        heard.put(connection.recv(1000))

    said: list[bytes] = []
    report = again(behave, done=lambda: said.append(heard.get(timeout=5)))
    assert report.facts["variant.outcome"] == "refused"
    assert said == [b""]


def test_a_login_that_was_encrypted_is_not_repeated_in_clear() -> None:
    got: queue.Queue[bytes] = queue.Queue()

    def behave(connection: socket.socket) -> None:
        got.put(read_startup(connection))
        connection.sendall(b"N")
        got.put(connection.recv(1000))

    with listening("127.0.0.1", 0, behave) as port:
        runtime = runtime_for(f"postgresql://u:%20pw@127.0.0.1:{port}/d?sslmode=prefer")
        known = {"network.address": "127.0.0.1", "auth.method": "scram-sha-256", "tls.outcome": "ok"}
        runtime.facts = runtime.facts.having(Fact(key, value, "probe") for key, value in known.items())
        assert run(runtime, "auth.try-again").facts["variant.outcome"] == "refused"
        assert [got.get(timeout=5), got.get(timeout=5)] == [postgres.ssl_request(), b""]


def test_a_plain_password_leaves_nothing_to_try() -> None:
    runtime = runtime_for("postgresql://u:plain@127.0.0.1/d")
    assert run(runtime, "auth.try-again").facts == {"variant.outcome": "none-left"}


def test_without_an_address_nothing_is_tried() -> None:
    report = run(runtime_for("postgresql://u:%20pw@127.0.0.1/d"), "auth.try-again")
    assert report.facts == {"variant.outcome": "not-tried"}
    assert report.trouble


def test_a_server_that_is_gone_is_told() -> None:
    runtime = runtime_for(f"postgresql://u:%20pw@127.0.0.1:{free_port()}/d")
    runtime.facts = runtime.facts.having([Fact("network.address", "127.0.0.1", "probe")])
    report = run(runtime, "auth.try-again")
    assert report.facts["variant.outcome"] == "refused"
    assert "no connection" in report.evidence[0].text


def test_no_variant_is_told_in_facts_or_evidence() -> None:
    report = again(after_startup(REFUSED))
    said = repr((report.facts, report.summary, report.trouble, report.evidence))
    assert "wr%6Fng" not in said
    assert "wrong" not in said

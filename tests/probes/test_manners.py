"""How connections are begun and ended: none is opened in vain, and none is broken off where there is another way."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest

from tests.probes.peers import FIRST, after_startup, run, runtime_for, tls_server
from tests.support.certs import Authority
from tests.support.sockets import listening
from wizard.practice import get, serve
from wizard.probes.channel import open_channel
from wizard.target.model import HostPort
from wizard.wire import mysql, postgres_server
from wizard.wire.tls import first_certificate

UP_TO_TLS = (*FIRST, "network.greet", "tls.handshake")
NO_ENTRY = postgres_server.error(
    {"S": "FATAL", "C": "28000", "M": "no pg_hba.conf entry", "F": "auth.c", "R": "x"}
)


def test_only_the_first_host_is_opened_where_it_answers() -> None:
    seen: queue.Queue[str] = queue.Queue()
    with (
        listening("127.0.0.1", 0, lambda _: seen.put("first")) as first,
        listening("127.0.0.1", 0, lambda _: seen.put("second")) as second,
    ):
        runtime = runtime_for(f"postgresql://u@127.0.0.1:{first},127.0.0.1:{second}/d")
        report = run(runtime, *FIRST)
        assert seen.get(timeout=5) == "first"
        runtime.close()
    assert seen.empty()
    assert str(report.facts["network.attempts"][1]).endswith(f":{second} was not tried")  # type: ignore[index]
    assert report.evidence == []
    assert len(runtime.footprint.connections) == 1


def test_a_slow_host_is_given_a_head_start_and_no_more() -> None:
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as deaf,
        listening("127.0.0.1", 0, None) as port,
    ):
        full = [socket.socket() for _ in range(3)]
        for one in full:
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        silent = deaf.getsockname()[1]
        runtime = runtime_for(f"postgresql://u@127.0.0.1:{silent},127.0.0.1:{port}/d")
        runtime.connect_timeout = 5.0
        began = time.monotonic()
        report = run(runtime, *FIRST)
        assert 0.2 < time.monotonic() - began < 3.0
        runtime.close()
        for one in full:
            one.close()
    assert report.facts["network.failed-hosts"] == ("127.0.0.1",)
    ends = [one.ended for one in runtime.footprint.connections]
    assert ends == ["not-opened", "broken-off"]


def test_a_handshake_of_mysql_that_cannot_go_on_is_ended_as_a_login_of_nobody() -> None:
    """To close here would be counted against this host (error 1129)."""
    with serve(get("healthy-mysql")) as running:
        address = f"{running.host}:{running.ports[0]}"
        runtime = runtime_for(f"mysql://app:x@{address}/shop?ssl_ca=/nowhere/ca.pem&ssl_verify_cert=true")
        report = run(runtime, *UP_TO_TLS)
    assert report.facts["tls.outcome"] == "files"
    (told,) = runtime.footprint.told()["connections"]
    assert (told["ended"], told["login"], told["code"]) == ("declined", None, "1045")


def test_a_server_that_hangs_after_its_greeting_costs_a_moment() -> None:
    greeting = mysql.packet(mysql.greeting("8.0.36", 7, b"s" * 20, capabilities=mysql.CLIENT_DEFAULT), 0)

    def behave(connection: socket.socket) -> None:
        connection.sendall(greeting)
        threading.Event().wait(5)

    with listening("127.0.0.1", 0, behave) as port:
        runtime = runtime_for(
            f"mysql://app:x@127.0.0.1:{port}/shop?ssl_ca=/nowhere/ca.pem&ssl_verify_cert=true"
        )
        began = time.monotonic()
        run(runtime, *UP_TO_TLS)
        assert time.monotonic() - began < 2.0
    assert runtime.footprint.told()["totals"]["incomplete_handshakes"] == 1


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_certificate_is_read_off_the_handshake_that_fails(
    tmp_path: Path, version: ssl.TLSVersion
) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("server", "other.example", names=("other.example", "second.example"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert, pair.key)
    context.maximum_version = version
    with listening("127.0.0.1", 0, tls_server(context)) as port:
        options = f"sslmode=verify-full&sslrootcert={authority.root}"
        runtime = runtime_for(f"postgresql://u@localhost:{port}/d?{options}")
        report = run(runtime, *UP_TO_TLS)
    assert report.facts["tls.outcome"] == "hostname-mismatch"
    assert report.facts["tls.cert-names"] == ("other.example", "second.example")
    opened = [one for one in runtime.footprint.told()["connections"] if one["ended"] != "not-opened"]
    assert len(opened) == 1


def test_the_second_way_of_a_login_begins_when_the_first_is_closed() -> None:
    """A server that is short of slots may have no second one."""
    with listening("127.0.0.1", 0, after_startup(NO_ENTRY)) as port:
        runtime = runtime_for(f"postgresql://u:pw@127.0.0.1:{port}/d?sslmode=allow")
        run(runtime, *UP_TO_TLS)
        report = run(runtime, "auth.login")
        assert report.facts["retry.outcome"] == "no-tls"
        made = runtime.footprint.told()["totals"]
        assert (made["connections"], made["at_once"]) == (2, 1)
        again = run(runtime, "auth.retry-tls")
    assert again.facts == {"retry.outcome": "no-tls"}
    assert runtime.footprint.told()["totals"] == made


def test_an_abstract_socket_can_be_opened_again() -> None:
    name = f"@dbwizard-test-{time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0" + name[1:])
        server.listen(1)
        channel = open_channel(HostPort(name, 5432), name, time.monotonic() + 5)
        assert channel.record.place == name
        channel.close()


@pytest.mark.parametrize(
    ("message", "version", "certificate"),
    [
        (b"\x0b\0\0\x0a\0\0\x07\0\0\x04DER1", 0x0303, b"DER1"),
        (b"\x0b\0\0\x0f\x02xy\0\0\x09\0\0\x04DER1\0\0", 0x0304, b"DER1"),
        (b"\x0b\0\0\x03\0\0\0", 0x0303, b""),
        (b"\x0b\0\0\x04\0\0\0\0", 0x0304, b""),
        (b"\x0b", 0x0304, b""),
        (b"\x0b\0\0\x0a\0\0\x07\0\xff\xffDER1", 0x0303, b"DER1"),
    ],
)
def test_the_first_certificate_of_a_message(message: bytes, version: int, certificate: bytes) -> None:
    """A length that lies gives what there is: whoever reads it says that it is no certificate."""
    assert first_certificate(message, version) == certificate

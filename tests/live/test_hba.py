"""Our reading of pg_hba.conf against the server's own: many files, many logins, and never another verdict."""

from __future__ import annotations

import json
import random
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg
import pytest

from tests.live.conftest import Servers
from tests.support.certs import Authority
from tests.support.netlab import SERVER, Lab, Namespace
from tests.support.postgres import PostgresServer
from tests.support.processes import wait_until
from wizard.probes.channel import Channel
from wizard.probes.hba import Client, from_view, judge
from wizard.probes.hbafile import read_rules
from wizard.target.model import HostPort
from wizard.wire import postgres as wire

FILES = 40
SEED = 20261121
KINDS = ("local", "host", "host", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc")
DATABASES = (
    "all",
    "all",
    "shop",
    "blog",
    "sameuser",
    "samerole",
    "replication",
    "shop,blog",
    "@names",
    "app, blog",
)
USERS = ("all", "all", "app", "bob", "+staff", "app,bob", "@names", "+readers", "nobody")
ADDRESSES = (
    "0.0.0.0/0",
    "10.77.0.0/24",
    "10.77.0.1/32",
    "10.77.0.1   255.255.255.255",
    "127.0.0.0/8",
    "all",
    "192.0.2.0/24",
    "::/0",
    "samehost",
    "samenet",
    "client.lab.test",
)
METHODS = ("trust", "reject", "password", "scram-sha-256")
"""A login tells these apart, so each stands once in a file."""
QUOTED = (
    'host "all" all 0.0.0.0/0 trust',
    'host all "+staff" 0.0.0.0/0 trust',
    'host "shop" "app" 0.0.0.0/0 password # a remark, "quoted"',
    'host\tall\t"b""ob"\t0.0.0.0/0\ttrust',
    "host all app \\\n 0.0.0.0/0 \\\n password",
    'host all all,"app" "10.77.0.1"/32 reject',
    "host all all 10.77.0.1 reject",
    "host all all 10.77.0.1/40 reject",
    "host all all 0.0.0.0/0 open-sesame",
    "hosts all all 0.0.0.0/0 trust",
    "host all all",
    "local all",
    "host all @nosuchfile 0.0.0.0/0 trust",
    "host all all client.lab.test/32 trust",
    "host all all all,samenet trust",
)
"""Quotation marks, continued lines and mistakes; the server's own view loses the quotation marks."""


class Way(NamedTuple):
    """How a login reaches the server, and the address that the server sees."""

    namespace: Namespace | None
    host: str
    address: str
    tls: bool


@pytest.fixture(scope="module")
def server(servers: Servers, authority: Authority) -> PostgresServer:
    certificate = authority.issue("hba", "db.lab.test")
    made = servers.postgres(
        settings={"ssl": "on", "ssl_cert_file": "server.crt", "ssl_key_file": "server.key"},
        files={"server.crt": certificate.cert, "server.key": certificate.key},
    )
    made.sql(
        "CREATE ROLE bob LOGIN PASSWORD 'x'",
        "CREATE ROLE staff",
        "CREATE ROLE readers",
        "GRANT readers TO staff",
        "GRANT staff TO app",
        "CREATE DATABASE blog",
        "CREATE DATABASE staff",
    )
    return made


@pytest.fixture(scope="module")
def session(server: PostgresServer) -> Iterator[psycopg.Connection[Any]]:
    with server.connect(database="postgres") as connection:
        yield connection


@pytest.fixture(scope="module")
def ways(lab: Lab, server: PostgresServer) -> tuple[Way, ...]:
    return (
        Way(lab.client, SERVER, "10.77.0.1", False),
        Way(lab.client, SERVER, "10.77.0.1", True),
        Way(lab.server, "127.0.0.1", "127.0.0.1", False),
        Way(None, f"{server.sockets}/.s.PGSQL.{server.port}", "", False),
    )


def load(server: PostgresServer, session: psycopg.Connection[Any], lines: list[str]) -> None:
    """Write the lines and have the server read them."""
    (server.data / "names").write_text("app shop # a remark\n")
    server.write_hba(lines)

    def loaded() -> Any:
        row = session.execute("SELECT pg_conf_load_time()").fetchone()
        return row and row[0]

    before = loaded()
    session.execute("SELECT pg_reload_conf()")
    wait_until(lambda: bool(loaded() > before), "the server has read its files")


def asked(way: Way, port: int, user: str, database: str) -> str:
    """What the server asks this login for: a method, "reject" or "no-match"."""
    if way.namespace is None:
        sock: socket.socket = socket.socket(socket.AF_UNIX)
        sock.connect(way.host)
    else:
        sock = way.namespace.socket()
        sock.connect((way.host, port))
    if way.tls:
        sock.sendall(wire.ssl_request())
        assert sock.recv(1) == b"S"
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        sock = context.wrap_socket(sock)
    channel = Channel(sock, HostPort(way.host, port), way.host)
    until = time.monotonic() + 10
    try:
        channel.send(wire.startup({"user": user, "database": database}), until)
        message = channel.message(until)
        assert message is not None
        if message.type == b"E":
            said = wire.parse_error(message.payload).message
            assert "pg_hba.conf" in said, said
            return "reject" if "rejects" in said else "no-match"
        method = wire.parse_auth(message.payload).method
        return {"ok": "trust", "cleartext": "password", "sasl": "scram-sha-256"}[method]
    finally:
        channel.close()


def client_of(way: Way, user: str, database: str) -> Client:
    groups = {"app": {"app", "staff", "readers"}, "bob": {"bob"}}[user]
    local = True if way.address == "127.0.0.1" else None
    return Client(user, database, way.address, way.tls, frozenset(groups), local, 15)


def ours(rules: Any, client: Client) -> str:
    verdict = judge(rules, client)
    return verdict.rule.method if verdict.outcome == "matched" and verdict.rule else verdict.outcome


def seen(session: psycopg.Connection[Any], file: str) -> list[Any]:
    rows = session.execute("SELECT row_to_json(r)::text FROM pg_hba_file_rules r").fetchall()
    return [from_view(json.loads(row[0]), file) for row in rows]


def some_file(chance: random.Random) -> list[str]:
    lines = []
    for method in chance.sample(METHODS, 4):
        kind = chance.choice(KINDS)
        fields = [kind, chance.choice(DATABASES), chance.choice(USERS)]
        lines.append("  ".join([*fields, *([] if kind == "local" else [chance.choice(ADDRESSES)]), method]))
    return lines


@pytest.mark.parametrize("number", range(FILES))
def test_the_server_and_we_choose_the_same_line(
    server: PostgresServer, session: psycopg.Connection[Any], ways: tuple[Way, ...], number: int
) -> None:
    lines = some_file(random.Random(SEED + number))
    load(server, session, lines)
    named = any(word in line for line in lines for word in ("samehost", "samenet", "client.lab.test"))
    by_view = seen(session, "pg_hba.conf")
    by_file = read_rules(server.data / "pg_hba.conf", 15)
    for way in ways:
        for user, database in (("app", "shop"), ("app", "blog"), ("bob", "shop"), ("app", "staff")):
            client = client_of(way, user, database)
            verdicts = {ours(by_view, client), ours(by_file, client)}
            if named:
                verdicts -= {"unsure"}
            theirs = {asked(way, server.port, user, database)} if verdicts else set()
            assert verdicts == theirs, (lines, client)


@pytest.mark.parametrize("line", QUOTED)
def test_quotes_and_mistakes_mean_the_same_in_the_file(
    server: PostgresServer, session: psycopg.Connection[Any], ways: tuple[Way, ...], line: str
) -> None:
    load(server, session, ["local all all trust"])
    load(server, session, line.split("\n"))
    theirs = [rule for rule in seen(session, "pg_hba.conf")][2:]
    rules = read_rules(server.data / "pg_hba.conf", 15)[2:]
    assert [bool(rule.error) for rule in rules] == [bool(rule.error) for rule in theirs]
    if not rules[0].error:
        client = client_of(ways[0], "app", "shop")
        assert ours(rules, client) in (asked(ways[0], server.port, "app", "shop"), "unsure")
        assert rules[0].text.replace('"', "") == theirs[0].text.replace('"', "")

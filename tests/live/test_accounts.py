"""Our choice of the account entry against the server's own: CURRENT_USER() tells which one it took."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from typing import NamedTuple

import pymysql
import pytest

from tests.live.conftest import Servers
from tests.support.mariadb import MariadbServer
from tests.support.mysql import MysqlServer
from tests.support.netlab import SERVER, Lab, Namespace
from wizard.probes.accounts import Account, Client, entry_for

SETS = 30
SEED = 20261121
HOSTS = (
    "%",
    "10.77.0.1",
    "10.77.0.%",
    "10.77.%",
    "10.%.0.1",
    "10.77.0._",
    "10.77.0.0/255.255.255.0",
    "10.0.0.0/255.0.0.0",
    "client.lab.test",
    "%.lab.test",
    "CLIENT.lab.test",
    "c%",
    "localhost",
    "127.0.0.1",
    "127.%",
    "local%",
    "192.0.2.%",
    "%.%.%.%",
    "",
)
PEOPLE = ("visitor", "visitor", "")
REFUSED = ""
MYSQL_PORT = 3307


class Way(NamedTuple):
    """How a client reaches the server, and what the server knows of it."""

    namespace: Namespace | None
    place: str
    port: int
    host: str
    ip: str


@pytest.fixture(scope="module", params=["mariadb", "mysql"])
def server(servers: Servers, request: pytest.FixtureRequest) -> MariadbServer:
    return servers.mariadb() if request.param == "mariadb" else servers.mysql(port=MYSQL_PORT)


@pytest.fixture(scope="module")
def ways(lab: Lab, server: MariadbServer) -> tuple[Way, ...]:
    return (
        Way(lab.client, SERVER, server.port, "client.lab.test", "10.77.0.1"),
        Way(lab.server, "127.0.0.1", server.port, "localhost", "127.0.0.1"),
        Way(None, str(server.socket), 0, "localhost", ""),
    )


@pytest.fixture
def accounts(server: MariadbServer, request: pytest.FixtureRequest) -> Iterator[list[Account]]:
    chance = random.Random(SEED + int(request.param))
    names = {(chance.choice(PEOPLE), chance.choice(HOSTS)) for _ in range(chance.randint(2, 7))}
    made = [Account(user, host) for user, host in sorted(names, key=lambda one: (one[0], one[1].lower()))]
    # The server writes host names small, and takes no host for every host.
    made = list({(one.user, one.host.lower() or "%"): one for one in made}.values())
    server.sql(*(f"CREATE USER {one.name}" for one in made))
    yield made
    server.sql(*(f"DROP USER {one.name}" for one in made))


def taken(way: Way) -> str:
    """The entry that the server takes for a login of `visitor`, as user@host; empty where it takes none."""
    sock = socket.socket(socket.AF_UNIX) if way.namespace is None else way.namespace.socket()
    connection = pymysql.Connection(user="visitor", password="", ssl_disabled=True, defer_connect=True)
    try:
        sock.connect(way.place if way.namespace is None else (way.place, way.port))
        connection.connect(sock)
    except pymysql.OperationalError as error:
        sock.close()
        return REFUSED if error.args[0] in (1045, 1130) else str(error)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER()")
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize("accounts", range(SETS), indirect=True)
def test_the_server_and_we_choose_the_same_entry(
    server: MariadbServer, accounts: list[Account], ways: tuple[Way, ...]
) -> None:
    mariadb = not isinstance(server, MysqlServer)
    for way in ways:
        entry = entry_for(accounts, Client("visitor", way.host, way.ip, mariadb))
        ours = f"{entry.user}@{entry.host or '%'}" if entry else REFUSED
        assert ours.lower() == taken(way).lower(), (way, [one.name for one in accounts])

"""The SQL of every page for MySQL and MariaDB, typed into each one's own client against each one's own server.

Each runs with all rights; after one that changes something the state is made anew. What may fail is listed
with its reason.
"""

from __future__ import annotations

import re
import subprocess
from typing import NamedTuple

import pymysql
import pytest

from tests.live.conftest import Servers
from tests.support.mariadb import MariadbServer
from tests.support.mysql import MysqlServer, programs
from tests.support.netlab import CLIENT, SERVER
from tests.support.pages import Snippet, snippets

FACTS = {
    "target.host": "db.lab.test",
    "target.port": 3306,
    "target.user": "app",
    "target.database": "shop",
    "network.client-address": CLIENT,
    "network.address": SERVER,
    "config.problem-key": "max_connections",
    "account.host": "%",
}
"""What fills the placeholders, where it must be something that is there."""
VERSIONS = {"mariadb": "10.11", "mysql": "9.7"}
"""The oldest that the tests run on; conditions compare with them."""
ANOTHER_HOST = ("10.77.0.1", "10.0.0.10")
STATE = (
    "CREATE DATABASE IF NOT EXISTS shop",
    "CREATE TABLE IF NOT EXISTS shop.orders (id int PRIMARY KEY)",
    "ALTER TABLE shop.orders DROP COLUMN note",
    "CREATE TABLE IF NOT EXISTS shop.DATABASECHANGELOGLOCK (ID int, LOCKED bit, LOCKGRANTED datetime, LOCKEDBY text)",
    "CREATE USER IF NOT EXISTS ''@'localhost'",
    "CREATE USER IF NOT EXISTS ''@'%'",
    *(f"DROP USER IF EXISTS '{name}'@'{host}'" for name in ("app", "haproxy_check") for host in ANOTHER_HOST),
    "CREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED BY 'x'",
    "CREATE USER IF NOT EXISTS 'app'@'localhost' IDENTIFIED BY 'x'",
    "GRANT ALL ON shop.* TO 'app'@'%'",
    # Whoever reads the page may change his own password.
    "DROP USER IF EXISTS reader@localhost",
    "CREATE USER reader@localhost",
    "GRANT ALL ON *.* TO reader@localhost WITH GRANT OPTION",
)


class Allowed(NamedTuple):
    """One failure that a test server cannot but have."""

    number: str
    words: str
    reason: str


ALLOWED = (
    Allowed("1094", "Unknown thread id", "no session has that number"),
    Allowed("1095", "not owner of thread", "no session has that number"),
    Allowed("1305", "rds_kill", "only Amazon's servers have this procedure"),
    Allowed("1524", "AWSAuthenticationPlugin", "only Amazon's servers have this plugin"),
)
PROXYSQL = re.compile(
    r"\b(?:(?:runtime_)?mysql_(?:users|servers)|stats_mysql_\w+|monitor\.mysql_\w+)\b|MYSQL \w+ TO |SET mysql-"
)
"""The statements for ProxySQL's own console: Debian has no ProxySQL to try them on."""
ERROR = re.compile(r"ERROR (\d+) \(\w+\) at line \d+: (.*)")


def _fresh(one: Snippet) -> Snippet:
    """The same with a name that nothing has yet, where it makes a database or an account."""
    text = re.sub(r"(CREATE DATABASE `)shop`", r"\1newdb`", one.text)
    text = re.sub(r"(CREATE USER ')app('@'localhost')", r"\1newcomer\2", text)
    return one._replace(text=text)


def typeable(engine: str) -> list[Snippet]:
    """The statements of the pages for one engine's server."""
    return [
        _fresh(one)
        for one in snippets(FACTS, engine, VERSIONS[engine], "sql")
        if one.where != "psql" and not PROXYSQL.search(one.text)
    ]


CASES = [(engine, one) for engine in ("mariadb", "mysql") for one in typeable(engine)]


@pytest.fixture(scope="module")
def running(servers: Servers) -> dict[str, MariadbServer]:
    # MariaDB takes no limit for all accounts while it runs where it was started without one.
    options = ["--performance-schema=ON", "--log-bin=binlog", "--max-user-connections=1000"]
    both = {
        "mariadb": servers.mariadb(options=options),
        "mysql": servers.mysql(port=3307, options=["--log-bin=binlog"]),
    }
    for server in both.values():
        make_state(server)
    return both


def make_state(server: MariadbServer) -> None:
    connection = server.connect()
    with connection.cursor() as cursor:
        for statement in (*STATE, "DROP DATABASE IF EXISTS newdb", "DROP USER IF EXISTS newcomer@localhost"):
            try:
                cursor.execute(statement)
            except (pymysql.OperationalError, pymysql.ProgrammingError) as error:
                if error.args[0] != 1091:  # there is no such column
                    raise
    connection.close()


def client(server: MariadbServer) -> list[str]:
    """The engine's own client."""
    if not isinstance(server, MysqlServer):
        return ["mariadb", "--no-defaults"]
    return [*programs().argv("mysql"), "--no-defaults"]


@pytest.mark.parametrize(("engine", "one"), CASES, ids=[f"{engine}-{one.name}" for engine, one in CASES])
def test_sql(running: dict[str, MariadbServer], engine: str, one: Snippet) -> None:
    server = running[engine]
    argv = [*client(server), f"--socket={server.socket}", "--user=reader", "--comments", "shop"]
    done = subprocess.run(argv, input=one.text, capture_output=True, text=True, timeout=30, check=False)
    if not one.reads:
        make_state(server)
    if done.returncode == 0:
        return
    match = ERROR.search(done.stderr)
    assert match is not None, f"{one.text}\n{done.stderr}"
    reasons = [each.reason for each in ALLOWED if each.number == match[1] and each.words in match[2]]
    assert reasons, f"{one.text}\n{done.stderr}"

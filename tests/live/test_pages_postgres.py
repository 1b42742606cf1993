"""The SQL of every page for PostgreSQL, typed into psql: what a page tells a reader to type must work.

Each runs as superuser; after one that changes something the state is made anew. What may fail is listed
with its reason.
"""

from __future__ import annotations

import re
import subprocess
from typing import NamedTuple

import pytest
from psycopg.errors import DuplicateDatabase, DuplicateObject, UndefinedObject

from tests.live.conftest import Servers
from tests.support.netlab import CLIENT, SERVER
from tests.support.pages import Snippet, snippets
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import PASSWORD, PostgresServer

FACTS = {
    "target.host": "db.lab.test",
    "target.port": 5432,
    "target.user": "app",
    "target.database": "shop",
    "network.client-address": CLIENT,
    "network.address": SERVER,
    "config.problem-key": "work_mem",
}
"""What fills the placeholders, where it must be something that is there."""
STATE = """
DROP DATABASE IF EXISTS newdb
CREATE DATABASE olddb
CREATE ROLE app LOGIN
DROP OWNED BY newcomer
DROP ROLE newcomer
DROP OWNED BY app_login
DROP ROLE app_login
DROP FUNCTION IF EXISTS public.pgbouncer_get_auth(text)
DROP OWNED BY pgbouncer_auth
DROP ROLE pgbouncer_auth
CREATE ROLE monitoring
CREATE SCHEMA IF NOT EXISTS app
CREATE TABLE IF NOT EXISTS orders (id int PRIMARY KEY, customer_id int)
CREATE TABLE IF NOT EXISTS databasechangeloglock (id int, locked bool, lockgranted timestamp, lockedby text)
DROP INDEX IF EXISTS orders_customer_idx
ALTER DATABASE shop ALLOW_CONNECTIONS true
ALTER ROLE app CONNECTION LIMIT -1
"""


class Allowed(NamedTuple):
    """One failure that a test database cannot but have."""

    state: str
    words: str
    reason: str


ALLOWED = (
    Allowed("42704", 'role "rds_', "only Amazon's servers have these roles"),
    Allowed("42704", "rds.logical_replication", "only Amazon's servers have this parameter"),
    Allowed("42704", "pg_use_reserved_connections", "PostgreSQL 16 and later"),
    Allowed("42704", "reserved_connections", "PostgreSQL 16 and later"),
    Allowed("42704", "SLOT_NAME", "stands for a name that the reader chooses"),
    Allowed("42704", "prepared transaction with identifier", "a server of the tests has none"),
    Allowed("55000", "recovery is not in progress", "the server is no standby"),
)
CONSOLE = re.compile(
    r"\s*(?:SHOW (?:POOLS|DATABASES|CLIENTS|SERVERS|CONFIG|USERS|STATS|LISTS|STATE|VERSION)"
    r"|RESUME|PAUSE|RECONNECT|ENABLE|DISABLE|RELOAD|KILL)\b"
)
ERROR = re.compile(r"ERROR:  (\w{5}): (.*)")


def _fresh(one: Snippet) -> Snippet:
    """The same with names that nothing has yet, where it makes a role or database."""
    text = one.text
    if re.search(r'CREATE ROLE "?app"?\s', text):
        text = re.sub(r"\bapp\b", "newcomer", text)
    if re.search(r'CREATE DATABASE "?shop"?', text):
        text = re.sub(r"\bshop\b", "newdb", text)
    if "DROP DATABASE" in text:
        text = re.sub(r"\bshop\b", "olddb", text)
    return one._replace(text=text)


ALL = [_fresh(one) for one in snippets(FACTS, "postgresql", "15", "sql")]
SERVER_SQL = [one for one in ALL if not CONSOLE.match(one.text)]
CONSOLE_SQL = [one for one in ALL if CONSOLE.match(one.text)]


@pytest.fixture(scope="module")
def postgres(servers: Servers) -> PostgresServer:
    server = servers.postgres(settings={"max_wal_senders": "4"})
    make_state(server)
    return server


@pytest.fixture(scope="module")
def pooler(servers: Servers, postgres: PostgresServer) -> PgBouncer:
    return servers.pgbouncer(postgres)


def make_state(server: PostgresServer) -> None:
    with server.connect() as connection:
        for statement in STATE.strip().splitlines():
            try:
                connection.execute(statement.encode())
            except (DuplicateDatabase, DuplicateObject, UndefinedObject):
                continue


def typed(server: PostgresServer, one: Snippet, address: list[str], environment: dict[str, str]) -> str:
    """Type it into psql; its complaints. `\\password` reads the new password twice where there is no terminal."""
    lines = [f"{line}\nnew\nnew" if line.startswith("\\password") else line for line in one.text.splitlines()]
    argv = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", *address]
    done = subprocess.run(
        server.namespace.command(argv) if server.namespace else argv,
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        start_new_session=True,
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8", **environment},
    )
    assert done.returncode == 0 or done.stderr, done
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize("one", SERVER_SQL, ids=[one.name for one in SERVER_SQL])
def test_sql(postgres: PostgresServer, one: Snippet) -> None:
    address = ["-h", str(postgres.sockets), "-p", str(postgres.port), "-U", "postgres", "-d", "shop"]
    complaint = typed(postgres, one, address, {})
    if not one.reads:
        make_state(postgres)
    if not complaint:
        return
    match = ERROR.search(complaint)
    assert match is not None, f"{one.text}\n{complaint}"
    reasons = [each.reason for each in ALLOWED if each.state == match[1] and each.words in match[2]]
    assert reasons, f"{one.text}\n{complaint}"


@pytest.mark.parametrize("one", CONSOLE_SQL, ids=[one.name for one in CONSOLE_SQL])
def test_poolers_console(postgres: PostgresServer, pooler: PgBouncer, one: Snippet) -> None:
    address = ["-h", SERVER, "-p", str(pooler.port), "-U", "bouncer_admin", "-d", "pgbouncer"]
    complaint = typed(postgres, one, address, {"PGPASSWORD": PASSWORD})
    assert not complaint or "is not paused" in complaint, f"{one.text}\n{complaint}"

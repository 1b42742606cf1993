"""What a server itself says was done to it: PostgreSQL's log; the general log and host cache of MySQL and MariaDB."""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.support.mariadb import MariadbServer
from tests.support.netlab import CLIENT
from tests.support.postgres import PostgresServer

POSTGRES_SETTINGS = {
    "log_connections": "on",
    "log_disconnections": "on",
    "log_statement": "all",
    "log_line_prefix": "%p|%h|",
    # No background process writes to the log of changes meanwhile.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "1h",
}
HEAD = r"\S*[ \t]+(?:\S+\t)?[ \t]*\d+ [A-Z]"
"""How a line of the general log begins: the time only where it has changed."""
ENTRY = re.compile(
    rf"(?m)^(?={HEAD})\S*[ \t]+(?:\S+\t)?[ \t]*(\d+) (Connect|Query|Quit|Init DB)[ \t]*((?:.|\n(?!{HEAD}))*)"
)
"""Session, command and words of an entry of the general log; a statement may have several lines."""
MYSQL_OPTIONS = ("--general-log=ON", "--performance-schema=ON")


class Seen(NamedTuple):
    """What came from the client's machine since a mark."""

    connections: int
    logins: int
    refused: int
    ended: int
    """Sessions that are over."""
    statements: tuple[str, ...]
    complaints: tuple[str, ...]
    """What the server found worth a line of its log besides."""


class PostgresLog:
    """The log of a server with POSTGRES_SETTINGS, from now on."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self.path = server.folder / "log"
        self.mark = len(self.path.read_bytes())

    def seen(self) -> Seen:
        """What the client's machine did since."""
        text = self.path.read_bytes()[self.mark :].decode()
        entries = [entry.split("|", 2) for entry in re.split(r"\n(?=\d+\|)", text)]
        # The name of the client is not known yet when its connection is received.
        ours = {one[0] for one in entries if len(one) == 3 and f"received: host={CLIENT}" in one[2]}
        said = [(one[0], one[2]) for one in entries if len(one) == 3 and one[0] in ours]
        refused = {pid for pid, words in said if words.startswith("FATAL:")}
        let_in = {pid for pid, words in said if "connection authorized" in words}
        known = ("LOG:  connection ", "LOG:  disconnection:", "LOG:  statement:", "FATAL:", "DETAIL:")
        return Seen(
            sum("connection received" in words for _, words in said),
            len(let_in - refused),
            len(refused),
            sum("disconnection:" in words for pid, words in said if pid not in refused),
            tuple(flat(words.partition("statement: ")[2]) for _, words in said if words.startswith(known[2])),
            tuple(flat(words) for _, words in said if not words.startswith(known)),
        )


def written(server: PostgresServer) -> tuple[int, ...]:
    """Grows with every change: transactions with a number, and the end of the log of changes."""
    rows = server.sql(
        "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint, pg_current_wal_insert_lsn() - '0/0'",
        database="postgres",
    )
    return tuple(int(value) for value in rows[0])


def statistics(server: PostgresServer) -> dict[str, int]:
    """The counters of the database of the application."""
    columns = ("sessions", "xact_rollback", "tup_inserted", "tup_updated", "tup_deleted")
    query = f"SELECT {', '.join(columns)} FROM pg_stat_database WHERE datname = 'shop'"
    return dict(zip(columns, map(int, server.sql(query, database="postgres")[0]), strict=True))


class HostCache(NamedTuple):
    """What a MySQL or MariaDB server holds against the client's machine."""

    errors: int
    """Counted against max_connect_errors."""
    authentication: int
    """Refused logins, which are not."""


def host_cache(server: MariadbServer) -> HostCache:
    """The server's counters for the client's machine."""
    refused = "COUNT_AUTHENTICATION_ERRORS + COUNT_AUTH_PLUGIN_ERRORS"
    rows = server.sql(
        f"SELECT SUM_CONNECT_ERRORS, {refused} FROM performance_schema.host_cache WHERE IP = '{CLIENT}'"
    )
    return HostCache(*(int(value) for value in rows[0])) if rows else HostCache(0, 0)


def status(server: MariadbServer) -> dict[str, int]:
    """The server's status variables that are numbers."""
    return {name: int(value) for name, value in server.sql("SHOW GLOBAL STATUS") if value.isdigit()}


class GeneralLog:
    """The general log of a server with MYSQL_OPTIONS, from now on."""

    def __init__(self, server: MariadbServer) -> None:
        self.path = server.data / str(server.sql("SELECT @@general_log_file")[0][0])
        self.mark = len(self.path.read_bytes())

    def statements(self) -> tuple[str, ...]:
        """What the client's machine asked since, without what the harness asks as root."""
        text = self.path.read_bytes()[self.mark :].decode()
        entries = ENTRY.findall(text)
        ours = {number for number, command, words in entries if command == "Connect" and "root@" not in words}
        return tuple(
            flat(words) for number, command, words in entries if command == "Query" and number in ours
        )


def flat(text: str) -> str:
    """One line, one space between words."""
    return " ".join(text.split())

"""Private PostgreSQL clusters: one template a run, a copy a server, each in a folder of its own.

Never uses the cluster of the machine or its port; the superuser comes in through a socket in a private
folder, so that a test may break every other way in. A cluster trades safety for speed (fsync off).
"""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from tests.support.netlab import Namespace
from tests.support.processes import LabError, Service, as_user, give_copy, new_folder, run

OS_USER = "postgres"
PORT = 5432
ROLE, DATABASE = "app", "shop"
PASSWORD = "gr4vel:T@p/9#?&%"
"""Holds every character that a URL must encode, so that a leak in any encoding is a different text."""

DEFAULT_HBA = (
    "local all all scram-sha-256",
    "host all all 0.0.0.0/0 scram-sha-256",
    "host all all ::/0 scram-sha-256",
)

OWN_WAY_IN = ("local all postgres trust", "local replication postgres trust")

ACCOUNTS = f"""\
CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}';
CREATE DATABASE {DATABASE} OWNER {ROLE};
"""


@cache
def programs() -> Path:
    """The folder of initdb and postgres of the newest version on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    beside = shutil.which("initdb")
    if beside is None:
        raise LabError("PostgreSQL's server programs are not installed: run tests/run")
    return Path(beside).parent


@cache
def _template() -> Path:
    """A cluster with the role and database that most tests use, made once."""
    data = new_folder("pg-template", OS_USER) / "data"
    options = ["-U", "postgres", "-A", "trust", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8"]
    run([*as_user(OS_USER), str(programs() / "initdb"), "-D", str(data), *options])
    single = [*as_user(OS_USER), str(programs() / "postgres"), "--single", "-D", str(data), "-c", "fsync=off"]
    run([*single, "postgres"], text_in=ACCOUNTS)
    return data


class PostgresServer:
    """One cluster: made by the constructor, running after `start()`."""

    def __init__(
        self,
        *,
        namespace: Namespace | None = None,
        port: int = PORT,
        settings: Mapping[str, str] | None = None,
        hba: Sequence[str] = DEFAULT_HBA,
        files: Mapping[str, Path] | None = None,
        source: PostgresServer | None = None,
    ) -> None:
        """`files` (name -> source) are copied beside the data, private to the server: certificates and keys.

        With `source` the cluster is a standby of that running server.
        """
        self.namespace = namespace
        self.port = port
        self.folder = new_folder("pg", OS_USER)
        self.data = self.folder / "data"
        self.sockets = new_folder("pgs", OS_USER)
        self.service: Service | None = None
        self.settings = {
            "listen_addresses": "*",
            "unix_socket_directories": str(self.sockets),
            "fsync": "off",
            "shared_buffers": "1MB",
            "max_connections": "40",
            "autovacuum": "off",
            "lc_messages": "C",
            **(settings or {}),
        }
        if source is None:
            run(["cp", "-a", "--reflink=auto", str(_template()), str(self.data)])
        else:
            self._copy_of(source)
        for name, path in (files or {}).items():
            self.add_file(name, path)
        self.write_hba(hba)

    def _copy_of(self, source: PostgresServer) -> None:
        tool = [
            *as_user(OS_USER),
            str(programs() / "pg_basebackup"),
            "-D",
            str(self.data),
            "-X",
            "stream",
            "-R",
        ]
        where = [
            "-h",
            str(source.sockets),
            "-p",
            str(source.port),
            "-U",
            "postgres",
            "-c",
            "fast",
            "--no-sync",
        ]
        run([*tool, *where])

    def add_file(self, name: str, source: Path) -> Path:
        """Copy one file beside the data, owned by the server and private; its path."""
        return give_copy(source, self.data / name, OS_USER)

    def write_hba(self, lines: Sequence[str]) -> None:
        """Replace pg_hba.conf; the superuser's own line comes first and always."""
        (self.data / "pg_hba.conf").write_text("\n".join([*OWN_WAY_IN, *lines]) + "\n")

    def start(self, *, wait: bool = True) -> PostgresServer:
        """Start it; with `wait`, return when it takes connections."""
        options = [word for key, value in self.settings.items() for word in ("-c", f"{key}={value}")]
        argv = [
            *as_user(OS_USER),
            str(programs() / "postgres"),
            "-D",
            str(self.data),
            "-p",
            str(self.port),
            *options,
        ]
        if self.namespace is not None:
            argv = self.namespace.command(argv)
        self.service = Service(argv, self.folder / "log")
        if wait:
            self.service.wait_ready(lambda: self._status() in ("ready", "standby"), "PostgreSQL is ready", 60)
        return self

    def _status(self) -> str:
        """The last line of postmaster.pid: starting, ready, standby or stopping."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return ""
        return lines[7].strip() if len(lines) > 7 else ""

    def wait_log(self, pattern: str) -> None:
        """Wait until the log has a text that matches `pattern`."""
        service = self._running()
        service.wait_ready(lambda: re.search(pattern, service.text()) is not None, f"log: {pattern}")

    def _running(self) -> Service:
        if self.service is None:
            raise LabError("the server was not started")
        return self.service

    def send_signal(self, number: int) -> None:
        """Send one signal to the postmaster (SIGSTOP freezes it, SIGTERM is a smart shutdown)."""
        self._running().send_signal(number)

    def connect(
        self, user: str = "postgres", database: str = DATABASE, password: str | None = None, **more: Any
    ) -> psycopg.Connection:
        """A connection through the private socket, in autocommit unless told otherwise."""
        more.setdefault("autocommit", True)
        return psycopg.connect(
            host=str(self.sockets), port=self.port, user=user, dbname=database, password=password, **more
        )

    def sql(self, *statements: str, database: str = DATABASE) -> list[Any]:
        """Run statements as the superuser; the rows of the last one."""
        rows: list[Any] = []
        with self.connect(database=database) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
                rows = cursor.fetchall() if cursor.description else []
        return rows

    def stop(self) -> None:
        """End it at once; sessions are dropped, nothing is kept."""
        if self.service is not None:
            self.service.stop(signal.SIGQUIT)

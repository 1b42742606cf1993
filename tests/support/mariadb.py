"""Private MariaDB servers: one template a run, a copy a server, each in a folder of its own.

Never uses the server of the machine or its port; root comes in through a private socket.  Each has its own
folder for temporary files: a server that starts deletes the `#sql*` files that others keep in a shared one.
"""

from __future__ import annotations

import shutil
import signal
import socket
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pymysql
import pymysql.cursors

from tests.support.netlab import Namespace
from tests.support.postgres import DATABASE, PASSWORD, ROLE
from tests.support.processes import LabError, Service, as_user, give_copy, new_folder, run

Kind = TypeVar("Kind", bound="MariadbServer")

OS_USER = "mysql"
PORT = 3306
STORAGE = (
    "--innodb-log-file-size=4M",
    "--innodb-buffer-pool-size=8M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--innodb-use-native-aio=OFF",
)
CLIENTS = "10.77.0.%"
"""Accounts are for the first cable and localhost only: a client from elsewhere is not let in at all."""

HOSTS = (CLIENTS, "localhost", "127.0.0.1")
ACCOUNTS = "\n".join(
    ["FLUSH PRIVILEGES;", f"CREATE DATABASE {DATABASE};"]
    + [
        line
        for host in HOSTS
        for line in (
            f"CREATE USER '{ROLE}'@'{host}' IDENTIFIED BY '{PASSWORD}';",
            f"GRANT ALL ON {DATABASE}.* TO '{ROLE}'@'{host}';",
        )
    ]
)


@cache
def _server_program() -> str:
    for name in ("mariadbd", "mysqld"):
        for folder in (None, "/usr/sbin:/usr/libexec"):
            found = shutil.which(name, path=folder)
            if found:
                return found
    raise LabError("MariaDB's server is not installed: run tests/run")


@cache
def _template() -> Path:
    """A data folder with the account and database that most tests use, made once."""
    data = new_folder("maria-template", OS_USER) / "data"
    scratch = f"--tmpdir={new_folder('maria-tmp', OS_USER)}"
    common = ["--no-defaults", f"--user={OS_USER}", f"--datadir={data}", scratch, *STORAGE]
    run(["mariadb-install-db", *common, "--auth-root-authentication-method=normal", "--skip-test-db"])
    run(
        [_server_program(), *common, "--bootstrap", "--character-set-server=utf8mb4"], text_in=ACCOUNTS + "\n"
    )
    return data


class MariadbServer:
    """One server: its folder made by the constructor, running after `start()`."""

    def __init__(
        self,
        *,
        namespace: Namespace | None = None,
        port: int = PORT,
        options: Sequence[str] = (),
        files: Mapping[str, Path] | None = None,
    ) -> None:
        """`options` are server options with dashes; `files` (name -> source) are copied beside the data."""
        self.namespace = namespace
        self.port = port
        self.options = list(options)
        self.folder = new_folder("maria", OS_USER)
        self.data = self.folder / "data"
        self.scratch = new_folder("maria-tmp", OS_USER)
        self.socket = new_folder("mys", OS_USER) / "mysqld.sock"
        self.service: Service | None = None
        run(["cp", "-a", "--sparse=always", str(self.template()), str(self.data)])
        for name, path in (files or {}).items():
            self.add_file(name, path)

    def add_file(self, name: str, source: Path) -> Path:
        """Copy one file beside the data, owned by the server and private; its path."""
        return give_copy(source, self.folder / name, OS_USER)

    def template(self) -> Path:
        """The data folder that this server gets a copy of."""
        return _template()

    def program(self) -> list[str]:
        """The server's program and the options that only it has."""
        return [_server_program(), "--no-defaults", *STORAGE, "--performance-schema=OFF"]

    def start(self: Kind, *, wait: bool = True) -> Kind:
        """Start it; with `wait`, return when it takes connections on its socket."""
        argv = [*as_user(OS_USER), *self.program(), f"--datadir={self.data}", f"--socket={self.socket}"]
        argv += [f"--port={self.port}", f"--pid-file={self.folder}/pid", f"--tmpdir={self.scratch}"]
        argv += ["--bind-address=*", "--character-set-server=utf8mb4", *self.options]
        if self.namespace is not None:
            argv = self.namespace.command(argv)
        self.service = Service(argv, self.folder / "log", umask=0o022)
        if wait:
            self.service.wait_ready(self._answers, "the server is ready", 60)
        return self

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def send_signal(self, number: int) -> None:
        """Send one signal to the server (SIGSTOP freezes it)."""
        if self.service is None:
            raise LabError("the server was not started")
        self.service.send_signal(number)

    def connect(
        self, user: str = "root", password: str = "", database: str | None = None
    ) -> pymysql.Connection[pymysql.cursors.Cursor]:
        """A connection through the private socket, in autocommit."""
        return pymysql.connect(
            unix_socket=str(self.socket),
            user=user,
            password=password,
            database=database,
            autocommit=True,
            charset="utf8mb4",
            ssl_disabled=True,
        )

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements as root; the rows of the last one."""
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def account(self, name: str, *, password: str = PASSWORD, host: str = CLIENTS, rest: str = "") -> None:
        """One more account with the usual rights on the usual database; `rest` ends the CREATE USER."""
        self.sql(
            f"CREATE USER '{name}'@'{host}' IDENTIFIED BY '{password}' {rest}",
            f"GRANT ALL ON {DATABASE}.* TO '{name}'@'{host}'",
        )

    def stop(self) -> None:
        """End it at once; nothing is kept."""
        if self.service is not None:
            self.service.stop(signal.SIGKILL)

"""A private PgBouncer in front of a private PostgreSQL."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.support.netlab import SERVER, Namespace
from tests.support.postgres import DATABASE, PASSWORD, ROLE, PostgresServer
from tests.support.processes import LabError, Service, as_user, give, new_folder, run

OS_USER = "postgres"
ADMIN = "bouncer_admin"
PORT = 6432


@cache
def _program() -> str:
    found = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        raise LabError("PgBouncer is not installed: run tests/run")
    return found


class PgBouncer:
    """One pooler that logs in to `backend` as the usual role; `databases` adds entries of its [databases]."""

    def __init__(
        self,
        backend: PostgresServer,
        *,
        namespace: Namespace | None = None,
        port: int = PORT,
        settings: Mapping[str, str] | None = None,
        databases: Mapping[str, str] | None = None,
        users: Mapping[str, str] | None = None,
        files: Mapping[str, Path] | None = None,
    ) -> None:
        """`users` adds names and secrets to auth_file; `files` are copied beside it, private to the pooler.

        `{folder}` in a setting is the folder of these files.
        """
        self.namespace = namespace
        self.port = port
        self.folder = new_folder("bouncer", OS_USER)
        self.service: Service | None = None
        usual = (
            f"host={backend.sockets} port={backend.port} dbname={DATABASE} user={ROLE} password='{PASSWORD}'"
        )
        entries = {DATABASE: usual, **(databases or {})}
        options = {
            "listen_addr": "*",
            "listen_port": str(port),
            "unix_socket_dir": "",
            "auth_type": "scram-sha-256",
            "auth_file": f"{self.folder}/users.txt",
            "admin_users": ADMIN,
            "pool_mode": "transaction",
            "logfile": "",
            **{key: value.replace("{folder}", str(self.folder)) for key, value in (settings or {}).items()},
        }
        text = "[databases]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        text += "[pgbouncer]\n" + "".join(f"{key} = {value}\n" for key, value in options.items())
        self._write("pgbouncer.ini", text)
        accounts = {ROLE: PASSWORD, ADMIN: PASSWORD, **(users or {})}
        self._write(
            "users.txt", "".join(f'"{name}" "{secret}"\n' for name, secret in accounts.items() if secret)
        )
        for name, path in (files or {}).items():
            self._write(name, path.read_text())

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        give(path, OS_USER)

    def start(self) -> PgBouncer:
        """Start it and return when it listens."""
        argv = [*as_user(OS_USER), _program(), str(self.folder / "pgbouncer.ini")]
        if self.namespace is not None:
            argv = self.namespace.command(argv)
        self.service = Service(argv, self.folder / "log")
        self.service.wait_ready(self._listens, "PgBouncer listens")
        return self

    def _listens(self) -> bool:
        probe = self.namespace.socket() if self.namespace else socket.socket()
        with probe:
            probe.settimeout(0.5)
            return probe.connect_ex((SERVER if self.namespace else "127.0.0.1", self.port)) == 0

    def console(self, command: str) -> str:
        """One command on the admin console, as its admin; the answer as text."""
        place = SERVER if self.namespace else "127.0.0.1"
        login = f"host={place} port={self.port} user={ADMIN} dbname=pgbouncer password='{PASSWORD}'"
        argv = ["psql", login, "-Atc", command]
        return run(self.namespace.command(argv) if self.namespace else argv)

    def send_signal(self, number: int) -> None:
        """Send one signal to the pooler (SIGINT: finish what runs, then end)."""
        if self.service is not None:
            self.service.send_signal(number)

    def stop(self) -> None:
        """End it."""
        if self.service is not None:
            self.service.stop()

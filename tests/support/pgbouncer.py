"""A private PgBouncer in front of a private PostgreSQL."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Mapping
from functools import cache

from tests.support.netlab import SERVER, Namespace
from tests.support.postgres import DATABASE, PASSWORD, ROLE, PostgresServer
from tests.support.processes import LabError, Service, as_user, give, new_folder

OS_USER = "postgres"
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
    ) -> None:
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
            "admin_users": "bouncer_admin",
            "pool_mode": "transaction",
            "logfile": "",
            **(settings or {}),
        }
        text = "[databases]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        text += "[pgbouncer]\n" + "".join(f"{key} = {value}\n" for key, value in options.items())
        self._write("pgbouncer.ini", text)
        self._write("users.txt", "".join(f'"{name}" "{PASSWORD}"\n' for name in (ROLE, "bouncer_admin")))

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

    def stop(self) -> None:
        """End it."""
        if self.service is not None:
            self.service.stop()

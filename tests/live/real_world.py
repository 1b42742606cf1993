"""The real servers beside the practice range: each started when a fault first needs it, and shared by the others."""

from __future__ import annotations

import signal
from contextlib import suppress
from functools import cached_property
from typing import Any

from tests.live.conftest import Servers
from tests.support.mariadb import MariadbServer
from tests.support.mysql import MysqlServer
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import DATABASE, OS_USER, PASSWORD, ROLE, PostgresServer
from tests.support.processes import LabError, give, run, wait_until
from wizard.practice import get, serve

PORTS = range(7001, 7020)
"""The real servers have a network of their own."""
(
    PLAIN,
    SECURE,
    STANDBY,
    STARTING,
    STOPPING,
    FULL,
    POOLER,
    BEHIND,
    FREE,
    MYSQL,
    MARIADB,
    WEB,
    INCONSISTENT,
    *_,
) = PORTS
STRANGE, BLOCKED = "192.0.2.1", "192.0.2.2"
"""Addresses of the servers' machine: a client that dials one of them comes from it."""
LOCAL = "local_app"
"""An account of MySQL and MariaDB that is one for localhost alone, as that of the range."""
SLOTS = 5
"""max_connections of the server that gets full; three of them are reserved."""

HBA = (
    "local all all scram-sha-256",
    "host all rejected_app all reject",
    "host all ident_app all ident",
    "host all gss_app all gss",
    "host all ldap_app all ldap ldapserver=127.0.0.1 ldapport=9 ldapprefix=uid=",
    "hostssl all tls_app all scram-sha-256",
    "host all app,closed_app,narrow_app,ghost_app,unset_app,copier_app all scram-sha-256",
)
"""The role `unlisted_app` has no line."""


class World:
    """The real servers, each started when it is first asked for."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers

    @cached_property
    def plain(self) -> PostgresServer:
        """PostgreSQL without TLS, with a role or a database for each fault."""
        server = self.servers.postgres(port=PLAIN, hba=HBA)
        server.sql(
            f"CREATE ROLE closed_app NOLOGIN PASSWORD '{PASSWORD}'",
            f"CREATE ROLE narrow_app LOGIN CONNECTION LIMIT 0 PASSWORD '{PASSWORD}'",
            f"CREATE ROLE fading_app LOGIN PASSWORD '{PASSWORD}'",
            "CREATE ROLE stranger_app LOGIN PASSWORD 'changed'",
            f"CREATE ROLE copier_app LOGIN REPLICATION PASSWORD '{PASSWORD}'",
            *(
                f"CREATE ROLE {name}_app LOGIN"
                for name in ("unlisted", "rejected", "ident", "gss", "ldap", "unset")
            ),
            "CREATE DATABASE other_db",
        )
        return server

    @cached_property
    def secure(self) -> PostgresServer:
        """PostgreSQL with TLS; `certified` gives it other certificates."""
        with serve(get("healthy-postgresql")) as running:
            files = {name: running.files / name for name in ("server.crt", "server.key")}
            server = self.servers.postgres(port=SECURE, hba=HBA, files=files, settings={"ssl": "on"})
        server.sql(f"CREATE ROLE tls_app LOGIN PASSWORD '{PASSWORD}'")
        return server

    @cached_property
    def standby(self) -> PostgresServer:
        """A standby without a primary: it recovered what there was and waits for more."""
        primary_had = {"max_connections": "100"}
        server = PostgresServer(namespace=self.servers.lab.server, port=STANDBY, settings=primary_had)
        (server.data / "standby.signal").touch()
        self.servers.stack.callback(server.stop)
        return server.start()

    @cached_property
    def starting(self) -> PostgresServer:
        """A server that stays in its start-up: the archive from which it recovers does not answer."""
        server = PostgresServer(namespace=self.servers.lab.server, port=STARTING)
        hold, waits = server.folder / "hold", server.folder / "waits"
        hold.touch()
        (server.data / "recovery.signal").touch()
        server.settings["restore_command"] = f"touch {waits}; while test -e {hold}; do sleep 0.1; done; false"
        self.servers.stack.callback(server.stop)
        self.servers.stack.callback(hold.unlink)
        server.start(wait=False)
        wait_until(waits.exists, "the server waits for its archive")
        return server

    @cached_property
    def stopping(self) -> PostgresServer:
        """A server that waits for its last session before it ends."""
        server = self.servers.postgres(port=STOPPING)
        self.servers.keep(server.connect())
        server.send_signal(signal.SIGTERM)
        server.wait_log("received smart shutdown request")
        return server

    @cached_property
    def full(self) -> PostgresServer:
        """A server with few slots, all free."""
        few = {"max_connections": str(SLOTS), "max_wal_senders": "0", "wal_level": "minimal"}
        return self.servers.postgres(port=FULL, settings=few)

    @cached_property
    def inconsistent(self) -> PostgresServer:
        """A standby made of a running server's files, without the WAL that would make them fit together."""
        server = PostgresServer(namespace=self.servers.lab.server, port=INCONSISTENT)
        with self.plain.connect() as primary:
            primary.execute("SELECT pg_backup_start('copy', true)")
            run(["cp", "-a", "--reflink=auto", "-T", str(self.plain.data), str(server.data)])
            row = primary.execute("SELECT labelfile FROM pg_backup_stop(false)").fetchone()
        (server.data / "postmaster.pid").unlink()
        (server.data / "standby.signal").touch()
        label = server.data / "backup_label"
        label.write_text(row[0] if row else "")
        give(label, OS_USER)
        self.servers.stack.callback(server.stop)
        server.start(wait=False)
        server.wait_log("redo starts")
        return server

    @cached_property
    def pooler(self) -> PgBouncer:
        """PgBouncer in front of `plain` and of nothing."""
        dead = f"host=127.0.0.1 port={FREE} dbname={DATABASE} user=app password='{PASSWORD}'"
        own = f"host={self.plain.sockets} port={PLAIN} dbname={DATABASE}"
        return self.servers.pgbouncer(
            self.plain,
            port=POOLER,
            databases={"dead": dead, "own": own, "asks": f"{own} auth_user=postgres"},
            settings={"query_wait_timeout": "1", "server_login_retry": "0"},
            users={"postgres": PASSWORD, "fading_app": PASSWORD, "stranger_app": PASSWORD},
        )

    @cached_property
    def mysql(self) -> MysqlServer:
        """Oracle's MySQL, with an account for each fault."""
        server = self._accounts(self.servers.mysql(port=MYSQL))
        server.sql(
            f"CREATE USER digest_app@localhost IDENTIFIED WITH sha256_password BY '{PASSWORD}'",
            f"GRANT ALL ON {DATABASE}.* TO digest_app@localhost",
        )
        return server

    @cached_property
    def mariadb(self) -> MariadbServer:
        """MariaDB, with the same accounts."""
        return self._accounts(self.servers.mariadb(port=MARIADB))

    def _accounts(self, server: Any) -> Any:
        """The server with the accounts of the faults, and with clients from other addresses than loopback."""
        lab = self.servers.lab.server
        for address in (STRANGE, BLOCKED):
            with suppress(LabError):  # both servers use them
                lab.address(f"{address}/32", "lo")
        server.account(LOCAL, host="localhost")
        server.account("locked_app", host="localhost", rest="ACCOUNT LOCK")
        server.account("blocked_app", host=BLOCKED)
        server.account("few_app", host="localhost", rest="WITH MAX_USER_CONNECTIONS 20")
        server.account("expired_app", host="localhost", rest="PASSWORD EXPIRE")
        server.sql(
            f"GRANT ALL ON gone.* TO {ROLE}@localhost",
            "CREATE DATABASE private_db",
        )
        return server

"""How the fault of each practice scenario is made on the real thing: one line a scenario, in REAL.

A fault is `fault(world, running)`: a context manager that gives the place where the fault is to be met. `world`
starts each server when it is first needed; `running` is the scenario that is being served beside it, with its
options and the files of its certificates.
"""

from __future__ import annotations

import os
import pwd
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pymysql

from tests.live.real_world import (
    BEHIND,
    BLOCKED,
    FREE,
    FULL,
    MYSQL,
    SECURE,
    SLOTS,
    STRANGE,
    WEB,
    World,
)
from tests.support import sockets
from tests.support.certs import Authority
from tests.support.clients import Place
from tests.support.mariadb import MariadbServer
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import DATABASE, PASSWORD, ROLE, PostgresServer
from tests.support.processes import Service, as_user, new_folder, run, wait_until
from wizard.practice import Running

Fault = Callable[[World, Running], AbstractContextManager[Place]]

WRONG = "n0t-the:right/One@all"
COLLATED = "UPDATE pg_database SET datcollate = '{}' WHERE datname = 'other_db'"
POSTGRES_CLIENTS = 3
"""How many clients ask at once."""
CERTIFICATE = ("root.crt", "server.crt", "server.key")


def _place(port: int, running: Running, **changes: Any) -> Place:
    """Where the application's account logs in to its database, but for `changes`."""
    usual = Place(port=port, user=ROLE, password=PASSWORD, database=DATABASE, options=running.options)
    return replace(usual, **changes)


def on(name: str, **changes: str) -> Fault:
    """The fault is met at a server of the world by whoever logs in with these `changes`."""

    @contextmanager
    def fault(world: World, running: Running) -> Iterator[Place]:
        yield _place(getattr(world, name).port, running, **changes)

    return fault


def changed(change: str, back: str) -> Fault:
    """The fault is that of another database, after this change."""

    @contextmanager
    def fault(world: World, running: Running) -> Iterator[Place]:
        world.plain.sql(change)
        try:
            yield _place(world.plain.port, running, database="other_db")
        finally:
            world.plain.sql(back)

    return fault


def certified(**settings: str) -> Fault:
    """PostgreSQL shows the certificate of the scenario, and has these settings besides."""

    @contextmanager
    def fault(world: World, running: Running) -> Iterator[Place]:
        server = world.secure
        for name in CERTIFICATE:
            server.add_file(name, running.files / name)
        changes = [f"ALTER SYSTEM SET {key} = '{value}'" for key, value in settings.items()]
        _reload(server, *changes)
        try:
            yield _place(SECURE, running)
        finally:
            _reload(server, "ALTER SYSTEM RESET ALL")

    return fault


def _reload(server: PostgresServer, *changes: str) -> None:
    """Change settings and wait until new sessions have them."""
    for change in changes:
        server.sql(change)
    asked = server.sql("SELECT clock_timestamp()")[0][0]
    server.sql("SELECT pg_reload_conf()")
    wait_until(
        lambda: server.sql("SELECT pg_conf_load_time()")[0][0] > asked, "PostgreSQL has its new settings"
    )


def pooled(encrypted: bool = False, **settings: str) -> Fault:
    """A PgBouncer of its own with these settings, and with the scenario's certificate if it is `encrypted`."""

    @contextmanager
    def fault(world: World, running: Running) -> Iterator[Place]:
        files = {name: running.files / name for name in CERTIFICATE} if encrypted else {}
        tls = {
            "client_tls_ca_file": "root.crt",
            "client_tls_cert_file": "server.crt",
            "client_tls_key_file": "server.key",
        }
        places = {key: f"{{folder}}/{name}" for key, name in tls.items()} if encrypted else {}
        pooler = PgBouncer(
            world.plain,
            namespace=world.servers.lab.server,
            port=BEHIND,
            files=files,
            settings=places | settings,
        )
        pooler.start()
        try:
            yield _place(BEHIND, running)
        finally:
            pooler.stop()

    return fault


@contextmanager
def failed_before(world: World, running: Running) -> Iterator[Place]:
    """PgBouncer knew its server well, has since tried in vain to log in to it, and remembers."""
    place = _place(world.pooler.port, running, user="fading_app", database="own")
    _try(place)
    sessions = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'fading_app'"
    world.plain.sql("ALTER ROLE fading_app NOLOGIN", sessions)
    _try(place)
    yield place
    world.plain.sql("ALTER ROLE fading_app LOGIN")


def _try(place: Place) -> None:
    with suppress(psycopg.Error), psycopg.connect(place.conninfo) as connection:
        connection.execute("SELECT 1")


@contextmanager
def senders(world: World, running: Running) -> Iterator[Place]:
    """All the WAL senders that the server allows are at work."""
    with ExitStack() as stack:
        for _number in range(10):
            stack.enter_context(world.plain.connect(replication="database"))
        yield _place(world.plain.port, running, user="copier_app")


@contextmanager
def few(world: World, running: Running) -> Iterator[Place]:
    """An account of MySQL has all the connections that it may have."""
    with ExitStack() as stack:
        for _number in range(20):
            stack.enter_context(closing(world.mysql.connect("few_app", PASSWORD)))
        yield _place(MYSQL, running, user="few_app")


@contextmanager
def no_process(name: str, world: World, running: Running) -> Iterator[Place]:
    """The server's account may start no further process or thread."""
    server = getattr(world, name)
    assert server.service is not None
    limit = [
        *as_user(pwd.getpwuid(server.data.stat().st_uid).pw_name),
        "prlimit",
        f"--pid={server.service.pid}",
    ]
    limits = Path(f"/proc/{server.service.pid}/limits").read_text().splitlines()
    most = next(line.split()[3] for line in limits if line.startswith("Max processes"))
    run([*limit, "--nproc=1:"])
    try:
        yield _place(server.port, running)
    finally:
        run([*limit, f"--nproc={most}:"])


@contextmanager
def anywhere(world: World, running: Running) -> Iterator[Place]:
    """An account that may come from everywhere, with no right to any database."""
    world.mysql.sql(f"CREATE USER wide_app@'%' IDENTIFIED BY '{PASSWORD}'")
    yield _place(MYSQL, running, user="wide_app", database="private_db")
    world.mysql.sql("DROP USER wide_app@'%'")


@contextmanager
def no_thread(world: World, running: Running) -> Iterator[Place]:
    """The same of MySQL, which keeps no thread for later."""
    with (
        set_on("mysql", "thread_cache_size", "0")(world, running),
        no_process("mysql", world, running) as place,
    ):
        yield place


@contextmanager
def crash(world: World, running: Running) -> Iterator[Place]:
    """A process of the server is killed while the clients wait for an answer."""
    server = world.plain
    victim = server.connect()
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"

    def kill() -> None:
        wait_until(lambda: victim.execute(asleep).fetchone() == (POSTGRES_CLIENTS,), "all the clients wait")
        os.kill(victim.info.backend_pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    yield _place(server.port, running)
    thread.join()
    victim.close()
    wait_until(lambda: _serves(server), "the server has recovered")


def _serves(server: PostgresServer) -> bool:
    with suppress(psycopg.OperationalError):
        return server.sql("SELECT 1") == [(1,)]
    return False


@contextmanager
def black_hole(world: World, running: Running) -> Iterator[Place]:
    """A firewall drops what comes for the port."""
    machine = world.servers.lab.server
    machine.firewall(f"tcp dport {FREE} drop")
    try:
        yield _place(FREE, running)
    finally:
        machine.firewall()


def filled(own: int, reserved: int) -> Fault:
    """So many sessions of the role and of the superuser are open."""

    @contextmanager
    def fault(world: World, running: Running) -> Iterator[Place]:
        with ExitStack() as stack:
            for _number in range(own):
                stack.enter_context(world.full.connect(ROLE, password=PASSWORD))
            for _number in range(reserved):
                stack.enter_context(world.full.connect())
            yield _place(FULL, running)
        own_session = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        wait_until(lambda: world.full.sql(own_session) == [(1,)], "the sessions have left")

    return fault


def set_on(name: str, variable: str, value: str) -> Fault:
    """A global variable of MySQL or MariaDB has this value."""

    @contextmanager
    def fault(world: World, running: Running) -> Iterator[Place]:
        server = getattr(world, name)
        before = server.sql(f"SELECT QUOTE(@@GLOBAL.{variable}), @@GLOBAL.{variable}")[0]
        usual = before[0] if isinstance(before[1], str) else before[1]
        server.sql(f"SET GLOBAL {variable} = {value}")
        try:
            yield _place(server.port, running)
        finally:
            with closing(_administrator(server)) as connection, connection.cursor() as cursor:
                cursor.execute(f"SET GLOBAL {variable} = {usual}")
                cursor.execute("SET GLOBAL read_only = OFF")

    return fault


def _administrator(server: MariadbServer) -> pymysql.Connection[Any]:
    """A connection of root; who was refused or has left keeps a slot until the server has cleared it away."""
    connections: list[pymysql.Connection[Any]] = []

    def admitted() -> bool:
        with suppress(pymysql.OperationalError):
            connections.append(server.connect())
        return bool(connections)

    wait_until(admitted, "an administrator is let in")
    return connections[0]


def crowded(name: str) -> Fault:
    """Every connection is taken, the one that is kept for an administrator as well."""

    @contextmanager
    def fault(world: World, running: Running) -> Iterator[Place]:
        server = getattr(world, name)
        with set_on(name, "max_connections", "10")(world, running) as place, ExitStack() as stack:
            with suppress(pymysql.OperationalError):
                while True:
                    stack.enter_context(closing(server.connect(ROLE, PASSWORD)))
            stack.enter_context(closing(_administrator(server)))
            yield place

    return fault


@contextmanager
def blocked(world: World, running: Running) -> Iterator[Place]:
    """The server counted broken handshakes of one host."""
    server = world.mysql
    world.servers.lab.server.hosts({"blocked.lab.test": BLOCKED})
    with set_on("mysql", "max_connect_errors", "1")(world, running) as place:
        for _number in range(3):
            with socket.create_connection((BLOCKED, server.port), 10) as client:
                client.sendall(b"\x01\x00\x00\x01x")
                while client.recv(4096):
                    pass
        yield replace(place, host=BLOCKED, user="blocked_app")


@contextmanager
def expired_mysql(world: World, running: Running) -> Iterator[Place]:
    """MySQL's certificate has run out since it was loaded: MySQL loads none that already has."""
    server, authority = world.mysql, Authority(new_folder("ca"))
    ends = time.time() + 2
    pair = authority.issue("server", "localhost", names=("127.0.0.1",), end=timedelta(seconds=2))
    files = {"ssl_ca": authority.root, "ssl_cert": pair.cert, "ssl_key": pair.key}
    paths = [f"SET GLOBAL {key} = '{server.add_file(path.name, path)}'" for key, path in files.items()]
    server.sql(*paths, "ALTER INSTANCE RELOAD TLS")
    wait_until(lambda: time.time() > ends + 1, "the certificate runs out")
    yield _place(MYSQL, running, options={**running.options, "ssl_ca": str(authority.root)})


def listener(behave: sockets.Behaviour) -> Fault:
    """Something else than a database listens."""

    @contextmanager
    def fault(_world: World, running: Running) -> Iterator[Place]:
        with sockets.listening("127.0.0.1", 0, behave) as port:
            yield _place(port, running)

    return fault


@contextmanager
def nobody(_world: World, running: Running) -> Iterator[Place]:
    """No program has the port."""
    yield _place(FREE, running)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def web(_world: World, running: Running) -> Iterator[Place]:
    """A web server: that of Node.js."""
    script = f"require('http').createServer().listen({WEB}, '127.0.0.1')"
    server = Service(["node", "-e", script], new_folder("web") / "log")
    server.wait_ready(lambda: _listens(WEB), "the web server listens")
    yield _place(WEB, running)
    server.stop()


@contextmanager
def frozen(world: World, running: Running) -> Iterator[Place]:
    """The server is stopped; the kernel still takes connections for it."""
    world.full.send_signal(signal.SIGSTOP)
    try:
        yield _place(FULL, running)
    finally:
        world.full.send_signal(signal.SIGCONT)


REAL: dict[str, Fault] = {
    # network
    "refused": nobody,
    "accepts-never-answers": frozen,
    "accepts-then-closes": listener(sockets.say(b"")),
    "accepts-then-resets": listener(sockets.reset_after_request),
    "black-hole": black_hole,
    "not-a-database-http": web,
    "port-in-use": web,
    "mysql-on-postgres-port": on("mysql"),
    # TLS
    "tls-required": on("secure", user="tls_app"),
    "tls-unsupported": on("plain"),
    "certificate-expired": certified(),
    "certificate-wrong-name": certified(),
    "certificate-untrusted": certified(),
    "certificate-not-yet-valid": certified(),
    "certificate-revoked": certified(),
    "client-certificate-of-another-ca": certified(ssl_ca_file="root.crt"),
    "client-certificate-required": pooled(encrypted=True, client_tls_sslmode="verify-full"),
    "handshake-breaks-off": certified(ssl_max_protocol_version="TLSv1.2", ssl_ciphers="AES128-SHA256"),
    "tls-versions-apart": certified(
        ssl_min_protocol_version="TLSv1", ssl_max_protocol_version="TLSv1.1", ssl_ciphers="ALL:@SECLEVEL=0"
    ),
    "mysql-certificate-expired": expired_mysql,
    "mysql-tls-required": set_on("mysql", "require_secure_transport", "ON"),
    # login
    "wrong-password": on("plain", password=WRONG),
    "role-unknown-by-the-log": on("plain", user="ghost_app"),
    "password-never-set": on("plain", user="unset_app"),
    "hba-no-entry": on("plain", user="unlisted_app"),
    "hba-rejects": on("plain", user="rejected_app"),
    "ident-fails": on("plain", user="ident_app"),
    "kerberos-wanted": on("plain", user="gss_app"),
    "ldap-refuses": on("plain", user="ldap_app"),
    "channel-binding-required": pooled(encrypted=True, client_tls_sslmode="require"),
    "login-disabled": on("plain", user="closed_app"),
    "replication-not-allowed": on("plain"),
    "mysql-access-denied": on("mysql", password=WRONG),
    "mysql-account-locked": on("mysql", user="locked_app"),
    "mysql-password-expired": on("mysql", user="expired_app"),
    "mysql-host-not-allowed": on("mysql", host=STRANGE),
    "mysql-host-blocked": blocked,
    # database
    "healthy-postgresql": on("plain"),
    "healthy-mysql": on("mysql"),
    "unknown-database": on("plain", database="nowhere"),
    "no-connect-privilege": changed(
        "REVOKE CONNECT ON DATABASE other_db FROM public", "GRANT CONNECT ON DATABASE other_db TO public"
    ),
    "database-takes-no-connections": changed(
        "ALTER DATABASE other_db ALLOW_CONNECTIONS false", "ALTER DATABASE other_db ALLOW_CONNECTIONS true"
    ),
    "locale-missing": changed(COLLATED.format("de_DE.UTF-8"), COLLATED.format("C.UTF-8")),
    "starting-up": on("starting"),
    "standby-not-consistent-yet": on("inconsistent"),
    "shutting-down": on("stopping"),
    "read-only-standby": on("standby"),
    "session-terminated": on("plain"),
    "another-process-crashed": crash,
    "mysql-unknown-database": on("mysql", database="gone"),
    "mysql-no-right-to-the-database": anywhere,
    "no-database-named": on("mysql", database=""),
    "mysql-read-only": set_on("mysql", "super_read_only", "ON"),
    "init-connect-fails": set_on("mysql", "init_connect", "'nonsense'"),
    # capacity
    "slots-exhausted": filled(SLOTS - 3, 3),
    "reserved-slots": filled(SLOTS - 3, 0),
    "role-limit": on("plain", user="narrow_app"),
    "database-limit": changed(
        "ALTER DATABASE other_db CONNECTION LIMIT 0", "ALTER DATABASE other_db CONNECTION LIMIT -1"
    ),
    "wal-senders-taken": senders,
    "no-process-for-a-session": partial(no_process, "full"),
    "mysql-no-thread-for-a-session": no_thread,
    "mysql-too-many-connections": crowded("mysql"),
    "mysql-account-limit": few,
    # pooler
    "pgbouncer-no-such-user": on("pooler", user="ghost", database="asks"),
    "pgbouncer-no-such-database": on("pooler", database="nowhere"),
    "pgbouncer-wait-timeout": on("pooler", database="dead"),
    "pgbouncer-backend-down": failed_before,
    "pgbouncer-logs-in-with-an-old-password": on("pooler", user="stranger_app", database="own"),
    "pgbouncer-client-limit": pooled(max_client_conn="0"),
}

CREATES = ("SELECT 1", "CREATE TABLE fresh (n int)")
ASKED: dict[str, tuple[str, ...]] = {
    "read-only-standby": CREATES,
    "mysql-read-only": CREATES,
    "session-terminated": ("SELECT pg_terminate_backend(pg_backend_pid())",),
    "another-process-crashed": ("SELECT pg_sleep(60)",),
    "no-database-named": ("SELECT * FROM orders",),
}
"""What the clients ask for after the login, where `SELECT 1` would not show the fault."""

SILENT = ("accepts-never-answers", "black-hole")
"""Where clients wait until they lose patience, which is short here."""
UNTRACED = (
    *SILENT,
    "another-process-crashed",
    "channel-binding-required",
    "client-certificate-required",
    "no-process-for-a-session",
)
"""Where the talk without TLS is another one, or ends in silence, or in a reset that overtakes the last words."""

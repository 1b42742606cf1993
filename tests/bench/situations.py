"""The situations that are measured, and the commands with which a person looks into them by hand."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.support.certs import Authority, server_pairs
from tests.support.cli import WRONG_PASSWORD, url
from tests.support.mariadb import MariadbServer
from tests.support.netlab import SERVER, Lab, Namespace
from tests.support.ownhost import DebianCluster
from tests.support.postgres import DATABASE, OS_USER, PASSWORD, ROLE, PostgresServer
from tests.support.processes import wait_until

EXPIRED_PORT = 5433
EXPIRED_MARIADB_PORT = 3307
KEY_FILES = (("cert", "crt"), ("key", "key"))
STOPPED_PORT = 5434
UNBLOCKED = "--max-connect-errors=1000000"
"""nc and openssl break off a handshake with MariaDB; many rounds of them would shut the client out (error 1129)."""


def untroubled(_lab: Lab) -> AbstractContextManager[None]:
    """Nothing is changed for the time of the measurement."""
    return nullcontext()


@dataclass(frozen=True)
class Situation:
    """What is asked of both sides: the same host, port and login.

    `looks` are what a person types besides, `enter` a command before each of the usual ones.
    """

    name: str
    target: str
    host: str = "db.lab.test"
    port: int = 5432
    password: str = PASSWORD
    engine: str = "postgresql"
    root: Path | None = None
    trouble: Callable[[Lab], AbstractContextManager[None]] = untroubled
    looks: tuple[str, ...] = ()
    enter: str = ""
    place: str = "client"
    """client and server are machines of the lab; anything else is the machine itself."""
    prefix: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def namespace(self, lab: Lab) -> Namespace | None:
        """Where both sides run."""
        return {"client": lab.client, "server": lab.server}.get(self.place)


def commands(situation: Situation) -> str:
    """getent, nc, openssl and the engine's client, then what else is looked at; each bound to five seconds."""
    host, port = shlex.quote(situation.host), situation.port
    protocol = "postgres" if situation.engine == "postgresql" else "mysql"
    verify = f"-CAfile {shlex.quote(str(situation.root))}" if situation.root else ""
    lines = [
        f"timeout 5 getent ahosts {host}",
        f"timeout 5 nc -z -w3 {host} {port}",
        f"timeout 5 openssl s_client -starttls {protocol} -connect {host}:{port} -servername {host} {verify}",
    ]
    if situation.engine == "postgresql":
        mode = f"sslmode=verify-full sslrootcert={situation.root}" if situation.root else "sslmode=prefer"
        words = f"host={situation.host} port={port} user={ROLE} dbname={DATABASE} {mode} connect_timeout=3"
        lines.append(f"timeout 5 psql {shlex.quote(words)} -c 'select 1'")
    else:
        mode = (
            f"--ssl-ca={shlex.quote(str(situation.root))} --ssl-verify-server-cert " if situation.root else ""
        )
        words = f"-h {host} -P {port} -u {ROLE} {mode}--connect-timeout=3 {DATABASE}"
        lines.append(f"timeout 5 mariadb {words} -e 'select 1'")
    lines = [f"{situation.enter} {line}".strip() for line in lines]
    return "\n".join(f"{line} </dev/null >/dev/null 2>&1" for line in [*lines, *situation.looks])


def by_hand(situation: Situation, lab: Lab) -> float:
    """Seconds for all the commands in one shell."""
    secret = {"PGPASSWORD": situation.password, "MYSQL_PWD": situation.password}
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent", **secret}
    began = time.monotonic()
    shell = [*situation.prefix, "bash", "-c", commands(situation)]
    where = situation.namespace(lab)
    shell = where.command(shell) if where else shell
    # The end of the pipe tells at once when the shell is done, as it does for `check`. Without a pipe a wait with a
    # time-out polls, in steps of up to 50 ms: a shell of 35 ms would count as 64.
    subprocess.run(
        shell, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120
    )
    return time.monotonic() - began


@contextmanager
def black_hole(lab: Lab) -> Iterator[None]:
    """Packets to the database vanish."""
    lab.server.firewall("tcp dport { 3306, 5432 } drop")
    try:
        yield
    finally:
        lab.server.firewall()


@contextmanager
def silent_resolver(lab: Lab) -> Iterator[None]:
    """Questions to the nameserver vanish, and no name is known without it."""
    lab.server.firewall("udp dport 53 drop", "tcp dport 53 drop")
    try:
        yield
    finally:
        lab.server.firewall()


def stopped(lab: Lab, stack: ExitStack) -> Situation:
    """A cluster of the server's machine that was stopped, looked at from there."""
    cluster = DebianCluster(lab.server, port=STOPPED_PORT)
    stack.callback(cluster.stop)
    cluster.start()
    cluster.stop()
    wait_until(lambda: cluster.pid() == 0, "the cluster is down")
    looks = (
        "pg_lsclusters",
        f"tail -n 30 {cluster.log}",
        "ss -ltnp",
        f"ls -ld {cluster.data}",
        "df -h",
        "free -m",
    )
    return Situation(
        "service down, own host",
        url(host="localhost", port=STOPPED_PORT),
        host="localhost",
        port=STOPPED_PORT,
        place="server",
        prefix=cluster.prefix,
        looks=looks,
    )


def inside(postgres: PostgresServer) -> Situation:
    """A wrong password on the server's own machine, where its user may look inside."""
    ask = f"runuser -u {OS_USER} -- psql -h {postgres.sockets} -p {postgres.port} -d postgres -c"
    questions = ("select * from pg_roles", "select * from pg_hba_file_rules", "select * from pg_database")
    return Situation(
        "wrong password, own host",
        url(host="localhost", password=WRONG_PASSWORD),
        host="localhost",
        password=WRONG_PASSWORD,
        place="server",
        looks=(
            *(f"{ask} {shlex.quote(question)}" for question in questions),
            f"tail -n 20 {postgres.folder / 'log'}",
        ),
    )


def process(lab: Lab, stack: ExitStack) -> Situation:
    """An application on the client's machine whose settings and network are looked at from outside."""
    child = subprocess.Popen(lab.client.command(["sleep", "600"]), env={"DATABASE_URL": url()})
    stack.callback(child.wait)
    stack.callback(child.kill)
    comm = Path(f"/proc/{child.pid}/comm")
    wait_until(lambda: comm.read_text() == "sleep\n", "the application runs")
    return Situation(
        "healthy, --pid",
        "",
        options=("--pid", str(child.pid)),
        place="machine",
        enter=f"nsenter --target {child.pid} --net --mount",
        looks=(f"cat /proc/{child.pid}/environ",),
    )


NAMES = (
    *("healthy", "healthy mariadb", "refused", "wrong port mariadb", "no such name", "no such name mariadb"),
    *("expired certificate", "expired certificate mariadb", "wrong password", "wrong password mariadb"),
    *("service down, own host", "wrong password, own host", "healthy, --pid"),
    *("black hole", "black hole mariadb", "silent resolver", "silent resolver mariadb"),
)
"""The situations, known before any server runs."""
SLOW = frozenset(name for name in NAMES if name.startswith(("black hole", "silent resolver")))
"""Where time-outs rule: a run takes seconds, and few rounds tell all."""


class Situations:
    """The lab with its servers, and what can be measured in it. Everything ends with the stack."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.lab = stack.enter_context(Lab())
        self._stack = stack
        self._authority = Authority(folder)
        self._pair = server_pairs(self._authority, "db.lab.test", SERVER)["expired"]
        self._postgres = PostgresServer(namespace=self.lab.server)
        mariadb = MariadbServer(namespace=self.lab.server, options=(UNBLOCKED,))
        for server in (self._postgres, mariadb, *self._expired()):
            stack.callback(server.stop)
            server.start()
        self.lab.client.hosts({})
        self.lab.dnsmasq(f"host-record=db.lab.test,{SERVER}")

    def named(self, name: str) -> Situation:
        """The situation of that name, one of `NAMES`; what only it needs is started with the first call."""
        if name not in self._known:
            special = {
                "service down, own host": lambda: stopped(self.lab, self._stack),
                "wrong password, own host": lambda: inside(self._postgres),
                "healthy, --pid": lambda: process(self.lab, self._stack),
            }
            self._known[name] = special[name]()
        return self._known[name]

    @cached_property
    def _known(self) -> dict[str, Situation]:
        root = self._authority.root
        verified = url(port=EXPIRED_PORT, sslmode="verify-full", sslrootcert=str(root))
        identity = url(
            "mysql", port=EXPIRED_MARIADB_PORT, **{"ssl-mode": "VERIFY_IDENTITY", "ssl-ca": str(root)}
        )
        typo, wrong = "typo.lab.test", {"password": WRONG_PASSWORD}
        known = [
            Situation("healthy", url()),
            _mariadb("healthy"),
            Situation("refused", url(port=5999), port=5999),
            _mariadb("wrong port", url("mysql", port=3399), port=3399),
            Situation("no such name", url(host=typo), host=typo),
            _mariadb("no such name", url("mysql", host=typo), host=typo),
            Situation("expired certificate", verified, port=EXPIRED_PORT, root=root),
            _mariadb("expired certificate", identity, port=EXPIRED_MARIADB_PORT, root=root),
            Situation("wrong password", url(**wrong), **wrong),
            _mariadb("wrong password", url("mysql", **wrong), **wrong),
            Situation("black hole", url(), trouble=black_hole),
            _mariadb("black hole", trouble=black_hole),
            Situation("silent resolver", url(), trouble=silent_resolver),
            _mariadb("silent resolver", trouble=silent_resolver),
        ]
        return {one.name: one for one in known}

    def _expired(self) -> tuple[PostgresServer, MariadbServer]:
        files = {"server.crt": self._pair.cert, "server.key": self._pair.key}
        where = self.lab.server
        postgres = PostgresServer(namespace=where, port=EXPIRED_PORT, files=files, settings={"ssl": "on"})
        mariadb = MariadbServer(namespace=where, port=EXPIRED_MARIADB_PORT, options=(UNBLOCKED,), files=files)
        mariadb.options += [f"--ssl-{word}={mariadb.folder}/server.{end}" for word, end in KEY_FILES]
        return postgres, mariadb


def _mariadb(name: str, target: str = "", port: int = 3306, **more: Any) -> Situation:
    return Situation(f"{name} mariadb", target or url("mysql"), port=port, engine="mariadb", **more)

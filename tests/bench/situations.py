"""The situations that are measured, and the commands with which a person looks into them by hand."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from tests.support.certs import Authority, server_pairs
from tests.support.cli import WRONG_PASSWORD, url
from tests.support.mariadb import MariadbServer
from tests.support.netlab import SERVER, Lab, Namespace
from tests.support.ownhost import DebianCluster
from tests.support.postgres import DATABASE, OS_USER, PASSWORD, ROLE, PostgresServer
from tests.support.processes import wait_until

EXPIRED_PORT = 5433
STOPPED_PORT = 5434


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
    slow: bool = False
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
        lines.append(
            f"timeout 5 mariadb -h {host} -P {port} -u {ROLE} --connect-timeout=3 {DATABASE} -e 'select 1'"
        )
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
    subprocess.run(shell, env=environment, stdin=subprocess.DEVNULL, check=False, timeout=120)
    return time.monotonic() - began


@contextmanager
def black_hole(lab: Lab) -> Iterator[None]:
    """Packets to the database vanish."""
    lab.server.firewall("tcp dport 5432 drop")
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


def prepared(lab: Lab, folder: Path, stack: ExitStack) -> list[Situation]:
    """Start the servers; the situations that can be measured on them."""
    authority = Authority(folder)
    pair = server_pairs(authority, "db.lab.test", SERVER)["expired"]
    files = {"server.crt": pair.cert, "server.key": pair.key}
    postgres = PostgresServer(namespace=lab.server)
    expired = PostgresServer(namespace=lab.server, port=EXPIRED_PORT, files=files, settings={"ssl": "on"})
    for server in (postgres, expired, MariadbServer(namespace=lab.server)):
        stack.callback(server.stop)
        server.start()
    lab.client.hosts({})
    lab.dnsmasq(f"host-record=db.lab.test,{SERVER}")
    verified = url(port=EXPIRED_PORT, sslmode="verify-full", sslrootcert=str(authority.root))
    return [
        Situation("healthy", url()),
        Situation("healthy mariadb", url("mysql"), port=3306, engine="mariadb"),
        Situation("refused", url(port=5999), port=5999),
        Situation("wrong port mariadb", url("mysql", port=3399), port=3399, engine="mariadb"),
        Situation("no such name", url(host="typo.lab.test"), host="typo.lab.test"),
        Situation("expired certificate", verified, port=EXPIRED_PORT, root=authority.root),
        Situation("wrong password", url(password=WRONG_PASSWORD), password=WRONG_PASSWORD),
        stopped(lab, stack),
        inside(postgres),
        process(lab, stack),
        Situation("black hole", url(), slow=True, trouble=black_hole),
        Situation("silent resolver", url(), slow=True, trouble=silent_resolver),
    ]

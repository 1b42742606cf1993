"""Faults that need a server under pressure, a standby in recovery, a TLS proxy of its own, or the application's words.

The words are never written here: a real driver or server says them in the test, and the program is given what it said.
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from collections.abc import Callable

import psycopg
import pymysql
import pytest

from tests.live.conftest import Servers
from tests.support import sockets
from tests.support.certs import Authority
from tests.support.cli import Cli, url
from tests.support.netlab import SERVER, Lab
from tests.support.postgres import OS_USER, PASSWORD, PostgresServer
from tests.support.processes import as_user, run


def primary_of(cli: Cli, text: str) -> str:
    """The cause that best explains a text, as `explain` tells it."""
    result = cli.run("explain", "--json", stdin=text).expect_no_secret()
    best = [line for line in result.stdout.splitlines() if '"primary": true' in line]
    assert best, f"nothing recognised in:\n{text}\n{result.stderr}"
    return best[-1]


def said_by(action: Callable[[], object]) -> str:
    """What a driver says when the action fails."""
    with pytest.raises((psycopg.Error, pymysql.err.MySQLError)) as failure:
        action()
    return f"{type(failure.value).__module__}.{type(failure.value).__name__}: {failure.value}"


def log_of(server: PostgresServer) -> str:
    """What the server has written."""
    assert server.service is not None
    return server.service.text()


def bound(pid: str, limit: str) -> None:
    """Set a limit of the operating system on a process of the server, as its own user may."""
    run([*as_user(OS_USER), "prlimit", "--pid", pid, limit])


@pytest.mark.reproduces("capacity.os-limits", on="postgresql")
def test_the_server_may_start_no_more_processes(remote: Cli, own: Servers) -> None:
    server = own.postgres()
    bound((server.data / "postmaster.pid").read_text().split()[0], "--nproc=1:1")
    remote.check(url()).expect_fault("capacity.os-limits")


@pytest.mark.reproduces("capacity.out-of-memory", on="postgresql")
def test_a_statement_finds_no_memory(remote: Cli, own: Servers) -> None:
    server = own.postgres()
    session = own.keep(server.connect())
    bound(str(session.info.backend_pid), "--as=200000000:200000000")
    said = said_by(lambda: session.execute("SELECT repeat('x', 900000000)"))
    assert '"cause": "capacity.out-of-memory"' in primary_of(remote, said), said


@pytest.mark.reproduces("auth.replication-privilege", on="postgresql")
def test_a_role_without_the_replication_attribute(remote: Cli, own: Servers) -> None:
    own.postgres(hba=("local all all trust", "host all,replication app 0.0.0.0/0 scram-sha-256"))
    remote.check(url(replication="true")).expect_fault("auth.replication-privilege")


@pytest.mark.reproduces("database.terminated", on="postgresql")
def test_an_administrator_ends_the_session(remote: Cli, own: Servers) -> None:
    server = own.postgres()
    session = own.keep(server.connect("app", password=PASSWORD))
    server.sql(f"SELECT pg_terminate_backend({session.info.backend_pid}, 5000)")
    said = said_by(lambda: session.execute("SELECT 1"))
    assert '"cause": "database.terminated"' in primary_of(remote, said), said


@pytest.mark.reproduces("database.terminated", on="postgresql")
def test_the_application_reports_that_the_server_ended_its_session(remote: Cli, own: Servers) -> None:
    server = own.postgres()
    session = own.keep(server.connect("app", password=PASSWORD))
    server.sql(f"SELECT pg_terminate_backend({session.info.backend_pid}, 5000)")
    said = said_by(lambda: session.execute("SELECT 1"))
    result = remote.check(url(), "--answer", f"app.text={said.splitlines()[0]}")
    result.expect_fault("database.terminated", layer="app")


@pytest.mark.reproduces("database.recovery-conflict", on="postgresql")
def test_a_standby_cancels_what_is_in_the_way_of_recovery(remote: Cli, own: Servers) -> None:
    primary = own.postgres()
    primary.sql("CREATE TABLE report AS SELECT 1 AS n")
    standby = own.postgres(source=primary, port=5433, settings={"max_standby_streaming_delay": "0"})
    reader = own.keep(standby.connect(autocommit=False))
    reader.execute("SELECT * FROM report")
    primary.sql("DROP TABLE report")
    said = said_by(lambda: [reader.execute("SELECT pg_sleep(0.1)") for _turn in range(200)])
    assert '"cause": "database.recovery-conflict"' in primary_of(remote, said), said


@pytest.mark.reproduces("app.statement-timeout", on="postgresql")
def test_statements_are_cancelled_while_connections_work(remote: Cli, own: Servers) -> None:
    server = own.postgres()
    session = own.keep(server.connect("app", password=PASSWORD, options="-c statement_timeout=50"))
    said = said_by(lambda: session.execute("SELECT pg_sleep(5)"))
    result = remote.check(url(), "--answer", f"app.text={said}")
    result.expect_fault("app.statement-timeout")


@pytest.mark.reproduces("app.statement-timeout", on="mariadb")
def test_mariadb_cancels_a_statement(remote: Cli, own: Servers) -> None:
    server = own.mariadb()
    session = own.keep(server.connect())
    session.query("SET max_statement_time = 0.1")
    said = said_by(lambda: session.query("SELECT SLEEP(5) FROM information_schema.tables a, mysql.user b"))
    result = remote.check(url("mysql"), "--answer", f"app.text={said}")
    result.expect_fault("app.statement-timeout")


@pytest.mark.reproduces("app.packet-too-large", on="mariadb")
def test_a_row_is_larger_than_a_packet_may_be(remote: Cli, own: Servers) -> None:
    server = own.mariadb(options=["--max-allowed-packet=65536"])
    session = own.keep(server.connect())
    said = said_by(lambda: session.query(f"SELECT LENGTH('{'x' * 100_000}')"))
    result = remote.check(url("mysql"), "--answer", f"app.text={said}")
    result.expect_fault("app.packet-too-large")


@pytest.mark.reproduces("config.database-missing", on="mariadb")
def test_a_statement_without_a_database(remote: Cli, own: Servers) -> None:
    session = own.keep(own.mariadb().connect())
    said = said_by(lambda: session.query("SELECT * FROM orders"))
    assert '"cause": "config.database-missing"' in primary_of(remote, said), said


@pytest.mark.reproduces("config.driver-missing", on="host")
def test_the_driver_is_not_installed(remote: Cli) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import psycopg2"], capture_output=True, text=True, check=False
    )
    assert '"cause": "config.driver-missing"' in primary_of(remote, done.stderr), done.stderr


def tls_proxy(authority: Authority, without_name: ssl.AlertDescription) -> sockets.Behaviour:
    """Takes PostgreSQL's SSLRequest and answers a handshake without (or with) a server name by an alert."""
    pair = authority.issue("proxy", "db.lab.test", names=("db.lab.test",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert, pair.key)
    required = without_name is ssl.AlertDescription.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    context.sni_callback = lambda _socket, name, _context: None if required and name else without_name

    def behave(connection: socket.socket) -> None:
        connection.recv(8)
        connection.sendall(b"S")
        context.wrap_socket(connection, server_side=True).close()

    return behave


ALERTS = {
    "no-server-name": ("ALERT_DESCRIPTION_UNRECOGNIZED_NAME", {"sslsni": "0"}, "tls.sni-missing"),
    "handshake-failure": ("ALERT_DESCRIPTION_HANDSHAKE_FAILURE", {}, "tls.handshake-failed"),
}


@pytest.mark.reproduces(lambda row: ALERTS[row["name"]][2], on="host")
@pytest.mark.parametrize("name", ALERTS)
def test_a_tls_proxy_refuses_the_handshake(remote: Cli, lab: Lab, authority: Authority, name: str) -> None:
    alert, options, cause = ALERTS[name]
    behave = tls_proxy(authority, ssl.AlertDescription[alert])
    with sockets.listening(SERVER, 7443, behave, namespace=lab.server):
        remote.check(url(port=7443, sslmode="require", **options)).expect_fault(cause)


@pytest.mark.reproduces("network.descriptors-exhausted", on="host")
def test_the_application_opens_more_files_than_it_may(remote: Cli) -> None:
    opens = "import socket; kept = [socket.socket() for _ in range(100)]"
    limited = ["bash", "-c", f'ulimit -n 40; exec {sys.executable} -c "{opens}"']
    done = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert '"cause": "network.descriptors-exhausted"' in primary_of(remote, done.stderr), done.stderr


@pytest.mark.reproduces("network.socket-missing", on="postgresql")
def test_the_socket_is_looked_for_where_it_is_not(local: Cli, own: Servers) -> None:
    own.postgres()
    folder = local.cwd / "sockets"
    folder.mkdir()
    result = local.check(f"host={folder} user=app dbname=shop", env={"PGPASSWORD": PASSWORD})
    result.expect_fault("network.socket-missing")


@pytest.mark.reproduces("network.socket-missing", on="mariadb")
def test_the_socket_of_mariadb_is_looked_for_where_it_is_not(local: Cli, own: Servers) -> None:
    own.mariadb()
    target = url("mysql", host="localhost", unix_socket=str(local.cwd / "none.sock"))
    local.check(target).expect_fault("network.socket-missing")


@pytest.mark.reproduces("database.crashed", on="postgresql")
def test_a_process_of_the_server_crashes(local: Cli, own: Servers) -> None:
    server = own.postgres()
    victim = own.keep(server.connect())
    run(["kill", "-SEGV", str(victim.info.backend_pid)])
    server.wait_log("all server processes terminated; reinitializing")
    assert '"cause": "database.crashed"' in primary_of(local, log_of(server))


@pytest.mark.reproduces("auth.password-unset", on="postgresql")
def test_the_log_says_that_the_role_has_no_password(local: Cli, own: Servers) -> None:
    server = own.postgres()
    server.sql("CREATE ROLE unset LOGIN")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host=str(server.sockets), user="unset", dbname="shop", password=PASSWORD)
    server.wait_log("has no password assigned")
    assert '"cause": "auth.password-unset"' in primary_of(local, log_of(server))


@pytest.mark.reproduces("app.startup-race", on="postgresql")
def test_the_application_starts_before_the_server(remote: Cli, own: Servers) -> None:
    remote.check(url()).expect_fault("network.refused")
    own.postgres()
    result = remote.check(url(), "--answer", "app.text=at-start")
    result.expect_fault("app.startup-race")


@pytest.mark.reproduces("inconclusive", on="postgresql")
def test_words_that_nobody_knows(remote: Cli, own: Servers) -> None:
    own.postgres()
    result = remote.check(url(), "--answer", "app.text=It is broken.")
    assert (result.cause, result.exit) == ("inconclusive", 3), result.story()

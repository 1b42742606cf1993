"""Servers that cannot start: what each writes as its last words, and what `explain` makes of them."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.conftest import Servers
from tests.support.cli import Cli
from tests.support.mariadb import STORAGE, MariadbServer
from tests.support.netlab import Lab
from tests.support.postgres import PostgresServer, programs
from tests.support.processes import Service, wait_until

Break = Callable[[PostgresServer], None]


def primary_cause(cli: Cli, log: Path) -> tuple[str, str]:
    """The cause that best explains a log, and the whole answer for the reader of a failure."""
    result = cli.run("explain", "--json", "--file", str(log)).expect_no_secret()
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    story = (
        f"exit {result.exit}\n{result.stdout}\n{result.stderr}\n--- log\n{log.read_text(errors='replace')}"
    )
    best = [line for line in lines if line.get("primary")]
    return (best[-1]["cause"] if best else "nothing recognised"), story


def setting(key: str, value: str) -> Break:
    """Give the server one setting."""
    return lambda server: server.settings.update({key: value})


def configuration_error(server: PostgresServer) -> None:
    with (server.data / "postgresql.conf").open("a") as file:
        file.write("nosuch_parameter = 1\n")


def bad_hba(server: PostgresServer) -> None:
    server.write_hba(("host everywhere",))


def open_folder(server: PostgresServer) -> None:
    server.data.chmod(0o755)


def no_folder(server: PostgresServer) -> None:
    shutil.rmtree(server.data)


def other_owner(server: PostgresServer) -> None:
    shutil.chown(server.data, "root")


def other_version(server: PostgresServer) -> None:
    (server.data / "PG_VERSION").write_text("9\n")


def lost_log(server: PostgresServer) -> None:
    for segment in (server.data / "pg_wal").glob("0*"):
        segment.unlink()


def lost_control_file(server: PostgresServer) -> None:
    (server.data / "global" / "pg_control").unlink()


POSTGRES: dict[str, tuple[Break, str, tuple[str, ...]]] = {
    "unknown-parameter": (configuration_error, "server.config-invalid", ()),
    "bad-hba-line": (bad_hba, "server.config-invalid", ()),
    "bad-value": (setting("shared_buffers", "plenty"), "server.config-invalid", ()),
    "open-data-folder": (open_folder, "server.data-directory", ()),
    "no-data-folder": (no_folder, "server.data-directory", ()),
    "folder-of-another-owner": (other_owner, "server.data-directory", ("server.config-invalid",)),
    "data-of-another-version": (other_version, "server.version-mismatch", ()),
    "socket-folder-missing": (setting("unix_socket_directories", "/nowhere"), "server.socket-directory", ()),
    "write-ahead-log-lost": (lost_log, "server.data-corrupted", ()),
    "control-file-lost": (lost_control_file, "server.data-corrupted", ("server.data-directory",)),
}


@pytest.mark.parametrize("name", POSTGRES)
@pytest.mark.reproduces(
    lambda row: "" if POSTGRES[row["name"]][2] else POSTGRES[row["name"]][1], on="postgresql"
)
def test_postgresql_does_not_start(local: Cli, lab: Lab, name: str) -> None:
    damage, cause, accept = POSTGRES[name]
    server = PostgresServer(namespace=lab.server)
    damage(server)
    service = server.start(wait=False).service
    assert service is not None
    service.wait_end()
    found, story = primary_cause(local, service.log)
    assert found in (cause, *accept), story


@pytest.mark.reproduces("server.port-in-use", on="postgresql")
def test_postgresql_port_is_taken(local: Cli, own: Servers) -> None:
    own.postgres()
    service = PostgresServer(namespace=own.lab.server).start(wait=False).service
    assert service is not None
    service.wait_end()
    found, story = primary_cause(local, service.log)
    assert found == "server.port-in-use", story


@pytest.mark.reproduces("server.stale-lock-file", on="postgresql")
def test_postgresql_lock_file_is_in_the_way(local: Cli, own: Servers) -> None:
    running = own.postgres()
    second = PostgresServer(namespace=own.lab.server, port=5499)
    shutil.copy(running.data / "postmaster.pid", second.data / "postmaster.pid")
    shutil.chown(second.data / "postmaster.pid", "postgres")
    service = second.start(wait=False).service
    assert service is not None
    service.wait_end()
    found, story = primary_cause(local, service.log)
    assert found == "server.stale-lock-file", story


@pytest.mark.reproduces("server.run-as-root", on="postgresql")
def test_postgresql_refuses_to_run_as_root(local: Cli, lab: Lab) -> None:
    server = PostgresServer(namespace=lab.server)
    service = Service([str(programs() / "postgres"), "-D", str(server.data)], server.folder / "log")
    service.wait_end()
    found, story = primary_cause(local, service.log)
    assert found == "server.run-as-root", story


@pytest.mark.reproduces("server.oom-killed", on="postgresql")
def test_postgresql_session_is_killed(local: Cli, own: Servers) -> None:
    server = own.postgres()
    victim = own.keep(server.connect())
    lab_kill = Service(["kill", "-KILL", str(victim.info.backend_pid)], server.folder / "kill")
    lab_kill.wait_end()
    server.wait_log("all server processes terminated; reinitializing")
    assert server.service is not None
    found, story = primary_cause(local, server.service.log)
    assert found in ("database.crashed", "server.oom-killed"), story


MARIADB = {
    "unknown-variable": (["--nosuch-variable=1"], "server.config-invalid"),
    # The text names no folder: it may as well be the setting that is wrong.
    "socket-folder-missing": (["--socket=/nowhere/mysqld.sock"], "server.config-invalid"),
    "data-folder-missing": (["--datadir=/nowhere"], "server.data-directory"),
}


@pytest.mark.parametrize("name", MARIADB)
@pytest.mark.reproduces(lambda row: MARIADB[row["name"]][1], on="mariadb")
def test_mariadb_does_not_start(local: Cli, lab: Lab, name: str) -> None:
    options, cause = MARIADB[name]
    service = MariadbServer(namespace=lab.server, options=options).start(wait=False).service
    assert service is not None
    service.wait_end()
    found, story = primary_cause(local, service.log)
    assert found == cause, story


@pytest.mark.reproduces("server.port-in-use", on="mariadb")
def test_mariadb_port_is_taken(local: Cli, own: Servers) -> None:
    own.mariadb()
    service = MariadbServer(namespace=own.lab.server).start(wait=False).service
    assert service is not None
    service.wait_end()
    found, story = primary_cause(local, service.log)
    assert found == "server.port-in-use", story


@pytest.mark.reproduces("server.data-directory", on="mariadb")
def test_mariadb_data_of_another_owner(local: Cli, lab: Lab) -> None:
    server = MariadbServer(namespace=lab.server)
    for path in (server.data, server.data / "ibdata1"):
        shutil.chown(path, "root")
        path.chmod(0o700)
    service = server.start(wait=False).service
    assert service is not None
    service.wait_end()
    found, story = primary_cause(local, service.log)
    assert found == "server.data-directory", story


@pytest.mark.reproduces("server.stale-lock-file", on="mariadb")
def test_mariadb_data_in_use_by_another_server(local: Cli, own: Servers) -> None:
    running = own.mariadb()
    second = MariadbServer(namespace=own.lab.server, port=3399, options=[f"--datadir={running.data}"])
    service = second.start(wait=False).service
    assert service is not None
    wait_until(lambda: "Can't lock" in service.text() or not service.running, "the lock is noticed")
    service.stop(signal.SIGKILL)
    found, story = primary_cause(local, service.log)
    assert found in ("server.stale-lock-file", "server.data-directory"), story


@pytest.mark.reproduces("server.run-as-root", on="mariadb")
def test_mariadb_refuses_to_run_as_root(local: Cli, lab: Lab) -> None:
    server = MariadbServer(namespace=lab.server)
    words = ["mariadbd", "--no-defaults", f"--datadir={server.data}", *STORAGE]
    service = Service(words, server.folder / "log")
    service.wait_end()
    found, story = primary_cause(local, service.log)
    assert found == "server.run-as-root", story

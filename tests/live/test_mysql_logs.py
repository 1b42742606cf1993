"""Oracle's MySQL that cannot start: its last words, and what `explain` makes of them."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.conftest import Servers
from tests.live.test_server_logs import primary_cause
from tests.support.cli import Cli
from tests.support.mariadb import OS_USER, MariadbServer
from tests.support.mysql import MysqlServer
from tests.support.netlab import Lab
from tests.support.processes import Service, give, run, wait_until

OTHER_PORT = 3307


def ended(service: Service | None) -> Path:
    """The log of a server that ended by itself."""
    assert service is not None
    service.wait_end()
    return service.log


def other_server_data(server: MysqlServer) -> None:
    """The data folder that MariaDB left behind."""
    shutil.rmtree(server.data)
    run(["cp", "-a", str(MariadbServer().data), str(server.data)])


def other_owner(server: MysqlServer) -> None:
    for path in (server.data, server.data / "ibdata1"):
        shutil.chown(path, "root")
        path.chmod(0o700)


def no_data(server: MysqlServer) -> None:
    shutil.rmtree(server.data)
    server.data.mkdir()
    give(server.data, OS_USER)


def without(name: str) -> Callable[[MysqlServer], None]:
    return lambda server: (server.data / name).unlink()


def option(*words: str) -> Callable[[MysqlServer], None]:
    return lambda server: server.options.extend(words)


def option_file(server: MysqlServer) -> None:
    """A file of options that an older MySQL knew."""
    file = server.folder / "my.cnf"
    file.write_text("[mysqld]\nquery_cache_size = 64M\n")
    give(file, OS_USER)
    server.defaults = f"--defaults-file={file}"


DAMAGE: dict[str, tuple[Callable[[MysqlServer], None], str]] = {
    "unknown-variable": (option("--nosuch-variable=1"), "server.config-invalid"),
    "option-of-an-older-version": (option_file, "server.config-invalid"),
    "bad-value": (option("--sql-mode=plenty"), "server.config-invalid"),
    "data-folder-missing": (option("--datadir=/nowhere"), "server.data-directory"),
    "data-folder-empty": (no_data, "server.data-directory"),
    "system-schema-lost": (lambda server: shutil.rmtree(server.data / "mysql"), "server.data-corrupted"),
    "data-of-another-owner": (other_owner, "server.data-directory"),
    "data-of-mariadb": (other_server_data, "server.version-mismatch"),
    "socket-folder-missing": (option("--socket=/nowhere/mysqld.sock"), "server.socket-directory"),
    "address-of-another-machine": (option("--bind-address=192.0.2.7"), "server.config-invalid"),
    "secure-file-folder-missing": (option("--secure-file-priv=/nowhere"), "server.config-invalid"),
    "tablespace-lost": (without("ibdata1"), "server.data-directory"),
    "dictionary-lost": (without("mysql.ibd"), "server.data-directory"),
}


@pytest.mark.parametrize("name", DAMAGE)
@pytest.mark.reproduces(lambda row: DAMAGE[row["name"]][1], on="mysql")
def test_does_not_start(local: Cli, own: Servers, name: str) -> None:
    damage, cause = DAMAGE[name]
    server = MysqlServer(namespace=own.lab.server, port=OTHER_PORT)
    own.stack.callback(server.stop)
    damage(server)
    found, story = primary_cause(local, ended(server.start(wait=False).service))
    assert found == cause, story


@pytest.mark.reproduces("server.port-in-use", on="mysql")
def test_port_is_taken(local: Cli, own: Servers) -> None:
    own.mysql()
    found, story = primary_cause(local, ended(own.mysql(wait=False).service))
    assert found == "server.port-in-use", story


@pytest.mark.reproduces("server.stale-lock-file", on="mysql")
def test_socket_is_locked(local: Cli, own: Servers) -> None:
    running = own.mysql().service
    assert running is not None
    server = MysqlServer(namespace=own.lab.server, port=OTHER_PORT)
    own.stack.callback(server.stop)
    lock = server.socket.with_name(f"{server.socket.name}.lock")
    lock.write_text(f"{running.pid}\n")
    give(lock, OS_USER)
    found, story = primary_cause(local, ended(server.start(wait=False).service))
    assert found == "server.stale-lock-file", story


@pytest.mark.reproduces("server.stale-lock-file", on="mysql")
def test_data_in_use_by_another_server(local: Cli, own: Servers) -> None:
    running = own.mysql()
    second = MysqlServer(namespace=own.lab.server, port=OTHER_PORT, options=[f"--datadir={running.data}"])
    service = second.start(wait=False).service
    assert service is not None
    wait_until(lambda: "Unable to lock" in service.text() or not service.running, "the lock is noticed")
    service.stop(signal.SIGKILL)
    found, story = primary_cause(local, service.log)
    assert found == "server.stale-lock-file", story


@pytest.mark.reproduces("server.run-as-root", on="mysql")
def test_refuses_to_run_as_root(local: Cli, lab: Lab) -> None:
    server = MysqlServer(namespace=lab.server)
    service = Service([*server.program(), f"--datadir={server.data}"], server.folder / "log")
    found, story = primary_cause(local, ended(service))
    assert found == "server.run-as-root", story

"""The laboratory of the live tests: one network and its servers a module, one home and folder a test."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.conftest import host as host
from tests.hosts.conftest import refusing as refusing
from tests.support.certs import Authority
from tests.support.cli import OTHER_HOST, OWN_SERVERS_HIDDEN, Cli
from tests.support.mariadb import MariadbServer
from tests.support.mysql import MysqlServer
from tests.support.netlab import Lab
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import PostgresServer
from tests.support.processes import clean_up
from tests.support.proof import VERDICTS, check_proofs

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.live)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    VERDICTS.clear()
    yield
    check_proofs(item)


@pytest.fixture(scope="session", autouse=True)
def _can_build_networks() -> Iterator[None]:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.exit("the live tests need root on Linux; run the others with: pytest -m 'not live'", 2)
    yield
    clean_up(os.getpid())  # pytest-xdist ends its workers without their exit handlers


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A client and a server machine joined by a cable."""
    with Lab() as network:
        yield network


class Servers:
    """Starts servers on the server machine and stops them when the module (or test) is over."""

    def __init__(self, lab: Lab, stack: ExitStack) -> None:
        self.lab = lab
        self.stack = stack

    def postgres(self, *, wait: bool = True, **options: Any) -> PostgresServer:
        """A running PostgreSQL; options as of `PostgresServer`."""
        server = PostgresServer(namespace=self.lab.server, **options)
        self.stack.callback(server.stop)
        return server.start(wait=wait)

    def mariadb(self, **options: Any) -> MariadbServer:
        """A running MariaDB; options as of `MariadbServer`."""
        server = MariadbServer(namespace=self.lab.server, **options)
        self.stack.callback(server.stop)
        return server.start()

    def mysql(self, *, wait: bool = True, **options: Any) -> MysqlServer:
        """A running MySQL of Oracle's; options as of `MysqlServer`."""
        server = MysqlServer(namespace=self.lab.server, **options)
        self.stack.callback(server.stop)
        return server.start(wait=wait)

    def pgbouncer(self, backend: PostgresServer, **options: Any) -> PgBouncer:
        """A running PgBouncer in front of `backend`."""
        pooler = PgBouncer(backend, namespace=self.lab.server, **options)
        self.stack.callback(pooler.stop)
        return pooler.start()

    def keep(self, connection: Any) -> Any:
        """Close this connection when the module (or test) is over."""
        self.stack.callback(connection.close)
        return connection


@pytest.fixture(scope="module")
def servers(lab: Lab) -> Iterator[Servers]:
    """Servers that live as long as the module."""
    with ExitStack() as stack:
        yield Servers(lab, stack)


@pytest.fixture
def own(lab: Lab) -> Iterator[Servers]:
    """Servers and connections that live as long as one test."""
    with ExitStack() as stack:
        yield Servers(lab, stack)


@pytest.fixture
def remote(tmp_path: Path, lab: Lab) -> Cli:
    """The program on the client machine, which does not see the server's processes."""
    return Cli(tmp_path, lab.client, OTHER_HOST)


@pytest.fixture
def local(tmp_path: Path, lab: Lab) -> Cli:
    """The program on the server machine itself."""
    return Cli(tmp_path, lab.server, OWN_SERVERS_HIDDEN)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The certificate authority that the client trusts."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def reset(request: pytest.FixtureRequest) -> Iterator[Callable[[Callable[[], object]], None]]:
    """`reset(action)` undoes a change to the lab when the test is over."""
    with ExitStack() as stack:
        yield lambda action: stack.callback(action) and None

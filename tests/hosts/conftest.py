"""A server that refuses the password, and the program with a home and a folder of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.cli import Cli
from tests.support.pseudoterminal import PseudoTerminal
from wizard.practice import get, serve


@pytest.fixture(scope="session")
def refusing() -> Iterator[str]:
    """The URL of a server that refuses the password."""
    with serve(get("wrong-password")) as running:
        yield running.url


@pytest.fixture(scope="session")
def asking() -> Iterator[str]:
    """The URL of a server about which the walk has a question: whether the application writes."""
    with serve(get("read-only-standby")) as running:
        yield running.url


@pytest.fixture(scope="session")
def silent() -> Iterator[str]:
    """The URL of a server that accepts and says nothing."""
    with serve(get("accepts-never-answers")) as running:
        yield running.url


@pytest.fixture
def host(tmp_path: Path) -> Cli:
    """The program on this machine."""
    return Cli(tmp_path)


Open = Callable[..., PseudoTerminal]


@pytest.fixture
def terminal(host: Cli) -> Iterator[Open]:
    """Opens the program, with these arguments, on a terminal of its own; `size`, `prefix` and `env` as they say."""
    opened: list[PseudoTerminal] = []

    def start(
        *arguments: str, size: tuple[int, int] = (24, 80), prefix: tuple[str, ...] = (), **env: str
    ) -> PseudoTerminal:
        environ = {**host.environment({}), "TERM": "xterm-256color", **env}
        environ = {key: value for key, value in environ.items() if value != UNSET}
        command = [*prefix, sys.executable, "-m", "wizard", *arguments]
        opened.append(PseudoTerminal(command, host.cwd, environ, size))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


UNSET = "\0"
"""The value that takes a variable out of the environment."""
UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--") if os.geteuid() == 0 else ()
"""What file permissions mean something to."""

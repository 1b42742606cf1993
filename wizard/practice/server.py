"""Serves a scenario: its listeners, nameservers and sandbox, all on loopback and in one temporary folder.

Nothing is left behind: leaving `serve` closes every connection, waits for the threads and removes the folder.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from wizard.practice.listener import listening
from wizard.practice.model import (
    DATABASE,
    HOST,
    PASSWORD,
    USER,
    Answer,
    MysqlServer,
    Nameserver,
    PostgresServer,
    PracticeError,
    Scenario,
)
from wizard.practice.peer import Surroundings, Watch
from wizard.practice.running import Running
from wizard.practice.sandbox import Filler, write_files

if TYPE_CHECKING:
    from wizard.practice.certificates import ServerTls

__all__ = ["Running", "serve"]


@contextlib.contextmanager
def serve(
    scenario: Scenario,
    answers: Sequence[Answer] = (),
    dns_port: int = 0,
    port: int = 0,
    watch: Watch | None = None,
) -> Iterator[Running]:
    """Serve a scenario until the block ends; `answers` are asked before the range's own.

    `port` is the target's (0 takes a free one), and `watch` gives who reads along with each client. `dns_port` is the
    port of its nameservers: with 53, and `resolv.conf` of the sandbox, real programs can be pointed at them. Raises
    PracticeError where a port cannot be had.
    """
    with contextlib.ExitStack() as stack:
        files = Path(stack.enter_context(_temporary_folder()))
        stop = threading.Event()
        arounds = _surroundings(scenario, files, Surroundings(stop, None, answers, watch))
        ports = tuple(
            stack.enter_context(listening(one, around, 0 if number else port))
            for number, (one, around) in enumerate(zip(scenario.listens, arounds, strict=True))
        )
        stack.callback(stop.set)
        filler = Filler(HOST, ports, files)
        dns = _nameservers(stack, scenario, filler, dns_port, watch)
        write_files(scenario, files, filler, [address for address, _ in dns])
        options = filler.fill_all(scenario.client.options)
        stated = scenario.client.url
        yield Running(
            scenario=scenario,
            host=HOST,
            ports=ports,
            url=_url(scenario.engine, ports[0], options) if stated is None else filler.fill(stated),
            options=options,
            environment=filler.fill_all(scenario.client.environment),
            files=files,
            dns=dns[0] if dns else None,
            filler=filler,
        )


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="dbwizard-practice-")
    except OSError as error:
        raise PracticeError(
            "the range needs a folder for temporary files, and none can be written:"
            f" name one in TMPDIR ({error.strerror})"
        ) from error


def _url(engine: str, port: int, options: Mapping[str, str]) -> str:
    query = "?" + urlencode(options) if options else ""
    return f"{engine}://{USER}:{PASSWORD}@{HOST}:{port}/{DATABASE}{query}"


def _surroundings(scenario: Scenario, files: Path, common: Surroundings) -> list[Surroundings]:
    """What each listener may use; the certificates of server and client are made here, by one authority."""
    servers = [one if isinstance(one, (PostgresServer, MysqlServer)) else None for one in scenario.listens]
    needed = any(one is not None and one.certificate for one in servers) or scenario.client.certificate
    if not needed:
        return [_equipped(common, one, None) for one in servers]
    from wizard.practice.certificates import Workshop

    known = {name for server in _stated(scenario) for name in server.records}
    workshop = Workshop(files, sorted(known))
    if scenario.client.certificate is not None:
        workshop.client(scenario.client.certificate)
    return [
        _equipped(common, one, workshop.server(one.certificate, one.tls) if one and one.certificate else None)
        for one in servers
    ]


def _equipped(
    common: Surroundings, server: PostgresServer | MysqlServer | None, tls: ServerTls | None
) -> Surroundings:
    own = server.answers if server is not None else ()
    return replace(common, tls=tls, answers=(*common.answers, *own))


def _stated(scenario: Scenario) -> tuple[Nameserver, ...]:
    return scenario.names.servers if scenario.names is not None else ()


def _nameservers(
    stack: contextlib.ExitStack, scenario: Scenario, filler: Filler, port: int, watch: Watch | None
) -> tuple[tuple[str, int], ...]:
    """Serve the scenario's nameservers; their addresses."""
    stated = _stated(scenario)
    if not stated:
        return ()
    from wizard.practice.nameserver import nameservers

    filled = [
        replace(
            one,
            records={
                name: tuple(filler.fill(each) for each in record) for name, record in one.records.items()
            },
        )
        for one in stated
    ]
    return stack.enter_context(nameservers(filled, port, watch))

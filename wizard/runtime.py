"""All that a probe may touch: the target, the time left, the environment, the clock, and the one open connection."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

from wizard.core.events import Touched
from wizard.core.facts import Facts
from wizard.footprint import Ledger
from wizard.named import TYPE_CHECKING, NamedTuple
from wizard.target.model import Secret, Target
from wizard.target.readings import names_of, secrets_of

if TYPE_CHECKING:
    from typing import Any

    from wizard.probes.base import Function
    from wizard.probes.channel import Channel
    from wizard.redact import Redactor
    from wizard.target.process import Process

CONNECT_TIMEOUT = 3.0
"""Seconds to wait for a connection, or for a server's first word, unless the caller says otherwise."""
WALK_TIMEOUT = 30.0
"""Seconds for a whole walk without a person."""


class Resolver(NamedTuple):
    """A resolver other than the system's own: the files that it reads, and where its nameservers listen."""

    hosts: Path
    resolv_conf: Path
    nsswitch: Path
    port: int = 53
    patience: float = 0.4
    """Seconds that it waits for each nameserver."""


class Runtime:
    """What a walk's probes share. Times are in seconds."""

    def __init__(
        self,
        target: Target,
        environ: Mapping[str, str],
        home: Path | None = None,
        cwd: Path | None = None,
        connect_timeout: float = CONNECT_TIMEOUT,
        ends: float | None = None,
        write_path: bool = False,
        platforms: Mapping[str, Any] | None = None,
        admin: Target | None = None,
        process: Process | None = None,
        resolver: Resolver | None = None,
        recorded: Mapping[str, Function] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.target = target
        self.environ = environ
        self.home = home
        self.cwd = cwd
        self.connect_timeout = connect_timeout
        self.ends = ends
        """When the whole walk must be over, on the monotonic clock; None for no bound."""
        self.write_path = write_path
        self.platforms: Mapping[str, Any] = platforms or {}
        self.admin = admin
        """A privileged connection of the person, to look inside while the application is locked out."""
        self.process = process
        """The application's own process, where one is looked at (`--pid`, `--container`)."""
        self.resolver = resolver
        """Asked in place of the system's resolver; None in every run against the real world."""
        self.recorded: Mapping[str, Function] = recorded or {}
        """What runs in place of a probe, by its name: a recorded host of the practice range."""
        self.clock = clock
        self.footprint = Ledger()
        """What this walk does to servers."""
        self.facts = Facts()
        """What the walk knows so far; the driver keeps it current."""
        self.channel: Channel | None = None
        """The connection that the walk holds open, from `network.connect` on."""
        self.stage = 0
        """How many of the probes that build the connection it has behind it."""
        self.listener: tuple[int, str] | None = None
        """The target's server on this host: its process, and the inode of the socket that it listens on."""
        self.addresses: list[tuple[int, str, int]] = []
        """(index of the host in the target, address, port), in the order of the resolver."""

    @property
    def secrets(self) -> list[Secret]:
        """Every text that may be a password of this walk: what the last gate has to know."""
        return [*secrets_of(self.target, self.admin), *(self.process.secrets if self.process else ())]

    @cached_property
    def gate(self) -> Redactor:
        """What takes these secrets out of everything that a probe reports and a person is told."""
        from wizard.redact import Redactor

        targets = (self.target, self.admin)
        users = [one.user for one in targets if one is not None]
        return Redactor(self.secrets, names_of(*targets), users)

    def touched(self) -> Touched | None:
        """What this walk has done to servers until now, without a secret; None where that is nothing."""
        from wizard.redact import clean

        if self.footprint.is_empty():
            return None
        did = self.footprint.rows(lambda text: clean(self.gate.text(text)))
        return Touched(self.footprint.began, did, time.time())

    def until(self, seconds: float) -> float:
        """The moment, on the monotonic clock, until which a wait of `seconds` may last."""
        moment = self.clock() + seconds
        return moment if self.ends is None else min(moment, self.ends)

    def close(self) -> None:
        """End the open connection politely."""
        if self.channel is not None:
            self.channel.close()
            self.channel = None

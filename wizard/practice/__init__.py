"""The practice range: loopback servers that misbehave on the wire as real ones do, and the surroundings for it.

A scenario is content (`decision_trees/practice/<layer>.yaml`), not code. Around its listeners a scenario may have
nameservers, files and variables of an application, logs, and a recorded host for what loopback cannot show:

model       what a scenario is made of, as plain data
load        from YAML to that; catalogue: list and find
server      serves a scenario; listener, nameserver, sandbox and certificates make its parts
speak_*     what a server says, on wizard.wire, with *_login; answers and sql are what it knows
running     the one door for front ends and tests: target, answers and runtime of a walk
recorded    a recorded host, in place of the probes that would look at this one

The range listens on 127.0.0.0/8 only, needs no database and no network, reads nothing of the real home, environment
or resolver, and removes every file it made. It must never be mistaken for a server: it stores nothing and knows one
made-up account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wizard.practice.catalogue import get, list_scenarios
from wizard.practice.model import Answer, PracticeError, Scenario

if TYPE_CHECKING:
    from wizard.practice.server import Running, serve

__all__ = ["Answer", "PracticeError", "Running", "Scenario", "get", "list_scenarios", "serve"]


def __getattr__(name: str) -> Any:
    """What serves is loaded when it is first asked for: a list of scenarios needs no socket and no protocol."""
    if name in ("Running", "serve"):
        from wizard.practice import server

        return getattr(server, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

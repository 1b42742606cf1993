"""The practice range: loopback servers that misbehave on the wire as real ones do.

It listens on 127.0.0.1 only, needs no database and no network, and removes every file it made. It must never
be mistaken for a server: it stores nothing and knows one made-up account.
"""

from __future__ import annotations

from wizard.practice.catalogue import get, list_scenarios
from wizard.practice.model import Answer, PracticeError, Scenario
from wizard.practice.server import Running, serve

__all__ = ["Answer", "PracticeError", "Running", "Scenario", "get", "list_scenarios", "serve"]

"""The words that all front ends share. No front end may word the same thing in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.marks import SYMBOLS, duration, iso, local, mark, to_ascii, utc
from wizard.printed import KINDS, PLACES, RISKS

__all__ = [
    "DONT_KNOW",
    "KINDS",
    "LAYERS",
    "OUTCOMES",
    "PLACES",
    "RISKS",
    "STATUSES",
    "SYMBOLS",
    "before_after",
    "duration",
    "iso",
    "local",
    "mark",
    "to_ascii",
    "utc",
]

DONT_KNOW = "I don't know"
"""The answer `unknown`, which every question takes."""
LAYERS = {
    "config": "settings",
    "dns": "name",
    "network": "network",
    "tls": "TLS",
    "auth": "login",
    "database": "database",
    "capacity": "capacity",
    "pool": "application's pool",
    "pooler": "pooler",
    "server": "server",
    "app": "application",
}
"""A layer in the words of a person."""
OUTCOMES = {
    "ok": "ok",
    "fault": "here is the fault",
    "warning": "a warning",
    "unknown": "could not be told",
    "skipped": "not looked at",
}
"""The outcome of a layer, for those who do not see the symbols."""
STATUSES = {
    "healthy": "healthy",
    "fault": "a fault was found",
    "inconclusive": "inconclusive",
}


def before_after(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """One sentence on two reports of the same session: what it was, and what it is after the fix."""
    was, now = str(before["cause"]), str(after["cause"])
    if was == now:
        return f"Nothing has changed: it is still {now}."
    if after["status"] == "healthy":
        return f"Solved: it was {was}, now every layer answers."
    return f"It was {was}, now it is {now}."

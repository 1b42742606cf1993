"""The words that all front ends share. No front end may word the same thing in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.marks import SYMBOLS, duration, iso, local, mark, to_ascii, utc
from wizard.printed import KINDS, PLACES, RISKS

__all__ = [
    "BADGES",
    "DONT_KNOW",
    "KINDS",
    "LAYERS",
    "OUTCOMES",
    "PLACES",
    "PLACE_BADGES",
    "RISKS",
    "STATUSES",
    "SYMBOLS",
    "before_after",
    "changed_layers",
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


BADGES = {"safe": "safe", "reload": "reload", "restart": "RESTART", "destructive": "DESTROYS DATA"}
"""The risk of a fix as a badge."""
PLACE_BADGES = {
    "app-host": "app host",
    "db-host": "database host",
    "psql": "in psql",
    "mysql": "in the mysql client",
    "console": "console",
    "config": "configuration",
}
"""The `where` of a command as a badge."""


def before_after(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """One sentence on two walks of the same session: what it was, and what it is after the fix.

    Both have `status`, `cause` and `layers` as in a report.
    """
    was, now = str(before["cause"]), str(after["cause"])
    statuses = str(before["status"]), str(after["status"])
    if was == now:
        return {
            "healthy": "Still healthy: every layer answers, as before.",
            "inconclusive": "Nothing has changed: the cause still cannot be told.",
        }.get(statuses[1], f"Nothing has changed: it is still {now}.")
    if statuses[1] == "healthy":
        return {
            "inconclusive": "Every layer answers now. What it was could not be told.",
        }.get(statuses[0], f"Solved: it was {was}, now every layer answers.")
    if statuses[0] == "healthy":
        return f"Every layer answered before. Now there is a fault: {now}."
    if statuses[1] == "inconclusive":
        return f"It was {was}. Now the cause cannot be told: more than one fits."
    if statuses[0] == "inconclusive":
        return f"Before, the cause could not be told. Now it is known: {now}."
    if _stopped(after) < _stopped(before):
        return (
            f"It now fails earlier than before: it was {was}, and before that comes {now}. Mend this first."
        )
    return f"The first fault, {was}, is gone; the next one is {now}."


def changed_layers(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Each layer whose outcome is another one than before: the layer, what it was, what it is."""
    was = {str(one["layer"]): str(one["outcome"]) for one in before["layers"]}
    now = [(str(one["layer"]), str(one["outcome"])) for one in after["layers"]]
    both = [(layer, was.get(layer, "skipped"), outcome) for layer, outcome in now]
    return [one for one in both if one[1] != one[2]]


def _stopped(report: Mapping[str, Any]) -> int:
    """The number of the layer with the fault, in the order of the walk; one that is no layer of it comes last."""
    layers = [str(one["layer"]) for one in report["layers"] if one["outcome"] == "fault"]
    order = list(LAYERS)
    return min((order.index(layer) for layer in layers if layer in order), default=len(order))

"""Which test proves which cause on the real thing, and that it truly saw it.

The marker `reproduces(*causes, on=...)` says so. A cause of the marker may be a function of the test's parameters,
which returns nothing for the rows that prove nothing.
Each run of the command line leaves its verdict in VERDICTS; a marked cause that no run ended in fails the test.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

VERDICTS: list[str] = []
"""The causes in which the runs of the present test ended."""
PLACES = ("postgresql", "mariadb", "mysql", "pgbouncer", "host", "resolver")
"""What a cause may be reproduced on."""


class Proof(NamedTuple):
    """One cause, and the real thing on which a test reproduces it."""

    cause: str
    on: str


def note_run(stdout: str, report: dict[str, Any]) -> None:
    """Remember the verdict of one run: the cause of a report, or the primary one that `explain` names."""
    if report.get("cause"):
        VERDICTS.append(str(report["cause"]))
        return
    VERDICTS.extend(json.loads(line)["cause"] for line in stdout.splitlines() if '"primary": true' in line)


def proofs(item: pytest.Item) -> Iterator[Proof]:
    """What the markers of a test promise. Raises UsageError for a marker without a known `on`."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    for marker in item.iter_markers("reproduces"):
        on = marker.kwargs.get("on")
        if on not in PLACES:
            raise pytest.UsageError(f"{item.nodeid}: reproduces(…, on=…) is one of {', '.join(PLACES)}")
        for cause in marker.args:
            name = cause(parameters) if callable(cause) else cause
            if name:
                yield Proof(name, on)


def check_proofs(item: pytest.Item) -> None:
    """Fail the test whose marker names a cause that no run of it ended in."""
    promised = {proof.cause for proof in proofs(item)}
    if missing := promised - set(VERDICTS):
        pytest.fail(f"marked as reproducing {sorted(missing)}, but the runs ended in {VERDICTS}")

"""The Python API: `check` and `explain`, for tools that would rather not start a process."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from wizard.content.load import open_content
from wizard.core.walk import Walk
from wizard.drive import Prober, answer_from, drive
from wizard.front import setup
from wizard.runtime import CONNECT_TIMEOUT, WALK_TIMEOUT, Runtime


def check(
    target: str,
    *,
    engine: str | None = None,
    answers: Mapping[str, str] | None = None,
    timeout: float = WALK_TIMEOUT,
    connect_timeout: float = CONNECT_TIMEOUT,
) -> dict[str, Any]:
    """Walk against `target` and return the report (`dbwizard.report/1`). Times are in seconds.

    A database that fails is a report, not an exception; raises ContentError when the trees cannot be read.
    """
    from wizard.report import report, target_summary

    begun, started = time.monotonic(), time.time()
    content, home = open_content(), setup.home_folder()
    parsed = setup.parsed(target, "check()", home, engine)
    runtime = Runtime(
        parsed, os.environ, home, None, connect_timeout, begun + timeout, platforms=content.platforms
    )
    prober = Prober(runtime, content.tree)
    given = dict(answers or {})
    try:
        walk = drive(Walk.start(content.tree, given), prober.run, answer_from(given))
    finally:
        prober.close()
    return report(
        walk,
        content,
        target_summary(parsed),
        started=started,
        elapsed_ms=(time.monotonic() - begun) * 1000,
        redactor=runtime.gate,
    )


def explain(text: str) -> str | None:
    """The id of the cause that best explains an error text, or None for what is no connection fault."""
    match = open_content().classifier.classify(text)
    return None if match is None else match.cause

"""One run of `check` against a hostile peer, and what must hold for every one of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from tests.fuzz.surface import UNSEEN
from tests.support.cli import Cli, Result, url
from tests.support.contract import breaches
from tests.support.sockets import Behaviour, listening

TIMEOUT, CONNECT = 5.0, 1.0
"""`--timeout` and `--connect-timeout` of every run, in seconds."""
MARGIN = 5.0
"""Seconds that a busy machine may take beyond that, to start the program and to end it."""
MOST_MEMORY = 200
"""MiB that the program may ever have."""
ADDRESS_SPACE = 2 << 30
"""Bytes: what takes more is ended, and fails, before the machine is in need."""
AT_ONCE = 6
"""Runs side by side: most of them wait."""
_MEASURED = """
import os, resource, sys
child = os.fork()
if not child:
    resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
    os.execvp(sys.argv[3], sys.argv[3:])
_, status, used = os.wait4(child, 0)
with open(sys.argv[1], "w") as file:
    file.write(str(used.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Runs the rest of its arguments within an address space, and writes down how much memory that took."""


class Case(NamedTuple):
    """A peer and how the program comes to it."""

    name: str
    engine: str
    behave: Behaviour
    options: str = ""
    """Of the URL, with its `?`."""
    causes: Sequence[str] = ()
    """What the verdict may be; empty where any will do."""


class Ended(NamedTuple):
    """A run that has ended, and the most memory that it had, in MiB."""

    case: Case
    result: Result
    memory: float


def run_all(folder: Path, cases: Sequence[Case]) -> Iterator[Ended]:
    """Every case, some at a time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(lambda pair: _run(folder / str(pair[0]), pair[1]), enumerate(cases))


def _run(folder: Path, case: Case) -> Ended:
    folder.mkdir()
    cli, used = Cli(folder / "host"), folder / "memory"
    with listening("127.0.0.1", 0, case.behave) as port:
        result = cli.run(
            *("check", "--json", url(case.engine, host="127.0.0.1", port=port) + case.options, "--no-files"),
            *("--timeout", str(TIMEOUT), "--connect-timeout", str(CONNECT)),
            prefix=(sys.executable, "-c", _MEASURED, str(used), str(ADDRESS_SPACE)),
            timeout=TIMEOUT + 60,
        )
    return Ended(case, result, int(used.read_text()) / 1024)


def expect_unharmed(ended: Ended) -> None:
    """The promises that no peer can make the program break."""
    case, result, memory = ended
    story = _story(ended)
    assert result.report, story
    assert not breaches(result.report, result.exit), f"{breaches(result.report, result.exit)}\n{story}"
    result.expect_no_secret()
    assert result.seconds < TIMEOUT + MARGIN, story
    assert memory < MOST_MEMORY, f"{memory:.0f} MiB\n{story}"
    assert result.stderr == "", story
    for text in texts_of(result.report):
        assert not UNSEEN.search(text), f"{text!r}\n{story}"
    assert not UNSEEN.search(result.stdout), story
    told = [step["trouble"] for step in result.report["steps"]]
    trouble = [one for one in told if one.startswith("the probe ")]
    assert not trouble, f"{trouble}\n{story}"  # an exception that no probe may raise
    assert not case.causes or result.cause in case.causes, story


def _story(ended: Ended) -> str:
    """The run in some lines."""
    case, result, memory = ended
    head = f"{case.engine}, {case.name}: {result.cause or 'no report'}, exit {result.exit}"
    steps = [(one["node"], one["outcome"], one["trouble"]) for one in result.report.get("steps", ())]
    said = [one["text"][:200] for one in result.report.get("evidence", ())]
    streams = f"{result.stdout[:500] if not result.report else ''}{result.stderr[-2000:]}"
    return f"{head}, {result.seconds:.1f} s, {memory:.0f} MiB\n{steps}\n{said}\n{streams}"


def expect_all_unharmed(folder: Path, cases: Sequence[Case]) -> None:
    """Run all and say of each one that broke a promise what it was. Raises AssertionError."""
    folder.mkdir(exist_ok=True)
    broken = []
    for ended in run_all(folder, cases):
        try:
            expect_unharmed(ended)
        except AssertionError as error:
            broken.append(str(error))
    assert not broken, "\n\n".join(broken)


def texts_of(data: Any) -> Iterator[str]:
    """Every text in JSON-like data, keys too."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from (key, *texts_of(value))
    elif isinstance(data, list):
        for one in data:
            yield from texts_of(one)

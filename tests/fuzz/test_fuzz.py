"""A bounded part of the fuzz for every run of the tests: what once broke, some inputs of each surface, the hunt."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.engine import Failure, attempt, hunt
from tests.fuzz.surface import CANARY, Surface
from tests.fuzz.surfaces import MODULES, get

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
REGRESSIONS = sorted(Path(__file__).with_name("regressions").iterdir())
INPUTS = {"live": 12, "yaml": 60, "classify": 400, "targets": 700, "sessions": 500}
"""Inputs of the slower surfaces; the others get MOST."""
MOST = 8000
SECONDS = 6.0
"""Where a machine is too slow for all of them."""


def _told(failures: list[Failure]) -> str:
    return "\n".join(f"{one.kind} {one.where}: {one.data[:300]!r}\n{one.story}" for one in failures)


@pytest.mark.parametrize("path", REGRESSIONS, ids=lambda path: path.name)
def test_what_once_broke_holds(path: Path) -> None:
    name = next(name for name in sorted(MODULES, key=len, reverse=True) if path.name.startswith(f"{name}-"))
    failure, _ = attempt(get(name), path.read_bytes())
    assert failure is None, _told([failure])


@pytest.mark.parametrize("name", MODULES)
def test_a_surface_holds(name: str) -> None:
    tally = hunt(get(name), 20261121, inputs=INPUTS.get(name, MOST), seconds=SECONDS)
    assert tally.inputs >= 3
    assert not tally.failures, _told(tally.failures)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([name for name in MODULES if name not in ("live", "yaml")]), st.binary(max_size=300))
def test_any_bytes_hold(name: str, data: bytes) -> None:
    failure, _ = attempt(get(name), data)
    assert failure is None, _told([failure])


def _odd(data: bytes) -> Iterator[str]:
    if b"crash" in data:
        raise KeyError("x")
    if b"slow" in data:
        until = time.process_time() + 0.3
        while time.process_time() < until:
            pass
    yield data.decode("latin-1")


@pytest.mark.parametrize(
    ("seed", "kind", "smallest"),
    [
        (b"aaaa crash bbbb", "crash", b"crash"),
        (b"aaaa \x1b[31m bbbb", "leak", b"\x1b"),
        (f"aaaa {CANARY} bbbb".encode(), "leak", CANARY.encode()),
        (b"aaaa slow bbbb", "hang", b"slow"),
    ],
)
def test_the_hunt_finds_what_breaks_and_makes_it_small(seed: bytes, kind: str, smallest: bytes) -> None:
    surface = Surface("odd", lambda: [seed], _odd, seconds=0.1)
    (failure,) = hunt(surface, 1, inputs=1).failures
    assert (failure.kind, failure.data) == (kind, smallest)


def test_the_command_prints_a_line_for_each_surface_and_feeds_one_input_again() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "scram"]
    done = subprocess.run([*command, "--seconds", "1"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    head, line = done.stdout.splitlines()
    assert head.split()[:5] == ["surface", "inputs", "seconds", "hangs", "crashes"]
    assert line.split()[0] == "scram"
    again = subprocess.run(
        [*command, "--input", str(REGRESSIONS[0])], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert again.stdout.startswith("scram: holds after"), again.stdout + again.stderr


def test_what_there_is_no_surface_of_is_named() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "nothing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no surface 'nothing'" in done.stderr

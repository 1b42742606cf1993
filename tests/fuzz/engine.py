"""The hunt: inputs, their bounds of time and memory, and what broke, made small."""

from __future__ import annotations

import resource
import time
import traceback
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.fuzz.mutate import mutated
from tests.fuzz.surface import Leak, Surface, examine

BYTES_A_SECOND = 100_000
"""The least speed at which any input must be read."""
MOST_FAILURES = 10
"""Different failures after which a hunt ends."""
SHRINK_SECONDS = 5.0


class Failure(NamedTuple):
    """An input that broke something: `kind` is hang, crash, leak or memory."""

    kind: str
    where: str
    """By what two failures are known to be the same."""
    story: str
    data: bytes


@dataclass
class Tally:
    """What became of a hunt."""

    inputs: int = 0
    seconds: float = 0.0
    slowest_ms: float = 0.0
    growth_mib: float = 0.0
    failures: list[Failure] = field(default_factory=list)

    def count(self, kind: str) -> int:
        """How many different failures of a kind there were."""
        return sum(one.kind == kind for one in self.failures)


def resident() -> float:
    """The most memory that this process has ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def attempt(surface: Surface, data: bytes) -> tuple[Failure | None, float]:
    """What breaks with this input, and the seconds that it took."""
    clock = time.monotonic if surface.waits else time.process_time
    begun = clock()
    try:
        examine(surface.run(data), surface.leaks)
    except Leak as leak:
        return Failure("leak", str(leak).partition(":")[0], str(leak), data), clock() - begun
    except Exception as error:  # noqa: BLE001 - whatever is not documented is a find
        return Failure("crash", _where(error), traceback.format_exc(), data), clock() - begun
    took = clock() - begun
    bound = surface.waits or surface.seconds + len(data) / BYTES_A_SECOND
    if took > bound:
        story = f"{took:.1f} s for {len(data)} bytes, and {bound:.1f} s are allowed"
        return Failure("hang", "slow", story, data), took
    return None, took


def _where(error: Exception) -> str:
    """The kind of an exception and the innermost place of the program that it passed."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if "/wizard/" in one.filename] or list(frames)
    return f"{type(error).__name__} {Path(own[-1].filename).name}:{own[-1].lineno}"


def hunt(
    surface: Surface,
    seed: int,
    *,
    seconds: float = float("inf"),
    inputs: float = float("inf"),
    beginning: Callable[[bytes], None] = lambda data: None,
) -> Tally:
    """Feed seeds and then mutations of them until the time or the number of inputs is over.

    `beginning` hears of each input before it is fed, in case that nobody comes back from it.
    """
    rng = Random(seed)
    seeds = surface.seeds()
    tally = Tally()
    begun = time.monotonic()
    known: set[str] = set()
    basis = 0.0
    while tally.inputs < inputs and len(known) < MOST_FAILURES:
        tally.seconds = time.monotonic() - begun
        if tally.seconds > seconds:
            break
        is_seed = tally.inputs < len(seeds)
        data = seeds[tally.inputs] if is_seed else mutated(rng, seeds, surface.tokens)
        beginning(data)
        failure, took = attempt(surface, data)
        if failure is not None and failure.kind == "hang":
            failure, took = attempt(surface, data)  # once more: the machine may have been busy
        tally.inputs += 1
        tally.slowest_ms = max(tally.slowest_ms, took * 1000)
        basis = resident() if is_seed else basis or resident()
        if failure is not None and failure.where not in known:
            known.add(failure.where)
            tally.failures.append(smaller(surface, failure))
        tally.growth_mib = resident() - basis
        if tally.growth_mib > surface.growth and "memory" not in known:
            known.add("memory")
            story = f"memory grew by {tally.growth_mib:.0f} MiB"
            tally.failures.append(Failure("memory", "memory", story, data))
    return tally


def smaller(surface: Surface, failure: Failure) -> Failure:
    """The same failure with as little input as some seconds of trying find."""
    until = time.monotonic() + SHRINK_SECONDS
    size = len(failure.data) // 2
    while size:
        at = 0
        while at < len(failure.data) and time.monotonic() < until:
            less = failure.data[:at] + failure.data[at + size :]
            found, _ = attempt(surface, less)
            if found is not None and (found.kind, found.where) == (failure.kind, failure.where):
                failure = found
            else:
                at += size
        size //= 2
    return failure


def keep(folder: Path, surface: str, failure: Failure) -> Path:
    """Write the input to a file of the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{surface}-{failure.kind}-{zlib.crc32(failure.data):08x}"
    path.write_bytes(failure.data)
    return path

"""Fuzz of one or more surfaces, each in a process of its own: one line a surface, exit status 1 on any failure.

python -m tests.fuzz                              every surface, 60 seconds each
python -m tests.fuzz classify live --minutes 10   these, for ten minutes each
python -m tests.fuzz classify --input FILE        one input again, with what it does
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.engine import MOST_FAILURES, Failure, Tally, attempt, hunt, keep
from tests.fuzz.surfaces import MODULES, get

STUCK = 60.0
"""Seconds for one input after which the process is ended; its own bound is found out before."""
ADDRESS_SPACE = 4 << 30
"""Bytes: what asks for more is a crash."""
HEAD = 16
"""Bytes of the shared page before the input: its number and its length."""
ROOM = 1 << 20
PAGE, TALLY = "current", "tally"
COLUMNS = ("surface", "inputs", "seconds", "hangs", "crashes", "leaks", "memory", "slowest ms", "growth MiB")


def main() -> int:
    """The command line; 1 where anything failed."""
    options = _options()
    if options.input is not None:
        return _again(options.surfaces[0], options.input)
    if options.worker is not None:
        return _work(options)
    print("{:14} {:>10} {:>8} {:>6} {:>8} {:>6} {:>7} {:>11} {:>11}".format(*COLUMNS), flush=True)
    failed = False
    for name in options.surfaces or MODULES:
        tally = _watched(name, options.seconds, options.seed, options.save)
        print(_line(name, tally), flush=True)
        for failure in tally.failures:
            failed = True
            path = keep(options.save, name, failure)
            print(f"  {failure.kind}: {failure.where}\n    python -m tests.fuzz {name} --input {path}")
            print("    " + failure.story.strip().replace("\n", "\n    "), flush=True)
    return int(failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = list(MODULES)
    parser.add_argument("surfaces", nargs="*", metavar="SURFACE", help=f"one of {', '.join(names)}")
    parser.add_argument(
        "--seconds", type=float, default=60.0, metavar="N", help="for each surface; 60 without it"
    )
    parser.add_argument("--minutes", type=float, metavar="N", help="the same in minutes")
    parser.add_argument(
        "--seed", type=int, default=int(time.time()), metavar="N", help="for the same inputs again"
    )
    parser.add_argument("--input", type=Path, metavar="FILE", help="feed this one input to the one SURFACE")
    parser.add_argument(
        "--save", type=Path, default=Path(tempfile.gettempdir(), "dbwizard-fuzz"), metavar="FOLDER",
        help="where inputs that fail are written",
    )  # fmt: skip
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.minutes is not None:
        options.seconds = options.minutes * 60
    for name in options.surfaces:
        if name not in names:
            parser.error(f"there is no surface '{name}'; there are: {', '.join(names)}")
    if options.input is not None and len(options.surfaces) != 1:
        parser.error("--input needs the one SURFACE that it is for")
    return options


def _line(name: str, tally: Tally) -> str:
    counts = [tally.count(kind) for kind in ("hang", "crash", "leak", "memory")]
    return (
        f"{name:14} {tally.inputs:>10} {tally.seconds:>8.0f} {counts[0]:>6} {counts[1]:>8} {counts[2]:>6}"
        f" {counts[3]:>7} {tally.slowest_ms:>11.1f} {tally.growth_mib:>11.1f}"
    )


def _again(name: str, path: Path) -> int:
    failure, took = attempt(get(name), path.read_bytes())
    print(f"{name}: {failure.kind if failure else 'holds'} after {took * 1000:.1f} ms")
    if failure is not None:
        print(failure.story)
    return int(failure is not None)


def _work(options: argparse.Namespace) -> int:
    """The hunt itself, with the current input where the parent can find it, and the tally at the end."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    number = 0
    with Path(options.worker, PAGE).open("r+b") as file, mmap.mmap(file.fileno(), HEAD + ROOM) as page:

        def beginning(data: bytes) -> None:
            nonlocal number
            number += 1
            page[8:HEAD] = len(data[:ROOM]).to_bytes(8, "little")
            page[HEAD : HEAD + len(data[:ROOM])] = data[:ROOM]
            page[:8] = number.to_bytes(8, "little")

        tally = hunt(get(options.surfaces[0]), options.seed, seconds=options.seconds, beginning=beginning)
    failures = [{**one._asdict(), "data": one.data.hex()} for one in tally.failures]
    Path(options.worker, TALLY).write_text(json.dumps({**vars(tally), "failures": failures}))
    os._exit(0)  # probes that were abandoned need not come to their end


def _watched(name: str, seconds: float, seed: int, folder: Path) -> Tally:
    """The hunt in a process that may hang or die: then with what it was fed last, and another goes on."""
    whole = Tally()
    while whole.seconds < seconds and len(whole.failures) < MOST_FAILURES:
        tally = _one_worker(name, seconds - whole.seconds, seed)
        whole.inputs += tally.inputs
        whole.seconds += max(tally.seconds, 1.0)
        whole.slowest_ms = max(whole.slowest_ms, tally.slowest_ms)
        whole.growth_mib = max(whole.growth_mib, tally.growth_mib)
        known = {one.where for one in whole.failures}
        whole.failures += [one for one in tally.failures if one.where not in known]
        seed += 1
    return whole


def _one_worker(name: str, seconds: float, seed: int) -> Tally:
    with tempfile.TemporaryDirectory(prefix="dbwizard-fuzz-") as folder:
        Path(folder, PAGE).write_bytes(bytes(HEAD + ROOM))
        options = ["--worker", folder, "--seconds", str(seconds), "--seed", str(seed)]
        begun = time.monotonic()
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz", name, *options], start_new_session=True
        )
        why = _wait(worker, Path(folder, PAGE))
        if not why:
            data = json.loads(Path(folder, TALLY).read_text())
            told = [Failure(**{**one, "data": bytes.fromhex(one["data"])}) for one in data["failures"]]
            return Tally(**{**data, "failures": told})
        number, fed = _current(Path(folder, PAGE))
        kind = "hang" if "came back" in why else "crash"
        return Tally(number, time.monotonic() - begun, 0.0, 0.0, [Failure(kind, why, why, fed)])


def _current(page: Path) -> tuple[int, bytes]:
    raw = page.read_bytes()
    return int.from_bytes(raw[:8], "little"), raw[HEAD : HEAD + int.from_bytes(raw[8:HEAD], "little")]


def _wait(worker: subprocess.Popen[bytes], page: Path) -> str:
    """Why the worker did not end well; empty where it did."""
    last, since = -1, time.monotonic()
    while True:
        try:
            status = worker.wait(1.0)
        except subprocess.TimeoutExpired:
            number, _ = _current(page)
            if number != last:
                last, since = number, time.monotonic()
            elif time.monotonic() - since > STUCK:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()
                return f"nobody came back from an input within {STUCK:.0f} s"
        else:
            return "" if status == 0 else f"the process died with status {status}"


if __name__ == "__main__":
    sys.exit(main())

"""`explain` on a log of a million lines beside `rg -c` with the same alternatives, and its start beside Python's own.

`python -m tests.bench.logs` needs ripgrep. Every measure is of a whole process on one core, and they take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.bench.__main__ import ROW, alternate
from wizard.content.load import builtin_folder, read_rules
from wizard.core.classify import Classifier
from wizard.core.rules import Rule

FEW = 66
MATCHING = 0.005
"""The share of lines that hold an error."""
WORDS = re.findall(
    r"\w+",
    """request user order cart item size database connection cache key session query time total value method path
    handler service worker job task queue event message payload response client server host port index page result retry
    upload image token account invoice report batch shard node pool thread lock table row commit""",
)


def all_rules() -> list[Rule]:
    """Every rule that has a pattern."""
    files = sorted((builtin_folder() / "messages").glob("*.yaml"))
    return [rule for rule in read_rules(files) if rule.pattern]


def is_english(rule: Rule) -> bool:
    """Whether ripgrep can look for it a byte at a time."""
    return rule.pattern.isascii() and "languages" not in rule.origin


def log_lines(lines: int, examples: Sequence[str]) -> Iterator[str]:
    """A mixed log: application, web server, JSON, database server, journal; few of its lines hold an error."""
    chance = random.Random(7)
    for number in range(lines):
        clock = time.gmtime(1_795_000_000 + number // 12)
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", clock)
        words = chance.choices(WORDS, k=11)
        size = chance.randrange(99_999)
        text = " ".join(words)
        kind = chance.random()
        if kind < MATCHING:
            yield f"{stamp} ERROR [db] {chance.choice(examples)}\n"
        elif kind < 0.3:
            yield f"{stamp},{number % 1000:03d} INFO [app.{words[0]}] {words[1]}={size} took {size} ms {text}\n"
        elif kind < 0.5:
            web = time.strftime("%d/%b/%Y:%H:%M:%S +0000", clock)
            agent = '"https://shop.example/" "Mozilla/5.0 (X11; Linux x86_64)"'
            yield f'10.0.3.7 - - [{web}] "GET /api/{words[0]}/{size}?{words[1]}=9 HTTP/1.1" 200 {size} {agent}\n'
        elif kind < 0.7:
            trace = f"{chance.getrandbits(128):032x}"
            yield f'{{"time":"{stamp}Z","level":"info","msg":"{words[0]} {words[1]}","ms":{size},"trace":"{trace}"}}\n'
        elif kind < 0.85:
            yield f"{stamp}.123 UTC [{size}] app@shop LOG:  duration: 0.3 ms  statement: SELECT {words[0]}\n"
        else:
            journal = time.strftime("%b %d %H:%M:%S", clock)
            yield f"{journal} web-3 systemd[1]: Started {words[0]}-{words[1]}.service - {text}.\n"


def for_ripgrep(pattern: str) -> str:
    """The same alternatives as ripgrep takes them: a line at a time, without names, bounds and needless escapes."""
    plain = re.sub(r"\(\?P<\w+>", "(?:", pattern)
    plain = re.sub(r"\{0,\d*\}\??", "*", plain)
    plain = re.sub(r"\{[1-9]\d*(?:,\d*)?\}\??", "+", plain)
    return re.sub(r"\\([`\"'/])", r"\1", plain.replace(r"\n", "")).replace("[^]", ".")


def timed(argv: Sequence[str | Path]) -> Callable[[], float]:
    """A measure: the seconds that a process takes on one core."""

    def run() -> float:
        begun = time.perf_counter()
        done = subprocess.run([*one_core(), *map(str, argv)], stdout=subprocess.DEVNULL, check=False)
        if done.returncode not in (0, 1):
            sys.exit(f"{argv[0]} ended with {done.returncode}")
        return time.perf_counter() - begun

    return run


def one_core() -> list[str]:
    """What keeps a process on one core."""
    return ["taskset", "-c", str(min(os.sched_getaffinity(0)))] if shutil.which("taskset") else []


def megabytes(argv: Sequence[str | Path]) -> float:
    """The most memory that a process had."""
    code = "import resource,subprocess,sys;subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL);"
    code += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, argv)], capture_output=True, text=True, check=True
    )
    return int(done.stdout) / (1024 if sys.platform == "linux" else 1024 * 1024)


def scan(file: Path, rules: Path) -> None:
    """Read a log with these rules: what a child process of the benchmark does."""
    from wizard.logs.scan import Scanner
    from wizard.logs.source import chunks_of

    classifier = Classifier.from_compiled(json.loads(rules.read_bytes()))
    print(sum(1 for _ in Scanner(classifier, 0.0).read(chunks_of(str(file)))))


def throughput(folder: Path, lines: int, rounds: int) -> None:
    """The rows for few and for all rules, and the memory for a tenth of the log and for the whole."""
    every = all_rules()
    few = random.Random(3).sample([rule for rule in every if is_english(rule)], FEW)
    log, patterns, compiled = folder / "mixed.log", folder / "patterns", folder / "rules.json"
    for rules, times in ((few, rounds), (every, 1)):
        examples = [one for rule in rules for one in rule.examples if "\n" not in one and len(one) < 300]
        log.write_text("".join(log_lines(lines, examples)), encoding="utf-8")
        english = [for_ripgrep(rule.pattern) for rule in rules if is_english(rule)]
        patterns.write_text("".join(f"(?:{pattern})\n" for pattern in english), encoding="utf-8")
        compiled.write_text(json.dumps(Classifier(rules).compiled()), encoding="utf-8")
        ours = timed([sys.executable, "-m", "tests.bench.logs", "--scan", log, "--rules", compiled])
        theirs = timed(["rg", "-c", "-i", "--no-unicode", "-f", patterns, log])
        ours()  # makes what is kept in the cache
        taken = alternate(times, ours, theirs)
        numbers = (f"{taken[0] * 1000:.0f} ms", f"{taken[1] * 1000:.0f} ms", f"{taken[0] / taken[1]:.2f}")
        size = log.stat().st_size / 1e6
        print(
            ROW.format(f"{len(rules)} rules (by hand: rg)", times, *numbers, f"{lines} lines, {size:.0f} MB")
        )
    command = [sys.executable, "-m", "wizard", "explain", "--summary", "--file"]
    tenth = folder / "tenth.log"
    with log.open("rb") as whole, tenth.open("wb") as part:
        part.write(whole.read(log.stat().st_size // 10))
    most = [megabytes([*command, one]) for one in (tenth, log)]
    print(
        f"memory of explain --summary: {most[0]:.0f} MB for a tenth of that log, {most[1]:.0f} MB for all of it"
    )


def start(rounds: int) -> None:
    """The row for one error text beside an empty program."""
    ours = [sys.executable, "-m", "wizard", "explain", "FATAL:  sorry, too many clients already"]
    times = alternate(rounds, timed(ours), timed([sys.executable, "-c", "pass"]))
    numbers = (f"{times[0] * 1000:.0f} ms", f"{times[1] * 1000:.0f} ms", f"{times[0] / times[1]:.2f}")
    print(ROW.format("one error (by hand: pass)", rounds, *numbers, ""))


def main() -> int:
    """Print the rows."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.logs", description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines of the log (default 1000000)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scan", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--rules", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.scan:
        scan(options.scan, options.rules)
        return 0
    if not shutil.which("rg"):
        sys.exit("The comparison needs ripgrep: apt-get install ripgrep")
    print(ROW.format("situation", "n", "dbwizard", "by hand", "ratio", ""))
    start(options.rounds * 4)
    with tempfile.TemporaryDirectory() as folder:
        throughput(Path(folder), options.lines, options.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())

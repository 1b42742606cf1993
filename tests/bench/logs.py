"""Rows: `explain` on a log of a million lines beside `rg -c` with the same alternatives, each a process on one core."""

from __future__ import annotations

import os
import random
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.bench.rows import Bench, Planned, Row, Taken, alternate, compared, process
from tests.support.cli import ROOT
from wizard.content.load import builtin_folder, read_rules
from wizard.core.classify import Classifier
from wizard.core.rules import Rule

FEW = 66
LINES = 1_000_000
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


def one_core(environment: dict[str, str], *argv: str | Path) -> Callable[[], Taken]:
    """A measure: a process on one core, as `rg -c` uses one."""
    where = ["taskset", "-c", str(min(os.sched_getaffinity(0)))] if shutil.which("taskset") else []
    return lambda: process([*where, *map(str, argv)], environment)


def _throughput(few: bool) -> Callable[[Bench, Planned], Row]:
    def make(bench: Bench, plan: Planned) -> Row:
        every = all_rules()
        chance = random.Random(3)
        if few:
            rules = chance.sample([one for one in every if is_english(one)], FEW)
        else:
            rules = chance.sample(every, min(len(every), bench.scaled(len(every))))
        rounds = min(5, bench.rounds) if few else 1
        log, patterns, compiled = (
            bench.folder / f"{plan.name}.{end}" for end in ("log", "patterns", "rules")
        )
        lines = write_log(log, bench.scaled(LINES), rules)
        english = [for_ripgrep(rule.pattern) for rule in rules if is_english(rule)]
        patterns.write_text("".join(f"(?:{pattern})\n" for pattern in english), encoding="utf-8")
        compiled.write_bytes(Classifier(rules).compiled())
        environment = {**bench.environment, "PYTHONPATH": str(ROOT)}
        ours = one_core(environment, sys.executable, "-m", "tests.bench.logscan", log, compiled)
        theirs = one_core(environment, "rg", "-c", "-i", "--no-unicode", "-f", patterns, log)
        ours()  # makes what is kept in the cache
        taken = alternate(rounds, ours, theirs)
        return compared(plan, rounds, *taken, told=f"{lines} lines, {log.stat().st_size / 1e6:.0f} MB")

    return make


def write_log(file: Path, lines: int, rules: Sequence[Rule]) -> int:
    """A mixed log with errors that these rules know; the number of its lines."""
    examples = [one for rule in rules for one in rule.examples if "\n" not in one and len(one) < 300]
    with file.open("w", encoding="utf-8") as log:
        log.writelines(log_lines(lines, examples))
    return lines


GROUP = "explain of a log (rg -c)"
PLANS = (
    Planned(GROUP, f"{FEW} rules", _throughput(few=True)),
    Planned(GROUP, "every rule", _throughput(few=False)),
)

"""What `explain` prints: JSON lines, a summary, words; its exit status; its memory over a stream."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from wizard.core.classify import Classifier, Rule
from wizard.explain import PIECE, explain, lines_of, run

RULES = (
    {
        "id": "t.full",
        "cause": "capacity.max-connections",
        "pattern": "sorry, too many clients already",
        "code": "53300",
        "engine": "postgresql",
        "weight": "60",
        "candidates": ["pool.oversized"],
    },
    {"id": "t.disk", "cause": "capacity.disk-full", "pattern": "No space left on device", "weight": "80"},
    {"id": "t.refused", "cause": "network.refused", "pattern": "connection refused", "weight": "30"},
    {"id": "t.scale", "cause": "pooler.backend-down", "pattern": "router gave up", "engine": "maxscale"},
)
CLASSIFIER = Classifier([Rule.from_mapping(one, "test") for one in RULES])
LOG = (
    "2026-01-18 11:40:09.985 UTC [1] LOG:  all is well\n"
    "2026-01-18 11:40:10.000 UTC [2] FATAL:  sorry, too many clients already\n"
    "2026-01-18 11:40:11.000 UTC [3] FATAL:  sorry, too many clients already\n"
    '2026-01-18 11:40:12.000 UTC [4] ERROR:  could not extend file "base/1": No space left on device\n'
)


def explained(lines: str | Iterable[str], **options: bool) -> tuple[int, str]:
    out: list[str] = []
    chosen = {"json": False, "summary": False, "short": False, **options}
    titles = {"capacity.disk-full": "The disk is full"}
    status = run(lines, **chosen, write=out.append, classifier=CLASSIFIER, titles=titles.get)
    return status, "".join(out)


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_json_has_one_object_for_each_error_and_the_best_once_more_at_the_end() -> None:
    status, out = explained(LOG, json=True)
    assert status == 0
    *each, last = objects(out)
    assert [(one["line"], one["cause"]) for one in each] == [
        (2, "capacity.max-connections"),
        (3, "capacity.max-connections"),
        (4, "capacity.disk-full"),
    ]
    assert each[0] == {
        "schema": "dbwizard.explain/1",
        "line": 2,
        "cause": "capacity.max-connections",
        "candidates": ["pool.oversized"],
        "engine": "postgresql",
        "code": "53300",
        "text": "2026-01-18 11:40:10.000 UTC [2] FATAL: sorry, too many clients already",
    }
    assert each[2]["title"] == "The disk is full"
    assert last == each[2] | {"primary": True}
    assert not any("primary" in one for one in each)


def test_summary_counts_cause_by_cause() -> None:
    status, out = explained(LOG, json=True, summary=True)
    assert status == 0
    disk, full = objects(out)
    assert (disk["cause"], disk["count"], disk["primary"]) == ("capacity.disk-full", 1, True)
    assert "primary" not in full
    assert {key: full[key] for key in ("count", "first_line", "last_line", "first_seen", "last_seen")} == {
        "count": 2,
        "first_line": 2,
        "last_line": 3,
        "first_seen": "2026-01-18 11:40:10.000 UTC",
        "last_seen": "2026-01-18 11:40:11.000 UTC",
    }
    assert full["example"].endswith("sorry, too many clients already")
    assert full["schema"] == "dbwizard.explain/1"


def test_an_engine_outside_the_contract_is_unknown() -> None:
    _, out = explained("the router gave up", json=True)
    assert {one["engine"] for one in objects(out)} == {"unknown"}


@pytest.mark.parametrize("options", [{}, {"json": True}, {"summary": True}, {"short": True}])
def test_nothing_recognised_prints_nothing_and_is_status_1(options: dict[str, bool]) -> None:
    assert explained("all is well\nreally\n", **options) == (1, "")


def test_words_name_the_cause_its_title_and_the_best() -> None:
    status, out = explained(LOG)
    assert status == 0
    assert "4: capacity.disk-full: The disk is full\n" in out
    assert "it may also be: pool.oversized" in out
    assert out.endswith("What explains it best: capacity.disk-full: The disk is full\n")


def test_short_is_one_line_for_each_error() -> None:
    assert explained(LOG, short=True)[1].splitlines() == [
        "2: capacity.max-connections",
        "3: capacity.max-connections",
        "4: capacity.disk-full",
    ]


def test_summary_in_words_puts_the_best_first() -> None:
    first = explained(LOG, summary=True, short=True)[1].splitlines()
    assert [line.split()[1].rstrip(":") for line in first] == [
        "capacity.disk-full",
        "capacity.max-connections",
    ]


def test_of_equals_the_first_is_the_best() -> None:
    rules = [Rule(f"t.{word}", f"network.{word}", word) for word in ("timeout", "refused")]
    out: list[str] = []
    run("refused\ntimeout", json=True, summary=False, short=False, write=out.append,
        classifier=Classifier(rules), titles=lambda cause: None)  # fmt: skip
    assert json.loads(out[-1])["cause"] == "network.refused"


def test_results_come_while_the_stream_is_still_open() -> None:
    read: list[int] = []

    def stream() -> Iterator[str]:
        for number, line in enumerate(LOG.splitlines()):
            read.append(number)
            yield line

    first = next(explain(stream(), CLASSIFIER))
    assert first.match.line == 2
    assert read[-1] < 3


def test_memory_does_not_grow_with_the_stream() -> None:
    def stream(count: int) -> Iterator[str]:
        for number in range(count):
            yield f"line {number}: something was said about connection refused and more words to fill it up"

    explained(stream(10), summary=True)
    tracemalloc.start()
    explained(stream(300), summary=True)
    small = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    explained(stream(3_000), summary=True)
    large = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert large < small * 1.5 + 100_000


def test_input_without_line_ends_is_read_in_bounds() -> None:
    endless = io.StringIO("x" * (PIECE * 3) + "\nconnection refused\r\nlast")
    assert [len(line) for line in lines_of(endless)] == [PIECE, len("connection refused"), len("last")]


def test_the_command_needs_no_heavy_import() -> None:
    probe = (
        "import sys, wizard.explain; "
        "print(*sorted({'textual', 'networkx', 'psycopg', 'pymysql', 'yaml', 'dns', 'asyncio'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == ""

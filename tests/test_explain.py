"""What `explain` makes of a text: its results as JSON, their sum, what it imports, its memory over a stream."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from wizard.core.classify import Classifier
from wizard.core.rules import Rule
from wizard.explain import Explained, Summary, explain

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
    {"id": "t.refused", "cause": "network.refused", "pattern": r"connection to (?P<host>\S+) refused"},
    {"id": "t.scale", "cause": "pooler.backend-down", "pattern": "router gave up", "engine": "maxscale"},
)
CLASSIFIER = Classifier([Rule.from_mapping(one, "test") for one in RULES])
TITLES = {"capacity.disk-full": "The disk is full"}
LOG = (
    "2026-01-18 11:40:09.985 UTC [1] LOG:  all is well\n"
    "2026-01-18 11:40:10.000 UTC [2] FATAL:  sorry, too many clients already\n"
    "2026-01-18 11:40:11.000 UTC [3] FATAL:  sorry, too many clients already\n"
    '2026-01-18 11:40:12.000 UTC [4] ERROR:  could not extend file "base/1": No space left on device\n'
)


def explained(text: str) -> list[Explained]:
    return list(explain(text, CLASSIFIER, TITLES.get))


def summed(text: str) -> Summary:
    counted = Summary()
    for result in explained(text):
        counted.add(result)
    return counted


def test_each_error_is_an_object_in_the_order_of_the_text() -> None:
    each = [one.as_json() for one in explained(LOG)]
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
        "time": "2026-01-18T11:40:10.000Z",
    }
    assert each[2]["title"] == "The disk is full"


def test_the_sum_counts_cause_by_cause() -> None:
    full, disk = (tally.as_json() for tally in summed(LOG).causes.values())
    assert (disk["cause"], disk["count"]) == ("capacity.disk-full", 1)
    assert {key: full[key] for key in ("count", "first_line", "last_line", "first_seen", "last_seen")} == {
        "count": 2,
        "first_line": 2,
        "last_line": 3,
        "first_seen": "2026-01-18 11:40:10.000 UTC",
        "last_seen": "2026-01-18 11:40:11.000 UTC",
    }
    assert full["rate"] == {
        "seconds": 1,
        "spans": [
            {"from": "2026-01-18T11:40:10.000Z", "count": 1},
            {"from": "2026-01-18T11:40:11.000Z", "count": 1},
        ],
    }
    assert str(full["example"]).endswith("sorry, too many clients already")
    assert full["schema"] == "dbwizard.explain/1"


def test_times_that_go_backwards_give_the_earliest_and_the_latest() -> None:
    lines = [f"2026-01-18 11:40:{second:02d} UTC No space left on device" for second in (30, 10, 50, 20)]
    (tally,) = summed("\n".join(lines)).causes.values()
    said = tally.as_json()
    assert (said["first_seen"], said["last_seen"]) == ("2026-01-18 11:40:10 UTC", "2026-01-18 11:40:50 UTC")


def test_without_times_there_is_no_first_and_no_last() -> None:
    (tally,) = summed("No space left on device").causes.values()
    said = tally.as_json()
    assert (said["first_seen"], said["last_seen"], "rate" in said) == (None, None, False)


def test_what_happened_first_is_in_the_order_of_time() -> None:
    text = "2026-01-18 11:40:30 UTC No space left on device\n2026-01-18 11:40:10 UTC the router gave up"
    assert [one.match.cause for one in summed(text).in_time] == ["pooler.backend-down", "capacity.disk-full"]


def test_an_engine_outside_the_contract_is_unknown() -> None:
    (one,) = explained("the router gave up")
    assert one.as_json()["engine"] == "unknown"


def test_of_equals_the_first_is_the_best() -> None:
    rules = [Rule(f"t.{word}", f"network.{word}", word) for word in ("timeout", "refused")]
    counted = Summary()
    for result in explain("refused\ntimeout", Classifier(rules)):
        counted.add(result)
    assert counted.primary is not None
    assert counted.primary.example.match.cause == "network.refused"


@pytest.mark.parametrize(
    "written",
    [
        "postgresql://app:hunter22@db/shop No space left on device",
        "password=hunter22 No space left on device",
        "PASSWORD 'hunter22' No space left on device",
        '{"password": "hunter22", "msg": "No space left on device"}',
        "connection to postgresql://app:hunter22@db/shop refused",
    ],
)
def test_no_password_of_the_text_is_shown(written: str) -> None:
    (one,) = explained(written)
    assert "hunter22" in one.match.text
    assert "hunter22" not in str(one.as_json())


@pytest.mark.parametrize("escape", ["\\n", "\\r", "\\\\n", "\\u0027"])
def test_what_looks_like_an_escape_in_a_login_ends_no_line(escape: str) -> None:
    (one,) = explained(f"//app:hun{escape}ter22@db No space left on device")
    assert "ter22" not in str(one.as_json())


def test_a_password_in_the_line_below_its_name_is_not_shown_around_an_error() -> None:
    match = Classifier([Rule("t", "network.refused", "connection refused")]).classify("connection refused")
    assert match is not None
    key = ("-----BEGIN PRIVATE KEY-----", "hunter22", "-----END PRIVATE KEY-----", "  next")
    one = Explained(
        match, before=("  host: db", "  password:", "    hunter22", "Enter password:", "  x"), after=key
    )
    assert "hunter22" not in str(one.as_json())
    assert one.around[0][0] == "host: db"
    assert one.around[1][-1] == "next"


def test_what_is_masked_does_not_come_back_as_a_capture() -> None:
    rules = [Rule("t.value", "config.malformed", r"invalid value for password=(?P<value>\S+)")]
    (one,) = explain("invalid value for password=hunter22", Classifier(rules))
    assert one.match.captures == {"value": "hunter22"}
    assert "hunter22" not in str(one.as_json())


def test_nothing_unseen_is_shown() -> None:
    (one,) = explained(
        "No space\x07 left on device" + "\x9b31m\u202e\x1b]0;title\x07" + " No space left on device"
    )
    assert str(one.as_json()["text"]).isprintable()


def test_results_come_while_the_stream_is_still_open() -> None:
    read: list[int] = []

    def stream() -> Iterator[str]:
        for number, line in enumerate(LOG.splitlines()):
            read.append(number)
            yield line

    first = next(explain(stream(), CLASSIFIER))
    assert first.match.line == 2
    assert read[-1] < 3


@pytest.mark.slow
def test_memory_does_not_grow_with_the_stream() -> None:
    def stream(count: int) -> Iterator[str]:
        for number in range(count):
            yield f"line {number}: something was said, No space left on device, and more words to fill it up"

    def peak(count: int) -> int:
        counted = Summary()
        tracemalloc.reset_peak()
        for result in explain(stream(count), CLASSIFIER):
            counted.add(result)
        return tracemalloc.get_traced_memory()[1]

    peak(10)
    tracemalloc.start()
    small = peak(300)
    large = peak(3_000)
    tracemalloc.stop()
    assert large < small * 1.5 + 100_000


def loaded(*arguments: str) -> set[str]:
    """The modules that a run of `explain` has loaded at its end."""
    probe = (
        f"import sys, wizard.cli; wizard.cli.run(['explain', *{arguments!r}]); print(chr(10), *sys.modules)"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=root)
    return set(done.stdout.splitlines()[-1].split())


def test_a_pasted_error_needs_no_heavy_import() -> None:
    modules = loaded("FATAL:  sorry, too many clients already")
    heavy = {
        "textual",
        "networkx",
        "psycopg",
        "pymysql",
        "dns",
        "asyncio",
        "cryptography",
        "hyperscan",
        "re2",
    }
    assert modules & (heavy | {"subprocess", "inspect", "zoneinfo"}) == set()
    assert {one for one in modules if one.startswith("wizard.logs.")} <= {"wizard.logs.stamps"}
    assert not any(one.startswith(("wizard.probes", "wizard.wire", "wizard.front.tui")) for one in modules)

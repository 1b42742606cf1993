"""The scan of large logs names every line that a rule would find, however the log writes it, and hardly any other."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterator
from functools import cache

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.logs import log_lines
from tests.test_corpus import reports
from wizard.content.load import Content, open_content
from wizard.core.classify import Classifier
from wizard.core.rules import Match, Rule
from wizard.logs import prefilter as module
from wizard.logs.expressions import bare, expression
from wizard.logs.prefilter import WORTH_LOADING, WORTH_MAKING, Prefilter, Supply
from wizard.logs.scan import BLOCK, Scanner

pytestmark = pytest.mark.slow


@cache
def content() -> Content:
    """The content that is shipped."""
    return open_content()


@cache
def rules() -> list[Rule]:
    """Its message rules, with their examples."""
    from wizard.content.load import read_rules

    return read_rules(content().files("messages"))


@cache
def all_patterns() -> tuple[Classifier, Prefilter]:
    """The rules, and the prefilter for them."""
    classifier = Classifier(rules())
    made = Supply(classifier.patterns).after(WORTH_MAKING)
    assert made is not None
    return classifier, made


def as_json(text: str) -> str:
    """The message of a JSON log."""
    return json.dumps({"time": "2026-11-20T21:04:05Z", "level": "error", "msg": text})


def twice_json(text: str) -> str:
    """What a container runtime makes of it."""
    return json.dumps({"log": as_json(text) + "\n", "stream": "stderr"})


def coloured(text: str) -> str:
    """A console that marks the first word."""
    return "\x1b[31m" + text.replace(" ", "\x1b[0m \x1b[1m", 1) + "\x1b[0m"


def spread(text: str) -> str:
    """Tabs and wide blanks."""
    return "ERROR\t" + text.replace(" ", " \t")


def indented(text: str) -> str:
    """Below something else."""
    return "\n".join("    " + line for line in text.split("\n"))


def from_windows(text: str) -> str:
    """Other line ends."""
    return text.replace("\n", "\r\n")


@pytest.mark.parametrize("dress", [str, as_json, twice_json, coloured, spread, indented, from_windows])
def test_every_example_is_found_in_every_form_of_log(dress: Callable[[str], str]) -> None:
    classifier, prefilter = all_patterns()
    for rule in rules():
        for example in rule.examples if rule.pattern else ():
            text = dress(example)
            if any(classifier.classify_all(text)):
                assert prefilter.hits(f"{text}\n".encode()), text


def test_every_pattern_is_one_that_takes_linear_time() -> None:
    for rule in rules():
        re2.compile(rule.pattern)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"a {1,2}b", b"a      b"),
        (r"too many clients\b", b"Too  many\tclients already"),
        (r"x(?P<host>[^\"\n]{1,255})y", b"x" + b"h" * 500 + b"y"),
        (r"x[( ]2", b"x 2"),
        (r"x.y", b"x y"),
        (r"one\stwo", b"one\n     two"),
        (r"\w{3}-\w", "ä-ö".encode()),
        (r"[\w.-]{2}:", "größe:".encode()),
        (r"[«\"]x", "«x".encode()),
        (r"пользователь", "ПОЛЬЗОВАТЕЛЬ".encode()),
        (r"^begins$", b"  begins  "),
        (r"a{0,3}?b", b"b"),
        (r"\[ERROR\] \(x\)", b"[error] (x)"),
    ],
)
def test_an_expression_finds_what_its_pattern_finds(pattern: str, text: bytes) -> None:
    re2.compile(expression(pattern))
    prefilter = Supply([pattern]).after(WORTH_MAKING)
    assert prefilter is not None
    assert len(prefilter.hits(b"\n\n" + text)) == 1


def test_a_line_is_told_by_where_it_begins() -> None:
    prefilter = Supply(["too many clients"]).after(WORTH_MAKING)
    assert prefilter is not None
    lines = [b'a "b" ' * (number % 150) + b"too many clients" * (number % 7 == 0) for number in range(400)]
    begins = [len(b"".join(line + b"\n" for line in lines[:number])) for number in range(0, 400, 7)]
    block = b"\n".join(lines)
    assert len(block) > 3 * module.PIECE
    assert prefilter.hits(block) == begins
    assert prefilter.hits(b"too many clients " * 5_000) == [0]


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_lines_stay_lines(lines: list[bytes]) -> None:
    block = b"\n".join(lines)
    assert bare(block).count(b"\n") == block.count(b"\n")


def mixed(lines: int, every: int) -> Iterator[bytes]:
    """A log in which each `every`th line is an example, some of several lines."""
    examples = [example for rule in rules() if rule.pattern for example in rule.examples]
    for number in range(lines):
        stamp = f"2026-11-20 21:{number // 600 % 60:02d}:{number // 10 % 60:02d}"
        text = examples[number % len(examples)] if number % every == 0 else f"request {number} took 3 ms"
        yield f"{stamp} INFO {text}\n".encode()


def found(classifier: Classifier, log: bytes, supply: Supply | None) -> list[Match]:
    """What the scan says of a log that comes in uneven chunks."""
    chunks = (log[start : start + 70_001] for start in range(0, len(log), 70_001))
    return [one.match for one in Scanner(classifier, 0.0, supply=supply).read(chunks)]


class Never(Supply):
    """No prefilter, ever."""

    def after(self, count: int) -> None:
        return None


class AtOnce(Supply):
    """A prefilter from the first byte on."""

    def after(self, count: int) -> Prefilter:
        return all_patterns()[1]


def test_a_log_gives_the_same_with_and_without_it() -> None:
    classifier, _ = all_patterns()
    log = b"".join(mixed(12_000, 5))
    assert len(log) > 2 * BLOCK
    without = found(classifier, log, Never([]))
    assert len(without) > 1_500
    assert found(classifier, log, AtOnce([])) == without


def read_both_ways(log: str) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """The lines and causes of a log, with the prefilter and without."""
    classifier, _ = all_patterns()
    with_it, without = (found(classifier, log.encode(), supply([])) for supply in (AtOnce, Never))
    return [(one.line, one.cause) for one in with_it], [(one.line, one.cause) for one in without]


def in_container(text: str) -> str:
    """Lines that a container's log broke in the middle."""
    head = "2026-11-20T21:04:05.123456789Z stderr"
    cut = [(line[: len(line) // 2], line[len(line) // 2 :]) for line in text.split("\n")]
    return "\n".join(f"{head} P {begin}\n{head} F {rest}" for begin, rest in cut)


def each_line(head: str) -> Callable[[str], str]:
    """The same in front of each line."""
    return lambda text: "\n".join(head + line for line in text.split("\n"))


def in_docker(text: str) -> str:
    """Each line as an object of its own, with what is no ASCII as numbers."""
    lines = (json.dumps({"log": f"{line}\n", "stream": "stderr"}) for line in text.split("\n"))
    return "\n".join(lines).replace('": ', '":').replace(', "', ',"')


def broken(text: str) -> str:
    """What a narrow terminal makes of it."""
    return "\n".join(line[at : at + 80] for line in text.split("\n") for at in range(0, len(line) or 1, 80))


def numbered(text: str) -> str:
    """The quotes and angles of some writers of JSON."""
    return "".join(f"\\u{ord(char):04x}" if char in "\"'<>&" else char for char in text)


def typeset(text: str) -> str:
    """What a word processor makes of quotes and blanks."""
    return text.replace("'", "\u2019").replace('"', "\u201c").replace(": ", ":\u00a0")


WAYS = (
    str,
    in_docker,
    in_container,
    each_line("Nov 20 21:04:05 db1 app[123]: "),
    each_line("web-1  | "),
    as_json,
    broken,
    html.escape,
    numbered,
    typeset,
)


def reported() -> Iterator[str]:
    """What people reported, each in one of many forms; no two neighbours in the same."""
    for place, report in enumerate(reports()):
        yield WAYS[place % len(WAYS)](report.text)
        yield f"2026-11-20 21:04:05 INFO request {place} took 3 ms"


def test_what_people_reported_is_found_with_and_without_it() -> None:
    with_it, without = read_both_ways("\n".join(reported()))
    assert len(without) > 300
    assert with_it == without


def test_lines_that_a_screen_broke_are_put_together_in_a_large_log_as_well() -> None:
    logs = [broken(report.text) for report in reports() if "\t" not in report.text]
    log = "\n".join(f"{one}\n2026-11-20 21:04:05 INFO took 3 ms" for one in logs)
    assert len(log) > WORTH_LOADING
    with_it, without = read_both_ways(log)
    assert len(without) > 300
    assert with_it == without


PASSWORDLESS = (
    "Npgsql.NpgsqlException (0x80004005): "
    "No password has been provided but the backend requires one (in SASL/SCRAM-SHA-256)"
)


@pytest.mark.parametrize(
    ("log", "causes"),
    [
        (broken(PASSWORDLESS), ["auth.password-missing"]),
        (in_container(PASSWORDLESS), ["auth.password-missing"]),
        (
            "dial tcp 127.0.0.1:6379: connect: connection refused\n"
            "dial tcp 127.0.0.1:5432: connect: connection refused\n",
            ["network.service-down"],
        ),
        (
            "web-1  | System.TimeoutException: The operation has timed out.\n"
            "web-1  |    at Npgsql.NpgsqlConnector.Connect(NpgsqlTimeout timeout)\n",
            ["network.timeout"],
        ),
    ],
)
def test_the_smallest_logs_that_were_read_in_two_ways(log: str, causes: list[str]) -> None:
    with_it, without = read_both_ways(log)
    assert [cause for _, cause in with_it] == causes
    assert with_it == without


def test_ordinary_lines_are_passed_over() -> None:
    """Else the rules look at everything, and a large log takes a hundred times as long."""
    _, prefilter = all_patterns()
    log = "".join(line for line in log_lines(5_000, [""]) if "[db]" not in line)
    assert len(prefilter.hits(log.encode())) < 25

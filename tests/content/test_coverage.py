"""The proof of coverage is complete and up to date."""

from __future__ import annotations

import pytest

from tests import coverage
from wizard.content.load import open_content

pytestmark = pytest.mark.slow  # all live tests are collected
LEAST_REAL = 90
"""Causes that are reproduced on a real server, pooler, resolver or host."""


@pytest.fixture(scope="module")
def tests() -> dict[str, list[tuple[str, str]]]:
    return coverage.real_tests()


@pytest.fixture(scope="module")
def rows(tests: dict[str, list[tuple[str, str]]]) -> list[coverage.Proven]:
    return list(coverage.causes(open_content(), tests))


def test_the_table_is_up_to_date() -> None:
    assert coverage.TABLE.read_text(encoding="utf-8") == coverage.page(), f"run: {coverage.COMMAND}"


def test_markers_name_causes_of_the_catalogue(tests: dict[str, list[tuple[str, str]]]) -> None:
    assert set(tests) <= set(open_content().catalogue)


def test_every_cause_has_a_scenario(rows: list[coverage.Proven]) -> None:
    assert [row.cause for row in rows if not row.scenarios] == []


def test_every_cause_is_reached_by_facts_or_words(rows: list[coverage.Proven]) -> None:
    assert [row.cause for row in rows if not row.nodes and not row.rules] == []


def test_every_cause_is_reproduced_or_says_why_not(rows: list[coverage.Proven]) -> None:
    assert [row.cause for row in rows if bool(row.tests) == bool(row.reason)] == []
    assert set(coverage.load("unreproduced.yaml")) <= {row.cause for row in rows}
    assert sum(1 for row in rows if row.tests) >= LEAST_REAL


def test_every_code_leads_to_a_cause_or_says_why_not() -> None:
    unread = [
        (code, said)
        for _kind, code, _name, read_as, none in coverage.codes(open_content())
        for said, cause in read_as or [("nothing said", none)]
        if not cause
    ]
    assert unread == []

"""YAML that would end the process or never end is refused before the library reads it, with its place."""

from __future__ import annotations

import pytest
import yaml

from wizard.yamlbounds import DEEPEST, MOST_VALUES, check_bounds

LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" * 4_000_000, "nested too deeply"),
        ("{a: " * 200_000, "nested too deeply"),
        ("- " * 200_000, "nested too deeply"),
        ("? " * 200_000, "nested too deeply"),
        (LAUGHS, f"more than {MOST_VALUES} values"),
        ("a: &a [1, *a]", "contains itself"),
        ("a: {b: &b {c: *b}}", "contains itself"),
        ("a: [", "did not find expected node"),
    ],
)
def test_what_no_reader_survives_is_refused(text: str, problem: str) -> None:
    with pytest.raises(yaml.YAMLError, match=problem):
        check_bounds(text)


@pytest.mark.parametrize(
    "text", ["", "a: b", "a: &a [1]\nb: *a\nc: *a", "[" * DEEPEST + "]" * DEEPEST, "- x\n" * 50_000]
)
def test_what_people_write_passes(text: str) -> None:
    check_bounds(text)

"""The compiled patterns are made once, kept in the cache and done without where they cannot be had."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.logs.test_prefilter import content, found
from wizard.logs.prefilter import WORTH_LOADING, WORTH_MAKING, Supply

pytestmark = pytest.mark.slow


def test_what_was_made_is_kept_and_taken_the_next_time(own_cache: Path) -> None:
    patterns = ["too many clients"]
    assert Supply(patterns).after(WORTH_LOADING) is None
    assert Supply(patterns).after(WORTH_MAKING) is not None
    assert own_cache.stat().st_mode & 0o777 == 0o600
    kept = Supply(patterns).after(WORTH_LOADING)
    assert kept is not None
    assert kept.hits(b"fine\nSorry, too many clients already\n") == [len(b"fine\n")]
    assert Supply(["too many customers"]).after(WORTH_LOADING) is None


@pytest.mark.parametrize("keep", [0, 1, 20, 100])
def test_a_damaged_one_is_not_taken(own_cache: Path, keep: int) -> None:
    patterns = ["too many clients"]
    Supply(patterns).after(WORTH_MAKING)
    own_cache.write_bytes(own_cache.read_bytes()[:keep])
    assert Supply(patterns).after(WORTH_LOADING) is None
    assert Supply(patterns).after(WORTH_MAKING) is not None


def test_without_the_library_every_line_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    classifier = content().classifier
    log = b"ordinary line\n" * (2 * WORTH_LOADING // 14) + b"FATAL:  sorry, too many clients already\n"
    assert [match.cause for match in found(classifier, log, None)] == ["capacity.max-connections"]


def test_without_a_place_to_keep_it_a_log_is_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME", raising=False)
    log = b"ordinary line\n" * (WORTH_MAKING // 14) + b"FATAL:  sorry, too many clients already\n"
    assert [match.line for match in found(content().classifier, log, None)] == [WORTH_MAKING // 14 + 1]

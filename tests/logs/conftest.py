"""What the tests of logs share: a cache of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.logs import prefilter as module


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is kept is kept apart for each test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "dbwizard" / module.ENTRY

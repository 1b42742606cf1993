"""A screen compared with its golden: a text file that a reviewer can read."""

from __future__ import annotations

import os
from pathlib import Path

from tests.front.tui_support import Stage

GOLDENS = Path(__file__).parent / "goldens"


def like_its_golden(screen: Stage, name: str) -> None:
    """Assert that the screen looks as the file says; with WRITE_GOLDENS set, write the file first."""
    golden = GOLDENS / f"{name}.txt"
    text = screen.text() + "\n"
    if os.environ.get("WRITE_GOLDENS"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")

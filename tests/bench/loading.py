"""`python -m tests.bench.loading FOLDER...`: a process that loads all content that a run can ask for, and ends."""

from __future__ import annotations

import sys
from pathlib import Path

from wizard.content.load import Content


def load(folders: tuple[Path, ...]) -> None:
    """Load the trees, facts, questions, message rules and pages of these folders."""
    content = Content(folders)
    for part in (content.tree, content.catalogue, content.classifier, content.platforms):
        assert part
    for layer in {cause.partition(".")[0] for cause in content.catalogue}:
        content.page(f"{layer}.any")


if __name__ == "__main__":
    load(tuple(map(Path, sys.argv[1:])))

"""The process that `logs.py` measures, `python -m tests.bench.logscan LOG RULES`: how many errors some rules find.

It loads what `explain` loads to read a log and nothing of the benchmark, whose own imports would be counted otherwise.
"""

from __future__ import annotations

import sys
from pathlib import Path

from wizard.core.classify import Classifier
from wizard.logs.scan import Scanner
from wizard.logs.source import chunks_of


def main(log: str, rules: str) -> None:
    """Print how many errors are in a log; the rules are as `Classifier.compiled` wrote them."""
    classifier = Classifier.from_compiled(Path(rules).read_bytes())
    print(sum(1 for _ in Scanner(classifier, 0.0).read(chunks_of(log))))


if __name__ == "__main__":
    main(*sys.argv[1:])

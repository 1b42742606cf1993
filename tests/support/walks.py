"""Many walks in one process: `python -m tests.support.walks NUMBER TARGET` prints the sum of their footprints."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter

from wizard.content.load import open_content
from wizard.core.walk import Walk
from wizard.drive import Prober, answer_from, drive
from wizard.runtime import Runtime
from wizard.target.parse import parse_target


def walk(number: int, text: str) -> Counter[str]:
    """The totals of all footprints."""
    content = open_content()
    target = parse_target(text, environ={}, home=None)
    sums: Counter[str] = Counter()
    for _ in range(number):
        runtime = Runtime(target, {}, ends=time.monotonic() + 30, platforms=content.platforms)
        prober = Prober(runtime, content.tree)
        try:
            drive(Walk.start(content.tree, {}), prober.run, answer_from({}))
        finally:
            prober.close()
        sums.update(runtime.footprint.told()["totals"])
    return sums


if __name__ == "__main__":
    print(json.dumps(walk(int(sys.argv[1]), sys.argv[2])))

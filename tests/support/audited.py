"""Every scenario of the practice range walked, watched by the interpreter itself: prints what was opened and what
the footprint says of it, a JSON object a line.

A process of its own, for a hook of the interpreter cannot be taken off again.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections import Counter
from types import FrameType
from typing import Any

from wizard.content.load import Content, open_content
from wizard.core.walk import Walk
from wizard.drive import Prober, answer_from, drive
from wizard.practice import Scenario, list_scenarios, serve

WAIT = 0.8
"""Seconds for a connection and a first word."""
OF_THE_RANGE = "/practice/"
seen: Counter[str] = Counter()


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Count what reaches the world; what the range itself does is left out."""
    if event not in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "subprocess.Popen"):
        return
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if OF_THE_RANGE in frame.f_code.co_filename:
            return
        frame = frame.f_back
    if event == "socket.connect":
        seen["stream" if arguments[0].type == socket.SOCK_STREAM else "datagram"] += 1
    elif event != "socket.getaddrinfo" or not is_address(arguments[0]):
        seen[event.partition(".")[2]] += 1


def is_address(host: object) -> bool:
    """Whether nobody has to be asked for it."""
    text = str(host).partition("%")[0]
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text)
        except OSError:
            continue
        return True
    return host is None


def walked(scenario: Scenario, content: Content) -> dict[str, Any]:
    """What one walk did, by the interpreter and by its own footprint."""
    with serve(scenario) as running:
        target = running.targets()[0]
        ends = time.monotonic() + 15
        runtime = running.runtime(target, content.platforms, connect_timeout=WAIT, ends=ends)
        answers = running.answers(content)
        seen.clear()
        prober = Prober(runtime, content.tree)
        try:
            drive(Walk.start(content.tree, dict(answers)), prober.run, answer_from(answers))
        finally:
            prober.close()
        made = runtime.footprint.told()
        return {"name": scenario.name, "family": target.family, "seen": dict(seen), "footprint": made}


if __name__ == "__main__":
    sys.addaudithook(watch)
    rules = open_content()
    for one in list_scenarios():
        print(json.dumps(walked(one, rules)), flush=True)

"""`dbwizard practice --serve SCENARIO`: serves and stays, so that one's own application or client can be pointed at it.

Only a signal ends it: Ctrl-C with 130, SIGTERM with 143, as everywhere in this program; its files are removed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from wizard.front import output, practicetools
from wizard.front.practicewatch import Overheard, OverheardQuestion

if TYPE_CHECKING:
    from wizard.practice import Running, Scenario
    from wizard.practice.peer import Watcher

LONG = 1.0
"""Seconds of one wait; a signal ends it at once, one that comes in the instant before it at its end."""
NOBODY = (
    "Nothing listens on the port: that is the fault. A client is refused by the system and not seen here."
)


def run(scenario: Scenario, *, port: int, as_json: bool, tell: bool) -> NoReturn:
    """Serve until a signal comes: it ends with KeyboardInterrupt, always. `port` 0 takes a free one.

    Raises PracticeError where the port cannot be had.
    """
    from wizard.practice import serve

    try:
        with serve(scenario, port=port, watch=_watch) as running:
            made = (
                json.dumps(as_data(running, tell=tell)) if as_json else "\n".join(lines(running, tell=tell))
            )
            (output.write_json if as_json else output.write)(f"{made}\n")
            # Whoever reads from a pipe waits for the address.
            output.flush()
            _say("Serving. Each client is shown here; Ctrl-C ends it.")
            while True:
                time.sleep(LONG)
    except KeyboardInterrupt:
        _say("Ended; its files are removed.")
        raise


def _watch(kind: str, client: str) -> Watcher:
    """Who reads along with one client."""
    return (OverheardQuestion if kind == "dns" else Overheard)(client, _say)


def _say(line: str) -> None:
    """A line to standard error; where nobody reads it any more, serving goes on."""
    with suppress(OSError, ValueError):
        output.write_error(f"{line}\n")


def as_data(running: Running, *, tell: bool) -> dict[str, Any]:
    """What a script needs: one object."""
    scenario = running.scenario
    return {
        "scenario": scenario.name,
        "engine": scenario.engine,
        "host": running.host,
        "port": running.port,
        "url": running.url,
        "environment": practicetools.environment(running),
        "files": str(running.files),
        "dns": None if running.dns is None else {"address": running.dns[0], "port": running.dns[1]},
        "commands": [one.text for one in practicetools.clients(running)],
        **({"cause": scenario.cause, "title": scenario.title, "tells": scenario.tells} if tell else {}),
    }


def lines(running: Running, *, tell: bool) -> Iterator[str]:
    """What a person needs, each command alone on its line."""
    scenario = running.scenario
    yield f"Practice scenario {scenario.name}"
    if scenario.story:
        yield scenario.story
    if running.url:
        yield from ("", "Connection:", f"  {running.url}")
    if variables := practicetools.environment(running):
        yield from ("", "The application's environment:")
        yield from (f"  {line}" for line in practicetools.exports(variables))
    if commands := practicetools.clients(running):
        yield from ("", "Clients:")
        yield from (f"  {one.text}" for one in commands)
    yield from _files(running)
    yield from _names(running)
    if _nobody_listens(scenario):
        yield from ("", NOBODY)
    if tell:
        yield from ("", f"The fault: {scenario.title} [{scenario.cause}]")
        if scenario.tells:
            yield scenario.tells


def _files(running: Running) -> Iterator[str]:
    if names := practicetools.files(running):
        yield from ("", f"Files in {running.files}, gone when this ends:", f"  {'  '.join(names)}")


def _names(running: Running) -> Iterator[str]:
    """How to ask the scenario's nameserver: no other program on this machine asks it."""
    if running.dns is None:
        return
    host = running.targets()[0].host or "db.shop.example"
    yield from ("", f"Nameserver: {running.dns[0]}, port {running.dns[1]}. To ask it:")
    yield f"  {practicetools.asked(running, host)}"
    yield "Your own programs ask the resolver of this machine, and so do not see this fault:"
    yield f"  dbwizard practice {running.scenario.name}   walks with this nameserver"


def _nobody_listens(scenario: Scenario) -> bool:
    from wizard.practice.model import Refusing

    return isinstance(scenario.behaviour, Refusing)

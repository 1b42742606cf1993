"""The words of a drill, for both of its faces: the log, what is known, what may be tried, and at the end why it was so.

A part is a heading with paragraphs, and commands that must not be broken. Nothing here writes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from wizard.core.tree import EXTRA_LAYERS
from wizard.front import practicetools
from wizard.front.words import LAYERS, OUTCOMES
from wizard.practice.drilltask import page_of

if TYPE_CHECKING:
    from wizard.content.load import Content
    from wizard.front.practiceground import Ground, Seen
    from wizard.practice import Running, Scenario
    from wizard.practice.drill import Drill, Option, Result

LOGGER = "shop.orders"
FAILED = "order 4711 not loaded"
"""What the made-up application was doing."""
_BY_LIBPQ = re.compile(r"(?:FATAL|SSL|server|Connection|received|expected|No route|Network|Operation)\b")
"""How what libpq puts behind the server's address begins."""
_USUAL_PORT = re.compile(r"(?<=port )(?:5432|3306)\b|(?<=:)(?:5432|3306)\b")
LOOK_WORDS = {
    "config": "the settings as they are read",
    "dns": "the name, and what nameservers say of it",
    "network": "whether the port answers, and who is there",
    "tls": "the handshake and the certificate",
    "auth": "the login",
    "database": "the session after the login",
    "capacity": "connections and their limits",
    "pool": "the application's own pool",
    "pooler": "a pooler in between",
    "server": "why a server is down, and its log",
    "app": "what the sessions are doing",
    "host": "services and platform of this host",
}
"""What can be looked at, in a few words."""
MOST_QUOTES = 8
"""Quotations of a walk that are shown."""


class Part(NamedTuple):
    """A heading, paragraphs, and lines that stay whole."""

    head: str
    paragraphs: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


def intro(ground: Ground, at: float) -> list[Part]:
    """What a person gets at a moment to begin with: the log first, then the connection, what is known, the tools."""
    running, scenario = ground.running, ground.scenario
    made = [Part("The application's log says:", tuple(log_lines(scenario, running, at)))]
    if scenario.story:
        made.append(Part("What happened:", (scenario.story,)))
    if variables := practicetools.environment(running):
        made.append(Part("Its environment:", (), tuple(practicetools.exports(variables))))
    elif running.url:
        made.append(Part("Its connection:", (), (running.url,)))
    if names := practicetools.files(running):
        made.append(Part("Its files:", (), (f"{running.files}/", f"  {'  '.join(names)}")))
    if known := list(_known(running, ground.content)):
        made.append(Part("What you know:", tuple(known)))
    if commands := tuple(one.text for one in practicetools.tools(running)):
        made.append(Part("In another terminal you can try:", _only_here(running), commands))
    return made


def _only_here(running: Running) -> tuple[str, ...]:
    """What programs of this machine cannot see of a scenario with names of its own."""
    if running.scenario.names is None:
        return ()
    return (
        "Programs of this machine ask its own resolver and see another thing than the application: look dns.",
    )


def log_lines(scenario: Scenario, running: Running, at: float) -> Iterator[str]:
    """The symptom as the application's log has it at a moment, with the port that its settings name."""
    port = running.targets()[0].port or running.port
    words = _USUAL_PORT.sub(str(port), scenario.symptom)
    first, *more = words.splitlines() or [""]
    libpq = scenario.engine == "postgresql" and not more and _BY_LIBPQ.match(first)
    if libpq and "connection to server" not in first:
        first = f'connection failed: connection to server at "{running.host}", port {port} failed: {first}'
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
    yield f"{stamp},{int(at * 1000) % 1000:03d} ERROR {LOGGER}: {FAILED}: {first}"
    yield from more


def _known(running: Running, content: Content) -> Iterator[str]:
    """What a person knows who works there: question and answer."""
    for fact, value in running.replies.items():
        question = content.tree.questions.get(fact)
        if question is None:
            continue
        labels = {option.value: option.label for option in question.options}
        yield f"{question.text} {labels.get(value, value)}."


def seen(found: list[Seen]) -> list[str]:
    """What the probes of a look say, a paragraph each; quotations follow their probe."""
    made = []
    for one in found:
        made.append(f"{one.probe}: {one.told}")
        quotes = dict.fromkeys(line for quote in one.quotes for line in quote.splitlines())
        made += [f"> {line}" for line in quotes if line not in one.told]
    return made


def verdict(drill: Drill, content: Content) -> list[str]:
    """Right or wrong, a sentence for the cause and one for the fix."""
    task = drill.task
    line = content.catalogue.get(task.cause, "")
    right = f"{task.cause}: {line}"
    if not drill.cause:
        return [f"Given up. It is {right}."]
    if drill.cause == task.cause:
        made = [f"Right: it is {right}."]
    elif drill.solved:
        made = [f"Right: {drill.cause} looks the same from here. What was served is {right}."]
    else:
        made = [f"Wrong: it is not {drill.cause}. It is {right}."]
    if drill.fix:
        said = _words(task.fixes, drill.fix)
        first = next((one.words for one in task.fixes if one.key in task.mends), "")
        made.append(f"The fix is right: {said}" if drill.mended else f"The fix is another one: {first}")
    return made


def _words(options: tuple[Option, ...], key: str) -> str:
    return next((one.words for one in options if one.key == key), key)


def solution(drill: Drill, ground: Ground, report: dict[str, Any]) -> list[Part]:
    """Why it is so: how one tells it, what the walk found, what it means, and why it is not what was said."""
    task, scenario, content = drill.task, ground.scenario, ground.content
    made = [Part(f"{scenario.title} ({scenario.name})", (scenario.tells,) if scenario.tells else ())]
    ladder = list(_ladder(report))
    made.append(Part("What the wizard's walk found:", tuple(ladder)))
    quotes = dict.fromkeys(one["text"] for one in report["evidence"])
    if others := [one for one in quotes if not any(one in row for row in ladder)][:MOST_QUOTES]:
        made.append(Part("Evidence:", tuple(others)))
    finding = next((one for one in report["findings"] if one["cause"] == task.cause), None)
    meaning = finding["meaning"] if finding else page_of(task.cause, scenario, content).meaning
    made.append(Part("What it means:", (meaning,)))
    if drill.cause and not drill.solved:
        made.append(Part(f"Why not {drill.cause}:", tuple(_why_not(drill.cause, ground, report))))
    if drill.fix and not drill.mended:
        owner = drill.fix
        line = content.catalogue.get(owner, "")
        made.append(Part("Why not your fix:", (f"That is what one does about {owner}: {line}.",)))
    made.append(Part("The whole page:", (), (f"dbwizard causes {task.cause}",)))
    return made


def _ladder(report: dict[str, Any]) -> Iterator[str]:
    for one in report["layers"]:
        if one["outcome"] != "skipped":
            told = f": {one['summary']}" if one["summary"] else ""
            yield f"{LAYERS.get(one['layer'], one['layer'])}: {OUTCOMES[one['outcome']]}{told}"


def _why_not(cause: str, ground: Ground, report: dict[str, Any]) -> Iterator[str]:
    """What speaks against a cause that was named: its layer was passed or never reached, or its words are others."""
    content, layer = ground.content, cause.partition(".")[0]
    page = page_of(cause, ground.scenario, content)
    outcomes = {one["layer"]: one["outcome"] for one in report["layers"]}
    yield f"It would mean: {content.catalogue.get(cause, cause)}."
    name = LAYERS.get(layer, layer)
    if outcomes.get(layer) == "ok":
        yield f"But the layer {name} was in order here."
    elif outcomes.get(layer, "skipped") == "skipped" and layer not in EXTRA_LAYERS:
        # The others have no place in the order of a connection.
        yield f"But the walk never came as far as the layer {name}: it failed before that."
    if page.seen_as:
        yield f"It is seen as: {'; '.join(page.seen_as[:3])}."


def score_line(results: list[Result]) -> str:
    """How it goes, in one sentence."""
    from wizard.practice.drillscore import streak, tally

    whole, row = tally(results), streak(results)
    return (
        f"{whole.solved} of {whole.tried} solved, {row.now} in a row now (best {row.best}); "
        f"{whole.looks:.1f} looks and {whole.seconds:.0f} s on average."
    )

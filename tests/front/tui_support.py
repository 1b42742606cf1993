"""A small tree, a stage for the screen, and probes that follow a script: for the tests of the full screen.

The content is read from real files, sessions are real files, the app is driven by keys alone. Only the looking at
the world is scripted, as in a scenario.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from textual import _wait
from textual.pilot import Pilot

from wizard.content.load import Content
from wizard.core.events import Event, Evidence, ProbeFinished, Skipped
from wizard.core.facts import Facts, Value
from wizard.core.steps import Run
from wizard.front.beginnings import Offers
from wizard.front.tui.app import WizardApp
from wizard.front.tui.course import make_course
from wizard.front.tui.widgets.ladder import Ladder
from wizard.front.tui.widgets.pane import Pane
from wizard.runtime import Runtime
from wizard.session import Session
from wizard.sessionlist import Entry
from wizard.target.model import HostPort, Problem, Secret, Target
from wizard.target.parse import parse_target

# The pilot takes the app for idle after a pause with next to no work, twice a key: a shorter one tells the same.
_wait.SLEEP_GRANULARITY, _wait.SLEEP_IDLE = 1 / 200, 1 / 4000

FILES = {
    "catalogue.yaml": """
causes:
  healthy: every layer answered
  inconclusive: the evidence does not single out one cause
  dns.name-not-found: the name does not exist
  network.refused: nothing listens there on that port
  network.timeout: packets vanish on the way
  network.service-down: the database service is not running
""",
    "facts.yaml": """
facts:
  engine: {values: [postgresql, mysql], meaning: the engine, from: [probe]}
  target.host: {meaning: the host, from: [probe]}
  network.outcome: {values: [connected, refused, timeout], meaning: how connecting ends, from: [probe, question]}
  runtime: {values: [host, docker], meaning: where the application runs, from: [question]}
  service.running: {values: ["yes", "no"], meaning: runs, from: [question], learn: "systemctl status {service}"}
fills:
  host: [target.host]
  port: [target.port]
  service: [host.service]
""",
    "questions.yaml": """
questions:
  runtime:
    ask: Where does the application run?
    why: In a container, localhost is the container itself.
    how: "`docker ps` lists containers."
    options: {host: Directly on this host, docker: In a Docker container}
  service.running:
    ask: Does the database service run on {host}?
    options: {"yes": It runs, "no": It does not run}
""",
    "symptoms.yaml": """
ask: What do you see?
symptoms:
  only-container: {words: It fails only from the container, gives: {runtime: docker}, likely: [network.timeout]}
  slow: {words: Connecting is slow, likely: [network.timeout]}
""",
    "trees/walk.yaml": """
layer: config
root: config.settings
nodes:
  config.settings:
    probe: config.settings
    says: Reading the settings
    edges: [{when: {engine: [postgresql, mysql]}, go: network.connect}]
    unknown: found.inconclusive
  network.connect:
    probe: network.connect
    layer: network
    says: Connecting to {target.host}, port {target.port}
    by-hand: nc -vz -w 3 {host} {port}
    edges:
      - {when: {network.outcome: connected}, go: found.healthy}
      - {when: {network.outcome: timeout}, go: found.network.timeout}
      - {when: {network.outcome: refused}, go: network.where}
    unknown: network.where
  network.where:
    ask: runtime
    layer: network
    edges:
      - {when: {runtime: docker}, go: found.network.refused}
      - {when: {runtime: host}, go: network.service}
    unknown: network.service
  network.service:
    ask: service.running
    layer: network
    edges:
      - {when: {service.running: "no"}, go: found.network.service-down}
      - {when: {service.running: "yes"}, go: found.network.refused, also: [network.timeout]}
    unknown: found.inconclusive
cautions:
  - {layer: config, when: {target.port: "6543"}, text: The port is that of a pooler.}
""",
    "practice/range.yaml": """
scenarios:
  - {name: nobody-there, title: Nothing listens on the port, engine: postgresql, layer: network, difficulty: easy,
     symptom: Connection refused, cause: network.refused, listens: nobody}
  - {name: silence, title: The port stays silent, engine: postgresql, layer: network, difficulty: medium,
     symptom: connection timeout expired, cause: network.timeout, listens: black-hole}
  - {name: name-gone, title: The name does not exist, engine: mysql, layer: dns, difficulty: easy,
     symptom: Unknown host, cause: dns.name-not-found, dns: {records: {}, otherwise: nxdomain}}
""",
    "causes/general.yaml": """
healthy:
  title: Every layer answered
  meaning: The connection works from here.
inconclusive:
  title: The evidence does not single out one cause
  meaning: Several causes fit.
""",
    "causes/network.yaml": """
network.refused:
  title: Nothing listens on {host}:{port}
  meaning: The machine answered, and its answer is that no program listens on this port.
  here:
    - {when: {runtime: docker}, text: "Inside a container, {host} is the container itself."}
  why: [The service is not started, The port is another one]
  fixes:
    - title: See what listens
      why: One line names the program, or there is none.
      risk: safe
      commands:
        - {language: sh, where: db-host, text: "ss -ltnp 'sport = :5999'"}
        - {language: sh, where: app-host, text: "nc -vz -w 3 {host} {port}"}
    - title: Start the service
      risk: restart
      undo: Stop it again.
      commands:
        - {language: sh, where: db-host, text: sudo systemctl restart postgresql}
  avoid: ["Do not open the port to the world"]
  verify: [{language: sh, where: app-host, text: dbwizard check}]
  see-also: [network.timeout]
  sources: ["https://www.postgresql.org/docs/current/server-start.html"]
  hand-over: "Please start the database on {host}."
network.timeout:
  title: No answer from {host}:{port}
  meaning: Packets vanish.
  fixes:
    - title: Look at the route
      commands: [{language: sh, where: app-host, text: "ip route get {host}"}]
network.service-down:
  title: The database service does not run
  fixes:
    - title: Start it
      risk: restart
      commands: [{language: sh, where: db-host, text: sudo systemctl start postgresql}]
""",
}
HOST = "db.example"
SETTINGS: dict[str, Value] = {"engine": "postgresql", "target.host": HOST, "target.port": 5999}
REFUSED: dict[str, Value] = {"network.outcome": "refused"}
HANG = "hang"
TARGET = Target(
    engine="postgresql",
    hosts=(HostPort(HOST, 5999),),
    user="app",
    database="shop",
    password=Secret("hunter2-and-more"),
    password_source="DATABASE_URL",
    source="DATABASE_URL",
)
NO_HOST = Target(
    engine="mysql",
    user="root",
    source=".env:3 DB_USER",
    problems=(Problem("missing", "host", "DB_HOST is not set.", ".env"),),
)
ENVIRON = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}


def content_in(folder: Path, files: Mapping[str, str]) -> Content:
    """The small tree as files, opened."""
    for name, text in {**FILES, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Content((folder,))


@dataclass
class Script:
    """What each probe will see, run by run: facts, or HANG until it is given up."""

    config: list[Any] = field(default_factory=lambda: [SETTINGS])
    network: list[Any] = field(default_factory=lambda: [REFUSED])
    ran: list[str] = field(default_factory=list)
    hanging: threading.Event = field(default_factory=threading.Event)

    def next(self, probe: str) -> Any:
        """The next thing that the probe sees; the last one is seen for ever."""
        self.ran.append(probe)
        seen: list[Any] = self.config if probe == "config.settings" else self.network
        return seen.pop(0) if len(seen) > 1 else seen[0]


class Scripted:
    """Probes that follow a script."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._given_up = threading.Event()

    def run(self, step: Run, facts: Facts) -> Event:
        seen = self.script.next(step.probe)
        if seen == HANG:
            self.script.hanging.set()
            assert self._given_up.wait(20), "nobody gave the hanging probe up"
            self._given_up.clear()
            self.script.hanging.clear()
            return Skipped(step.node, "given up", 1.0)
        evidence = ()
        if seen.get("network.outcome") == "refused":
            evidence = (
                Evidence("network", f"{HOST}:5999: Connection [bold]refused[/bold]\x1b[31m", "ECONNREFUSED"),
            )
        told = {"config.settings": "settings from DATABASE_URL"}.get(step.probe, "the port answered")
        return ProbeFinished(step.node, step.probe, seen, evidence, told, "", 12.0, 1.0)

    def give_up(self) -> None:
        self._given_up.set()

    def close(self) -> None:
        self.script.ran.append("close")


class Stage:
    """The running app, as a person at the keyboard has it."""

    def __init__(self, app: WizardApp, pilot: Pilot[int], script: Script, sent: list[str]) -> None:
        self.app = app
        self.pilot = pilot
        self.script = script
        self.sent = sent

    async def settle(self) -> None:
        """Wait until no worker is at work and every message was handled."""
        for _ in range(3):
            await self.app.workers.wait_for_complete()
            await self.pilot.pause()

    async def drawn(self) -> None:
        """Wait until every message was handled and what it changed is on the screen, whatever is still at work."""
        for _ in range(3):
            await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys, each on the screen that the one before has led to, and wait for what they start."""
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause()
        await self.settle()

    async def hangs(self) -> None:
        """Wait until the hanging probe has begun."""
        assert await asyncio.to_thread(self.script.hanging.wait, 20), "no probe hangs"
        await self.drawn()

    def text(self) -> str:
        """The whole screen as text."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    def page(self) -> str:
        """The whole page, also what needs scrolling, in one line a paragraph."""
        return self.app.screen.query_one(Pane).text()

    def flat(self) -> str:
        """The whole page on one line, so that a sentence is found wherever it was broken."""
        return " ".join(self.page().replace("│", " ").split())

    @property
    def cursor(self) -> str:
        return self.app.screen.query_one(Pane).cursor

    def ladder(self) -> dict[str, str]:
        """Layer to outcome, as shown."""
        return {rung.layer: rung.outcome for rung in self.app.screen.query_one(Ladder).rungs}

    @property
    def cause(self) -> str:
        """The verdict on the screen, or empty."""
        course = self.app.course
        return course.conclusion.diagnosis.cause if course and course.conclusion else ""

    def events(self) -> list[str]:
        """The kinds of the events that the session has on disk."""
        import json

        assert self.app.course is not None
        self.app.course.engine.scribe.wait(10)
        session = self.app.course.session
        assert session is not None
        assert session.path is not None
        return [json.loads(line)["kind"] for line in session.path.read_text().splitlines()[1:]]


@asynccontextmanager
async def stage(
    folder: Path,
    script: Script | None = None,
    *,
    size: tuple[int, int] = (80, 24),
    target: Target | None = TARGET,
    targets: tuple[Target, ...] = (),
    answers: Mapping[str, str] | None = None,
    environ: Mapping[str, str] = ENVIRON,
    hanging: bool = False,
    files: Mapping[str, str] | None = None,
    session: Session | None = None,
    sessions: Sequence[Entry] = (),
    began: Callable[[str], int] = lambda what: 0,
) -> AsyncIterator[Stage]:
    """The app on a screen of that size, with the walk at its first question or end (or `hanging`).

    `sessions` are those that the start screen offers; `began` hears of a session or scenario that was chosen there.
    """
    script = script or Script()
    sent: list[str] = []

    def session_for(one: Target) -> Session:
        return session or Session.create(folder / "state", {"target": {"host": one.host}})

    content = content_in(folder / "content", files or {})
    make = partial(
        make_course,
        content,
        lambda one: Runtime(one, {}),
        session_for,
        dict(answers or {}),
        None,
        probes=lambda runtime, tree: Scripted(script),
        clock=lambda: 0.0,
    )
    app = WizardApp(
        make,
        targets,
        target,
        partial(parse_target, environ={}, home=None),
        environ,
        sent.append,
        offers=Offers(content, lambda: sessions, began, began),
    )
    async with app.run_test(size=size) as pilot:
        made = Stage(app, pilot, script, sent)
        if hanging:
            await made.hangs()
        else:
            await made.settle()
        yield made

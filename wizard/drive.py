"""The only loop: a step becomes an event through two callables, `run` and `ask`. Each front end is a choice of those.

Probes run in daemon threads that can be abandoned: a probe that hangs costs its deadline and nothing more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from wizard.core.events import Answered, Event, ProbeFinished, Skipped
from wizard.core.facts import Facts
from wizard.core.steps import Ask, Finished, Run
from wizard.core.tree import Tree
from wizard.core.walk import Walk
from wizard.gated import passed, quoted
from wizard.probes import find
from wizard.probes.base import Probe, Report
from wizard.runtime import Runtime

OVERTIME = 0.5
"""Seconds beyond its own deadline after which a probe is abandoned."""
HEARING = 1.0
"""Seconds of one wait: a signal that comes in the instant before a wait is only heard when it ends."""
CHAIN = ("network.connect", "network.greet", "tls.handshake", "auth.login")
"""The probes that each take the connection one step further."""
INSIDE = ("database.inspect", "database.write-path", "capacity.inspect", "app.inspect")
"""The probes that need the session that the chain ends in."""
RunProbe = Callable[[Run, Facts], Event]
AskPerson = Callable[[Ask, Facts], Event]
OnEvent = Callable[[Event, Walk], None]


def drive(walk: Walk, run: RunProbe, ask: AskPerson, on_event: OnEvent | None = None) -> Walk:
    """Feed the walk until it is finished, and return it. `on_event` hears of each event and the walk after it."""
    while not isinstance(step := walk.step, Finished):
        event = run(step, walk.facts) if isinstance(step, Run) else ask(step, walk.facts)
        walk = walk.feed(event)
        if on_event is not None:
            on_event(event, walk)
    return walk


def catch_up(name: str, runtime: Runtime) -> None:
    """Bring the connection to where the probe `name` expects it.

    After a step back, or when a session is resumed, the connection is too far or gone: a new one is made, and the
    earlier probes of `CHAIN` run on it again, unheard.
    """
    needed = CHAIN.index(name) if name in CHAIN else len(CHAIN) if name in INSIDE else None
    if needed is None or runtime.stage == needed:
        return
    runtime.close()
    runtime.stage = 0
    if not runtime.addresses:
        probe_for("dns.resolve", runtime).function(runtime.target, runtime)
    for earlier in CHAIN[:needed]:
        probe_for(earlier, runtime).function(runtime.target, runtime)
        runtime.stage = stage_after(earlier, runtime)
        if not runtime.stage:
            return


def probe_for(name: str, runtime: Runtime) -> Probe:
    """The probe of that name, or what was recorded in its place. Raises KeyError where there is none."""
    found = find(name)
    return found._replace(function=runtime.recorded[name]) if name in runtime.recorded else found


def stage_after(name: str, runtime: Runtime) -> int:
    """How many probes of `CHAIN` the open connection has behind it, after `name`."""
    if runtime.channel is None:
        return 0
    return CHAIN.index(name) + 1 if name in CHAIN else runtime.stage


class Running:
    """A probe at work in its own daemon thread."""

    def __init__(self, probe: Probe, runtime: Runtime) -> None:
        self.probe = probe
        self.begun = time.monotonic()
        self.ms = 0.0
        self.report: Report | None = None
        self.done = threading.Event()
        self._runtime = runtime
        self.thread = threading.Thread(target=self._work, daemon=True, name=probe.name)
        try:
            self.thread.start()
        except RuntimeError:
            # No thread is to be had (a limit on processes or memory): it is then waited for to its end, at worst its
            # own time-outs.
            self._work()

    def _work(self) -> None:
        try:
            catch_up(self.probe.name, self._runtime)
            report = self.probe.function(self._runtime.target, self._runtime)
            self._runtime.stage = stage_after(self.probe.name, self._runtime)
        except Exception as error:  # noqa: BLE001 - a probe that fails is a thing not looked at, never the end of the walk
            report = Report(trouble=f"the probe {self.probe.name} failed: {type(error).__name__}")
        self.ms = (time.monotonic() - self.begun) * 1000
        self.report = report
        self.done.set()


class Prober:
    """Runs the real probes of one walk. One instance a walk; `close` ends the connection politely."""

    def __init__(self, runtime: Runtime, tree: Tree) -> None:
        self.runtime = runtime
        self._tree = tree
        self._early: dict[str, Running] = {}
        self._begun: list[Running] = []
        self._current: Running | None = None
        self._given_up = threading.Event()
        for name in tree.early:
            self._early[name] = self._begin(name)

    def run(self, step: Run, facts: Facts) -> Event:
        """Run the step's probe to its end, its deadline or `give_up`; always an event."""
        self._given_up.clear()
        self.runtime.facts = facts
        if self.runtime.ends is not None and self.runtime.clock() >= self.runtime.ends:
            return Skipped(step.node, "the time for the whole walk is over", time.time())
        running = self._early.pop(step.probe, None) or self._begin(step.probe)
        self._current = running
        self._wait(running)
        if running.report is None:
            why = (
                "given up" if self._given_up.is_set() else f"no result within {running.probe.deadline:.0f} s"
            )
            return Skipped(step.node, why, time.time())
        report = running.report
        return self._finished(step, report, running.ms)

    def _finished(self, step: Run, report: Report, ms: float) -> ProbeFinished:
        """What the probe saw as an event: without the secrets of this walk, whatever a peer has repeated."""
        gate = self.runtime.gate
        return ProbeFinished(
            step.node,
            step.probe,
            {key: passed(key, value, gate, self._tree) for key, value in report.facts.items()},
            quoted(report.evidence, gate),
            gate.text(report.summary),
            gate.text(report.trouble),
            round(ms, 1),
            time.time(),
        )

    def _wait(self, running: Running) -> None:
        limit = running.begun + running.probe.deadline + OVERTIME
        if self.runtime.ends is not None:
            limit = min(limit, self.runtime.ends + OVERTIME)
        while not running.done.is_set() and not self._given_up.is_set():
            remaining = limit - time.monotonic()
            if remaining <= 0:
                return
            running.done.wait(min(remaining, HEARING))

    def give_up(self) -> None:
        """Abandon the probe that runs now: it is skipped, and the walk goes on."""
        self._given_up.set()
        if self._current is not None:
            self._current.done.set()

    def _begin(self, name: str) -> Running:
        running = Running(probe_for(name, self.runtime), self.runtime)
        self._begun.append(running)
        return running

    def close(self) -> None:
        """End the connection, and the programs that abandoned probes still wait for."""
        self.runtime.close()
        if abandoned := {one.thread.ident for one in self._begun if one.thread.is_alive()}:
            from wizard.probes import child

            child.end_those_of(abandoned)


def answer_from(answers: dict[str, str]) -> AskPerson:
    """An `ask` for when nobody is there: the given answers, else the question's safe default, else skipped."""

    def ask(step: Ask, facts: Facts) -> Event:
        del facts
        if step.fact in answers:
            return Answered(step.node, answers[step.fact], "flag", time.time())
        if step.default:
            return Answered(step.node, step.default, "default", time.time())
        return Skipped(step.node, "nobody to ask", time.time())

    return ask

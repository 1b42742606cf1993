"""The ground of one drill: its scenario being served, single probes to look at it, and the whole walk at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from random import Random
from typing import TYPE_CHECKING, Any

from wizard.core.events import ProbeFinished
from wizard.core.facts import Fact, Facts
from wizard.core.steps import Run
from wizard.core.walk import Walk
from wizard.drive import CHAIN, INSIDE, Prober, answer_from, drive
from wizard.named import NamedTuple
from wizard.practice.drilltask import LOOKS, make_task
from wizard.redact import Redactor

if TYPE_CHECKING:
    from wizard.content.load import Content
    from wizard.practice import Running, Scenario
    from wizard.runtime import Runtime

CONNECT = 2.0
"""Seconds for a connection and for a first word: the range is on this machine."""
WHOLE = 20.0
"""Seconds for the whole walk at the end."""


class Seen(NamedTuple):
    """What one probe says: facts in words, and quotations; no verdict."""

    probe: str
    told: str
    quotes: tuple[str, ...] = ()


class Ground:
    """One drill's surroundings. `look` and `walk` block, each for a bounded time."""

    def __init__(self, running: Running, content: Content, random: Random) -> None:
        self.running = running
        self.scenario = running.scenario
        self.content = content
        self.task = make_task(self.scenario, content, random)
        self.target = running.targets()[0]
        self.facts = Facts()
        """What the looks have found so far: a later probe builds on it."""
        self.report: dict[str, Any] | None = None
        """What the whole walk found, once it was made."""
        self._runtime = self._new_runtime()

    def _new_runtime(self, ends: float | None = None) -> Runtime:
        return self.running.runtime(
            self.target, connect_timeout=CONNECT, ends=ends, platforms=self.content.platforms
        )

    def look(self, word: str) -> list[Seen]:
        """Run the probes of a word of LOOKS, and tell what they saw, or what kept them from looking."""
        prober = Prober(self._runtime, self.content.tree._replace(early=()))
        found: list[Seen] = []
        for probe in LOOKS[word]:
            if probe == "dns.ask-servers" and self.running.dns is None:
                continue  # nameservers of this machine have no part in it
            stopped = self._lead_to(probe, prober)
            seen = stopped or self._seen(prober, probe)
            if seen.probe not in {one.probe for one in found}:
                found.append(seen)
            if stopped:
                break
        return [one for one in found if one.told or one.quotes] or [Seen(word, "nothing to see")]

    def _lead_to(self, probe: str, prober: Prober) -> Seen | None:
        """Bring settings, addresses and connection to where a probe expects them; what was seen if that fails."""
        for name in takewhile(lambda one: one != probe, ("config.settings", "dns.resolve")):
            self._seen(prober, name)
        chain = CHAIN if probe in INSIDE else CHAIN[: CHAIN.index(probe)] if probe in CHAIN else ()
        if chain or probe in CHAIN:
            self._runtime.close()
            self._runtime.stage = 0
        for name in chain:
            seen = self._seen(prober, name)
            if self._runtime.channel is None:
                return seen
        return None

    def _seen(self, prober: Prober, probe: str) -> Seen:
        event = prober.run(Run("look", probe, ""), self.facts)
        if not isinstance(event, ProbeFinished):
            return Seen(probe, f"not looked at: {getattr(event, 'why', '')}")
        self.facts = self.facts.having(Fact(key, value, "probe") for key, value in event.facts.items())
        quotes = tuple(
            f"{one.text} ({one.code})" if one.code and one.code not in one.text else one.text
            for one in event.evidence
        )
        return Seen(probe, event.summary or event.trouble, quotes)

    def walk(self) -> dict[str, Any]:
        """The report of the whole walk with the answers that a person would give; made once."""
        if self.report is None:
            self.report = self._walked()
        return self.report

    def _walked(self) -> dict[str, Any]:
        from wizard.report import report, target_summary

        begun, started = time.monotonic(), time.time()
        runtime = self._new_runtime(begun + WHOLE)
        answers = self.running.answers(self.content)
        prober = Prober(runtime, self.content.tree)
        try:
            walk = drive(Walk.start(self.content.tree, answers), prober.run, answer_from(answers))
        finally:
            prober.close()
        return report(
            walk,
            self.content,
            target_summary(self.target),
            started=started,
            elapsed_ms=(time.monotonic() - begun) * 1000,
            redactor=Redactor(()),
        )

    def close(self) -> None:
        """End the connection that looks hold open."""
        self._runtime.close()


@contextmanager
def ground(scenario: Scenario, content: Content, random: Random) -> Iterator[Ground]:
    """Serve a scenario for the time of a drill."""
    from wizard.practice import serve

    with serve(scenario) as running:
        made = Ground(running, content, random)
        try:
            yield made
        finally:
            made.close()

"""The work behind the screen: reading content, running probes, judging, writing. All of it off the UI thread.

Nothing in here touches a widget: every result is posted as a message with the number of its run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Event as Flag
from threading import Thread
from typing import TYPE_CHECKING, Protocol

from textual.message import Message

from wizard.core.events import Event, ProbeFinished, Skipped
from wizard.core.steps import Run
from wizard.errors import WizardError
from wizard.footprint import Ledger, footprint_of
from wizard.front.tui.messages import Concluded, Failed, Opened, Reported, Said

if TYPE_CHECKING:
    from wizard.content.load import Content
    from wizard.core.events import Touched
    from wizard.core.facts import Facts, Value
    from wizard.core.tree import Tree
    from wizard.core.walk import Walk
    from wizard.runtime import Runtime
    from wizard.session import Session
    from wizard.target.model import Target

LAST_WORDS = 2.0
"""Seconds that the end of the program waits for the session file."""


class Probes(Protocol):
    """Runs the probes of one walk: `drive.Prober`, or a scenario in a test."""

    def run(self, step: Run, facts: Facts) -> Event:
        """Run the step's probe; always an event."""

    def give_up(self) -> None:
        """Abandon the probe that runs now."""

    def close(self) -> None:
        """End the connection."""


MakeProbes = Callable[["Runtime", "Tree"], Probes]


def real_probes(runtime: Runtime, tree: Tree) -> Probes:
    """The probes that look at the real world."""
    from wizard.drive import Prober

    return Prober(runtime, tree)


@dataclass(frozen=True)
class Supply:
    """What the engine needs from the rest of the program, given by whoever starts the screen."""

    content: Content
    runtime: Callable[[Target], Runtime]
    session: Callable[[Target], Session]
    probes: MakeProbes = real_probes
    reread: Callable[[Target], Target] | None = None
    """Reads the settings anew before a walk is run again, for a fix that changed a file."""


class Scribe:
    """Writes events into the session in their order, in a thread of its own: a slow disk never stops the screen."""

    def __init__(self, post: Callable[[Message], object]) -> None:
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._post = post
        self._told = False
        self._thread = Thread(target=self._work, daemon=True, name="scribe")
        self._thread.start()

    def add(self, session: Session, event: Event) -> None:
        """Have the event written."""

        def write() -> None:
            session.add(event)
            trouble = getattr(session, "trouble", "")
            if trouble and not self._told:
                self._told = True
                self._post(Said(str(trouble)))

        self._queue.put(write)

    def new_walk(self, session: Session, answers: Mapping[str, str]) -> None:
        """Have it written that a new walk begins, with these answers known from the start."""
        facts: dict[str, Value] = {**answers}
        self._queue.put(lambda: session.new_walk(facts))

    def wait(self, seconds: float = LAST_WORDS) -> None:
        """Return when all is written, or when the time is over."""
        done = Flag()
        self._queue.put(done.set)
        done.wait(seconds)

    def _work(self) -> None:
        while (write := self._queue.get()) is not None:
            write()


class Attempt:
    """One set of probes, from their making to their end. A step back leaves it and begins another."""

    def __init__(self) -> None:
        self.probes: Probes | None = None
        self.given_up = Flag()
        self.left = False

    def give_up(self) -> None:
        """Abandon the probe that runs now."""
        self.given_up.set()
        if self.probes is not None:
            self.probes.give_up()

    def close(self) -> None:
        """End the connection that the probes hold."""
        probes, self.probes = self.probes, None
        if probes is not None:
            probes.close()


class Engine:
    """Does the work of one target's walks. Its methods run in workers, except `drop` and `give_up`."""

    def __init__(self, supply: Supply, target: Target, post: Callable[[Message], object]) -> None:
        self.supply = supply
        self.target = target
        self.post = post
        self.scribe = Scribe(post)
        self.attempt = Attempt()
        self.ledger = Ledger()
        """What the walk does to servers, all its attempts together."""
        self._runtime: Runtime | None = None
        """That of the latest attempt."""

    def open(self, run: int, answers: Mapping[str, str], *, again: bool = False) -> None:
        """Load the tree and begin: posts Opened, or Failed."""
        self.ledger, self._runtime = Ledger(), None
        try:
            tree = self.supply.content.tree
            if again and self.supply.reread is not None:
                self.target = self.supply.reread(self.target)
            session, trouble = (None, "") if again else self._session()
            walk, changed = _beginning(tree, session, answers)
        except WizardError as error:
            self.post(Failed(run, str(error)))
            return
        self.post(Opened(run, walk, session, trouble or changed))

    def _session(self) -> tuple[Session | None, str]:
        """A new session; a disk that refuses one does not stop the walk."""
        try:
            session = self.supply.session(self.target)
            return session, session.trouble
        except (OSError, WizardError) as error:
            return None, f"This session is not saved: {error}"

    def probe(self, run: int, walk: Walk, step: Run, attempt: Attempt) -> None:
        """Run the step's probe: posts Reported. New probes first repeat what led here, in a new connection."""
        # A killed process loses at most the event in flight: what came before is on disk when the next step begins.
        self.scribe.wait()
        if attempt.probes is None:
            try:
                self._runtime = runtime = self.supply.runtime(self.target)
                runtime.footprint = self.ledger
                attempt.probes = self.supply.probes(runtime, walk.tree)
            except WizardError as error:
                self.post(Failed(run, str(error)))
                return
            self._repeat(attempt.probes, walk, attempt)
        if attempt.given_up.is_set():
            event: Event = Skipped(step.node, "given up", time.time())
        else:
            event = attempt.probes.run(step, walk.facts)
        if isinstance(event, ProbeFinished) and "error.text" in event.facts:
            self.supply.content.classifier  # noqa: B018 - read from disk here, so that the screen need not wait for it
        if attempt.left:
            attempt.close()
        self.post(Reported(run, event))

    def _repeat(self, probes: Probes, walk: Walk, attempt: Attempt) -> None:
        """Run what led here once more, so that a connection stands where the walk stands."""
        for hop in walk.trail:
            if hop.kind == "probe" and hop.by == "probe" and not attempt.given_up.is_set():
                node = walk.tree.node(hop.node)
                probes.run(Run(node.id, node.probe, node.layer), walk.facts)

    def conclude(self, run: int, walk: Walk, attempt: Attempt) -> None:
        """Judge the finished walk: posts Concluded, or Failed."""
        from wizard.front.tui.conclusion import build

        attempt.close()
        try:
            self.post(Concluded(run, build(walk, self.supply.content, self._footprint(walk))))
        except WizardError as error:
            self.post(Failed(run, str(error)))

    def touched(self) -> Touched | None:
        """What this sitting of the walk has done to servers until now; None where that is nothing."""
        return self._runtime.touched() if self._runtime is not None else None

    def _footprint(self, walk: Walk) -> str:
        """What the walk did to servers, in a sentence; empty where no probe went near one."""
        from wizard.footprintwords import sentence

        touched = self.touched()
        made = footprint_of([*walk.events, *([touched] if touched else [])])
        return sentence(made) if made["connections"] else ""

    def give_up(self) -> None:
        """Abandon the probe that runs now; it is reported as skipped."""
        self.attempt.give_up()

    def drop(self) -> None:
        """Leave the probes of this run for good: the next probe begins with new ones."""
        self.attempt.left = True
        self.attempt.give_up()
        self.attempt = Attempt()

    def export(self, session: Session, folder: Path, forms: Sequence[str], anonymous: bool) -> None:
        """Write the transcript in these forms: posts Said with the paths, or with what went wrong."""
        from wizard.front.tui.exporting import write_transcript

        self.scribe.wait()
        told = write_transcript(session, self.supply.content, folder, forms, anonymous=anonymous)
        self.post(Said(told))


def _beginning(tree: Tree, session: Session | None, answers: Mapping[str, str]) -> tuple[Walk, str]:
    """A new walk, or the one at which a saved session broke off; a sentence where the tree has changed since."""
    from wizard.core.walk import Walk

    if session is not None and session.walks[-1].events:
        from wizard.session import replayed

        return replayed(tree, session.walks[-1])
    return Walk.start(tree, dict(answers)), ""


def kept_answers(facts: Facts, standing: frozenset[str]) -> dict[str, str]:
    """The answers that stay true when the walk is run again: those about the place, not about the fault."""
    return {
        fact.key: str(fact.value) for fact in facts if fact.key in standing and fact.by in ("user", "flag")
    }


STANDING = frozenset(
    {"runtime", "managed", "server_access", "worked_before", "frequency", "others_connect", "writes"}
)
"""The questions of the public contract: asked once in a session."""

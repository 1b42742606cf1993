"""Where one target's walks stand: the single state that the screens show. Only handlers on the UI thread change it.

Every change that leaves a run behind counts `run` up; what arrives for an older run is dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from textual.message import Message

from wizard.core.events import Answered, Event, Noted, Overruled, Showed, Touched
from wizard.core.overruling import passed
from wizard.core.steps import Ask, Finished, Run, Step
from wizard.front.tui.engine import STANDING, Engine, MakeProbes, Supply, kept_answers, real_probes
from wizard.front.tui.messages import Concluded, Failed, FromRun, Opened, Reported

if TYPE_CHECKING:
    from wizard.content.load import Content
    from wizard.core.facts import Value
    from wizard.core.walk import Walk
    from wizard.front.tui.app import WizardApp
    from wizard.front.tui.conclusion import Conclusion
    from wizard.runtime import Runtime
    from wizard.session import Session
    from wizard.target.model import Target

Spawn = Callable[[Callable[[], None]], object]
"""Starts a piece of work in a thread."""


class Course:
    """The walks of one target, the session they are saved in, and the verdicts."""

    def __init__(
        self,
        engine: Engine,
        spawn: Spawn,
        answers: dict[str, str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.engine = engine
        self.answers = answers
        self.clock = clock
        self.run = 0
        self.walk: Walk | None = None
        self.session: Session | None = None
        self.conclusion: Conclusion | None = None
        self.before: Conclusion | None = None
        """The verdict of the walk before this one, once it is run again."""
        self.trouble = ""
        self.failure = ""
        self.began = clock()
        """When the step that runs now began."""
        self._spawn = spawn

    @property
    def step(self) -> Step | None:
        """What the walk wants; None while it is being loaded."""
        return self.walk.step if self.walk is not None else None

    @property
    def moment(self) -> str:
        """`running`, `question` or `finding`: which view and which keys there are."""
        if self.conclusion is not None or self.failure:
            return "finding"
        return "question" if isinstance(self.step, Ask) else "running"

    @property
    def waiting(self) -> bool:
        """Whether a probe is at work."""
        return isinstance(self.step, Run)

    def begin(self) -> None:
        """Start the first walk."""
        self._open(again=False)

    def verify(self) -> None:
        """Run the whole walk again in the same session, and keep the verdict to compare with."""
        if self.walk is None or self.conclusion is None:
            return
        self.before = self.conclusion
        self.answers = {**self.answers, **kept_answers(self.walk.facts, STANDING)}
        if self.session is not None:
            self.engine.scribe.new_walk(self.session, self.answers)
        self._open(again=True)

    def _open(self, *, again: bool) -> None:
        self._leave_run()
        self.walk = None
        self._spawn(partial(self.engine.open, self.run, self.answers, again=again))

    def _leave_run(self) -> None:
        """Begin a new run: nothing that still comes from the old one counts, and its connection is closed."""
        left, working = self.engine.attempt, self.waiting
        self.engine.drop()
        if left.probes is not None and not working:
            self._spawn(left.close)
        self.run += 1
        self.conclusion = None
        self.failure = ""
        self.began = self.clock()

    def leave(self) -> None:
        """The person goes: nothing is waited for."""
        self.run += 1
        self.engine.give_up()

    def finish(self) -> None:
        """When the screen is gone: end the connection politely and let the session reach the disk. Bounded."""
        self.engine.attempt.close()
        self._keep_footprint()
        self.engine.scribe.wait()

    def receive(self, message: FromRun) -> bool:
        """Take what a worker reports; False when it belongs to a run that was left."""
        if message.run != self.run:
            return False
        if isinstance(message, Opened):
            if message.session is not None:
                self.session = message.session
                if self.answers and not message.walk.events:
                    self.engine.scribe.new_walk(self.session, self.answers)
            self.trouble = message.trouble or self.trouble
            self.walk = message.walk
            self._go()
        elif isinstance(message, Reported):
            self._feed(message.event)
        elif isinstance(message, Concluded):
            self.conclusion = message.conclusion
            self._keep_footprint()
        elif isinstance(message, Failed):
            self.failure = message.text
        return True

    def answer(self, value: str) -> None:
        """Answer the question that is asked."""
        if isinstance(self.step, Ask):
            self._feed(Answered(self.step.node, value, "user", time.time()))

    def skip(self) -> None:
        """Stop waiting for the probe that runs: it reports itself as skipped, and the walk goes on without it."""
        if self.waiting:
            self.engine.give_up()

    def back(self, steps: int) -> None:
        """Go `steps` steps back, and wait for another answer or run the check there anew."""
        if self.walk is None or steps < 1:
            return
        self._leave_run()
        for _ in range(steps):
            self.walk = self.walk.back(time.time())
            self._save(self.walk.events[-1])
        self._go()

    def overrule(self, node: str, facts: Mapping[str, Value]) -> bool:
        """Believe a person about a passed step, and go on from there; False where that step is not passed any more."""
        if self.walk is None or all(step.before.at != node for step in passed(self.walk)):
            return False
        walk = self.walk.feed(Overruled(node, facts, time.time()))
        self._leave_run()
        self.walk = walk
        self._save(walk.events[-1])
        self._go()
        return True

    def note(self, text: str) -> None:
        """Keep a remark."""
        self._mention(Noted(text, time.time()))

    def showed(self, command: str, how: str) -> None:
        """Keep that a command was copied or shown alone."""
        self._mention(Showed(command, how, time.time()))

    def message(self) -> str:
        """The finding as a message for another team; empty before there is one."""
        from wizard.front.handover import message_of

        return message_of(self.conclusion, self.session) if self.conclusion is not None else ""

    def _keep_footprint(self) -> None:
        """Keep what was done to servers, unless it is kept already."""
        touched = self.engine.touched()
        kept = [one.did for one in self.walk.events if isinstance(one, Touched)] if self.walk else []
        if touched is not None and touched.did not in kept:
            self._mention(touched)

    def _mention(self, event: Event) -> None:
        if self.walk is not None:
            self.walk = self.walk.feed(event)
            self._save(event)

    def _feed(self, event: Event) -> None:
        if self.walk is not None:
            self.walk = self.walk.feed(event)
            self._save(event)
            self._go()

    def _save(self, event: Event) -> None:
        if self.session is not None:
            self.engine.scribe.add(self.session, event)

    def _go(self) -> None:
        """Start what the walk wants now, unless it wants an answer."""
        walk, step = self.walk, self.step
        self.began = self.clock()
        if walk is None:
            return
        if isinstance(step, Run):
            self.engine.attempt.given_up.clear()
            self._spawn(partial(self.engine.probe, self.run, walk, step, self.engine.attempt))
        elif isinstance(step, Finished):
            self._spawn(partial(self.engine.conclude, self.run, walk, self.engine.attempt))


def make_course(
    content: Content,
    runtime_factory: Callable[[Target], Runtime],
    session_factory: Callable[[Target], Session],
    answers: dict[str, str],
    reread: Callable[[Target], Target] | None,
    app: WizardApp,
    target: Target,
    *,
    probes: MakeProbes | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Course:
    """The course of one target; `probes` stands in for the real ones."""
    post: Callable[[Message], object] = app.post_message
    supply = Supply(content, runtime_factory, session_factory, probes or real_probes, reread)
    return Course(Engine(supply, target, post), app.spawn, dict(answers), clock)

"""The walk as plain lines, for a dumb terminal, a pipe, a screen reader. It moves no cursor, and never waits for
somebody who is not there.

`read` gets a prompt and gives one line without its end, or raises EOFError; `write` takes text as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from wizard import printed, report
from wizard.core.events import Answered, Event, Noted, ProbeFinished, Showed, Skipped, WentBack
from wizard.core.facts import Facts
from wizard.core.page import Filler
from wizard.core.steps import Ask, Run
from wizard.core.tree import LONGEST_ANSWER, Tree
from wizard.core.walk import Walk
from wizard.drive import Prober, drive
from wizard.exits import BY_STATUS, Exit
from wizard.front import plainmenu
from wizard.front.words import DONT_KNOW, before_after, duration, to_ascii
from wizard.redact import Redactor, clean, harmless
from wizard.runtime import Runtime
from wizard.session import Session, replayed

if TYPE_CHECKING:
    from wizard.content.load import Content

PATIENCE = 10
"""Answers in a row that make no sense, or are empty, before a question is passed over: a pipe may never end."""
HELP = "w why, h how to find out, b back, s skip, n note, e export, q quit"
_WANTED = {
    "choice": "0 to {}",
    "number": "a number (0 if you don't know)",
    "text": "0 to {}, or the text in one line",
}
Read = Callable[[str], str]
Write = Callable[[str], None]


class _Quit(Exception):
    """The person wants to leave."""


def run(
    runtime: Runtime,
    tree: Tree,
    content: Content,
    session: Session,
    read: Read,
    write: Write,
    answers: Mapping[str, str],
    *,
    ascii_only: bool = False,
    width: int = 80,
) -> int:
    """Walk, show the finding, offer to check again; the exit status of the last verdict.

    A session that already has events is taken up where it stopped. `answers` are given up front.
    """
    lines = Lines(read, write, _redactor(runtime), ascii_only, width)
    sitting = _Sitting(runtime, tree, content, session, lines)
    try:
        return sitting.go(answers)
    except KeyboardInterrupt:
        lines.say("")
        sitting.say_where_saved()
        return int(Exit.INTERRUPTED)


class Lines:
    """The two ends of the conversation. What is written holds no secret and no control character."""

    def __init__(self, read: Read, write: Write, redactor: Redactor, ascii_only: bool, width: int) -> None:
        self._read = read
        self._write = write
        self.redactor = redactor
        self.ascii = ascii_only
        self.width = width
        self.nobody = False
        """Whether the input has ended: from then on nothing is asked."""

    def say(self, text: str, end: str = "\n") -> None:
        """Write one text that nobody has looked at yet."""
        self.show(self.redactor.text(text) + end)

    def show(self, text: str) -> None:
        """Write a text whose secrets are gone, as those of a report are."""
        shown = clean(text, limit=0)
        self._write(to_ascii(shown) if self.ascii else shown)

    def ask(self, prompt: str) -> str | None:
        """One line of the person, without blanks around it, or None when nobody is there."""
        if self.nobody:
            return None
        try:
            return self._read(prompt).strip()
        except EOFError:
            self.nobody = True
            self.say("")
            return None


class _Sitting:
    """One person at one terminal: the walks of a session."""

    def __init__(
        self, runtime: Runtime, tree: Tree, content: Content, session: Session, lines: Lines
    ) -> None:
        self.runtime = runtime
        self.tree = tree
        self.content = content
        self.session = session
        self.lines = lines
        self.walk = Walk.start(tree)
        self._rewinding = False
        self._complained = ""
        self._prober: Prober | None = None

    def go(self, answers: Mapping[str, str]) -> int:
        """All walks, until the person has enough."""
        self._begin(answers)
        before: dict[str, Any] | None = None
        while True:
            try:
                self._walk()
            except _Quit:
                self.say_where_saved()
                return int(Exit.INCONCLUSIVE)
            found = self._report()
            self._show(found, before)
            if not plainmenu.offer(self.lines, self.session, self.content, found, self._happened):
                self.say_where_saved()
                return int(BY_STATUS[found["status"]])
            before = found
            self._again()

    def say_where_saved(self) -> None:
        """How to come back."""
        if self.session.path is not None and not self.session.trouble:
            self.lines.say(f"Saved. To go on: dbwizard resume {self.session.id}")

    def _begin(self, answers: Mapping[str, str]) -> None:
        saved = self.session.walks[-1]
        if saved.events:
            self.walk, changed = replayed(self.tree, saved)
            self.lines.say(f"Session {self.session.id} goes on. {changed}".rstrip())
            return
        if answers and dict(answers) != saved.facts:
            self.session.new_walk({**saved.facts, **answers})
        self.walk = Walk.start(self.tree, self.session.walks[-1].facts)
        self._complain()

    def _walk(self) -> None:
        self._prober = Prober(self.runtime, self.tree)
        try:
            drive(self.walk, self._run, self._ask, self._on_event)
        finally:
            self._prober.close()

    def _again(self) -> None:
        """Start anew after a fix, with what the person said about the surroundings."""
        kept = {
            fact.key: fact.value
            for fact in self.walk.facts
            if fact.key in self.tree.questions and "." not in fact.key and fact.by in ("user", "flag")
        }
        self.runtime.addresses.clear()
        self.runtime.facts = Facts()
        self.session.new_walk(kept)
        self.walk = Walk.start(self.tree, kept)

    def _on_event(self, event: Event, walk: Walk) -> None:
        self.walk = walk
        self.session.add(event)
        self._complain()

    def _happened(self, event: Event) -> None:
        """Note an event that moves no step."""
        self._on_event(event, self.walk.feed(event))

    def _complain(self) -> None:
        """Say once that the session is not saved."""
        if self.session.trouble != self._complained:
            self._complained = self.session.trouble
            self.lines.say(self.session.trouble)

    def _run(self, step: Run, facts: Facts) -> Event:
        if self._rewinding and self.walk.previous is not None:
            return WentBack(time.time())
        self._rewinding = False
        self.lines.say(f"{self._filled(step.says) or step.probe} … ", end="")
        assert self._prober is not None  # set by _walk, the only caller of drive
        event = self._prober.run(step, facts)
        if isinstance(event, ProbeFinished):
            self.lines.say(f"{event.summary or event.trouble or 'done'} ({duration(event.ms)})")
        elif isinstance(event, Skipped):
            self.lines.say(f"skipped: {event.why}")
        return event

    def _ask(self, step: Ask, facts: Facts) -> Event:
        del facts
        self._rewinding = False
        self.lines.say(f"\n{self._filled(step.text)}")
        for number, option in enumerate(step.options, 1):
            default = " (default)" if option.value == step.default else ""
            self.lines.say(f"  {number} {option.label}{default}")
        self.lines.say(f"  0 {DONT_KNOW}\n  ({HELP})")
        for _ in range(PATIENCE):
            said = self.lines.ask(_prompt(step))
            if said is None:
                return self._nobody(step)
            event = self._understood(said, step)
            if event is not None:
                return event
        return Skipped(step.node, "no answer that could be understood", time.time())

    def _nobody(self, step: Ask) -> Event:
        """What happens to a question when the input has ended: its safe default, else skipped."""
        if step.default:
            return Answered(step.node, step.default, "default", time.time())
        return Skipped(step.node, "nobody to ask", time.time())

    def _understood(self, said: str, step: Ask) -> Event | None:
        """The event that a line means, or None where the question stands."""
        now = time.time()
        values = {"0": "unknown", "unknown": "unknown"}
        for number, option in enumerate(step.options, 1):
            values[str(number)] = values[option.value.lower()] = option.value
        word = said.lower()
        if word in values:
            return Answered(step.node, values[word], "user", now)
        if not word and step.default:
            return Answered(step.node, step.default, "user", now)
        if word == "s":
            return Skipped(step.node, "the person chose so", now)
        if word == "b":
            return self._back(now)
        if word == "n":
            note = self.lines.ask("Note: ")
            return Noted(clean(note), now) if note else None
        if word == "q":
            raise _Quit
        if step.kind != "choice" and len(word) > (0 if word.isdigit() else 1):
            return self._typed(said, step)
        self._told(word, step)
        return None

    def _typed(self, said: str, step: Ask) -> Event | None:
        """The event of an answer that is no option, or None where it does not fit the question."""
        question = self.tree.questions[step.fact]
        value = harmless(said, LONGEST_ANSWER)
        refusal = question.refusal(value)
        if refusal:
            self.lines.say(f"That is no answer: it is {refusal}.")
            return None
        return Answered(step.node, value, "user", time.time())

    def _told(self, word: str, step: Ask) -> None:
        """Answer a person who asks back."""
        if word == "w":
            self.lines.say(self._filled(step.why) or "It tells causes apart that look alike from here.")
        elif word == "h":
            self.lines.say(self._filled(step.how) or "There is no recipe for this one; 0 is a good answer.")
        elif word == "e":
            plainmenu.export(self.lines, self.session, self.content)
        else:
            self.lines.say(f"Please type {_WANTED[step.kind].format(len(step.options))}, or: {HELP}.")

    def _back(self, now: float) -> Event | None:
        """To the question before, over the probes in between."""
        earlier = self.walk.previous
        while earlier is not None and not isinstance(earlier.step, Ask):
            earlier = earlier.previous
        if earlier is None:
            self.lines.say("There is no earlier question.")
            return None
        self._rewinding = True
        return WentBack(now)

    def _filled(self, text: str) -> str:
        return Filler(self.walk.facts, self.tree.fills).sentence(text)

    def _report(self) -> dict[str, Any]:
        saved = self.session.walks[-1]
        started = saved.at or self.session.started
        return report.report(
            self.walk,
            self.content,
            report.target_summary(self.runtime.target),
            started=started,
            elapsed_ms=(time.time() - started) * 1000,
            redactor=self.lines.redactor,
            session=self.session.id if self.session.path else "",
            trouble=[self.session.trouble] if self.session.trouble else [],
        )

    def _show(self, found: dict[str, Any], before: dict[str, Any] | None) -> None:
        """The finding, and what the fix has changed."""
        self.lines.say("")
        self.lines.show(printed.text(found, ascii=self.lines.ascii, width=self.lines.width, symbols=False))
        if before is not None:
            self.lines.say("\n" + before_after(before, found))
        for fix in found["findings"][0]["fixes"][:1]:
            for command in fix["commands"]:
                self._happened(Showed(command["text"], "shown", time.time()))


def _prompt(step: Ask) -> str:
    return f"Your answer, {_WANTED[step.kind].format(len(step.options))}: "


def _redactor(runtime: Runtime) -> Redactor:
    return Redactor(runtime.secrets)

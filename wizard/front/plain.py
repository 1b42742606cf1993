"""The walk as plain lines, for a dumb terminal, a pipe, a screen reader. It moves no cursor, and never waits for
somebody who is not there.

`read` gets a prompt and gives one line without its end, or raises EOFError; `write` takes text as it is.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wizard import printed, report
from wizard.core.events import Answered, Event, ProbeFinished, Showed, Skipped, WentBack
from wizard.core.facts import Facts
from wizard.core.page import Filler
from wizard.core.steps import Ask, Run
from wizard.core.tree import LONGEST_ANSWER, Tree
from wizard.core.walk import Walk
from wizard.drive import Prober, drive
from wizard.exits import BY_STATUS, Exit
from wizard.footprint import Ledger, footprint_of
from wizard.footprintwords import sentence
from wizard.front import plainmenu, plainmoves
from wizard.front.plainlines import Lines, Read, Write
from wizard.front.words import DONT_KNOW, LAYERS, OUTCOMES, before_after, changed_layers, duration
from wizard.impact import certainty
from wizard.redact import harmless
from wizard.runtime import Runtime
from wizard.session import Session, replayed

if TYPE_CHECKING:
    from wizard.content.load import Content

PATIENCE = 10
"""Answers in a row that make no sense, or are empty, before a question is passed over: a pipe may never end."""
KEYS = (*plainmenu.COMMON, "b")
"""The keys that may be followed by a word."""
HELP = "w why, h how to find out, b back, s skip, n note, e export, q quit; ? all keys"
_WANTED = {
    "choice": "0 to {}",
    "number": "a number (0 if you don't know)",
    "text": "0 to {}, or the text in one line",
}


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
    lines = Lines(read, write, runtime.gate, ascii_only, width)
    sitting = _Sitting(runtime, tree, content, session, lines)
    try:
        return sitting.go(answers)
    except KeyboardInterrupt:
        lines.say("")
        sitting.say_where_saved()
        return int(Exit.INTERRUPTED)


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
        self._steps_back = 0
        """Steps that are still to be gone back."""
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
            wish = self._menu(found).offer()
            if wish == plainmenu.QUIT:
                self.say_where_saved()
                return int(BY_STATUS[found["status"]])
            if wish == plainmenu.VERIFY:
                before = found
                self._again()

    def _menu(self, found: Mapping[str, Any]) -> plainmenu.Menu:
        return plainmenu.Menu(
            self.lines, self.session, self.content, found, lambda: self.walk, self._happened
        )

    def say_where_saved(self) -> None:
        """How to come back; from practice nobody does, for its server is gone."""
        if self.session.path is not None and not self.session.trouble and not self.session.is_practice:
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
            if (touched := self.runtime.touched()) is not None:
                self._happened(touched)

    def _again(self) -> None:
        """Start anew after a fix, with what the person said about the surroundings."""
        kept = {
            fact.key: fact.value
            for fact in self.walk.facts
            if fact.key in self.tree.questions and "." not in fact.key and fact.by in ("user", "flag")
        }
        self.runtime.addresses.clear()
        self.runtime.facts, self.runtime.footprint = Facts(), Ledger()
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
        if self._steps_back:
            return self._one_back()
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
        if self._steps_back:
            return self._one_back()
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
        key, _, rest = said.partition(" ")
        if key.lower() in KEYS and (not rest or step.kind != "text"):
            return self._moved(key.lower(), rest.strip())
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
        elif word == "?":
            self.lines.say(f"Type {_WANTED[step.kind].format(len(step.options))}, or:\n{plainmenu.MORE}")
        else:
            self.lines.say(f"Please type {_WANTED[step.kind].format(len(step.options))}, or: {HELP}.")

    def _moved(self, key: str, rest: str) -> Event | None:
        """The event of a key that every moment has, or None where nothing happened."""
        if key == "b":
            self._steps_back = plainmoves.steps_back(self.lines, self.walk, rest)
            return self._one_back() if self._steps_back else None
        return plainmenu.common(key, rest, self.lines, self.session, self.content, self.walk)

    def _one_back(self) -> WentBack:
        self._steps_back -= 1
        return WentBack(time.time())

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
        )

    def _show(self, found: dict[str, Any], before: dict[str, Any] | None) -> None:
        """The finding, and what the fix has changed."""
        self.lines.say("")
        self.lines.show(printed.text(found, ascii=self.lines.ascii, width=self.lines.width, symbols=False))
        self.lines.show(f"\nHow sure: {certainty(found)}\n{sentence(footprint_of(self.walk.events))}\n")
        if before is not None:
            self._compare(before, found)
        for fix in found["findings"][0]["fixes"][:1]:
            for command in fix["commands"]:
                self._happened(Showed(command["text"], "shown", time.time()))

    def _compare(self, before: dict[str, Any], found: dict[str, Any]) -> None:
        """What the fix has changed."""
        self.lines.show(f"\nBefore: {before['title']} [{before['cause']}]\n")
        self.lines.show(f"Now:    {found['title']} [{found['cause']}]\n")
        for layer, was, now in changed_layers(before, found):
            self.lines.show(f"  {LAYERS.get(layer, layer)}: {OUTCOMES[was]}, now {OUTCOMES[now]}\n")
        self.lines.say(before_after(before, found))


def _prompt(step: Ask) -> str:
    return f"Your answer, {_WANTED[step.kind].format(len(step.options))}: "

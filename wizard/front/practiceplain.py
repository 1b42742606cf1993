"""The drill in plain lines: works on every terminal and through a pipe, moves no cursor, needs no colour.

The drill itself is a value (`wizard.practice.drill`); here lines are read and become its events.
"""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from wizard.content.problems import nearest
from wizard.front import practicetold as told
from wizard.front.plainlines import Lines
from wizard.numerals import count
from wizard.practice.drill import Chose, Drill, GaveUp, Hinted, Left, Looked, Reconsidered, Stage

if TYPE_CHECKING:
    from wizard.front.practiceground import Ground
    from wizard.practice.drill import Event, Option

PATIENCE = 20
"""Lines in a row that mean nothing before the drill is left: a pipe may never end."""
MOST_LINES = 500
"""Lines in one drill before it is left."""
KEYS = (
    ("1, 2, 3", "the cause with that number"),
    ("ID", "the cause with that id (dbwizard causes lists them)"),
    ("look WORD", "run one check and see what it saw; it counts. Alone it lists them"),
    ("hint", "a hint; it counts"),
    ("again", "show the log, the connection and the tools again"),
)
FIX_KEYS = (("1, 2, 3", "the fix with that number"), ("b", "back: choose another cause"))
ENDS = (("g", "give up: show the solution"), ("q", "quit; a drill that is not finished does not count"))
CAUSE_PROMPT = "Cause? (a number; ? shows all keys): "
FIX_PROMPT = "Fix? (a number; ? shows all keys): "


class Talk:
    """One drill with one person. `play` blocks until it is over or left."""

    def __init__(self, lines: Lines, ground: Ground, clock: Callable[[], float] = time.monotonic) -> None:
        self.lines = lines
        self.ground = ground
        self.clock = clock
        self.drill = Drill(ground.task, clock())
        self.began = time.time()

    def play(self) -> Drill:
        """Ask until the drill is over; left where nobody is there any more."""
        self._say("")
        self._prose("An application fails. Find the cause, then the fix.")
        self._parts(told.intro(self.ground, self.began))
        self._options("What is the cause?", self.ground.task.causes)
        self._prose("look runs one check, hint helps.")
        in_vain = 0
        for _ in range(MOST_LINES):
            said = self.lines.ask("\n" + (CAUSE_PROMPT if self.drill.stage is Stage.CAUSE else FIX_PROMPT))
            if said is None:
                break
            in_vain = 0 if self._understood(said) else in_vain + 1
            if self.drill.stage in (Stage.OVER, Stage.LEFT) or in_vain == PATIENCE:
                break
        self._feed(Left(self.clock()))
        if self.drill.stage is Stage.OVER:
            self._solution()
        return self.drill

    def _feed(self, event: Event) -> bool:
        """Give the drill an event; whether that changed anything."""
        before = self.drill
        self.drill = before.feed(event)
        return self.drill is not before

    def _understood(self, said: str) -> bool:
        """Do what a line says; whether it meant something."""
        word, _, rest = said.lower().partition(" ")
        if word in ("q", "quit", "exit"):
            return self._feed(Left(self.clock()))
        if word == "g":
            return self._feed(GaveUp(self.clock()))
        if word == "?" or not word:
            self._help()
            return bool(word)
        return self._naming(word, rest.strip()) if self.drill.stage is Stage.CAUSE else self._mending(word)

    def _naming(self, word: str, rest: str) -> bool:
        if word == "look":
            return self._look(rest)
        if word == "hint":
            return self._hint()
        if word == "again":
            self._parts(told.intro(self.ground, self.began))
            self._options("What is the cause?", self.ground.task.causes)
            return True
        key = _chosen(word, self.ground.task.causes)
        if self._feed(Chose(key or word, self.clock())):
            self._say(f"You say: {self.drill.cause}.")
            self._options("What do you do first?", self.ground.task.fixes)
            return True
        self._no_such(word, self.ground.task.causes)
        return False

    def _mending(self, word: str) -> bool:
        if word == "b" and self._feed(Reconsidered(self.clock())):
            self._options("What is the cause?", self.ground.task.causes)
            return True
        if self._feed(Chose(_chosen(word, self.ground.task.fixes), self.clock())):
            return True
        self._say(f"Type the number of a fix, 1 to {len(self.ground.task.fixes)}; ? shows all keys.")
        return False

    def _no_such(self, word: str, options: Sequence[Option]) -> None:
        task = self.ground.task
        if word.isdecimal():
            self._say(f"There is no number {word}: type 1 to {len(options)}, or the id of a cause.")
        elif "." in word:
            near = nearest(word, task.known)
            self._say(f"There is no cause '{word}'{near or '; dbwizard causes lists them all.'}")
        else:
            self._say(f"'{word}' means nothing here; ? shows all keys.")

    def _look(self, word: str) -> bool:
        task = self.ground.task
        if word not in task.looks:
            if word:
                self._say(f"There is no check '{word}'{nearest(word, task.looks)}")
            self._say("What there is to look at:")
            for one in task.looks:
                self._prose(f"{one}: {told.LOOK_WORDS[one]}", "  ", "    ")
            return not word
        self._say(f"Looking at {word} …")
        for line in told.seen(self.ground.look(word)):
            self._prose(line, "  ", "    ")
        return self._feed(Looked(word, self.clock()))

    def _hint(self) -> bool:
        if self._feed(Hinted(self.clock())):
            self._prose(self.drill.hints[-1])
            return True
        self._say("There is no further hint.")
        return False

    def _help(self) -> None:
        for key, words in (*(KEYS if self.drill.stage is Stage.CAUSE else FIX_KEYS), *ENDS):
            self._prose(words, f"  {key:<10} ", " " * 13)

    def _options(self, question: str, options: Sequence[Option]) -> None:
        self._say(f"\n{question}")
        for number, one in enumerate(options, 1):
            words = one.words if self.drill.stage is Stage.FIX else f"{one.key}: {one.words}"
            self._prose(words, f"{number:>3} ", "    ")

    def _solution(self) -> None:
        self._say("")
        for sentence in told.verdict(self.drill, self.ground.content):
            self._prose(sentence)
        self._say("\nWalking it as the wizard does …")
        self._parts(told.solution(self.drill, self.ground, self.ground.walk()))

    def _parts(self, parts: Sequence[told.Part]) -> None:
        for part in parts:
            self._say("")
            self._prose(part.head)
            for paragraph in part.paragraphs:
                self._prose(paragraph, "  ", "  ")
            for line in part.lines:
                # What is copied stays whole, whatever the width.
                self._say(f"  {line}")

    def _say(self, text: str) -> None:
        """Write a text whole. The range's made-up password stays readable in it: it is there to be copied."""
        self.lines.show(f"{text}\n")

    def _prose(self, text: str, first: str = "", rest: str = "") -> None:
        wrapped = textwrap.wrap(
            text,
            max(20, self.lines.width),
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )
        self._say("\n".join(wrapped))


def _chosen(word: str, options: Sequence[Option]) -> str:
    """The key of the option with that number; empty where it is none."""
    number = count(word, 3) or 0
    return options[number - 1].key if 1 <= number <= len(options) else ""

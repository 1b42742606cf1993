"""A question on the board: its answer by digit, by Enter, typed or pasted; why it is asked and how to find out."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from textual import events
from textual.screen import Screen

from wizard.core.facts import Facts
from wizard.core.steps import Ask
from wizard.core.tree import LONGEST_ANSWER
from wizard.front.tui.views import walk as walk_view
from wizard.front.tui.widgets.pane import Block, Pane
from wizard.redact import harmless

if TYPE_CHECKING:
    from wizard.front.tui.app import WizardApp
    from wizard.front.tui.course import Course


class Asks(Screen[None]):
    """The keys of a screen that asks what the course wants to know."""

    app: WizardApp
    course: Course

    def __init__(self) -> None:
        super().__init__()
        self._why = self._how = False
        self._typed = ""

    @abstractmethod
    def draw(self) -> None:
        """Show the course as it stands now."""

    @abstractmethod
    def draw_page(self, *, top: bool) -> None:
        """Show the page anew, from its top or where it stands."""

    @abstractmethod
    def notice(self, text: str) -> None:
        """Show a sentence until the next key."""

    def forget_question(self) -> None:
        """Another question: nothing is open or half typed."""
        self._why = self._how = False
        self._typed = ""

    def question_blocks(self, step: Ask) -> tuple[list[Block], str]:
        """The question, and the answer that is marked at first."""
        values = [option.value for option in step.options]
        usual = str(values.index(step.default) + 1) if step.default in values else ""
        first = "1" if step.kind == "choice" else "t"
        made = walk_view.question(self.course, why=self._why, how=self._how, typed=self._typed)
        return made, f"option-{usual or first}"

    def answer_digit(self, digit: str) -> None:
        """A digit answers, or is the first of two, or begins a number that is typed."""
        step = self.course.step
        if not isinstance(step, Ask):
            return
        if step.kind == "number" and digit != "0":
            self._type(digit)
            return
        pane = self.query_one(Pane)
        number = int(self._typed + digit)
        if number == 0 or (number <= len(step.options) <= 9):
            self._answer(number)
        elif f"option-{number}" in pane.items:
            self._typed += digit
            self.draw_page(top=False)
            pane.mark(f"option-{number}")
        elif self._typed:
            self._typed = ""
            self.answer_digit(digit)

    @property
    def asks_for_words(self) -> bool:
        """Whether the question takes more than one of its options."""
        step = self.course.step
        return self.course.moment == "question" and isinstance(step, Ask) and step.kind != "choice"

    def _type(self, begun: str) -> None:
        """Let the person type the answer, which begins with `begun`."""
        from wizard.front.tui.screens.note import Note

        step = self.course.step
        if isinstance(step, Ask):
            text = walk_view.sentence(step.text, self.course.walk.facts if self.course.walk else Facts())
            self.app.push_screen(Note("typed", text, walk_view.HOW_TO_TYPE[step.kind], begun), self._entered)

    def _entered(self, text: str | None) -> None:
        step = self.course.step
        if not text or not isinstance(step, Ask) or self.course.walk is None:
            return
        value = harmless(text, LONGEST_ANSWER)
        refusal = self.course.walk.tree.questions[step.fact].refusal(value)
        if refusal:
            self.notice(f"That is no answer: it is {refusal}.")
            return
        self.course.answer(value)
        self.draw()

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted at a question that takes a text is its answer."""
        if self.asks_for_words:
            event.stop()
            self._type(event.text)

    def _answer(self, number: int) -> None:
        step = self.course.step
        if isinstance(step, Ask):
            self.course.answer(step.options[number - 1].value if number else "unknown")
            self.draw()

    def action_pick(self) -> None:
        """Answer with the marked option."""
        marked = self.query_one(Pane).cursor.rpartition("-")[2]
        if marked == "t":
            self._type("")
        else:
            self._answer(int(marked or 0))

    def action_enter(self) -> None:
        """Type the answer."""
        self._type("")

    def action_unknown(self) -> None:
        """Answer "I don't know"."""
        self._answer(0)

    def action_why(self) -> None:
        """Show or hide why the question is asked."""
        self._why = not self._why
        self.draw_page(top=False)

    def action_how(self) -> None:
        """Show or hide how to find out."""
        self._how = not self._how
        self.draw_page(top=False)

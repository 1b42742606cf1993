"""The walk and its finding: one screen whose content and keys are a function of the course."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget

from wizard.core.facts import Facts
from wizard.core.steps import Ask
from wizard.core.tree import LONGEST_ANSWER
from wizard.front.tui import actions, clipboard
from wizard.front.tui.look import ascii_only
from wizard.front.tui.views import target as words
from wizard.front.tui.views import walk as walk_view
from wizard.front.tui.widgets.ladder import Ladder
from wizard.front.tui.widgets.line import Keys, Words
from wizard.front.tui.widgets.pane import Block, Pane
from wizard.redact import harmless

if TYPE_CHECKING:
    from wizard.front.tui.app import WizardApp
    from wizard.front.tui.course import Course
    from wizard.front.tui.views.finding import Parts

NARROW = 60
"""Columns below which the ladder is one line."""
WIDE = 110
"""Columns from which the finding has room for the ladder beside it."""
TICK = 0.5
"""Seconds between two looks at the clock while a check runs."""
MOMENTS = ("running", "question", "finding")


class Board(Screen[None]):
    """Shows the course: ladder, page, notice and keys."""

    app: WizardApp
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, name, label, show=False) for keys, name, label in actions.keys(*MOMENTS, "open")
    ]

    def __init__(self, course: Course, greeting: str = "") -> None:
        super().__init__()
        self._greeting = greeting
        self.course = course
        self.parts: Parts | None = None
        self._shown: object = None
        self._why = self._how = False
        self._typed = ""
        self._ascii = ascii_only(self.app.environ)

    def compose(self) -> ComposeResult:
        """Heading, ladder and page, notice, keys."""
        plain = self._ascii
        yield Words(
            words.in_one_line(self.course.engine.target),
            style="bold",
            plain_ascii=plain,
            one_line=True,
            id="head",
        )
        with Widget(id="body"):
            yield Ladder(plain_ascii=plain)
            yield Pane(plain_ascii=plain)
        yield Words(self._greeting, plain_ascii=plain, id="notice")
        yield Keys("running", plain_ascii=plain)

    def on_mount(self) -> None:
        """Draw, and let the clock tick."""
        self.query_one(Pane).focus()
        self.draw()
        self.set_interval(TICK, self.tick)

    def on_resize(self) -> None:
        """Put the ladder where it has room."""
        self._place_ladder()

    def _place_ladder(self) -> None:
        beside = WIDE if self.course.moment == "finding" else NARROW
        self.set_class(self.size.width < beside, "-line")
        self.set_class(self.size.width < NARROW or self.size.height < 16, "-small")

    def draw(self) -> None:
        """Show the course as it stands now."""
        moment = self.course.moment
        if self._shown != self._position():
            self._shown = self._position()
            self._why = self._how = False
            self._typed = ""
            self.parts = None
            self._draw(top=True)
        else:
            self._draw(top=False)
        self.query_one(Ladder).show(walk_view.rungs(self.course))
        self.query_one(Keys).show("open" if self._asks_for_words else moment)
        self._place_ladder()

    def _position(self) -> object:
        """Where the course stands: as long as this is the same, the marks and open parts are kept."""
        return (self.course.run, self.course.moment, self.course.walk.at if self.course.walk else "")

    def _draw(self, *, top: bool) -> None:
        made, cursor = self._blocks()
        if self.has_class("-small"):
            made = [block for block in made if block.text or block.first]
        self.query_one(Pane).show(made, cursor=cursor if top else None, top=top)

    def _blocks(self) -> tuple[list[Block], str | None]:
        """What is shown, and which item is marked at first."""
        course = self.course
        if course.moment == "question" and isinstance(course.step, Ask):
            values = [option.value for option in course.step.options]
            usual = str(values.index(course.step.default) + 1) if course.step.default in values else ""
            first = "1" if course.step.kind == "choice" else "t"
            made = walk_view.question(course, why=self._why, how=self._how, typed=self._typed)
            return made, f"option-{usual or first}"
        if course.moment == "running":
            return walk_view.running(course), None
        from wizard.front.tui.views import finding

        if course.conclusion is None:
            return finding.failure(course.failure), None
        self.parts = self.parts or finding.Parts()
        return finding.blocks(course.conclusion, course.before, self.parts), finding.first_command(self.parts)

    def tick(self) -> None:
        """Show how long the check that runs has taken."""
        if self.course.waiting and self.course.walk is not None:
            layer = self.course.walk.node.layer
            self.query_one(Ladder).tick(layer, (self.course.clock() - self.course.began) * 1000)

    def notice(self, text: str) -> None:
        """Show a sentence above the keys, until the next key."""
        self.query_one("#notice", Words).say(text)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what the table allows at this moment."""
        del parameters
        if action == "enter":
            return self._asks_for_words
        known = {one.name for one in actions.ACTIONS if set(one.where) & set(MOMENTS)}
        return action not in known or any(one.name == action for one in actions.at(self.course.moment))

    def on_key(self, event: events.Key) -> None:
        """Digits answer a question or open a part; any key takes the notice away."""
        self.notice("")
        if event.character is not None and event.character in "0123456789":
            event.stop()
            self._digit(event.character)

    def _digit(self, digit: str) -> None:
        pane = self.query_one(Pane)
        if self.course.moment == "finding":
            for item in (f"fix-{digit}", f"cause-{digit}"):
                if item in pane.items:
                    pane.mark(item)
                    self.action_open()
                    return
        elif isinstance(step := self.course.step, Ask):
            if step.kind == "number" and digit != "0":
                self._type(digit)
                return
            number = int(self._typed + digit)
            if number == 0 or (number <= len(step.options) <= 9):
                self._answer(number)
            elif f"option-{number}" in pane.items:
                self._typed += digit
                self._draw(top=False)
                pane.mark(f"option-{number}")
            elif self._typed:
                self._typed = ""
                self._digit(digit)

    @property
    def _asks_for_words(self) -> bool:
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
        if self._asks_for_words:
            event.stop()
            self._type(event.text)

    def _answer(self, number: int) -> None:
        step = self.course.step
        if isinstance(step, Ask):
            self.course.answer(step.options[number - 1].value if number else "unknown")
            self.draw()

    @on(Pane.Pressed)
    def _pressed(self, event: Pane.Pressed) -> None:
        if event.again and self.course.moment == "question":
            self.action_pick()
        elif event.again and self.course.moment == "finding":
            self.action_open()

    @on(Keys.Clicked)
    async def _key_clicked(self, event: Keys.Clicked) -> None:
        await self.run_action(event.action) if hasattr(self, f"action_{event.action}") else None

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
        self._draw(top=False)

    def action_how(self) -> None:
        """Show or hide how to find out."""
        self._how = not self._how
        self._draw(top=False)

    def action_skip(self) -> None:
        """Give up the check that runs."""
        self.course.skip()

    def action_more(self) -> None:
        """Go on reading."""
        self.query_one(Pane).action_page_down()

    def action_open(self) -> None:
        """Open or close the marked part."""
        item = self.query_one(Pane).cursor
        if self.parts is not None and item in self.parts.opens:
            self.parts.toggle(item)
            self._draw(top=False)
        elif self.parts is not None and item in self.parts.commands:
            self.notice("This is a command: c copies it, p shows it alone. dbwizard itself runs none.")

    def action_verify(self) -> None:
        """Run the walk again."""
        self.course.verify()
        self.draw()

    def _command(self) -> str:
        """The marked command, or the first of the marked fix; empty where there is none."""
        item = self.query_one(Pane).cursor
        if self.parts is None:
            return walk_view.by_hand(self.course) if item == walk_view.BY_HAND else ""
        near = (text for key, text in self.parts.commands.items() if key.startswith(f"{item}-"))
        return self.parts.commands.get(item) or next(near, "")

    def action_copy(self) -> None:
        """Send the marked command to the terminal's clipboard."""
        command = self._command()
        if not command:
            self.notice(
                "No command is marked here. Move to one with the arrow keys, or open a fix with Enter."
            )
            return
        sequence = clipboard.to_send(command, self.app.environ)
        if sequence is not None:
            self.app.write_terminal(sequence)
            self.course.showed(command, "copied")
        self.notice(clipboard.what_was_done(command, sequence is not None, self.app.environ))

    def action_plain(self) -> None:
        """Show the marked command alone."""
        command = self._command()
        if command:
            self.course.showed(command, "shown")
            self.app.show_plain(command)
        else:
            self.notice("No command is marked here. Move to one with the arrow keys.")

    def action_back(self) -> None:
        """Offer the earlier steps."""
        from wizard.front.tui.screens.earlier import Earlier

        steps = walk_view.earlier(self.course.walk) if self.course.walk is not None else []
        if not steps:
            self.notice("This is the first step: there is nothing to go back to.")
            return
        self.app.push_screen(Earlier(steps), self._went_back)

    def _went_back(self, steps: int | None) -> None:
        if steps:
            self.course.back(steps)
            self.draw()

    def action_note(self) -> None:
        """Ask for a remark."""
        from wizard.front.tui.screens.note import Note

        self.app.push_screen(Note(), self._noted)

    def _noted(self, text: str | None) -> None:
        if text:
            self.course.note(text)
            self.notice("The note is kept in the session and in the transcript.")

    def action_export(self) -> None:
        """Write the transcript in a worker."""
        session = self.course.session
        if session is None:
            self.notice(self.course.trouble or "There is no session yet to be written.")
            return
        try:
            folder = Path.cwd()
        except OSError:
            self.notice("Nothing was written: the working directory is gone.")
            return
        self.app.run_worker(lambda: self.course.engine.export(session, folder), thread=True)

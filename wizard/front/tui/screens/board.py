"""The walk and its finding: one screen whose content and keys are a function of the course."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget

from wizard.core.steps import Ask, Run
from wizard.front.tui import actions
from wizard.front.tui.asking import Asks
from wizard.front.tui.giving import Given, Gives
from wizard.front.tui.look import NARROW, ascii_only, is_small
from wizard.front.tui.travelling import Travels
from wizard.front.tui.views import target as words
from wizard.front.tui.views import walk as walk_view
from wizard.front.tui.widgets.ladder import Ladder
from wizard.front.tui.widgets.line import Keys, Words
from wizard.front.tui.widgets.pane import Block, Pane

if TYPE_CHECKING:
    from wizard.front.tui.app import WizardApp
    from wizard.front.tui.course import Course
    from wizard.front.tui.views.finding import Parts

WIDE = 110
"""Columns from which the finding has room for the ladder beside it."""
TICK = 1.0
"""Seconds between two looks at the clock while a check runs."""
LONG = 4.0
"""Seconds after which a check that still runs says how long it may take."""
MOMENTS = ("running", "question", "finding")


class Board(Gives, Travels, Asks):
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
        self._patience = 0.0
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
        """Put the ladder where it has room, and blank rows where there is room for them."""
        was_small = self.has_class("-small")
        self._place_ladder()
        if self.has_class("-small") != was_small:
            self.draw_page(top=False)

    def _place_ladder(self) -> None:
        beside = WIDE if self.course.moment == "finding" else NARROW
        self.set_class(self.size.width < beside, "-line")
        self.set_class(is_small(*self.size), "-small")

    def draw(self) -> None:
        """Show the course as it stands now."""
        moment = self.course.moment
        if self._shown != self._position():
            self._shown = self._position()
            self.forget_question()
            self._patience = 0.0
            self.parts = None
            self.draw_page(top=True)
        else:
            self.draw_page(top=False)
        self.query_one(Ladder).show(walk_view.rungs(self.course))
        self.query_one(Keys).show("open" if self.asks_for_words else moment)
        self._place_ladder()

    def _position(self) -> object:
        """Where the course stands: as long as this is the same, the marks and open parts are kept."""
        return (self.course.run, self.course.moment, self.course.walk.at if self.course.walk else "")

    def draw_page(self, *, top: bool) -> None:
        """Show the page anew, from its top or where it stands."""
        made, cursor = self._blocks()
        if self.has_class("-small"):
            made = [block for block in made if block.text or block.first]
        self.query_one(Pane).show(made, cursor=cursor if top else None, top=top)

    def _blocks(self) -> tuple[list[Block], str | None]:
        """What is shown, and which item is marked at first."""
        course = self.course
        if course.moment == "question" and isinstance(course.step, Ask):
            return self.question_blocks(course.step)
        if course.moment == "running":
            return walk_view.running(course, self._patience), None
        from wizard.front.tui.views import finding

        if course.conclusion is None:
            return finding.failure(course.failure), None
        self.parts = self.parts or finding.Parts()
        return finding.blocks(course.conclusion, course.before, self.parts), finding.first_command(self.parts)

    def tick(self) -> None:
        """Show how long the check that runs has taken."""
        if self.course.waiting and self.course.walk is not None:
            took = self.course.clock() - self.course.began
            self.query_one(Ladder).tick(self.course.walk.node.layer, took * 1000)
            if took >= LONG and not self._patience and isinstance(step := self.course.step, Run):
                self._patience = bound(step.probe)
                self.draw_page(top=False)

    def notice(self, text: str) -> None:
        """Show a sentence above the keys, until the next key."""
        self.query_one("#notice", Words).say(text)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what the table allows at this moment."""
        del parameters
        if action == "enter":
            return self.asks_for_words
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
        else:
            self.answer_digit(digit)

    @on(Pane.Pressed)
    def _pressed(self, event: Pane.Pressed) -> None:
        if event.again and self.course.moment == "question":
            self.action_pick()
        elif event.again and self.course.moment == "finding":
            self.action_open()

    @on(Keys.Clicked)
    async def _key_clicked(self, event: Keys.Clicked) -> None:
        await self.run_action(event.action) if hasattr(self, f"action_{event.action}") else None

    def action_skip(self) -> None:
        """Give up the check that runs."""
        self.course.skip()

    def action_more(self) -> None:
        """Go on reading."""
        self.query_one(Pane).action_page_down()

    def action_open(self) -> None:
        """Open or close the marked part."""
        item = self.query_one(Pane).cursor
        if self.parts is not None and item == "hand-over":
            self.action_hand_over()
        elif self.parts is not None and item in self.parts.opens:
            self.parts.toggle(item)
            self.draw_page(top=False)
        elif self.parts is not None and item in self.parts.commands:
            self.notice(
                "A command: c sends it to the clipboard, p shows it alone, f writes a file. dbwizard runs none."
            )

    def action_verify(self) -> None:
        """Run the walk again."""
        self.course.verify()
        self.draw()

    def given(self) -> Given | None:
        """The marked command, or the first of the marked fix; None where there is none."""
        item = self.query_one(Pane).cursor
        if self.parts is None:
            text = walk_view.by_hand(self.course) if item == walk_view.BY_HAND else ""
            return Given(text, "sh") if text else None
        near = (given for key, given in self.parts.commands.items() if key.startswith(f"{item}-"))
        return self.parts.commands.get(item) or next(near, None)

    def gave(self, given: Given, how: str) -> None:
        """Keep it in the session."""
        self.course.showed(given.text, how)

    def action_hand_over(self) -> None:
        """Show the message for the team whose turn it is."""
        from wizard.front.tui.screens.handover import HandOver

        told = self.course.conclusion
        if told is None or not told.finding.hand_over:
            self.notice("There is nothing to hand over here.")
            return
        page = told.finding
        self.app.push_screen(HandOver(self.course.message(), page.hand_over_to, page.hand_over_when))

    def action_note(self) -> None:
        """Ask for a remark."""
        from wizard.front.tui.screens.note import Note

        self.app.push_screen(Note(), self._noted)

    def _noted(self, text: str | None) -> None:
        if text:
            self.course.note(text)
            self.notice("The note is kept in the session and in the transcript.")

    def action_export(self) -> None:
        """Ask for the form of the transcript."""
        from wizard.front.tui.screens.export import Export

        if self.course.session is None:
            self.notice(self.course.trouble or "There is no session yet to be written.")
            return
        self.app.push_screen(Export(), self._exported)

    def _exported(self, choice: int | None) -> None:
        """Write the transcript in a worker."""
        from wizard.front.tui.screens.export import CHOICES

        session = self.course.session
        if not choice or session is None:
            return
        try:
            folder = Path.cwd()
        except OSError:
            self.notice("Nothing was written: the working directory is gone.")
            return
        _, forms, anonymous = CHOICES[choice - 1]
        self.app.run_worker(lambda: self.course.engine.export(session, folder, forms, anonymous), thread=True)


def bound(probe: str) -> float:
    """Seconds after which a probe is abandoned; the probes are loaded by the one that runs."""
    from wizard.drive import OVERTIME
    from wizard.probes import find

    return find(probe).deadline + OVERTIME

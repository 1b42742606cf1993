"""The drill on the full screen: the log, what was looked at, the causes; then the fixes; then why it was so."""

from __future__ import annotations

from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from wizard.content.problems import nearest
from wizard.errors import WizardError
from wizard.front.tui import actions
from wizard.front.tui.drilling import BY_STAGE
from wizard.front.tui.look import ascii_only, is_small
from wizard.front.tui.screens.choosing import Choosing
from wizard.front.tui.screens.note import Note
from wizard.front.tui.views import drill as view
from wizard.front.tui.views.target import safe
from wizard.front.tui.widgets.line import Keys, Words
from wizard.front.tui.widgets.pane import Pane
from wizard.practice.drill import Chose, GaveUp, Hinted, Looked, Reconsidered, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from wizard.front.practiceground import Ground, Seen
    from wizard.front.tui.drillapp import DrillApp
    from wizard.front.tui.drilling import Drilling
    from wizard.practice.drill import Event

MOMENTS = tuple(dict.fromkeys(BY_STAGE.values()))
OF_A_MOMENT = frozenset(one.name for one in actions.ACTIONS if set(one.where) & set(MOMENTS))
"""The actions that have their moment in a drill; any other is always allowed."""


class Served(Message):
    """The next scenario is served."""

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self.ground = ground


class Saw(Message):
    """A look came to its end."""

    def __init__(self, ground: Ground, word: str, seen: list[Seen]) -> None:
        super().__init__()
        self.ground, self.word, self.seen = ground, word, seen


class Walked(Message):
    """The whole walk of this drill was made."""

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self.ground = ground


class DrillScreen(Screen[None]):
    """Shows one drill after the other."""

    app: DrillApp
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, name, label, show=False) for keys, name, label in actions.keys(*MOMENTS)
    ]

    def __init__(self, drilling: Drilling) -> None:
        super().__init__()
        self.drilling = drilling
        self._busy = ""
        """What a worker does now, as a sentence; empty when nothing is waited for."""
        self._stage: object = None
        self.worker: Thread | None = None
        """The last piece of work that was begun."""

    def compose(self) -> ComposeResult:
        """Heading, page, notice, keys."""
        plain = ascii_only(self.app.environ)
        head = "Drill   an application fails: find the cause, then the fix"
        yield Words(head, style="bold", plain_ascii=plain, one_line=True, id="head")
        yield Pane(plain_ascii=plain)
        yield Words(plain_ascii=plain, id="notice")
        yield Keys("drill", plain_ascii=plain)

    def on_mount(self) -> None:
        """Serve the first scenario."""
        self.query_one(Pane).focus()
        self.action_another()

    def on_resize(self) -> None:
        """Blank rows only where there is room for them."""
        self.set_class(is_small(*self.size), "-small")
        self.draw()

    def draw(self) -> None:
        """Show the drill as it stands; from the top where it has come to another stage."""
        made = view.blocks(self.drilling)
        if self.has_class("-small"):
            made = [block for block in made if block.text or block.first]
        drill = self.drilling.drill
        stage = (self.drilling.ground, drill.stage if drill else None)
        new, self._stage = stage != self._stage, stage
        self.query_one(Pane).show(made, cursor="" if new else None, top=new)
        self.query_one(Keys).show(self.drilling.moment)
        self.notice(self._busy)

    def notice(self, text: str) -> None:
        """Show a sentence above the keys, until the next key."""
        self.query_one("#notice", Words).say(text)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what the table allows at this moment, and nothing but leaving while a worker is at work."""
        del parameters
        if action not in OF_A_MOMENT or action.startswith("app."):
            return True
        # The first scenario is begun by the screen itself, before there is a drill.
        return not self._busy and any(one.name == action for one in actions.at(self.drilling.moment))

    def on_key(self, event: events.Key) -> None:
        """A digit chooses; any key takes the notice away."""
        self.notice(self._busy)
        if event.character and event.character in "123456789" and not self._busy:
            event.stop()
            self._choose(int(event.character))

    @on(Pane.Pressed)
    def _pressed(self, event: Pane.Pressed) -> None:
        if event.again and not self._busy:
            self.action_pick()

    @on(Keys.Clicked)
    async def _key_clicked(self, event: Keys.Clicked) -> None:
        await self.run_action("pick" if event.action == "choose" else event.action)

    def _choose(self, number: int) -> None:
        drill = self.drilling.drill
        if drill is None or drill.stage is Stage.OVER:
            return
        options = drill.task.causes if drill.stage is Stage.CAUSE else drill.task.fixes
        if 1 <= number <= len(options):
            self._feed(Chose(options[number - 1].key, self.drilling.clock()))

    def _feed(self, event: Event) -> bool:
        """Give the drill an event, and show what came of it."""
        changed = self.drilling.feed(event)
        drill, ground = self.drilling.drill, self.drilling.ground
        if changed and drill is not None and ground is not None and drill.stage is Stage.OVER:
            self._work("", partial(self._walk, ground))
        self.draw()
        return changed

    def _work(self, told: str, work: Callable[[], None]) -> None:
        """Do what blocks in a thread of its own, which leaving the screen does not wait for."""
        self._busy = told
        self.notice(told)
        self.worker = Thread(target=work, name="drill", daemon=True)
        self.worker.start()

    def _walk(self, ground: Ground) -> None:
        """Make the whole walk; in a thread."""
        ground.walk()
        self.post_message(Walked(ground))

    @on(Walked)
    def _walked(self, message: Walked) -> None:
        if message.ground is self.drilling.ground:
            self.draw()

    def action_another(self) -> None:
        """Serve the next scenario."""
        self._work("Making ready …", self._begin)

    def _begin(self) -> None:
        """Serve the next scenario; in a thread."""
        try:
            served = self.drilling.begin()
        except WizardError as error:
            self.app.fail(error)
        else:
            if served is not None:
                self.post_message(Served(served))

    @on(Served)
    def _served(self, message: Served) -> None:
        self._busy = ""
        self.drilling.start(message.ground)
        self.draw()

    def action_pick(self) -> None:
        """Take the marked cause or fix."""
        if marked := self.query_one(Pane).cursor.removeprefix(view.OPTION):
            self._choose(int(marked))

    def action_look(self) -> None:
        """Choose what to look at."""
        ground = self.drilling.ground
        if ground is None:
            return
        words = ground.task.looks

        def chosen(number: int | None) -> None:
            if number:
                word = words[number - 1]
                self._work(f"Looking at {word} …", partial(self._look, ground, word))

        self.app.push_screen(Choosing("Look at what?", view.looks(words)), chosen)

    def _look(self, ground: Ground, word: str) -> None:
        """Look; in a thread."""
        self.post_message(Saw(ground, word, ground.look(word)))

    @on(Saw)
    def _saw(self, message: Saw) -> None:
        self._busy = ""
        if message.ground is self.drilling.ground:
            self.drilling.seen.append((message.word, message.seen))
            self._feed(Looked(message.word, self.drilling.clock()))

    def action_hint(self) -> None:
        """Show the next hint."""
        if not self._feed(Hinted(self.drilling.clock())):
            self.notice("There is no further hint.")

    def action_name(self) -> None:
        """Type the id of a cause."""
        head, says = "The id of the cause", "Such as tls.expired; dbwizard causes lists them all."

        def typed(word: str | None) -> None:
            drill = self.drilling.drill
            if not word or drill is None or self._feed(Chose(word.lower(), self.drilling.clock())):
                return
            near = nearest(word.lower(), drill.task.known) or "."
            self.notice(f"There is no cause '{safe(word)}'{near}")

        self.app.push_screen(Note("naming", head, says), typed)

    def action_back(self) -> None:
        """Choose another cause."""
        self._feed(Reconsidered(self.drilling.clock()))

    def action_give_up(self) -> None:
        """Show the solution."""
        self._feed(GaveUp(self.drilling.clock()))

    def action_more(self) -> None:
        """Go on reading."""
        self.query_one(Pane).action_page_down()

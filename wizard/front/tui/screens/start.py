"""The first screen: the connections that were found here, and a field for another one, or for an error."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from wizard.errors import WizardError
from wizard.front.beginnings import about, told, unfinished
from wizard.front.tui import actions
from wizard.front.tui.look import ascii_only, is_small
from wizard.front.tui.screens.choosing import Choosing
from wizard.front.tui.views import start as view
from wizard.front.tui.views.target import complete, safe, shortcomings
from wizard.front.tui.widgets.field import Field
from wizard.front.tui.widgets.line import Keys, Words
from wizard.front.tui.widgets.pane import GUTTER, Pane

if TYPE_CHECKING:
    from wizard.core.tree import Symptom
    from wizard.front.pasted import Pasted
    from wizard.front.tui.app import WizardApp
    from wizard.sessionlist import Entry
    from wizard.target.model import Target

HEAD = "dbwizard   why can the application not reach its database?"
HINT = "postgresql://…  mysql://…  jdbc:…  host=… dbname=…  or FATAL: …  Error: …"
LONGEST_PASTE = 200_000
"""Characters of what is pasted that are kept as they were."""
LIST_ACTIONS = frozenset(action.name for action in actions.at("start"))
"""What is done on the list, where letters are keys and no text."""
LATER = len(view.WAYS) + 1
"""Rows that are kept for what can be begun with, also while the saved sessions are still being read."""
AROUND = 6
"""Rows of the screen that are not the list: heading, field, keys and what is between them."""
BESIDE = 3
"""Columns of the screen that are not the list's text: the bar, and a margin on both sides."""


class Remembered(Message):
    """The saved sessions were read."""

    def __init__(self, sessions: Sequence[Entry]) -> None:
        super().__init__()
        self.sessions = sessions


class Start(Screen[None]):
    """Lists what was found; a number, Enter or a pasted connection starts the walk."""

    app: WizardApp
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, name, label, show=False) for keys, name, label in actions.keys("start", "field")
    ]

    def __init__(self, targets: tuple[Target, ...]) -> None:
        super().__init__()
        self.targets = targets
        self._doubted = ""
        """The text in the field whose problems are on the screen: Enter once more checks it all the same."""
        self._pasted = ""
        """What was pasted as it was, with its line ends: an error has several."""
        self._error: Pasted | None = None
        """An error that names no connection, until one is chosen for it."""
        self._symptom: Symptom | None = None
        """What the person said that they see."""
        self._sessions: Sequence[Entry] = ()
        self._shown: object = None

    def compose(self) -> ComposeResult:
        """Heading, list, field, notice, keys."""
        plain = ascii_only(self.app.environ)
        yield Words(HEAD, style="bold", plain_ascii=plain, one_line=True, id="head")
        yield Pane(plain_ascii=plain)
        yield Words(
            "Another connection, an error, or the path of a log: paste it here.",
            plain_ascii=plain,
            id="another",
        )
        yield Field(hidden=True, plain_ascii=plain, hint=HINT)
        yield Words(plain_ascii=plain, id="notice")
        yield Keys("start", plain_ascii=plain)

    def on_mount(self) -> None:
        """Show the list; without one, the field is where to begin."""
        self.draw()
        (self.query_one(Pane) if self.targets else self.query_one(Field)).focus()
        # What is not needed for the first look at the screen is read after it.
        self.call_after_refresh(self.app.spawn, self._remember)

    def on_resize(self) -> None:
        """Give the list the form that fits."""
        self.draw()

    def draw(self) -> None:
        """Show what there is to begin with, in the form that fits the screen."""
        columns, lines = self.app.size
        small = is_small(columns, lines)
        self.set_class(small, "-small")
        ways = view.ways(self._sessions, self._symptom, small=small)
        if (shown := (ways, columns, lines)) == self._shown:
            return
        self._shown = shown
        pane = self.query_one(Pane)
        # The page gets the rows of the sentence above the field.
        self.query_one("#another", Words).display = not small
        width = columns - BESIDE
        rows = lines - AROUND - (LATER - len(ways))
        if small:
            pane.show(view.small(self.targets, ways, width - GUTTER))
        else:
            pane.show(
                view.blocks(self.targets, ways, width - GUTTER, lambda one: pane.height(one, width) <= rows)
            )

    def _remember(self) -> None:
        """Read the saved sessions; in a worker."""
        if self.app.offers is not None:
            self.post_message(Remembered(self.app.offers.sessions()))

    @on(Remembered)
    def _remembered(self, message: Remembered) -> None:
        self._sessions = message.sessions
        self.draw()

    def on_descendant_focus(self) -> None:
        """The last line tells the keys of what has the focus."""
        self.query_one(Keys).show("field" if self._typing else "start")

    @property
    def _typing(self) -> bool:
        return isinstance(self.focused, Field)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys of the field belong to the field, the others to the list."""
        del parameters
        if action in ("submit", "leave"):
            return self._typing
        return not (self._typing and action in LIST_ACTIONS)

    def on_key(self, event: events.Key) -> None:
        """A digit on the list chooses."""
        if event.character and event.character in "123456789" and not self._typing:
            event.stop()
            self._choose(int(event.character))

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted anywhere goes into the field."""
        event.stop()
        event.prevent_default()
        field = self.query_one(Field)
        field.focus()
        self._pasted = "" if field.value else event.text[:LONGEST_PASTE]
        field.put(event.text)

    def _choose(self, number: int) -> None:
        if 1 <= number <= len(self.targets):
            self._begin(self.targets[number - 1], self._error)

    def _begin(self, target: Target, error: Pasted | None) -> None:
        self.app.begin(target, error, self._symptom)

    @on(Pane.Pressed)
    async def _pressed(self, event: Pane.Pressed) -> None:
        if event.again:
            await self.action_pick()

    @on(Keys.Clicked)
    async def _key_clicked(self, event: Keys.Clicked) -> None:
        await self.run_action("pick" if event.action == "choose" else event.action)

    async def action_pick(self) -> None:
        """Check the marked connection, or do what the marked line says."""
        kind, _, name = self.query_one(Pane).cursor.partition("-")
        if kind == "target":
            self._choose(int(name))
        elif kind == "way":
            await self.run_action(name)

    def action_type(self) -> None:
        """Go to the field."""
        self.query_one(Field).focus()

    def action_running(self) -> None:
        """List the running applications; the program begins anew with the view of the chosen one."""
        from wizard.front.tui.screens.applications import Applications
        from wizard.target.applications import applications

        self.app.push_screen(Applications(applications()), self.app.take_view)

    def action_leave(self) -> None:
        """Go back to the list."""
        self.query_one(Pane).focus()

    def action_symptom(self) -> None:
        """List the symptoms."""
        if self.app.offers is None:
            return
        found = tuple(self.app.offers.content.tree.symptoms.values())

        def chosen(number: int | None) -> None:
            if number is not None:
                self._symptom = found[number - 1] if number else None
                self._say_symptom()

        said = self._symptom.key if self._symptom else ""
        self.app.push_screen(Choosing("What do you see?", view.symptoms(found, said)), chosen)

    def _say_symptom(self) -> None:
        """Show what was said, what is often behind it, and what to do now."""
        self.draw()
        if self._symptom is None or self.app.offers is None:
            self._notice("")
            return
        then = "Now press the number of a connection." if self.targets else "Now paste the connection."
        self._notice(f"{told(self._symptom, self.app.offers.content.catalogue)} {then}")

    def action_resume(self) -> None:
        """Go on with the newest unfinished session."""
        newest = unfinished(self._sessions)
        if newest is None:
            self._notice("No session is unfinished." + (" Press l for the others." if self._sessions else ""))
        else:
            self._open(newest)

    def action_earlier(self) -> None:
        """List the saved sessions."""
        found = self._sessions
        if not found:
            self._notice("No session is saved yet: checking a connection begins one.")
            return

        def chosen(number: int | None) -> None:
            if number:
                self._open(found[number - 1])

        listed = view.sessions([(about(one), one) for one in found])
        self.app.push_screen(Choosing("Which session?", listed), chosen)

    def _open(self, session: Entry) -> None:
        if self.app.offers is not None:
            self.app.leave_for(partial(self.app.offers.resume, session.id))

    def action_practice(self) -> None:
        """List the scenarios of the practice range, and the drill."""
        from wizard.front.tui.screens.scenarios import Scenarios

        if self.app.offers is not None:
            self.app.push_screen(Scenarios(self.app.offers))

    def _notice(self, text: str) -> None:
        self.query_one("#notice", Words).say(text)

    def action_submit(self) -> None:
        """Check what was typed; when it has problems, say them first."""
        text = self.query_one(Field).value.strip()
        if not text:
            self._notice("The field is empty: paste a connection, or press Esc for the list.")
            return
        try:
            whole = self._pasted if " ".join(self._pasted.split()) == " ".join(text.split()) else text
            if (said := self.app.read_error(whole)) is not None:
                self._take_error(said)
                return
            target = self.app.parse(text)
        except WizardError as error:
            self._notice(safe(str(error)))
            return
        if complete(target) or text == self._doubted:
            self._begin(target, self._error)
            return
        self._doubted = text
        first = " ".join(shortcomings(target)[:2]) or "No host is given."
        self._notice(f"{first} Correct it, or press Enter again to check it as it is.")

    def _take_error(self, error: Pasted) -> None:
        """Check the connection that an error is about; where it names none, ask for that."""
        if error.target is not None:
            self._begin(error.target, error)
            return
        self._error = error
        field = self.query_one(Field)
        field.action_clear()
        choose = "Choose a connection above, or paste it" if self.targets else "Paste the connection"
        self._notice(
            f"The error says {safe(error.verdict)}. It does not say which connection it is about. {choose}."
        )
        (self.query_one(Pane) if self.targets else field).focus()

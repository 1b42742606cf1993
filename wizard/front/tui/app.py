"""The full screen: starts the walk, hands the workers' messages to the course, and ends with an exit status.

It must stay quick to appear: nothing that talks to a database, reads YAML or draws graphs is imported here.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import App, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.driver import Driver

from wizard import endings
from wizard.exits import BY_STATUS, Exit
from wizard.front.tui.messages import Concluded, Failed, Opened, Reported, Said
from wizard.front.tui.thrift import Thrift, thrifty

if TYPE_CHECKING:
    from textual.screen import Screen

    from wizard.content.load import Content
    from wizard.core.tree import Symptom
    from wizard.front.beginnings import Offers
    from wizard.front.pasted import Pasted
    from wizard.front.tui.course import Course
    from wizard.runtime import Runtime
    from wizard.session import Session
    from wizard.target.model import Target


class WizardApp(App[int]):
    """The application. Its exit status is that of the last verdict."""

    CSS_PATH = "wizard.tcss"
    TITLE = "dbwizard"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", show=False, priority=True),
        Binding("ctrl+q", "leave", show=False, priority=True),
        Binding("ctrl+l", "redraw", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]

    def __init__(
        self,
        make_course: Callable[[WizardApp, Target], Course],
        targets: tuple[Target, ...],
        target: Target | None,
        parse: Callable[[str], Target],
        environ: Mapping[str, str] | None = None,
        write_terminal: Callable[[str], object] | None = None,
        greeting: str = "",
        read_error: Callable[[str], Pasted | None] | None = None,
        offers: Offers | None = None,
    ) -> None:
        self._thrift = Thrift()
        super().__init__(ansi_color=True)
        self.environ = os.environ if environ is None else environ
        self.course: Course | None = None
        self.parse = parse
        self.status = int(Exit.INTERRUPTED)
        self.broken = False
        self.process = 0
        """The process whose view the person wants to take: the program has to begin anew for that."""
        self.afterwards: Callable[[], int] | None = None
        """What the person chose at the start that needs the bare terminal first: it gives the exit status."""
        self.read_error = read_error or (lambda text: None)
        self.offers = offers
        self._make_course = make_course
        self._targets = targets
        self._target = target
        self._greeting = greeting
        self.write_terminal = write_terminal or self._write_to_driver
        self.animation_level = "none"
        self._bare = False
        """Whether the screen is left for the bare terminal."""

    def get_driver_class(self) -> type[Driver]:
        """The terminal's driver, made to write less."""
        return thrifty(super().get_driver_class(), self._thrift)

    def get_default_screen(self) -> Screen[None]:
        """The start screen, or the walk when the target is known."""
        if self._target is not None:
            return self._board(self._target, self._greeting)
        from wizard.front.tui.screens.start import Start

        return Start(self._targets)

    def begin(self, target: Target, error: Pasted | None = None, symptom: Symptom | None = None) -> None:
        """Start the walk for a target.

        `error` is what the application said, where a person pasted that; `symptom` what they said that they see.
        """
        greeting = f"You said: {symptom.words}." if symptom else ""
        if error is not None:
            greeting = f"The error says {error.verdict}. This looks whether it is so from here."
        board = self._board(target, greeting or self._greeting)
        if self.course is not None:
            told = {"app.text": error.words} if error is not None else {}
            self.course.answers = {**(symptom.answers if symptom else {}), **self.course.answers, **told}
        self.push_screen(board)

    def leave_for(self, work: Callable[[], int]) -> None:
        """Leave the screen, and do this on the bare terminal."""
        self.afterwards = work
        self.exit(self.status)

    def take_view(self, pid: int | None) -> None:
        """Leave the screen for the view of a process, where one was chosen."""
        if pid:
            self.process = pid
            self.exit(self.status)

    def _board(self, target: Target, greeting: str) -> Screen[None]:
        from wizard.front.tui.screens.board import Board

        self.course = self._make_course(self, target)
        board = Board(self.course, greeting)
        self.call_later(self.course.begin)
        return board

    def spawn(self, work: Callable[[], None]) -> None:
        """Run blocking work in a thread."""
        self.run_worker(work, thread=True)

    @on(Opened)
    @on(Reported)
    @on(Concluded)
    @on(Failed)
    def _came(self, message: Opened | Reported | Concluded | Failed) -> None:
        """Give what a worker reports to the course; what belongs to a run that was left is dropped there."""
        if self.course is None or not self.course.receive(message):
            return
        if self.course.conclusion is not None:
            self.status = int(BY_STATUS[self.course.conclusion.diagnosis.status])
        elif self.course.failure and self.status == Exit.INTERRUPTED:
            self.status = int(Exit.USAGE)
        self.redraw()
        if isinstance(message, Opened) and message.trouble:
            self.say(message.trouble)

    @on(Said)
    def _said(self, message: Said) -> None:
        self.say(message.text)

    def on_resize(self) -> None:
        """A terminal of another size has kept nothing that can be relied on."""
        self._thrift.forget()

    @on(Driver.SignalResume)
    def action_redraw(self) -> None:
        """Draw all of the screen anew, for another program may have written on it."""
        self._thrift.forget()
        self.screen.refresh(layout=True)

    def redraw(self) -> None:
        """Have the board show the course, also when another screen lies on it."""
        from wizard.front.tui.screens.board import Board

        for screen in self.screen_stack:
            if isinstance(screen, Board) and screen.is_mounted:
                screen.draw()

    def say(self, text: str) -> None:
        """Show a sentence on the board."""
        from wizard.front.tui.screens.board import Board

        for screen in self.screen_stack:
            if isinstance(screen, Board) and screen.is_mounted:
                screen.notice(text)

    def _write_to_driver(self, sequence: str) -> None:
        """Write a control sequence to the terminal, in order with everything else that is drawn."""
        if self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()

    def show_plain(self, command: str) -> None:
        """Show a command alone: on the bare terminal, or on an empty screen where that cannot be."""
        from wizard.front.tui.screens.plain import PlainScreen, show_alone

        self._bare = True
        try:
            with self.suspend():
                show_alone(command, sys.__stderr__ or sys.stderr, sys.__stdin__ or sys.stdin)
        except SuspendNotSupported:
            self.push_screen(PlainScreen(command))
        finally:
            self._bare = False

    def _fatal_error(self) -> None:
        """Report a mistake of this program without the values of variables: one of them may be a password."""
        from rich.text import Text

        from wizard.front.tui.crash import failure

        self.status = int(Exit.USAGE)
        self.broken = True
        self.panic(Text(failure(sys.exc_info()[1])))

    def _moment(self) -> str:
        """The moment for which the last line of the screen shows the keys."""
        from wizard.front.tui.widgets.line import Keys

        return self.screen.query_one(Keys).where

    def action_help(self) -> None:
        """Show the help page."""
        from wizard.front.tui.screens.help import Help

        self.push_screen(Help(self._moment()))

    def action_palette(self) -> None:
        """List what can be done now; what is chosen is done on the screen that was left for the list."""
        from wizard.front.tui.screens.palette import Palette

        screen = self.screen

        async def do(name: str | None) -> None:
            if name:
                await screen.run_action(name)

        self.push_screen(Palette(self._moment()), do)

    def action_leave(self) -> None:
        """End with the status of the last verdict, 130 before there is one."""
        if self.course is not None:
            self.course.leave()
        self.exit(self.status)

    def action_interrupt(self) -> None:
        """Ctrl+C: the same, from everywhere."""
        self.action_leave()

    def leave_soon(self, number: int) -> None:
        """A signal wants the program to end: the same, as soon as the screen's own work can be interrupted."""
        wants_back = self._bare and number == signal.SIGINT
        if self._loop is not None and not wants_back:
            self._loop.call_soon_threadsafe(self._end_with, 128 + number)
        if self._loop is None or self._bare:
            # Nobody draws: the main thread waits for the person, or for something before the first screen.
            raise KeyboardInterrupt

    def _end_with(self, status: int) -> None:
        self.status = status
        self.action_leave()


def run(
    content: Content,
    runtime_factory: Callable[[Target], Runtime],
    discovery_targets: tuple[Target, ...],
    target: Target | None,
    answers: dict[str, str],
    session_factory: Callable[[Target], Session],
    parse: Callable[[str], Target],
    *,
    reread: Callable[[Target], Target] | None = None,
    greeting: str = "",
    take_view: Callable[[int], int] | None = None,
    read_error: Callable[[str], Pasted | None] | None = None,
    offers: Offers | None = None,
) -> int:
    """Show the full screen and return the exit status: of the last verdict, or 130 when left before one.

    It is 2 when the program itself fails.

    `reread`, where given, reads a target's settings anew before its walk is run again. `greeting` stands above the
    keys until the first one is pressed. `take_view` begins anew with the view of a process. `read_error` makes
    something of an error that is pasted on the start screen. `offers` are what the start screen has besides
    connections.
    """
    from wizard.front.tui.course import make_course

    make = partial(make_course, content, runtime_factory, session_factory, answers, reread)
    app = WizardApp(
        make, discovery_targets, target, parse, greeting=greeting, read_error=read_error, offers=offers
    )
    with endings.told(app.leave_soon):
        status = app.run()
    if app.course is not None:
        app.course.finish()
    if app.process and take_view is not None:
        return take_view(app.process)
    if app.afterwards is not None:
        return app.afterwards()
    if status is None:
        return app.status if app.broken else int(Exit.INTERRUPTED)
    return status

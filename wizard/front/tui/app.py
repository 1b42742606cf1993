"""The full screen of a walk: starts it, hands the workers' messages to the course, and ends with an exit status.

It must stay quick to appear: nothing that talks to a database, reads YAML or draws graphs is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from textual import on

from wizard.exits import BY_STATUS, Exit
from wizard.front.tui.messages import Concluded, Failed, Opened, Reported, Said
from wizard.front.tui.screenapp import ScreenApp

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


class WizardApp(ScreenApp):
    """The application. Its exit status is that of the last verdict, 130 before there is one."""

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
        super().__init__(environ, write_terminal)
        self.course: Course | None = None
        self.parse = parse
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

    def action_leave(self) -> None:
        """End with the status of the last verdict, and wait for no check."""
        if self.course is not None:
            self.course.leave()
        super().action_leave()


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
    status = app.show()
    if app.course is not None:
        app.course.finish()
    if app.process and take_view is not None:
        return take_view(app.process)
    if app.afterwards is not None:
        return app.afterwards()
    return status

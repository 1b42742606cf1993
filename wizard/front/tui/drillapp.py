"""The full screen of the drills. It ends with 0, or with 130 after Ctrl-C; what was finished is in the score."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from wizard.exits import Exit
from wizard.front.tui.app import WizardApp
from wizard.front.tui.drilling import Drilling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.screen import Screen

    from wizard.errors import WizardError
    from wizard.front.practicedrill import Drills


class DrillApp(WizardApp):
    """The application with the drill in place of a walk."""

    def __init__(
        self,
        drills: Drills,
        environ: Mapping[str, str] | None = None,
        write_terminal: Callable[[str], object] | None = None,
    ) -> None:
        super().__init__(_no_walk, (), None, _no_walk, environ, write_terminal)
        self.drilling = Drilling(drills)
        self.status = int(Exit.HEALTHY)
        self.failure: WizardError | None = None

    def get_default_screen(self) -> Screen[None]:
        """The drill."""
        from wizard.front.tui.screens.drill import DrillScreen

        return DrillScreen(self.drilling)

    def fail(self, error: WizardError) -> None:
        """Leave because nothing can be served; from any thread."""
        self.failure = error
        self.call_from_thread(self.exit, int(Exit.USAGE))

    def action_interrupt(self) -> None:
        """Ctrl+C: leave at once."""
        self.exit(int(Exit.INTERRUPTED))


def _no_walk(*_: object) -> NoReturn:
    """A drill walks by itself; nothing of the screen asks for another walk."""
    raise NotImplementedError


def run(drills: Drills) -> int:
    """Drill on the full screen; the exit status. It is 2 when the program itself fails.

    Raises WizardError where a scenario cannot be served.
    """
    app = DrillApp(drills)
    try:
        status = app.run()
    finally:
        app.drilling.end()
    if app.failure is not None:
        raise app.failure
    if status is None:
        return app.status if app.broken else int(Exit.INTERRUPTED)
    return status

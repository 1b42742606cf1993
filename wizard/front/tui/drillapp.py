"""The full screen of the drills. It ends with 0, or with 130 after Ctrl-C; what was finished is in the score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wizard.exits import Exit
from wizard.front.tui.drilling import Drilling
from wizard.front.tui.screenapp import ScreenApp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.screen import Screen

    from wizard.errors import WizardError
    from wizard.front.practicedrill import Drills


class DrillApp(ScreenApp):
    """The application of one sitting of `drills`."""

    def __init__(
        self,
        drills: Drills,
        environ: Mapping[str, str] | None = None,
        write_terminal: Callable[[str], object] | None = None,
    ) -> None:
        super().__init__(environ, write_terminal)
        self.drilling = Drilling(drills)
        self.status = int(Exit.HEALTHY)
        self.failure: WizardError | None = None
        """Why no scenario could be served."""

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


def run(drills: Drills) -> int:
    """Drill on the full screen; the exit status. It is 2 when the program itself fails.

    Raises WizardError where a scenario cannot be served.
    """
    app = DrillApp(drills)
    try:
        status = app.show()
    finally:
        app.drilling.end()
    if app.failure is not None:
        raise app.failure
    return status

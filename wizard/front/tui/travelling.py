"""Ways through the walk: back to an earlier step, the map, and the word of a person in the place of a check's."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from wizard.core.overruling import grounds, overrulable, passed
from wizard.front.tui.views import walk as walk_view

if TYPE_CHECKING:
    from wizard.core.walk import Walk
    from wizard.front.tui.app import WizardApp
    from wizard.front.tui.course import Course


class Travels:
    """The keys of a screen that shows a walk one can move in. Mixed into a Screen."""

    app: WizardApp
    course: Course

    @abstractmethod
    def draw(self) -> None:
        """Show the course as it stands now."""

    @abstractmethod
    def notice(self, text: str) -> None:
        """Show a sentence until the next key."""

    def action_back(self) -> None:
        """Offer the earlier steps."""
        from wizard.front.tui.screens.earlier import Earlier

        walk = self.course.walk
        steps = walk_view.earlier(walk) if walk is not None else []
        if walk is None or not steps:
            self.notice("This is the first step: there is nothing to go back to.")
            return
        self.app.push_screen(Earlier(steps), partial(self._went_back, walk))

    def _went_back(self, seen: Walk, back: int | None) -> None:
        """Go to the step that was so many steps back in the walk which the person saw: it may have gone on since."""
        if not back:
            return
        node = passed(seen)[back - 1].before.at
        steps = [step.back for step in passed(self.course.walk or seen) if step.before.at == node]
        self.course.back(steps[0] if steps else 0)
        self.draw()

    def action_map(self) -> None:
        """Show the map of the tree."""
        from wizard.front.tui.screens.map import Map

        walk = self.course.walk
        if walk is None:
            self.notice("There is no map yet: the tree is still being read.")
            return
        catalogue = self.course.engine.supply.content.catalogue
        self.app.push_screen(Map(walk, catalogue), partial(self._chosen_on_map, walk))

    def _chosen_on_map(self, seen: Walk, chosen: int | None) -> None:
        """Go back to the step, or offer to overrule it: the map says that by a negative number."""
        if chosen is not None and chosen < 0:
            self._offer_overruling(seen, -chosen)
        else:
            self._went_back(seen, chosen)

    def action_overrule(self) -> None:
        """Offer the passed steps whose facts a person may know better."""
        from wizard.front.tui.screens.overrule import Steps

        walk = self.course.walk
        if walk is None or not overrulable(walk):
            self.notice("No step has found anything yet that could be overruled.")
            return
        self.app.push_screen(Steps(walk), partial(self._offer_overruling, walk))

    def _offer_overruling(self, seen: Walk, back: int | None) -> None:
        """Offer the facts that decided at the step which was so many steps back."""
        from wizard.front.tui.screens.overrule import Decided

        if not back:
            return
        step = passed(seen)[back - 1]
        if not grounds(seen, step):
            self.notice("Nothing that can be overruled decided at that step. b goes back to it.")
            return
        screen = Decided(seen, step)
        self.app.push_screen(screen, partial(self._overruled, step.before.at, screen.sayings))

    def _overruled(self, node: str, sayings: Sequence[tuple[str, str]], chosen: int | None) -> None:
        if not chosen:
            return
        key, value = sayings[chosen - 1]
        if self.course.overrule(node, {key: value}):
            self.draw()
            self.notice("The walk goes on with your word. The report says that it is yours; b takes it back.")
        else:
            self.notice("The walk has left that step in the meantime: nothing was overruled.")

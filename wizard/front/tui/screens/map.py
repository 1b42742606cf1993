"""The map of the tree: where the walk stands, what was passed, what is ruled out and what is still possible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from wizard.core.walk import Walk
from wizard.front.tui import actions
from wizard.front.tui.screens.listing import Listing
from wizard.front.tui.views import chart
from wizard.front.tui.widgets.line import Words
from wizard.front.tui.widgets.pane import Block, Pane


class Map(Listing):
    """Closes with how many steps to go back; with a negative number, that step is to be overruled."""

    WHERE = "map"
    HEAD = "The map: from the settings to the database"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(keys, name, label, show=False) for keys, name, label in actions.keys("map")),
        Binding("m", "close", show=False),
        Binding("b", "pick", show=False),
    ]

    def __init__(self, walk: Walk, catalogue: Mapping[str, str]) -> None:
        super().__init__()
        self.walk = walk
        self.catalogue = catalogue
        self.opened: set[str] = set()

    def blocks(self) -> list[Block]:
        """Layers, steps, and the causes of the opened layers."""
        return chart.blocks(self.walk, self.catalogue, self.opened, plain_ascii=self._ascii)

    def on_mount(self) -> None:
        """Mark the layer where the walk stands."""
        super().on_mount()
        pane = self.query_one(Pane)
        self.call_after_refresh(pane.mark, chart.item_here(self.walk))

    @on(Pane.Pressed)
    def _pressed(self, event: Pane.Pressed) -> None:
        if event.again:
            self.action_pick()

    def action_pick(self) -> None:
        """Open or close a layer, or go back to a step."""
        pane = self.query_one(Pane)
        kind, _, name = pane.cursor.partition("-")
        if kind == "step":
            self.dismiss(int(name))
        else:
            layer = name.partition("-")[0]
            self.opened ^= {layer}
            pane.show(self.blocks())
            # The causes first, then their layer: so both are in view, as far as there is room.
            for item in [one for one in pane.items if one.startswith(f"causes-{layer}-")][:1]:
                pane.mark(item)
            pane.mark(f"layer-{layer}")

    def action_overrule(self) -> None:
        """Overrule what was found at the marked step."""
        kind, _, name = self.query_one(Pane).cursor.partition("-")
        if kind == "step":
            self.dismiss(-int(name))
        else:
            self.query_one("#head", Words).say("Move to a step first: a layer itself cannot be overruled.")

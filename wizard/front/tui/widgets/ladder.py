"""The ladder of layers: for each one a mark, a word and a time. A column where there is room, else one line."""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from wizard.front.tui.look import State, state
from wizard.marks import duration
from wizard.named import NamedTuple

COLUMN = 34
"""A ladder narrower than this is a column, a wider one is a line."""


class Rung(NamedTuple):
    """One layer: its outcome, and how long it took in milliseconds (0 for nothing to tell)."""

    layer: str
    outcome: str
    ms: float = 0.0


class Ladder(Widget):
    """Draws the rungs; `show` is the only way to change it."""

    def __init__(self, *, plain_ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rungs: tuple[Rung, ...] = ()
        self._ascii = plain_ascii

    def show(self, rungs: Iterable[Rung]) -> None:
        """Show these rungs, from the first layer to the last."""
        self.rungs = tuple(rungs)
        self.refresh()

    def tick(self, layer: str, ms: float) -> None:
        """Show how long the layer has been at work; only its own row is drawn anew."""
        for row, rung in enumerate(self.rungs):
            if rung.layer == layer and rung.outcome == "running":
                self.rungs = (*self.rungs[:row], rung._replace(ms=ms), *self.rungs[row + 1 :])
                column = self.size.height > 1
                self.refresh(Region(0, row if column else 0, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """Row `y`: a rung of the column, or the whole ladder."""
        width = self.size.width
        if width < COLUMN and self.size.height > 1:
            segments = self._rung(self.rungs[y]) if y < len(self.rungs) else []
        else:
            segments = self._line(width) if y == 0 else []
        return Strip(segments).adjust_cell_length(width)

    def _mark(self, look: State) -> str:
        return look.ascii if self._ascii else look.mark

    def _rung(self, rung: Rung) -> list[Segment]:
        look = state(rung.outcome)
        style = Style.parse(look.style)
        time = duration(rung.ms) if rung.ms else ""
        # Blanks before a word are a segment of their own: programs that draw an SVG drop them elsewhere.
        return [
            Segment(" "),
            Segment(f"{self._mark(look)} ", style),
            Segment(f"{rung.layer:<9}", Style(bold=rung.outcome in ("fault", "running", "asking"))),
            Segment(f"{look.word:<9}", style),
            Segment(" " * (7 - len(time))),
            Segment(time),
        ]

    def _line(self, width: int) -> list[Segment]:
        """All marks; each with its name where that fits, else the name and word of the one that matters."""
        named = sum(len(rung.layer) + 4 for rung in self.rungs) <= width
        segments = [Segment(" ")]
        for rung in self.rungs:
            look = state(rung.outcome)
            segments.append(Segment(f"{self._mark(look)} ", Style.parse(look.style)))
            if named:
                segments.append(Segment(f"{rung.layer}  "))
        telling = None if named else self._telling()
        if telling is not None:
            time = f" {duration(telling.ms)}" if telling.ms and telling.outcome == "running" else ""
            segments.append(
                Segment(f" {telling.layer}: {state(telling.outcome).word}{time}", Style(bold=True))
            )
        return segments

    def _telling(self) -> Rung | None:
        """The rung to name where there is room for one only."""
        for outcome in ("running", "asking", "fault", "unknown", "warning"):
            for rung in self.rungs:
                if rung.outcome == outcome:
                    return rung
        reached = [rung for rung in self.rungs if rung.outcome == "ok"]
        return reached[-1] if reached else None

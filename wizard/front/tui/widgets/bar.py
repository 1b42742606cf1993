"""A scroll bar made of characters, so that it is there without colour and in plain ASCII."""

from __future__ import annotations

from typing import Any

from rich.segment import Segment, Segments
from rich.style import Style
from textual.scrollbar import ScrollBarRender


class Bar(ScrollBarRender):
    """Draws the thumb as blocks."""

    THUMB = "█"

    @classmethod
    def render_bar(
        cls,
        size: int = 25,
        virtual_size: float = 50,
        window_size: float = 20,
        position: float = 0,
        thickness: int = 1,
        vertical: bool = True,
        back_color: Any = None,
        bar_color: Any = None,
    ) -> Segments:
        """The rows of a vertical bar: blanks, and the thumb where the view is. The mouse finds its way by `meta`."""
        del back_color, bar_color, vertical
        length = max(1, round(size * min(1.0, window_size / max(1.0, virtual_size))))
        share = position / max(1.0, virtual_size - window_size)
        start = round((size - length) * min(1.0, max(0.0, share)))
        above = Segment(" " * thickness, Style(meta={"@mouse.down": "scroll_up"}))
        thumb = Segment(cls.THUMB * thickness, Style(dim=True, meta={"@mouse.down": "grab"}))
        below = Segment(" " * thickness, Style(meta={"@mouse.down": "scroll_down"}))
        rows = [above] * start + [thumb] * length + [below] * (size - start - length)
        return Segments(rows, new_lines=True)


class AsciiBar(Bar):
    """The same for terminals without Unicode."""

    THUMB = "#"

"""A page of text that scrolls, with some parts that can be marked: questions, fixes, commands.

It draws line by line, which costs one widget and few bytes whatever the length. Text is never read as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from wizard.front.tui.look import NOW, to_ascii
from wizard.front.tui.widgets.bar import AsciiBar, Bar
from wizard.named import NamedTuple

_BLANK = Style(bold=False)
GUTTER = 2
"""Cells at the left where the mark of the cursor stands."""


class Block(NamedTuple):
    """A paragraph. `item` names the part that it belongs to, where that can be marked."""

    text: str | Text = ""
    style: str = ""
    first: str = ""
    """What stands before its first row."""
    rest: str = ""
    """What stands before its further rows."""
    item: str = ""
    fold: bool = False
    """Keep every space, and cut words that are longer than a row: for commands."""


class Pane(ScrollView, can_focus=True):
    """Shows blocks. `cursor` is the marked item, or empty."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("home", "scroll_home", show=False),
        Binding("end", "scroll_end", show=False),
    ]

    class Pressed(Message):
        """An item was clicked; `again` when it was the marked one already."""

        def __init__(self, item: str, again: bool) -> None:
            super().__init__()
            self.item = item
            self.again = again

    def __init__(self, *, plain_ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.cursor = ""
        self.items: list[str] = []
        self._ascii = plain_ascii
        self._blocks: tuple[Block, ...] = ()
        self._rows: list[tuple[Strip, str]] = []
        self._width = 0
        self._wanted = False
        """Whether the marked item is still to be brought into view, once the rows are known."""

    def on_mount(self) -> None:
        """Draw the scroll bar with characters."""
        self.vertical_scrollbar.renderer = AsciiBar if self._ascii else Bar  # type: ignore[misc]

    def show(self, blocks: Iterable[Block], *, cursor: str | None = None, top: bool = False) -> None:
        """Show these blocks. `cursor` marks an item; without it the mark stays, where its item still exists."""
        self._blocks = tuple(blocks)
        self.items = list(dict.fromkeys(block.item for block in self._blocks if block.item))
        wanted = self.cursor if cursor is None else cursor
        self.cursor = wanted if wanted in self.items else (self.items[0] if self.items else "")
        self._wrap()
        if top:
            self.scroll_home(animate=False, force=True)

    def height(self, blocks: Iterable[Block], width: int) -> int:
        """How many rows these blocks would take in a page of `width` cells, its bar not counted."""
        return sum(len(self._rows_of(block, width)) for block in blocks)

    def text(self) -> str:
        """All rows as plain text, without the mark of the cursor."""
        return "\n".join(strip.text.rstrip() for strip, _ in self._rows)

    def mark(self, item: str) -> None:
        """Move the cursor to an item and bring it into view; only the rows of the old and the new one are drawn."""
        if item not in self.items:
            return
        self._draw_again(self.cursor)
        self.cursor = item
        first, count = self._draw_again(item)
        self._wanted = count == 0
        if count:
            region = Region(0, first, max(1, self._width), min(count, max(1, self.size.height)))
            self.scroll_to_region(region, animate=False, force=True)

    def _draw_again(self, item: str) -> tuple[int, int]:
        """Have the rows of an item drawn anew; its first row and how many there are."""
        first = self._row_of(item)
        count = sum(1 for _, name in self._rows if name and name == item)
        if count:
            self.refresh_lines(first, count)
        return first, count

    def action_move(self, by: int) -> None:
        """Mark the next or the previous item, but pass no text unread: what is more than a page away is scrolled to."""
        top, height = self.scroll_offset.y, max(1, self.size.height)
        at = self.items.index(self.cursor) if self.cursor in self.items else -1
        here = self._row_of(self.cursor)
        ahead = here >= top + height if by > 0 else 0 <= here < top
        to = at if ahead else at + by
        row = self._row_of(self.items[to]) if 0 <= to < len(self.items) else -1
        if row >= 0 and top - height < row < top + 2 * height - 1:
            self.mark(self.items[to])
        else:
            self.scroll_relative(y=by * (height - 1 if row >= 0 else 1), animate=False)

    def _row_of(self, item: str) -> int:
        """The first row of an item, -1 where there is none."""
        return next((row for row, (_, name) in enumerate(self._rows) if name and name == item), -1)

    def action_page_up(self) -> None:
        """Scroll up by a page, at once."""
        self.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        """Scroll down by a page, at once."""
        self.scroll_page_down(animate=False)

    def action_scroll_home(self) -> None:
        """Go to the top."""
        self.scroll_home(animate=False)

    def action_scroll_end(self) -> None:
        """Go to the end."""
        self.scroll_end(animate=False)

    def on_click(self, event: events.Click) -> None:
        """Mark the item under the mouse; say so when it was marked already."""
        row = event.y + self.scroll_offset.y
        if 0 <= row < len(self._rows) and (item := self._rows[row][1]):
            again = item == self.cursor
            self.mark(item)
            self.post_message(self.Pressed(item, again))

    def on_resize(self) -> None:
        """Break the rows anew when the width changed."""
        if self.scrollable_content_region.width != self._width:
            self._wrap()
            if self.cursor and (self._wanted or self.scroll_offset.y):
                self.mark(self.cursor)

    def render_line(self, y: int) -> Strip:
        """Row `y` of what is in view, with the mark of the cursor before it."""
        row = y + self.scroll_offset.y
        if row >= len(self._rows):
            return Strip.blank(self.size.width)
        strip, item = self._rows[row]
        marked = bool(item) and item == self.cursor
        gutter = ("> " if self._ascii else "▌ ") if marked else " " * GUTTER
        style = Style.parse(NOW) if marked else _BLANK
        line = Strip([Segment(gutter, style), *strip])
        return line.adjust_cell_length(self.size.width)

    def _wrap(self) -> None:
        """Make the rows for the width that there is."""
        self._width = self.scrollable_content_region.width
        if self._width <= GUTTER:
            return
        self._rows = [
            (row, block.item) for block in self._blocks for row in self._rows_of(block, self._width)
        ]
        self.virtual_size = Size(self._width, len(self._rows))
        self.refresh()

    def _rows_of(self, block: Block, page: int) -> list[Strip]:
        # Rich forgets the base style of a text without spans, so the style is a span of its own.
        text = Text(block.text) if isinstance(block.text, str) else block.text
        text = Text(to_ascii(text.plain)) if self._ascii else text.copy()
        text.stylize_before(block.style)
        first, rest = (_same_width(one) if self._ascii else one for one in (block.first, block.rest))
        width = max(8, page - GUTTER - max(cell_len(first), cell_len(rest)))
        lines = (
            _folded(text.plain, width, block.style)
            if block.fold
            else text.wrap(self.app.console, width, overflow="fold")
        )
        strips = []
        for number, line in enumerate(lines):
            segments: Sequence[Segment] = list(line.render(self.app.console))
            strips.append(Strip([*_prefix(rest if number else first), *segments]))
        return strips or [Strip(_prefix(first))]


def _same_width(text: str) -> str:
    """What stands before a row, in ASCII; where that is longer, blanks at its end make up for it."""
    likeness = to_ascii(text)
    more = len(likeness) - cell_len(text)
    return likeness[:-more] if more > 0 and likeness.endswith(" " * (more + 1)) else likeness


def _prefix(text: str) -> list[Segment]:
    """What stands before a row; its blanks apart, for programs that draw an SVG drop those before a word."""
    words = text.lstrip(" ")
    return [Segment(" " * (len(text) - len(words)), _BLANK), Segment(words)]


def _folded(text: str, width: int, style: str) -> list[Text]:
    """The text in rows of that width, nothing dropped; after a blank where a row has one in its second half."""
    rows: list[Text] = []
    for line in text.expandtabs(4).split("\n"):
        while cell_len(line) > width:
            piece = chop_cells(line, width)[0]
            blank = piece.rfind(" ") + 1
            if blank > len(piece) // 2 and line[len(piece)] != " ":
                piece = piece[:blank]
            rows.append(Text(piece, style))
            line = line[len(piece) :]
        rows.append(Text(line, style))
    return rows

"""The start screen as blocks: the connections that were found here, and what else one can begin with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from wizard.front.beginnings import about, unfinished
from wizard.front.tui import actions
from wizard.front.tui.look import BOLD, QUIET, WARNING
from wizard.front.tui.screens.choosing import ROW
from wizard.front.tui.views import target as words
from wizard.front.tui.widgets.pane import Block
from wizard.impact import ENGINES
from wizard.marks import shortened
from wizard.target.model import Target

if TYPE_CHECKING:
    from wizard.core.tree import Symptom
    from wizard.practice import Scenario
    from wizard.sessionlist import Entry

DRILL = "-drill"
"""The row of the drill in the list of scenarios; no scenario is called so."""
WAYS = ("symptom", "resume", "earlier", "running", "practice")
"""The actions that stand on the page, in this order."""
SOURCE = 18
"""Cells that the source of a connection takes at most where each connection has one row."""
NARROWEST = 12
"""Cells that are left to a connection in its row, however narrow the screen is."""
NUMBER = 4
"""Cells of the number before a row."""
Fits = Callable[[list[Block]], bool]


def blocks(targets: Sequence[Target], ways: Sequence[tuple[str, str]], width: int, fits: Fits) -> list[Block]:
    """The page. `ways` are pairs of an action and its sentence; `width` is in cells.

    Connections take as much room as there is: a blank row between them, none, or only one row each.
    """
    if not targets:
        return [*_nothing(), *_ways(ways)]
    for form in (_roomy, _tight):
        made = [*_found(len(targets)), *_each(targets, form), _OR, *_ways(ways)]
        if fits(made):
            return made
    return [*_found(len(targets)), *_in_one_row_each(targets, width), _OR, *_ways(ways)]


def small(targets: Sequence[Target], ways: Sequence[tuple[str, str]], width: int) -> list[Block]:
    """The same for a small screen: no blank rows, no more than two rows for each connection."""
    if not targets:
        return [_NOTHING, Block("Paste your connection below, then Enter. Or press Esc, then:"), *_ways(ways)]
    head = Block(f"{len(targets)} found here. Press a number:", BOLD)
    listed = [block for number, one in enumerate(targets, 1) for block in _in_two_rows(number, one, width)]
    return [head, *listed, _OR, *_ways(ways)]


def _found(count: int) -> list[Block]:
    if count == 1:
        return [
            Block("One connection was found here. Press 1 to check it; nothing is changed.", BOLD),
            Block(),
        ]
    told = f"{count} connections were found here. Press a number: checking changes nothing."
    return [Block(told, BOLD), Block()]


_NOTHING = Block("No connection settings were found here.", BOLD)
_OR = Block("Or press:")


def _nothing() -> list[Block]:
    return [
        _NOTHING,
        Block(
            "Not in the environment (DATABASE_URL, PG*, MYSQL_*, DB_*), not in the files of this directory."
        ),
        Block(),
        Block(
            "Type or paste the connection that your application uses into the field below, then press Enter."
        ),
        Block(),
        Block("Or press Esc, then one of these keys:"),
    ]


def _each(targets: Sequence[Target], form: Callable[[int, Target], list[Block]]) -> list[Block]:
    return [block for number, target in enumerate(targets, 1) for block in form(number, target)]


def ways(sessions: Sequence[Entry], symptom: Symptom | None, *, small: bool) -> list[tuple[str, str]]:
    """What one can begin with besides a connection: pairs of an action and its sentence, or on a small screen a word.

    `symptom` is what was chosen before.
    """
    newest = unfinished(sessions)
    missing = {name for name, there in (("resume", newest), ("earlier", sessions)) if not there}
    table = {action.name: action.label if small else action.help for action in actions.at("start")}
    if newest is not None:
        table["resume"] = words.safe(f"Go on: {about(newest)}")
    if symptom is not None:
        table["symptom"] = f"You said: {symptom.words}"
    return [(name, table[name]) for name in WAYS if name not in missing]


def _ways(ways: Sequence[tuple[str, str]]) -> list[Block]:
    shown = {action.name: action.shown for action in actions.at("start")}
    return [Block(text, "", f" {shown[name]}  ", "    ", f"way-{name}") for name, text in ways]


def _roomy(number: int, target: Target) -> list[Block]:
    """A connection with everything that is known of it, and a blank row after it."""
    return [*_tight(number, target, every=True), Block()]


def _tight(number: int, target: Target, *, every: bool = False) -> list[Block]:
    """A connection in two rows, and one more for each shortcoming; of a complete one `every` shows these too."""
    item = f"target-{number}"
    told = words.shortcomings(target)
    made = [
        Block(Text(words.in_one_line(target), BOLD), "", f"{number:>2}  ", "    ", item),
        Block(f"{words.details(target)}{_verdict(target)}", "", "    ", "    ", item),
    ]
    if not words.complete(target):
        why = told[0] if told else "no host is given"
        made.append(Block(f"! not complete: {why}", WARNING, "    ", "      ", item))
        told = told[1:]
    return made + [Block(f"! {one}", "", "    ", "      ", item) for one in told if every]


def _verdict(target: Target) -> str:
    """What the second row says of a connection that can be tried."""
    return "; looks complete" if words.complete(target) else ""


def _in_one_row_each(targets: Sequence[Target], width: int) -> list[Block]:
    """Each connection in one row, in columns: what it is, whether it looks complete, where it comes from."""
    rows = [(words.in_one_line(one), _state(one), _fit(words.safe(one.source), SOURCE)) for one in targets]
    name, state, source = (max(cell_len(row[at]) for row in rows) for at in range(3))
    name = max(NARROWEST, min(name, width - NUMBER - state - source - 2 * 2))
    made = []
    for number, row in enumerate(rows, 1):
        shown = _fit(row[0], name)
        gap = " " * (name - cell_len(shown) + 2)
        text = Text.assemble((shown, BOLD), f"{gap}{row[1]:<{state}}  {row[2]}")
        made.append(Block(text, "", f"{number:>2}  ", "    ", f"target-{number}"))
    return made


def _state(target: Target) -> str:
    return "complete" if words.complete(target) else "! incomplete"


def _in_two_rows(number: int, target: Target, width: int) -> list[Block]:
    """A connection on a small screen."""
    item = f"target-{number}"
    second = _fit(f"{_state(target)}, {words.safe(target.source)}".removesuffix(", "), width - NUMBER)
    name = _fit(words.in_one_line(target), width - NUMBER)
    return [Block(name, BOLD, f"{number:>2}  ", "    ", item), Block(second, "", "    ", "    ", item)]


def _fit(text: str, room: int) -> str:
    """The text in at most `room` cells."""
    return shortened(text, room, cell_len)


def symptoms(found: Sequence[Symptom], chosen: str) -> list[Block]:
    """The symptoms as a list; `chosen` is the key of the one that was chosen before."""
    made = [
        Block("The sentence that fits best: it spares you questions."),
        Block(),
    ]
    for number, one in enumerate(found, 1):
        said = "  (this is what you said)" if one.key == chosen else ""
        made.append(_row(number, one.words + said))
    return [*made, _row(0, "None of these")]


def sessions(found: Sequence[tuple[str, Entry]]) -> list[Block]:
    """The saved sessions, each with its sentence."""
    made = [Block("The newest first. An unfinished one goes on where it stopped."), Block()]
    return made + [
        _row(number, words.safe(text), BOLD if one.unfinished else "")
        for number, (text, one) in enumerate(found, 1)
    ]


def practice(found: Sequence[Scenario], *, drill: bool = True) -> list[Block]:
    """The scenarios under a heading for each layer; before them the `drill`, which picks one of them."""
    made: list[Block] = []
    if drill:
        made += [
            Block("A server on this machine fails as you choose; the wizard walks it."),
            Block("Or find the cause yourself, without being told what it is", BOLD, "", "", DRILL),
        ]
    layer = ""
    for one in found:
        if one.layer != layer:
            layer = one.layer
            made.append(Block(f"{layer} ({sum(other.layer == layer for other in found)})", BOLD))
        about = f"  ({one.difficulty}, {ENGINES.get(one.engine, one.engine)})"
        made.append(Block(Text.assemble(one.title, (about, QUIET)), "", "  ", "  ", one.name))
    return made


def _row(number: int, text: str | Text, style: str = "") -> Block:
    return Block(text, style, f"{number:>3}  ", "     ", f"{ROW}{number}")

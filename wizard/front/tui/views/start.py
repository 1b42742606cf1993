"""The start screen: which connections were found here."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from wizard.front.tui.look import BOLD, WARNING
from wizard.front.tui.views import target as words
from wizard.front.tui.widgets.pane import Block
from wizard.target.model import Target


def blocks(targets: Sequence[Target]) -> list[Block]:
    """The list of what was found, or a sentence that says that nothing was."""
    if not targets:
        return [
            Block("No connection settings were found here.", BOLD),
            Block(
                "Not in the environment (DATABASE_URL, PG*, MYSQL_*, DB_*), not in the files of this directory."
            ),
            Block(),
            Block(
                "Type or paste the connection that your application uses into the field below, then press Enter."
            ),
            Block(),
            Block("A running application may have them: press Esc, then a."),
            Block(),
            Block("No database at hand? Press Ctrl+C, then run: dbwizard practice"),
        ]
    if len(targets) == 1:
        found = "One connection was found here. Press 1 to check it."
    else:
        found = f"{len(targets)} connections were found here. Press a number to check one."
    made = [Block(found, BOLD), Block()]
    for number, target in enumerate(targets, 1):
        made.extend(_one(number, target))
    made.append(Block("Nothing is contacted before you choose, and no check changes anything on a server."))
    return made


def _one(number: int, target: Target) -> list[Block]:
    item = f"target-{number}"
    made = [
        Block(Text(words.in_one_line(target), BOLD), first=f"{number:>2}  ", rest="    ", item=item),
        Block(words.details(target), first="    ", rest="    ", item=item),
    ]
    told = words.shortcomings(target)
    if not words.complete(target):
        made.append(
            Block(
                "! not complete: " + (told[0] if told else "no host is given"),
                WARNING,
                "    ",
                "      ",
                item,
            )
        )
        told = told[1:]
    made.extend(Block("! " + one, "", "    ", "      ", item) for one in told)
    return [*made, Block()]

"""`dbwizard causes [ID]`: the catalogue, and the full page of one cause. Works offline and without a target.

Nothing is filled in that is not known: a placeholder stays as it is written, and a fix that applies only somewhere
says where.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from wizard.errors import UsageError
from wizard.exits import Exit
from wizard.printed import KINDS, hand_over_line

if TYPE_CHECKING:
    from wizard.content.load import Content
    from wizard.core.page import Command, Filler, Finding, Fix

Write = Callable[[str], None]
WIDTH = 80
"""Columns, unless the caller knows better."""
PLACES = {
    "app-host": "on the application's host",
    "db-host": "on the database host",
    "psql": "in psql",
    "mysql": "in mysql or mariadb",
    "console": "at the provider",
    "config": "in the configuration",
}
RISKS = {
    "safe": "changes nothing that others notice",
    "reload": "reloads a configuration",
    "restart": "restarts a service",
    "destructive": "destroys something: read it twice",
}


def run_list(content: Content, write: Write, *, width: int = WIDTH) -> int:
    """The catalogue: every id with what is wrong in one line, a paragraph for each layer."""
    catalogue = content.catalogue
    longest = max((len(cause) for cause in catalogue), default=0)
    layer = ""
    for cause, line in sorted(catalogue.items(), key=lambda item: _layer_order(item[0], catalogue)):
        if cause.partition(".")[0] != layer and "." in cause:
            layer = cause.partition(".")[0]
            write("")
            write(f"{layer}:")
        for number, part in enumerate(textwrap.wrap(line, max(20, width - longest - 4)) or [""]):
            write(f"  {cause if number == 0 else '':<{longest}}  {part}")
    write("")
    write("dbwizard causes ID shows the whole page of one.")
    return Exit.HEALTHY


def _layer_order(cause: str, catalogue: Iterable[str]) -> int:
    """The causes of one layer together, layers in the order of their first cause."""
    layers = list(dict.fromkeys(one.partition(".")[0] for one in catalogue))
    return layers.index(cause.partition(".")[0])


def run_show(content: Content, cause: str, write: Write, *, width: int = WIDTH) -> int:
    """The page of one cause. Raises UsageError that names the nearest for an id that is not in the catalogue."""
    from wizard.content.problems import nearest
    from wizard.core.facts import Facts
    from wizard.core.page import Filler, render

    if cause not in content.catalogue:
        near = nearest(cause, content.catalogue) or "; dbwizard causes lists all of them"
        raise UsageError(f"there is no cause '{cause}'{near}")
    page = content.page(cause)
    # Only the placeholders, not the tree: a page can be read while a tree is broken.
    fills = {key: tuple(value) for key, value in content.single("facts.yaml").get("fills", {}).items()}
    finding = render(cause, page, Facts(), fills, content.catalogue[cause])
    cases = list(_cases(page, Filler(Facts(), fills)))
    for line in _page(finding, cases, content.catalogue, width):
        write(line)
    return Exit.HEALTHY


def _cases(page: Mapping[str, Any], filler: Filler) -> Iterator[str]:
    """What is said only where a condition holds, with that condition."""
    from wizard.core import conditions
    from wizard.core.phrases import describe

    for one in page.get("here", ()):
        words = describe(conditions.parse(one["when"])) if "when" in one else ""
        yield f"{f'If {words}: ' if words else ''}{filler.sentence(str(one.get('text', '')))}"


def _page(finding: Finding, cases: Iterable[str], catalogue: dict[str, str], width: int) -> Iterator[str]:
    yield finding.cause
    yield from _wrapped(finding.title, width)
    if finding.meaning:
        yield ""
        yield from _wrapped(finding.meaning, width)
    yield from _list("Why it happens", finding.why, width)
    yield from _list("In some cases", cases, width)
    yield from _list("Seen as", finding.seen_as, width)
    for number, fix in enumerate(finding.fixes, 1):
        yield from _fix(number, fix, width)
    yield from _list("What not to do", finding.avoid, width)
    if finding.verify:
        yield from ("", "How to verify")
        for command in finding.verify:
            yield from _command(command, "  ", width)
    see_also = [f"{other}: {catalogue.get(other, '')}" for other in finding.see_also]
    yield from _list("See also", see_also, width)
    if finding.hand_over:
        yield from ("", "To hand over")
        yield from _wrapped(hand_over_line(finding.hand_over_to, finding.hand_over_when), width, "  ")
        yield from _wrapped(finding.hand_over, width, "    ")
    yield from _list("Sources", finding.sources, width)


def _wrapped(text: str, width: int, indent: str = "", first: str | None = None) -> list[str]:
    """Lines of a text; an address or a command longer than the width stays in one piece, to be copied."""
    begin = indent if first is None else first
    return textwrap.wrap(
        text,
        width,
        initial_indent=begin,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _list(title: str, items: Iterable[str], width: int) -> Iterator[str]:
    lines = [line for item in items for line in _wrapped(item, width, "    ", "  - ")]
    if lines:
        yield from ("", title)
        yield from lines


def _fix(number: int, fix: Fix, width: int) -> Iterator[str]:
    yield ""
    yield from _wrapped(f"Fix {number}: {fix.title}", width)
    if fix.when:
        yield from _wrapped(f"Applies when {fix.when}.", width, "  ")
    if fix.why:
        yield from _wrapped(fix.why, width, "  ")
    yield from _wrapped(f"Risk: {fix.risk}, {RISKS.get(fix.risk, '')}".rstrip(", ") + ".", width, "  ")
    yield from _wrapped(KINDS.get(fix.kind, ""), width, "  ")
    for command in fix.commands:
        yield from _command(command, "  ", width)
    if fix.undo:
        yield from _wrapped(f"Undo: {fix.undo}", width, "  ")


def _command(command: Command, indent: str, width: int) -> Iterator[str]:
    """The command as it is, never wrapped: it is there to be copied."""
    when = f", when {command.when}" if command.when else ""
    yield from _wrapped(
        f"{PLACES.get(command.where, command.where)} ({command.language}){when}:", width, indent
    )
    for line in command.text.splitlines():
        yield f"{indent}    {line}".rstrip()

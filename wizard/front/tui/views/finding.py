"""The finding: the cause, how sure and from what, what was ruled out, then what to do, in order.

`Parts` keeps which parts are open and which command each item stands for; the rest is a function of the conclusion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rich.text import Text

from wizard.core.page import Command, Fix
from wizard.front.tui.conclusion import Conclusion, Possible
from wizard.front.tui.giving import Given
from wizard.front.tui.look import BOLD, FAULT, WARNING, state
from wizard.front.tui.views.target import safe
from wizard.front.tui.views.walk import command_block, quotation, quoted
from wizard.front.tui.widgets.pane import Block
from wizard.front.words import BADGES, PLACE_BADGES, PLACES, RISKS, before_after, changed_layers
from wizard.redact import clean

RISK_WORDS = {risk: f"{badge}: {RISKS[risk]}" for risk, badge in BADGES.items()}
"""Badge of a risk, and what it means."""
HAND_OVER = "hand-over"
"""The item of the message for another team."""
SOMEBODY = "whoever runs the database"
"""Whom a message is for where the page does not say."""
_LANGUAGES = {"sh": "shell", "sql": "SQL", "conf": "setting", "yaml": "YAML", "python": "Python"}


@dataclass
class Parts:
    """Which parts are open, and the command of each item that can be copied."""

    open: set[str] = field(default_factory=lambda: {"fix-1"})
    commands: dict[str, Given] = field(default_factory=dict)
    opens: set[str] = field(default_factory=set)
    """The items that Enter opens and closes."""
    blanks: frozenset[str] = frozenset()
    """The placeholders that a command may still hold."""

    def toggle(self, item: str) -> None:
        """Open the item, or close it."""
        self.open ^= {item}


def blocks(now: Conclusion, before: Conclusion | None, parts: Parts) -> list[Block]:
    """The whole page, top to bottom. Fills `parts.commands` and `parts.opens`."""
    parts.commands.clear()
    parts.opens.clear()
    parts.blanks = now.blanks
    made = [*_comparison(now, before), *_verdict(now), *_evidence(now)]
    made += _possible(now, parts) if now.diagnosis.status == "inconclusive" else []
    made += _fixes(now, parts)
    made += _possible(now, parts) if now.diagnosis.status == "fault" else []
    made += _cautions(now)
    made += _commands_under(
        "Then see whether it works (v does this here)", now.finding.verify, "verify", parts
    )
    made += _closed_parts(now, parts)
    made += [Block(), Block(now.footprint)] if now.footprint else []
    return [
        one for one, last in zip(made, [Block(), *made], strict=False) if one != Block() or last != Block()
    ]


def failure(text: str) -> list[Block]:
    """What is shown when the program itself could not go on."""
    lines = [Block(safe(line, 600)) for line in text.splitlines()]
    return [Block("The walk could not be made.", FAULT), Block(), *lines, Block(), Block("Leave with q.")]


def _comparison(now: Conclusion, before: Conclusion | None) -> Iterator[Block]:
    if before is None:
        return
    same = before.diagnosis.cause == now.diagnosis.cause
    yield Block("Checked again" if same else "Before the fix → now", BOLD)
    if not same:
        yield Block(_headline(before), first="  before  ", rest=" " * 10)
        yield Block(_headline(now), first="  now     ", rest=" " * 10)
    for layer, was, outcome in changed_layers(before.compared, now.compared):
        yield Block(f"{layer:<9} {state(was).word} → {state(outcome).word}", first=" " * 10)
    yield Block(before_after(before.compared, now.compared), BOLD, "  ", "  ")
    if same and now.diagnosis.status != "healthy":
        told = "A variable changed in a shell reaches this program only when it is started anew."
        yield Block(told, "", "  ", "  ")
    yield Block()


def _headline(one: Conclusion) -> Text:
    look = state(one.diagnosis.status)
    return Text.assemble((f"{look.mark} {look.word.upper()} ", look.style), (_title(one), BOLD))


def _title(one: Conclusion) -> str:
    return safe(one.finding.title) or one.diagnosis.cause


def _verdict(now: Conclusion) -> Iterator[Block]:
    yield Block(_headline(now), rest="  ")
    unsure = now.diagnosis.status == "inconclusive"
    named = f"[{now.diagnosis.cause}] " if now.diagnosis.status == "fault" else ""
    yield Block(named + now.sure, first="  ", rest="  ")
    yield Block()
    if now.finding.meaning and not (unsure and now.possible):
        yield Block(_flat(now.finding.meaning))
    if now.finding.why_here:
        yield Block(_flat(now.finding.why_here), "", "Here: ", "      ")


def _flat(text: str) -> str:
    return " ".join(clean(text, 2000).split())


def _evidence(now: Conclusion) -> Iterator[Block]:
    if now.diagnosis.status != "healthy":
        for one in now.reasons:
            yield from quotation(one.text, one.code, f"{'Seen':<11}")
    if now.ruled_out:
        head = "Answered" if now.diagnosis.status == "healthy" else "Ruled out"
        layers = ", ".join(layer for layer, _ in now.ruled_out)
        last = "" if now.diagnosis.status == "healthy" else " (answered as they should)"
        yield Block(f"{layers}{last}", "", f"{head:<11}", " " * 11)
    if now.diagnosis.status == "inconclusive":
        for number, (layer, told) in enumerate(now.unknown):
            head = "" if number else "Not known"
            yield Block(f"{layer}: {safe(told)}", "", f"{head:<11}", " " * 11)
    yield Block()


def _fixes(now: Conclusion, parts: Parts) -> Iterator[Block]:
    if not now.finding.fixes:
        return
    healthy = now.diagnosis.status == "healthy"
    yield Block("If the application still fails" if healthy else "What to do, in this order", BOLD)
    for number, fix in enumerate(now.finding.fixes, 1):
        item = f"fix-{number}"
        parts.opens.add(item)
        yield _fix_line(number, fix, item, item in parts.open)
        if item in parts.open:
            yield from _fix_body(fix, item, parts)


def _fix_line(number: int, fix: Fix, item: str, is_open: bool) -> Block:
    """Number, title and badges: risk, place, and whether it is only for some."""
    places = dict.fromkeys(PLACE_BADGES.get(one.where, one.where) for one in fix.commands if one.where)
    badges = [BADGES.get(fix.risk, fix.risk), *places, *([fix.kind] if fix.kind else [])]
    if fix.when and not fix.sure:
        badges.append(f"if {fix.when}")
    risky = fix.risk in ("restart", "destructive")
    text = Text.assemble((f"{safe(fix.title)}  ", BOLD))
    for number_of_badge, one in enumerate(badges):
        text.append(f"[{safe(one)}]  ", WARNING if risky and number_of_badge == 0 else "")
    text.rstrip()
    return Block(text, "", f"{'▾' if is_open else '▸'} {number}  ", "     ", item)


def _fix_body(fix: Fix, item: str, parts: Parts) -> Iterator[Block]:
    if fix.why:
        yield Block(_flat(fix.why), "", " " * 5, " " * 5)
    if fix.risk != "safe":
        yield Block(RISK_WORDS.get(fix.risk, fix.risk), "", " " * 5, " " * 5)
    yield from _commands(fix.commands, item, parts)
    if fix.undo:
        yield Block(_flat(fix.undo), "", "     To undo: ", " " * 14)


def _commands(commands: Iterable[Command], item: str, parts: Parts) -> Iterator[Block]:
    """Each command on its own, under the place where it is typed."""
    told = ""
    for number, command in enumerate(commands, 1):
        place = PLACES.get(command.where, command.where)
        language = _LANGUAGES.get(command.language, command.language)
        said = ", ".join(one for one in (place, language) if one) + (
            f", if {command.when}" if command.when else ""
        )
        if said != told:
            yield Block(said + ":", "", " " * 5, " " * 5)
            told = said
        elif number > 1:
            yield Block()
        key = f"{item}-command-{number}"
        yield from _command(command.text, command.language, key, parts)


def _command(text: str, language: str, item: str, parts: Parts) -> Iterator[Block]:
    """One command that can be taken away, and what is left in it for the person to fill in."""
    text = clean(text, 0).rstrip("\n")
    left = [f"{{{one}}}" for one in sorted(parts.blanks) if f"{{{one}}}" in text.replace("${", "")]
    parts.commands[item] = Given(text, language, tuple(left))
    yield command_block(text, item, 5)
    if left:
        yield Block(f"Not known from here, fill it in: {', '.join(left)}", "", " " * 5, " " * 5)


def _commands_under(head: str, commands: Iterable[Command], item: str, parts: Parts) -> Iterator[Block]:
    found = list(_commands(commands, item, parts))
    if found:
        yield Block()
        yield Block(head, BOLD)
        yield from found


def _possible(now: Conclusion, parts: Parts) -> Iterator[Block]:
    """The causes that are still possible, each with the command that tells."""
    if not now.possible:
        return
    unsure = now.diagnosis.status == "inconclusive"
    if not unsure:
        yield Block()
    yield Block("What it may be, likeliest first" if unsure else "What the same evidence also fits", BOLD)
    for number, one in enumerate(now.possible, 1):
        item = f"cause-{number}"
        parts.opens.add(item)
        yield Block(
            _possible_line(one), "", f"{'▾' if item in parts.open else '▸'} {number}  ", "     ", item
        )
        if one.learn and unsure:
            yield Block("This tells:", "", " " * 5)
            yield from _command(one.learn, "sh", f"{item}-learn", parts)
        if item in parts.open:
            yield from _possible_page(one, item, parts)
    if unsure:
        yield Block()


def _possible_line(one: Possible) -> Text:
    return Text.assemble((f"{one.finding.cause}  ", BOLD), safe(one.line or one.finding.title))


def _possible_page(one: Possible, item: str, parts: Parts) -> Iterator[Block]:
    yield Block(_flat(one.finding.meaning or one.finding.title), "", " " * 5, " " * 5)
    for fix in one.finding.fixes[:1]:
        yield Block(f"First: {safe(fix.title)}  [{BADGES.get(fix.risk, fix.risk)}]", BOLD, " " * 5, " " * 5)
        yield from _commands(fix.commands, item, parts)


def _cautions(now: Conclusion) -> Iterator[Block]:
    if now.cautions:
        yield Block()
        yield Block("Also worth a look (it stops nothing now)", BOLD)
        for layer, text in now.cautions:
            yield Block(_flat(text), "", f"  ▲ {layer}: ", "    ")


def _closed_parts(now: Conclusion, parts: Parts) -> Iterator[Block]:
    """What is rarely needed: each a line that Enter opens."""
    finding = now.finding
    quotes = [f"{one.layer}: {quoted(one.text, one.code)}" for one in now.evidence]
    answers = [f"{safe(question)} {safe(answer)}" for question, answer in now.answered]
    ruled = [f"{layer}: {safe(told)}" for layer, told in now.ruled_out]
    excluded = [f"{cause}: {safe(line)}" for cause, line in now.excluded]
    yield Block()
    if finding.hand_over:
        head = f"A message for {safe(finding.hand_over_to) or SOMEBODY}, ready to paste (h)"
        yield Block(head, BOLD, "▸ ", "  ", HAND_OVER)
    yield from _list("avoid", "What not to do", finding.avoid, parts)
    yield from _list("why", "What usually leads to this", finding.why, parts)
    yield from _list("ruled", "What answered well", ruled, parts)
    yield from _list("excluded", "Causes that were ruled out", excluded, parts)
    yield from _list("quotes", "Everything that was quoted", quotes, parts)
    yield from _list("answers", "What you answered", answers, parts)
    more = [*finding.sources, *(f"dbwizard causes {one}" for one in finding.see_also)]
    yield from _list("more", "Read more", more, parts)


def _closed(item: str, head: str, parts: Parts) -> Block:
    parts.opens.add(item)
    return Block(head, BOLD, "▾ " if item in parts.open else "▸ ", "  ", item)


def _list(item: str, head: str, texts: Iterable[str], parts: Parts) -> Iterator[Block]:
    found = list(texts)
    if found:
        yield _closed(item, f"{head} ({len(found)})", parts)
        if item in parts.open:
            for text in found:
                yield Block(_flat(text), "", "  • ", "    ")


def first_command(parts: Parts) -> str:
    """The item that is marked at first: the first command, so that `c` at once copies what to do first."""
    return next(iter(parts.commands), "")

"""The report as text for a terminal of any width. Commands are never wrapped, so they can be copied."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from wizard.marks import duration, mark, paint, to_ascii
from wizard.named import TYPE_CHECKING
from wizard.redact import clean

if TYPE_CHECKING:
    from typing import Any


NARROWEST = 20
"""Columns below which text is no longer wrapped to the terminal."""
PLACES = {
    "app-host": "where the application runs",
    "db-host": "on the database host",
    "psql": "in psql",
    "mysql": "in the mysql client",
    "console": "in the provider's console or its command line",
    "config": "in the configuration",
}
"""The `where` of a command, in words."""
RISKS = {
    "safe": "changes nothing for others",
    "reload": "others may notice: the configuration is reloaded or changed",
    "restart": "interrupts: connections are cut",
    "destructive": "destroys data or work: read twice",
}
"""The `risk` of a fix, in words."""
KINDS = {
    "stop-gap": "A stop-gap: it helps now, and the cause stays.",
    "lasting": "Lasting: with this the cause is gone.",
}
"""The `kind` of a fix, in words."""
STATUS_MARK = {"healthy": "ok", "fault": "fault", "inconclusive": "unknown"}


def hand_over_line(to: str, when: str) -> str:
    """Whom to hand over to and when, as the line above the message; empty for a page that does not say."""
    return f"To {to}{', when ' + when if when else ''}:" if to else ""


def text(
    report: Mapping[str, Any],
    colour: bool = False,
    ascii: bool = False,
    width: int = 80,
    symbols: bool = True,
) -> str:
    """The report (a `dbwizard.report/1`) for people: the verdict first, then the ladder, why, and what to do.

    `width` is in columns; only prose is wrapped to it. Without `symbols` the marks are words.
    """
    printed = "\n".join(_Printer(colour, ascii or not symbols, width).lines(report)) + "\n"
    return to_ascii(printed) if ascii else printed


def verdict(
    told: Mapping[str, Any], colour: bool = False, ascii: bool = False, width: int = 80, symbols: bool = True
) -> str:
    """What an error text means, for people: the verdict, why, and what to do; nothing was looked at for it.

    `told` has the keys of a report that it needs, and `said` (the words), `sure` (how sure that is) and `next` (the
    command that looks).
    """
    printed = "\n".join(_Printer(colour, ascii or not symbols, width).verdict(told)) + "\n"
    return to_ascii(printed) if ascii else printed


class _Printer:
    """The choices of one terminal."""

    def __init__(self, colour: bool, ascii_only: bool, width: int) -> None:
        self.colour = colour
        self.ascii = ascii_only
        self.width = max(width, NARROWEST)

    def lines(self, report: Mapping[str, Any]) -> Iterator[str]:
        """Every line of the text."""
        finding = (report.get("findings") or [{}])[0]
        yield from self._verdict(report)
        yield from self._ladder(report)
        yield from self._why(report, finding)
        yield from self._candidates(report)
        yield from self._bullets("What not to do", finding.get("avoid", ()))
        yield from self._fixes(finding.get("fixes", ()))
        yield from self._commands_under("To verify", finding.get("verify", ()))
        yield from self._rest(report, finding)
        yield from self._footprint(report)

    def verdict(self, told: Mapping[str, Any]) -> Iterator[str]:
        """Every line of what an error text means."""
        finding = told["findings"][0]
        yield self._title(told)
        yield from self._prose(told["sure"], "  ")
        yield from self._copyable(told["said"], "  > ")
        yield from self._why(told, finding)
        yield from self._candidates(told)
        yield from self._bullets("What not to do", finding.get("avoid", ()))
        yield from self._fixes(finding.get("fixes", ()))
        yield from self._commands_under("To verify", finding.get("verify", ()))
        yield from self._rest(told, finding)
        yield from self._copyable(told["next"], "To look at it: ")

    def _title(self, report: Mapping[str, Any]) -> str:
        name = STATUS_MARK.get(str(report["status"]), "unknown")
        symbol = paint(mark(name, self.ascii), name, self.colour)
        return f"{symbol} {paint(_line(report['title']), 'bold', self.colour)}  [{report['cause']}]"

    def _verdict(self, report: Mapping[str, Any]) -> Iterator[str]:
        yield self._title(report)
        yield from self._prose(_where(report["target"]), "  ")

    def _ladder(self, report: Mapping[str, Any]) -> Iterator[str]:
        yield ""
        for layer in report["layers"]:
            outcome = str(layer["outcome"])
            symbol = mark(outcome, self.ascii)
            symbol = paint(symbol.ljust(7 if self.ascii else 1), outcome, self.colour)
            took = duration(layer["ms"]) if layer["ms"] else ""
            told = _line(layer["summary"]) or ("not looked at" if outcome == "skipped" else outcome)
            head = f"  {symbol} {layer['layer']:<9}{took:>9}  "
            indent = " " * (23 + (6 if self.ascii else 0))
            if self.width - len(indent) < NARROWEST:
                yield head.rstrip()
                yield from self._prose(told, "      ")
                continue
            first, *more = textwrap.wrap(told, self.width - len(indent)) or [""]
            yield f"{head}{first}".rstrip()
            yield from (indent + one for one in more)
        yield from self._bullets(
            "Warnings", (f"{one['layer']}: {one['text']}" for one in report.get("warnings", ())), "warning"
        )

    def _why(self, report: Mapping[str, Any], finding: Mapping[str, Any]) -> Iterator[str]:
        if finding.get("meaning"):
            yield from self._head("What it means")
            yield from self._prose(finding["meaning"], "  ")
        if finding.get("why_here"):
            yield from self._head("Why here")
            yield from self._prose(finding["why_here"], "  ")

    def _candidates(self, report: Mapping[str, Any]) -> Iterator[str]:
        if not report["candidates"]:
            return
        yield from self._head(
            "It may be" if report["status"] == "inconclusive" else "The same evidence also fits"
        )
        for number, one in enumerate(report["candidates"], 1):
            why, _, command = str(one["why"]).partition("; to tell: ")
            place = f", {PLACES[one['where']]}" if one.get("where") in PLACES else ""
            yield from self._prose(f"{number}. {one['cause']}: {why}", "  ", "     ")
            yield from self._copyable(command, f"     to tell{place}: ")

    def _fixes(self, fixes: Iterable[Mapping[str, Any]]) -> Iterator[str]:
        applicable = list(fixes)
        if not applicable:
            return
        first, *others = applicable
        yield from self._head("What to do first")
        yield from self._prose(str(first["title"]) + _condition(first), "  ")
        yield from self._prose(first.get("why", ""), "  ")
        yield from self._prose(f"Risk: {RISKS.get(first['risk'], first['risk'])}", "  ")
        yield from self._prose(KINDS.get(first.get("kind", ""), ""), "  ")
        yield from self._commands(first["commands"])
        if first.get("undo"):
            yield from self._prose(f"Undo: {first['undo']}", "  ")
        if others:
            yield from self._head("If that is not it")
        for number, fix in enumerate(others, 2):
            yield from self._prose(f"{number}. {fix['title']}{_condition(fix)}", "  ", "     ")

    def _commands_under(self, title: str, commands: Iterable[Mapping[str, str]]) -> Iterator[str]:
        lines = list(self._commands(commands))
        if lines:
            yield from self._head(title)
            yield from lines

    def _commands(self, commands: Iterable[Mapping[str, str]]) -> Iterator[str]:
        place = ""
        for command in commands:
            here = PLACES.get(command["where"], command["where"]) + _condition(command)
            if here != place:
                yield f"  {here}:"
                place = here
            yield from self._copyable(command["text"], "    ")

    def _copyable(self, command: str, indent: str) -> Iterator[str]:
        """A command as it is typed: never wrapped, never boxed."""
        for number, line in enumerate(clean(command, limit=0).splitlines()):
            yield f"{indent if number == 0 else ' ' * len(indent)}{line}".rstrip()

    def _rest(self, report: Mapping[str, Any], finding: Mapping[str, Any]) -> Iterator[str]:
        if finding.get("hand_over"):
            yield from self._head("To hand over")
            to, when = finding.get("hand_over_to", ""), finding.get("hand_over_when", "")
            yield from self._prose(hand_over_line(to, when), "  ")
            yield from self._prose(finding["hand_over"], "  ")
        yield from self._bullets("", report.get("trouble", ()))
        if report["status"] != "healthy":
            yield ""
            yield f"The full page: dbwizard causes {report['cause']}"
        if report.get("session"):
            yield f"Saved: dbwizard export {report['session']}"

    def _footprint(self, report: Mapping[str, Any]) -> Iterator[str]:
        if "footprint" not in report:
            return
        from wizard import footprintwords

        yield from self._head("What this check did to the server")
        for one in footprintwords.counts(report["footprint"]):
            yield from self._prose(one, "  ")
        for head, lines in footprintwords.details(report["footprint"]):
            yield f"  {head}:"
            for line in lines:
                yield from self._prose(line, "    ", "      ")

    def _head(self, title: str) -> Iterator[str]:
        yield ""
        yield paint(title, "bold", self.colour)

    def _bullets(self, title: str, texts: Iterable[Any], name: str = "bullet") -> Iterator[str]:
        found = [str(one) for one in texts]
        if not found:
            return
        yield from self._head(title) if title else ("",)
        symbol = mark(name, self.ascii)
        for one in found:
            yield from self._prose(f"{symbol} {one}", "  ", " " * (len(symbol) + 3))

    def _prose(self, words: Any, indent: str, hanging: str | None = None) -> Iterator[str]:
        """Prose wrapped to the width; a long word (a name, an address) stays whole."""
        yield from textwrap.wrap(
            _line(words),
            self.width,
            initial_indent=indent,
            subsequent_indent=indent if hanging is None else hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _condition(part: Mapping[str, Any]) -> str:
    """The condition of a fix or command that the facts do not confirm."""
    unsure = part.get("applies", "unknown") == "unknown"
    return f" (if {part['when']})" if part.get("when") and unsure else ""


def _line(words: Any) -> str:
    return " ".join(clean(str(words), limit=0).split())


def _where(target: Mapping[str, Any]) -> str:
    """The target in one line, with where its settings came from."""
    host, port = target.get("host") or "no host", target.get("port")
    place = f"{host}:{port}" if port and not str(host).startswith(("/", "@")) else str(host)
    words = [f"{target.get('engine') or 'database'} at {place}"]
    words += [f"as {target['user']}"] if target.get("user") else []
    words += [f"database {target['database']}"] if target.get("database") else []
    words += [f"settings from {target['source']}"] if target.get("source") else []
    return ", ".join(words)

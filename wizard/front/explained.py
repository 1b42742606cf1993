"""How `explain` prints: JSON lines, or words for people; results as they come, the sum at the end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator

from wizard.explain import Explained, Summary, Tally
from wizard.front import output
from wizard.named import TYPE_CHECKING, NamedTuple
from wizard.redact import clean

if TYPE_CHECKING:
    from wizard.content.load import Content

HELD = 0.3
"""Seconds for which a first result waits for a second one: alone it is told with its page and not twice."""
LONGEST = 240
"""Characters of an error that a list shows."""


class Choice(NamedTuple):
    """What of it is wanted."""

    json: bool = False
    summary: bool = False
    short: bool = False
    by_file: bool = False
    """Whether there are several logs, so that each result needs the name of its own."""


class Printer:
    """Takes results one by one. `pause` says that some time may pass before the next one."""

    def __init__(self, choice: Choice, content: Content) -> None:
        self.choice = choice
        self.content = content
        self.counted = Summary(content.classifier.explains)
        self._held: tuple[Explained, float] | None = None
        self._wrote = False

    def add(self, result: Explained) -> None:
        """One more result."""
        self.counted.add(result)
        if self.choice.summary:
            return
        if self.choice.json:
            output.write_json(_as_line(result.as_json()))
        elif self.choice.short:
            self._say(_head(result, self.choice.by_file))
        elif self._wrote or self._held is not None:
            self._release()
            self._say(*_in_words(result, self.choice.by_file))
        else:
            self._held = (result, time.monotonic())
        self._wrote = self._wrote or self._held is None

    def pause(self, idle: bool) -> None:
        """Show what there is: at once where nothing more comes for the moment, else when it has waited enough."""
        if self._held is not None and (idle or time.monotonic() - self._held[1] > HELD):
            self._release()
        if self._wrote:
            output.flush()

    def end(self) -> None:
        """The sum of it, and the cause that explains it best with its page."""
        primary = self.counted.primary
        if primary is None:
            return
        if self.choice.summary:
            self._sum(primary)
        elif self.choice.json:
            output.write_json(_as_line(primary.example.as_json() | {"primary": True}))
        elif not self.choice.short:
            self._say(*self._order_of_events())
            self._page(primary)

    def interrupted(self) -> None:
        """What is owed to somebody who breaks off: the results until then, and the sum if that was asked for."""
        self._release()
        if self.choice.summary and self.counted.primary is not None:
            self._sum(self.counted.primary)

    def _release(self) -> None:
        if self._held is not None:
            result, self._held = self._held[0], None
            self._say(*_in_words(result, self.choice.by_file))
            self._wrote = True

    def _page(self, primary: Tally) -> None:
        from wizard import printed
        from wizard.front.explainpage import told_of

        told = told_of(primary.example, self.content)
        if self._wrote:
            told["said"] = f"{place(primary.example, self.choice.by_file)}: {told['said']}"
            self._say("")
        ascii_only = output.ascii_only()
        output.write(printed.verdict(told, output.colour(), ascii_only, output.width()))

    def _sum(self, primary: Tally) -> None:
        from wizard.front.explainsum import lines

        tallies = sorted(
            self.counted.causes.values(), key=lambda one: (one is not primary, one.first.match.line)
        )
        if self.choice.json:
            for tally in tallies:
                output.write_json(_as_line(tally.as_json() | ({"primary": True} if tally is primary else {})))
            return
        self._say(*lines(tallies, self.choice, output.is_terminal(), output.ascii_only()))
        if not self.choice.short:
            self._say(*self._order_of_events())
            self._say("", f"What explains it best: {primary.example.named}")
            self._say(f"Its page: dbwizard causes {primary.example.match.cause}")

    def _order_of_events(self) -> Iterator[str]:
        events = self.counted.in_time
        if len(events) < 2:
            return
        from wizard.front.explainsum import in_order

        yield from in_order(events, self.choice.by_file, self._wrote or self.choice.summary)

    def _say(self, *lines: str) -> None:
        for line in lines:
            output.write_line(line)


def place(result: Explained, by_file: bool) -> str:
    """Where a result stands, as grep writes it."""
    name = "(standard input)" if result.file == "-" else clean(result.file, 0).replace("\n", " ")
    return f"{name}:{result.match.line}" if by_file and result.file else str(result.match.line)


def _head(result: Explained, by_file: bool) -> str:
    """The cause of a result and where it is said; with several logs also when, in the time of this machine."""
    when = ""
    if by_file and result.stamp is not None:
        from wizard.marks import moment

        when = f"{moment(result.stamp.at)}  "
    return f"{when}{place(result, by_file)}: {result.named}"


def _in_words(result: Explained, by_file: bool) -> Iterator[str]:
    yield _head(result, by_file)
    before, after = result.around
    yield from _quoted("| ", before)
    yield from _quoted("> " if before or after else "", [_clipped(result.text)])
    yield from _quoted("| ", after)
    if before or after:
        yield ""


def _quoted(sign: str, lines: Iterable[str]) -> Iterator[str]:
    return (f"    {sign}{' '.join(line.split())}" for line in lines)


def _as_line(shown: dict[str, object]) -> str:
    return json.dumps(shown, ensure_ascii=False) + "\n"


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"

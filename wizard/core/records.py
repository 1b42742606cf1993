"""Lines grouped into errors: what a DETAIL, a stack trace or an indented rest belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from wizard.core.lazyre import lazy

LINE_LIMIT = 4096
"""Characters of a line that are looked at together; a longer line is looked at in overlapping pieces."""
RECORD_LINES = 400
"""Lines that one record may have; a longer one is cut, so that memory stays bounded."""
_OVERLAP = 512
_COLOUR = lazy(r"\x1b\[[0-9;]*[A-Za-z]")
_BLANKS = lazy(r"[ \t\r\f\v\x00]+")
_COMPOSE_PREFIX = lazy(r"^[A-Za-z0-9_.-]+\s+\| ")
_FIELD_LINE = lazy(r"\b(?:DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION|BACKTRACE): ")
_SEVERITY = lazy(r"\b(?:FATAL|ERROR|PANIC|LOG|WARNING|NOTICE|INFO|Error|Fehler|ERREUR)\b ?:")
_CONTINUED = lazy(
    r"^(?:Caused by\b|\.\.\. \d+ |Is the server running|Is server running|TCP/IP connections on port|"
    r"connections on Unix domain socket|This probably means|before or while processing|"
    r"The above exception was|During handling of the above|Either provide the file)"
)
_INDENTED_LOG_LINE = lazy(r"^\s+(?:\[?\d{4}-\d\d-\d\d|\[?\d\d:\d\d:\d\d|[A-Z]+ ?\[)")


class Record:
    """The normalised lines of one error, each with its number in the input."""

    __slots__ = ("chained", "in_trace", "lines", "numbers")

    def __init__(self, lines: list[str] | None = None, numbers: list[int] | None = None) -> None:
        self.lines = lines or []
        self.numbers = numbers or []
        self.in_trace = False
        self.chained = False


def normalise(line: str) -> str:
    """Return a line as patterns see it: no colours, no escapes, no container name in front, single blanks."""
    if "\x1b" in line:
        line = _COLOUR.sub("", line)
    if "\\" in line:
        line = re.sub(r"\\+([\"'])", r"\1", line)
        line = re.sub(r"\\+[rn](?:\\+t)?", "\n", line)
    if " | " in line:
        line = _COMPOSE_PREFIX.sub("", line)
    return _BLANKS.sub(" ", line).strip()


def _body(raw: str) -> str:
    """A line as it was written, without the colour and the name that Compose puts in front of it."""
    if " | " not in raw:
        return raw
    return _COMPOSE_PREFIX.sub("", _COLOUR.sub("", raw) if "\x1b" in raw else raw)


def records(lines: Iterable[str]) -> Iterator[Record]:
    """Group lines into errors. A line longer than LINE_LIMIT becomes several records with the same number."""
    record = Record()
    for number, raw in enumerate(lines, 1):
        if len(raw) > LINE_LIMIT:
            if record.lines:
                yield record
            record = Record()
            for start in range(0, len(raw), LINE_LIMIT - _OVERLAP):
                yield Record([normalise(raw[start : start + LINE_LIMIT]).replace("\n", " ")], [number])
            continue
        pieces = [piece.strip() for piece in normalise(raw).split("\n")]
        body = _body(raw)
        if record.lines and (len(record.lines) >= RECORD_LINES or not _continues(record, body, pieces[0])):
            yield record
            record = Record()
        _note_trace(record, body, pieces[0])
        record.lines.extend(pieces)
        record.numbers.extend([number] * len(pieces))
    if record.lines:
        yield record


def _continues(record: Record, raw: str, line: str) -> bool:
    """Whether a line belongs to the error that the record began."""
    if not line:
        return record.in_trace or record.chained or bool(record.lines[-1])
    if record.in_trace or (record.chained and "Traceback" in line):
        return True
    if raw[:1] in " \t" and not _INDENTED_LOG_LINE.match(raw):
        return True
    if _CONTINUED.match(line):
        return True
    field_name = _FIELD_LINE.search(line, 0, 200)
    if field_name is None:
        return False
    return _SEVERITY.search(line, 0, field_name.end()) is None and '"' not in line[: field_name.start()]


def _note_trace(record: Record, raw: str, line: str) -> None:
    """Remember that a Python traceback is open: its last line, the exception, is not indented.

    One whose beginning was not pasted is known by its first frame.
    """
    if "Traceback (most recent" in line or line.startswith('File "'):
        record.in_trace, record.chained = True, False
    elif line and raw[:1] not in " \t":
        record.in_trace = False
        record.chained = line.startswith(("The above exception", "During handling"))

"""Lines grouped into errors: what a DETAIL, a stack trace or an indented rest belongs to.

The envelopes of a line are taken off before it is looked at, and stay only in front of the first line of an error,
because they hold its time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from wizard.core.envelopes import BARE, LINE_LIMIT, LONGEST, PART, normalise, opened
from wizard.core.lazyre import lazy
from wizard.core.pieces import OVERLAP, begin_of, end_of

RECORD_LINES = 400
"""Lines that one record may have; a longer one is cut, so that memory stays bounded."""
NARROW, WIDE = 60, 132
"""Lengths between which a line may have been broken by a terminal or a mail client."""
HARD_WIDTHS = frozenset((80, 100, 120, 132))
"""Widths at which a terminal breaks inside of a word."""
_FIELDS = (
    "DETA",
    "HINT",
    "CONTEXT",
    "STATEMENT",
    "QUERY",
    "LOCATION",
    "BACKTRACE",
    "TIP",
    "ASTUCE",
    "SUG",
    "DICA",
    "DETT",
)
"""Letters that a line of a field has, unless it is one that is written beyond ASCII."""
_FIELD_LINE = lazy(
    r"\b(?:DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION|BACKTRACE|TIPP?|TIPS|DETALLE|DETALHE|DETALJ|DETTAGLI|ASTUCE|SUGERENCIA|"
    r"SUGGERIMENTO|DICA|CONTEXTE|CONTEXTO|D[^ -~]{1,2}TAIL|ПОДРОБНОСТИ|ПОДСКАЗКА|КОНТЕКСТ|ОПЕРАТОР|ЗАПРОС|ВІДОМОСТІ|"
    r"ДЕТАЛІ|УКАЗІВКА|ПІДКАЗКА|ІНСТРУКЦІЯ|詳細|ヒント|文脈|文|"
    r"详细信息|描述|提示|上下文|语句|상세정보|힌트|내용|명령 구문|"
    r"SZCZEG[^ -~]{1,4}Y|PODPOWIED[^ -~]{1,2})(?: ?: |：)"
)
"""The names of the fields, in the languages of the server's and of libpq's catalogues."""
_SEVERITY = lazy(
    r"\b(?:FATAL|ERROR|PANIC|LOG|WARNING|NOTICE|INFO|Error|Fehler|FEHLER|PANIK|WARNUNG|HINWEIS|ERREUR|ATTENTION|FATALE|"
    r"ERRORE|PANICO|ATTENZIONE|ERRO|AVISO|FEL|FATALT|VARNING|LOGG|HATA|KATASTROFALNY|B[^ -~]{2,4}D|ОШИБКА|ВАЖНО|ПАНИКА|"
    r"ПРЕДУПРЕЖДЕНИЕ|СООБЩЕНИЕ|ЗАМЕЧАНИЕ|ПОМИЛКА|ФАТАЛЬНО|ПАНІКА|ПОПЕРЕДЖЕННЯ|ЗАПИСУВАННЯ|错误|致命错误|警告|日志|注意|"
    r"오류|치명적오류|경고|로그)(?:\b ?:|：)"
)
_CONTINUED = lazy(
    r"Caused by\b|Causing: |Wrapped by: |Suppressed: |\.\.\. \d+ |Is the server running|Is server running|"
    r"TCP/IP connections on port|connections on Unix domain socket|This probably means|before or while processing|"
    r"The above exception was|During handling of the above|Either provide the file|Multiple connection attempts failed|"
    r"--- End of |---> |at [\w$.<>/@-]{1,200}\(|Stack trace:|#\d{1,4} (?:/|\{main\}|\[internal function\]|[A-Za-z]:\\)|"
    r"Next [\w\\]{1,100}(?:Exception|Error)\b|\[stacktrace\]|\[previous exception\]|\*\* \(\w|"
    r"The last packet |\(Background on this error|\[SQL: |\[parameters: |- host: |[}\])]{1,4}[,;]?$|"
    r"\"(?: does not exist\b|$)"
)
_CONTINUERS = frozenset('CWS.IiTtcDEbM-a#N[*(})]"')
"""What a line begins with that `_CONTINUED` may know."""
_INDENTED_LOG_LINE = lazy(
    r"^\s+(?:\[?\d{4}-\d\d-\d\d|\[?\d\d:\d\d:\d\d|[A-Z]+ ?\[|(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\b)"
)
_MARGIN = lazy(r"(?:\| ?)*(?:\+(?:-\+)?-{4,}(?: \d+ -{4,})?|\+ )?")
"""What Python draws in front of the lines of an exception group."""
_LINKS = ("The above exception", "During handling")
_OWN = lazy(
    r"(?i:(?:\[|<)?\d{2,4}[-/:.]\d\d[-/:.]|\d+\.\d+\.\d+\.\d+ - |[a-z][\w.-]{0,40}[=\]|]|(?:fatal|error|warn|warning|"
    r"info|debug|log|notice|panic|trace|hint|detail|critical|severe|traceback|caused|note|sql|jan|feb|mar|apr|may|jun|"
    r"jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)\b|[\w.]{1,200}(?:error|exception)\b|"
    r"(?:at|from|in) \S+[(:/])|"
    r"(?!failed:)[\w.\[\]/-]{1,40}: "
)
"""How a line begins that is not the rest of a broken one: a time, a severity, a name and a colon."""
_DANGLING = lazy(
    r"(?:\b(?i:for|to|at|on|of|the|by|in|with|from|is|not|and|or|port|host|user|database|role|server|named|name|a|an|"
    r"could|be|has|was|been|does|no|too|many|connection|connections)|[,(:])$"
)
"""How a line ends that was broken."""
_LONGEST_LAST = len("connections")


class Record:
    """The normalised lines of one error, each with its number in the input."""

    __slots__ = ("chained", "in_group", "in_trace", "lines", "numbers", "wants")

    def __init__(self, lines: list[str] | None = None, numbers: list[int] | None = None) -> None:
        self.lines = lines or []
        self.numbers = numbers or []
        self.in_trace = False
        self.in_group = False
        self.chained = False
        self.wants = False


def _lines(lines: Iterable[str]) -> Iterator[tuple[int, str, str, bool]]:
    """Each line with its number, what stays in front of it, and whether it is bare; parts are put together."""
    held: tuple[int, str, str] | None = None
    for number, raw in enumerate(lines, 1):
        head, body, state = opened(raw)
        if held is not None:
            number, head, body = held[0], held[1], held[2] + body
            held = None
        if state == PART and len(body) < LONGEST:
            held = (number, head, body)
        else:
            yield number, head, body, state == BARE
    if held is not None:
        yield *held, False


def records(lines: Iterable[str], may_be_broken: bool = True) -> Iterator[Record]:
    """Group lines into errors. A line longer than LINE_LIMIT becomes several records with the same number.

    `may_be_broken` is whether a terminal or a mail client may have made several lines of one.
    """
    record = Record()
    before = ""
    for number, head, body, bare in _lines(lines):
        if len(body) > LINE_LIMIT:
            if record.lines:
                yield record
            yield from _pieces(number, head + body)
            record, before = Record(), ""
            continue
        pieces = normalise(body).split("\n")
        first = pieces[0]
        if record.lines:
            joint = _joint(before, body) if may_be_broken and bare and before else None
            if joint is not None and len(record.lines[-1]) < LINE_LIMIT:
                record.lines[-1] += joint + first
                record.lines.extend(pieces[1:])
                record.numbers.extend([number] * (len(pieces) - 1))
                before = body
                continue
            if len(record.lines) >= RECORD_LINES or not _continues(record, body, first):
                yield record
                record = Record()
        _note_trace(record, body, first)
        if not record.lines:
            if head:
                pieces[0] = f"{normalise(head)} {first}".replace("\n", " ")
        elif record.in_group:
            pieces = [piece[_margin(piece) :] for piece in pieces]
        record.lines.extend(pieces)
        record.numbers.extend([number] * len(pieces))
        before = body if bare else ""
    if record.lines:
        yield record


def _pieces(number: int, raw: str) -> Iterator[Record]:
    """The records of a long line: its own lines where many were written as one, else overlapping pieces."""
    if len(raw) <= LONGEST and "\\" in raw:
        written = normalise(raw).split("\n")
        if max(map(len, written)) <= LINE_LIMIT:
            for start in range(0, len(written), RECORD_LINES):
                some = written[start : start + RECORD_LINES]
                yield Record(some, [number] * len(some))
            return
    begin = 0
    while begin + LINE_LIMIT < len(raw):
        end = end_of(raw, begin + LINE_LIMIT)
        yield _piece(number, raw[begin:end])
        begin = begin_of(raw, end - OVERLAP)
    yield _piece(number, raw[begin:])


def _piece(number: int, raw: str) -> Record:
    return Record([normalise(raw).replace("\n", " ")], [number])


def _margin(line: str) -> int:
    found = _MARGIN.match(line)
    return found.end() if found else 0


def _joint(before: str, raw: str) -> str | None:
    """What was between two lines that a terminal or a mail client made of one; None where they are two.

    It is told from these two lines alone, so that it does not matter where a log is cut.
    """
    if not (NARROW <= len(before) <= WIDE and 0 < len(raw) <= WIDE) or before[0] in " \t{<":
        return None
    first, last = raw[0], before[-1]
    dangling = _DANGLING.search(before, max(0, len(before) - _LONGEST_LAST)) is not None
    if (
        len(before) in HARD_WIDTHS
        and not dangling
        and first != "\t"
        and raw[:2].strip()
        and last not in " \t"
        and not _CONTINUED.match(raw)
    ):
        if first not in "{[<" and not (first.isupper() and last in ".;!?})]>") and not _OWN.match(raw):
            return "" if first not in " \t" else " "
        return None
    if first in " \t" or before[:4] == raw[:4] or last in ".;!?{}>)]":
        return None
    if not (dangling or first.islower() or first in "\"'("):
        return None
    return None if _OWN.match(raw) else " "


def _continues(record: Record, raw: str, line: str) -> bool:
    """Whether a line belongs to the error that the record began."""
    if not line:
        return record.in_trace or record.chained or record.wants or bool(record.lines[-1])
    first = raw[:1]
    if record.wants or (record.in_trace and (not record.in_group or first in " \t")):
        return True
    if record.chained and "Traceback" in line:
        return True
    if first in " \t" and not _INDENTED_LOG_LINE.match(raw):
        return True
    if line[0] in _CONTINUERS and _CONTINUED.match(line):
        return True
    return _is_field(line)


def _field(line: str) -> re.Match[str] | None:
    """The name of a field in the line, such as DETAIL or HINT."""
    if line.isascii():
        for name in _FIELDS:
            if name in line:
                break
        else:
            return None
    return _FIELD_LINE.search(line, 0, 200)


def _is_field(line: str) -> bool:
    """Whether a line is a DETAIL, a HINT and the like of the error before it."""
    field = _field(line)
    if field is None:
        return False
    return _SEVERITY.search(line, 0, field.end()) is None and '"' not in line[: field.start()]


def is_rest(before: str, raw: str) -> bool:
    """Whether a terminal or a mail client made these two lines of one."""
    _, before, earlier = opened(before)
    _, body, state = opened(raw)
    return earlier == state == BARE and bool(before) and _joint(before, body) is not None


def surely_begins(before: str, raw: str) -> bool:
    """Whether a line begins an error of its own, told from it and the line before alone.

    False where only what came earlier could tell: whoever cuts a log there cuts through no error.
    """
    _, before, earlier = opened(before)
    _, body, state = opened(raw)
    if (
        PART in (earlier, state)
        or not before.strip()
        or before[0] in " \t"
        or before.rstrip().endswith("Caused by:")
    ):
        return False
    if "Traceback" in before or before.startswith('File "'):
        return False
    if not body.strip() or body[0] in " \t\\" or len(body) > LINE_LIMIT or "Traceback" in body:
        return False
    if earlier == state == BARE and _joint(before, body) is not None:
        return False
    line = normalise(body).partition("\n")[0]
    if not line or (line[0] in _CONTINUERS and _CONTINUED.match(line)):
        return False
    return _field(line) is None


def _note_trace(record: Record, raw: str, line: str) -> None:
    """Remember that a Python traceback is open: its last line, the exception, is not indented.

    One whose beginning was not pasted is known by its first frame.
    """
    if "Traceback (most recent" in line or line.startswith('File "'):
        record.in_trace, record.chained, record.wants = True, False, False
        record.in_group = record.in_group or "Exception Group" in line
    elif line and raw[:1] not in " \t":
        record.in_trace = record.in_group = False
        record.chained = line.startswith(_LINKS)
        record.wants = line == "Caused by:"
    elif line:
        record.wants = line == "Caused by:"

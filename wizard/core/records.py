"""Lines grouped into errors: what a DETAIL, a stack trace or an indented rest belongs to.

A line comes in envelopes: what a collector of logs, Compose or a mail client put in front of it. They are taken off
before a line is looked at, and stay only in front of the first line of an error, because they hold its time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from wizard.core.lazyre import lazy

LINE_LIMIT = 4096
"""Characters of a line that are looked at together; a longer line is looked at in overlapping pieces."""
RECORD_LINES = 400
"""Lines that one record may have; a longer one is cut, so that memory stays bounded."""
LONGEST = 65_536
"""Characters of a line that may be an error of many lines, written as one; and of a line put together from parts."""
_OVERLAP = 512
_NARROW, _WIDE = 60, 132
"""Lengths between which a line may have been broken by a terminal or a mail client."""
_HARD_WIDTHS = frozenset((80, 100, 120, 132))
"""Widths at which a terminal breaks inside of a word."""
_ENVELOPES = 4

_COLOUR = lazy(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\))|\\+u001[bB]\[[0-9;]*m")
_COMPOSE_PREFIX = lazy(r"[A-Za-z0-9_.@-]+\s+\| ")
_ENVELOPE = lazy(
    r"(?:> ?)+"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d) (?:stdout|stderr) (?P<part>[FP])(?: |$)"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7,9}Z (?:\d\d[OE][+ ])?"
    r"|(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,6})? \S{1,255} [^\s:\[]{1,64}(?:\[\d{1,10}\])?: "
    r"(?:\[\d{1,10}-\d{1,10}\] ?)?"
    r"|\d{4}-\d\d-\d\dT[0-9:.,]{8,18}(?:Z|[+-]\d\d:?\d\d)? (?:\S{1,255} )?[^\s:\[]{1,64}\[[\w.-]{1,64}\]: "
    r"(?:\[\d{1,10}-\d{1,10}\] ?)?"
    r"|<\d{1,3}>1 (?:\S{1,255} ){5}(?:- |\[[^\]\n]{0,500}\] )?"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (?=[ \t]|Caused by|Traceback|\.\.\. \d)"
    r"|#\d{1,3} \d{1,6}\.\d{1,3} ?"
    r"|! "
    r"|\[(?:pod|deployment|statefulset|daemonset|job)/[^\]\s]{1,255}\] "
)
_AFTER_DATE = frozenset("T ")
_OPENERS = frozenset("><[#!")
_DOCKER = lazy(
    r'\{"log":"(?P<log>(?:[^"\\]|\\.)*)"(?:,"stream":"\w+")?(?:,"attrs":\{[^}]{0,500}\})?'
    r'(?:,"time":"(?P<time>[^"]{1,40})")?'
)
_ESCAPE = lazy(r"\\(?:u00([0-9a-fA-F]{2})|([\"\\/nrtbf]))")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": " ", "f": " "}
_UNICODE = lazy(r"\\+u00(2[0-9a-fA-F]|3[c-eC-E])")
_WINDOWS_PATH = lazy(r"\b[A-Za-z]:(?P<bars>\\+)(?:[\w .()+@~$%-]{1,255}(?P=bars)(?!\\))*")
_BAR = "\x01"
"""Stands for the backslash of a Windows path while those of escapes are undone."""
_ENTITY = lazy(r"&(?:quot|apos|gt|lt|amp|nbsp|#0?39|#34|#x27|#x22);")
_ENTITIES = {"quot": '"', "#34": '"', "#x22": '"', "gt": ">", "lt": "<", "amp": "&", "nbsp": " "}
_TYPOGRAPHIC = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "\u200b": None, "\ufeff": None})
_CSV = lazy(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [^,\"\s]{1,10},[^\n]{0,600}?,(?P<severity>FATAL|ERROR|PANIC|LOG|WARNING),"
    r'(?P<code>[0-9A-Z]{5}),"(?P<message>(?:[^"]|"")*)"'
    r'(?:,(?:"(?P<detail>(?:[^"]|"")*)(?:"|$))?)?(?:,(?:"(?P<hint>(?:[^"]|"")*)")?)?'
)
_JSONLOG = lazy(r'"(error_severity|message|detail|hint)":"((?:[^"\\]|\\.)*)"')

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
    r"The last packet |\(Background on this error|\[SQL: |\[parameters: |- host: |[}\])]{1,4}[,;]?$"
)
_CONTINUERS = frozenset("CWS.IiTtcDEbM-a#N[*(})]")
"""What a line begins with that `_CONTINUED` may know."""
_INDENTED_LOG_LINE = lazy(
    r"^\s+(?:\[?\d{4}-\d\d-\d\d|\[?\d\d:\d\d:\d\d|[A-Z]+ ?\[|(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\b)"
)
_MARGIN = lazy(r"(?:\| ?)*(?:\+(?:-\+)?-{4,}(?: \d+ -{4,})?|\+ )?")
"""What Python draws in front of the lines of an exception group."""
_LINKS = ("The above exception", "During handling")
_BARE, _WHOLE, _PART = range(3)
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


def normalise(line: str) -> str:
    """Return a line as patterns see it: no colours, no escapes, no container name in front, single blanks.

    What a server wrote as one row of CSV or one JSON object becomes the lines that it would have written otherwise.
    """
    if "\x1b" in line or "\\u001" in line:
        line = _COLOUR.sub("", line)
    if ',"' in line and line[:1].isdigit():
        line = _CSV.sub(_rows, line, 1)
    elif '"error_severity":"' in line:
        line = _spoken(line)
    if "\\" in line:
        windows = ":\\" in line
        if windows:
            line = _WINDOWS_PATH.sub(lambda found: found[0].replace("\\", _BAR), line)
        if "\\u00" in line:
            line = _UNICODE.sub(lambda found: chr(int(found[1], 16)), line)
        line = re.sub(r"\\+([\"'])", r"\1", line)
        line = re.sub(r"\\+[rn](?:\\+t)?", "\n", line)
        if windows:
            line = line.replace(_BAR, "\\")
    if "&" in line:
        line = _ENTITY.sub(lambda found: _ENTITIES.get(found[0][1:-1], "'"), line)
    if not line.isascii():
        line = line.translate(_TYPOGRAPHIC)
    if "\x00" in line:
        line = line.replace("\x00", " ")
    if " | " in line:
        found = _COMPOSE_PREFIX.match(line)
        line = line[found.end() :] if found else line
    if "\n" in line:
        return "\n".join(" ".join(piece.split()) for piece in line.split("\n")).strip()
    return " ".join(line.split())


def _rows(found: re.Match[str]) -> str:
    """A row of the server's CSV log as the lines of its other log, with the time in front."""
    time = found[0].partition(",")[0]
    lines = f"{time} {found['severity']}: {found['message']} ({found['code']})"
    for field in ("detail", "hint"):
        if found[field]:
            lines += f"\\n{field.upper()}: {found[field]}"
    return lines.replace('""', '"') + ","


def _spoken(line: str) -> str:
    """The server's words in its JSON log as the lines of its other log, after the object itself."""
    said = dict(_JSONLOG.findall(line))
    if "message" not in said:
        return line
    message = f"{said.pop('error_severity', 'LOG')}: {said.pop('message')}"
    rest = "".join(f"\\n{field.upper()}: {words}" for field, words in sorted(said.items()))
    return f"{line} {message}{rest}"


def _opened(raw: str) -> tuple[str, str, int]:
    """A line without its envelopes: what stays in front of an error, the line as it was written, and its state.

    It is bare where nothing or only a mark of quoting was in front of it, and a part where the next line goes on.
    """
    if raw.startswith('{"log":"') and len(raw) <= LONGEST:
        found = _DOCKER.match(raw)
        if found is not None:
            log = _ESCAPE.sub(_unescaped, found["log"])
            state = _WHOLE if log.endswith("\n") or len(log) < LINE_LIMIT else _PART
            return f"{found['time']} " if found["time"] else "", log.rstrip("\r\n"), state
    if "\x1b" in raw:
        raw = _COLOUR.sub("", raw)
    at, kept, state = 0, 0, _BARE
    for _ in range(_ENVELOPES):
        first = raw[at : at + 1]
        if (
            raw[at + 10 : at + 11] in _AFTER_DATE
            or raw[at + 3 : at + 4] == " " == raw[at + 6 : at + 7]
            or first in _OPENERS
        ):
            found = _ENVELOPE.match(raw, at)
            if found is not None:
                at = found.end()
                if first == ">":
                    kept = at
                else:
                    state = _PART if found["part"] == "P" else max(state, _WHOLE)
                continue
        found = _COMPOSE_PREFIX.match(raw, at) if " | " in raw else None
        if found is None:
            break
        at = kept = found.end()
        state = max(state, _WHOLE)
    if not at:
        return "", raw, _BARE
    body = raw[at:]
    return raw[kept:at], f"\t{body[4:]}" if body.startswith("#011") else body, state


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else _ESCAPED.get(found[2], found[2])


def _lines(lines: Iterable[str]) -> Iterator[tuple[int, str, str, bool]]:
    """Each line with its number, what stays in front of it, and whether it is bare; parts are put together."""
    held: tuple[int, str, str] | None = None
    for number, raw in enumerate(lines, 1):
        head, body, state = _opened(raw)
        if held is not None:
            number, head, body = held[0], held[1], held[2] + body
            held = None
        if state == _PART and len(body) < LONGEST:
            held = (number, head, body)
        else:
            yield number, head, body, state == _BARE
    if held is not None:
        yield *held, False


def records(lines: Iterable[str]) -> Iterator[Record]:
    """Group lines into errors. A line longer than LINE_LIMIT becomes several records with the same number."""
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
            joint = _joint(before, body) if bare and before else None
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
                pieces[0] = f"{normalise(head)} {first}"
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
    for start in range(0, len(raw), LINE_LIMIT - _OVERLAP):
        yield Record([normalise(raw[start : start + LINE_LIMIT]).replace("\n", " ")], [number])


def _margin(line: str) -> int:
    found = _MARGIN.match(line)
    return found.end() if found else 0


def _joint(before: str, raw: str) -> str | None:
    """What was between two lines that a terminal or a mail client made of one; None where they are two.

    It is told from these two lines alone, so that it does not matter where a log is cut.
    """
    if not (_NARROW <= len(before) <= _WIDE and 0 < len(raw) <= _WIDE) or before[0] in " \t{<":
        return None
    first, last = raw[0], before[-1]
    dangling = _DANGLING.search(before) is not None
    if (
        len(before) in _HARD_WIDTHS
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


def surely_begins(before: str, raw: str) -> bool:
    """Whether a line begins an error of its own, told from it and the line before alone.

    False where only what came earlier could tell: whoever cuts a log there cuts through no error.
    """
    _, before, earlier = _opened(before)
    _, body, state = _opened(raw)
    if (
        _PART in (earlier, state)
        or not before.strip()
        or before[0] in " \t"
        or before.rstrip().endswith("Caused by:")
    ):
        return False
    if "Traceback" in before or before.startswith('File "'):
        return False
    if not body.strip() or body[0] in " \t\\" or len(body) > LINE_LIMIT or "Traceback" in body:
        return False
    if earlier == state == _BARE and _joint(before, body) is not None:
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

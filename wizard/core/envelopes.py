"""What a collector of logs, Compose or a mail client puts around a line, and how the line reads without it."""

from __future__ import annotations

import re

from wizard.core.lazyre import lazy

LINE_LIMIT = 4096
"""Characters of a line that are looked at together; a longer line is looked at in overlapping pieces."""
LONGEST = 65_536
"""Characters of a line that may be an error of many lines, written as one; and of a line put together from parts."""
BARE, WHOLE, PART = range(3)
"""The states of a line: nothing but a mark of quoting was in front of it; it is whole; the next line goes on."""
_ENVELOPES = 4

_COLOUR = lazy(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\))|(?<!\\)\\+u001[bB]\[[0-9;]*m")
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
_UNICODE = lazy(r"(?<!\\)\\+u00(2[0-9a-fA-F]|3[c-eC-E])")
_WINDOWS_PATH = lazy(r"\b[A-Za-z]:(?P<bars>\\+)(?:[\w .()+@~$%-]{1,255}(?P=bars)(?!\\))*")
_LOGIN = lazy(r"//[^\s:/?#@\"'<>]{0,128}:[^\s\"'<>@]{0,300}@")
_BAR = "\x01"
"""Stands for the backslash of a Windows path, or of a password, while those of escapes are undone."""
_ENTITY = lazy(r"&(?:quot|apos|gt|lt|amp|nbsp|#0?39|#34|#x27|#x22);")
_ENTITIES = {"quot": '"', "#34": '"', "#x22": '"', "gt": ">", "lt": "<", "amp": "&", "nbsp": " "}
_TYPOGRAPHIC = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "\u200b": None, "\ufeff": None})
_CSV = lazy(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [^,\"\s]{1,10},[^\n]{0,600}?,(?P<severity>FATAL|ERROR|PANIC|LOG|WARNING),"
    r'(?P<code>[0-9A-Z]{5}),"(?P<message>(?:[^"]|"")*)"'
    r'(?:,(?:"(?P<detail>(?:[^"]|"")*)(?:"|$))?)?(?:,(?:"(?P<hint>(?:[^"]|"")*)")?)?'
)
_JSONLOG = lazy(r'"(error_severity|message|detail|hint)":"((?:[^"\\]|\\.)*)"')


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
        for mark, pattern in ((":\\", _WINDOWS_PATH), ("//", _LOGIN)):
            if mark in line:
                line = pattern.sub(lambda found: found[0].replace("\\", _BAR), line)
        if "\\u00" in line:
            line = _UNICODE.sub(lambda found: chr(int(found[1], 16)), line)
        # A run of backslashes is tried from its begin only: from each of them it would take the square of the time.
        line = re.sub(r"(?<!\\)\\+([\"'])", r"\1", line)
        line = re.sub(r"(?<!\\)\\+[rn](?:\\+t)?", "\n", line)
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


def opened(raw: str) -> tuple[str, str, int]:
    """A line without its envelopes: what stays in front of an error, the line as it was written, and its state.

    It is bare where nothing or only a mark of quoting was in front of it, and a part where the next line goes on.
    """
    if raw.startswith('{"log":"') and len(raw) <= LONGEST:
        found = _DOCKER.match(raw)
        if found is not None:
            log = _ESCAPE.sub(_unescaped, found["log"])
            state = WHOLE if log.endswith("\n") or len(log) < LINE_LIMIT else PART
            return f"{found['time']} " if found["time"] else "", log.rstrip("\r\n"), state
    if "\x1b" in raw:
        raw = _COLOUR.sub("", raw)
    at, kept, state = 0, 0, BARE
    for _ in range(_ENVELOPES):
        first = raw[at : at + 1]
        if (
            (raw[at + 10 : at + 11] in _AFTER_DATE and first.isdigit())
            or raw[at + 3 : at + 4] == " " == raw[at + 6 : at + 7]
            or first in _OPENERS
        ):
            found = _ENVELOPE.match(raw, at)
            if found is not None:
                at = found.end()
                if first == ">":
                    kept = at
                else:
                    state = PART if found["part"] == "P" else max(state, WHOLE)
                continue
        found = _COMPOSE_PREFIX.match(raw, at) if " | " in raw else None
        if found is None:
            break
        at = kept = found.end()
        state = max(state, WHOLE)
    if not at:
        return "", raw, BARE
    body = raw[at:]
    return raw[kept:at], f"\t{body[4:]}" if body.startswith("#011") else body, state


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else _ESCAPED.get(found[2], found[2])

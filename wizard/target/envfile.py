"""`.env` files as the usual loaders read them (python-dotenv, dotenv for Node and Ruby, docker compose).

They agree on the plain cases: optional `export`, single, double or back quotes that may span lines, escapes
in double quotes only, ` #` comments after unquoted values, the last of two equal keys wins.  `${NAME}` is
filled from the file and the environment; what stays unfilled is left to be seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from wizard.core.lazyre import lazy
from wizard.named import NamedTuple

_LINE = lazy(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*[=][ \t]*")
_REFERENCE = lazy(r"\$\{([A-Za-z_]\w*)(?:(:?-)([^{}]*))?\}")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}


class EnvLine(NamedTuple):
    """One variable; `line` is where it begins, counted from 1."""

    value: str
    line: int

    def __repr__(self) -> str:
        """The line without its value, which may be a password."""
        return f"EnvLine(line={self.line})"


def read_env(text: str, environ: Mapping[str, str]) -> dict[str, EnvLine]:
    """Return the variables of a `.env` text; lines that set nothing are passed over."""
    found: dict[str, EnvLine] = {}
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    at, line = 0, 1
    while at < len(text):
        match = _LINE.match(text, at)
        end = _line_end(text, at)
        if match and match.end() <= end:
            value, end = _value(text, match.end())
            literal = text[match.end() : match.end() + 1] == "'"
            found[match[1]] = EnvLine(value if literal else fill(value, found, environ), line)
        line += text.count("\n", at, end + 1)
        at = end + 1
    return found


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _value(text: str, at: int) -> tuple[str, int]:
    """Read a value; return it with the position of the newline that ends its last line."""
    quote = text[at : at + 1]
    if quote and quote in "\"'`":
        close = re.compile(rf"(?:\\.|[^\\{quote}])*{quote}" if quote == '"' else rf"[^{quote}]*{quote}", re.S)
        if match := close.match(text, at + 1):
            inner = match[0][:-1]
            if quote == '"':
                inner = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), inner, flags=re.S)
            return inner, _line_end(text, match.end())
    end = _line_end(text, at)
    raw = text[at:end]
    return re.split(r"(?:^|\s)#", raw, maxsplit=1)[0].strip(), end


def fill(value: str, found: Mapping[str, EnvLine], environ: Mapping[str, str]) -> str:
    """Fill `${NAME}` and `${NAME:-default}`; a name that is set nowhere stays as it is written."""

    def swap(match: re.Match[str]) -> str:
        name, sign, default = match.groups()
        known = environ.get(name, found[name].value if name in found else None)
        if known is None or (sign == ":-" and not known):
            return str(default) if sign else match[0]
        return known

    return _REFERENCE.sub(swap, value) if "${" in value else value

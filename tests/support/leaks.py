"""Passwords of every kind, every text in which one may leak, and what a run of the program leaves behind."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

MARKS = " @:/?#%&=+$'\"\\,;()[]{}<>|!*~^`-_.éß€\u0301\u200b🔑漢"
"""What means something to a URL, a shell, SQL, JSON, YAML, HTML, Markdown or a pattern, and letters of others."""
AWKWARD = (
    *(
        "two words",
        "  blank ends  ",
        'it\'s "quoted"',
        "100%41 sure",
        "back\\slash\\n",
        "p@ss:w/rd?x#y",
        "$ecret${HOME}",
    ),
    *(
        "naïve-Zufällig",
        "cafe\u0301-noir",
        "🔑key🔑ring",
        "zero\u200bwidth",
        "漢字のパスワード",
        "right\u202eleft",
    ),
    *(
        ".*(a|b)+[^x]$",
        '{"k": [1]}',
        "- yaml: *x",
        "<b>&amp;</b>",
        "[link](url) **x**",
        "cGFzc3dvcmQtNDI=",
        "x" * 200,
    ),
    *(
        "sunshine",
        "Zx9unheard",
        "app-and-more",
        "more-than-shop",
        "a=b&c=d",
        "'; DROP TABLE x; --",
        "two  blanks",
    ),
)
PASSWORDS = st.one_of(
    st.sampled_from(AWKWARD),
    st.text(
        st.one_of(st.sampled_from(MARKS), st.characters(min_codepoint=33, max_codepoint=126)), max_size=24
    ).map(lambda text: f"{text[:5]}Q7xZ{text[5:]}"),
)
"""Passwords that no report holds by itself: each must be nowhere."""
COMMON = (
    *(
        "a",
        "7",
        "é",
        "ab",
        "app",
        "shop",
        "postgres",
        "localhost",
        "password",
        "error",
        "auth",
        "5432",
        "host",
        "port",
    ),
    *(
        "127.0.0.1",
        "database",
        "Connection",
        "refused",
        "config",
        "network",
        "healthy",
        "unknown",
        "YES",
        "true",
        "set",
    ),
    *(
        "missing",
        "FATAL",
        "postgresql",
        "3306",
        "fault",
        "cause",
        "root",
        "DATABASE_URL",
        "command line",
        "for",
        "user",
    ),
)
"""Passwords that are words of a report whatever the password is: with each, the report is the same as with another."""


def bounded(examples: int) -> settings:
    """A number of examples, none of them timed."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


def encoded(secret: str, user: str = "app") -> set[str]:
    """The texts in which a secret leaks; in those of base64 the secret may stand at any place."""
    raw = secret.encode()
    found = {
        secret,
        raw.hex(),
        raw.hex().upper(),
        repr(raw)[2:-1],
        html.escape(secret),
        html.escape(secret, quote=False),
    }
    for form in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        found |= {form, re.sub("%..", lambda match: match[0].lower(), form), quote(form, safe="")}
    for form in (json.dumps(secret), json.dumps(secret, ensure_ascii=False), repr(secret), ascii(secret)):
        found.add(form[1:-1])
    found |= {shlex.quote(secret), secret.replace("'", "''"), secret.replace("'", "\\'")}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        found |= {encode(raw).decode().rstrip("="), encode(f"{user}:{secret}".encode()).decode().rstrip("=")}
        found |= {inner for inner in _inner(raw, encode) if len(inner) > 4}
    return found


def _inner(raw: bytes, encode: object) -> Iterator[str]:
    """What stays the same of a base64 text, wherever in it the secret begins."""
    for shift in range(3):
        texts = [
            encode(before * shift + raw + after * 3).decode()
            for before, after in ((b"a", b"z"), (b"\xff", b"\0"))
        ]  # type: ignore[operator]
        same = "".join(one if one == two else " " for one, two in zip(*texts, strict=True))
        yield max(same.split(), key=len)


def leaks(secret: str, text: str, user: str = "app") -> list[str]:
    """The forms of the secret that the text holds."""
    return sorted(form for form in encoded(secret, user) if form in text)


def texts_below(folder: Path, given: set[Path]) -> str:
    """The names and contents of all files below a folder, but for those that were there before."""
    found = []
    for path in sorted(folder.rglob("*")):
        found.append(str(path.relative_to(folder)))
        if path.is_file() and path not in given:
            found.append(path.read_bytes().decode("utf-8", "replace"))
    return "\n".join(found)

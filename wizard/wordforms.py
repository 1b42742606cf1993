"""Every way in which a secret, or a name that is to be hidden, is commonly written: plain, escaped, quoted, encoded."""

from __future__ import annotations

import json
import re
import unicodedata
from binascii import b2a_base64
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

LEAST_INNER = 5
"""Characters of the part of a base64 text that does not depend on its neighbours; fewer say too little."""
_URL_SAFE = str.maketrans("+/", "-_")


def spellings_of(word: str) -> Iterator[str]:
    """Yield the spellings of a word; some of them may be the same."""
    for form in _said(word):
        yield from _quoted(form)
        yield from _escaped(form)
    raw = word.encode("utf-8", "surrogatepass")
    for encoded in (
        quote(raw, safe=""),
        quote(raw),
        quote_plus(raw),
        "".join(f"%{byte:02X}" for byte in raw),
    ):
        yield encoded
        yield re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), encoded)
        yield quote(encoded, safe="")
    yield from _base64(raw)
    yield raw.hex()
    yield raw.hex().upper()
    yield repr(raw)[2:-1]


def login_spellings(user: str, word: str) -> Iterator[str]:
    """Yield the base64 texts of `user:word`, in which the word alone may be too short to be found."""
    raw = f"{user}:{word}".encode("utf-8", "surrogatepass")
    for whole in _encodings(raw):
        yield whole
        yield whole.rstrip("=")


def _said(word: str) -> Iterator[str]:
    """Yield the word as it is, and as it is after the changes that texts go through before they are shown."""
    yield word
    yield " ".join(word.split())
    yield "".join(char for char in word if unicodedata.category(char) not in ("Cc", "Cf", "Cs"))
    if not word.isascii():
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            yield unicodedata.normalize(form, word)


def _quoted(word: str) -> Iterator[str]:
    yield word
    for quoted in (json.dumps(word), json.dumps(word, ensure_ascii=False), repr(word), ascii(word)):
        yield quoted[1:-1]
    yield json.dumps(json.dumps(word))[3:-3]
    yield word.replace("'", "'\"'\"'")  # for a shell, as shlex quotes it
    yield re.sub(r"([^\w@%+=:,./-])", r"\\\1", word)


def _escaped(word: str) -> Iterator[str]:
    yield word.replace("'", "''")
    yield word.replace('"', '""')
    yield word.replace("\\", "\\\\").replace("'", "\\'")
    yield word.replace("\\", "\\\\").replace(":", "\\:")
    marked = word.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    yield marked
    for apostrophe in ("'", "&#x27;", "&#39;"):
        yield marked.replace('"', "&quot;").replace("'", apostrophe)


def _encodings(raw: bytes) -> tuple[str, str]:
    """The two alphabets of base64: the usual one, and that of URLs."""
    whole = b2a_base64(raw, newline=False).decode()
    return whole, whole.translate(_URL_SAFE)


def _base64(raw: bytes) -> Iterator[str]:
    """Yield the encodings of the word alone, and the part that is stable inside a longer encoded text."""
    for whole in _encodings(raw):
        yield whole
        yield whole.rstrip("=")
    for shift in range(3):
        head = 0 if shift == 0 else shift + 1
        for inner in _encodings(b"\0" * shift + raw):
            inner = inner.rstrip("=")
            tail = len(inner) - (1 if (shift + len(raw)) % 3 else 0)
            if tail - head >= LEAST_INNER:
                yield inner[head:tail]

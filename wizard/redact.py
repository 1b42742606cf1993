"""The last gate: takes secrets out of everything that is shown, saved or sent.

It is the second lock: facts and reports are made of fields that hold no secret in the first place.  A
`Redactor` removes the secrets that it was told, in every spelling in which they may come back, and anything
that stands where passwords stand.  It must never raise and never give back more than it was given.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from wizard.core.lazyre import lazy
from wizard.target.model import MASK, Secret

_SHORTEST = 4
"""Shorter secrets are words like `a` or `123`: they are removed only where a password stands."""

_URL_PASSWORD = lazy(
    r"\b([A-Za-z][\w+.-]*://(?!USER:PASSWORD@)[^\s:/?#@\"'<>]*):([^\s\"'<>]*)@(?=[\w\[%/.:,-])"
)
_GO_PASSWORD = lazy(r"(?<![\w/])([\w.-]+):([^\s\"'<>]+)@(?=(?:tcp6?|unix)\()")
_NAMED = lazy(
    r"""(?P<name>(?:[\w.-]*(?:passw(?:or)?d|passwd|passphrase|secret|pwd)|\bpass|MYSQL_PWD|auth[_-]?token|api[_-]?key)
        (?:[\"'])?\s*(?:=>|[=:])\s*)
        (?P<value>"(?:\\.|[^"\\])*"|'(?:\\.|''|[^'\\])*'|[^\s"'&;,)\]}]+)""",
    re.IGNORECASE | re.VERBOSE,
)
_SQL = lazy(
    r"""((?<!["'\w])(?!(?<=\\)(?-i:password)[ ]")
        (?:IDENTIFIED\s+(?:WITH\s+\S+\s+)?(?:BY|AS)(?:\s+PASSWORD)?|(?:ENCRYPTED\s+)?PASSWORD)\s*\(?\s*[EeNn]?)
        ('(?:\\.|''|[^'\\])*'|"(?:\\.|""|[^"\\])*")""",
    re.IGNORECASE | re.VERBOSE,
)
r"""A password in SQL; in psql's `\password "app"` it is the name of a role."""
_CLIENT = lazy(
    r"(\b(?:mysql|mariadb|mysqldump|mysqladmin|mariadb-dump|mysqlcheck)\b[^\n|;]*?\s-p)(?![,.;:)](?:\s|$))(\S+)"
)
"""A password after `-p`; punctuation there ends a clause: `mysql without -p, so …`."""
_JWT = lazy(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?")
_RDS_TOKEN = lazy(r"(?:[\w.-]+:\d+/)?\?[^\s\"']*\bX-Amz-Signature=[0-9A-Fa-f]+[^\s\"']*")
_AMZ_PART = lazy(r"\b(X-Amz-(?:Signature|Security-Token|Credential))=[^\s&\"']+", re.IGNORECASE)
_SCRAM = lazy(r"\bSCRAM-SHA-256\$\d+:[^\s$]+\$[^\s:]+:[^\s'\"]+")
_HASH = lazy(r"\bmd5[0-9a-f]{32}\b")
_EVERYDAY = lazy(r"[a-z]{1,12}|[A-Z][a-z]{1,11}")
"""A password that is also a word of the language: `postgresql` says nothing of the password `postgres`."""
STRUCTURE = frozenset(
    {"schema", "status", "cause", "engine", "layer", "node", "probe", "kind", "outcome", "by", "went"}
    | {"version", "id", "started", "format", "port", "target.port"}
)
"""Keys whose values are words of our own: they hold no password."""
KEYS = STRUCTURE.union(
    ("answer", "at", "candidates", "code", "command", "commands", "database", "elapsed_ms"),
    ("environment", "evidence", "excluded", "facts", "findings", "finished", "host", "hosts", "how"),
    ("layers", "local", "ms", "notes", "number", "open", "options", "password", "python", "question"),
    ("questions", "session", "solved", "source", "started_local", "steps", "summary", "system", "target"),
    ("text", "timeline", "title", "trouble", "user", "value", "walks", "warnings", "what", "why"),
    ("began", "by", "certainty", "ended", "failed", "first_failure", "healthy_before", "impact", "label"),
    ("last_failure", "os", "pooler_version", "runtime", "runtime_by", "runtime_evidence", "seconds"),
    ("server_version", "state", "stopped", "utc_offset", "verified_healthy", "zone"),
)
"""Keys of our own documents: a password may be one of these words, and they stay what they are."""
_NAMES = frozenset({"user", "database", "target.user", "target.database"})
"""Names that the person gave. `app` stays, although the password may be `app` too: commands need it."""
_HARMLESS = frozenset(
    {"yes", "no", "true", "false", "on", "off", "set", "missing", "none", "null", "required", "prompt"}
    | {"unset", MASK}
)
_PLACEHOLDERS = frozenset({"CHANGE-ME", "…"})
"""What our own pages write where the reader puts a password."""
_PROGRAMS = frozenset({"mysql", "mariadb", "mysqladmin", "psql"})
_CAUSE = lazy(r"[a-z]+\.[a-z-]+|healthy|inconclusive|none")

_ANSI = lazy(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])"
)
_UNSEEN = lazy(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_UNDECODABLE = lazy("[\ud800-\udfff]")


class Redactor:
    """Removes the given secrets, and whatever stands in a password's place, from texts and documents."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        words = {secret.reveal() for secret in secrets if secret}
        spellings = {form for word in words if len(word) >= _SHORTEST for form in spellings_of(word)}
        self._long = _alternatives(spellings)
        self._short = _short_pattern({word for word in words if len(word) < _SHORTEST})

    def text(self, text: str) -> str:
        """Return the text without secrets; ordinary text comes back as it was."""
        if self._long is not None:
            text = self._long.sub(MASK, text)
        if self._short is not None:
            text = self._short.sub(MASK, text)
        return redact_patterns(text)

    def data(self, data: Any) -> Any:
        """Return a copy of a JSON-like value whose texts, keys included, hold no secret.

        A value under a key that names a password is masked whatever it is.  A `Secret` becomes the mask, and
        bytes become text.
        """
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, Secret):
            return MASK
        if isinstance(data, (bytes, bytearray)):
            return self.text(bytes(data).decode("utf-8", "replace"))
        if isinstance(data, dict):
            return {
                key if key in KEYS else self.data(key): self._entry(key, value) for key, value in data.items()
            }
        if isinstance(data, (list, tuple, set, frozenset)):
            return [self.data(each) for each in data]
        return self._scalar(data)

    def _entry(self, key: object, value: Any) -> Any:
        """Redact one value of a mapping; `password: "set"` is a statement and no password."""
        if is_plain(key, value):
            return value
        if key == "facts" and isinstance(value, dict):
            # The names of facts are declared in the content: nobody else can make one.
            return {fact: self._entry(fact, one) for fact, one in value.items()}
        if key == "options" and isinstance(value, dict):
            # The names of options are what somebody typed, and may be any word.
            return {self.text(str(name)): self.data(one) for name, one in value.items()}
        named = isinstance(key, str) and re.search(r"(?:^|_)(?:password|passwd|pwd|secret)$", key, re.I)
        if named and isinstance(value, str) and value and value.lower() not in _HARMLESS:
            return MASK
        return self.data(value)

    def _scalar(self, value: Any) -> Any:
        """A number may be the password itself: a long one is compared as text."""
        if isinstance(value, (int, float)) and not isinstance(value, bool) and self._long is not None:
            return MASK if self._long.fullmatch(str(value)) else value
        return value


def is_plain(key: object, value: object) -> bool:
    """Whether a value is told by its key to be no secret: a word of our own, a number, an everyday name."""
    if key in STRUCTURE:
        return isinstance(value, (str, int, float))
    if key == "password":
        return value in ("set", "missing")
    if isinstance(key, str) and key.endswith((".cause", ".candidates")):
        ids = value if isinstance(value, (list, tuple)) else (value,)
        return all(isinstance(one, str) and _CAUSE.fullmatch(one) for one in ids)
    return key in _NAMES and isinstance(value, str) and _EVERYDAY.fullmatch(value) is not None


def spellings_of(word: str) -> Iterator[str]:
    """Yield every way in which a secret is commonly written: plain, escaped, quoted, encoded."""
    raw = word.encode("utf-8", "surrogatepass")
    yield word
    for encoded in (quote(raw, safe=""), quote(raw), quote_plus(raw), _every_byte(raw)):
        yield encoded
        yield re.sub(r"%[0-9A-F]{2}", lambda m: m[0].lower(), encoded)
    yield from _base64(raw)
    yield raw.hex()
    yield raw.hex().upper()
    for quoted in (json.dumps(word), json.dumps(word, ensure_ascii=False), repr(word), repr(raw)[1:]):
        yield quoted[1:-1]
    yield json.dumps(json.dumps(word))[3:-3]
    if (shell := shlex.quote(word)) != word:
        yield shell[1:-1]
    yield word.replace("'", "''")
    yield word.replace("\\", "\\\\").replace("'", "\\'")
    yield word.replace("\\", "\\\\").replace(":", "\\:")
    yield word.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    yield re.sub(r"([^\w@%+=:,./-])", r"\\\1", word)


def _every_byte(raw: bytes) -> str:
    return "".join(f"%{byte:02X}" for byte in raw)


def _base64(raw: bytes) -> Iterator[str]:
    """Yield the encodings of the secret alone, and the part that is stable inside a longer encoded text."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(raw).decode()
        yield whole
        yield whole.rstrip("=")
        if len(raw) < 8:
            continue
        for shift in range(3):
            inner = encode(b"\0" * shift + raw).decode().rstrip("=")
            head = 0 if shift == 0 else shift + 1
            tail = len(inner) - (1 if (shift + len(raw)) % 3 else 0)
            yield inner[head:tail]


def _alternatives(words: set[str]) -> re.Pattern[str] | None:
    """Build one pattern of all spellings, the longest first, so that no tail stays behind."""
    ordered = sorted((word for word in words if len(word) >= _SHORTEST), key=len, reverse=True)
    return re.compile("|".join(map(_place_of, ordered))) if ordered else None


def _place_of(word: str) -> str:
    """Where a spelling counts: an everyday word only as a word of its own, anything else everywhere."""
    escaped = re.escape(word)
    return rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])" if _EVERYDAY.fullmatch(word) else escaped


def _short_pattern(words: set[str]) -> re.Pattern[str] | None:
    """Build a pattern for secrets too short to be removed everywhere."""
    if not words:
        return None
    word = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    places = (
        "password=",
        "PASSWORD=",
        "pwd=",
        "PWD=",
        "pass=",
        "password ",
        "password: ",
        "password '",
        "BY '",
    )
    before = "|".join(f"(?<={re.escape(place)})" for place in places)
    return re.compile(rf"(?<=:)(?:{word})(?=@)|(?:{before})(?:{word})(?!\w)")


def redact_patterns(text: str) -> str:
    """Mask what stands where a password stands, known or not."""
    lowered = text.lower()
    for marks, pattern, instead in _PLACES:
        # Most texts have none of the marks, and a pattern that is never used is never compiled.
        if any(mark in lowered for mark in marks):
            text = pattern.sub(instead, text)
    return text


def _quoted(match: re.Match[str]) -> str:
    mark, inner = match[2][0], match[2][1:-1]
    if inner in _PLACEHOLDERS or (inner == "RDS" and "AWSAuthenticationPlugin" in match[1]):
        return match[0]
    return f"{match[1]}{mark}{MASK}{mark}"


def _named(match: re.Match[str]) -> str:
    value = match["value"]
    mark = value[0] if value[0] in "\"'" else ""
    inner = value[1:-1] if mark else value
    if (
        not inner
        or inner.lower().rstrip(".") in _HARMLESS
        or inner in _PLACEHOLDERS
        or _is_open(match, inner)
    ):
        return match[0]
    return f"{match['name']}{mark}{MASK}{mark}"


def _is_open(match: re.Match[str], inner: str) -> bool:
    """Whether the value is prose, code or a reference: `using password: YES`, `password: ${DB_PASSWORD}`, `<…>`."""
    if inner.startswith(("${", "{", "<", "$(", "[")):
        return True
    name = match["name"]
    if inner != match["value"]:
        return False  # in quotes it is a value
    if "\n" in name and inner.endswith(":"):
        return True  # the next key of a YAML file, on a line of its own
    if inner in _PROGRAMS and name.endswith(": ") and match.string.startswith(" -", match.end()):
        return True  # `root has a password: mysql -u root -p`
    # In `SET PASSWORD = PASSWORD('…')` the quoted text is the password, and was looked at as such.
    return inner.upper() == "PASSWORD(" or (inner == "(" and name.rstrip(" ").endswith(":"))


def clean(text: str, limit: int = 2000) -> str:
    """Return untrusted text fit for a terminal or a report: bounded, and without anything unseen.

    Escape sequences, control characters, direction marks and zero-width characters are dropped, newlines and
    tabs stay, lone surrogates become U+FFFD.  A text longer than `limit` characters ends with an ellipsis.
    """
    # A bound before the patterns keeps the cost small for megabytes of noise.
    text = text[: limit * 4 + 1000] if limit > 0 else text
    if not (text.isascii() and text.replace("\n", "").isprintable()):
        text = _ANSI.sub("", text.replace("\r\n", "\n"))
        text = _UNDECODABLE.sub("\ufffd", _UNSEEN.sub("", text))
    return f"{text[: limit - 1].rstrip()}…" if 0 < limit < len(text) else text


def harmless(text: str, limit: int) -> str:
    """What a person typed or pasted, fit to be kept as a fact: bounded, nothing unseen, no password in its places."""
    return clean(redact_patterns(clean(text, limit)), limit).strip()


_PLACES: tuple[tuple[tuple[str, ...], re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (("://",), _URL_PASSWORD, rf"\1:{MASK}@"),
    (("@tcp", "@unix"), _GO_PASSWORD, rf"\1:{MASK}@"),
    (("x-amz-",), _RDS_TOKEN, MASK),
    (("x-amz-",), _AMZ_PART, rf"\1={MASK}"),
    (("eyj",), _JWT, MASK),
    (("scram-sha-256$",), _SCRAM, MASK),
    (("md5",), _HASH, MASK),
    (("identified", "password"), _SQL, _quoted),
    (("pass", "secret", "pwd", "token", "api"), _NAMED, _named),
    ((" -p",), _CLIENT, rf"\1{MASK}"),
)
"""(lower-case words of which a text needs one, the pattern, what to put in place of a match)"""

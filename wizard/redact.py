"""The last gate: takes secrets out of everything that is shown, saved or sent.

It is the second lock: facts and reports are made of fields that hold no secret in the first place.  A
`Redactor` removes the secrets that it was told, in every spelling in which they may come back, and anything
that stands where passwords stand.  It must never raise and never give back more than it was given.

**Where the line is drawn.**  A mask tells whoever can guess what was under it: `FATAL: ••• "x" does not exist` says
that the password is `database`.  So what is shown must be the same for this password and for any other.  A text that
is there whatever the password is stays as it is: the names that the person gave (host, user, database, where a
setting stands) and what our own pages and message rules say (`postgres`, `5432`, `error`).  Such a password, and one
of fewer than four characters, is removed only where a password stands (`password=…`, `:…@`) and in its encodings;
a server that repeats it in free text is quoted, for there it is one word among others.  Every other secret is
removed wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache

from wizard.core.lazyre import lazy
from wizard.core.passwordplaces import HARMLESS, redact_patterns
from wizard.core.pieces import end_of
from wizard.named import TYPE_CHECKING
from wizard.target.model import MASK, Secret

if TYPE_CHECKING:
    from typing import Any


_SHORTEST = 4
"""Shorter secrets are words like `a` or `123`: they are removed only where a password stands."""
_LONGEST_WORD = 40
"""Longer secrets are no words that a page may say."""
_CASELESS = 6
"""From this length on a secret is removed in capitals and small letters alike."""
_LONG = 512
"""Longer spellings are left out of the pattern for a text that is shorter than they are."""
_NOTHING = r"(?!)"
_CUT = 150
"""A text of that many characters may have been cut, and its end may be the begin of a secret."""

_EVERYDAY = lazy(r"[a-z]{1,12}|[A-Z][a-z]{1,11}")
"""A password that is also a word of the language: `postgresql` says nothing of the password `postgres`."""
_NUMBERS = lazy(r"[\d.:-]+")
STRUCTURE = frozenset(
    {"schema", "status", "cause", "engine", "layer", "node", "probe", "kind", "outcome", "by", "went"}
    | {"version", "id", "started", "format", "port", "target.port"}
    | {"at_once", "began", "ended", "received", "sent", "through"}
)
"""Keys whose values are words of our own: they hold no password."""
KEYS = STRUCTURE.union(
    re.findall(
        r"\w+",
        """answer at bytes_received bytes_sent candidates certainty code command commands database datagrams
        declined_handshakes elapsed_ms environment evidence excluded facts failed failed_logins findings
        finished first_failure footprint hand_over hand_over_to hand_over_when healthy_before host hosts how
        impact incomplete_handshakes label last_failure layers local ms names_asked not_opened notes number
        open options os overruled password pooler_version python question questions runtime runtime_by
        runtime_evidence seconds see_also seen_as server_version session solved source started_local state
        steps stopped summary system target text timeline title totals trouble user utc_offset value verdict
        verified_healthy walks warnings what why why_here zone""",
    )
)
"""Keys of our own documents: a password may be one of these words, and they stay what they are."""
_NAMES = frozenset({"user", "database", "target.user", "target.database"})
"""Names that the person gave. `app` stays, although the password may be `app` too: commands need it."""
_CAUSE = lazy(r"[a-z]+\.[a-z-]+|healthy|inconclusive|none")

_ANSI = lazy(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])"
)
_UNSEEN = (
    "\x00\x08\x0b\x1f\x7f\x9f\xad\xad\u061c\u061c\u115f\u1160\u17b4\u17b5\u180e\u180e\u200b\u200f\u2028\u202e"
    "\u2060\u206f\u3164\u3164\ufe00\ufe0f\ufeff\ufeff\uffa0\uffa0\ufff9\ufffb\U000e0000\U000e007f"
)
"""The first and the last character of each run of those that nobody sees."""
_UNDECODABLE = lazy("[\ud800-\udfff]")


class Redactor:
    """Removes the given secrets, and whatever stands in a password's place, from texts and documents.

    `names` are texts that are told anyway, such as the host; `users` may stand before a secret in an encoded login.
    """

    def __init__(
        self, secrets: Iterable[Secret], names: Iterable[str] = (), users: Iterable[str] = ()
    ) -> None:
        from wizard.wordforms import login_spellings, spellings_of

        words = {secret.reveal() for secret in secrets if secret}
        long = {word for word in words if len(word) >= _SHORTEST}
        logins = {form for user in users for word in words for form in login_spellings(user, word)}
        spelled = {form for word in long for form in spellings_of(word)}
        self._long = _Sought({form for form in spelled | logins if len(form) >= _SHORTEST}, _alternatives)
        self._placed = _Sought({word for word in words if len(word) <= _LONGEST_WORD}, _placed)
        self._cut = sorted((form for form in spelled if len(form) > _CASELESS), key=len)
        self._names = tuple(names)

    def text(self, text: str) -> str:
        """Return the text without secrets; ordinary text comes back as it was."""
        text = self._long.replaced(text, self._masked)
        if text.endswith("…") or len(text) >= _CUT:
            text = self._without_ends(text)
        text = self._placed.replaced(text, _in_its_place)
        return redact_patterns(text)

    def _masked(self, match: re.Match[str]) -> str:
        return match[0] if self._is_told(match[0]) else MASK

    def _is_told(self, words: str) -> bool:
        """Whether these words are there whatever the password is: see where the line is drawn."""
        return any(words in name for name in self._names) or _says(words)

    def _without_ends(self, text: str) -> str:
        """Mask what a bound has left of a secret at the end of a text, or at its begin."""
        more = "…" if text.endswith("…") else ""
        text = text.removesuffix("…")
        for form in self._cut:
            end = text[1 - len(form) :]
            at = end.find(form[:_SHORTEST])
            if at >= 0 and form.startswith(end[at:].rstrip()) and not self._is_told(end[at:]):
                text = text[: len(text) - len(end) + at] + MASK
            begin = text[: len(form) - 1]
            at = begin.rfind(form[-_SHORTEST:]) + _SHORTEST
            if at >= _SHORTEST and form.endswith(begin[:at]) and not self._is_told(begin[:at]):
                text = MASK + text[at:]
        return text + more

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
        if key == "environment" and isinstance(value, dict):
            # This machine's own name and versions, which no password has touched.
            return {
                name: redact_patterns(one) if isinstance(one, str) else one for name, one in value.items()
            }
        if key == "facts" and isinstance(value, dict):
            # The names of facts are declared in the content: nobody else can make one.
            return {fact: self._entry(fact, one) for fact, one in value.items()}
        if key == "options" and isinstance(value, dict):
            # The names of options are what somebody typed, and may be any word.
            return {self.text(str(name)): self.data(one) for name, one in value.items()}
        named = isinstance(key, str) and re.search(r"(?:^|_)(?:password|passwd|pwd|secret)$", key, re.I)
        if named and isinstance(value, str) and value and value.lower() not in HARMLESS:
            return MASK
        return self.data(value)

    def _scalar(self, value: Any) -> Any:
        """A number may be the password itself: a long one is compared as text."""
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return MASK if self._long.is_all(str(value)) and not self._is_told(str(value)) else value
        return value


class _Sought:
    """Words that are looked for in many texts, of which hardly one has any: only such a one needs the pattern."""

    def __init__(self, words: set[str], pattern_of: Callable[[set[str]], str]) -> None:
        self._words = words
        self._lowered = {word.lower() for word in words}
        self._is_ascii = all(map(str.isascii, words))
        self._pattern_of = pattern_of
        self._patterns: dict[frozenset[str], re.Pattern[str]] = {}

    def replaced(self, text: str, instead: Callable[[re.Match[str]], str]) -> str:
        """The text, with `instead` where the pattern matches."""
        return self._pattern_for(text).sub(instead, text) if self._may_be_in(text) else text

    def is_all(self, text: str) -> bool:
        """Whether the whole text is one of the words."""
        return self._may_be_in(text) and self._pattern_for(text).fullmatch(text) is not None

    def _pattern_for(self, text: str) -> re.Pattern[str]:
        """The pattern of the words that have room in the text: all spellings of a key of 6 KB are megabytes."""
        words = frozenset(word for word in self._words if len(word) <= max(_LONG, len(text)))
        if words not in self._patterns:
            self._patterns[words] = re.compile(self._pattern_of(set(words)) if words else _NOTHING)
        return self._patterns[words]

    def _may_be_in(self, text: str) -> bool:
        if not (self._is_ascii and text.isascii()):
            return bool(self._words)  # which letters beyond ASCII are alike only the pattern knows
        lowered = text.lower()
        return any(word in lowered for word in self._lowered)


def _in_its_place(match: re.Match[str]) -> str:
    """The mask, but for a sentence of ours: `no password for user` with the password `for`."""
    place = match["place"]
    return MASK if place is None else match[0] if _says(match[0]) else place + MASK


def _says(words: str) -> bool:
    from wizard.content.ownwords import says

    return says(words)


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


def _alternatives(words: set[str]) -> str:
    """The pattern of all spellings, the longest first, so that no tail stays behind."""
    return "|".join(map(_place_of, sorted(words, key=len, reverse=True)))


def _place_of(word: str) -> str:
    """Where a spelling counts: a word of the language or a number only by itself, anything else everywhere."""
    escaped = re.escape(word)
    if len(word) >= _CASELESS:
        escaped = f"(?i:{escaped})"
    if _EVERYDAY.fullmatch(word):
        return rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])"
    if _NUMBERS.fullmatch(word):  # no part of a date, a time or an address
        return rf"(?<!\d)(?<!\d[.:-]){escaped}(?![.:-]?\d)"
    return escaped


def _placed(words: set[str]) -> str:
    """The pattern of secrets that may be words like any other: each where a password stands."""
    word = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    before = "(?:password|PASSWORD|pwd|PWD|pass)=|password:? |password '|BY '"
    return rf"(?P<place>{before})(?:{word})(?!\w)|(?<=:)(?:{word})(?=@)"


def clean(text: str, limit: int = 2000) -> str:
    """Return untrusted text fit for a terminal or a report: bounded, and without anything unseen.

    Escape sequences, control characters, direction marks and zero-width characters are dropped, newlines and
    tabs stay, lone surrogates become U+FFFD.  A text longer than `limit` characters ends with an ellipsis.
    """
    # A bound before the patterns keeps the cost small for megabytes of noise.
    bound = limit * 4 + 1000 if limit > 0 else len(text)
    is_cut, text = len(text) > bound, text[:bound]
    if not (text.isascii() and text.replace("\n", "").isprintable()):
        text = text.replace("\r\n", "\n")
        text = _ANSI.sub("", text) if "\x1b" in text else text
        text = text.translate(_without_unseen())
        text = text if _is_decodable(text) else _UNDECODABLE.sub("\ufffd", text)
    return f"{text[: limit - 1].rstrip()}…" if is_cut or 0 < limit < len(text) else text


@cache
def _without_unseen() -> dict[int, None]:
    ends = zip(_UNSEEN[::2], _UNSEEN[1::2], strict=True)
    return {code: None for first, last in ends for code in range(ord(first), ord(last) + 1)}


def _is_decodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def harmless(text: str, limit: int) -> str:
    """What a person typed or pasted, fit to be kept as a fact: bounded, nothing unseen, no password in its places."""
    return clean(redact_patterns(bounded(text, limit)), limit).strip()


def bounded(text: str, limit: int) -> str:
    """A text with nothing unseen, and still with what is needed to know a password that is at the bound."""
    end = end_of(text, limit * 4) if 0 < limit * 4 < len(text) else len(text)
    return clean(text[:end], 0) + ("…" if end < len(text) else "")

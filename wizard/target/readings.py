"""Other readings of a password: what the right one may have been before it was mangled on its way here.

Nothing is guessed: each reading is made of the texts that the settings hold. The results are `Secret`s and go to
the login and to the redactor, never into a fact.
"""

from __future__ import annotations

from collections.abc import Iterator

from wizard.core.lazyre import lazy
from wizard.named import NamedTuple
from wizard.target.model import MASK, Secret, Target

_ESCAPE = lazy(r"%[0-9A-Fa-f]{2}")
_QUOTES = "'\"`"


class Reading(NamedTuple):
    """Another password that the same settings allow."""

    form: str
    """trimmed, unquoted, decoded, encoded or other-source."""
    source: str
    """Where its text stands."""
    secret: Secret


def password_form(target: Target) -> str:
    """What is suspicious about the password: none, plain, newline-end, blank-end, quoted, percent or decoded.

    `decoded` is one whose URL was percent-decoded; `none` is no password at all.
    """
    if not target.password:
        return "none"
    text = target.password.reveal()
    if text.strip("\r\n") != text:
        return "newline-end"
    if text.strip() != text:
        return "blank-end"
    if _is_quoted(text):
        return "quoted"
    if _is_escaped(text):
        return "percent"
    return "decoded" if target.password_raw else "plain"


def readings(target: Target) -> tuple[Reading, ...]:
    """The other readings, the likeliest first, each text once; none that is empty or is the password in use."""
    if not target.password:
        return ()
    seen = {target.password}
    found = []
    for reading in _readings(target, target.password.reveal()):
        if reading.secret and reading.secret not in seen:
            seen.add(reading.secret)
            found.append(reading)
    return tuple(found)


def secrets_of(*targets: Target | None) -> list[Secret]:
    """Every text that may be a password of these targets: what the redactor has to know."""
    found: list[Secret] = []
    for target in targets:
        if target is None:
            continue
        found += target.others
        if target.password:
            found += [target.password, *(reading.secret for reading in readings(target))]
    return found


def names_of(*targets: Target | None) -> list[str]:
    """The texts of these targets that are told whatever their password is: names, places, settings.

    Of a connection that could not be split safely none, for a part of its password may be among them.
    """
    found = []
    for target in targets:
        if target is None or any(one.kind in ("malformed", "unescaped") for one in target.problems):
            continue
        found += [target.engine, target.driver, target.source, target.password_source]
        found += [text for setting in target.settings for text in (setting.value, setting.source)]
    return [name for name in dict.fromkeys(found) if name and name != MASK]


def _readings(target: Target, text: str) -> Iterator[Reading]:
    source = target.password_source or target.source
    bare = text.strip()
    yield Reading("trimmed", source, Secret(bare))
    if _is_quoted(bare):
        yield Reading("unquoted", source, Secret(bare[1:-1]))
    if _is_escaped(bare):
        from urllib.parse import unquote

        yield Reading("decoded", source, Secret(unquote(bare)))
    for other, secret in target.alternatives:
        yield Reading("other-source", other, secret)
    if target.password_raw:
        yield Reading("encoded", source, target.password_raw)


def looks_like_token(text: str) -> bool:
    """Whether a password has the form of a cloud's access token; cheap, for it is asked of every password."""
    return text.startswith(("eyJ", "ya29.")) or ("X-Amz-" in text and "Action=connect" in text)


def _is_quoted(text: str) -> bool:
    return len(text) > 2 and text[0] == text[-1] and text[0] in _QUOTES


def _is_escaped(text: str) -> bool:
    """Whether percent-decoding would change the text; a token of a cloud is written with escapes as it is."""
    return "%" in text and _ESCAPE.search(text) is not None and not looks_like_token(text)

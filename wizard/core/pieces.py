"""Where a line that is too long to be looked at at once is cut: between words, and never inside of a login.

Half a login is no longer known as one, and the half of its password would be shown.
"""

from __future__ import annotations

from wizard.core.lazyre import lazy
from wizard.core.passwordplaces import redact_patterns
from wizard.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import AnyStr

OVERLAP = 512
"""Characters that a piece has in common with the next, but for what is left out at their ends."""
_REACH = 1024
"""Characters in which a place is looked for."""
_AROUND = 256
"""Characters on both sides of a place by which it is told whether a password stands there."""
_STEPS = (0, 64, 128, 256, 512)
"""How far from where it should be a place is looked for, one after the other."""
_SIGN = lazy(r"[\s\"'@;&,]")


def begin_of(line: AnyStr, at: int) -> int:
    """Where a piece begins that should begin at `at`: there or behind it."""
    text = _text(line[max(0, at - _AROUND) : at + _REACH + _AROUND])
    middle = min(at, _AROUND)
    places = [sign.end() for sign in _SIGN.finditer(text, middle)]
    for step in _STEPS:
        place = next((one for one in places if one >= middle + step), None)
        if place is not None and _may_be_cut(text, place):
            return at - middle + place
    # Logins one behind the other, without a sign between them: this one ends, whatever it is.
    return at - middle + max(middle, text.find("@", middle) + 1)


def end_of(line: AnyStr, at: int) -> int:
    """Where a piece ends that should end at `at`: there or before it."""
    begin = max(0, at - _REACH - _AROUND)
    text = _text(line[begin : at + _AROUND])
    middle = at - begin
    places = [sign.end() for sign in _SIGN.finditer(text, 0, middle)]
    for step in _STEPS:
        place = next((one for one in reversed(places) if one <= middle - step), None)
        if place is not None and _may_be_cut(text, place):
            return begin + place
    last = text.rfind("//", 0, middle)
    return begin + (last if last > 0 else middle)


def _text(part: str | bytes) -> str:
    return part.decode("latin-1") if isinstance(part, bytes) else part


def _may_be_cut(text: str, place: int) -> bool:
    """Whether the same is masked when what is before the place and what is behind it are looked at apart."""
    before, after = text[max(0, place - _AROUND) : place], text[place : place + _AROUND]
    return redact_patterns(before) + redact_patterns(after) == redact_patterns(before + after)

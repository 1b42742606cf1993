"""Everything that can happen to a walk. A session is a list of these; all else is a fold over them.

`at` is seconds since the epoch (UTC), given by the driver: the core has no clock.
"""

from __future__ import annotations

from collections.abc import Mapping

from wizard.core.facts import RANK, Value
from wizard.core.touched import checked
from wizard.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

    from wizard.core.touched import Rows


class Evidence(NamedTuple):
    """A quotation: what a server, resolver or file said, cleaned of control characters."""

    layer: str
    text: str
    code: str = ""


class ProbeFinished(NamedTuple):
    """A probe came back. `facts` is what it could learn; `trouble` says in a sentence what it could not."""

    node: str
    probe: str
    facts: Mapping[str, Value]
    evidence: tuple[Evidence, ...] = ()
    summary: str = ""
    trouble: str = ""
    ms: float = 0.0
    at: float = 0.0


class Answered(NamedTuple):
    """A question was answered; `value` "unknown" is a valid answer."""

    node: str
    value: str
    by: str = "user"
    at: float = 0.0


class Stated(NamedTuple):
    """A person says what a probe would have found (or overrules what it found)."""

    node: str
    facts: Mapping[str, Value]
    by: str = "user"
    at: float = 0.0


class Skipped(NamedTuple):
    """A probe or question was passed over: nobody to ask, no time, or the person chose so."""

    node: str
    why: str = ""
    at: float = 0.0


class WentBack(NamedTuple):
    """The person took the last step back."""

    at: float = 0.0


class Overruled(NamedTuple):
    """A person says otherwise about facts that a passed step went by. The walk goes on from that step.

    `facts` are declared facts with one of their declared values, or "unknown" for "nobody can rely on that".
    """

    node: str
    facts: Mapping[str, Value]
    at: float = 0.0


class Noted(NamedTuple):
    """A remark of the person."""

    text: str
    at: float = 0.0


class Showed(NamedTuple):
    """A command was shown or copied; for the transcript."""

    command: str
    how: str = "shown"
    at: float = 0.0


class Touched(NamedTuple):
    """What a walk has done to servers since `began`; a later one with the same `began` takes the place of this one."""

    began: float
    did: Rows
    at: float = 0.0


Event = ProbeFinished | Answered | Stated | Skipped | WentBack | Overruled | Noted | Showed | Touched
ASIDE = (Noted, Showed, Touched)
"""What is said about a walk and moves no step of it."""
KINDS: dict[str, type[Any]] = {
    "probe": ProbeFinished,
    "answer": Answered,
    "state": Stated,
    "skip": Skipped,
    "back": WentBack,
    "overrule": Overruled,
    "note": Noted,
    "show": Showed,
    "touch": Touched,
}
_NAMES = {kind: name for name, kind in KINDS.items()}
_NUMBERS = ("ms", "at", "began")
LATEST = 253_370_764_800
"""Seconds from the epoch to the year 9999: no calendar of the program goes further."""


def to_data(event: Event) -> dict[str, Any]:
    """The event as plain JSON data."""
    data: dict[str, Any] = {"kind": _NAMES[type(event)], **event._asdict()}
    if isinstance(event, ProbeFinished):
        data["evidence"] = [one._asdict() for one in event.evidence]
    if "facts" in data:
        data["facts"] = {
            key: list(value) if isinstance(value, tuple) else value for key, value in data["facts"].items()
        }
    return data


def from_data(data: Mapping[str, Any]) -> Event:
    """The event that `to_data` wrote. Raises ValueError for anything else; unknown keys are ignored."""
    name = data.get("kind") if isinstance(data, Mapping) else None
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ValueError(f"no event is of the kind {name!r}")
    fields = {key: _field(key, data[key]) for key in kind._fields if key in data}
    if fields.get("by", "user") not in RANK:
        raise ValueError(f"no fact is known by {fields['by']!r}")
    missing = [key for key in kind._fields if key not in fields and key not in kind._field_defaults]
    if missing:
        raise ValueError(f"an event of the kind '{name}' needs '{missing[0]}'")
    event: Event = kind(**fields)
    return event


def _field(key: str, value: Any) -> Any:
    """One field of an event, as it is in memory."""
    if key == "facts":
        return {str(fact): fact_value(one) for fact, one in _typed(key, value, dict).items()}
    if key == "evidence":
        return tuple(_evidence(one) for one in _typed(key, value, list))
    if key == "did":
        return checked(value)
    if key in _NUMBERS:
        return seconds(key, value)
    return _typed(key, value, str)


def seconds(key: str, value: Any) -> float:
    """A moment or a time that something took. Raises ValueError for what no clock shows."""
    # A number that is a flag is no time: JSON's `true` would pass for 1.
    number = _typed(key, None if isinstance(value, bool) else value, (int, float))
    if not 0 <= number < LATEST:
        raise ValueError(f"'{key}' of an event is no moment")
    return float(number)


def _evidence(written: Any) -> Evidence:
    """A quotation; both `layer` and `text` are needed."""
    fields = _typed("evidence", written, dict)
    known = {key: _typed(key, fields[key], str) for key in Evidence._fields if key in fields}
    if "layer" not in known or "text" not in known:
        raise ValueError("a quotation needs 'layer' and 'text'")
    return Evidence(**known)


def _typed(key: str, value: Any, kind: type[Any] | tuple[type[Any], ...]) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"'{key}' of an event cannot be {type(value).__name__}")
    return value


def fact_value(value: Any) -> Value:
    """The value of a fact as it is in memory. Raises ValueError for what cannot be one."""
    if isinstance(value, list):
        return tuple(str(one) for one in value)
    if isinstance(value, (str, int, float, bool)) and not (isinstance(value, float) and value - value != 0):
        return value
    raise ValueError(f"{type(value).__name__} cannot be the value of a fact")

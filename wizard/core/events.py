"""Everything that can happen to a walk. A session is a list of these; all else is a fold over them.

`at` is seconds since the epoch (UTC), given by the driver: the core has no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from wizard.core.facts import RANK, Value


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


class Noted(NamedTuple):
    """A remark of the person."""

    text: str
    at: float = 0.0


class Showed(NamedTuple):
    """A command was shown or copied; for the transcript."""

    command: str
    how: str = "shown"
    at: float = 0.0


Event = ProbeFinished | Answered | Stated | Skipped | WentBack | Noted | Showed
KINDS: dict[str, type[Any]] = {
    "probe": ProbeFinished,
    "answer": Answered,
    "state": Stated,
    "skip": Skipped,
    "back": WentBack,
    "note": Noted,
    "show": Showed,
}
_NAMES = {kind: name for name, kind in KINDS.items()}


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
    """The event that `to_data` wrote. Raises ValueError for anything else."""
    kind = KINDS.get(str(data.get("kind")))
    if kind is None:
        raise ValueError(f"no event is of the kind {data.get('kind')!r}")
    fields = {name: data[name] for name in kind._fields if name in data}
    if "facts" in fields:
        fields["facts"] = {str(key): _value(value) for key, value in dict(fields["facts"]).items()}
    if "evidence" in fields:
        fields["evidence"] = tuple(Evidence(**one) for one in fields["evidence"])
    if fields.get("by", "user") not in RANK:
        raise ValueError(f"no fact is known by {fields['by']!r}")
    try:
        event: Event = kind(**fields)
    except TypeError as error:
        raise ValueError(f"an event of the kind {data['kind']!r} lacks a field: {error}") from error
    return event


def _value(value: Any) -> Value:
    if isinstance(value, list):
        return tuple(str(one) for one in value)
    if isinstance(value, (str, int, float, bool)):
        return value
    raise ValueError(f"{type(value).__name__} cannot be the value of a fact")

"""What a walk did to servers, as plain data: its rows, how they are read back, passed through a gate and counted.

The ledger of a walk (wizard/footprint.py) makes the rows, an event keeps them, reports and transcripts tell them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from wizard.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    Row = dict[str, Any]
    Rows = Mapping[str, Any]

NOT_OPENED, OPEN, ACCEPTED, REFUSED = "not-opened", "open", "logged-in", "refused"
DECLINED, BROKEN_OFF, BY_PEER, KNOCKED = "declined", "broken-off", "ended-by-peer", "opened-only"
ENDS = (NOT_OPENED, ACCEPTED, REFUSED, DECLINED, BROKEN_OFF, BY_PEER, KNOCKED)
OURS = ("by", "kind", "through", "ended")
"""Keys of a row whose values nobody else can make."""
LISTS: Mapping[str, tuple[str, ...]] = {
    "connections": ("to", "by", "through", "ended", "login", "code", "sent", "received", "ms"),
    "statements": ("by", "to", "kind", "text"),
    "names": ("by", "to", "name"),
    "datagrams": ("by", "to"),
    "programs": ("by", "program"),
}
"""The lists of a footprint, and the keys of their rows."""
NUMBERS = ("sent", "received", "ms")
MOST = 2**53
"""No size and no time is beyond this: a larger number is no float."""


def checked(written: Any) -> Rows:
    """The rows that a file holds. Raises ValueError for what cannot be rows; unknown keys are ignored."""
    if not isinstance(written, dict):
        raise ValueError("a footprint is no mapping")
    lists: Row = {}
    for name, keys in LISTS.items():
        rows = written.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError(f"'{name}' of a footprint is no list of rows")
        lists[name] = [{key: _value(key, row.get(key)) for key in keys} for row in rows]
    return {"at_once": _value("sent", written.get("at_once")), **lists}


def _value(key: str, value: Any) -> Any:
    """One value of a row."""
    if key in NUMBERS:
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < MOST
    elif key == "ended":
        fits = value in ENDS
    else:
        fits = isinstance(value, str) or (key == "login" and value is None)
    if not fits:
        raise ValueError(f"'{key}' of a footprint cannot be this {type(value).__name__}")
    return value


def passed(did: Rows, gate: Callable[[str], str]) -> Rows:
    """The rows with every text that is not our own word passed through `gate`."""

    def row_passed(row: Row) -> Row:
        return {key: gate(value) if _is_text(key, value) else value for key, value in row.items()}

    return {**did, **{name: [row_passed(row) for row in did[name]] for name in LISTS}}


def texts(did: Rows) -> Iterator[str]:
    """Every text of the rows that is not our own word."""
    rows = (row for name in LISTS for row in did[name])
    return (value for row in rows for key, value in row.items() if _is_text(key, value))


def _is_text(key: str, value: Any) -> bool:
    return isinstance(value, str) and key not in OURS


def told(parts: Iterable[Rows]) -> dict[str, Any]:
    """The footprint of a report: the rows of all parts, and their `totals`."""
    some = list(parts)
    lists: Row = {name: [row for did in some for row in did[name]] for name in LISTS}
    connections, statements = lists["connections"], lists["statements"]
    ends = [one["ended"] for one in connections]
    totals = {
        "connections": len(ends) - ends.count(NOT_OPENED),
        "not_opened": ends.count(NOT_OPENED),
        "at_once": max((did["at_once"] for did in some), default=0),
        "incomplete_handshakes": ends.count(BROKEN_OFF),
        "declined_handshakes": ends.count(DECLINED),
        "logins": ends.count(ACCEPTED),
        "failed_logins": sum(one["ended"] == REFUSED and one["login"] is not None for one in connections),
        "statements": len(statements),
        "writes": sum(one["kind"] == "write" for one in statements),
        "bytes_sent": sum(one["sent"] for one in connections),
        "bytes_received": sum(one["received"] for one in connections),
        "names_asked": len(lists["names"]),
        "datagrams": len(lists["datagrams"]),
        "programs": len(lists["programs"]),
    }
    return {"totals": totals, **lists}

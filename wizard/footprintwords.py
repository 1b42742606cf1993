"""The footprint of a walk in words: one sentence for the end of a walk, a section for `check --footprint`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wizard.core.touched import ACCEPTED, BROKEN_OFF, BY_PEER, DECLINED, KNOCKED, NOT_OPENED, REFUSED

ENDS = {
    NOT_OPENED: "not opened",
    ACCEPTED: "logged in, ended in order",
    REFUSED: "refused",
    DECLINED: "no login wanted, ended as a refused login of nobody",
    BROKEN_OFF: "broken off before a login",
    BY_PEER: "ended by the other side",
    KNOCKED: "opened and closed, nothing was said",
}
"""What became of a connection, in words."""


def sentence(told: Mapping[str, Any]) -> str:
    """What a walk did to servers, in one line; `told` is the footprint as plain data."""
    totals = told["totals"]
    if not totals["connections"]:
        return "This walk reached no server."
    did = f"opened {_many(totals['connections'], 'connection')} and sent {_many(totals['statements'], 'statement')}"
    refused, broken = totals["failed_logins"], totals["incomplete_handshakes"]
    parts = [
        f"This walk {did}{_kinds(totals)}",
        f"{_many(refused, 'login')} {'was' if refused == 1 else 'were'} refused" if refused else "",
        f"{_many(broken, 'handshake')} {'was' if broken == 1 else 'were'} broken off" if broken else "",
    ]
    return f"{'; '.join(part for part in parts if part)}."


def _kinds(totals: Mapping[str, int]) -> str:
    """How statements are bound, as the end of a sentence."""
    if totals["writes"]:
        return f", {totals['writes']} of them wrote (--write-path) and were rolled back"
    return " that only read" if totals["statements"] else ""


def _many(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"


def counts(told: Mapping[str, Any]) -> Iterator[str]:
    """The totals, a sentence each."""
    totals = told["totals"]
    yield sentence(told)
    if totals["connections"]:
        yield (
            f"At most {totals['at_once']} stood open at once; {_size(totals['bytes_sent'])} sent,"
            f" {_size(totals['bytes_received'])} received."
        )
    if totals["not_opened"]:
        yield f"{_many(totals['not_opened'], 'further attempt')} to connect got nowhere."
    if totals["names_asked"]:
        yield f"{_many(totals['names_asked'], 'question')} for a name."
    if totals["datagrams"]:
        yield f"{_many(totals['datagrams'], 'datagram')}, empty."
    if totals["programs"]:
        names = dict.fromkeys(str(one["program"]).rpartition("/")[2] for one in told["programs"])
        yield f"{_many(totals['programs'], 'run')} of a program of this host: {', '.join(names)}."


def details(told: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """(head, lines) of each list that is not empty."""
    lists = (
        ("Connections", [_connection(one) for one in told["connections"]]),
        ("Statements", [f"{one['by']}: {one['text']}" for one in told["statements"]]),
        ("Names", [f"{one['by']}: {one['name']}, of {one['to']}" for one in told["names"]]),
    )
    yield from ((head, lines) for head, lines in lists if lines)


def _connection(one: Mapping[str, Any]) -> str:
    ended = ENDS[str(one["ended"])] + (f" ({one['code']})" if one["code"] else "")
    login = f", login as {one['login'] or 'nobody'}" if one["login"] is not None else ""
    through = f" through {one['through']}" if one["through"] else ""
    known = one["ms"] and not one["through"]
    moved = f", {_size(one['sent'])} sent, {_size(one['received'])} received" if known else ""
    return f"{one['by']}: {one['to']}{through}{login}: {ended}{moved}"


def _size(size: int) -> str:
    return f"{size} bytes" if size < 10_000 else f"{size / 1000:.0f} kB"

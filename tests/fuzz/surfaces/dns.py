"""What a nameserver answers: compression loops, wrong lengths, other people's answers, and resolv.conf itself.

The first byte says whether it is an answer over UDP, one that is cut and then over TCP, or a resolv.conf.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dns.message
import dns.query
import dns.rcode
import dns.rrset

from tests.fuzz.surface import Surface
from tests.fuzz.surfaces.files import scratch
from wizard.probes import nameservers
from wizard.redact import clean

NAME = "db.example"
RESOLV_CONF = (
    b"# x\nnameserver 192.0.2.53\nnameserver 2001:db8::53%eth0\nsearch a.example b.example\noptions ndots:2\n"
)


def _answer(*records: tuple[Any, ...], code: int = 0, cut: bool = False) -> bytes:
    question = dns.message.make_query(NAME, "A", id=0x1234)
    answer = dns.message.make_response(question)
    answer.set_rcode(dns.rcode.Rcode.make(code))
    answer.answer += [dns.rrset.from_text(*record) for record in records]
    if cut:
        answer.flags |= dns.flags.TC
    return answer.to_wire()


def seeds() -> list[bytes]:
    """Answers of every kind."""
    alias = (f"{NAME}.", 60, "IN", "CNAME", "other.example.")
    answers = [
        _answer((f"{NAME}.", 60, "IN", "A", "192.0.2.1")),
        _answer(alias, ("other.example.", 60, "IN", "A", "192.0.2.1", "192.0.2.2")),
        _answer(alias, ("other.example.", 60, "IN", "CNAME", f"{NAME}.")),
        _answer((f"{NAME}.", 60, "IN", "AAAA", "2001:db8::1"), code=3),
        _answer(code=2),
        _answer(code=5),
        _answer(cut=True),
        _answer((f"{NAME}.", 60, "IN", "TXT", '"\\027[31m"')),
        bytes.fromhex(
            "1234818000010001000000000264620765 78616d706c650000010001c00cc00c00010001000000 3c0004c0000201".replace(
                " ", ""
            )
        ),
        b"",
    ]
    return [bytes((kind,)) + one for kind in (0, 1) for one in answers] + [b"\2" + RESOLV_CONF]


def run(data: bytes) -> Iterator[str]:
    """Ask a nameserver that answers so, or read the file that names it."""
    kind, said = (data[0] % 3 if data else 0), data[1:]
    if kind == 2:
        with scratch() as folder:
            path = Path(folder, "resolv.conf")
            path.write_bytes(said)
            for name in (one for found in nameservers.nameservers(path) for one in found):
                nameservers.cannot_exist(name)
                yield clean(name)
        return

    def answered(query: dns.message.Message, where: str, **options: Any) -> dns.message.Message:
        found = dns.message.from_wire(said, ignore_trailing=False)
        if found.id == query.id or kind == 0:
            found.id = query.id
        return found

    # The library is told what it would have read from a socket: nobody can listen on port 53 everywhere.
    with patch.object(dns.query, "udp", answered), patch.object(dns.query, "tcp", answered):
        word, addresses = nameservers._ask_one([NAME], "192.0.2.53", 1e12, 53)
    assert word in nameservers.WORDS
    yield from (clean(one) for one in addresses)


SURFACE = Surface(
    "dns",
    seeds,
    run,
    (
        b"\xc0\x0c",
        b"\xc0\x00",
        b"\xff\xff",
        b"\x3f" + b"a" * 63,
        b"\0\1\0\1",
        b"\0\x1c\0\1",
        b"\0\5\0\1",
        b"\0\x29\0\1",
        b"nameserver ",
        b"search ",
    ),
    leaks=False,
)

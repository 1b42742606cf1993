"""Nameservers that loop, lie, flood, stall or never end, asked as the walk asks them."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from tests.hostile.peers import PATIENCE
from wizard.probes import nameservers
from wizard.runtime import Resolver

pytestmark = pytest.mark.slow

NAME = "db.example"
SECONDS, MARGIN = 1.0, 3.0
WORDS = {
    *("answered", "no-address", "not-found", "servfail", "refused"),
    *("truncated", "unreachable", "silent", "garbage"),
}
Answers = Callable[[bytes], Iterator[bytes]]
"""Question to the answers to it, as bytes, one datagram each."""
OverTcp = Callable[[socket.socket], None]


def _made(
    question: bytes, *records: tuple[str, str, str], cut: bool = False, code: int = 0
) -> dns.message.Message:
    answer = dns.message.make_response(dns.message.from_wire(question))
    answer.answer += [dns.rrset.from_text(name, 60, "IN", kind, value) for name, kind, value in records]
    answer.set_rcode(dns.rcode.Rcode.make(code))
    if cut:
        answer.flags |= dns.flags.TC
    return answer


def _other_id(question: bytes) -> Iterator[bytes]:
    for number in range(3000):
        yield struct.pack("!H", number) + _made(question, (f"{NAME}.", "A", "192.0.2.66")).to_wire()[2:]
        if number % 100 == 0:
            time.sleep(0.01)


def _other_question(question: bytes) -> Iterator[bytes]:
    asked = dns.message.make_query("other.example", "A", id=int.from_bytes(question[:2], "big"))
    yield _made(asked.to_wire(), ("other.example.", "A", "192.0.2.66")).to_wire()


def _loop(question: bytes) -> Iterator[bytes]:
    yield _made(question, (f"{NAME}.", "CNAME", "b.example."), ("b.example.", "CNAME", f"{NAME}.")).to_wire()


def _pointers(question: bytes) -> Iterator[bytes]:
    """A name that is a pointer to itself, and one to the next pointer."""
    head = question[:2] + b"\x81\x80" + b"\0\1\0\1\0\0\0\0" + question[12:]
    yield head + b"\xc0" + bytes((len(head),)) + b"\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"


def _many(question: bytes) -> Iterator[bytes]:
    answer = _made(question)
    answer.answer = [
        dns.rrset.from_text(f"{NAME}.", 60, "IN", "A", *(f"10.{n >> 8}.{n & 255}.1" for n in range(3500)))
    ]
    yield answer.to_wire(max_size=65535)


def _cut(question: bytes) -> Iterator[bytes]:
    yield _made(question, cut=True).to_wire()


def _noise(question: bytes) -> Iterator[bytes]:
    yield question[:2] + bytes(range(256))


def _short(question: bytes) -> Iterator[bytes]:
    yield from (question[:size] for size in range(12))


def _nothing(question: bytes) -> Iterator[bytes]:
    del question
    yield from ()


def _counts(question: bytes) -> Iterator[bytes]:
    """65535 records are announced and none is there."""
    yield question[:2] + b"\x81\x80" + b"\0\1\xff\xff\xff\xff\xff\xff" + question[12:]


def _drips(connection: socket.socket) -> None:
    connection.sendall(b"\xff\xff")
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        connection.sendall(b"\0")
        time.sleep(0.05)


def _floods(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"\xff\xff" + b"\0" * 65535)


def _hangs_up(connection: socket.socket) -> None:
    connection.close()


def _same_port() -> tuple[socket.socket, socket.socket]:
    """A socket of each kind on one port that is free for both: another test may have it for one of them."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        try:
            return udp, socket.create_server(udp.getsockname())
        except OSError:
            udp.close()


@contextmanager
def _nameserver(answers: Answers, over_tcp: OverTcp) -> Iterator[int]:
    """A nameserver on a port of 127.0.0.1, for UDP and TCP."""
    udp, tcp = _same_port()
    port = int(udp.getsockname()[1])
    for serve in (lambda: _serve_udp(udp, answers), lambda: _serve_tcp(tcp, over_tcp)):
        threading.Thread(target=serve, daemon=True).start()
    try:
        yield port
    finally:
        for listener in (udp, tcp):
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()


def _serve_udp(udp: socket.socket, answers: Answers) -> None:
    with contextlib.suppress(OSError):
        while True:
            question, client = udp.recvfrom(4096)
            for answer in answers(question) if question else ():
                udp.sendto(answer, client)


def _serve_tcp(tcp: socket.socket, over_tcp: OverTcp) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = tcp.accept()
            with contextlib.suppress(OSError), connection:
                connection.recv(4096)
                over_tcp(connection)


OVER_UDP = (_other_id, _other_question, _loop, _pointers, _many, _cut, _noise, _short, _nothing, _counts)
OVER_TCP = (_drips, _floods, _hangs_up)


@pytest.mark.parametrize(
    ("answers", "over_tcp"),
    # TCP is for answers that are cut off: each way there with each of them, and one way with the others.
    [*product(OVER_UDP, OVER_TCP[:1]), *product((_many, _cut), OVER_TCP[1:])],
)
def test_no_nameserver_harms(
    tmp_path: Path, answers: Answers, over_tcp: OverTcp, recwarn: pytest.WarningsRecorder
) -> None:
    with _nameserver(answers, over_tcp) as port:
        began = time.monotonic()
        said = nameservers.ask_all(NAME, [], ["127.0.0.1"], SECONDS, port)
        (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        resolver = Resolver(Path("/etc/hosts"), tmp_path / "resolv.conf", Path("/etc/nsswitch.conf"), port)
        denied = nameservers.denies(NAME, 0.3, resolver)
        took = time.monotonic() - began
    word, addresses = said["127.0.0.1"]
    assert took < SECONDS + MARGIN
    assert word in WORDS
    assert "192.0.2.66" not in addresses, "an answer to another question was believed"
    assert len(addresses) <= 32
    assert all(ipaddress.ip_address(address) for address in addresses)
    assert not denied
    assert not [str(one.message) for one in recwarn if "Thread" in type(one.message).__name__]

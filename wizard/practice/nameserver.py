"""The nameservers of a scenario: UDP and TCP on loopback, one thread each, messages built by dnspython.

They know what the scenario says and nothing else; nobody is asked further.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from wizard.practice.model import HOST, NO_ADDRESS, Nameserver, PracticeError
from wizard.practice.peer import watcher_of

if TYPE_CHECKING:
    import dns.message

    from wizard.practice.peer import Watch

_TTL = 60
_LONGEST_CHAIN = 8
_GARBAGE = b"\x00practice range: this is no answer\xff"
_TRIES = 20


@contextlib.contextmanager
def nameservers(
    servers: Sequence[Nameserver], port: int = 0, watch: Watch | None = None
) -> Iterator[tuple[tuple[str, int], ...]]:
    """Serve on 127.0.0.1, 127.0.0.2 and so on, all on one port (0 takes a free one); their addresses.

    `watch` gives who reads along with each question. Raises PracticeError where the port cannot be had.
    """
    with contextlib.ExitStack() as stack:
        sockets = _bound(len(servers), port)
        for (udp, tcp), server in zip(sockets, servers, strict=True):
            stack.callback(_Desk(udp, tcp, server, watch).close)
        yield tuple(udp.getsockname() for udp, _ in sockets)


def _bound(count: int, port: int) -> list[tuple[socket.socket, socket.socket]]:
    """A UDP and a TCP socket for each server, all on one port."""
    for _ in range(_TRIES):
        opened: list[socket.socket] = []
        chosen = port
        try:
            for number in range(1, count + 1):
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    one = socket.socket(socket.AF_INET, kind)
                    opened.append(one)
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind == socket.SOCK_STREAM))
                    one.bind((f"127.0.0.{number}", chosen))
                    chosen = int(one.getsockname()[1])
        except OSError as error:
            for one in opened:
                one.close()
            if port:
                raise PracticeError(
                    f"the nameserver of the range cannot listen on port {port} of {HOST}"
                    f" ({error.strerror}): choose another one"
                ) from error
            continue  # the free port of one socket was taken for another: choose anew
        return list(zip(opened[::2], opened[1::2], strict=True))
    raise PracticeError(f"no port of {HOST} is free for the nameserver of the range")


class _Desk:
    """One nameserver at work."""

    def __init__(
        self, udp: socket.socket, tcp: socket.socket, server: Nameserver, watch: Watch | None
    ) -> None:
        self._udp, self._tcp, self._server, self._watch = udp, tcp, server, watch
        self._over = False
        tcp.listen(16)
        self._threads = [
            threading.Thread(target=work, daemon=True, name="practice-dns")
            for work in (self._serve_udp, self._serve_tcp)
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End both threads."""
        self._over = True
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bell:
            bell.sendto(b"", self._udp.getsockname())
        with contextlib.suppress(OSError), socket.create_connection(self._tcp.getsockname(), 0.2):
            pass
        for thread in self._threads:
            thread.join(2)
        self._udp.close()
        self._tcp.close()

    def _serve_udp(self) -> None:
        while True:
            try:
                query, client = self._udp.recvfrom(4096)
                if self._over:
                    return
                answer = self._answer(query, client, over_tcp=False)
                if answer:
                    self._udp.sendto(answer, client)
            except OSError:
                if self._over:
                    return

    def _serve_tcp(self) -> None:
        while True:
            try:
                connection, client = self._tcp.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError, struct.error):
                if self._over:
                    return
                connection.settimeout(1)
                (size,) = struct.unpack("!H", connection.recv(2))
                answer = self._answer(connection.recv(size), client, over_tcp=True)
                if answer:
                    connection.sendall(struct.pack("!H", len(answer)) + answer)

    def _answer(self, query: bytes, client: tuple[str, int], *, over_tcp: bool) -> bytes:
        watcher = watcher_of(self._watch, "dns", client)
        answer = reply(self._server, query, over_tcp=over_tcp)
        if watcher is not None:
            watcher.came(query)
            if answer:
                watcher.sent(answer)
            watcher.ended()
        return answer


def reply(server: Nameserver, query: bytes, *, over_tcp: bool) -> bytes:
    """The bytes that answer a query; empty for silence and for what is no query."""
    import dns.exception
    import dns.flags
    import dns.message
    import dns.rcode

    try:
        asked = dns.message.from_wire(query)
        name = asked.question[0].name.to_text(omit_final_dot=True).lower()
    except (dns.exception.DNSException, IndexError):
        return b""
    found = server.records.get(name, (server.otherwise,))
    word = found[0] if found[0] in NO_ADDRESS else ""
    if word in ("silent", "garbage"):
        return asked.id.to_bytes(2, "big") + _GARBAGE if word == "garbage" else b""
    answer = dns.message.make_response(asked)
    answer.flags |= dns.flags.RA
    if word == "truncated":
        # Cut short over UDP, and nothing over TCP: what a firewall that knows DNS as UDP alone makes of it.
        answer.flags |= dns.flags.TC
        return b"" if over_tcp else answer.to_wire()
    if word in ("nxdomain", "servfail", "refused"):
        answer.set_rcode(dns.rcode.from_text(word.upper()))
    elif not word:
        _fill(answer, server, name)
    return answer.to_wire()


def _fill(answer: dns.message.Message, server: Nameserver, name: str) -> None:
    """The addresses of a name, behind the aliases that lead there."""
    import dns.rcode
    import dns.rdatatype
    import dns.rrset

    wanted = answer.question[0].rdtype
    found: tuple[str, ...] = ()
    for _ in range(_LONGEST_CHAIN):
        found = server.records.get(name, ())
        if not found:
            answer.set_rcode(dns.rcode.NXDOMAIN)
            return
        if not found[0].startswith("alias "):
            break
        other = found[0].split()[1].lower()
        answer.answer.append(dns.rrset.from_text(f"{name}.", _TTL, "IN", "CNAME", f"{other}."))
        name = other
    else:
        # A circle of aliases: what asks for others says that it failed.
        answer.answer.clear()
        answer.set_rcode(dns.rcode.SERVFAIL)
        return
    sort = dns.rdatatype.AAAA if wanted == dns.rdatatype.AAAA else dns.rdatatype.A
    addresses = [
        one for one in found if one not in NO_ADDRESS and (":" in one) == (sort == dns.rdatatype.AAAA)
    ]
    if addresses and wanted in (dns.rdatatype.A, dns.rdatatype.AAAA):
        answer.answer.append(
            dns.rrset.from_text(f"{name}.", _TTL, "IN", dns.rdatatype.to_text(sort), *addresses)
        )

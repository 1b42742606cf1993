"""Several addresses, one after the other in short steps; the first that opens wins.

At most one connection more than is needed stays half open, and only where an address is slow.
"""

from __future__ import annotations

import errno
import selectors
import socket
import time
from collections import deque

from wizard import footprint
from wizard.probes.routes import has_route

HEAD_START = 0.25
"""Seconds after which the next address is tried too (RFC 8305, 5), and for which an earlier host of a list is waited
for once a later one has answered."""
OTHER = "other"
"""The word for an error that has none: it is kept as evidence, and the outcome stays unknown."""
NOT_TRIED = "not-tried"
"""The word for an address that was not needed."""

_WORDS = {
    errno.ECONNREFUSED: "refused",
    errno.ETIMEDOUT: "timeout",
    errno.ENETUNREACH: "net-unreachable",
    errno.EHOSTUNREACH: "host-unreachable",
    errno.EHOSTDOWN: "host-unreachable",
    errno.EPERM: "not-permitted",
    errno.EACCES: "not-permitted",
    errno.EADDRNOTAVAIL: "no-local-port",
    errno.EMFILE: "no-descriptor",
    errno.ENFILE: "no-descriptor",
    errno.ECONNRESET: "reset",
    errno.EAFNOSUPPORT: "net-unreachable",
    errno.ENOBUFS: "no-memory",
    # What a firewall's ICMP message becomes (icmp_err_convert of Linux), and what a blackhole route says.
    errno.ENOPROTOOPT: "rejected",
    errno.EPROTO: "rejected",
    errno.EOPNOTSUPP: "net-unreachable",
    errno.EINVAL: "net-unreachable",
    errno.ENETDOWN: "net-unreachable",
    getattr(errno, "ENONET", errno.ENETDOWN): "net-unreachable",
    getattr(errno, "ENODEV", errno.ENETDOWN): "net-unreachable",
}
SOCKET_WORDS = {
    errno.ENOENT: "socket-missing",
    errno.ENOTDIR: "socket-missing",
    errno.EACCES: "socket-permission",
    errno.EPERM: "socket-permission",
    errno.ECONNREFUSED: "socket-refused",
    errno.ENOTSOCK: "socket-missing",
    errno.ENAMETOOLONG: "socket-missing",
    errno.ELOOP: "socket-missing",
    errno.EPROTOTYPE: "socket-missing",
    errno.EAGAIN: "socket-busy",
    errno.EMFILE: "no-descriptor",
    errno.ENFILE: "no-descriptor",
}


class Attempt:
    """One address: what became of it, and after how many seconds. `number` is the errno, 0 while it is open.

    The outcome is `timeout` while there is no answer.
    """

    def __init__(self, host: int, address: str, port: int) -> None:
        self.host = host
        self.address = address
        self.port = port
        self.sock: socket.socket | None = None
        self.record: footprint.Connection | None = None
        self.outcome = NOT_TRIED
        self.number = 0
        self.begun = 0.0
        self.seconds = 0.0

    @property
    def is_under_way(self) -> bool:
        """Whether it was begun and nothing has come of it yet."""
        return self.outcome == "timeout" and not self.number

    @property
    def place(self) -> str:
        """address:port, with brackets around IPv6; the path of a Unix socket."""
        return footprint.place_of(self.address, self.port)


def race(attempts: list[Attempt], until: float) -> None:
    """Try one after the other, each next one where those before have failed or are slow, until a host answers.

    Not all at once: what is opened and not used is a broken handshake, which MySQL counts against this host.
    """
    try:
        selector = selectors.DefaultSelector()
    except OSError as error:
        for attempt in attempts:
            conclude(attempt, error.errno or errno.EMFILE)
        return
    waiting = deque(attempts)
    pause = min(HEAD_START, (until - time.monotonic()) / (2 * len(attempts))) if attempts else 0.0
    begin_next = first_success = 0.0
    while True:
        now = time.monotonic()
        connected = [attempt.host for attempt in attempts if attempt.outcome == "connected"]
        under_way = any(attempt.is_under_way for attempt in attempts)
        if connected and (min(connected) == attempts[0].host or not under_way):
            break
        if waiting and not connected and (now >= begin_next or not under_way):
            _begin(waiting.popleft(), selector)
            begin_next = now + pause
            continue
        first_success = first_success or (now if connected else 0.0)
        limit = min(until, first_success + HEAD_START) if connected else until
        if not under_way or now >= limit:
            break
        for key, _ in selector.select((min(limit, begin_next) if waiting and not connected else limit) - now):
            selector.unregister(key.fileobj)
            _settle(key.data)
    for attempt in attempts:
        if attempt.is_under_way:
            attempt.seconds = time.monotonic() - attempt.begun
    selector.close()


def _begin(attempt: Attempt, selector: selectors.BaseSelector) -> None:
    attempt.outcome, attempt.begun = "timeout", time.monotonic()
    attempt.record = footprint.now().opening(attempt.place)
    try:
        sock = attempt.sock = socket.socket(_family(attempt.address), socket.SOCK_STREAM)
        sock.setblocking(False)
        if attempt.address.startswith("/"):
            number = sock.connect_ex(attempt.address)
        else:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            number = sock.connect_ex((attempt.address, attempt.port))
    except OSError as error:
        number = error.errno or errno.ENAMETOOLONG
    except (ValueError, OverflowError):
        number = errno.ENOENT
    if number in (errno.EINPROGRESS, errno.EWOULDBLOCK) and attempt.sock is not None:
        selector.register(attempt.sock, selectors.EVENT_WRITE, attempt)
    else:
        conclude(attempt, number)


def _family(address: str) -> socket.AddressFamily:
    if address.startswith("/"):
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _settle(attempt: Attempt) -> None:
    number = attempt.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if attempt.sock else errno.EBADF
    conclude(attempt, number, time.monotonic() - attempt.begun)


def conclude(attempt: Attempt, number: int, seconds: float = 0.0) -> None:
    """The attempt ended with this errno (0: it is open) after so many seconds."""
    attempt.seconds = seconds
    attempt.number = number
    if (
        number == errno.EADDRNOTAVAIL
        and ":" in attempt.address
        and not has_route(attempt.address, attempt.port)
    ):
        # A host without IPv6 has no address to connect from; its ports are all free.
        number = attempt.number = errno.ENETUNREACH
    words = SOCKET_WORDS if attempt.address.startswith("/") else _WORDS
    attempt.outcome = "connected" if number == 0 else words.get(number, OTHER)
    if number == 0 and attempt.record is not None:
        attempt.record.opened()
    if number and attempt.sock is not None:
        attempt.sock.close()
        attempt.sock = None


def leave(attempt: Attempt) -> None:
    """Give up an attempt that is not needed."""
    if attempt.sock is not None:
        attempt.sock.close()
    if attempt.record is not None:
        attempt.record.closed()

"""The nameservers of resolv.conf, and what each of them says when it is asked directly.

Nothing here raises for what a nameserver answers, and no question is sent for a name that cannot be encoded.
"""

from __future__ import annotations

import os
import threading
import time
from contextvars import copy_context
from pathlib import Path

from wizard import footprint
from wizard.named import TYPE_CHECKING
from wizard.runtime import Resolver

if TYPE_CHECKING:
    from typing import Any


SYSTEM = Resolver(Path("/etc/hosts"), Path("/etc/resolv.conf"), Path("/etc/nsswitch.conf"))
"""What the C library's resolver reads."""
NXDOMAIN = 3
LONGEST_LABEL, LONGEST_NAME = 63, 253
"""Bytes (RFC 1035, 2.3.4)."""
Said = dict[str, tuple[str, list[str]]]
"""Server -> its word and the addresses that it gave."""
WORDS = (
    "answered",
    "no-address",
    "not-found",
    "servfail",
    "refused",
    "truncated",
    "unreachable",
    "silent",
    "garbage",
)
"""What a nameserver does; where several differ, the first of these tells most."""


def nameservers(path: Path = SYSTEM.resolv_conf) -> tuple[list[str], list[str]]:
    """(nameservers, search domains) of resolv.conf; empty where there is none."""
    servers: list[str] = []
    search: list[str] = []
    try:
        lines = path.read_text("utf-8", "replace")[: 1 << 16].splitlines()
    except OSError:
        return servers, search
    for line in lines:
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            servers.append(words[1])
        elif len(words) > 1 and words[0] in ("search", "domain"):
            search = words[1:]
    return servers, search


def asks_dns(path: Path = SYSTEM.nsswitch) -> bool:
    """Whether getaddrinfo asks the nameservers here at all: the line `hosts:` of nsswitch.conf names dns."""
    try:
        text = path.read_text("utf-8", "replace")[: 1 << 16]
    except OSError:
        return True  # the C library's own default asks DNS
    lines = [
        line.partition("#")[0].split() for line in text.splitlines() if line.lstrip().startswith("hosts:")
    ]
    return not lines or bool({"dns", "resolve"} & set(lines[-1]))


def cannot_exist(name: str) -> str:
    """Why no such name can be in DNS, in a few words; empty where it can."""
    bare = name.removesuffix(".")
    try:
        raw = _encoded(bare)
    except UnicodeError:
        return "it cannot be written in DNS"
    labels = raw.split(b".")
    if bare and not all(labels):
        return "two dots follow each other"
    if any(len(label) > LONGEST_LABEL for label in labels):
        return f"a part between dots is longer than {LONGEST_LABEL} bytes"
    return f"it is longer than {LONGEST_NAME} bytes" if len(raw) > LONGEST_NAME else ""


def _encoded(name: str) -> bytes:
    """The name as DNS has it, ASCII without the tables of IDNA. Raises UnicodeError."""
    return name.encode("ascii") if name.isascii() else name.encode("idna")


def denies(name: str, seconds: float, resolver: Resolver = SYSTEM) -> bool:
    """Whether the first nameserver that answers says NXDOMAIN: no such name, of any type.

    Only the header of the answer is read (RFC 1035, 4.1.1): importing a library for that would cost more than the
    whole walk. Everything else that a nameserver may say is left to `ask_all`.
    """
    import socket

    raw = _encoded(name.rstrip("."))
    mark = os.urandom(2)
    labels = b"".join(bytes((len(label),)) + label for label in raw.split(b"."))
    question = mark + b"\x01\x00\x00\x01" + b"\0" * 6 + labels + b"\0\x00\x01\x00\x01"
    for server in nameservers(resolver.resolv_conf)[0][:3]:
        try:
            with socket.socket(
                socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM
            ) as sock:
                sock.settimeout(seconds)
                sock.connect((server, resolver.port))
                sock.send(question)
                footprint.now().looked_up(name, server)
                answer = sock.recv(4096)
        except OSError:
            continue
        return (
            len(answer) >= 12
            and answer[:2] == mark
            and answer[2] & 0x80 != 0
            and answer[3] & 0x0F == NXDOMAIN
        )
    return False


def ask_all(
    name: str, search: list[str], servers: list[str], seconds: float, port: int = SYSTEM.port
) -> Said:
    """Each server's word and addresses, all asked at once; "silent" for those that did not answer in time."""
    names = [name.rstrip(".")]
    if "." not in name:
        longer = [f"{name}.{domain}" for domain in search[:3]]
        names = [one for one in longer if not cannot_exist(one)] + names
    said: Said = {server: ("silent", []) for server in servers}
    until = time.monotonic() + seconds

    def ask(server: str) -> None:
        said[server] = _ask_one(names, server, until, port)

    threads = [
        threading.Thread(target=copy_context().run, args=(ask, server), daemon=True, name="dns")
        for server in servers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(until + 0.3 - time.monotonic(), 0.0))
    return dict(said)


def _ask_one(names: list[str], server: str, until: float, port: int) -> tuple[str, list[str]]:
    """One of WORDS, and the addresses."""
    word = "not-found"
    for name in names:
        addresses: list[str] = []
        for kind in ("A", "AAAA"):
            reply, answer = question(name, kind, server, until, port)
            if answer is not None:
                addresses += addresses_in(answer)
            if reply == "not-found":
                break
            if reply != "noerror":
                return ("answered" if addresses else reply), addresses
            word = "no-address"
        if addresses:
            return "answered", addresses
    return word, []


def question(name: str, kind: str, server: str, until: float, port: int) -> tuple[str, Any]:
    """(noerror or the word for what went wrong, the answer or None)."""
    import dns.exception
    import dns.flags
    import dns.message
    import dns.query
    import dns.rcode

    words = {dns.rcode.NOERROR: "noerror", dns.rcode.NXDOMAIN: "not-found", dns.rcode.REFUSED: "refused"}
    cut = False
    try:
        query = dns.message.make_query(name, kind)
        footprint.now().looked_up(f"{name} {kind}", server)
        answer: Any = dns.query.udp(query, server, port=port, timeout=_left(until), ignore_unexpected=True)
        cut = bool(answer.flags & dns.flags.TC) and not addresses_in(answer)
        if cut:
            footprint.now().looked_up(f"{name} {kind} by TCP", server)
            answer = dns.query.tcp(query, server, port=port, timeout=_left(until))
    except dns.exception.Timeout:
        return ("truncated" if cut else "silent"), None
    except (OSError, dns.exception.DNSException, ValueError, EOFError) as error:
        return ("truncated" if cut else "unreachable" if isinstance(error, OSError) else "garbage"), None
    return words.get(answer.rcode(), "servfail"), answer


def _left(until: float) -> float:
    return max(until - time.monotonic(), 0.01)


def addresses_in(answer: Any) -> list[str]:
    """The first addresses of an answer, of either family."""
    import dns.rdataclass
    import dns.rdatatype

    kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
    # Records of another class than that of the internet have the same types, and no address.
    wanted = (one for one in answer.answer if one.rdtype in kinds and one.rdclass == dns.rdataclass.IN)
    return [item.address for records in wanted for item in records][:16]

"""Who says that there is no way to an address: this host's routing table, a router on the way, or a firewall.

At most one empty datagram is sent, to the port that is asked about.
"""

from __future__ import annotations

import os
import selectors
import socket
import struct

from wizard import footprint

ICMP_WAIT = 0.5
"""Seconds for the ICMP answer to a datagram."""


def has_route(address: str, port: int) -> bool:
    """Whether this host's own routing table has a way; connecting a datagram socket sends nothing."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((address, port))
    except (OSError, ValueError, OverflowError):
        return False
    return True


def ask_by_datagram(address: str, port: int) -> str:
    """Tell a router's "unreachable" from a firewall's "prohibited".

    TCP reports both as EHOSTUNREACH; the error queue of a datagram socket has the ICMP code itself (ip(7),
    IP_RECVERR). Where the datagram gets another answer, or none, the refusal was for TCP alone: a firewall's.
    """
    recverr, errqueue = 11, getattr(socket, "MSG_ERRQUEUE", 0x2000)
    if os.name != "posix" or not hasattr(socket, "MSG_ERRQUEUE"):
        return "unreachable"
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.IPPROTO_IP, recverr, 1)
            sock.connect((address, port))
            sock.send(b"\0")
            footprint.now().datagram(footprint.place_of(address, port))
            with selectors.DefaultSelector() as selector:
                selector.register(sock, selectors.EVENT_READ)
                selector.select(ICMP_WAIT)
            _, ancillary, _, _ = sock.recvmsg(64, 512, errqueue | socket.MSG_DONTWAIT)
    except OSError:
        return "rejected"
    for level, kind, data in ancillary:
        if level == socket.IPPROTO_IP and kind == recverr and len(data) >= 16:
            _, origin, icmp_type, code, *_ = struct.unpack_from("=IBBBBII", data)
            if origin == 2 and icmp_type == 3 and code in (0, 1, 5, 6, 7, 11, 12):
                return "unreachable"
    return "rejected"

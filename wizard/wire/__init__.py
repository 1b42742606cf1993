"""Bytes to messages and back for the database protocols, both directions, and what else may answer on a port.

Nothing in this package opens a socket, reads a file or a clock, logs, or names a cause: a probe feeds it what
it read, the practice range sends what it built, and both speak the same code.
"""

from __future__ import annotations

__all__ = ["ProtocolError", "printable", "raw", "sniff"]

_MONGODB_OPCODES = (1, 2013)  # OP_REPLY and OP_MSG of the MongoDB wire protocol
_REDIS_PREFIXES = (b"-ERR", b"-NOAUTH", b"-DENIED", b"-WRONGPASS", b"-NOPERM", b"+PONG")
_POSTGRES_FIRST = b"ERNv"  # ErrorResponse, Authentication*, NoticeResponse, NegotiateProtocolVersion


class ProtocolError(Exception):
    """The peer sent what this protocol does not allow.

    `seen` is the word that `sniff` gives for the first bytes, or "postgresql-old" for an error text without
    a length; `text` is what could be read of the peer's own words, printable and cut, else "".
    """

    def __init__(self, description: str, *, seen: str = "unknown", text: str = "") -> None:
        super().__init__(description)
        self.description = description
        self.seen = seen
        self.text = text


def printable(data: bytes, limit: int = 120) -> str:
    """The first line of `data` for a human: printable ASCII, other bytes as dots, at most `limit`."""
    line = data.lstrip(b"\r\n").split(b"\n", 1)[0].rstrip(b"\r\0")[:limit]
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in line).strip()


def raw(text: str) -> bytes:
    """UTF-8; what the shell gave as bytes goes out as bytes, and half a character as a question mark."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def sniff(first_bytes: bytes) -> str:
    """Who speaks, from the first bytes read; a dozen are enough. Never raises.

    One of `mysql`, `postgresql`, `http`, `ssh`, `tls`, `smtp`, `redis`, `mongodb`, `unknown`.
    """
    head = first_bytes[:512]
    if _is_mysql(head):
        return "mysql"
    if head.startswith(b"HTTP/") or head[:64].lstrip().lower().startswith((b"<html", b"<!doctype html")):
        return "http"
    if head.startswith(b"SSH-"):
        return "ssh"
    if len(head) >= 3 and head[0] in (0x15, 0x16) and head[1] == 3 and head[2] <= 4:
        return "tls"
    if head.startswith((b"220 ", b"220-", b"554 ", b"421 ")) and b"SMTP" in head.upper():
        return "smtp"
    if head.startswith(_REDIS_PREFIXES):
        return "redis"
    if len(head) >= 16 and int.from_bytes(head[12:16], "little") in _MONGODB_OPCODES:
        return "mongodb"
    return "postgresql" if _is_postgresql(head) else "unknown"


def _is_mysql(head: bytes) -> bool:
    """A greeting (protocol 10 and a version that starts with a digit) or an error packet in its place."""
    if len(head) < 7 or head[2:4] != b"\0\0":
        return False
    if head[4] == 10:
        return head[5:6].isdigit()
    # Server error numbers start at 1000 (include/my_base and messages_to_clients.txt): high byte from 3 up.
    return head[4] == 0xFF and 3 <= head[6] < 32


def _is_postgresql(head: bytes) -> bool:
    """The one-byte answer to SSLRequest, a message of version 3, or the error of the protocol before it."""
    if head in (b"S", b"N"):
        return True
    if len(head) < 5 or head[0] not in _POSTGRES_FIRST:
        return False
    if head[1] == 0:
        return 4 <= int.from_bytes(head[1:5], "big") <= 30_000
    return is_old_error(head)


def is_old_error(head: bytes | bytearray) -> bool:
    """Whether PostgreSQL answered with `E` and plain text: four printable bytes where a length would be.

    The postmaster does so when it cannot fork (src/backend/postmaster/postmaster.c,
    report_fork_failure_to_client), old servers do so for every error before the startup message is read. It ends
    with a zero byte; a text with a carriage return is somebody else's (memcached answers `ERROR` to what it is asked).
    """
    return len(head) >= 5 and head[:1] == b"E" and all(byte >= 32 for byte in head[1:5]) and b"\r" not in head

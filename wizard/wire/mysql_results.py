"""MySQL's result sets in text form: payloads to rows and back.

It must never do I/O. Format: "Text Resultset" in the MySQL server's source documentation.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from wizard.wire import ProtocolError
from wizard.wire.mysql import STATUS_AUTOCOMMIT, UTF8MB4_GENERAL_CI, parse_error
from wizard.wire.mysql_packets import Reader, lenenc, text_of

COLUMN_STRING, COLUMN_INTEGER = 0xFD, 0x08  # MYSQL_TYPE_VAR_STRING, MYSQL_TYPE_LONGLONG


def column(name: str, kind: int) -> bytes:
    """The payload that describes one column (or parameter)."""
    texts = b"".join(lenenc(part) for part in (b"def", b"", b"", b"", name.encode(), b""))
    return texts + b"\x0c" + struct.pack("<HIBHB", UTF8MB4_GENERAL_CI, 1024, kind, 0, 0) + b"\0\0"


def eof(status: int = STATUS_AUTOCOMMIT) -> bytes:
    """The payload that ends the columns or the rows."""
    return b"\xfe" + struct.pack("<HH", 0, status)


def resultset(
    names: Sequence[str],
    rows: Sequence[Sequence[str | None]],
    kinds: Sequence[int] = (),
    status: int = STATUS_AUTOCOMMIT,
) -> tuple[bytes, ...]:
    """The payloads of a result set with EOF packets; columns without a kind are strings, None is NULL."""
    columns = [*kinds, *[COLUMN_STRING] * (len(names) - len(kinds))]
    described = [column(name, kind) for name, kind in zip(names, columns, strict=True)]
    data = [b"".join(b"\xfb" if v is None else lenenc(v.encode()) for v in row) for row in rows]
    return (bytes((len(names),)), *described, eof(status), *data, eof(status))


def parse_resultset(
    payloads: Sequence[bytes],
) -> tuple[tuple[str, ...], tuple[tuple[str | None, ...], ...]]:
    """Column names and rows of one whole result set, with or without the EOF in the middle."""
    if not payloads:
        raise ProtocolError("an empty MySQL result set", seen="mysql")
    count = Reader(payloads[0]).lenenc_number()
    names = []
    for payload in payloads[1 : count + 1]:
        reader = Reader(payload)
        names.append(text_of([reader.lenenc() for _ in range(5)][4]))
    rows = []
    for payload in payloads[count + 1 :]:
        if payload[:1] == b"\xff":
            raise ProtocolError(
                "a MySQL result set that ends in an error", seen="mysql", text=parse_error(payload).message
            )
        if payload[:1] == b"\xfe" and len(payload) < 9:
            continue
        reader = Reader(payload)
        rows.append(
            tuple(None if v is None else text_of(v) for v in (reader.nullable() for _ in range(count)))
        )
    return tuple(names), tuple(rows)

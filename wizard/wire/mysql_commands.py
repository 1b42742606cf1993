"""MySQL's commands: their codes, what a client says with them, and the payloads that prepared statements need.

It must never do I/O. Formats: "Command Phase" in the MySQL server's source documentation.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from wizard.named import NamedTuple
from wizard.wire.mysql_packets import Reader, lenenc, text_of
from wizard.wire.mysql_results import COLUMN_INTEGER, COLUMN_STRING, column, eof

FIELD_LIST, STATISTICS, CHANGE_USER = 0x04, 0x09, 0x11
PREPARE, EXECUTE, CLOSE_STATEMENT, RESET_STATEMENT = 0x16, 0x17, 0x19, 0x1A
SET_OPTION, RESET_CONNECTION = 0x1B, 0x1F
MULTI_STATEMENTS = 1 << 16  # a capability bit, include/mysql_com.h
MORE_RESULTS = 8  # SERVER_MORE_RESULTS_EXISTS, a status bit
UTF8MB4_0900_AI_CI = 255


class ChangeUser(NamedTuple):
    """COM_CHANGE_USER: who the client wants to be from now on."""

    user: str
    auth: bytes
    database: str
    plugin: str


def parse_change_user(payload: bytes) -> ChangeUser:
    """What follows the first byte of COM_CHANGE_USER."""
    reader = Reader(payload)
    user = text_of(reader.until_nul())
    auth = reader.take(reader.number(1))
    database = text_of(reader.until_nul())
    plugin = ""
    if reader.left > 2:
        reader.take(2)  # the character set
        plugin = text_of(reader.rest().split(b"\0", 1)[0])
    return ChangeUser(user, auth, database, plugin)


def prepared(statement: int, parameters: int, names: Sequence[str]) -> tuple[bytes, ...]:
    """The payloads that answer COM_STMT_PREPARE: its number, the parameters, the columns."""
    head = b"\0" + struct.pack("<IHHBH", statement, len(names), parameters, 0, 0)
    asked = [column("?", COLUMN_STRING)] * parameters
    given = [column(name, COLUMN_STRING) for name in names]
    return (head, *asked, *[eof()] * bool(asked), *given, *[eof()] * bool(given))


def binary_resultset(
    names: Sequence[str], rows: Sequence[Sequence[str | float | None]], kinds: Sequence[int]
) -> tuple[bytes, ...]:
    """The payloads of a result set in binary form, as COM_STMT_EXECUTE is answered."""
    described = [column(name, kind) for name, kind in zip(names, kinds, strict=True)]
    return (bytes((len(names),)), *described, eof(), *(_binary_row(row, kinds) for row in rows), eof())


def _binary_row(row: Sequence[str | float | None], kinds: Sequence[int]) -> bytes:
    nulls = bytearray((len(row) + 9) // 8)  # the first two bits are not used
    data = b""
    for at, (value, kind) in enumerate(zip(row, kinds, strict=True), 2):
        if value is None:
            nulls[at // 8] |= 1 << at % 8
        elif kind == COLUMN_INTEGER:
            data += struct.pack("<q", int(value))
        else:
            data += lenenc(str(value).encode())
    return b"\0" + bytes(nulls) + data

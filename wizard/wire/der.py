"""Just enough DER to read what a certificate says: names, issuer, dates (X.690, RFC 5280 section 4.1).

The well-kept library for certificates takes longer to import than a whole walk takes to name an expired one; it
stays the judge of signatures, and of every certificate that this reader does not understand.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import datetime, timezone

from wizard.named import NamedTuple

_COMMON_NAME = bytes.fromhex("550403")
_ALTERNATIVE_NAMES = bytes.fromhex("551d11")
_TEXTS = {0x0C: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1E: "utf-16-be"}
"""Tags of the kinds of text that a name may be (UTF8String, PrintableString …) and their encodings."""


class Value(NamedTuple):
    """One tagged value and the bytes in it."""

    tag: int
    content: bytes


class Names(NamedTuple):
    """What a certificate says: whose it is, for which names, from whom, and its days. Times are in UTC, aware."""

    subject: str
    names: tuple[str, ...]
    issuer: str
    not_before: datetime
    not_after: datetime
    same_name: bool
    """Whether subject and issuer are the same: a certificate that signed itself, or a root."""


def read_names(der: bytes) -> Names:
    """The names of a certificate. Raises ValueError for what this reader does not understand."""
    (whole,) = values(der)
    fields = list(values(first(whole.content).content))
    if fields and fields[0].tag == 0xA0:
        del fields[0]  # the version, where it is not the first one
    if len(fields) < 6:
        raise ValueError("a certificate has more fields than this")
    issuer, validity, subject = fields[2], fields[3], fields[4]
    begins, ends = values(validity.content)
    return Names(
        _common_name(subject),
        tuple(_alternative_names(fields[5:])),
        _common_name(issuer),
        _time(begins),
        _time(ends),
        subject.content == issuer.content,
    )


def values(data: bytes) -> Iterator[Value]:
    """The values that stand one after the other in `data`. Raises ValueError where a length does not fit."""
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise ValueError("a value is cut off")
        tag, size = data[at], data[at + 1]
        at += 2
        if size & 0x80:
            more = size & 0x7F
            if not 0 < more <= 4 or at + more > len(data):
                raise ValueError("a length cannot be read")
            size = int.from_bytes(data[at : at + more], "big")
            at += more
        if at + size > len(data):
            raise ValueError("a value is longer than what holds it")
        yield Value(tag, data[at : at + size])
        at += size


def first(data: bytes) -> Value:
    """The first value in `data`. Raises ValueError where there is none."""
    for value in values(data):
        return value
    raise ValueError("a value is empty")


def _common_name(name: Value) -> str:
    for part in values(name.content):
        for attribute in values(part.content):
            kind, text = values(attribute.content)
            if kind.content == _COMMON_NAME and text.tag in _TEXTS:
                return text.content.decode(_TEXTS[text.tag], "replace")
    raise ValueError("there is no common name")


def _time(value: Value) -> datetime:
    """UTCTime (two digits of the year, 1950 to 2049) or GeneralizedTime, both ending in Z."""
    text = value.content.decode("ascii")
    if value.tag == 0x17:
        text = ("19" if text[:2] >= "50" else "20") + text
    if len(text) != 15 or not text[:14].isdigit() or text[14] != "Z":
        raise ValueError("a time cannot be read")
    month, day, hour, minute, second = (int(text[at : at + 2]) for at in range(4, 14, 2))
    return datetime(int(text[:4]), month, day, hour, minute, second, tzinfo=timezone.utc)


def _alternative_names(fields: list[Value]) -> Iterator[str]:
    extensions = next((field for field in fields if field.tag == 0xA3), None)
    for extension in values(first(extensions.content).content) if extensions else ():
        parts = list(values(extension.content))
        if parts and parts[0].content == _ALTERNATIVE_NAMES:
            for name in values(first(parts[-1].content).content):
                if name.tag == 0x82:
                    yield name.content.decode("ascii", "replace")
                elif name.tag == 0x87 and len(name.content) in (4, 16):
                    yield str(ipaddress.ip_address(name.content))

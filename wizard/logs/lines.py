"""The lines of a block of bytes, walked from any place in it: only those that are looked at are cut out."""

from __future__ import annotations

from collections.abc import Iterator


def above(data: bytes, at: int) -> Iterator[bytes]:
    """The lines above the one that begins at `at`, with their ends, the nearest first."""
    while at > 0:
        end, at = at, data.rfind(b"\n", 0, at - 1) + 1
        yield data[at:end]


def below(data: bytes, at: int) -> Iterator[bytes]:
    """The lines from the one on that begins at `at`, with their ends."""
    while at < len(data):
        begin, at = at, data.find(b"\n", at) + 1 or len(data)
        yield data[begin:at]


def longer(data: bytes, most: int) -> Iterator[tuple[int, int]]:
    """From where to where the lines of more than `most` bytes reach; the others are hardly looked at."""
    begin = 0
    while len(data) - begin > most:
        end = data.rfind(b"\n", begin, begin + most + 1) + 1
        if not end:
            end = data.find(b"\n", begin) + 1 or len(data)
            yield begin, end
        begin = end


def last_of(data: bytes, most: int) -> bytes:
    """The last whole lines that have at most `most` bytes together."""
    if len(data) <= most:
        return data
    return data[data.find(b"\n", len(data) - most - 1) + 1 or len(data) :]


def lines_of(data: bytes) -> list[bytes]:
    """All lines, without their ends."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def text_of(line: bytes) -> str:
    """A line as text, without its end; what is not UTF-8 becomes U+FFFD."""
    return line.removesuffix(b"\n").rstrip(b"\r").decode("utf-8", "replace")

"""Mutations of bytes: what a broken, hostile or merely strange peer or file may say, beginning with a good one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

LARGEST = 1 << 18
"""Bytes that a mutated input may have."""
NUMBERS = (0, 1, 2, 3, 4, 5, 7, 8, 0x7F, 0x80, 0xFB, 0xFF, 0x7FFF, 0xFFFF, 1 << 20, 0x7FFFFFFF, 0xFFFFFFFF)
UNSEEN = (
    *(
        b"\0",
        b"\x1b[31m",
        b"\x1b]0;owned\x07",
        b"\x1b]52;c;aGk=\x07",
        b"\x1b]8;;http://x\x1b\\",
        b"\xc2\x9b31m",
    ),
    *(
        b"\x08",
        b"\r",
        b"\n",
        b"\x7f",
        b"[bold red]",
        b"[@click=app.quit]x[/]",
        b"\xe2\x80\xae",
        b"\xe2\x80\x8b",
    ),
    *(b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xff\xfe", b"\xc3(", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"),
)
"""What must never reach a terminal, markup of the libraries that draw on it, and what is no UTF-8."""
Edit = Callable[[Random, bytearray], None]


def mutated(rng: Random, seeds: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """One of the seeds after a few edits; now and then only noise."""
    if rng.random() < 0.02:
        return rng.randbytes(rng.randrange(200))
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4, 8, 16))):
        kind = rng.random()
        if kind < 0.25:
            _insert(data, rng, rng.choice(UNSEEN if kind < 0.08 or not tokens else tokens))
        elif kind < 0.32:
            _splice(data, rng, rng.choice(seeds))
        else:
            rng.choice(EDITS)(rng, data)
    return bytes(data[:LARGEST])


def _place(rng: Random, data: bytearray) -> int:
    return rng.randrange(len(data) + 1)


def _insert(data: bytearray, rng: Random, piece: bytes) -> None:
    at = _place(rng, data)
    data[at:at] = piece


def _splice(data: bytearray, rng: Random, other: bytes) -> None:
    begin = rng.randrange(len(other) + 1)
    _insert(data, rng, other[begin : begin + rng.choice((1, 5, 40, 400))])


def _flip(rng: Random, data: bytearray) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _overwrite(rng: Random, data: bytearray) -> None:
    size = rng.choice((1, 2, 3, 4))
    number = (rng.choice(NUMBERS) & (256**size - 1)).to_bytes(size, rng.choice(("big", "little")))
    at = _place(rng, data)
    data[at : at + size] = number


def _delete(rng: Random, data: bytearray) -> None:
    at = _place(rng, data)
    del data[at : at + rng.choice((1, 1, 2, 8, 64))]


def _cut(rng: Random, data: bytearray) -> None:
    del data[_place(rng, data) :]


def _repeat(rng: Random, data: bytearray) -> None:
    at = _place(rng, data)
    piece = data[at : at + rng.choice((1, 2, 9, 50))]
    times = rng.choice((1, 2, 10, 10, 100, 3000))
    data[at:at] = (piece * times)[:LARGEST]


def _noise(rng: Random, data: bytearray) -> None:
    _insert(data, rng, rng.randbytes(rng.choice((1, 2, 8, 30))))


def _swap(rng: Random, data: bytearray) -> None:
    first, second = sorted((_place(rng, data), _place(rng, data)))
    data[first:second] = data[first:second][::-1] if rng.random() < 0.2 else data[second : 2 * second - first]


EDITS: tuple[Edit, ...] = (_flip, _flip, _overwrite, _overwrite, _delete, _cut, _repeat, _noise, _swap)

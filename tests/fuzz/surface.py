"""What a surface is: seeds to begin with, a function that is fed any bytes, and what must hold for every one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

CANARY = "Kanarienvogel-7f3a"
"""The password of every input that has one: it comes back in nothing."""
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
"""What may be in nothing that is shown: controls, escapes, direction marks, zero width, half characters."""


class Surface(NamedTuple):
    """Something that reads bytes of others.

    `run` feeds it an input, swallows the documented exceptions alone, and gives every text that would be shown.
    """

    name: str
    seeds: Callable[[], list[bytes]]
    run: Callable[[bytes], Iterable[str]]
    tokens: tuple[bytes, ...] = ()
    """Pieces that the format is made of."""
    seconds: float = 1.0
    """Processor time that an input may cost, beside a second for each 100 kB."""
    waits: float = 0.0
    """Seconds by the clock that an input may take, where it is one that waits; 0 where none may."""
    growth: int = 150
    """MiB by which memory may grow during a run."""
    leaks: bool = True
    """Whether the password of an input is known for certain, so that no text may hold it."""


class Leak(AssertionError):
    """A text that would be shown holds what must not be shown."""


def examine(texts: Iterable[str], secret: bool) -> None:
    """Raise Leak for a text with an unseen character or, where `secret`, with the password."""
    for text in texts:
        if found := UNSEEN.search(text):
            raise Leak(
                f"{found[0]!r} would be shown: {text[max(found.start() - 30, 0) : found.end() + 30]!r}"
            )
        if secret and CANARY in text:
            at = text.index(CANARY)
            raise Leak(f"the password would be shown: {text[max(at - 60, 0) : at + 60]!r}")

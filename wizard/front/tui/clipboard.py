"""Sends a text to the terminal's clipboard by OSC 52, and says honestly what happened.

The terminal gives no answer, so nothing here may claim that a text *was copied*: only what was sent. tmux and GNU
screen pass the sequence on only when it is wrapped their way. Nothing here writes: it makes the text to be written.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

LARGEST = 74_994
"""Bytes of base64 that are sent at most: some terminals drop a sequence beyond 100,000 bytes whole, others crash."""
SCREEN_CHUNK = 250
"""Bytes of one DCS string for GNU screen, which cuts longer ones (its limit is 256 in old versions, 768 in new)."""
MOST_SHOWN = 32
"""Characters of a text that the sentence about it repeats: what was marked may stand outside of the screen."""


def osc52(text: str) -> str | None:
    """The bare sequence for the clipboard, or None when the text is too large to be sent."""
    encoded = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    return None if len(encoded) > LARGEST else f"\x1b]52;c;{encoded}\x07"


def for_tmux(sequence: str) -> str:
    """Wrapped for tmux (`allow-passthrough on`): DCS `tmux;`, every escape doubled."""
    doubled = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{doubled}\x1b\\"


def for_screen(sequence: str) -> str:
    """Wrapped for GNU screen: DCS strings that are short enough for it."""
    chunks = (sequence[i : i + SCREEN_CHUNK] for i in range(0, len(sequence), SCREEN_CHUNK))
    return "".join(f"\x1bP{chunk}\x1b\\" for chunk in chunks)


def multiplexer(environ: Mapping[str, str]) -> str:
    """What stands between us and the terminal: `tmux`, `screen`, `either` (seen only by TERM), or nothing."""
    term = environ.get("TERM", "")
    if environ.get("TMUX") or term.startswith("tmux"):
        return "tmux"
    if environ.get("STY"):
        return "screen"
    return "either" if term.startswith("screen") else ""


def to_send(text: str, environ: Mapping[str, str]) -> str | None:
    """What has to be written to the terminal, or None when the text is too large.

    tmux gets the bare sequence too: it obeys that one with `set-clipboard on`, the wrapped one with
    `allow-passthrough on`, and which of them is set cannot be seen from here.
    """
    sequence = osc52(text)
    if sequence is None:
        return None
    between = multiplexer(environ)
    if between == "tmux":
        return sequence + for_tmux(sequence)
    if between == "screen":
        return for_screen(sequence)
    return sequence + for_screen(sequence) if between == "either" else sequence


def what_was_done(text: str, sent: bool, environ: Mapping[str, str]) -> str:
    """The sentence for the person who pressed the key."""
    size = len(text.encode("utf-8", "replace"))
    if not sent:
        return f"Too long for a clipboard ({size:,} bytes): nothing was sent. Press p to see it alone, f for a file."
    doubt = {
        "tmux": "tmux takes it only with set-clipboard on",
        "screen": "screen may hold it back",
        "either": "tmux or screen may hold it back",
    }.get(multiplexer(environ), "not every terminal takes it")
    line = " ".join(text.split())
    begin = line if len(line) <= MOST_SHOWN else line[:MOST_SHOWN].rstrip() + "…"
    return f"Sent to the clipboard, {size:,} bytes: {begin} ({doubt}). Nothing to paste? Press p or f."

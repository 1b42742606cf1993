"""Whether a word stands in the texts of our own: what they say is known to everybody, whatever the password is."""

from __future__ import annotations

import re
from functools import lru_cache

from wizard.content.load import builtin_folder


@lru_cache(maxsize=256)
def says(words: str) -> bool:
    """Whether a page, a rule or a tree of this installation holds these words as words of their own."""
    text = _all()
    raw = words.encode("utf-8", "replace")
    # Most words are not there at all, and a plain search tells that fifty times as fast.
    return raw in text and re.search(rb"(?<![A-Za-z0-9])%b(?![A-Za-z0-9])" % re.escape(raw), text) is not None


@lru_cache(maxsize=1)
def _all() -> bytes:
    """Every YAML file of the installation; empty where they cannot be read."""
    try:
        return b"\n".join(path.read_bytes() for path in sorted(builtin_folder().rglob("*.yaml")))
    except OSError:
        return b""

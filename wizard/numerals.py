"""Numbers and names as a server or a file writes them: read without trust in either."""

from __future__ import annotations

from collections.abc import Sequence

MOST_NAMES = 2000
"""Names among which one that is alike is looked for: each costs some microseconds."""


def count(text: str | None, digits: int = 11) -> int | None:
    """A whole number of at most that many digits and without a sign; None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= digits else None


def whole(text: str | None, digits: int = 15) -> int | None:
    """The same with or without a minus sign."""
    found = count((text or "").removeprefix("-"), digits)
    return -found if found is not None and (text or "").startswith("-") else found


def is_address(text: str) -> bool:
    """Whether the text is an IP address of either family."""
    from ipaddress import ip_address

    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def nearest(wanted: str, names: Sequence[str]) -> str:
    """The existing name that is most like a missing one; "none" where none is, or where it is not missing."""
    from difflib import get_close_matches

    if wanted in names:
        return "none"
    by_folded = {name.casefold(): name for name in reversed(names[:MOST_NAMES])}
    found = get_close_matches(wanted.casefold(), list(by_folded), 1, 0.6)
    return by_folded[found[0]] if found else "none"

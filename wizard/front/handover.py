"""A finding as a message for the team whose turn it is: what we ask of them, and what they need to believe it.

The words are those of the cause's page; what was seen, from where and when is added, so that nobody has to ask back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from wizard.core.events import Evidence
from wizard.front.words import LAYERS
from wizard.marks import iso
from wizard.redact import clean

if TYPE_CHECKING:
    from wizard.front.tui.conclusion import Conclusion
    from wizard.session import Session

MOST_LINES = 12
"""Lines of quotations that a message carries."""
MOST_CAUSES = 4
"""Other causes that a message names."""


def message_of(told: Conclusion, session: Session | None) -> str:
    """The message of a finished walk. The session knows what is secret, and the host on which it was tried."""
    gate = session.redactor.text if session is not None else str
    host = session.header.get("environment", {}).get("host", "") if session is not None else ""
    return message(
        gate(told.finding.hand_over),
        cause=told.diagnosis.cause,
        others=[one.finding.cause for one in told.possible],
        seen=[one._replace(text=gate(clean(one.text))) for one in told.reasons],
        answered=[layer for layer, _ in told.ruled_out],
        host=str(host),
        at=told.at,
    )


def message(
    text: str,
    *,
    cause: str,
    others: Sequence[str] = (),
    seen: Iterable[Evidence] = (),
    answered: Iterable[str] = (),
    host: str = "",
    at: float = 0.0,
) -> str:
    """The message, ready to paste; each paragraph is one line, for the reader's program breaks lines as it needs.

    `text` is what the page says, `others` the causes that fit as well, `seen` the quotations on which the cause rests
    (secrets taken out), `answered` the layers that are well, `host` where it was tried, `at` when, in seconds since
    the epoch.
    """
    lines = [" ".join(text.split()), ""]
    quotes = _quotes(text, seen)
    if quotes:
        lines += ["What was seen:", *(f"  {one}" for one in quotes)]
    well = [LAYERS.get(one, one) for one in answered]
    if well:
        lines.append(f"What answered as it should: {', '.join(well)}.")
    if host or at:
        place = f" from {host}" if host else ""
        lines.append(f"Last tried{place}" + (f" at {iso(at)[:16].replace('T', ' ')} UTC." if at else "."))
    known = f"dbwizard calls this {cause}."
    if others:
        more = " and others" if len(others) > MOST_CAUSES else ""
        known += f" It may also be {', '.join(others[:MOST_CAUSES])}{more}."
    return "\n".join([*lines, known])


def _quotes(text: str, seen: Iterable[Evidence]) -> list[str]:
    """The quotations that the text has not in it already, line by line."""
    found: list[str] = []
    for one in seen:
        if one.text in text:
            continue
        first, *more = [line.rstrip() for line in one.text.splitlines() if line.strip()] or [""]
        code = f"  [{one.code}]" if one.code and one.code not in one.text else ""
        found += [first + code, *more]
    return found[:MOST_LINES]

"""`dbwizard causes ID`: the whole page of a cause, offline, on a terminal of 80 columns."""

from __future__ import annotations

import re

import pytest

from wizard.content.load import open_content
from wizard.core.tree import HEALTHY
from wizard.exits import Exit
from wizard.front.causescmd import WIDTH, run_show

CONTENT = open_content()
COMMANDS = " " * 6
"""What commands are indented by; they are never wrapped."""


def page(cause: str) -> list[str]:
    lines: list[str] = []
    assert run_show(CONTENT, cause, lines.append) == Exit.HEALTHY
    return lines


@pytest.mark.parametrize("cause", CONTENT.catalogue)
def test_everything_of_a_page_is_shown_in_80_columns(cause: str) -> None:
    lines = page(cause)
    words = " ".join(" ".join(lines).split())
    written = CONTENT.page(cause)
    said = [*written["why"], *written["avoid"], *(one["text"] for one in written.get("here", ()))]
    said += [fix[key] for fix in written["fixes"] for key in ("title", "why", "undo") if key in fix]
    said += [] if cause == HEALTHY else [re.sub(r"[\[\]]", "", one) for one in written["hand-over"].values()]
    assert [
        text for text in said if " ".join(text.split()).replace("{{", "{").replace("}}", "}") not in words
    ] == []
    assert [
        one for one in lines if len(one) > WIDTH and not one.startswith(COMMANDS) and "https://" not in one
    ] == []


def test_a_stop_gap_is_told_from_what_lasts() -> None:
    text = "\n".join(page("pool.exhausted"))
    assert "A stop-gap: it helps now, and the cause stays." in text
    assert "Lasting: with this the cause is gone." in text


def test_the_message_to_hand_over_stands_below_whom_it_is_for() -> None:
    lines = page("network.timeout")
    heading = lines.index("To hand over")
    assert lines[heading + 1].startswith("  To the network team, when ")
    assert any("from {client-address} to {host}" in one.lower() for one in lines[heading + 2 :])

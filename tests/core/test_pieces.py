"""A line too long to be looked at at once: nothing of it is lost between its pieces, and none shows half a login."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.core.envelopes import LINE_LIMIT
from wizard.core.passwordplaces import redact_patterns
from wizard.core.records import records
from wizard.logs.scan import BLOCK, blocks

PASSWORD = "Kanarienvogel"
LOGINS = [
    f"postgresql://app:{PASSWORD}@db.example:5432/shop ",
    f"postgresql://app:{PASSWORD}@db.example:5432",
    f"x://app:{PASSWORD}@db,",
    f"host=db password='{PASSWORD}' dbname=x ",
    f'{{"user":"app","password":"{PASSWORD}","host":"db"}},',
    f"CREATE USER app IDENTIFIED BY '{PASSWORD}'; ",
]
PARTS = {PASSWORD[start : start + 4] for start in range(len(PASSWORD) - 3)}


def pieces(line: str) -> list[str]:
    return ["\n".join(record.lines) for record in records([line])]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(LINE_LIMIT - 600, 3 * LINE_LIMIT), st.sampled_from(["x", "x ", "y'z@", "word, "]), st.data()
)
def test_what_is_short_is_whole_in_a_piece_wherever_it_stands(
    length: int, filling: str, data: st.DataObject
) -> None:
    words = " no pg_hba.conf entry "
    around = (filling * length)[:length]
    place = data.draw(st.integers(0, length))
    found = pieces(around[:place] + words + around[place:])
    assert any(words.strip() in piece for piece in found)
    assert all(len(piece) <= LINE_LIMIT for piece in found)


@pytest.mark.parametrize("login", LOGINS)
def test_no_piece_of_a_line_shows_a_part_of_a_password(login: str) -> None:
    for shift in range(len(login)):
        line = (login * (3 * LINE_LIMIT // len(login)))[shift:]
        shown = [redact_patterns(piece) for piece in pieces("A " + line)][1:]
        assert [part for part in PARTS for piece in shown if part in piece] == []


@pytest.mark.slow
@pytest.mark.parametrize("login", LOGINS)
def test_no_piece_of_an_endless_line_shows_a_part_of_a_password(login: str) -> None:
    for shift in range(0, len(login), 5):
        line = "A " + (login * (BLOCK // len(login) + 100))[shift:]
        shown = [
            redact_patterns(piece)
            for block in blocks([line.encode()])
            for piece in pieces(block.data.decode())
        ]
        assert [part for part in PARTS for piece in shown[1:] if part in piece] == []

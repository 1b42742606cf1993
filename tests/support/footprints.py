"""Something that a walk did to a server, of every kind: for the tests of what is kept and told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wizard.footprint import Ledger, now

if TYPE_CHECKING:
    from wizard.core.touched import Rows


def done(place: str, user: str, name: str, statement: str) -> Rows:
    """A refused login of `user` at `place`, a question for `name`, a statement, a datagram and a program."""
    ledger = Ledger()
    with ledger.during("auth.login"):
        connection = now().opening(place).opened()
        connection.naming(user)
        connection.asked(statement)
        connection.refused("28P01")
        connection.closed()
        connection.seconds = 0.001
        now().looked_up(name, "127.0.0.53")
        now().datagram(place)
        now().ran("/usr/bin/psql")
    return ledger.rows()

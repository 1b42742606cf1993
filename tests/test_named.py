"""The program's own NamedTuple does what that of the standard library does."""

from __future__ import annotations

import copy
import pickle
import typing
from typing import Any

import pytest

from wizard.named import NamedTuple


class Ours(NamedTuple):
    name: str
    port: int = 5432
    tags: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        return f"{self.name}:{self.port}"


class Theirs(typing.NamedTuple):
    name: str
    port: int = 5432
    tags: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (("db",), {}),
        (("db", 1), {}),
        (("db", 1, ("a",)), {}),
        ((), {"name": "db"}),
        ((), {"tags": ("a",), "name": "db"}),
        (("db",), {"tags": ("a",)}),
    ],
)
def test_it_is_made_and_read_as_the_one_of_the_standard_library(values: Any, named: Any) -> None:
    one, other = Ours(*values, **named), Theirs(*values, **named)
    assert one == other
    assert hash(one) == hash(other)
    assert repr(one) == repr(other).replace("Theirs", "Ours")
    assert (one.name, one.port, one.tags) == tuple(one)
    assert one._asdict() == other._asdict()
    assert one._replace(port=7) == other._replace(port=7)
    assert (Ours._fields, Ours._field_defaults) == (Theirs._fields, Theirs._field_defaults)
    assert one.place == f"{other.name}:{other.port}"


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ((), {}),
        ((), {"port": 1}),
        (("db", 1, (), 2), {}),
        (("db",), {"name": "again"}),
        (("db",), {"unknown": 1}),
        (("db", 1, (), 2), {"port": 1}),
    ],
)
def test_values_that_do_not_fit_are_refused(values: Any, named: Any) -> None:
    for kind in (Ours, Theirs):
        with pytest.raises(TypeError):
            kind(*values, **named)
    with pytest.raises(TypeError):
        Ours("db")._replace(unknown=1)


def test_it_cannot_be_changed() -> None:
    one: Any = Ours("db")
    for name in ("port", "unknown"):
        with pytest.raises(AttributeError):
            setattr(one, name, 1)


def test_it_is_copied_pickled_and_matched() -> None:
    one = Ours("db", 1)
    assert copy.deepcopy(one) == one
    read = pickle.loads(pickle.dumps(one))
    assert (type(read), read) == (Ours, one)
    match one:
        case Ours(name, port=1):
            assert name == "db"
        case _:
            pytest.fail("no match")

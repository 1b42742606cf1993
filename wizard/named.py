"""`typing.NamedTuple` and `TYPE_CHECKING` for a program that is started often: the same, without loading `typing`.

The standard library's checks each annotation and has the interpreter compile a constructor for each class; for the
fifty classes of a `check` that is a tenth of its run, and `typing` itself a twentieth. What is needed of it for
annotations alone is imported under `if TYPE_CHECKING`, which type checkers know by its name.
"""

from __future__ import annotations

from operator import itemgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any
    from typing import NamedTuple as NamedTuple
else:

    class _Fields(type):
        """Makes of each annotated name in the body of a class a field, with what is assigned there as its default."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            fields = tuple(body.get("__annotations__", ()))
            defaults = {field: body[field] for field in fields if field in body}
            getters = {field: property(itemgetter(place)) for place, field in enumerate(fields)}
            own = {"_fields": fields, "_field_defaults": defaults, "__match_args__": fields, "__slots__": ()}
            return type.__new__(cls, name, bases, {**body, **getters, **own})

    class NamedTuple(tuple, metaclass=_Fields):
        """A tuple whose places have names; see `typing.NamedTuple`, whose methods these are."""

        def __new__(cls, *values: Any, **named: Any) -> NamedTuple:
            """Values in the order of the fields, by name, or by default. Raises TypeError for any that do not fit."""
            if named or len(values) != len(cls._fields):
                rest = cls._fields[len(values) :]
                given = {**cls._field_defaults, **named}
                if (
                    not named.keys() <= set(rest)
                    or not given.keys() >= set(rest)
                    or len(values) > len(cls._fields)
                ):
                    raise TypeError(f"{cls.__name__} takes {', '.join(cls._fields)}")
                values = (*values, *(given[field] for field in rest))
            return tuple.__new__(cls, values)

        @classmethod
        def _make(cls, values: Iterable[Any]) -> NamedTuple:
            return cls(*values)

        def _replace(self, **named: Any) -> NamedTuple:
            return type(self)(**{**self._asdict(), **named})

        def _asdict(self) -> dict[str, Any]:
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self) -> str:
            told = (f"{field}={value!r}" for field, value in self._asdict().items())
            return f"{type(self).__name__}({', '.join(told)})"

        def __getnewargs__(self) -> tuple[Any, ...]:
            return tuple(self)

"""`typing.NamedTuple` and `TYPE_CHECKING` for a program that is started often: the same, without loading `typing`.

The standard library's checks each annotation and has the interpreter compile a constructor for each class; for the
fifty classes of a `check` that is a tenth of its run, and `typing` itself a twentieth. What is needed of it for
annotations alone is imported under `if TYPE_CHECKING`, which type checkers know by its name.

What no class here needs is left out: `_make`, other bases beside it, subclasses of its classes, and the refusal of a
field without a default behind one with a default, which the type checker tells.
"""

from __future__ import annotations

from operator import itemgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
    from typing import NamedTuple as NamedTuple
else:

    class _Fields(type):
        """Makes of each annotated name in the body of a class a field, with what is assigned there as its default.

        Annotations are texts that nobody reads: a module with such a class has `from __future__ import annotations`.
        """

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
                if len(values) > len(cls._fields) or not named.keys() <= set(rest) <= given.keys():
                    raise TypeError(f"{cls.__name__} takes {', '.join(cls._fields)}")
                values = (*values, *(given[field] for field in rest))
            return tuple.__new__(cls, values)

        def _replace(self, **named: Any) -> NamedTuple:
            values = tuple(map(named.pop, self._fields, self))
            if named:
                raise TypeError(f"{type(self).__name__} has no {', '.join(named)}")
            return tuple.__new__(type(self), values)

        def _asdict(self) -> dict[str, Any]:
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self) -> str:
            told = (f"{field}={value!r}" for field, value in self._asdict().items())
            return f"{type(self).__name__}({', '.join(told)})"

        def __getnewargs__(self) -> tuple[Any, ...]:
            return tuple(self)

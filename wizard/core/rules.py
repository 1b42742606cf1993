"""A message rule, and what a text was recognised as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wizard.core.compact import row
from wizard.named import NamedTuple


class Rule(NamedTuple):
    """One way in which software words a cause. `pattern` may be empty: then `code` alone decides."""

    id: str
    cause: str
    pattern: str
    code: str | None = None
    engine: str | None = None
    driver: str | None = None
    weight: int = 50
    candidates: tuple[str, ...] = ()
    source: str = ""
    examples: tuple[str, ...] = ()
    lookalikes: tuple[str, ...] = ()
    origin: str = ""

    @classmethod
    def from_row(cls, fields: Sequence[str]) -> Rule:
        """The rule that `row` wrote, without what only authors need. Raises ValueError for anything else."""
        name, cause, pattern, code, engine, driver, weight, candidates, origin = fields
        return cls(
            name,
            cause,
            pattern,
            code or None,
            engine or None,
            driver or None,
            int(weight),
            tuple(candidates.split()),
            origin=origin,
        )

    def row(self) -> str:
        """The rule as one line of text."""
        known = (self.code or "", self.engine or "", self.driver or "", str(self.weight))
        return row((self.id, self.cause, self.pattern, *known, " ".join(self.candidates), self.origin))

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, object], origin: str = "") -> Rule:
        """Build a rule from one entry of a message file whose scalars are text.

        Raises KeyError for a missing `id` or `cause` or for neither `pattern` nor `code`, ValueError for a
        weight that is no number.
        """
        if "translations" in mapping:
            from wizard.core.wordings import expanded

            mapping = expanded(mapping)
        if "pattern" not in mapping and "code" not in mapping:
            raise KeyError("pattern")
        return cls(
            id=str(mapping["id"]),
            cause=str(mapping["cause"]),
            pattern=str(mapping.get("pattern") or ""),
            code=_optional(mapping.get("code")),
            engine=_optional(mapping.get("engine")),
            driver=_optional(mapping.get("driver")),
            weight=int(str(mapping.get("weight", 50))),
            candidates=_texts(mapping.get("candidates")),
            source=str(mapping.get("source") or ""),
            examples=_texts(mapping.get("examples")),
            lookalikes=_texts(mapping.get("not")),
            origin=origin,
        )


class Match(NamedTuple):
    """What a text was recognised as. `line` counts from 1; `engine` is `unknown` where nothing tells."""

    cause: str
    rule_id: str
    candidates: tuple[str, ...]
    captures: dict[str, str]
    engine: str
    code: str | None
    driver: str | None
    text: str
    line: int = 1
    weight: int = 50


def _optional(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def _texts(value: object) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else (str(value),)

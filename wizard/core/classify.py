"""From the words of an error to a cause: the one classifier of error texts.

It serves the walk, the reader of logs and `explain`. It is handed rules and text and returns values: it opens
nothing, reads no clock and never raises because of a text, however long, broken or hostile that text is.

What a pattern meets is not the raw line: colours are gone, the escapes of JSON and of stack traces are undone, a
run of blanks is one space, and letter case does not matter. Lines that belong to one error (DETAIL, HINT, stack
frames, `Caused by`, an indented rest) are one record with line ends between them, which a `\\s` may cross. The
words at both edges of a pattern, and beside a gap in it, are whole words: that makes the index of rules possible.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from wizard.core.hints import CODES, CONTEXT, DATABASE, DRIVERS, ENGINES, FOREIGN, OTHERS
from wizard.core.lazyre import lazy
from wizard.core.records import LINE_LIMIT, Record, records
from wizard.core.words import needed_words

_WORD = lazy(r"[a-z0-9_]+")
_CAUSED_BY = lazy(r"^\W*(?:Caused by|Suppressed)\b")

_COMMON = frozenset(
    re.findall(
        r"\w+",
        """the to for of in on at is not no an and or by with from user database server connection host error failed
        could cannot connect port fatal log warning client mysql postgresql sql be has was are it this that you cause
        caused exception timeout password file line name role""",
    )
)
"""Words of any log: a rule is filed under one of them only where it has no rarer one."""


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
    def from_mapping(cls, mapping: Mapping[str, object], origin: str = "") -> Rule:
        """Build a rule from one entry of a message file whose scalars are text.

        Raises KeyError for a missing `id` or `cause` or for neither `pattern` nor `code`, ValueError for a
        weight that is no number.
        """
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


class Classifier:
    """Finds the best rule for a text. Making one is cheap; a pattern is compiled when a text first needs it."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules: Sequence[Rule] = tuple(rules)
        self._index: Mapping[str, Sequence[tuple[int, Collection[str]]]] | None = None
        self._always: list[int] = []
        self._compiled: dict[int, re.Pattern[str]] = {}

    @classmethod
    def from_compiled(cls, data: Mapping[str, Any]) -> Classifier:
        """The classifier that `compiled` described. Raises KeyError, TypeError or ValueError for anything else."""
        rules = [Rule._make((*row[:7], tuple(row[7]), "", (), (), row[8])) for row in data["rules"]]
        made = cls(rules)
        made._index = data["index"]
        made._always = list(data["always"])
        return made

    def compiled(self) -> dict[str, Any]:
        """The rules and the index of their words as plain data, without what only authors need."""
        index = self._filed()
        rows = [[*rule[:7], list(rule.candidates), rule.origin] for rule in self._rules]
        filed = {
            word: [[number, sorted(words)] for number, words in entries] for word, entries in index.items()
        }
        return {"rules": rows, "index": filed, "always": self._always}

    def classify(self, text: str, *, code: str | None = None, engine: str | None = None) -> Match | None:
        """Return the cause that best explains `text`, or None.

        `code` is an SQLSTATE, a MySQL number or a driver's code when the caller has it apart from the text;
        `engine` settles what the text leaves open. A server that speaks another language is known by its code.
        """
        best: Match | None = None
        for match in self._matches(text.splitlines(), code, engine):
            if best is None or match.weight > best.weight:
                best = match
        return best or (self._by_code(text, code, engine) if code else None)

    def classify_all(self, text: str | Iterable[str]) -> Iterator[Match]:
        """Yield one Match for each recognised error, in the order of the text; holds one record at a time."""
        return self._matches(text.splitlines() if isinstance(text, str) else text, None, None)

    def _matches(self, lines: Iterable[str], code: str | None, engine: str | None) -> Iterator[Match]:
        for record in records(lines):
            match = self._best(record, code, engine)
            if match is not None:
                yield match

    def _best(self, record: Record, code: str | None, engine: str | None) -> Match | None:
        text = "\n".join(record.lines)
        best: tuple[tuple[int, int, int], Rule, re.Match[str]] | None = None
        first: int | None = None
        for number in self._possible(text):
            rule = self._rules[number]
            found = self._pattern(number).search(text)
            if found is None or (rule.engine is None and rule.driver is None and _is_foreign(text, found)):
                continue
            first = found.start() if first is None else min(first, found.start())
            at = text.count("\n", 0, found.start())
            caused = at + 1 if _CAUSED_BY.match(record.lines[at]) else 0
            rank = (_weight(rule, code, engine), caused, -found.start())
            if best is None or rank > best[0]:
                best = (rank, rule, found)
        if best is None or first is None:
            return None
        (weight, _, _), rule, found = best
        return _match(rule, found, record, text.count("\n", 0, first), weight, code, engine)

    def _by_code(self, text: str, code: str, engine: str | None) -> Match | None:
        rules = [r for r in self._rules if not r.pattern and r.code == code and _fits(r.engine, engine)]
        if not rules:
            return None
        rule = max(rules, key=lambda r: r.weight)
        known = engine or rule.engine or "unknown"
        return Match(
            rule.cause,
            rule.id,
            rule.candidates,
            {},
            known,
            code,
            rule.driver,
            text[:LINE_LIMIT].strip(),
            1,
            rule.weight,
        )

    def _possible(self, text: str) -> Iterable[int]:
        """The rules whose words occur in the text, in the order of the rules."""
        index = self._filed()
        words = set(_WORD.findall(text.lower()))
        hits = {
            number
            for word in index.keys() & words
            for number, all_of in index[word]
            if words.issuperset(all_of)
        }
        return sorted(hits.union(self._always)) if hits else self._always

    def _filed(self) -> Mapping[str, Sequence[tuple[int, Collection[str]]]]:
        if self._index is None:
            self._index = self._build_index()
        return self._index

    def _build_index(self) -> dict[str, list[tuple[int, frozenset[str]]]]:
        """File each alternative of each rule under its rarest word, with all words that it cannot do without."""
        branches = [(n, needed_words(rule.pattern)) for n, rule in enumerate(self._rules) if rule.pattern]
        uses: dict[str, int] = {}
        for _, alternatives in branches:
            for word in {word for words in alternatives for word in words}:
                uses[word] = uses.get(word, 0) + 1
        index: dict[str, list[tuple[int, frozenset[str]]]] = {}
        for number, alternatives in branches:
            if not all(alternatives):
                self._always.append(number)
                continue
            for words in set(alternatives):
                word = min(words, key=lambda w: (w in _COMMON, uses[w], -len(w), w))
                index.setdefault(word, []).append((number, words))
        return index

    def _pattern(self, number: int) -> re.Pattern[str]:
        compiled = self._compiled.get(number)
        if compiled is None:
            compiled = re.compile(self._rules[number].pattern, re.IGNORECASE | re.MULTILINE)
            self._compiled[number] = compiled
        return compiled


def _is_foreign(text: str, found: re.Match[str]) -> bool:
    """Whether a text is about another service: it names one and no database, or its line is another client's."""
    start = text.rfind("\n", 0, found.start()) + 1
    if OTHERS.match(text, start):
        return True
    return FOREIGN.search(text) is not None and DATABASE.search(text) is None


def _fits(rule_engine: str | None, engine: str | None) -> bool:
    families = {"mariadb": "mysql", "proxysql": "mysql", "maxscale": "mysql", "pgbouncer": "postgresql"}
    if rule_engine is None or engine is None or engine == "unknown":
        return True
    return families.get(rule_engine, rule_engine) == families.get(engine, engine)


def _weight(rule: Rule, code: str | None, engine: str | None) -> int:
    bonus = 10 if code is not None and rule.code == code else 0
    return rule.weight + bonus - (0 if _fits(rule.engine, engine) else 15)


def _match(
    rule: Rule,
    found: re.Match[str],
    record: Record,
    first: int,
    weight: int,
    code: str | None,
    engine: str | None,
) -> Match:
    text = "\n".join(record.lines)
    decisive = text.count("\n", 0, found.start())
    captures = {key: value for key, value in found.groupdict().items() if value}
    for pattern in CONTEXT:
        context = pattern.search(text)
        if context is not None:
            for key, value in context.groupdict().items():
                if value:
                    captures.setdefault(key, value)
    words = record.lines[first] if first == decisive else f"{record.lines[first]} {record.lines[decisive]}"
    spoken = rule.code or captures.pop("code", None) or code or _code_in(text)
    named = (
        rule.engine
        or next((name for name, hint in ENGINES if hint.search(text)), None)
        or engine
        or "unknown"
    )
    driver = rule.driver or next((name for name, hint in DRIVERS if hint.search(text)), None)
    number = record.numbers[first]
    return Match(rule.cause, rule.id, rule.candidates, captures, named, spoken, driver, words, number, weight)


def _code_in(text: str) -> str | None:
    found = CODES.search(text)
    return next((value for value in found.groups() if value), None) if found else None


def _optional(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def _texts(value: object) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else (str(value),)

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

from wizard.core.compact import Rows, index_of, index_text, row
from wizard.core.explains import Explains
from wizard.core.hints import (
    CODES,
    DATABASE,
    DRIVERS,
    ENGINES,
    EXCERPT,
    FIELDS,
    FOREIGN,
    OTHER_LOGS,
    OTHERS,
    OURS,
    RIVALS,
    STATEMENTS,
    surroundings,
    told,
)
from wizard.core.lazyre import lazy
from wizard.core.records import LINE_LIMIT, Record, records
from wizard.core.words import needed_words, words_of

_CAUSED_BY = lazy(r"^\W*(?:Caused by|Suppressed)\b")

MOST_WORDS = 5
"""Words of a rule that a text is asked for before the rule is tried: its rarest."""
MOST_ELSEWHERE = 20
"""Places of one record at which words of another service, or of a statement, are passed over in search of better."""

EVERYBODYS = "os-and-tls"
"""The origin of the rules for words that every program may use of any connection."""
NEAR = 40
"""Lines before and after an error in which a name tells whose it is, where its own line does not."""

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


Found = tuple[tuple[int, int, int], Rule, re.Match[str]]
"""Where a rule matched, with its rank: weight, depth in a chain of causes, and the earlier the better."""


class Classifier:
    """Finds the best rule for a text. Making one is cheap; a pattern is compiled when a text first needs it."""

    def __init__(self, rules: Iterable[Rule], explains: Explains | None = None) -> None:
        self.explains = explains or Explains()
        self._rules: Sequence[Rule] = tuple(rules)
        self._index: Mapping[str, Sequence[tuple[int, Collection[str]]]] | None = None
        self._always: list[int] = []
        self._compiled: dict[int, re.Pattern[str]] = {}

    @classmethod
    def from_compiled(cls, data: Mapping[str, Any], explains: Explains | None = None) -> Classifier:
        """The classifier that `compiled` described. Raises KeyError, TypeError or ValueError for anything else."""
        made = cls((), explains)
        made._rules = Rows(str(data["rules"]), Rule.from_row)
        made._index = index_of(str(data["index"]))
        made._always = list(data["always"])
        return made

    def compiled(self) -> dict[str, Any]:
        """The rules and the index of their words as plain data, without what only authors need."""
        index = index_text(self._filed())
        return {"rules": "\n".join(map(Rule.row, self._rules)), "index": index, "always": self._always}

    def classify(self, text: str, *, code: str | None = None, engine: str | None = None) -> Match | None:
        """Return the cause that best explains `text`, or None.

        `code` is an SQLSTATE, a MySQL number or a driver's code when the caller has it apart from the text;
        `engine` settles what the text leaves open. A server that speaks another language is known by its code.
        """
        heaviest: dict[str, Match] = {}
        for match in self._matches(text.splitlines(), code, engine):
            if match.cause not in heaviest or match.weight > heaviest[match.cause].weight:
                heaviest[match.cause] = match
        if heaviest:
            return max((heaviest[cause] for cause in self.explains.roots(heaviest)), key=lambda m: m.weight)
        return self._by_code(text, code, engine) if code else None

    def classify_all(self, text: str | Iterable[str]) -> Iterator[Match]:
        """Yield one Match for each recognised error, in the order of the text; holds one record at a time."""
        return self._matches(text.splitlines() if isinstance(text, str) else text, None, None)

    @property
    def patterns(self) -> list[str]:
        """The patterns of the rules that have one."""
        return [rule.pattern for rule in self._rules if rule.pattern]

    def _matches(self, lines: Iterable[str], code: str | None, engine: str | None) -> Iterator[Match]:
        for record in records(lines):
            match = self._best(record, code, engine)
            if match is not None:
                yield match

    def _best(self, record: Record, code: str | None, engine: str | None) -> Match | None:
        text = "\n".join(record.lines)
        best: dict[str, Found] = {}
        first: int | None = None
        for number in self._possible(text):
            rule = self._rules[number]
            found = self._search(number, rule, text)
            if found is None:
                continue
            first = found.start() if first is None else min(first, found.start())
            at = text.count("\n", 0, found.start())
            caused = at + 1 if _CAUSED_BY.match(record.lines[at]) else 0
            rank = (_weight(rule, code, engine), caused, -found.start())
            if rule.cause not in best or rank > best[rule.cause][0]:
                best[rule.cause] = (rank, rule, found)
        if first is None:
            return None
        (weight, _, _), rule, found = self._decisive(best, text)
        return _match(rule, found, record, text.count("\n", 0, first), weight, code, engine)

    def _decisive(self, best: Mapping[str, Found], text: str) -> Found:
        """What explains the others: of what is said in one line the heaviest, of several lines the root."""
        lines: dict[int, Found] = {}
        for one in best.values():
            line = text.count("\n", 0, one[2].start())
            if line not in lines or one[0] > lines[line][0]:
                lines[line] = one
        heaviest = {one[1].cause: one for one in lines.values()}
        return max((heaviest[cause] for cause in self.explains.roots(heaviest)), key=lambda one: one[0])

    def _search(self, number: int, rule: Rule, text: str) -> re.Match[str] | None:
        """The first place where the rule's words are said, by a database or of one."""
        pattern = self._pattern(number)
        found = pattern.search(text)
        anyones = rule.engine is None
        for _ in range(MOST_ELSEWHERE):
            if found is None:
                return None
            if not _is_asked(text, found) and not (anyones and _is_foreign(text, found, rule)):
                return found
            found = pattern.search(text, found.end() if found.end() > found.start() else found.end() + 1)
        return None

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
        words = words_of(text)
        hits = {
            number
            for word in index.keys() & words
            for number, all_of in index[word]
            if words.issuperset(all_of)
        }
        return sorted(hits.union(self._always)) if hits else self._always

    def files(self, rule: Rule, text: str) -> bool:
        """Whether the index of words leads to the rule wherever its pattern finds something in the text."""
        number = self._rules.index(rule)
        return all(
            number in self._possible(whole) or self._pattern(number).search(whole) is None
            for whole in ("\n".join(record.lines) for record in records(text.splitlines()))
        )

    def _filed(self) -> Mapping[str, Sequence[tuple[int, Collection[str]]]]:
        if self._index is None:
            self._index = self._build_index()
        return self._index

    def _build_index(self) -> dict[str, list[tuple[int, frozenset[str]]]]:
        """File each alternative of each rule under its rarest word, with others that it cannot do without."""
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
                rarest = sorted(words, key=lambda w: (w in _COMMON, uses[w], -len(w), w))[:MOST_WORDS]
                index.setdefault(rarest[0], []).append((number, frozenset(rarest)))
        return index

    def _pattern(self, number: int) -> re.Pattern[str]:
        compiled = self._compiled.get(number)
        if compiled is None:
            compiled = re.compile(self._rules[number].pattern, re.IGNORECASE | re.MULTILINE)
            self._compiled[number] = compiled
        return compiled


def _is_foreign(text: str, found: re.Match[str], rule: Rule) -> bool:
    """Whether words are said of another service: one is named, and no database.

    Of words that everybody's connections use, their line tells it, or else what is named nearest to it. A text that
    names neither a database nor another service is ours: a bare error was asked about.
    """
    start = text.rfind("\n", 0, found.start()) + 1
    end = text.find("\n", found.end())
    end = len(text) if end < 0 else end
    if OTHERS.match(text, start):
        return True
    if rule.origin != EVERYBODYS:
        return rule.driver is None and FOREIGN.search(text) is not None and DATABASE.search(text) is None
    if RIVALS.search(text, start, end) is not None and OURS.search(text, start, end) is None:
        return True
    foreign = FOREIGN.search(text, start, end) is not None
    if DATABASE.search(text, start, end) is not None:
        return False
    if foreign or FOREIGN.search(text) is None:
        return foreign
    if DATABASE.search(text) is None:
        return True
    return _distance(FOREIGN, text, start, end) < _distance(DATABASE, text, start, end)


def _is_asked(text: str, found: re.Match[str]) -> bool:
    """Whether words stand in a statement that the log repeats, or in the log of another system."""
    place = found.start()
    line = text.rfind("\n", 0, place) + 1
    if EXCERPT.match(text, line) or OTHER_LOGS.match(text, line):
        return True
    asked = [one.end() for one in STATEMENTS.finditer(text, max(0, place - LINE_LIMIT), place)]
    return bool(asked) and FIELDS.search(text, asked[-1], place) is None


def _distance(hint: re.Pattern[str], text: str, start: int, end: int) -> int:
    """Lines between a place in a text and the nearest one that the hint is found in."""
    lines = NEAR
    for far, line in enumerate(
        reversed(text[max(0, start - NEAR * LINE_LIMIT) : start].split("\n")[-NEAR:-1]), 1
    ):
        if hint.search(line):
            lines = far
            break
    for far, line in enumerate(text[end : end + NEAR * LINE_LIMIT].split("\n")[1:lines], 1):
        if hint.search(line):
            return far
    return lines


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
    # A rule with wordings in many languages has one capture for each: `user__0`, `user__1` …
    captures = {key.partition("__")[0]: value for key, value in found.groupdict().items() if value}
    captures = surroundings(text) | captures
    words = record.lines[first] if first == decisive else f"{record.lines[first]} {record.lines[decisive]}"
    spoken = rule.code or captures.pop("code", None) or code or _code_in(text)
    named = rule.engine or told(ENGINES, text) or engine or "unknown"
    driver = rule.driver or told(DRIVERS, text)
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

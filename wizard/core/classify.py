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

from wizard.core.compact import Filed, Lines, Rows, filed, joined
from wizard.core.envelopes import LINE_LIMIT
from wizard.core.explains import Explains
from wizard.core.hints import CODES, DRIVERS, ENGINES, surroundings, told
from wizard.core.lazyre import lazy
from wizard.core.records import Record, records
from wizard.core.rules import Match, Rule
from wizard.core.speakers import is_asked, is_foreign
from wizard.core.words import needed_words, words_of

_CAUSED_BY = lazy(r"^\W*(?:Caused by|Suppressed)\b")

MOST_WORDS = 5
"""Words of a rule that a text is asked for before the rule is tried: its rarest."""
MOST_ELSEWHERE = 20
"""Places of one record at which words of another service, or of a statement, are passed over in search of better."""

_COMMON_WORDS = """
the to for of in on at is not no an and or by with from user database server connection host error failed could cannot
connect port fatal log warning client mysql postgresql sql be has was are it this that you cause caused exception
timeout password file line name role
"""
_COMMON = frozenset(_COMMON_WORDS.split())
"""Words of any log: a rule is filed under one of them only where it has no rarer one."""

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
    def from_compiled(cls, data: bytes | memoryview, explains: Explains | None = None) -> Classifier:
        """The classifier that `compiled` described. Raises ValueError for anything else."""
        lines = Lines(data)
        count, *always = map(int, lines[0].split())
        made = cls((), explains)
        made._rules = Rows(lines[1 : count + 1], Rule.from_row)
        made._index = Filed(lines[count + 1 :])
        made._always = always
        return made

    def compiled(self) -> bytes:
        """The rules and the index of their words, without what only authors need.

        The first line has the number of rules, and which of them are tried on any text; then each rule, and each
        word of the index, has a line.
        """
        index = filed(self._filed())
        head = " ".join(map(str, (len(self._rules), *self._always)))
        return joined([head.encode(), *(rule.row().encode() for rule in self._rules), *index])

    def classify(self, text: str, *, code: str | None = None, engine: str | None = None) -> Match | None:
        """Return the cause that best explains `text`, or None.

        `code` is an SQLSTATE, a MySQL number or a driver's code when the caller has it apart from the text;
        `engine` settles what the text leaves open. A server that speaks another language is known by its code.
        """
        heaviest: dict[str, Match] = {}
        for match in self._matches(records(text.splitlines()), code, engine):
            if match.cause not in heaviest or match.weight > heaviest[match.cause].weight:
                heaviest[match.cause] = match
        if heaviest:
            return max((heaviest[cause] for cause in self.explains.roots(heaviest)), key=lambda m: m.weight)
        return self._by_code(text, code, engine) if code else None

    def classify_all(self, text: str | Iterable[str], may_be_broken: bool = True) -> Iterator[Match]:
        """Yield one Match for each recognised error, in the order of the text; holds one record at a time.

        `may_be_broken` is whether a terminal or a mail client may have made several lines of one.
        """
        lines = text.splitlines() if isinstance(text, str) else text
        return self._matches(records(lines, may_be_broken), None, None)

    @property
    def patterns(self) -> list[str]:
        """The patterns of the rules that have one."""
        return [rule.pattern for rule in self._rules if rule.pattern]

    def _matches(self, given: Iterable[Record], code: str | None, engine: str | None) -> Iterator[Match]:
        for record in given:
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
            if not is_asked(text, found) and not (anyones and is_foreign(text, found, rule)):
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
            number for word in words for number, all_of in index.get(word, ()) if words.issuperset(all_of)
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

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

from wizard.core.lazyre import lazy

LINE_LIMIT = 4096
"""Characters of a line that are looked at together; a longer line is looked at in overlapping pieces."""
RECORD_LINES = 400
"""Lines that one record may have; a longer one is cut, so that memory stays bounded."""
_OVERLAP = 512

_COLOUR = lazy(r"\x1b\[[0-9;]*[A-Za-z]")
_BLANKS = lazy(r"[ \t\r\f\v\x00]+")
_WORD = lazy(r"[a-z0-9_]+")
_WHOLE_WORD = lazy(r"(?<![a-z0-9_?])[a-z0-9_]{2,}(?![a-z0-9_?])")
_LITERAL = lazy(r"[A-Za-z0-9 _\"'`:;,/<>=@#%&!~-]+(?![*+?{])")
_REPEAT = lazy(r"[*+?]\??|\{[0-9,]+\}\??")
_GROUP_HEAD = lazy(r"\((?:\?:|\?P<\w+>)?")
_ALTERNATIVES = 48
_GAP = "\n"
_COMPOSE_PREFIX = lazy(r"^[A-Za-z0-9_.-]+\s+\| ")
_FIELD_LINE = lazy(r"\b(?:DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION|BACKTRACE): ")
_SEVERITY = lazy(r"\b(?:FATAL|ERROR|PANIC|LOG|WARNING|NOTICE|INFO|Error|Fehler|ERREUR)\b ?:")
_CONTINUED = lazy(
    r"^(?:Caused by\b|\.\.\. \d+ |Is the server running|Is server running|TCP/IP connections on port|"
    r"connections on Unix domain socket|This probably means|before or while processing|"
    r"The above exception was|During handling of the above|Either provide the file)"
)
_INDENTED_LOG_LINE = lazy(r"^\s+(?:\[?\d{4}-\d\d-\d\d|\[?\d\d:\d\d:\d\d|[A-Z]+ ?\[)")
_CAUSED_BY = lazy(r"^\W*(?:Caused by|Suppressed)\b")

_FOREIGN = lazy(
    r"(?<![\w.])https?://|\b(?:redis|mongo(?:db)?|kafka|zookeeper|amqps?|rabbitmq|smtps?|elasticsearch|opensearch|"
    r"memcached?|etcd|consul|vault|grpc|ldaps?://|sqlserver|mssql|oracle|cassandra|clickhouse|urllib3|requests"
    r"|nginx|upstream|httpx?|curl|wget|npm|pip3?|apt(?:-get)?|yarn|git|rsync|sftp)\b|"
    r":(?:22|25|80|88|389|443|465|587|636|1433|1521|2181|2375|2379|4222|4317|4318|5000|5601|5671|5672|6379|"
    r"8000|8080|8081|8200|8443|8500|8888|9000|9042|9090|9092|9200|9300|9411|11211|15672|16379|26379|27017|27018)\b",
    re.IGNORECASE,
)
_DATABASE = lazy(
    r"postgres|psql|\bpg\b|\bpg[._]|libpq|pq:|pgx|psycopg|asyncpg|mysql|maria|\bsql|jdbc|hikari|database|\bdb\b|"
    r"pgbouncer|proxysql|maxscale|prisma|sequelize|typeorm|knex|hibernate|gorm|\borm\b|django|activerecord|ecto|"
    r"dbconnection|\b5432\b|\b6432\b|\b3306\b|\b6033\b|\b33060\b",
    re.IGNORECASE,
)
_ENGINES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("pgbouncer", re.compile(r"pgbouncer|\b6432\b", re.IGNORECASE)),
    ("proxysql", re.compile(r"proxysql|\b6033\b|MySrvC\.cpp|MySQL_\w+\.cpp|mysql_\w+\.cpp", re.IGNORECASE)),
    (
        "postgresql",
        re.compile(
            r"postgr|psql|libpq|psycopg|asyncpg|pgx|npgsql|pq:|\bpg[_:. -]|DBD::Pg|\b5432\b|\.s\.PGSQL",
            re.IGNORECASE,
        ),
    ),
    ("mariadb", re.compile(r"mariadb", re.IGNORECASE)),
    ("mysql", re.compile(r"mysql|mysqli|\b3306\b|HY000|InnoDB", re.IGNORECASE)),
)
_DRIVERS = tuple(
    (name, re.compile(hint, re.IGNORECASE))
    for name, hint in re.findall(
        r"(\S+) = (\S.*)",
        r"""
psycopg2 = psycopg2
psycopg = \bpsycopg\b
asyncpg = asyncpg
pymysql = pymysql
mysql-connector-python = mysql\.connector
mysqlclient = MySQLdb|_mysql_exceptions
prisma = prisma
hikaricp = hikari
pgjdbc = org\.postgresql|PSQLException
mariadb-java = org\.mariadb\.jdbc
connector-j = com\.mysql\.(?:cj|jdbc)|Communications link
pgx = \bpgx|pgconn
lib/pq = \bpq: |lib/pq
go-sql-driver = go-sql-driver|\[mysql\]
npgsql = npgsql
sqlx = sqlx
mysql2 = \bmysql2\b
pg = node_modules/pg\b|pg-pool
pdo = \bPDO|SQLSTATE\[
mysqli = mysqli
postgrex = postgrex
rails = ActiveRecord|PG::\w+
perl-dbi = DBD::|DBI
sqlalchemy = sqlalchemy
""",
    )
)
"""Which driver a text comes from, by words that only it uses; the first that occurs is it."""

_CODES = lazy(
    r"\bERROR (?P<a>[1-4]\d{3}) \(|[( ](?P<b>[12]\d{3}), ?[\"']|SQLSTATE\[\w{5}\] \[(?P<c>\d{4})\]|"
    r"\((?:\w{5}/)(?P<d>\d{4})\)|\bSQLSTATE[ :=]*\(?(?P<e>[0-9A-Z]{5})\b|\[(?P<f>[0-57XF][0-9A-Z]\w[0-9]{2})\]|"
    r"\bError (?P<g>[1-4]\d{3})(?: \(\w{5}\))?:|\[(?P<h>MY-\d{6})\]|\b(?P<i>P[12]0\d\d)\b"
)
_CONTEXT = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r'server at "(?P<host>[^"\n]{1,255})"(?: \((?P<address>[0-9A-Fa-f.:]+)\))?, port (?P<port>\d+)',
        r'running on host "(?P<host>[^"\n]{1,255})"(?: \((?P<address>[^)\n]{1,64})\))?'
        r"[^\n]{0,80}\s?[^\n]{0,40}port (?P<port>\d+)",
        r'(?:on socket|domain socket) "(?P<socket>[^"\n]{1,255})"',
        r"through socket '(?P<socket>[^'\n]{1,255})'",
        r"server on '(?P<host>[^':\n]{1,255})(?::(?P<port>\d+))?'",
    )
)
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


class _Record:
    """The normalised lines of one error, each with its number in the input."""

    __slots__ = ("chained", "in_trace", "lines", "numbers")

    def __init__(self, lines: list[str] | None = None, numbers: list[int] | None = None) -> None:
        self.lines = lines or []
        self.numbers = numbers or []
        self.in_trace = False
        self.chained = False


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
        for record in _records(lines):
            match = self._best(record, code, engine)
            if match is not None:
                yield match

    def _best(self, record: _Record, code: str | None, engine: str | None) -> Match | None:
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
        branches = [(n, _needed_words(rule.pattern)) for n, rule in enumerate(self._rules) if rule.pattern]
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


def normalise(line: str) -> str:
    """Return a line as patterns see it: no colours, no escapes, no container name in front, single blanks."""
    if "\x1b" in line:
        line = _COLOUR.sub("", line)
    if "\\" in line:
        line = re.sub(r"\\+([\"'])", r"\1", line)
        line = re.sub(r"\\+[rn](?:\\+t)?", "\n", line)
    if " | " in line:
        line = _COMPOSE_PREFIX.sub("", line)
    return _BLANKS.sub(" ", line).strip()


def _records(lines: Iterable[str]) -> Iterator[_Record]:
    """Group lines into errors. A line longer than LINE_LIMIT becomes several records with the same number."""
    record = _Record()
    for number, raw in enumerate(lines, 1):
        if len(raw) > LINE_LIMIT:
            if record.lines:
                yield record
            record = _Record()
            for start in range(0, len(raw), LINE_LIMIT - _OVERLAP):
                yield _Record([normalise(raw[start : start + LINE_LIMIT]).replace("\n", " ")], [number])
            continue
        pieces = [piece.strip() for piece in normalise(raw).split("\n")]
        if record.lines and (len(record.lines) >= RECORD_LINES or not _continues(record, raw, pieces[0])):
            yield record
            record = _Record()
        _note_trace(record, raw, pieces[0])
        record.lines.extend(pieces)
        record.numbers.extend([number] * len(pieces))
    if record.lines:
        yield record


def _continues(record: _Record, raw: str, line: str) -> bool:
    """Whether a line belongs to the error that the record began."""
    if not line:
        return record.in_trace or record.chained or bool(record.lines[-1])
    if record.in_trace or (record.chained and "Traceback" in line):
        return True
    if raw[:1] in " \t" and not _INDENTED_LOG_LINE.match(raw):
        return True
    if _CONTINUED.match(line):
        return True
    field_name = _FIELD_LINE.search(line, 0, 200)
    if field_name is None:
        return False
    return _SEVERITY.search(line, 0, field_name.end()) is None and '"' not in line[: field_name.start()]


def _note_trace(record: _Record, raw: str, line: str) -> None:
    """Remember that a Python traceback is open: its last line, the exception, is not indented."""
    if "Traceback (most recent" in line:
        record.in_trace, record.chained = True, False
    elif line and raw[:1] not in " \t":
        record.in_trace = False
        record.chained = line.startswith(("The above exception", "During handling"))


def _needed_words(pattern: str) -> list[frozenset[str]]:
    """For each alternative of a pattern, the whole words that any text matching it must have."""
    return [frozenset(_WHOLE_WORD.findall(branch)) for branch in _alternatives(pattern, 0)[0]]


def _alternatives(pattern: str, position: int) -> tuple[list[str], int]:
    r"""Write a pattern out as plain texts, up to the end of the group that `position` is in.

    A gap (`.`, a class of what is not meant, `\s`) becomes a line end, so that a word beside it is a whole word. What
    cannot be written out becomes `?`, which spoils the words that touch it.
    """
    done: list[str] = []
    here = [""]
    while position < len(pattern) and pattern[position] != ")":
        if pattern[position] == "|":
            done, here, position = done + here, [""], position + 1
            continue
        parts, position = _part(pattern, position)
        repeat = _REPEAT.match(pattern, position)
        if repeat is not None:
            position = repeat.end()
            parts = _repeated(parts, repeat.group())
        if len(here) * len(parts) > _ALTERNATIVES:
            parts = ["?"]
        here = [left + right for left in here for right in parts]
    return done + here, position


def _repeated(parts: list[str], repeat: str) -> list[str]:
    """The plain texts of a piece that is repeated: a gap stays a gap, what may be left out is there or not."""
    if parts == [_GAP]:
        return parts
    if repeat.startswith("?"):
        return ["", *parts]
    return [f"{part}?" for part in parts] if repeat.startswith("+") else ["?"]


def _part(pattern: str, position: int) -> tuple[list[str], int]:
    """The next piece of a pattern as plain texts, and where the piece after it begins."""
    literal = _LITERAL.match(pattern, position)
    if literal is not None:
        return [literal.group().lower()], literal.end()
    char = pattern[position]
    if char == "(":
        head = _GROUP_HEAD.match(pattern, position)
        parts, end = _alternatives(pattern, head.end() if head else position + 1)
        return parts, end + 1
    if char == "[":
        others = pattern[position + 1] == "^"
        return [_GAP if others else "?"], pattern.index("]", position + (3 if others else 2)) + 1
    if char == "\\":
        escaped = pattern[position + 1]
        return [_GAP if escaped in "bsSWBA" else "?" if escaped.isalnum() else escaped], position + 2
    return [{".": _GAP, "^": _GAP, "$": _GAP}.get(char, char.lower())], position + 1


def _is_foreign(text: str, found: re.Match[str]) -> bool:
    """Whether a text that names no database is about another service: the line of the match names one."""
    start = text.rfind("\n", 0, found.start()) + 1
    end = text.find("\n", found.end())
    line = text[start : end if end >= 0 else len(text)]
    return _FOREIGN.search(line) is not None and _DATABASE.search(text) is None


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
    record: _Record,
    first: int,
    weight: int,
    code: str | None,
    engine: str | None,
) -> Match:
    text = "\n".join(record.lines)
    decisive = text.count("\n", 0, found.start())
    captures = {key: value for key, value in found.groupdict().items() if value}
    for pattern in _CONTEXT:
        context = pattern.search(text)
        if context is not None:
            for key, value in context.groupdict().items():
                if value:
                    captures.setdefault(key, value)
    words = record.lines[first] if first == decisive else f"{record.lines[first]} {record.lines[decisive]}"
    spoken = rule.code or captures.pop("code", None) or code or _code_in(text)
    named = (
        rule.engine
        or next((name for name, hint in _ENGINES if hint.search(text)), None)
        or engine
        or "unknown"
    )
    driver = rule.driver or next((name for name, hint in _DRIVERS if hint.search(text)), None)
    number = record.numbers[first]
    return Match(rule.cause, rule.id, rule.candidates, captures, named, spoken, driver, words, number, weight)


def _code_in(text: str) -> str | None:
    found = _CODES.search(text)
    return next((value for value in found.groups() if value), None) if found else None


def _optional(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def _texts(value: object) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else (str(value),)

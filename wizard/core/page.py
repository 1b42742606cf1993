"""A cause page made into what one reader sees: the fixes that apply here, first those that surely do.

Placeholders are filled from facts and quoted for the language of their command. Facts come from servers and
files that nobody vouches for, so a value is data everywhere: where it could become code, its placeholder
stays visible. Nothing in here opens, runs or prints anything.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping

from wizard.core import conditions
from wizard.core.conditions import Truth
from wizard.core.facts import Facts, text_of
from wizard.core.lazyre import lazy
from wizard.core.quoting import (
    MASK,
    MYSQL_FAMILY,
    ShellReader,
    flat,
    sql_identifier,
    sql_literal,
    unseen_removed,
)
from wizard.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any


LONGEST = 600
"""Characters of a value that a sentence takes; the rest is cut."""
MOST_HERE = 5
"""Sentences of `here` that a reader gets at once: the first that hold, since a page has the most telling first."""
_ENDS = ".!?:…"
_TOKEN = lazy(r"\{\{|\}\}|\{([a-z][a-z0-9._-]*)(?::(id|lit))?\}")
"""A placeholder; besides the names of `fills`, the key of a fact names itself."""
_OPTIONAL = lazy(r"\[([^\[\]\n]*)\]")
_HARMLESS = lazy(r"[\w.,:/@%+=-]+")
"""What is one word, and only a word, in every language of a command."""
_NUMBER = lazy(r"-?\d+(?:\.\d+)?")
_PLACE_ENGINE = {"psql": "postgresql", "mysql": "mysql"}


class Command(NamedTuple):
    """Something to type, or to write into a file. `when` is set where only the reader can know it."""

    language: str
    where: str
    text: str
    when: str = ""


class Fix(NamedTuple):
    """One thing to do. `when` is its condition in words; `sure` says whether the facts confirm it.

    `kind` is `stop-gap` (it helps now and the cause stays) or `lasting`; empty where that makes no difference.
    """

    title: str
    when: str = ""
    why: str = ""
    risk: str = "safe"
    undo: str = ""
    commands: tuple[Command, ...] = ()
    sure: bool = True
    kind: str = ""


class Finding(NamedTuple):
    """The page of one cause, filled for one walk.

    `hand_over` is a message that can be sent as it is, `hand_over_to` whom it is for and `hand_over_when` since when
    it is theirs rather than the reader's.
    """

    cause: str
    title: str
    meaning: str = ""
    why_here: str = ""
    why: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    avoid: tuple[str, ...] = ()
    verify: tuple[Command, ...] = ()
    see_also: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    hand_over: str = ""
    seen_as: tuple[str, ...] = ()
    hand_over_to: str = ""
    hand_over_when: str = ""


class Filler:
    """Puts facts in the place of placeholders. One instance a walk."""

    def __init__(self, facts: Facts, fills: Mapping[str, tuple[str, ...]]) -> None:
        self.facts = facts
        self._fills = fills

    def sentence(self, text: str) -> str:
        """The text with its placeholders filled, plainly; one without a fact stays as it is."""

        def put(match: re.Match[str]) -> str:
            name = match[1]
            if name is None:
                return match[0][0]
            value = _cut(flat(_spoken(found))) if (found := self._find(name)) is not None else ""
            return value or match[0]

        return _TOKEN.sub(put, text).strip()

    def message(self, text: str) -> str:
        """A sentence to be sent as it is: a part in [brackets] stays only where all in it is known.

        Where nothing is known at all the page is read, not sent, and every part stays.
        """

        def part(match: re.Match[str]) -> str:
            names = [token[1] for token in _TOKEN.finditer(match[1]) if token[1]]
            if not names:
                return match[0]
            missing = any(self._find(name) is None for name in names)
            return "" if missing and any(True for _ in self.facts) else match[1]

        return self.sentence(_OPTIONAL.sub(part, text))

    def command(self, text: str, language: str, where: str = "") -> str:
        """The command with each value quoted for its language; one that cannot be quoted is not filled in."""
        parts: list[str] = []
        scanner = ShellReader()
        end = 0
        for match in _TOKEN.finditer(text):
            parts.append(text[end : match.start()])
            scanner.read(parts[-1])
            end = match.end()
            if match[1] is None:
                parts.append(match[0][0])
                scanner.read(parts[-1])
                continue
            filled = self._quoted(match[1], match[2] or "", language, self._dialect(where), scanner.exposed)
            parts.append(match[0] if filled is None else filled)
        parts.append(text[end:])
        return "".join(parts).strip("\n")

    def _find(self, name: str) -> Any:
        """The value of the first known fact that fills the placeholder, or None."""
        for key in self._fills.get(name, (f"target.{name}", name)):
            value = self.facts.get(key)
            if (
                value is None
                or value in ("", (), ("none",))
                or (value == "none" and not key.startswith("target."))
            ):
                continue
            return value
        return None

    def _dialect(self, where: str) -> str:
        """Whose SQL it is: that of the program in which it is typed, else that of the server."""
        engine = _PLACE_ENGINE.get(where) or self.facts.text("engine") or "postgresql"
        return "mysql" if engine in MYSQL_FAMILY else "postgresql"

    def _quoted(self, name: str, kind: str, language: str, dialect: str, exposed: bool) -> str | None:
        """The value as the language needs it, or None where there is none or none that is safe."""
        found = self._find(name)
        if found is None:
            return None
        if language == "sql" and not kind and isinstance(found, tuple) and all(map(_NUMBER.fullmatch, found)):
            return ", ".join(found)
        raw = found[0] if isinstance(found, tuple) else text_of(found)
        value = unseen_removed(raw)
        if not value or MASK in value:
            return None
        if language in ("sql", "sh") and kind:
            value = sql_identifier(value, dialect) if kind == "id" else sql_literal(value, dialect)
        if language == "sh":
            if exposed:
                return shlex.quote(value)
            return value if _HARMLESS.fullmatch(value) else None
        if language == "sql":
            return value if kind or _NUMBER.fullmatch(value) else sql_literal(value, dialect)
        return value if value == raw and _HARMLESS.fullmatch(value) else None


def _spoken(value: Any) -> str:
    """A value in a sentence; members of a list that hold commas themselves stand between semicolons."""
    if isinstance(value, tuple) and any(", " in one for one in value):
        return "; ".join(value)
    return text_of(value)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def render(
    cause: str,
    page: Mapping[str, Any],
    facts: Facts,
    fills: Mapping[str, tuple[str, ...]],
    one_line: str = "",
    evidence: str = "",
) -> Finding:
    """The finding `cause` for these facts.

    `page` is the page as YAML says it (may be empty), `fills` maps a placeholder to the facts that may fill
    it, `one_line` is the catalogue's line, `evidence` the quotation that decided. Raises for no fact.
    """
    filler = Filler(facts, fills)
    to, when, message = _hand_over(page.get("hand-over", ""), filler)
    why_here = " ".join(_here(page.get("here", ()), filler))
    if evidence and _letters(evidence) not in _letters(why_here):
        why_here = f"{why_here} Seen: {_cut(flat(evidence))}".strip()
    if facts.text("process.view") == "refused" and (told := facts.text("process.trouble")):
        # The application may see something else than what this finding rests on.
        why_here = f"{why_here} {told}".strip()
    return Finding(
        cause,
        filler.sentence(str(page.get("title") or one_line or cause)),
        filler.sentence(str(page.get("meaning", ""))),
        why_here,
        _sentences(page.get("why", ()), filler),
        tuple(_fixes(page.get("fixes", ()), filler)),
        _sentences(page.get("avoid", ()), filler),
        tuple(commands_of(page.get("verify", ()), filler)),
        tuple(str(one) for one in page.get("see-also", ())),
        tuple(str(one) for one in page.get("sources", ())),
        message,
        tuple(str(one) for one in page.get("seen-as", ())),
        to,
        when,
    )


def _here(written: Iterable[Mapping[str, Any]], filler: Filler) -> list[str]:
    """The sentences for this case; one that ends with a value gets its full stop, so that the next one begins."""
    true = [str(one.get("text", "")) for one in written if _truth(one, filler.facts)[0] is True]
    filled = [filler.sentence(text) for text in true[:MOST_HERE]]
    return [one if one.endswith(tuple(_ENDS)) else f"{one}." for one in filled if one]


def _letters(text: str) -> str:
    """What is said, whatever separates it: a list in a sentence has other signs between its members."""
    return "".join(sign for sign in text if sign.isalnum())


def _hand_over(written: Any, filler: Filler) -> list[str]:
    """Whom to hand over to, when, and the message; a plain text is the message alone."""
    parts = written if isinstance(written, Mapping) else {"text": written}
    return [filler.message(str(parts.get(key, ""))) for key in ("to", "when", "text")]


def _sentences(written: Iterable[Any], filler: Filler) -> tuple[str, ...]:
    return tuple(filler.sentence(str(one)) for one in written)


def _truth(written: Mapping[str, Any], facts: Facts) -> tuple[Truth, str]:
    """Whether the `when` of a part of a page holds, and the condition in words: of an undecided one what is open."""
    if "when" not in written:
        return True, ""
    from wizard.core.phrases import describe

    condition = conditions.parse(written["when"])
    return condition.holds(facts), describe(conditions.still_open(condition, facts))


def _fixes(written: Iterable[Mapping[str, Any]], filler: Filler) -> list[Fix]:
    """The fixes that are not excluded: those that surely apply before those that may, else as written."""
    fixes = []
    for one in written:
        truth, words = _truth(one, filler.facts)
        commands = tuple(commands_of(one.get("commands", ()), filler))
        # A fix that has commands, but none for this engine or place, belongs to somebody else.
        if truth is False or (one.get("commands") and not commands):
            continue
        title, why, undo = (filler.sentence(str(one.get(key, ""))) for key in ("title", "why", "undo"))
        risk, kind = str(one.get("risk", "safe")), str(one.get("kind", ""))
        fixes.append(Fix(title, words, why, risk, undo, commands, truth is True, kind))
    return sorted(fixes, key=lambda fix: not fix.sure)


def commands_of(written: Iterable[Mapping[str, Any]], filler: Filler) -> Iterator[Command]:
    """The commands that are not excluded, in their written order: they are often steps of one work."""
    engine = filler.facts.text("engine")
    for one in written:
        truth, words = _truth(one, filler.facts)
        wanted = one.get("engine", engine)
        if truth is False or (engine and engine not in (wanted if isinstance(wanted, list) else [wanted])):
            continue
        language, where = str(one.get("language", "sh")), str(one.get("where", ""))
        text = filler.command(str(one.get("text", "")), language, where)
        yield Command(language, where, text, "" if truth else words)

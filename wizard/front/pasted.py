"""An error that a person pasted, or a log that they named: what it says, and the connection that it is about."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.core.tree import LONGEST_ANSWER
from wizard.explain import Explained, Summary, explain
from wizard.front.explainpage import OPTIONS, facts_of
from wizard.named import NamedTuple
from wizard.redact import harmless
from wizard.target.model import Conflict, Setting, Target

if TYPE_CHECKING:
    from wizard.content.load import Content

SOURCE = "the error text"
"""The source of a setting that is known from an error alone."""


class Pasted(NamedTuple):
    """What was made of an error: its words and its cause in one line, and the connection, where it is known."""

    words: str
    verdict: str
    target: Target | None


def is_error(text: str) -> bool:
    """Whether a text could be an error or the path of a log: a connection is one word, or settings alone."""
    words = text.split()
    return not all("=" in word for word in words) if len(words) > 1 else _is_log(text)


def read(
    text: str,
    content: Content,
    found: Sequence[Target],
    home: Path | None,
    environ: Mapping[str, str] = os.environ,
) -> Pasted | None:
    """What an error, or the log at a path, says. None where nothing in it is recognised.

    `found` are the connections that were discovered. Raises UsageError for a log that cannot be read.
    """
    best = _of_log(text.strip(), content) if _is_log(text) else _best(text, content)
    if best is None:
        return None
    words = harmless(best.match.text, LONGEST_ANSWER)
    return Pasted(words, best.named, target_of(best, found, home, environ))


def target_of(
    result: Explained,
    found: Sequence[Target],
    home: Path | None,
    environ: Mapping[str, str] = os.environ,
) -> Target | None:
    """The connection that an error is about: one of those found here that fits, else what the error names.

    None where it names too little. A password that belongs to another connection is never taken over.
    """
    facts = facts_of(result)
    named = {option: str(facts.text(key)) for option, key in OPTIONS.items() if facts.text(key)}
    fitting = [one for one in found if _fits(one, named)]
    if len(fitting) == 1 or (fitting and named.keys() - {"engine"}):
        return fitting[0]
    if "engine" not in named or not named.keys() & {"host", "socket"}:
        return None
    from wizard.target.parse import parse_target

    made = parse_target("", source=SOURCE, overrides=named, environ=environ, home=home)
    settings = tuple(
        one._replace(source=SOURCE) if one.source.startswith("--") else one for one in made.settings
    )
    return made._replace(settings=settings, conflicts=(*made.conflicts, *_conflicts(made, found)))


def _is_log(text: str) -> bool:
    try:
        return "://" not in text and Path(text.strip()).expanduser().is_file()
    except (OSError, RuntimeError, ValueError):
        return False


def _of_log(name: str, content: Content) -> Explained | None:
    from wizard.front.explaincmd import primary_of

    return primary_of(str(Path(name).expanduser()), content)


def _best(text: str, content: Content) -> Explained | None:
    counted = Summary(content.classifier.explains)
    for result in explain(text, content.classifier, content.catalogue.get):
        counted.add(result)
    return counted.primary.example if counted.primary else None


def _fits(target: Target, named: Mapping[str, str]) -> bool:
    """Whether an error that names this could come from that connection."""
    known = {"user": target.user, "dbname": target.database}
    families = {"mariadb": "mysql"}
    engine = families.get(target.engine, target.engine)
    return (
        families.get(named.get("engine", engine), named.get("engine", engine)) in (engine, "unknown")
        and all(value is None or named.get(key, value) == value for key, value in known.items())
        and any(_is_at(place.host, place.port, named) for place in target.hosts)
    )


def _is_at(host: str, port: int, named: Mapping[str, str]) -> bool:
    if "socket" in named and "host" not in named:
        return host.startswith("/") and named["socket"].startswith(host)
    return named.get("host", host).casefold() == host.casefold() and named.get("port", str(port)) == str(port)


def _conflicts(made: Target, found: Sequence[Target]) -> tuple[Conflict, ...]:
    """That the application goes to another host than the settings here say."""
    other = next((one for one in found if one.hosts and one.engine == made.engine), None)
    if other is None or not made.hosts or other.host == made.host:
        return ()
    here = Setting("host", other.host or "", other.source)
    return (Conflict("host", (Setting("host", made.host or "", SOURCE), here)),)

"""What `explain` says of one cause: its page, filled with what the error text names."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from wizard.core.facts import Fact, Facts, Value
from wizard.core.page import Command, Filler, commands_of, render
from wizard.core.quoting import MASK
from wizard.core.tree import INCONCLUSIVE
from wizard.explain import Explained
from wizard.named import TYPE_CHECKING
from wizard.numerals import count

if TYPE_CHECKING:
    from typing import Any

    from wizard.content.load import Content

FAMILIES = {"pgbouncer": "postgresql", "proxysql": "mysql", "maxscale": "mariadb"}
"""What a pooler speaks."""
CAPTURED = {
    "host": "target.host",
    "user": "target.user",
    "role": "target.user",
    "database": "target.database",
    "socket": "target.socket",
    "address": "network.address",
    "client": "network.client-address",
    "account_host": "account.told-host",
}
"""What a rule captures, and the fact that it is."""
OPTIONS = {"engine": "engine", "host": "target.host", "port": "target.port", "user": "target.user"} | {
    "dbname": "target.database",
    "socket": "target.socket",
}
"""The options of `dbwizard check` that an error text can give."""
GENERAL = 25
"""The weight of a rule up to which its words are those of a wrapper."""
CHECK = "dbwizard check"


def facts_of(result: Explained) -> Facts:
    """What the error text names, as the facts of a walk."""
    known: dict[str, Value] = {}
    for name, key in CAPTURED.items():
        value = result.captures.get(name, "")
        if value and MASK not in value:
            known.setdefault(key, value)
    port = result.captures.get("port", "")
    if 0 < (number := count(port, 5) or 0) < 65536:
        known["target.port"] = number
    engine = FAMILIES.get(result.match.engine, result.match.engine)
    if engine in ("postgresql", "mysql", "mariadb"):
        known["engine"] = engine
    if "target.socket" in known:
        known["target.is-socket"] = True
    known["error.text"] = result.text
    if result.match.code:
        known["error.code"] = result.match.code
    return Facts({key: Fact(key, value, "log") for key, value in known.items()})


def told_of(result: Explained, content: Content) -> dict[str, Any]:
    """What `printed.verdict` prints of the cause of a result."""
    from wizard.report import finding_data

    cause, facts = result.match.cause, facts_of(result)
    fills = {key: tuple(value) for key, value in content.single("facts.yaml").get("fills", {}).items()}
    line = content.catalogue.get(cause, "")
    finding = render(cause, content.page(cause), facts, fills, line)
    is_open = cause == INCONCLUSIVE
    filler = Filler(facts, fills)
    return {
        "status": "inconclusive" if is_open else "fault",
        "cause": cause,
        "title": f"{line[:1].upper()}{line[1:]}" if "{" in finding.title and line else finding.title,
        "sure": _sure(result),
        "said": result.text,
        "candidates": [_candidate(one, content, filler, commands=is_open) for one in result.match.candidates],
        "findings": [finding_data(finding)],
        "next": _look(facts),
    }


def _sure(result: Explained) -> str:
    """How sure the verdict is, and of whom the text speaks."""
    match = result.match
    speaker = [one for one in (match.engine if match.engine != "unknown" else "", match.driver) if one]
    code = f", code {match.code}" if match.code else ""
    of_whom = f" ({', '.join(dict.fromkeys(speaker))}{code})" if speaker else ""
    if match.cause == INCONCLUSIVE:
        return f"These words hide the reason{of_whom}: several causes are told like this."
    if match.weight <= GENERAL:
        return f"A first guess: these words are general{of_whom}."
    if match.candidates:
        return f"Likely: these words{of_whom} mean this before anything else."
    return f"Sure, as far as words tell{of_whom}: they mean this alone."


def _candidate(cause: str, content: Content, filler: Filler, *, commands: bool) -> dict[str, str]:
    """A cause that the words may mean too, with the one thing to run that tells it from the others."""
    why = content.catalogue.get(cause, "this cannot be ruled out")
    if not commands:
        return {"cause": cause, "why": why}
    command = observation(content.page(cause), filler)
    return {"cause": cause, "why": f"{why}; to tell: {command.text}", "where": command.where}


def observation(page: dict[str, Any], filler: Filler) -> Command:
    """The one command that shows whether a cause is there: the page's `tell`, else how a fix of it is verified."""
    possible = [one for part in ("tell", "verify") for one in commands_of(page.get(part, ()), filler)]
    possible = [one for one in possible if not one.text.startswith(CHECK)]
    return min(
        possible, key=lambda one: bool(one.when), default=Command("sh", "app-host", _look(filler.facts))
    )


def _look(facts: Facts) -> str:
    """The command that looks at the connection itself, as far as the text names it."""
    return " ".join([CHECK, *_options(facts)])


def _options(facts: Facts) -> Iterator[str]:
    if facts.text("target.host") is None and facts.text("target.socket") is None:
        return
    for option, key in OPTIONS.items():
        value = facts.text(key)
        if value is not None and not value.startswith("-"):
            yield f"--{option} {shlex.quote(value)}"

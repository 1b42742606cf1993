"""The lint of cause pages: their parts, words, placeholders and commands. No command may carry a password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from wizard.content.check_conditions import condition
from wizard.content.check_facts import ENGINES, https
from wizard.content.known import Known
from wizard.content.problems import At, Lint, Source, nearest
from wizard.core.quoting import ShellReader
from wizard.core.tree import HEALTHY, INCONCLUSIVE

REQUIRED = ("title", "meaning", "why", "seen-as", "fixes", "avoid", "verify", "sources")
OPTIONAL = ("here", "tell", "see-also", "hand-over")
HAND_OVER = ("to", "when", "text")
KINDS = ("stop-gap", "lasting")
RISKS = ("safe", "reload", "restart", "destructive")
LANGUAGES = ("sh", "sql", "conf", "yaml", "python")
PLACES = ("app-host", "db-host", "psql", "mysql", "console", "config")
SQL_PLACES = ("psql", "mysql", "console")
LONGEST_TITLE = 72
"""Characters of a title before its placeholders are filled."""
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}")
_FIELD = re.compile(r"([a-z][a-z0-9-]*)(?::([a-z]+))?")
_CLIENTS = r"(?:mysql|mysqladmin|mysqldump|mysqlcheck|mariadb(?:-[a-z]+)?)"
_PASSWORDS = (
    re.compile(rf"\b{_CLIENTS}\b(?:\s[^\n;|&]*)?\s-p(?=[^\s;|&'\")])"),
    re.compile(r"--password[= ][\"']?[\w$]"),
    re.compile(r"\b(?:PGPASSWORD|MYSQL_PWD)=[\"']?\w"),
    re.compile(r"://[^\s/:@\"']*:(?!//)[^\s/@\"']+@"),
)
"""Ways in which a password gets on a command line, where `ps` and the shell's history show it."""


def pages(lint: Lint, source: Source, known: Known) -> None:
    """Every page of one file."""
    for cause, written in source.data.items():
        at = (cause,)
        if not lint.one_of(source, at, cause, known.causes, "in the catalogue"):
            continue
        layer = "general" if cause in (HEALTHY, INCONCLUSIVE) else cause.partition(".")[0]
        if source.stem != layer:
            lint.say(source, at, f"is never found here: the page of '{cause}' belongs in causes/{layer}.yaml")
        page = lint.mapping(source, at, written)
        lint.keys(source, at, page, REQUIRED, OPTIONAL)
        _sentences(lint, source, at, page, known)
        _fixes(lint, source, (*at, "fixes"), page.get("fixes"), known)
        for part in ("tell", "verify"):
            for where, command in lint.items(source, (*at, part), page.get(part, [])):
                _command(lint, source, where, lint.mapping(source, where, command), known)


def _sentences(lint: Lint, source: Source, at: At, page: dict[str, Any], known: Known) -> None:
    hand_over = page.get("hand-over")
    if isinstance(hand_over, dict):
        lint.keys(source, (*at, "hand-over"), hand_over, ("text",), HAND_OVER)
        for key, text in hand_over.items():
            where = (*at, "hand-over", key)
            _filled(lint, source, where, lint.text(source, where, text), known)
    for key in ("title", "meaning", "hand-over"):
        if key in page and not isinstance(page[key], dict):
            _filled(lint, source, (*at, key), lint.text(source, (*at, key), page[key]), known)
    title = str(page.get("title", ""))
    if len(title) > LONGEST_TITLE:
        lint.say(source, (*at, "title"), f"has {len(title)} characters; {LONGEST_TITLE} is the limit")
    for key in ("why", "avoid", "seen-as", "sources", "see-also"):
        for where, text in lint.texts(source, (*at, key), page.get(key)):
            if key in ("why", "avoid"):
                _filled(lint, source, where, text, known)
            elif key == "sources":
                https(lint, source, where, text)
            elif key == "see-also":
                lint.one_of(source, where, text, known.causes, "in the catalogue")
        if key in page and key in REQUIRED and not page[key]:
            lint.say(source, (*at, key), "is empty")
    for where, one in lint.items(source, (*at, "here"), page.get("here")):
        here = lint.mapping(source, where, one)
        lint.keys(source, where, here, ("when", "text"))
        if "when" in here:
            condition(lint, source, (*where, "when"), here["when"], known)
        if "text" in here:
            _filled(lint, source, (*where, "text"), lint.text(source, (*where, "text"), here["text"]), known)


def _fixes(lint: Lint, source: Source, at: At, written: Any, known: Known) -> None:
    fixes = lint.items(source, at, written)
    if isinstance(written, list) and not fixes:
        lint.say(source, at, "a page without a fix helps nobody")
    for where, one in fixes:
        fix = lint.mapping(source, where, one)
        lint.keys(source, where, fix, ("title", "why", "risk", "commands"), ("when", "undo", "kind"))
        for key in ("title", "why", "undo"):
            if key in fix:
                _filled(lint, source, (*where, key), lint.text(source, (*where, key), fix[key]), known)
        if "risk" in fix:
            lint.one_of(
                source, (*where, "risk"), fix["risk"], RISKS, "a risk (safe, reload, restart, destructive)"
            )
        if "kind" in fix:
            lint.one_of(source, (*where, "kind"), fix["kind"], KINDS, "a kind of fix (stop-gap, lasting)")
        if "when" in fix:
            condition(lint, source, (*where, "when"), fix["when"], known)
        commands = lint.items(source, (*where, "commands"), fix.get("commands"))
        if "commands" in fix and not commands:
            lint.say(source, (*where, "commands"), "a fix needs at least one command")
        for place, command in commands:
            _command(lint, source, place, lint.mapping(source, place, command), known)


def _command(lint: Lint, source: Source, at: At, command: dict[str, Any], known: Known) -> None:
    lint.keys(source, at, command, ("language", "where", "text"), ("engine", "when"))
    language, where = command.get("language", "sh"), command.get("where", "app-host")
    lint.one_of(source, (*at, "language"), language, LANGUAGES, "a language (sh, sql, conf, yaml, python)")
    if lint.one_of(source, (*at, "where"), where, PLACES, f"a place ({', '.join(PLACES)})"):
        if language == "sql" and where not in SQL_PLACES:
            lint.say(source, (*at, "where"), f"SQL is typed in {' or '.join(SQL_PLACES)}, not in '{where}'")
        elif language != "sql" and where in ("psql", "mysql"):
            lint.say(source, (*at, "where"), f"'{where}' takes SQL, and this is '{language}'")
    engines = command.get("engine", [])
    for engine in engines if isinstance(engines, list) else [engines]:
        lint.one_of(source, (*at, "engine"), engine, ENGINES, "an engine (postgresql, mysql, mariadb)")
    if "when" in command:
        condition(lint, source, (*at, "when"), command["when"], known)
    if "text" in command:
        text = lint.text(source, (*at, "text"), command["text"])
        if language == "sh":
            _password(lint, source, (*at, "text"), text)
        for name, form, before in placeholders(text):
            _placeholder(lint, source, (*at, "text"), name, known)
            _form(lint, source, (*at, "text"), str(language), name, form, before, known)


def placeholders(text: str) -> Iterator[tuple[str, str, str]]:
    """(name, form, the text before it) of each placeholder; doubled braces and what is no name are text."""
    for match in _BRACES.finditer(text):
        named = _FIELD.fullmatch(match[1]) if match[1] is not None else None
        if named:
            yield named[1], named[2] or "", text[: match.start()]


def _form(
    lint: Lint, source: Source, at: At, language: str, name: str, form: str, before: str, known: Known
) -> None:
    """Whether the value of a placeholder can be quoted where it stands."""
    shown = f"{{{name}:{form}}}" if form else f"{{{name}}}"
    if form and form not in ("id", "lit"):
        lint.say(source, at, f"{shown}: the form is 'id' or 'lit'")
    elif form and language not in ("sql", "sh"):
        lint.say(source, at, f"{shown}: ':{form}' is for SQL, and this is '{language}'")
    elif not form and language == "sql" and not known.is_number(name):
        lint.say(source, at, f"{shown} is no number: in SQL write {{{name}:id}} or {{{name}:lit}}")
    elif language == "sh" and not _exposed(before):
        lint.say(
            source, at, f"{shown} is inside quotes, where it cannot be quoted; make it a word of its own"
        )


def _exposed(before: str) -> bool:
    reader = ShellReader()
    reader.read(before.replace("{{", "{").replace("}}", "}"))
    return reader.exposed


def _filled(lint: Lint, source: Source, at: At, text: str, known: Known) -> None:
    for name, form, _ in placeholders(text):
        _placeholder(lint, source, at, name, known)
        if form:
            lint.say(source, at, f"{{{name}:{form}}}: ':{form}' is for commands; a sentence takes {{{name}}}")


def _placeholder(lint: Lint, source: Source, at: At, name: str, known: Known) -> None:
    if name not in known.fills:
        message = f"the placeholder {{{name}}} is not in 'fills' of facts.yaml{nearest(name, known.fills)}"
        lint.say(source, at, message)


def _password(lint: Lint, source: Source, at: At, text: str) -> None:
    if any(pattern.search(text) for pattern in _PASSWORDS):
        lint.say(
            source,
            at,
            "carries a password on a command line; let the program ask for it, or use a password file",
        )


def complete(lint: Lint, sources: list[Source]) -> None:
    """What a page still lacks to be of full use: a way back, something that lasts, whom to hand over to."""
    for source in sources:
        for cause, page in source.data.items() if source.kind == "causes" else ():
            if isinstance(page, dict):
                _lacks(lint, source, (cause,), page)


def _lacks(lint: Lint, source: Source, at: At, page: dict[str, Any]) -> None:
    kinds = set()
    fixes = page.get("fixes")
    for number, fix in enumerate(fixes if isinstance(fixes, list) else ()):
        if not isinstance(fix, dict):
            continue
        kinds.add(fix.get("kind"))
        if fix.get("risk", "safe") != "safe" and "undo" not in fix:
            lint.say(
                source, (*at, "fixes", str(number)), f"a fix with the risk '{fix['risk']}' needs an 'undo'"
            )
    if "stop-gap" in kinds and "lasting" not in kinds:
        lint.say(source, (*at, "fixes"), "a page with a stop-gap also says what is 'lasting'")
    hand_over = page.get("hand-over")
    for key in HAND_OVER if at[0] != HEALTHY else ():
        if not isinstance(hand_over, dict) or key not in hand_over:
            lint.say(
                source, (*at, "hand-over"), f"does not say '{key}' (to whom, when, and the text to send)"
            )


def coverage(lint: Lint, sources: list[Source], known: Known) -> None:
    """Every cause of the catalogue has a page."""
    for source in sources:
        causes = source.data.get("causes") if source.kind == "catalogue.yaml" else None
        for cause in causes if isinstance(causes, dict) else ():
            if cause not in known.pages:
                lint.say(source, ("causes", cause), f"the cause '{cause}' has no page")

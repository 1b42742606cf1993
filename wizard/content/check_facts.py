"""The lint of what the trees build on: catalogue, facts, placeholders, questions and platforms."""

from __future__ import annotations

import re
from typing import Any

from wizard.content.check_conditions import undeclared, wrong_value
from wizard.content.known import Known, entries, number
from wizard.content.problems import At, Lint, Source, nearest
from wizard.core.explains import ANY
from wizard.core.facts import UNKNOWN
from wizard.core.tree import ALL_LAYERS, HEALTHY, INCONCLUSIVE

ENGINES = ("postgresql", "mysql", "mariadb")
KINDS = ("choice", "text", "number", "list", "numbers", "flag", "cause")
QUESTION_KINDS = ("choice", "number", "text")
FACT_KEYS = ("kind", "values", "meaning", "from", "learn", "measured")
FIELD = re.compile(r"\{([^{}]*)\}")
NAME = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)*")
PLATFORM_KEYS = (
    "managed",
    "service-managers",
    "service-managers-by-os-family",
    "service-names",
    "log-files",
)
MANAGED_REQUIRED = ("id", "name", "host-suffixes", "sources")
MANAGED_KEYS = (
    *(
        "detail",
        "host-pattern",
        "socket-prefixes",
        "cname-suffixes",
        "ports",
        "allow-list",
        "tls",
        "user-form",
    ),
    *("user-form", "cannot-change", "notes", "certain"),
    *("mysql-ports", "own-port", "ipv6-only"),
)


def catalogue(lint: Lint, source: Source, known: Known) -> None:
    """Ids are `layer.cause`, each with one line; only `healthy` and `inconclusive` have no layer."""
    lint.keys(source, (), source.data, ("causes",), ("not-yet", "explained-by"))
    for cause, missing in lint.mapping(source, ("not-yet",), source.data.get("not-yet")).items():
        lint.one_of(source, ("not-yet", cause), cause, known.causes, "in the catalogue")
        lint.text(source, ("not-yet", cause), missing)
    layers = {f"{cause.partition('.')[0]}.*" for cause in known.causes if "." in cause}
    for symptom, reasons in lint.mapping(source, ("explained-by",), source.data.get("explained-by")).items():
        lint.one_of(source, ("explained-by", symptom), symptom, known.causes, "in the catalogue")
        for where, reason in lint.texts(source, ("explained-by", symptom), reasons):
            lint.one_of(source, where, reason, {*known.causes, *layers, ANY}, "in the catalogue")
    for cause, line in lint.mapping(source, ("causes",), source.data.get("causes")).items():
        at = ("causes", cause)
        lint.text(source, at, line)
        layer = cause.partition(".")[0]
        if cause in (HEALTHY, INCONCLUSIVE):
            continue
        if not NAME.fullmatch(cause) or "." not in cause:
            lint.say(source, at, f"'{cause}' is no cause id: write it as layer.cause, in small letters")
        elif layer not in ALL_LAYERS:
            lint.say(source, at, f"'{layer}' is not a layer{nearest(layer, ALL_LAYERS)}")


def facts(lint: Lint, source: Source, known: Known) -> None:
    """Every fact has a meaning, a kind and its values; placeholders are filled from declared facts."""
    lint.keys(source, (), source.data, (), ("facts", "fills"))
    for key, written in lint.mapping(source, ("facts",), source.data.get("facts")).items():
        at = ("facts", key)
        one = lint.mapping(source, at, written)
        lint.keys(source, at, one, ("meaning", "from"), FACT_KEYS)
        if not NAME.fullmatch(key):
            lint.say(source, at, f"'{key}' is no name of a fact")
        _kind(lint, source, at, one)
        lint.one_of(source, (*at, "measured"), one.get("measured", "no"), ("yes", "no"), "'yes' or 'no'")
        if "learn" in one:
            engine_commands(lint, source, (*at, "learn"), one["learn"], known)
        for place, name in lint.texts(source, (*at, "from"), one.get("from")):
            sources = {*known.probes, *known.questions, *known.facts}
            lint.one_of(source, place, name, sources, "a probe, a question or a fact")
    for key, written in lint.mapping(source, ("fills",), source.data.get("fills")).items():
        for place, name in lint.texts(source, ("fills", key), written):
            lint.one_of(source, place, name, known.facts, "a declared fact")


def engine_commands(lint: Lint, source: Source, at: At, written: Any, known: Known) -> None:
    """One command for every engine, or one for each and `any`; their placeholders are filled."""
    for key, command in written.items() if isinstance(written, dict) else (("", written),):
        where = (*at, key) if key else at
        if key:
            lint.one_of(source, where, key, (*ENGINES, "any"), "an engine or 'any'")
        for name in FIELD.findall(lint.text(source, where, command)):
            if name not in known.fills:
                lint.say(
                    source, where, f"nothing fills the placeholder {{{name}}}{nearest(name, known.fills)}"
                )


def _kind(lint: Lint, source: Source, at: At, one: dict[str, Any]) -> None:
    values = lint.texts(source, (*at, "values"), one.get("values"))
    kind = one.get("kind", "choice" if values else "text")
    if not lint.one_of(source, (*at, "kind"), kind, KINDS, "a kind of fact"):
        return
    if kind == "choice" and not values:
        lint.say(source, at, "a fact of the kind choice needs 'values'")
    if values and kind not in ("choice", "list"):
        lint.say(source, (*at, "values"), f"a fact of the kind {kind} has no 'values'")
    seen = set()
    for place, value in values:
        if value in seen:
            lint.say(source, place, f"'{value}' is there twice")
        if value == UNKNOWN:
            lint.say(source, place, "'unknown' is no value: a fact that is not known is absent")
        seen.add(value)


def questions(lint: Lint, source: Source, known: Known) -> None:
    """Every question is about a declared fact, and each answer is a value that the fact can have."""
    lint.keys(source, (), source.data, ("questions",))
    for fact, written in lint.mapping(source, ("questions",), source.data.get("questions")).items():
        at = ("questions", fact)
        one = lint.mapping(source, at, written)
        choice = one.get("kind", "choice") == "choice"
        if not choice:
            lint.one_of(source, (*at, "kind"), one["kind"], QUESTION_KINDS, "a kind of question")
        if one.get("kind") == "number" and "options" in one:
            lint.say(source, (*at, "options"), "a question for a number has no options")
        for key in sorted({"least", "most"} & one.keys()):
            if one.get("kind") != "number" or number(one[key], -1.0) < 0:
                lint.say(source, (*at, key), "bounds a question of the kind number, and is a number itself")
        needed = ("ask", "why", "how", *(("options",) if choice else ()))
        lint.keys(source, at, one, needed, ("kind", "default", "options", "least", "most"))
        spec = known.facts.get(fact)
        if spec is None:
            lint.say(source, at, undeclared(fact, known))
        for key in ("ask", "why", "how"):
            if key in one:
                lint.text(source, (*at, key), one[key])
        options = lint.mapping(source, (*at, "options"), one.get("options", {}))
        if "options" in one and not options:
            lint.say(source, (*at, "options"), "a question needs at least one option")
        for value, label in options.items():
            lint.text(source, (*at, "options", value), label)
            if spec is not None and spec.values and value != UNKNOWN and value not in spec.values:
                lint.say(source, (*at, "options", value), wrong_value(spec, value, known))
        if "default" in one and one["default"] != UNKNOWN:
            lint.one_of(source, (*at, "default"), one["default"], options, "one of the options")


def platforms(lint: Lint, source: Source, known: Known) -> None:
    """Providers have an id that `managed` can have, and patterns that compile."""
    lint.keys(source, (), source.data, (), PLATFORM_KEYS)
    managed = known.facts.get("managed")
    for at, written in lint.items(source, ("managed",), source.data.get("managed")):
        one = lint.mapping(source, at, written)
        lint.keys(source, at, one, MANAGED_REQUIRED, MANAGED_KEYS)
        if managed is not None and "id" in one:
            lint.one_of(source, (*at, "id"), one["id"], managed.values, "a value of 'managed'")
        for place, url in lint.texts(source, (*at, "sources"), one.get("sources")):
            https(lint, source, place, url)
        try:
            re.compile(str(one.get("host-pattern", "")))
        except re.error as error:
            lint.say(source, (*at, "host-pattern"), f"is no regular expression: {error}")
    for key in PLATFORM_KEYS[1:]:
        for name, written in lint.mapping(source, (key,), source.data.get(key)).items():
            lint.mapping(source, (key, name), written)


def https(lint: Lint, source: Source, at: At, url: str) -> None:
    """A source is a whole https address."""
    if not re.fullmatch(r"https://[\w.-]+\.[a-z]+(/\S*)?", url):
        lint.say(source, at, f"'{url}' is no https address")


def supply(lint: Lint, sources: list[Source], known: Known) -> None:
    """What probes and questions say that they supply, and what facts.yaml says that they do, is the same."""
    spoken = [
        (source, key)
        for source in sources
        if source.kind == "facts.yaml"
        for key, _ in entries(source, "facts")
    ]
    at = {key: source for source, key in spoken}
    anywhere = next((source for source in sources if source.kind == "facts.yaml"), None)
    for probe, provides in known.probes.items():
        for key in provides:
            if key not in known.facts:
                if anywhere is not None:
                    message = f"the probe '{probe}' reports '{key}', which is not declared{nearest(key, known.facts)}"
                    lint.say(anywhere, ("facts",), message)
            elif probe not in known.facts[key].sources:
                lint.say(at[key], ("facts", key), f"the probe '{probe}' reports this; name it in 'from'")
    for key, spec in known.facts.items():
        for name in spec.sources:
            if name in known.probes and key not in known.probes[name] and name not in known.facts:
                lint.say(at[key], ("facts", key, "from"), f"the probe '{name}' does not report '{key}'")
    for source in sources:
        if source.kind == "questions.yaml":
            for fact, _ in entries(source, "questions"):
                if fact in known.facts and fact not in known.facts[fact].sources:
                    lint.say(
                        at[fact], ("facts", fact), f"the question '{fact}' supplies this; name it in 'from'"
                    )

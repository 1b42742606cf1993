"""The lint of scenario files: stories whose facts, probes, answers and causes exist."""

from __future__ import annotations

from typing import Any

from wizard.content.check_conditions import wrong_value
from wizard.content.known import Known
from wizard.content.problems import At, Lint, Source, nearest
from wizard.core.facts import UNKNOWN
from wizard.core.tree import FINDING

REQUIRED = ("name", "cause")
OPTIONAL = ("story", "facts", "answers", "without", "trail", "candidates", "extends")


def scenarios(lint: Lint, source: Source, known: Known) -> None:
    """Each scenario of one file; its name is its own."""
    lint.keys(source, (), source.data, ("scenarios",))
    seen: set[str] = set()
    written = lint.items(source, ("scenarios",), source.data.get("scenarios"))
    for at, entry in written:
        one = lint.mapping(source, at, entry)
        lint.keys(source, at, one, REQUIRED, OPTIONAL)
        name = str(one.get("name", ""))
        if name in seen:
            lint.say(source, (*at, "name"), f"the scenario '{name}' is there twice")
        if "extends" in one:
            lint.one_of(source, (*at, "extends"), one["extends"], seen, "a scenario further up in this file")
        seen.add(name)
        if "cause" in one:
            lint.one_of(source, (*at, "cause"), one["cause"], known.causes, "in the catalogue")
        for where, cause in lint.texts(source, (*at, "candidates"), one.get("candidates")):
            lint.one_of(source, where, cause, known.causes, "in the catalogue")
        for where, node in lint.texts(source, (*at, "trail"), one.get("trail")):
            if not node.startswith(FINDING):
                lint.one_of(source, where, node, known.nodes, "a node")
        _facts(lint, source, at, one, known)


def _facts(lint: Lint, source: Source, at: At, one: dict[str, Any], known: Known) -> None:
    for probe, facts in lint.mapping(source, (*at, "facts"), one.get("facts")).items():
        where = (*at, "facts", probe)
        if not lint.one_of(source, where, probe, known.probes, "a probe"):
            continue
        for key, value in lint.mapping(source, where, facts).items():
            if key not in known.probes[probe]:
                message = f"the probe '{probe}' does not report '{key}'{nearest(key, known.probes[probe])}"
                lint.say(source, (*where, key), message)
            _value(lint, source, (*where, key), key, value, known)
    for fact, value in lint.mapping(source, (*at, "answers"), one.get("answers")).items():
        where = (*at, "answers", fact)
        if (
            lint.one_of(source, where, fact, known.questions, "a question of questions.yaml")
            and value != UNKNOWN
        ):
            _value(lint, source, where, fact, value, known)


def _value(lint: Lint, source: Source, at: At, key: str, value: Any, known: Known) -> None:
    spec = known.facts.get(key)
    for one in value if isinstance(value, list) else [value]:
        message = wrong_value(spec, str(one), known) if spec is not None else ""
        if message:
            lint.say(source, at, message)

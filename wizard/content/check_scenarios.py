"""The lint of scenario files: stories whose facts, probes, answers and causes exist."""

from __future__ import annotations

from typing import Any

from wizard.content.check_conditions import wrong_value
from wizard.content.known import Known
from wizard.content.problems import At, Lint, Source, nearest
from wizard.core.facts import UNKNOWN
from wizard.core.tree import FINDING

REQUIRED = ("name", "cause")
OPTIONAL = ("story", "facts", "answers", "replies", "without", "trail", "candidates", "extends")


def scenarios(lint: Lint, source: Source, known: Known) -> None:
    """Each scenario of one file; its name is its own."""
    lint.keys(source, (), source.data, ("scenarios",))
    for at, entry in lint.items(source, ("scenarios",), source.data.get("scenarios")):
        one = lint.mapping(source, at, entry)
        lint.keys(source, at, one, REQUIRED, OPTIONAL)
        _name(lint, source, at, one, known)
        if "cause" in one:
            lint.one_of(source, (*at, "cause"), one["cause"], known.causes, "in the catalogue")
        for where, cause in lint.texts(source, (*at, "candidates"), one.get("candidates")):
            lint.one_of(source, where, cause, known.causes, "in the catalogue")
        for where, node in lint.texts(source, (*at, "trail"), one.get("trail")):
            if not node.startswith(FINDING):
                lint.one_of(source, where, node, known.nodes, "a node")
        _facts(lint, source, at, one, known)


def _name(lint: Lint, source: Source, at: At, one: dict[str, Any], known: Known) -> None:
    """The name is its own, and what it extends is a whole story that extends no other."""
    other, number, _ = known.scenarios.get(str(one.get("name", "")), (source, at[-1], ""))
    if (other is not source or number != at[-1]) and other.folder == source.folder:
        lint.say(
            source,
            (*at, "name"),
            f"the scenario '{one.get('name', '')}' is also in {other.place((at[0], number))}",
        )
    for place, probe in lint.texts(source, (*at, "without"), one.get("without")):
        lint.one_of(source, place, probe, known.probes, "a probe")
    if "extends" in one:
        base = one["extends"]
        where = (*at, "extends")
        if lint.one_of(source, where, base, known.scenarios, "a scenario") and known.scenarios[base][2]:
            lint.say(source, where, f"'{base}' itself extends another; extend a scenario that is complete")


def _facts(lint: Lint, source: Source, at: At, one: dict[str, Any], known: Known) -> None:
    for probe, facts in lint.mapping(source, (*at, "facts"), one.get("facts")).items():
        where = (*at, "facts", probe)
        if lint.one_of(source, where, probe, known.probes, "a probe"):
            recorded_facts(lint, source, where, probe, facts, known)
    for key in ("answers", "replies"):
        replies(lint, source, (*at, key), one.get(key), known)


def recorded_facts(lint: Lint, source: Source, at: At, probe: str, written: Any, known: Known) -> None:
    """Each is a fact that the probe reports, with a value that it can have."""
    for key, value in lint.mapping(source, at, written).items():
        if key not in known.probes[probe]:
            message = f"the probe '{probe}' does not report '{key}'{nearest(key, known.probes[probe])}"
            lint.say(source, (*at, key), message)
        _value(lint, source, (*at, key), key, value, known)


def replies(lint: Lint, source: Source, at: At, written: Any, known: Known) -> None:
    """Each is an answer that an existing question takes."""
    for fact, value in lint.mapping(source, at, written).items():
        where = (*at, fact)
        if lint.one_of(source, where, fact, known.questions, "a question of questions.yaml"):
            _value(lint, source, where, fact, value, known)
            refusal = known.questions[fact].refusal(str(value))
            if refusal:
                lint.say(source, where, f"'{value}' is no answer to '{fact}': it is {refusal}")


def _value(lint: Lint, source: Source, at: At, key: str, value: Any, known: Known) -> None:
    spec = known.facts.get(key)
    for one in value if isinstance(value, list) else [value]:
        # A placeholder of a practice scenario stands for a value that is only known once it is served.
        told = one != UNKNOWN and not str(one).startswith("{")
        message = wrong_value(spec, str(one), known) if spec is not None and told else ""
        if message:
            lint.say(source, at, message)

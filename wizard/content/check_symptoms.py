"""The lint of symptoms: what a person can say at the start."""

from __future__ import annotations

from wizard.content.check_conditions import wrong_value
from wizard.content.known import Known
from wizard.content.problems import At, Lint, Source
from wizard.core.tree import SYMPTOM

WORDS = ("ask", "why", "how")


def symptoms(lint: Lint, source: Source, known: Known) -> None:
    """Every symptom answers existing questions with answers that they have, and makes existing causes likely."""
    lint.keys(source, (), source.data, ("symptoms",), WORDS)
    for key in WORDS:
        if key in source.data:
            lint.text(source, (key,), source.data[key])
    spec = known.facts.get(SYMPTOM)
    for key, written in lint.mapping(source, ("symptoms",), source.data.get("symptoms")).items():
        at = ("symptoms", key)
        one = lint.mapping(source, at, written)
        lint.keys(source, at, one, ("words",), ("gives", "likely"))
        if "words" in one:
            lint.text(source, (*at, "words"), one["words"])
        if spec is None or key not in spec.values:
            message = wrong_value(spec, key, known) if spec else f"the fact '{SYMPTOM}' is not declared"
            lint.say(source, at, message)
        if not one.get("gives") and not one.get("likely"):
            lint.say(source, at, "a symptom needs 'gives' or 'likely': else it changes nothing")
        for where, cause in lint.texts(source, (*at, "likely"), one.get("likely")):
            lint.one_of(source, where, cause, known.causes, "in the catalogue")
        _answers(lint, source, (*at, "gives"), one.get("gives"), known)


def _answers(lint: Lint, source: Source, at: At, written: object, known: Known) -> None:
    """Each is an answer that `--answer` would take."""
    for fact, value in lint.mapping(source, at, written).items():
        if lint.one_of(source, (*at, fact), fact, known.questions, "a question of questions.yaml"):
            refusal = known.questions[fact].refusal(str(value))
            if refusal:
                lint.say(source, (*at, fact), f"'{value}' is no answer to '{fact}': it is {refusal}")

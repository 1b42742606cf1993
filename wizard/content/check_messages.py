"""The lint of message rules: each has a source and examples, and each example is classified as its cause."""

from __future__ import annotations

import re
import warnings
from typing import Any

from wizard.content.check_facts import ENGINES
from wizard.content.known import Known
from wizard.content.problems import At, Lint, Source
from wizard.core.classify import Classifier
from wizard.core.lazyre import lazy
from wizard.core.rules import Rule
from wizard.core.wordings import WORDS, expanded
from wizard.numerals import count

REQUIRED = ("id", "cause", "source", "examples")
OPTIONAL = ("pattern", "code", "engine", "driver", "weight", "candidates", "not", "translations")
_NOT_LINEAR = lazy(r"(?<!\\)\(\?(?!:|P<)|\\[1-9]|[*+?}]\+")
"""What RE2 does not know: look-around, back references, flags and atomic or possessive pieces."""
SPEAKERS = (*ENGINES, "pgbouncer", "proxysql", "maxscale", "pgpool", "odyssey", "pgcat", "supavisor")


def rules(lint: Lint, source: Source, known: Known) -> None:
    """The rules of one file, each by itself."""
    lint.keys(source, (), source.data, ("origin", "rules"))
    for at, written in lint.items(source, ("rules",), source.data.get("rules")):
        one = lint.mapping(source, at, written)
        required = tuple(key for key in REQUIRED if key != "examples" or not _makes_examples(one))
        lint.keys(source, at, one, required, (*OPTIONAL, "examples"))
        for key in ("id", "source"):
            if key in one:
                lint.text(source, (*at, key), one[key])
        if "cause" in one:
            lint.one_of(source, (*at, "cause"), one["cause"], known.causes, "in the catalogue")
        for where, cause in lint.texts(source, (*at, "candidates"), one.get("candidates")):
            lint.one_of(source, where, cause, known.causes, "in the catalogue")
        if "engine" in one:
            lint.one_of(source, (*at, "engine"), one["engine"], SPEAKERS, "an engine or a pooler")
        lint.texts(source, (*at, "examples"), one.get("examples"))
        lint.texts(source, (*at, "not"), one.get("not"))
        if "examples" in one and not one["examples"]:
            lint.say(source, (*at, "examples"), "a rule needs at least one example")
        if "translations" in one:
            _translations(lint, source, (*at, "translations"), one)
        _match(lint, source, at, one)


def _makes_examples(one: dict[str, Any]) -> bool:
    """Whether the wordings of a rule are its examples: not where its pattern asks for more than they say."""
    return "translations" in one and "pattern" not in one


def _translations(lint: Lint, source: Source, at: At, one: dict[str, Any]) -> None:
    """Each language has a wording or a list of them, and a pattern of the rule's own has a place for them."""
    for language, written in lint.mapping(source, at, one["translations"]).items():
        if isinstance(written, list):
            lint.texts(source, (*at, language), written)
        else:
            lint.text(source, (*at, language), written)
    if WORDS not in str(one.get("pattern", WORDS)):
        lint.say(source, at, f"the rule's pattern has no {WORDS}, so they go nowhere")


def _match(lint: Lint, source: Source, at: At, one: dict[str, Any]) -> None:
    if not {"pattern", "code", "translations"} & set(one):
        lint.say(source, at, "needs a 'pattern' or a 'code'")
    try:
        pattern = str(expanded(one)["pattern"] if "translations" in one else one.get("pattern", ""))
    except AttributeError:
        return
    try:
        _compile(pattern)
    except re.error as error:
        lint.say(source, (*at, "pattern"), f"is no regular expression: {error}")
    beyond = _NOT_LINEAR.search(pattern)
    if beyond is not None:
        lint.say(
            source, (*at, "pattern"), f"'{beyond.group()}' is not in RE2: patterns are found in linear time"
        )
    weight = str(one.get("weight", "50"))
    if (number := count(weight, 3)) is None or number > 100:
        lint.say(source, (*at, "weight"), f"'{weight}' is no number from 0 to 100")


def _compile(pattern: str) -> None:
    """Raises re.error, also for what a later Python will read otherwise."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        try:
            re.compile(pattern)
        except FutureWarning as warning:
            raise re.error(str(warning)) from warning


def whole(lint: Lint, sources: list[Source]) -> None:
    """Ids are unique, and every example of every rule wins against all the other rules."""
    found: list[tuple[Source, At, Rule]] = []
    first: dict[str, str] = {}
    for source in sources:
        written = source.data.get("rules") if source.kind == "messages" else None
        for number, one in enumerate(written if isinstance(written, list) else ()):
            at: At = ("rules", str(number))
            rule = _usable(one)
            if rule is None:
                continue
            if rule.id in first:
                lint.say(source, (*at, "id"), f"the id '{rule.id}' is already in {first[rule.id]}")
            first.setdefault(rule.id, str(source.place((*at, "id"))))
            found.append((source, at, rule))
    classifier = Classifier(rule for _, _, rule in found)
    for source, at, rule in found:
        _examples(lint, source, at, rule, classifier)


def _usable(written: Any) -> Rule | None:
    """The rule, or None for one that is so wrong that the check of its own file has said it."""
    try:
        rule = Rule.from_mapping(written, "")
        _compile(rule.pattern)
    except (KeyError, ValueError, TypeError, AttributeError, re.error):
        return None
    return rule


def _examples(lint: Lint, source: Source, at: At, rule: Rule, classifier: Classifier) -> None:
    code = None if rule.pattern else rule.code
    for number, example in enumerate(rule.examples):
        match = classifier.classify(example, code=code)
        if match is None or match.cause != rule.cause:
            # A text that two engines share is told apart by whoever knows the engine.
            match = classifier.classify(example, code=rule.code, engine=rule.engine)
        if match is None or match.cause != rule.cause:
            seen = "nothing" if match is None else f"'{match.cause}' (by {match.rule_id})"
            message = f"this example is classified as {seen}, not as '{rule.cause}'"
            lint.say(source, (*at, "examples", str(number)), message)
        if rule.pattern and not classifier.files(rule, example):
            message = "the pattern finds this example, the index of words does not: a word beside a gap is not whole"
            lint.say(source, (*at, "examples", str(number)), message)
    for number, text in enumerate(rule.lookalikes):
        match = classifier.classify(text, code=code)
        if match is not None and match.rule_id == rule.id:
            lint.say(source, (*at, "not", str(number)), "this look-alike is taken for the cause of the rule")

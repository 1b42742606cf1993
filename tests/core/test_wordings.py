"""Messages in other languages: each wording of the catalogues, as it is said and as it arrives."""

from __future__ import annotations

import re

import pytest

from tests.core.test_classify import cause_of, classifier
from wizard.content.load import builtin_folder, read_rules
from wizard.core.classify import Classifier
from wizard.core.compact import Lines
from wizard.core.rules import Rule
from wizard.core.wordings import expanded, filled, pattern_of
from wizard.core.words import needed_words, words_of

RULES = [
    one for one in read_rules([builtin_folder() / "messages" / "languages.yaml"]) if one.origin == "languages"
]
DAMAGES = {
    "question marks": lambda text: re.sub("[^ -~\n]", "?", text),
    "replacement characters": lambda text: text.encode("cp1252", "replace").decode("utf-8", "replace"),
    "utf-8 read as windows' letters": lambda text: text.encode().decode("cp1252", "replace"),
    "windows' letters in a dos window": lambda text: text.encode("cp1252", "replace").decode("cp850"),
}
LATIN = re.compile(r"[\x00-\u024f\u2010-\u201f]+")


def test_no_rule_is_tried_on_every_text() -> None:
    assert Lines(Classifier(RULES).compiled())[0] == str(len(RULES)).encode()


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_became_of_accented_letters_does_not_matter(damage: str) -> None:
    known = classifier()
    missed = []
    examples = [(rule, one) for rule in RULES for one in rule.examples if LATIN.fullmatch(one)]
    for rule, example in examples:
        match = known.classify(DAMAGES[damage](example))
        if match is None or match.cause != rule.cause:
            missed.append((rule.id, example, match and match.rule_id))
    assert len(missed) <= len(examples) * 0.01, missed


def test_values_are_captured_whatever_the_quotation_marks_became() -> None:
    for text in (
        "FATAL:  Passwort-Authentifizierung für Benutzer »app« fehlgeschlagen",
        "FATAL:  Passwort-Authentifizierung f?r Benutzer ?app? fehlgeschlagen",
        'ВАЖНО:  пользователь "app" не прошёл проверку подлинности (по паролю)',
        'FATAL:  ユーザー"app"のパスワード認証に失敗しました',
        '致命错误:  用户 "app" Password 认证失败',
    ):
        match = classifier().classify(text)
        assert match is not None
        assert (match.cause, match.captures["user"]) == ("auth.password-wrong", "app")


def test_a_script_without_blanks_is_filed_under_pairs_of_its_letters() -> None:
    needed = needed_words(pattern_of('ユーザー"{user}"のパスワード認証に失敗しました', 0))
    assert len(needed) == 1
    assert needed[0] <= words_of('FATAL:  ユーザ"app"のパスワード認証に失敗しました')
    assert not needed[0] & words_of("FATAL: password authentication failed for user app")


def test_a_field_in_another_language_belongs_to_the_error_before_it() -> None:
    assert cause_of(
        'ВАЖНО:  роль "app" не прошла проверку\nПОДРОБНОСТИ:  Пользователь "app" не имеет пароля.'
    ) == ("auth.password-unset")


def test_a_rule_with_wordings_becomes_an_ordinary_one() -> None:
    translations = {"de": "Rolle »{user}« fehlt", "fr": ["a", "b"]}
    written = {"id": "x", "cause": "auth.role-unknown", "translations": translations}
    rule = Rule.from_mapping(written)
    assert rule.examples == ("Rolle »app« fehlt", "a", "b")
    assert re.search(rule.pattern, 'Rolle "app" fehlt')
    around = Rule.from_mapping({**written, "pattern": "port: {words}", "examples": ["port: a"]})
    assert around.pattern.startswith("port: (?:")
    assert around.examples == ("port: a",)
    assert expanded({**written, "translations": {"de": "{ein|zwei} Wort"}})["pattern"] == "(?:ein|zwei) Wort"
    assert filled("{host}, {}, {ein|zwei}") == "db.example.com, 4242, ein"

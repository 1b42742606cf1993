"""What a reader sees of a cause page: the fixes that apply, and commands in which every value is only a value."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.content.load import open_content
from wizard.core.conditions import parse
from wizard.core.facts import Fact, Facts, Value
from wizard.core.page import Filler, render
from wizard.core.phrases import describe
from wizard.core.quoting import MASK, sql_identifier, sql_literal, unseen_removed

CONTENT = open_content()
PRINTABLE = st.text(
    st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), min_size=1, max_size=40
).filter(lambda value: value != "unknown" and MASK not in value)
ANYTHING = st.text(max_size=40).filter(lambda value: unseen_removed(value) != "unknown" and MASK not in value)
"""What was masked is no value that a command could use."""
HOSTILE = 'a\'; touch owned; "$(id)" `id` \\ # -- \n\x1b]0;x\x07 | > & ü'


def facts(**known: Value) -> Facts:
    return Facts().having(Fact(key.replace("__", "."), value, "probe") for key, value in known.items())


def filler(**known: Value) -> Filler:
    return Filler(facts(**known), {})


def fixes(page: dict, **known: Value) -> list[str]:
    return [fix.title for fix in render("x", page, facts(**known), {}).fixes]


# --- quoting


@settings(max_examples=200, deadline=None)
@given(PRINTABLE)
def test_a_shell_word_gives_the_value_back(value: str) -> None:
    text = filler(target__host=value).command("psql -h {host} --host={host} {host}:{host} -W", "sh")
    assert shlex.split(text) == ["psql", "-h", value, f"--host={value}", f"{value}:{value}", "-W"]


@settings(max_examples=200, deadline=None)
@given(ANYTHING)
def test_a_shell_command_stays_one_line_of_the_same_words(value: str) -> None:
    text = filler(target__host=value).command("psql -h {host} -W", "sh")
    words = shlex.split(text)
    assert words == ["psql", "-h", unseen_removed(value) or "{host}", "-W"]
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in text)


@settings(max_examples=200, deadline=None)
@given(PRINTABLE)
def test_inside_shell_quotes_only_harmless_values_are_filled_in(value: str) -> None:
    template = "sh -c 'psql -U {user}' \"{user}\" <<EOF\n{user}\nEOF"
    text = filler(target__user=value).command(template, "sh")
    harmless = all(char.isalnum() or char in "_.,:/@%+=-" for char in value)
    assert text == template.replace("{user}", value if harmless else "{user}")


def test_a_quote_in_a_shell_comment_opens_nothing() -> None:
    text = filler(user="a b").command("# the server's socket\npsql -U {user}", "sh")
    assert text == "# the server's socket\npsql -U 'a b'"


def unquoted_postgresql(text: str) -> str:
    mark, inner = text[0], text[1:-1]
    assert text[-1] == mark
    assert inner.replace(mark * 2, "").count(mark) == 0
    return inner.replace(mark * 2, mark)


def unquoted_mysql(text: str) -> str:
    mark, inner = text[0], text[1:-1]
    assert text[-1] == mark
    out, at = "", 0
    while at < len(inner):
        if inner[at] == "\\" and mark == "'":
            at += 1
        elif inner[at] == mark:
            assert inner[at + 1] == mark
            at += 1
        out += inner[at]
        at += 1
    return out


@settings(max_examples=200, deadline=None)
@given(PRINTABLE)
def test_sql_gives_the_value_back(value: str) -> None:
    assert unquoted_postgresql(sql_identifier(value, "postgresql")) == value
    assert unquoted_postgresql(sql_literal(value, "postgresql")) == value
    assert unquoted_mysql(sql_identifier(value, "mariadb")) == value
    assert unquoted_mysql(sql_literal(value, "mysql")) == value


@pytest.mark.parametrize(
    ("where", "engine", "expected"),
    [
        ("psql", "postgresql", """ALTER ROLE "o'b\\" RENAME; SELECT 'o''b\\';"""),
        ("mysql", "mariadb", """ALTER ROLE `o'b\\` RENAME; SELECT 'o''b\\\\';"""),
        ("psql", "mysql", """ALTER ROLE "o'b\\" RENAME; SELECT 'o''b\\';"""),
    ],
)
def test_sql_is_quoted_for_the_client_in_which_it_is_typed(where: str, engine: str, expected: str) -> None:
    made = filler(user="o'b\\", engine=engine).command(
        "ALTER ROLE {user:id} RENAME; SELECT {user:lit};", "sql", where
    )
    assert made == expected


def test_plain_sql_placeholders_take_numbers_only() -> None:
    text = "SELECT pg_terminate_backend({pid});"
    assert filler(pid=4711).command(text, "sql", "psql") == "SELECT pg_terminate_backend(4711);"
    assert filler(pid="1); DROP").command(text, "sql", "psql") == "SELECT pg_terminate_backend('1); DROP');"


@pytest.mark.parametrize("value", ["a\nall all 0.0.0.0/0 trust", "a b", 'a"b', "a#b", "a\x00b", "$(id)"])
@pytest.mark.parametrize("language", ["conf", "yaml", "python"])
def test_configuration_takes_no_value_that_could_become_syntax(value: str, language: str) -> None:
    assert filler(user=value).command("local all {user} peer", language) == "local all {user} peer"


def test_configuration_takes_ordinary_values() -> None:
    text = filler(host="fd00::1", port=5432).command("{host}:{port}:*:app", "conf")
    assert text == "fd00::1:5432:*:app"


def test_doubled_braces_are_braces_and_other_braces_stay() -> None:
    text = "docker ps --format '{{{{.Names}}}}' ${{HOME}} {HOST} {.spec} {{host}}"
    assert (
        filler(host="x").command(text, "sh")
        == "docker ps --format '{{.Names}}' ${HOME} {HOST} {.spec} {host}"
    )


def test_a_missing_fact_leaves_its_placeholder() -> None:
    made = Filler(facts(user="unknown", dns__addresses=("none",)), {"address": ("dns.addresses",)})
    assert made.command("psql -h {host} -U {user} {address}", "sh") == "psql -h {host} -U {user} {address}"
    assert made.sentence("{user} at {host}") == "{user} at {host}"


def test_the_first_known_fact_fills_and_a_command_takes_one_of_a_list() -> None:
    made = Filler(
        facts(dns__addresses=("10.0.0.1", "10.0.0.2")), {"address": ("network.address", "dns.addresses")}
    )
    assert made.command("ping {address}", "sh") == "ping 10.0.0.1"
    assert made.sentence("It is {address}.") == "It is 10.0.0.1, 10.0.0.2."


def test_sentences_are_cleaned_and_bounded() -> None:
    made = filler(host="a\x1b[31m\r\n\u202eb", error="x" * 5000)
    assert made.sentence("Host {host}") == "Host a[31m b"
    assert len(made.sentence("{error}")) == 600


# --- which fixes, in which order


PAGE = {
    "fixes": [
        {"title": "unsure", "when": {"managed": "none"}},
        {"title": "never", "when": {"runtime": "host"}},
        {"title": "sure", "when": {"runtime": "docker"}},
        {"title": "always"},
    ]
}


def test_true_fixes_come_before_unknown_ones_and_false_ones_are_gone() -> None:
    assert fixes(PAGE, runtime="docker") == ["sure", "always", "unsure"]
    assert fixes(PAGE) == ["always", "unsure", "never", "sure"]


def test_a_fix_tells_its_condition_and_whether_it_holds() -> None:
    found = {fix.title: fix for fix in render("x", PAGE, facts(runtime="docker"), {}).fixes}
    assert (found["sure"].when, found["sure"].sure) == ("runtime: docker", True)
    assert (found["unsure"].when, found["unsure"].sure) == ("no provider manages the database", False)


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({"runtime": "docker", "managed": "none"}, "no provider manages the database"),
        (
            {"any": [{"runtime": "host"}, {"managed": "none"}], "runtime": "docker"},
            "(no provider manages the database)",
        ),
        ({"a": "b", "managed": "none"}, "a: b, no provider manages the database"),
    ],
)
def test_of_a_condition_only_what_is_not_known_yet_is_said(when: dict, words: str) -> None:
    (fix,) = render("x", {"fixes": [{"title": "one", "when": when}]}, facts(runtime="docker"), {}).fixes
    assert (fix.when, fix.sure) == (words, False)


COMMANDS = {
    "fixes": [
        {
            "title": "one",
            "commands": [
                {"language": "sh", "where": "app-host", "engine": "mysql", "text": "my"},
                {"language": "sh", "where": "app-host", "engine": ["mysql", "mariadb"], "text": "both"},
                {"language": "sh", "where": "app-host", "when": {"runtime": "docker"}, "text": "docker"},
            ],
        },
        {
            "title": "two",
            "commands": [{"language": "sh", "where": "app-host", "engine": "mysql", "text": "my"}],
        },
    ]
}


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"engine": "mysql"}, {"one": ["my", "both", "docker"], "two": ["my"]}),
        ({"engine": "mariadb"}, {"one": ["both", "docker"]}),
        ({"engine": "unknown"}, {"one": ["my", "both", "docker"], "two": ["my"]}),
        ({}, {"one": ["my", "both", "docker"], "two": ["my"]}),
        ({"engine": "postgresql", "runtime": "docker"}, {"one": ["docker"]}),
        ({"engine": "postgresql", "runtime": "host"}, {}),
    ],
)
def test_commands_of_other_engines_and_places_are_gone(known: dict[str, str], expected: dict) -> None:
    found = render("x", COMMANDS, facts(**known), {})
    assert {fix.title: [one.text for one in fix.commands] for fix in found.fixes} == expected


def test_a_command_that_may_not_apply_says_when() -> None:
    found = render("x", COMMANDS, facts(engine="mariadb"), {})
    assert [one.when for one in found.fixes[0].commands] == ["", "runtime: docker"]


def test_why_here_is_what_holds_and_the_evidence() -> None:
    page = {
        "here": [
            {"when": {"runtime": "docker"}, "text": "A container at {host}."},
            {"when": {"runtime": "host"}, "text": "No."},
            {"when": {"managed": "none"}, "text": "Unknown."},
        ]
    }
    found = render("x", page, facts(runtime="docker", host="db"), {}, evidence="FATAL:  no\n  way")
    assert found.why_here == "A container at db. Seen: FATAL: no way"


def test_the_first_sentences_that_hold_are_told_and_each_ends() -> None:
    page = {"here": [{"text": f"It is {{host}} {number}"} for number in range(8)]}
    found = render("x", page, facts(host="db"), {})
    assert found.why_here == "It is db 0. It is db 1. It is db 2. It is db 3. It is db 4."


def test_what_a_sentence_has_told_is_not_quoted_again() -> None:
    page = {"here": [{"text": "Who waits for whom: {tree}."}]}
    found = render("x", page, facts(tree=("7 holds", "`- 8, waits")), {}, evidence="7 holds\n`- 8, waits")
    assert found.why_here == "Who waits for whom: 7 holds; `- 8, waits."


def test_a_cause_without_a_page_has_the_line_of_the_catalogue() -> None:
    found = render("a.b", {}, facts(), {}, "nothing listens on {host}")
    assert (found.title, found.fixes, found.meaning) == ("nothing listens on {host}", (), "")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({}, ""),
        ({"managed": "none"}, "no provider manages the database"),
        ({"host.os-family": ["debian", "rhel"]}, "system: debian or rhel"),
        (
            {"server.version-major": ">=14", "managed": "!none"},
            "server version: >= 14, a provider manages the database",
        ),
        ({"not": {"a": "b"}}, "not (a: b)"),
        ({"any": [{"a": "b"}, {"c.d": "e"}]}, "a: b; or c d: e"),
    ],
)
def test_conditions_in_words(written: dict, words: str) -> None:
    assert describe(parse(written)) == words


# --- the content that ships


@pytest.mark.parametrize("engine", ["postgresql", "mysql", "mariadb", "unknown"])
def test_every_page_that_ships_renders(engine: str) -> None:
    for cause, line in CONTENT.catalogue.items():
        found = render(
            cause, CONTENT.page(cause), facts(engine=engine, target__host="db"), CONTENT.tree.fills, line
        )
        assert found.title
        assert "\n" not in found.title + found.meaning + found.why_here


def test_hostile_values_add_no_word_to_any_command_that_ships() -> None:
    harmless = {key: "x" for keys in CONTENT.tree.fills.values() for key in keys}
    for cause in CONTENT.catalogue:
        good = render(cause, CONTENT.page(cause), facts(**harmless), CONTENT.tree.fills)
        evil = render(
            cause, CONTENT.page(cause), facts(**dict.fromkeys(harmless, HOSTILE)), CONTENT.tree.fills
        )
        pairs = [
            (one, other)
            for fix, same in zip(good.fixes, evil.fixes, strict=True)
            for one, other in zip(fix.commands, same.commands, strict=True)
            if one.language == "sh" and "<<" not in one.text
        ]
        for one, other in pairs:
            assert len(shlex.split(one.text, comments=True)) == len(shlex.split(other.text, comments=True)), (
                other.text
            )


# --- hand over


def test_a_message_to_hand_over_says_to_whom_and_when() -> None:
    page = {"hand-over": {"to": "the DBA of {host}", "when": "it lasts", "text": "{host} is down."}}
    made = render("x", page, facts(target__host="db"), {})
    assert (made.hand_over_to, made.hand_over_when) == ("the DBA of db", "it lasts")
    assert made.hand_over == "db is down."


def test_a_message_to_hand_over_may_be_a_plain_text() -> None:
    made = render("x", {"hand-over": "{host} is down."}, facts(target__host="db"), {})
    assert (made.hand_over_to, made.hand_over_when, made.hand_over) == ("", "", "db is down.")


def test_a_message_leaves_out_what_is_not_known() -> None:
    page = {"hand-over": "{host} is down[ (asked from {client})][: {error}]."}
    assert render("x", page, facts(target__host="db", error="x"), {}).hand_over == "db is down: x."
    assert render("x", page, facts(), {}).hand_over == "{host} is down (asked from {client}): {error}."


def test_a_fix_says_whether_it_lasts() -> None:
    page = {"fixes": [{"title": "a", "kind": "stop-gap"}, {"title": "b"}]}
    assert [fix.kind for fix in render("x", page, facts(), {}).fixes] == ["stop-gap", ""]


# --- lists


def test_a_list_of_numbers_stands_in_sql_as_it_is() -> None:
    made = Filler(facts(a__pids=("12", "4711")), {"pids": ("a.pids",)})
    assert made.command("WHERE pid IN ({pids})", "sql", "psql") == "WHERE pid IN (12, 4711)"


def test_a_list_with_anything_else_in_it_does_not() -> None:
    made = Filler(facts(a__pids=("12", "1) OR (1=1")), {"pids": ("a.pids",)})
    assert made.command("WHERE pid IN ({pids})", "sql", "psql") == "WHERE pid IN (12)"
    turned = Filler(facts(a__pids=("1) OR (1=1", "12")), {"pids": ("a.pids",)})
    assert turned.command("WHERE pid IN ({pids})", "sql", "psql") == "WHERE pid IN ('1) OR (1=1')"


def test_lines_with_commas_of_their_own_are_told_apart() -> None:
    made = Filler(facts(a__lines=("2 of app, idle", "1 of jobs, active"), b__names=("web", "jobs")), {})
    assert made.sentence("{a.lines}.") == "2 of app, idle; 1 of jobs, active."
    assert made.sentence("{b.names}.") == "web, jobs."

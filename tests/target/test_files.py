"""Password files, option files and .env files as their own readers understand them."""

from pathlib import Path

import pytest

from wizard.target.envfile import read_env
from wizard.target.optionfile import client_settings, read_options
from wizard.target.parse import parse_target


def pgpass(home: Path, text: str, mode: int = 0o600) -> None:
    (home / ".pgpass").write_text(text)
    (home / ".pgpass").chmod(mode)


def parse(text: str, home: Path, **environ: str):
    return parse_target(text, environ=environ, home=home)


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("h:5432:d:u:pw", "pw"),
        ("*:*:*:*:pw", "pw"),
        ("h:*:*:u:a:b", "a:b"),
        (r"h:5432:d:u:a\:b\\c", "a:b\\c"),
        ("# h:5432:d:u:no\nh:5432:d:u:yes", "yes"),
        ("x:5432:d:u:no\nh:5432:d:u:first\nh:5432:d:u:second", "first"),
    ],
)
def test_pgpass_matching(tmp_path, line, secret):
    pgpass(tmp_path, line + "\n")
    target = parse("postgresql://u@h/d", tmp_path)
    assert target.password.reveal() == secret
    assert target.password_source.startswith("~/.pgpass:")
    assert target.problems == ()


def test_socket_is_looked_up_as_localhost(tmp_path):
    pgpass(tmp_path, "localhost:5432:d:u:pw\n")
    assert parse("postgresql:///d?user=u", tmp_path).password.reveal() == "pw"


def test_exposed_pgpass_is_ignored_and_said(tmp_path):
    pgpass(tmp_path, "*:*:*:*:topsecret\n", 0o644)
    target = parse("postgresql://u@h/d", tmp_path)
    assert target.password is None
    assert [each.kind for each in target.problems] == ["passfile-ignored"]
    assert "chmod 600" in target.problems[0].detail
    assert parse("postgresql://u:p@h/d", tmp_path).problems == ()


def test_pgpass_without_a_matching_line(tmp_path):
    pgpass(tmp_path, "other:5432:d:u:topsecret\n")
    assert [each.kind for each in parse("postgresql://u@h/d", tmp_path).problems] == ["passfile-ignored"]
    assert parse("postgresql://u@h/d", tmp_path, PGPASSWORD="x").problems == ()


def test_pgpassfile_names_another_file(tmp_path):
    other = tmp_path / "pass"
    other.write_text("*:*:*:*:pw\n")
    other.chmod(0o600)
    assert parse("postgresql://u@h/d", tmp_path, PGPASSFILE=str(other)).password.reveal() == "pw"


def test_option_file_groups_includes_and_escapes(tmp_path):
    (tmp_path / "more.cnf").write_text("[client]\nport=3310\n")
    (tmp_path / ".my.cnf").write_text(
        "[mysqld]\nuser=server\n[client]\nuser=one\nuser='two'\npassword=\"a\\\\b\\sc\"\nssl_ca=/ca.pem # c\n"
        "!include more.cnf\n!include .my.cnf\n"
    )
    lines = {key: line.value for key, line in client_settings((tmp_path / ".my.cnf",), tmp_path).items()}
    assert lines == {"user": "two", "password": "a\\b c", "ssl-ca": "/ca.pem", "port": "3310"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ab#cd", "ab"),
        ("ab #cd", "ab"),
        ("#foo", ""),
        ('"ab#cd"', "ab#cd"),
        ("'ab #cd' # c", "ab #cd"),
        ("a'b#c", "a'b#c"),
        ("a'b#c'd#e", "a'b#c'd"),
        (r"a\#b", "a\\"),
        ('"a"b', '"a"b'),
        (r"'it\'s'", "it's"),
        (r'"a\"b#c"', 'a"b#c'),
        (r'"a\\"#b', "a\\"),
    ],
)
def test_option_file_comments_are_cut_where_the_clients_cut_them(tmp_path, written, read):
    """The values on the right are what `my_print_defaults` of MariaDB 10.11 prints."""
    (tmp_path / ".my.cnf").write_text(f"[client]\npassword={written}\n")
    (line,) = read_options(tmp_path / ".my.cnf", tmp_path)
    assert (line.key, line.value) == ("password", read)


def test_option_file_gives_the_missing_password(tmp_path):
    (tmp_path / ".my.cnf").write_text("[client]\nuser=u\npassword=pw\n")
    target = parse("mysql://u@h/d", tmp_path)
    assert (target.password.reveal(), target.password_source) == ("pw", "~/.my.cnf [client]")
    assert parse("mysql://somebody@h/d", tmp_path).password is None
    assert parse("mysql://u@h/d", tmp_path, MYSQL_PWD="env").password_source == "MYSQL_PWD"


def test_option_file_that_is_none(tmp_path):
    assert list(read_options(tmp_path, tmp_path)) == []


def test_env_file_syntax():
    text = (
        "A=1\nexport B = two # c\nC='single $X ${A}'\nD=\"line1\nline2\\n3\"\nE=a#b\nF=\n# G=1\nH=`back`\n"
        'I=${A}-${B}\nJ=${NO:-dflt}\nK=${NO}\nnot a line\nL="open\nA=last\n'
    )
    lines = read_env(text, {})
    values = {key: line.value for key, line in lines.items()}
    assert values == {
        "A": "last",
        "B": "two",
        "C": "single $X ${A}",
        "D": "line1\nline2\n3",
        "E": "a#b",
        "F": "",
        "H": "back",
        "I": "1-two",
        "J": "dflt",
        "K": "${NO}",
        "L": '"open',
    }
    assert (lines["D"].line, lines["E"].line, lines["I"].line) == (4, 6, 10)

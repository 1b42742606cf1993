"""What the tests against the server of this machine cannot show: newer versions, names of hosts, hostile files."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from wizard.probes.hba import Client, Rule, Token, Verdict, from_view, judge
from wizard.probes.hbafile import LARGEST, MOST_RULES, read_rules

CLIENT = Client("app", "shop", "10.0.3.4", False, frozenset({"app", "staff"}), None, 16)


def verdict(folder: Path, text: str, client: Client = CLIENT) -> Verdict:
    file = folder / "pg_hba.conf"
    file.write_text(text)
    return judge(read_rules(file, client.version), client)


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ("host /^sh all all trust", "matched"),
        ("host /op$ all all trust", "matched"),
        ("host /^x all all trust", "no-match"),
        ("host all /^a.p$ all trust", "matched"),
        ("host all /(a*)*b all trust", "unsure"),
        ("host all /[[:alpha:]]+ all trust", "unsure"),
        ("host all all .example.com trust", "unsure"),
        ("host other all .example.com trust", "no-match"),
        ("host all all samenet trust", "unsure"),
        ("host all all ::ffff:10.0.3.4/128 trust", "no-match"),
        ("hostgssenc all all all trust", "no-match"),
    ],
)
def test_what_version_16_knows_and_what_nobody_can_tell_from_here(
    tmp_path: Path, line: str, outcome: str
) -> None:
    assert verdict(tmp_path, line + "\n").outcome == outcome


def test_before_version_16_a_slash_is_a_slash(tmp_path: Path) -> None:
    assert verdict(tmp_path, "host /^sh all all trust\n", CLIENT._replace(version=15)).outcome == "no-match"


def test_without_a_version_a_slash_is_left_open(tmp_path: Path) -> None:
    assert verdict(tmp_path, "host /^sh all all trust\n", CLIENT._replace(version=0)).outcome == "unsure"


def test_without_memberships_a_group_is_left_open(tmp_path: Path) -> None:
    text = "host all +staff all trust\n"
    assert verdict(tmp_path, text).outcome == "matched"
    assert verdict(tmp_path, text, CLIENT._replace(groups=None)).outcome == "unsure"


def test_replication_needs_its_own_word(tmp_path: Path) -> None:
    sender = CLIENT._replace(replication=True)
    assert verdict(tmp_path, "host all all all trust\n", sender).outcome == "no-match"
    assert verdict(tmp_path, "host replication all all trust\n", sender).outcome == "matched"


def test_included_files_are_read_in_their_place(tmp_path: Path) -> None:
    (tmp_path / "more.d").mkdir()
    (tmp_path / "more.d" / "b.conf").write_text("host shop app all md5\n")
    (tmp_path / "more.d" / "a.conf").write_text("host other all all trust\n")
    (tmp_path / "more.d" / ".hidden.conf").write_text("host all all all reject\n")
    (tmp_path / "more.d" / "readme").write_text("nonsense\n")
    found = verdict(tmp_path, "include_if_exists nothing.conf\ninclude_dir more.d\nhost all all all reject\n")
    assert found.rule is not None
    assert found.rule.place == f"{tmp_path}/more.d/b.conf:1"


@pytest.mark.parametrize(
    "line", ["include nothing.conf", "include pg_hba.conf", "include_dir nowhere", "include"]
)
def test_an_include_that_leads_nowhere_is_an_error(tmp_path: Path, line: str) -> None:
    assert verdict(tmp_path, line + "\n").outcome == "file-error"


def test_before_version_16_include_is_no_word(tmp_path: Path) -> None:
    assert verdict(tmp_path, "include x\n", CLIENT._replace(version=15)).outcome == "file-error"


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\xff\xfe" * 1000,
        b'"' * 10_000,
        b"host " * 50_000,
        b"host all all 10.0.0.0/99999999999999 trust\n",
        b"@" * 1000 + b"\n",
        b"host @pg_hba.conf all all trust\n" * 50,
        b"\\\n" * 100_000,
        b"host all all all trust\n" * 100_000,
    ],
)
def test_a_hostile_file_is_bounded(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "pg_hba.conf"
    file.write_bytes(data)
    begun = time.monotonic()
    rules = read_rules(file, 16)
    judge(rules, CLIENT)
    assert len(rules) <= MOST_RULES
    assert time.monotonic() - begun < 5


def test_a_file_that_never_ends_is_cut(tmp_path: Path) -> None:
    file = tmp_path / "pg_hba.conf"
    file.write_bytes(b"# " + b"x" * LARGEST + b"\nhost all all all trust\n")
    assert read_rules(file, 16) == []


def test_a_row_of_the_view_says_where_it_stands() -> None:
    row = {
        "file_name": "/etc/hba.d/a.conf",
        "line_number": 7,
        "type": "host",
        "database": ["shop"],
        "user_name": ["app", "+staff"],
        "address": "10.0.0.0",
        "netmask": "255.0.0.0",
        "auth_method": "md5",
    }
    rule = from_view(row, "pg_hba.conf")
    assert rule.place == "/etc/hba.d/a.conf:7"
    assert rule.text == "host shop app,+staff 10.0.0.0/8 md5"
    assert judge([rule], CLIENT) == Verdict("matched", rule)
    assert from_view({"line_number": 3, "error": "bad"}, "x").place == "x:3"


def test_a_quoted_word_means_itself() -> None:
    rule = Rule("x:1", "host", (Token("all", True),), (Token("all"),), "all", "", "trust")
    assert judge([rule], CLIENT).outcome == "no-match"
    assert rule.text == 'host "all" all all trust'

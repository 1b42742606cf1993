"""The configuration of every page, loaded by the program that it is for."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.content.test_page_text import every
from tests.live.conftest import Servers
from tests.support.certs import Authority
from tests.support.mariadb import OS_USER
from tests.support.mysql import programs, server_program
from tests.support.netlab import Lab
from tests.support.page_kinds import COMMENT, kind_of
from tests.support.pages import Snippet, snippets
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import PostgresServer
from tests.support.processes import as_user, give, new_folder

ALLOWED: tuple[tuple[str, str, str], ...] = (
    ("auth.method-unsupported", "mysql_native_password", "MySQL 8.4 knows it, MySQL 9 does not"),
)
"""Page, words and reason of what the newest server may refuse."""


NEWER = re.compile(r"^max_prepared_statements.*\n", re.MULTILINE)
"""What PgBouncer knows since 1.21; Debian 12 has an older one."""


def of_kind(kind: str) -> pytest.MarkDecorator:
    """Run the test once a snippet of this kind, as parameter `one`."""
    found = [one for one in every("conf") if kind_of(one.text, one.where) == kind]
    assert found, f"no page has a snippet of the kind {kind}"
    return pytest.mark.parametrize("one", found, ids=[one.name for one in found])


def body(one: Snippet) -> str:
    return "".join(f"{line}\n" for line in one.text.splitlines() if not COMMENT.match(line))


@pytest.fixture(scope="module")
def postgres(servers: Servers, authority: Authority) -> PostgresServer:
    pair = authority.issue("server", "db.lab.test")
    files = {"server.crt": pair.cert, "server.key": pair.key, "root.crt": authority.root}
    return servers.postgres(files=files, settings={"ssl": "on", "ssl_ca_file": "root.crt"})


@of_kind("pg-hba")
def test_pg_hba(postgres: PostgresServer, one: Snippet) -> None:
    postgres.write_hba(one.text.splitlines())
    errors = postgres.sql("SELECT error FROM pg_hba_file_rules WHERE error IS NOT NULL")
    assert errors == [], one.text
    mine = postgres.sql("SELECT type FROM pg_hba_file_rules WHERE 'app' = ANY (user_name)")
    assert len(mine) == len(body(one).splitlines()), one.text


@of_kind("pg-ident")
def test_pg_ident(postgres: PostgresServer, one: Snippet) -> None:
    (postgres.data / "pg_ident.conf").write_text(one.text + "\n")
    lines = postgres.sql("SELECT pg_username, error FROM pg_ident_file_mappings")
    assert lines == [("app", None)], one.text


@of_kind("postgresql")
def test_postgresql_conf(postgres: PostgresServer, one: Snippet) -> None:
    """Each line is a setting of this server with a value that it takes; a change may need a restart."""
    file = postgres.data / "page.conf"
    file.write_text(one.text + "\n")
    give(file, "postgres")
    main = postgres.data / "postgresql.conf"
    if "include 'page.conf'" not in main.read_text():
        main.write_text(f"{main.read_text()}\ninclude 'page.conf'\n")
    lines = postgres.sql("SELECT name, error FROM pg_file_settings WHERE sourcefile LIKE '%/page.conf'")
    assert len(lines) == len(body(one).splitlines()), one.text
    wrong = [line for line in lines if line[1] not in (None, "setting could not be applied")]
    assert wrong == [], one.text


@of_kind("conninfo")
def test_connection_settings(one: Snippet) -> None:
    assert psycopg.conninfo.conninfo_to_dict(" ".join(body(one).split())), one.text


@of_kind("pg-service")
def test_service_file(tmp_path: Path, lab: Lab, one: Snippet) -> None:
    """libpq reads the file and fails only at the host, which is an example."""
    file = tmp_path / "service.conf"
    file.write_text(one.text + "\n")
    environment = {**os.environ, "PGSERVICEFILE": str(file)}
    argv = lab.client.command(["psql", "-X", "-w", "service=shop"])
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert 'could not translate host name "db.internal"' in done.stderr, done.stderr


@of_kind("pgbouncer")
def test_pgbouncer_ini(postgres: PostgresServer, authority: Authority, one: Snippet) -> None:
    """PgBouncer starts with it, which it does not with a name or value that it does not know."""
    pooler = PgBouncer(postgres, port=16_432)
    pair = authority.issue("pooler", "db.lab.test")
    for name, source in (("server.crt", pair.cert), ("server.key", pair.key)):
        (pooler.folder / name).write_bytes(source.read_bytes())
        give(pooler.folder / name, "postgres")
    text = body(one).replace("/etc/pgbouncer/", f"{pooler.folder}/").replace("userlist.txt", "users.txt")
    if NEWER.search(text):
        assert "1.21" in one.text, (
            f"older versions do not start with it, and the page does not say so\n{one.text}"
        )
        text = NEWER.sub("", text)
    both = configparser.ConfigParser(interpolation=None, strict=False, delimiters=("=",))
    both.optionxform = str  # type: ignore[assignment,method-assign]
    file = pooler.folder / "pgbouncer.ini"
    both.read_string(file.read_text())
    both.read_string(text if text.startswith("[") else f"[pgbouncer]\n{text}")
    both["pgbouncer"]["listen_addr"] = "127.0.0.1"
    with file.open("w") as output:
        both.write(output)
    pooler.start()
    pooler.stop()
    assert pooler.service is not None
    assert not re.search(r"\b(?:ERROR|WARNING|FATAL)\b", pooler.service.text()), (
        f"{one.text}\n{pooler.service.text()}"
    )


def clients_and_servers(kind: str) -> pytest.MarkDecorator:
    """Run the test once an engine and snippet of this kind."""
    cases = [
        (engine, one)
        for engine, version in (("mariadb", "10.11"), ("mysql", "9.7"))
        for one in snippets({}, engine, version, "conf")
        if kind_of(one.text, one.where) == kind
    ]
    return pytest.mark.parametrize(
        ("engine", "one"), cases, ids=[f"{name}-{one.name}" for name, one in cases]
    )


def option_file(one: Snippet) -> Path:
    folder = new_folder("page", OS_USER)
    file = folder / "page.cnf"
    file.write_text(one.text + "\n")
    give(file, OS_USER)
    return file


def complaint(argv: list[str]) -> str:
    """What a program says that ends by itself; empty when it ends well."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    return done.stderr if done.returncode else ""


@clients_and_servers("mysqld")
def test_option_file_of_a_server(engine: str, one: Snippet) -> None:
    defaults = f"--defaults-file={option_file(one)}"
    if engine == "mariadb":
        argv = ["mariadbd", defaults, "--verbose", "--help"]
    else:
        argv = [*server_program(defaults), "--validate-config"]
    told = complaint([*as_user(OS_USER), *argv])
    reasons = [reason for name, words, reason in ALLOWED if name == one.cause and words in told]
    assert not told or reasons, f"{one.text}\n{told}"


@clients_and_servers("mysql-client")
def test_option_file_of_a_client(engine: str, one: Snippet) -> None:
    """A client that takes every line goes on to connect, which fails with a number of the client's own."""
    group = ["--defaults-group-suffix=_shop"] if "[client_shop]" in one.text else []
    program = ["mariadb"] if engine == "mariadb" else programs().argv("mysql")
    nowhere = ["--protocol=socket", "--socket=/nowhere/mysqld.sock"]
    told = complaint([*program, f"--defaults-file={option_file(one)}", *group, *nowhere])
    assert re.search(r"ERROR 20\d\d", told), f"{one.text}\n{told}"
    assert "unknown variable" not in told, f"{one.text}\n{told}"

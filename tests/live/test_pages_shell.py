"""The shell commands of every page: the programs that they name, their options, and what only reads is run.

The commands that read are typed in the laboratory, on the client machine, with the facts of servers that run there.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.live.conftest import Servers
from tests.support.certs import Authority
from tests.support.mariadb import MariadbServer
from tests.support.mysql import MysqlServer, programs
from tests.support.netlab import CLIENT, SERVER, Lab
from tests.support.pages import Snippet, snippets
from tests.support.postgres import PASSWORD
from tests.support.postgres import programs as postgres_programs
from tests.support.processes import new_folder
from wizard.core.facts import Value

HOST = "db.lab.test"
SERVERS = {"postgresql": "15", "mariadb": "10.11", "mysql": "9.7"}
PORTS = {"postgresql": 5432, "mariadb": 3306, "mysql": 3307}
_ELSEWHERE = """
alembic apt-get aws ausearch az rails brew certbot chronyc cloud-sql-proxy curl dig dnf docker
docker-php-ext-install dockerd doctl dscacheutil envsubst findmnt firewall-cmd flyway fuser gcloud getenforce heroku
iptables java journalctl kinit klist kubectl kvno ldapwhoami liquibase lsof lvextend make-ssl-cert migrate
mysql_config_editor nmcli npm npx nscd php ping pm2 podman postgresql-16-setup postgresql-setup proxysql python
rc-service rc-update resolvectl restorecon route service setsebool socat ssh sudoedit systemctl systemd-tmpfiles
tcpdump timedatectl traceroute ufw update-crypto-policies usermod wg wg-quick
"""
ELSEWHERE = frozenset(_ELSEWHERE.split())
"""Programs that readers have, and not every machine that runs the tests."""
FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
BEFORE = frozenset({"sudo", "exec", "then", "do", "else", "if", "until", "while", "!", "time", "{", "elif"})
SEPARATORS = frozenset({"|", "||", "&&", ";", ";;", "\n", "(", ")", "&", "|&"})


def every(engine: str, facts: dict[str, Value] | None = None) -> list[Snippet]:
    values: dict[str, Value] = {
        "target.host": HOST,
        "target.port": PORTS[engine],
        "target.user": "app",
        "target.database": "shop",
        "network.client-address": CLIENT,
        "network.address": SERVER,
        "other-port.port": str(PORTS[engine]),
        **(facts or {}),
    }
    return snippets(values, engine, SERVERS[engine], "sh")


def tokens(text: str) -> list[str]:
    """The words and marks of a command; a comment and the text of a here-document are no words."""
    text = re.sub(r"\\\n", " ", text)
    text = re.sub(r"<<-?'?(\w+)'?([^\n]*)\n.*?\n\s*\1\b", r"\2", text, flags=re.DOTALL)
    text = re.sub(r"(?m)(?:^|(?<=\s))#\s.*$", "", text)
    lexer = shlex.shlex(text.replace("\n", " ; "), posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    lexer.commenters = ""
    return list(lexer)


def commands(text: str) -> Iterator[list[str]]:
    """The simple commands of a text: program and arguments, without assignments and redirections."""
    words: list[str] = []
    for token in [*tokens(text), ";"]:
        if token in SEPARATORS:
            if words:
                yield from plain(words)
            words = []
        else:
            words.append(token)


def plain(words: list[str]) -> Iterator[list[str]]:
    """One command without what stands before its program: sudo, env, timeout, assignments."""
    while words:
        first = words[0]
        if first in BEFORE or re.match(r"\w+=", first) or first.startswith("-"):
            takes = first in ("-u", "-g", "-p") and len(words) > 1
            words = words[2:] if takes else words[1:]
        elif first in ("env", "timeout", "nsenter", "xargs", "nohup") and len(words) > 1:
            words = (
                [word for word in words[1:] if not re.match(r"-|\d+s?$|\w+=", word)]
                if first != "env"
                else words[1:]
            )
        else:
            yield words
            return


@cache
def bashs_own() -> frozenset[str]:
    """The words and commands that bash itself knows."""
    return frozenset(
        subprocess.run(
            ["bash", "-c", "compgen -bk"], capture_output=True, text=True, check=True
        ).stdout.split()
    )


def is_here(program: str) -> bool:
    """Whether this machine has it; PostgreSQL's own programs wherever its version is."""
    return bool(shutil.which(program, path=FOLDERS)) or (postgres_programs() / Path(program).name).exists()


def named() -> dict[str, Snippet]:
    """Each program that a page names, with a page that does so."""
    found: dict[str, Snippet] = {}
    for engine in SERVERS:
        for one in every(engine):
            for command in commands(one.text):
                found.setdefault(command[0], one)
    return found


def test_every_program_is_known() -> None:
    unknown = {
        program: one.name
        for program, one in named().items()
        if Path(program).name not in ELSEWHERE | bashs_own() | {"dbwizard"} and not is_here(program)
    }
    assert unknown == {}


def client(engine: str, program: str) -> list[str]:
    """A client of one engine: both have a `mysql`, and MariaDB's is not MySQL's."""
    if engine == "mysql" and program in ("mysql", "mysqladmin"):
        return programs().argv(program)
    return [program]


HELPFUL = frozenset(
    {"psql", "pg_isready", "mysql", "mysqladmin", "mariadb", "mariadb-admin", "mysqlcheck", "mysqldump", "ss"}
    | {"getent", "systemctl", "journalctl", "prlimit", "dmesg", "ls", "head", "tail", "grep", "df"}
)
"""Programs that name all their options in their help."""


@cache
def help_of(engine: str, program: str, *words: str) -> str:
    done = subprocess.run(
        [*client(engine, program), *words],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout + done.stderr


def unknown_options(engine: str, command: list[str]) -> list[str]:
    """The long options of a command that its program does not name in its help."""
    program, *rest = command
    if program == "openssl" and len(rest) > 1:
        known = help_of(engine, program, rest[0], "-help") + "\n -sha256  a digest"
        options = [word for word in rest[1:] if re.match(r"-[a-z]", word)]
        return [word for word in options if not re.search(rf"(?m)^ *{word}\b", known)]
    if program not in HELPFUL or not is_here(program):
        return []
    known = help_of(engine, program, "--help")
    options = [word.partition("=")[0] for word in rest if re.match(r"--[a-z]", word)]
    return [option for option in options if option.replace("--skip-", "--") not in known]


@pytest.mark.parametrize("engine", SERVERS)
def test_every_option_is_known(engine: str) -> None:
    found = [
        (one.name, command, wrong)
        for one in every(engine)
        for command in commands(one.text)
        if (wrong := unknown_options(engine, command))
    ]
    assert found == []


HBA = ("local all all trust", "host all,replication all 0.0.0.0/0 scram-sha-256")
READERS = frozenset(
    {"psql", "pg_isready", "getent", "openssl", "ss", "nc", "mysql", "mysqladmin", "mariadb", "mariadb-admin"}
)
FILTERS = frozenset(
    {"grep", "cut", "sort", "uniq", "head", "tail", "wc", "awk", "env", "echo", "sed", "base64"}
)


class Lively:
    """The servers of the three engines on one machine, and the files that their pages name."""

    def __init__(self, servers: Servers, lab: Lab, authority: Authority) -> None:
        self.lab = lab
        self.folder = new_folder("typed")
        pair = authority.issue("server", HOST, names=(HOST, SERVER, "localhost", "127.0.0.1"))
        self.client = authority.issue("client", "app")
        self.root = authority.root
        files = {"server.crt": pair.cert, "server.key": pair.key, "root.crt": authority.root}
        self.postgres = servers.postgres(files=files, settings={"ssl": "on", "max_wal_senders": "4"}, hba=HBA)
        self.postgres.sql("ALTER ROLE app REPLICATION")
        for make in (MariadbServer, MysqlServer):
            engine = "mysql" if make is MysqlServer else "mariadb"
            server = make(namespace=lab.server, port=PORTS[engine], files=files)
            for option, name in (("cert", "server.crt"), ("key", "server.key"), ("ca", "root.crt")):
                server.options.append(f"--ssl-{option}={server.folder}/{name}")
            servers.stack.callback(server.stop)
            server.start()
        shutil.copy(self.root, self.folder / "ca.pem")
        self.tools = self.folder / "bin"
        self.tools.mkdir()
        for program in ("mysql", "mysqladmin"):
            tool = self.tools / program
            tool.write_text(f'#!/bin/sh\nexec {shlex.join(programs().argv(program))} "$@"\n')
            tool.chmod(0o755)

    def facts(self) -> dict[str, Value]:
        """What a walk would know of the files."""
        return {
            "tls.root": str(self.root),
            "tls.cert": str(self.client.cert),
            "tls.key": str(self.client.key),
            "database.nearest": "shop",
            "pooler.nearest-database": "shop",
        }

    def typed(self, engine: str, text: str) -> subprocess.CompletedProcess[str]:
        """One command of a page on the client machine; passwords come from the environment instead of a prompt."""
        text = re.sub(r"(?<=\s)-(?:p(?!\s+\d)|W)(?=\s|$)", "", text)
        path = f"{self.tools}:{FOLDERS}" if engine == "mysql" else FOLDERS
        secrets = {"PGPASSWORD": PASSWORD, "MYSQL_PWD": PASSWORD}
        return subprocess.run(
            self.lab.client.command(["bash", "-c", text]),
            env={"PATH": path, "HOME": str(self.folder), "LANG": "C.UTF-8", **secrets},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            start_new_session=True,
        )


@pytest.fixture(scope="module")
def lively(servers: Servers, lab: Lab, authority: Authority) -> Lively:
    return Lively(servers, lab, authority)


FOREIGN: dict[str, set[str]] = {
    "postgresql": {"mysql", "mysqladmin", "mariadb", "mariadb-admin"},
    "mariadb": {"psql", "pg_isready"},
    "mysql": {"psql", "pg_isready", "mariadb", "mariadb-admin"},
}


def reads_only(text: str, engine: str) -> bool:
    """Whether a command only reads, and from the server of the facts."""
    found = {command[0] for command in commands(text)}
    reads = bool(READERS & found) and found <= READERS | FILTERS and not found & FOREIGN[engine]
    return reads and HOST in text and not re.search(r"\bsudo\b|< *[\w.]+\.sql|-out\b", text)


# Words of a command, what it says, and why it cannot end well here.
EXPECTED: tuple[tuple[str, str, str], ...] = (
    ("ahostsv6", "", "the laboratory has no IPv6"),
    ("nc -6", "", "the laboratory has no IPv6"),
    ("ENDPOINT-ID", "", "stands for what the reader knows"),
    ("PROJECT-REF", "", "stands for what the reader knows"),
    (" PORT", "", "stands for what the reader knows"),
    (" -p 5433 ", "Connection refused", "the port that the reader found"),
    ("PGSSLROOTCERT=system", "certificate", "libpq before 16, and an authority that no system trusts"),
    (" -d pgbouncer ", "does not exist", "the server of the facts is no PgBouncer"),
    (" -d pgbouncer ", "authentication failed", "the server of the facts is no PgBouncer"),
    ("openssl s_client -alpn ", "unexpected eof", "the server of the facts wants to be asked for TLS"),
    ("openssl s_client -connect ", "wrong version number", "the server of the facts greets before TLS"),
    (" -U postgres pgbouncer", "authentication failed", "the server of the facts is no PgBouncer"),
    ("env -u PGPASSWORD", "no password supplied", "asks for the password, and nobody is there"),
)


@pytest.mark.parametrize("engine", SERVERS)
def test_what_reads_works(lively: Lively, engine: str) -> None:
    texts = dict.fromkeys(one.text for one in every(engine, lively.facts()) if reads_only(one.text, engine))
    assert len(texts) > 5
    failed = []
    for text in texts:
        done = lively.typed(engine, text)
        told = done.stdout + done.stderr
        if done.returncode and not any(words in text and said in told for words, said, _ in EXPECTED):
            failed.append(f"{text}\nexit {done.returncode}\n{told[-600:]}")
    assert failed == [], "\n\n".join(failed)

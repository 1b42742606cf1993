"""Every way in which a password is given, and servers that may repeat it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tests.hostile.peers import GREETING
from tests.probes.peers import after_startup
from tests.support.leaks import encoded
from tests.support.sockets import Behaviour, say
from wizard.wire import mysql, postgres_server

OTHER = "Q9zunlike-anything"
"""A password that nothing resembles: what the others are compared with."""


@dataclass
class Given:
    """How a run is started: its words, its environment, what it reads and what lies in its folders."""

    argv: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: str = ""
    home: Mapping[str, str] = field(default_factory=dict)
    cwd: Mapping[str, str] = field(default_factory=dict)


def escaped(password: str) -> str:
    """As it is written in a URL."""
    return quote(password, safe="")


def quoted(password: str, marks: str = "\\'") -> str:
    """With a backslash before each of the marks."""
    return "".join(f"\\{one}" if one in marks else one for one in password)


PG = {"PGHOST": "127.0.0.1", "PGUSER": "app", "PGDATABASE": "shop", "PGSSLMODE": "disable"}
DB = {"DB_CONNECTION": "pgsql", "DB_HOST": "127.0.0.1", "DB_USER": "app", "DB_NAME": "shop"}
COMPOSE = """
services:
  web: {{image: web, environment: {{DATABASE_URL: {url}}}}}
  db: {{image: "postgres:15", ports: ["{port}:5432"], environment: {{POSTGRES_PASSWORD: {password}}}}}
"""

REFUSED = 'connection to server at "127.0.0.1", port {} failed: Connection refused'


def url(password: str, port: int, scheme: str = "postgresql") -> str:
    tail = "?sslmode=disable" if scheme.startswith("postgres") else ""
    return f"{scheme}://app:{escaped(password)}@127.0.0.1:{port}/shop{tail}"


def in_file(name: str, password: str, port: int, place: Path) -> Given:
    (place / "secret").write_text(password)
    return Given(env={**DB, "DB_PORT": str(port), f"{name}_FILE": str(place / "secret")})


WAYS: dict[str, Callable[[str, int, Path], Given]] = {
    "url": lambda pw, port, _: Given((url(pw, port),)),
    "sqlalchemy": lambda pw, port, _: Given((url(pw, port, "postgresql+psycopg"),)),
    "dsn": lambda pw, port, _: Given(
        (f"host=127.0.0.1 port={port} user=app password='{quoted(pw)}' dbname=shop",)
    ),
    "jdbc": lambda pw, port, _: Given(
        (f"jdbc:postgresql://127.0.0.1:{port}/shop?user=app&password={escaped(pw)}",)
    ),
    "go": lambda pw, port, _: Given((f"app:{pw}@tcp(127.0.0.1:{port})/shop",)),
    "mysql": lambda pw, port, _: Given((url(pw, port, "mysql"),)),
    "ado.net": lambda pw, port, _: Given(
        (
            'Host=127.0.0.1;Port={};Username=app;Database=shop;Password="{}"'.format(
                port, pw.replace('"', '""')
            ),
        )
    ),
    "DATABASE_URL": lambda pw, port, _: Given(env={"DATABASE_URL": url(pw, port)}),
    "PGPASSWORD": lambda pw, port, _: Given(env={**PG, "PGPORT": str(port), "PGPASSWORD": pw}),
    "MYSQL_PWD": lambda pw, port, _: Given((f"mysql://app@127.0.0.1:{port}/shop",), {"MYSQL_PWD": pw}),
    "DB_PASSWORD": lambda pw, port, _: Given(env={**DB, "DB_PORT": str(port), "DB_PASSWORD": pw}),
    "DB_PASSWORD_FILE": lambda pw, port, place: in_file("DB_PASSWORD", pw, port, place),
    ".env": lambda pw, port, _: Given(cwd={".env": f"DATABASE_URL={url(pw, port)}\n"}),
    ".env quoted": lambda pw, port, _: Given(
        env={**DB, "DB_PORT": str(port)},
        cwd={".env": f'DB_PASSWORD="{quoted(pw, chr(92) + chr(34))}"\nDB_HOST=127.0.0.1\n'},
    ),
    ".pgpass": lambda pw, port, _: Given(
        (f"postgresql://app@127.0.0.1:{port}/shop?sslmode=disable",),
        home={".pgpass": f"127.0.0.1:{port}:shop:app:{quoted(pw, ':' + chr(92))}\n*:1:x:y:{OTHER}-9\n"},
    ),
    "service": lambda pw, port, _: Given(
        ("service=shop",),
        home={
            ".pg_service.conf": f"[shop]\nhost=127.0.0.1\nport={port}\nuser=app\nsslmode=disable\npassword={pw}\n"
        },
    ),
    ".my.cnf": lambda pw, port, _: Given(
        (f"mysql://app@127.0.0.1:{port}/shop",),
        home={".my.cnf": f'[client]\npassword="{quoted(pw, chr(92) + chr(34))}"\n'},
    ),
    "compose": lambda pw, port, _: Given(
        cwd={
            "compose.yaml": COMPOSE.format(
                port=port, url=json.dumps(url(pw, port)), password=json.dumps(pw.replace("$", "$$"))
            )
        }
    ),
    "stdin": lambda pw, port, _: Given(
        (f"postgresql://app@127.0.0.1:{port}/shop?sslmode=disable", "--password-stdin"), stdin=f"{pw}\n"
    ),
    "admin": lambda pw, port, _: Given(
        (
            url(OTHER, port),
            "--admin",
            f"postgresql://keeper:{escaped(pw)}@127.0.0.1:{port}/postgres?sslmode=disable",
        )
    ),
    "two sources": lambda pw, port, _: Given(
        env={"DATABASE_URL": url(f"{pw}-newer", port)}, cwd={".env": f"DATABASE_URL={url(pw, port)}\n"}
    ),
    "error": lambda pw, port, place: Given(
        (url(OTHER, port), "--error", str(place / "cwd" / "app.log")),
        cwd={"app.log": f"{REFUSED.format(port)}\n\t{url(pw, port)}\n"},
    ),
    "answer": lambda pw, port, _: Given(
        (url(OTHER, port), "--answer", f"app.text=cannot connect to {url(pw, port)}: timeout")
    ),
}
"""Every way in which a password is given: (password, port, folder) to how a run is started."""
WAYS_OF_MYSQL = ("go", "mysql", "MYSQL_PWD", ".my.cnf")
ONE_LINE = (
    "stdin",
    ".pgpass",
    "service",
    ".my.cnf",
    "error",
    "answer",
    "go",
    ".env quoted",
    "DB_PASSWORD_FILE",
)


def carried(way: str, password: str) -> bool:
    """Whether the form can hold that password at all."""
    if way in ONE_LINE and (password != password.strip() or len(password.splitlines()) != 1):
        return False
    if way == ".env quoted" and "${" in password:
        return False  # a reference, which every loader fills
    return not (way in ("go", "service") and password.startswith(("/", "'", '"', "#")))


def echo(password: str) -> Behaviour:
    """A PostgreSQL server that repeats the password in every form, as far as its message goes."""
    said = " | ".join(sorted(encoded(password)))
    return after_startup(
        postgres_server.error(
            {"S": "FATAL", "C": "28P01", "M": f"no: {said}", "D": said, "H": said[::2] + said}
        )
    )


def mysql_echo(password: str) -> Behaviour:
    """A MySQL server that does the same."""
    said = " | ".join(sorted(encoded(password)))
    return say(GREETING, mysql.packet(mysql.error(1045, f"no: {said}", "28000"), 2))


def cut(password: str) -> Behaviour:
    """A server whose message is too long to be shown whole: what is left of it ends within the password."""
    fill = "x" * (590 - len(password))
    return after_startup(
        postgres_server.error({"S": "FATAL", "C": "28P01", "M": f"{fill} {password} {password}"})
    )


def refuse(password: str) -> Behaviour:
    """A server that says what servers say."""
    del password
    words = 'password authentication failed for user "app"'
    return after_startup(postgres_server.error({"S": "FATAL", "C": "28P01", "M": words}))


def no_such_database(password: str) -> Behaviour:
    """Another usual message."""
    del password
    return after_startup(
        postgres_server.error({"S": "FATAL", "C": "3D000", "M": 'database "shop" does not exist'})
    )


def gone(password: str) -> Behaviour:
    """A server that hangs up without a word."""
    del password
    return after_startup()

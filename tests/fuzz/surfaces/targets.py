"""Connection texts in every form, environments, and the files in which connections are looked for.

An input is several files: `text` is a connection text, `env` an environment, `engine` what was said of the engine;
the others lie in the working directory, those below `home/` in the home directory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tests.fuzz.surface import CANARY, Leak, Surface
from tests.fuzz.surfaces.files import laid, packed, parts, scratch
from wizard.redact import Redactor, harmless
from wizard.report import target_summary
from wizard.target.discover import discover
from wizard.target.model import Target
from wizard.target.parse import parse_target
from wizard.target.readings import readings, secrets_of
from wizard.target.tokens import read_token

TEXTS = (
    *("postgresql://app:PASSWORD@db.example:5432/shop?sslmode=require", "postgres://app:PASSWORD@[::1]/shop"),
    *(
        "mysql://app:PASSWORD@db.example/shop",
        "mysql+pymysql://app:PASSWORD@db/shop?ssl_ca=/x.pem&charset=utf8mb4",
    ),
    *("mariadb://app@db.example", "postgresql+psycopg://app:PASSWORD@/shop?host=/run/postgresql"),
    *("host=db.example dbname=shop user=app password='PASSWORD' sslmode=verify-full", "service=shop"),
    *(
        "jdbc:postgresql://db.example:5432/shop?user=app&password=PASSWORD&ssl=true",
        "jdbc:mysql://a,b:3307/shop?useSSL=true",
    ),
    *(
        "jdbc:mysql://address=(host=a)(port=1)(user=app)(password=PASSWORD)/shop",
        "r2dbc:postgresql://app:PASSWORD@db/shop",
    ),
    *(
        "app:PASSWORD@tcp(db.example:3306)/shop?tls=skip-verify&timeout=5s",
        "app:PASSWORD@unix(/run/x.sock)/shop",
    ),
    *(
        "Server=db.example;Port=3306;Database=shop;Uid=app;Pwd=PASSWORD;",
        "db.example:5432",
        "a,b:5433,c",
        "/run/postgresql",
    ),
    *(
        "postgresql://a:1,b:2,c/shop?target_session_attrs=read-write&hostaddr=192.0.2.1,192.0.2.2",
        "[::1]:5432",
    ),
    *(
        "DATABASE_URL='postgresql://app:PASSWORD@db/shop'",
        "postgresql://${USER}:${PASS}@$HOST/{{ name }}",
        "postgres:\\\\x",
    ),
    *(
        "postgresql://app:PASSWORD%40x%zz@db.example/shop#frag",
        "postgresql:///shop?user=app&password=PASSWORD&port=x",
    ),
    *(
        "prisma+postgres://x/?api_key=PASSWORD",
        "mysql2://app:PASSWORD@db/shop",
        "psql postgresql://app:PASSWORD@db/shop",
    ),
)
ENVIRONMENTS = (
    "DATABASE_URL=postgresql://app:PASSWORD@db.example/shop\nPGPASSWORD=PASSWORD\nPGHOST=db.example",
    "PGHOST=db.example\nPGUSER=app\nPGSERVICE=shop\nPGSSLMODE=require\nPGOPTIONS=-c x=y",
    "MYSQL_HOST=db.example\nMYSQL_PWD=PASSWORD\nMYSQL_DATABASE=shop\nMYSQL_TCP_PORT=3306",
    "DB_HOST=db\nDB_PORT=5432\nDB_USER=app\nDB_PASSWORD=PASSWORD\nDB_NAME=shop\nDB_CONNECTION=pgsql",
    "SPRING_DATASOURCE_URL=jdbc:postgresql://db/shop\nSPRING_DATASOURCE_PASSWORD=PASSWORD",
    "POSTGRES_PASSWORD_FILE=home/.pgpass\nPOSTGRES_HOST=db",
)
FOLDER = {
    ".env": "# x\nexport DATABASE_URL=\"postgresql://app:PASSWORD@db:5432/shop\"\nDB_HOST=${PGHOST:-db}\n",
    ".env.local": "PGPASSWORD='PASSWORD'\nMULTI=\"a\nb\"\n",
    "compose.yaml": "services:\n  db:\n    image: postgres:16\n    environment: {POSTGRES_PASSWORD: PASSWORD, "
    "POSTGRES_USER: app}\n"
    '    ports: ["5433:5432", {target: 5432, published: 5434}]\n    env_file: [.env]\n  web:\n    environment:\n'
    "      - DATABASE_URL=postgresql://app:PASSWORD@db/shop\n",
    "home/.pgpass": "db.example:5432:*:app:PASSWORD\n*:*:*:*:PASS\\:WORD\n# x\n",
    "home/.pg_service.conf": "[shop]\nhost=db.example\nuser=app\npassword=PASSWORD\n",
    "home/.my.cnf": "[client]\nuser=app\npassword=\"PASSWORD\"\nhost=db.example\n!include .env\n"
    "[mysql]\nssl-mode=REQUIRED\n",
}  # fmt: skip


LAUGHS = (
    "a0: &a0 x\n"
    + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 9))
    + ("services: {db: {image: *a8, environment: {POSTGRES_USER: *a8}, ports: *a8}}\n")
)


def seeds() -> list[bytes]:
    """Every form by itself, every environment, and all files together."""
    found = [{"text": text} for text in TEXTS]
    found += [{"text": text, "engine": engine} for text in TEXTS[-8:] for engine in ("mysql", "postgresql")]
    found += [{"env": one} for one in ENVIRONMENTS]
    found += [{"compose.yaml": f"services:\n  db: {{image: {'[' * 40_000}"}, {"compose.yaml": LAUGHS}]
    found += [FOLDER, {"env": ENVIRONMENTS[1], **FOLDER}, *({name: text} for name, text in FOLDER.items())]
    return [packed({key: text.replace("PASSWORD", CANARY) for key, text in one.items()}) for one in found]


def run(data: bytes) -> Iterator[str]:
    """Read the text by itself, then look for connections in everything else."""
    files = parts(data)
    environ = _environment(files.pop("env", b""))
    text = files.pop("text", b"").removesuffix(b"\n").decode("utf-8", "surrogateescape")
    engine = files.pop("engine", b"").decode("ascii", "replace").strip()
    with scratch() as name:
        cwd, home = Path(name), Path(name, "home")
        for file, content in files.items():
            laid(cwd, file, content)
        # What is laid as a file of the home directory is read where the text leaves something open.
        stated = parse_target(text, engine=engine or None, environ=environ, home=home)
        once = data.count(CANARY.encode()) == 1
        for target in (stated, *(found := discover(environ, cwd, home)).targets):
            yield from _told(target, once)
        yield from (harmless(one.replace(name, ""), 0) for one in found.looked)
        for problem in found.problems:
            yield from (harmless(problem.detail, 0), harmless(problem.source, 0))
    read_token(text)


def _environment(data: bytes) -> dict[str, str]:
    lines = (
        line.decode("utf-8", "surrogateescape").partition("=")
        for line in data.replace(b"\0", b"").split(b"\n")
    )
    return {key: value for key, sign, value in lines if sign}


def _told(target: Target, once: bool) -> Iterator[str]:
    """What is shown of a target; where its password was given `once`, nothing else of it may hold that."""
    secrets = secrets_of(target)
    gate = Redactor(secrets)
    told = json.dumps(gate.data(target_summary(target)), ensure_ascii=False)
    known = once and any(CANARY in secret.reveal() for secret in secrets)
    details = [problem.detail for problem in target.problems]
    if known and CANARY in f"{told} {target.settings} {details}":
        raise Leak(f"the password stands in {told}, {target.settings} or {details}")
    assert isinstance(readings(target), tuple)
    yield from (harmless(detail, 0) for detail in details)


SURFACE = Surface(
    "targets",
    seeds,
    run,
    (
        *(
            b"://",
            b"@",
            b":",
            b"/",
            b"?",
            b"&",
            b"=",
            b"%",
            b"%00",
            b"%zz",
            b"[",
            b"]",
            b"[::1]",
            b",",
            b";",
            b"'",
            b'"',
            b"\\",
            b"${",
            b"}",
        ),
        *(
            b"\n--- text\n",
            b"\n--- env\n",
            b"\n--- .env\n",
            b"\n--- compose.yaml\n",
            b"\n--- home/.my.cnf\n",
            b"postgresql://",
            b"mysql://",
        ),
        *(
            b"jdbc:",
            b"@tcp(",
            b"99999",
            b"0",
            b"-1",
            b"sslmode=",
            b"password=",
            b"service=",
            b"host=",
            b"hostaddr=",
            b"&a *a",
            b"<<: *a",
            b"$(",
            b"$$",
        ),
        *(
            b"\nPGHOST=",
            b"\nDATABASE_URL=",
            b"!includedir .\n",
            b"!include .my.cnf\n",
            b"\xef\xbb\xbf",
            CANARY.encode(),
        ),
    ),
    growth=200,
    leaks=False,
)

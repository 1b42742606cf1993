"""Every place of a password at once, each with a password of its own: none may come out anywhere.

Searched are both streams, the report, every file that a run leaves in its home and project, and the command line and
environment of every program that it starts.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.live.conftest import Servers
from tests.support.cli import ROOT, Cli, Result, encodings, url
from tests.support.netlab import Lab
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import DATABASE, PASSWORD, PostgresServer
from tests.support.processes import wait_until

PLACES = (
    "target",
    "process",
    "file",
    "compose",
    "shell",
    "administrator",
    "pooler",
    "entry",
    "passfile",
    "service",
    "directory",
)
SECRETS = {place: f"{place}/own:s3cret@{number}%x y" for number, place in enumerate(PLACES)}
SPY = """
import sys
def hook(event, words):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn"):
        open({log!r}, "a").write(repr(words) + chr(10))
sys.addaudithook(hook)
"""
"""Notes what is started, in the program itself: Python runs it as `sitecustomize`."""
COMPOSE = """
services:
  db:
    image: postgres:15
    ports: ["5432:5432"]
    environment: {POSTGRES_USER: app, POSTGRES_DB: shop, POSTGRES_PASSWORD: "%s"}
"""
DIRECTORY = (
    'host shop clerk all ldap ldapserver=127.0.0.1 ldapbasedn="dc=x" ldapbinddn="cn=y"'
    f' "ldapbindpasswd={SECRETS["directory"]}"'
)
"""A line of pg_hba.conf whose options hold a password."""
Check = Callable[..., Result]


@pytest.fixture(scope="module", autouse=True)
def postgres(servers: Servers) -> PostgresServer:
    server = servers.postgres(hba=(DIRECTORY, "host all all all scram-sha-256"))
    server.sql(
        f"CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '{SECRETS['administrator']}'", "CREATE ROLE clerk LOGIN"
    )
    return server


@pytest.fixture(scope="module")
def pooler(servers: Servers, postgres: PostgresServer) -> PgBouncer:
    entry = f"host={postgres.sockets} dbname={DATABASE} user=app password='{SECRETS['entry']}'"
    return servers.pgbouncer(postgres, databases={"other": entry}, users={"someone": SECRETS["pooler"]})


def no_secret(place: str, text: str) -> None:
    """None of the passwords in this text, in any encoding."""
    for name, secret in {**SECRETS, "right": PASSWORD}.items():
        for form in encodings(secret):
            assert form not in text, f"the password of {name} leaks as {form!r}: {place}"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """What was started, a line a program."""
    return tmp_path / "started"


@pytest.fixture
def check(local: Cli, tmp_path: Path, log: Path) -> Check:
    """A check on the server's own machine whose traces are searched."""
    spy = tmp_path / "spy"
    spy.mkdir()
    (spy / "sitecustomize.py").write_text(SPY.format(log=str(log)))

    def run(*arguments: str, env: Mapping[str, str]) -> Result:
        given = (local.home / ".pgpass", local.home / ".pg_service.conf", *local.cwd.iterdir())
        result = local.check(*arguments, env={**env, "PYTHONPATH": f"{spy}:{ROOT}"})
        no_secret("the streams", result.stdout + result.stderr)
        no_secret("what was started", log.read_text() if log.exists() else "")
        for path in (*local.home.rglob("*"), *local.cwd.rglob("*")):
            if path.is_file() and path not in given:
                no_secret(str(path), path.read_bytes().decode("utf-8", "replace"))
        return result

    return run


@pytest.fixture
def application(lab: Lab, local: Cli) -> Iterator[Callable[[Mapping[str, str]], int]]:
    """Start a process of that environment in the working directory; its process id."""
    with ExitStack() as stack:

        def run(environ: Mapping[str, str]) -> int:
            argv: Sequence[str] = lab.server.command(["/bin/sleep", "300"])
            child = subprocess.Popen(
                argv, env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", **environ}, cwd=local.cwd
            )
            stack.callback(child.wait)
            stack.callback(child.kill)
            comm = Path(f"/proc/{child.pid}/comm")
            wait_until(lambda: comm.read_text() == "sleep\n", "the application runs")
            return child.pid

        yield run


def fill(cli: Cli) -> None:
    """Passwords in every file that a run reads."""
    (cli.cwd / ".env").write_text(f"DATABASE_URL={url(password=SECRETS['file'])}\n")
    (cli.cwd / "compose.yaml").write_text(COMPOSE % SECRETS["compose"])
    passfile = cli.home / ".pgpass"
    passfile.write_text("*:*:*:*:" + SECRETS["passfile"].replace(":", "\\:") + "\n")
    passfile.chmod(0o600)
    (cli.home / ".pg_service.conf").write_text(
        f"[shop]\nhost=db.lab.test\nuser=app\npassword={SECRETS['service']}\n"
    )


def test_a_process_with_everything_around_it(
    check: Check, local: Cli, application: Callable[[Mapping[str, str]], int], postgres: PostgresServer
) -> None:
    fill(local)
    pid = application({"DATABASE_URL": url(password=SECRETS["process"]), "HOME": str(local.home)})
    admin = url(user="keeper", password=SECRETS["administrator"], database="postgres")
    result = check("--pid", str(pid), "--admin", admin, env={"PGPASSWORD": SECRETS["shell"]})
    result.expect_fault("auth.password-wrong", accept=("config.stale-process", "config.conflict"))
    assert result.report["facts"]["process.settings"] == "environment"
    assert result.report["facts"]["inside.outcome"] == "ok", result.story()


def test_settings_of_the_folder_and_the_shell(
    check: Check, local: Cli, log: Path, postgres: PostgresServer
) -> None:
    fill(local)
    result = check(env={"DATABASE_URL": url(password=SECRETS["target"]), "DB_PASSWORD": SECRETS["shell"]})
    assert result.exit == 1, result.story()
    assert result.report["facts"]["inside.way"] == "own", result.story()
    assert "/psql" in log.read_text()


def test_a_pooler_whose_files_are_read(check: Check, local: Cli, pooler: PgBouncer) -> None:
    fill(local)
    result = check(url(port=pooler.port, password=SECRETS["target"]), env={"PGPASSWORD": SECRETS["shell"]})
    assert result.exit == 1, result.story()
    assert result.report["facts"]["pooler"] == "pgbouncer", result.story()
    unknown = check(url(port=pooler.port, user="ghost", password=SECRETS["target"]), env={})
    assert unknown.report["facts"]["pooler.told-by"] == "config", unknown.story()


@pytest.mark.parametrize("form", ["service=shop", "host=db.lab.test user=app dbname=shop"])
def test_passwords_of_libpqs_files(form: str, check: Check, local: Cli, postgres: PostgresServer) -> None:
    fill(local)
    result = check(form, "--no-files", env={"PGSERVICEFILE": str(local.home / ".pg_service.conf")})
    assert result.exit == 1, result.story()


@pytest.mark.parametrize("inside", [True, False])
def test_the_password_in_a_line_of_pg_hba(inside: bool, check: Check, postgres: PostgresServer) -> None:
    admin = url(user="keeper", password=SECRETS["administrator"], database="postgres")
    more = ("--admin", admin) if inside else ()
    result = check(url(user="clerk", password=SECRETS["target"]), *more, env={})
    assert result.report["facts"]["hba.method"] == "ldap", result.story()

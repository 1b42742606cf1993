"""What a person needs to point programs of their own at a scenario: settings to export, commands to paste."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wizard.named import NamedTuple
from wizard.numerals import is_address

if TYPE_CHECKING:
    from wizard.practice import Running
    from wizard.target.model import Target

STARTTLS = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql"}
"""What openssl calls the way to TLS of an engine."""
LIBPQ = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
    "channel_binding": "PGCHANNELBINDING",
    "require_auth": "PGREQUIREAUTH",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "application_name": "PGAPPNAME",
    "options": "PGOPTIONS",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}
"""Options of a URL that libpq also takes from the environment."""
SERVERS = ("server.crt", "server.key")
"""Files that only the range itself needs."""
VERIFIES = ("ssl_verify_cert", "ssl_verify_identity")


class Tool(NamedTuple):
    """A command, and what it is good for."""

    text: str
    what: str


def environment(running: Running) -> dict[str, str]:
    """What the application's process would have: what the scenario states, else the usual variables for its URL."""
    if running.environment:
        return dict(running.environment)
    target = running.targets()[0]
    if not running.url or not target.hosts:
        return {}
    password = target.password.reveal() if target.password else ""
    if target.engine == "postgresql":
        names = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE")
        options = {LIBPQ[key]: str(value) for key, value in target.options.items() if key in LIBPQ}
    else:
        names = ("MYSQL_HOST", "MYSQL_PORT", "MYSQL_USER", "MYSQL_PASSWORD", "MYSQL_DATABASE")
        options = {}
    values = (target.host, str(target.port or ""), target.user, password, target.database)
    found = {name: value for name, value in zip(names, values, strict=True) if value}
    return {"DATABASE_URL": running.url, **found, **options}


def exports(variables: dict[str, str]) -> Iterator[str]:
    """The variables as lines for a shell."""
    return (f"export {name}={shlex.quote(value)}" for name, value in variables.items())


def clients(running: Running) -> list[Tool]:
    """The engine's own command-line clients, aimed at the scenario."""
    target = running.targets()[0]
    if not target.hosts:
        return []
    if target.engine == "postgresql":
        return [Tool(_psql(running, target), "PostgreSQL's own client")]
    account = _mysql_account(target)
    mariadb, mysql = _mysql_tls(running)
    return [
        Tool(" ".join(["mariadb", *account, *mariadb]), "MariaDB's own client"),
        Tool(" ".join(["mysql", *account, *mysql]), "MySQL's own client"),
    ]


def tools(running: Running) -> list[Tool]:
    """Clients, and what looks at the name, the port and the certificate, where they see what the application sees."""
    target = running.targets()[0]
    if running.scenario.names is not None:
        question = asked(running, target.host or "")
        return [Tool(question, "what the nameserver says")] if question and target.host else []
    made = clients(running)
    if not target.host or target.host.startswith(("/", "@")):
        return made
    host, port = shlex.quote(target.host), target.port or running.port
    if not is_address(target.host):
        made.append(Tool(f"getent ahosts {host}", "what the name gives"))
    made.append(Tool(f"nc -vz -w 3 {host} {port}", "whether the port answers"))
    if target.engine in STARTTLS:
        way = f"openssl s_client -connect {host}:{port} -starttls {STARTTLS[target.engine]}"
        made.append(Tool(f"{way} </dev/null", "the certificate"))
    return made


def files(running: Running) -> list[str]:
    """The names of the files that the application has beside it."""
    found = (path.name for path in running.files.iterdir() if path.is_file())
    return sorted(name for name in found if name not in SERVERS)


def asked(running: Running, name: str) -> str:
    """How to ask the scenario's own nameserver for a name; empty where it has none."""
    if running.dns is None:
        return ""
    address, port = running.dns
    return f"dig @{address} -p {port} {shlex.quote(name)}"


def _psql(running: Running, target: Target) -> str:
    if running.url.startswith(("postgresql://", "postgres://")):
        return f"psql {shlex.quote(running.url)}"
    parts = {"host": target.host, "port": target.port, "user": target.user, "dbname": target.database}
    return f"psql {shlex.quote(' '.join(f'{key}={value}' for key, value in parts.items() if value))}"


def _mysql_account(target: Target) -> list[str]:
    """Options that both clients share. The password is no secret: the range prints it wherever it is asked for."""
    password = target.password.reveal() if target.password else ""
    made = [f"--host={target.host}", f"--port={target.port or 3306}", "--protocol=tcp"]
    made += [f"--user={target.user}"] if target.user else []
    made += [f"--password={password}"] if password else []
    made += [target.database] if target.database else []
    return [shlex.quote(one) for one in made]


def _mysql_tls(running: Running) -> tuple[list[str], list[str]]:
    """The options of the URL as MariaDB's client and as MySQL's client spell them."""
    options = running.options
    ca = [shlex.quote(f"--ssl-ca={options['ssl_ca']}")] if options.get("ssl_ca") else []
    if any(options.get(one) == "true" for one in VERIFIES):
        return [*ca, "--ssl-verify-server-cert"], [*ca, "--ssl-mode=VERIFY_IDENTITY"]
    if options.get("ssl_disabled") == "true":
        return ["--skip-ssl"], ["--ssl-mode=DISABLED"]
    return ca, ca

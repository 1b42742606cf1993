"""What a privileged session of PostgreSQL tells about one role, one database and one client. Only reads.

The questions do not depend on each other: one that this session may not ask leaves its facts out, with a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from wizard.core.facts import Value
from wizard.core.quoting import sql_literal
from wizard.numerals import nearest
from wizard.probes import hba
from wizard.probes.asseen import Place
from wizard.probes.base import Report
from wizard.probes.database import Rows
from wizard.probes.outcome import QueryError
from wizard.redact import clean
from wizard.target.model import Target

AskAll = Callable[[Sequence[str]], "list[Rows | None]"]
"""The rows of each question, None for one that was refused. May raise QueryError, OSError and ProtocolError."""

SERVER = "SELECT current_setting('server_version_num') AS version, current_setting('port') AS port"
ROLE = """
SELECT rolcanlogin AS login, rolsuper AS super, rolconnlimit AS most,
 coalesce(rolvaliduntil <= now(), false) AS passed,
 (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE usename = rolname) AS sessions
FROM pg_catalog.pg_roles WHERE rolname = {user}
"""
SECRET = """
SELECT CASE WHEN rolpassword IS NULL THEN 'none' WHEN rolpassword LIKE 'SCRAM-SHA-256$%' THEN 'scram-sha-256'
 WHEN rolpassword LIKE 'md5%' THEN 'md5' ELSE 'other' END AS kind
FROM pg_catalog.pg_authid WHERE rolname = {user}
"""
GROUPS = """
WITH RECURSIVE mine(oid) AS (
 SELECT oid FROM pg_catalog.pg_roles WHERE rolname = {user}
 UNION SELECT m.roleid FROM pg_catalog.pg_auth_members m JOIN mine ON m.member = mine.oid)
SELECT r.rolname AS name FROM pg_catalog.pg_roles r JOIN mine ON mine.oid = r.oid
"""
DATABASES = """
SELECT datname AS name, datallowconn AS allows, datconnlimit AS most FROM pg_catalog.pg_database
ORDER BY datname <> {database}, 1
"""
PRIVILEGE = """
SELECT pg_catalog.has_database_privilege(r.oid, d.oid, 'CONNECT') AS may
FROM pg_catalog.pg_roles r, pg_catalog.pg_database d WHERE r.rolname = {user} AND d.datname = {database}
"""
RULES = "SELECT row_to_json(r) AS rule FROM pg_catalog.pg_hba_file_rules r"
FILE = "SELECT current_setting('hba_file') AS file"
CHANGED = """
SELECT (pg_catalog.pg_stat_file(current_setting('hba_file'))).modification
 > pg_catalog.pg_conf_load_time() AS changed
"""
SLOTS = """
SELECT current_setting('max_connections') AS most,
 (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend') AS used
"""
ROLES = """
SELECT rolname AS name FROM pg_catalog.pg_roles WHERE rolcanlogin ORDER BY lower(rolname) <> lower({user}), 1 LIMIT 2000
"""
QUESTIONS = (SERVER, ROLE, SECRET, GROUPS, DATABASES, PRIVILEGE, RULES, FILE, CHANGED, ROLES)


def look(ask_all: AskAll, target: Target, report: Report, place: Place) -> None:
    """Fill the report with `inside.*` and `hba.*`. Raises QueryError, OSError and ProtocolError."""
    user, database = target.user, target.database or target.user
    words = {"user": sql_literal(user, "postgresql"), "database": sql_literal(database, "postgresql")}
    answers = ask_all([question.format(**words) for question in QUESTIONS])
    server, role, secret, groups, databases, privilege, rules, file, changed, roles = answers
    if place.port and _first(server).get("port") != str(place.port):
        raise QueryError("another server answers on this host's socket, behind a pooler", "")
    version = int(_first(server).get("version") or 0) // 10000
    _role(report, role, secret)
    report.facts["inside.nearest-role"] = "none" if role else _nearest_role(user, roles or [])
    _database(report, databases, privilege, database)
    names = frozenset(row.get("name") or "" for row in groups) if groups is not None else None
    replication = target.options.get("replication", "").lower() in ("1", "on", "true", "yes")
    client = hba.Client(
        user, database, place.address, place.tls, names, place.same_host, version, replication
    )
    found = _rules(rules, _first(file).get("file") or "pg_hba.conf", place.file, version)
    tell_hba(report, found, client)
    if found is not None and file:
        report.facts.setdefault("hba.file", clean(_first(file).get("file") or "", limit=300))
    hidden = [
        name
        for name, key in (("passwords", "inside.password"), ("the lines of pg_hba.conf", "hba.outcome"))
        if report.facts.get(key) == "not-visible" and report.facts.get("inside.role") != "absent"
    ]
    if hidden:
        report.trouble = f"the privileged session is no superuser's: it may not see {' and '.join(hidden)}"
    if "changed" in _first(changed):
        report.facts["hba.reloaded"] = "no" if _first(changed)["changed"] == "t" else "yes"
    else:
        report.facts["hba.reloaded"] = "not-visible"


def _first(rows: Rows | None) -> dict[str, str | None]:
    return rows[0] if rows else {}


def _role(report: Report, role: Rows | None, secret: Rows | None) -> None:
    facts: dict[str, Value] = {
        "inside.role": "present" if role else "absent",
        "inside.can-login": "not-visible",
        "inside.valid-until-passed": "not-visible",
    }
    if role is None:
        facts["inside.role"] = "not-visible"
    for row in role or ():
        facts["inside.can-login"] = "yes" if row.get("login") == "t" else "no"
        facts["inside.valid-until-passed"] = "yes" if row.get("passed") == "t" else "no"
        if int(row.get("most") or -1) >= 0:
            facts["inside.role-limit"] = int(row.get("most") or -1)
        facts["inside.role-sessions"] = int(row.get("sessions") or 0)
    kind = _first(secret).get("kind")
    facts["inside.password"] = "not-visible" if not kind else "unset" if kind == "none" else "set"
    facts["inside.password-kind"] = kind or "not-visible"
    report.facts.update(facts)


def _nearest_role(user: str, rows: Rows) -> str:
    """The role that was probably meant; `name@server` is the form of some providers, and of MySQL."""
    names = [row.get("name") or "" for row in rows]
    plain = user.partition("@")[0]
    if plain != user and plain in names:
        return clean(plain, limit=120)
    return clean(nearest(user, names), limit=120)


def _database(report: Report, rows: Rows | None, privilege: Rows | None, database: str) -> None:
    if rows is None:
        report.facts["inside.database"] = "not-visible"
        return
    names = [row.get("name") or "" for row in rows]
    own = next((row for row in rows if row.get("name") == database), None)
    report.facts["inside.database"] = "absent" if own is None else "present"
    report.facts["database.nearest"] = nearest(database, names)
    if own is not None:
        report.facts["inside.allows-connections"] = "yes" if own.get("allows") == "t" else "no"
    if privilege:
        report.facts["inside.connect-privilege"] = "yes" if privilege[0].get("may") == "t" else "no"


def _rules(rows: Rows | None, file: str, path: Path | None, version: int) -> list[hba.Rule] | None:
    """The lines as the server shows them, else as its file has them; None where neither can be read."""
    if rows is not None:
        import json

        try:
            found = [json.loads(row.get("rule") or "{}") for row in rows]
        except (ValueError, RecursionError):
            return rules_of_file(path, version)
        return [hba.from_view(one, file) for one in found if isinstance(one, dict)]
    return rules_of_file(path, version)


def rules_of_file(path: Path | None, version: int) -> list[hba.Rule] | None:
    """The lines of the server's file; None where it cannot be read from here."""
    if path is None:
        return None
    from wizard.probes.hbafile import read_rules
    from wizard.target.rights import of_owner, opening_as

    try:
        with opening_as(of_owner(path)):  # it may include any file, and its words are quoted
            return read_rules(path, version)
    except OSError:
        return None


def tell_hba(report: Report, rules: list[hba.Rule] | None, client: hba.Client) -> None:
    """`hba.*`: which line decides for this client, and whether one would with TLS."""
    if rules is None:
        report.facts.update(
            {"hba.outcome": "not-visible", "hba.method": "none", "hba.with-tls": "not-visible"}
        )
        return
    verdict = hba.judge(rules, client)
    facts: dict[str, Value] = {
        "hba.outcome": verdict.outcome,
        "hba.method": "none",
        "hba.with-tls": "not-asked",
    }
    if verdict.rule is not None:
        facts["hba.line"] = verdict.rule.place
        facts["hba.file"] = verdict.rule.place.rpartition(":")[0]
        facts["hba.rule"] = verdict.rule.text or "none"
        facts["hba.method"] = verdict.rule.method or "none"
        facts["hba.error"] = verdict.rule.error or "none"
        names = (option.partition("=")[0] for option in verdict.rule.options)
        facts["hba.options"] = tuple(names) or ("none",)
    if client.address and not client.tls:
        other = hba.judge(rules, client._replace(tls=True))
        lets_in = other.outcome == "matched" and other.rule is not None and other.rule.method != "reject"
        facts["hba.with-tls"] = "yes" if lets_in else "not-visible" if other.outcome == "unsure" else "no"
    if verdict.outcome == "unsure":
        report.trouble = (
            f"whether {verdict.rule and verdict.rule.place} fits this client cannot be told from here"
        )
    report.facts.update(facts)
    _quote(report, verdict)


def _quote(report: Report, verdict: hba.Verdict) -> None:
    rule = verdict.rule
    if rule is None:
        report.quote("auth", "no line of pg_hba.conf fits this client")
    elif verdict.outcome == "file-error":
        report.quote("auth", f"{rule.place}: {rule.error}")
    elif verdict.outcome == "matched":
        report.quote("auth", f"{rule.place}: {clean(rule.text, limit=300)}")

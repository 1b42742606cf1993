"""A look inside while the application is locked out: through `--admin`, or by the rights that we have on this host.

A second, read-only session answers what the refusal hides: whether the role and database exist, which line of
pg_hba.conf or which account entry decides for this very client. Changes nothing, and contacts nobody where there is
neither a privileged connection nor a server on this host.
"""

from __future__ import annotations

from collections.abc import Sequence

from wizard.named import TYPE_CHECKING
from wizard.probes import holders, ownserver
from wizard.probes.asseen import by_mysql, by_postgres
from wizard.probes.base import Report, probe
from wizard.probes.channel import Channel
from wizard.probes.outcome import QueryError
from wizard.redact import clean
from wizard.runtime import Runtime
from wizard.target.model import HostPort, Target, Tls
from wizard.wire import ProtocolError

if TYPE_CHECKING:
    from wizard.probes.inside_postgres import AskAll

BOUND = 5.0
"""Seconds for all questions together, once the session is open."""
READ_ONLY = {
    "postgresql": ("SET default_transaction_read_only = on", "SET statement_timeout = 2500"),
    "mysql": ("SET SESSION TRANSACTION READ ONLY",),
}
PROVIDES = (
    "inside.outcome",
    "inside.role",
    "inside.nearest-role",
    "inside.can-login",
    "inside.password",
    "inside.password-kind",
    "inside.valid-until-passed",
    "inside.role-limit",
    "inside.role-sessions",
    "inside.database",
    "inside.allows-connections",
    "inside.connect-privilege",
    "inside.way",
    "database.nearest",
    "hba.outcome",
    "hba.line",
    "hba.file",
    "hba.rule",
    "hba.options",
    "hba.method",
    "hba.error",
    "hba.with-tls",
    "hba.reloaded",
    "account.outcome",
    "account.user",
    "account.entry",
    "account.host",
    "account.anonymous",
    "account.locked",
    "account.expired",
    "account.plugin",
    "account.password",
    "account.tls",
    "account.other-hosts",
    "account.database-privilege",
    "account.role",
)
SLOTS = ("capacity.slots-max", "capacity.slots-used", *holders.FACTS)


@probe("auth.inside", provides=(*PROVIDES, *SLOTS), deadline=18.0)
def inside(target: Target, runtime: Runtime) -> Report:
    """What a privileged session tells of the login that the server has just refused."""
    report = Report({"inside.outcome": "no-access"})
    own = ownserver.find(target, runtime)
    admin = None if is_console(runtime.admin) else runtime.admin
    if admin is None and own is None:
        return report
    for way in ("admin", "own"):
        try:
            if way == "admin" and admin is not None:
                _through_admin(admin, target, runtime, report, own)
            elif way == "own" and own is not None:
                _through_own(own, target, runtime, report)
        except QueryError as error:
            _failed(report, way, runtime, error.text)
        except (OSError, ProtocolError, ValueError, LookupError) as error:
            _failed(report, way, runtime, str(getattr(error, "strerror", None) or error))
        if report.facts["inside.outcome"] == "ok":
            report.facts["inside.way"] = way
            by = "through --admin" if way == "admin" else "by the rights of this user on this host"
            report.summary = f"looked inside the server, {by}"
            return report
    return report


def is_console(admin: Target | None) -> bool:
    """Whether the privileged target is a pooler's console, which tells nothing of the server behind it."""
    return admin is not None and admin.database == "pgbouncer"


def _failed(report: Report, way: str, runtime: Runtime, words: str) -> None:
    """Keep why a way in is closed; what it had told before stays."""
    said = clean(words, limit=200)
    if way == "admin" and runtime.admin is not None:
        report.facts["inside.outcome"] = "failed"
        place = f"{runtime.admin.user}@{runtime.admin.host}"
        report.trouble = f"the privileged connection (--admin, {place}) does not work: {said}"
        report.quote("auth", report.trouble)
    elif not report.trouble:
        report.trouble = f"the rights that we have on this host open no way into the server: {said}"


def _through_admin(
    admin: Target, target: Target, runtime: Runtime, report: Report, own: ownserver.OwnServer | None
) -> None:
    if admin.family != target.family:
        raise ValueError(f"it is for {admin.engine}, and the application's is for {target.engine}")
    _look_as(admin, target, runtime, report, own)


def _look_as(
    account: Target, target: Target, runtime: Runtime, report: Report, own: ownserver.OwnServer | None
) -> None:
    """Look through a session of that account, and end it."""
    channel = open_admin(account, runtime)
    try:
        _look(channel, target, runtime, report, own)
    finally:
        channel.close()


def _through_own(own: ownserver.OwnServer, target: Target, runtime: Runtime, report: Report) -> None:
    if target.family == "mysql":
        import os
        import pwd

        peer = HostPort(own.socket, 0)
        name = pwd.getpwuid(os.geteuid()).pw_name
        quiet = Target(target.engine, (peer,), name, tls=Tls(mode="disable"))
        _look_as(quiet, target, runtime, report, own)
        return
    from wizard.probes import psql

    way = psql.way_in(own.socket, ownserver.program_folder(own.pid) if own.pid else None)
    try:
        if isinstance(way, str):
            raise QueryError(way, "")
        _look_postgres(way.ask_all, target, runtime, report, own, target.port)
        channel = way.channel()
        _slots(channel, runtime, report)
        channel.close()
    except QueryError:
        _file_alone(target, runtime, report, own)
        raise


def _file_alone(target: Target, runtime: Runtime, report: Report, own: ownserver.OwnServer) -> None:
    """Without any session: what the server's file says, where this user may read it."""
    from wizard.probes import hba
    from wizard.probes.inside_postgres import rules_of_file, tell_hba

    rules = rules_of_file(ownserver.hba_file(own.pid, target), 0)
    if rules is None:
        return
    place = by_postgres(target, runtime, None)
    database = target.database or target.user
    client = hba.Client(target.user, database, place.address, place.tls, None, place.same_host)
    tell_hba(report, rules, client)
    report.facts["hba.reloaded"] = "not-visible"


def open_admin(admin: Target, runtime: Runtime) -> Channel:
    """A session of that target, read-only. Raises QueryError with the server's words, OSError and ProtocolError."""
    from wizard.probes.database import ask
    from wizard.probes.login import attempt

    channel = _reach(admin, runtime)
    result = attempt(channel, admin, runtime)
    if result.outcome != "ok":
        channel.close()
        raise QueryError(result.text or result.outcome, result.code)
    try:
        for statement in READ_ONLY[admin.family]:
            ask(channel, statement, runtime.until(BOUND))
    except BaseException:
        channel.close()
        raise
    return channel


def _reach(admin: Target, runtime: Runtime) -> Channel:
    """A connection to the privileged target, by the first of its addresses that takes one. Raises as `dial` does."""
    import ssl

    from wizard.probes.dial import dial
    from wizard.probes.dns import look_up_all
    from wizard.probes.network import socket_path

    host = admin.hosts[0]
    known = runtime.facts.text("network.address")
    if host.is_socket:
        addresses = [socket_path(admin, host)]
    elif known and runtime.target.hosts and host.host == runtime.target.hosts[0].host:
        addresses = [known]
    else:
        addresses = look_up_all((host,), runtime.until(BOUND) - runtime.clock())[0][1]
    refusal: OSError = ConnectionError(f"{host.host} has no address here")
    for address in addresses:
        try:
            return dial(admin, runtime, host, address)
        except OSError as error:
            if error.errno is None or isinstance(error, ssl.SSLError):
                raise  # somebody answered there
            refusal = error
    raise refusal


def _look(
    channel: Channel, target: Target, runtime: Runtime, report: Report, own: ownserver.OwnServer | None
) -> None:
    from wizard.probes.database import Rows, ask

    until = runtime.until(BOUND)
    if target.family == "mysql":
        from wizard.probes import inside_mysql
        from wizard.probes.accounts import Client

        name, address = by_mysql(target, runtime)
        mariadb = channel.greeting is not None and channel.greeting.mariadb
        client = Client(target.user, name, address, mariadb)
        inside_mysql.look(lambda sql: ask(channel, sql, until), target, report, client)
        report.facts["inside.outcome"] = "ok"
        _slots(channel, runtime, report)
        return

    def ask_all(questions: Sequence[str]) -> list[Rows | None]:
        answers: list[Rows | None] = []
        for question in questions:
            try:
                answers.append(ask(channel, question, until))
            except QueryError:
                answers.append(None)
        return answers

    _look_postgres(ask_all, target, runtime, report, own)
    _slots(channel, runtime, report)


def _slots(channel: Channel, runtime: Runtime, report: Report) -> None:
    """Who holds the connections, where the refusal was for want of one; what is about our own account is left out."""
    if not (runtime.facts.text("error.cause") or "").startswith("capacity."):
        return
    from wizard.probes.capacity import counted

    seen = counted(channel, runtime.until(BOUND))
    report.facts.update({key: value for key, value in seen.facts.items() if key in SLOTS})
    report.evidence.extend(seen.evidence)
    holders = seen.facts.get("capacity.holders")
    if not seen.evidence and isinstance(holders, tuple) and holders != ("none",):
        report.quote("capacity", "\n".join(holders))
    report.trouble = report.trouble or seen.trouble


def _look_postgres(
    ask_all: AskAll,
    target: Target,
    runtime: Runtime,
    report: Report,
    own: ownserver.OwnServer | None,
    port: int = 0,
) -> None:
    from wizard.probes import inside_postgres

    file = ownserver.hba_file(own.pid, target) if own is not None else None
    place = by_postgres(target, runtime, file)
    inside_postgres.look(ask_all, target, report, place._replace(port=port))
    report.facts["inside.outcome"] = "ok"

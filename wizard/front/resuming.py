"""Which saved session to go on with, and to what it connects: the password is read anew, for none is saved."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wizard.errors import UsageError
from wizard.front import application, beginnings, setup
from wizard.redact import clean
from wizard.session import Session, find, replayed
from wizard.target.model import Problem, Secret, Target

if TYPE_CHECKING:
    from wizard.content.load import Content

SAVED = "saved session"
NO_HOST = Problem(
    "malformed",
    "host",
    "What stood in the place of the host was no host, and was not kept: start a new walk with a TARGET.",
    SAVED,
)
"""Of a session without a host: a default in its place would be another database than the session is about."""


def take_up(options: Namespace, content: Content) -> tuple[Session, Target]:
    """The session that the options name, or the newest unfinished one, and its target.

    Says on standard error what is not as it was. Raises SessionError or UsageError.
    """
    from wizard.cli import TARGET_OPTIONS, complain

    session = _chosen(options, content)
    application.look(options)
    walk, changed = replayed(content.tree, session.walks[-1])
    if changed:
        complain(changed)
    if options.target is None and all(getattr(options, name) is None for name in TARGET_OPTIONS):
        target = _target_of(session, options, setup.read_password(options))
    else:
        target = setup.stated_target(options, setup.home_folder()) or Target()
    asked_for = session.header.get("target", {}).get("password") == "set"
    if asked_for and target.password is None and not walk.finished:
        target = target._replace(password=_password(target))
    session.redactor = setup.gate_of(options, target, setup.home_folder())
    return session, target


def _chosen(options: Namespace, content: Content) -> Session:
    """The session to go on with. Raises SessionError where there is none, UsageError for one of practice."""
    from wizard.cli import complain
    from wizard.front.sessionscmd import folder

    place = folder()
    sessions = beginnings.saved_sessions(content) if options.session is None else ()
    newest = beginnings.unfinished(sessions) or next(iter(sessions), None)
    session = Session.load(newest.path if newest is not None else find(place, options.session))
    if session.is_practice:
        raise UsageError(
            f"session {session.id} was practice, and its server is gone; to practise it again:"
            f" dbwizard practice {session.header.get('practice', 'list')};"
            f" to read what was found: dbwizard export {session.id}"
        )
    if options.session is None and not (newest is not None and newest.unfinished):
        complain(f"No session is unfinished; this is the latest, {session.id}, at its finding.")
    return session


def _password(target: Target) -> Secret | None:
    """The password that the session had and did not keep. Raises UsageError where nobody can be asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "the password of this session was not saved: give it with --password-stdin, in the environment,"
            " or in ~/.pgpass or an option file"
        )
    import getpass

    who = clean(target.user, limit=64) or "the account"
    try:
        typed = getpass.getpass(f"Password of {who} (it is not saved; Enter goes on without): ", sys.stderr)
    except EOFError:
        return None
    return Secret(typed) if typed else None


def _target_of(session: Session, options: Namespace, password: Secret | None) -> Target:
    """The target of a saved session, its password read anew from where it came from."""
    summary: Mapping[str, Any] = session.header.get("target", {})
    home, cwd = setup.home_folder(), setup.working_folder()
    wanted = tuple(summary.get(key) for key in ("host", "port", "user"))
    for found in setup.discovered(options, home, cwd) if password is None else ():
        if (found.host, found.port, found.user) == wanted:
            return found
    if not summary.get("engine"):
        raise UsageError(
            "this session does not say which database it was about; start a new one with a TARGET"
        )
    keys = {"user": "user", "database": "dbname"}
    overrides = {option: str(summary[key]) for key, option in keys.items() if summary.get(key)}
    hosts = summary.get("hosts") or [summary]
    for key in ("host", "port"):
        values = [str(one.get(key, "")) for one in hosts]
        if any(values):
            overrides[key] = ",".join(values)
    overrides |= {key: str(value) for key, value in dict(summary.get("options", {})).items()}
    target = setup.parsed("", SAVED, home, summary["engine"], overrides, password)
    return target if any(one.get("host") for one in hosts) else target._replace(hosts=(), problems=(NO_HOST,))

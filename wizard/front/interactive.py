"""The walk with a person: the full screen where the terminal can show it, plain lines where it cannot."""

from __future__ import annotations

import os
import re
import sys
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from wizard.content.load import Content, open_content
from wizard.errors import UsageError
from wizard.front import application, output, setup
from wizard.front.output import write
from wizard.target.model import Target
from wizard.target.readings import secrets_of

if TYPE_CHECKING:
    from wizard.runtime import Runtime
    from wizard.session import Session

TYPED = "the connection typed in"
"""The source of a target that a person typed or pasted."""


def run(options: Namespace) -> int:
    """The interactive walk; the exit status of the last verdict."""
    content = open_content(options.trees)
    home, cwd = setup.home_folder(), setup.working_folder()
    application.look(options)
    if application.process_of(options) is not None:
        return start(content, options, setup.find_target(options, home, cwd), ())
    target = setup.stated_target(options, home)
    found = () if target is not None else setup.discovered(options, home, cwd)
    return start(content, options, target, found)


def start(
    content: Content,
    options: Namespace,
    target: Target | None,
    found: tuple[Target, ...],
    session: Any = None,
) -> int:
    """Choose the front end and run it. `session` is one to go on with."""
    answers = setup.known_before(options, content)
    if options.plain or not full_screen():
        return _plain(content, options, target or next(iter(found), None), answers, session)
    from wizard.front.tui import app

    return app.run(
        content,
        runtime_factory=_runtimes(content, options),
        discovery_targets=found,
        target=target,
        answers=answers,
        session_factory=(lambda one: session) if session is not None else partial(new_session, options),
        parse=parser_of(options),
        reread=partial(read_again, options),
        greeting=getattr(options, "greeting", ""),
        take_view=application.take_view,
    )


def read_again(options: Namespace, target: Target) -> Target:
    """The settings as they are now, from where the target came: after a fix in a file. Else the target as it was."""
    home, cwd = setup.home_folder(), setup.working_folder()
    if target.source == TYPED or options.password_stdin:
        return target
    application.look_again(options)
    stated = setup.stated_target(options, home)
    if stated is not None:
        application.use_stated(options, stated)
        return stated
    now = setup.discovered(options, home, cwd)
    place = _file_of(target.source)
    return next((one for one in now if _file_of(one.source) == place), target)


def _file_of(source: str) -> str:
    """A source without its line number, which moves when a file is edited: `.env:3 DB_HOST` is `.env DB_HOST`."""
    return re.sub(r":\d+(?=\s|$)", "", source)


def full_screen() -> bool:
    """Whether this terminal can show the full screen."""
    return (
        sys.stdin.isatty()
        and sys.stdout.isatty()
        and os.environ.get("TERM", "") not in ("", "dumb", "unknown")
    )


def new_session(options: Namespace, target: Target) -> Session:
    """A session that is saved from its first event on, where there is a place for it."""
    from wizard.redact import Redactor
    from wizard.report import target_summary
    from wizard.session import Session, state_folder

    redactor = Redactor([*secrets_of(target), *application.secrets(options)])
    header = {"target": target_summary(target)}
    return Session.create(state_folder(os.environ, setup.home_folder()), header, redactor)


def _runtimes(content: Content, options: Namespace) -> Callable[[Target], Runtime]:
    home, cwd = setup.home_folder(), setup.working_folder()
    return lambda target: setup.make_runtime(target, content, options, home, cwd, None)


def parser_of(options: Namespace) -> Callable[[str], Target]:
    """What makes a target of a connection that a person types or pastes."""
    from wizard.target.parse import parse_target

    home = setup.home_folder()
    return lambda text: parse_target(text, engine=options.engine, source=TYPED, environ=os.environ, home=home)


def _plain(
    content: Content, options: Namespace, target: Target | None, answers: dict[str, str], session: Any
) -> int:
    from wizard.front import plain

    if target is None:
        if sys.stdin.isatty() and (chosen := application.choose(_read, _write)):
            application.take_view(chosen)
        target = setup.nothing_found(options)
    runtime = _runtimes(content, options)(target)
    made = session if session is not None else new_session(options, target)
    return plain.run(
        runtime,
        content.tree,
        content,
        made,
        _read,
        _write,
        answers,
        ascii_only=output.ascii_only(),
        width=output.width(),
    )


def _read(prompt: str) -> str:
    _write(prompt)
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.rstrip("\r\n")


def _write(text: str) -> None:
    write(text)
    sys.stdout.flush()


def resume(options: Namespace) -> int:
    """Go on with a saved session where it broke off."""
    from wizard.redact import Redactor
    from wizard.session import Session, find, replayed, state_folder

    content = open_content(options.trees)
    home = setup.home_folder()
    wanted = options.session or options.target
    session = Session.load(find(state_folder(os.environ, home), wanted))
    options.target = None
    application.look(options)
    target = setup.stated_target(options, home) or _target_of(session, options)
    session.redactor = Redactor([*secrets_of(target), *application.secrets(options)])
    _, changed = replayed(content.tree, session.walks[-1])
    if changed:
        from wizard.cli import complain

        complain(changed)
    return start(content, options, target, (), session)


def _target_of(session: Session, options: Namespace) -> Target:
    """The target of a saved session, its password read anew from where it came from."""
    summary = session.header.get("target", {})
    home, cwd = setup.home_folder(), setup.working_folder()
    for found in setup.discovered(options, home, cwd):
        if (found.host, found.port, found.user) == (
            summary.get("host"),
            summary.get("port"),
            summary.get("user"),
        ):
            return found
    if not summary.get("engine"):
        raise UsageError(
            "this session does not say which database it was about; start a new one with a TARGET"
        )
    from wizard.target.parse import parse_target

    keys = {"host": "host", "port": "port", "user": "user", "database": "dbname"}
    overrides = {option: str(summary[key]) for key, option in keys.items() if summary.get(key)}
    overrides |= {key: str(value) for key, value in dict(summary.get("options", {})).items()}
    return parse_target(
        "",
        engine=summary["engine"],
        source="saved session",
        overrides=overrides,
        environ=os.environ,
        home=home,
    )

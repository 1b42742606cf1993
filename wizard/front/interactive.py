"""The walk with a person: the full screen where the terminal can show it, plain lines where it cannot."""

from __future__ import annotations

import os
import re
import sys
from argparse import Namespace
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from wizard import endings
from wizard.content.load import Content, open_content
from wizard.front import application, beginnings, output, setup
from wizard.front.output import write
from wizard.target.model import PRACTICE, Target

if TYPE_CHECKING:
    from wizard.front.pasted import Pasted
    from wizard.front.plainstart import Begun
    from wizard.runtime import Runtime
    from wizard.session import Session

SCREEN_THREADS = 6
"""One each for keys, drawing, the session file and the walk, and two for probes that are begun ahead."""
TYPED = "the connection typed in"
"""The source of a target that a person typed or pasted."""


def run(options: Namespace) -> int:
    """The interactive walk; the exit status of the last verdict."""
    content = open_content(options.trees)
    home, cwd = setup.home_folder(), setup.working_folder()
    application.look(options)
    if application.process_of(options) is not None:
        return start(content, options, setup.find_target(options, content, home, cwd), ())
    target = setup.stated_target(options, home)
    found = () if target is not None else setup.discovered(options, home, cwd)
    if target is None:
        target = setup.target_of_error(options, content, found, home)
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
        return _plain(content, options, target, found, answers, session)
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
        read_error=error_reader(content, found),
        offers=beginnings.offers(options, content),
    )


def read_again(options: Namespace, target: Target) -> Target:
    """The settings as they are now, from where the target came: after a fix in a file. Else the target as it was."""
    home, cwd = setup.home_folder(), setup.working_folder()
    ground = setup.ground_of(options)
    if ground is not None:
        return ground.reread(target)
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
        and _has_threads()
    )


@cache
def _has_threads() -> bool:
    """Whether the threads can be had that the full screen needs; told where they cannot."""
    from threading import Event, Thread

    over = Event()
    try:
        for _ in range(SCREEN_THREADS):
            Thread(target=over.wait, daemon=True).start()
    except RuntimeError:
        from wizard.cli import complain

        complain("a limit (ulimit -u, ulimit -v) leaves no threads for the full screen: plain lines instead")
        return False
    finally:
        over.set()
    return True


def new_session(options: Namespace, target: Target) -> Session:
    """A session that is saved from its first event on, where there is a place for it."""
    from wizard.report import target_summary
    from wizard.session import Session, state_folder

    redactor = setup.gate_of(options, target, setup.home_folder())
    header: dict[str, Any] = {"target": target_summary(target)}
    ground = setup.ground_of(options)
    if ground is not None:
        header["practice"] = ground.scenario.name
        if target.source != PRACTICE:
            header["target"]["source"] = f"{PRACTICE}, {target.source}"
    return Session.create(state_folder(os.environ, setup.home_folder()), header, redactor)


def _runtimes(content: Content, options: Namespace) -> Callable[[Target], Runtime]:
    home, cwd = setup.home_folder(), setup.working_folder()
    return lambda target: setup.make_runtime(target, content, options, home, cwd, None)


def parser_of(options: Namespace) -> Callable[[str], Target]:
    """What makes a target of a connection that a person types or pastes."""
    home = setup.home_folder()
    return lambda text: setup.parsed(text, TYPED, home, options.engine)


def error_reader(content: Content, found: tuple[Target, ...]) -> Callable[[str], Pasted | None]:
    """What makes something of an error that a person pastes, or of a log that they name; None for anything else."""

    def read(text: str) -> Pasted | None:
        from wizard.front import pasted

        return pasted.read(text, content, found, setup.home_folder()) if pasted.is_error(text) else None

    return read


def _plain(
    content: Content,
    options: Namespace,
    target: Target | None,
    found: tuple[Target, ...],
    answers: dict[str, str],
    session: Any,
) -> int:
    from wizard.front import plain

    if target is None and sys.stdin.isatty():
        begun = _begun(content, options, found)
        if begun.work is not None:
            return begun.work()
        target, answers = begun.target, {**begun.answers, **answers}
    target = target or next(iter(found), None) or setup.nothing_found(options)
    runtime = _runtimes(content, options)(target)
    made = session if session is not None else new_session(options, target)
    return plain.run(
        runtime,
        content.tree,
        content,
        made,
        read_line,
        write_now,
        answers,
        ascii_only=ascii_only(),
        width=output.width(),
    )


def _begun(content: Content, options: Namespace, found: tuple[Target, ...]) -> Begun:
    """What the person at the terminal begins with."""
    from wizard.front.plainstart import Start

    offers = beginnings.offers(options, content)
    start = Start(found, offers, parser_of(options), error_reader(content, found), read_line, write_now)
    return start.run(ascii_only=ascii_only())


def ascii_only() -> bool:
    """Whether plain lines keep to ASCII. Python says UTF-8 also where the locale of a terminal promises nothing."""
    from wizard.front.tui import look

    return output.ascii_only() or (output.is_terminal() and look.ascii_only(os.environ))


def read_line(prompt: str) -> str:
    """One line of the person, without its end. Raises EOFError when nobody is there any more."""
    write_now(prompt)
    if sys.stdin.isatty():
        endings.wait_for(sys.stdin)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.rstrip("\r\n")


def write_now(text: str) -> None:
    """Text that is read before anything else happens."""
    write(text)
    output.hand_over()


def resume(options: Namespace) -> int:
    """Go on with a saved session where it broke off; `options.session` is its id, or None for the newest unfinished."""
    from wizard.front.resuming import take_up

    content = open_content(options.trees)
    session, target = take_up(options, content)
    return start(content, options, target, (), session)

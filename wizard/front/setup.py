"""From the command line's options to a target and a runtime: the same for every front end."""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from wizard.content.load import Content
from wizard.core.tree import LONGEST_ANSWER, SYMPTOM, Tree
from wizard.errors import UsageError
from wizard.front import application
from wizard.named import TYPE_CHECKING
from wizard.redact import Redactor, harmless
from wizard.runtime import Runtime
from wizard.target.model import Problem, Secret, Target

if TYPE_CHECKING:
    from wizard.explain import Explained
    from wizard.practice import Running

LONGEST_PASSWORD = 4096


def answers_of(written: list[str], tree: Tree) -> dict[str, str]:
    """`--answer QUESTION=VALUE` as a mapping. Raises UsageError for an unknown question or value."""
    answers: dict[str, str] = {}
    for one in written:
        key, sign, value = one.partition("=")
        question = tree.questions.get(key)
        if not sign:
            raise UsageError(f"--answer {one}: it is written QUESTION=VALUE, such as runtime=docker")
        if question is None:
            raise UsageError(f"--answer {one}: {_nearest(key, list(tree.questions), 'question')}")
        refusal = question.refusal(value)
        if refusal and question.kind == "choice":
            values = [*(option.value for option in question.options), "unknown"]
            raise UsageError(f"--answer {one}: {_nearest(value, values, 'answer to ' + key)}")
        if refusal:
            raise UsageError(f"--answer {key}: it is {refusal}")
        answers[key] = harmless(value, LONGEST_ANSWER) if question.kind == "text" else value
    symptom = tree.symptoms.get(answers.get(SYMPTOM, ""))
    return {**symptom.answers, **answers} if symptom else answers


def known_before(options: Namespace, content: Content) -> dict[str, str]:
    """What the person says up front: `--answer`, and the application's own words of `--error`. Raises UsageError."""
    answers = answers_of(options.answer, content.tree) if options.answer else {}
    ground = ground_of(options)
    if ground is not None:
        return {**ground.answers(content, asked=True), **answers}
    error = stated_error(options, content)
    return {**answers, "app.text": harmless(error.match.text, LONGEST_ANSWER)} if error else answers


def ground_of(options: Namespace) -> Running | None:
    """The practice scenario that is walked against, where this is practice."""
    ground: Running | None = getattr(options, "ground", None)
    return ground


def stated_error(options: Namespace, content: Content) -> Explained | None:
    """What explains the file of `--error` best; it is read once. Raises UsageError."""
    if options.error is None:
        return None
    if not hasattr(options, "read_error"):
        if options.error == "-" and options.password_stdin:
            raise UsageError("--error - and --password-stdin cannot both read standard input")
        from wizard.cli import complain
        from wizard.front.explaincmd import primary_of

        options.read_error = primary_of(options.error, content)
        if options.read_error is None:
            complain(
                f"--error {options.error}: nothing in it is recognised as a fault of a database connection"
            )
    error: Explained | None = options.read_error
    return error


def _nearest(word: str, known: list[str], kind: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, known, 1)
    hint = f"did you mean '{close[0]}'?" if close else f"there are: {', '.join(known)}"
    return f"there is no {kind} '{word}'; {hint}"


def read_password(options: Namespace) -> Secret | None:
    """The password on standard input with `--password-stdin`, without its line end."""
    if not options.password_stdin:
        return None
    text = sys.stdin.readline(LONGEST_PASSWORD + 2)
    if not text:
        raise UsageError("--password-stdin: standard input is empty")
    return Secret(text.rstrip("\r\n"))


def stated_target(options: Namespace, home: Path | None) -> Target | None:
    """The target that the command line states, or None where it states none."""
    from wizard.cli import TARGET_OPTIONS

    overrides = {
        name: getattr(options, name) for name in TARGET_OPTIONS if getattr(options, name) is not None
    }
    password = read_password(options)
    if options.target is None and not overrides:
        if password is not None:
            raise UsageError(
                "--password-stdin needs a TARGET or --host: say which connection the password is for"
            )
        return None
    if not overrides and not (options.target or "").strip():
        detail = "The TARGET is empty: the variable that it was taken from is probably not set."
        return Target(source="command line", problems=(Problem("missing", "url", detail, "command line"),))
    engine = overrides.get("engine")
    if engine not in (None, "postgresql", "mysql", "mariadb"):
        raise UsageError(f"--engine {engine}: it is one of postgresql, mysql, mariadb")
    target = parsed(options.target or "", "command line", home, engine, overrides, password)
    _hide(options.target, target)
    return target


def parsed(
    text: str,
    source: str,
    home: Path | None,
    engine: str | None = None,
    overrides: Mapping[str, str] | None = None,
    password: Secret | None = None,
) -> Target:
    """The target that a text and options state in this process's environment; `source` is who states it."""
    from wizard.target.parse import parse_target

    return parse_target(
        text,
        engine=engine,
        source=source,
        overrides=overrides,
        environ=os.environ,
        home=home,
        password=password,
    )


def _hide(argument: str | None, target: Target) -> None:
    """Take an argument that may hold a password out of what `ps` shows of this process."""
    if argument and (target.password is not None or target.problems):
        from wizard.ownargs import hide

        hide(argument)


def find_target(options: Namespace, content: Content, home: Path | None, cwd: Path | None) -> Target:
    """The stated target, else the one of `--error`, else the first that is discovered.

    Else one whose problem is that nothing was found.
    """
    stated = stated_target(options, home)
    if stated is not None:
        application.use_stated(options, stated)
        return stated
    found = discovered(options, home, cwd)
    named = target_of_error(options, content, found, home)
    return named or (found[0] if found else nothing_found(options))


def target_of_error(
    options: Namespace, content: Content, found: tuple[Target, ...], home: Path | None
) -> Target | None:
    """The connection that the file of `--error` is about, as far as it says. Raises UsageError."""
    error = stated_error(options, content)
    if error is None:
        return None
    from wizard.front.pasted import target_of

    return target_of(error, found, home)


def nothing_found(options: Namespace) -> Target:
    """A target whose problem is that nothing states one."""
    process = application.process_of(options)
    if process is not None and process.is_readable:
        from wizard.target.application import nothing_found as nothing_of

        return nothing_of(process)
    detail = "No connection settings were found: not in the environment, not in the files of this directory."
    return Target(source="", problems=(Problem("missing", "url", detail, ""),))


def discovered(options: Namespace, home: Path | None, cwd: Path | None) -> tuple[Target, ...]:
    """What the environment and files state: those of the process that is looked at, else our own."""
    of_process = application.targets(options)
    if of_process is not None:
        return of_process
    from wizard.target.discover import discover

    return discover(os.environ, None if options.no_files else cwd, home).targets


def make_runtime(
    target: Target,
    content: Content,
    options: Namespace,
    home: Path | None,
    cwd: Path | None,
    ends: float | None,
) -> Runtime:
    """The runtime of one walk; `ends` is a moment on the monotonic clock."""
    ground = ground_of(options)
    if ground is not None:
        return ground.runtime(target, content.platforms, connect_timeout=options.connect_timeout, ends=ends)
    environ: Mapping[str, str] = os.environ
    process = application.process_of(options)
    if process is not None and process.is_readable:
        cwd = process.cwd
        if process.origin != "stated":
            environ, home = process.environ, application.home_of(process)
    return Runtime(
        target,
        environ,
        home,
        None if options.no_files else cwd,
        connect_timeout=options.connect_timeout,
        ends=ends,
        write_path=options.write_path,
        platforms=content.platforms,
        admin=admin_target(options, target, home),
        process=process,
        clock=time.monotonic,
    )


def admin_target(options: Namespace, target: Target, home: Path | None) -> Target | None:
    """The privileged connection of `--admin`, or None. Raises UsageError where it cannot be one."""
    if not options.admin:
        return None
    from wizard.target.parse import parse_target

    known = target.engine if target.engine != "unknown" else None
    admin = parse_target(options.admin, engine=known, source="--admin", environ=os.environ, home=home)
    _hide(options.admin, admin)
    wrong = next((one.detail for one in admin.problems if one.kind == "malformed"), "")
    if wrong or not admin.hosts or admin.engine == "unknown":
        reason = wrong or "It names no host, or no engine."
        raise UsageError(
            f"--admin: {reason} It is a connection such as postgresql://postgres@db.example.com/postgres"
        )
    return admin


def gate_of(options: Namespace, target: Target, home: Path | None) -> Redactor:
    """What takes the secrets of this sitting out of a session. Raises UsageError for an --admin that is none."""
    return Runtime(
        target,
        os.environ,
        admin=admin_target(options, target, home),
        process=application.process_of(options),
    ).gate


def home_folder() -> Path | None:
    """The home directory, or None where there is none (no HOME, no such user)."""
    name = os.environ.get("HOME")
    if name:
        return Path(name)
    try:
        return Path.home()
    except (RuntimeError, KeyError):
        return None


def working_folder() -> Path | None:
    """The working directory, or None where it is gone."""
    try:
        return Path.cwd()
    except OSError:
        return None

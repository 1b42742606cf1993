"""From the command line's options to a target and a runtime: the same for every front end."""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from wizard.content.load import Content
from wizard.core.tree import Tree
from wizard.errors import UsageError
from wizard.runtime import Runtime
from wizard.target.model import Problem, Secret, Target

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
        values = [*(option.value for option in question.options), "unknown"]
        if value not in values:
            raise UsageError(f"--answer {one}: {_nearest(value, values, 'answer to ' + key)}")
        answers[key] = value
    return answers


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
    from wizard.target.parse import parse_target

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
    return parse_target(
        options.target or "",
        engine=engine,
        source="command line",
        overrides=overrides,
        environ=os.environ,
        home=home,
        password=password,
    )


def find_target(options: Namespace, home: Path | None, cwd: Path | None) -> Target:
    """The stated target, else the first that is discovered, else one whose problem is that nothing was found."""
    stated = stated_target(options, home)
    if stated is not None:
        return stated
    found = discovered(options, home, cwd)
    if found:
        return found[0]
    detail = "No connection settings were found: not in the environment, not in the files of this directory."
    return Target(source="", problems=(Problem("missing", "url", detail, ""),))


def discovered(options: Namespace, home: Path | None, cwd: Path | None) -> tuple[Target, ...]:
    """What the environment and files state."""
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
    environ: Mapping[str, str] = os.environ
    return Runtime(
        target,
        environ,
        home,
        None if options.no_files else cwd,
        connect_timeout=options.connect_timeout,
        ends=ends,
        write_path=options.write_path,
        platforms=content.platforms,
        clock=time.monotonic,
    )


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

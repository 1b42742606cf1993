"""`--pid` and `--container`: the application's own process, looked at before anything else.

Its network is entered here, in the main thread and before there is another one: a thread started earlier would
stay outside.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from wizard.errors import UsageError
from wizard.front import output
from wizard.named import TYPE_CHECKING
from wizard.numerals import count
from wizard.target.model import Secret, Target

if TYPE_CHECKING:
    from typing import NoReturn

    from wizard.target.application import Found
    from wizard.target.process import Process


def look(options: Namespace) -> None:
    """Find the process that the options name and go to where it lives; kept as `options.application`.

    Raises UsageError where there is no such process or container.
    """
    options.application = None
    if options.pid is not None and options.container is not None:
        raise UsageError("--pid and --container name one process each: give one of them")
    if options.pid is not None:
        from wizard.target.process import read_process

        process = read_process(options.pid)
    elif options.container is not None:
        from wizard.target.containers import find_container

        process = find_container(options.container)
    else:
        return
    if process.is_readable:
        from wizard.target.namespaces import enter

        process = enter(process)
    options.application = _compared(process, options)


def process_of(options: Namespace) -> Process | None:
    """The process that was looked at, or None."""
    found: Found | None = getattr(options, "application", None)
    return None if found is None else found.process


def secrets(options: Namespace) -> tuple[Secret, ...]:
    """Every password that was read with the process, for the last gate."""
    process = process_of(options)
    return () if process is None else process.secrets


def home_of(process: Process) -> Path | None:
    """The home directory of the process as it is reached from here."""
    return None if process.home is None else Path(process.path(str(process.home)))


def targets(options: Namespace) -> tuple[Target, ...] | None:
    """What the process states; None where there is none, or where its settings may not be read."""
    found: Found | None = getattr(options, "application", None)
    return found.targets if found is not None and found.process.is_readable else None


def use_stated(options: Namespace, stated: Target) -> None:
    """Note that another target is used than the one that the process states."""
    if process_of(options) is not None:
        from wizard.target.application import compare_stated

        options.application = options.application._replace(
            process=compare_stated(options.application, stated)
        )


def look_again(options: Namespace) -> None:
    """Read the process's settings and the files anew, from where we are by now."""
    process = process_of(options)
    if process is None or not process.pid:
        return
    if not process.is_there():
        told = f"{process.words} has ended: what is shown of it is from before. Start again with the new process."
        options.application = options.application._replace(
            process=process._replace(view="gone", troubles=(told[0].upper() + told[1:],))
        )
        return
    from wizard.target.process import read_process

    now = read_process(str(process.pid), process.container)
    options.application = _compared(
        now._replace(
            view=process.view,
            has_own_network=process.has_own_network,
            root=process.root,
            troubles=process.troubles,
        ),
        options,
    )


def take_view(pid: int) -> NoReturn:
    """Begin anew with the view of a process: the network of one can only be entered before threads are there."""
    output.flush()
    sys.stderr.flush()
    os.execv(sys.executable, begun_anew(sys.orig_argv, pid))


def begun_anew(argv: Sequence[str], pid: int) -> list[str]:
    """The command line that this process was started with, for another process to look at."""
    kept: list[str] = []
    skipped = False
    end = argv.index("--") if "--" in argv else len(argv)
    for word in argv[:end]:
        if skipped or word.startswith(("--pid=", "--container=")):
            skipped = False
        elif word in ("--pid", "--container"):
            skipped = True
        else:
            kept.append(word)
    return [*kept, "--pid", str(pid), *argv[end:]]


def choose(read: Callable[[str], str], write: Callable[[str], None]) -> int:
    """Offer the running applications as a numbered list of plain lines; the chosen process, or 0."""
    try:
        return _choose(read, write)
    except EOFError:
        return 0


def _choose(read: Callable[[str], str], write: Callable[[str], None]) -> int:
    from wizard.front.tui.views.target import in_one_line
    from wizard.target.applications import applications

    seen = applications().found
    for number, one in enumerate(seen, 1):
        write(f"{number:>3} {one.name}, process {one.pid}: {in_one_line(one.target)}\n")
    said = read(
        f"A number from 1 to {len(seen)}, or Enter to go on: " if seen else "None was seen. Enter goes on: "
    )
    number = count(said.strip()) or 0
    return seen[number - 1].pid if 1 <= number <= len(seen) else 0


def _compared(process: Process, options: Namespace) -> Found:
    from wizard.target.application import Found, targets_of

    if not process.is_readable:
        return Found((), process._replace(view="refused", origin="hidden"))
    return targets_of(process, os.environ, files=not options.no_files)

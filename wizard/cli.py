"""The command line: which command, with which target and options. Each command is loaded when it is used."""

from __future__ import annotations

import argparse
import os

from wizard import __version__
from wizard.errors import ContentError, WizardError
from wizard.exits import Exit
from wizard.front.arguments import Help, Parser
from wizard.front.output import flush, write_error

COMMANDS = ("check", "explain", "causes", "sessions", "resume", "export", "compare", "tree", "practice")
TARGET_OPTIONS = {
    "host": "name, address, or the folder of a Unix socket",
    "port": "without it, the usual one of the engine",
    "user": "the account that logs in",
    "dbname": "the database",
    "engine": "postgresql, mysql or mariadb",
    "sslmode": "disable, prefer, require, verify-full …, as libpq spells it",
    "sslrootcert": "file with the authorities that are trusted, or system",
    "sslcert": "file with the client's certificate",
    "sslkey": "file with the client's private key",
    "socket": "path of a Unix socket",
}
"""The parts of a connection that have an option of their own, and what each is."""
TARGET_TOLD = """\
TARGET is a connection as an application states it: postgresql://…, mysql://…,
a libpq DSN, service=NAME, a JDBC or go-sql-driver form, or host[:port] with
--engine. Without it, DATABASE_URL and its kin, PG*, MYSQL_*, DB_* in the
environment and files of this directory are looked at. A password is read from
the URL, the environment, ~/.pgpass, an option file or --password-stdin.
"""
COMMANDS_TOLD = """
commands (dbwizard COMMAND --help tells more):
  check      the same walk without a person, for scripts
  explain    the causes in an error text or a log
  causes     what is known; with an id, its page
  sessions   the saved walks; resume goes on with one, export writes a document,
             compare shows where two of them differ
  tree       list, show, lint, test, graph: for authors of decision trees
  practice   a loopback server that misbehaves, and the walk against it
"""
STATUS_TOLD = """
exit status: 0 healthy, 1 a fault was found, 2 the command line or a tree is
wrong, 3 inconclusive, 130 interrupted
"""
EPILOGS = {"": TARGET_TOLD + COMMANDS_TOLD + STATUS_TOLD, "check": TARGET_TOLD + STATUS_TOLD}


def run(argv: list[str]) -> int:
    """The exit status of the command line `argv` (without the program's name).

    Raises BrokenPipeError when the reader of standard output is gone before there is a status.
    """
    try:
        status = _command(argv)
        flush()
        return status
    except ContentError as error:
        for problem in error.problems:
            complain(problem)
        return Exit.USAGE
    except WizardError as error:
        complain(str(error))
        return Exit.USAGE
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - a traceback tells a stranger nothing, and 1 would say "a fault was found"
        from wizard.front.tui.crash import failure

        complain(failure(error))
        return Exit.USAGE


def _command(argv: list[str]) -> int:
    try:
        if argv and argv[0] in COMMANDS:
            return _COMMANDS[argv[0]](argv[1:])
        return _walk(argv)
    except SystemExit as left:  # argparse has shown its help or the version
        return left.code if isinstance(left.code, int) else 0


def complain(sentence: str) -> None:
    """One line on standard error, made safe for the terminal and free of secrets."""
    from wizard.redact import Redactor, clean

    words = " ".join(clean(Redactor(()).text(sentence), limit=2000).splitlines())
    try:
        write_error(f"dbwizard: {words}\n")
    except OSError:
        # Nobody can be told. The exit status must still tell, so the interpreter must not fail over it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def parser(name: str, description: str, *, target: bool = True) -> argparse.ArgumentParser:
    """An argument parser, for a command with a target with the options that all of these share."""
    made = Parser(
        prog=f"dbwizard {name}".strip(),
        description=description,
        epilog=EPILOGS.get(name),
        formatter_class=Help,
        allow_abbrev=False,
    )
    made.add_argument("--version", action="version", version=f"dbwizard {__version__}")
    made.add_argument(
        "--trees", action="append", default=[], metavar="DIR", help="a folder of trees of one's own"
    )
    if target:
        add_target(made, "a connection; without it, what is found here")
    return made


def add_target(arguments: argparse.ArgumentParser, told: str) -> None:
    """TARGET, of which `told` says what it is, and the options that every command with a target shares."""
    arguments.add_argument("target", nargs="?", metavar="TARGET", help=told)
    for option, help_ in TARGET_OPTIONS.items():
        arguments.add_argument(f"--{option}", metavar=option.upper(), help=help_)
    arguments.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    arguments.add_argument("--no-files", action="store_true", help="look at no file of the working directory")
    arguments.add_argument(
        "--answer",
        action="append",
        default=[],
        metavar="QUESTION=VALUE",
        help="answer a question before it is asked; repeatable",
    )
    arguments.add_argument(
        "--error", metavar="FILE", help="the application's own error or log (- for standard input)"
    )
    arguments.add_argument(
        "--write-path", action="store_true", help="also write one row, in a transaction rolled back"
    )
    arguments.add_argument(
        "--admin",
        metavar="TARGET",
        help="a privileged connection, to look inside while the application is refused",
    )
    arguments.add_argument("--pid", metavar="PID", help="the view of a process: its settings, its network")
    arguments.add_argument("--container", metavar="NAME", help="the same for the main process of a container")
    arguments.add_argument(
        "--connect-timeout",
        type=_seconds,
        default=3.0,
        metavar="SECONDS",
        help="bound on one connection (3)",
    )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds between 0 and 3600")
    return value


def _walk(argv: list[str]) -> int:
    arguments = parser("", "Find out why an application cannot reach its database.")
    arguments.add_argument("--plain", action="store_true", help="plain lines instead of the full screen")
    options = arguments.parse_args(argv)
    from wizard.front import interactive

    return interactive.run(options)


def _check(argv: list[str]) -> int:
    arguments = parser("check", "The walk without a person: never asks, never waits for a key.")
    arguments.add_argument("--json", action="store_true", help="the report as one JSON object")
    arguments.add_argument(
        "--timeout", type=_seconds, default=30.0, metavar="SECONDS", help="bound on the whole walk (30)"
    )
    arguments.add_argument(
        "--footprint", action="store_true", help="also tell what the check itself did to the server"
    )
    options = arguments.parse_args(argv)
    from wizard.front import headless

    return headless.run(options)


def _explain(argv: list[str]) -> int:
    from wizard.front import explaincmd

    arguments = parser("explain", explaincmd.ABOUT, target=False)
    explaincmd.add_options(arguments)
    return explaincmd.run(arguments.parse_args(argv))


def _causes(argv: list[str]) -> int:
    arguments = parser("causes", "The catalogue of causes; with an id, its page.", target=False)
    arguments.add_argument("id", nargs="?", metavar="ID")
    options = arguments.parse_args(argv)
    from wizard.content.load import open_content
    from wizard.front import causescmd
    from wizard.front.output import write_line

    content = open_content(options.trees)
    if options.id is None:
        return causescmd.run_list(content, write_line)
    return causescmd.run_show(content, options.id, write_line)


def _tree(argv: list[str]) -> int:
    arguments = parser("tree", "For authors of decision trees.", target=False)
    arguments.add_argument("action", choices=("list", "show", "lint", "test", "graph"))
    arguments.add_argument("node", nargs="?", metavar="NODE")
    arguments.add_argument("--mermaid", action="store_true", help="graph as Mermaid instead of DOT")
    options = arguments.parse_args(argv)
    from wizard.front import treecmd
    from wizard.front.output import write_line

    return treecmd.run(options, write_line)


def _sessions(argv: list[str]) -> int:
    from wizard.front import sessionscmd

    return sessionscmd.sessions(argv)


def _resume(argv: list[str]) -> int:
    from wizard.front import sessionscmd

    return sessionscmd.resume(argv)


def _export(argv: list[str]) -> int:
    from wizard.front import sessionscmd

    return sessionscmd.export(argv)


def _compare(argv: list[str]) -> int:
    from wizard.front import sessionscmd

    return sessionscmd.compare(argv)


def _practice(argv: list[str]) -> int:
    from wizard.front import practicecmd

    return practicecmd.practice(argv)


_COMMANDS = {
    "check": _check,
    "explain": _explain,
    "causes": _causes,
    "sessions": _sessions,
    "resume": _resume,
    "export": _export,
    "compare": _compare,
    "tree": _tree,
    "practice": _practice,
}

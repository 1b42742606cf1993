"""What a server wrote in its last start attempt: how that ended, and the lines that say why.

It is handed text and returns values: it opens nothing. The words are those of the servers' own sources
(src/backend/postmaster/postmaster.c, sql/mysqld.cc); a log in another language is read by its severities alone.
"""

from __future__ import annotations

import re

from wizard.core.lazyre import lazy
from wizard.named import NamedTuple

MOST_LINES = 14
"""Lines that are kept of an attempt."""
LONGEST_LINE = 300
"""Characters that are kept of one."""
BEFORE = 3
"""Lines before a fatal one that may say more than it does: file and line of a wrong setting, say."""


class Attempt(NamedTuple):
    """The last start. `outcome` is failed, killed, stopped or silent (the text tells of no start at all)."""

    outcome: str
    text: str = ""
    pids: tuple[int, ...] = ()
    """Processes of the server that the lines name, the one that was ended by a signal among them."""


class _Words(NamedTuple):
    """How one engine's log says what matters here."""

    start: re.Pattern[str]
    ready: re.Pattern[str]
    asked: re.Pattern[str]
    """Somebody asked the server to stop."""
    ended: re.Pattern[str]
    trouble: re.Pattern[str]
    """A line that counts until the server is ready; later such lines are those of sessions."""
    crash: re.Pattern[str]
    """A line that counts at any time."""
    early: re.Pattern[str]
    """The last words of an attempt that ended before it could say that it had begun."""
    noise: re.Pattern[str]
    """What looks like trouble, or stands before it, and says nothing."""


_POSTGRES = _Words(
    start=lazy(r"LOG:\s+starting PostgreSQL |: .{0,60}PostgreSQL \d.{0,200}, compiled by "),
    ready=lazy(r"LOG:\s+database system is ready to accept"),
    asked=lazy(r"LOG:\s+received (?:smart|fast|immediate) shutdown request"),
    ended=lazy(r"LOG:\s+database system is shut down"),
    trouble=lazy(r'\b(?:FATAL|PANIC):\s|^(?:"root" execution of|postgres:? |pg_ctl: )'),
    crash=lazy(
        r"PANIC:\s|LOG:\s+[\w ]+ \(PID \d+\) was terminated by signal|data directory lock file is invalid"
        r"|: Failed with result '(?!exit-code)|Main process exited, code=(?:killed|dumped)"
    ),
    early=lazy(
        r"FATAL:\s+(?:configuration file|(?:specified )?data directory|lock file|could not create lock file"
        r"|database files are incompatible|could not load \S*pg_hba|bogus data in lock file"
        r"|pre-existing shared memory)"
        r'|^"root" execution of|^postgres:? (?:cannot|could not|does not)'
    ),
    noise=lazy(
        r"FATAL:\s+(?:the database system is|terminating |password auth|no pg_hba|role |database \"|sorry,|remaining )"
        r"|LOG:\s+(?:starting |listening on |database system |checkpoint |restartpoint |shutting down|received "
        r"|terminating any|background worker|aborting any|connection |disconnection:|redo |all server processes"
        r"|entering standby|consistent recovery|ending log output|redirecting log output)"
        r"|HINT:\s+Future log output will|^pg_ctl: could not start server|^Examine the log output"
    ),
)
_MYSQL = _Words(
    start=lazy(r"Starting MariaDB \d|starting as process \d+|Starting (?:mysqld|mariadbd) daemon"),
    ready=lazy(r"ready for connections"),
    asked=lazy(r"Normal shutdown|Received SHUTDOWN|Shutting down|initiated by:"),
    ended=lazy(r": Shutdown complete"),
    trouble=lazy(r"\[(?:ERROR|FATAL)\]|^(?:error:|Fatal error)|^\S*(?:mysqld|mariadbd): "),
    crash=lazy(
        r"got (?:signal|exception) |\[FATAL\]|\[ERROR\] (?:\[\S+\] )*Aborting|Assertion failure"
        r"|: Failed with result '(?!exit-code)|Main process exited, code=(?:killed|dumped)"
    ),
    early=lazy(
        r"Fatal error in defaults handling|^error: Found option|[Uu]nknown (?:variable|option) '|Can't change dir to"
        r"|to run (?:mysqld|mariadbd) as root"
    ),
    noise=lazy(
        r"\[(?:Note|System)\]|: Shutdown complete|\[Warning\] Could not increase|io_uring|Memory not freed"
    ),
)
_MOVED = lazy(r"LOG:\s+(?:redirecting log output to logging collector|ending log output to stderr)")
"""The last line of PostgreSQL in a log that goes on in another file (src/backend/postmaster/syslogger.c)."""
_FIELD = lazy(r"\b(?:DETAIL|HINT|CONTEXT|QUERY):\s|^\t")
_PIDS = lazy(
    r"\(PID (\d{1,9})\) was terminated|as process (\d{1,9})|\[(\d{1,9})\] (?=.{0,80}LOG:\s+starting )"
)


def last_attempt(text: str, family: str, *, cut: bool = False) -> Attempt:
    """The last start attempt of which a log's end tells; `cut` says that earlier words are missing."""
    words = _MYSQL if family == "mysql" else _POSTGRES
    written = text.splitlines()
    # What came before is told elsewhere to its end: in the files of the logging collector.
    lines = _attempt(written[_last(written, _MOVED) + 1 :], words)
    pids = tuple(int(next(filter(None, found.groups()))) for line in lines for found in _PIDS.finditer(line))
    ready = _last(lines, words.ready)
    # What follows the last "ready" is the life of a server, in which a session may fail as it likes.
    life = lines[ready + 1 :] if ready >= 0 else lines
    start = any(words.start.search(line) for line in lines)
    # A log too long to be read whole, without a start in what was read, is one of a server that ran for long.
    decisive = _decisive(life, words, started=ready >= 0 or (cut and not start))
    asked, ended = _last(life, words.asked), _last(life, words.ended)
    if decisive and max(decisive) > asked:
        return Attempt("failed", _quote(life, decisive, words), pids)
    if ended >= 0:
        return Attempt("stopped", life[ended], pids)
    return Attempt("killed" if ready >= 0 or start or cut else "silent", "", pids)


def _attempt(lines: list[str], words: _Words) -> list[str]:
    """The lines from the last start on; a start that failed early is known by what follows the last end."""
    begin = max(_last(lines, words.start), 0)
    ended = _last(lines, words.ended)
    if ended >= begin and any(_matters(line, words.trouble, words) for line in lines[ended + 1 :]):
        return lines[ended + 1 :]
    return lines[begin:]


def _decisive(life: list[str], words: _Words, *, started: bool) -> list[int]:
    """The numbers of the lines that say why it is not running."""
    found = [n for n, line in enumerate(life) if words.early.search(line)]
    if not started or found:
        first = 0 if not started else found[0]
        found += [n for n, line in enumerate(life[first:], first) if _matters(line, words.trouble, words)]
    found += [n for n, line in enumerate(life) if words.crash.search(line)]
    return sorted(set(found))


def _matters(line: str, pattern: re.Pattern[str], words: _Words) -> bool:
    return pattern.search(line) is not None and words.noise.search(line) is None


def _quote(life: list[str], decisive: list[int], words: _Words) -> str:
    """The decisive lines, each with what stands around it and belongs to it."""
    kept: set[int] = set()
    for number in decisive:
        kept.add(number)
        for before in range(number - 1, max(number - 1 - BEFORE, -1), -1):
            if words.noise.search(life[before]) or not life[before].strip():
                break
            kept.add(before)
        for after in range(number + 1, len(life)):
            # What is kept already has been followed to its end: a log of such lines alone costs no square of them.
            if after in kept or not _FIELD.search(life[after]):
                break
            kept.add(after)
    return "\n".join(life[number][:LONGEST_LINE] for number in sorted(kept)[-MOST_LINES:])


def _last(lines: list[str], pattern: re.Pattern[str]) -> int:
    """The number of the last line that matches, or -1."""
    return next((n for n in range(len(lines) - 1, -1, -1) if pattern.search(lines[n])), -1)

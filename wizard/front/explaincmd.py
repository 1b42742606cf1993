"""`dbwizard explain`: where the text comes from and where the answer goes; the reading itself is in `explain.py`."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable, Iterator, Sequence

from wizard.content.load import Content, open_content
from wizard.errors import UsageError
from wizard.exits import Exit
from wizard.explain import Explained, Summary
from wizard.explain import explain as recognised
from wizard.front.explained import Choice, Printer
from wizard.named import TYPE_CHECKING
from wizard.numerals import count

if TYPE_CHECKING:
    from wizard.logs.prefilter import Supply
    from wizard.logs.streams import Between, Log, Result, Sign

FOUND, NOTHING = 0, 1
"""Exit statuses, as with grep."""
MOST_CONTEXT = 100
STANDARD_INPUT = "-"
ABOUT = """\
The causes in an error text, a traceback or a log; nothing is contacted.
TEXT is one error as it was pasted. A log is read from --file, or from
standard input where neither is given."""
EPILOG = """\
Logs may be of any size, packed (gzip, zstd, bzip2, xz), and in UTF-8 or
UTF-16. With several --file, say one of the application and one of the server,
the errors are put on one time line, and the end says what happened first; a
log that states no time zone is read in that of this machine.

WHEN is a time as logs write it ('2026-11-20 14:05', '2026-11-20T14:05:00Z'),
a date, a time of today ('14:05'), today, yesterday, or how long ago: 90s, 10m,
2h, 3d, 1w.

examples:
  dbwizard explain 'FATAL: sorry, too many clients already'
  journalctl -u myapp | dbwizard explain --summary
  dbwizard explain --file app.log --file postgresql.log.gz --since 2h
  dbwizard explain --follow --file app.log

exit status, as with grep: 0 something was recognised, 1 nothing was, 2 wrong
usage; 130 interrupted
"""


def add_options(arguments: ArgumentParser) -> None:
    """What the command line takes."""
    arguments.epilog = EPILOG
    add = arguments.add_argument
    add("text", nargs="?", metavar="TEXT", help="an error text or traceback")
    add(
        "--file",
        action="append",
        default=[],
        metavar="FILE",
        help="read a log ('-': standard input); repeatable",
    )
    add(
        "--json",
        action="store_true",
        help="one JSON object a line for each error, the primary one again last",
    )
    add("--short", action="store_true", help="one line for each error, without a page")
    add("--summary", action="store_true", help="count by cause: first and last time, rate over time")
    add("--since", metavar="WHEN", help="only errors from then on")
    add("--until", metavar="WHEN", help="only errors up to then")
    add("--context", type=_lines, default=0, metavar="N", help="show N lines before and after each error")
    add("--follow", action="store_true", help="go on with what is appended, also after a rotation (tail -F)")


def _lines(text: str) -> int:
    number = count(text)
    if number is None or number > MOST_CONTEXT:
        raise ArgumentTypeError(f"'{text}' is no number of lines from 0 to {MOST_CONTEXT}")
    return number


def run(options: Namespace) -> int:
    """Explain the text, the files or standard input; the exit status is as with grep."""
    now = time.time()
    _check(options)
    content = open_content(options.trees)
    choice = Choice(options.json, options.summary, options.short, len(options.file) > 1)
    printer = Printer(choice, content)
    try:
        if options.text is not None and not (options.since or options.until or options.context):
            for result in recognised(options.text, content.classifier, content.catalogue.get, now):
                printer.add(result)
        else:
            _read(options, content, printer, now)
    except KeyboardInterrupt:
        printer.interrupted()
        return Exit.INTERRUPTED
    printer.end()
    if printer.counted.primary is not None:
        return FOUND
    if not options.json:
        _tell(["nothing was recognised as a fault of a database connection"])
    return NOTHING


def primary_of(name: str, content: Content) -> Explained | None:
    """The error in a file (`-` is standard input) that explains it best, or None where nothing is recognised.

    Raises UsageError when it cannot be read.
    """
    from wizard.logs.prefilter import Supply
    from wizard.logs.source import check
    from wizard.logs.streams import Between, side_by_side

    check(name)
    counted = Summary(content.classifier.explains)
    log = _log(name, content, Supply(content.classifier.patterns), 0, Between())
    for result in _explained(side_by_side([log]), content, named=False):
        if isinstance(result, Explained):
            counted.add(result)
    return counted.primary.example if counted.primary else None


def _check(options: Namespace) -> None:
    """Raise UsageError, in one sentence, for what cannot be meant."""
    if options.text is not None and options.file:
        raise UsageError("explain takes a TEXT or --file, not both")
    if options.follow and (not options.file or STANDARD_INPUT in options.file):
        raise UsageError("--follow needs a --file that grows; standard input is read as it comes without it")
    if options.file.count(STANDARD_INPUT) > 1:
        raise UsageError("--file - is there twice, and there is only one standard input")
    if options.text is None and not options.file and sys.stdin.isatty():
        raise UsageError("explain needs a TEXT, a --file, or an error on standard input")
    if options.summary and options.context:
        raise UsageError("--summary shows no single errors: --context does not go with it")


def _read(options: Namespace, content: Content, printer: Printer, now: float) -> None:
    """Read the logs that the options name and hand over their errors; what was strange is told at the end."""
    import gc

    from wizard.logs.prefilter import Supply
    from wizard.logs.source import check
    from wizard.logs.streams import follow, side_by_side, zones_differ

    gc.enable()  # a short run does without
    between = _between(options, now)
    for name in options.file:
        check(name)
    names = options.file or [STANDARD_INPUT]
    supply = Supply(content.classifier.patterns)
    logs = [_log(name, content, supply, options.context, between) for name in names]
    if options.text is not None:
        read: Iterator[Result | Sign] = logs[0].results([options.text.encode("utf-8", "replace")])
    elif options.follow:
        read = follow(logs, between.until)
    else:
        read = side_by_side(logs)
    try:
        for one in _explained(read, content, named=bool(options.file)):
            if isinstance(one, Explained):
                printer.add(one)
            else:
                printer.pause(one)
    except KeyboardInterrupt:
        _tell([note for log in logs for note in log.notes])
        raise
    _tell([note for log in logs for note in log.notes] + zones_differ(logs))


def _explained(read: Iterable[Result | Sign], content: Content, *, named: bool) -> Iterator[Explained | bool]:
    """The errors with their titles; between them, after each block, whether nothing comes for the moment."""
    from wizard.logs.streams import Sign

    for one in read:
        if isinstance(one, Sign):
            yield one is Sign.IDLE
            continue
        match, stamp, before, after = one.found
        title = content.catalogue.get(match.cause)
        yield Explained(match, title, stamp, one.log.name if named else "", before, after)


def _log(name: str, content: Content, supply: Supply, context: int, between: Between) -> Log:
    from wizard.logs.scan import Scanner
    from wizard.logs.source import written_at
    from wizard.logs.streams import Log

    written = written_at(name)
    return Log(name, lambda: Scanner(content.classifier, written, context, supply), between)


def _between(options: Namespace, now: float) -> Between:
    from wizard.logs.streams import Between

    since, until = (_moment(name, getattr(options, name), now) for name in ("since", "until"))
    if since is not None and until is not None and since > until:
        raise UsageError(f"--since {options.since} is later than --until {options.until}")
    return Between(since, until)


def _moment(name: str, text: str | None, now: float) -> float | None:
    from wizard.logs.stamps import bound

    if text is None:
        return None
    moment = bound(text, now)
    if moment is None:
        raise UsageError(
            f"--{name} '{text}' is no time: it is written like '2026-11-20 14:05', 14:05, yesterday or 2h"
        )
    return moment


def _tell(sentences: Sequence[str]) -> None:
    from wizard.cli import complain

    for sentence in sentences:
        complain(sentence)

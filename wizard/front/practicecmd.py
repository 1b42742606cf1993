"""`dbwizard practice`: the list of the range, the walk against one scenario, serving one, the drill and its score."""

from __future__ import annotations

import argparse
import json
from argparse import Namespace

from wizard.cli import parser
from wizard.content.load import Content, open_content
from wizard.core.tree import ALL_LAYERS
from wizard.errors import UsageError
from wizard.exits import Exit
from wizard.front import output, practicelist
from wizard.numerals import count

FIRST = "wrong-password"
"""The scenario of somebody who names none."""
LIST = "list"
ABOUT = "A loopback server that really misbehaves, and the walk against it. It needs no database."
TOLD = """\
dbwizard practice [SCENARIO]        the walk against it
dbwizard practice list [WORD ...]   the scenarios; a layer, a difficulty or an
                                    engine narrows the list
dbwizard practice --drill           one is picked: find cause and fix yourself
dbwizard practice --serve SCENARIO  serves it for programs of your own
dbwizard practice --score           how the drills went

exit status: 0 listed, scored or drilled; of a walk that of its verdict; 2 the
command line is wrong; 130 interrupted by Ctrl-C and 143 by SIGTERM, which is
how --serve ends
"""
AGAIN = "To practise it again: dbwizard practice {}"
DRILL_NEXT = "To find a cause yourself: dbwizard practice --drill"


def practice(argv: list[str]) -> int:
    """`dbwizard practice`. Raises UsageError for what does not go together."""
    options = _options(argv)
    content = open_content(options.trees)
    if options.score:
        from wizard.front import practicedrill

        return practicedrill.show_score(content, as_json=options.json)
    if options.drill:
        from wizard.front import practicedrill

        wish = practicelist.wanted((), options.layer, options.difficulty)
        return practicedrill.run(content, wish, options.seed, plain=options.plain)
    if options.scenario == LIST:
        return _list(options, content)
    if options.serve:
        from wizard.front import practiceserve
        from wizard.practice import get

        return practiceserve.run(
            get(options.scenario, content), port=options.port or 0, as_json=options.json, tell=options.tell
        )
    return walk(options.scenario or FIRST, content, plain=options.plain)


def _options(argv: list[str]) -> Namespace:
    arguments = parser("practice", ABOUT, target=False)
    arguments.epilog = TOLD
    arguments.add_argument("scenario", nargs="?", metavar="SCENARIO", help="a name, or 'list'")
    arguments.add_argument("words", nargs="*", metavar="WORD", help="narrows the list: tls, hard, mysql …")
    arguments.add_argument("--drill", action="store_true", help="find cause and fix of one that is picked")
    arguments.add_argument("--serve", action="store_true", help="only serve it, until Ctrl-C")
    arguments.add_argument("--score", action="store_true", help="how the drills went, and what to do next")
    arguments.add_argument(
        "--layer", metavar="LAYER", help="of the list or drill: config, dns, network, tls …"
    )
    arguments.add_argument("--difficulty", metavar="WORD", help="of the list or drill: easy, medium or hard")
    arguments.add_argument(
        "--seed", type=_seed, metavar="N", help="the same drill again with the same number"
    )
    arguments.add_argument(
        "--port", type=_port, metavar="N", help="the port to serve on; without it a free one"
    )
    arguments.add_argument("--tell", action="store_true", help="with --serve: say which fault it is")
    arguments.add_argument("--json", action="store_true", help="of the list, the score or --serve: JSON")
    arguments.add_argument("--plain", action="store_true", help="plain lines instead of the full screen")
    # A word may also follow an option: `list --json tls`.
    options, unknown = arguments.parse_known_intermixed_args(argv)
    if unknown:
        arguments.parse_args(unknown)  # which tells what is wrong with them
    _refuse_nonsense(options)
    return options


def _port(text: str) -> int:
    if 0 < (number := count(text, 5) or 0) < 65536:
        return number
    raise argparse.ArgumentTypeError(f"'{text}' is no port: a number from 1 to 65535")


def _seed(text: str) -> int:
    if (number := count(text, 18)) is not None:
        return number
    raise argparse.ArgumentTypeError(f"'{text}' is no number of up to 18 digits")


def _refuse_nonsense(options: Namespace) -> None:
    """Raise UsageError for options that mean nothing together, with what was probably meant."""
    modes = [name for name in ("drill", "serve", "score") if getattr(options, name)]
    if len(modes) > 1:
        raise UsageError(f"--{modes[0]} and --{modes[1]} do not go together")
    mode = modes[0] if modes else LIST if options.scenario == LIST else "walk"
    if mode in ("drill", "score") and options.scenario is not None:
        meant = options.scenario if options.scenario in ALL_LAYERS else "LAYER"
        raise UsageError(f"--{mode} takes no scenario; to drill one layer: --drill --layer {meant}")
    if mode == "serve" and options.scenario in (None, LIST):
        raise UsageError("--serve needs the name of a scenario; 'dbwizard practice list' shows them all")
    if mode != LIST and options.words:
        raise UsageError("only one scenario can be named; a list is narrowed: 'dbwizard practice list tls'")
    taken = {
        "layer": ("drill", LIST),
        "difficulty": ("drill", LIST),
        "seed": ("drill",),
        "port": ("serve",),
        "tell": ("serve",),
        "json": (LIST, "serve", "score"),
    }
    for name, places in taken.items():
        if getattr(options, name) not in (None, False) and mode not in places:
            where = " or ".join("the list" if one == LIST else f"--{one}" for one in places)
            raise UsageError(f"--{name} belongs to {where}")


def _list(options: Namespace, content: Content) -> int:
    from wizard.practice import list_scenarios

    wish = practicelist.wanted(options.words, options.layer, options.difficulty)
    found = practicelist.in_order(one for one in list_scenarios(content) if wish.fits(one))
    if options.json:
        for one in practicelist.as_data(found):
            output.write_json(json.dumps(one, ensure_ascii=False) + "\n")
        return int(Exit.HEALTHY)
    if not found:
        output.write_line(f"No scenario is {wish.words}. All of them: dbwizard practice list")
        return int(Exit.HEALTHY)
    shown = output.width()
    for line in practicelist.lines(found, shown, wrap=output.is_terminal()):
        output.write_line(line)
    return int(Exit.HEALTHY)


def walk(name: str, content: Content, *, plain: bool) -> int:
    """Serve the scenario of that name for the time of a walk; the exit status of its verdict.

    Raises PracticeError where there is none of that name.
    """
    from wizard.front import interactive
    from wizard.practice import get, serve

    scenario = get(name, content)
    with serve(scenario) as running:
        # What the command line of a walk says when it says nothing.
        options = parser("practice", "").parse_args([])
        options.plain = plain
        options.ground = running
        # Of a traceback the last line is the error.
        error = scenario.symptom.splitlines()[-1].strip()
        options.greeting = f"Practice: {scenario.title}. The application's log says: {error}"
        if plain or not interactive.full_screen():
            said = f"Practice: {scenario.title}\nThe application's log says: {scenario.symptom}\n\n"
            output.write(said)
        target, *others = running.targets()
        status = interactive.start(content, options, target, tuple(others))
    if status != Exit.INTERRUPTED:
        output.write_line(AGAIN.format(scenario.name))
        output.write_line(DRILL_NEXT)
    return status

"""`dbwizard practice --drill`: which scenario is picked, and the score; the drill itself is played elsewhere."""

from __future__ import annotations

import json
import os
import textwrap
import time
from collections.abc import Iterator, Sequence
from random import Random
from typing import TYPE_CHECKING, Any

from wizard.core.tree import ALL_LAYERS
from wizard.errors import UsageError
from wizard.exits import Exit
from wizard.front import interactive, output, setup
from wizard.front.practicelist import EVERYTHING, Wanted, in_order
from wizard.front.practicetold import score_line
from wizard.practice.drillfile import ScoreFile
from wizard.practice.drillscore import Tally, by_layer, least_solved, streak, tally, weakest
from wizard.practice.drilltask import answers_of
from wizard.practice.model import DIFFICULTIES
from wizard.session import state_folder

if TYPE_CHECKING:
    from wizard.content.load import Content
    from wizard.practice import Scenario
    from wizard.practice.drill import Result

SCHEMA = "dbwizard.practice-score/1"


def score_file() -> ScoreFile:
    """The score of this user."""
    sessions = state_folder(os.environ, setup.home_folder())
    return ScoreFile(None if sessions is None else sessions.parent / "practice")


class Drills:
    """The drills of one sitting: which scenario comes next, and the score. It knows no screen."""

    def __init__(self, content: Content, wish: Wanted, seed: int | None, score: ScoreFile) -> None:
        from wizard.practice import list_scenarios

        self.content = content
        self.score = score
        self.random = Random(seed)
        self._repeats = seed is not None
        self._all = [one for one in in_order(list_scenarios(content)) if answers_of(one)]
        self._fitting = [one for one in self._all if wish.fits(one)]
        self._last = ""
        self.counted = 0
        """Drills that were finished in this sitting."""
        if not self._fitting:
            raise UsageError(f"there is no scenario to drill that is {wish.words}: {self._there(wish)}")

    def _there(self, wish: Wanted) -> str:
        """What there is in place of a wish that nothing fits."""
        there = {one.difficulty for one in self._all if one.layer == wish.layer}
        if there:
            return (
                f"of the layer {wish.layer} there is {', '.join(one for one in DIFFICULTIES if one in there)}"
            )
        layers = {one.layer for one in self._all}
        return f"there are the layers {', '.join(one for one in ALL_LAYERS if one in layers)}"

    def next(self) -> Scenario:
        """The next scenario: by chance, those solved least first; with a seed by chance alone, so that it repeats."""
        names = [one.name for one in self._fitting]
        if not self._repeats:
            names = least_solved(names, self.score.results)
            # Not the same twice in a row, where there is another one.
            names = [one for one in names if one != self._last] or [one.name for one in self._fitting]
        self._last = self.random.choice(names)
        return next(one for one in self._fitting if one.name == self._last)

    def count(self, result: Result) -> None:
        """Keep a result."""
        self.counted += 1
        self.score.add(result, time.time())

    def advice(self) -> str:
        """What to practise next, as a command with its reason; empty where nothing is left to say."""
        layers: dict[str, list[str]] = {}
        for one in self._all:
            layers.setdefault(one.layer, []).append(one.name)
        layer = weakest(layers, self.score.results)
        return f"To practise next: dbwizard practice --drill --layer {layer}" if layer else ""

    def how_it_goes(self) -> Iterator[str]:
        """The score, why it is not kept, and what to practise next: a sentence each."""
        yield f"Score: {score_line(self.score.results)}"
        if self.score.trouble:
            yield self.score.trouble
        if advice := self.advice():
            yield advice


def run(content: Content, wish: Wanted = EVERYTHING, seed: int | None = None, *, plain: bool) -> int:
    """Drill on what is wished for until the person has enough; the exit status.

    The same `seed` gives the same drills. `plain` wants plain lines also where the full screen could be shown.
    Raises UsageError where there is nothing to drill that fits the wish.
    """
    drills = Drills(content, wish, seed, score_file())
    if not plain and interactive.full_screen():
        from wizard.front.tui import drillapp

        status = drillapp.run(drills)
        for sentence in drills.how_it_goes() if drills.counted else ():
            output.write_line(sentence)
        return status
    return in_lines(drills)


def in_lines(drills: Drills) -> int:
    """The drills as plain lines."""
    from wizard.front.plainlines import Lines
    from wizard.front.practiceground import ground
    from wizard.front.practiceplain import Talk
    from wizard.redact import Redactor

    lines = Lines(
        interactive.read_line, interactive.write_now, Redactor(()), interactive.ascii_only(), output.width()
    )
    try:
        while True:
            with ground(drills.next(), drills.content, drills.random) as here:
                result = Talk(lines, here).play().result
            if result is None:
                lines.say("Left: this drill does not count.")
                return int(Exit.HEALTHY)
            drills.count(result)
            lines.say("")
            for sentence in drills.how_it_goes():
                lines.say("\n".join(textwrap.wrap(sentence, max(20, lines.width))))
            if lines.ask("\nEnter for another one, q to leave: ") != "":
                return int(Exit.HEALTHY)
    except KeyboardInterrupt:
        lines.say("")
        return int(Exit.INTERRUPTED)


def show_score(content: Content, *, as_json: bool) -> int:
    """The score by layer, and what to practise next; always 0."""
    score = score_file()
    drills = Drills(content, EVERYTHING, None, score)
    if as_json:
        output.write_json(json.dumps(score_data(score.results, drills)) + "\n")
    else:
        for line in score_lines(score.results, drills):
            output.write_line(line)
    return int(Exit.HEALTHY)


def score_data(results: Sequence[Result], drills: Drills) -> dict[str, Any]:
    """The score as one object."""
    now = streak(results)
    return {
        "schema": SCHEMA,
        "all": _numbers(tally(results)),
        "streak": {"now": now.now, "best": now.best},
        "layers": [_numbers(one) for one in by_layer(results, ALL_LAYERS)],
        "next": drills.advice().partition(": ")[2],
        "trouble": drills.score.trouble,
    }


def _numbers(one: Tally) -> dict[str, Any]:
    numbers = {**one._asdict(), "looks": round(one.looks, 1), "seconds": round(one.seconds, 1)}
    return numbers if one.layer else {key: value for key, value in numbers.items() if key != "layer"}


def score_lines(results: Sequence[Result], drills: Drills) -> Iterator[str]:
    """The score as a table that fits 40 columns."""
    if drills.score.trouble:
        yield drills.score.trouble
    if not results:
        yield "No drill was finished yet. To begin: dbwizard practice --drill"
        return
    yield f"{'layer':<9} {'solved':>7} {'fix':>4} {'looks':>6} {'time':>8}"
    for one in (*by_layer(results, ALL_LAYERS), tally(results, "all")):
        solved = f"{one.solved}/{one.tried}"
        yield f"{one.layer:<9} {solved:>7} {one.mended:>4} {one.looks:>6.1f} {one.seconds:>6.0f} s"
    now = streak(results)
    yield f"In a row: {now.now} now, {now.best} at best."
    if advice := drills.advice():
        yield advice

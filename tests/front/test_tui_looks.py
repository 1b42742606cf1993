"""Every screen at every size, in Unicode and in plain ASCII: nothing overlaps, the keys are told, help is near."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from textual.geometry import Region

from tests.front.tui_support import HANG, NO_HOST, TARGET, Script, Stage, stage
from wizard.front.tui import actions
from wizard.front.tui.screens.help import Help
from wizard.front.tui.screens.palette import Palette
from wizard.front.tui.widgets.field import Field
from wizard.front.tui.widgets.line import Keys
from wizard.target.model import Target

pytestmark = pytest.mark.slow

SIZES = ((40, 12), (80, 24), (200, 60))
TERMINALS: Mapping[str, Mapping[str, str]] = {
    "unicode": {"LANG": "C.UTF-8", "TERM": "xterm-256color"},
    "ascii": {"LANG": "C", "LC_CTYPE": "C.UTF-8", "TERM": "vt100"},
}
WAYS: Mapping[str, tuple[str, ...]] = {
    "question": (),
    "why and how": ("w", "h"),
    "finding": ("2",),
    "steps to go back to": ("b",),
    "map": ("m",),
    "doubt": ("d",),
    "note": ("n",),
    "export": ("e",),
    "message": ("2", "h"),
    "help": ("question_mark",),
    "palette": ("colon",),
}
"""A screen, and the keys that lead to it from the first question."""
START_WAYS: Mapping[str, tuple[str, ...]] = {
    "list": (),
    "field": ("slash",),
    "symptoms": ("s",),
    "running applications": ("a",),
}


def overlaps(shown: Stage) -> list[str]:
    """Pairs of widgets without children that share a cell, or that stand out of the screen."""
    screen = shown.app.screen
    leaves: list[tuple[str, Region]] = [
        (repr(one), one.region)
        for one in screen.walk_children()
        if not one.children and one.region.area and one.display
    ]
    whole = Region(0, 0, *screen.size)
    wrong = [name for name, region in leaves if region.intersection(whole) != region]
    for number, (name, region) in enumerate(leaves):
        wrong += [f"{name} and {other}" for other, area in leaves[number + 1 :] if region.overlaps(area)]
    return wrong


def last_line(shown: Stage) -> str:
    return shown.text().splitlines()[-1]


def check(shown: Stage, terminal: str) -> None:
    """What holds for every screen: it fits, its last line tells the keys, and it keeps to the terminal's characters."""
    assert overlaps(shown) == []
    keys = shown.app.screen.query_one(Keys)
    assert keys.region.bottom == shown.app.size.height
    least = next(one for one in reversed(actions.footer(keys.where, shown.app.size.width)))
    assert f"{least.shown} {least.label}" in last_line(shown)
    if terminal == "ascii":
        assert shown.text().isascii(), [one for one in shown.text() if not one.isascii()]


def in_turn(ways: Iterable[str], turn: int) -> Iterator[tuple[str, str]]:
    """Each way with one of the terminals in turn; the next size begins with another, so that each pair is there."""
    return zip(ways, itertools.islice(itertools.cycle(TERMINALS), turn, None), strict=False)


@pytest.mark.parametrize("size", SIZES)
async def test_every_screen_of_the_walk(tmp_path: Path, size: tuple[int, int]) -> None:
    for way, terminal in in_turn(WAYS, SIZES.index(size)):
        async with stage(tmp_path / way, size=size, environ=TERMINALS[terminal]) as shown:
            await shown.press(*WAYS[way])
            check(shown, terminal)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("targets", [(), (TARGET, NO_HOST)], ids=["nothing found", "two found"])
async def test_every_screen_of_the_start(
    tmp_path: Path, size: tuple[int, int], targets: tuple[Target, ...]
) -> None:
    for way, terminal in in_turn(START_WAYS, SIZES.index(size) + len(targets) // 2):
        async with stage(
            tmp_path / way, size=size, target=None, targets=targets, environ=TERMINALS[terminal]
        ) as shown:
            await shown.press("escape", *START_WAYS[way])
            check(shown, terminal)


@pytest.mark.parametrize("terminal", TERMINALS)
@pytest.mark.parametrize("size", SIZES)
async def test_a_check_that_runs(tmp_path: Path, size: tuple[int, int], terminal: str) -> None:
    script = Script(network=[HANG, {"network.outcome": "refused"}])
    async with stage(tmp_path, script, size=size, environ=TERMINALS[terminal], hanging=True) as shown:
        check(shown, terminal)
        await shown.pilot.press("x")
        await shown.settle()


@pytest.mark.parametrize("size", SIZES)
async def test_help_and_the_list_of_actions_are_one_key_away(tmp_path: Path, size: tuple[int, int]) -> None:
    for number, keys in enumerate(((), ("2",), ("b",), ("m",))):
        async with stage(tmp_path / str(number), size=size) as shown:
            await shown.press(*keys, "question_mark")
            assert isinstance(shown.app.screen, Help)
            await shown.press("escape", "colon")
            assert isinstance(shown.app.screen, Palette)


async def test_help_is_one_key_away_while_typing(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None) as shown:
        assert "F1 help" in last_line(shown)
        await shown.press("f1")
        assert isinstance(shown.app.screen, Help)


async def test_what_is_typed_in_plain_ascii_stays_what_it_is(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(40, 12), environ=TERMINALS["ascii"]) as shown:
        await shown.press("n", *"für", "ü")
        assert "f?r?" in shown.text()
        assert shown.app.screen.query_one(Field).value == "fürü"


async def test_a_screen_that_grows_gets_its_blank_rows(tmp_path: Path) -> None:
    async with stage(tmp_path) as shown:
        await shown.press("2")
        whole = shown.page()
    async with stage(tmp_path / "small", size=(40, 12)) as shown:
        await shown.press("2")
        await shown.pilot.resize_terminal(80, 24)
        await shown.settle()
        assert shown.page() == whole


async def test_longer_names_of_keys_in_plain_ascii_stay_in_their_column(tmp_path: Path) -> None:
    async with stage(tmp_path, environ=TERMINALS["ascii"]) as shown:
        await shown.press("2", "colon")
        assert "Down   more: Go on reading" in shown.text()

"""`python -m tests.screenshots`: pictures of the real program, on the practice range and against a real server.

Writes `screenshots/NAME.svg` (Textual's own drawing) and `.png` (by rsvg-convert or CairoSVG). No picture is drawn
by hand, and nothing but loopback is contacted. Ports and times differ from run to run. `slots` starts a PostgreSQL
of its own and takes its slots: it needs what the live tests need.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from textual.pilot import Pilot

from wizard.cli import parser
from wizard.content.load import open_content
from wizard.core.steps import Ask, Run
from wizard.front import interactive, setup
from wizard.front.tui.app import WizardApp
from wizard.front.tui.course import make_course
from wizard.practice import get, serve
from wizard.runtime import Runtime
from wizard.session import Session
from wizard.target.discover import discover
from wizard.target.model import Target

FOLDER = Path(__file__).resolve().parents[1] / "screenshots"
SIZE = (100, 30)
PATIENCE = 20.0
ENVIRON = {
    "DATABASE_URL": "postgresql://app:not-shown@db.internal:5432/shop",
    "PGHOST": "db.internal",
    "PGPORT": "6432",
    "PGUSER": "app",
    "PGDATABASE": "shop",
}
"""What the start screen finds: two sources that disagree. Nothing of it is contacted."""
SCREEN = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}
SLOTS_PORT = 54999
FONT = "DejaVu Sans Mono, Menlo, Consolas, monospace"

Stage = tuple[WizardApp, Pilot[int]]


@asynccontextmanager
async def stage(target: Target | None, targets: tuple[Target, ...] = ()) -> AsyncIterator[Stage]:
    """The real application with the real content and probes, its session in memory."""
    options = parser("", "").parse_args(["--no-files"])
    content = open_content([])
    with tempfile.TemporaryDirectory() as state:
        sessions = partial(_session, Path(state))
        make = partial(make_course, content, _runtimes(options), sessions, {}, None)
        app = WizardApp(make, targets, target, interactive.parser_of(options), SCREEN, lambda sequence: None)
        async with app.run_test(size=SIZE) as pilot:
            yield app, pilot
            app.action_leave()
        if app.course is not None:
            app.course.finish()


def _runtimes(options: Namespace) -> Callable[[Target], Runtime]:
    return lambda target: setup.make_runtime(target, open_content([]), options, None, None, None)


def _session(folder: Path, target: Target) -> Session:
    return Session.create(folder, {"target": {"host": target.host}})


async def until(stage: Stage, reached: Callable[[WizardApp], bool]) -> None:
    """Wait for a moment of the walk. Raises TimeoutError."""
    app, pilot = stage

    async def wait() -> None:
        while not reached(app):
            await pilot.pause(0.02)

    await asyncio.wait_for(wait(), PATIENCE)
    await pilot.pause()


def silent(app: WizardApp) -> bool:
    """A check waits for a server that says nothing."""
    step = app.course.step if app.course is not None else None
    return isinstance(step, Run) and step.probe == "network.greet"


def asked(app: WizardApp) -> bool:
    """A question is on the screen."""
    return app.course is not None and isinstance(app.course.step, Ask)


def found(app: WizardApp) -> bool:
    """The verdict is on the screen."""
    return app.course is not None and app.course.conclusion is not None


async def start() -> str:
    """The start screen, with two sources that disagree."""
    home = Path(tempfile.gettempdir()) / "no-such-home"
    async with stage(None, discover(ENVIRON, None, home).targets) as shown:
        await shown[1].pause()
        return shown[0].export_screenshot(title="dbwizard")


async def practised(name: str, reached: Callable[[WizardApp], bool], *keys: str) -> str:
    """A scenario of the practice range at a moment of its walk."""
    with serve(get(name)) as running:
        target = interactive.parser_of(parser("", "").parse_args([]))(running.url)
        async with stage(target) as shown:
            await until(shown, reached)
            await shown[1].press(*keys)
            await shown[1].pause()
            return shown[0].export_screenshot(title=f"dbwizard practice {name}")


async def slots() -> str:
    """A real PostgreSQL whose slots an application holds without using them."""
    from contextlib import ExitStack

    import psycopg

    from tests.support.cli import url
    from tests.support.postgres import PostgresServer

    settings = {"listen_addresses": "127.0.0.1", "max_connections": "8"}
    server = PostgresServer(port=SLOTS_PORT, settings=settings)
    stated = url(host="127.0.0.1", port=SLOTS_PORT)
    with ExitStack() as stack:
        stack.callback(server.stop)
        server.start()
        for _ in range(5):
            stack.enter_context(psycopg.connect(stated, application_name="shop-web"))
        async with stage(interactive.parser_of(parser("", "").parse_args([]))(stated)) as shown:
            await until(shown, found)
            return shown[0].export_screenshot(title="dbwizard")


PICTURES: dict[str, Callable[[], Coroutine[None, None, str]]] = {
    "start": start,
    "walk": partial(practised, "accepts-never-answers", silent),
    "question": partial(practised, "read-only-standby", asked, "w", "h"),
    "finding": partial(practised, "certificate-expired", found),
    "map": partial(practised, "read-only-standby", asked, "m"),
    "help": partial(practised, "read-only-standby", asked, "question_mark"),
    "actions": partial(practised, "read-only-standby", asked, "colon"),
    "slots": slots,
    "application": partial(practised, "healthy-postgresql", asked, "w"),
}


def own_font(svg: str) -> str:
    """The drawing with fonts of the reader's machine, so that looking at it fetches nothing from anywhere."""
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    return re.sub(r"font-family:\s*(?:Fira Code|arial)[^;]*;", f"font-family: {FONT};", svg)


def to_png(svg: Path) -> None:
    """Draw the PNG beside it. Exits with a sentence where nothing here can."""
    png = svg.with_suffix(".png")
    if shutil.which("rsvg-convert"):
        subprocess.run(["rsvg-convert", "--zoom", "1", "-o", str(png), str(svg)], check=True)
        return
    try:
        import cairosvg
    except ImportError:
        sys.exit(
            "The SVG files are written, the PNG files are not: rsvg-convert (Debian: librsvg2-bin) or CairoSVG "
            "(pip install cairosvg) is missing."
        )
    cairosvg.svg2png(url=str(svg), write_to=str(png))


def main() -> None:
    """Take every picture, or those that are named."""
    wanted = sys.argv[1:] or list(PICTURES)
    if unknown := set(wanted) - set(PICTURES):
        sys.exit(f"No such picture: {', '.join(sorted(unknown))}; there are {', '.join(PICTURES)}.")
    os.chdir(tempfile.gettempdir())
    FOLDER.mkdir(exist_ok=True)
    for name in wanted:
        path = FOLDER / f"{name}.svg"
        path.write_text(own_font(asyncio.run(PICTURES[name]())) + "\n", encoding="utf-8")
        to_png(path)
        print(path.relative_to(FOLDER.parent))


if __name__ == "__main__":
    main()

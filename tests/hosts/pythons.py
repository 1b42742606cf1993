"""The program under each Python from 3.10 on that this machine has: `python -m tests.hosts.pythons [INTERPRETER ...]`.

For each interpreter a wheel of this checkout is installed into an environment of its own, made read-only for the
program's account, and a small run from end to end is made in it. It needs the package index, about a minute each, and
400 MB in the folder for temporary files; nothing else is changed. Not part of `tests/run`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("python3.10", "python3.11", "python3.12", "python3.13", "python3.14")
SCENARIOS = {
    "wrong-password": "auth.password-wrong",
    "certificate-expired": "tls.expired",
    "refused": "network.service-down",
    "read-only-standby": "database.read-only",
}
ERROR = "FATAL: sorry, too many clients already"
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input")


def found(names: tuple[str, ...] = NAMES) -> list[str]:
    """The interpreters that can be started, each once; those of pyenv, whose names need not lead anywhere, too."""
    seen: dict[str, str] = {}
    of_pyenv = sorted(Path.home().glob(".pyenv/versions/*/bin/python3")) if names == NAMES else []
    for name in (*names, *map(str, of_pyenv)):
        asked = [name, "-c", "import sys, ensurepip; print(*sys.version_info[:3], sep='.')"]
        try:
            said = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
        except OSError:
            continue
        version = said.stdout.strip()
        if said.returncode == 0 and tuple(map(int, version.split(".")[:2])) >= (3, 10):
            seen.setdefault(version, name)
    return list(seen.values())


def run(*argv: str, environ: dict[str, str] | None = None, status: int = 0) -> str:
    """Run to the end; standard output. Raises AssertionError for another status or a traceback."""
    done = subprocess.run(
        argv, capture_output=True, text=True, env=environ, timeout=600, check=False, cwd="/"
    )
    story = f"{' '.join(argv)}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    assert done.returncode == status, story
    assert "Traceback" not in done.stdout + done.stderr, story
    assert "Warning" not in done.stderr, story
    return done.stdout


def install(interpreter: str, wheel: Path, folder: Path) -> Path:
    """A fresh environment with the wheel in it, which nobody may write; its interpreter."""
    run(interpreter, "-m", "venv", str(folder))
    python = folder / "bin" / "python"
    run(str(python), *PIP, "install", str(wheel))
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)
    return python


def end_to_end(python: Path, home: Path) -> None:
    """Practice, explain, lint and the modes of the interpreter, in a home that is as new."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "PYTHONSAFEPATH": "1"}
    strict = (str(python), "-I", "-W", "error::DeprecationWarning", "-W", "error::SyntaxWarning")
    for scenario, cause in SCENARIOS.items():
        said = run(*strict, "-m", "wizard", "practice", scenario, "--plain", environ=environ, status=1)
        assert f"[{cause}]" in said, said
    run(str(python), "-OO", "-m", "wizard", "tree", "lint", environ=environ)
    report = run(*strict, "-m", "wizard", "check", "--json", "--no-files", environ=environ, status=1)
    assert json.loads(report)["cause"] == "config.missing"
    said = run(*strict, "-m", "wizard", "explain", "--short", ERROR, environ=environ)
    assert "capacity.max-connections" in said, said
    run(*strict, "-m", "wizard", "export", environ=environ)


def main(chosen: list[str]) -> int:
    """Try each interpreter; 0 where all of them pass, 1 where one fails, 2 where there is none."""
    interpreters = found(tuple(chosen) or NAMES)
    if not interpreters:
        print(
            "no interpreter from 3.10 on was found; name one: python -m tests.hosts.pythons /path/to/python3.12"
        )
        return 2
    failed = 0
    with tempfile.TemporaryDirectory(prefix="dbwizard-pythons-") as name:
        work = Path(name)
        run(sys.executable, *PIP, "wheel", "--no-deps", "--wheel-dir", name, str(ROOT))
        (wheel,) = work.glob("*.whl")
        for interpreter in interpreters:
            place, home = work / "environment", work / "home"
            home.mkdir()
            try:
                end_to_end(install(interpreter, wheel, place), home)
                print(f"{interpreter}: passed", flush=True)
            except AssertionError as error:
                failed += 1
                print(f"{interpreter}: FAILED\n{error}", flush=True)
            run("chmod", "-R", "u+w", str(place))
            shutil.rmtree(place)
            shutil.rmtree(home)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

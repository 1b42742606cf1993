"""What the service manager of this host knows of a server: its state, and what it wrote to the journal.

Every command is bounded, gets no setting of the application's and changes nothing. A host without systemd says so.
"""

from __future__ import annotations

from wizard.core.lazyre import lazy
from wizard.named import NamedTuple
from wizard.probes import child
from wizard.probes.system import service_manager
from wizard.runtime import Runtime

LONGEST = 256 * 1024
"""Bytes of a command's output that are looked at: its end."""
STEP = 0.8
"""Seconds that one command may take."""
NAMES = {"postgresql": ("postgresql",), "mysql": ("mariadb", "mysql", "mysqld")}
_LINE = lazy(r"^(\d{4}-\d\d-\d\dT[\d:]+[+-]\d\d:?\d\d) \S+ ([^\s:\[]+)(?:\[\d+\])?: ?(.*)$")
"""A line of `journalctl -o short-iso`."""


class Unit(NamedTuple):
    """A unit of systemd; empty texts where that is not known."""

    name: str
    state: str = ""
    result: str = ""
    since: str = ""
    trouble: str = ""


def command(argv: list[str], runtime: Runtime, until: float) -> tuple[str, str]:
    """(the end of what a program prints, a sentence on why there is nothing)."""
    import shutil

    if shutil.which(argv[0]) is None:
        return "", f"{argv[0]} is not on this host"
    left = min(until - runtime.clock(), STEP)
    if left <= 0:
        return "", f"there was no time left for {argv[0]}"
    try:
        done = child.run(argv, left, LONGEST, {"SYSTEMD_COLORS": "0"})
    except TimeoutError:
        return "", f"{argv[0]} did not answer within {left:.1f} s"
    except OSError as error:
        return "", f"{argv[0]} could not be run: {type(error).__name__}"
    text = done.out.decode("utf-8", "replace")
    said = done.err[:400].decode("utf-8", "replace").strip().splitlines()
    if done.status and not text.strip():
        return "", f"{argv[0]} says: {said[0]}" if said else f"{argv[0]} ends with status {done.status}"
    return text, ""


def service_state(family: str, runtime: Runtime, until: float) -> tuple[str, str]:
    """(name of the engine's service, its state as systemd tells it, or "")."""
    unit = unit_state(NAMES[family], runtime, until)
    known = unit.state in ("active", "failed", "activating", "inactive")
    return unit.name, unit.state if known else ""


def unit_state(names: tuple[str, ...], runtime: Runtime, until: float) -> Unit:
    """The first of these units that is loaded; without systemd the first name alone."""
    if service_manager() != "systemd":
        return Unit(names[0], trouble="no systemd here: the state of the service is not known")
    asked = "LoadState,ActiveState,Result,StateChangeTimestamp"
    # One call for all names: each block of lines is one unit, in the order of the names.
    text, trouble = command(["systemctl", "show", "-p", asked, *names], runtime, until)
    units = []
    for name, block in zip(names, text.split("\n\n"), strict=False):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if values.get("LoadState") == "loaded":
            units.append(
                Unit(
                    name,
                    values.get("ActiveState", ""),
                    values.get("Result", ""),
                    values.get("StateChangeTimestamp", ""),
                )
            )
    # Debian's postgresql.service only stands for all clusters and is "active" while none of them runs.
    return units[0] if units else Unit(names[0], trouble=trouble or "systemd knows no such service")


def journal(unit: str, runtime: Runtime, until: float) -> tuple[str, str, str]:
    """(what a unit and its programs wrote, when that ended, a sentence on why there is nothing)."""
    if service_manager() != "systemd":
        return "", "", ""
    argv = ["journalctl", "-u", unit, "-n", "200", "--no-pager", "-o", "short-iso"]
    text, trouble = command(argv, runtime, until)
    lines = []
    stamp = ""
    for line in text.splitlines():
        found = _LINE.match(line)
        if found is not None:
            stamp = found[1]
            # What systemd says keeps its name: its words are no words of the server.
            lines.append(f"systemd: {found[3]}" if found[2] == "systemd" else found[3])
    if not lines and not trouble:
        trouble = "the journal has no entries for the service, or they may not be read"
    return "\n".join(lines), stamp, trouble

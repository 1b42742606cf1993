"""What the kernel said about processes that it ended because memory ran out.

The kernel's log is a ring in memory, copied to files or the journal by some hosts. It may be closed to ordinary users;
then a sentence says so, and nothing is guessed.
"""

from __future__ import annotations

from pathlib import Path

from wizard.core.lazyre import lazy
from wizard.named import NamedTuple
from wizard.probes.regular import tail
from wizard.probes.services import command
from wizard.runtime import Runtime

TAIL = 512 * 1024
"""Bytes of a log file's end that are read."""
_FILES = ("/var/log/kern.log", "/var/log/messages", "/var/log/syslog")
_KILL = lazy(
    r"(?:Out of memory|out of memory|oom[-_ ]kill)[^\n]*?Kill(?:ed)? process (\d{1,9}) \(([^)\n]{1,32})\)"
)
"""mm/oom_kill.c: "%s: Killed process %d (%s) …", where %s is "Out of memory" or "Memory cgroup out of memory"."""


class Kill(NamedTuple):
    """A process that the kernel ended for memory."""

    pid: int
    program: str
    line: str


def memory_kills(runtime: Runtime, until: float) -> tuple[list[Kill] | None, str]:
    """(the kills, oldest first, or None where no kernel log can be read; a sentence on why not)."""
    text, trouble = command(["dmesg"], runtime, until)
    if not text and trouble:
        text, trouble = _file() or command(["journalctl", "-k", "-n", "500", "--no-pager"], runtime, until)
    if not text and trouble:
        return None, f"the kernel's log cannot be read here: {trouble}"
    kills = []
    for line in text.splitlines():
        found = _KILL.search(line)
        if found is not None:
            kills.append(Kill(int(found[1]), found[2], line.strip()))
    return kills, ""


def _file() -> tuple[str, str] | None:
    """The end of the first file with the kernel's log that can be read."""
    for name in _FILES:
        try:
            return tail(Path(name), TAIL)[0], ""
        except OSError:
            continue
    return None

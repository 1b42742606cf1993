"""The server's own log, where the server runs on this host and the log can be read: it says more than the wire does.

The log is found through the server's process: the file behind its standard error, or the collector's current file.
Only its end is read, and only what concerns this login is kept.
"""

from __future__ import annotations

import os
from pathlib import Path

from wizard.core.facts import Value
from wizard.core.lazyre import lazy
from wizard.probes.base import Report, probe
from wizard.probes.host import PROC
from wizard.probes.ownserver import server_of
from wizard.redact import clean
from wizard.runtime import Runtime
from wizard.target.model import Target

TAIL = 128 * 1024
"""Bytes of the log's end that are read."""
BEFORE = 6
"""Lines before a refusal among which its reason is looked for: other sessions write in between."""
_SESSION = lazy(r"\[\d+\]")
"""The process in square brackets, as the usual log_line_prefix has it."""
_FIELD = lazy(r"\b(DETAIL|HINT):\s")
_THREAD = lazy(r"\s(\d+) \[(?:Warning|Note|ERROR|System)\]")
"""The connection's number, as MariaDB and MySQL write it before the severity."""


@probe("server.log", provides=("log.outcome", "log.text", "log.file"), deadline=3.0)
def read_log(target: Target, runtime: Runtime) -> Report:
    """What the server wrote about the login that it has just refused."""
    pid = server_of(target, runtime)
    if pid is None:
        return Report({"log.outcome": "not-here"}, trouble="the server's process is not visible from here")
    path = _log_of(pid)
    if path is None:
        return Report(
            {"log.outcome": "not-readable"}, trouble="the server's log cannot be found or read from here"
        )
    read = _record_mysql if target.family == "mysql" else _record
    text = read(_tail(path), target.user)
    facts: dict[str, Value] = {
        "log.outcome": "read" if text else "silent",
        "log.file": clean(str(path), limit=300),
    }
    report = Report(facts, summary=f"the server's log is {path}")
    if text:
        facts["log.text"] = clean(text, limit=1000)
        report.quote("auth", f"server log: {text}")
        report.summary = "the server's log says why"
    return report


def _log_of(pid: int) -> Path | None:
    """The regular file that the server writes its log to."""
    data = PROC / str(pid) / "cwd"
    try:
        for line in (data / "current_logfiles").read_text().splitlines():
            kind, _, name = line.partition(" ")
            if kind == "stderr":
                path = data / name
                return path if os.access(path, os.R_OK) else None
    except OSError:
        pass  # without the collector there is no such file
    for number in ("2", "1"):
        try:
            path = Path(os.readlink(PROC / str(pid) / "fd" / number))
        except OSError:
            continue
        if os.path.isfile(path) and os.access(path, os.R_OK):
            return path
    return None


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - TAIL, 0))
            return file.read(TAIL).decode("utf-8", "replace")
    except OSError:
        return ""


def _record(text: str, user: str) -> str:
    """The last refusal that names the account, with the lines around it that say why.

    Before it the server may have logged the reason (CheckCertAuth in auth.c: `certificate validation … failed for
    user "app"`), after it stand DETAIL and HINT.
    """
    lines = text.splitlines()
    for index in range(len(lines) - 1, -1, -1):
        if "FATAL:" in lines[index] and f'"{user}"' in lines[index]:
            found = [*_reasons(lines[max(index - BEFORE, 0) : index], lines[index], user), lines[index]]
            for line in lines[index + 1 : index + 6]:
                if not _FIELD.search(line) and not line.startswith("\t"):
                    break
                found.append(line)
            return "\n".join(found)
    return ""


def _reasons(before: list[str], refusal: str, user: str) -> list[str]:
    """The LOG lines among those before a refusal that are about its account, and about its session if told."""
    session = _SESSION.search(refusal.partition("FATAL:")[0])
    found = []
    for line in before:
        prefix, mark, words = line.partition("LOG:")
        theirs = _SESSION.search(prefix)
        other = session is not None and theirs is not None and session[0] != theirs[0]
        if mark and f'"{user}"' in words and not other:
            found.append(line)
    return found


def _record_mysql(text: str, user: str) -> str:
    """What the same connection was warned of before the last refusal of the account; else the refusal itself.

    The refusals are logged with log_warnings of 2 (MariaDB) or log_error_verbosity of 3 (MySQL).
    """
    lines = text.splitlines()
    for index in range(len(lines) - 1, -1, -1):
        if f"Access denied for user '{user}'@" not in lines[index]:
            continue
        own = _THREAD.search(lines[index])
        before = lines[max(index - BEFORE, 0) : index]
        reasons = [line for line in before if own and (found := _THREAD.search(line)) and found[1] == own[1]]
        return "\n".join(reasons) or lines[index]
    return ""

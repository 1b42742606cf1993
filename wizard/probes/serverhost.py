"""Why the server of this host does not run: its last words, and what stands in the way of a start.

It reads logs, the state of the service, the data folder and /proc. It starts nothing, changes nothing and names no
cause; what may not be looked at is told in a sentence, and the rest is reported all the same.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from wizard.named import NamedTuple
from wizard.probes import datafolder, kernellog, services
from wizard.probes.base import Report, probe
from wizard.probes.clusters import Cluster, choose, clusters, installed
from wizard.probes.host import PROGRAMS, apart, elsewhere
from wizard.probes.lastwords import Attempt, last_attempt
from wizard.probes.logformats import as_lines
from wizard.probes.regular import tail
from wizard.runtime import Runtime
from wizard.target.model import Target

BOUND = 2.3
"""Seconds for all of it."""
TAIL = 256 * 1024
"""Bytes of a log's end that are read."""
PROVIDES = (
    "startup.outcome",
    "startup.text",
    "server.installed",
    "server.cluster",
    "server.clusters",
    "server.config-file",
    "server.hba-file",
    "server.log-file",
    "server.data-directory",
    "server.data",
    "server.version-of-data",
    "server.disk",
    "server.disk-free-percent",
    "server.pid-file",
    "server.pid-file-process",
    "server.port-holder",
    "server.socket-folder",
    "server.unit",
    "server.unit-state",
    "server.unit-since",
    "server.kernel-kill",
)


SAID = {
    "failed": "its last start failed",
    "killed": "it ended without a word of its own",
    "stopped": "it was stopped in an orderly way",
    "running": "its process runs",
    "never-started": "its log tells of no start",
    "not-visible": "no log of it can be seen",
}
"""What is told of each outcome."""


class _Source(NamedTuple):
    """One place where the server's words stand, and when they end (seconds since the epoch)."""

    name: str
    text: str
    changed: float
    cut: bool = False
    """Whether earlier words were left unread."""


class _Look(NamedTuple):
    """One look at one server: what it is, the time that is left, and where findings go."""

    cluster: Cluster
    family: str
    runtime: Runtime
    until: float
    report: Report
    trouble: list[str]


@probe("server.why-down", provides=PROVIDES, deadline=2.5)
def why_down(target: Target, runtime: Runtime) -> Report:
    """What this host tells of a server that should listen where the target points, and does not run."""
    family = target.family if target.family in PROGRAMS else "postgresql"
    # Inside a container, localhost is another system: what is set up here is not meant.
    contained = elsewhere(runtime) and runtime.facts.text("target.is-loopback") == "true"
    meant = not (contained or apart(runtime))
    found = clusters(family) if meant else []
    cluster = choose(target, found)
    names = tuple(f"{one.name} port {one.port or 'not known'}" for one in found)
    report = Report(
        {
            "startup.outcome": "not-visible",
            "startup.text": "none",
            "server.installed": "yes" if installed(family) else "no",
            "server.clusters": names or ("none",),
            "server.cluster": cluster.name if cluster else "none",
            "server.data": "not-seen",
            "server.disk": "not-seen",
            "server.port-holder": "none",
            "server.kernel-kill": "not-looked",
            "server.socket-folder": "not-seen",
        }
    )
    if cluster is None:
        where = "on this host" if meant else "where the application runs, as far as can be seen"
        report.summary = f"no {family} server is set up {where} for port {target.port}"
        return report
    look = _Look(cluster, family, runtime, runtime.until(BOUND), report, [])
    unit = _unit(look)
    report.facts.update(datafolder.look(cluster, family, look.trouble))
    report.facts["server.port-holder"] = datafolder.port_holder(cluster.port or target.port, family)
    _last_start(look, unit)
    report.trouble = "; ".join(dict.fromkeys(look.trouble))
    return report


def _unit(look: _Look) -> services.Unit:
    """The state of the server's service."""
    unit = services.unit_state(look.cluster.units, look.runtime, look.until)
    facts = look.report.facts
    facts["server.unit"] = unit.name
    if unit.trouble:
        look.trouble.append(unit.trouble)
    if unit.state:
        state = unit.state if unit.result in ("", "success") else f"{unit.state} ({unit.result})"
        facts["server.unit-state"] = state
        if unit.state == "failed":
            since = f" since {unit.since}" if unit.since else ""
            look.report.quote("server", f"systemd: {unit.name} is {state}{since}")
    if unit.since:
        facts["server.unit-since"] = unit.since
    return unit


def _last_start(look: _Look, unit: services.Unit) -> None:
    """How the last start ended, by the logs; of a server that says nothing of its end, by the kernel's log."""
    sources = _sources(look, unit)
    attempt, source = _newest(sources, look.family)
    if not sources:
        look.trouble.append("no log of the server was found or may be read here")
    outcome, text = attempt.outcome, attempt.text
    if look.report.facts.get("server.pid-file-process") == "server":
        outcome, text = "running", ""
    elif unit.result == "oom-kill":
        outcome, text = "killed", f"systemd: {unit.name}: Failed with result 'oom-kill'."
        look.report.facts["server.kernel-kill"] = "seen"
    elif outcome == "killed" or "signal 9" in text:
        text = _killed(look, attempt) or text
    elif outcome == "silent":
        seen = "never-started" if sources else "not-visible"
        outcome = "failed" if unit.state == "failed" else seen
    name = source.name if source else "none"
    look.report.facts.update({"startup.outcome": outcome, "server.log-file": name})
    if outcome in ("failed", "killed") and text:
        look.report.facts["startup.text"] = text
        look.report.quote("server", f"{name}: {text}" if source else text)
    look.report.summary = f"server {look.cluster.name}: {SAID[outcome]}" + (
        f", says {name}" if source else ""
    )


def _sources(look: _Look, unit: services.Unit) -> list[_Source]:
    """Where the server's words stand, the latest first."""
    found = []
    for path in look.cluster.logs:
        try:
            found.append(_file(path))
        except PermissionError:
            look.trouble.append(f"{path} may not be read here")
        except OSError:
            continue
    text, stamp, why = services.journal(unit.name, look.runtime, look.until)
    if text:
        found.append(_Source(f"journalctl -u {unit.name}", text, _moment(stamp)))
    elif why:
        look.trouble.append(why)
    return sorted(found, key=lambda one: -one.changed)


def _file(path: Path) -> _Source:
    """A log file, with the end of the one that was rotated away before it, for a start may be told there.

    Raises OSError where the file may not be read.
    """
    text, changed = tail(path, TAIL)
    cut = path.stat().st_size > TAIL
    if not cut:
        with suppress(OSError):
            older = path.with_name(f"{path.name}.1")
            text = f"{tail(older, TAIL)[0]}\n{text}"
            cut = older.stat().st_size > TAIL
    return _Source(str(path), as_lines(path.name, text), changed, cut)


def _moment(stamp: str) -> float:
    """Seconds since the epoch of `2026-11-20T21:04:05+0000`; 0 where that cannot be read."""
    from datetime import datetime

    try:
        return datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S%z").timestamp()
    except ValueError:
        return 0.0


def _newest(sources: list[_Source], family: str) -> tuple[Attempt, _Source | None]:
    """The last start of the latest source that tells of one."""
    for source in sources:
        attempt = last_attempt(source.text, family, cut=source.cut)
        if attempt.outcome != "silent":
            return attempt, source
    return Attempt("silent"), sources[0] if sources else None


def _killed(look: _Look, attempt: Attempt) -> str:
    """The kernel's line about this server, together with the log's; empty where the kernel says nothing of it."""
    kills, why = kernellog.memory_kills(look.runtime, look.until)
    if kills is None:
        look.report.facts["server.kernel-kill"] = "not-readable"
        look.trouble.append(why)
        return ""
    ours = [one for one in kills if one.program in PROGRAMS[look.family][:4]]
    known = {*attempt.pids, *datafolder.noted_pids(look.cluster)}
    exact = [one for one in ours if one.pid in known]
    # In a container the server counts its processes otherwise than the kernel does.
    look.report.facts["server.kernel-kill"] = "seen" if exact else "similar" if ours else "none"
    if exact or (ours and attempt.text):
        return "\n".join(filter(None, (attempt.text, (exact or ours)[-1].line)))
    return ""

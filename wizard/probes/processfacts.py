"""The facts of the application's own process: what was looked at, from where, and which settings have changed since."""

from __future__ import annotations

from wizard.core.facts import Value
from wizard.named import TYPE_CHECKING

if TYPE_CHECKING:
    from wizard.probes.base import Report
    from wizard.target.process import Process, Stale

PROVIDES = (
    "process.view",
    "process.settings",
    "process.stale",
    "process.difference",
    "process.newer-files",
    "process.pid",
    "process.name",
    "process.owner",
    "process.started",
    "process.container",
    "process.trouble",
)


def add_process(report: Report, process: Process | None) -> None:
    """Put the process's facts, and the evidence of what is stale, into the report of the settings."""
    if process is None:
        none: dict[str, Value] = {"process.view": "none", "process.settings": "none"}
        report.facts.update({**none, "process.stale": ("none",), "process.newer-files": ("none",)})
        return
    report.facts.update(
        {
            "process.view": process.view,
            "process.settings": process.origin,
            "process.stale": tuple(one.key for one in process.stale) or ("none",),
            "process.newer-files": process.newer or ("none",),
        }
    )
    if process.pid:
        named = {"process.name": process.name, "process.owner": process.owner}
        report.facts.update({key: value for key, value in named.items() if value})
        report.facts["process.pid"] = process.pid
        report.facts["process.started"] = _moment(process.started)
    if process.container:
        report.facts["process.container"] = process.container
    if process.troubles:
        report.trouble = report.facts["process.trouble"] = " ".join(process.troubles)
    told = [_told(one, process) for one in process.stale]
    for sentence in told:
        report.quote("config", sentence)
    if told:
        report.facts["process.difference"] = "; ".join(told)


def _told(one: Stale, process: Process) -> str:
    """Who says what, and since when."""
    source = one.theirs.source.partition(" ")[0] if one.changed is not None else one.theirs.source
    now = source + (_since(one.changed, process.started) if one.changed is not None else "")
    if one.key == "password":
        return f"password: {one.ours.source} holds another one than {now}"
    return f"{one.key}: {one.ours.source} says {one.ours.value}, {now} says {one.theirs.value}"


def _since(changed: float, started: float) -> str:
    """` (changed 02:11:09 UTC, after …)`, with the days where they are two."""
    moments = _moment(changed), _moment(started)
    first, second = (one[11:] for one in moments) if moments[0][:10] == moments[1][:10] else moments
    return f" (changed {first}, after the process started {second})"


def _moment(seconds: float) -> str:
    """A moment for people, in UTC."""
    import time

    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))

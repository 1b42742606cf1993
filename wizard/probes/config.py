"""The settings themselves: what was found, what is wrong with it, which sources disagree. Contacts nothing."""

from __future__ import annotations

from wizard.core.facts import Value
from wizard.probes.base import Report, probe
from wizard.probes.processfacts import PROVIDES as PROCESS_FACTS
from wizard.probes.processfacts import add_process
from wizard.probes.token import PROVIDES as TOKEN_FACTS
from wizard.probes.token import token_facts
from wizard.redact import clean
from wizard.runtime import Runtime
from wizard.target.model import Target
from wizard.target.readings import password_form

SOFT = ("passfile-ignored",)
"""Problems that only matter when the server asks for what is missing."""
WANTS_STANDBY = ("standby", "secondary", "slave", "replica", "prefer-standby", "preferslave")
WANTS_PRIMARY = ("read-write", "primary", "master", "read_write")


@probe(
    "config.settings",
    provides=(
        "config.outcome",
        "config.problem",
        "config.problem-key",
        "config.problem-detail",
        "config.passfile",
        "config.conflicts",
        "config.source",
        "engine",
        "target.is-socket",
        "target.host-count",
        "target.session",
        "target.driver",
        "tls.mode",
        "auth.password-given",
        "auth.password-form",
        *TOKEN_FACTS,
        *PROCESS_FACTS,
        "target.host",
        "target.port",
        "target.user",
        "target.database",
        "target.socket",
        "tls.root",
        "tls.cert",
        "tls.key",
    ),
    deadline=2.0,
)
def settings(target: Target, runtime: Runtime) -> Report:
    """Facts about the target as it was read."""
    hard = [problem for problem in target.problems if problem.kind not in SOFT]
    soft = [problem for problem in target.problems if problem.kind in SOFT]
    facts: dict[str, Value] = {
        "config.outcome": hard[0].kind if hard else "ok",
        "config.problem": hard[0].kind if hard else "none",
        "config.conflicts": tuple(conflict.key for conflict in target.conflicts) or ("none",),
        "config.passfile": "ignored"
        if soft
        else "none"
        if "passfile" not in target.password_source
        else "used",
        "config.source": target.source or "nowhere",
        "engine": target.engine,
        "target.is-socket": target.is_socket,
        "target.host-count": len(target.hosts),
        "target.session": _session(target),
        "target.driver": target.driver or "unknown",
        "tls.mode": target.tls.mode,
        "auth.password-given": target.password is not None and bool(target.password),
        "auth.password-form": password_form(target),
    }
    facts.update(_names(target))
    facts.update(token_facts(target))
    report = Report(facts)
    add_process(report, runtime.process)
    for problem in [*hard, *soft]:
        report.quote("config", f"{problem.source}: {problem.detail}" if problem.source else problem.detail)
    if hard or soft:
        facts["config.problem-key"] = (hard or soft)[0].key
        # A clause: the pages put it into sentences of their own.
        facts["config.problem-detail"] = (hard or soft)[0].detail.rstrip(".")
    for conflict in target.conflicts:
        said = "; ".join(f"{setting.source} says {setting.value}" for setting in conflict.sources)
        report.quote("config", f"{conflict.key}: {said}")
    report.summary = hard[0].detail if hard else f"settings from {target.source or 'the defaults'}"
    return report


def _names(target: Target) -> dict[str, Value]:
    """The words of the target that commands are filled with; what is not set is left out."""
    named: dict[str, Value] = {
        "target.host": target.host,
        "target.user": target.user,
        "target.database": target.database,
        "tls.root": target.tls.root or "",
        "tls.cert": target.tls.cert or "",
        "tls.key": target.tls.key or "",
    }
    if target.is_socket:
        named["target.socket"] = target.host
    known = {key: clean(str(value), limit=200) for key, value in named.items() if value}
    return {**known, "target.port": target.port} if target.port else dict(known)


def _session(target: Target) -> str:
    """Which kind of server the target asks for: unspecified, primary, standby, prefer-standby or read-only."""
    for key in ("target_session_attrs", "targetServerType", "target_server_type"):
        wanted = target.options.get(key, "").lower()
        if wanted in WANTS_PRIMARY:
            return "primary"
        if wanted == "read-only":
            return "read-only"
        if wanted in WANTS_STANDBY:
            return "standby" if not wanted.startswith("prefer") else "prefer-standby"
    return "unspecified"

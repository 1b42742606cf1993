"""The shape of a report as the public contract promises it, checked on every live run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

LAYERS = ("config", "dns", "network", "tls", "auth", "database", "capacity")
MORE_LAYERS = ("pool", "pooler", "server", "app")
OUTCOMES = {"ok", "fault", "warning", "skipped", "unknown"}
BY = {"probe", "user", "flag", "default"}
RISKS = {"safe", "reload", "restart", "destructive"}
LANGUAGES = {"sh", "sql", "conf", "yaml", "python"}
PLACES = {"app-host", "db-host", "psql", "mysql", "console", "config"}
CAUSE = re.compile(r"healthy|inconclusive|[a-z]+\.[a-z0-9-]+")
EXITS = {"healthy": 0, "fault": 1, "inconclusive": 3}


def breaches(report: dict[str, Any], exit_status: int) -> list[str]:
    """Everything in which a report (and the exit status of its run) breaks the contract; empty when nothing."""
    return [*_head(report, exit_status), *_layers(report), *_steps(report), *_findings(report)]


def _head(report: dict[str, Any], exit_status: int) -> Iterator[str]:
    if report.get("schema") != "dbwizard.report/1":
        yield f"schema: {report.get('schema')}"
    if EXITS.get(report.get("status", "")) != exit_status:
        yield f"status {report.get('status')} with exit status {exit_status}"
    for cause in (report.get("cause"), *(item.get("cause") for item in report.get("candidates", []))):
        if not CAUSE.fullmatch(str(cause)):
            yield f"not a cause: {cause}"
    for key in ("title", "version", "started"):
        if not report.get(key):
            yield f"{key} is missing"
    datetime.strptime(report["started"], "%Y-%m-%dT%H:%M:%S.%fZ")
    if not isinstance(report.get("elapsed_ms"), int | float):
        yield "elapsed_ms is no number"
    if not isinstance(report.get("facts"), dict) or not isinstance(report.get("target"), dict):
        yield "facts or target is no object"


def _layers(report: dict[str, Any]) -> Iterator[str]:
    names = tuple(row.get("layer") for row in report.get("layers", []))
    if names[: len(LAYERS)] != LAYERS or not set(names[len(LAYERS) :]) <= set(MORE_LAYERS):
        yield f"layers: {names}"
    for row in report.get("layers", []):
        if row.get("outcome") not in OUTCOMES or not isinstance(row.get("ms"), int | float):
            yield f"layer: {row}"


def _steps(report: dict[str, Any]) -> Iterator[str]:
    for step in report.get("steps", []):
        if not step.get("node") or step.get("by") not in BY or not isinstance(step.get("ms"), int | float):
            yield f"step: {step}"
    for item in report.get("evidence", []):
        if not item.get("text") or "layer" not in item:
            yield f"evidence: {item}"


def _findings(report: dict[str, Any]) -> Iterator[str]:
    if report.get("status") == "fault" and not report.get("findings"):
        yield "a fault without a finding"
    for finding in report.get("findings", []):
        for key in ("cause", "title", "meaning"):
            if not finding.get(key):
                yield f"finding without {key}"
        for fix in finding.get("fixes", []):
            if not fix.get("title") or fix.get("risk") not in RISKS:
                yield f"fix: {fix}"
            for command in fix.get("commands", []):
                yield from _command(command)
        for command in finding.get("verify", []):
            yield from _command(command)


def _command(command: dict[str, Any]) -> Iterator[str]:
    known = command.get("language") in LANGUAGES and command.get("where") in PLACES
    if not known or not command.get("text"):
        yield f"command: {command}"

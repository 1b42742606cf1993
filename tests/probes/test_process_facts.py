"""What the settings probe says of the application's process."""

from __future__ import annotations

from wizard.core.facts import Value
from wizard.probes import find
from wizard.probes.base import Report
from wizard.probes.processfacts import PROVIDES
from wizard.runtime import Runtime
from wizard.target.model import MASK, Setting, Target
from wizard.target.process import Process, Stale

STARTED = 1_795_225_200.0  # 2026-11-21 01:40:00 UTC
OURS = "DATABASE_URL of process 4711 (gunicorn)"
PROCESS = Process(4711, "gunicorn", "app", STARTED, is_readable=True, origin="environment")


def report_of(process: Process | None) -> Report:
    target = Target(engine="postgresql")
    return find("config.settings").function(target, Runtime(target, {}, process=process))


def facts_of(process: Process | None) -> dict[str, Value]:
    return {key: value for key, value in report_of(process).facts.items() if key in PROVIDES}


def stale(key: str, ours: str, theirs: str, source: str, changed: float | None) -> Process:
    return PROCESS._replace(
        stale=(Stale(key, Setting(key, ours, OURS), Setting(key, theirs, source), changed),)
    )


def test_without_a_process_the_facts_say_so() -> None:
    assert facts_of(None) == {
        "process.view": "none",
        "process.settings": "none",
        "process.stale": ("none",),
        "process.newer-files": ("none",),
    }


def test_a_process_is_named_with_its_start() -> None:
    facts = facts_of(PROCESS)
    assert facts["process.started"] == "2026-11-21 01:40:00 UTC"
    assert (facts["process.pid"], facts["process.name"], facts["process.owner"]) == (4711, "gunicorn", "app")


def test_a_container_that_was_not_found_has_no_number() -> None:
    trouble = "The process of container web could not be found."
    report = report_of(Process(0, container="web", view="refused", origin="hidden", troubles=(trouble,)))
    assert "process.pid" not in report.facts
    assert report.facts["process.container"] == "web"
    assert report.trouble == report.facts["process.trouble"] == trouble


def test_the_file_is_quoted_with_both_moments() -> None:
    process = stale("host", "db1", "db2", ".env:3 DATABASE_URL", STARTED + 1860)
    said = f"host: {OURS} says db1, .env:3 (changed 02:11:00 UTC, after the process started 01:40:00 UTC) says db2"
    assert [one.text for one in report_of(process).evidence] == [said]


def test_days_are_named_where_they_are_two() -> None:
    (said,) = report_of(stale("port", "5432", "5433", ".env:3 DB_PORT", STARTED + 86_400)).evidence
    assert "changed 2026-11-22 01:40:00 UTC, after the process started 2026-11-21 01:40:00 UTC" in said.text


def test_the_shell_is_quoted_by_its_variable() -> None:
    (said,) = report_of(stale("host", "db1", "db2", "DATABASE_URL of this shell", None)).evidence
    assert said.text == f"host: {OURS} says db1, DATABASE_URL of this shell says db2"


def test_a_password_is_no_part_of_it() -> None:
    (said,) = report_of(stale("password", MASK, MASK, ".env:3 DATABASE_URL", STARTED + 1)).evidence
    assert said.text.startswith(f"password: {OURS} holds another one than .env:3 (changed 01:40:01 UTC")

"""The commands of a service manager: bounded, given no secret, and told of when they are not there."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from wizard.probes.services import STEP, command, unit_state
from wizard.runtime import Runtime
from wizard.target.parse import parse_target

TARGET = parse_target("postgresql://app@localhost/shop", environ={}, home=None)


@pytest.fixture
def runtime() -> Runtime:
    return Runtime(TARGET, {})


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def tool(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_tool_that_hangs_costs_its_bound(tools: Path, runtime: Runtime) -> None:
    tool(tools, "hangs", "echo begun; sleep 60; echo over")
    begun = time.monotonic()
    text, trouble = command(["hangs"], runtime, runtime.until(10.0))
    assert STEP <= time.monotonic() - begun < STEP + 1.0
    assert (text, trouble) == ("", f"hangs did not answer within {STEP:.1f} s")


def test_a_tool_that_is_not_there(tools: Path, runtime: Runtime) -> None:
    assert command(["nowhere-at-all"], runtime, runtime.until(1.0)) == (
        "",
        "nowhere-at-all is not on this host",
    )


def test_a_tool_that_refuses_is_quoted(tools: Path, runtime: Runtime) -> None:
    tool(tools, "refuses", "echo 'read failed: Operation not permitted' >&2; exit 1")
    _, trouble = command(["refuses"], runtime, runtime.until(5.0))
    assert trouble == "refuses says: read failed: Operation not permitted"


def test_no_time_is_left(tools: Path, runtime: Runtime) -> None:
    tool(tools, "quick", "echo done")
    assert command(["quick"], runtime, runtime.clock() - 1)[1] == "there was no time left for quick"


def test_a_child_gets_no_password(tools: Path, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "gr4vel")
    tool(tools, "shows", "env")
    assert "gr4vel" not in command(["shows"], runtime, runtime.until(5.0))[0]


def test_a_host_without_systemd_says_so(runtime: Runtime) -> None:
    unit = unit_state(("postgresql",), runtime, runtime.until(1.0))
    if not Path("/run/systemd/system").is_dir():
        assert unit.trouble == "no systemd here: the state of the service is not known"
    assert unit.name == "postgresql"

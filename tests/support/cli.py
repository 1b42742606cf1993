"""The real command line as a child process, in an environment of its own, and its report as Python.

Every run is searched for the passwords of the lab in each encoding: a report that shows one fails its test.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from tests.support.contract import LAYERS, breaches
from tests.support.netlab import Namespace
from tests.support.postgres import PASSWORD
from tests.support.proof import note_run

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".venv-test" / "cache"
"""What one run has read of the content, the next one need not read again: as for anybody but the very first time."""
CACHE.mkdir(mode=0o700, parents=True, exist_ok=True)
CHILD = {
    "PATH": os.environ["PATH"],
    "PYTHONPATH": str(ROOT),
    "LANG": "C.UTF-8",
    "XDG_CACHE_HOME": str(CACHE),
}
"""What the program needs of its environment, as a child of a test; its home is the test's own."""
SOURCES = (sys.executable, "-m", "wizard")
"""The program as the checkout has it."""
WRONG_PASSWORD = "n0t-the:right/One@all"
SECRETS = (PASSWORD, WRONG_PASSWORD)

OTHER_HOST = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--")
"""The program where it does not see the server's processes: in a container or on another machine."""
HIDE = "for folder in /etc/postgresql /etc/mysql; do test ! -d $folder || mount -t tmpfs none $folder; done"
OWN_SERVERS_HIDDEN = ("unshare", "--mount", "--", "sh", "-c", f'{HIDE}; exec "$@"', "sh")
"""The program where servers that this machine has installed for itself are not configured."""
NO_OVERRIDE = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--")
"""Root without the right to pass file permissions: a user like any other to files of other accounts."""


def encodings(secret: str) -> set[str]:
    """The texts in which a secret may leak: plain, URL, JSON, base64, hexadecimal."""
    raw = secret.encode()
    return {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        base64.b64encode(raw).decode(),
        raw.hex(),
        repr(raw)[2:-1],
    }


@dataclass(frozen=True)
class Result:
    """What one run of `dbwizard check --json` did."""

    argv: list[str]
    exit: int
    stdout: str
    stderr: str
    seconds: float
    report: dict[str, Any] = field(default_factory=dict)

    def story(self) -> str:
        """The run for the reader of a failed test, without the long texts of the findings."""
        short = {key: value for key, value in self.report.items() if key != "findings"}
        body = json.dumps(short, indent=1, ensure_ascii=False) if short else self.stdout
        head = f"{' '.join(self.argv)}\nexit {self.exit} after {self.seconds:.2f} s"
        return f"{head}\n{body}\n--- stderr\n{self.stderr}"

    @property
    def cause(self) -> str:
        """The cause id of the report."""
        return str(self.report.get("cause", ""))

    def layer(self, name: str) -> dict[str, Any]:
        """The row of one layer; empty when it is not in the report."""
        rows = (row for row in self.report.get("layers", []) if row.get("layer") == name)
        return next(rows, {})

    def outcomes(self) -> dict[str, str]:
        """Layer -> outcome, in the order of the report."""
        return {row["layer"]: row["outcome"] for row in self.report.get("layers", [])}

    def codes(self) -> set[str]:
        """The codes of all pieces of evidence."""
        return {str(item["code"]) for item in self.report.get("evidence", []) if item.get("code")}

    def causes(self) -> set[str]:
        """The cause and everything that the report calls possible."""
        return {self.cause, *(str(item["cause"]) for item in self.report.get("candidates", []))}

    def expect_fault(
        self, cause: str, *, accept: Iterable[str] = (), code: str | None = None, layer: str | None = None
    ) -> Result:
        """A fault with this cause (or an accepted one) and a fix, in its layer; the run itself."""
        story = self.story()
        assert self.cause in (cause, *accept), f"expected {cause}, got {self.cause or 'no report'}\n{story}"
        assert self.report["status"] == "fault", story
        assert self.exit == 1, story
        finding = self.report["findings"][0]
        assert finding["cause"] == self.cause, story
        assert finding["title"], story
        assert finding["fixes"], story
        where = layer or self.cause.split(".")[0]
        shown = self.outcomes()
        assert "fault" in shown.values(), f"no layer is a fault\n{story}"
        assert where not in LAYERS or shown.get(where) == "fault", f"layer {where} is no fault\n{story}"
        if code is not None:
            assert code in self.codes(), f"no evidence with code {code}\n{story}"
        return self

    def expect_healthy(self) -> Result:
        """No fault; every layer ok, skipped or a warning; the run itself."""
        story = self.story()
        assert self.report.get("status") == "healthy", story
        assert self.cause == "healthy", story
        assert self.exit == 0, story
        assert tuple(self.outcomes())[: len(LAYERS)] == LAYERS, story
        assert set(self.outcomes().values()) <= {"ok", "warning", "skipped"}, story
        return self

    def expect_no_secret(self, secrets: Iterable[str] = SECRETS) -> Result:
        """No password on any stream, in any encoding; the run itself."""
        streams = self.stdout + self.stderr
        for secret in secrets:
            for text in encodings(secret):
                assert text not in streams, f"a password leaks as {text!r}\n{self.story()}"
        return self


class Cli:
    """Runs of the command line with their own home and working directory under `folder`."""

    def __init__(
        self,
        folder: Path,
        namespace: Namespace | None = None,
        prefix: Sequence[str] = (),
        program: Sequence[str] = SOURCES,
    ) -> None:
        """Runs go to `namespace`, through the command `prefix`, unless a run says otherwise.

        `program` may be an installed one; it does not see the sources.
        """
        self.namespace = namespace
        self.program = tuple(program)
        self.prefix = tuple(prefix)
        self.home = folder / "home"
        self.cwd = folder / "project"
        for path in (self.home, self.cwd):
            path.mkdir(parents=True)

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        """The whole environment of a run: nothing of the caller's settings but the path of the programs."""
        return {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CACHE_HOME": str(CACHE),
            "LANG": "C.UTF-8",
            **({"PYTHONPATH": str(ROOT)} if self.program == SOURCES else {}),
            "PYTHONWARNINGS": "default",
            **extra,
        }

    def run(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        namespace: Namespace | None = None,
        prefix: Sequence[str] | None = None,
        stdin: str | None = None,
        timeout: float = 60.0,
    ) -> Result:
        """`dbwizard` with these arguments; its report when standard output is one JSON object.

        `prefix` is a command that runs the rest (OTHER_HOST, NO_OVERRIDE, a shell that sets a limit).
        """
        where = namespace or self.namespace
        before = self.prefix if prefix is None else prefix
        argv = [*before, *self.program, *arguments]
        if where is not None:
            argv = where.command(argv)
        began = time.monotonic()
        feed: dict[str, Any] = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        done = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            cwd=self.cwd,
            env=self.environment(env or {}),
            timeout=timeout,
            check=False,
            **feed,
        )
        seconds = time.monotonic() - began
        try:
            report = json.loads(done.stdout)
        except ValueError:
            report = {}
        note_run(done.stdout, report)
        return Result(argv, done.returncode, done.stdout, done.stderr, seconds, report)

    def check(self, *arguments: str, **options: Any) -> Result:
        """`dbwizard check --json` with these arguments, searched for passwords and held to the contract."""
        result = self.run("check", "--json", *arguments, **options).expect_no_secret()
        if result.report:
            broken = breaches(result.report, result.exit)
            assert not broken, f"the report breaks the contract: {broken}\n{result.story()}"
        return result


def url(
    scheme: str = "postgresql",
    user: str = "app",
    password: str | None = PASSWORD,
    host: str = "db.lab.test",
    port: int | None = None,
    database: str = "shop",
    **options: str,
) -> str:
    """A connection URL with everything percent-encoded; options in the query, `_` in their names stays."""
    account = quote(user, safe="") + (f":{quote(password, safe='')}" if password is not None else "")
    place = host + (f":{port}" if port is not None else "")
    query = "&".join(f"{key}={quote(value, safe='')}" for key, value in options.items())
    return f"{scheme}://{account}@{place}/{database}" + (f"?{query}" if query else "")

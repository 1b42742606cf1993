"""A scenario that is being served, and all that a walk against it needs: target, answers, runtime.

The front ends and the tests walk through this one door, so that both see the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wizard.practice.model import Scenario
from wizard.practice.sandbox import APP_LOG, RESOLVER_FILES, SERVER_LOG, Filler
from wizard.runtime import CONNECT_TIMEOUT, Resolver, Runtime
from wizard.target.model import PRACTICE, Problem, Target

if TYPE_CHECKING:
    from wizard.content.load import Content

TOLD = "startup.text"
REPORTED = "app.text"
"""The questions that a server's and an application's log answer."""


@dataclass(frozen=True)
class Running:
    """A scenario that is being served."""

    scenario: Scenario
    host: str
    ports: tuple[int, ...]
    url: str
    """How the target is stated, with the made-up password; empty where nothing states it but files and variables."""
    options: Mapping[str, str]
    environment: Mapping[str, str]
    files: Path
    """The sandbox: home and working directory, certificates, logs, resolv.conf; gone after the scenario."""
    dns: tuple[str, int] | None
    """Address and port of the first nameserver, where the scenario has one."""
    filler: Filler

    @property
    def port(self) -> int:
        """The target's port."""
        return self.ports[0]

    @property
    def replies(self) -> dict[str, str]:
        """Question -> what a person would answer."""
        return self.filler.fill_all(self.scenario.replies)

    @property
    def log(self) -> Path | None:
        """The application's own log, where the scenario has one."""
        return self.files / APP_LOG if self.scenario.client.log else None

    @property
    def server_log(self) -> Path | None:
        """The server's log, where the scenario shows it."""
        return self.files / SERVER_LOG if self.scenario.client.said else None

    def targets(self) -> tuple[Target, ...]:
        """What there is to walk to, the first choice first; never empty."""
        if self.scenario.client.url != "":
            return (self._parse(self.url),)
        from wizard.target.discover import discover

        found = discover(self.environment, self.files, self.files).targets
        if found:
            return found
        detail = (
            "No connection settings were found: not in the environment, not in the files of this directory."
        )
        return (Target(source="", problems=(Problem("missing", "url", detail, ""),)),)

    def reread(self, target: Target) -> Target:
        """The settings as they are now, after a fix in a file of the sandbox."""
        found = self.targets()
        return next((one for one in found if one.source == target.source), found[0])

    def answers(self, content: Content | None = None, *, asked: bool = False) -> dict[str, str]:
        """What is known before the walk: what the logs say and, where nobody is `asked`, the replies.

        `content` has the rules that read the logs; by default those of the installation.
        """
        logs = [(REPORTED, self.log), (TOLD, self.server_log)]
        told = {question: _read(log, content) for question, log in logs if log is not None}
        known = {question: words for question, words in told.items() if words}
        return known if asked else {**known, **self.replies}

    def runtime(
        self,
        target: Target,
        platforms: Mapping[str, Any] | None = None,
        *,
        connect_timeout: float = CONNECT_TIMEOUT,
        ends: float | None = None,
    ) -> Runtime:
        """The runtime of one walk, with nothing of the real home, environment or resolver in it."""
        from wizard.practice.recorded import stand_ins

        return Runtime(
            target,
            self.environment,
            self.files,
            self.files,
            connect_timeout=connect_timeout,
            ends=ends,
            platforms=platforms,
            resolver=self._resolver(),
            recorded=stand_ins(self.scenario.recorded, self.filler),
        )

    def _resolver(self) -> Resolver | None:
        if self.scenario.names is None:
            return None
        hosts, resolv_conf, nsswitch = (self.files / name for name in RESOLVER_FILES)
        return Resolver(hosts, resolv_conf, nsswitch, port=self.dns[1] if self.dns else 53)

    def _parse(self, text: str) -> Target:
        from wizard.target.parse import parse_target

        return parse_target(
            text, engine=self.scenario.engine, source=PRACTICE, environ=self.environment, home=self.files
        )


def _read(log: Path, content: Content | None) -> str:
    """The words of the error in a log that explains it best; empty where nothing is recognised."""
    if content is None:
        from wizard.content.load import open_content

        content = open_content()
    from wizard.core.tree import LONGEST_ANSWER
    from wizard.explain import Summary, explain
    from wizard.redact import harmless

    summary = Summary(content.classifier.explains)
    for result in explain(log.read_text("utf-8"), content.classifier, content.catalogue.get):
        summary.add(result)
    return harmless(summary.primary.example.match.text, LONGEST_ANSWER) if summary.primary else ""

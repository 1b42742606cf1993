"""A recorded host: what a probe saw there, given in place of the probe, so that any machine can show it."""

from __future__ import annotations

from collections.abc import Mapping

from wizard.core.facts import Value
from wizard.practice.model import Recording
from wizard.practice.sandbox import Filler
from wizard.probes.base import Function, Report
from wizard.runtime import Runtime
from wizard.target.model import Target


def stand_ins(recorded: Mapping[str, Recording], filler: Filler) -> dict[str, Function]:
    """What runs in place of each recorded probe."""
    return {name: _stand_in(name, one, filler) for name, one in recorded.items()}


def _stand_in(name: str, recording: Recording, filler: Filler) -> Function:
    def play(target: Target, runtime: Runtime) -> Report:
        report = Report()
        if recording.real:
            from wizard.probes import find

            report = find(name).function(target, runtime)
        report.facts.update({key: _filled(value, filler) for key, value in recording.facts.items()})
        for layer, text, code in recording.evidence:
            report.quote(layer, filler.fill(text), code)
        report.summary = filler.fill(recording.summary) or report.summary
        report.trouble = filler.fill(recording.trouble) or report.trouble
        return report

    return play


def _filled(value: str | tuple[str, ...], filler: Filler) -> Value:
    return filler.fill(value) if isinstance(value, str) else tuple(filler.fill(one) for one in value)

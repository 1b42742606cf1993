"""What a session means for a postmortem: how long it failed, how sure the cause is, and all in two or three sentences.

Works on the walks of a transcript, which are plain data, and on nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wizard.core.tree import HEALTHY, INCONCLUSIVE
from wizard.marks import seconds_of, span

Walks = Sequence[Mapping[str, Any]]
NOWHERE = {"at": "", "local": ""}
ENGINES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB"}
MOST_NAMED = 3


def impact(walks: Walks) -> dict[str, Any]:
    """The window in which it failed, as far as this session saw it.

    `state` is `healthy again`, `still failing`, `healthy` or `not known`; `seconds` is the time from the first
    failure to the moment that it was verified healthy, or to the last failure.
    """
    failing = [one for one in walks if one["report"]["status"] == "fault"]
    healthy = [one for one in walks if one["report"]["status"] == HEALTHY]
    first = failing[0]["failed"] if failing else NOWHERE
    last = failing[-1]["failed"] if failing else NOWHERE
    after = [one for one in healthy if not failing or one["number"] > failing[-1]["number"]]
    before = [one for one in healthy if failing and one["number"] < failing[0]["number"]]
    if failing:
        state = "healthy again" if after else "still failing"
    else:
        state = "healthy" if healthy and walks[-1] is healthy[-1] else "not known"
    verified = after[-1]["ended"] if after else NOWHERE
    end = after[0]["ended"] if after else last
    return {
        "state": state,
        "healthy_before": before[-1]["ended"] if before else NOWHERE,
        "first_failure": first,
        "last_failure": last,
        "verified_healthy": verified,
        "seconds": round(seconds_of(end["at"]) - seconds_of(first["at"])) if failing else 0,
    }


def certainty(report: Mapping[str, Any]) -> str:
    """How sure the verdict of a report is, in a sentence."""
    others = [str(one["cause"]) for one in report["candidates"]]
    count = len(others)
    causes = f"{count} {'cause' if count == 1 else 'causes'}"
    if report["status"] == HEALTHY:
        return "Sure for that moment: every layer was tried and answered."
    if report["status"] == INCONCLUSIVE:
        fits = f"{causes} still {'fits' if count == 1 else 'fit'} what was seen"
        return f"Not known: {fits if others else 'nothing that is known fits what was seen'}."
    if not others:
        return "Sure: no other known cause fits what was seen."
    named = ", ".join(others[:MOST_NAMED]) + (" …" if count > MOST_NAMED else "")
    return f"Likely: it fits best, but so {'does' if count == 1 else 'do'} {named}."


def summary(data: Mapping[str, Any], walks: Walks) -> list[str]:
    """The session in two or three sentences, for somebody who reads nothing else."""
    told = [*_faults(walks)] or [walks[-1]["report"]]
    found = [str(one["title"]).rstrip(".") for one in told]
    ran = data["environment"].get("host", "")
    begin = f"{_place(data['target'])} was tried{f' from {ran}' if ran else ''} on {_moment(data['began'])}"
    if data["impact"]["state"] == "healthy":
        return [f"{begin}, and every layer answered: nothing was wrong at that moment."]
    if data["impact"]["state"] == "not known":
        stopped = str(walks[-1]["stopped"])
        if stopped:
            return [
                f"{begin}. The walk was not finished: it stands at the layer {stopped}, without a verdict."
            ]
        return [f"{begin}. What was seen does not single out one cause.", certainty(walks[-1]["report"])]
    failed = "and failed: " if len(found) == 1 else "and failed for one reason after another: "
    because = "; then: ".join(found)
    return [f"{begin} {failed}{because}.", f"{_sure(told)}", _end(data["impact"])]


def _faults(walks: Walks) -> list[Mapping[str, Any]]:
    """The faults in their order, each once in a row."""
    found: list[Mapping[str, Any]] = []
    for one in walks:
        report = one["report"]
        if report["status"] == "fault" and (not found or found[-1]["cause"] != report["cause"]):
            found.append(report)
    return found


def _sure(told: Sequence[Mapping[str, Any]]) -> str:
    last = told[-1]
    word, _, why = certainty(last).partition(": ")
    return f"The cause is {last['cause']} ({word.lower()}: {why.rstrip('.')})."


def _end(window: Mapping[str, Any]) -> str:
    """How it ended, or that it did not."""
    took = span(window["seconds"])
    if window["state"] == "healthy again":
        healthy = _moment(window["verified_healthy"])
        return f"It was verified healthy on {healthy}, {took} after the first failure that was seen."
    return f"It was still failing when it was last tried, on {_moment(window['last_failure'])}."


def _moment(both: Mapping[str, str]) -> str:
    return f"{both['at'][:10]} at {both['at'][11:19]} UTC"


def place_of(target: Mapping[str, Any]) -> str:
    """Host and port of the summary of a target; the path of a socket; empty where there is no host."""
    host, port = str(target.get("host") or ""), target.get("port")
    return host if not host or host.startswith(("/", "@")) or not port else f"{host}:{port}"


def _place(target: Mapping[str, Any]) -> str:
    """The target as the subject of a sentence."""
    engine = ENGINES.get(str(target.get("engine")), "A database")
    where = place_of(target)
    if not where:
        return f"The connection to {engine if engine != 'A database' else 'a database'}"
    names = [f"user {target['user']}"] if target.get("user") else []
    names += [f"database {target['database']}"] if target.get("database") else []
    return f"{engine} at {where}" + (f" ({', '.join(names)})" if names else "")

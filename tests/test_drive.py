"""The loop: every step becomes one event, a probe that hangs costs its bound, and nobody to ask is no dead end."""

from __future__ import annotations

import threading
import time

import pytest

from tests.core.test_tree import small_tree
from tests.probes.peers import QUICK, free_port, runtime_for
from tests.support.sockets import listening
from wizard.content.load import open_content
from wizard.core.events import Answered, Event, ProbeFinished, Skipped
from wizard.core.facts import Facts
from wizard.core.steps import Ask, Option, Run
from wizard.core.walk import Walk
from wizard.drive import OVERTIME, Prober, Running, answer_from, drive
from wizard.probes.base import Probe, Report
from wizard.runtime import Runtime
from wizard.target.model import Target

TREE = small_tree()
QUESTION = Ask("where", "runtime", "network", "Where?", (Option("host", "h"), Option("docker", "d")))


def refused(step: Run, facts: Facts) -> Event:
    return ProbeFinished(step.node, step.probe, {"net.outcome": "refused", "local": False})


def test_each_step_becomes_an_event_until_the_finding() -> None:
    heard: list[tuple[Event, str]] = []
    walk = drive(
        Walk.start(TREE),
        refused,
        answer_from({"runtime": "docker"}),
        lambda event, walk: heard.append((event, walk.at)),
    )
    assert walk.finished
    assert [(type(event).__name__, at) for event, at in heard] == [
        ("ProbeFinished", "where"),
        ("Answered", "found.config.localhost-in-container"),
    ]
    assert walk.events == tuple(event for event, _ in heard)


def test_a_walk_that_is_finished_runs_nothing() -> None:
    done = drive(Walk.start(TREE), refused, answer_from({}))

    def never(*_: object) -> Event:
        raise AssertionError("nothing is left to do")

    assert drive(done, never, never) is done


def test_the_facts_so_far_are_handed_to_the_probe() -> None:
    seen: list[dict[str, object]] = []

    def run(step: Run, facts: Facts) -> Event:
        seen.append(dict(facts.as_dict()))
        return refused(step, facts) if step.node != "connect" or len(seen) > 1 else Skipped(step.node)

    drive(Walk.start(TREE, {"runtime": "host"}), run, answer_from({"net.outcome": "refused"}))
    assert seen == [{"runtime": "host"}]


def test_an_answer_from_the_command_line_is_a_flags() -> None:
    event = answer_from({"runtime": "docker"})(QUESTION, Facts())
    assert isinstance(event, Answered)
    assert (event.node, event.value, event.by) == ("where", "docker", "flag")


def test_without_an_answer_the_safe_default_counts_and_else_it_is_skipped() -> None:
    event = answer_from({})(QUESTION._replace(default="host"), Facts())
    assert isinstance(event, Answered)
    assert (event.value, event.by) == ("host", "default")
    skipped = answer_from({})(QUESTION, Facts())
    assert isinstance(skipped, Skipped)
    assert skipped.why


def step(probe: str) -> Run:
    return Run(probe, probe, "network")


def prober(runtime: Runtime) -> Prober:
    return Prober(runtime, TREE)


def test_a_probe_that_fails_is_a_thing_not_looked_at_and_its_words_stay_inside() -> None:
    def broken(target: Target, runtime: Runtime) -> Report:
        raise RuntimeError("the password is hunter2")

    running = Running(Probe("x.y", broken, (), 1.0), runtime_for("postgresql://u@127.0.0.1:1/d"))
    assert running.done.wait(5)
    assert running.report is not None
    assert running.report.facts == {}
    assert "x.y" in running.report.trouble
    assert "hunter2" not in running.report.trouble


def test_a_real_probe_is_run_and_told_with_its_time() -> None:
    runtime = runtime_for(f"postgresql://u@127.0.0.1:{free_port()}/d")
    runs = prober(runtime)
    runs.run(step("dns.resolve"), Facts())
    event = runs.run(step("network.connect"), Facts())
    assert isinstance(event, ProbeFinished)
    assert (event.probe, event.facts["network.outcome"]) == ("network.connect", "refused")
    assert 0 <= event.ms < 1000
    assert abs(event.at - time.time()) < 5
    runs.close()


def up_to_connected(runtime: Runtime) -> Prober:
    runs = prober(runtime)
    for name in ("config.settings", "dns.resolve", "network.connect"):
        runs.run(step(name), Facts())
    return runs


def test_giving_up_skips_the_probe_at_once_and_the_walk_goes_on() -> None:
    with listening("127.0.0.1", 0, None) as port:
        runtime = runtime_for(f"postgresql://u@127.0.0.1:{port}/d")
        runtime.connect_timeout = 15.0
        runs = up_to_connected(runtime)
        stop = threading.Event()

        def impatient() -> None:
            while not stop.wait(0.02):
                runs.give_up()

        person = threading.Thread(target=impatient)
        person.start()
        began = time.monotonic()
        event = runs.run(step("network.greet"), Facts())
        spent = time.monotonic() - began
        stop.set()
        person.join()
        assert isinstance(event, Skipped)
        assert "given up" in event.why
        assert spent < 2.0
        again = runs.run(step("host.platform"), Facts())
        assert isinstance(again, ProbeFinished)
        runs.close()


def test_the_end_of_the_walk_ends_a_probe_that_waits_longer() -> None:
    with listening("127.0.0.1", 0, None) as port:
        runtime = runtime_for(f"postgresql://u@127.0.0.1:{port}/d", within=0.3)
        runtime.connect_timeout = 15.0
        runs = up_to_connected(runtime)
        began = time.monotonic()
        runs.run(step("network.greet"), Facts())
        assert time.monotonic() - began < 0.3 + OVERTIME + 0.5
        late = runs.run(step("tls.handshake"), Facts())
        assert isinstance(late, Skipped)
        assert "time" in late.why
        runs.close()


def test_closing_ends_the_connection() -> None:
    with listening("127.0.0.1", 0, None) as port:
        runtime = runtime_for(f"postgresql://u@127.0.0.1:{port}/d")
        runs = up_to_connected(runtime)
        assert runtime.channel is not None
        sock = runtime.channel.sock
        runs.close()
        assert runtime.channel is None
        assert sock.fileno() == -1


def test_a_walk_of_the_real_tree_within_no_time_at_all_is_inconclusive_and_quick() -> None:
    tree = open_content().tree
    runtime = runtime_for("postgresql://u@127.0.0.1:1/d", within=-1.0)
    runs = Prober(runtime, tree)
    began = time.monotonic()
    walk = drive(Walk.start(tree), runs.run, answer_from({}))
    runs.close()
    assert walk.finished
    assert walk.step[1] == "inconclusive"
    assert time.monotonic() - began < 1.0


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["prefer", "disable"])
def test_a_deaf_server_costs_a_bounded_time(mode: str) -> None:
    tree = open_content().tree
    with listening("127.0.0.1", 0, None) as port:
        runtime = runtime_for(f"postgresql://u:p@127.0.0.1:{port}/d?sslmode={mode}")
        runs = Prober(runtime, tree)
        began = time.monotonic()
        walk = drive(Walk.start(tree), runs.run, answer_from({}))
        runs.close()
    assert walk.step[1] == "server.unresponsive"
    assert QUICK <= time.monotonic() - began < QUICK + 2.5

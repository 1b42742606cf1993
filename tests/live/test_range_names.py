"""The range's resolver says what glibc says: the same nameservers, hosts file and search domains, asked by both."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.practice.test_mechanisms import URL, own
from tests.support.netlab import Lab
from wizard.practice import serve
from wizard.practice.sandbox import RESOLVER_FILES
from wizard.probes.dns import Answer
from wizard.probes.stub import look_up

NAME = "db.shop.example"
CASES = {
    **{
        word: f"dns: {{otherwise: {word}}}"
        for word in ("nxdomain", "no-address", "servfail", "refused", "silent", "truncated", "garbage")
    },
    "both-families": "dns: {records: {db.shop.example: ['{host}', '2001:db8::7']}}",
    "alias": "dns: {records: {db.shop.example: alias b.example, b.example: '{host}'}}",
    "circle": "dns: {records: {db.shop.example: alias b.example, b.example: alias db.shop.example}}",
    "second-server": "dns: [{otherwise: servfail}, {records: {db.shop.example: '{host}'}}]",
    "search": "dns: {records: {db.shop.example.in.example: '{host}'}, search: [in.example]}",
    "hosts": "hosts: 192.0.2.3 db.shop.example",
    "files-alone": "dns: {records: {db.shop.example: '{host}'}}\nnsswitch: 'hosts: files'",
}
ASK = "import json, sys; from wizard.probes.dns import look_up; print(json.dumps(look_up(sys.argv[1])))"


def told(answer: Answer) -> tuple[str, str, set[str]]:
    (outcome, words), addresses = answer
    return outcome, words, set(addresses)


@pytest.mark.parametrize("case", CASES)
def test_the_same_outcome_words_and_addresses(lab: Lab, tmp_path: Path, case: str) -> None:
    machine = lab.client
    scenario = own(tmp_path, URL + CASES[case])
    with machine.entered(), serve(scenario, dns_port=53) as running:
        for name in RESOLVER_FILES:
            shutil.copyfile(running.files / name, machine.etc / name)
        resolver = running.runtime(running.targets()[0]).resolver
        assert resolver is not None
        system = json.loads(machine.run(sys.executable, "-c", ASK, NAME))
        assert told(look_up(NAME, resolver)) == told(system)

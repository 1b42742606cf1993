"""The lint of practice scenarios: one broken sample for each rule, and the sentence that an author gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.content import small
from wizard.content.check import check

PRACTICE = "practice/network.yaml"
WHOLE = r"""plain-host:
  late.look: {real: "yes", facts: {late.outcome: "false"}, summary: as ever}
scenarios:
  - name: refused
    title: Nothing listens
    engine: postgresql
    layer: network
    difficulty: easy
    symptom: Connection refused
    cause: network.refused
    candidates: [network.timeout]
    tells: It refuses at once.
    listens: nobody
    replies: {managed: none}
    options: {sslmode: disable}
    recorded:
      net.look:
        facts: {net.outcome: refused, net.days: "{port}"}
        evidence: [{layer: network, text: refused, code: E1}]
  - name: odd
    title: Odd
    engine: mariadb
    layer: tls
    difficulty: hard
    symptom: [first line, second line]
    cause: inconclusive
    candidates: [network.refused]
    tells: Nothing is told.
    url: mysql://{user}@db.example:{port2}/
    files: {.env: "A=1", .pgpass: {mode: "0644", text: x}}
    client-certificate: {kind: good, mode: "0600"}
    dns: {records: {db.example: "{host}", a.example: [192.0.2.1, silent]}, otherwise: nxdomain, search: [a]}
    hosts: 127.0.0.1 localhost
    listens:
      - postgresql:
          certificate: good
          tls: alert
          auth: md5
          start-delay: "0.2"
          start-error: {code: "57P03", message: starting, place: a.c 12 F}
          ends: {at: login, by: reset}
          answers:
            - query: SELECT 1
              columns: [one, two]
              rows: [["1", NULL], {times: "3", row: ["{n}", b]}]
      - mysql: {cached: "no", greeting-error: {number: "1040", sqlstate: "08004", message: Full}}
      - stranger: {says: "SSH-2.0", then: hold}
  - name: more
    extends: refused
    title: The same again
    engine: postgresql
    layer: network
    difficulty: easy
    symptom: Connection refused
    cause: network.refused
    tells: It refuses at once.
"""

# fmt: off
BROKEN = [
    ("plain-host:", "plain-hosts:", "1: plain-hosts: the key 'plain-hosts' is not known here; did you mean"),
    ("late.look:", "late.lock:", "plain-host.late.lock: 'late.lock' is not a probe; did you mean 'late.look'?"),
    ("    title: Nothing listens\n", "", "4: scenarios.0: the key 'title' is missing"),
    ("    tells: It refuses at once.\n    listens", "    listens", "scenarios.0: the key 'tells' is missing"),
    ("    listens: nobody", "    listen: nobody", "the key 'listen' is not known here; did you mean 'listens'?"),
    ("- name: odd", "- name: refused", "4: scenarios.0.name: the scenario 'refused' is also in "),
    ("- name: odd", "- name: Odd one", "'Odd one' is no name: small letters, digits and dashes"),
    ("engine: mariadb", "engine: maria", "'maria' is not an engine; did you mean 'mariadb'?"),
    ("layer: tls", "layer: tsl", "scenarios.1.layer: 'tsl' is not a layer; did you mean 'tls'?"),
    ("difficulty: hard", "difficulty: hrd", "'hrd' is not a difficulty; did you mean 'hard'?"),
    ("symptom: [first line, second line]", "symptom: ''", "25: scenarios.1.symptom: is empty"),
    ("cause: network.refused\n    cand", "cause: network.refusd\n    cand", "'network.refusd' is not in the catalogue"),
    ("[network.timeout]", "[network.timeot]", "candidates.0: 'network.timeot' is not in the catalogue"),
    ("    candidates: [network.refused]\n", "", "what is inconclusive needs the 'candidates' that are left"),
    ("extends: refused", "extends: refusd", "'refusd' is not a practice scenario; did you mean 'refused'?"),
    ("{managed: none}", "{manged: none}", "'manged' is not a question of questions.yaml; did you mean 'managed'?"),
    ("{managed: none}", "{managed: nobody}", "scenarios.0.replies.managed: 'nobody' is not a value of 'managed'"),
    ("net.outcome: refused", "net.outcme: refused", "the probe 'net.look' does not report 'net.outcme'; did you"),
    ("net.outcome: refused", "net.outcome: refusd", "'refusd' is not a value of 'net.outcome'"),
    ('real: "yes"', 'real: "true"', "plain-host.late.look.real: 'true' is not yes or no"),
    ("{layer: network, text: refused", "{layer: net, text: refused", "evidence.0.layer: 'net' is not a layer"),
    ("listens: nobody", "listens: noboddy", "'noboddy' is not a listener in one word; did you mean 'nobody'?"),
    ("- postgresql:", "- postgres:", "'postgres' is not something that listens; did you mean 'postgresql'?"),
    ("certificate: good", "certificate: expird", "'expird' is not a kind of certificate; did you mean 'expired'?"),
    ("          certificate: good\n", "", "a server without a 'certificate' offers no TLS at all"),
    ("tls: alert", "tls: alarm", "'alarm' is not an oddity of TLS"),
    ("auth: md5", "auth: md4", "'md4' is not a way to authenticate; did you mean 'md5'?"),
    ("start-error:", "strat-error:", "the key 'strat-error' is not known here; did you mean 'start-error'?"),
    ('start-delay: "0.2"', 'start-delay: "60"', "is a number of seconds from 0 to 5"),
    ('code: "57P03"', 'code: "57p3"', "'57p3' is no SQLSTATE"),
    ("place: a.c 12 F", "place: a.c", "is 'file line routine' of the server's source"),
    ("at: login", "at: logon", "'logon' is not a moment to break off; did you mean 'login'?"),
    ("by: reset", "by: rest", "'rest' is not a manner to break off; did you mean 'reset'?"),
    ("query: SELECT 1", "query: SELECT (1", "is no regular expression"),
    ('["1", NULL]', '["1"]', "a row has a value for each of the 2 columns"),
    ('times: "3"', 'times: "9999"', "is a number of rows from 0 to 2000"),
    ('number: "1040"', "number: x", "'x' is no number of an error of MySQL"),
    ('sqlstate: "08004", ', "", "greeting-error: the key 'sqlstate' is missing"),
    ('cached: "no"', 'cached: "false"', "'false' is not yes or no"),
    ("then: hold", "then: wait", "'wait' is not an end of a stranger"),
    ("url: mysql", "options: {a: b}\n    url: mysql", "are of the range's own URL: write them into 'url'"),
    (".env:", "../.env:", "stays inside the sandbox"),
    ('mode: "0644"', 'mode: "rw"', "'rw' is no mode as chmod takes it, such as 0644"),
    ("kind: good", "kind: god", "'god' is not a kind of client certificate; did you mean 'good'?"),
    ("otherwise: nxdomain", "otherwise: nxdomian", "'nxdomian' is not a word of a nameserver; did you mean"),
    ("[192.0.2.1, silent]", "[192.0.2.1, mute]", "'mute' is no address, no 'alias NAME' and none of"),
    ("db.example:{port2}", "db.example:{port4}", "nothing listens on {port4}: 'listens' has 3"),
]
# fmt: on
"""What stands in WHOLE -> what stands there by mistake -> what is told of it."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    small.write(tmp_path)
    (tmp_path / "practice").mkdir()
    (tmp_path / PRACTICE).write_text(WHOLE, encoding="utf-8")
    return tmp_path


def problems(folder: Path) -> list[str]:
    return [str(problem) for problem in check([folder], small.PROBES)]


def test_a_folder_without_a_mistake_has_no_problem(folder: Path) -> None:
    assert problems(folder) == []


@pytest.mark.parametrize(("right", "wrong", "sentence"), BROKEN, ids=[wrong[:30] for _, wrong, _ in BROKEN])
def test_a_mistake_is_told_with_its_place(folder: Path, right: str, wrong: str, sentence: str) -> None:
    assert right in WHOLE
    (folder / PRACTICE).write_text(WHOLE.replace(right, wrong, 1), encoding="utf-8")
    told = problems(folder)
    assert any(PRACTICE in one and sentence in one for one in told), told


def test_what_there_is_to_practise_on_does_not_stop_a_walk(folder: Path) -> None:
    (folder / PRACTICE).write_text("scenarios: none\n", encoding="utf-8")
    assert problems(folder)
    assert check([folder], small.PROBES, leftovers=False) == []


@pytest.mark.parametrize(
    "text",
    [
        "scenarios: [x, [], {}]\n",
        "scenarios: {a: b}\nplain-host: [net.look]\n",
        "scenarios:\n  - {name: [a], engine: {}, layer: [], cause: {}, candidates: x, extends: [], tells: {}}\n",
        "scenarios:\n  - {listens: [{}, [], {a: b, c: d}, {mysql: [x]}, {stranger: x}], dns: [x, {records: [y]}]}\n",
        "scenarios:\n  - listens: {postgresql: {start-error: x, answers: [{rows: [x, {}], columns: {}}], ends: []}}\n",
        "scenarios:\n  - {recorded: {net.look: [x]}, files: {a: [b]}, dns: {records: {a: {}}}}\n",
    ],
)
def test_nonsense_has_problems_and_never_raises(folder: Path, text: str) -> None:
    (folder / PRACTICE).write_text(text, encoding="utf-8")
    assert problems(folder)

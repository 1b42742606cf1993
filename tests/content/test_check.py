"""The lint: one broken sample for each rule, and the sentence that an author gets, with file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.content import small
from wizard.content.check import check

CAT, FACTS, QUE, PLAT = "catalogue.yaml", "facts.yaml", "questions.yaml", "platforms.yaml"
TREE, PAGE, MSG, SCEN = (
    "trees/network.yaml",
    "causes/network.yaml",
    "messages/server.yaml",
    "scenarios/all.yaml",
)

BROKEN = [
    # any file
    (CAT, "causes:", "causes: [", "is not valid YAML"),
    (FACTS, "  net.days:", "  net.outcome:", "3: the key 'net.outcome' is there twice"),
    (
        TREE,
        "    says: Looking",
        "    say: Looking",
        "6: nodes.net.start.say: the key 'say' is not known here; did you mean 'says'?",
    ),
    # the catalogue
    (CAT, "causes:", "cause:", "cause: the key 'cause' is not known here; did you mean 'causes'?"),
    (CAT, "network.timeout:", "Timeout:", "'Timeout' is no cause id"),
    (CAT, "network.timeout:", "netwrk.timeout:", "'netwrk' is not a layer; did you mean 'network'?"),
    (CAT, "packets vanish", "''", "causes.network.timeout: is empty"),
    (
        CAT,
        "  network.timeout",
        "  network.lost: gone\n  network.timeout",
        "5: causes.network.lost: the cause 'network.lost' has no page",
    ),
    (
        CAT,
        "  network.timeout",
        "  network.lost: gone\n  network.timeout",
        "5: causes.network.lost: no node and no message rule names this cause",
    ),
    (
        CAT,
        "causes:",
        "explained-by:\n  network.timeout: [network.tmeout]\ncauses:",
        "explained-by.network.timeout.0: 'network.tmeout' is not in the catalogue; did you mean 'network.timeout'?",
    ),
    (
        CAT,
        "causes:",
        "explained-by:\n  network.timeouts: ['network.*', '*']\ncauses:",
        "explained-by.network.timeouts: 'network.timeouts' is not in the catalogue",
    ),
    # facts and placeholders
    (FACTS, "meaning: Days left., ", "", "3: facts.net.days: the key 'meaning' is missing"),
    (
        FACTS,
        "kind: number",
        "kind: numbr",
        "facts.net.days.kind: 'numbr' is not a kind of fact; did you mean 'number'?",
    ),
    (
        FACTS,
        "{values: [fine, refused, silent], ",
        "{kind: choice, ",
        "facts.net.outcome: a fact of the kind choice needs 'values'",
    ),
    (FACTS, "kind: number", "kind: number, values: [a]", "a fact of the kind number has no 'values'"),
    (FACTS, "[fine, refused, silent]", "[fine, refused, silent, fine]", "'fine' is there twice"),
    (
        FACTS,
        "[fine, refused, silent]",
        "[fine, refused, silent, unknown]",
        "'unknown' is no value: a fact that is not known is absent",
    ),
    (
        FACTS,
        "from: [late.look]",
        "from: [lat.look]",
        "'lat.look' is not a probe, a question or a fact; did you mean 'late.look'?",
    ),
    (
        FACTS,
        "from: [late.look]",
        "from: []",
        "4: facts.late.outcome: the probe 'late.look' reports this; name it in 'from'",
    ),
    (
        FACTS,
        "from: [managed]",
        "from: []",
        "7: facts.managed: the question 'managed' supplies this; name it in 'from'",
    ),
    (FACTS, "from: [error.text]", "from: [late.look]", "the probe 'late.look' does not report 'error.cause'"),
    (
        FACTS,
        "late.outcome:",
        "late.result:",
        "1: facts: the probe 'late.look' reports 'late.outcome', which is not declared",
    ),
    (
        FACTS,
        "days: [net.days]",
        "days: [net.day]",
        "10: fills.days.0: 'net.day' is not a declared fact; did you mean 'net.days'?",
    ),
    # questions
    (
        QUE,
        "managed:",
        "manged:",
        "2: questions.manged: the fact 'manged' is not declared in facts.yaml; did you mean 'managed'?",
    ),
    (
        QUE,
        '{none: "No", aws-rds: At Amazon}',
        "{}",
        "questions.managed.options: a question needs at least one option",
    ),
    (
        QUE,
        "aws-rds:",
        "aws-rd:",
        "'aws-rd' is not a value of 'managed' (none, aws-rds); did you mean 'aws-rds'?",
    ),
    (
        QUE,
        "default: none",
        "default: nobody",
        "questions.managed.default: 'nobody' is not one of the options",
    ),
    (QUE, "    why: It matters.\n", "", "2: questions.managed: the key 'why' is missing"),
    # platforms
    (PLAT, "id: aws-rds", "id: aws", "managed.0.id: 'aws' is not a value of 'managed'"),
    (PLAT, "'\\.rds\\.'", "'(rds'", "managed.0.host-pattern: is no regular expression"),
    (
        PLAT,
        "https://docs",
        "http://docs",
        "managed.0.sources.0: 'http://docs.aws.amazon.com/x' is no https address",
    ),
    # nodes
    (TREE, "layer: network", "layer: netwrok", "1: layer: 'netwrok' is not a layer; did you mean 'network'?"),
    (TREE, "root: net.start", "root: net.begin", "2: root: no node is called 'net.begin'"),
    (TREE, "  net.said:", "  Net Said:", "'Net Said' is no node id"),
    (
        TREE,
        "  net.said:",
        "  found.network.refused: {finding: network.refused}\n  net.said:",
        "a node 'found.<cause>' exists for every cause",
    ),
    (
        TREE,
        "probe: net.look",
        "probe: net.loook",
        "5: nodes.net.start.probe: 'net.loook' is not a probe; did you mean 'net.look'?",
    ),
    (
        TREE,
        "    probe: net.look",
        "    probe: net.look\n    ask: managed",
        "4: nodes.net.start: is both probe and ask; a node does one thing",
    ),
    (TREE, "    says: Looking at {host}\n", "", "nodes.net.start: the key 'says' is missing"),
    (
        TREE,
        "Looking at {host}",
        "Looking at {hst}",
        "6: nodes.net.start.says: {hst} is neither a fact nor a placeholder; did you mean 'host'?",
    ),
    (
        TREE,
        "nc {host}",
        "nc {hots}",
        "nodes.net.start.by-hand.any: nothing fills the placeholder {hots}; did you mean 'host'?",
    ),
    (TREE, "{any:", "{postgres:", "'postgres' is not an engine or 'any'; did you mean 'postgresql'?"),
    (
        TREE,
        "    ask: managed",
        "    ask: managed\n    early: 'true'",
        "nodes.net.ask.early: is 'true' or 'false', and only for a probe",
    ),
    (TREE, "    ask: managed", "    ask: managed\n    says: x", "only a probe has 'says'"),
    (
        TREE,
        "ask: managed",
        "ask: manged",
        "nodes.net.ask.ask: 'manged' is not a question of questions.yaml; did you mean 'managed'?",
    ),
    (
        TREE,
        "    else: found.inconclusive\n    unknown: found.inconclusive\ncautions",
        "    else: found.inconclusive\ncautions",
        "a question may be left unanswered: say where that leads with 'unknown'",
    ),
    (
        TREE,
        "      - {follow: error.cause}\n    else: found.inconclusive",
        "      - {follow: error.cause}",
        "13: nodes.net.said: has edges but neither 'else' nor 'unknown'",
    ),
    (
        TREE,
        "    edges:\n      - {follow: error.cause}\n    else: found.inconclusive",
        "    layer: network",
        "nodes.net.said: leads nowhere: give it 'edges' or 'else'",
    ),
    (
        TREE,
        "  net.said:",
        "  net.end: {finding: network.refusd}\n  net.said:",
        "nodes.net.end.finding: 'network.refusd' is not in the catalogue; did you mean 'network.refused'?",
    ),
    (
        TREE,
        "  net.said:",
        "  net.end: {finding: network.refused, else: net.said}\n  net.said:",
        "a finding is the end of a walk and has no edges",
    ),
    # edges
    (
        TREE,
        "go: net.ask",
        "go: net.aks",
        "9: nodes.net.start.edges.0.go: 'net.aks' is not a node; did you mean 'net.ask'?",
    ),
    (
        TREE,
        "go: found.network.refused",
        "go: found.network.refusd",
        "'network.refusd' is not in the catalogue; did you mean 'network.refused'?",
    ),
    (
        TREE,
        "else: net.said",
        "else: net.sad",
        "nodes.net.start.else: 'net.sad' is not a node; did you mean 'net.said'?",
    ),
    (
        TREE,
        "also: [network.timeout]",
        "also: [network.timeot]",
        "nodes.net.start.edges.0.also.0: 'network.timeot' is not in the catalogue",
    ),
    (TREE, "follow: error.cause", "follow: error.text", "'error.text' is not a fact of the kind cause"),
    (
        TREE,
        "{follow: error.cause}",
        "{follow: error.cause, go: net.ask}",
        "needs either 'go', 'follow' or 'suspect'",
    ),
    (
        TREE,
        '{when: {net.outcome: fine, net.days: ">=3"}, go: net.ask, also: [network.timeout]}',
        "{go: net.ask}",
        "10: nodes.net.start.edges.1: is never taken: the edge 0 before it always is",
    ),
    (
        TREE,
        '{net.outcome: fine, net.days: ">=3"}',
        "{net.outcome: refused}",
        "edges.1.when: is never taken: an edge before it has the same condition",
    ),
    # conditions
    (
        TREE,
        "net.outcome: fine",
        "net.outcom: fine",
        "the fact 'net.outcom' is not declared in facts.yaml; did you mean 'net.outcome'?",
    ),
    (
        TREE,
        "net.outcome: fine",
        "net.outcome: fin",
        "'fin' is not a value of 'net.outcome' (fine, refused, silent); did you mean 'fine'?",
    ),
    (TREE, "net.outcome: fine", "net.outcome: '!fin'", "'fin' is not a value of 'net.outcome'"),
    (
        TREE,
        "net.outcome: fine",
        "net.outcome: '<3'",
        "'net.outcome' is of the kind choice, and only numbers can be compared with <",
    ),
    (TREE, '">=3"', '">=many"', "nodes.net.start.edges.0.when.net.days: a number must follow the comparison"),
    (TREE, '">=3"', "many", "'many' is no number, and 'net.days' is one"),
    (
        TREE,
        "net.outcome: fine",
        "late.outcome: 'yes'",
        "'yes' is not a value of 'late.outcome' (true, false)",
    ),
    (
        TREE,
        "net.outcome: fine",
        "error.cause: network.tmeout",
        "'network.tmeout' is not in the catalogue; did you mean 'network.timeout'?",
    ),
    (TREE, "net.outcome: fine", "any: []", "'any' needs a list of conditions"),
    (TREE, "net.outcome: fine", "not: {net.outcome: fin}", "when.not.net.outcome: 'fin' is not a value"),
    (TREE, "net.outcome: fine", "net.outcome: {a: b}", "must be text, a list of texts or a comparison"),
    (TREE, "when: {managed: none}", "when: managed", "a condition is a mapping of facts to values"),
    # the graph
    (
        TREE,
        "else: net.said",
        "else: found.inconclusive",
        "13: nodes.net.said: cannot be reached from the root 'net.start'",
    ),
    (
        TREE,
        "      - {follow: error.cause}\n    else: found.inconclusive",
        "      - {follow: error.cause}\n    else: net.start",
        "the way leads back to where it came from: net.start -> net.said -> net.start",
    ),
    # cautions
    (
        TREE,
        '{when: {net.days: "<9"}, text',
        '{when: {net.day: "<9"}, text',
        "cautions.0.when.net.day: the fact 'net.day' is not declared",
    ),
    (
        TREE,
        "{net.days} days",
        "{net.dys} days",
        "cautions.0.text: {net.dys} is neither a fact nor a placeholder; did you mean 'net.days'?",
    ),
    # pages
    (
        PAGE,
        "network.refused:",
        "network.refusd:",
        "1: network.refusd: 'network.refusd' is not in the catalogue; did you mean 'network.refused'?",
    ),
    (PAGE, "network.refused:", "healthy:", "the page of 'healthy' belongs in causes/general.yaml"),
    (PAGE, "  why: [It is down.]\n", "", "network.refused: the key 'why' is missing"),
    (PAGE, "  avoid: ", "  avoids: ", "the key 'avoids' is not known here; did you mean 'avoid'?"),
    (
        PAGE,
        "title: Nothing listens on {host}",
        "title: " + "x" * 73,
        "2: network.refused.title: has 73 characters; 72 is the limit",
    ),
    (
        PAGE,
        "Nothing listens on {host}",
        "Nothing listens on {hst}",
        "the placeholder {hst} is not in 'fills' of facts.yaml; did you mean 'host'?",
    ),
    (
        PAGE,
        "Nothing listens on {host}",
        "Nothing listens on {host:lit}",
        "':lit' is for commands; a sentence takes {host}",
    ),
    (PAGE, "seen-as: [ECONNREFUSED]", "seen-as: []", "network.refused.seen-as: is empty"),
    (
        PAGE,
        "{net.outcome: refused}, text",
        "{net.outcome: refusd}, text",
        "network.refused.here.0.when.net.outcome: 'refusd' is not a value",
    ),
    (
        PAGE,
        "when: {managed: none}",
        "when: {managed: nobody}",
        "network.refused.fixes.0.when.managed: 'nobody' is not a value",
    ),
    (
        PAGE,
        "risk: restart",
        "risk: restrt",
        "'restrt' is not a risk (safe, reload, restart, destructive); did you mean 'restart'?",
    ),
    (
        PAGE,
        "  verify: [{language: sh",
        "  tell: [{language: sh, where: psql, text: ls}]\n  verify: [{language: sh",
        "'psql' takes SQL, and this is 'sh'",
    ),
    (PAGE, "language: sh", "language: bash", "'bash' is not a language (sh, sql, conf, yaml, python)"),
    (
        PAGE,
        "where: db-host",
        "where: dbhost",
        "is not a place (app-host, db-host, psql, mysql, console, config); did you mean 'db-host'?",
    ),
    (PAGE, "where: psql", "where: db-host", "SQL is typed in psql or mysql or console, not in 'db-host'"),
    (PAGE, "language: sh, where: db-host", "language: sh, where: psql", "'psql' takes SQL, and this is 'sh'"),
    (
        PAGE,
        "engine: postgresql",
        "engine: postgres",
        "'postgres' is not an engine (postgresql, mysql, mariadb); did you mean 'postgresql'?",
    ),
    (PAGE, "{host:lit}", "{host}", "{host} is no number: in SQL write {host:id} or {host:lit}"),
    (PAGE, "{host:lit}", "{host:quoted}", "{host:quoted}: the form is 'id' or 'lit'"),
    (
        PAGE,
        "ping {host}",
        "ping '{host}'",
        "{host} is inside quotes, where it cannot be quoted; make it a word of its own",
    ),
    (PAGE, "ping {host}", "mysql -u root -pSecret", "commands.0.text: carries a password on a command line"),
    (PAGE, "ping {host}", "PGPASSWORD=hunter2 psql", "carries a password on a command line"),
    (PAGE, "ping {host}", "psql postgresql://app:hunter2@db/shop", "carries a password on a command line"),
    (PAGE, "ping {host}", "mariadb --password=hunter2", "carries a password on a command line"),
    (
        PAGE,
        "see-also: [network.timeout]",
        "see-also: [network.timeot]",
        "network.refused.see-also.0: 'network.timeot' is not in the catalogue",
    ),
    (PAGE, "https://www", "http://www", "'http://www.postgresql.org/docs/' is no https address"),
    (
        PAGE,
        "      undo: Stop it.\n      commands:",
        "      undo: Stop it.\n      command:",
        "network.refused.fixes.0: the key 'commands' is missing",
    ),
    (
        PAGE,
        "      undo: Stop it.\n",
        "",
        "network.refused.fixes.0: a fix with the risk 'restart' needs an 'undo'",
    ),
    (
        PAGE,
        "kind: lasting",
        "kind: stopgap",
        "'stopgap' is not a kind of fix (stop-gap, lasting); did you mean 'stop-gap'?",
    ),
    (PAGE, "kind: lasting", "kind: stop-gap", "fixes: a page with a stop-gap also says what is 'lasting'"),
    (PAGE, "to: the DBA, ", "", "network.refused.hand-over: does not say 'to'"),
    (PAGE, "to: the DBA", "for: the DBA", "network.refused.hand-over.for: the key 'for' is not known here"),
    (PAGE, 'text: "Nothing', 'text: "{nobody} Nothing', "the placeholder {nobody} is not in 'fills'"),
    # message rules
    (MSG, "srv.timeout", "srv.refused", "11: rules.1.id: the id 'srv.refused' is already in"),
    (
        MSG,
        "cause: network.refused",
        "cause: network.refusd",
        "4: rules.0.cause: 'network.refusd' is not in the catalogue; did you mean 'network.refused'?",
    ),
    (MSG, "'nobody listens at (?P<host>[a-z]+)'", "'nobody ('", "rules.0.pattern: is no regular expression"),
    (MSG, "    source: 'server.c: nobody listens at %s'\n", "", "rules.0: the key 'source' is missing"),
    (
        MSG,
        "examples: ['FATAL: nobody listens at db']",
        "examples: []",
        "rules.0.examples: a rule needs at least one example",
    ),
    (
        MSG,
        "examples: ['FATAL: nobody listens at db']",
        "examples: ['postgres: packets are lost on the way']",
        "this example is classified as 'network.timeout' (by srv.timeout), not as 'network.refused'",
    ),
    (
        MSG,
        "'nobody complains'",
        "'nobody listens at all'",
        "rules.0.not.0: this look-alike is taken for the cause of the rule",
    ),
    (MSG, "weight: 50", "weight: 500", "rules.0.weight: '500' is no number from 0 to 100"),
    (
        MSG,
        "engine: postgresql",
        "engine: postgres",
        "rules.0.engine: 'postgres' is not an engine or a pooler; did you mean 'postgresql'?",
    ),
    (MSG, "    pattern: 'packets are lost on the way'\n", "", "rules.1: needs a 'pattern' or a 'code'"),
    (
        MSG,
        "candidates: [network.refused]",
        "candidates: [network.refusd]",
        "rules.1.candidates.0: 'network.refusd' is not in the catalogue",
    ),
    # scenarios
    (
        SCEN,
        "net.look: {net.outcome: fine",
        "net.lok: {net.outcome: fine",
        "scenarios.0.facts.net.lok: 'net.lok' is not a probe; did you mean 'net.look'?",
    ),
    (
        SCEN,
        "net.outcome: fine",
        "late.outcome: 'true'",
        "the probe 'net.look' does not report 'late.outcome'",
    ),
    (SCEN, "net.outcome: fine", "net.outcome: fin", "'fin' is not a value of 'net.outcome'"),
    (
        SCEN,
        "cause: healthy",
        "cause: helthy",
        "scenarios.0.cause: 'helthy' is not in the catalogue; did you mean 'healthy'?",
    ),
    (
        SCEN,
        "net.ask, found",
        "net.aks, found",
        "scenarios.0.trail.1: 'net.aks' is not a node; did you mean 'net.ask'?",
    ),
    (
        SCEN,
        "answers: {managed",
        "answers: {manged",
        "'manged' is not a question of questions.yaml; did you mean 'managed'?",
    ),
    (
        SCEN,
        "extends: fine",
        "extends: fin",
        "scenarios.1.extends: 'fin' is not a scenario; did you mean 'fine'?",
    ),
    (SCEN, "name: refused", "name: fine", "the scenario 'fine' is also in"),
]


def said(folder: Path) -> list[str]:
    return [str(problem).removeprefix(f"{folder}/") for problem in check([folder], small.PROBES)]


def test_the_sample_has_no_problem(tmp_path: Path) -> None:
    assert said(small.write(tmp_path)) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"), BROKEN, ids=[f"{i}-{one[3][:50]}" for i, one in enumerate(BROKEN)]
)
def test_each_mistake_has_its_sentence(tmp_path: Path, name: str, old: str, new: str, sentence: str) -> None:
    found = said(small.write(tmp_path, small.edited(name, old, new)))
    assert any(one.startswith(f"{name}:") and sentence in one for one in found), found


def test_all_problems_come_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    broken = small.FILES[TREE].replace("go: net.ask", "go: net.aks").replace("ask: managed", "ask: manged")
    found = check([small.write(tmp_path, {TREE: broken})], small.PROBES)
    assert [problem.place.line for problem in found] == sorted(problem.place.line for problem in found)
    assert len(found) == 3, "two names that do not exist, and a node that nothing reaches any more"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("fact.yaml", "facts: {}", "fact.yaml:1: nothing reads 'fact.yaml'; did you mean 'facts.yaml'?"),
        ("tree/x.yaml", "layer: tls", "tree:1: nothing reads 'tree'; did you mean 'trees'?"),
        (TREE, "- a list", f"{TREE}:1: must be a mapping"),
        (SCEN, "scenarios: {}", f"{SCEN}:1: scenarios: must be a list"),
        (
            "trees/a.yaml",
            "layer: network\nroot: net.ask\nnodes: {}",
            "trees/network.yaml:2: root: 'root' is already in",
        ),
    ],
)
def test_files_of_the_wrong_name_or_shape(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    found = said(small.write(tmp_path, {name: text}))
    assert any(one.startswith(sentence) for one in found), found


def test_a_folder_of_ones_own_replaces_and_adds_entries(tmp_path: Path) -> None:
    base = small.write(tmp_path / "base")
    mine = tmp_path / "mine"
    (mine / "trees").mkdir(parents=True)
    (mine / "trees" / "network.yaml").write_text(
        "layer: network\nnodes:\n  net.ask: {ask: managed, edges: [{when: {managed: nobody}, go: found.healthy}], "
        "else: found.healthy, unknown: found.inconclusive}\n"
    )
    assert check([base], small.PROBES) == []
    (only,) = check([base, mine], small.PROBES)
    assert only.place.file.endswith("mine/trees/network.yaml")
    assert "'nobody' is not a value of 'managed'" in only.message


@pytest.mark.parametrize("name", sorted(small.FILES))
@pytest.mark.parametrize(
    "text", ["", "x", "[1, {a: b}]", "a: {b: [c, {d: []}]}", "nodes: 3\nrules: 3\nfacts: 3\ncauses: 3"]
)
def test_nonsense_never_raises(tmp_path: Path, name: str, text: str) -> None:
    found = said(small.write(tmp_path, {name: text}))
    assert found or (name, text) == (PLAT, "")  # a folder need not say anything about platforms

"""A content folder with one of everything and no problem; the tests break it in one place at a time."""

from __future__ import annotations

from pathlib import Path

PROBES = {
    "net.look": ("net.outcome", "net.days", "error.text"),
    "late.look": ("late.outcome",),
}
"""What two probes report, in the place of the real ones."""

FILES = {
    "catalogue.yaml": """causes:
  healthy: every layer answered
  inconclusive: nothing decides
  network.refused: nothing listens there
  network.timeout: packets vanish
""",
    "facts.yaml": """facts:
  net.outcome: {values: [fine, refused, silent], meaning: What became of it., from: [net.look]}
  net.days: {kind: number, meaning: Days left., from: [net.look]}
  late.outcome: {kind: flag, meaning: Whether it is late., from: [late.look]}
  error.text: {kind: text, meaning: The words., from: [net.look]}
  error.cause: {kind: cause, meaning: What the rules say., from: [error.text]}
  managed: {values: ["none", aws-rds], meaning: Who runs it., from: [managed]}
fills:
  host: [error.text]
  days: [net.days]
""",
    "questions.yaml": """questions:
  managed:
    ask: Is it managed?
    why: It matters.
    how: Look at the bill.
    default: none
    options: {none: "No", aws-rds: At Amazon}
""",
    "platforms.yaml": """managed:
  - id: aws-rds
    name: Amazon RDS
    host-suffixes: [.rds.amazonaws.com]
    host-pattern: '\\.rds\\.'
    sources: [https://docs.aws.amazon.com/x]
""",
    "trees/network.yaml": """layer: network
root: net.start
nodes:
  net.start:
    probe: net.look
    says: Looking at {host}
    by-hand: {any: "nc {host}"}
    edges:
      - {when: {net.outcome: fine, net.days: ">=3"}, go: net.ask, also: [network.timeout]}
      - {when: {net.outcome: refused}, go: found.network.refused}
    else: net.said
    unknown: found.inconclusive
  net.said:
    edges:
      - {follow: error.cause}
    else: found.inconclusive
  net.ask:
    ask: managed
    edges:
      - {when: {managed: none}, go: found.healthy}
    else: found.inconclusive
    unknown: found.inconclusive
cautions:
  - {when: {net.days: "<9"}, text: "Only {net.days} days are left."}
""",
    "causes/network.yaml": "".join(
        f"""network.{name}:
  title: Nothing listens on {{host}}
  meaning: It is down. Start it.
  why: [It is down.]
  here: [{{when: {{net.outcome: refused}}, text: "It is {{host}}."}}]
  seen-as: [ECONNREFUSED]
  fixes:
    - title: Start it
      when: {{managed: none}}
      why: It is down.
      risk: restart
      kind: lasting
      undo: Stop it.
      commands:
        - {{language: sh, where: db-host, engine: postgresql, text: "ping {{host}}"}}
        - {{language: sql, where: psql, text: "select {{host:lit}}, {{days}}"}}
  avoid: [Panic.]
  verify: [{{language: sh, where: app-host, text: dbwizard check}}]
  see-also: [network.timeout]
  sources: [https://www.postgresql.org/docs/]
  hand-over: {{to: the DBA, when: it stops again, text: "Nothing listens on {{host}}."}}
"""
        for name in ("refused", "timeout")
    ),
    "causes/general.yaml": "".join(
        f"""{name}:
  title: All is said
  meaning: It is so.
  why: [Because.]
  seen-as: [status]
  fixes:
    - title: Look again
      why: It may pass.
      risk: safe
      commands: [{{language: sh, where: app-host, text: dbwizard check}}]
  avoid: [Panic.]
  verify: [{{language: sh, where: app-host, text: dbwizard check}}]
  sources: [https://www.postgresql.org/docs/]
  hand-over: {{to: the DBA, when: it lasts, text: Please look.}}
"""
        for name in ("healthy", "inconclusive")
    ),
    "messages/server.yaml": """origin: server
rules:
  - id: srv.refused
    cause: network.refused
    pattern: 'nobody listens at (?P<host>[a-z]+)'
    engine: postgresql
    weight: 50
    source: 'server.c: nobody listens at %s'
    examples: ['FATAL: nobody listens at db']
    not: ['nobody complains']
  - id: srv.timeout
    cause: network.timeout
    pattern: 'packets are lost on the way'
    candidates: [network.refused]
    source: 'server.c: packets are lost'
    examples: ['postgres: packets are lost on the way']
""",
    "scenarios/all.yaml": """scenarios:
  - name: fine
    facts: {net.look: {net.outcome: fine, net.days: "5"}}
    answers: {managed: none}
    cause: healthy
    trail: [net.start, net.ask, found.healthy]
  - name: refused
    extends: fine
    facts: {net.look: {net.outcome: refused}}
    cause: network.refused
""",
}


def write(folder: Path, changed: dict[str, str] | None = None) -> Path:
    """The files in `folder`, those of `changed` in the place of the usual ones or beside them."""
    for name, text in {**FILES, **(changed or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def edited(name: str, old: str, new: str) -> dict[str, str]:
    """The file with its first `old` replaced; a test that replaces nothing is itself broken."""
    assert old in FILES[name], f"{old!r} is not in {name}"
    return {name: FILES[name].replace(old, new, 1)}

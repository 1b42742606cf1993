"""A small decision tree with pages, in files, for tests that must not depend on the content that ships."""

from __future__ import annotations

from pathlib import Path

from wizard.content.load import Content
from wizard.core.events import Answered, Evidence, ProbeFinished, Skipped
from wizard.core.walk import Walk

SAID = 'FATAL:  password authentication failed for user "app"'

CATALOGUE = """
causes:
  healthy: every layer answered
  inconclusive: the evidence does not single out one cause
  auth.password-wrong: the password is wrong
  auth.role-unknown: there is no such role
  dns.name-not-found: the name does not exist
  network.refused: nothing listens there
"""
FACTS = """
facts:
  dns.outcome: {values: [ok, missing], meaning: "What the resolver says.", learn: "getent ahosts {host}"}
  auth.outcome: {values: [ok, refused], meaning: "What the server says.", learn: "psql -h {host} -U {user} -W"}
  error.text: {kind: text, meaning: "The last error."}
  error.code: {kind: text, meaning: "Its code."}
fills:
  host: [target.host]
  port: [target.port]
  user: [target.user]
  error: [error.text]
"""
QUESTIONS = """
questions:
  runtime:
    ask: Where does the application run?
    options: {host: On this machine, docker: In a container}
    why: A container has its own network.
    how: "Look for /.dockerenv"
  others_connect:
    ask: Can others reach {host}?
    options: {"yes": Others can, "no": Nobody can}
    default: "yes"
"""
TREE = """
layer: config
root: config.settings
nodes:
  config.settings:
    probe: config.settings
    says: Reading the settings for {host}
    edges: [{when: {config.outcome: ok}, go: ask.runtime}]
    else: found.inconclusive
    unknown: ask.runtime
  ask.runtime:
    ask: runtime
    edges: [{when: {runtime: docker}, go: ask.others}]
    else: found.healthy
    unknown: ask.others
  ask.others:
    ask: others_connect
    edges: [{when: {others_connect: "no"}, go: found.network.refused}]
    else: dns.resolve
    unknown: dns.resolve
  dns.resolve:
    layer: dns
    probe: dns.resolve
    says: Looking up {host}
    edges:
      - {when: {dns.outcome: missing}, go: found.dns.name-not-found}
      - {when: {dns.outcome: ok}, go: auth.login}
    else: auth.login
    unknown: auth.login
  auth.login:
    layer: auth
    probe: auth.login
    edges:
      - {when: {auth.outcome: refused}, go: found.auth.password-wrong, also: [auth.role-unknown]}
    else: found.healthy
    unknown: found.inconclusive
cautions:
  - {layer: auth, when: {auth.outcome: refused}, text: "The server of {host} counts failed logins."}
"""
PAGES = """
auth.password-wrong:
  title: The password of {user} is refused
  meaning: The server was reached. The password did not fit.
  why: [An old password]
  here:
    - {when: {runtime: docker}, text: "{user} logs in from a container."}
    - {when: {runtime: host}, text: Never shown in a container.}
  fixes:
    - title: May apply
      when: {managed: none}
      why: Nobody knows.
      risk: reload
      commands: [{language: sql, where: psql, text: "ALTER ROLE {user:id} VALID UNTIL 'infinity';"}]
    - title: Never applies here
      when: {runtime: host}
      risk: safe
    - title: Surely applies
      when: {runtime: docker}
      why: A prompt proves it.
      risk: safe
      kind: stop-gap
      undo: Nothing to undo.
      commands:
        - language: sh
          where: app-host
          engine: postgresql
          text: "psql -h {host} -p {port} -U {user} -d {database} -W --a-long-option-that-is-never-wrapped=1"
        - {language: sh, where: app-host, engine: mysql, text: "mysql -p"}
  avoid: ["Do not set `trust`."]
  verify: [{language: sh, where: app-host, text: dbwizard check}]
  see-also: [auth.role-unknown]
  sources: ["https://www.postgresql.org/docs/current/auth-password.html"]
  hand-over:
    to: the DBA
    when: the password is the one from the store
    text: "{user} cannot log in: {error}"
"""


def small_content(folder: Path) -> Content:
    """Write the content into `folder` and open it."""
    files = {
        "catalogue.yaml": CATALOGUE,
        "facts.yaml": FACTS,
        "questions.yaml": QUESTIONS,
        "trees/all.yaml": TREE,
        "causes/auth.yaml": PAGES,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Content((folder,))


def refused_walk(content: Content, said: str = SAID, host: str = "db.example", user: str = "app") -> Walk:
    """A walk that ends at a wrong password."""
    settings = {
        "config.outcome": "ok",
        "engine": "postgresql",
        "target.host": host,
        "target.port": 5432,
        "target.user": user,
        "target.database": "shop",
    }
    login = {"auth.outcome": "refused", "error.text": said, "error.code": "28P01"}
    resolved = {"dns.outcome": "ok", "dns.addresses": ("10.0.0.1", "10.0.0.2")}
    return Walk.replay(
        content.tree,
        [
            ProbeFinished(
                "config.settings",
                "config.settings",
                settings,
                (),
                "settings from DATABASE_URL",
                "",
                0.4,
                100.0,
            ),
            Answered("ask.runtime", "docker", "user", 101.0),
            Skipped("ask.others", "nobody to ask", 102.0),
            ProbeFinished("dns.resolve", "dns.resolve", resolved, (), f"{host} is 10.0.0.1", "", 12.3, 103.0),
            ProbeFinished(
                "auth.login",
                "auth.login",
                login,
                (Evidence("auth", said, "28P01"),),
                "login refused",
                "",
                80.0,
                104.5,
            ),
        ],
    )

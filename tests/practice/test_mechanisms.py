"""Each thing that a scenario can say, written as an author would write it, with what a walk finds then."""

from __future__ import annotations

import shutil
import socket
import textwrap
import time
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import pytest

from tests.test_practice_walk import CONTENT, walk_there
from wizard.content.check import check
from wizard.content.load import Content, builtin_folder
from wizard.practice import PracticeError, Scenario, get, list_scenarios, serve

URL = "url: 'postgresql://{user}:{password}@db.shop.example:{port}/{database}'\n"
REMOTE = (
    "recorded: {dns.resolve: {real: 'yes', facts: {target.is-local: 'false', target.is-loopback: 'false'}}}\n"
)
MYSQL, MARIADB = "engine: mysql\n", "engine: mariadb\n"
TLS = "options: {sslmode: require}\nlistens: {postgresql: {certificate: good, tls: "
CERTIFICATE = (
    "options: {sslmode: require, sslcert: '{files}/client.crt', sslkey: '{files}/client.key'}\n"
    "listens: {postgresql: {certificate: good, tls: client-certificate}}\n"
)
ROWS = """
listens:
  postgresql:
    answers:
      - query: 'SELECT\\s+pid,\\s+usename.*FROM\\s+pg_catalog\\.pg_stat_activity.*'
        columns: [pid, usename, datname, app, state, backend_type, age, own, query]
        rows:
          - {times: "92", row: ["1{n}", app, shop, shop-web, idle in transaction, client backend, "900", f, SELECT 1]}
          - ["4711", app, shop, dbwizard, active, client backend, "0", t, SELECT 1]
"""

CASES = {
    # how a server asks who is there
    "md5": ("listens: {postgresql: {auth: md5}}", "healthy"),
    "cleartext": ("listens: {postgresql: {auth: cleartext}}", "healthy"),
    "trust": ("listens: {postgresql: {auth: trust}}", "healthy"),
    "sspi": ("listens: {postgresql: {auth: sspi}}", "auth.method-unsupported"),
    "oauth": ("listens: {postgresql: {auth: oauth}}", "auth.method-unsupported"),
    "plus-alone": ("listens: {postgresql: {auth: scram-plus, certificate: good}}", "healthy"),
    "plus-alone-in-the-clear": ("listens: {postgresql: {auth: scram-plus}}", "auth.method-unsupported"),
    "without-plus": (
        "options: {sslmode: require, channel_binding: require}\n"
        "listens: {postgresql: {auth: scram-without-plus, certificate: good}}",
        "auth.channel-binding",
    ),
    "mysql-plugin": (
        MYSQL + "listens: {mysql: {account-plugin: authentication_fido_client}}",
        "auth.method-unsupported",
    ),
    "mysql-not-cached": (MYSQL + "listens: {mysql: {cached: 'no'}}", "healthy"),
    "mysql-not-cached-and-no-key": (
        MYSQL
        + "url: 'jdbc:mysql://{host}:{port}/{database}?user={user}&password={password}&sslMode=DISABLED'\n"
        "listens: {mysql: {cached: 'no'}}",
        "auth.secure-channel-required",
    ),
    "mysql-sha256": (MYSQL + "listens: {mysql: {account-plugin: sha256_password}}", "healthy"),
    "mysql-sha256-tls": (
        MYSQL + "listens: {mysql: {account-plugin: sha256_password, certificate: good}}",
        "healthy",
    ),
    "mariadb": (MARIADB + "listens: {mariadb: {certificate: good}}", "healthy"),
    # errors and ends
    "terminated": (
        "listens: {postgresql: {statement-error: {code: 57P01, message: terminating connection due to "
        "administrator command, place: postgres.c 3220 ProcessInterrupts}}}",
        "database.terminated",
    ),
    "init-connect": (
        MYSQL + "listens: {mysql: {statement-error: {number: '1184', sqlstate: 08S01, ends: 'yes', message: "
        "'Aborted connection 8 to db: shop user: app host: localhost (init_connect command failed)'}}}",
        "server.init-connect-failed",
    ),
    **{
        f"{kind}-{at}-{by}": (
            f"engine: {kind}\nlistens: {{{kind}: {{ends: {{at: {at}, by: {by}}}}}}}",
            "database.terminated" if at == "session" else "network.dropped",
        )
        for kind in ("postgresql", "mysql")
        for at in ("start", "login", "session")
        for by in ("close", "reset")
    },
    "silent-after-the-startup": (
        "listens: {postgresql: {ends: {at: start, by: silence}}}",
        "server.unresponsive",
    ),
    "rows": (ROWS, "capacity.idle-in-transaction"),
    # TLS
    "tls-old-only": (TLS + "old-only}}", "tls.protocol-mismatch"),
    "tls-new-only": (TLS + "new-only}}", "healthy"),
    "tls-alert": (TLS + "alert}}", "tls.handshake-failed"),
    "tls-breaks-off": (TLS + "breaks-off}}", "tls.handshake-failed"),
    "tls-too-new": (
        "options: {sslmode: require, ssl_max_protocol_version: TLSv1.2}\n"
        "listens: {postgresql: {certificate: good, tls: new-only}}",
        "tls.protocol-mismatch",
    ),
    "self-signed": (
        "options: {sslmode: verify-ca, sslrootcert: '{files}/root.crt'}\n"
        "listens: {postgresql: {certificate: self-signed}}",
        "tls.untrusted",
    ),
    "client-good": ("client-certificate: {kind: good}\n" + CERTIFICATE, "healthy"),
    "client-untrusted": (
        "client-certificate: {kind: untrusted}\n" + CERTIFICATE,
        "tls.client-certificate-rejected",
    ),
    "client-expired": (
        "client-certificate: {kind: expired}\n" + CERTIFICATE,
        "tls.client-certificate-rejected",
    ),
    "client-mismatch": ("client-certificate: {kind: mismatch}\n" + CERTIFICATE, "tls.client-key-unusable"),
    "client-open": ("client-certificate: {mode: '0644'}\n" + CERTIFICATE, "tls.client-key-unusable"),
    # names
    **{
        f"dns-{word}": (f"{URL}dns: {{otherwise: {word}}}", cause)
        for word, cause in {
            "nxdomain": "dns.name-not-found",
            "no-address": "dns.no-address",
            "servfail": "dns.resolver-failed",
            "refused": "dns.resolver-failed",
            "silent": "dns.resolver-failed",
            "truncated": "dns.resolver-failed",
            "garbage": "dns.resolver-failed",
        }.items()
    },
    "dns-alias": (
        URL + "dns: {records: {db.shop.example: alias db1.shop.example, db1.shop.example: '{host}'}}",
        "healthy",
    ),
    "dns-circle": (
        URL + "dns: {records: {db.shop.example: alias b.example, b.example: alias db.shop.example}}",
        "dns.resolver-failed",
    ),
    "dns-search": (
        "url: 'postgresql://{user}:{password}@db:{port}/{database}'\n"
        "dns: {records: {db.shop.example: '{host}'}, search: [shop.example]}",
        "healthy",
    ),
    "dns-second-server": (
        URL + "dns: [{otherwise: refused}, {records: {db.shop.example: '{host}'}}]",
        "healthy",
    ),
    "dns-behind-an-alias-at-a-provider": (
        URL + "dns: {records: {db.shop.example: alias shop.x.eu-west-1.rds.amazonaws.com,"
        " shop.x.eu-west-1.rds.amazonaws.com: '{host}'}}\nlistens: black-hole\n" + REMOTE,
        "network.managed-allowlist",
    ),
    "hosts-alone": (URL + "hosts: '{host} db.shop.example'", "healthy"),
    "dns-not-asked": (
        URL + "dns: {records: {db.shop.example: '{host}'}}\nnsswitch: 'hosts: files'",
        "dns.resolver-failed",
    ),
    # other forms of a target, and where it stands
    "dsn": ("url: 'host={host} port={port} user={user} password={password} dbname={database}'", "healthy"),
    "bare": (
        "url: '{host}:{port}'\nreplies: {engine: postgresql}",
        "auth.password-missing",
    ),
    "variables": (
        "url: ''\nenvironment: {PGHOST: '{host}', PGPORT: '{port}', PGUSER: '{user}', PGDATABASE: '{database}'}\n"
        "files: {.pgpass: {mode: '0600', text: \"*:*:*:*:{password}\\n\"}}",
        "healthy",
    ),
    "two-sources": (
        "url: ''\nlistens: [nobody, {postgresql: {}}]\n"
        "environment: {DATABASE_URL: 'postgresql://{user}:{password}@{host}:{port}/{database}'}\n"
        'files: {.env: "DATABASE_URL=postgresql://{user}:{password}@{host}:{port2}/{database}\\n"}',
        "config.conflict",
    ),
    # strangers
    "redis": (
        'listens: {stranger: {replies: "-ERR unknown command\\r\\n"}}',
        "network.not-a-database",
    ),
    "mail": (
        'listens: {stranger: {says: "220 mail.example ESMTP Postfix\\r\\n", then: hold}}',
        "network.not-a-database",
    ),
}


def content_with(folder: Path, *cases: tuple[str, str, str]) -> Content:
    """The installation's content, and a folder of one's own with these scenarios: (name, what they say, cause)."""
    (folder / "practice").mkdir(exist_ok=True)
    head = "title: t\nlayer: network\ndifficulty: easy\nsymptom: no error\ntells: It tells.\n"
    text = "scenarios:\n"
    for name, body, cause in cases:
        engine = "" if "engine:" in body.partition("\n")[0] else "engine: postgresql\n"
        whole = f"{head}{engine}cause: {cause}\n{body.strip()}\n"
        text += f"  - name: {name}\n{textwrap.indent(whole, '    ')}"
    (folder / "practice" / "own.yaml").write_text(text, encoding="utf-8")
    return Content((builtin_folder(), folder))


def own(folder: Path, body: str, cause: str = "healthy") -> Scenario:
    return get("own", content_with(folder, ("own", body, cause)))


@pytest.mark.parametrize("name", CASES)
def test_what_a_scenario_says_is_what_a_walk_finds(name: str, tmp_path: Path) -> None:
    body, cause = CASES[name]
    with serve(own(tmp_path, body, cause)) as running:
        _, made = walk_there(running)
    assert made["cause"] == cause, (made["candidates"], made["steps"], made["evidence"])


def lint(folder: Path) -> list[str]:
    """The problems of the practice scenarios of a folder, held against what the installation declares."""
    for name in ("catalogue.yaml", "facts.yaml", "questions.yaml"):
        shutil.copyfile(builtin_folder() / name, folder / name)
    return [str(one) for one in check([folder]) if "/practice/" in one.place.file]


def test_the_lint_has_nothing_against_any_of_it(tmp_path: Path) -> None:
    content_with(tmp_path, *((name, *case) for name, case in CASES.items()))
    assert lint(tmp_path) == []


def test_a_folder_of_ones_own_adds_scenarios_and_replaces_one(tmp_path: Path) -> None:
    content = content_with(
        tmp_path, ("own", "listens: nobody", "network.service-down"), ("refused", "", "healthy")
    )
    names = [one.name for one in list_scenarios(content)]
    assert len(names) == len(set(names)) == len(list_scenarios()) + 1
    assert get("refused", content).cause == "healthy"
    assert get("refused").cause == "network.service-down"


def test_a_scenario_takes_over_what_it_extends(tmp_path: Path) -> None:
    base = "listens: nobody\nenvironment: {A: one, B: two}\nreplies: {writes: 'no'}"
    more = "extends: base\nenvironment: {B: three}"
    content = content_with(
        tmp_path, ("base", base, "network.service-down"), ("more", more, "network.service-down")
    )
    with serve(get("more", content)) as running:
        assert running.environment == {"A": "one", "B": "three"}
        assert running.replies == {"writes": "no"}
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((running.host, running.port), 1)


def test_other_braces_than_those_of_placeholders_stay(tmp_path: Path) -> None:
    body = 'files: {.env: \'A="${X}" {"port": {port}} {nobody} {port2}\'}'
    with serve(own(tmp_path, body)) as running:
        assert (
            running.files / ".env"
        ).read_text() == f'A="${{X}}" {{"port": {running.port}}} {{nobody}} {{port2}}'


def test_a_fix_in_a_file_is_seen_by_the_next_walk() -> None:
    with serve(get("env-unexpanded")) as running:
        env = running.files / ".env"
        env.write_text(env.read_text().replace("${DB_HOST}", running.host))
        _, made = walk_there(running, running.reread(running.targets()[0]))
    assert made["cause"] == "healthy"


def test_a_person_is_given_what_the_logs_say_and_asked_the_rest() -> None:
    with serve(get("data-directory-open")) as running:
        asked = running.answers(CONTENT, asked=True)
        assert set(asked) == {"startup.text"}
        assert "invalid permissions" in asked["startup.text"]
        assert running.answers(CONTENT) == {**asked, **running.replies}
    logged = next(one for one in list_scenarios() if one.client.log)
    with serve(logged) as running:
        told = running.answers(CONTENT, asked=True)["app.text"]
        assert running.log is not None
        assert told.splitlines()[0] in running.log.read_text()


def test_nothing_of_the_real_home_and_environment_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "somebody-elses")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".pgpass").write_text("*:*:*:*:somebody-elses\n")
    (tmp_path / ".pgpass").chmod(0o600)
    body = "url: 'postgresql://{user}@{host}:{port}/{database}'"
    with serve(own(tmp_path, body, "auth.password-missing")) as running:
        assert running.targets()[0].password is None
        _, made = walk_there(running)
    assert made["cause"] == "auth.password-missing"


def test_real_programs_can_ask_the_nameserver(tmp_path: Path) -> None:
    body = URL + "dns: {records: {db.shop.example: ['{host}', '2001:db8::7'], odd.example: truncated}}"
    with serve(own(tmp_path, body)) as running:
        assert running.dns is not None
        address, port = running.dns
        assert f"nameserver {address}\n" in (running.files / "resolv.conf").read_text()
        for kind, expected in (("A", running.host), ("AAAA", "2001:db8::7")):
            query = dns.message.make_query("DB.shop.example", kind)
            for ask in (dns.query.udp, dns.query.tcp):
                answer = ask(query, address, port=port, timeout=2)
                assert [str(item) for group in answer.answer for item in group] == [expected]
        missing = dns.query.udp(dns.message.make_query("no.example", "A"), address, port=port, timeout=2)
        assert missing.rcode() == dns.rcode.NXDOMAIN
        with pytest.raises((dns.exception.DNSException, EOFError, OSError)):
            dns.query.tcp(dns.message.make_query("odd.example", "A"), address, port=port, timeout=2)


def test_the_nameserver_takes_the_port_that_is_asked_for_or_says_that_it_cannot(tmp_path: Path) -> None:
    scenario = own(tmp_path, URL + "dns: {otherwise: nxdomain}")
    with serve(scenario) as running:
        assert running.dns is not None
        with (
            pytest.raises(PracticeError, match=f"cannot listen on port {running.dns[1]}"),
            serve(scenario, dns_port=running.dns[1]),
        ):
            pass


def test_a_port_of_ones_own_or_a_sentence() -> None:
    with (
        serve(get("healthy-postgresql")) as running,
        pytest.raises(PracticeError, match=f"cannot listen on port {running.port} of 127.0.0.1"),
        serve(get("healthy-mysql"), port=running.port),
    ):
        pass
    with serve(get("healthy-mysql"), port=running.port) as again:
        assert again.port == running.port


def test_who_reads_along_hears_both_sides() -> None:
    class Ears:
        def __init__(self) -> None:
            self.heard: list[str] = []

        def came(self, data: bytes) -> None:
            self.heard.append("came")

        def sent(self, data: bytes) -> None:
            self.heard.append("sent")

        def encrypted(self) -> None:
            self.heard.append("encrypted")

        def ended(self) -> None:
            self.heard.append("ended")

    ears = Ears()
    with serve(get("healthy-postgresql"), watch=lambda kind, client: ears) as running:
        walk_there(running)
    assert ears.heard[:3] == ["came", "sent", "encrypted"]
    assert ears.heard[-1] == "ended"


def test_a_black_hole_ends_at_the_clients_bound_and_leaves_at_once() -> None:
    with serve(get("black-hole")) as running:
        with pytest.raises(TimeoutError):
            socket.create_connection((running.host, running.port), 0.3)
        began = time.monotonic()
    assert time.monotonic() - began < 2.0

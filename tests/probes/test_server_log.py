"""What is kept of a server's own log about the login that it has just refused."""

from __future__ import annotations

from wizard.content.load import open_content
from wizard.core.classify import Classifier
from wizard.core.rules import Match
from wizard.probes.server import _record, _record_mysql

REFUSED = '2026-11-20 21:04:05 UTC [412] app@shop FATAL:  password authentication failed for user "app"'
REASON = (
    "2026-11-20 21:04:05 UTC [412] app@shop LOG:  "
    'certificate validation (clientcert=verify-full) failed for user "app": CN mismatch'
)
FIELD = '2026-11-20 21:04:05 UTC [412] app@shop DETAIL:  Role "app" does not exist.'
NOISE = "2026-11-20 21:04:05 UTC [413] LOG:  connection received: host=10.0.3.9 port=40112"


def understood(text: str) -> Match | None:
    rules: Classifier = open_content().classifier
    return rules.classify(text)


def test_the_reason_before_the_refusal_is_kept_and_believed() -> None:
    kept = _record("\n".join([NOISE, REASON, NOISE, REFUSED, NOISE]), "app")
    assert kept.splitlines() == [REASON, REFUSED]
    found = understood(kept)
    assert found is not None
    assert found.cause == "tls.client-certificate-rejected"


def test_the_reason_of_another_session_is_not_ours() -> None:
    assert _record("\n".join([REASON.replace("[412]", "[399]"), REFUSED]), "app") == REFUSED


def test_a_log_without_process_numbers_is_read_by_the_account() -> None:
    bare = [line[line.index("app@") :] for line in (REASON, REFUSED)]
    assert _record("\n".join(bare), "app").splitlines() == bare
    assert _record("\n".join([bare[0].replace('"app"', '"bob"'), bare[1]]), "app") == bare[1]


def test_detail_after_the_refusal_is_kept() -> None:
    assert _record("\n".join([REFUSED, FIELD, NOISE]), "app").splitlines() == [REFUSED, FIELD]


def test_a_log_that_does_not_name_the_account_says_nothing() -> None:
    assert _record(REFUSED, "bob") == ""


WARNED = (
    "2026-11-21  3:37:23 7 [Warning] IP address '10.77.0.1' could not be resolved: Name or service not known"
)
DENIED = "2026-11-21  3:37:23 7 [Warning] Access denied for user 'app'@'10.77.0.1' (using password: YES)"


def test_what_mariadb_warned_of_before_the_refusal_is_kept() -> None:
    other = WARNED.replace(" 7 [", " 8 [")
    assert _record_mysql("\n".join([other, WARNED, other, DENIED, other]), "app") == WARNED
    found = understood(WARNED)
    assert found is not None
    assert found.cause == "dns.reverse-lookup-failed"


def test_without_a_warning_the_refusal_itself_is_kept() -> None:
    assert _record_mysql("\n".join([WARNED.replace(" 7 [", " 8 ["), DENIED]), "app") == DENIED
    assert _record_mysql(DENIED, "bob") == ""


def test_a_scram_refusal_without_a_reason_is_a_wrong_password() -> None:
    line = 'DETAIL:  Connection matched pg_hba.conf line 5: "host all all all scram-sha-256"'
    found = understood(_record("\n".join([REFUSED, f"2026-11-20 21:04:05 UTC [412] app@shop {line}"]), "app"))
    assert found is not None
    assert (found.cause, found.candidates) == ("auth.password-wrong", ())

"""`dbwizard practice --serve`: real drivers pointed at what it prints, what it tells of each client, its end."""

from __future__ import annotations

import json
import re
import signal
import socket
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import psycopg
import pymysql
import pytest

from tests.support.cli import Cli
from tests.support.serving import PATIENCE, serving
from wizard.practice import get, list_scenarios

SCENARIOS = list_scenarios()


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def test_libpq_sees_the_fault_by_the_exported_environment_alone(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(cli, "wrong-password") as served:
        for name, value in served.exported().items():
            monkeypatch.setenv(name, value)
        with pytest.raises(psycopg.OperationalError, match='password authentication failed for user "app"'):
            psycopg.connect("application_name=shop-worker")
        line = served.wait_for("user app")
        assert "database shop, application shop-worker, without TLS" in line
        assert 'sent FATAL 28P01: password authentication failed for user "app"' in line
        # That the scenario is named is no secret, why it fails is.
        assert get("wrong-password").title not in served.output
        assert served.stop() == 143


def test_a_client_that_does_not_trust_the_certificate_is_told_of(cli: Cli) -> None:
    with serving(cli, "certificate-expired", "--json") as served:
        with pytest.raises(psycopg.OperationalError, match="certificate"):
            psycopg.connect(json.loads(served.output)["url"])
        served.wait_for("left during the TLS handshake")


def test_an_application_on_mysql_is_pointed_at_it(cli: Cli) -> None:
    with serving(cli, "mysql-unknown-database") as served:
        env = served.exported()
        with pytest.raises(pymysql.err.OperationalError) as caught:
            pymysql.connect(
                host=env["MYSQL_HOST"],
                port=int(env["MYSQL_PORT"]),
                user=env["MYSQL_USER"],
                password=env["MYSQL_PASSWORD"],
                database=env["MYSQL_DATABASE"],
            )
        assert caught.value.args == (1049, "Unknown database 'shop'")
        line = served.wait_for("user app, database shop")
        assert "sent ERROR 1049 (42000): Unknown database 'shop'" in line


def test_something_else_than_a_database_client_is_told_of(cli: Cli) -> None:
    with serving(cli, "wrong-password", "--json") as served:
        with socket.create_connection(("127.0.0.1", json.loads(served.output)["port"])) as client:
            client.sendall(b"GET / HTTP/1.0\x1b[31m\r\n\r\n")
        line = served.wait_for("no client of a database")
        assert "\x1b" not in line


def test_the_nameserver_of_a_scenario_is_told_and_can_be_asked(cli: Cli) -> None:
    scenario = next(one for one in SCENARIOS if one.layer == "dns" and one.cause == "dns.name-not-found")
    with serving(cli, scenario.name, "--json") as served:
        told = json.loads(served.output)["dns"]
        question = dns.message.make_query("db.shop.example", "A")
        answer = dns.query.udp(question, told["address"], port=told["port"], timeout=PATIENCE)
        assert answer.rcode() == dns.rcode.NXDOMAIN
        assert "A db.shop.example.; sent NXDOMAIN" in served.wait_for("db.shop.example")
    with serving(cli, scenario.name) as served:
        assert re.search(r"dig @127\.0\.0\.\d+ -p \d+ db\.shop\.example", served.output)


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_it_and_its_files_are_gone(cli: Cli, number: int, status: int) -> None:
    with serving(cli, "certificate-expired", "--json") as served:
        files = Path(json.loads(served.output)["files"])
        assert (files / "root.crt").is_file()
        assert served.stop(number) == status
        assert not files.exists()


def test_a_fixed_port_and_one_that_is_taken(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        done = cli.run("practice", "--serve", "wrong-password", "--port", str(port))
        assert done.exit == 2
        assert str(port) in done.stderr
        assert "choose another --port" in done.stderr
        assert done.stderr.count("\n") == 1
    with serving(cli, "wrong-password", "--port", str(port)) as served:
        assert f"@127.0.0.1:{port}/shop" in served.output


def test_the_fault_is_told_to_who_asks_for_it(cli: Cli) -> None:
    with serving(cli, "wrong-password", "--tell", "--json") as served:
        told = json.loads(served.output)
        assert told["cause"] == "auth.password-wrong"
        assert {"url", "environment", "files", "host", "port"} <= set(told)

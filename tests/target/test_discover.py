"""What the surroundings state: precedence, sources by line, conflicts, and files that cannot be read."""

from pathlib import Path

import pytest

from wizard.target.discover import Discovery, discover


def found(environ=None, cwd=None, home=None) -> Discovery:
    return discover(environ or {}, cwd, home)


def test_nothing_anywhere_is_missing():
    result = found()
    assert result.targets == ()
    assert [each.kind for each in result.problems] == ["missing"]
    assert "environment" in result.looked


@pytest.mark.parametrize(
    ("environ", "engine", "host", "port", "user", "database", "secret"),
    [
        ({"DATABASE_URL": "postgres://u:p@h/d"}, "postgresql", "h", 5432, "u", "d", "p"),
        (
            {
                "SPRING_DATASOURCE_URL": "jdbc:mysql://h/d",
                "SPRING_DATASOURCE_USERNAME": "u",
                "SPRING_DATASOURCE_PASSWORD": "p",
            },
            "mysql",
            "h",
            3306,
            "u",
            "d",
            "p",
        ),
        (
            {"PGHOST": "h", "PGUSER": "u", "PGDATABASE": "d", "PGPASSWORD": "p"},
            "postgresql",
            "h",
            5432,
            "u",
            "d",
            "p",
        ),
        (
            {
                "MYSQL_HOST": "h",
                "MYSQL_PORT": "3307",
                "MYSQL_USER": "u",
                "MYSQL_PASSWORD": "p",
                "MYSQL_DATABASE": "d",
            },
            "mysql",
            "h",
            3307,
            "u",
            "d",
            "p",
        ),
        (
            {"MARIADB_HOST": "h", "MARIADB_USER": "u", "MARIADB_PASSWORD": "p", "MARIADB_DATABASE": "d"},
            "mariadb",
            "h",
            3306,
            "u",
            "d",
            "p",
        ),
        (
            {"POSTGRES_HOST": "h", "POSTGRES_USER": "u", "POSTGRES_PASSWORD": "p", "POSTGRES_DB": "d"},
            "postgresql",
            "h",
            5432,
            "u",
            "d",
            "p",
        ),
        (
            {
                "DB_CONNECTION": "pgsql",
                "DB_HOST": "h",
                "DB_USERNAME": "u",
                "DB_PASSWORD": "p",
                "DB_DATABASE": "d",
            },
            "postgresql",
            "h",
            5432,
            "u",
            "d",
            "p",
        ),
        (
            {
                "DB_ENGINE": "django.db.backends.mysql",
                "DB_HOST": "h",
                "DB_USER": "u",
                "DB_PASS": "p",
                "DB_NAME": "d",
            },
            "mysql",
            "h",
            3306,
            "u",
            "d",
            "p",
        ),
        (
            {"DB_HOST": "h", "DB_PORT": "5432", "DB_USER": "u", "DB_PASSWORD": "p", "DB_NAME": "d"},
            "postgresql",
            "h",
            5432,
            "u",
            "d",
            "p",
        ),
        (
            {
                "RDS_HOSTNAME": "h",
                "RDS_PORT": "3306",
                "RDS_USERNAME": "u",
                "RDS_PASSWORD": "p",
                "RDS_DB_NAME": "d",
            },
            "mysql",
            "h",
            3306,
            "u",
            "d",
            "p",
        ),
    ],
)
def test_every_family_of_variables(environ, engine, host, port, user, database, secret):
    target = found(environ).targets[0]
    assert (target.engine, target.host, target.port, target.user, target.database) == (
        engine,
        host,
        port,
        user,
        database,
    )
    assert target.password.reveal() == secret
    assert target.problems == ()
    assert secret not in [each.value for each in target.settings]


def test_precedence_url_then_pg_then_mysql_then_db():
    environ = {
        "DB_HOST": "d",
        "DB_PORT": "3306",
        "MYSQL_HOST": "m",
        "PGHOST": "p",
        "DATABASE_URL": "postgresql://u@url/x",
    }
    assert [each.host for each in found(environ).targets] == ["url", "p", "m", "d"]


def test_disagreeing_sources_are_a_conflict_without_the_password():
    environ = {
        "DATABASE_URL": "postgresql://app:one1@h1/d",
        "PGHOST": "h2",
        "PGUSER": "app",
        "PGPASSWORD": "two2",
    }
    result = found(environ)
    conflicts = {each.key: each.sources for each in result.targets[0].conflicts}
    assert set(conflicts) == {"host", "password"}
    assert [(each.value, each.source) for each in conflicts["host"]] == [
        ("h1", "DATABASE_URL"),
        ("h2", "PGHOST"),
    ]
    assert "one1" not in repr(result)
    assert "two2" not in repr(result)


def test_variables_that_fill_gaps_are_no_conflict():
    result = found({"DATABASE_URL": "postgresql://app@h1/d", "PGPASSWORD": "x", "PGSSLMODE": "require"})
    assert result.targets[0].conflicts == ()
    assert result.targets[0].password_source == "PGPASSWORD"


def test_localhost_and_its_address_are_the_same():
    result = found({"DATABASE_URL": "postgresql://a@localhost/d", "PGHOST": "127.0.0.1"})
    assert result.targets[0].conflicts == ()


def test_env_file_names_the_line(tmp_path):
    (tmp_path / ".env").write_text(
        "\ufeff# c\r\n"
        "export DB_CONNECTION=mysql\r\nDB_HOST='h' # x\r\nDB_DATABASE=d\r\nDB_PASSWORD=\"a b\"\r\n"
    )
    (target,) = found(cwd=tmp_path).targets
    assert (target.engine, target.host, target.database) == ("mysql", "h", "d")
    assert target.setting("host").source == ".env:3 DB_HOST"
    assert target.password.reveal() == "a b"
    assert target.password_source == ".env:5 DB_PASSWORD"


def test_env_file_against_environment_is_a_conflict(tmp_path):
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql://a:b@new/d\n")
    result = found({"DATABASE_URL": "postgresql://a:b@old/d"}, cwd=tmp_path)
    (conflict,) = result.targets[0].conflicts
    assert (conflict.key, [each.value for each in conflict.sources]) == ("host", ["old", "new"])
    assert conflict.sources[1].source == ".env:1 DATABASE_URL"


def test_env_of_production_is_no_rival(tmp_path):
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql://a:b@dev/d\n")
    (tmp_path / ".env.production").write_text("DATABASE_URL=postgresql://a:b@prod/d\n")
    result = found(cwd=tmp_path)
    assert [each.host for each in result.targets] == ["dev", "prod"]
    assert result.targets[0].conflicts == ()


def test_unfilled_reference_in_env_file(tmp_path):
    (tmp_path / ".env").write_text("U=app\nDATABASE_URL=postgresql://${U}:x@${NOWHERE_SET}/d\n")
    (target,) = found(cwd=tmp_path).targets
    assert target.user == "app"
    assert [(each.kind, each.key) for each in target.problems] == [("unexpanded", "host")]


def test_empty_database_name_of_a_framework():
    environ = {"DB_CONNECTION": "mysql", "DB_HOST": "h", "DB_USERNAME": "u", "DB_DATABASE": ""}
    (target,) = found(environ).targets
    assert [(each.kind, each.key) for each in target.problems] == [("database-missing", "database")]


def test_password_from_a_file(tmp_path):
    (tmp_path / "secret").write_text("from-file\n")
    environ = {"POSTGRES_HOST": "h", "POSTGRES_USER": "u", "POSTGRES_PASSWORD_FILE": str(tmp_path / "secret")}
    (target,) = found(environ).targets
    assert target.password.reveal() == "from-file"
    assert "POSTGRES_PASSWORD_FILE" in target.password_source


COMPOSE = """
x-common: &common
  environment: &env
    LOG: info
services:
  web:
    build: .
    environment:
      <<: *env
      DATABASE_URL: postgresql://app:${PW:-pw1}@db:5432/shop
  db:
    image: docker.io/library/postgres:16-alpine
    environment:
      - POSTGRES_USER=app
      - POSTGRES_PASSWORD=pw2
      - POSTGRES_DB=shop
    ports:
      - "127.0.0.1:15432:5432"
"""


def test_compose_services(tmp_path):
    (tmp_path / "docker-compose.yml").write_text(COMPOSE)
    web, db = found(cwd=tmp_path).targets
    assert (web.host, web.user, web.source) == ("db", "app", "docker-compose.yml web DATABASE_URL")
    assert (db.host, db.port, db.user, db.database, db.password.reveal()) == (
        "localhost",
        15432,
        "app",
        "shop",
        "pw2",
    )
    assert [each.key for each in web.conflicts] == ["password"]


def test_compose_port_and_service_name_are_no_conflict(tmp_path):
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql://app:pw2@localhost:15432/shop\nPW=pw2\n")
    assert found(cwd=tmp_path).targets[0].conflicts == ()


def test_compose_of_this_machine_is_not_compared_with_another_server(tmp_path):
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql://root:x@db.prod.example.com/prod\n")
    assert found(cwd=tmp_path).targets[0].conflicts == ()


def test_broken_yaml_is_a_problem_and_no_exception(tmp_path):
    (tmp_path / "compose.yml").write_text("services:\n  a: [\n")
    result = found(cwd=tmp_path)
    assert {each.kind for each in result.problems} == {"malformed", "missing"}


def test_large_and_odd_files_are_said(tmp_path):
    (tmp_path / ".env").write_bytes(b"A=1\n" * 300_000)
    (tmp_path / "compose.yml").mkdir()
    (tmp_path / ".env.production").write_bytes(b"\xff\xfe\x00DATABASE")
    result = found(cwd=tmp_path)
    assert any("1 MiB" in each for each in result.looked)


def test_home_files(tmp_path):
    (tmp_path / ".pg_service.conf").write_text("[one]\nhost=s1\nuser=u\n")
    (tmp_path / ".pgpass").write_text("h2:5433:d2:u2:pw\n")
    (tmp_path / ".pgpass").chmod(0o600)
    (tmp_path / ".my.cnf").write_text('[client]\nuser = m\npassword = "a#b"  # c\nhost = h3\n')
    result = found(home=tmp_path)
    assert [(each.host, each.user) for each in result.targets] == [("s1", "u"), ("h2", "u2"), ("h3", "m")]
    assert result.targets[1].password.reveal() == "pw"
    assert result.targets[2].password.reveal() == "a#b"
    assert result.targets[2].setting("user").source == "~/.my.cnf [client]"
    assert result.targets[0].conflicts == ()


def test_without_cwd_no_file_is_looked_at(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql://a:b@h/d\n")
    monkeypatch.chdir(tmp_path)
    assert found().looked == ("environment",)


def test_kubernetes_service_links_are_not_ports():
    environ = {"POSTGRES_HOST": "h", "POSTGRES_PORT": "tcp://10.0.0.1:5432", "POSTGRES_USER": "u"}
    (target,) = found(environ).targets
    assert (target.port, target.problems) == (5432, ())


def test_sqlite_is_no_target():
    assert found({"DB_CONNECTION": "sqlite", "DB_DATABASE": "x.sqlite"}).targets == ()


def test_relative_home_is_not_needed():
    assert isinstance(discover({}, Path("/nonexistent"), Path("/nonexistent")), Discovery)

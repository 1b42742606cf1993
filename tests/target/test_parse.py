"""Every form in which an application states a connection, with the value that each part must get."""

import json
import pickle
from pathlib import Path

import pytest

from wizard.target.model import MASK, Secret, Target
from wizard.target.parse import parse_target

NOWHERE = Path("/nonexistent")


def parse(text: str, **more) -> Target:
    return parse_target(text, environ=more.pop("environ", {}), home=more.pop("home", NOWHERE), **more)


def password(target: Target) -> str | None:
    return target.password.reveal() if target.password is not None else None


FORMS = [
    ("postgresql://app:s3cret@db:5433/shop", "postgresql", "", "db", 5433, "app", "shop", "s3cret"),
    ("postgres://app:p%40ss%2Fw@db/shop", "postgresql", "", "db", 5432, "app", "shop", "p@ss/w"),
    ("postgresql+psycopg://a:b/c@h/d", "postgresql", "psycopg", "h", 5432, "a", "d", "b/c"),
    ("postgresql+psycopg2://a:b@h/d", "postgresql", "psycopg2", "h", 5432, "a", "d", "b"),
    ("postgresql+asyncpg://a:b@h/d", "postgresql", "asyncpg", "h", 5432, "a", "d", "b"),
    ("postgresql+pg8000://a:b@h/d", "postgresql", "pg8000", "h", 5432, "a", "d", "b"),
    ("mysql://a:b@h/d", "mysql", "", "h", 3306, "a", "d", "b"),
    ("mariadb://a:b@h:3307/d", "mariadb", "", "h", 3307, "a", "d", "b"),
    ("mysql+pymysql://a:b@h/d", "mysql", "pymysql", "h", 3306, "a", "d", "b"),
    ("mysql+mysqldb://a:b@h/d", "mysql", "mysqldb", "h", 3306, "a", "d", "b"),
    ("mysql+mysqlconnector://a:b@h/d", "mysql", "mysqlconnector", "h", 3306, "a", "d", "b"),
    ("mysql+aiomysql://a:b@h/d", "mysql", "aiomysql", "h", 3306, "a", "d", "b"),
    ("mysql+asyncmy://a:b@h/d", "mysql", "asyncmy", "h", 3306, "a", "d", "b"),
    ("mariadb+mariadbconnector://a:b@h/d", "mariadb", "mariadbconnector", "h", 3306, "a", "d", "b"),
    ("postgresql://u@[2001:db8::1]:5433/d", "postgresql", "", "2001:db8::1", 5433, "u", "d", None),
    ("postgresql://%2Ftmp%2Fpg/d?user=u", "postgresql", "", "/tmp/pg", 5432, "u", "d", None),
    ("postgresql:///d?host=/tmp/pg&user=u&password=x", "postgresql", "", "/tmp/pg", 5432, "u", "d", "x"),
    ("mysql://u:p@localhost/d?unix_socket=/tmp/my.sock", "mysql", "", "/tmp/my.sock", 3306, "u", "d", "p"),
    ("host=db port=5433 user=u password='a b' dbname=d", "postgresql", "", "db", 5433, "u", "d", "a b"),
    (r"host=db user=u password='it\'s \\' dbname=d", "postgresql", "", "db", 5432, "u", "d", "it's \\"),
    ("host = db user = u dbname = d", "postgresql", "", "db", 5432, "u", "d", None),
    ("jdbc:postgresql://h:5433/d?user=u&password=p", "postgresql", "jdbc", "h", 5433, "u", "d", "p"),
    ("jdbc:postgresql:d?user=u", "postgresql", "jdbc", "localhost", 5432, "u", "d", None),
    ("jdbc:mysql://h:3307/d?user=u&password=p", "mysql", "jdbc", "h", 3307, "u", "d", "p"),
    ("jdbc:mysql://u:p@h/d", "mysql", "jdbc", "h", 3306, "u", "d", "p"),
    ("jdbc:mariadb://h/d?user=u&password=p", "mariadb", "jdbc", "h", 3306, "u", "d", "p"),
    ("u:p@ss/w:x@tcp(h:3307)/d?tls=true", "mysql", "go", "h", 3307, "u", "d", "p@ss/w:x"),
    ("u:p@unix(/tmp/my.sock)/d", "mysql", "go", "/tmp/my.sock", 3306, "u", "d", "p"),
    ("u@/d", "mysql", "go", "127.0.0.1", 3306, "u", "d", None),
    ("u:p@tcp([::1]:3307)/d", "mysql", "go", "::1", 3307, "u", "d", "p"),
    ("Host=h;Port=5433;Username=u;Password=p;Database=d", "postgresql", "ado.net", "h", 5433, "u", "d", "p"),
    ('Server=h;Uid=u;Pwd="a;b";Database=d', "mysql", "ado.net", "h", 3306, "u", "d", "a;b"),
    ("pgsql:host=h;port=5433;dbname=d;user=u", "postgresql", "pdo", "h", 5433, "u", "d", None),
]


@pytest.mark.parametrize(("text", "engine", "driver", "host", "port", "user", "database", "secret"), FORMS)
def test_every_form_gives_the_same_parts(text, engine, driver, host, port, user, database, secret):
    target = parse(text)
    assert (target.engine, target.driver) == (engine, driver)
    assert (target.host, target.port, target.user, target.database) == (host, port, user, database)
    assert password(target) == secret
    assert target.problems == ()


def test_several_hosts_keep_their_ports():
    target = parse("postgresql://h1:5433,h2,[::1]:5435/d?target_session_attrs=read-write")
    assert [(each.host, each.port) for each in target.hosts] == [("h1", 5433), ("h2", 5432), ("::1", 5435)]
    assert target.options["target_session_attrs"] == "read-write"


def test_sqlalchemy_repeats_the_host():
    target = parse("postgresql+psycopg://a:b@/d?host=h1:5433&host=h2:5434")
    assert [(each.host, each.port) for each in target.hosts] == [("h1", 5433), ("h2", 5434)]


def test_one_port_serves_all_hosts_of_a_dsn():
    target = parse("host=h1,h2 hostaddr=10.0.0.1,10.0.0.2 port=5440")
    assert [(e.host, e.port, e.hostaddr) for e in target.hosts] == [
        ("h1", 5440, "10.0.0.1"),
        ("h2", 5440, "10.0.0.2"),
    ]


def test_a_different_number_of_ports_is_malformed():
    assert [p.kind for p in parse("host=a,b,c port=1,2").problems] == ["malformed"]


def test_overrides_win_and_name_their_option():
    target = parse("postgresql://a:b@h/d", overrides={"host": "other", "port": "6000", "sslmode": "require"})
    assert (target.host, target.port, target.tls.mode) == ("other", 6000, "require")
    assert target.setting("host").source == "--host"
    assert target.setting("user").source == "command line"


def test_options_alone_are_a_target():
    target = parse("", engine="mysql", overrides={"host": "h", "user": "u", "dbname": "d"})
    assert (target.engine, target.host, target.port, target.user, target.database) == (
        "mysql",
        "h",
        3306,
        "u",
        "d",
    )


@pytest.mark.parametrize(
    ("text", "engine", "host", "port"),
    [
        ("db.example.com", "mysql", "db.example.com", 3306),
        ("db:6543", "postgresql", "db", 6543),
        ("[::1]:5433", "postgresql", "::1", 5433),
        ("::1", "postgresql", "::1", 5432),
        ("/tmp", "postgresql", "/tmp", 5432),
    ],
)
def test_bare_host_takes_the_engine_it_is_told(text, engine, host, port):
    target = parse(text, engine=engine)
    assert (target.engine, target.form, target.host, target.port) == (engine, "bare", host, port)


def test_libpq_environment_fills_gaps_and_is_named():
    environ = {
        "PGHOST": "pg",
        "PGPORT": "5444",
        "PGUSER": "u",
        "PGPASSWORD": "from-env",
        "PGSSLMODE": "require",
    }
    target = parse("dbname=d", environ=environ)
    assert (target.host, target.port, target.user, target.tls.mode) == ("pg", 5444, "u", "require")
    assert password(target) == "from-env"
    assert target.password_source == "PGPASSWORD"
    assert target.setting("sslmode").source == "PGSSLMODE"


def test_jdbc_does_not_read_the_libpq_environment():
    assert parse("jdbc:postgresql:d", environ={"PGHOST": "pg", "PGUSER": "x"}).host == "localhost"


def test_database_is_the_user_where_none_is_given():
    target = parse("postgresql://app@h")
    assert target.database == "app"
    assert target.setting("database").source.startswith("default")


def test_empty_host_is_the_local_socket_for_libpq():
    target = parse("postgresql:///d")
    assert target.is_socket
    assert target.host in ("/var/run/postgresql", "/tmp")


def test_localhost_is_the_socket_only_for_c_clients():
    assert parse("mysql+mysqldb://u:p@localhost/d").is_socket
    assert not parse("mysql+pymysql://u:p@localhost/d").is_socket
    assert not parse("mysql://u:p@localhost/d").is_socket


def test_service_is_looked_up_and_every_setting_names_its_line(tmp_path):
    (tmp_path / ".pg_service.conf").write_text(
        "[other]\nhost=x\n[shop]\nhost=db\nport=5499\ndbname=shop\nuser=app\n"
    )
    target = parse("service=shop", home=tmp_path)
    assert (target.form, target.host, target.port, target.user, target.database) == (
        "service",
        "db",
        5499,
        "app",
        "shop",
    )
    assert target.setting("host").source == "~/.pg_service.conf:4 [shop]"


def test_unknown_service_is_named():
    (problem,) = parse("service=shop").problems
    assert (problem.kind, problem.key) == ("service-undefined", "service")
    assert "shop" in problem.detail


def test_service_file_from_the_environment(tmp_path):
    (tmp_path / "mine.conf").write_text("[s]\nhost=h9\n")
    target = parse("service=s user=u", environ={"PGSERVICEFILE": str(tmp_path / "mine.conf")})
    assert target.host == "h9"


def test_secrets_print_as_a_mask_and_refuse_to_leave():
    secret = Secret("hunter2")
    assert f"{secret} {secret!r} {secret:>5}".count("hunter2") == 0
    assert str(secret) == MASK
    assert secret == Secret("hunter2")
    assert secret != "hunter2"
    assert not Secret("")
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)


def test_other_secrets_of_an_url_are_not_among_the_options():
    target = parse("postgresql://u:p@h/d?sslkey=k.pem&sslpassword=topsecret")
    assert "topsecret" not in repr(target)
    assert target.tls.key == "k.pem"


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("postgresql://h/d", "prefer"),
        ("postgresql://h/d?sslmode=verify-full&sslrootcert=/ca.pem", "verify-full"),
        ("postgresql://h/d?ssl=true", "require"),
        ("postgresql://h/d?sslrootcert=system", "verify-full"),
        ("postgresql+asyncpg://h/d?ssl=require", "require"),
        ("postgresql+asyncpg://h/d?ssl=verify-ca", "verify-ca"),
        ("postgresql://h/d?schema=public&sslmode=require&sslaccept=strict", "verify-full"),
        ("jdbc:postgresql://h/d?ssl=true", "verify-full"),
        ("jdbc:postgresql://h/d?ssl=true&sslfactory=org.postgresql.ssl.NonValidatingFactory", "require"),
        ("jdbc:postgresql://h/d?sslmode=require", "require"),
        ("mysql+pymysql://h/d?ssl_ca=/ca.pem", "verify-ca"),
        ("mysql+pymysql://h/d?ssl_ca=/ca.pem&ssl_verify_identity=true", "verify-full"),
        ("mysql+pymysql://h/d?ssl_disabled=true", "disable"),
        ("mysql://h/d?ssl-mode=REQUIRED", "require"),
        ("mysql://h/d?ssl_mode=verify_identity", "verify-full"),
        ("mysql://h/d?sslaccept=strict", "verify-full"),
        ("mysql://h/d?sslaccept=accept_invalid_certs", "require"),
        ('mysql://h/d?ssl={"rejectUnauthorized":true}', "verify-full"),
        ('mysql://h/d?ssl={"rejectUnauthorized":false}', "require"),
        ("jdbc:mysql://h/d?sslMode=VERIFY_CA", "verify-ca"),
        ("jdbc:mysql://h/d?useSSL=false", "disable"),
        ("jdbc:mysql://h/d?useSSL=true&requireSSL=true", "require"),
        ("jdbc:mariadb://h/d?sslMode=trust", "require"),
        ("u:p@tcp(h)/d", "disable"),
        ("u:p@tcp(h)/d?tls=true", "verify-full"),
        ("u:p@tcp(h)/d?tls=skip-verify", "require"),
        ("u:p@tcp(h)/d?tls=preferred", "prefer"),
    ],
)
def test_tls_spellings_mean_the_same_in_libpqs_words(text, mode):
    target = parse(text)
    assert target.tls.mode == mode
    assert target.problems == ()


@pytest.mark.parametrize("scheme", ["mysql", "postgresql"])
def test_sslcert_of_prisma_is_the_authority(scheme):
    tls = parse(f"{scheme}://u:p@h/d?sslaccept=strict&sslcert=/ca.pem&sslidentity=/me.p12").tls
    assert (tls.mode, tls.root, tls.cert) == ("verify-full", "/ca.pem", None)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("app:pw@tcp/shop", "127.0.0.1"),
        ("app:pw@/shop", "127.0.0.1"),
        ("app:p/w@tcp/shop?timeout=5s", "127.0.0.1"),
        ("app:pw@unix/shop", "/tmp/mysql.sock"),
    ],
)
def test_go_dsn_without_an_address(text, host):
    target = parse(text)
    assert (target.form, target.host, target.port) == ("go", host, 3306)
    assert (target.user, target.database, target.problems) == ("app", "shop", ())
    assert password(target).startswith("p")


@pytest.mark.parametrize(
    "text",
    [
        "jdbc:mysql:loadbalance://h1:3307,h2/d",
        "jdbc:mysql:replication://h1:3307,h2:3306/d",
        "jdbc:mariadb:sequential://h1:3307,h2/d",
        "jdbc:mariadb:load-balance://h1:3307,h2/d",
        "jdbc:mysql:loadbalance://(host=h1,port=3307),(host=h2)/d",
        "jdbc:mysql:replication://address=(host=h1)(port=3307),address=(host=h2)(port=3306)/d",
        "jdbc:mysql://[(host=h1,port=3307),h2:3306]/d",
        "jdbc:mysql:loadbalance://[h1:3307,h2]/d",
    ],
)
def test_jdbc_lists_of_hosts(text):
    target = parse(text)
    assert [(each.host, each.port) for each in target.hosts] == [("h1", 3307), ("h2", 3306)]
    assert (target.database, target.problems) == ("d", ())


def test_jdbc_bracketed_ipv6_is_one_host():
    assert parse("jdbc:mysql://[2001:db8::7]:3307/d").hosts[0][:2] == ("2001:db8::7", 3307)


def test_tls_files_and_versions_are_kept():
    tls = parse(
        "postgresql://h/d?sslrootcert=/ca&sslcert=/c&sslkey=/k&sslcrl=/r&ssl_min_protocol_version=TLSv1.3&sslsni=0&sslnegotiation=direct&sslmode=require"
    ).tls
    assert (tls.root, tls.cert, tls.key, tls.crl, tls.min_version) == ("/ca", "/c", "/k", "/r", "TLSv1.3")
    assert (tls.server_name, tls.negotiation, tls.explicit) == (False, "direct", True)


@pytest.mark.parametrize(
    ("target", "versions"),
    [
        ("mysql://h/d?tls-version=TLSv1.2,TLSv1.3", ("TLSv1.2", "TLSv1.3")),
        ("mysql://h/d?tls-version=TLSv1.2", ("TLSv1.2", "TLSv1.2")),
        ("jdbc:mysql://h/d?tlsVersions=TLSv1.3", ("TLSv1.3", "TLSv1.3")),
        ("jdbc:mysql://h/d?enabledTLSProtocols=TLSv1.2", ("TLSv1.2", "TLSv1.2")),
        ("mysql://h/d?tls-version=nosuch", (None, None)),
    ],
)
def test_tls_versions_of_mysql_clients(target: str, versions: tuple[str | None, str | None]) -> None:
    tls = parse(target).tls
    assert (tls.min_version, tls.max_version) == versions


def test_not_all_drivers_are_loaded():
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from wizard.target.parse import parse_target; "
        "parse_target('postgresql://a:b@h/d?sslmode=require', environ={}, home=Path('/nonexistent')); "
        "print(sorted({'yaml', 'psycopg', 'pymysql', 'networkx', 'difflib', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

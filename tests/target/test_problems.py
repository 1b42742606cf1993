"""What is wrong with the settings is named before anything is contacted, and never repeats a secret."""

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from wizard.target.model import Target
from wizard.target.parse import parse_target

NOWHERE = Path("/nonexistent")


def parse(text: str, **more) -> Target:
    return parse_target(text, environ=more.pop("environ", {}), home=more.pop("home", NOWHERE), **more)


def kinds(target: Target) -> list[tuple[str, str]]:
    return [(each.kind, each.key) for each in target.problems]


BROKEN = [
    ("postgersql://a:b@h/d", "malformed", "url"),
    ("oracle://a:b@h/d", "malformed", "url"),
    ("postgresql:/a:b@h/d", "malformed", "url"),
    ("postgresql//a:b@h/d", "malformed", "url"),
    ("postgresql:\\\\a:b@h/d", "malformed", "url"),
    ("postgresql://a:b@h:54x2/d", "malformed", "port"),
    ("postgresql://a:b@h:99999/d", "malformed", "port"),
    ("postgresql://a:b@h:0/d", "malformed", "port"),
    ("postgresql://a:b@:5432/d", "malformed", "host"),
    ("postgresql://a:b@https://db.example.com/d", "malformed", "host"),
    ("sqlite:///x.db", "malformed", "url"),
    ("postgresql://a:b@ho st/d", "malformed", "url"),
    ("postgresql://a:b@h/d\n", "malformed", "url"),
    ("postgresql://a:b@h\n/d", "malformed", "url"),
    ('"postgresql://a:b@h/d"', "malformed", "url"),
    ("'postgresql://a:b@h/d'", "malformed", "url"),
    ("DATABASE_URL=postgresql://a:b@h/d", "malformed", "url"),
    ('export DATABASE_URL="mysql://a:b@h/d"', "malformed", "url"),
    ("postgresql://a:b@h/d%3Fsslmode=require", "malformed", "database"),
    ("postgresql://a:b@h/d&sslmode=require", "malformed", "database"),
    ("postgresql://a:b@h/d?sslmode=require?x=1", "malformed", "url"),
    ("jdbc:postgresql://a:b@h/d", "malformed", "url"),
    ("jdbc:sqlserver://h/d", "malformed", "url"),
    ("host=h password=a b dbname=d", "malformed", "url"),
    ("host=h password='a dbname=d", "malformed", "url"),
    ("what is this", "malformed", "url"),
    ("postgresql+nosuch://a:b@h/d", "driver-mismatch", "driver"),
    ("mysql+pymsql://a:b@h/d", "driver-mismatch", "driver"),
    ("postgresql://user:p@ss@h/d", "unescaped", "password"),
    ("postgresql://user:p#ss@h/d", "unescaped", "password"),
    ("postgresql://user:p/ss@h/d", "unescaped", "password"),
    ("postgresql://user:p?ss@h/d", "unescaped", "password"),
    ("postgresql://user:p[ss]@h/d", "unescaped", "password"),
    ("postgresql://user:p%ss@h/d", "unescaped", "password"),
    ("postgresql+psycopg://user:p@ss@h/d", "unescaped", "password"),
    ("mysql://user:p@ss@h/d", "unescaped", "password"),
    ("mysql://user:p/w@h:3306/d", "unescaped", "password"),
    ("postgresql://h/d?user=u&password=a&b", "unescaped", "password"),
    ("${DATABASE_URL}", "unexpanded", "url"),
    ("$DATABASE_URL", "unexpanded", "url"),
    ("postgresql://app:pw@${DB_HOST}:5432/d", "unexpanded", "host"),
    ("postgresql://app:pw@h:${DB_PORT}/d", "unexpanded", "port"),
    ("postgresql://app:pw@{{ db_host }}/d", "unexpanded", "host"),
    ("postgresql://app:<password>@h/d", "unexpanded", "password"),
    ("postgresql://postgres:[YOUR-PASSWORD]@h/d", "unexpanded", "password"),
    ("postgresql://app:YOUR_PASSWORD@h/d", "unexpanded", "password"),
    ("postgresql://app:$DB_PASSWORD@h/d", "unexpanded", "password"),
    ("postgresql://%(user)s:pw@h/d", "unexpanded", "user"),
    ("postgresql://a:b@h/d?sslmode=required", "invalid-option", "sslmode"),
    ("postgresql://a:b@h/d?sslmod=require", "invalid-option", "sslmod"),
    ("postgresql://a:b@h/d?target_session_attrs=master", "invalid-option", "target_session_attrs"),
    ("postgresql://a:b@h/d?channel_binding=yes", "invalid-option", "channel_binding"),
    ("postgresql://a:b@h/d?gssencmode=off", "invalid-option", "gssencmode"),
    ("postgresql://a:b@h/d?ssl_min_protocol_version=1.2", "invalid-option", "ssl_min_protocol_version"),
    ("postgresql://a:b@h/d?connect_timeout=soon", "invalid-option", "connect_timeout"),
    ("postgresql://a:b@h,i/d?load_balance_hosts=yes", "invalid-option", "load_balance_hosts"),
    ("postgresql://a:b@h/d?require_auth=scram", "invalid-option", "require_auth"),
    ("postgresql://a:b@h/d?sslmode=require&sslrootcert=system", "invalid-option", "sslmode"),
    ("postgresql+asyncpg://a:b@h/d?sslmode=require", "invalid-option", "sslmode"),
    ("mysql://a:b@h/d?ssl-mode=strict", "invalid-option", "ssl-mode"),
    ("mysql+psycopg2://a:b@h/d", "driver-mismatch", "driver"),
    ("postgresql+pymysql://a:b@h/d", "driver-mismatch", "driver"),
    ("postgres+psycopg2://a:b@h/d", "driver-mismatch", "driver"),
]


@pytest.mark.parametrize(("text", "kind", "key"), BROKEN)
def test_the_first_problem_is_the_one_to_solve(text, kind, key):
    target = parse(text)
    assert kinds(target)[:1] == [(kind, key)]
    assert target.problems[0].detail.rstrip(".)?")
    assert "\n" not in target.problems[0].detail


FINE = [
    "postgresql://a:b@h/d?application_name=x&options=-c%20statement_timeout%3D5s&connect_timeout=10",
    "postgresql://a:b@h/d?channel_binding=require&sslmode=require&require_auth=scram-sha-256,md5",
    "postgresql://a:b@h/d?schema=public&connection_limit=5&pgbouncer=true&sslaccept=strict",
    "postgresql://a:b@h/d?pool_max_conns=10&sslmode=require",
    "postgresql://a:b@h/d?pool=5&prepared_statements=false",
    "postgresql+psycopg://a:b#c?d/e@h/d",
    "postgresql+asyncpg://a:b@h/d?ssl=require&prepared_statement_cache_size=0",
    "postgresql://h/d?user=a@b",
    "postgresql://a:b:c@h/d",
    "postgresql://a:%23%40@h/d",
    "mysql://a:b@h/d?charset=utf8mb4&anything=goes",
    "mysql+pymysql://a:b@h/d?read_timeout=5&local_infile=1",
    "jdbc:postgresql://h/d?user=u&reWriteBatchedInserts=true&currentSchema=x&targetServerType=primary",
    "jdbc:mysql://h/d?serverTimezone=UTC&allowPublicKeyRetrieval=true&sslMode=PREFERRED",
    "u:p@tcp(h)/d?parseTime=true&loc=UTC&tls=custom",
    "postgresql://a:b@h/d?sslmode=no-verify",
    "postgresql://a:$ecret@h/d",
    "postgresql://a:changeme@h/d",
]


@pytest.mark.parametrize("text", FINE)
def test_what_the_driver_accepts_is_no_problem(text):
    assert kinds(parse(text)) == []


def test_the_nearest_name_is_offered():
    assert "sslmode" in parse("postgresql://h/d?sslmod=require").problems[0].detail
    assert "verify-full" in parse("postgresql://h/d?sslmode=verify_full").problems[0].detail


def test_engine_option_must_agree_with_the_url():
    assert kinds(parse("postgresql://a:b@h/d", engine="mysql")) == [("driver-mismatch", "engine")]
    assert kinds(parse("mysql://a:b@h/d", engine="mariadb")) == []
    assert parse("mysql://a:b@h/d", engine="mariadb").engine == "mariadb"


def test_short_scheme_is_refused_by_sqlalchemy_only():
    url = "postgres://a:b@h/d"
    assert kinds(parse(url, source="SQLALCHEMY_DATABASE_URI")) == [("driver-mismatch", "driver")]
    assert kinds(parse(url, source="DATABASE_URL")) == []


def test_what_was_meant_is_still_read():
    target = parse("postgresql://user:p@ss/w#rd@host:5433/d?sslmode=require")
    assert (target.user, target.host, target.port, target.database) == ("user", "host", 5433, "d")
    assert target.password.reveal() == "p@ss/w#rd"


def test_unfilled_host_is_nothing_to_connect_to():
    target = parse("postgresql://${U}:${P}@${H}:${PORT:-5432}/d")
    assert target.hosts == ()
    assert {each.key for each in target.problems} == {"user", "password", "host", "port"}


SHAPES = [
    "postgresql://app:{}@db.example.com:5432/shop?sslmode=require",
    "postgres://app:{}@h1,h2/shop",
    "mysql://app:{}@db/shop",
    "mysql+pymysql://app:{}@db/shop",
    "postgresql+asyncpg://app:{}@db/shop",
    "postgresql://app:{}@db:port/shop",
    "postgersql://app:{}@db/shop",
    "postgresql:/app:{}@db/shop",
    '"postgresql://app:{}@db/shop',
    "DATABASE_URL=postgresql://app:{}@db/shop",
    "postgresql://db/shop?user=app&password={}",
    "postgresql://db/shop?password={}&sslmode=require",
    "jdbc:postgresql://db/shop?user=app&password={}",
    "jdbc:mysql://app:{}@db/shop",
    "jdbc:postgresql://app:{}@db/shop",
    "app:{}@tcp(db:3306)/shop",
    "host=db user=app password={} dbname=shop",
    "host=db user=app password='{}' dbname=shop",
    "Host=db;Username=app;Password={};Database=shop",
    "app:{}@db/shop",
]
PASSWORDS = st.text(
    st.one_of(
        st.sampled_from("@:/?#[]%&=+$ {}<>()'\"\\,;!"), st.characters(min_codepoint=33, max_codepoint=382)
    ),
    min_size=6,
    max_size=24,
).map(lambda text: f"{text[:3]}Q7xZ{text[3:]}")


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SHAPES), PASSWORDS, st.booleans())
def test_no_password_is_ever_repeated(shape, secret, encoded):
    assume(secret not in shape and secret.strip() == secret)
    text = shape.format(quote(secret, safe="") if encoded else secret)
    target = parse(text, source="DATABASE_URL")
    shown = repr(target) + " ".join(
        str(each) for each in (*target.problems, *target.settings, *target.conflicts)
    )
    assert secret not in shown


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80), st.sampled_from([None, "postgresql", "mysql"]))
def test_no_text_raises(text, engine):
    assert isinstance(parse(text, engine=engine), Target)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (f"postgresql://app:{'p' * 9000}@db.example/shop", "password"),
        (f"postgresql://app:pw@db.example/{'d' * 9000}", "database"),
        (f"postgresql://app:pw@db.example/shop?application_name={'n' * 9000}", "application_name"),
        (f"postgresql://app:{'p' * 40_000}@db.example/shop", "url"),
    ],
)
def test_what_is_longer_than_any_setting_is_said_and_not_kept(text, key):
    target = parse(text)
    problem = next(each for each in target.problems if each.key == key)
    assert "longer than" in problem.detail
    assert len(problem.detail) < 200
    assert all(len(each.value) < 9000 for each in target.settings)

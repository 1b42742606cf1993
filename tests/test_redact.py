"""The last gate: no secret passes in any spelling, and ordinary text comes back as it was."""

import base64
import html
import json
import re
import shlex
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from wizard.api import check
from wizard.content.load import open_content
from wizard.content.ownwords import says
from wizard.practice import get, serve
from wizard.redact import KEYS, Redactor, clean, harmless
from wizard.target.model import MASK, Secret

PASSWORDS = st.text(
    st.one_of(st.sampled_from("@:/?#%&=+$ '\"\\é€"), st.characters(min_codepoint=33, max_codepoint=0x2FF)),
    min_size=4,
    max_size=30,
).map(lambda text: f"{text[:3]}Q7xZ{text[3:]}")


def spellings(word: str) -> list[str]:
    raw = word.encode()
    return [
        word,
        quote(word, safe=""),
        quote(word),
        re.sub("%..", lambda match: match[0].lower(), quote(word, safe="")),
        quote_plus(word),
        base64.b64encode(raw).decode(),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode(),
        raw.hex(),
        shlex.quote(word),
        repr(word),
        json.dumps(word),
        json.dumps(word, ensure_ascii=False),
    ]


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(PASSWORDS)
def test_no_spelling_passes(word):
    gate = Redactor([Secret(word)])
    for spelled in spellings(word):
        text = gate.text(f"before {spelled} after")
        assert spelled not in text
        assert text.startswith("before ")
        assert text.endswith(" after")


@settings(max_examples=100, deadline=None)
@given(PASSWORDS, st.binary(max_size=9), st.binary(max_size=9))
def test_secret_inside_a_longer_base64(word, before, after):
    assume(len(word.encode()) >= 8)
    encoded = base64.b64encode(before + word.encode() + after).decode()
    assert MASK in Redactor([Secret(word)]).text(encoded)


KEEP = [
    'connection to server at "db" (10.0.3.7) failed: FATAL:  password authentication failed for user "app"',
    "Access denied for user 'app'@'10.0.0.1' (using password: YES)",
    "fe_sendauth: no password supplied",
    "see https://www.postgresql.org/docs/current/libpq-pgpass.html",
    "postgresql://app@db.internal:5432/shop?sslmode=require",
    "psql -h db -p 5432 -U app -d shop",
    "mysql -h db -P 3306 -u app -p",
    "mysql -h db -u app --port=3306 --password",
    "password=${DB_PASSWORD}",
    '{"password": "set"}',
    "time: 12:30:45 user@example.com",
    "ALTER ROLE app CONNECTION LIMIT 50;",
    "psql -h db -U app -c '\\password \"app\"'",
    "ALTER USER USER() IDENTIFIED BY 'CHANGE-ME';",
    "SET PASSWORD = PASSWORD('CHANGE-ME');",
    "ALTER ROLE … PASSWORD '…' in a script",
    'password = "CHANGE-ME"',
    "psql ran with -w, or mysql without -p, so nobody was asked",
    "where root has a password: mysql -u root -p",
    "  secret:\n    secretName: client-tls",
    "mysql_native_password = ON",
    "CREATE USER u IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS' REQUIRE SSL;",
    "DATABASE_URL=postgresql://USER:PASSWORD@HOST:5432/DATABASE",
    "postgresql://[::1]:5432/shop",
    "see //wiki.example:8080/db, and ask root@db",
    "// note: write to root@db.example",
    "jdbc:postgresql://HOST:PORT/db",
    "postgresql://localhost:5432: connection refused, said root@db",
    'invalid integer value "99999" for connection option "port"',
    'could not translate host name "db" to address',
    "2026-11-20 14:05:01 UTC:10.0.0.1(54321):app@shop:[4711]:FATAL:  x",
    "2001:db8:1234:0:abc",
    "00:16:3e:aa:bb:cc",
    "PDO->__construct('mysql:host=db;d...', 'app', Object(SensitiveParameterValue), Array)",
    "Connector->connect(Array)",
    "use --password to be asked for it",
    "mysqldump --password --user app",
    "dial tcp: lookup db.example on 10.0.0.2:53: no such host",
    "Can't connect to MySQL server on '@db' (111)",
    "mailto:root@db.example",
    "Basic implementation. Bearer authentication of the pool failed",
    "could not connect to pgsql://@/shop",
    "password={db_password}",
    "tried postgresql://db1:5432, then postgresql://db2:5432/shop",
    '{"url": "postgresql://db:5432", "user": "app@shop"}',
    "postgresql:host=db:5432",
    "'app'@'db:3306'",
]


@pytest.mark.parametrize("text", KEEP)
def test_ordinary_text_survives(text):
    assert Redactor([Secret("hunter2"), Secret("a"), Secret("db")]).text(text) == text


UNKNOWN = [
    "postgresql://app:{}@db/shop",
    "//app:{}@db:5432/shop",
    "postgresql://app:{}@ refused",
    "'//app:{}@'",
    "postgresql://app:two {}@ refused",
    "postgresql://app:1 {}@ refused",
    "postgresql://app:1045 {}@db:5432 refused",
    "postgresql://app:ERROR {}@ refused",
    "postgresql://app:] {}@refused",
    'postgresql://app:"{}@',
    "connection topostgresql://app:two {}@db.",
    "//app: {}@db",
    "mysql+pymysql://app:{}@db:3306/shop",
    "dial app:{}@tcp(db:3306)/shop",
    "host=db password={} dbname=x",
    "PGPASSWORD={} psql",
    "export MYSQL_PWD='{}'",
    "DB_PASSWORD: {}",
    '{{"password": "{}"}}',
    "CREATE USER u IDENTIFIED BY '{}'",
    "ALTER ROLE app WITH PASSWORD '{}';",
    "mysql -u root -p{} shop",
    "jdbc:postgresql://h/d?user=u&password={}&ssl=true",
    'SET PASSWORD = "{}"',
    'password"password":"{}"',
    'password,"password":"{}"',
    "\\password '{}'",
    "SET PASSWORD = PASSWORD('{}');",
    "IDENTIFIED WITH caching_sha2_password BY '{}'",
    "mysql -u root -p,{}",
    "secret:\n  {}",
    "password: '{}' mysql -u root",
    "postgresql://USER:{}@HOST/d",
    "could not parse postgresql://app:two {}@db:5432/shop",
    'Invalid URL: "postgresql://app:quo\'te{}@db/shop"',
    "DATABASE_URL=postgresql://app:{}",
    "mysql://app:{}",
    "Host=db;Password=two {};Database=x",
    "jdbc:mysql://db/s?user=a&password=two {}&useSSL=false",
    "host=db password=two {} dbname=x",
    'missing "=" after "{}" in connection info string',
    'invalid integer value "{}" for connection option "port"',
    'could not translate host name "{}@db" to address',
    'parse "postgres://db": invalid port ":{}" after host',
    "Authorization: Basic {}",
    "authorization: Bearer abcdefgh{}",
    'props.setProperty("dataSource.password", "{}");',
    "#0 /app/db.php(12): PDO->__construct('mysql:host=db;d...', 'app', '{}', Array)",
    "#1 /app/x.php(3): mysqli->__construct('db', 'app', '{}', 'shop', 3306)",
    "#2 /app/x.php(9): mysqli_connect('db', 'root', '{}')",
    "#0 [internal function]: mysqli->real_connect('db', 'app', '{}', 'shop', NULL, NULL, 0)",
    "#0 /x.php(9): mysqli_real_connect(Object(mysqli), 'db', 'root', '{}')",
    "#3 Connector.php(44): Illuminate\\Connector->createPdoConnection('mysql:h...', 'app', '{}', Array)",
    '    db = MySQLdb.connect("db", "app", "{}", "shop")',
    '$c = new mysqli("localhost", "root", "{}", "db");',
    '  conn = DriverManager.getConnection(url, "app", "{}");',
    "Server=db;Uid=app;Pwd={{{}}};",
    "mysqldump --user app --password {} shop",
    'invalid percent-encoded token: "{}%zz"',
    "getaddrinfo ENOTFOUND {}@db.example",
    "dial tcp: lookup {}@db.example: no such host",
    "java.net.UnknownHostException: {}@db",
    "Unknown MySQL server host '{}@db' (-2)",
    "Can't connect to MySQL server on '{}@db' (111)",
    '<property name="hibernate.connection.password">{}</property>',
    '<property name="password" value="{}"/>',
    "<password>{}</password>",
    "DB_PASS={}",
    "db_pw={}",
    "rds_pass: '{}'",
    'password := "{}"',
    "The password is '{}'",
    "[Note] A temporary password is generated for root@localhost: {}",
    "dsn: app:{}@(db:3306)/shop",
    "app:{}@/shop",
    "mysqlsh app:{}@db:33060",
    "secret_key={}",
    "$cfg['Servers'][$i]['password'] = '{}';",
    "define('DB_PASSWORD', '{}');",
    '.setPassword("{}")',
    "primary_conninfo = 'host=a password=''{}'' user=x'",
]


LINES = [
    "db:5432:shop:app:{}",
    "*:*:*:postgres:{}",
    "/root/.pgpass:3:db:5432:shop:app:{}",
    '"app" "{}"',
    "username    app\npassword    {}",
    "| password | {} |",
]
"""What is a password's place only as a line of its own."""


@pytest.mark.parametrize("shape", UNKNOWN + LINES)
def test_unknown_passwords_are_masked_where_they_stand(shape):
    text = Redactor([]).text(shape.format("Zx9unheard"))
    assert "Zx9unheard" not in text
    assert MASK in text


CUT_OFF = [
    "postgresql://app:{}",
    "x password='{}",
    "x password='two {}",
    'x password="two {}',
    "CREATE USER u IDENTIFIED BY 'two {}",
    'IDENTIFIED BY "{}',
    "ALTER ROLE app WITH PASSWORD '{}",
    "dbname=x password={}",
]


@pytest.mark.parametrize("shape", CUT_OFF)
def test_a_text_that_breaks_off_in_a_password_does_not_show_its_begin(shape):
    assert "Zx9unheard" not in Redactor([]).text(shape.format("Zx9unheard"))


IN_ANOTHER = {
    "json": lambda text: json.dumps(text),
    "json, twice": lambda text: json.dumps({"log": json.dumps({"msg": text})}),
    "json, three times": lambda text: json.dumps(json.dumps(json.dumps([text]))),
    "json of a careful program": lambda text: json.dumps(text).translate(CAREFUL),
    "json of PHP": lambda text: json.dumps(text).replace("/", "\\/"),
    "a page": html.escape,
}
CAREFUL = str.maketrans({sign: f"\\u00{ord(sign):02x}" for sign in "'&<>="})


@pytest.mark.parametrize("within", IN_ANOTHER)
def test_a_text_inside_of_another_shows_no_password_either(within):
    texts = [IN_ANOTHER[within](shape.format("Zx9unheard")) for shape in UNKNOWN]
    assert [text for text in texts if "Zx9unheard" in Redactor([]).text(text)] == []


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("shape", ["postgresql://app:{}@db/shop", "mysql+pymysql://app:{}%21@db:3306/shop"])
def test_a_url_as_a_parameter_of_another_shows_no_password(shape, depth):
    url = shape.format("Zx9unheard")
    for _ in range(depth):
        url = quote(url, safe="")
    text = Redactor([]).text(f"GET /connect?dsn={url}&next=1")
    assert "Zx9unheard" not in text
    assert "next=1" in text


def test_what_is_quoted_in_another_text_stays_as_it_is_where_it_holds_no_password():
    text = json.dumps({"log": json.dumps({"path": r"C:\\x", "user": "app", "msg": 'role "app" & <b>'})})
    assert Redactor([]).text(text) == text


def test_a_bound_leaves_nothing_of_a_login_that_it_cuts():
    for spare in range(30):
        line = f"//app:Zx9unheard@db {'x' * 90}"
        assert "Zx9" not in harmless("y" * spare + line, 30)
        assert "Zx9" not in harmless("y" * spare + "x://app:Zx9unheard@db.example" * 9, 30)


def test_tokens_are_masked():
    token = "db.abc.rds.amazonaws.com:5432/?Action=connect&X-Amz-Signature=0af1&X-Amz-Expires=900"
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijk"
    text = Redactor([]).text(f"{token} and {jwt}")
    assert "0af1" not in text
    assert "eyJ" not in text


@pytest.mark.parametrize("text", ["password=ab x", "u:ab@h", "PWD=ab"])
def test_short_secret_goes_only_where_a_password_stands(text):
    gate = Redactor([Secret("ab")])
    assert "ab" not in gate.text(text)
    assert gate.text("about a cab, ab initio") == "about a cab, ab initio"


def test_longer_secret_is_removed_before_its_prefix():
    assert Redactor([Secret("abcd"), Secret("abcdefgh")]).text("x abcdefgh y") == f"x {MASK} y"


def test_documents_are_walked():
    gate = Redactor([Secret("hunter2"), Secret("12345678")])
    data = {
        "a": ["x hunter2", b"hunter2", Secret("other")],
        "hunter2": {"n": 12345678, "ok": True, "f": 1.5, "z": None},
    }
    data["password"] = "anything"
    out = json.dumps(gate.data(data), ensure_ascii=False)
    assert "hunter2" not in out
    assert "12345678" not in out
    assert "anything" not in out
    assert '"ok": true' in out
    assert '"f": 1.5' in out
    assert gate.data({"password": "set", "password_source": "PGPASSWORD"}) == {
        "password": "set",
        "password_source": "PGPASSWORD",
    }


def texts(data):
    if isinstance(data, str):
        yield data
    for one in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from texts(one)


SHOWN_WITH_A_MASK = ("username=user, password=password,", "(user:pw@tcp(host)/db)", "(mysql -pSECRET,")
"""What stands on a page where a password stands, and cannot be told from one."""


def test_the_pages_that_ship_come_back_as_they_are():
    content = open_content()
    written = [*texts([content.page(cause) for cause in content.catalogue]), *texts(content.platforms)]
    lines = [line for text in (*written, *content.catalogue.values()) for line in text.splitlines()]
    changed = [line for line in lines if Redactor([]).text(line) != line]
    assert [line for line in changed if not any(words in line for words in SHOWN_WITH_A_MASK)] == []


@pytest.mark.parametrize("word", ["network", "facts", "outcome", "text", "kind"])
def test_a_password_that_is_a_word_of_ours_leaves_keys_and_ids_alone(word):
    event = {
        "kind": "probe",
        "node": "network.connect",
        "facts": {"network.outcome": "x", "kind": 1, "error.cause": "network.refused"},
        "evidence": [{"layer": "network", "text": f"no {word} here", "code": ""}],
    }
    out = Redactor([Secret(word)]).data({**event, "target": {"password": "missing"}})
    assert out == {**event, "target": {"password": "missing"}}


def test_names_and_values_of_options_are_no_words_of_ours():
    gate = Redactor([Secret("hunter2")])
    options = {"hunter2": "x", "version": "hunter2", "cause": "hunter2", "error.cause": "hunter2"}
    assert "hunter2" not in json.dumps(gate.data({"target": {"options": options}}))
    assert gate.data({"error.cause": "hunter2", "password": "hunter2"}) == {
        "error.cause": MASK,
        "password": MASK,
    }


def test_empty_secrets_change_nothing():
    assert Redactor([Secret("")]).text("as it is") == "as it is"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("\x1b]0;title\x07text", "text"),
        ("a\u202eb\u200bc\u2066d", "abcd"),
        ("a\x00b\x08c\x9bd", "abcd"),
        ("two\r\nlines\tand", "two\nlines\tand"),
        ("over\rwrite", "overwrite"),
        ("lone \udcff byte", "lone \ufffd byte"),
    ],
)
def test_untrusted_text_is_made_visible_or_dropped(raw, shown):
    assert clean(raw) == shown


def test_length_is_bounded_with_an_ellipsis():
    assert clean("x" * 50, limit=10) == "x" * 9 + "…"
    assert clean("x" * 10, limit=10) == "x" * 10
    assert len(clean("\x1b[0m" * 10_000 + "y" * 50, limit=20)) <= 20


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_clean_text_stays_clean(text):
    once = clean(text)
    assert clean(once) == once
    assert "\x1b" not in once


TOLD = 'FATAL: database "shop" does not exist, said db-1.example.com:5999'


@pytest.mark.parametrize("word", ["database", "FATAL", "shop", "db-1.example.com", "5999", "example"])
def test_what_is_told_whatever_the_password_is_stays(word):
    gate = Redactor([Secret(word)], names=["shop", "db-1.example.com", "5999"], users=["app"])
    assert gate.text(TOLD) == TOLD
    assert (
        gate.text(f"password={word} postgresql://app:{word}@h")
        == f"password={MASK} postgresql://app:{MASK}@h"
    )
    login = base64.b64encode(f"app:{word}".encode()).decode()
    assert gate.text(f"Basic auth of {login}") == f"Basic auth of {MASK}"


@pytest.mark.parametrize("word", ["sunshine", "Zx9unheard", "54321", "shop-9"])
def test_any_other_word_is_nowhere(word):
    gate = Redactor([Secret(word)], names=["shop", "db-1.example.com"])
    assert gate.text(f"you said {word}, {word.upper()}!") == f"you said {MASK}, {MASK}!"


@pytest.mark.parametrize("word", ["2026", "127.0.0.1", "10.0"])
def test_a_number_is_no_part_of_a_date_or_an_address(word):
    text = "2026-11-21T10:00:00 from 127.0.0.12 and 10.0.0.3:54321"
    assert Redactor([Secret(word)]).text(text) == text


@settings(max_examples=200, deadline=None)
@given(PASSWORDS, st.integers(min_value=1, max_value=700), st.sampled_from([200, 300, 600]))
def test_what_a_bound_leaves_of_a_secret_is_masked(word, before, limit):
    gate = Redactor([Secret(word)])
    shown = gate.text(clean(f"{'x' * before}{word}{word}", limit))
    core = word[:7]
    assert core not in shown
    assert word[:5] not in shown.replace("x", "") or len(word[:5].strip("x")) < 4


def keys_of(data: object) -> set[str]:
    """Every key of a document, but those of facts and options, which the content and the person name."""
    if isinstance(data, list):
        return {key for one in data for key in keys_of(one)}
    if not isinstance(data, dict):
        return set()
    inner = [keys_of(value) for key, value in data.items() if key not in ("facts", "options")]
    return set(data).union(*inner)


def test_each_key_of_a_report_is_known() -> None:
    """A password may be the word of a key, and a key that were masked for it would give it away."""
    with serve(get("wrong-password")) as running:
        found = keys_of(check(running.url))
    assert len(found) > 30
    assert {key for key in found if len(key) > 3 and key not in KEYS and not says(key)} == set()

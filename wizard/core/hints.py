"""Words by which a text tells its engine, its driver, its code and its place, and those of other systems."""

from __future__ import annotations

import re

from wizard.core.lazyre import lazy

FOREIGN = lazy(
    r"(?<![\w.])https?://|\b(?:redis|mongo(?:db)?|kafka|zookeeper|amqps?|rabbitmq|smtps?|elasticsearch|opensearch|"
    r"memcached?|etcd|consul|vault|grpc|ldaps?://|sqlserver|mssql|oracle|cassandra|clickhouse|urllib3|requests"
    r"|nginx|upstream|axios(?:error)?|httpx?|curl|wget|npm|pip3?|apt(?:-get)?|yarn|git|rsync|sftp)\b|"
    r":(?:22|25|80|88|389|443|465|587|636|1433|1521|2181|2375|2379|4222|4317|4318|5000|5601|5671|5672|6379|"
    r"8000|8080|8081|8200|8443|8500|8888|9000|9042|9090|9092|9200|9300|9411|11211|15672|16379|26379|27017|27018)\b",
    re.IGNORECASE,
)
OTHERS = lazy(r"(?:ssh|scp|sftp|curl|wget): ", re.IGNORECASE)
"""Programs that speak of their own connection when they begin a line, whatever the host is called."""
DATABASE = lazy(
    r"postgres|psql|\bpg\b|\bpg[._]|libpq|pq:|pgx|psycopg|asyncpg|mysql|maria|\bsql|jdbc|hikari|database|\bdb\b|"
    r"pgbouncer|proxysql|maxscale|prisma|sequelize|typeorm|knex|hibernate|gorm|\borm\b|django|activerecord|ecto|"
    r"dbconnection|\b5432\b|\b6432\b|\b3306\b|\b6033\b|\b33060\b",
    re.IGNORECASE,
)
ENGINES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("pgbouncer", lazy(r"pgbouncer|\b6432\b", re.IGNORECASE)),
    ("proxysql", lazy(r"proxysql|\b6033\b|MySrvC\.cpp|MySQL_\w+\.cpp|mysql_\w+\.cpp", re.IGNORECASE)),
    (
        "postgresql",
        lazy(
            r"postgr|psql|libpq|psycopg|asyncpg|pgx|npgsql|pq:|\bpg[_:. -]|DBD::Pg|\b5432\b|\.s\.PGSQL",
            re.IGNORECASE,
        ),
    ),
    ("mariadb", lazy(r"mariadb", re.IGNORECASE)),
    ("mysql", lazy(r"mysql|mysqli|\b3306\b|HY000|InnoDB", re.IGNORECASE)),
)
DRIVERS = tuple(
    (name, lazy(hint, re.IGNORECASE))
    for name, hint in re.findall(
        r"(\S+) = (\S.*)",
        r"""
psycopg2 = psycopg2
psycopg = \bpsycopg\b
asyncpg = asyncpg
pymysql = pymysql
mysql-connector-python = mysql\.connector
mysqlclient = MySQLdb|_mysql_exceptions
prisma = prisma
hikaricp = hikari
pgjdbc = org\.postgresql|PSQLException
mariadb-java = org\.mariadb\.jdbc
connector-j = com\.mysql\.(?:cj|jdbc)|Communications link
pgx = \bpgx|pgconn
lib/pq = \bpq: |lib/pq
go-sql-driver = go-sql-driver|\[mysql\]
npgsql = npgsql
sqlx = sqlx
mysql2 = \bmysql2\b
pg = node_modules/pg\b|pg-pool
pdo = \bPDO|SQLSTATE\[
mysqli = mysqli
postgrex = postgrex
rails = ActiveRecord|PG::\w+
perl-dbi = DBD::|DBI
sqlalchemy = sqlalchemy
""",
    )
)
"""Which driver a text comes from, by words that only it uses; the first that occurs is it."""

CODES = lazy(
    r"\bERROR (?P<a>[1-4]\d{3}) \(|[( ](?P<b>[12]\d{3}), ?[\"']|SQLSTATE\[\w{5}\] \[(?P<c>\d{4})\]|"
    r"\((?:\w{5}/)(?P<d>\d{4})\)|\bSQLSTATE[ :=]*\(?(?P<e>[0-9A-Z]{5})\b|\[(?P<f>[0-57XF][0-9A-Z]\w[0-9]{2})\]|"
    r"\bError (?P<g>[1-4]\d{3})(?: \(\w{5}\))?:|\[(?P<h>MY-\d{6})\]|\b(?P<i>P[12]0\d\d)\b"
)
CONTEXT = tuple(
    lazy(pattern, re.IGNORECASE)
    for pattern in (
        r'server at "(?P<host>[^"\n]{1,255})"(?: \((?P<address>[0-9A-Fa-f.:]+)\))?, port (?P<port>\d+)',
        r'running on host "(?P<host>[^"\n]{1,255})"(?: \((?P<address>[^)\n]{1,64})\))?'
        r"[^\n]{0,80}\s?[^\n]{0,40}port (?P<port>\d+)",
        r'(?:on socket|domain socket) "(?P<socket>[^"\n]{1,255})"',
        r"through socket '(?P<socket>[^'\n]{1,255})'",
        r"server on '(?P<host>[^':\n]{1,255})(?::(?P<port>\d+))?'",
    )
)

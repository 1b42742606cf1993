"""Words by which a text tells its engine, its driver, its code and its place, and those of other systems."""

from __future__ import annotations

import re

from wizard.core.lazyre import lazy

FOREIGN = lazy(
    r"(?<![\w.])(?:https?(?!://(?:docs\.rs|aka\.ms|pris\.ly|go\.microsoft|learn\.microsoft|(?:developers|cloud)\.google|sqlalche\.me))|wss?|s3|gs|ldaps?|amqps?|rediss?|nats|mqtts?|ftps?|tcp://\S{1,64}:61616|unix:///var/run/docker)://|"
    r"\b(?:redis|ioredis|mongo(?:db|ose)?|pymongo|kafka|zookeeper|amqps?|amqplib|rabbitmq|pika|kombu|celery|bullmq|"
    r"nats|pulsar|activemq|mqtt|mosquitto|stomp|smtps?|imaps?|nodemailer|smtplib|postfix|dovecot|exim|sendmail|"
    r"elasticsearch|opensearch|undici|fetch failed|solr|logstash|kibana|filebeat|fluentd|fluent-bit|memcached?|"
    r"etcd|consul|vault|neo4j|"
    r"influxdb|couchdb|couchbase|dynamodb|minio|boto3|botocore|s3|grpc|ldap|slapd|ldap3|sqlserver|mssql|oracle|"
    r"cassandra|scylla|clickhouse|snowflake|bigquery|hazelcast|urllib3|requests(?=[./])|aiohttp|okhttp3?|nginx|haproxy|traefik|"
    r"envoy|caddy|upstream|webhook|websocket|axios(?:error)?|httpx?|http/[12](?:\.[01])?|curl|wget|npm|pip3?|"
    r"apt(?:-get)?|yarn|git|rsync|s?ftp|ftps|ftplib|lftp|proftpd|vsftpd|filezilla|"
    r"sshd|dockerd|containerd|docker daemon|kubelet|kubectl|kube-apiserver|"
    r"apiserver|prometheus|alertmanager|grafana|loki|jaeger|zipkin|otlp|opentelemetry|datadog|dd-trace|statsd|sentry|"
    r"keycloak|selenium|chromedriver|nfs|cifs|ntpd|chronyd|winrm)\b|"
    r"\b(?:jedis|redis|mongo|elasticsearch|kafka|amqp|rabbitmq|ldap|smtp|mqtt|memcached)\w{0,40}(?:exception|error)\b|"
    r"(?:[a-z\])](?<!\.java)(?<!\.kt)(?<!\.scala)(?<!\.go)(?<!\.php)|\.\d{1,3}|\blocalhost)"
    r":(?:22|25|80|88|389|443|465|587|636|993|995)\b(?![:\d])|(?:\.\d{1,3}|\blocalhost|\]):21\b(?![:\d])|"
    r":(?:1433|1521|1883|2181|2375|2376|2379|2380|3000|3001|4222|4317|4318|5000|5044|5601|5671|5672|6379|6380|"
    r"6443|6831|8000|8001|8080|8081|8086|8125|8126|8200|8443|8500|8883|8888|8983|9000|9042|9090|9092|9093|9094|"
    r"9200|9300|9411|10250|11211|14268|15672|16379|26379|27017|27018|27019|50051|61613|61616)\b|"
    r"\bport[ =]{1,2}(?:22|25|80|389|443|587|5672|6379|8080|9092|9200|11211|27017)\b",
    re.IGNORECASE,
)
RIVALS = lazy(
    r"\b(?:mssql|sqlserver|(?<!cloud )sql server|go-mssqldb|sqlcmd|tedious|oracledb|jamdb_oracle|tds)\b|"
    r"\bORA-\d{5}\b|:1433\b|:1521\b",
    re.IGNORECASE,
)
OURS = lazy(r"postgr|psql|mysql|maria|\b5432\b|\b3306\b", re.IGNORECASE)
"""Database servers of other makers, and ours: where a line names one of those and none of these, it is theirs."""
OTHER_LOGS = lazy(
    r"\d{1,7}:[CMSX] \d\d [a-z]{3} \d{4} |\{\"t\":\{\"\$date\"|"
    r"\d{4}/\d\d/\d\d [\d:]{8} \[[a-z]{4,6}\] \d{1,9}#\d{1,9}: (?:\*\d{1,19} )?(?!FastCGI |\[(?:lua|kong))"
    r"[^\n]{0,600}, upstream: \"https?://",
    re.IGNORECASE,
)
"""How lines of the logs of Redis and MongoDB begin, and those of nginx about a server of web pages behind it."""
OTHERS = lazy(
    r"(?:\S{1,80} ){0,6}(?:ssh|scp|s?ftp|lftp|curl|wget|git|rsync|sshd|ssh-keyscan|ansible|kubectl|helm|"
    r"dhclient|dhcpcd|avahi-daemon|networkmanager|systemd-(?:networkd|resolved|timesyncd|journald|logind)|ntpd|chronyd|cron|"
    r"rsyslogd|dnsmasq|named|snmpd|telegraf|node_exporter|zabbix_agentd?|sssd|nscd|cupsd|smbd|nmbd|rpc\.\w+|openvpn|"
    r"wg-quick|strongswan|charon|fail2ban-server|certbot|puppet-agent|chef-client|salt-minion)(?:\[\d+\])?: |"
    r"\* (?:(?:Recv|Send) failure: |(?:connect to|Failed to connect to) \S+ port )|npm (?:ERR!|error|warn) |"
    r"(?:\S{1,80} ){0,3}Retrying \(Retry\(|error Error: https://registry\.|repo\d{1,3}: \[\w{1,40}Error\] |"
    r"[^\n]{0,300}\b(?:failed to pull image |pull access denied|failed to resolve reference \\?\"|https://[\w.:-]{1,128}/v2/)",
    re.IGNORECASE,
)
"""Programs that speak of their own connection when they begin a line, whatever the host is called."""
STATEMENTS = lazy(
    r"\b(?:STATEMENT|QUERY|ANWEISUNG|ANFRAGE|INSTRUCTION|REQUÊTE|SENTENCIA|CONSULTA|ISTRUZIONE|COMANDO|SATS|FRÅGA|KOMUT|SORGU|"
    r"WYRAŻENIE|ZAPYTANIE|ОПЕРАТОР|ЗАПРОС|ІНСТРУКЦІЯ|ЗАПИТ|文|問い合わせ|语句|查询|명령 구문|쿼리) ?: |"
    r"\bERROR: (?:invalid input syntax for|syntax error at or near) |"
    r"\bLOG: (?:statement|execute [^\n:]{1,64}|duration: [0-9.]{1,16} ms (?:statement|parse|bind|"
    r"execute)[^\n:]{0,64}): "
)
"""Where a log repeats what a client asked: from here to the next field it is not the server that speaks."""
FIELDS = lazy(r"\n[^\n]{0,160}\b(?:DETAIL|HINT|CONTEXT|LOCATION|BACKTRACE): ")
EXCERPT = lazy(r"LINE \d{1,6}: ")
"""How a line of a statement is quoted below an error."""
DATABASE = lazy(
    r"postgres|psql|\bpg\b|\bpg[._]|libpq|pq:|pgx|psycopg|asyncpg|mysql|maria|\bsql|pgsql|jdbc|r2dbc|hikari|database|\bdb\b|"
    r"pgbouncer|proxysql|maxscale|prisma|sequelize|typeorm|knex|hibernate|gorm|\borm\b|django|activerecord|\becto|"
    r"dbconnection|\b5432\b|\b6432\b|\b3306\b|\b6033\b|\b33060\b",
    re.IGNORECASE,
)
Hint = tuple[str, tuple[str, ...], re.Pattern[str]]
"""A name, pieces of which one is in each text that tells it, and what tells it."""


def _hint(name: str, pattern: str) -> Hint:
    """A hint with its pieces: to look for these first is much quicker, and most texts have none of them."""
    branches = re.sub(r"\\[a-z]", " ", pattern.lower()).split("|")
    return (
        name,
        tuple(max(re.findall(r"\w+", one), key=len) for one in branches),
        lazy(pattern, re.IGNORECASE),
    )


def told(hints: tuple[Hint, ...], text: str) -> str | None:
    """The name of the first hint that the text gives."""
    low = text.lower()
    return next(
        (name for name, pieces, hint in hints if any(one in low for one in pieces) and hint.search(text)),
        None,
    )


ENGINES = (
    _hint("pgbouncer", r"pgbouncer|\b6432\b"),
    _hint("proxysql", r"proxysql|\b6033\b|MySrvC\.cpp|MySQL_\w+\.cpp|mysql_\w+\.cpp"),
    _hint(
        "postgresql",
        r"postgr|psql|libpq|psycopg|asyncpg|pgx|npgsql|pq:|\bpg[_:. -]|DBD::Pg|\b5432\b|\.s\.PGSQL",
    ),
    _hint("mariadb", r"mariadb"),
    _hint("mysql", r"mysql|mysqli|\b3306\b|HY000|InnoDB"),
)
DRIVERS = tuple(
    _hint(name, pattern)
    for name, pattern in re.findall(
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
    r"\((?:\w{5}/)(?P<d>\d{4})\)|\bSQLSTATE[ :=]*\(?(?P<e>[0-9A-Z]{5})\b|"
    r"(?:SQLSTATE|Exception: |Error: )\[(?P<f>[0-57XF][0-9A-Z]\w[0-9]{2})\]|"
    r"\[(?P<j>0[0-9A-Z]\w\d\d|[1-57]\dP\d\d|[1-5][A-Z]\d{3}|XX\d{3}|F0\d{3})\]|"
    r"\bError (?P<g>[1-4]\d{3})(?: \(\w{5}\))?:|\[(?P<h>MY-\d{6})\]|\b(?P<i>P[12]0\d\d)\b"
)
_CONTEXT = (
    (
        'server at "',
        lazy(
            r'server at "(?P<host>[^"\n]{1,255})"(?: \((?P<address>[0-9A-Fa-f.:]+)\))?, port (?P<port>\d+)',
            re.IGNORECASE,
        ),
    ),
    (
        "running on host",
        lazy(
            r'running on host "(?P<host>[^"\n]{1,255})"(?: \((?P<address>[^)\n]{1,64})\))?'
            r"[^\n]{0,80}\s?[^\n]{0,40}port (?P<port>\d+)",
            re.IGNORECASE,
        ),
    ),
    ('socket "', lazy(r'(?:on socket|domain socket) "(?P<socket>[^"\n]{1,255})"', re.IGNORECASE)),
    ("through socket", lazy(r"through socket '(?P<socket>[^'\n]{1,255})'", re.IGNORECASE)),
    ("server on '", lazy(r"server on '(?P<host>[^':\n]{1,255})(?::(?P<port>\d+))?'", re.IGNORECASE)),
)


def surroundings(text: str) -> dict[str, str]:
    """What the words around an error name, whatever the rule that found it asks for."""
    low = text.lower()
    found: dict[str, str] = {}
    for piece, pattern in _CONTEXT:
        match = pattern.search(text) if piece in low else None
        for key, value in match.groupdict().items() if match else ():
            if value:
                found.setdefault(key, value)
    return found

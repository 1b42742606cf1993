"""The places where passwords stand: in URLs, options, SQL, commands, tokens. What stands there is masked."""

from __future__ import annotations

import re
from collections.abc import Callable

from wizard.core.lazyre import lazy
from wizard.core.quoting import MASK

_URL_PASSWORD = lazy(r"((?<![\w+.-])[\w+.-]*:?//(?!USER:PASSWORD@)[^\s:/?#@\"'<>\[]*):([ \t]*[^\s\"'<>]*)@")
"""Anything may be glued to the scheme (a time, a bracket, a word), and it may be cut off, as the host may."""
_ENCODED_URL = lazy(
    r"((?::|%(?:25)*3A)(?:%(?:25)*2F){2}[^\s:/?#@\"'<>]{0,120}?(?::|%(?:25)*3A))[^\s\"'<>]{0,400}(?=%(?:25)*40)",
    re.IGNORECASE,
)
"""The same as a parameter of another URL, percent-encoded once or more often."""
_GO_PASSWORD = lazy(r"(?<![\w/])([\w.-]+):(?!//)([^\s\"'<>]+)@(?=(?:tcp6?|unix)?\(|/\w)")
_BARE_LOGIN = lazy(r"(?<![\w/.:@-])([A-Za-z][\w.-]{0,127}):[^\s\"'<>/@]{1,300}@(?=[\w.-]{1,255}:\d{2,5}\b)")
"""A login without any scheme, as MySQL Shell takes it."""
_PASSFILE = lazy(
    r"(?m)^((?:\S{0,255}pgpass\S{0,64}:)?(?:[^\s:]{1,255}:(?:\d{4,5}|\*)|\*:\d{1,5}):[^\s:]{1,64}:[^\s:]{1,64}:)(?=\S)[^\n]+$"
)
"""A line of ~/.pgpass."""
_USERLIST = lazy(r"(?m)^([ \t]*\"[^\"\n]{1,128}\"[ \t]+)\"[^\"\n]+\"(?=[ \t]*$)")
"""A line of PgBouncer's userlist.txt."""
_ROW = lazy(r"(?im)^([ \t|]*(?:password|passwd)(?:[ \t]{2,}|[ \t]*\|[ \t]*))[^\s|]+(?=[ \t|]*$)")
"""A line of a table, as `vault read` and `kubectl` print it."""
_ARGUMENT = r"(?:'[^'\n]{0,300}'|\"[^\"\n]{0,300}\"|[^,'\"()\n]{1,300}|\w{1,40}\([^()\n]{0,100}\))"
_CALL = lazy(
    r"(?i)((?:mysqli?|pdo|connection|connector|driver|mysqldb|pymysql|dbi)\w{0,40}(?:(?:->|::|\.)\w{1,40})?\s?\(\s{0,20}"
    r"(?:(?:Object\([^()\n]{0,100}\)|\$\w{1,40}),\s{0,20}(?=(?:['\"][^'\"\n]{0,300}['\"],\s{0,20}){2}['\"]))?"
    rf"(?:{_ARGUMENT},\s{{0,20}}){{2}})('[^'\n]+'|\"[^\"\n]+\")"
)
"""The third argument of a call that connects, in a trace of PHP or a line of a program: host or DSN, user, password."""
_PAIR = lazy(
    r"(?i)(passw(?:or)?d(?:[\"']\s*,|[\"']\s+value\s*=|\s*\(|[\"']?\s*,(?=\s*[\"']))\s*)('[^'\n]+'|\"[^\"\n]+\")(?!\s*:)"
)
"""A setting and its value as two arguments or two attributes, or as the argument of a setter."""
_ELEMENT = lazy(r"(?i)((?:passw(?:or)?d|pwd)[\"']?\s*>\s*)[^<\s][^<\n]*(?=</)")
_TEMPORARY = lazy(r"(?i)(temporary password is generated for \S+: )\S+")
"""What MySQL writes into its log when it makes a new data directory."""
_OPTION = lazy(
    r"(?i)(--(?:[\w-]{1,30}-)?passw(?:or)?d[ \t]+)"
    r"(?![-<\[(|]|(?:to|or|and|is|for|with|on|in|as|option|if)\b)[^\s,.;:)]\S*"
)
_HOST = r"(?:(?:[\w-]{1,63}\.){1,9}[\w-]{1,63}|localhost)(?=:)"
"""What can only be a host."""
_LOGIN = r"(?:(?!\b[a-z]{{4,10}}(?:\+\w{{1,20}})?://)[^\n@{}]){{0,300}}@"
"""What leads to an `@` of the same URL, without some signs."""
_OPEN_URL = lazy(
    rf"""((?:postgres|mysql|mariadb|jdbc:)[\w+:]*://(?!USER:PASSWORD@)(?:({_HOST})|(?!{_HOST})[^\s:/?#@"'<>\[]*)):
        (?!•••@
           |(?:\d{{4,5}}(?!(?(2){_LOGIN.format("")}[\w.-]+(?::\d|/\w)|{_LOGIN.format('"')}))
              |(?:\d{{0,3}}|\[?[A-Z]+]?)(?!{_LOGIN.format("")}))
            (?:[/?,:\s"'<>)\]]|$))
        (?:[^\n@]{{1,300}}(?=@)|[^\s"'<>@/]+)""",
    re.VERBOSE,
)
"""A database's URL that is none, for its password holds a blank or a quote, or nothing follows it.

What is there may as well be a port. Four digits are one behind what can only be a host, unless another host with a port
or a path follows; else they are one, as fewer, none or a word in capitals are, where no `@` comes.
"""
_OPEN_PAIR = lazy(
    r"(?i)((?<![\w-])(?:password|pwd)\s{0,9}=\s{0,9})(?![\"'${<])"
    r"(?:[^;\"'\n]{0,500}(?=;\s*[A-Za-z][\w ]{0,60}=)|[^&\"'\n]{0,500}(?=&[A-Za-z]\w{0,60}=)|"
    r"\S{1,500}(?:[ ]{1,9}(?![\w.-]{1,60}[ ]*=)\S{1,500}){1,9}(?=[ ]+\w{1,60}[ ]*=))"
)
"""A password that is not in quotes although there is a blank in it, before the next setting."""
_REFUSED = lazy(
    r"(?i)((?:missing \"=\" after|invalid integer value|invalid port number:?|invalid port|integer value as|"
    r"percent-encoded token:|invalid url escape) [\"'])"
    r"(?!:?-?\d{1,7}[\"']|\$\{?[A-Z_]+\}?[\"']|…|\{)([^\"'\n]+)|"
    r"((?:host name|address of|server on|server host|ENOTFOUND|EAI_AGAIN|lookup|UnknownHostException:|host(?:name)?:)"
    r" [\"']?)(?!…)[^\"'\s]{1,300}@"
)
"""What a driver says of the piece of a password that it took for something else."""
_HEADER = lazy(
    r"((?i:authorization)\W{1,4}(?:Basic|Bearer)\s+|\b(?:Basic|Bearer)\s+(?![A-Z]?[a-z]+(?![\w+/=])))[\w+/.~-]{8,}=*"
)
"""A word of letters alone is one of a sentence, unless the name of the header is there."""
_NAMED = lazy(
    r"""(?P<name>(?:passw(?:or)?d|passphrase|secret(?:_access)?(?:_?key)?|pwd|(?<![A-Za-z])(?:pass|pw)|auth[_-]?token|api[_-]?key)
        [\"']?\]?\s*(?:=>|:=|==|=(?![=>])|:(?!=))(?:[^\S\n]|\n(?=[ \t])|\\+n)*)
        (?P<value>"(?:\\.|[^"\\])*"|''[^'\n]+''|'(?:\\.|''|[^'\\])*'|["'][^"'\n]*\Z
           |(?!\\+(?:["']|u00))(?:(?!passw(?:or)?d\\*["']?[=:])[^\s"'&;,)\]}])+)""",
    re.IGNORECASE | re.VERBOSE,
)
"""What is in quotes may lack its last one where a text was cut off; in YAML a value may be a line below."""
_SQL = lazy(
    r"""((?<!\w)(?!(?<=\\)(?-i:password)[ ]")
        (?:IDENTIFIED\s{1,9}(?:WITH\s{1,9}\S{1,64}\s{1,9})?(?:BY|AS)(?:\s{1,9}PASSWORD)?|(?<!["'])(?:ENCRYPTED\s{1,9})?PASSWORD(?:\s{1,9}(?:is|was))?)\s{0,9}\(?\s{0,9}[EeNn]?)
        ('(?:\\.|''|[^'\\])*'|(?<=[\s(EeNn])"(?:\\.|""|[^"\\])*"(?!\s*:)|(?<=[ (])'[^'\n]*\Z|(?<=BY[ ])"[^"\n]*\Z)""",
    re.IGNORECASE | re.VERBOSE,
)
r"""A password in SQL; in psql's `\password "app"` it is the name of a role."""
_CLIENT = lazy(
    r"(\b(?:mysql|mariadb|mysqldump|mysqladmin|mariadb-dump|mysqlcheck)\b[^\n|;]*?\s-p)(?![,.;:)](?:\s|$))(\S+)"
)
"""A password after `-p`; punctuation there ends a clause: `mysql without -p, so …`."""
_JWT = lazy(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?")
_RDS_TOKEN = lazy(r"(?:[\w.-]+:\d+/)?\?[^\s\"']*\bX-Amz-Signature=[0-9A-Fa-f]+[^\s\"']*")
_AMZ_PART = lazy(r"\b(X-Amz-(?:Signature|Security-Token|Credential))=[^\s&\"']+", re.IGNORECASE)
_SCRAM = lazy(r"\bSCRAM-SHA-256\$\d+:[^\s$]+\$[^\s:]+:[^\s'\"]+")
_KEY = lazy(r"(?i)(-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----).*?(?=-----END|\Z)", re.DOTALL)
_HASH = lazy(r"\bmd5[0-9a-f]{32}\b")
_ESCAPED = lazy(
    r"\\(?:u00(2[0-9a-f]|3[0-9a-f]|40)|([\"'\\/]))|&(quot|apos|amp|lt|gt|#0?39|#34|#x2[27]);", re.IGNORECASE
)
"""Signs that set a password off, as they are written inside of a text of JSON or of a page."""
_ENTITIES = {"quot": '"', "#34": '"', "#x22": '"', "amp": "&", "lt": "<", "gt": ">"}
_DEPTH = 4
"""How often one text may be quoted in another."""
HARMLESS = frozenset(
    {"yes", "no", "true", "false", "on", "off", "set", "missing", "none", "null", "required", "prompt"}
    | {"unset", MASK}
)
_PLACEHOLDERS = frozenset({"CHANGE-ME", "…"})
"""What our own pages write where the reader puts a password."""
_REFERENCE = lazy(
    r"\$\{[^{}\n]{0,100}\}|\$\([^()\n]{0,200}\)|\{\{[^{}\n]{0,100}\}\}|\{[\w.:-]{0,60}\}|<[\w .:-]{1,60}>"
    r"|\[[\w .:-]{0,60}\]|[\[{]"
)
"""What stands for a value, all of it: a variable, a command, what is to be filled in; or the begin of more values."""
_AFTER_REFERENCE = ("", *"\"'\\,;&)]}")
_PROGRAMS = frozenset({"mysql", "mariadb", "mysqladmin", "psql"})


def redact_patterns(text: str) -> str:
    """Mask what stands where a password stands, known or not.

    A text inside of another has its quotes escaped. Where one of those holds a password, they are shown undone.
    """
    shown = plain = _redacted(text)
    for _ in range(_DEPTH):
        plain, before = _ESCAPED.sub(_undone, plain), plain
        if plain == before:
            break
        bare = _redacted(plain)
        if bare != plain:
            shown = plain = bare
    return shown


def _undone(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return match[2] or _ENTITIES.get(match[3].lower(), "'")


def _redacted(text: str) -> str:
    lowered = text.lower()
    for marks, signs, pattern, instead in _PLACES:
        # Most texts have none of the marks, and a pattern that is never used is never compiled.
        if any(mark in lowered for mark in marks) and any(sign in text for sign in signs):
            text = pattern.sub(instead, text)
    return text


def _quoted(match: re.Match[str]) -> str:
    mark = match[2][0]
    inner = match[2][1:].removesuffix(mark)
    if inner in _PLACEHOLDERS or (inner == "RDS" and "AWSAuthenticationPlugin" in match[1]):
        return match[0]
    return f"{match[1]}{mark}{MASK}{mark}"


def _named(match: re.Match[str]) -> str:
    value = match["value"]
    mark = value[0] if value[0] in "\"'" else ""
    inner = value[1:].removesuffix(mark) if mark else value
    if not inner or inner.lower().rstrip(".") in HARMLESS or inner in _PLACEHOLDERS or _is_open(match, inner):
        return match[0]
    return f"{match['name']}{mark}{MASK}{mark}"


def _argument(match: re.Match[str]) -> str:
    mark = match[2][0]
    return match[0] if match[2][1:-1] in _PLACEHOLDERS else f"{match[1]}{mark}{MASK}{mark}"


def _refused(match: re.Match[str]) -> str:
    return f"{match[1]}{MASK}" if match[1] else f"{match[3]}{MASK}@"


def _is_open(match: re.Match[str], inner: str) -> bool:
    """Whether the value is prose, code or a reference: `using password: YES`, `password: ${DB_PASSWORD}`, `<…>`."""
    name = match["name"]
    if inner != match["value"]:
        return _REFERENCE.fullmatch(inner) is not None
    found = _REFERENCE.match(match.string, match.start("value"))
    if found is not None and match.string[found.end() : found.end() + 1].strip() in _AFTER_REFERENCE:
        # ODBC sets a value off by braces. Others put a name there, to be replaced.
        return not (inner[0] == "{" and name.lower().endswith("pwd=") and inner[1:2].strip("{}0123456789"))
    if ("\n" in name or "\\n" in name) and inner.endswith(":"):
        return True  # the next key of a YAML file, on a line of its own
    if inner in _PROGRAMS and name.endswith(": ") and match.string.startswith(" -", match.end()):
        return True  # `root has a password: mysql -u root -p`
    # In `SET PASSWORD = PASSWORD('…')` the quoted text is the password, and was looked at as such.
    return inner.upper() == "PASSWORD(" or (inner == "(" and name.rstrip(" ").endswith(":"))


_PLACES: tuple[tuple[tuple[str, ...], str, re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (("//",), "@", _URL_PASSWORD, rf"\1:{MASK}@"),
    (("://",), ":", _OPEN_URL, rf"\1:{MASK}"),
    (("2f",), "%", _ENCODED_URL, rf"\1{MASK}"),
    (("@tcp", "@unix", "@(", "@/"), ":", _GO_PASSWORD, rf"\1:{MASK}@"),
    (("@",), ":", _BARE_LOGIN, rf"\1:{MASK}@"),
    ((":",), ":", _PASSFILE, rf"\1{MASK}"),
    (('"',), "\t ", _USERLIST, rf'\1"{MASK}"'),
    (("password", "passwd"), " |\t", _ROW, rf"\1{MASK}"),
    (("mysql", "pdo", "connect", "driver", "dbi"), "(", _CALL, _argument),
    (("password", "passwd"), "'\"", _PAIR, _argument),
    (("password", "passwd", "pwd"), "<", _ELEMENT, rf"\1{MASK}"),
    (("temporary password",), "@", _TEMPORARY, rf"\1{MASK}"),
    (("--",), " \t", _OPTION, rf"\1{MASK}"),
    (("x-amz-",), "?", _RDS_TOKEN, MASK),
    (("x-amz-",), "=", _AMZ_PART, rf"\1={MASK}"),
    (("eyj",), ".", _JWT, MASK),
    (("scram-sha-256$",), ":", _SCRAM, MASK),
    (("md5",), "5", _HASH, MASK),
    (("private key-----",), "-", _KEY, rf"\1{MASK}"),
    (("identified", "password"), "'\"", _SQL, _quoted),
    (("password", "pwd"), "=", _OPEN_PAIR, rf"\1{MASK}"),
    (("pass", "secret", "pw", "token", "api"), "=:", _NAMED, _named),
    (
        (
            "missing",
            "invalid",
            "token:",
            "port",
            "integer",
            "host",
            "address",
            "server on",
            "again",
            "lookup",
            "found",
        ),
        "'\"@",
        _REFUSED,
        _refused,
    ),
    (("basic ", "bearer "), " ", _HEADER, rf"\1{MASK}"),
    ((" -p",), " ", _CLIENT, rf"\1{MASK}"),
)
"""Lower-case words and signs of which a text needs one each, the pattern, what to put in place of a match."""

"""Private servers of Oracle's MySQL: as `MariadbServer`, from the folder that `mysql_fetch` unpacked.

One template a run, a copy a server.  The template has the server's own certificates and RSA keys, as every
MySQL that initialised itself.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tests.support.mariadb import ACCOUNTS, OS_USER, MariadbServer
from tests.support.mysql_fetch import Programs, fetched
from tests.support.processes import LabError, as_user, new_folder, run

STORAGE = (
    "--innodb-redo-log-capacity=8M",
    "--innodb-buffer-pool-size=16M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--innodb-use-native-aio=OFF",
    "--innodb-doublewrite=OFF",
    "--skip-log-bin",
    "--table-open-cache=200",
    "--performance-schema-digests-size=200",
)


@cache
def programs() -> Programs:
    """The unpacked folder, at a place where the server's account can read it."""
    found = fetched()
    if found is None:
        raise LabError("MySQL was not fetched: run tests/run, or python -m tests.support.mysql_fetch")
    if all(parent.stat().st_mode & 0o001 for parent in found.folder.parents):
        return found
    copy = new_folder("mysql-programs") / "mysql"
    run(["cp", "-a", "--reflink=auto", str(found.folder), str(copy)])
    return Programs(copy)


def server_program(defaults: str = "--no-defaults") -> list[str]:
    """The server, told where its messages and plugins are."""
    usr = programs().folder / "usr"
    places = [
        f"--basedir={usr}",
        f"--lc-messages-dir={usr}/share/mysql",
        f"--plugin-dir={usr}/lib/mysql/plugin",
    ]
    return [*programs().argv("mysqld"), defaults, "--secure-file-priv=NULL", *places]


@cache
def _template() -> Path:
    """A data folder with the account and database that most tests use, made once."""
    folder = new_folder("mysql-template", OS_USER)
    first = folder / "accounts.sql"
    # The server reads one statement a line, and knows its own privileges already.
    first.write_text(ACCOUNTS.replace("FLUSH PRIVILEGES;\n", "") + "\n")
    scratch = f"--tmpdir={new_folder('mysql-tmp', OS_USER)}"
    argv = [*server_program(), "--initialize-insecure", f"--datadir={folder / 'data'}", scratch, *STORAGE]
    run([*as_user(OS_USER), *argv, f"--init-file={first}"])
    return folder / "data"


class MysqlServer(MariadbServer):
    """One server of MySQL: its folder made by the constructor, running after `start()`."""

    defaults = "--no-defaults"
    """The first word of the command line, which says where options are read."""

    def template(self) -> Path:
        """The data folder that this server gets a copy of."""
        return _template()

    def program(self) -> list[str]:
        """The server's program and the options that only it has."""
        return [*server_program(self.defaults), *STORAGE, "--mysqlx=OFF"]

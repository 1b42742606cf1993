"""Servers that are set up on this host as Debian's packages do it, in a view of the file system of their own.

The program finds them as it finds any: by /etc/postgresql, /var/log/postgresql and /etc/mysql, which a mount namespace
replaces by folders of the test. The servers of the machine are neither seen nor touched.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.mariadb import OS_USER as MARIADB_USER
from tests.support.mariadb import STORAGE, MariadbServer, _server_program
from tests.support.netlab import Namespace
from tests.support.postgres import OS_USER, PostgresServer, programs
from tests.support.processes import LabError, Service, as_user, give, new_folder, run, wait_until


def view(folders: Mapping[str, Path]) -> tuple[str, ...]:
    """The command prefix that shows each folder at its place: place -> folder. Other servers' places are empty."""
    hidden = [place for place in ("/etc/postgresql", "/etc/mysql") if place not in folders]
    binds = [f"test ! -d {place} || mount -t tmpfs none {place}" for place in hidden]
    for place, folder in folders.items():
        binds += [f"mkdir -p {place}", f"mount --bind {folder} {place}"]
    return ("unshare", "--mount", "--", "sh", "-ec", f'{"; ".join(binds)}; exec "$@"', "sh")


class DebianCluster:
    """The PostgreSQL cluster 15/main, as pg_createcluster lays it out, with the data of a private server."""

    def __init__(
        self, namespace: Namespace, *, port: int = 5432, settings: Mapping[str, str] | None = None
    ) -> None:
        self.namespace = namespace
        self.server = PostgresServer(namespace=namespace, port=port)
        self.data = self.server.data
        self.version = programs().parts[-2]
        self.etc = new_folder("etc-postgresql", OS_USER)
        self.logs = new_folder("log-postgresql", OS_USER)
        self.log = self.logs / f"postgresql-{self.version}-main.log"
        self.folder = self.etc / self.version / "main"
        self.folder.mkdir(parents=True)
        self.config = self.folder / "postgresql.conf"
        self.hba = self.folder / "pg_hba.conf"
        place = f"/etc/postgresql/{self.version}/main"
        values = {
            **self.server.settings,
            "port": str(port),
            "data_directory": str(self.data),
            "hba_file": f"{place}/pg_hba.conf",
            "ident_file": f"{place}/pg_ident.conf",
            "log_line_prefix": "%m [%p] %q%u@%d ",
            **(settings or {}),
        }
        self.config.write_text("".join(f"{key} = '{value}'\n" for key, value in values.items()))
        self.hba.write_text((self.data / "pg_hba.conf").read_text())
        (self.folder / "pg_ident.conf").write_text("")
        (self.folder / "start.conf").write_text("manual\n")
        (self.folder / "pg_ctl.conf").write_text("pg_ctl_options = ''\n")
        (self.folder / "environment").write_text("")
        for path in (self.folder.parent, self.folder, *self.folder.iterdir()):
            give(path, OS_USER)
        self.prefix = view({"/etc/postgresql": self.etc, "/var/log/postgresql": self.logs})

    def control(self, *words: str) -> str:
        """`pg_ctlcluster 15 main …`, as an administrator runs it; what it prints, whether it succeeds or not."""
        argv = ["pg_ctlcluster", self.version, "main", *words]
        printed = self.server.folder / "control"
        # A file: the server that is started keeps what it inherits, and a pipe would never end.
        with printed.open("wb") as output:
            done = subprocess.run(
                self.namespace.command([*self.prefix, *argv]),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=60,
                check=False,
            )
        logged = self.log.read_text(errors="replace") if self.log.exists() else ""
        return f"exit {done.returncode}\n{printed.read_text(errors='replace')}\n--- log\n{logged}"

    def start(self) -> str:
        """Try to start it; what was printed and logged."""
        return self.control("start", "--skip-systemctl-redirect")

    def pid(self) -> int:
        """The postmaster; 0 where none runs."""
        try:
            number = int((self.data / "postmaster.pid").read_text().split()[0])
            os.kill(number, 0)
        except (OSError, ValueError, IndexError):
            return 0
        return number

    def kill(self) -> None:
        """End the postmaster without a word, and its children with it."""
        number = self.pid()
        if number:
            os.kill(number, signal.SIGKILL)
            wait_until(lambda: not Path(f"/proc/{number}").exists(), "the postmaster is gone")

    def stop(self) -> None:
        """End it at once, if it runs."""
        number = self.pid()
        if number:
            os.kill(number, signal.SIGQUIT)
            wait_until(lambda: not Path(f"/proc/{number}").exists(), "the postmaster is gone")


class DebianMariadb:
    """The one MariaDB of /etc/mysql, with the data of a private server and an error log beside them."""

    def __init__(
        self, namespace: Namespace, *, port: int = 3306, options: Mapping[str, str] | None = None
    ) -> None:
        self.namespace = namespace
        self.server = MariadbServer(namespace=namespace, port=port)
        self.data = self.server.data
        self.etc = new_folder("etc-mysql")
        self.logs = new_folder("log-mysql", MARIADB_USER)
        self.log = self.logs / "error.log"
        storage = dict(option[2:].split("=", 1) for option in STORAGE)
        values = {
            **storage,
            "datadir": str(self.data),
            "socket": str(self.server.socket),
            "port": str(port),
            "pid_file": str(self.server.folder / "mysqld.pid"),
            "tmpdir": str(self.server.scratch),
            "log_error": str(self.log),
            "performance-schema": "OFF",
            **(options or {}),
        }
        (self.etc / "mariadb.conf.d").mkdir()
        (self.etc / "my.cnf").write_text("[client-server]\n!includedir /etc/mysql/mariadb.conf.d/\n")
        self.config = self.etc / "mariadb.conf.d" / "50-server.cnf"
        self.config.write_text("[mysqld]\n" + "".join(f"{key} = {value}\n" for key, value in values.items()))
        self.prefix = view({"/etc/mysql": self.etc})
        self.service: Service | None = None

    def launch(self, user: str | None = MARIADB_USER) -> Service:
        """Start it and wait for nothing."""
        become: Sequence[str] = as_user(user) if user else ()
        argv = self.namespace.command([*self.prefix, *become, _server_program()])
        # As mysqld_safe does: what comes before the log is opened goes to it as well.
        self.service = Service(argv, self.log, umask=0o022)
        return self.service

    def start(self, *, user: str | None = MARIADB_USER, wait: bool = False) -> str:
        """Start it as its unit does; without `wait` it is expected to fail. What it logged."""
        service = self.launch(user)
        if wait:
            service.wait_ready(lambda: "ready for connections" in self.words(), "MariaDB is ready", 60)
        else:
            service.wait_end()
        return self.words()

    def words(self) -> str:
        """Its log so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self, number: int = signal.SIGKILL) -> None:
        """End it, if it runs."""
        if self.service is not None:
            self.service.stop(number)


def script(folder: Path, name: str, text: str) -> None:
    """A command `name` in `folder` that prints `text`."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\n")
    path.chmod(0o755)


def lose(path: Path) -> None:
    """Remove a file or folder."""
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()
    else:
        raise LabError(f"{path} is not there")


def full_disk(data: Path) -> Path:
    """Move a folder of data to a disk of its own that has no byte left; the disk, to be unmounted."""
    disk = new_folder("disk")
    used = sum(int(line.split()[0]) for line in run(["du", "-sk", str(data)]).splitlines())
    run(["mount", "-t", "tmpfs", "-o", f"size={used + 1024}k,mode=0755", "none", str(disk)])
    run(["cp", "-a", str(data), str(disk / "data")])
    shutil.rmtree(data)
    data.symlink_to(disk / "data")
    with contextlib.suppress(OSError), (disk / "ballast").open("wb", buffering=0) as ballast:
        while True:
            ballast.write(bytes(4096))
    return disk

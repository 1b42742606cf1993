"""Which server of this host is the one that a target means, and what its settings are read as."""

from __future__ import annotations

from pathlib import Path

from wizard.probes.clusters import Cluster, _settings, choose
from wizard.target.model import Target
from wizard.target.parse import parse_target


def parse(text: str) -> Target:
    return parse_target(text, environ={}, home=None)


def cluster(name: str, port: int, socket: str | None = None) -> Cluster:
    return Cluster(name, port, None, None, (), (name,), socket=Path(socket) if socket else None)


def test_the_port_decides() -> None:
    found = [cluster("14/main", 5432), cluster("15/main", 5433)]
    assert choose(parse("postgresql://app@localhost:5433/shop"), found) == found[1]
    assert choose(parse("postgresql://app@localhost:5434/shop"), found) is None


def test_one_cluster_whose_port_is_hidden_may_be_meant() -> None:
    hidden = cluster("15/main", 0)
    target = parse("postgresql://app@localhost:5433/shop")
    assert choose(target, [cluster("14/main", 5432), hidden]) == hidden
    assert choose(target, [hidden, cluster("16/main", 0)]) is None


def test_the_socket_decides_for_mysql(tmp_path: Path) -> None:
    server = cluster("mysqld", 3306, str(tmp_path / "mysqld.sock"))
    (tmp_path / "link").symlink_to(tmp_path)
    target = parse(f"mysql://app@localhost/shop?unix_socket={tmp_path}/link/mysqld.sock")
    assert choose(target, [server]) == server
    assert choose(parse(f"mysql://app@localhost/shop?unix_socket={tmp_path}/other.sock"), [server]) is None


def test_settings_as_postgresql_reads_them(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "10.conf").write_text("port = 5440 # later\n")
    (tmp_path / "postgresql.conf").write_text(
        "# port = 1\nport = 5432\ndata_directory = '/var/lib/it''s'\nmax_connections 10\n"
        "include_dir = 'conf.d'\ninclude 'postgresql.conf'\ninclude_if_exists = 'nowhere.conf'\n\x00\xff = 3\n"
    )
    settings = dict(_settings(tmp_path / "postgresql.conf"))
    assert settings["port"] == "5440"
    assert settings["data_directory"] == "/var/lib/it's"
    assert settings["max_connections"] == "10"
    assert "include" not in settings

"""What kind of system this host is. Opens two files at most, and starts nothing."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")


def os_family() -> str:
    """debian, rhel, alpine, arch, macos or other, by os-release's own words."""
    if os.uname().sysname == "Darwin":
        return "macos"
    try:
        text = Path("/etc/os-release").read_text("utf-8", "replace")
    except OSError:
        return "other"
    words = " ".join(
        line.partition("=")[2].strip('"')
        for line in text.splitlines()
        if line.startswith(("ID=", "ID_LIKE="))
    ).split()
    for family, names in (
        ("debian", ("debian", "ubuntu")),
        ("rhel", ("rhel", "fedora", "centos", "rocky", "almalinux", "amzn")),
        ("alpine", ("alpine",)),
        ("arch", ("arch",)),
    ):
        if any(word in names for word in words):
            return family
    return "other"


def service_manager() -> str:
    """systemd or openrc where one runs here, else none."""
    if Path("/run/systemd/system").is_dir():
        return "systemd"
    return "openrc" if Path("/run/openrc").is_dir() else "none"

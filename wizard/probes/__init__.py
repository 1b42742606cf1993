"""The probes, in the order of the layers: one explicit table. Each one's module is imported when it first runs.

A probe reports facts and never names a cause; that is for the tree.
"""

from __future__ import annotations

from importlib import import_module

from wizard.probes.base import Probe

PROBES: tuple[tuple[str, str], ...] = (
    ("config.settings", "config:settings"),
    ("host.inspect", "host:inspect"),
    ("host.platform", "platform:platform"),
    ("compose.inspect", "compose:inspect"),
    ("dns.resolve", "dns:resolve"),
    ("dns.ask-servers", "askservers:ask_servers"),
    ("network.connect", "network:connect"),
    ("network.other-port", "otherport:other_port"),
    ("server.why-down", "serverhost:why_down"),
    ("network.greet", "greet:greet"),
    ("tls.handshake", "tls:handshake"),
    ("auth.login", "login:login"),
    ("auth.retry-tls", "login:retry_tls"),
    ("auth.try-again", "variants:try_again"),
    ("pooler.inspect", "pooler:inspect"),
    ("auth.inside", "inside:inside"),
    ("server.log", "server:read_log"),
    ("database.inspect", "database:inspect"),
    ("database.write-path", "database:write_path"),
    ("capacity.inspect", "capacity:inspect"),
    ("pool.inspect", "pool:inspect"),
    ("app.inspect", "app:inspect"),
    ("pool.calculate", "pool:calculate"),
)
"""(name, module:function), in the order in which a healthy walk meets them."""


def find(name: str) -> Probe:
    """The probe of that name. Raises KeyError where there is none."""
    module, _, function = dict(PROBES)[name].partition(":")
    probe: Probe = getattr(import_module(f"wizard.probes.{module}"), function).probe
    return probe

"""The settings file of each role on the secured stack: what it needs, with its own name and password, and no more."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from streams.binding import tenants_of
from streams.lanes import catalogue
from streams.private_files import write_private
from streams.settings import Settings
from streams.stack import logins, secret_files
from streams.stack.layout import Layout
from streams.stack.ports import HOST
from streams.stack.registry import API

NOTE = "# Made by `sluicegate up --secure`, which writes it anew. It holds a password: keep it to yourself.\n"
RUNNING = ("admin", "operator", "worker", "orchestrator")
"""Roles that need all settings; a client needs the names and sizes of topics alone."""
SHARED = ("topics", "sagas", "dead_letters", "control")
BARE = re.compile(r"[A-Za-z0-9_-]+")
BOUND = ("requests", "results", "group")


def write(settings: Settings, layout: Layout, passwords: Mapping[str, str]) -> dict[str, Path]:
    """Writes every role's and every tenant's file; the paths by role."""
    place = layout.secrets
    paths = {}
    for role, principal in {**logins.ROLES, **{tenant: tenant for tenant in tenants_of(settings)}}.items():
        paths[role] = place / f"{role}.toml"
        content = role_settings(role, settings, layout, principal, passwords[principal])
        write_private(paths[role], NOTE + "".join(f"{line}\n" for line in toml(content)))
    return paths


def role_settings(role: str, settings: Settings, layout: Layout, principal: str, password: str) -> dict[str, Any]:
    """One role's settings, as the file has them."""
    given = settings.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    given.pop("tenant", None)
    found = dict(given) if role in RUNNING else {name: given[name] for name in SHARED if name in given}
    if role == "client":
        found["lanes"] = {
            name: {key: lane[key] for key in BOUND if key in lane} for name, lane in given.get("lanes", {}).items()
        }
    elif role not in logins.ROLES:
        found = {"tenant": role, **{name: given[name] for name in ("topics",) if name in given}}
    place = layout.secrets
    kafka = given.get("kafka", {}) if role in RUNNING else {}
    login = logins.login(place, principal, password)
    address = f"{HOST}:{settings.stack.kafka_port}"
    found["kafka"] = {**kafka, "bootstrap_servers": address, "properties": {**kafka.get("properties", {}), **login}}
    found["registry"] = registry(settings, place, principal, password)
    found["stack"] = {**given.get("stack", {}), "secure": True, "directory": str(layout.root), "jars": str(layout.jars)}
    if role in ("worker", "orchestrator"):
        found["worker"] = worker(role, given.get("worker", {}), place)
    return found


def registry(settings: Settings, place: Path, principal: str, password: str) -> dict[str, Any]:
    """How the role reaches the registry."""
    return {
        "url": f"https://{HOST}:{settings.stack.registry_port}{API}",
        "properties": {
            "basic.auth.user.info": f"{principal}:{password}",
            "ssl.ca.location": str(secret_files.authority(place)),
        },
    }


def worker(role: str, given: Mapping[str, Any], place: Path) -> dict[str, Any]:
    """A worker's web pages have a certificate, and it runs what its role may."""
    sagas = [name for name, kind in catalogue().items() if kind.several]
    wanted = given.get("lanes") or list(catalogue())
    lanes = sagas if role == "orchestrator" else [name for name in wanted if name not in sagas]
    return {**given, "lanes": lanes, "web_certificate": str(secret_files.server(place, secret_files.WEB))}


def toml(value: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    """A mapping as the lines of a TOML file: what is plain first, then a table for each mapping in it."""
    plain = {name: one for name, one in value.items() if not isinstance(one, Mapping)}
    if path and (plain or not value):
        yield f"\n[{'.'.join(map(key, path))}]"
    for name, one in plain.items():
        yield f"{key(name)} = {inline(one)}"
    for name, one in value.items():
        if isinstance(one, Mapping):
            yield from toml(one, (*path, name))


def key(name: str) -> str:
    """A name as TOML has it: in quotes where it has a dot, or anything else that would mean something."""
    return name if BARE.fullmatch(name) else json.dumps(name)


def inline(value: Any) -> str:
    """A value on one line; JSON's texts, numbers and truths are TOML's too."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key(name)} = {inline(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value, ensure_ascii=False)

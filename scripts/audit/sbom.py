"""The bill of materials: CycloneDX 1.6, as JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from scripts.audit.jars import Jar
from scripts.audit.licences import ALLOWED
from scripts.audit.pins import Pin

SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"
STACK = "the local stack's, fetched by its user; not a part of the distribution"


def bill(
    name: str, version: str, pins: Sequence[tuple[Pin, str | None]], jars: Sequence[Jar], at: str
) -> dict[str, Any]:
    """Everything that is used, with licences and digests; `at` is the time as ISO 8601 has it."""
    root = f"pkg:pypi/{name}@{version}"
    components = [*(package(pin, licence) for pin, licence in pins), *map(library, jars)]
    content = json.dumps(components, sort_keys=True)
    return {
        "$schema": SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, root + content)}",
        "version": 1,
        "metadata": {
            "timestamp": at,
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": name,
                "version": version,
                "purl": root,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": components,
        "dependencies": [{"ref": root, "dependsOn": [pin.purl for pin, _ in pins]}],
    }


def package(pin: Pin, licence: str | None) -> dict[str, Any]:
    """A Python package; its digests are those of all its files, of which an installation takes one."""
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": pin.purl,
        "name": pin.name,
        "version": pin.version,
        "purl": pin.purl,
        "licenses": licences(licence),
        "hashes": digests(pin.hashes),
    }
    if pin.marker:
        found["properties"] = [{"name": "sluicegate:marker", "value": pin.marker}]
    return found


def library(jar: Jar) -> dict[str, Any]:
    """A jar of the local stack."""
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": jar.purl,
        "name": jar.name,
        "version": jar.version,
        "purl": jar.purl,
        "scope": "excluded",
        "licenses": licences(jar.licence),
        "hashes": digests([jar.digest]),
        "properties": [{"name": "sluicegate:use", "value": STACK}],
    }
    if jar.group:
        found["group"] = jar.group
    return found


def licences(licence: str | None) -> list[Mapping[str, Any]]:
    """An SPDX id, an expression of them, or what was stated instead."""
    if licence is None:
        return []
    if licence in ALLOWED:
        return [{"license": {"id": licence}}]
    words = licence.replace("(", " ").replace(")", " ").split()
    if len(words) > 1 and all(word in ALLOWED or word in ("AND", "OR", "WITH") for word in words):
        return [{"expression": licence}]
    return [{"license": {"name": licence}}]


def digests(values: Sequence[str]) -> list[Mapping[str, str]]:
    """As CycloneDX writes them."""
    return [{"alg": "SHA-256", "content": value} for value in values]

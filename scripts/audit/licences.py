"""Under which licence an installed package is, and whether that may be."""

import re
from collections.abc import Sequence
from importlib import metadata

ALLOWED = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CNRI-Python", "ISC", "MIT",
        "MIT-0", "MPL-2.0", "PSF-2.0", "Unlicense", "ZPL-2.1", "Zlib", "LLVM-exception",
    }
)  # fmt: skip
"""Permissive ones, and the MPL, which asks for its own files alone."""

CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
TEXTS = {"Apache 2.0 License": "Apache-2.0", "NVIDIA Proprietary Software": "LicenseRef-NVIDIA-Proprietary"}

NVIDIA = "CUDA's libraries, which torch loads; NVIDIA lets them be redistributed with a program that uses them"
EXCEPTIONS = {
    "LicenseRef-NVIDIA-Proprietary": NVIDIA,
    "Repoze Public License": "of the BSD kind: it asks for its notice to be kept, and forbids the use of a name",
}
"""Licences that are on no list, each with the reason why they may be here."""

STATED: dict[str, tuple[str, str]] = {
    "colorama": ("BSD-3-Clause", "for Windows alone, so it is not installed here"),
    "httpx2-jsfetch": ("BSD-3-Clause", "for browsers alone, so it is not installed here"),
    "cuda-toolkit": ("LicenseRef-NVIDIA-Proprietary", "a list of NVIDIA's packages, without a file of its own"),
}
"""What a package's own metadata can't say here, and why not."""


def licence_of(name: str) -> str | None:
    """The licence as an SPDX expression where that is known; None where nothing says it."""
    try:
        found = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return STATED[name][0] if name in STATED else None
    expression = _said(found, "License-Expression")
    if expression:
        return expression
    classifiers = [
        one.rpartition(" :: ")[2] for one in found.get_all("Classifier") or () if one.startswith("License ::")
    ]
    known = [CLASSIFIERS.get(one, one) for one in classifiers if one not in ("OSI Approved", "DFSG approved")]
    if known:
        return " OR ".join(known)
    text = _said(found, "License")
    if text and "\n" not in text and len(text) < 80:
        return TEXTS.get(text, text)
    return STATED[name][0] if name in STATED else None


def _said(found: metadata.PackageMetadata, name: str) -> str:
    """A field of the metadata; nothing where it is not there."""
    return str(found[name]).strip() if name in found else ""


def problem(name: str, licence: str | None) -> str | None:
    """Why the package may not be here, or None."""
    if licence is None:
        return f"{name} does not say its licence: look, and say it in scripts/audit/licences.py"
    if not allowed(licence):
        return f"{name} is under {licence!r}, which is on no list: decide, and say why in scripts/audit/licences.py"
    return None


def allowed(expression: str) -> bool:
    """Whether each part of an AND, and one of an OR, is on a list. Parentheses are read as they stand."""
    if expression in EXCEPTIONS or expression in ALLOWED:
        return True
    inner = expression.strip()
    for word, enough in ((" OR ", any), (" AND ", all), (" WITH ", all)):
        parts = _split(inner, word)
        if len(parts) > 1:
            return enough(allowed(part) for part in parts)
    if inner.startswith("(") and inner.endswith(")"):
        return allowed(inner[1:-1])
    return inner in ALLOWED or inner in EXCEPTIONS


def _split(expression: str, word: str) -> Sequence[str]:
    """The parts between a word that stands outside of parentheses."""
    parts, depth, begin = [], 0, 0
    for match in re.finditer(rf"[()]|{re.escape(word)}", expression):
        if match[0] == "(":
            depth += 1
        elif match[0] == ")":
            depth -= 1
        elif depth == 0:
            parts.append(expression[begin : match.start()])
            begin = match.end()
    return [*parts, expression[begin:]]

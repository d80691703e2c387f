"""The jars of the local stack: what Maven fetched, by name, version, digest and the licence that they state.

They are nobody's dependency: whoever runs `sluicegate up` has Maven fetch them, and nothing of ours contains them. So
their licences are listed, and refused by nobody.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

FILE = re.compile(r"(?:modified-)?(?P<name>.+?)-(?P<version>\d[\w.+-]*?)(?:-(?:linux|osx|windows)\S*|-runner)?\.jar")
LICENCE = re.compile(r"<license>.*?<name>\s*(.*?)\s*</name>", re.DOTALL)
BUNDLE = re.compile(r"^Bundle-License: (.*(?:\n .*)*)", re.MULTILINE)
TITLES = (("Apache License", "Apache-2.0"), ("Eclipse Public License", "EPL-2.0"), ("MIT License", "MIT"))


@dataclass(frozen=True, slots=True)
class Jar:
    """One file; `group` is empty where nothing in it says, and `licence` None."""

    group: str
    name: str
    version: str
    digest: str
    licence: str | None

    @property
    def purl(self) -> str:
        """Its name for programs."""
        return f"pkg:maven/{self.group + '/' if self.group else ''}{self.name}@{self.version}"


def find(folder: Path) -> list[Jar]:
    """The jars below the folder, sorted, each once. Blocks on the disk."""
    found = {jar.purl: jar for jar in map(read, _files(folder)) if jar is not None}
    return [found[purl] for purl in sorted(found)]


def read(path: Path) -> Jar | None:
    """What a jar says of itself; None for a file whose name is no jar's."""
    match = FILE.fullmatch(path.name)
    if match is None:
        return None
    group, name = "", match["name"]
    with zipfile.ZipFile(path) as archive:
        poms = [one for one in archive.namelist() if re.fullmatch(r"META-INF/maven/[^/]+/[^/]+/pom\.xml", one)]
        if len(poms) == 1:
            _, _, group, name, _ = poms[0].split("/")
        return Jar(group, name, match["version"], sha256(path.read_bytes()).hexdigest(), _licence(archive, poms))


def _files(folder: Path) -> Iterator[Path]:
    """Kafka's are in one folder, the registry's in another and in its `lib`; `meta` has names alone."""
    yield from sorted(path for path in folder.rglob("*.jar") if path.parent.name != "meta" and path.is_file())


def _licence(archive: zipfile.ZipFile, poms: list[str]) -> str | None:
    if len(poms) == 1:
        named = LICENCE.search(archive.read(poms[0]).decode("utf-8", "replace"))
        if named is not None:
            return " ".join(named[1].split())
    names = set(archive.namelist())
    if "META-INF/MANIFEST.MF" in names:
        stated = BUNDLE.search(archive.read("META-INF/MANIFEST.MF").decode("utf-8", "replace").replace("\r\n", "\n"))
        if stated is not None:
            return stated[1].replace("\n ", "").split(";")[0].strip().strip('"')
    for name in sorted(names):
        if re.fullmatch(r"(META-INF/)?LICENSE(\.txt|\.md)?", name):
            text = archive.read(name).decode("utf-8", "replace")[:2_000]
            return next((licence for title, licence in TITLES if title in text), None)
    return None

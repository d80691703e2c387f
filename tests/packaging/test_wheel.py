"""The wheel, installed alone: it owns its four names and carries everything that it reads."""

import email
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = {"schemas", "processors", "sagas", "streams"}

CHECK = """
import importlib.metadata, importlib.resources, json
owners = importlib.metadata.packages_distributions()
for name in {names}:
    assert owners[name] == ["sluicegate"], (name, owners[name])
import schemas
assert "site-packages" in schemas.__file__, schemas.__file__
file = importlib.resources.files("schemas") / "avro" / "echo" / "request.avsc"
schema = json.loads(file.read_text())
print(schema["namespace"], schema["name"], [field["name"] for field in schema["fields"]])
for package, file in {read}:
    assert (importlib.resources.files(package) / file).is_file(), file
"""
READ = [
    ("streams.stack", "pom.xml"),
    ("streams.stack", "log4j2.properties"),
    ("streams.stack", "tools-log4j2.properties"),
    ("streams", "py.typed"),
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the working tree with the pinned build tools."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return next(folder.glob("*.whl"))


def test_it_holds_four_packages_and_nothing_else(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == NAMES


def test_its_page_is_the_readme(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    said = email.message_from_bytes(archive.read(name))
    assert said["Description-Content-Type"] == "text/markdown"
    assert said.get_payload().strip() == (ROOT / "README.md").read_text().strip()


def test_installed_alone_it_owns_its_names_and_finds_its_files(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "clean", with_pip=False, symlinks=True)
    python = tmp_path / "clean" / "bin" / "python"
    target = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", target]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True, text=True)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    program = CHECK.format(names=sorted(NAMES), read=READ)
    ran = subprocess.run(
        [python, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split(maxsplit=1)[0] == "sluicegate.echo"
    assert "['request_id', 'payload']" in ran.stdout

"""Which sagas there are, and which version is the newest."""

import sys
from pathlib import Path

import pytest

from sagas import catalogue, definitions
from sagas.catalogue import Catalogue, definitions_found
from sagas.compile import compile_saga
from sagas.errors import DefinitionError
from sagas.flow import seq
from tests.saga_definitions import add_step, new_saga

SOURCE = """
from sagas.flow import seq
from tests.saga_definitions import add_step, new_saga

{name} = new_saga(name={saga!r}, version={version})
{name}.flow = seq(add_step({name}, "a"))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The catalogue's folder, empty."""
    monkeypatch.setattr(definitions, "__path__", [str(tmp_path)])
    for name in [name for name in sys.modules if name.startswith(f"{definitions.__name__}.")]:
        monkeypatch.delitem(sys.modules, name)
    return tmp_path


def write(folder: Path, place: str, saga: str, version: int, name: str = "saga") -> None:
    path = folder / place
    path.parent.mkdir(exist_ok=True)
    (path.parent / "__init__.py").touch()
    path.write_text(SOURCE.format(name=name, saga=saga, version=version))


def test_every_version_of_every_folder_is_found(folder: Path) -> None:
    write(folder, "big_order/v1.py", "big-order", 1)
    write(folder, "big_order/v2.py", "big-order", 2)
    write(folder, "small/v1.py", "small", 1)
    assert [(saga.name, saga.version) for saga in definitions_found()] == [
        ("big-order", 1), ("big-order", 2), ("small", 1),
    ]  # fmt: skip


def test_a_module_without_a_saga_is_named(folder: Path) -> None:
    write(folder, "order/v1.py", "order", 1, name="other")
    with pytest.raises(DefinitionError, match=r"sagas/definitions/order/v1.py has no `saga`"):
        list(definitions_found())


@pytest.mark.parametrize("place", ["other/v1.py", "order/v2.py", "order/first.py"])
def test_a_saga_in_the_wrong_place_is_told_the_right_one(folder: Path, place: str) -> None:
    write(folder, place, "order", 1)
    with pytest.raises(DefinitionError, match=r"move it to sagas/definitions/order/v1.py"):
        list(definitions_found())


def test_our_own_definitions_compile() -> None:
    assert all(compiled.hash for compiled in catalogue.discover())


def test_one_version_may_not_be_there_twice() -> None:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a"))
    with pytest.raises(DefinitionError, match="version 1 is there twice"):
        Catalogue([compile_saga(saga), compile_saga(saga)])

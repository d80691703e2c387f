"""Every processor of the catalogue keeps the promises that the rest of the system builds on."""

import subprocess
import sys

import pytest

from processors import catalogue
from processors.errors import DeclarationError
from schemas import avsc
from schemas.conformity import conforms
from schemas.result import result_problems

NAMES = list(catalogue.discover())
HEAVY = ("torch", "numpy", "sklearn", "tokenizers", "transformers", "safetensors", "fastavro", "faust", "streams")


def test_the_three_processors_are_found_by_their_folders() -> None:
    assert {"digits", "echo", "embed"} <= set(NAMES)
    assert sorted(NAMES) == NAMES


def test_a_name_that_is_unknown_is_answered_with_those_that_are_known() -> None:
    with pytest.raises(DeclarationError, match="no processor 'digts'; there are: digits, echo, embed"):
        catalogue.find("digts")


@pytest.mark.parametrize("name", NAMES)
def test_the_request_model_says_the_same_as_its_schema(name: str) -> None:
    assert conforms(catalogue.find(name).request, avsc.load(name, "request")) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_result_schema_has_what_all_results_have(name: str) -> None:
    assert result_problems(avsc.load(name, "result")) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_declaration_is_sound(name: str) -> None:
    declaration = catalogue.find(name)
    assert declaration.name == name
    assert declaration.model
    assert declaration.model_version
    assert declaration.slots >= 1
    assert declaration.batch.size >= 1
    assert declaration.timeout_seconds > 0
    assert declaration.implementation.startswith(f"processors.{name}.")


def test_reading_the_catalogue_and_making_runners_imports_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from processors.catalogue import discover\n"
        "from processors.runners import runner_for\n"
        "runners = [runner_for(declaration) for declaration in discover().values()]\n"
        f"print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []

"""Model files that are not what was pinned, or not what they seem, are refused before anything is allocated."""

import hashlib
import json
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from processors import manifest
from processors.catalogue import discover
from processors.errors import WeightsRefused
from processors.manifest import Manifest, ModelFile
from processors.weights import HEADER_MOST_BYTES, check_safetensors, read_verified

FOLDERS = [Path("processors") / name for name in discover() if (Path("processors") / name / "manifest.json").exists()]


def safetensors(header: Any, data: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(begin: int, end: int, shape: Any, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def pinned(folder: Path, data: bytes) -> ModelFile:
    (folder / "weights").write_bytes(data)
    return ModelFile(name="weights", sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))


def test_a_file_that_is_the_pinned_one_is_read(tmp_path: Path) -> None:
    assert read_verified(tmp_path, pinned(tmp_path, b"weights")) == b"weights"


def test_a_file_of_another_size_is_refused_unread(tmp_path: Path) -> None:
    file = pinned(tmp_path, b"weights")
    with (tmp_path / "weights").open("ab") as end:
        end.truncate(1 << 40)
    with pytest.raises(WeightsRefused, match="has 1099511627776 bytes, its manifest says 7"):
        read_verified(tmp_path, file)


def test_a_file_with_one_bit_changed_is_refused(tmp_path: Path) -> None:
    file = pinned(tmp_path, b"weights")
    (tmp_path / "weights").write_bytes(b"weighus")
    with pytest.raises(WeightsRefused, match="was changed: its sha256 is"):
        read_verified(tmp_path, file)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    file = pinned(tmp_path, b"weights")
    (tmp_path / "weights").unlink()
    with pytest.raises(WeightsRefused, match=r"weights can't be read \(No such file or directory\); install it anew"):
        read_verified(tmp_path, file)


def test_sound_safetensors_are_described() -> None:
    header = {"b": tensor(8, 12, [1]), "a": tensor(0, 8, [2, 1]), "__metadata__": {"x": "y"}}
    assert set(check_safetensors(safetensors(header, bytes(12)))) == {"a", "b"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"short",
        struct.pack("<Q", 1 << 63) + b"{}",
        struct.pack("<Q", HEADER_MOST_BYTES + 1) + bytes(HEADER_MOST_BYTES + 1),
        safetensors(b"{}".ljust(HEADER_MOST_BYTES + 1), b""),
        pickle.dumps({"weights": [1.0]}),
        safetensors(b"[" * 100_000, b""),
        safetensors(b"\xff\xfe", b""),
        safetensors([1], b""),
        safetensors({"a": "F32"}, b""),
        safetensors({"a": tensor(0, 4, [1], "F3")}, bytes(4)),
        safetensors({"a": tensor(0, 4, [1 << 40])}, bytes(4)),
        safetensors({"a": tensor(0, 4, [-1, -1])}, bytes(4)),
        safetensors({"a": tensor(0, 4, ["1"])}, bytes(4)),
        safetensors({"a": tensor(0, 4, [True])}, bytes(4)),
        safetensors({"a": tensor(4, 0, [1])}, bytes(4)),
        safetensors({"a": tensor(0, 8, [2])}, bytes(4)),
        safetensors({"a": tensor(0, 8, [2]), "b": tensor(4, 12, [2])}, bytes(12)),
        safetensors({"a": tensor(0, 4, [1]), "b": tensor(8, 12, [1])}, bytes(12)),
        safetensors({"a": tensor(0, 4, [1])}, bytes(400)),
    ],
    ids=range(20),
)
def test_malformed_safetensors_are_refused(data: bytes) -> None:
    with pytest.raises(WeightsRefused):
        check_safetensors(data)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_manifest_pins_files_that_are_there_and_sound(folder: Path) -> None:
    model = manifest.read(folder)
    where = manifest.files_folder(model, folder)
    contents = {name: read_verified(where, file) for name, file in model.files.items()}
    assert check_safetensors(contents["weights"])
    declaration = discover()[folder.name]
    assert (declaration.model, declaration.model_version) == (model.name, model.version)


@pytest.mark.parametrize("name", ["../weights", "/etc/passwd", "a/b", "", ".hidden"])
def test_a_file_outside_the_folder_can_not_be_pinned(name: str) -> None:
    with pytest.raises(ValidationError):
        ModelFile(name=name, sha256="0" * 64, bytes=1)


def test_a_package_that_is_not_installed_is_named_with_its_cure(tmp_path: Path) -> None:
    model = Manifest(
        name="m", version="1", description="", licence="", source="", package="gt_no_such_weights", files={}
    )
    with pytest.raises(WeightsRefused, match="pip install --no-deps gt-no-such-weights"):
        manifest.files_folder(model, tmp_path)
